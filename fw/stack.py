# SPDX-License-Identifier: Apache-2.0
"""stack.py LIMIT FILE.ci...: the deepest stack of the firmware, from GCC's call graph (-fcallgraph-info=su).

That is the deepest path of main() and on top of it that of the interrupt, which is not interrupted itself. An indirect
call may lead to every function that nobody calls by name. Fails above LIMIT bytes, and where no bound exists.
"""

import re
import sys

ROOTS = "main", "trap_entry"
INDIRECT = "__indirect_call"
LIBRARY = 32  # bytes, of a function of libc or libgcc: leaves in assembly or little more

NAME = r'"(?:[^"]*:)?([^":]+)"'
NODE = re.compile(rf'node: {{ title: {NAME} label: "([^"]*)"')
EDGE = re.compile(rf"edge: {{ sourcename: {NAME} targetname: {NAME}")


def read(files):
    """own bytes of each function, whom each calls"""
    sizes, calls = {}, {}
    for line in (line for file in files for line in open(file)):
        if node := NODE.match(line):
            name, label = node.groups()
            own = re.search(r"\\n(\d+) bytes \((\w+)\)", label)
            if own and own[2] != "static":
                sys.exit(f"stack: {name} has no fixed frame")
            sizes[name] = max(sizes.get(name, 0), int(own[1]) if own else LIBRARY if name != INDIRECT else 0)
        elif edge := EDGE.match(line):
            calls.setdefault(edge[1], set()).add(edge[2])
    return sizes, calls


def main():
    sizes, calls = read(sys.argv[2:])
    for name in set().union(*calls.values()) - set(sizes):  # folded into a function of the same text: its twin
        twin = next(other for other in sizes if other.split(".")[0] == name.split(".")[0])
        sizes[name], calls[name] = 0, {twin}
    named = {callee for callees in calls.values() for callee in callees}
    calls[INDIRECT] = set(sizes) - named - set(ROOTS)
    known = {}

    def deepest(name, above):
        """bytes and path"""
        if name in above:
            sys.exit("stack: recursion: " + " > ".join([*above, name]))
        if name not in known:
            below = max((deepest(callee, [*above, name]) for callee in calls.get(name, ())), default=(0, []))
            known[name] = (sizes[name] + below[0], [f"{name} {sizes[name]}", *below[1]])
        return known[name]

    total = 0
    for root in ROOTS:
        size, path = deepest(root, [])
        total += size
    limit = int(sys.argv[1])
    print(f"firmware: stack of at most {total} of {limit} bytes")
    if total > limit:
        sys.exit("stack: " + "; ".join(" > ".join(deepest(root, [])[1]) for root in ROOTS))


main()
