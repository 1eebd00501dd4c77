# SPDX-License-Identifier: Apache-2.0
"""RSA-2048 private operation on the public-key engine: its microcode.

Numbers. p and q have 1024 bits, p > q, n = p q, e = 65537. "Half" numbers have H = 15 rows of 72 bits,
full ones F = 30, R = 2^(72 H), S = 2^(72 F) = R^2. A Montgomery product of half numbers is x y / R mod p,
of full ones x y / S mod n; the result is at most the modulus, since operands leave 56 bits of R (112 of
S) unused; so nothing is subtracted between products.

Blinding. A and B are kept as A = a S^2 and B = b S^2 (mod n) with a^d b = 1. Then for a ciphertext c
    c A / S = c a S,  that is c a R mod p after one reduction by R: the Montgomery form of c a,
    (c a)^d B / S = c^d S,  the Montgomery form of the message, which the check raises to e.
Squaring both keeps the relation: `refresh` does it before every operation. The first pair is a random A
and B = a^-d, made with the exponents -d. Both exponents have a random multiple of p - 1 added.

Exponents. An exponent is the sum of (digit + 1) 16^i over 270 digits, digit in 0..15 (coffer_flash.h):
the table holds x^1 .. x^16, it is scanned whole for each digit, and no digit is skipped.

Rows                      0  15  30  45  60  75  90      105    135
  keys (never readable)   P  PN  DP  Q   QN  DQ  QINV    BLIND_A  BLIND_B
                         165                       405  420   435   465  480  481    482
  work and I/O           TABLE, or N .. H below    MOD  MODN  T     X    RHO_P RHO_Q  IO
                         165 195 225  285 315 345  375 390
  within TABLE           N   NN  T2   M2  RES HAT  V   H

Entries, in the order in which the firmware calls them (fw/src/rsa.c):
  boot     keys loaded with DP, DQ = exponents of -d, BLIND_A = random, RHO
           invert, then n_s2 -> IO, pair, check (IO must be zero), then DP, DQ = exponents of d
  each     refresh, RHO and c -> IO, private, c -> IO, check (IO must be zero), release (IO = c^d)
"""

from microcode import FIRST_IO_ROW, FIRST_WORK_ROW, ROWS, Rows

H, F = 15, 30
DIGITS_A_ROW = 18
ENTRIES = ("invert", "pair", "refresh", "private", "check", "release")

P, PN, DP, Q, QN, DQ, QINV = (Rows(15 * i, H) for i in range(7))
BLIND_A, BLIND_B = Rows(105, F), Rows(135, F)
assert BLIND_B.end == FIRST_WORK_ROW

TABLE = Rows(FIRST_WORK_ROW, 16 * H)
N, NN, T2, M2, RES, HAT = Rows(165, F), Rows(195, F), Rows(225, 2 * F), Rows(285, F), Rows(315, F), Rows(345, F)
V, VH = Rows(375, H), Rows(390, H)
ACC2 = T2[F:]  # a reduction's result replaces the high half of T2
SIGN, RANGE = Rows(375, 1), Rows(376, 1)  # of `check`: V is dead by then

MOD, MODN, T, X = Rows(405, H), Rows(420, H), Rows(435, 2 * H), Rows(465, H)
ACC = T[H:]
RHO_P, RHO_Q = Rows(480, 1), Rows(481, 1)
IO = Rows(FIRST_IO_ROW, F)
M, SEL, EXPONENT = IO[:H], IO[:H], IO[H:]  # c is not needed while these are
assert TABLE.end == MOD.base and RHO_Q.end == IO.base and IO.end == ROWS


def half_reduce(a):
    """ACC = T / R mod MOD."""
    a.multiply(M, T[:H], MODN, columns=H)
    a.reduce(ACC, T, M, MOD)


def full_reduce(a):
    """ACC2 = T2 / S mod N."""
    a.multiply(M2, T2[:F], NN, columns=F)
    a.reduce(ACC2, T2, M2, N)


def full_reduce_again(a):
    """ACC2 = ACC2 / S mod N."""
    a.multiply(M2, ACC2, NN, columns=F)
    a.reduce(ACC2, ACC2, M2, N)


def residue(a, prime, prime_neg):
    """MOD = prime; ACC = ACC2 / R mod prime."""
    a.copy(MOD, prime)
    a.copy(MODN, prime_neg)
    a.multiply(M, ACC2[:H], MODN, columns=H)
    a.reduce(ACC, ACC2, M, MOD)


def blinded_exponent(a, exponent, rho, prime):
    """EXPONENT = exponent + rho (prime - 1)."""
    a.multiply(EXPONENT, prime, rho, add=exponent, columns=H)
    a.subtract(EXPONENT, EXPONENT, rho)


def subroutines(a):
    # N = P Q and NN = -1/N mod S. V = 1/N mod R; N V = 1 + R h, so 1/N = V (1 - R h) mod S (Newton).
    a.label("modulus")
    a.multiply(N, P, Q)
    a.multiply(V, PN, QN, columns=H)
    a.multiply(VH, N, V, columns=F, keep=H)
    a.negate(NN, V)
    a.multiply(NN[H:], V, VH, add=NN[H:], columns=H)
    a.ret()

    a.label("full_reduce")
    full_reduce(a)
    a.ret()

    # ACC = x^EXPONENT for x R = TABLE[0], both in Montgomery form modulo MOD.
    a.label("power")
    a.copy(ACC, TABLE[:H])
    a.set(0, 15)
    a.label("next_power")
    a.multiply(T, ACC, TABLE[:H])
    half_reduce(a)
    a.copy(TABLE[H : 8 * H], TABLE[2 * H : 9 * H])  # x^2 .. come in at the end, and move down
    a.copy(TABLE[8 * H : 15 * H], TABLE[9 * H :])
    a.copy(TABLE[15 * H :], ACC)
    a.loop(0, "next_power")
    a.set(2, EXPONENT.end - 1)  # counter 2: the exponent row
    a.set(3, EXPONENT.count)  # counter 3: rows to go
    a.key(counter=2)
    a.digit()
    a.select(ACC, TABLE, 16, H)
    a.set(0, DIGITS_A_ROW - 1)  # counter 0: digits to go in this row
    a.label("next_digit")
    a.set(1, 4)
    a.label("next_square")
    a.square(T, ACC)
    half_reduce(a)
    a.loop(1, "next_square")
    a.digit()
    a.select(SEL, TABLE, 16, H)
    a.multiply(T, ACC, SEL)
    half_reduce(a)
    a.loop(0, "next_digit")
    a.loop(3, "next_row")
    a.ret()
    a.label("next_row")
    a.decrement(2)
    a.key(counter=2)
    a.set(0, DIGITS_A_ROW)
    a.jump("next_digit")

    # ACC2 = y^d for y S = ACC2 (mod n): exponentiations modulo q and p, then Garner's recombination
    #   m = mq + q ((mp - mq) / q mod p)
    a.label("crt")
    residue(a, P, PN)
    a.copy(X, ACC)
    residue(a, Q, QN)
    a.copy(TABLE[:H], ACC)
    blinded_exponent(a, DQ, RHO_Q, Q)
    a.call("power")
    a.copy(TABLE[:H], X)
    a.multiply(M, ACC, MODN, columns=H)  # out of Montgomery form
    a.reduce(X, ACC, M, MOD)  # X = mq
    a.copy(MOD, P)
    a.copy(MODN, PN)
    blinded_exponent(a, DP, RHO_P, P)
    a.call("power")
    a.multiply(M, ACC, MODN, columns=H)
    a.reduce(ACC, ACC, M, MOD)  # mp
    a.subtract(SEL, ACC, X, plus=P)  # mp - mq + p > 0, since p > q
    a.multiply(T, SEL, QINV)
    half_reduce(a)
    a.multiply(ACC2, ACC, Q, add=X)
    a.subtract(IO, IO, IO)  # the CPU may read these rows: no exponent stays there
    a.jump("modulus")

    # ACC2 = HAT^e in Montgomery form, e = 2^16 + 1
    a.label("power_e")
    a.copy(ACC2, HAT)
    a.set(0, 16)
    a.label("next_e")
    a.square(T2, ACC2)
    full_reduce(a)
    a.loop(0, "next_e")
    a.multiply(T2, ACC2, HAT)
    full_reduce(a)
    a.ret()


def subtract_once(a, d, x, scratch):
    """D = X mod N for X < 2 N: subtract, and take X back where the difference is negative."""
    assert scratch.count == F + 1 and scratch.end == SIGN.end
    a.subtract(scratch, x, N)
    a.key(SIGN.base)
    a.digit(bits=1)
    a.select(d, scratch, 2, x.base - scratch.base)


def entries(a):
    scratch = Rows(HAT.base, F + 1)

    a.label("refresh")
    a.call("modulus")
    for pair in (BLIND_A, BLIND_B):  # a S^2 -> a^2 S^3 -> a^2 S^2
        a.square(T2, pair)
        a.call("full_reduce")
        full_reduce_again(a)
        a.copy(pair, ACC2)
    a.halt()

    a.label("private")
    a.call("modulus")
    a.multiply(T2, IO, BLIND_A)
    a.call("full_reduce")
    a.call("crt")
    a.multiply(T2, ACC2, BLIND_B)
    a.call("full_reduce")
    a.copy(HAT, ACC2)
    full_reduce_again(a)
    a.copy(RES, ACC2)
    a.call("power_e")
    full_reduce_again(a)
    a.halt()

    # IO = ACC2 - IO mod N, both at most 2^2048; RANGE = all ones if IO < N.
    a.label("check")
    subtract_once(a, IO, IO, scratch)
    a.copy(RANGE, SIGN)
    subtract_once(a, ACC2, ACC2, scratch)
    a.subtract(IO, ACC2, IO)
    a.halt()

    # IO = c^d mod n in 29 rows; row 29 is all ones if c < n, else zero.
    a.label("release")
    subtract_once(a, IO, RES, scratch)
    a.copy(IO[F - 1 :], RANGE)
    a.halt()

    # b = a^-d in RES, for BLIND_A = a S^2 and the exponents of -d.
    a.label("invert")
    a.call("modulus")
    a.copy(ACC2, BLIND_A)
    full_reduce_again(a)
    a.call("crt")
    a.copy(RES, ACC2)
    a.halt()

    # BLIND_B = b S^2 with IO = S^2 mod n; ACC2 = b^e a S^2, which must be S^2.
    a.label("pair")
    a.multiply(T2, RES, IO)
    a.call("full_reduce")
    a.copy(HAT, ACC2)
    a.multiply(T2, ACC2, IO)
    a.call("full_reduce")
    a.copy(BLIND_B, ACC2)
    a.call("power_e")
    a.multiply(T2, ACC2, BLIND_A)
    a.call("full_reduce")
    a.halt()


def assemble(a):
    subroutines(a)
    entries(a)


def header():
    rows = dict(P=P, PN=PN, DP=DP, Q=Q, QN=QN, DQ=DQ, QINV=QINV, BLIND_A=BLIND_A, RHO_P=RHO_P, RHO_Q=RHO_Q, IO=IO)
    return [f"#define PKE_ROW_{name} {value.base}u" for name, value in rows.items()]
