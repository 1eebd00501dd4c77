// SPDX-License-Identifier: Apache-2.0
//
// The data plane: job engine, key vault, and the one AES core that both work with (never at the same time).
//
//                 +--------------- key words, key operations ----+
//   bulk pipes    |                                              v
//   <-------> job_engine <-- attributes, generations --> vault <----> CPU
//   surfaces      |                                              |
//   <------->     +------> aes_core <----------------------------+
//
// A key leaves the vault through the aes_core's key port and no other way. u_vault.u_mem.mem is the keys' memory.

module crypto
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [63:0]               cycle_i,

  // CPU: SLOT_*, VAULT_*
  input  logic                      vault_cmd_we_i,
  input  logic [3:0]                vault_cmd_i,
  input  logic [SlotW-1:0]          vault_cmd_slot_i,
  input  logic [CtxW-1:0]           vault_cmd_ctx_i,
  input  logic [EpochW-1:0]         vault_cmd_epoch_i,
  input  slot_attr_t                vault_cmd_attr_i,
  input  logic                      vault_key_we_i,
  input  logic [31:0]               vault_key_word_i,
  output logic [GenW-1:0]           vault_result_gen_o,
  output logic                      vault_result_ok_o,
  output logic                      vault_result_busy_o,
  output logic [NSlots-1:0]         vault_free_o,
  output logic [NSlots-1:0]         vault_zeroizing_o,
  output logic [NSlots-1:0]         vault_keyed_o,
  input  logic                      vault_pool_we_i,
  input  logic [31:0]               vault_pool_word_i,
  output logic [4:0]                vault_pool_words_o,
  input  logic                      vault_tag_key_we_i,
  input  logic [31:0]               vault_tag_key_word_i,
  output logic                      vault_tag_locked_o,

  // revocation
  input  logic [NCtx-1:0]           revoke_ctx_i,
  input  logic [NCtx-1:0]           alt_i,
  input  logic [NCtx-1:0][EpochW-1:0] epoch_i,
  output logic                      revoke_session_o,
  output logic [SlotW-1:0]          revoke_session_idx_o,

  // bulk pipes (usb_device)
  input  logic [NCtx-1:0]           out_avail_i,
  input  logic [NCtx-1:0][9:0]      out_len_i,
  output logic [CtxW-1:0]           out_ctx_o,
  output logic [8:0]                out_addr_o,
  output logic                      out_en_o,
  input  logic [7:0]                out_data_i,
  output logic [NCtx-1:0]           out_pop_o,
  input  logic [NCtx-1:0][3:0]      in_free_i,
  output logic [CtxW-1:0]           in_ctx_o,
  output logic                      in_we_o,
  output logic [8:0]                in_addr_o,
  output logic [7:0]                in_data_o,
  output logic [NCtx-1:0]           in_push_o,
  output logic [9:0]                in_len_o,

  // surfaces
  output logic [SurfW-1:0]          rec_idx_o,
  input  surface_rec_t              rec_i,
  output logic                      surf_rd_en_o,
  output logic [15:0]               surf_rd_addr_o,
  input  logic [7:0]                surf_rd_data_i,
  output logic                      surf_wr_en_o,
  output logic [15:0]               surf_wr_addr_o,
  output logic [7:0]                surf_wr_data_o,

  output logic                      busy_o
);

  logic engine_busy, vault_busy;

  logic chk_req, hist_req, hist_gnt, key_req, key_done;
  logic [SlotW-1:0] chk_slot, hist_slot, key_slot;
  logic [2:0] chk_word, hist_word;
  logic [31:0] chk_data, hist_data;
  slot_state_e chk_state;
  key_len_e key_len;

  logic op_start, op_done, op_wrapped, op_blk_req, op_blk_sel, op_blk_valid, op_dst_keyed, vault_abort;
  op_e op;
  logic [SlotW-1:0] op_session, op_dst;
  logic [GenW-1:0] op_session_gen;
  key_len_e op_session_len, op_dst_len;
  slot_attr_t op_dst_attr;
  ctr_rule_e op_dst_rule;
  logic [1:0] op_dst_mode;
  block_t op_result, op_blk;

  logic aes_clear, aes_key_we, aes_key_load, aes_ready, aes_idle, aes_valid;
  logic [2:0] aes_key_idx;
  logic [31:0] aes_key_word;
  key_len_e aes_key_len;
  block_t aes_result;
  logic job_aes_start, job_aes_decrypt, ops_aes_use, ops_aes_start, ops_aes_decrypt;
  block_t job_aes_block, ops_aes_block;

  // The board's reset net is a long one.
  logic rst_q;
  always_ff @(posedge clk_i) rst_q <= rst_ni;

  job_engine #(.NCtx(NCtx), .NSlots(NSlots)) u_engine (
    .clk_i, .rst_ni(rst_q), .cycle_i, .revoke_ctx_i, .alt_i,
    .revoke_session_i(revoke_session_o), .revoke_session_idx_i(revoke_session_idx_o),
    .out_avail_i, .out_len_i, .out_ctx_o, .out_addr_o, .out_en_o, .out_data_i, .out_pop_o,
    .in_free_i, .in_ctx_o, .in_we_o, .in_addr_o, .in_data_o, .in_push_o, .in_len_o,
    .rec_idx_o, .rec_i, .surf_rd_en_o, .surf_rd_addr_o, .surf_rd_data_i,
    .surf_wr_en_o, .surf_wr_addr_o, .surf_wr_data_o,
    .pool_words_i(vault_pool_words_o), .tag_locked_i(vault_tag_locked_o),
    .chk_req_o(chk_req), .chk_slot_o(chk_slot), .chk_word_o(chk_word), .chk_data_i(chk_data), .chk_state_i(chk_state),
    .hist_req_o(hist_req), .hist_slot_o(hist_slot), .hist_word_o(hist_word), .hist_data_o(hist_data),
    .hist_gnt_i(hist_gnt),
    .key_req_o(key_req), .key_slot_o(key_slot), .key_len_o(key_len), .key_done_i(key_done),
    .op_start_o(op_start), .op_o(op), .op_session_o(op_session), .op_session_gen_o(op_session_gen),
    .op_session_len_o(op_session_len), .op_dst_o(op_dst), .op_dst_attr_o(op_dst_attr), .op_dst_keyed_o(op_dst_keyed),
    .op_dst_len_o(op_dst_len),
    .op_dst_rule_o(op_dst_rule), .op_dst_mode_o(op_dst_mode), .op_done_i(op_done), .op_wrapped_i(op_wrapped), .op_result_i(op_result),
    .op_blk_req_i(op_blk_req), .op_blk_sel_i(op_blk_sel), .op_blk_valid_o(op_blk_valid), .op_blk_o(op_blk),
    .vault_abort_o(vault_abort),
    .aes_clear_o(aes_clear), .aes_start_o(job_aes_start), .aes_decrypt_o(job_aes_decrypt),
    .aes_block_o(job_aes_block), .aes_ready_i(aes_ready), .aes_idle_i(aes_idle), .aes_valid_i(aes_valid), .aes_block_i(aes_result),
    .busy_o(engine_busy)
  );

  vault #(.NCtx(NCtx), .NSlots(NSlots)) u_vault (
    .clk_i, .rst_ni(rst_q),
    .cmd_we_i(vault_cmd_we_i), .cmd_i(vault_cmd_i), .cmd_slot_i(vault_cmd_slot_i), .cmd_ctx_i(vault_cmd_ctx_i),
    .cmd_epoch_i(vault_cmd_epoch_i), .cmd_attr_i(vault_cmd_attr_i),
    .key_we_i(vault_key_we_i), .key_word_i(vault_key_word_i),
    .result_gen_o(vault_result_gen_o), .result_ok_o(vault_result_ok_o), .result_busy_o(vault_result_busy_o),
    .free_o(vault_free_o), .zeroizing_o(vault_zeroizing_o), .keyed_o(vault_keyed_o),
    .pool_we_i(vault_pool_we_i), .pool_word_i(vault_pool_word_i), .pool_words_o(vault_pool_words_o),
    .tag_key_we_i(vault_tag_key_we_i), .tag_key_word_i(vault_tag_key_word_i), .tag_locked_o(vault_tag_locked_o),
    .revoke_ctx_i, .epoch_i, .revoke_session_o, .revoke_session_idx_o,
    .chk_req_i(chk_req), .chk_slot_i(chk_slot), .chk_word_i(chk_word), .chk_data_o(chk_data), .chk_state_o(chk_state),
    .hist_req_i(hist_req), .hist_slot_i(hist_slot), .hist_word_i(hist_word), .hist_data_i(hist_data),
    .hist_gnt_o(hist_gnt),
    .key_req_i(key_req), .key_slot_i(key_slot), .key_len_i(key_len), .key_done_o(key_done),
    .op_start_i(op_start), .op_i(op), .op_session_i(op_session), .op_session_gen_i(op_session_gen),
    .op_session_len_i(op_session_len), .op_dst_i(op_dst), .op_dst_attr_i(op_dst_attr), .op_dst_keyed_i(op_dst_keyed),
    .op_dst_len_i(op_dst_len),
    .op_dst_rule_i(op_dst_rule), .op_dst_mode_i(op_dst_mode), .op_done_o(op_done), .op_wrapped_o(op_wrapped), .op_result_o(op_result),
    .op_blk_req_o(op_blk_req), .op_blk_sel_o(op_blk_sel), .op_blk_valid_i(op_blk_valid), .op_blk_i(op_blk),
    .abort_i(vault_abort),
    .aes_key_we_o(aes_key_we), .aes_key_idx_o(aes_key_idx), .aes_key_word_o(aes_key_word),
    .aes_key_load_o(aes_key_load), .aes_key_len_o(aes_key_len),
    .aes_use_o(ops_aes_use), .aes_start_o(ops_aes_start), .aes_decrypt_o(ops_aes_decrypt), .aes_block_o(ops_aes_block),
    .aes_ready_i(aes_ready), .aes_valid_i(aes_valid), .aes_block_i(aes_result),
    .busy_o(vault_busy)
  );

  aes_core u_aes (
    .clk_i, .rst_ni(rst_q), .clear_i(aes_clear),
    .key_we_i(aes_key_we), .key_idx_i(aes_key_idx), .key_word_i(aes_key_word),
    .key_load_i(aes_key_load), .key_len_i(aes_key_len),
    .start_i(job_aes_start | ops_aes_start), .decrypt_i(job_aes_decrypt | ops_aes_decrypt),
    .block_i(ops_aes_use ? ops_aes_block : job_aes_block),
    .ready_o(aes_ready), .idle_o(aes_idle), .valid_o(aes_valid), .block_o(aes_result)
  );

  assign busy_o = engine_busy | vault_busy;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_q) assert (!(job_aes_start && ops_aes_use)) else $error("job and key operation use the core at once");
  end
`endif

endmodule
