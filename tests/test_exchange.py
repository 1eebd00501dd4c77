# SPDX-License-Identifier: Apache-2.0
"""The authenticated ephemeral key exchange (docs/protocol.md) on the wire."""

import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from virtual_board import wire
from virtual_board.exchange import Application, packet
from virtual_board.wire import contexts, job

B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
SMALL_X = (5, 0x459243B9AA581806FE913BCE99817ADE11CA503C64D9A3C533415C083248FBCC)
SMALL_Y = (0xD7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7, 5)


def ctr(key, iv, data):
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(data)


def holds(context, session, key):
    """The session's slot has this key: what is decrypted under it, and a read-back key wrapped under it, come right."""
    plain = secrets.token_bytes(64)
    surface = context.surface(session.session, 1).surface
    run = {"mode": wire.CTR, "rule": 2, "length": 64}
    into = job(wire.CRYPT, slot=session.session, flags=wire.DST_SURFACE, dst=surface, **run)
    assert context.run(into, ctr(key, bytes(16), plain)) == wire.JOB_OK
    new_key = job(wire.NEW_READBACK_KEY, slot=session.session, dst=session.readback, flags=wire.RETURN)
    status, wrapped = context.run(new_key, b"", 16)
    assert status == wire.JOB_OK
    readback = Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(wrapped)
    flags = wire.ENCRYPT | wire.SRC_SURFACE | wire.RETURN
    context.send(job(wire.CRYPT, slot=session.readback, flags=flags, src=surface, **run))
    data, done = context.receive(64), context.receive(64)
    context.client.events()
    assert done[3] == wire.JOB_OK
    assert context.destroy_surface(surface) == wire.OK
    return ctr(readback, done[32:48], data) == plain


def exchange(context, session, leaf):
    """A good one: its outcome."""
    application = Application()
    assert context.start_exchange(session.session, application.hello) == wire.OK
    outcome, reply = context.finish_exchange(session.session)
    assert (outcome.result, outcome.session) == (wire.OK, session.session)
    assert outcome.start < outcome.granted < outcome.release
    assert holds(context, session, application.check(reply, leaf))
    assert context.exchange_answer(session.session) == (outcome, reply)  # it stays
    return outcome


def negotiates(context):
    """By RSAES-OAEP, in a session of its own: the engine's RSA key and blinding pair are whole."""
    session, key = context.create(wire.PROTECTED), secrets.token_bytes(16)
    assert context.start(session.session, wire.seal(context.public_key(), key)) == wire.OK
    outcome = context.finish(session.session)
    assert outcome.result == wire.OK
    assert outcome.release - outcome.granted == context.info().negotiate_cycles
    assert holds(context, session, key)
    assert context.destroy(session.session) == wire.OK


def test_good(board):
    (context,) = contexts(board, 0)
    leaf = context.public_key(1)
    replies = []
    for _ in range(2):
        session = context.create(wire.ECDH)
        assert session.result == wire.OK and session.content and session.readback
        outcome = exchange(context, session, leaf)
        print(f"key exchange, from grant to release: {outcome.release - outcome.granted} cycles")
        application = Application()
        assert context.start_exchange(session.session, application.hello) == wire.ERR_STATE  # a second key
        replies.append(context.exchange_answer(session.session)[1])
        assert context.destroy(session.session) == wire.OK
        assert context.exchange_answer(session.session)[0].result == wire.ERR_HANDLE
    assert not any(replies[0][at : at + 32] == replies[1][at : at + 32] for at in range(4, 164, 32))
    negotiates(context)


def test_bad_hellos(board):
    (context,) = contexts(board, 0)
    session = context.create(wire.ECDH)
    point = Application().point
    x, y = point.x, point.y
    hellos = {
        "version 0": packet(1, x, y, version=0),
        "version 2": packet(1, x, y, version=2),
        "a reply": packet(2, x, y),
        "type 0": packet(0, x, y),
        "first reserved byte": packet(1, x, y, reserved=b"\1\0"),
        "second reserved byte": packet(1, x, y, reserved=b"\0\x80"),
        "zeros": packet(1, 0, 0),
        "x = p": packet(1, PRIME, y),
        "y = p": packet(1, x, PRIME),
        "largest x": packet(1, 2**256 - 1, y),
        "largest y": packet(1, x, 2**256 - 1),
        "another y": packet(1, x, y ^ 1),
        "another x": packet(1, x ^ 1, y),
        "on the twist": packet(1, y, x),
    }
    # Points of the curve, but that a coordinate is written p too large, where that fits.
    for a, b in (SMALL_X, SMALL_Y):
        assert (b * b - a**3 + 3 * a - B) % PRIME == 0
    hellos["x + p"] = packet(1, SMALL_X[0] + PRIME, SMALL_X[1])
    hellos["y + p"] = packet(1, SMALL_Y[0], SMALL_Y[1] + PRIME)
    assert context.exchange_answer(session.session)[0].result == wire.ERR_STATE  # none yet
    for name, hello in hellos.items():
        assert context.start_exchange(session.session, hello) == wire.OK, name
        outcome, reply = context.finish_exchange(session.session)
        assert (outcome.result, reply) == (wire.ERR_BLOB, bytes(164)), name
        assert context.run(job(wire.REFRESH, slot=session.session)) == wire.NO_KEY, name
    exchange(context, session, context.public_key(1))
    negotiates(context)


def test_wrong_kinds_orders_and_handles(board):
    context, other = contexts(board, 0, 1)
    hello = Application().hello
    session, protected = context.create(wire.ECDH), context.create(wire.PROTECTED)
    theirs = other.create(wire.ECDH)
    stale = context.create(wire.ECDH).session
    assert context.destroy(stale) == wire.OK
    for kind in (wire.OPEN, wire.OPEN_WRAP, wire.CHANNEL_64):
        handle = context.create(kind).session
        assert context.start_exchange(handle, hello) == wire.ERR_HANDLE
        assert context.destroy(handle) == wire.OK
    for handle in (
        protected.session,
        stale,
        theirs.session,
        session.session + 1,
        session.session + 0x100,
        0,
        0xFFFFFFFF,
    ):
        assert context.start_exchange(handle, hello) == wire.ERR_HANDLE
    for handle in (protected.session, theirs.session, session.session + 1, 0xFF):
        assert context.exchange_answer(handle)[0].result == wire.ERR_HANDLE
    blob = wire.seal(context.public_key(), bytes(16))
    assert context.start(session.session, blob) == wire.ERR_HANDLE
    assert context.result(session.session).result == wire.ERR_HANDLE
    for data in (b"", hello[:-1], hello + b"\0", hello + bytes(188)):
        assert context.order(wire.EXCHANGE_START, struct.pack("<I", session.session) + data) == wire.ERR_REQUEST
    assert context.order(wire.EXCHANGE_START, struct.pack("<I", session.session) + hello, 1) == wire.ERR_REQUEST
    for length in (32, 199, 201):
        assert context.client.do("control", 0xA1, wire.EXCHANGE_ANSWER, session.session & 0xFF, 0, length) < 0
    assert context.exchange_answer(session.session)[0].result == wire.ERR_STATE
    exchange(context, session, context.public_key(1))
    assert context.order(wire.EXCHANGE_START, struct.pack("<I", protected.session) + hello) == wire.ERR_HANDLE
    assert context.start(protected.session, blob) == wire.OK
    assert context.finish(protected.session).result == wire.OK


def test_cancelled(board):
    """By the end of the session, of the context, and by a new start; another context's goes on."""
    context, other = contexts(board, 0, 1)
    leaf = context.public_key(1)
    theirs = other.create(wire.ECDH)
    for end in ("destroy", "alt", "start"):
        session = context.create(wire.ECDH)
        assert context.start_exchange(session.session, Application().hello) == wire.OK
        application = Application()
        if end == "destroy":
            assert context.destroy(session.session) == wire.OK
        elif end == "alt":
            assert context.client.do("alt", 0, 1) == 0
        else:
            exchange(context, session, leaf)
            continue
        assert context.exchange_answer(session.session)[0].result == wire.ERR_HANDLE
        assert other.start_exchange(theirs.session, application.hello) == wire.OK
        outcome, reply = other.finish_exchange(theirs.session)
        assert outcome.result == wire.OK
        application.check(reply, leaf)
        assert other.destroy(theirs.session) == wire.OK
        theirs = other.create(wire.ECDH)
    negotiates(context)


def test_they_wait_for_each_other_and_for_negotiations(board):
    first, second, third = contexts(board, 0, 1, 2)
    leaf = first.public_key(1)
    one, two, key = first.create(wire.ECDH), third.create(wire.ECDH), secrets.token_bytes(16)
    by_blob = second.create(wire.PROTECTED)
    blob = wire.seal(second.public_key(), key)
    applications = Application(), Application()
    assert first.start_exchange(one.session, applications[0].hello) == wire.OK
    assert second.start(by_blob.session, blob) == wire.OK
    assert third.start_exchange(two.session, applications[1].hello) == wire.OK
    a, negotiated, b = (
        first.finish_exchange(one.session),
        second.finish(by_blob.session),
        third.finish_exchange(two.session),
    )
    assert (a[0].result, negotiated.result, b[0].result) == (wire.OK,) * 3
    assert a[0].release <= negotiated.granted and negotiated.release <= b[0].granted
    assert negotiated.release - negotiated.granted == first.info().negotiate_cycles
    for context, session, application, (_, reply) in (
        (first, one, applications[0], a),
        (third, two, applications[1], b),
    ):
        assert holds(context, session, application.check(reply, leaf))
    assert holds(second, by_blob, key)
