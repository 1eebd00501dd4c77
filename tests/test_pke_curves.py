# SPDX-License-Identifier: Apache-2.0
"""The public-key engine's X25519 and P-256 microcode on the golden model, against published vectors and OpenSSL."""

import hashlib
import random
import re
import sys
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/pke"), str(ROOT / "fw/pke")]
import image  # noqa: E402
import p256  # noqa: E402
import x25519  # noqa: E402
from microcode import FIRST_IO_ROW, ROWS  # noqa: E402
from model import Engine  # noqa: E402

P25519 = x25519.PRIME


@pytest.fixture(scope="module")
def rng():
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    return random.Random(seed)


def records(text):
    """Blocks of "NAME = value" lines, separated by blank ones."""
    for block in re.split(r"\n\s*\n", text):
        found = dict(re.findall(r"^(\w+) = (\w+)", block, re.M))
        if found:
            yield found


class Curve:
    def __init__(self, algorithm, rng):
        self.rng, self.algorithm = rng, algorithm
        self.engine = Engine(image.program()[0].words())

    def load(self, randomizer):
        self.engine.rows = [self.rng.getrandbits(72) for _ in range(FIRST_IO_ROW)] + [0] * (ROWS - FIRST_IO_ROW)
        self.engine.put(self.algorithm.CONSTANTS, self.algorithm.constants())
        self.engine.put(self.algorithm.LAMBDA, self.rng.getrandbits(256) if randomizer is None else randomizer)

    def run(self, entry, io):
        """The numbers in IO; the other rows that the CPU can read must be as they were."""
        self.engine.run(image.ENTRIES.index(entry))
        assert not any(self.engine.rows[io[-1].end :])
        return [self.engine.get(rows) for rows in io]


class X25519(Curve):
    def __call__(self, scalar, u, randomizer=None):
        self.load(randomizer)
        self.engine.put(x25519.GRAY, x25519.gray(scalar))
        self.engine.put(x25519.IO, int.from_bytes(u, "little") % 2**255)
        (out,) = self.run("x25519", [x25519.IO])
        return out.to_bytes(32, "little")


class P256(Curve):
    def load_point(self, k, point, randomizer=None):
        self.load(randomizer)
        self.engine.put(p256.K, k)
        self.engine.put(p256.IO_X, point[0])
        self.engine.put(p256.IO_Y, point[1])

    def finish(self, entry):
        x, y, *_, check = self.run(entry, [p256.IO_X, p256.IO_Y, p256.IO_HASH, p256.IO_CHECK])
        return (x, y) if check == 0 else None

    def multiply(self, k, point=p256.GENERATOR, randomizer=None):
        """k * point, or None where the check fails."""
        self.load_point(k, point, randomizer)
        return self.finish("p256_multiply")

    def sign(self, d, k, digest):
        self.load_point(k, p256.GENERATOR)
        self.engine.put(p256.D, d)
        self.engine.put(p256.IO_HASH, digest)
        return self.finish("p256_sign")


@pytest.fixture(scope="module")
def x25519_engine(rng):
    return X25519(x25519, rng)


@pytest.fixture(scope="module")
def p256_engine(rng):
    return P256(p256, rng)


def test_x25519_rfc7748(x25519_engine):
    seen = 0
    for r in records(cryptography_vectors.open_vector_file("asymmetric/X25519/rfc7748.txt", "r").read()):
        scalar, u, out = (bytes.fromhex(r[name]) for name in ("INPUT_SCALAR", "INPUT_U", "OUTPUT_U"))
        assert x25519_engine(scalar, u) == out
        seen += 1
    assert seen >= 3


def test_x25519_random(x25519_engine, rng):
    for _ in range(6):
        scalar, u = rng.randbytes(32), rng.randbytes(32)
        want = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(u))
        assert x25519_engine(scalar, u) == want


def test_x25519_corner_values(x25519_engine, rng):
    """Coordinates that are not below p, and near it; scalars of all zeros and ones (before clamping)."""
    for u in (2, 9, P25519 - 2, P25519 + 2, P25519 + 9, 2**255 - 1, 2**256 - 1):
        u = u.to_bytes(32, "little")
        for scalar in (bytes(32), b"\xff" * 32, rng.randbytes(32)):
            want = X25519PrivateKey.from_private_bytes(scalar).exchange(X25519PublicKey.from_public_bytes(u))
            assert x25519_engine(scalar, u) == want


def test_x25519_small_order_gives_zero(x25519_engine, rng):
    order8 = (
        0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
        0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
    )
    for u in (0, 1, P25519 - 1, P25519, P25519 + 1, *order8):
        assert x25519_engine(rng.randbytes(32), u.to_bytes(32, "little")) == bytes(32)


def test_x25519_randomizer_does_not_show(x25519_engine, rng):
    scalar, u = rng.randbytes(32), rng.randbytes(32)
    want = x25519_engine(scalar, u)
    for randomizer in (1, P25519 + 1, 2**256 - 1):
        assert x25519_engine(scalar, u, randomizer) == want


def leftmost(digest):
    return int.from_bytes(digest[:32], "big")


def sha256(message):
    return leftmost(hashlib.sha256(message).digest())


def test_p256_nist_signatures(p256_engine):
    """FIPS 186-3 SigGen: message, d and k are given; Q = d G is checked for some."""
    text = cryptography_vectors.open_vector_file("asymmetric/ECDSA/FIPS_186-3/SigGen.txt", "r").read()
    section = text[text.index("[P-256,SHA-256]") :]
    found = list(records(section[: section.index("[P-256,SHA-384]")]))
    assert len(found) == 15
    for at, r in enumerate(found):
        d, k, qx, qy = (int(r[name], 16) for name in ("d", "k", "Qx", "Qy"))
        assert p256_engine.sign(d, k, sha256(bytes.fromhex(r["Msg"]))) == (int(r["R"], 16), int(r["S"], 16))
        if at < 4:
            assert p256_engine.multiply(d) == (qx, qy)


def test_p256_rfc6979(p256_engine):
    """A.2.5, SHA-256, message "sample"."""
    d = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    k = 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert p256_engine.sign(d, k, sha256(b"sample")) == (r, s)


def test_p256_random_signatures(p256_engine, rng):
    """With `cryptography` as the verifier; hashes that are not below n among them."""
    for digest in (rng.randbytes(32), rng.randbytes(32), bytes(32), b"\xff" * 32, p256.ORDER.to_bytes(32, "big")):
        d, k = rng.randrange(1, p256.ORDER), rng.randrange(1, p256.ORDER)
        r, s = p256_engine.sign(d, k, leftmost(digest))
        assert 0 < r < p256.ORDER and 0 < s < p256.ORDER
        public = ec.derive_private_key(d, ec.SECP256R1()).public_key()
        algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        public.verify(utils.encode_dss_signature(r, s), digest, algorithm)
        with pytest.raises(InvalidSignature):
            public.verify(utils.encode_dss_signature(r, s ^ 1), digest, algorithm)


def public_point(k):
    numbers = ec.derive_private_key(k, ec.SECP256R1()).public_key().public_numbers()
    return numbers.x, numbers.y


def test_p256_random_multiples(p256_engine, rng):
    for _ in range(4):
        k, other = rng.randrange(1, p256.ORDER), rng.randrange(1, p256.ORDER)
        assert p256_engine.multiply(k, public_point(other)) == public_point(k * other % p256.ORDER)


def test_p256_corner_scalars(p256_engine):
    """Digits that meet equal, opposite and infinite points on their way."""
    n = p256.ORDER
    for k in (1, 2, 15, 16, 17, n - 1, n - 2, (n - 1) // 2, 1 << 255, 0x1111 << 200, n & ~0xFFFFFFFF):
        assert p256_engine.multiply(k) == public_point(k)


def test_p256_randomizer_does_not_show(p256_engine, rng):
    k = rng.randrange(1, p256.ORDER)
    for randomizer in (1, p256.PRIME + 1, 2**256 - 1):
        assert p256_engine.multiply(k, randomizer=randomizer) == public_point(k)


def test_p256_check_fails(p256_engine, rng):
    """Points that are none in the first check; infinity and faults in the second."""
    x, y = p256.GENERATOR
    k = rng.randrange(1, p256.ORDER)
    first, second = p256.IO_CHECK[: p256.H], p256.IO_CHECK[p256.H :]
    for point in ((x, y ^ 1), (x ^ 1, y), (0, 0), (y, x)):
        assert p256_engine.multiply(k, point) is None and p256_engine.engine.get(first) != 0
    for scalar, randomizer in ((p256.ORDER, None), (0, None), (k, 0)):
        assert p256_engine.multiply(scalar, randomizer=randomizer) is None
        assert p256_engine.engine.get(first) == 0 and p256_engine.engine.get(second) != 0
    p256_engine.load_point(k, p256.GENERATOR)
    p256_engine.engine.rows[p256.B3.base + 1] ^= 1 << 40
    assert p256_engine.finish("p256_multiply") is None


def test_p256_signature_of_zero(p256_engine, rng):
    """r d + z = 0 (mod n): s is zero, not n, so that the caller sees it."""
    d, k = rng.randrange(1, p256.ORDER), rng.randrange(1, p256.ORDER)
    r = public_point(k)[0] % p256.ORDER
    assert p256_engine.sign(d, k, -r * d % p256.ORDER) == (r, 0)


def test_p256_nist_public_keys(p256_engine):
    """FIPS 186-3 PKV: the check on its own point fails for just those that are out of range or off the curve."""
    text = cryptography_vectors.open_vector_file("asymmetric/ECDSA/FIPS_186-3/PKV.rsp", "r").read()
    section = text[text.index("[P-256]") :]
    results = []
    for r in records(section[: section.index("[P-384]")]):
        if "Qx" not in r:
            continue
        x, y = int(r["Qx"], 16), int(r["Qy"], 16)
        if x < p256.PRIME and y < p256.PRIME:  # the firmware's business
            assert (p256_engine.multiply(1, (x, y)) == (x, y)) == (r["Result"] == "P")
            results.append(r["Result"])
    assert "P" in results and "F" in results
