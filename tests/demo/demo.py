# SPDX-License-Identifier: Apache-2.0
"""`make demo`: a real film, encrypted by ffmpeg, decrypted by a virtual board whose keys no host sees.

Argument: the build folder. Leaves demo/report.json and demo/contact-sheet.png there. A step that fails is named, and
the demo fails.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 256, 144
CLOCK_MHZ = 60
ATTRIBUTION = "Big Buck Bunny, (c) Blender Foundation, CC BY 3.0"
WATCHDOG_SECONDS = 3000


class StepError(Exception):
    pass


@contextlib.contextmanager
def step(name):
    """Says which step runs, and which one failed."""
    begin = time.monotonic()
    print(f"  {name:<58}", end="", flush=True)
    try:
        yield
    except (StepError, OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        print("FAILED")
        sys.exit(f"demo: {name}: {error}")
    print(f"{time.monotonic() - begin:7.1f} s", flush=True)


def run(*command, **options):
    """The output of a program that has to succeed."""
    done = subprocess.run(
        [str(c) for c in command], capture_output=True, timeout=WATCHDOG_SECONDS, check=False, **options
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
        raise StepError(f"{Path(command[0]).name}: {lines[-1]}")
    return done.stdout


def ffmpeg(*arguments):
    return run("ffmpeg", "-v", "error", "-nostdin", "-y", *arguments)


def frame_hashes(path):
    """ffmpeg's MD5 of every decoded frame and block of sound, with its time."""
    lines = ffmpeg("-i", path, "-map", "0", "-f", "framemd5", "-").decode().splitlines()
    return [line for line in lines if not line.startswith("#")]


def frames_of(hashes):
    return sum(line.startswith("0,") for line in hashes)


class Application:
    """build/tests/demo on a board: an application of the Direct3D interface. Reports its steps by lines of JSON."""

    def __init__(self, demo, *arguments):
        command = [*demo.board_command, "--", demo.build / "tests/demo", *arguments]
        self.process = subprocess.Popen(
            [str(c) for c in command],
            env=demo.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.errors = []
        self.reader = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.reader.start()
        self.watchdog = threading.Timer(WATCHDOG_SECONDS, self.process.kill)
        self.watchdog.daemon = True
        self.watchdog.start()

    def expect(self, name):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.reader.join()
            said = [e.strip() for e in self.errors if e.strip()]
            raise StepError(said[-1] if said else f"exit status {self.process.returncode}")
        report = json.loads(line)
        if report.pop("step") != name:
            raise StepError(f"unexpected: {line.strip()}")
        return report

    def tell(self, text):
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def finish(self):
        self.process.stdin.close()
        if self.process.wait():
            self.reader.join()
            raise StepError((self.errors or ["failed\n"])[-1].strip())
        self.watchdog.cancel()


class Demo:
    def __init__(self, build):
        self.build = build.resolve()
        self.folder = self.build / "demo"
        self.clip = self.build / "clip/bigbuckbunny.mp4"
        self.encrypted = self.folder / "encrypted.mp4"
        self.protected = self.folder / "decrypted.mp4"
        self.opened = self.folder / "decrypted-open.mp4"
        self.picture = self.folder / "picture.nv12"
        self.key, self.kid = secrets.token_hex(16), secrets.token_hex(16)
        self.environment = {**os.environ, "COFFER_ROOT": str(self.folder / "ca/root.pem")}
        identity, secret = self.folder / "identity.img", self.folder / "device-secret"
        self.board_command = [
            self.build / "bin/coffer-board",
            "run",
            "--quiet",
            "--flash",
            identity,
            "--device-secret",
            secret,
        ]
        self.report = {"clip": ATTRIBUTION}

    def provision(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        run(
            self.build / "bin/coffer",
            "provision",
            "--virtual",
            "--serial",
            "DEMO-1",
            "--new-secret",
            "--device-secret",
            self.folder / "device-secret",
            "--new-root",
            self.folder / "ca",
            "--out",
            self.folder / "identity.img",
        )

    def encrypt(self):
        ffmpeg(
            "-i",
            self.clip,
            "-map",
            "0",
            "-c",
            "copy",
            "-encryption_scheme",
            "cenc-aes-ctr",
            "-encryption_key",
            self.key,
            "-encryption_kid",
            self.kid,
            self.encrypted,
        )
        self.original = frame_hashes(self.clip)

    def compare(self, film, name):
        hashes = frame_hashes(film)
        self.report[name] = hashes == self.original
        if not self.report[name]:
            wrong = sum(a != b for a, b in zip(hashes, self.original, strict=False))
            raise StepError(f"{len(hashes)} frames and blocks of {len(self.original)}, {wrong} of them differ")

    def protected_session(self):
        begin = time.monotonic()
        with step("a context; CreateCryptoSession by the DDI: protected"):
            application = Application(self, self.encrypted, self.protected, f"{self.kid}:{self.key}")
            self.report |= application.expect("create-session")
        with step("certificate chain, checked against the root"):
            self.report |= application.expect("certificate")
        with step("session key, agreed on by RSAES-OAEP"):
            self.report |= application.expect("key-exchange")
        with step("film into protected memory, read back encrypted"):
            film = application.expect("film")
            self.report |= {k: film[k] for k in ("bytes", "board_cycles", "samples", "encrypted_samples")}
            self.report["film_wall_seconds"] = round(time.monotonic() - begin, 3)
            if film["encrypted_samples"] != film["samples"]:
                raise StepError(f"only {film['encrypted_samples']} samples of {film['samples']} were encrypted")
        with step("frames equal those of the original clip"):
            self.compare(self.protected, "frames_match")
            self.report["frames"] = frames_of(self.original)
        with step(f"a picture, {WIDTH} x {HEIGHT}, in and out by DecryptionBlt and EncryptionBlt"):
            ffmpeg(
                "-ss",
                "1",
                "-i",
                self.protected,
                "-frames:v",
                "1",
                "-vf",
                f"scale={WIDTH}:{HEIGHT}",
                "-pix_fmt",
                "nv12",
                "-f",
                "rawvideo",
                self.picture,
            )
            application.tell(self.picture)
            self.report |= application.expect("picture")
            application.finish()

    def open_session(self):
        with step("the same film in an open session"):
            command = [
                *self.board_command,
                "--",
                self.build / "bin/coffer",
                "film",
                "--json",
                self.encrypted,
                self.opened,
                "--key",
                f"{self.kid}:{self.key}",
            ]
            film = json.loads(run(*command, env=self.environment))
            self.report["open"] = {
                k: film[k] for k in ("bytes", "board_bytes", "board_cycles", "negotiate_cycles", "wall_seconds")
            }
        with step("its frames equal, too"):
            self.compare(self.opened, "open_frames_match")

    def contact_sheet(self):
        """The first bytes of the film as encrypted, a grey pixel each, beside its first frame as decrypted."""
        ffmpeg("-i", self.protected, "-frames:v", "1", self.folder / "decrypted.png")
        at = self.encrypted.read_bytes()
        at = at[at.index(b"mdat") + 4 :][: WIDTH * HEIGHT]
        size = (2 * WIDTH, 2 * HEIGHT)
        sheet = Image.new("RGB", (2 * size[0] + 30, size[1] + 60), "white")
        sheet.paste(Image.frombytes("L", (WIDTH, HEIGHT), at).resize(size, Image.Resampling.NEAREST), (10, 10))
        sheet.paste(Image.open(self.folder / "decrypted.png").resize(size), (size[0] + 20, 10))
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(size=15)
        draw.text((10, size[1] + 13), f"as encrypted: the film's first {len(at):,} bytes", fill="black", font=font)
        draw.text((size[0] + 20, size[1] + 13), "as decrypted by the board: its first frame", fill="black", font=font)
        draw.text((10, size[1] + 36), ATTRIBUTION, fill="black", font=font)
        sheet.save(self.folder / "contact-sheet.png")

    def write_report(self, seconds):
        self.report["wall_seconds"] = round(seconds, 3)
        beside = self.folder / "report.json.part"
        beside.write_text(json.dumps(self.report, indent=2) + "\n")
        beside.rename(self.folder / "report.json")

    def show(self):
        r = self.report
        print(f"\n  board {r['serial']}: {r['frames']} frames, all equal to the original clip's\n")
        print(f"  {'session':<12}{'bytes':>12}{'board time':>14}{'MB/s of it':>12}{'wall time':>12}")
        rows = (
            ("protected", r["bytes"], r["board_cycles"], r["film_wall_seconds"]),
            ("open", r["open"]["board_bytes"], r["open"]["board_cycles"], r["open"]["wall_seconds"]),
        )
        for name, count, cycles, wall in rows:
            milliseconds = cycles / CLOCK_MHZ / 1000
            print(
                f"  {name:<12}{count:>12,}{milliseconds:>11,.1f} ms{count * CLOCK_MHZ / cycles:>12.1f}{wall:>10.1f} s"
            )
        print(f"\n  key exchange {r['negotiate_cycles']:,} cycles, ", end="")
        print(f"CreateCryptoSession {r['create_session_cycles']:,} cycles of {CLOCK_MHZ} MHz")
        for name in "report.json", "contact-sheet.png":
            print(f"  {os.path.relpath(self.folder / name)}")

    def run(self):
        begin = time.monotonic()
        with step("a fresh root, and an identity for a virtual board"):
            self.provision()
        with step("Big Buck Bunny, encrypted by ffmpeg (CENC AES-CTR)"):
            self.encrypt()
        self.protected_session()
        self.open_session()
        with step("contact sheet and report"):
            self.contact_sheet()
            self.write_report(time.monotonic() - begin)
        self.show()


if __name__ == "__main__":
    Demo(Path(sys.argv[1])).run()
