# SPDX-License-Identifier: Apache-2.0
"""What the hardware still holds after its owner's death, seen inside the model (verilator/probe.vlt)."""

import secrets
import subprocess
import time

import pytest
from virtual_board.session import ROOT, BoardSession

TRACE = ROOT / "build/bin/coffer-board-trace"
COFFER = ROOT / "build/bin/coffer"
KEY_MEMORY = "coffer_top.u_crypto.u_vault.u_mem.mem"
SLOT_STATES = "coffer_top.u_crypto.u_vault.u_slots.state_q"
SLOTS, WORDS, GENERATION = 64, 16, 9  # the generation alone outlives zeroization
FREE, KEYED = 0, 2
GET_STATUS = 0x03


@pytest.fixture(scope="module")
def board():
    session = BoardSession("--seed", 5, program=TRACE)
    yield session
    session.close()


def word(board, slot, index):
    return int(board.command("peek", 1, KEY_MEMORY, slot * WORDS + index), 16)


def key_of(board, slot, length):
    return b"".join(word(board, slot, index).to_bytes(4, "little") for index in range(length // 4))


def states(board):
    packed = int(board.command("peek", 1, SLOT_STATES, 0), 16)
    return [packed >> 2 * slot & 3 for slot in range(SLOTS)]


def wait_until_zeroized(client, interface):
    while client.control_in(GET_STATUS, 0, interface, 64)[3] != 0:
        pass


def start_encryption(board, key, tmp_path):
    """coffer encrypt with a key in a slot, waiting for more of its input."""
    process = subprocess.Popen([COFFER, "encrypt", "--key", key.hex(), "--iv", "00" * 16, "-", tmp_path / "out"],
                               env=board.environment, stdin=subprocess.PIPE)
    process.stdin.write(bytes(4096))
    process.stdin.flush()
    while KEYED not in states(board):
        assert process.poll() is None
        time.sleep(0.2)
    return process, states(board).index(KEYED)


@pytest.mark.parametrize("length", [16, 32])
def test_a_killed_process_leaves_no_key(board, tmp_path, length):
    key = secrets.token_bytes(length)
    process, slot = start_encryption(board, key, tmp_path)
    assert key_of(board, slot, length) == key  # it is there to be found
    process.kill()
    process.wait()
    client = board.client()
    assert client.do("open", 0) == 0
    for interface in range(4):
        assert client.do("claim", interface) == 0  # not before the dead one's interfaces are cleaned up
        wait_until_zeroized(client, interface)
    assert states(board) == [FREE] * SLOTS
    for each in range(SLOTS):
        for index in range(WORDS):
            assert index == GENERATION or word(board, each, index) == 0, f"slot {each} word {index}"
    client.close()


def test_a_bus_reset_leaves_no_key(board, tmp_path):
    key = secrets.token_bytes(32)
    process, slot = start_encryption(board, key, tmp_path)
    client = board.client()
    assert client.do("open", 0) == 0
    assert client.do("reset") == 0
    assert client.do("claim", 3) == 0
    wait_until_zeroized(client, 3)
    assert key_of(board, slot, 32) == bytes(32)
    assert states(board) == [FREE] * SLOTS
    process.stdin.close()
    assert process.wait() != 0  # its context is gone, and it says so
    client.close()
