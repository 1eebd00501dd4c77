# SPDX-License-Identifier: Apache-2.0
"""The Direct3D crypto-session DDI on a virtual board: tests/ddi/test_ddi.c."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_ddi():
    command = [ROOT / "build/bin/coffer-board", "run", "--", ROOT / "build/tests/ddi"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1100, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
