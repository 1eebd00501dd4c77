# SPDX-License-Identifier: Apache-2.0
"""A sample of `make fit`: two small blocks synthesize for an ECP5 into the block RAM that they are meant to take."""

import json
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


def test_rings_oscillate(tmp_path):
    """Each ring of the entropy source is there after place and route: an inverter, while it is enabled, and buffers."""
    command = [sys.executable, ROOT / "rtl/boards/fit.py", "--work", tmp_path, "--block", "entropy", "--seeds", "1"]
    done = subprocess.run(
        [*command, *sources("entropy")], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    netlist = json.loads((tmp_path / "entropy/entropy.seed1.closed.json").read_text())
    cells = [c for m in netlist["modules"].values() for n, c in m["cells"].items() if ".g_ring[" in n]
    driver = {cell["connections"]["F"][0]: cell for cell in cells}
    starts = [cell for cell in cells if cell["parameters"]["INITVAL"] == "0111" * 4]  # not (A and B)
    lengths = []
    for start in starts:
        cell, length = driver[start["connections"]["A"][0]], 1
        while cell is not start:
            assert cell["parameters"]["INITVAL"] == "10" * 8  # A
            cell, length = driver[cell["connections"]["A"][0]], length + 1
        lengths.append(length)
    assert sorted(lengths) == [3, 4, 5, 6, 7, 8, 9, 10] and len(cells) == sum(lengths)
