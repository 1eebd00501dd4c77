# SPDX-License-Identifier: Apache-2.0
"""Several applications at once: processes on one board, contexts side by side, pools over several boards."""

import json
import random
import secrets
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_host_system import SANITIZED, finish, start
from virtual_board.session import ROOT, WATCHDOG, BoardSession

COFFER = ROOT / "build/bin/coffer"
THREADS = "build/tsan"  # ThreadSanitizer
CONTEXTS, BUSY = 4, 5


def encrypt(board, key, iv):
    return subprocess.Popen(
        [COFFER, "encrypt", "--key", key, "--iv", iv, "-", "-"],
        env=board.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def openssl(key, iv, plain):
    command = ["openssl", "enc", "-aes-128-ctr", "-K", key, "-iv", iv]
    return subprocess.run(command, input=plain, capture_output=True, check=True).stdout


def free_contexts(board):
    (one,) = json.loads(board.run(COFFER, "list", "--json").stdout)["boards"]
    return one["free_contexts"]


def test_four_processes_and_a_fifth(shared_board):
    """Four processes hold the four contexts until each has begun, and work at the same time, each with its own key. A
    fifth is told that there is none left. Afterwards all are free."""
    seed = secrets.randbits(32)
    print("seed", seed)
    rng = random.Random(seed)
    jobs = [(rng.randbytes(16).hex(), rng.randbytes(16).hex(), rng.randbytes(200_001)) for _ in range(CONTEXTS)]
    programs = [encrypt(shared_board, key, iv) for key, iv, _ in jobs]
    try:
        until = time.monotonic() + WATCHDOG
        while free_contexts(shared_board) > 0:
            assert time.monotonic() < until and all(program.poll() is None for program in programs)
        fifth = encrypt(shared_board, *jobs[0][:2])
        out, errors = fifth.communicate(timeout=WATCHDOG)
        assert fifth.returncode == BUSY and b"no free context" in errors and not out, errors
        with ThreadPoolExecutor(CONTEXTS) as pool:
            ends = list(pool.map(lambda program, job: program.communicate(job[2], WATCHDOG), programs, jobs))
        for program, (out, errors), (key, iv, plain) in zip(programs, ends, jobs, strict=True):
            assert program.returncode == 0, errors
            assert out == openssl(key, iv, plain)
    finally:
        for program in programs:
            program.kill()
    assert free_contexts(shared_board) == CONTEXTS


@pytest.fixture(scope="module")
def three_boards():
    session = BoardSession("--seed", 8, "--boards", 3, "--serial", "P")
    yield session
    session.close()


@pytest.mark.parametrize("build", [SANITIZED, THREADS])
def test_pool(three_boards, build):
    """Sessions on the least loaded of three boards; one is pulled out under its jobs, and put in again."""
    program = start(three_boards, build, program="pool")
    word, serial = program.stdout.readline().split()
    assert word == "ready", program.stderr.read()
    number = serial.removeprefix("P-")
    three_boards.command("unplug", number)
    assert program.stdout.readline() == "removed\n", program.stderr.read()
    three_boards.command("replug", number)
    finish(program, "\n")


def test_four_contexts_share_the_link(shared_board):
    """Four contexts at once move at least nine tenths of the bytes a cycle that one of them moves alone."""
    done = shared_board.run(COFFER, "bench", "--contexts", "4", "--json")
    assert done.returncode == 0, done.stderr
    rates = {result["name"]: result["bytes_per_cycle"] for result in json.loads(done.stdout)["results"]}
    print(rates)
    for what in "return/aes-128/65536", "surface/aes-128/16384":
        assert rates[f"contexts-4/{what}"] >= 0.9 * rates[f"contexts-1/{what}"] > 0.3


@pytest.mark.parametrize("build", [SANITIZED, THREADS])
def test_threads_where_they_meet(shared_board, build):
    """Jobs, requests, sessions made and destroyed, cancelled and closed by several threads at once; ThreadSanitizer and
    AddressSanitizer find nothing."""
    finish(start(shared_board, build, program="races"))


def test_a_thousand_sessions_leave_nothing():
    """Made and destroyed in all kinds, some with surfaces: as many slots and pages are free afterwards as before."""
    board = BoardSession("--seed", 9, "--no-nak-skip")  # short requests get through sooner
    try:
        done = board.run(ROOT / "build/tests/host/rounds", "1000")
        print(done.stdout, done.stderr)
        assert done.returncode == 0, done.stderr
    finally:
        board.close()
