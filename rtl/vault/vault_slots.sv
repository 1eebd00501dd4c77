// SPDX-License-Identifier: Apache-2.0
//
// The state of every slot, and the zeroizer.
//
//            reserve            key whole
//    Free ------------> Reserved <------> Keyed     (LOAD_KEY over a key: Keyed -> Reserved -> Keyed)
//     ^                     |              |
//     +---- Zeroizing <-----+--------------+        revocation of the context or of the session
//
// A revocation of a context marks all its slots in the same cycle and wins over everything else. After
// power-on every slot is zeroized first. The zeroizer visits marked slots in turn: the generation moves on
// (1 follows the last one: handle 0 is never given out), the other 15 words are overwritten with zero, and
// only then is the slot free: 18 cycles a slot while nothing else writes.

module vault_slots
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic [NCtx-1:0]  revoke_ctx_i,
  input  logic             mark_i,          // session revocation: this slot ends
  input  logic [SlotW-1:0] mark_slot_i,
  input  logic             cmd_set_i,       // by the CPU's commands
  input  logic [SlotW-1:0] cmd_slot_i,
  input  slot_state_e      cmd_state_i,
  input  logic             ops_set_i,       // by the operations of jobs: Reserved or Keyed
  input  logic [SlotW-1:0] ops_slot_i,
  input  slot_state_e      ops_state_i,

  output slot_state_e [NumSlots-1:0] state_o,
  output logic             busy_o,

  // memory
  output logic             rd_req_o,
  output logic [SlotW+3:0] rd_addr_o,
  input  logic             rd_gnt_i,
  input  logic [31:0]      rd_data_i,
  output logic             wr_req_o,
  output logic [SlotW+3:0] wr_addr_o,
  output logic [31:0]      wr_data_o,
  input  logic             wr_gnt_i
);

  typedef enum logic [2:0] { Seek, ReadGen, TakeGen, Overwrite, Release } fsm_e;

  slot_state_e [NumSlots-1:0] state_q;
  fsm_e fsm_q;
  logic [SlotW-1:0] slot_q;
  logic [3:0] word_q;
  logic [GenW-1:0] gen_q;
  logic pending;

  assign state_o = state_q;
  assign busy_o = pending;

  always_comb begin
    pending = 1'b0;
    for (int k = 0; k < NumSlots; k++) pending |= state_q[k] == SlotZeroizing;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k < NumSlots; k++) begin
      if (cmd_set_i && cmd_slot_i == SlotW'(k)) state_q[k] <= cmd_state_i;
      if (ops_set_i && ops_slot_i == SlotW'(k)) state_q[k] <= ops_state_i;
      if (fsm_q == Release && slot_q == SlotW'(k)) state_q[k] <= SlotFree;
      if (mark_i && mark_slot_i == SlotW'(k)) state_q[k] <= SlotZeroizing;
      for (int unsigned c = 0; c < NCtx; c++) begin
        if (revoke_ctx_i[c] && vault_pkg::in_share(SlotW'(k), CtxW'(c), NCtx) && state_q[k] != SlotFree) begin
          state_q[k] <= SlotZeroizing;
        end
      end
      if (!rst_ni) state_q[k] <= SlotZeroizing;
    end
  end

  // ---- zeroizer

  logic unused_data;
  assign unused_data = ^rd_data_i;

  assign rd_req_o = fsm_q == ReadGen;
  assign rd_addr_o = {slot_q, vault_pkg::WordGen};
  assign wr_req_o = fsm_q == Overwrite;
  assign wr_addr_o = {slot_q, word_q};
  assign wr_data_o = word_q == vault_pkg::WordGen ? 32'(gen_q) : '0;

  always_ff @(posedge clk_i) begin
    unique case (fsm_q)
      Seek: begin
        word_q <= '0;
        if (state_q[slot_q] == SlotZeroizing) fsm_q <= ReadGen;
        else if (pending) slot_q <= slot_q + 1'b1;
      end
      ReadGen: if (rd_gnt_i) fsm_q <= TakeGen;
      TakeGen: begin
        gen_q <= &rd_data_i[GenW-1:0] ? GenW'(1) : rd_data_i[GenW-1:0] + 1'b1;
        fsm_q <= Overwrite;
      end
      Overwrite: if (wr_gnt_i) begin
        word_q <= word_q + 1'b1;
        if (&word_q) fsm_q <= Release;
      end
      default: fsm_q <= Seek;
    endcase
    if (!rst_ni) begin
      fsm_q <= Seek;
      slot_q <= '0;
    end
  end

`ifndef SYNTHESIS
  // Slot rules: who may move a slot, and from where.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (fsm_q == Seek || state_q[slot_q] == SlotZeroizing)
        else $error("slot %0d left zeroization before its end", slot_q);
      assert (!cmd_set_i || cmd_state_i != SlotKeyed || state_q[cmd_slot_i] == SlotReserved)
        else $error("key committed to slot %0d, which is not reserved", cmd_slot_i);
      assert (!cmd_set_i || cmd_state_i != SlotReserved || state_q[cmd_slot_i] inside {SlotFree, SlotReserved})
        else $error("slot %0d reserved while in use", cmd_slot_i);
      assert (!ops_set_i || state_q[ops_slot_i] inside {SlotReserved, SlotKeyed})
        else $error("operation on slot %0d, which is free or being zeroized", ops_slot_i);
      assert (!mark_i || state_q[mark_slot_i] != SlotFree) else $error("free slot %0d revoked", mark_slot_i);
    end
  end
`endif

endmodule
