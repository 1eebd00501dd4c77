# SPDX-License-Identifier: Apache-2.0
"""Parts of the firmware, natively: its OAEP decoder and its generator (tests/oaep), its channels (tests/channel)."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["oaep", "drbg", "channel"])
def test_firmware(name):
    done = subprocess.run([ROOT / "build" / "tests" / name], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
