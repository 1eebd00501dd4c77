# SPDX-License-Identifier: Apache-2.0
"""The wire protocol (docs/protocol.md) without the library, through tests/virtual_board/client.c."""

import collections
import hashlib
import struct
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

GET_INFO, GET_CERTIFICATE, GET_STATUS = 1, 2, 3
SESSION_CREATE, SESSION_DESTROY, NEGOTIATE_START, NEGOTIATE_RESULT, SURFACE_CREATE, SURFACE_DESTROY = range(0x10, 0x16)
CHANNEL_COMMAND, CHANNEL_ANSWER, EXCHANGE_START, EXCHANGE_ANSWER = range(0x16, 0x1A)
PROTECTED, OPEN, OPEN_WRAP, CHANNEL_64, CHANNEL_32, ECDH = range(6)
(
    OK,
    PENDING,
    ERR_REQUEST,
    ERR_CLOSED,
    ERR_HANDLE,
    ERR_NO_SLOT,
    ERR_NO_MEMORY,
    ERR_BLOB,
    ERR_STATE,
    ERR_NOT_READY,
    ERR_REVOKED,
) = range(11)
READY = 4  # coffer_info.flags

NOP, LOOP, CRYPT, LOAD_KEY, NEW_READBACK_KEY, START_REFRESH, REFRESH = range(7)
ECB, CTR, CBC = 1, 2, 3
ENCRYPT, RETURN, SRC_SURFACE, DST_SURFACE, LIST = 1, 2, 4, 8, 16
JOB_OK, BAD_HEADER, BAD_FIELD, BAD_HANDLE, POLICY = range(5)
NO_KEY = 10

Info = collections.namedtuple("Info", "protocol contexts slots pages flags rsa_bytes p256_bytes negotiate_cycles")
Status = collections.namedtuple("Status", "result setting free_slots zeroizing_slots free_pages zeroizing_pages epoch")
Session = collections.namedtuple("Session", "result session content readback")
Surface = collections.namedtuple("Surface", "result surface session bytes")
Negotiated = collections.namedtuple("Negotiated", "result session start granted release")
Completion = collections.namedtuple("Completion", "status id bytes")


def job(op, *, number=1, slot=0, mode=0, flags=0, length=0, src=0, dst=0, dst_offset=0, rule=0):
    """A header of 64 bytes."""
    return struct.pack(
        "<HBBIIBBBB16sIHBBIIIIH6x",
        0x4A43,
        1,
        op,
        number,
        slot,
        mode,
        flags,
        rule,
        0,
        bytes(16),
        length,
        0,
        0,
        0,
        src,
        0,
        dst,
        dst_offset,
        0,
    )


class Context:
    """One interface of the board, opened by a client."""

    def __init__(self, client, interface, opened=False):
        self.client, self.interface = client, interface
        if not opened:
            client.open_context(interface)

    # ---- requests ----

    def ask(self, request, value, length):
        return self.client.control_in(request, value, self.interface, length)

    def info(self):
        protocol, contexts, slots, pages, flags, rsa, p256, cycles = struct.unpack(
            "<H10x4B4x3I", self.ask(GET_INFO, 0, 32)
        )
        return Info(protocol, contexts, slots, pages, flags, rsa, p256, cycles)

    def status(self):
        return Status(*struct.unpack("<6B2xI52x", self.ask(GET_STATUS, 0, 64)))

    def order(self, request, data, value=0):
        """An OUT request; its result."""
        done = self.client.do("control", 0x21, request, value, self.interface, len(data), "=" + data.hex())
        result = self.status().result
        assert (done == len(data)) == (result == OK), (done, result)
        return result

    def create(self, kind):
        return Session(*struct.unpack("<B3x3I", self.ask(SESSION_CREATE, kind, 16)))

    def destroy(self, handle):
        return self.order(SESSION_DESTROY, struct.pack("<I", handle))

    def surface(self, session, pages):
        return Surface(*struct.unpack("<B3x3I", self.ask(SURFACE_CREATE, session & 0xFF | pages << 8, 16)))

    def destroy_surface(self, handle):
        return self.order(SURFACE_DESTROY, struct.pack("<I", handle))

    def public_key(self, chain=0):
        """Of a chain's leaf."""
        info = self.info()
        pieces = range(((info.p256_bytes if chain else info.rsa_bytes) + 255) // 256)
        data = b"".join(self.ask(GET_CERTIFICATE, k | chain << 15, 256) for k in pieces)
        return x509.load_der_x509_certificate(data[: 4 + int.from_bytes(data[2:4], "big")]).public_key()

    def wait_ready(self):
        while not self.info().flags & READY:
            time.sleep(0.02)

    def start(self, session, blob):
        self.wait_ready()
        return self.order(NEGOTIATE_START, struct.pack("<I", session) + blob)

    def result(self, session):
        return Negotiated(*struct.unpack("<B3xI3Q", self.ask(NEGOTIATE_RESULT, session & 0xFF, 32)))

    def finish(self, session):
        while (result := self.result(session)).result == PENDING:
            time.sleep(0.02)
        return result

    def start_exchange(self, session, hello):
        self.wait_ready()
        return self.order(EXCHANGE_START, struct.pack("<I", session) + hello)

    def exchange_answer(self, session):
        """What is known of it, and the reply; the last four bytes are zero."""
        answer = self.ask(EXCHANGE_ANSWER, session & 0xFF, 200)
        assert answer[196:] == bytes(4)
        return Negotiated(*struct.unpack("<B3xI3Q", answer[:32])), answer[32:196]

    def finish_exchange(self, session):
        while (answer := self.exchange_answer(session))[0].result == PENDING:
            assert not any(answer[1])
            time.sleep(0.02)
        return answer

    def configure(self, key, channel, number, configuration, fields):
        """In the layout of 64 bits, under a MAC; result of the request and, if the board took it, the return code."""
        message = uuid.UUID(configuration).bytes_le + struct.pack("<QII", channel, number, 0) + fields
        result = self.order(CHANNEL_COMMAND, struct.pack("<I", channel) + mac(key, message) + message)
        if result != OK:
            return result, None
        while (answer := self.ask(CHANNEL_ANSWER, 0, 88))[0] == PENDING:
            time.sleep(0.01)
        status, size, handle = struct.unpack_from("<BB2xI", answer)
        done = answer[8:][:size]
        assert (status, size, handle) == (OK, 48, channel) and done[:16] == mac(key, done[16:])
        assert done[16:44] == message[:28]
        return result, int.from_bytes(done[44:], "little")

    # ---- jobs ----

    def send(self, data, pad=0, end=True):
        """Bytes, then zeros; without its end the transfer's last packet must be a full one."""
        assert end or (len(data) + pad) % 512 == 0
        assert self.client.do("post", self.interface + 1, len(data) + pad, int(end), "=" + data.hex()) == 0

    def receive(self, length):
        """One transfer of the board's: `length` bytes ended by a short packet."""
        data = b""
        while True:
            result, text = self.client.ask(
                "receive", 0x81 + self.interface, min(4096, (length - len(data)) // 512 * 512 + 512)
            )
            assert result == 0, result
            more = bytes.fromhex(text)
            data += more
            if len(more) % 512 or not more:
                return data

    def completion(self):
        magic, version, status, number, count = struct.unpack("<HBBII52x", self.receive(64))
        assert (magic, version) == (0x4343, 1)
        return Completion(status, number, count)

    def run(self, header, payload=b"", returns=0):
        """A job with its answer: the status alone; for a job that returns, with the payload."""
        self.send(header + payload)
        back = self.receive(returns) if header[13] & RETURN else b""
        done = self.completion()
        self.client.events()
        return (done.status, back) if header[13] & RETURN else done.status


def contexts(board, *interfaces):
    """One each, in processes of their own."""
    return [Context(board.client(), interface) for interface in interfaces]


# ---- channels ----

INITIALIZE = "06114bdb-3523-470a-8dca-fbc2845154f0"
BIND_SESSION = "6346cc54-2cfc-4ad4-8224-d15837de7700"
INVALIDARG = 0x80070057


def mac(key, message):
    cmac = CMAC(AES(key))
    cmac.update(message)
    return cmac.finalize()


# ---- key blobs ----


def mgf1(seed, size):
    return b"".join(hashlib.sha512(seed + i.to_bytes(4, "big")).digest() for i in range(size // 64 + 1))[:size]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def seal(key, message, label=b"", first=0):
    """RSAES-OAEP with SHA-512 (RFC 8017, 7.1.1); the first byte of the block can be made wrong, as no library would."""
    seed = hashlib.sha512(message).digest()
    block = hashlib.sha512(label).digest() + b"\1".rjust(127 - len(message), b"\0") + message
    block = xor(block, mgf1(seed, len(block)))
    block = bytes([first]) + xor(seed, mgf1(block, 64)) + block
    numbers = key.public_numbers()
    return pow(int.from_bytes(block, "big"), numbers.e, numbers.n).to_bytes(256, "big")
