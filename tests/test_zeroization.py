# SPDX-License-Identifier: Apache-2.0
"""What the hardware holds after its owner's end in the middle of a job, inside the model (verilator/probe.vlt)."""

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from virtual_board import wire
from virtual_board.exchange import Application
from virtual_board.session import ROOT, BoardSession

TRACE = ROOT / "build/bin/coffer-board-trace"
VAULT = "coffer_top.u_crypto.u_vault"
AES = "coffer_top.u_crypto.u_aes"
ENGINE = "coffer_top.u_crypto.u_engine"
PAGES = "coffer_top.u_surface.u_pages"
ENGINE_ROWS, KEY_ROWS = "coffer_top.u_pke.u_mac.u_rows.mem_c", 165  # of 512
CPU_MEMORY, CPU_WORDS = "coffer_top.u_soc.u_ram.mem", 8192
SLOTS, WORDS, GENERATION = 64, 16, 9  # the generation alone outlives zeroization
FREE, KEYED = 0, 2
CTR, ENCRYPT, DECRYPT = 0x02, 0x20, 0x40
RING = 4096  # bytes of a context's packet buffers, each way
INTERFACE = 1


@pytest.fixture(scope="module")
def shared():
    session = BoardSession("--seed", 5, program=TRACE)
    yield session
    session.close()


@pytest.fixture
def board(shared):
    yield shared
    shared.drop_clients()


def peek(board, name, index=0):
    return bytes.fromhex(board.command("peek", 1, name, index))[::-1]


def key_of(board, slot, length):
    return b"".join(peek(board, f"{VAULT}.u_mem.mem", slot * WORDS + index) for index in range(length // 4))


def states(board):
    packed = int.from_bytes(peek(board, f"{VAULT}.u_slots.state_q"), "little")
    return [packed >> 2 * slot & 3 for slot in range(SLOTS)]


def owned_pages(board):
    packed = int.from_bytes(peek(board, f"{PAGES}.owned_q"), "little")
    return [page for page in range(32) if packed >> page & 1]


def page_bytes(board, page, count):
    return b"".join(peek(board, f"{PAGES}.g_page[{page}].g_used.u_page.mem", index) for index in range(count))


def held(board, page):
    """Whatever belonged to the context and its key, by its place."""
    ring = range(INTERFACE * RING, (INTERFACE + 1) * RING)
    places = {
        "staged key": peek(board, f"{AES}.staged_q"),
        "block": peek(board, f"{AES}.block_o"),
        "key expansion": peek(board, f"{AES}.u_round_keys.w_q"),
        "round keys": b"".join(peek(board, f"{AES}.u_round_keys.keys", i) for i in range(16)),
        "keystream": peek(board, f"{ENGINE}.u_cipher.out_q"),
        "job": peek(board, f"{ENGINE}.u_state.ram", INTERFACE) + peek(board, f"{ENGINE}.u_state.cfg_ram", INTERFACE),
        "packets out": b"".join(peek(board, "coffer_top.u_usb.u_bulk_out.mem", i) for i in ring),
        "packets in": b"".join(peek(board, "coffer_top.u_usb.u_bulk_in.mem", i) for i in ring),
        "surface": page_bytes(board, page, 2048),
    }
    for slot in range(SLOTS):
        words = [peek(board, f"{VAULT}.u_mem.mem", slot * WORDS + i) for i in range(WORDS) if i != GENERATION]
        places[f"slot {slot}"] = b"".join(words)
    return {name for name, data in places.items() if any(data)}


def in_mid_job(board, key):
    """A program with a key in a slot and half a job in a surface; that page, and the slot."""
    context = wire.Context(board.client(), INTERFACE)
    session = context.create(wire.OPEN).session
    message = bytes([1, len(key), CTR | ENCRYPT | DECRYPT, 0]) + key
    assert context.start(session, wire.seal(context.public_key(), message, b"coffer-open-v1")) == wire.OK
    assert context.finish(session).result == wire.OK
    surface = context.surface(session, 2).surface
    plain = secrets.token_bytes(7 * 512 - 64)
    assert context.run(wire.job(wire.LOOP, flags=wire.RETURN, length=600), plain[:600], 600)[1] == plain[:600]
    context.send(
        wire.job(
            wire.CRYPT, slot=session, mode=wire.CTR, flags=wire.ENCRYPT | wire.DST_SURFACE, length=4096, dst=surface
        )
        + plain,
        end=False,
    )
    cipher = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(plain)
    page = owned_pages(board)[0]
    while page_bytes(board, page, 2048) != cipher[:2048]:
        pass
    return context, page, session & 0xFF


def cpu_memory(board):
    return b"".join(peek(board, CPU_MEMORY, index) for index in range(CPU_WORDS))


def engine_rows(board):
    """Those of keys, and all others."""
    rows = [peek(board, ENGINE_ROWS, row) for row in range(512)]
    return b"".join(rows[:KEY_ROWS]), b"".join(rows[KEY_ROWS:])


def killed(board, context):
    context.client.kill()


def bus_reset(board, context):
    other = board.client()
    assert other.do("open", 0) == 0 and other.do("reset") == 0
    other.close()
    context.client.kill()


def set_again(board, context):
    assert context.client.do("alt", INTERFACE, 1) == 0


def looking(board):
    """A program that has claimed the interface, and selects no setting: that would clean up by itself."""
    client = board.client()
    assert client.do("open", 0) == 0 and client.do("claim", INTERFACE) == 0
    return wire.Context(client, INTERFACE, opened=True)


@pytest.mark.parametrize("end", [killed, bus_reset, set_again], ids=lambda end: end.__name__)
def test_nothing_is_left(board, end):
    key = secrets.token_bytes(32)
    context, page, slot = in_mid_job(board, key)
    assert key_of(board, slot, 32) == key and states(board)[slot] == KEYED
    before = held(board, page)  # it is all there to be found
    assert before >= {
        "staged key",
        "block",
        "round keys",
        "job",
        "packets out",
        "packets in",
        "surface",
        f"slot {slot}",
    }
    end(board, context)
    watcher = context if end is set_again else looking(board)
    while (status := watcher.status()).zeroizing_slots or status.zeroizing_pages:
        pass
    assert held(board, page) == set()
    assert states(board) == [FREE] * SLOTS and not owned_pages(board)


def test_a_negotiated_key_is_in_its_slot_alone(board):
    """The CPU decoded it: nothing of it is left in its memory, stack and buffers."""
    key = secrets.token_bytes(32)
    _, _, slot = in_mid_job(board, key)
    memory = cpu_memory(board)
    assert key_of(board, slot, 32) == key
    assert b"coffer-open-v1" in memory  # this is the right memory, the right way round
    assert not any(key[at : at + 8] in memory for at in range(len(key) - 7))


def test_an_exchange_leaves_its_key_in_the_slot_alone(board):
    """Nothing that was computed is left in the CPU's memory, or in the engine, whose RSA key and pair are as before."""
    context, application = wire.Context(board.client(), INTERFACE), Application()
    session = context.create(wire.ECDH).session
    context.wait_ready()
    before, rest = engine_rows(board)
    assert any(before) and not any(rest)
    assert context.start_exchange(session, application.hello) == wire.OK
    while not any(peek(board, ENGINE_ROWS, KEY_ROWS)):  # p: it runs
        assert context.exchange_answer(session)[0].result == wire.PENDING
    outcome, reply = context.finish_exchange(session)
    assert outcome.result == wire.OK
    key = application.check(reply, context.public_key(1))
    assert key_of(board, session & 0xFF, 16) == key
    memory = cpu_memory(board)
    assert reply in memory  # this is the right memory
    for secret in (key, application.shared, application.shared[::-1], application.prk):
        assert not any(secret[at : at + 8] in memory for at in range(len(secret) - 7))
    assert engine_rows(board) == (before, rest)


@pytest.mark.parametrize("end", [killed, bus_reset, set_again, None])
def test_an_exchange_ended_in_the_middle_leaves_nothing(board, end):
    context = wire.Context(board.client(), INTERFACE)
    session = context.create(wire.ECDH).session
    context.wait_ready()
    before, rest = engine_rows(board)
    assert context.start_exchange(session, Application().hello) == wire.OK
    while not any(peek(board, ENGINE_ROWS, KEY_ROWS)):
        assert context.exchange_answer(session)[0].result == wire.PENDING
    if end:
        end(board, context)
    else:
        assert context.destroy(session) == wire.OK
    watcher = context if end in (set_again, None) else looking(board)
    while watcher.status().zeroizing_slots:
        pass
    while any(peek(board, ENGINE_ROWS, KEY_ROWS)):  # until the main loop is told
        watcher.status()
    assert engine_rows(board) == (before, rest) and not any(rest)


@pytest.mark.parametrize(
    "end", [killed, bus_reset, set_again, None], ids=["killed", "bus_reset", "set_again", "destroyed"]
)
def test_a_channel_s_key_lives_as_long_as_the_channel(board, end):
    """In one place of the CPU's memory; after messages too, whose key schedules and subkeys were on its stack."""
    key = secrets.token_bytes(16)
    context = wire.Context(board.client(), INTERFACE)
    channel = context.create(wire.CHANNEL_64).session
    assert context.start(channel, wire.seal(context.public_key(), key)) == wire.OK
    assert context.finish(channel).result == wire.OK
    for number in range(3):
        assert context.configure(key, channel, number, wire.INITIALIZE, bytes(8))[0] == wire.OK

    zeros = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(bytes(16))
    subkey = (int.from_bytes(zeros, "big") << 1 ^ (0x87 if zeros[0] & 0x80 else 0)) % 2**128  # SP 800-38B, K1

    def places():
        memory = cpu_memory(board)
        assert subkey.to_bytes(16, "big")[:8] not in memory
        return sum(memory.count(key[at : at + 8]) for at in (0, 8))

    assert places() == 2
    if end:
        end(board, context)
    else:
        assert context.destroy(channel) == wire.OK
    watcher = context if end in (set_again, None) else looking(board)
    assert watcher.status().free_slots == watcher.info().slots
    assert places() == 0
