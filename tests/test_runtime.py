# SPDX-License-Identifier: Apache-2.0
"""tests/runtime: the stand-in for the Direct3D runtime, on libcoffer, its mutants, and a driver without protection."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = str(ROOT / "build/tests/runtime")
COFFER = str(ROOT / "build/tests/driver_coffer.so")
NONE = str(ROOT / "build/tests/driver_none.so")
WATCHDOG = 1100


def run(*command, **environment):
    options = {"capture_output": True, "text": True, "timeout": WATCHDOG, "check": False}
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, **options)


def listed():
    """{rule: its mutants}"""
    rules, rule = {}, None
    for line in run(RUNTIME, "--list").stdout.splitlines():
        if mutant := re.match(r"\tmutant ([\w-]+): ", line):
            rules[rule].append(mutant[1])
        else:
            rule = line.split(":")[0]
            rules[rule] = []
    return rules


def lines(word, text):
    return re.findall(rf"^{word} +([\w-]+(?: / [\w-]+)?)(?::.*)?$", text, re.MULTILINE)


def test_each_rule_has_a_mutant():
    rules = listed()
    assert len(rules) > 80
    assert all(rules.values())


def test_libcoffer_and_its_mutants(tmp_path):
    control = str(tmp_path / "control")
    board = [str(ROOT / "build/bin/coffer-board"), "run", "--quiet", "--control", control, "--"]
    done = run(*board, RUNTIME, "--mutants", COFFER, COFFER_RUNTIME_CONTROL=control)
    rules = listed()
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(lines("pass", done.stdout)) == sorted(rules)
    assert sorted(lines("caught", done.stdout)) == sorted(f"{rule} / {m}" for rule in rules for m in rules[rule])


def test_driver_without_protection():
    done = run(RUNTIME, NONE)
    assert done.returncode == 0, done.stdout + done.stderr
    passed, others = lines("pass", done.stdout), lines("not applicable", done.stdout)
    assert sorted(passed + others) == sorted(listed())
    assert "unknown-types-are-unsupported" in passed
    assert "decryption-is-aes-ctr" in others


def test_mutants_of_a_driver_without_protection():
    done = run(RUNTIME, "--mutants", NONE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines("caught", done.stdout)) > 10


@pytest.mark.parametrize(
    "mutant", ["larger-inputs", "null-slot", "not-implemented", "index-5", "one-byte-too-many", "reporting-create"]
)
def test_fault_fails_its_rule(mutant):
    done = run(RUNTIME, "--break", mutant, NONE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert [rule for rule, mutants in listed().items() if mutant in mutants][0] in lines("FAIL", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 0), ([], 2), (["--rule", "none", NONE], 2), (["--break", "none", NONE], 2), (["/dev/null"], 2)]
    + [(["--mutants", "--break", "leak", NONE], 2), (["--rule", "table-is-complete", NONE], 0)],
)
def test_usage(arguments, status):
    assert run(RUNTIME, *arguments).returncode == status
