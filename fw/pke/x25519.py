# SPDX-License-Identifier: Apache-2.0
"""X25519 (RFC 7748) on the public-key engine: its microcode.

Numbers. p = 2^255 - 19 has H = 4 rows of 72 bits, 33 bits to spare. A product T of eight rows is reduced from
both ends: 2^288 = 19 * 2^33 = DELTA (mod p), so its upper half times one row folds onto the lower one; then
one Montgomery step, m = F / -p mod 2^72 and (F + m p) / 2^72, takes the row off that the fold has left over:

    m = T[0] FACTORS[0] + T[4] FACTORS[1],  F = T[:4] + T[4:] DELTA,  D = (F + m p) / 2^72

So "product" is x y / Q mod p with Q = 2^72, and at most p + 2^240 as long as x y < 2^560: sums, and
differences with BIAS = 2 p added, need no reduction.

Ladder. U and V are two neighbours k P and (k + 1) P in either order, as X and Z. A step doubles one of them
into U, and puts their sum into V. Whatever the bit of the scalar, the sum is the same (DA and CB change
places); so the only thing that depends on it is which one is doubled: the other one than was made by
doubling if this bit differs from the one before. These differences are what the engine is given (GRAY):
one select of 16 cycles a step. It starts from U = 0 = (lambda : 0), V = P = (lambda u : lambda) for a random
lambda, which makes every intermediate value random.

Before each run the CPU writes, from CONSTANTS on in one stream:
  CONSTANTS   below
  GRAY        k xor (k >> 1) for the clamped scalar k (RFC 7748, section 5)
  LAMBDA      256 random bits
and to IO[0..3] the u-coordinate, below 2^255 (bit 255 is masked: section 5). Then `x25519` leaves the result
in IO[0..3], canonical; zero if the point has a small order. The CPU clears the work rows then.
"""

from microcode import FIRST_IO_ROW, FIRST_WORK_ROW, WORD, Rows

H = 4
BITS = 255
PRIME = (1 << BITS) - 19
ENTRIES = ("x25519",)
Q = 1 << WORD

P = Rows(FIRST_WORK_ROW, H)
BIAS = P.then(H)
FACTORS = BIAS.then(2)
DELTA = FACTORS.then(1)
A24 = DELTA.then(1)
ALIGN = A24.then(1)
Q_SQUARE = ALIGN.then(3)
CONSTANTS = Rows(P.base, Q_SQUARE.end - P.base)
GRAY = Q_SQUARE.then(H)
LAMBDA = GRAY.then(H)
# A = Xu + Zu and B = Xu - Zu; C = Xv + Zv and D = Xv - Zv: pairs, for the select.
A, B, C, D = (Rows(LAMBDA.end + H * i, H) for i in range(4))
AA, BB = Rows(D.end, H), Rows(D.end + H, H)  # A and B of the point to be doubled, then their squares
DOUBLED = Rows(AA.base, 2 * H)
XU, ZU, XV, ZV, X1 = (Rows(BB.end + H * i, H) for i in range(5))
DA, CB, E, SUM, W = (Rows(X1.end + H * i, H) for i in range(5))
T = [Rows(W.end + 2 * H * i, 2 * H) for i in range(5)]
F = [Rows(T[-1].end + (H + 1) * i, H + 1) for i in range(5)]
M = [Rows(F[-1].end + i, 1) for i in range(5)]
# The inversion's powers Z^(2^n - 1), for some n up to their names', and Z^2 or Z^11.
Z_11, Z_N, Z_10, Z_50 = (Rows(M[-1].end + H * i, H) for i in range(4))
SIGN = F[1][H:]  # of the last difference
IO = Rows(FIRST_IO_ROW, H)
assert Z_50.end <= FIRST_IO_ROW


def constants():
    """What CONSTANTS holds, as one number."""
    delta = (PRIME + 19) * (1 << 33) % PRIME
    m = pow(-PRIME, -1, Q)
    values = (
        (P, PRIME),
        (BIAS, 2 * PRIME),
        (FACTORS, m | (m * delta % Q) << WORD),
        (DELTA, delta),
        (A24, 121665),
        (ALIGN, 1 << (WORD * H - BITS)),
        (Q_SQUARE, Q * Q),
    )
    return sum(value << (WORD * (rows.base - P.base)) for rows, value in values)


def gray(scalar):
    """What GRAY holds for a scalar of 32 bytes."""
    k = int.from_bytes(scalar, "little") % (1 << BITS) & ~7 | 1 << BITS - 1
    return k ^ k >> 1


def factor(a, i):
    """M = -F[0] / p mod 2^72, from T."""
    a.combine(M[i], (T[i][:1], T[i][H : H + 1]), FACTORS, negate=False)


def fold(a, i):
    a.multiply(F[i], T[i][H:], DELTA, add=T[i][:H])


def divide(a, i, d):
    """D = F / Q mod p."""
    a.multiply(d, M[i], P, add=F[i], columns=H + 1, keep=1)


def reduce(a, i, d):
    """D = T / Q mod p."""
    factor(a, i)
    fold(a, i)
    divide(a, i, d)


def difference(a, d, x, y):
    """D = X - Y + BIAS, for X before Y or after it."""
    a.combine(d, (y, x), add=BIAS)


def ladder_step(a):
    """U = 2 U, or 2 V if the digit says so; V = U + V. The names are those of RFC 7748, section 5.

    A product's result is at hand some ten cycles after its last instruction: independent ones take turns."""
    a.digit(bits=1)
    a.add(A, XU, ZU)
    difference(a, B, XU, ZU)
    a.add(C, XV, ZV)
    difference(a, D, XV, ZV)
    a.multiply(T[0], D, A)
    a.multiply(T[1], C, B)
    a.select(DOUBLED, Rows(A.base, 2 * H), 2, 2 * H)  # A and B, or C and D
    a.square(T[2], AA)
    a.square(T[3], BB)
    results = (DA, CB, AA, BB)
    for i in range(4):
        factor(a, i)
        fold(a, i)
        if i:
            divide(a, i - 1, results[i - 1])
    divide(a, 3, results[3])
    difference(a, E, DA, CB)  # for Zv = X1 (DA - CB)^2
    a.add(SUM, DA, CB)  # for Xv = (DA + CB)^2
    a.square(T[0], E)
    a.square(T[1], SUM)
    difference(a, E, AA, BB)  # for Xu = AA BB, Zu = E (AA + a24 E)
    factor(a, 0)
    fold(a, 0)
    a.multiply(T[2], AA, BB)
    divide(a, 0, W)
    a.multiply(SUM, E, A24, add=AA, columns=H)
    a.multiply(T[4], W, X1)
    a.multiply(T[3], E, SUM)
    reduce(a, 1, XV)
    reduce(a, 4, ZV)
    reduce(a, 2, XU)
    reduce(a, 3, ZU)


def subroutines(a):
    # Z_N = Z_N^(2^counter 0)
    a.label("x25519_squares")
    a.square(T[0], Z_N)
    reduce(a, 0, Z_N)
    a.loop(0, "x25519_squares")
    a.ret()

    # Z_N = T[0] / Q
    a.label("x25519_reduce")
    reduce(a, 0, Z_N)
    a.ret()


def power(a, squarings, by, keep=None):
    """Z_N = Z_N^(2^squarings) * by, and a copy in `keep`."""
    a.set(0, squarings)
    a.call("x25519_squares")
    a.multiply(T[0], Z_N, by)
    a.call("x25519_reduce")
    if keep:
        a.copy(keep, Z_N)


def invert(a):
    """Z_N = 1 / ZU = ZU^(p - 2), p - 2 = (2^250 - 1) 2^5 + 11; 0 for 0."""
    a.copy(Z_N, ZU)
    a.set(0, 1)
    a.call("x25519_squares")
    a.copy(Z_11, Z_N)
    power(a, 2, ZU, keep=Z_10)  # ZU^9
    a.multiply(T[0], Z_N, Z_11)
    a.call("x25519_reduce")
    a.copy(Z_11, Z_N)
    power(a, 1, Z_10, keep=Z_10)  # ZU^(2^5 - 1)
    power(a, 5, Z_10, keep=Z_10)
    power(a, 10, Z_10, keep=Z_50)
    power(a, 20, Z_50)  # ZU^(2^40 - 1)
    power(a, 10, Z_10, keep=Z_50)
    power(a, 50, Z_50, keep=Z_10)
    power(a, 100, Z_10)
    power(a, 50, Z_50)  # ZU^(2^250 - 1)
    power(a, 5, Z_11)


def entries(a):
    a.label("x25519")
    a.multiply(T[0], IO, Q_SQUARE, columns=2 * H)
    reduce(a, 0, X1)
    a.multiply(T[0], X1, LAMBDA)
    a.copy(XU, LAMBDA)
    a.subtract(ZU, LAMBDA, LAMBDA)
    reduce(a, 0, XV)
    a.copy(ZV, LAMBDA)
    a.multiply(GRAY[H - 1 :], GRAY[H - 1 :], ALIGN, columns=1)  # its first digit at the top of the row
    a.set(2, GRAY.end - 1)
    a.set(3, H)
    a.set(0, BITS - WORD * (H - 1))
    a.label("x25519_row")
    a.key(counter=2)
    a.label("x25519_bit")
    ladder_step(a)
    a.loop(0, "x25519_bit")
    a.decrement(2)
    a.set(0, WORD)
    a.loop(3, "x25519_row")

    invert(a)
    a.multiply(T[0], Z_N, XU)
    reduce(a, 0, XU)
    a.combine(M[0], (XU[:1],), FACTORS[:1], negate=False)
    a.multiply(XU, M[0], P, add=XU, columns=H + 1, keep=1)  # XU / Q: at most p
    a.subtract(F[1], XU, P)
    a.key(SIGN.base)
    a.digit(bits=1)
    a.select(IO, F[1], 2, XU.base - F[1].base)
    a.halt()


def assemble(a):
    subroutines(a)
    entries(a)


def header():
    rows = dict(CONSTANTS=CONSTANTS, GRAY=GRAY, LAMBDA=LAMBDA, IO=IO)
    return [f"#define PKE_X25519_ROW_{name} {value.base}u" for name, value in rows.items()]
