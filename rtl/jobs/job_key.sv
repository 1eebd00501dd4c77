// SPDX-License-Identifier: Apache-2.0
//
// Which slot's key the AES core holds, and when another one is fetched. A unit whose key is there goes on at once
// (here_o with ask_i). A key operation takes the core for itself.
//
// A revocation of the key's session or context clears the core in the same cycle. A key loaded before that may have left
// the end of its schedule behind a shorter one's: after any revocation the core is cleared once more when it rests.

module job_key
  import coffer_pkg::*;
  import job_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              ask_i,          // once a unit
  input  logic [1:0]        mode_i,         // ModeNone needs no key
  input  logic [SlotW-1:0]  slot_i,
  input  logic [SlotW-1:0]  session_i,
  input  logic [CtxW-1:0]   ctx_i,
  input  logic              op_i,           // a key operation has the core
  input  logic              rest_i,         // nothing works with the core
  input  logic              cleared_i,      // whatever the core held is gone
  output logic              here_o,

  output logic              key_req_o,
  input  logic              key_done_i,

  input  logic [NCtx-1:0]   revoke_ctx_i,
  input  logic              revoke_session_i,
  input  logic [SlotW-1:0]  revoke_session_idx_i,
  output logic              due_o,          // the core has to come to rest
  output logic              clear_o
);

  logic valid_q, revoked;
  logic [SlotW-1:0] slot_q, session_q;
  logic [CtxW-1:0] ctx_q;

  assign here_o = mode_i == 2'(ModeNone) || (valid_q && slot_q == slot_i);
  assign key_req_o = !here_o && ask_i;

  always_comb begin
    revoked = revoke_session_i && session_q == revoke_session_idx_i;
    for (int unsigned c = 0; c < NCtx; c++) if (ctx_q == CtxW'(c) && revoke_ctx_i[c]) revoked = 1'b1;
  end
  assign clear_o = (valid_q && revoked) || (due_o && rest_i);

  always_ff @(posedge clk_i) begin
    if (key_done_i) begin
      valid_q <= 1'b1;
      slot_q <= slot_i;
      session_q <= session_i;
      ctx_q <= ctx_i;
    end
    if (key_req_o || op_i || clear_o || cleared_i || !rst_ni) valid_q <= 1'b0;
    if (due_o && rest_i) due_o <= 1'b0;
    if (revoke_session_i || revoke_ctx_i != '0) due_o <= 1'b1;
    if (!rst_ni) due_o <= 1'b0;
  end

endmodule
