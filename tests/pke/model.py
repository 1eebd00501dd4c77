# SPDX-License-Identifier: Apache-2.0
"""Golden model of the public-key engine: runs the same microcode words, an instruction at a time.

It asserts what the hardware cannot see: that the accumulator never overflows, and (strict) that a whole
product leaves no carry over, as against a low product, a negation or a difference.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fw" / "pke"))
import microcode as mc  # noqa: E402

MASK = (1 << mc.WORD) - 1
ACC_LIMIT = 1 << (2 * mc.WORD + 7)
MAX_DEPTH = 3


class Engine:
    def __init__(self, words, strict=True):
        self.words, self.strict = words, strict
        self.rows = [0] * mc.ROWS
        self.counters = [0] * 4
        self.key = self.digit = 0
        self.products = 0

    def put(self, rows, value):
        assert value >> (mc.WORD * rows.count) == 0
        for i in range(rows.count):
            self.rows[rows.base + i] = value >> (mc.WORD * i) & MASK

    def get(self, rows):
        return sum(self.rows[rows.base + i] << (mc.WORD * i) for i in range(rows.count))

    def run(self, entry):
        pc, stack = entry, []
        while True:
            word = self.words[pc]
            pc += 1
            if word & mc.VECTOR_BIT:
                self.vector(**mc.decode(mc.VECTOR_FIELDS, word & ~mc.VECTOR_BIT))
                continue
            f = mc.decode(mc.CONTROL_FIELDS, word)
            op, n = f["op"], f["counter"]
            if op == mc.HALT:
                assert not stack
                self.key = self.digit = 0
                return
            if op == mc.SET:
                self.counters[n] = f["imm"]
            elif op == mc.LOOP:
                self.counters[n] = (self.counters[n] - 1) % 512
                pc = f["imm"] if self.counters[n] else pc
            elif op == mc.CALL:
                stack.append(pc)
                assert len(stack) <= MAX_DEPTH
                pc = f["imm"]
            elif op == mc.RETURN:
                pc = stack.pop()
            elif op == mc.JUMP:
                pc = f["imm"]
            elif op == mc.KEY:
                self.key = self.rows[self.counters[n] if f["option"] else f["imm"]]
            else:
                bits = 1 if f["option"] else 4
                self.digit = self.key >> (mc.WORD - bits)
                self.key = self.key << bits & MASK

    def terms(self, k, f):
        """(row of X, index of Y, factor) of column k, in the order of the hardware."""
        if f["mode"] == mc.MATRIX:
            return [((f["x"] + k + j * f["stride"]) % mc.ROWS, j, 1) for j in range(f["ny"])]
        low, high = max(0, k - f["ny"] + 1), min(k, f["nx"] - 1)
        pairs = [(i, k - i) for i in range(low, high + 1)]
        if f["mode"] == mc.SQUARE:
            return [(f["x"] + i, j, 1 if i == j else 2) for i, j in pairs if i <= j]
        return [(f["x"] + i, j, 1) for i, j in pairs]

    def vector(self, **f):
        acc = 0
        for k in range(f["first"], f["last"]):
            if k < f["nc"]:
                acc += self.rows[(f["c"] + k) % mc.ROWS]
            terms = self.terms(k, f)
            for at, (x, j, factor) in enumerate(terms):
                y = (self.rows[(f["y"] + j) % mc.ROWS], int(j == self.digit), 1)[f["y_from"]]
                acc += (-1 if f["negate"] and at == 0 else 1) * self.rows[x % mc.ROWS] * y * factor
                self.products += 1
                assert -ACC_LIMIT <= acc < ACC_LIMIT, "accumulator overflow"
            if f["round_up"] and k < f["first"] + 2:
                assert len(terms) > 1
                acc += MASK
            if k >= f["keep"]:
                self.rows[(f["d"] + k - f["keep"]) % mc.ROWS] = acc & MASK
            acc >>= mc.WORD
        whole = f["mode"] != mc.MATRIX and f["last"] == f["nx"] + f["ny"] and not f["negate"]
        assert acc == 0 or not (whole and self.strict), "carry out of a whole product"
