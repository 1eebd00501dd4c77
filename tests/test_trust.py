# SPDX-License-Identifier: Apache-2.0
"""Certificate chains, roots, sealing and the application's part in a key exchange: tests/trust."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("program", ["trust", "initiator"])
@pytest.mark.parametrize("build", ["build", "build/san"])
def test_trust(build, program):
    run = subprocess.run(
        [ROOT / build / "tests" / program], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
