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
    "a sweep stops before the last byte": (
        "surface",
        "surface_pages.sv",
        "sweeping & (&sweep_addr_q)",
        "sweeping & (&sweep_addr_q[10:1])",
    ),
    "a reset leaves the sweep's address": ("surface", "surface_pages.sv", "      sweep_addr_q <= '0;\n", ""),
    "a write goes to a page that is not owned": (
        "surface",
        "surface_pages.sv",
        "wr_en_i & owned_q[p] & wr",
        "wr_en_i & wr",
    ),
    "a page that is not free can be taken": ("surface", "surface_records.sv", "((wanted & ~free_i) == '0)", "1'b1"),
    "a create survives the revocation of its context": ("surface", "surface_records.sv", " & ~revoke_ctx_i[c]", ""),
    "a record keeps its generation": ("surface", "surface_records.sv", "gen[cmd_index] <= gen_next;", ""),
    "key words follow the revocation of their context": ("vault", "vault_cmd.sv", "key_ok && !kill", "key_ok"),
    "a key is whole too early": ("vault", "vault_cmd.sv", "key_count_q == key_need_q && !key_over_q", "!key_over_q"),
    "a session's end forgets a slot": ("vault", "vault_cmd.sv", "SlotW'(NSlots - 1)", "SlotW'(NSlots - 2)"),
    "a slot is reserved again under an operation": (
        "vault",
        "vault_cmd.sv",
        "!state_free && session_state_q != SlotReserved",
        "1'b0",
    ),
    "a slot is free before its last word is zero": (
        "vault",
        "vault_slots.sv",
        "if (&word_q) fsm",
        "if (&word_q[3:1]) fsm",
    ),
    "a reservation survives the revocation of its context": (
        "vault",
        "vault_slots.sv",
        "revoked[k] && state_q[k] != SlotFree",
        "revoked[k] && state_q[k] == SlotKeyed",
    ),
    "a loaded key leaves words of a longer one": (
        "vault",
        "vault_ops.sv",
        "fresh_key ? &word_q",
        "fresh_key ? word_q == 3'd3",
    ),
    "an operation writes to a slot that is over": (
        "vault",
        "vault_ops.sv",
        "wr_ok_o = live_i && !abort_i",
        "wr_ok_o = 1'b1",
    ),
    "a history is written to a slot that is over": (
        "vault",
        "vault.sv",
        "wr_ok[3] = job_keyed && looked_q == hist_slot_i",
        "wr_ok[3] = job_keyed",
    ),
    "a session's end forgets pages": (
        "surface",
        "surface_pages.sv",
        "owned_q[p] & end_i[rec_q[p]]",
        "owned_q[p] & end_i[0]",
    ),
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
