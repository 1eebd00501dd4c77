// SPDX-License-Identifier: Apache-2.0
//
// Counters and IVs of a job, decided for its whole range before the first byte is processed.
//
//   - A range under refuse64 (or under a rising policy) that would leave the counter's top is JobIvRange. It may end
//     exactly there.
//   - Rising policy: positions (IV, Count, keystream byte) of a key only rise. A start below the end of what was
//     accepted before is JobIvReuse; the end of an accepted range is written into the slot, whether the payload
//     comes or not.
//   - Read-back slots: the IV is the one kept in the slot, Count 0; the kept one moves on by one.
//
// The counter is walked in words, least significant first (word 3 of the history): eight cycles to compare, nine to
// write, each word a cycle after it was read or summed. bytes_i = bytes that go through AES; 0 touches nothing.

module job_iv
  import coffer_pkg::*;
  import vault_pkg::*;
  import job_pkg::*;
(
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             start_i,
  input  logic             stop_i,
  input  logic             readback_i,     // all held until done_o
  input  logic             rising_i,
  input  logic [1:0]       rule_i,
  input  block_t           ctr_i,
  input  logic [3:0]       ks_i,
  input  logic [31:0]      bytes_i,
  output logic             done_o,
  output job_status_e      status_o,
  output logic [63:0]      made_iv_o,      // read-back: counter block := {made_iv_o, 64'b0}

  output logic             chk_req_o,
  output logic [2:0]       chk_word_o,
  input  logic [31:0]      chk_data_i,
  output logic             hist_req_o,
  output logic [2:0]       hist_word_o,
  output logic [31:0]      hist_data_o,
  input  logic             hist_gnt_i
);

  typedef enum logic [3:0] { Idle, Look, Flags, Compare, Last, Judge, Sum, Update, UpdateFlags, Done } fsm_e;

  localparam logic [2:0] RdHist = WordHist[2:0];
  localparam logic [2:0] RdFlags = WordHistFlags[2:0];

  fsm_e fsm_q;
  logic [1:0] word_q;              // word of the history: 3 is the least significant
  logic carry_q, below_q, carry64_q, low_zero_q;
  hist_flags_t flags_q, flags;
  logic [32:0] blocks;             // what the counter moves on by
  logic [3:0] end_ks;
  logic [31:0] start_word, add_word;
  logic [32:0] sum;
  logic [31:0] sum_q, start_q, seen_q; // of the word before
  logic confined, left_top, exhausted;

  assign blocks = (33'(ks_i) + 33'(bytes_i)) >> 4;
  assign end_ks = ks_i + bytes_i[3:0];

  // Update runs over the same words again; read-back: over the kept IV (words 1 and 0) only.
  always_comb begin
    start_word = ctr_i[{~word_q, 5'b0} +: 32];
    add_word = word_q == 2'd3 ? blocks[31:0] : '0;
    if (readback_i) begin
      start_word = word_q == 2'd1 ? made_iv_o[31:0] : made_iv_o[63:32];
      add_word = 32'(word_q == 2'd1);
    end
    sum = {1'b0, start_word} + {1'b0, add_word} + 33'(carry_q);
  end

  // The top of the counter that the range may not leave.
  assign confined = rising_i || rule_i == 2'(CtrRefuse64);
  assign left_top = rule_i == 2'(CtrCarry128) ? carry_q && !(low_zero_q && end_ks == '0)
                                              : carry64_q && !(low_zero_q && end_ks == '0);
  assign exhausted = carry_q;

  assign flags = chk_data_i;
  logic unused_bits;
  assign unused_bits = ^{flags_q, blocks};

  always_comb begin
    chk_req_o = 1'b0;
    chk_word_o = RdHist;
    case (fsm_q)
      Look: begin
        chk_req_o = 1'b1;
        chk_word_o = readback_i ? RdHist : RdFlags;
      end
      Flags: begin
        chk_req_o = 1'b1;
        chk_word_o = readback_i ? RdHist + 3'd1 : RdHist + 3'd3;
      end
      Compare: begin
        chk_req_o = word_q != 2'd0 && !readback_i;
        chk_word_o = RdHist + 3'(word_q) - 3'd1;
      end
      default: ;
    endcase
  end

  assign hist_req_o = fsm_q == Update || fsm_q == UpdateFlags;
  assign hist_word_o = fsm_q == Update ? RdHist + 3'(word_q) : RdFlags;
  assign hist_data_o = fsm_q == Update ? sum_q
                                       : hist_flags_t'{valid: 1'b1, exhausted: exhausted, ks: end_ks, default: '0};
  assign done_o = fsm_q == Done;

  always_ff @(posedge clk_i) begin
    sum_q <= sum[31:0];
    start_q <= start_word;
    seen_q <= fsm_q == Compare ? chk_data_i : start_word; // the same: no verdict
    if (start_q != seen_q) below_q <= start_q < seen_q;
    unique case (fsm_q)
      Idle: if (start_i) begin
        status_o <= JobOk;
        fsm_q <= bytes_i == '0 && !readback_i ? Done : Look;
      end
      Look: fsm_q <= Flags;
      Flags: begin
        flags_q <= flags;
        below_q <= ks_i < flags.ks;
        carry_q <= 1'b0;
        low_zero_q <= 1'b1;
        word_q <= 2'd3;
        if (readback_i) made_iv_o[63:32] <= chk_data_i;
        fsm_q <= Compare;
      end
      Compare: if (readback_i) begin
        made_iv_o[31:0] <= chk_data_i;
        word_q <= 2'd1;
        fsm_q <= Sum;
      end else begin
        carry_q <= sum[32];
        if (word_q == 2'd2) carry64_q <= sum[32];
        // Beyond the low half a carry of the 64-bit rules shows only that the end lies in the next IV.
        if (word_q[1] || rule_i == 2'(CtrCarry128)) low_zero_q <= low_zero_q && sum[31:0] == '0;
        word_q <= word_q - 1'b1;
        if (word_q == 2'd0) fsm_q <= Last;
      end
      Last: fsm_q <= Judge;
      Judge: begin
        word_q <= 2'd3;
        carry_q <= 1'b0;
        fsm_q <= rising_i ? Sum : Done;
        if (rising_i && flags_q.valid && (flags_q.exhausted || below_q)) begin
          status_o <= JobIvReuse;
          fsm_q <= Done;
        end
        if (confined && left_top) begin
          status_o <= JobIvRange;
          fsm_q <= Done;
        end
      end
      Sum: fsm_q <= Update;
      Update: if (hist_gnt_i) begin
        carry_q <= sum[32];
        word_q <= word_q - 1'b1;
        fsm_q <= word_q != 2'd0 ? Sum : readback_i ? Done : UpdateFlags;
      end
      UpdateFlags: if (hist_gnt_i) fsm_q <= Done;
      default: fsm_q <= Idle; // Done
    endcase
    if (stop_i || !rst_ni) fsm_q <= Idle;
  end

endmodule
