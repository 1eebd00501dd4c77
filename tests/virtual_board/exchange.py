# SPDX-License-Identifier: Apache-2.0
"""The application's side of a key exchange (docs/protocol.md), made of `cryptography`."""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LABEL = b"coffer-hw-exchange-v1"


def packet(kind, x, y, version=1, reserved=b"\0\0"):
    return bytes([version, kind]) + reserved + x.to_bytes(32, "big") + y.to_bytes(32, "big")


class Application:
    """One exchange's other side."""

    def __init__(self, private=None):
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        self.point = self.private.public_key().public_numbers()
        self.hello = packet(1, self.point.x, self.point.y)

    def check(self, reply, leaf):
        """Every byte of the reply; gives the session key."""
        assert reply[:4] == bytes([1, 2, 0, 0])
        x, y, r, s = (int.from_bytes(reply[at : at + 32], "big") for at in range(4, 132, 32))
        assert r != x  # the nonce is not the ephemeral key
        message = LABEL + self.hello + reply[:68]
        leaf.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        theirs = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        self.shared = self.private.exchange(ec.ECDH(), theirs)
        salt = hashlib.sha256(message).digest()
        self.prk = hmac.digest(salt, self.shared, hashlib.sha256)
        key, confirmation = (
            HKDF(hashes.SHA256(), size, salt, LABEL + use).derive(self.shared)
            for use, size in ((b" key", 16), (b" confirm", 32))
        )
        assert reply[132:] == confirmation
        return key
