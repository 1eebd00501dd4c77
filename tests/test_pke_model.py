# SPDX-License-Identifier: Apache-2.0
"""The public-key engine's RSA microcode on the golden model, against Python's integers."""

import math
import random
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/pke"), str(ROOT / "fw/pke")]
import image  # noqa: E402
import rsa  # noqa: E402
from model import Engine  # noqa: E402

E = 65537
R, S = 1 << 1080, 1 << 2160


def is_prime(n):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31)):
        return False
    return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5))


def make_prime(rng):
    while True:
        p = rng.getrandbits(1024) | 3 << 1022 | 1
        if math.gcd(p - 1, E) == 1 and is_prime(p):
            return p


class Board:
    """The steps of fw/src/rsa.c."""

    def __init__(self, rng, p, q):
        self.rng, self.p, self.q = rng, max(p, q), min(p, q)
        self.n = p * q
        self.d = pow(E, -1, math.lcm(p - 1, q - 1))
        self.engine = Engine(image.program()[0].words())

    def stored(self, exponent, prime):
        return exponent % (prime - 1) + (prime - 1 << 55) - (R - 1) // 15

    def load(self, sign):
        put, p, q = self.engine.put, self.p, self.q
        put(rsa.P, p)
        put(rsa.PN, -pow(p, -1, R) % R)
        put(rsa.Q, q)
        put(rsa.QN, -pow(q, -1, R) % R)
        put(rsa.QINV, pow(q, -1, p) * R % p)
        put(rsa.DP, self.stored(sign * self.d, p))
        put(rsa.DQ, self.stored(sign * self.d, q))

    def run(self, entry):
        if entry in ("private", "invert"):
            for rho in (rsa.RHO_P, rsa.RHO_Q):
                self.engine.put(rho, self.rng.getrandbits(55))
        self.engine.run(image.ENTRIES.index(entry))

    def boot(self):
        self.load(-1)
        self.engine.put(rsa.BLIND_A, self.rng.getrandbits(2048))
        self.run("invert")
        self.engine.put(rsa.IO, S * S % self.n)
        self.run("pair")
        self.run("check")
        assert self.engine.get(rsa.IO) == 0
        self.load(1)

    def private(self, c):
        self.run("refresh")
        self.engine.put(rsa.IO, c)
        self.run("private")
        assert self.engine.get(rsa.IO) == 0, "nothing derived from the key stays where the CPU can read it"
        self.engine.put(rsa.IO, c)
        self.run("check")
        fault = self.engine.get(rsa.IO) != 0
        self.run("release")
        out = self.engine.get(rsa.IO)
        top = out >> (72 * 29)
        assert top in (0, (1 << 72) - 1)
        return out & (1 << 72 * 29) - 1, top != 0, fault


@pytest.fixture(scope="module")
def board():
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    b = Board(rng, make_prime(rng), make_prime(rng))
    b.boot()
    return b


def test_random_messages(board):
    for _ in range(2):
        c = board.rng.randrange(board.n)
        assert board.private(c) == (pow(c, board.d, board.n), True, False)


def test_corner_operands(board):
    n = board.n
    for c in (0, 1, n - 1, board.p, n // board.p * 3):
        assert board.private(c) == (pow(c, board.d, n), True, False)


def test_out_of_range(board):
    n = board.n
    for c in (n, n + 1, (1 << 2048) - 1):
        assert board.private(c) == (pow(c % n, board.d, n), False, False)


def test_fault_is_seen(board):
    """One wrong bit in a key row: the check with e fails."""
    c = board.rng.randrange(board.n)
    board.engine.rows[rsa.DP.base + 3] ^= 1 << 17
    _, in_range, fault = board.private(c)
    board.engine.rows[rsa.DP.base + 3] ^= 1 << 17
    assert in_range and fault
    assert board.private(c) == (pow(c, board.d, board.n), True, False)
