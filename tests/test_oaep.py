# SPDX-License-Identifier: Apache-2.0
"""The firmware's OAEP decoder, natively (tests/oaep/test_oaep.c)."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_oaep():
    done = subprocess.run([ROOT / "build" / "tests" / "oaep"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
