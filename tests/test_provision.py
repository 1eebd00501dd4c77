# SPDX-License-Identifier: Apache-2.0
"""`coffer provision`: its record, checked with other means than it was made with (cryptography, integers of Python)."""

import datetime
import hmac
import json
import os
import stat
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROOT = Path(__file__).resolve().parent.parent
COFFER = ROOT / "build/bin/coffer"

HEADER = struct.Struct("<8sHHI16sI2I2I16s28s32s")
HALF, FULL = 136, 272
R = 1 << 1080
PRIVATE = FULL + 8 * HALF + HALF + 32


def provision(*args, fails=0):
    run = subprocess.run(
        [COFFER, "provision", *map(str, args)], capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == fails, run.stderr
    assert bool(run.stderr) == bool(fails)
    return run.stderr


def new(tmp_path, *args):
    """A record under a new root of virtual boards."""
    provision(
        "--device-secret",
        tmp_path / "secret",
        "--new-secret",
        "--virtual",
        "--new-root",
        tmp_path / "ca",
        "--out",
        tmp_path / "img",
        *args,
    )
    return (tmp_path / "img").read_bytes(), (tmp_path / "secret").read_bytes(), (tmp_path / "ca/root.pem").read_bytes()


class Record:
    """The record as the firmware reads it; every check an assertion."""

    def __init__(self, data, secret):
        (magic, version, header_bytes, total, serial, private_bytes, *chains, nonce, reserved, mac) = HEADER.unpack(
            data[:128]
        )
        rsa_bytes, p256_bytes, rsa_crc, p256_crc = chains
        assert (magic, version, header_bytes, total) == (b"COFFERID", 2, 128, len(data))
        assert private_bytes == PRIVATE and reserved == bytes(28)
        assert 128 + private_bytes + rsa_bytes + p256_bytes == total <= 16384
        self.serial = serial.rstrip(b"\0").decode()
        aes_key, mac_key = (hmac.digest(secret, b"coffer identity v2 " + use, "sha256") for use in (b"aes", b"mac"))
        wrapped = data[128 : 128 + private_bytes]
        assert mac == hmac.digest(mac_key, data[:96] + wrapped, "sha256")
        cipher = Cipher(algorithms.AES(aes_key), modes.CTR(nonce)).decryptor()
        self.private = cipher.update(wrapped) + cipher.finalize()
        chain = data[128 + private_bytes :]
        self.chains = chain[:rsa_bytes], chain[rsa_bytes:]
        assert (rsa_crc, p256_crc) == tuple(zlib.crc32(c) for c in self.chains)
        self.rsa, self.p256 = (x509.load_der_x509_certificate(c) for c in self.chains)

    def fields(self):
        """The numbers of struct coffer_identity_private, in order."""
        at, out = 0, []
        for size in [FULL] + 9 * [HALF]:
            out.append(int.from_bytes(self.private[at : at + size], "little"))
            at += size
        return out, int.from_bytes(self.private[at:], "big")


def check_certificate(cert, root, usage):
    cert.verify_directly_issued_by(root)
    extensions = cert.extensions
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    bits = extensions.get_extension_for_class(x509.KeyUsage).value
    assert [
        n for n in ("digital_signature", "key_encipherment", "key_cert_sign", "content_commitment") if getattr(bits, n)
    ] == [usage]
    assert cert.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value


def test_record_is_what_the_header_says(tmp_path):
    data, secret, root_pem = new(tmp_path, "--serial", "TEST-1")
    root = x509.load_pem_x509_certificate(root_pem)
    record = Record(data, secret)
    assert record.serial == "TEST-1"
    check_certificate(record.rsa, root, "key_encipherment")
    check_certificate(record.p256, root, "digital_signature")
    for cert in record.rsa, record.p256:
        assert cert.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value == "TEST-1"
    assert root.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value == "Coffer virtual board"


def test_private_part_holds_the_engine_s_constants(tmp_path):
    data, secret, _ = new(tmp_path)
    record = Record(data, secret)
    (n_s2, p, p_neg, p_exp, p_exp_inv, q, q_neg, q_exp, q_exp_inv, q_inverse), scalar = record.fields()
    numbers = record.rsa.public_key().public_numbers()
    n, e = numbers.n, numbers.e
    assert e == 65537 and n == p * q and p > q and p.bit_length() == q.bit_length() == 1024
    assert n_s2 == pow(2, 4320, n)
    for prime, neg, exp, exp_inv in (p, p_neg, p_exp, p_exp_inv), (q, q_neg, q_exp, q_exp_inv):
        assert neg < R and (prime * neg + 1) % R == 0
        d = pow(e, -1, prime - 1)
        offset = (prime - 1 << 55) - (R - 1) // 15
        assert exp == d + offset and exp_inv == (-d) % (prime - 1) + offset
    assert q_inverse == pow(q, -1, p) * R % p
    assert ec.derive_private_key(scalar, ec.SECP256R1()).public_key() == record.p256.public_key()


def test_oaep_key_opens_what_is_sealed_to_the_certificate(tmp_path):
    data, secret, _ = new(tmp_path)
    record = Record(data, secret)
    fields, _ = record.fields()
    p, q, d = fields[1], fields[5], pow(65537, -1, (fields[1] - 1) * (fields[5] - 1))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA512()), hashes.SHA512(), None)
    blob = record.rsa.public_key().encrypt(b"k" * 16, oaep)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), record.rsa.public_key().public_numbers()
    )
    assert numbers.private_key().decrypt(blob, oaep) == b"k" * 16


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_an_existing_root_signs(tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Boards, Ltd"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "A root"),
        ]
    )
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "root.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "secret").write_text(os.urandom(32).hex() + "\n")
    provision(
        "--device-secret",
        tmp_path / "secret",
        "--root-key",
        tmp_path / "root.key",
        "--root",
        tmp_path / "root.pem",
        "--out",
        tmp_path / "img",
        "--days",
        5,
    )
    record = Record((tmp_path / "img").read_bytes(), bytes.fromhex((tmp_path / "secret").read_text()))
    check_certificate(record.rsa, root, "key_encipherment")
    check_certificate(record.p256, root, "digital_signature")
    assert record.rsa.not_valid_after_utc - now < datetime.timedelta(days=6)


def test_files_are_private_and_nothing_is_left_beside(tmp_path):
    new(tmp_path)
    for name in "secret", "img", "ca/root.key":
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ca", "img", "secret"]
    assert sorted(p.name for p in (tmp_path / "ca").iterdir()) == ["root.key", "root.pem"]


def test_two_records_share_nothing(tmp_path):
    one, secret, _ = new(tmp_path)
    provision("--device-secret", tmp_path / "secret", "--new-root", tmp_path / "ca2", "--out", tmp_path / "img2")
    two = (tmp_path / "img2").read_bytes()
    assert one[52:68] != two[52:68], "the nonce of AES-CTR"
    assert Record(one, secret).fields()[0][1] != Record(two, secret).fields()[0][1]


def test_no_root_is_overwritten(tmp_path):
    """Nor is anything left of what was made for a record that could not be written."""
    secret, again = tmp_path / "secret", tmp_path / "secret2"
    root = new(tmp_path)[2]
    key = (tmp_path / "ca/root.key").read_bytes()
    said = provision(
        "--device-secret", again, "--new-secret", "--new-root", tmp_path / "ca", "--out", tmp_path / "img2", fails=1
    )
    assert "overwrites none" in said
    assert (tmp_path / "ca/root.pem").read_bytes() == root and (tmp_path / "ca/root.key").read_bytes() == key
    nowhere = ["--new-root", tmp_path / "ca2", "--out", tmp_path / "no/such/img"]
    assert "No such file" in provision("--device-secret", again, "--new-secret", *nowhere, fails=1)
    assert not again.exists() and not list((tmp_path / "ca2").iterdir())
    assert secret.exists() and not (tmp_path / "img2").exists()


def test_a_root_that_is_there_is_noticed_before_anything_is_made_or_read(tmp_path):
    """Were its secret looked at first, that would be the complaint."""
    (tmp_path / "ca").mkdir()
    for name in "root.pem", "root.key":
        (tmp_path / "ca" / name).write_text("somebody's")
        args = ["--device-secret", tmp_path / "none", "--new-root", tmp_path / "ca", "--out", tmp_path / "img"]
        assert "overwrites none" in provision(*args, fails=1)
        (tmp_path / "ca" / name).unlink()
    assert "No such file" in provision(*args, fails=8)
    assert [p.name for p in tmp_path.iterdir()] == ["ca"]


def test_what_was_made_is_said_to_programs(tmp_path):
    arguments = [
        "--device-secret",
        tmp_path / "secret",
        "--new-secret",
        "--new-root",
        tmp_path / "ca",
        "--out",
        tmp_path / "img",
    ]
    run = subprocess.run(
        [COFFER, "provision", *map(str, arguments), "--serial", "TEST-2", "--json"],
        capture_output=True,
        timeout=600,
        check=True,
    )
    size = (tmp_path / "img").stat().st_size
    assert json.loads(run.stdout) == {"record": str(tmp_path / "img"), "serial": "TEST-2", "bytes": size}


def test_bad_arguments_are_said_and_write_nothing(tmp_path):
    secret, out = tmp_path / "secret", tmp_path / "img"
    secret.write_bytes(os.urandom(32))
    new_root = ["--new-root", tmp_path / "ca", "--out", out]
    assert "needs --device-secret" in provision(*new_root, fails=2)
    assert "either --new-root" in provision("--device-secret", secret, "--out", out, fails=2)
    assert "serial" in provision("--device-secret", secret, *new_root, "--serial", "a,CN=b", fails=2)
    assert "serial" in provision("--device-secret", secret, *new_root, "--serial", "x" * 17, fails=2)
    assert "--days" in provision("--device-secret", secret, *new_root, "--days", "0", fails=2)
    assert "exists" in provision("--device-secret", secret, "--new-secret", *new_root, fails=1)
    for bad in b"", b"x" * 31, b"x" * 33, b"0" * 63 + b"g", b"0" * 66:
        secret.write_bytes(bad)
        assert "32 bytes or 64 hex digits" in provision("--device-secret", secret, *new_root, fails=8)
    assert not out.exists() and not (tmp_path / "ca").exists()


def test_root_key_of_another_root_is_refused(tmp_path):
    new(tmp_path)
    provision("--device-secret", tmp_path / "secret", "--new-root", tmp_path / "ca2", "--out", tmp_path / "img")
    message = provision(
        "--device-secret",
        tmp_path / "secret",
        "--root-key",
        tmp_path / "ca/root.key",
        "--root",
        tmp_path / "ca2/root.pem",
        "--out",
        tmp_path / "img3",
        fails=8,
    )
    assert "belong together" in message and not (tmp_path / "img3").exists()
