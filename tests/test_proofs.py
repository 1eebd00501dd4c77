# SPDX-License-Identifier: Apache-2.0
"""The proofs of tests/formal, and that each of them finds faults put into the RTL."""
import platform
import sys

import pytest

sys.path.insert(0, "tests/formal")
from prove import NAMES, prove  # noqa: E402

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the solver is there for x86_64 only")

FAULTS = {
    "a page is free when its sweep begins": ("surface", "surface_pages.sv", "(sweep_last ? sweep_q : '0)", "sweep_q"),
    "a sweep stops before the last byte": ("surface", "surface_pages.sv", "sweeping & (&sweep_addr_q)", "sweeping & (&sweep_addr_q[10:1])"),
    "a reset leaves the sweep's address": ("surface", "surface_pages.sv", "      sweep_addr_q <= '0;\n", ""),
    "a write goes to a page that is not owned": ("surface", "surface_pages.sv", "wr_en_i & owned_q[p] & wr", "wr_en_i & wr"),
    "a page that is not free can be taken": ("surface", "surface_records.sv", "((wanted & ~free_i) == '0)", "1'b1"),
    "a create survives the revocation of its context": ("surface", "surface_records.sv", " & ~revoke_ctx_i[c]", ""),
    "a record keeps its generation": ("surface", "surface_records.sv", "gen[cmd_index_i] <= gen_next;", ""),
    "a session's end forgets pages": ("surface", "surface_pages.sv", "owned_q[p] & end_i[rec_q[p]]", "owned_q[p] & end_i[0]"),
}


@pytest.mark.parametrize("name", NAMES)
def test_proof(name, tmp_path):
    proved, _, lines = prove(tmp_path / name, name)
    assert proved, "\n".join(lines)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault, tmp_path):
    name, *edit = FAULTS[fault]
    _, refuted, lines = prove(tmp_path / name, name, [edit])
    assert refuted, "\n".join(lines)
