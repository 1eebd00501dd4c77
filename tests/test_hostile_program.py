# SPDX-License-Identifier: Apache-2.0
"""Programs that bypass the library, on one board: what they cannot have, and that nobody else notices."""

import secrets
import struct

from cryptography.hazmat.primitives.asymmetric import rsa
from virtual_board import wire
from virtual_board.wire import Context, contexts, job


def works(context):
    payload = secrets.token_bytes(700)
    return context.run(job(wire.LOOP, flags=wire.RETURN, length=700), payload, 700) == (wire.JOB_OK, payload)


# ---- handles --------------------------------------------------------------------------------------------------


def requests_with(context, session, surface):
    """The result of every request that takes a handle."""
    return {
        "destroy": context.destroy(session),
        "negotiate": context.start(session, bytes(256)),
        "result": context.result(session).result,
        "surface": context.surface(session, 1).result,
        "destroy surface": context.destroy_surface(surface),
        "channel": context.order(wire.CHANNEL_COMMAND, session.to_bytes(4, "little") + bytes(48), 48),
    }


def jobs_with(context, session, surface):
    """The status of every job that takes a handle of a slot or surface."""
    into = {"flags": wire.DST_SURFACE, "dst": surface, "length": 16}
    return {
        "crypt": context.run(
            job(wire.CRYPT, slot=session.session, mode=wire.CTR, flags=wire.RETURN, length=16), bytes(16), 16
        )[0],
        "content": context.run(job(wire.CRYPT, slot=session.content, mode=wire.CTR, **into), bytes(16)),
        "readback": context.run(
            job(
                wire.CRYPT,
                slot=session.readback,
                mode=wire.CTR,
                src=surface,
                length=16,
                flags=wire.ENCRYPT | wire.SRC_SURFACE | wire.RETURN,
            ),
            b"",
            16,
        )[0],
        "load key": context.run(
            job(wire.LOAD_KEY, slot=session.session, mode=wire.CTR, dst=session.content, dst_offset=16, length=16),
            bytes(16),
        ),
        "new key": context.run(
            job(wire.NEW_READBACK_KEY, slot=session.session, dst=session.readback, flags=wire.RETURN), b"", 16
        )[0],
        "start refresh": context.run(job(wire.START_REFRESH, slot=session.session, flags=wire.RETURN), b"", 16)[0],
        "refresh": context.run(job(wire.REFRESH, slot=session.session)),
    }


def test_foreign_and_stale_handles(board):
    mine, other = contexts(board, 0, 1)
    theirs = other.create(wire.PROTECTED)
    surface = other.surface(theirs.session, 4)
    assert (theirs.result, surface.result) == (wire.OK, wire.OK)
    before = other.status()
    made_up = wire.Session(0, 0xFFFFFF3F, 0xFFFFFF3E, 0xFFFFFF3D)

    own = mine.create(wire.PROTECTED)
    own_surface = mine.surface(own.session, 1)
    assert set(jobs_with(mine, own, own_surface.surface).values()) == {
        wire.NO_KEY
    }  # all of them are good but for the keys
    assert mine.destroy(own.session) == wire.OK
    for kind, session, place in (
        ("foreign", theirs, surface.surface),
        ("stale", own, own_surface.surface),
        ("made up", made_up, 0xFFFFFF0F),
    ):
        assert set(requests_with(mine, session.session, place).values()) == {wire.ERR_HANDLE}, kind
        assert set(jobs_with(mine, session, place).values()) == {wire.BAD_HANDLE}, kind
        assert works(mine)
    assert other.status() == before
    assert other.destroy_surface(surface.surface) == wire.OK
    assert other.destroy(theirs.session) == wire.OK
    assert works(other)


# ---- contexts beside each other ------------------------------------------------------------------------------------


def test_one_stops_feeding_and_one_stops_reading(board):
    """In the middle of their jobs, and for as long as they like: the others work on; so do they when they go on."""
    hungry, full, *others = contexts(board, 0, 1, 2, 3)
    loop = job(wire.LOOP, flags=wire.RETURN, length=20_000)
    hungry.send(loop, 448 + 2048, end=False)
    full.send(loop, 20_000)
    for other in others:
        assert other.client.do("loop", other.interface, 3000, 10) == 0
    assert (
        full.client.events(left=1, milliseconds=0)[0] == 1
    )  # its job is not taken while there is no room for the answer
    assert full.receive(20_000) == bytes(20_000)
    assert full.completion() == (wire.JOB_OK, 1, 20_000)
    hungry.send(b"", 20_000 - 448 - 2048)
    assert hungry.receive(20_000) == bytes(20_000)
    assert hungry.completion() == (wire.JOB_OK, 1, 20_000)
    for context in hungry, full:
        assert context.client.events()[0] == 0
        assert works(context)


def test_killed_while_it_stopped_feeding_or_reading(board):
    feeding, reading, watcher = contexts(board, 0, 1, 2)
    loop = job(wire.LOOP, flags=wire.RETURN, length=20_000)
    feeding.send(loop, 448 + 2048, end=False)
    reading.send(loop, 20_000)
    for context in feeding, reading:
        context.client.kill()
    assert works(watcher)
    for context in contexts(board, 0, 1):
        assert works(context)


def test_setting_one_behind_the_kernel_s_back(board):
    """A program that selects setting 1 by a request of its own is not cleaned up after when it dies; the next owner's
    SET_INTERFACE 1 does that."""
    victim, watcher = board.client(), board.client()
    assert victim.do("open", 0) == 0 and victim.do("claim", 3) == 0
    assert victim.do("control", 0x01, 11, 1, 3, 0) == 0
    context = Context(victim, 3, opened=True)
    session = context.create(wire.PROTECTED)
    assert session.result == wire.OK and context.surface(session.session, 4).result == wire.OK
    victim.kill()

    assert watcher.do("open", 0) == 0 and watcher.do("claim", 3) == 0
    context = Context(watcher, 3, opened=True)
    left = context.status()
    assert left.setting == 1 and left.free_slots == context.info().slots - 3
    assert watcher.do("alt", 3, 1) == 0
    while context.status().zeroizing_slots or context.status().zeroizing_pages:
        pass
    clean = context.status()
    assert clean.epoch > left.epoch
    assert (clean.free_slots, clean.free_pages) == (context.info().slots, context.info().pages)
    assert context.destroy(session.session) == wire.ERR_HANDLE


# ---- key exchange ----------------------------------------------------------------------------------------------------


def test_key_blobs(board):
    """Bad ones have one answer at one time; a good one is good for one session of its kind, once."""
    (context,) = contexts(board, 0)
    key, cycles = context.public_key(), context.info().negotiate_cycles
    session = context.create(wire.PROTECTED).session
    good = wire.seal(key, secrets.token_bytes(16))
    bad = {
        "another key": wire.seal(rsa.generate_private_key(65537, 2048).public_key(), bytes(16)),
        "first byte": wire.seal(key, bytes(16), first=1),
    }
    assert context.result(session).result == wire.ERR_STATE
    for name, blob in bad.items():
        assert context.start(session, blob) == wire.OK
        answer = context.finish(session)
        assert (answer.result, answer.release - answer.granted) == (wire.ERR_BLOB, cycles), name
        assert context.run(job(wire.REFRESH, slot=session)) == wire.NO_KEY, name
    assert context.start(session, good) == wire.OK
    answer = context.finish(session)
    assert (answer.result, answer.session, answer.release - answer.granted) == (wire.OK, session, cycles)
    assert context.start(session, good) == wire.ERR_STATE  # a second one over a session in use
    assert context.finish(session) == answer  # which lost nothing

    surface = context.surface(session, 1).surface
    into = {"slot": session, "flags": wire.DST_SURFACE, "dst": surface, "length": 16}
    assert (
        context.run(job(wire.CRYPT, mode=wire.ECB, **into), bytes(16)) == wire.POLICY
    )  # what wraps keys decrypts no blocks
    assert context.run(job(wire.CRYPT, mode=wire.CBC, **into), bytes(16)) in (wire.BAD_FIELD, wire.POLICY)
    assert context.run(job(wire.CRYPT, mode=wire.CTR, rule=2, **into), bytes(16)) == wire.JOB_OK

    replayed = context.create(wire.OPEN).session  # the key would be in an open session
    assert context.start(replayed, good) == wire.OK
    answer = context.finish(replayed)
    assert (answer.result, answer.release - answer.granted) == (wire.ERR_BLOB, cycles)
    assert works(context)


def test_negotiations_wait_for_each_other(board):
    """In order of arrival; one ends with its own session and with no other."""
    first, second, third = contexts(board, 0, 1, 2)
    sessions = [context.create(wire.OPEN).session for context in (first, second, third)]
    for context, session in zip((first, second, third), sessions, strict=True):
        assert context.start(session, bytes(256)) == wire.OK
    other = first.create(wire.OPEN).session
    assert first.start(other, bytes(256)) == wire.ERR_STATE  # one for each context
    assert first.destroy(other) == wire.OK
    assert second.client.do("alt", 1, 1) == 0  # revoked while it waits: the one that runs goes on
    assert second.result(sessions[1]).result == wire.ERR_HANDLE
    ended = first.finish(sessions[0])
    assert (ended.result, ended.release - ended.granted) == (wire.ERR_BLOB, first.info().negotiate_cycles)
    while (running := third.result(sessions[2])).granted == 0:
        assert running.result == wire.PENDING
    assert running.granted >= ended.release
    assert third.destroy(sessions[2]) == wire.OK  # destroyed while it runs: the engine is free
    assert third.result(sessions[2]).result == wire.ERR_HANDLE
    again = second.create(wire.OPEN).session
    assert second.start(again, bytes(256)) == wire.OK
    while (last := second.result(again)).granted == 0:
        pass
    assert running.granted < last.granted < running.granted + first.info().negotiate_cycles
    assert works(first) and works(second) and works(third)


# ---- channels ---------------------------------------------------------------------------------------------------


def test_channels(board):
    """A channel's slot does no work, its key is written once, and it binds no session of another context."""
    mine, other = contexts(board, 0, 1)
    key = secrets.token_bytes(16)
    channel, theirs = mine.create(wire.CHANNEL_64).session, other.create(wire.CHANNEL_64).session
    protected, opened = mine.create(wire.PROTECTED).session, mine.create(wire.OPEN).session
    foreign = other.create(wire.PROTECTED).session
    surface = mine.surface(protected, 1).surface
    device = (0x10000 | mine.status().epoch & 0xFF) << 8 | mine.interface

    assert mine.configure(key, channel, 0, wire.INITIALIZE, struct.pack("<2I", 1, 1)) == (wire.ERR_STATE, None)
    for handle in theirs, protected, 0:
        assert mine.configure(key, handle, 0, wire.INITIALIZE, bytes(8)) == (wire.ERR_HANDLE, None)
    blob = wire.seal(mine.public_key(), key)
    assert mine.start(theirs, blob) == wire.ERR_HANDLE
    assert mine.start(channel, blob) == wire.OK
    assert mine.finish(channel).result == wire.OK
    assert mine.start(channel, blob) == wire.ERR_STATE
    for mode, flags in ((wire.CTR, wire.RETURN), (wire.ECB, wire.RETURN), (wire.CTR, wire.DST_SURFACE)):
        into = {"dst": surface} if flags == wire.DST_SURFACE else {}
        status = mine.run(job(wire.CRYPT, slot=channel, mode=mode, flags=flags, length=16, **into), bytes(16), 16)
        assert (status if into else status[0]) != wire.JOB_OK

    assert mine.configure(key, channel, 0, wire.INITIALIZE, struct.pack("<2I", 1, 1)) == (wire.OK, 0)
    numbers = iter(range(1, 10))
    for session, owner in ((foreign, device), (opened, device), (channel, device), (protected, device + 1)):
        bound = mine.configure(key, channel, next(numbers), wire.BIND_SESSION, struct.pack("<3Q", 5, session, owner))
        assert bound == (wire.OK, wire.INVALIDARG)
    fields = struct.pack("<3Q", 5, protected, device)
    assert mine.configure(key, channel, next(numbers), wire.BIND_SESSION, fields) == (wire.OK, 0)
    assert mine.configure(bytes(16), theirs, 0, wire.INITIALIZE, bytes(8)) == (wire.ERR_HANDLE, None)
    assert mine.client.do("alt", 0, 1) == 0  # the context's end is the channel's
    assert mine.configure(key, channel, 9, wire.BIND_SESSION, fields) == (wire.ERR_HANDLE, None)
    assert mine.create(wire.CHANNEL_64).result == wire.OK
    assert works(mine) and works(other)
