# SPDX-License-Identifier: Apache-2.0
"""Runs every block bench (tests/<block>/bench.cpp): each is a program whose exit status is the verdict."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCHES = sorted(p.parent.name for p in (ROOT / "tests").glob("*/bench.mk"))


@pytest.mark.parametrize("name", BENCHES)
def test_bench(name):
    done = subprocess.run([ROOT / "build" / "tests" / name], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
