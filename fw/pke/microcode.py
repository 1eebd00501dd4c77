# SPDX-License-Identifier: Apache-2.0
"""Words of the public-key engine's microcode, and an assembler for programs written in Python.

The fields are those of vector_t and control_t in rtl/pke/pke_pkg.sv. A vector instruction computes

    D[0 .. last-keep) = columns keep .. last-1 of (C + X*Y) / 2^(72 first)

column by column, so that a column sees what earlier columns wrote (D may overlap X, Y and C).
"""

from dataclasses import dataclass, field

WORD = 72
ROWS = 512
CODE_WORDS = 512
FIRST_WORK_ROW = 165
FIRST_IO_ROW = 482

PRODUCT, SQUARE, MATRIX = 0, 1, 2
Y_MEMORY, Y_DIGIT, Y_ONE = 0, 1, 2
HALT, SET, LOOP, CALL, RETURN, JUMP, KEY, DIGIT = range(8)

# (name, bits), least significant first
VECTOR_FIELDS = (
    ("mode", 2),
    ("y_from", 2),
    ("negate", 1),
    ("round_up", 1),
    ("x", 9),
    ("y", 9),
    ("c", 9),
    ("d", 9),
    ("stride", 9),
    ("nx", 7),
    ("ny", 7),
    ("nc", 7),
    ("first", 7),
    ("keep", 7),
    ("last", 7),
)
CONTROL_FIELDS = (("op", 4), ("imm", 9), ("counter", 2), ("option", 1))
VECTOR_BIT = 1 << 107


def encode(fields, values):
    word, shift = 0, 0
    for name, bits in fields:
        value = values.get(name, 0)
        assert 0 <= value < 1 << bits, f"{name} = {value} does not fit {bits} bits"
        word |= value << shift
        shift += bits
    return word


def decode(fields, word):
    values = {}
    for name, bits in fields:
        values[name] = word & ((1 << bits) - 1)
        word >>= bits
    return values


@dataclass(frozen=True)
class Rows:
    """A run of rows: one number, least significant word first."""

    base: int
    count: int

    def __getitem__(self, part):
        start, stop, _ = part.indices(self.count)
        return Rows(self.base + start, stop - start)

    @property
    def end(self):
        return self.base + self.count

    def then(self, count):
        """The `count` rows after these."""
        return Rows(self.end, count)


@dataclass
class Program:
    """Collects instructions; labels are resolved by words()."""

    code: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)

    # ---- vector instructions ---------------------------------------------------------------------

    def vector(self, text, **values):
        assert values["last"] > values.get("keep", 0) >= values.get("first", 0)
        self.code.append((text, VECTOR_FIELDS, values))

    def multiply(self, d, x, y, add=None, columns=None, keep=0):
        """D = columns keep.. of (add + X * Y), `columns` columns in all (default: the whole product)."""
        last = columns or x.count + y.count
        assert d.count == last - keep
        self.vector(
            f"multiply {columns or 'all'}",
            mode=PRODUCT,
            x=x.base,
            nx=x.count,
            y=y.base,
            ny=y.count,
            c=add.base if add else 0,
            nc=min(add.count, last) if add else 0,
            d=d.base,
            keep=keep,
            last=last,
        )

    def square(self, d, x):
        """D = X^2."""
        assert d.count == 2 * x.count
        self.vector("square", mode=SQUARE, x=x.base, y=x.base, nx=x.count, ny=x.count, d=d.base, last=2 * x.count)

    def reduce(self, d, t, m, modulus):
        """D = (T + m * modulus) / 2^(72 n), where m = -T / modulus mod 2^(72 n) was computed before.

        The low columns are known to cancel: see round_up in rtl/pke/pke_columns.sv."""
        n = modulus.count
        assert m.count == n and d.count == n and t.count in (n, 2 * n) and n >= 3
        self.vector(
            "reduce",
            mode=PRODUCT,
            x=m.base,
            y=modulus.base,
            nx=n,
            ny=n,
            c=t.base,
            nc=t.count,
            d=d.base,
            first=n - 2,
            keep=n,
            last=2 * n,
            round_up=1,
        )

    def copy(self, d, x):
        assert d.count == x.count
        self.vector("copy", mode=MATRIX, y_from=Y_ONE, x=x.base, ny=1, d=d.base, last=d.count)

    def add(self, d, c, x):
        """D = C + X, modulo 2^(72 rows of D)."""
        n = x.count
        assert c.count == d.count == n
        self.vector("add", mode=PRODUCT, y_from=Y_ONE, x=x.base, nx=n, ny=1, c=c.base, nc=n, d=d.base, last=n)

    def combine(self, d, terms, factors=None, add=None, negate=True):
        """D = add - factors[0] terms[0] + factors[1] terms[1] + ..., modulo 2^(72 rows of D).

        The terms lie an equal number of rows apart; a factor is a row, and all are 1 if none are given. The first
        term is subtracted unless negate says otherwise."""
        stride = (terms[-1].base - terms[0].base) // max(len(terms) - 1, 1)
        assert all(x == Rows(terms[0].base + stride * i, d.count) for i, x in enumerate(terms))
        assert add is None or add.count == d.count
        assert factors is None or factors.count == len(terms)
        self.vector(
            f"combine {len(terms)}",
            mode=MATRIX,
            y_from=Y_MEMORY if factors else Y_ONE,
            negate=int(negate),
            x=terms[0].base,
            y=factors.base if factors else 0,
            ny=len(terms),
            stride=stride % ROWS,
            c=add.base if add else 0,
            nc=add.count if add else 0,
            d=d.base,
            last=d.count,
        )

    def subtract(self, d, c, x, plus=None):
        """D = C - X (+ plus), modulo 2^(72 rows of D). A D longer than X takes the sign on."""
        assert d.count >= x.count and c.count <= d.count
        common = dict(y_from=Y_ONE, negate=1, x=x.base, c=c.base, nc=c.count, d=d.base, last=d.count)
        if plus is None:
            self.vector("subtract", mode=PRODUCT, nx=x.count, ny=1, **common)
        else:
            assert plus.count == x.count == d.count
            self.vector("subtract and add", mode=MATRIX, ny=2, stride=(plus.base - x.base) % ROWS, **common)

    def negate(self, d, x):
        """D = -X, modulo 2^(72 rows of D)."""
        self.vector("negate", mode=PRODUCT, y_from=Y_ONE, negate=1, x=x.base, nx=x.count, ny=1, d=d.base, last=d.count)

    def select(self, d, table, count, stride):
        """D = table[digit], reading all `count` entries, `stride` rows apart."""
        self.vector(
            f"select of {count}",
            mode=MATRIX,
            y_from=Y_DIGIT,
            x=table.base,
            ny=count,
            stride=stride % ROWS,
            d=d.base,
            last=d.count,
        )

    # ---- control -----------------------------------------------------------------------------------

    def control(self, op, text, **values):
        self.code.append((text, CONTROL_FIELDS, dict(op=op, **values)))

    def label(self, name):
        assert name not in self.labels
        self.labels[name] = len(self.code)

    def set(self, counter, value):
        self.control(SET, f"set {counter}", counter=counter, imm=value)

    def loop(self, counter, label):
        self.control(LOOP, f"loop {counter} {label}", counter=counter, imm=label)

    def decrement(self, counter):
        self.control(LOOP, f"decrement {counter}", counter=counter, imm=len(self.code) + 1)

    def call(self, label):
        self.control(CALL, f"call {label}", imm=label)

    def ret(self):
        self.control(RETURN, "return")

    def jump(self, label):
        self.control(JUMP, f"jump {label}", imm=label)

    def key(self, row=None, counter=None):
        if counter is None:
            self.control(KEY, f"key row {row}", imm=row)
        else:
            self.control(KEY, f"key @{counter}", counter=counter, option=1)

    def digit(self, bits=4):
        self.control(DIGIT, f"digit of {bits}", option=int(bits == 1))

    def halt(self):
        self.control(HALT, "halt")

    # ---- output ------------------------------------------------------------------------------------

    def words(self):
        result = []
        for _, fields, values in self.code:
            values = {k: self.labels[v] if isinstance(v, str) else v for k, v in values.items()}
            result.append(encode(fields, values) | (VECTOR_BIT if fields is VECTOR_FIELDS else 0))
        assert len(result) <= CODE_WORDS
        return result

    def listing(self):
        names = {}
        for name, at in self.labels.items():
            names.setdefault(at, []).append(name)
        lines = []
        for at, (text, fields, values) in enumerate(self.code):
            lines += [f"{name}:" for name in names.get(at, [])]
            if fields is VECTOR_FIELDS:
                shown = " ".join(f"{k}={v}" for k, v in values.items() if v and k not in ("mode", "y_from"))
                text = f"{text:<18} {shown}"
            lines.append(f"  {at:3d}  {text}")
        return "\n".join(lines) + "\n"
