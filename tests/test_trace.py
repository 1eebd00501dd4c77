# SPDX-License-Identifier: Apache-2.0
"""coffer-board --trace writes a waveform of the window of cycles that it was given."""

import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_window(tmp_path):
    begin, end = 1000, 3000
    wave = tmp_path / "wave.fst"
    command = [ROOT / "build/bin/coffer-board", "run", "--quiet", "--trace", f"{wave}:{begin}:{end}", "--", "true"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    # An FST file begins with a header block: its kind (0), its length, first and last time, ..., scopes, variables.
    kind, length, first, last, _, _, scopes, variables = struct.unpack(">BQQQ8sQQQ", wave.read_bytes()[:57])
    assert (kind, length) == (0, 329)
    assert (first, last) == (begin, end - 1)
    assert scopes > 20 and variables > 1000
