# SPDX-License-Identifier: Apache-2.0
"""A short run of each fuzzer of tests/fuzz.mk over its corpus and beyond; `make fuzz` runs them for longer."""

import secrets
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WATCHDOG = 600


@pytest.mark.parametrize("name, runs, longest", [("firmware", 20000, 600), ("host", 20000, 600), ("chain", 5000, 3000)])
def test_fuzz(name, runs, longest, tmp_path):
    corpus = ROOT / "tests/fuzz/corpus" / name
    assert any(corpus.iterdir())
    seed = secrets.randbits(31) + 1
    print("seed", seed)
    done = subprocess.run(
        [
            ROOT / "build/fuzz" / name,
            f"-seed={seed}",
            f"-runs={runs}",
            f"-max_len={longest}",
            f"-artifact_prefix={tmp_path}/",
            tmp_path,
            corpus,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
    )
    found = [path.read_bytes().hex() for path in tmp_path.glob("*-*")]
    assert done.returncode == 0, f"seed {seed}, input {found}\n{done.stderr[-6000:]}"
    assert f"Done {runs} runs" in done.stderr
