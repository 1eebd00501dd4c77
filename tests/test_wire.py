# SPDX-License-Identifier: Apache-2.0
"""The RTL's constants (rtl/coffer_pkg.sv) are those of the wire header (fw/include/coffer_wire.h)."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = (ROOT / "fw/include/coffer_wire.h").read_text()
PACKAGE = (ROOT / "rtl/coffer_pkg.sv").read_text()


def c_enum(name):
    body = re.search(r"enum %s \{(.*?)\}" % name, HEADER, re.S).group(1)
    return {m[0]: int(m[1], 0) for m in re.findall(r"(COFFER_\w+) = (\w+)", body)}


def sv_enum(name):
    body = re.search(r"typedef enum logic \[\d+:0\] \{([^}]*)\} %s;" % name, PACKAGE, re.S).group(1)
    return {m[0]: int(m[1]) for m in re.findall(r"(\w+) = \d+'d(\d+)", body)}


def words(name):
    """CamelCase and CAPS_WITH_UNDERSCORES alike as one lower-case word."""
    return name.replace("_", "").lower()


@pytest.mark.parametrize(
    "c_name, c_prefix, sv_name, sv_prefix",
    [
        ("coffer_op", "COFFER_OP_", "op_e", "Op"),
        ("coffer_mode", "COFFER_MODE_", "mode_e", "Mode"),
        ("coffer_counter_rule", "COFFER_CTR_", "ctr_rule_e", "Ctr"),
        ("coffer_job_status", "COFFER_JOB_", "job_status_e", "Job"),
    ],
)
def test_enum(c_name, c_prefix, sv_name, sv_prefix):
    c = {words(k.removeprefix(c_prefix)): v for k, v in c_enum(c_name).items()}
    sv = {words(k.removeprefix(sv_prefix)): v for k, v in sv_enum(sv_name).items()}
    assert c and c == sv


def test_usage_bits():
    """usage_t lists the bits from the most significant down; COFFER_USE_* gives each its value."""
    body = re.search(r"typedef struct packed \{([^}]*)\} usage_t;", PACKAGE, re.S).group(1)
    fields = re.findall(r"logic (\w+);", body)[::-1]
    assert {f: 1 << i for i, f in enumerate(fields)} == {
        k.removeprefix("COFFER_USE_").lower(): v for k, v in c_enum("coffer_usage").items()
    }


def test_limits():
    limits = dict(re.findall(r"#define COFFER_(MAX_PAIRS|PACKET_BYTES) (\d+)u", HEADER))
    package = dict(re.findall(r"localparam int unsigned (\w+) = (\d+);", PACKAGE))
    assert limits["MAX_PAIRS"] == package["MaxPairs"]
    assert limits["PACKET_BYTES"] == package["PacketBytes"]
