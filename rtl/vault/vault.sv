// SPDX-License-Identifier: Apache-2.0
//
// The key vault: NSlots slots, their generations, the CPU's commands, the operations of jobs, the zeroizer.
//
//   vault_cmd      RESERVE, KEY, COMMIT, REVOKE, GENERATION from the CPU
//   vault_slots    state of every slot, context revocation, zeroizer
//   vault_ops      LOAD_KEY, NEW_READBACK_KEY, START_REFRESH, REFRESH
//   vault_keyload  keys into the AES core, their only way out
//   vault_pool     random words, tag key
//   vault_mem      the memory (layout: vault_pkg.sv)
//
// Towards the job engine: words 8 to 15 of a slot with its state (chk_*, a cycle after the request), writes of the
// IV history (hist_*), key loading, operations. These three never work at the same time.

module vault
  import coffer_pkg::*;
  import vault_pkg::*;
#(
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,

  // CPU
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
  output logic [NSlots-1:0]         free_o,
  output logic [NSlots-1:0]         zeroizing_o,
  output logic [NSlots-1:0]         keyed_o,
  input  logic                      pool_we_i,
  input  logic [31:0]               pool_word_i,
  output logic [4:0]                pool_words_o,
  input  logic                      tag_key_we_i,
  input  logic [31:0]               tag_key_word_i,
  output logic                      tag_locked_o,

  // revocation
  input  logic [NCtx-1:0]           revoke_ctx_i,
  input  logic [NCtx-1:0][EpochW-1:0] epoch_i,
  output logic                      revoke_session_o,
  output logic [SlotW-1:0]          revoke_session_idx_o,

  // job engine: look-up
  input  logic                      chk_req_i,
  input  logic [SlotW-1:0]          chk_slot_i,
  input  logic [2:0]                chk_word_i,      // word 8 + this
  output logic [31:0]               chk_data_o,
  output slot_state_e               chk_state_o,
  // job engine: history
  input  logic                      hist_req_i,
  input  logic [SlotW-1:0]          hist_slot_i,
  input  logic [2:0]                hist_word_i,
  input  logic [31:0]               hist_data_i,
  output logic                      hist_gnt_o,
  // job engine: key into the AES core
  input  logic                      key_req_i,
  input  logic [SlotW-1:0]          key_slot_i,
  input  key_len_e                  key_len_i,
  output logic                      key_done_o,
  // job engine: operations
  input  logic                      op_start_i,
  input  op_e                       op_i,
  input  logic [SlotW-1:0]          op_session_i,
  input  logic [GenW-1:0]           op_session_gen_i,
  input  key_len_e                  op_session_len_i,
  input  logic [SlotW-1:0]          op_dst_i,
  input  slot_attr_t                op_dst_attr_i,
  input  logic                      op_dst_keyed_i,
  input  key_len_e                  op_dst_len_i,
  input  ctr_rule_e                 op_dst_rule_i,
  input  logic [1:0]                op_dst_mode_i,
  output logic                      op_done_o,
  output logic                      op_wrapped_o,
  output block_t                    op_result_o,
  output logic                      op_blk_req_o,
  output logic                      op_blk_sel_o,
  input  logic                      op_blk_valid_i,
  input  block_t                    op_blk_i,
  input  logic                      abort_i,         // stops key loading and operation

  // AES core
  output logic                      aes_key_we_o,
  output logic [2:0]                aes_key_idx_o,
  output logic [31:0]               aes_key_word_o,
  output logic                      aes_key_load_o,
  output key_len_e                  aes_key_len_o,
  output logic                      aes_use_o,       // a key operation has the core
  output logic                      aes_start_o,
  output logic                      aes_decrypt_o,
  output block_t                    aes_block_o,
  input  logic                      aes_ready_i,
  input  logic                      aes_valid_i,
  input  block_t                    aes_block_i,

  output logic                      busy_o
);

  localparam int unsigned AddrW = SlotW + 4;
  localparam int unsigned IdxW = $clog2(NSlots);

  logic cmd_set, ops_set, ops_set_gnt, zero_busy, ops_load, ops_load_tag, pool_take;
  logic [SlotW-1:0] cmd_set_slot, cmd_look, job_look, ops_target;
  slot_state_e cmd_set_state, ops_set_state, cmd_look_state, job_look_state;
  logic job_keyed, ops_live;
  logic [SlotW-1:0] looked_q;
  logic [31:0] pool_word;
  logic [3:0][31:0] tag_key;
  logic op_busy_q;

  // Readers: 0 look-up, 1 key loader, 2 operations, 3 CPU, 4 zeroizer.
  logic [4:0] rd_req, rd_gnt;
  logic [4:0][AddrW-1:0] rd_addr;
  logic [31:0] rd_data;
  logic unused_gnt;
  assign unused_gnt = ^rd_gnt[2:0]; // these never wait
  // Writers: 0 key words from the CPU, 1 commands, 2 operations, 3 history, 4 zeroizer.
  logic [4:0] wr_req, wr_ok, wr_gnt;
  logic [4:0][AddrW-1:0] wr_addr;
  logic [4:0][31:0] wr_data;

  vault_mem #(.NSlots(NSlots), .NRead(5), .NWrite(5)) u_mem (
    .clk_i,
    .rd_req_i(rd_req), .rd_addr_i(rd_addr), .rd_gnt_o(rd_gnt), .rd_data_o(rd_data),
    .wr_req_i(wr_req), .wr_addr_i(wr_addr), .wr_data_i(wr_data), .wr_ok_i(wr_ok), .wr_gnt_o(wr_gnt)
  );

  vault_slots #(.NCtx(NCtx), .NSlots(NSlots)) u_slots (
    .clk_i, .rst_ni, .revoke_ctx_i,
    .cmd_set_i(cmd_set), .cmd_slot_i(cmd_set_slot), .cmd_state_i(cmd_set_state),
    .ops_set_i(ops_set), .ops_slot_i(op_dst_i), .ops_state_i(ops_set_state), .ops_gnt_o(ops_set_gnt),
    .cmd_look_i(cmd_look), .cmd_look_o(cmd_look_state), .job_look_i(job_look), .job_look_o(job_look_state),
    .job_keyed_o(job_keyed), .ops_look_i(ops_target), .ops_live_o(ops_live),
    .free_o, .zeroizing_o, .keyed_o, .busy_o(zero_busy),
    .rd_req_o(rd_req[4]), .rd_addr_o(rd_addr[4]), .rd_gnt_i(rd_gnt[4]), .rd_data_i(rd_data),
    .wr_req_o(wr_req[4]), .wr_addr_o(wr_addr[4]), .wr_data_o(wr_data[4]), .wr_gnt_i(wr_gnt[4])
  );

  vault_cmd #(.NCtx(NCtx), .NSlots(NSlots)) u_cmd (
    .clk_i, .rst_ni,
    .cmd_we_i, .cmd_i, .cmd_slot_i, .cmd_ctx_i, .cmd_epoch_i, .cmd_attr_i, .key_we_i, .key_word_i,
    .result_gen_o, .result_ok_o, .result_busy_o,
    .revoke_ctx_i, .epoch_i, .revoke_session_o, .revoke_session_idx_o,
    .look_o(cmd_look), .look_i(cmd_look_state),
    .set_o(cmd_set), .set_slot_o(cmd_set_slot), .set_state_o(cmd_set_state),
    .rd_req_o(rd_req[3]), .rd_addr_o(rd_addr[3]), .rd_gnt_i(rd_gnt[3]), .rd_data_i(rd_data),
    .wr_req_o(wr_req[1]), .wr_addr_o(wr_addr[1]), .wr_data_o(wr_data[1]), .wr_gnt_i(wr_gnt[1]),
    .key_wr_req_o(wr_req[0]), .key_wr_addr_o(wr_addr[0]), .key_wr_data_o(wr_data[0])
  );

  vault_ops u_ops (
    .clk_i, .rst_ni,
    .start_i(op_start_i), .op_i, .session_i(op_session_i), .session_gen_i(op_session_gen_i), .dst_i(op_dst_i),
    .dst_attr_i(op_dst_attr_i), .dst_keyed_i(op_dst_keyed_i), .dst_len_i(op_dst_len_i), .dst_rule_i(op_dst_rule_i),
    .dst_mode_i(op_dst_mode_i), .abort_i,
    .done_o(op_done_o), .wrapped_o(op_wrapped_o), .result_o(op_result_o),
    .blk_req_o(op_blk_req_o), .blk_sel_o(op_blk_sel_o), .blk_valid_i(op_blk_valid_i), .blk_i(op_blk_i),
    .target_o(ops_target), .live_i(ops_live),
    .set_o(ops_set), .set_state_o(ops_set_state), .set_gnt_i(ops_set_gnt),
    .pool_take_o(pool_take), .pool_word_i(pool_word),
    .rd_req_o(rd_req[2]), .rd_addr_o(rd_addr[2]), .rd_data_i(rd_data),
    .wr_req_o(wr_req[2]), .wr_ok_o(wr_ok[2]), .wr_addr_o(wr_addr[2]), .wr_data_o(wr_data[2]), .wr_gnt_i(wr_gnt[2]),
    .load_req_o(ops_load), .load_tag_o(ops_load_tag), .load_done_i(key_done_o),
    .aes_use_o, .aes_start_o, .aes_decrypt_o, .aes_block_o, .aes_ready_i, .aes_valid_i, .aes_block_i
  );

  vault_keyload u_keyload (
    .clk_i, .rst_ni, .abort_i,
    .req_i(key_req_i | ops_load), .tag_i(ops_load_tag),
    .slot_i(op_busy_q ? op_session_i : key_slot_i), .len_i(op_busy_q ? op_session_len_i : key_len_i),
    .done_o(key_done_o),
    .tag_key_i(tag_key), .rd_req_o(rd_req[1]), .rd_addr_o(rd_addr[1]), .rd_data_i(rd_data),
    .aes_key_we_o, .aes_key_idx_o, .aes_key_word_o, .aes_key_load_o, .aes_key_len_o, .aes_ready_i
  );

  vault_pool u_pool (
    .clk_i, .rst_ni,
    .push_i(pool_we_i), .push_word_i(pool_word_i), .take_i(pool_take), .word_o(pool_word), .words_o(pool_words_o),
    .tag_we_i(tag_key_we_i), .tag_word_i(tag_key_word_i), .tag_key_o(tag_key), .tag_locked_o
  );

  always_ff @(posedge clk_i) begin
    if (op_start_i) op_busy_q <= 1'b1;
    if (op_done_o || abort_i || !rst_ni) op_busy_q <= 1'b0;
  end

  // ---- job engine's look-up and history

  assign rd_req[0] = chk_req_i;
  assign rd_addr[0] = {chk_slot_i, 1'b1, chk_word_i};
  assign chk_data_o = rd_data;
  assign job_look = hist_req_i ? hist_slot_i : chk_slot_i;
  always_ff @(posedge clk_i) begin
    chk_state_o <= job_look_state;
    looked_q <= job_look;
  end

  assign wr_req[3] = hist_req_i;
  assign {wr_ok[4], wr_ok[1:0]} = '1;
  assign wr_ok[3] = job_keyed && looked_q == hist_slot_i;
  assign wr_addr[3] = {hist_slot_i, 1'b1, hist_word_i};
  assign wr_data[3] = hist_data_i;
  assign hist_gnt_o = wr_gnt[3];

  assign busy_o = zero_busy | result_busy_o | op_busy_q;

`ifdef FORMAL
`include "vault_rules.svh"
`endif

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ($onehot0(rd_req[2:0])) else $error("look-up, key loader and operation at the same time");
      assert (!hist_req_i || hist_word_i inside {[3'd2 : 3'd6]}) else $error("job engine writes beside the history");
      // Write, clear, free and use in the same cycle, in every order: what is written besides by the zeroizer
      // belongs to a slot that is reserved or keyed.
      for (int i = 0; i < 4; i++) begin
        assert (!wr_gnt[i] || u_slots.state_q[IdxW'(wr_addr[i] >> 4)] inside {SlotReserved, SlotKeyed})
          else $error("writer %0d writes to a slot that is free or being zeroized", i);
      end
      assert (!rd_req[1] || u_slots.state_q[IdxW'(rd_addr[1] >> 4)] == SlotKeyed || u_keyload.tag_q || abort_i)
        else $error("key of slot %0d used, which holds no whole key", rd_addr[1][AddrW-1:4]);
    end
  end
`endif

endmodule
