// SPDX-License-Identifier: Apache-2.0
//
// The operations on keys that are jobs (enum coffer_op). The job engine has checked handles, roles and usage, and
// that the pool holds four words; no key bit leaves this block but into the AES core or the vault's memory.
//
//   LOAD_KEY          every wrapped block is tried for a read-back tag (any hit: nothing is written, wrapped_o), then
//                     content slot := AES^-1(session key, blocks), cut to the length of the key
//   NEW_READBACK_KEY  W := r || first 8 bytes of AES(tag key, r || 0), r = 8 random bytes
//                     read-back slot := AES^-1(session key, W); next IV := 63 random bits; W is returned
//   START_REFRESH     side register := 16 random bytes, which are returned
//   REFRESH           session key := session key XOR side register, which is cleared
//
// start_i (with all its arguments held until done_o); wrapped blocks are asked for by blk_req_o, blk_sel_o and taken
// while blk_valid_i; result_o holds until the next start. Loading the key that the slot holds already keeps its
// IV history, any other starts it anew; the comparison stays in here. A slot is Reserved while its key is written.
// abort_i (revocation, in the cycle or the one after) stops it where it is: the zeroizer owns the slots then.

module vault_ops
  import coffer_pkg::*;
  import vault_pkg::*;
(
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             start_i,
  input  op_e              op_i,
  input  logic [SlotW-1:0] session_i,
  input  logic [GenW-1:0]  session_gen_i,
  input  logic [SlotW-1:0] dst_i,
  input  slot_attr_t       dst_attr_i,     // as it is
  input  logic             dst_keyed_i,    // it holds a key
  input  key_len_e         dst_len_i,      // LOAD_KEY: as it will be
  input  ctr_rule_e        dst_rule_i,
  input  logic [1:0]       dst_mode_i,
  input  logic             abort_i,
  output logic             done_o,
  output logic             wrapped_o,
  output block_t           result_o,

  output logic             blk_req_o,
  output logic             blk_sel_o,
  input  logic             blk_valid_i,
  input  block_t           blk_i,

  // slots, pool, memory
  output logic [SlotW-1:0] target_o,       // the slot that is written
  input  logic             live_i,         // it is reserved or keyed: known a cycle after target_o has changed
  output logic             set_o,
  output slot_state_e      set_state_o,
  input  logic             set_gnt_i,
  output logic             pool_take_o,
  input  logic [31:0]      pool_word_i,
  output logic             rd_req_o,       // always granted
  output logic [SlotW+3:0] rd_addr_o,
  input  logic [31:0]      rd_data_i,
  output logic             wr_req_o,       // granted only if wr_ok_o
  output logic             wr_ok_o,
  output logic [SlotW+3:0] wr_addr_o,
  output logic [31:0]      wr_data_o,
  input  logic             wr_gnt_i,

  // key loader and AES core
  output logic             load_req_o,
  output logic             load_tag_o,
  input  logic             load_done_i,
  output logic             aes_use_o,      // the core takes aes_block_o
  output logic             aes_start_o,
  output logic             aes_decrypt_o,
  output block_t           aes_block_o,
  input  logic             aes_ready_i,
  input  logic             aes_valid_i,
  input  block_t           aes_block_i
);

  typedef enum logic [4:0] {
    Idle, Draw, TagKey, TagStart, TagWait, SessionKey, KeyStart, KeyWait, KeyRead, KeyTake, KeyXor, KeyWrite, Side,
    Attr, History, Link, Done
  } fsm_e;

  fsm_e fsm_q;
  logic first_q;                  // first cycle of a state
  logic sel_q;                    // block 0 or 1
  logic [2:0] word_q;             // word of the key
  logic [2:0] hist_q;             // word of the history: 0..4
  logic draw_q;
  logic same_q, wrapped_q;
  block_t w_q;                    // START_REFRESH: the random; NEW_READBACK_KEY: W
  logic [31:0] keep_q;
  logic loading, fresh_key, two_blocks, last_word, beyond;
  logic [SlotW-1:0] target;
  slot_attr_t attr;
  logic [31:0] plain, key_word;

  assign loading = op_i == OpLoadKey;
  assign fresh_key = op_i == OpLoadKey || op_i == OpNewReadbackKey;
  assign two_blocks = loading && dst_len_i != KeyLen128;
  assign target = fresh_key ? dst_i : session_i;
  assign target_o = target;

  assign result_o = w_q;
  assign wrapped_o = wrapped_q;
  assign done_o = fsm_q == Done && (set_gnt_i || !set_o);

  always_comb begin
    attr = dst_attr_i;
    if (loading) begin
      attr.key_len = dst_len_i;
      attr.mode = dst_mode_i;
      attr.rules = dst_rule_i == CtrRefuse64 ? 3'b100 : 3'b011;
      attr.enc_rising = dst_rule_i == CtrRefuse64;
      attr.dec_rising = dst_rule_i == CtrRefuse64;
    end
  end

  // ---- AES: tags forwards, wrapped blocks backwards

  assign load_req_o = (fsm_q == TagKey || fsm_q == SessionKey) && first_q && !wrapped_q;
  assign load_tag_o = fsm_q == TagKey;
  assign blk_req_o = loading && (fsm_q == TagStart || fsm_q == KeyStart);
  assign blk_sel_o = sel_q;
  // From the session key's loading on; the core wants the direction a cycle ahead.
  always_ff @(posedge clk_i) aes_decrypt_o <= fsm_q inside {SessionKey, KeyStart, KeyWait, KeyRead, KeyTake, KeyWrite};
  // Whoever aborts clears the core: a block that starts in that cycle is gone.
  assign aes_start_o = (fsm_q == TagStart || fsm_q == KeyStart) && (!loading || blk_valid_i);
  assign aes_use_o = fsm_q != Idle;

  always_comb begin
    aes_block_o = loading ? blk_i : w_q;
    if (fsm_q == TagStart) aes_block_o = {64'b0, loading ? blk_i[63:0] : w_q[127:64]};
  end

  // ---- what goes into the slot

  assign wr_ok_o = live_i && !abort_i;
  assign beyond = {1'b0, word_q} >= key_words(fresh_key ? attr.key_len : KeyLen128);
  assign last_word = fresh_key ? &word_q : word_q == 3'd3;
  assign plain = aes_block_i[32*word_q[1:0] +: 32];

  always_comb begin
    unique case (op_i)
      OpStartRefresh: key_word = pool_word_i;
      OpRefresh:      key_word = keep_q;
      default:        key_word = beyond ? '0 : plain;
    endcase
  end

  always_comb begin
    rd_req_o = fsm_q == KeyRead || fsm_q == KeyTake;
    rd_addr_o = {target, fsm_q == KeyRead ? {1'b0, word_q} : WordSide | {1'b0, word_q}};

    wr_req_o = 1'b1;
    wr_addr_o = {target, 1'b0, word_q};
    wr_data_o = key_word;
    unique case (fsm_q)
      KeyWrite: if (op_i == OpStartRefresh) wr_addr_o = {target, WordSide | {1'b0, word_q}};
      Side: begin
        wr_addr_o = {target, WordSide | {1'b0, word_q}};
        wr_data_o = '0;
      end
      Attr: begin
        wr_addr_o = {target, WordAttr};
        wr_data_o = attr;
      end
      History: begin
        wr_addr_o = {target, WordHist + {1'b0, hist_q}};
        wr_data_o = '0;
        if (op_i == OpNewReadbackKey) begin
          if (hist_q == 3'd0) wr_data_o = {1'b0, pool_word_i[30:0]};
          if (hist_q == 3'd1) wr_data_o = pool_word_i;
          if (hist_q == 3'd4) wr_data_o = hist_flags_t'{valid: 1'b1, default: '0};
        end
      end
      Link: begin
        wr_addr_o = {target, WordLink};
        wr_data_o = link_t'{started: op_i == OpStartRefresh, gen: session_gen_i, default: '0};
      end
      default: wr_req_o = 1'b0;
    endcase
  end

  assign pool_take_o = (fsm_q == Draw) ||
      (wr_gnt_i && fsm_q == KeyWrite && op_i == OpStartRefresh) ||
      (wr_gnt_i && fsm_q == History && op_i == OpNewReadbackKey && hist_q < 3'd2);

  assign set_o = live_i && !abort_i && fresh_key && ((fsm_q == KeyRead && word_q == '0) || fsm_q == Done) && !wrapped_q;
  assign set_state_o = fsm_q == Done ? SlotKeyed : SlotReserved;

  always_ff @(posedge clk_i) begin
    first_q <= 1'b0;
    unique case (fsm_q)
      Idle: if (start_i) begin
        sel_q <= 1'b0;
        word_q <= '0;
        hist_q <= '0;
        draw_q <= 1'b0;
        wrapped_q <= 1'b0;
        same_q <= dst_keyed_i && dst_attr_i.key_len == dst_len_i && op_i == OpLoadKey;
        first_q <= 1'b1;
        unique case (op_i)
          OpLoadKey: fsm_q <= TagKey;
          OpNewReadbackKey: fsm_q <= Draw;
          OpRefresh: fsm_q <= KeyRead;
          default: fsm_q <= KeyWrite;
        endcase
      end
      Draw: begin // r
        w_q <= {pool_word_i, w_q[127:32]};
        draw_q <= 1'b1;
        if (draw_q) begin
          fsm_q <= TagKey;
          first_q <= 1'b1;
        end
      end
      TagKey: if (load_done_i) fsm_q <= TagStart;
      TagStart: if (aes_start_o && aes_ready_i) fsm_q <= TagWait;
      TagWait: if (aes_valid_i) begin
        first_q <= 1'b1;
        fsm_q <= SessionKey;
        sel_q <= 1'b0;
        if (loading) begin
          if (aes_block_i[63:0] == blk_i[127:64]) wrapped_q <= 1'b1;
          if (two_blocks && !sel_q) begin
            sel_q <= 1'b1;
            fsm_q <= TagStart;
          end
        end else begin
          w_q <= {aes_block_i[63:0], w_q[127:64]};
        end
      end
      SessionKey: if (wrapped_q) fsm_q <= Done;
                  else if (load_done_i) fsm_q <= KeyStart;
      KeyStart: if (aes_start_o && aes_ready_i) fsm_q <= KeyWait;
      KeyWait: if (aes_valid_i) fsm_q <= KeyRead;
      KeyRead: if (set_gnt_i || !set_o) fsm_q <= KeyTake;
      KeyTake: begin
        keep_q <= rd_data_i;
        if (rd_data_i != key_word) same_q <= 1'b0;
        fsm_q <= op_i == OpRefresh ? KeyXor : KeyWrite;
      end
      KeyXor: begin
        keep_q <= keep_q ^ rd_data_i;
        fsm_q <= KeyWrite;
      end
      KeyWrite: if (wr_gnt_i) begin
        if (op_i == OpStartRefresh) w_q <= {pool_word_i, w_q[127:32]};
        if (op_i == OpRefresh) fsm_q <= Side;
        else begin
          word_q <= word_q + 1'b1;
          if (fresh_key) fsm_q <= KeyRead;
          if (two_blocks && word_q == 3'd3) begin
            sel_q <= 1'b1;
            fsm_q <= KeyStart;
          end
          if (last_word) fsm_q <= fresh_key ? Attr : Link;
        end
      end
      Side: if (wr_gnt_i) begin
        word_q <= word_q + 1'b1;
        fsm_q <= last_word ? History : KeyRead;
      end
      Attr: if (wr_gnt_i) fsm_q <= same_q ? Done : History;
      History: if (wr_gnt_i) begin
        hist_q <= hist_q + 1'b1;
        if (hist_q == 3'd4) fsm_q <= fresh_key ? Done : Link;
      end
      Link: if (wr_gnt_i) fsm_q <= Done;
      default: begin // Done
        if (op_i == OpLoadKey || op_i == OpRefresh) w_q <= '0; // they have no result
        if (done_o) fsm_q <= Idle;
      end
    endcase
    if (abort_i || !rst_ni) fsm_q <= Idle;
    if (fsm_q == Idle) keep_q <= '0; // a word of a key
  end

`ifdef FORMAL
  logic f_busy, f_known, f_refresh, f_attr, f_written; // for vault.sv
  assign f_known = fsm_q <= Done;
  assign f_refresh = fsm_q inside {KeyXor, Side};
  assign f_attr = fsm_q == Attr;
  assign f_written = fsm_q inside {Attr, History, Link, Done};
  assign f_busy = fsm_q != Idle;
`endif

endmodule
