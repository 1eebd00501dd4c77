# SPDX-License-Identifier: Apache-2.0
"""The virtual board below everything else: what libusb programs find, and what happens when they or the board die."""

import errno
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest
from virtual_board.session import (
    BOARD,
    BUSY,
    CANCELLED,
    CLIENT,
    COMPLETED,
    GONE,
    IO,
    NO_DEVICE,
    NOT_FOUND,
    PIPE,
    ROOT,
    WATCHDOG,
    BoardSession,
)

GET_INFO, GET_STATUS = 0x01, 0x03
COFFER_STATUS = struct.Struct("<8BIIQQQ24x")


@pytest.fixture(scope="module")
def shared():
    session = BoardSession("--seed", 1)
    yield session
    session.close()


@pytest.fixture
def board(shared):
    yield shared
    shared.drop_clients()


def status_of(client, interface):
    """alternate setting and epoch of a context"""
    fields = COFFER_STATUS.unpack(client.control_in(GET_STATUS, 0, interface, COFFER_STATUS.size))
    return fields[1], fields[8]


# ---- what programs find -----------------------------------------------------------------------------------


def test_lsusb_shows_the_board(board):
    done = board.run("lsusb", "-v", "-d", "1209:")
    assert done.returncode == 0, done.stderr
    for line in ("bInterfaceClass       255", "bEndpointAddress     0x01  EP 1 OUT", "wMaxPacketSize     0x0200"):
        assert line in done.stdout
    assert re.search(r"iSerial +\d+ VB0001", done.stdout)
    assert "Binary Object Store Descriptor" in done.stdout
    assert not re.search(
        r"missing|must-be|junk|invalid|warning|can't|cannot|\(error|unknown", done.stdout + done.stderr, re.I
    )


def test_strings_and_count(board):
    client = board.client()
    assert client.do("count") == 1
    assert client.do("open", 0) == 0
    assert client.ask("string", 3)[1] == "VB0001"


def test_info(board):
    client = board.client()
    assert client.do("open", 0) == 0
    info = client.control_in(GET_INFO, 0, 0, 128)
    assert len(info) == 128
    assert info[12] == 4  # contexts
    assert int.from_bytes(info[8:12], "little") == 60_000_000


# ---- claims --------------------------------------------------------------------------------------------------


def test_a_claimed_interface_is_one_files(board):
    first, second = board.client(), board.client()
    first.open_context(0)
    assert second.do("open", 0) == 0
    assert second.do("claim", 0) == BUSY
    assert second.do("control", 0xA1, GET_STATUS, 0, 0, 64) == IO  # refused by the kernel's part: errno 16
    assert second.do("control", 0xC0, 0x33, 0, 0, 64) == PIPE  # vendor requests pass, and the board stalls this one
    assert second.do("claim", 1) == 0
    assert first.do("driver", 0) == 0  # usbfs is no kernel driver to libusb
    first.close()
    assert second.do("claim", 0) == 0


def test_claims_are_free_right_after_a_kill(board):
    watcher = board.client()
    assert watcher.do("open", 0) == 0
    for _ in range(10):
        victim = board.client()
        victim.open_context(0)
        for _ in range(4):
            assert victim.do("post", 0x81, 4096, 0) == 0
        victim.kill()
        assert watcher.do("claim", 0) == 0
        alternate, _ = status_of(watcher, 0)
        assert alternate == 0
        assert watcher.do("release", 0) == 0


def test_a_kill_in_mid_transfer_revokes_the_context(board):
    victim, watcher = board.client(), board.client()
    victim.open_context(2)
    alternate, epoch = status_of(victim, 2)
    assert alternate == 1
    assert victim.do("post", 3, 65536, 0) == 0  # no job: the board takes it and answers nothing useful
    assert victim.do("post", 0x83, 512, 0) == 0
    victim.kill()
    assert watcher.do("open", 0) == 0
    assert watcher.do("claim", 2) == 0
    alternate, after = status_of(watcher, 2)
    assert alternate == 0 and after > epoch


def test_setting_zero_needs_no_clean_up(board):
    victim, watcher = board.client(), board.client()
    assert victim.do("open", 0) == 0 and victim.do("claim", 0) == 0
    _, epoch = status_of(victim, 0)
    victim.kill()
    assert watcher.do("open", 0) == 0 and watcher.do("claim", 0) == 0
    assert status_of(watcher, 0) == (0, epoch)


def test_a_forked_child_keeps_the_claim_and_an_executed_one_does_not(board):
    watcher = board.client()
    assert watcher.do("open", 0) == 0
    parent = board.client()
    assert parent.do("open", 0) == 0 and parent.do("claim", 0) == 0
    child = parent.do("exec")
    parent.kill()
    assert watcher.do("claim", 0) == 0
    assert watcher.do("release", 0) == 0
    os.kill(child, signal.SIGKILL)
    parent = board.client()
    assert parent.do("open", 0) == 0 and parent.do("claim", 0) == 0
    child = parent.do("fork")
    parent.kill()
    assert watcher.do("claim", 0) == BUSY
    os.kill(child, signal.SIGKILL)
    while watcher.do("claim", 0) == BUSY:
        time.sleep(0.1)


def test_a_reset_takes_every_claim(board):
    first, second = board.client(), board.client()
    first.open_context(0)
    _, epoch = status_of(first, 0)
    assert second.do("open", 0) == 0
    assert second.do("reset") == 0
    assert first.do("post", 0x81, 512, 0) in (IO, NOT_FOUND)  # the endpoint is gone with setting 1
    assert first.do("claim", 0) == 0
    alternate, after = status_of(first, 0)
    assert alternate == 0 and after > epoch


def test_reset_keeps_the_callers_claims(board):
    client = board.client()
    client.open_context(1)
    assert client.do("reset") == 0
    assert client.do("alt", 1, 1) == 0
    assert client.do("loop", 1, 100, 1) == 0


def test_configuration(board):
    client, other = board.client(), board.client()
    assert client.do("open", 0) == 0
    assert other.do("open", 0) == 0 and other.do("claim", 3) == 0
    assert client.do("config", 1) == BUSY
    assert other.do("release", 3) == 0
    assert client.do("config", 1) == 0


# ---- transfers -------------------------------------------------------------------------------------------------


# 448 and 960: header and payload end with a full packet, so that a zero-length one must follow; the payload's
# own end wants one at 512 and 1024.
@pytest.mark.parametrize("length", [0, 1, 447, 448, 449, 511, 512, 513, 960, 1024, 20_000])
def test_loop(board, length):
    client = board.client()
    client.open_context(0)
    result, text = client.ask("loop", 0, length, 3)
    assert result == 0, text


@pytest.mark.parametrize("split", [False, True])
def test_long_transfers_whole_and_split(board, split):
    client = board.client(**({"COFFER_BOARD_SPLIT": "1"} if split else {}))
    client.open_context(0)
    before = int(board.command("transfers", 1))
    result, text = client.ask("loop", 0, 50_000, 2)
    assert result == 0, text
    taken = int(board.command("transfers", 1)) - before
    assert (taken >= 2 * 2 * 4) == split, taken  # 50,000 bytes each way, twice: at 16 KiB a transfer, four times four


def test_cancelled_transfers(board):
    client = board.client()
    client.open_context(0)
    for _ in range(4):
        assert client.do("post", 0x81, 512, 0) == 0
    assert client.do("cancel") == 4
    assert client.events() == (0, [(0x81, CANCELLED, 0)] * 4)
    assert client.do("loop", 0, 1000, 2) == 0


def test_contexts_share_the_board(board):
    clients = [board.client() for _ in range(4)]
    for interface, client in enumerate(clients):
        client.open_context(interface)
    for interface, client in enumerate(clients):
        client.process.stdin.write(f"loop {interface} 3000 3\n")
        client.process.stdin.flush()
    for client in clients:
        assert client.process.stdout.readline().split()[0] == "0"


# ---- the clock --------------------------------------------------------------------------------------------------


def cpu_ticks(process):
    """User and system time of all its threads, in ticks of 10 ms."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_an_idle_board_has_no_time(board):
    client = board.client()
    client.open_context(0)
    assert client.do("post", 0x81, 512, 0) == 0
    before = -1
    while before != (before := board.cycles()):  # a board that does not come to rest is the failure
        client.ask("events", 0, 500)
    ticks = cpu_ticks(board.process)
    client.ask("events", 0, 2000)
    assert cpu_ticks(board.process) - ticks <= 5  # of 200; a load makes it fewer
    assert board.cycles() == before
    assert client.do("cancel") == 1
    assert client.do("string", 3) > 0
    while board.cycles() == before:  # a hang here is the failure
        time.sleep(0.05)


# ---- plugging ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair():
    session = BoardSession("--seed", 2, "--boards", 2, "--serial", "P")
    yield session
    session.close()


def test_two_boards(pair):
    client = pair.client()
    assert client.do("count") == 2
    serials = set()
    for index in range(2):
        assert client.do("open", index) == 0
        serials.add(client.ask("string", 3)[1])
        assert client.do("claim", 0) == 0
        assert client.do("close") == 0
    assert serials == {"P-1", "P-2"}


def open_serial(client, serial):
    for index in range(client.do("count")):
        assert client.do("open", index) == 0
        if client.ask("string", 3)[1] == serial:
            return
        assert client.do("close") == 0
    raise AssertionError(f"no board {serial}")


def open_first(session, interface):
    client = session.client()
    open_serial(client, "P-1")
    assert client.do("claim", interface) == 0 and client.do("alt", interface, 1) == 0
    return client


def plugs_come(client, expected):
    while (seen := client.ask("plugs")[1]) != expected:
        assert expected.startswith(seen)
        client.ask("events", -1, 50)


def test_unplug_in_every_kind_of_transfer(pair):
    watcher = pair.client()
    assert watcher.do("hotplug") >= 0
    assert watcher.do("count") == 2
    idle, receiving, sending, controlling = (open_first(pair, interface) for interface in range(4))
    assert receiving.do("post", 0x82, 4096, 0) == 0
    for _ in range(8):
        assert sending.do("post", 3, 65536, 0) == 0
    controlling.process.stdin.write("control 0xA1 1 0 3 128\n" * 20)
    controlling.process.stdin.flush()

    pair.command("unplug", 1)
    results = [int(controlling.process.stdout.readline().split()[0]) for _ in range(20)]
    assert set(results) <= {128, NO_DEVICE, IO} and results[-1] in (NO_DEVICE, IO)
    for client in (receiving, sending):
        pending, ended = client.events()
        assert pending == 0
        assert {status for _, status, _ in ended} in ({GONE}, {COMPLETED, GONE})
    for interface, client in enumerate((idle, receiving, sending, controlling)):
        assert client.do("claim", interface ^ 1) == NO_DEVICE  # not its own: libusb would not ask for that one again
        assert client.do("control", 0xA1, GET_INFO, 0, 0, 128) == NO_DEVICE
        assert client.do("close") == 0
    plugs_come(watcher, " left")
    assert watcher.do("count") == 1
    open_serial(watcher, "P-2")  # the other board has seen nothing
    assert watcher.do("claim", 0) == 0 and watcher.do("alt", 0, 1) == 0
    assert watcher.do("loop", 0, 1000, 1) == 0
    assert watcher.do("close") == 0

    pair.command("replug", 1)
    plugs_come(watcher, " left arrived")
    open_serial(idle, "P-1")
    assert idle.do("claim", 0) == 0 and idle.do("alt", 0, 1) == 0
    assert idle.do("loop", 0, 100, 1) == 0


REAP = """
import fcntl, os
board = os.open("/dev/bus/usb/001/002", os.O_RDWR)
print("open", flush=True)
try:
    fcntl.ioctl(board, 0x4008550C, bytearray(8))  # USBDEVFS_REAPURB, with nothing submitted
except OSError as error:
    print(error.errno)
"""


def test_unplugging_wakes_who_waits_for_nothing():
    session = BoardSession("--seed", 4)
    try:
        command = [sys.executable, "-c", REAP]
        waiter = subprocess.Popen(command, env=session.environment, stdout=subprocess.PIPE, text=True)
        assert waiter.stdout.readline() == "open\n"
        while pathlib.Path(f"/proc/{waiter.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.05)
        session.command("unplug", 1)
        assert waiter.communicate(timeout=WATCHDOG)[0] == f"{errno.ENODEV}\n"
    finally:
        session.close()


# ---- a kernel's side: USB/IP ---------------------------------------------------------------------------------------


class Attached:
    """What vhci_hcd speaks."""

    def __init__(self, port, busid=b"1-1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WATCHDOG)
        self.socket.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, busid))
        _, _, self.status = struct.unpack(">HHI", self.read(8))
        if self.status == 0:
            device = self.read(312)
            self.devid = int.from_bytes(device[288:292], "big") << 16 | int.from_bytes(device[292:296], "big")

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the server closed the connection"
            data += more
        return data

    def submit_text(self, seqnum, endpoint, to_host, length, setup=bytes(8), payload=b"", flags=0):
        return struct.pack(">10I8s", 1, seqnum, self.devid, to_host, endpoint, flags, length, 0, 0, 0, setup) + payload

    def unlink_text(self, seqnum, target):
        return struct.pack(">6I24x", 2, seqnum, self.devid, 0, 0, target)

    def answer(self):
        """(command, seqnum, status, data)"""
        command, seqnum, _, _, _, status, actual = struct.unpack(">5IiI20x", self.read(48))
        return command, seqnum, status, actual

    def control(self, seqnum, setup):
        length = int.from_bytes(setup[6:8], "little")
        self.socket.sendall(self.submit_text(seqnum, 0, setup[0] >> 7, length, setup))
        command, answered, status, actual = self.answer()
        assert (command, answered) == (3, seqnum)
        return status, self.read(actual) if setup[0] & 0x80 else b""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(process, TCP port, unix socket)"""
    directory = tmp_path_factory.mktemp("serve")
    log, path = directory / "log", directory / "usbip"
    with log.open("w") as stderr:
        process = subprocess.Popen([BOARD, "serve", "--seed", "3", "--port", "0", "--socket", path], stderr=stderr)
    while not (found := re.search(r"usbip --tcp-port (\d+) attach -r 127\.0\.0\.1 -b 1-1\n", log.read_text())):
        assert process.poll() is None
        time.sleep(0.05)
    yield process, int(found[1]), path
    process.terminate()
    assert process.wait(WATCHDOG) == 0
    assert not path.exists()


@pytest.fixture(scope="module")
def served(server):
    return server[1]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_UNIX])
def test_device_list(server, family):
    with socket.socket(family) as client:
        client.settimeout(WATCHDOG)
        client.connect(("127.0.0.1", server[1]) if family == socket.AF_INET else str(server[2]))
        client.sendall(struct.pack(">HHI", 0x0111, 0x8005, 0))
        text = b"".join(iter(lambda: client.recv(4096), b""))
    version, code, status, count = struct.unpack(">HHII", text[:12])
    assert (version, code, status, count) == (0x0111, 5, 0, 1)
    assert text[12 + 256 : 12 + 259] == b"1-1"
    assert len(text) == 12 + 312 + 4 * text[12 + 311]


def test_import_is_exclusive_and_ends_with_its_connection(served):
    first = Attached(served)
    assert first.status == 0
    assert Attached(served).status != 0
    assert Attached(served, b"9-9").status != 0
    first.socket.close()
    while (again := Attached(served)).status != 0:
        time.sleep(0.05)
    again.socket.close()


@pytest.fixture
def attached(served):
    while (client := Attached(served)).status != 0:
        time.sleep(0.05)  # the one before is still being cleaned up after
    yield client
    client.socket.close()


def test_unlink_that_overtakes_its_submit(attached):
    payload = bytes(512)
    attached.socket.sendall(attached.unlink_text(11, 10) + attached.submit_text(10, 1, 0, 512, payload=payload))
    assert attached.answer() == (4, 11, -104, 0)
    assert attached.control(12, bytes([0x80, 6, 0, 1, 0, 0, 18, 0]))[0] == 0


def test_unlink(attached):
    assert attached.control(1, bytes([0x01, 11, 1, 0, 0, 0, 0, 0]))[0] == 0
    attached.socket.sendall(attached.submit_text(2, 1, 1, 512) + attached.unlink_text(3, 2))
    assert attached.answer() == (4, 3, -104, 0)
    attached.socket.sendall(attached.unlink_text(5, 2))  # has ended long ago
    assert attached.answer() == (4, 5, 0, 0)


def test_stall_is_epipe(attached):
    assert attached.control(1, bytes([0xC0, 0x33, 0, 0, 0, 0, 8, 0]))[0] == -32
    assert attached.control(2, bytes([0x80, 6, 0, 1, 0, 0, 18, 0]))[0] == 0


def test_nonsense_ends_the_connection_alone(served, attached):
    for text in (
        os.urandom(48),
        struct.pack(">10I8s", 1, 1, 0, 1, 99, 0, 0, 0, 0, 0, bytes(8)),
        struct.pack(">10I8s", 1, 1, 0, 1, 1, 0, 1 << 30, 0, 0, 0, bytes(8)),
        b"\xff" * 48,
    ):
        while (hostile := Attached(served)).status != 0:
            attached.socket.close()
            time.sleep(0.05)
        hostile.socket.sendall(text)
        assert hostile.socket.recv(1) == b""
    while (client := Attached(served)).status != 0:
        time.sleep(0.05)
    assert client.control(1, bytes([0x80, 6, 0, 1, 0, 0, 18, 0]))[0] == 0
    client.socket.close()


def test_a_client_that_only_asks_is_read_no_more(server, attached):
    """UNLINKs of what has ended, whose answers are as long; 16 MiB of them may wait, besides what the sockets hold."""
    count, sent = 2_000_000, 0

    def ask():
        nonlocal sent
        for start in range(0, count, 1000):
            attached.socket.sendall(b"".join(attached.unlink_text(1 + n, 0) for n in range(start, start + 1000)))
            sent += 1000

    asking = threading.Thread(target=ask)
    asking.start()
    before = None
    while asking.is_alive() and before != (before := (sent, cpu_ticks(server[0]))):
        time.sleep(1)
    assert asking.is_alive(), "the server takes whatever it is asked"
    assert sent < count
    answered, rest = 0, b""
    while answered < count:
        text = rest + attached.socket.recv(1 << 20)
        whole = len(text) // 48 * 48
        for command, seqnum, status in struct.iter_unpack(">II12xi24x", text[:whole]):
            answered += 1
            assert (command, seqnum, status) == (4, answered, 0)
        rest = text[whole:]
    asking.join()


# ---- the program itself ----------------------------------------------------------------------------------------------


def run_board(*arguments, **more):
    return subprocess.run([BOARD, *arguments], capture_output=True, text=True, timeout=WATCHDOG, **more)


def test_statuses(tmp_path):
    assert run_board("--help").returncode == 0
    assert run_board("--version").stdout.startswith("coffer-board ")
    assert run_board().returncode == 125
    assert run_board("walk").returncode == 125
    assert run_board("run", "--boards", "99", "--", "true").returncode == 125
    assert run_board("run", "--flash", "/nonexistent", "--", "true").returncode == 125
    assert run_board("run", "--", "/nonexistent/program").returncode == 127
    assert run_board("run", "--", "no-such-program").returncode == 127
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert run_board("run", "--", plain).returncode == 126
    assert run_board("run", "--", "sh", "-c", "kill -9 $$").returncode == 128 + 9
    # a program's own status: test_termination_reaches_the_program


def refused(*arguments):
    done = run_board("run", *arguments, "--", "echo", "ran")
    assert done.returncode == 125 and done.stdout == ""
    return done.stderr


def test_serial_numbers_are_checked():
    for text in ("", "a b", "x,CN=y", "\u00e4"):
        assert "--serial wants characters of [0-9A-Za-z-]" in refused("--serial", text)
    assert "is too long" in refused("--serial", "x" * 17)
    assert "is too long" in refused("--serial", "x" * 14, "--boards", "10")  # x...x-10
    assert "--serial goes without --flash" in refused("--serial", "x", "--flash", "/dev/null")


@pytest.mark.parametrize("size", [0, 16_385, 1 << 20, (4 << 20) - 1, (4 << 20) + 1])
def test_flash_images_of_other_sizes_are_refused(tmp_path, size):
    (tmp_path / "flash").write_bytes(b"\xff" * size)
    text = refused("--flash", tmp_path / "flash")
    assert text.endswith(f"flash: {size} bytes are neither an identity record nor an image of a 4 MiB flash\n"), text
    assert text.count("neither") == 1


def test_an_erased_flash_of_the_right_size_is_taken(tmp_path):
    (tmp_path / "flash").write_bytes(b"\xff" * (4 << 20))
    assert run_board("run", "--flash", tmp_path / "flash", "--", "true").returncode == 0


def test_sockets_in_the_way_are_refused(tmp_path):
    (tmp_path / "there").write_text("")
    assert "Address already in use" in refused("--socket", tmp_path / "there")
    assert (tmp_path / "there").exists()  # not ours to remove
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_board("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 125 and "Address already in use" in done.stderr


def test_stats():
    done = run_board(
        "run",
        "--quiet",
        "--seed",
        "1",
        "--boards",
        "2",
        "--stats",
        "--",
        CLIENT,
        input="open 0\nclaim 0\nalt 0 1\nloop 0 20000 3\n",
    )
    assert done.returncode == 0, done.stderr
    shape = (
        r"coffer-board: board 1-(\d): (\d+) cycles, (\d+) transfers, (\d+\.\d\d) CPU seconds, "
        r"(\d+\.\d{3}) million cycles per CPU second"
    )
    lines = [re.fullmatch(shape, line) for line in done.stderr.splitlines()]
    assert all(lines) and [line[1] for line in lines] == ["1", "2"], done.stderr
    figures = [[float(word) for word in line.groups()[1:]] for line in lines]
    for cycles, _, seconds, rate in figures:
        assert cycles > 100_000 and abs(rate * seconds - cycles / 1e6) <= 0.01 * rate + 0.001 * seconds  # two roundings
    enumerated, used = sorted(transfers for _, transfers, _, _ in figures)
    assert 5 < enumerated <= used - 6, figures


def test_static_and_set_uid_programs_are_refused_by_name(tmp_path):
    source = tmp_path / "s.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", tmp_path / "static", source], check=True)
    done = run_board("run", "--", tmp_path / "static")
    assert done.returncode == 126 and "static: is statically linked" in done.stderr
    subprocess.run(["gcc", "-o", tmp_path / "setuid", source], check=True)
    (tmp_path / "setuid").chmod(0o4755)
    done = run_board("run", "--", tmp_path / "setuid")
    assert done.returncode == 126 and "setuid: is set-uid" in done.stderr


def test_limit():
    done = run_board(
        "run",
        "--seed",
        "1",
        "--limit",
        "2000000",
        "--",
        CLIENT,
        input="open 0\nclaim 0\nalt 0 1\n" + "loop 0 20000 1\n" * 500,
    )
    assert "reached its limit of 2000000 cycles" in done.stderr
    assert done.stdout.splitlines()[-1].startswith("-99")


def test_termination_reaches_the_program(tmp_path):
    started = tmp_path / "started"
    process = subprocess.Popen(
        [BOARD, "run", "--", "sh", "-c", f"trap 'exit 9' TERM; touch {started}; while :; do sleep 0.1; done"]
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    assert process.wait(WATCHDOG) == 9


def test_address_sanitizer_program(board, tmp_path):
    program = tmp_path / "client"
    subprocess.run(
        [
            "gcc",
            "-std=gnu11",
            "-fsanitize=address,undefined",
            "-I",
            ROOT / "fw/include",
            "-o",
            program,
            ROOT / "tests/virtual_board/client.c",
            "-lusb-1.0",
        ],
        check=True,
    )
    client = board.client(program)
    client.open_context(0)
    assert client.do("loop", 0, 1000, 1) == 0
    client.close()
    assert client.process.returncode == 0
