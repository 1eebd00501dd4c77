# SPDX-License-Identifier: Apache-2.0
"""A sample of `make fit`: two small blocks synthesize for an ECP5 into the block RAM that they are meant to take."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sources(*folders):
    files = ["rtl/boards/ecp5_cells.sv", "rtl/coffer_pkg.sv"]
    for folder in folders:
        files += sorted(map(str, (ROOT / "rtl" / folder).glob("*.sv")), key=lambda f: (not f.endswith("_pkg.sv"), f))
    return files


# Limits are some 10 % above what was measured: they find a RAM that fell apart into registers.
@pytest.mark.parametrize(
    "block, folder, params, dp16kd, max_lut4, max_ff",
    [
        ("surface", "surface", ["--param", "NPages=4", "--param", "NCtx=2"], 4, 1000, 260),
        ("aes_core", "aes", [], 10, 3900, 1160),
    ],
)
def test_synthesis(block, folder, params, dp16kd, max_lut4, max_ff, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "rtl/boards/fit.py",
            "--work",
            tmp_path,
            "--block",
            block,
            "--synth-only",
            *params,
            *sources(folder),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    rows = [list(map(int, re.findall(r" (\d+) (?:LUT4|FF|DP16KD)", line))) for line in done.stdout.splitlines()]
    lut4, ff, ram = map(sum, zip(*rows, strict=True))
    assert ram == dp16kd
    assert lut4 <= max_lut4
    assert ff <= max_ff
