// SPDX-License-Identifier: Apache-2.0
//
// The modes around the AES core, a byte a cycle in and out, in order:
//
//   CTR   out = in ^ keystream, in the same cycle; the next block of keystream is made while one is used up.
//         (SP 800-38A 6.5; how the counter moves on is the job's rule.) Both directions encrypt.
//   ECB   16 bytes are gathered, go through the core, and leave while the next ones are gathered.
//         (SP 800-38A 6.1.) A clear byte waits until every block before it is out.
//   none  everything is clear
//
// The position (counter block as a number; next keystream byte; bytes of an unfinished ECB block) lives here while a
// context is served: load_i and set_i put it in, ctr_o to fill_o show it, right once idle_o. left_i = bytes that this run
// will still offer, the one offered now included: no keystream is made beyond them. The key must be loaded.

module job_cipher
  import coffer_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       clear_i,      // wipes what a key has made; the core is cleared at the same time
  input  logic       wipe_i,       // wipes the position too
  input  logic       stop_i,       // ends the run

  input  logic       start_i,
  input  logic [1:0] mode_i,       // held
  input  logic       encrypt_i,
  input  logic [1:0] rule_i,
  input  logic       load_i,       // part_i, fill_i; the run before is over
  input  logic       set_i,        // ctr_i, ks_i
  input  block_t     ctr_i,
  input  logic [3:0] ks_i,
  input  block_t     part_i,
  input  logic [3:0] fill_i,
  output block_t     ctr_o,
  output logic [3:0] ks_o,
  output block_t     part_o,
  output logic [3:0] fill_o,
  output logic       idle_o,       // every byte taken is out, but for an unfinished block
  output logic       quiet_o,      // the core runs nothing of ours

  input  logic [9:0] left_i,
  input  logic       valid_i,
  input  logic       secret_i,     // through AES, else clear
  input  logic [7:0] byte_i,
  output logic       ready_o,
  output logic       valid_o,
  output logic [7:0] byte_o,

  output logic       aes_start_o,
  output logic       aes_decrypt_o,
  output block_t     aes_block_o,
  input  logic       aes_ready_i,
  input  logic       aes_valid_i,
  input  block_t     aes_block_i
);

  logic active_q;                 // between start and the end of the run
  logic ctr_mode, ecb_mode;
  logic run_q, stale_q, have_q;   // core: runs a block; one of an earlier run; its result waits in block_o
  logic have, take, want, ctr_step;
  block_t gen_q;                  // counter of the next block to make
  block_t out_q;                  // keystream; ECB: block on its way out
  logic out_live_q;
  logic [3:0] at_q;               // next byte of out_q
  logic full_q;                   // part_o is whole
  logic accept;

  assign ctr_mode = mode_i == 2'(ModeCtr);
  assign ecb_mode = mode_i == 2'(ModeEcb);

  // ---- the core

  assign have = have_q || (aes_valid_i && !stale_q && run_q);
  assign take = have && (!out_live_q || (at_q == 4'd15 && (ctr_mode ? ctr_step : 1'b1)));

  always_comb begin
    if (ctr_mode) want = active_q && left_i > (out_live_q ? 10'd16 - 10'(at_q) : 10'd0);
    else          want = full_q;
  end
  assign aes_start_o = want && !run_q && !have_q && !clear_i;
  assign aes_decrypt_o = ecb_mode && !encrypt_i;
  assign aes_block_o = ctr_mode ? job_pkg::reverse(gen_q) : part_o;

  always_ff @(posedge clk_i) begin
    if (aes_valid_i) begin
      run_q <= 1'b0;
      stale_q <= 1'b0;
      have_q <= !stale_q && run_q && !take;
    end else if (take) begin
      have_q <= 1'b0;
    end
    if (aes_start_o && aes_ready_i) begin
      run_q <= 1'b1;
      gen_q <= job_pkg::next_counter(gen_q, rule_i);
    end
    if (load_i) begin
      have_q <= 1'b0;
      stale_q <= run_q && !aes_valid_i;
    end
    if (start_i) gen_q <= ctr_o;
    if (clear_i || !rst_ni) begin
      run_q <= 1'b0;
      stale_q <= 1'b0;
      have_q <= 1'b0;
      gen_q <= '0;
    end
  end

  // ---- block in use: keystream or result

  assign ctr_step = accept && secret_i && ctr_mode;

  always_ff @(posedge clk_i) begin
    if (ctr_step || (ecb_mode && out_live_q)) begin
      at_q <= at_q + 1'b1;
      if (at_q == 4'd15) out_live_q <= 1'b0;
    end
    if (ctr_step && at_q == 4'd15) ctr_o <= job_pkg::next_counter(ctr_o, rule_i);
    if (take) begin
      out_q <= aes_block_i;
      out_live_q <= 1'b1;
    end
    if (set_i) begin
      ctr_o <= ctr_i;
      at_q <= ks_i;
    end
    if (load_i) out_live_q <= 1'b0;
    if (start_i) active_q <= 1'b1;
    if (load_i || stop_i || !rst_ni) active_q <= 1'b0;
    if (clear_i || !rst_ni) begin
      out_live_q <= 1'b0;
      out_q <= '0;
    end
    if (wipe_i || !rst_ni) begin
      ctr_o <= '0;
      at_q <= '0;
    end
  end
  assign ks_o = at_q;

  // ---- ECB: block being gathered

  always_ff @(posedge clk_i) begin
    if (aes_start_o && aes_ready_i) full_q <= 1'b0;
    if (accept && secret_i && ecb_mode) begin
      part_o[8*fill_o +: 8] <= byte_i;
      fill_o <= fill_o + 1'b1;
      if (fill_o == 4'd15) full_q <= 1'b1;
    end
    if (load_i) begin
      part_o <= part_i;
      fill_o <= fill_i;
    end
    if (load_i || clear_i) full_q <= 1'b0;
    if (wipe_i || !rst_ni) begin
      part_o <= '0;
      fill_o <= '0;
      full_q <= 1'b0;
    end
  end

  // ---- bytes

  always_comb begin
    ready_o = active_q && !clear_i;
    if (ctr_mode && secret_i && !out_live_q) ready_o = 1'b0;
    if (ecb_mode && secret_i && full_q && !(aes_start_o && aes_ready_i)) ready_o = 1'b0;
    if (ecb_mode && !secret_i && !(idle_o && fill_o == '0)) ready_o = 1'b0;
  end
  assign accept = valid_i && ready_o;

  always_comb begin
    valid_o = accept;
    byte_o = byte_i;
    if (secret_i && ctr_mode) byte_o = byte_i ^ out_q[8*at_q +: 8];
    if (ecb_mode && (secret_i || out_live_q)) begin
      valid_o = out_live_q && !clear_i;
      byte_o = out_q[8*at_q +: 8];
    end
  end

  assign idle_o = ctr_mode || !(full_q || run_q || have_q || out_live_q);
  assign quiet_o = !run_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(accept && secret_i && !ctr_mode && !ecb_mode)) else $error("byte to encrypt without a mode");
      assert (!(accept && secret_i && ctr_mode) || out_live_q) else $error("keystream used before it is there");
    end
  end
`endif

endmodule
