// SPDX-License-Identifier: Apache-2.0
//
// The CPU's slot commands (SLOT_CMD of coffer_regs.rdl):
//
//   RESERVE     a free slot takes the attributes; while its session has no key, a slot may take others once more
//               (an open session's come with its key), but neither another role, session nor output policy
//   KEY         the next words written are the key of that slot, which is a session's own
//   COMMIT      the key is whole: exactly as many words as its length has
//   REVOKE      the slot's session ends: all its slots, and (revoke_session_o) surfaces and jobs
//   GENERATION  reads the generation; every other command reports it too
//
// A command names a context and the epoch that it was begun under. It is dropped with ok = 0 when that epoch is
// over or the slot is not in the context's share; a revocation of the context ends a running command and an open
// sequence of key words in the same cycle. Commands on other sessions may stand between the words of a sequence.
// Key words without an open sequence are dropped. Words go to memory as they come; the slot is not usable until COMMIT.

module vault_cmd
  import coffer_pkg::*;
  import vault_pkg::*;
#(
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,

  input  logic                      cmd_we_i,
  input  logic [3:0]                cmd_i,
  input  logic [SlotW-1:0]          cmd_slot_i,
  input  logic [CtxW-1:0]           cmd_ctx_i,
  input  logic [EpochW-1:0]         cmd_epoch_i,
  input  slot_attr_t                cmd_attr_i,
  input  logic                      key_we_i,
  input  logic [31:0]               key_word_i,
  output logic [GenW-1:0]           result_gen_o,
  output logic                      result_ok_o,
  output logic                      result_busy_o,

  input  logic [NCtx-1:0]           revoke_ctx_i,
  input  logic [NCtx-1:0][EpochW-1:0] epoch_i,
  output logic                      revoke_session_o,
  output logic [SlotW-1:0]          revoke_session_idx_o,

  output logic [SlotW-1:0]          look_o,         // state of this slot
  input  slot_state_e               look_i,
  output logic                      set_o,
  output logic [SlotW-1:0]          set_slot_o,
  output slot_state_e               set_state_o,

  // memory; key words have a write port of their own that never waits
  output logic                      rd_req_o,
  output logic [SlotW+3:0]          rd_addr_o,
  input  logic                      rd_gnt_i,
  input  logic [31:0]               rd_data_i,
  output logic                      wr_req_o,
  output logic [SlotW+3:0]          wr_addr_o,
  output logic [31:0]               wr_data_o,
  input  logic                      wr_gnt_i,
  output logic                      key_wr_req_o,
  output logic [SlotW+3:0]          key_wr_addr_o,
  output logic [31:0]               key_wr_data_o
);

  typedef enum logic [3:0] {
    Idle, Attr, Gen, SessionAttr, SessionGen, Judge, Decide, Fill, Scan, ScanTake, ScanEnd
  } fsm_e;

  fsm_e fsm_q;
  logic taken_q;                 // the read of this state was granted, its data is here
  cmd_e cmd_q;
  logic [SlotW-1:0] slot_q;
  logic [CtxW-1:0] ctx_q;
  slot_attr_t new_q, old_q;      // attributes: from the CPU, in memory
  slot_attr_t session_attr_q;
  slot_state_e state_q, session_state_q;
  logic [SlotW-1:0] session, session_q;
  logic hit_q;                   // the slot of this scan is alive and of the session that ends
  logic [GenW-1:0] session_gen_q;
  logic [3:0] word_q;
  logic [SlotW-1:0] scan_q;

  logic key_open_q, key_over_q;
  logic [SlotW-1:0] key_slot_q;
  logic [CtxW-1:0] key_ctx_q;
  logic [3:0] key_count_q, key_need_q;

  function automatic logic live(slot_state_e s);
    return s == SlotReserved || s == SlotKeyed;
  endfunction

  function automatic logic revoked(logic [CtxW-1:0] ctx, logic [NCtx-1:0] revoke);
    logic hit;
    hit = 1'b0;
    for (int unsigned c = 0; c < NCtx; c++) if (ctx == CtxW'(c)) hit = revoke[c];
    return hit;
  endfunction

  logic unused_attr;
  assign unused_attr = ^{old_q, session_attr_q};

  logic fresh, kill;
  always_comb begin
    fresh = 1'b0;
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (cmd_ctx_i == CtxW'(c)) fresh = epoch_i[c] == cmd_epoch_i && !revoke_ctx_i[c];
    end
    if (!in_share(cmd_slot_i, cmd_ctx_i, NCtx, NSlots)) fresh = 1'b0;
  end
  assign kill = revoked(ctx_q, revoke_ctx_i);

  // ---- what the command may do: found in Judge, valid in Decide

  logic state_free, state_reserved, session_live, reserve_ok, key_ok, commit_ok, revoke_ok;
  logic reserve_ok_q, revoke_ok_q;

  assign session = cmd_q == CmdReserve ? new_q.session : old_q.session;
  // Read with the attributes. Since then nobody but a revocation of the context (kill) can have taken the slot
  // or its session away, and nobody but this command gives them.
  assign state_free = state_q == SlotFree;
  assign state_reserved = state_q == SlotReserved;
  assign session_live = live(session_state_q);

  always_comb begin
    reserve_ok = attr_ok(new_q) && new_q.ctx == ctx_q && in_share(new_q.session, ctx_q, NCtx, NSlots);
    if (!state_free && !(state_reserved && old_q.role == new_q.role && old_q.session == new_q.session &&
                         old_q.open == new_q.open)) reserve_ok = 1'b0;
    if (new_q.role == RoleSession) begin
      if (session != slot_q) reserve_ok = 1'b0;
    end else begin
      // What is derived from a session inherits its output policy.
      if (!session_live || session_attr_q.role != RoleSession || session_attr_q.open != new_q.open) reserve_ok = 1'b0;
      // Once the session has its key, jobs may write here.
      if (!state_free && session_state_q != SlotReserved) reserve_ok = 1'b0;
    end
  end

  assign key_ok = state_reserved && old_q.role == RoleSession;
  assign commit_ok = state_reserved && key_open_q && key_slot_q == slot_q && key_count_q == key_need_q && !key_over_q;
  assign revoke_ok = live(state_q) && session_live;

  always_ff @(posedge clk_i) begin
    reserve_ok_q <= reserve_ok;
    session_q <= session;
    hit_q <= live(look_i) && rd_data_i[SlotW-1:0] == old_q.session;
    revoke_ok_q <= fsm_q == Judge && cmd_q == CmdRevoke && revoke_ok && !kill && rst_ni;
  end

  // ---- outputs to the slots

  // A context's revocation in this cycle ends the session as well.
  assign revoke_session_o = revoke_ok_q;
  assign revoke_session_idx_o = session_q;

  always_comb begin
    set_o = 1'b0;
    set_slot_o = slot_q;
    set_state_o = SlotReserved;
    if (fsm_q == Decide && !kill) begin
      if (cmd_q == CmdReserve) set_o = reserve_ok_q;
      if (cmd_q == CmdCommit) begin
        set_o = commit_ok;
        set_state_o = SlotKeyed;
      end
    end
    if (revoke_ok_q || fsm_q == ScanEnd) begin
      set_o = fsm_q == ScanEnd ? hit_q : !kill;
      set_slot_o = fsm_q == ScanEnd ? scan_q : session_q;
      set_state_o = SlotZeroizing;
    end
  end

  // ---- memory

  always_comb begin
    rd_req_o = !taken_q;
    rd_addr_o = {slot_q, WordAttr};
    case (fsm_q)
      Attr: ;
      Gen: rd_addr_o = {slot_q, WordGen};
      SessionAttr: rd_addr_o = {session_q, WordAttr};
      SessionGen: rd_addr_o = {session_q, WordGen};
      Scan, ScanTake: rd_addr_o = {scan_q, WordAttr};
      default: rd_req_o = 1'b0;
    endcase
  end

  assign look_o = rd_addr_o[SlotW+3:4];

  assign wr_req_o = fsm_q == Fill && word_q != WordGen;
  assign wr_addr_o = {slot_q, word_q};
  always_comb begin
    case (word_q)
      WordAttr: wr_data_o = new_q;
      WordLink: wr_data_o = 32'(session_gen_q);
      default: wr_data_o = '0;
    endcase
  end

  assign key_wr_req_o = key_we_i && key_open_q && key_count_q != key_need_q;
  assign key_wr_addr_o = {key_slot_q, key_count_q};
  assign key_wr_data_o = key_word_i;

  // ---- command

  assign result_busy_o = fsm_q != Idle;

  always_ff @(posedge clk_i) begin
    taken_q <= rd_req_o && rd_gnt_i;
    case (fsm_q)
      Idle: if (cmd_we_i) begin
        cmd_q <= cmd_e'(cmd_i);
        slot_q <= cmd_slot_i;
        ctx_q <= cmd_ctx_i;
        new_q <= cmd_attr_i;
        result_ok_o <= 1'b0;
        if (fresh && cmd_i inside {CmdReserve, CmdKey, CmdCommit, CmdRevoke, CmdGeneration}) fsm_q <= Attr;
      end
      Attr: if (taken_q) begin
        old_q <= rd_data_i;
        state_q <= look_i;
        fsm_q <= Gen;
      end
      Gen: if (taken_q) begin
        result_gen_o <= rd_data_i[GenW-1:0];
        fsm_q <= SessionAttr;
      end
      SessionAttr: if (taken_q) begin
        session_attr_q <= rd_data_i;
        session_state_q <= look_i;
        fsm_q <= SessionGen;
      end
      SessionGen: if (taken_q) begin
        session_gen_q <= rd_data_i[GenW-1:0];
        fsm_q <= Judge;
      end
      Judge: fsm_q <= Decide;
      Decide: begin
        word_q <= '0;
        scan_q <= '0;
        fsm_q <= Idle;
        case (cmd_q)
          CmdReserve: if (reserve_ok_q) fsm_q <= Fill;
          CmdKey: result_ok_o <= key_ok;
          CmdCommit: result_ok_o <= commit_ok;
          CmdRevoke: if (revoke_ok_q) fsm_q <= Scan;
          default: result_ok_o <= 1'b1;
        endcase
      end
      Fill: if (wr_gnt_i || word_q == WordGen) begin
        word_q <= word_q + 1'b1;
        if (&word_q) begin
          result_ok_o <= 1'b1;
          fsm_q <= Idle;
        end
      end
      Scan: if (rd_gnt_i) fsm_q <= ScanTake;
      // Between the look and the end nobody but a revocation of the context moves the slot.
      ScanTake: fsm_q <= ScanEnd;
      default: begin // ScanEnd
        scan_q <= scan_q + 1'b1;
        fsm_q <= Scan;
        if (scan_q == SlotW'(NSlots - 1)) begin
          result_ok_o <= 1'b1;
          fsm_q <= Idle;
        end
      end
    endcase
    if (kill && fsm_q != Idle) begin
      fsm_q <= Idle;
      result_ok_o <= 1'b0;
    end
    if (!rst_ni) begin
      fsm_q <= Idle;
      taken_q <= 1'b0;
      result_ok_o <= 1'b0;
    end
  end

  // ---- sequence of key words

  always_ff @(posedge clk_i) begin
    if (key_we_i && key_open_q) begin
      if (key_count_q == key_need_q) key_over_q <= 1'b1;
      else key_count_q <= key_count_q + 1'b1;
    end
    if (revoked(key_ctx_q, revoke_ctx_i)) key_open_q <= 1'b0;
    if (fsm_q == Decide) begin
      if (cmd_q == CmdKey && key_ok && !kill) begin
        key_open_q <= 1'b1;
        key_over_q <= 1'b0;
        key_slot_q <= slot_q;
        key_ctx_q <= ctx_q;
        key_count_q <= '0;
        key_need_q <= key_words(old_q.key_len);
      end else if (cmd_q != CmdGeneration && key_slot_q == (cmd_q == CmdRevoke ? session : slot_q)) begin
        key_open_q <= 1'b0;
      end
    end
    if (!rst_ni) key_open_q <= 1'b0;
  end

`ifdef FORMAL
  logic f_known, f_session_known, f_judged, f_read, f_decide, f_fill, f_scan, f_scan_take, f_scan_end, f_attr_take, f_session_take, f_session_read; // for vault.sv
  assign f_known = fsm_q <= ScanEnd;
  assign f_read = fsm_q inside {Gen, SessionAttr, SessionGen, Judge, Decide};
  assign f_decide = fsm_q == Decide;
  assign f_session_known = (fsm_q == Gen && taken_q) || fsm_q > Gen;
  assign f_judged = revoke_ok_q == (f_decide && cmd_q == CmdRevoke && revoke_ok) && (!f_decide || reserve_ok_q == reserve_ok);
  assign f_fill = fsm_q == Fill;
  assign f_scan = fsm_q inside {Scan, ScanTake, ScanEnd};
  assign f_scan_take = fsm_q == ScanTake;
  assign f_scan_end = fsm_q == ScanEnd;
  assign f_attr_take = fsm_q == Attr && taken_q;
  assign f_session_take = fsm_q == SessionAttr && taken_q;
  assign f_session_read = fsm_q inside {SessionGen, Judge, Decide};
`endif

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!cmd_we_i || fsm_q == Idle) else $error("command while the one before runs");
      assert (fsm_q != Decide || !set_o || in_share(slot_q, ctx_q, NCtx, NSlots)) else $error("slot of another context");
    end
  end
`endif

endmodule
