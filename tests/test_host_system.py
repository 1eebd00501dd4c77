# SPDX-License-Identifier: Apache-2.0
"""libcoffer on a virtual board: tests/host/system.c in a scenario each, plain and under the sanitizers."""
import os
import pathlib
import signal
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BOARD = ROOT / "build/bin/coffer-board"
WATCHDOG = 600
# The sanitizers' run-time library stands behind the one that coffer-board preloads; a child that forked leaves memory behind.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=1")
BUILDS = ["build", "build/san"]


def system(build, *arguments):
    return [str(ROOT / build / "tests/host/system"), *arguments]


def board(*command, options=()):
    return [str(BOARD), "run", "--quiet", *options, "--", *map(str, command)]


def check(done):
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("scenario", ["loops", "contexts", "quotas", "handles", "forked", "orphaned", "cancels", "deadlines",
                                      "threads", "callbacks", "closing", "lost"])
def test_scenario(scenario, build):
    check(subprocess.run(board(*system(build, scenario)), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True,
                         timeout=WATCHDOG))


def control(path, line):
    """Says one line to a board's control socket and reads its answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(WATCHDOG)
        connection.connect(str(path))
        connection.sendall(line.encode() + b"\n")
        return connection.makefile().readline()


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("how", ["both", "out", "idle"])
def test_unplugged(tmp_path, how, build):
    """Pulled out in the middle of transfers of every kind, or while nothing is pending; put in again, it can be opened."""
    path = tmp_path / "control"
    program = subprocess.Popen(board(*system(build, "removed", how), options=["--control", str(path)]), cwd=ROOT,
                               env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert program.stdout.readline() == "ready\n", program.stderr.read()
        control(path, "unplug 1")
        if how == "idle":
            program.stdin.write("\n")
            program.stdin.flush()
        assert program.stdout.readline() == "removed\n", program.stderr.read()
        control(path, "replug 1")
        out, errors = program.communicate("\n", timeout=WATCHDOG)
        assert program.returncode == 0, out + errors
    finally:
        program.kill()


def test_killed_in_the_middle():
    """What a killed process held is free again when the next one looks: four kills, then all contexts can be opened."""
    script = f"""
set -e
for i in 1 2 3 4; do
  coproc VICTIM {{ exec {' '.join(system('build', 'endless'))}; }}
  victim=$VICTIM_PID
  read -r line <&"${{VICTIM[0]}}"
  [ "$line" = ready ]
  kill -{signal.SIGKILL.value} "$victim"
  wait "$victim" || :
done
exec {' '.join(system('build', 'contexts'))}
"""
    check(subprocess.run(board("bash", "-c", script), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=WATCHDOG))
