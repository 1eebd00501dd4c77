# SPDX-License-Identifier: Apache-2.0
"""A running coffer-board and ordinary libusb programs on it."""

import pathlib
import shutil
import socket
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOARD = ROOT / "build/bin/coffer-board"
CLIENT = ROOT / "build/tests/virtual_board_client"
WATCHDOG = 600  # seconds; its firing is a failure

IO, NO_DEVICE, NOT_FOUND, BUSY, PIPE = -1, -4, -5, -6, -9  # libusb errors
COMPLETED, CANCELLED, GONE = 0, 3, 5  # libusb transfer statuses


class Client:
    """tests/virtual_board/client.c in a process of its own."""

    def __init__(self, environment, program=CLIENT):
        self.process = subprocess.Popen(
            [program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the client died at {words}"
        number, _, text = answer.rstrip("\n").partition(" ")
        return int(number), text

    def do(self, *words):
        """The result alone."""
        return self.ask(*words)[0]

    def control_in(self, request, value, interface, length):
        result, text = self.ask("control", 0xA1, request, value, interface, length)
        assert result >= 0, f"request {request:#x}: {result}"
        return bytes.fromhex(text)

    def events(self, left=0, milliseconds=100_000):
        """How many transfers are still pending, and (endpoint, status, bytes) of those that ended."""
        _, text = self.ask("events", left, milliseconds)
        pending, *ended = text.split()
        return int(pending), [(int(e, 16), int(s), int(n)) for e, s, n in (each.split(":") for each in ended)]

    def open_context(self, interface, board=0):
        assert self.do("open", board) == 0
        assert self.do("claim", interface) == 0
        assert self.do("alt", interface, 1) == 0

    def kill(self):
        self.process.kill()
        self.process.wait(WATCHDOG)

    def close(self):
        self.process.stdin.close()
        self.process.wait(WATCHDOG)


class BoardSession:
    """coffer-board run around a shell that only waits; programs get the environment that it was given."""

    def __init__(self, *options, program=BOARD):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="cb-"))
        environment = self.directory / "environment"
        self.log = self.directory / "log"
        self.clients = []
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    "run",
                    "--control",
                    self.directory / "control",
                    *map(str, options),
                    "--",
                    "sh",
                    "-c",
                    'env -0 > "$1.new"; mv "$1.new" "$1"; exec cat',
                    "sh",
                    environment,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.environment = self._read_environment(environment)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WATCHDOG)
        self.socket.connect(str(self.directory / "control"))
        self.lines = self.socket.makefile("r")

    def _read_environment(self, file):
        while not file.exists():
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(self.log.read_text())
        return dict(entry.split("=", 1) for entry in file.read_text().split("\0") if "=" in entry)

    def command(self, *words):
        self.socket.sendall((" ".join(str(word) for word in words) + "\n").encode())
        answer = self.lines.readline().rstrip("\n")
        status, _, text = answer.partition(" ")
        assert status == "ok", answer
        return text

    def cycles(self, board=1):
        return int(self.command("cycles", board))

    def client(self, program=CLIENT, **extra):
        client = Client({**self.environment, **extra}, program)
        self.clients.append(client)
        return client

    def run(self, *command, **arguments):
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=WATCHDOG, **arguments
        )

    def drop_clients(self):
        for client in self.clients:
            client.kill()
        self.clients.clear()

    def close(self):
        self.drop_clients()
        self.socket.close()
        self.process.stdin.close()
        status = self.process.wait(WATCHDOG)
        text = self.log.read_text()
        shutil.rmtree(self.directory)
        assert status == 0, text
