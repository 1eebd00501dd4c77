# SPDX-License-Identifier: Apache-2.0
"""make lint: Verilator over the whole board, clang-format, ruff."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("target", ["lint-rtl", "lint-c", "lint-python"])
def test_lint(target):
    done = subprocess.run(["make", "-s", target], cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
