# SPDX-License-Identifier: Apache-2.0
"""The export of LUNA's core is the same file every time."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_export_is_reproducible(tmp_path):
    made = ROOT / "build" / "rtl" / "luna_usb.v"
    again = tmp_path / "luna_usb.v"
    env = dict(os.environ, PYTHONHASHSEED="1")
    subprocess.run([sys.executable, ROOT / "rtl" / "usb" / "gen_luna.py", again], check=True, env=env, timeout=600)
    assert again.read_bytes() == made.read_bytes()
