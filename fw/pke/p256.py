# SPDX-License-Identifier: Apache-2.0
"""P-256 (SP 800-186, 3.2.1.3) on the public-key engine: scalar multiplication and ECDSA signatures.

Numbers have H = 4 rows of 72 bits, R = 2^288; a Montgomery product is x y / R modulo MOD, which is p or n, and at
most MOD (1 + 2^-20), since operands leave 24 bits of R unused: sums of products are reduced once, sums not at all,
and differences have BIAS = 8 p added.

Points are projective, (X : Y : Z) for (X/Z, Y/Z), in Montgomery form. Addition is complete (Renes, Costello and
Batina, "Complete addition formulas for prime order elliptic curves", 2016; a = -3): infinity (0 : 1 : 0), equal
and opposite points are no exceptions. With

    xx = X1 X2, yy = Y1 Y2, zz = Z1 Z2, xy = X1 Y2 + X2 Y1, yz = Y1 Z2 + Y2 Z1, xz = X1 Z2 + X2 Z1,
    u = 3 (b zz - xz),  v = 3 (b xz - xx - 3 zz),  w = 3 (xx - zz)

    X3 = xy (yy - u) - yz v,  Y3 = w v + (yy + u)(yy - u),  Z3 = yz (yy + u) + xy w

Doubling is the same with cheaper xx .. xz. A scalar is 64 digits of 4 bits; the table holds 0 P .. 15 P and is
scanned whole for each digit; no digit is skipped, each takes four doublings and an addition. Z starts from a
random LAMBDA, which makes every intermediate value random.

Before each run the CPU writes, from CONSTANTS on in one stream:
  CONSTANTS   below
  K           scalar, 0 < k < n; for a signature drawn anew by FIPS 186-5, A.3.2
  LAMBDA      256 random bits
  D           private key, for a signature
and IO_X, IO_Y: the point (the generator, for a signature), coordinates below p; IO_HASH: for a signature the
leftmost 256 bits of the hash, as a number.

Entries
  p256_multiply   IO_X, IO_Y = k times the point, in affine coordinates
  p256_sign       IO_X, IO_Y = the signature r, s (FIPS 186-5, 6.4.1); if one is zero, draw another k
Both leave two zeros in IO_CHECK if the point and its multiple satisfy the curve's equation (infinity, in affine
coordinates, does not). With anything else there the result must not be used: the point was none, or a fault
was injected. The CPU clears the work rows then.
"""

from microcode import FIRST_IO_ROW, FIRST_WORK_ROW, ROWS, WORD, Rows

H = 4
R = 1 << (WORD * H)
DIGIT_BITS, DIGITS, DIGITS_A_ROW = 4, 64, 18
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
ENTRIES = ("p256_multiply", "p256_sign")


IO = Rows(FIRST_IO_ROW, 5 * H)
IO_POINT = IO[: 2 * H]
IO_X, IO_Y, IO_HASH, IO_CHECK = IO[:H], IO[H : 2 * H], IO[2 * H : 3 * H], IO[3 * H :]

# One after the other where `combine` needs it so: BIAS BZZ XZ MOD; BXZ XX ZZ.
BIAS, BZZ, XZ = (Rows(FIRST_WORK_ROW + H * i, H) for i in range(3))
MODULUS = XZ.then(3 * H)  # p, or later n: the modulus, -1/modulus mod R, R^2 mod modulus
MOD, MODN, R2 = MODULUS[:H], MODULUS[H : 2 * H], MODULUS[2 * H :]
MODULUS_N = MODULUS.then(3 * H)
B3 = MODULUS_N.then(H)  # 3 b R mod p
SMALL = B3.then(8)
CONSTANTS = Rows(MODULUS.base, SMALL.end - MODULUS.base)
K = SMALL.then(H)
LAMBDA = K.then(H)
D = LAMBDA.then(H)
K_TOP = D.then(1)
BXZ, XX, ZZ, YY, XY, YZ, NV = (Rows(K_TOP.end + H * i, H) for i in range(7))
W, NW, YPU, YMU = BXZ, XX, ZZ, YY  # once these are dead
V = NV  # between additions: the value that `reduce`, `plain` and `canonical` work on
AX, AY, AZ, QX, QY, QZ = (Rows(NV.end + H * i, H) for i in range(6))
A, Q = Rows(AX.base, 3 * H), Rows(QX.base, 3 * H)
T = Q.then(2 * H)
M = T.then(H)
TABLE = M.then(16 * 3 * H)
POWERS = TABLE[: 16 * H]
BASE, ACC, SEL, EXPONENT, EXPONENT_TOP = (Rows(POWERS.end + H * i, H if i < 4 else 1) for i in range(5))
SIGN = T[H : H + 1]
assert TABLE.end == FIRST_IO_ROW and IO.end <= ROWS

SMALL_VALUES = (3, 3, 1, 1, 3, 9, 2, 1 << WORD * H - DIGIT_BITS * DIGITS)
TWO, NINE, ALIGN = SMALL[6:7], SMALL[5:6], SMALL[7:]


def constants():
    """What CONSTANTS holds, as one number."""
    values = [
        PRIME,
        -pow(PRIME, -1, R) % R,
        R * R % PRIME,
        ORDER,
        -pow(ORDER, -1, R) % R,
        R * R % ORDER,
        3 * B * R % PRIME,
    ]
    small = sum(value << WORD * i for i, value in enumerate(SMALL_VALUES))
    return sum(value << WORD * H * i for i, value in enumerate(values + [small]))


def generator():
    """What IO_POINT holds, as one number, for the generator."""
    return GENERATOR[0] | GENERATOR[1] << WORD * H


def reduce(a, d, t=T):
    """D = T / R mod MOD."""
    a.multiply(M, t[:H], MODN, columns=H)
    a.reduce(d, t, M, MOD)


def product(a, d, *pairs):
    """D = sum of the pairs' products / R mod MOD."""
    for i, (x, y) in enumerate(pairs):
        a.multiply(T, x, y, add=T if i else None)
    reduce(a, d)


def square(a, d, x):
    a.square(T, x)
    reduce(a, d)


def point_arithmetic(a):
    a.label("p256_double")  # A = 2 A; changes Q
    a.add(Q[: 2 * H], A[: 2 * H], A[: 2 * H])
    square(a, XX, AX)
    square(a, YY, AY)
    square(a, ZZ, AZ)
    product(a, XY, (QX, AY))
    product(a, YZ, (QY, AZ))
    product(a, XZ, (QX, AZ))
    a.jump("p256_finish")

    a.label("p256_add")  # A = A + Q
    product(a, XX, (AX, QX))
    product(a, YY, (AY, QY))
    product(a, ZZ, (AZ, QZ))
    product(a, XY, (AX, QY), (AY, QX))
    product(a, YZ, (AY, QZ), (AZ, QY))
    product(a, XZ, (AX, QZ), (AZ, QX))
    a.label("p256_finish")
    product(a, BZZ, (ZZ, B3))
    product(a, BXZ, (XZ, B3))
    a.combine(NV, (BXZ, XX, ZZ), SMALL[3:6], add=BIAS)  # -v = 3 xx + 9 zz - 3 b xz
    a.combine(W, (ZZ, XX), SMALL[:2], add=BIAS)
    a.combine(NW, (XX, ZZ), SMALL[:2], add=BIAS)  # -w
    a.combine(YPU, (XZ, BZZ, BIAS), SMALL[1:4], add=YY)  # yy + u
    a.combine(YMU, (BZZ, XZ, MOD), SMALL[3:6], add=YY)  # yy - u
    product(a, AX, (XY, YMU), (YZ, NV))
    product(a, AY, (NW, NV), (YPU, YMU))
    product(a, AZ, (YZ, YPU), (XY, W))
    a.ret()


def field_arithmetic(a):
    # V = 3 (x^3 - 3 x + b - y^2) mod p, canonical, for x R, y R = QX, QY
    a.label("p256_check")
    square(a, V, QX)
    a.multiply(XY, V, SMALL[:1], columns=H)
    a.combine(YZ, (QY,), SMALL[:1], add=BIAS)
    product(a, V, (XY, QX), (YZ, QY))
    a.combine(V, (QX, BIAS), SMALL[5:7], add=V)
    a.add(V, V, B3)
    # V = V / R mod MOD, canonical
    a.label("p256_plain")
    reduce(a, V, V)
    # V = V mod MOD, for V below 2 MOD
    a.label("p256_canonical")
    a.subtract(T[: H + 1], V, MOD)
    a.key(SIGN.base)
    a.digit(bits=1)
    a.select(V, T[:H], 2, (V.base - T.base) % ROWS)
    a.ret()

    # ACC = BASE^(MOD - 2) = 1 / BASE in Montgomery form, 0 for 0
    a.label("p256_invert")
    a.subtract(EXPONENT, MOD, TWO)
    reduce(a, ACC, R2)  # 1
    a.set(0, 16)
    a.label("p256_next_power")
    a.copy(POWERS[: 15 * H], POWERS[H:])
    a.copy(POWERS[15 * H :], ACC)
    product(a, ACC, (ACC, BASE))
    a.loop(0, "p256_next_power")
    a.copy(ACC, POWERS[:H])

    def step():
        a.label("p256_next_square")
        square(a, ACC, ACC)
        a.loop(1, "p256_next_square")
        a.digit()
        a.select(SEL, POWERS, 16, H)
        product(a, ACC, (ACC, SEL))

    digits(a, "p256_invert", EXPONENT, EXPONENT_TOP, step)


def digits(a, name, number, top, step):
    """Takes `step` for each digit of a number, with counter 1 = its bits, and returns.

    Counter 0: digits to go in the row; 2: the row; 3: rows to go."""
    a.multiply(top, number[H - 1 :], ALIGN, columns=1)
    a.set(2, number.end - 1)
    a.set(3, H)
    a.key(row=top.base)
    a.set(0, DIGITS - DIGITS_A_ROW * (H - 1))
    a.label(f"{name}_digit")
    a.set(1, DIGIT_BITS)
    step()
    a.loop(0, f"{name}_digit")
    a.loop(3, f"{name}_row")
    a.ret()
    a.label(f"{name}_row")
    a.decrement(2)
    a.key(counter=2)
    a.set(0, DIGITS_A_ROW)
    a.jump(f"{name}_digit")


def multiplication(a):
    # A = K Q
    a.label("p256_scalar")
    a.subtract(A, A, A)
    a.copy(AY, LAMBDA)  # infinity
    a.set(0, 16)
    a.label("p256_next_multiple")
    a.copy(TABLE[: 9 * 3 * H], TABLE[3 * H : 10 * 3 * H])
    a.copy(TABLE[9 * 3 * H : 15 * 3 * H], TABLE[10 * 3 * H :])
    a.copy(TABLE[15 * 3 * H :], A)
    a.call("p256_add")
    a.loop(0, "p256_next_multiple")
    a.copy(A, TABLE[: 3 * H])

    def step():
        a.label("p256_next_double")
        a.call("p256_double")
        a.loop(1, "p256_next_double")
        a.digit()
        a.select(Q, TABLE, 16, 3 * H)
        a.call("p256_add")

    digits(a, "p256_scalar", K, K_TOP, step)

    a.label("p256_affine")  # IO_X, IO_Y = K (IO_X, IO_Y)
    a.multiply(BIAS, MOD, NINE, columns=H)
    product(a, QX, (IO_X, R2))
    product(a, QY, (IO_Y, R2))
    a.call("p256_check")
    a.copy(IO_CHECK[:H], V)
    product(a, QX, (QX, LAMBDA))
    product(a, QY, (QY, LAMBDA))
    a.copy(QZ, LAMBDA)
    a.call("p256_scalar")
    a.copy(BASE, AZ)
    a.call("p256_invert")
    product(a, QX, (AX, ACC))
    product(a, QY, (AY, ACC))
    a.call("p256_check")
    a.copy(IO_CHECK[H:], V)
    a.copy(V, QX)
    a.call("p256_plain")
    a.copy(IO_X, V)
    a.copy(V, QY)
    a.call("p256_plain")
    a.copy(IO_Y, V)
    a.ret()


def entries(a):
    a.label("p256_multiply")
    a.call("p256_affine")
    a.halt()

    a.label("p256_sign")
    a.call("p256_affine")
    a.copy(MODULUS, MODULUS_N)
    product(a, BASE, (K, R2))
    a.call("p256_invert")  # ACC = R / k
    product(a, V, (IO_X, R2))
    a.copy(QX, V)  # r R
    a.call("p256_plain")
    a.copy(IO_X, V)
    product(a, QY, (ACC, D))  # d / k: nothing that is known multiplies d
    product(a, V, (QY, QX), (ACC, IO_HASH))
    a.call("p256_canonical")
    a.copy(IO_Y, V)
    a.halt()


def assemble(a):
    point_arithmetic(a)
    field_arithmetic(a)
    multiplication(a)
    entries(a)


def header():
    rows = dict(CONSTANTS=CONSTANTS, K=K, LAMBDA=LAMBDA, D=D, IO_X=IO_X, IO_Y=IO_Y, IO_HASH=IO_HASH, IO_CHECK=IO_CHECK)
    return [f"#define PKE_P256_ROW_{name} {value.base}u" for name, value in rows.items()]
