# SPDX-License-Identifier: Apache-2.0
"""libcoffer on a virtual board: tests/host/system.c and calls.c in a scenario each, chains.c, channel.c; plain and
sanitized."""

import subprocess

import pytest
from virtual_board.session import ROOT, WATCHDOG

PLAIN, SANITIZED = "build", "build/san"
SCENARIOS = [
    "loops",
    "contexts",
    "quotas",
    "handles",
    "forked",
    "orphaned",
    "cancels",
    "deadlines",
    "threads",
    "callbacks",
    "closing",
    "lost",
    "resets",
]


def start(board, build, *arguments, program="system"):
    # The sanitizers' run-time library stands behind the one that coffer-board preloads.
    environment = dict(board.environment, ASAN_OPTIONS="verify_asan_link_order=0")
    return subprocess.Popen(
        [ROOT / build / "tests/host" / program, *arguments],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(program, last_line=""):
    out, errors = program.communicate(last_line, timeout=WATCHDOG)
    assert program.returncode == 0, f"status {program.returncode}\n{out[-2000:]}\n{errors[-4000:]}"


@pytest.mark.parametrize("build", [PLAIN, SANITIZED])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(shared_board, scenario, build):
    finish(start(shared_board, build, scenario))


@pytest.mark.parametrize("build", [PLAIN, SANITIZED])
@pytest.mark.parametrize("scenario", ["expired", "cancelled", "forked"])
def test_every_call(shared_board, scenario, build):
    """Each call that may block, under a deadline that has passed, cancelled by another thread, and in a child."""
    finish(start(shared_board, build, scenario, program="calls"))


def test_chains(shared_board):
    """CBC and patterns, in one job, in many jobs of a task, and in many tasks."""
    finish(start(shared_board, SANITIZED, program="chains"))


def test_channels(shared_board):
    """Queries in the layouts of 64 and 32 bits, among others that end before their answer."""
    finish(start(shared_board, SANITIZED, program="channel"))


def test_every_call_unplugged(shared_board):
    """Each call at once in a thread of its own while the board is pulled out, and each again afterwards."""
    program = start(shared_board, SANITIZED, "removed", program="calls")
    assert program.stdout.readline() == "ready\n", program.stderr.read()
    shared_board.command("unplug", 1)
    finish(program)
    shared_board.command("replug", 1)
    finish(start(shared_board, PLAIN, "loops"))


@pytest.mark.parametrize("how", ["busy", "idle"])
def test_unplugged(shared_board, how):
    """Pulled out in the middle of jobs, requests and a key exchange, or at rest; put in again, it can be opened."""
    program = start(shared_board, SANITIZED, "removed", how)
    assert program.stdout.readline() == "ready\n", program.stderr.read()
    shared_board.command("unplug", 1)
    if how == "idle":
        program.stdin.write("\n")
        program.stdin.flush()
    assert program.stdout.readline() == "removed\n", program.stderr.read()
    shared_board.command("replug", 1)
    finish(program, "\n")


def test_killed_in_the_middle(shared_board):
    """What a killed process held is free when the next one looks: all contexts can be opened at once."""
    for _ in range(3):
        program = start(shared_board, PLAIN, "endless")
        assert program.stdout.readline() == "ready\n"
        program.kill()
        program.wait()
        finish(start(shared_board, PLAIN, "contexts"))
