# SPDX-License-Identifier: Apache-2.0
"""What a board makes of its flash at power-on: a good identity record, and one damaged at each of its fields. And with
the good one, key exchanges of several contexts (tests/ep0/bench.cpp)."""

import hashlib
import hmac
import pathlib
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER, PRIVATE = 128, 1528

OK, NO_RECORD, VERSION, LENGTHS, MAC, RSA_CHAIN, P256_CHAIN, RSA_KEY = range(8)
VIRTUAL, IDENTITY, READY = 1, 2, 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """record, device secret"""
    at = tmp_path_factory.mktemp("identity")
    command = [ROOT / "build/bin/coffer", "provision", "--device-secret", at / "secret", "--new-secret", "--virtual"]
    subprocess.run(
        [*command, "--new-root", at / "ca", "--out", at / "img", "--serial", "BOOT-1"], check=True, timeout=600
    )
    return (at / "img").read_bytes(), (at / "secret").read_bytes()


def boot(tmp_path, image, secret):
    """boot_result, flags, serial, both chains"""
    (tmp_path / "img").write_bytes(image)
    run = subprocess.run(
        [ROOT / "build/tests/ep0", "boot", tmp_path / "img", secret.hex()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    first, *chains = run.stdout.split("\n")
    result, flags, serial = first.split(" ")
    return int(result), int(flags), serial, [bytes.fromhex(c) for c in chains[:2]]


def test_good(tmp_path, made):
    image, secret = made
    sizes = [int.from_bytes(image[at : at + 4], "little") for at in (36, 40)]
    result, flags, serial, chains = boot(tmp_path, image, secret)
    assert (result, flags, serial) == (OK, VIRTUAL | IDENTITY | READY, "BOOT-1")
    assert chains == [image[HEADER + PRIVATE :][: sizes[0]], image[len(image) - sizes[1] :]]


# offset, byte put there (None: one bit flipped), what the board says
DAMAGE = {
    "magic": (0, None, NO_RECORD),
    "version": (8, None, VERSION),
    "header_bytes": (10, None, LENGTHS),
    "total_bytes": (12, None, LENGTHS),
    "total_bytes, huge": (15, 0xFF, LENGTHS),
    "serial, a letter": (16, ord("Z"), MAC),
    "serial, no letter": (16, ord("/"), LENGTHS),
    "serial, empty": (16, 0, LENGTHS),
    "serial, behind its end": (31, ord("A"), LENGTHS),
    "private_bytes": (32, None, LENGTHS),
    "chain_bytes of RSA": (36, None, LENGTHS),
    "chain_bytes of RSA, huge": (39, 0xFF, LENGTHS),
    "chain_bytes of P-256": (40, None, LENGTHS),
    "chain_crc": (44, None, MAC),
    "nonce": (52, None, MAC),
    "reserved": (95, None, LENGTHS),
    "mac": (127, None, MAC),
    "private part": (HEADER, None, MAC),
    "private part, last byte": (HEADER + PRIVATE - 1, None, MAC),
    "RSA chain": (HEADER + PRIVATE, None, RSA_CHAIN),
    "P-256 chain": (-1, None, P256_CHAIN),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged(tmp_path, made, name):
    offset, value, wanted = DAMAGE[name]
    image = bytearray(made[0])
    image[offset] = image[offset] ^ 1 if value is None else value
    result, flags, serial, chains = boot(tmp_path, bytes(image), made[1])
    assert (result, flags, serial, chains) == (wanted, VIRTUAL, "unprovisioned", [b"", b""])


def test_truncated(tmp_path, made):
    assert boot(tmp_path, made[0][:-10], made[1])[0] == P256_CHAIN
    assert boot(tmp_path, made[0][:200], made[1])[0] == MAC


def test_other_secret(tmp_path, made):
    assert boot(tmp_path, made[0], bytes(32))[:2] == (MAC, VIRTUAL)


def test_bad_key(tmp_path, made):
    """An authentic record whose key does not hold together: the board says so, and does not negotiate."""
    image, secret = made
    mac_key = hmac.digest(secret, b"coffer identity v2 mac", hashlib.sha256)
    private = bytearray(image[HEADER : HEADER + PRIVATE])
    private[PRIVATE - 32 - 136] ^= 1  # in counter mode a bit of the ciphertext is a bit of q^-1
    mac = hmac.digest(mac_key, image[:96] + bytes(private), hashlib.sha256)
    result, flags, serial, _ = boot(tmp_path, image[:96] + mac + bytes(private) + image[HEADER + PRIVATE :], secret)
    assert (result, flags, serial) == (RSA_KEY, VIRTUAL, "BOOT-1")


def test_key_exchanges(tmp_path, made):
    """In order of arrival; a new start and the end of a session abort their own and no other; endpoint 0 goes on."""
    image, secret = made
    leaf = image[HEADER + PRIVATE :][: 4 + int.from_bytes(image[HEADER + PRIVATE + 2 :][:2], "big")]
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    (tmp_path / "blob").write_bytes(x509.load_der_x509_certificate(leaf).public_key().encrypt(bytes(range(16)), oaep))
    (tmp_path / "img").write_bytes(image)
    command = [ROOT / "build/tests/ep0", "negotiate", tmp_path / "img", secret.hex(), tmp_path / "blob"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
