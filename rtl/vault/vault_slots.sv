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
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic [NCtx-1:0]  revoke_ctx_i,
  input  logic             cmd_set_i,       // by the CPU's commands
  input  logic [SlotW-1:0] cmd_slot_i,
  input  slot_state_e      cmd_state_i,
  input  logic             ops_set_i,       // by the operations of jobs: Reserved or Keyed; waits for ops_gnt_o
  input  logic [SlotW-1:0] ops_slot_i,
  input  slot_state_e      ops_state_i,
  output logic             ops_gnt_o,

  input  logic [SlotW-1:0] cmd_look_i,      // state of any slot, in the same cycle
  output slot_state_e      cmd_look_o,
  input  logic [SlotW-1:0] job_look_i,
  output slot_state_e      job_look_o,
  output logic             job_keyed_o,     // as of the cycle after job_look_i, and of the slot that it was
  input  logic [SlotW-1:0] ops_look_i,
  output logic             ops_live_o,      // as of the cycle after ops_look_i: reserved or keyed
  output logic [NSlots-1:0] free_o,
  output logic [NSlots-1:0] zeroizing_o,
  output logic [NSlots-1:0] keyed_o,
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

  localparam int unsigned IdxW = $clog2(NSlots);

  typedef enum logic [2:0] { Seek, ReadGen, TakeGen, Overwrite, Release } fsm_e;

  slot_state_e [NSlots-1:0] state_q;
  fsm_e fsm_q;
  logic [IdxW-1:0] slot_q;
  logic [3:0] word_q;
  logic [GenW-1:0] gen_q;
  logic pending, release_gnt;

  logic unused_look;
  assign unused_look = ^{cmd_look_i, job_look_i, ops_look_i, cmd_slot_i, ops_slot_i};

  assign cmd_look_o = state_q[cmd_look_i[IdxW-1:0]];
  assign job_look_o = state_q[job_look_i[IdxW-1:0]];
  assign pending = |zeroizing_o;
  assign busy_o = pending;

  always_comb begin
    for (int k = 0; k < NSlots; k++) begin
      free_o[k] = state_q[k] == SlotFree;
      zeroizing_o[k] = state_q[k] == SlotZeroizing;
      keyed_o[k] = state_q[k] == SlotKeyed;
    end
  end

  // One slot a cycle moves: by a command, else by an operation, else it is freed.
  logic set;
  logic [IdxW-1:0] set_slot;
  slot_state_e set_state;

  assign ops_gnt_o = !cmd_set_i;
  assign release_gnt = !cmd_set_i && !ops_set_i;
  assign set = cmd_set_i || ops_set_i || fsm_q == Release;
  assign set_slot = cmd_set_i ? cmd_slot_i[IdxW-1:0] : ops_set_i ? ops_slot_i[IdxW-1:0] : slot_q;
  assign set_state = cmd_set_i ? cmd_state_i : ops_set_i ? ops_state_i : SlotFree;

  logic [NSlots-1:0] revoked;
  always_comb begin
    revoked = '0;
    for (int unsigned c = 0; c < NCtx; c++) begin
      for (int unsigned k = c * (NSlots / NCtx); k < (c + 1) * (NSlots / NCtx); k++) revoked[k] = revoke_ctx_i[c];
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k < NSlots; k++) begin
      if (set && set_slot == IdxW'(k)) state_q[k] <= set_state;
      if (revoked[k] && state_q[k] != SlotFree) state_q[k] <= SlotZeroizing;
      if (!rst_ni) state_q[k] <= SlotZeroizing;
    end
  end

  // What a slot will be in the next cycle: writers need not wait for the look-up. (One that is freed was of no use
  // before. ops_set_i is the late one: it only selects.)
  function automatic slot_state_e coming(slot_state_e now, logic [IdxW-1:0] slot);
    slot_state_e next;
    next = ops_set_i && !cmd_set_i && ops_slot_i[IdxW-1:0] == slot ? ops_state_i : now;
    if (cmd_set_i && cmd_slot_i[IdxW-1:0] == slot) next = cmd_state_i;
    return revoked[slot] ? SlotZeroizing : next;
  endfunction

  slot_state_e job_next, ops_next;
  assign job_next = coming(job_look_o, job_look_i[IdxW-1:0]);
  assign ops_next = coming(state_q[ops_look_i[IdxW-1:0]], ops_look_i[IdxW-1:0]);

  always_ff @(posedge clk_i) begin
    job_keyed_o <= rst_ni && job_next == SlotKeyed;
    ops_live_o <= rst_ni && ops_next inside {SlotReserved, SlotKeyed};
  end

  // ---- zeroizer

  logic unused_data;
  assign unused_data = ^rd_data_i;

  assign rd_req_o = fsm_q == ReadGen;
  assign rd_addr_o = {SlotW'(slot_q), vault_pkg::WordGen};
  assign wr_req_o = fsm_q == Overwrite;
  assign wr_addr_o = {SlotW'(slot_q), word_q};
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
      default: if (release_gnt) fsm_q <= Seek;
    endcase
    if (!rst_ni) begin
      fsm_q <= Seek;
      slot_q <= '0;
    end
  end

`ifdef FORMAL
  logic f_known, f_busy, f_overwrite, f_release; // for vault.sv
  assign f_known = fsm_q <= Release;
  assign f_busy = fsm_q != Seek;
  assign f_overwrite = fsm_q == Overwrite;
  assign f_release = fsm_q == Release;
`endif

`ifndef SYNTHESIS
  slot_state_e cmd_now;
  assign cmd_now = state_q[cmd_slot_i[IdxW-1:0]];

  // Slot rules: who may move a slot, and from where.
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (fsm_q == Seek || state_q[slot_q] == SlotZeroizing)
        else $error("slot %0d left zeroization before its end", slot_q);
      assert (!cmd_set_i || cmd_state_i != SlotKeyed || cmd_now == SlotReserved)
        else $error("key committed to slot %0d, which is not reserved", cmd_slot_i);
      assert (!cmd_set_i || cmd_state_i != SlotReserved || cmd_now inside {SlotFree, SlotReserved})
        else $error("slot %0d reserved while in use", cmd_slot_i);
      assert (!cmd_set_i || cmd_state_i != SlotZeroizing || cmd_now != SlotFree)
        else $error("free slot %0d revoked", cmd_slot_i);
      assert (!ops_set_i || state_q[ops_slot_i[IdxW-1:0]] inside {SlotReserved, SlotKeyed})
        else $error("operation on slot %0d, which is free or being zeroized", ops_slot_i);
      assert (!cmd_set_i || cmd_state_i != SlotFree) else $error("slot %0d freed without zeroization", cmd_slot_i);
    end
  end
`endif

endmodule
