#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Microcode programs for the block bench, with what the golden model makes of them.

Usage: vectors.py OUT SEED

OUT, in words separated by white space: for each program
    program NAME REPEATS WORDS w... rows before (512) rows after (512)
REPEATS is the number of equal rounds in it (0: no timing wanted). Random programs use every mode and
overlap their operands, with short operands so that the interlock works hard, and words of all ones or
zeros among random ones.
"""

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "fw" / "pke")]
import microcode as mc  # noqa: E402
import rsa  # noqa: E402
from model import MASK, Engine  # noqa: E402

RANDOM_PROGRAMS = 60
ROUNDS = 32


def random_rows(rng):
    return [rng.choice((0, MASK, 1, 1 << 71)) if rng.random() < 0.3 else rng.getrandbits(72) for _ in range(mc.ROWS)]


def random_vector(rng, a):
    area = rng.randrange(mc.ROWS - 40)  # close together: hazards

    def row():
        return area + rng.randrange(24)

    mode = rng.choice((mc.PRODUCT, mc.PRODUCT, mc.SQUARE, mc.MATRIX))
    f = dict(mode=mode, x=row(), y=row(), c=row(), d=row(), negate=rng.randrange(2))
    f["y_from"] = rng.choice((mc.Y_MEMORY, mc.Y_MEMORY, mc.Y_ONE))
    f["nx"], f["ny"] = rng.randrange(1, 10), rng.randrange(1, 10)
    if mode == mc.SQUARE:
        f.update(y=f["x"], ny=f["nx"], y_from=mc.Y_MEMORY)
    if mode == mc.MATRIX:
        f.update(stride=rng.randrange(mc.ROWS), ny=rng.randrange(1, 17), y_from=rng.randrange(3))
    f["last"] = rng.randrange(1, 2 * f["nx"] + 4)
    f["keep"] = rng.randrange(f["last"])
    f["nc"] = rng.randrange(f["last"] + 2)
    if mode == mc.PRODUCT and rng.random() < 0.3 and min(f["nx"], f["ny"]) >= 4:
        f["first"] = rng.randrange(1, min(f["nx"], f["ny"]) - 2)
        f["keep"] = f["first"] + 2
        f["last"] = f["keep"] + rng.randrange(1, 9)
        f["round_up"] = rng.randrange(2)
    a.vector("random", **f)


def random_program(rng):
    a = mc.Program()
    a.key(row=rng.randrange(mc.ROWS))
    a.digit()
    a.set(2, rng.randrange(20, mc.ROWS))
    a.set(0, 3)
    a.label("again")
    for _ in range(rng.randrange(1, 6)):
        random_vector(rng, a)
        if rng.random() < 0.4:
            a.digit(bits=rng.choice((1, 4)))
        if rng.random() < 0.2:
            a.decrement(2)
            a.key(counter=2)
    a.call("deep")
    a.loop(0, "again")
    a.halt()
    a.label("deep")
    a.call("deeper")
    a.jump("leave")
    a.label("deeper")
    a.call("deepest")
    a.ret()
    a.label("deepest")
    random_vector(rng, a)
    a.ret()
    a.label("leave")
    random_vector(rng, a)
    a.ret()
    return a


def timed_program(step):
    a = mc.Program()
    a.set(0, ROUNDS)
    a.label("again")
    step(a)
    a.loop(0, "again")
    a.halt()
    return a


def montgomery(step):
    def both(a):
        step(a)
        rsa.half_reduce(a)

    return both


def montgomery_rows(rng):
    """A modulus of 1024 bits and two operands below it where the RSA microcode has them."""
    rows = [0] * mc.ROWS
    engine = Engine([])
    modulus = rng.getrandbits(1024) | 1 << 1023 | 1
    engine.put(rsa.MOD, modulus)
    engine.put(rsa.MODN, -pow(modulus, -1, rsa_r()) % rsa_r())
    engine.put(rsa.ACC, rng.randrange(modulus))
    engine.put(rsa.X, rng.randrange(modulus))
    rows[:] = engine.rows
    return rows


def rsa_r():
    return 1 << (mc.WORD * rsa.H)


def emit(out, name, repeats, program, rows):
    engine = Engine(program.words(), strict=False)
    engine.rows = list(rows)
    engine.run(0)
    words = [f"{word:027x}" for word in program.words()]
    out.write(f"program {name} {repeats} {len(words)}\n" + " ".join(words) + "\n")
    for content in (rows, engine.rows):
        out.write(" ".join(f"{row:018x}" for row in content) + "\n")


def main():
    rng = random.Random(int(sys.argv[2]))
    with open(sys.argv[1], "w") as out:
        for i in range(RANDOM_PROGRAMS):
            emit(out, f"random-{i}", 0, random_program(rng), random_rows(rng))
        product = montgomery(lambda a: a.multiply(rsa.T, rsa.ACC, rsa.X))
        square = montgomery(lambda a: a.square(rsa.T, rsa.ACC))
        emit(out, "montgomery-product-1024", ROUNDS, timed_program(product), montgomery_rows(rng))
        emit(out, "montgomery-square-1024", ROUNDS, timed_program(square), montgomery_rows(rng))
        scan = timed_program(lambda a: a.select(rsa.SEL, rsa.TABLE, 16, rsa.H))
        emit(out, "select-of-16", ROUNDS, scan, random_rows(rng))


if __name__ == "__main__":
    main()
