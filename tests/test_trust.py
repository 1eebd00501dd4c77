# SPDX-License-Identifier: Apache-2.0
"""Certificate chains, roots and sealing: tests/trust/test_trust.c."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("build", ["build", "build/san"])
def test_trust(build):
    run = subprocess.run(
        [ROOT / build / "tests/trust"], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
