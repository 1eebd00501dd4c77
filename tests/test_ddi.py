# SPDX-License-Identifier: Apache-2.0
"""The Direct3D crypto-session DDI on a virtual board: tests/ddi."""

import os
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WATCHDOG = 1100


def board(program, *options):
    return [str(ROOT / "build/bin/coffer-board"), "run", "--quiet", *options, "--", str(ROOT / program)]


def test_ddi_under_the_sanitizers():
    environment = {**os.environ, "ASAN_OPTIONS": "verify_asan_link_order=0"}  # coffer-board preloads a library
    command = board("build/san/tests/ddi")
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=WATCHDOG, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_removed_board(tmp_path):
    path = tmp_path / "control"
    command = board("build/tests/ddi_removed", "--control", str(path))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    program = subprocess.Popen(command, cwd=ROOT, text=True, **pipes)
    try:
        while (line := program.stdout.readline()) not in ("ready\n", ""):
            pass
        assert line, program.stderr.read()
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(str(path))
            control.sendall(b"unplug 1\n")
            assert control.makefile().readline().startswith("ok")
        out, errors = program.communicate("\n", timeout=WATCHDOG)
        assert program.returncode == 0, out + errors
    finally:
        program.kill()
