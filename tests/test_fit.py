# SPDX-License-Identifier: Apache-2.0
"""A sample of `make fit`: some blocks synthesize for an ECP5 into the block RAM that they are meant to take."""

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


def columns(words):
    """What each bit is over all words, for those that are not always zero."""
    found = {sum((word >> bit & 1) << at for at, word in enumerate(words)) for bit in range(108)}
    return found - {0}


def block_ram(parameters):
    """The 512 words of 36 bits that a DP16KD starts with: in its parameters 18 bits take 20."""
    for at in range(64):
        chunk = int(parameters[f"INITVAL_{at:02X}"], 2)
        for word in range(8):
            low, high = (chunk >> (40 * word + shift) & 0x3FFFF for shift in (0, 20))
            yield high << 18 | low


def test_microcode_is_in_block_ram(tmp_path):
    """The public-key engine's microcode: bits that are always zero or like another one are left out."""
    sys.path.insert(0, str(ROOT / "fw/pke"))
    import image

    made = [tmp_path / name for name in ("pke_code_pkg.sv", "code.h", "code.lst")]
    subprocess.run([sys.executable, ROOT / "fw/pke/image.py", *made], check=True)
    command = [sys.executable, ROOT / "rtl/boards/fit.py", "--work", tmp_path, "--block", "pke", "--synth-only"]
    done = subprocess.run(
        [*command, made[0], *sources("pke")], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " 9 DP16KD " in done.stdout
    cells = json.loads((tmp_path / "pke/pke.json").read_text())["modules"]["pke"]["cells"]
    lanes = [block_ram(cell["parameters"]) for name, cell in sorted(cells.items()) if "u_sequencer.code" in name]
    contents = [sum(part << 36 * lane for lane, part in enumerate(parts)) for parts in zip(*lanes, strict=True)]
    words = image.program()[0].words()
    assert columns(contents) == columns(words + [0] * (512 - len(words)))


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
