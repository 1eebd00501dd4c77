# SPDX-License-Identifier: Apache-2.0
"""The coffer command: what it answers without a board, and what it does on a virtual one."""

import contextlib
import json
import os
import random
import subprocess

import pytest
from virtual_board.session import ROOT, WATCHDOG

COFFER = ROOT / "build/bin/coffer"
OK, FAILED, USAGE, NO_BOARD, NO_PERMISSION, BUSY, LOST, UNTRUSTED, BAD_INPUT = range(9)
KEY = "000102030405060708090a0b0c0d0e0f"
IV = "f0f1f2f3f4f5f6f7ffffffffffffffff"  # carries into its upper half at the second block


def coffer(*arguments, **options):
    return subprocess.run([COFFER, *map(str, arguments)], cwd=ROOT, capture_output=True, timeout=WATCHDOG, **options)


def on_board(board, script, **environment):
    """A shell script beside a virtual board; $COFFER is the program."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        capture_output=True,
        timeout=WATCHDOG,
        env={**board.environment, "COFFER": str(COFFER), **environment},
    )


def check(done, status=OK):
    assert done.returncode == status, f"status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


# ---- without a board ----

COMMANDS = ["list", "info", "certificate", "selftest", "encrypt", "decrypt", "film", "bench", "provision"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    done = check(coffer(command, "--help"))
    assert done.stdout.startswith(b"Usage: coffer " + command.encode()) and not done.stderr


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"]] + [[command, "-h"] for command in COMMANDS], ids=" ".join
)
def test_what_is_printed_must_arrive(arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COFFER, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=WATCHDOG)
    assert done.returncode == FAILED and b"standard output: No space left on device" in done.stderr


def test_help_lists_every_command():
    text = check(coffer("--help")).stdout.decode()
    manual = (ROOT / "docs/coffer.1").read_text()
    for command in COMMANDS:
        assert f"  {command} " in text and f"{command}" in manual


def test_version():
    version = [
        line.split()[-1] for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("VERSION :=")
    ][0]
    assert check(coffer("--version")).stdout.decode() == f"coffer {version}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["list", "--nope"],
        ["info", "more"],
        ["bench", "--root"],
        ["bench", "--contexts", "0"],
        ["bench", "--contexts", "8"],
        ["bench", "--contexts", "4", "--all"],
        ["encrypt", "--key", KEY, "--iv", IV, "in"],
        ["encrypt", "--iv", IV, "in", "out"],
        ["encrypt", "--key", KEY, "in", "out"],
        ["encrypt", "--key", KEY + "0", "--iv", IV, "in", "out"],
        ["encrypt", "--key", KEY[2:], "--iv", IV, "in", "out"],
        ["encrypt", "--key", KEY + "zz", "--iv", IV, "in", "out"],
        ["encrypt", "--key", KEY, "--key-file", "x", "--iv", IV, "in", "out"],
        ["encrypt", "--key", KEY, "--iv", IV[1:], "in", "out"],
        ["encrypt", "--key", KEY, "--iv", IV + "00", "in", "out"],
        ["decrypt", "--key", KEY, "--iv", IV, "--aes", "cbc", "in", "out"],
    ],
    ids=lambda a: " ".join(a)[:40],
)
def test_usage(arguments):
    done = check(coffer(*arguments), USAGE)
    assert done.stderr and not done.stdout


@pytest.mark.parametrize("content", [None, b"", b"00", KEY.encode() + b"\0", KEY.encode() * 3])
def test_bad_key_file(tmp_path, content):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    check(coffer("encrypt", "--key-file", path, "--iv", IV, "in", "out"), BAD_INPUT)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["info"],
        ["certificate"],
        ["selftest"],
        ["bench"],
        ["encrypt", "--key", KEY, "--iv", IV, "/dev/null", "/dev/null"],
    ],
    ids=lambda a: a[0],
)
def test_no_board(arguments):
    assert b"no board found" in check(coffer(*arguments), NO_BOARD).stderr


def test_bad_files(tmp_path):
    """Said before any board is asked."""
    empty = tmp_path / "empty"
    empty.touch()
    for files, status in (
        ((tmp_path / "missing", "out"), BAD_INPUT),
        ((tmp_path, "out"), BAD_INPUT),
        ((empty, tmp_path / "no/such/folder"), FAILED),
    ):
        check(coffer("encrypt", "--key", KEY, "--iv", IV, *files), status)
    assert list(tmp_path.iterdir()) == [empty]


# ---- on a virtual board ----


def test_list_and_info(shared_board):
    done = check(
        on_board(
            shared_board, '"$COFFER" list --json; echo ,; "$COFFER" info --json; "$COFFER" list >&2; "$COFFER" info >&2'
        )
    )
    listed, info = json.loads(b"[" + done.stdout + b"]")
    (one,) = listed["boards"]
    assert one["permission"] and one["free_contexts"] == one["contexts"] == info["contexts"]
    assert one["serial"] == info["serial"] and info["virtual"] and info["identity"]
    assert info["clock_hz"] == 60000000 and info["protocol"] == 1
    assert one["serial"].encode() in done.stderr


def test_certificate(shared_board, tmp_path):
    """The chain that the board gives verifies under the root that coffer-board made for it."""
    check(
        on_board(
            shared_board,
            f"""
"$COFFER" certificate > {tmp_path}/rsa.pem
"$COFFER" certificate --p256 > {tmp_path}/p256.pem
openssl verify -CAfile "$COFFER_ROOT" {tmp_path}/rsa.pem
openssl verify -CAfile "$COFFER_ROOT" {tmp_path}/p256.pem
""",
        )
    )


def test_selftest_under_the_sanitizers(shared_board):
    done = check(on_board(shared_board, "build/san/bin/coffer selftest", ASAN_OPTIONS="verify_asan_link_order=0"))
    assert b"FAILED" not in done.stdout and done.stdout.count(b" ok\n") == 6


def test_selftest_for_programs(shared_board):
    """The same checks as JSON; where one cannot be made, what was done until then."""
    result = json.loads(check(on_board(shared_board, '"$COFFER" selftest --json')).stdout)
    assert result["ok"] and len(result["checks"]) == 6 and all(check["ok"] for check in result["checks"])
    done = check(on_board(shared_board, '"$COFFER" selftest --json', COFFER_ROOT="/nonexistent"), UNTRUSTED)
    result = json.loads(done.stdout)
    assert not result["ok"] and len(result["checks"]) == 1 and b"/nonexistent" in done.stderr


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_same_bytes_as_openssl(shared_board, tmp_path, bits):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    noise = random.Random(seed)
    key, iv = noise.randbytes(bits // 8).hex(), IV
    (tmp_path / "plain").write_bytes(noise.randbytes(150001))
    (tmp_path / "key").write_text(key + "\n")
    check(
        on_board(
            shared_board,
            f"""
cd {tmp_path}
"$COFFER" encrypt --key {key} --iv {iv} plain cipher
openssl enc -aes-{bits}-ctr -K {key} -iv {iv} -in plain -out expected
cmp cipher expected
""",
        )
    )
    if bits == 256:
        check(
            on_board(
                shared_board, f'cd {tmp_path}; "$COFFER" decrypt --key-file key --iv {iv} - - < cipher | cmp - plain'
            )
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cipher", "expected", "key", "plain"]


def test_empty_file(shared_board, tmp_path):
    check(
        on_board(
            shared_board, f'cd {tmp_path}; : > empty; "$COFFER" encrypt --key {KEY} --iv {IV} empty out; cmp empty out'
        )
    )


def test_what_is_replaced(shared_board, tmp_path):
    """The file that a link points to, with its permissions; one that may not be written is left alone."""
    (tmp_path / "plain").write_bytes(b"clear")
    for name, mode in ("real", 0o640), ("locked", 0o444):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(mode)
    (tmp_path / "link").symlink_to("real")
    check(on_board(shared_board, f'cd {tmp_path}; "$COFFER" encrypt --key {KEY} --iv {IV} plain link'))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert len((tmp_path / "real").read_bytes()) == 5 and (tmp_path / "real").read_bytes() != b"clear"
    if os.geteuid():  # root may write everything
        check(on_board(shared_board, f'cd {tmp_path}; "$COFFER" encrypt --key {KEY} --iv {IV} plain locked'), FAILED)
        assert (tmp_path / "locked").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 4


def test_untrusted_boards_get_no_key(shared_board, tmp_path):
    """No root, one that is not there, one that is another's; and a board that is not there. No file is left behind."""
    check(
        on_board(
            shared_board,
            f"""
cd {tmp_path}
: > empty
expect() {{ want=$1; shift; got=0; "$@" || got=$?; [ $got = $want ] || {{ echo "$* gave $got" >&2; exit 99; }}; }}
crypt() {{ expect "$@" encrypt --key {KEY} --iv {IV} empty out; }}
crypt 7 env -u COFFER_ROOT "$COFFER"
crypt 7 env COFFER_ROOT=/nonexistent "$COFFER"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other \\
  -keyout key -out other.pem 2>/dev/null
crypt 7 env COFFER_ROOT=other.pem "$COFFER"
expect 7 "$COFFER" encrypt --root other.pem --key {KEY} --iv {IV} empty out
expect 3 "$COFFER" encrypt --serial no-such --key {KEY} --iv {IV} empty out
""",
        )
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "key", "other.pem"]


def test_interrupted(shared_board, tmp_path):
    """A signal leaves no output behind, and the board works on."""
    check(
        on_board(
            shared_board,
            f"""
cd {tmp_path}
mkfifo in
"$COFFER" encrypt --key {KEY} --iv {IV} in out &
program=$!
cat /dev/zero > in 2>/dev/null &
until [ -s out.?????? ]; do kill -0 $program; sleep 0.1; done
kill -TERM $program; got=0; wait $program || got=$?
[ $got = 143 ]
"$COFFER" info >/dev/null
""",
        )
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_unplugged_in_mid_file(shared_board, tmp_path):
    """Said with its own status, and no output is left behind."""
    fifo = tmp_path / "in"
    os.mkfifo(fifo)
    program = subprocess.Popen(
        [COFFER, "encrypt", "--key", KEY, "--iv", IV, fifo, tmp_path / "out"],
        env=shared_board.environment,
        stderr=subprocess.PIPE,
    )
    with fifo.open("wb", buffering=0) as feed:
        while not any(path.stat().st_size for path in tmp_path.glob("out.*")):
            assert program.poll() is None
            feed.write(bytes(65536))
        shared_board.command("unplug", 1)
        with contextlib.suppress(BrokenPipeError):
            while program.poll() is None:
                feed.write(bytes(65536))
    errors = program.communicate(timeout=WATCHDOG)[1]
    shared_board.command("replug", 1)
    assert program.returncode == LOST, errors
    assert b"removed" in errors
    assert list(tmp_path.iterdir()) == [fifo]


def test_bench(shared_board):
    """Every headline figure is there, and reaches what is promised; board time does not move with the machine."""
    results = json.loads(check(on_board(shared_board, '"$COFFER" bench --json')).stdout)["results"]
    figures = {result["name"]: result for result in results}
    assert {
        "surface/aes-128/65536",
        "surface/aes-256/65536",
        "return/aes-128/65536",
        "negotiate/rsaes-oaep",
        "create-session",
    } <= figures.keys()
    for result in results:
        assert result["cycles"] > 0
        assert result["bytes_per_cycle"] == pytest.approx(result["bytes"] / result["cycles"])
    assert figures["surface/aes-128/65536"]["bytes_per_cycle"] >= 0.80
    assert figures["surface/aes-256/65536"]["bytes_per_cycle"] >= 0.80
    assert figures["return/aes-128/65536"]["bytes_per_cycle"] >= 0.38
    assert figures["negotiate/rsaes-oaep"]["cycles"] <= 2500000
    assert figures["create-session"]["cycles"] <= 30000
