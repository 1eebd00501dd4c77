// SPDX-License-Identifier: Apache-2.0
//
// Included by vault.sv in proofs only (tests/formal/vault.sby): the rules of slots, for any one slot and any one of
// its words, whatever the CPU, the jobs and revocations ask in whichever cycle. They are shown by induction.
// What they take from the job engine is assumed first: job_check's verdict and the engine's abort.

  logic [IdxW-1:0] f_slot;   // undriven: any constant
  logic [3:0] f_word;
  logic [44:0] f_args, f_args_q;
  logic f_reset_q, f_revoke_q, f_due_q, f_fresh_q, f_op_fresh_q;
  slot_state_e f_state, f_state_q;
  slot_state_e f_cmd_state, f_key_state, f_session_state, f_op_state, f_dst_state;
  slot_attr_t [NSlots-1:0] f_attrs;
  slot_attr_t f_op_attr, f_cmd_attr, f_key_attr, f_attr, f_dst, f_session_attr, f_read;
  logic [31:0] f_data, f_gen, f_gen_q;
  logic f_live, f_revoke, f_cmd, f_zero, f_op_over;
  logic [SlotW-1:0] f_target_q;

  initial f_reset_q = 1'b1;

  assign f_state = u_slots.state_q[f_slot];
  assign f_data = u_mem.mem[{f_slot, f_word}];
  assign f_attr = u_mem.mem[{f_slot, WordAttr}];
  assign f_gen = u_mem.mem[{f_slot, WordGen}];
  assign f_dst = u_mem.mem[{op_dst_i[IdxW-1:0], WordAttr}];
  assign f_read = rd_data;
  always_comb for (int unsigned k = 0; k < NSlots; k++) f_attrs[k] = u_mem.mem[{IdxW'(k), WordAttr}];
  assign f_op_attr = u_mem.mem[{op_session_i[IdxW-1:0], WordAttr}];
  assign f_cmd_state = u_slots.state_q[u_cmd.slot_q[IdxW-1:0]];
  assign f_cmd_attr = u_mem.mem[{u_cmd.slot_q[IdxW-1:0], WordAttr}];
  assign f_key_state = u_slots.state_q[u_cmd.key_slot_q[IdxW-1:0]];
  assign f_key_attr = u_mem.mem[{u_cmd.key_slot_q[IdxW-1:0], WordAttr}];
  assign f_session_attr = u_mem.mem[{u_cmd.session[IdxW-1:0], WordAttr}];
  assign f_session_state = u_slots.state_q[u_cmd.session[IdxW-1:0]];
  assign f_op_state = u_slots.state_q[op_session_i[IdxW-1:0]];
  assign f_dst_state = u_slots.state_q[op_dst_i[IdxW-1:0]];
  assign f_args = 45'({op_i, op_session_i, op_dst_i, op_dst_attr_i.session, op_dst_attr_i.role, op_dst_len_i, op_dst_attr_i.key_len});
  assign f_live = f_state inside {SlotReserved, SlotKeyed};
  assign f_zero = u_slots.slot_q == f_slot && u_slots.f_busy;
  assign f_cmd = u_cmd.slot_q == SlotW'(f_slot);
  always_comb begin
    f_revoke = 1'b0;
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (in_share(SlotW'(f_slot), CtxW'(c), NCtx, NSlots)) f_revoke = revoke_ctx_i[c];
    end
    f_op_over = revoke_session_o && revoke_session_idx_o == op_session_i;
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (in_share(op_session_i, CtxW'(c), NCtx, NSlots) && revoke_ctx_i[c]) f_op_over = 1'b1;
    end
  end

  always_comb begin
    if (f_reset_q) assume (!rst_ni);
    assume (!cmd_we_i || !result_busy_o);
    assume (32'(cmd_slot_i) < NSlots && 32'(op_session_i) < NSlots && 32'(op_dst_i) < NSlots);
    assume (32'(hist_slot_i) < NSlots && 32'(chk_slot_i) < NSlots && 32'(key_slot_i) < NSlots);
    // One thing at a time, and an operation's end in the cycle of its session's, or in the next.
    assume (!(op_start_i && op_busy_q) && (!op_busy_q || !(chk_req_i || hist_req_i || key_req_i)));
    assume (!hist_req_i || !chk_req_i);
    assume (!hist_req_i || hist_word_i inside {[3'd2 : 3'd6]});
    assume (!f_due_q || abort_i || !op_busy_q);
    // What job_check has seen of the slots stays true while they live: the operation's own slot alone is written by it.
    for (int unsigned c = 0; c < NCtx; c++) begin
      assume (in_share(op_dst_i, CtxW'(c), NCtx, NSlots) == in_share(op_session_i, CtxW'(c), NCtx, NSlots));
    end
    // The link is the last word of a slot that RESERVE fills, and a session without a key has no operations.
    assume (!(op_start_i && u_cmd.f_fill && (op_dst_i == u_cmd.slot_q || op_session_i == u_cmd.slot_q)));
    if (op_start_i || op_busy_q) begin
      assume (!op_busy_q || f_args == f_args_q);
      assume (op_i inside {OpLoadKey, OpNewReadbackKey, OpStartRefresh, OpRefresh});
      assume (op_dst_len_i != 2'd3 && op_dst_attr_i.key_len != 2'd3);
      assume (op_dst_attr_i.role != RoleSession && op_dst_attr_i.session == op_session_i && op_dst_i != op_session_i);
      assume (!op_start_i || (f_op_state == SlotKeyed && f_dst_state inside {SlotReserved, SlotKeyed}));
      assume (!op_start_i || (f_op_attr.role == RoleSession && f_op_attr.session == op_session_i));
      if (f_dst_state inside {SlotReserved, SlotKeyed}) begin
        assume (f_dst.role == op_dst_attr_i.role && f_dst.session == op_dst_attr_i.session);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    f_reset_q <= 1'b0;
    f_target_q <= ops_target;
    f_state_q <= f_state;
    f_gen_q <= f_gen;
    f_args_q <= f_args;
    f_revoke_q <= rst_ni && f_revoke;
    f_due_q <= rst_ni && (op_start_i || op_busy_q) && f_op_over && !abort_i;

    // f_word was written since the key's beginning: by the CPU, by an operation.
    if (wr_gnt[0] && wr_addr[0] == {SlotW'(f_slot), f_word}) f_fresh_q <= 1'b1;
    if (u_cmd.f_decide && u_cmd.cmd_q == CmdKey && f_cmd) f_fresh_q <= 1'b0;
    if (wr_gnt[2] && wr_addr[2] == {SlotW'(f_slot), f_word}) f_op_fresh_q <= 1'b1;
    if (op_start_i) f_op_fresh_q <= 1'b0;

    if (rst_ni && !f_reset_q) begin
      // No remains: a free slot is zero, and nobody but the zeroizer writes to one that is not alive.
      assert (f_state != SlotFree || f_word == WordGen || f_data == '0);
      for (int i = 0; i < 4; i++) assert (!wr_gnt[i] || wr_addr[i][AddrW-1:4] != SlotW'(f_slot) || f_live);
      assert (!wr_gnt[4] || wr_addr[4][AddrW-1:4] != SlotW'(f_slot) || f_state == SlotZeroizing);
      // A revoked context has no living slot in the next cycle, whatever else was asked in this one.
      assert (!f_revoke_q || f_state inside {SlotFree, SlotZeroizing});
      // Keys come and go by the picture of vault_slots alone.
      unique case (f_state_q)
        SlotFree:      assert (f_state != SlotKeyed);
        SlotReserved:  assert (f_state != SlotFree);
        SlotKeyed:     assert (f_state != SlotFree);
        SlotZeroizing: assert (!f_live);
      endcase
      // A key is usable only when every word of its length has been written.
      if (cmd_set && cmd_set_slot == SlotW'(f_slot) && cmd_set_state == SlotKeyed) begin
        assert (f_state == SlotReserved && f_attr.role == RoleSession);
        assert (f_word >= key_words(f_attr.key_len) || f_fresh_q);
      end
      if (ops_set && op_dst_i == SlotW'(f_slot) && ops_set_state == SlotKeyed) assert (f_word[3] || f_op_fresh_q);
      // A generation is fixed for a life, and is never 0.
      assert (!f_live || !(f_state_q inside {SlotReserved, SlotKeyed}) || f_gen == f_gen_q);
      assert (f_state == SlotZeroizing || f_gen[GenW-1:0] != '0);
      // When a session's end has gone through the slots, none of them lives.
      if (u_cmd.f_scan_end && u_cmd.scan_q == SlotW'(NSlots - 1) && f_live && !f_revoke) begin
        assert (f_attr.session != u_cmd.old_q.session || (cmd_set && cmd_set_slot == SlotW'(f_slot)));
      end

      // ---- what the induction needs besides
      assert (!result_busy_o || in_share(u_cmd.slot_q, u_cmd.ctx_q, NCtx, NSlots));
      assert (!u_cmd.key_open_q || in_share(u_cmd.key_slot_q, u_cmd.key_ctx_q, NCtx, NSlots));
      assert (!u_slots.f_busy || u_slots.state_q[u_slots.slot_q] == SlotZeroizing);
      assert (!u_slots.f_busy || u_slots.f_overwrite || u_slots.word_q == '0);
      if (f_zero && f_word != WordGen) begin
        assert (!(u_slots.f_overwrite && u_slots.word_q > f_word) || f_data == '0);
        assert (!u_slots.f_release || f_data == '0);
      end
      if (f_zero && (u_slots.f_overwrite || u_slots.f_release)) begin
        assert (u_slots.gen_q != '0);
        assert (u_slots.f_overwrite && u_slots.word_q <= WordGen || f_gen[GenW-1:0] != '0);
      end
      // What was found out a cycle ago holds in this one.
      assert (job_keyed == (u_slots.state_q[looked_q[IdxW-1:0]] == SlotKeyed));
      assert (ops_live == (u_slots.state_q[f_target_q[IdxW-1:0]] inside {SlotReserved, SlotKeyed}));
      assert (!op_busy_q || f_target_q == ops_target);
      assert (!u_cmd.f_session_known || u_cmd.session_q == u_cmd.session);
      assert (u_slots.f_known && u_cmd.f_known && u_cmd.f_judged && u_ops.f_known);
      assert (op_busy_q == u_ops.f_busy && (!u_ops.f_refresh || op_i == OpRefresh));
      assert (!u_ops.f_attr || op_i inside {OpLoadKey, OpNewReadbackKey});
      if (op_busy_q && op_i inside {OpLoadKey, OpNewReadbackKey} && op_dst_i == SlotW'(f_slot) && !f_word[3]) begin
        assert (f_op_fresh_q || (u_ops.f_written ? op_wrapped_o : 4'(u_ops.word_q) <= f_word));
      end
      if (u_cmd.f_fill) begin
        assert (f_cmd_state == SlotReserved && u_cmd.cmd_q == CmdReserve);
        assert (in_share(u_cmd.new_q.session, u_cmd.ctx_q, NCtx, NSlots) && u_cmd.new_q.key_len != 2'd3);
        assert (u_cmd.new_q.role != RoleSession || u_cmd.new_q.session == u_cmd.slot_q);
        assert (u_cmd.word_q <= WordAttr || f_cmd_attr == u_cmd.new_q);
        assert (!op_busy_q || f_due_q || (op_dst_i != u_cmd.slot_q && op_session_i != u_cmd.slot_q));
      end
      // A session's end goes through the slots after its own is over.
      if (u_cmd.f_scan) begin
        assert (u_cmd.cmd_q == CmdRevoke && 32'(u_cmd.scan_q) < NSlots);
        assert (in_share(u_cmd.old_q.session, u_cmd.ctx_q, NCtx, NSlots));
        assert (!(u_slots.state_q[u_cmd.old_q.session[IdxW-1:0]] inside {SlotReserved, SlotKeyed}));
        assert (!(u_cmd.key_open_q && u_cmd.key_slot_q == u_cmd.old_q.session));
        assert (!(u_cmd.scan_q > SlotW'(f_slot) && f_live && f_attr.session == u_cmd.old_q.session));
      end
      if (u_cmd.f_scan_take && u_slots.state_q[u_cmd.scan_q[IdxW-1:0]] inside {SlotReserved, SlotKeyed}) begin
        assert (f_read.session == f_attrs[u_cmd.scan_q[IdxW-1:0]].session);
      end
      if (u_cmd.f_scan_end) begin
        assert (u_cmd.hit_q == (u_slots.state_q[u_cmd.scan_q[IdxW-1:0]] inside {SlotReserved, SlotKeyed} &&
                                f_attrs[u_cmd.scan_q[IdxW-1:0]].session == u_cmd.old_q.session));
      end
      // What a command has read of a slot is what is there.
      if (u_cmd.f_attr_take && f_cmd_state inside {SlotReserved, SlotKeyed}) begin
        assert (in_share(f_read.session, u_cmd.ctx_q, NCtx, NSlots));
        assert (f_read.session == f_cmd_attr.session && f_read.role == f_cmd_attr.role);
        assert (f_cmd_attr.role != RoleSession || (f_read == f_cmd_attr && f_read.session == u_cmd.slot_q && f_read.key_len != 2'd3));
      end
      if (u_cmd.f_read && u_cmd.state_q == SlotFree) assert (f_cmd_state == SlotFree);
      if (u_cmd.f_read && u_cmd.state_q inside {SlotReserved, SlotKeyed}) begin
        assert (f_cmd_state inside {SlotReserved, SlotKeyed});
        assert (u_cmd.old_q.session == f_cmd_attr.session && u_cmd.old_q.role == f_cmd_attr.role);
        assert (in_share(u_cmd.old_q.session, u_cmd.ctx_q, NCtx, NSlots));
        assert (u_cmd.old_q.role != RoleSession || (f_cmd_state == u_cmd.state_q && u_cmd.old_q == f_cmd_attr));
        assert (u_cmd.old_q.role != RoleSession || (u_cmd.old_q.session == u_cmd.slot_q && u_cmd.old_q.key_len != 2'd3));
      end
      if (u_cmd.f_session_take && f_session_state inside {SlotReserved, SlotKeyed}) assert (f_read.role == f_session_attr.role);
      if (u_cmd.f_session_read && u_cmd.session_state_q == SlotReserved && u_cmd.session_attr_q.role == RoleSession &&
          in_share(u_cmd.session, u_cmd.ctx_q, NCtx, NSlots)) begin
        assert (f_session_state == SlotReserved && f_session_attr.role == RoleSession);
      end
      // An operation's slots live until it is aborted.
      if (op_busy_q && !f_due_q) begin
        assert (f_op_state == SlotKeyed && f_dst_state inside {SlotReserved, SlotKeyed});
        assert (f_op_attr.role == RoleSession && f_op_attr.session == op_session_i);
      end
      // A living slot's session is of its share, a session slot its own.
      for (int unsigned k = 0; k < NSlots; k++) begin
        if (u_slots.state_q[k] inside {SlotReserved, SlotKeyed} && !(u_cmd.f_fill && u_cmd.slot_q == SlotW'(k))) begin
          for (int unsigned c = 0; c < NCtx; c++) begin
            assert (in_share(SlotW'(k), CtxW'(c), NCtx, NSlots) == in_share(f_attrs[k].session, CtxW'(c), NCtx, NSlots));
          end
          assert (f_attrs[k].role != RoleSession || (f_attrs[k].session == SlotW'(k) && f_attrs[k].key_len != 2'd3));
        end
      end
      // An open sequence of key words.
      if (u_cmd.key_open_q) begin
        assert (f_key_state == SlotReserved && f_key_attr.role == RoleSession && f_key_attr.key_len != 2'd3);
        assert (f_key_attr.session == u_cmd.key_slot_q);
        assert (u_cmd.key_need_q == key_words(f_key_attr.key_len) && u_cmd.key_count_q <= u_cmd.key_need_q);
        assert (!(u_cmd.f_fill && u_cmd.slot_q == u_cmd.key_slot_q));
        assert (u_cmd.key_slot_q != SlotW'(f_slot) || f_word >= u_cmd.key_count_q || f_fresh_q);
      end
    end
  end
