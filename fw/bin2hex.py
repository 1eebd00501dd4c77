#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a binary file as $readmemh wants it, one little-endian 32-bit word a line: bin2hex.py IN.bin > OUT.hex"""

import struct
import sys

with open(sys.argv[1], "rb") as file:
    data = file.read()
data += bytes(-len(data) % 4)
for (word,) in struct.iter_unpack("<I", data):
    print(f"{word:08x}")
