// SPDX-License-Identifier: Apache-2.0
//
// The modes around the AES core, a byte a cycle in and out, in order:
//
//   CTR   out = in ^ keystream, in the same cycle; the next block of keystream is made while one is used up.
//         (SP 800-38A 6.5; how the counter moves on is the job's rule.) Both directions encrypt.
//   ECB   16 bytes are gathered, go through the core, and leave while the next ones are gathered.
//         (SP 800-38A 6.1.) A clear byte waits until every block before it is out.
//   CBC   decrypt: as ECB, and what leaves is XORed with the ciphertext block before. Encrypt: a byte is XORed with the
//         ciphertext block before when it is gathered, so it waits until that byte has left. (SP 800-38A 6.2.)
//   none  everything is clear
//
// The position (counter block as a number; next keystream byte; block modes: where job_chain goes on, and how many
// bytes of an unfinished block it holds) lives here while a context is served: load_i and set_i put it in, ctr_o to
// fill_o show it, right before start_i and, with idle_o, after settle_i. left_i = bytes that this run will still offer,
// the one offered now included: no keystream is made beyond them. A block of CBC encryption lies in one range. The key
// must be loaded.

module job_cipher
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       clear_i,      // wipes what a key has made; the core is cleared at the same time
  input  logic       wipe_i,       // wipes the position too
  input  logic       stop_i,       // ends the run
  input  logic       settle_i,     // the run is over: one cycle, in which nothing is offered

  input  logic       start_i,
  input  logic [1:0] mode_i,       // held
  input  logic       encrypt_i,
  input  logic [1:0] rule_i,
  input  logic       load_i,       // blk_i, head_i, fill_i; the run before is over
  input  logic       set_i,        // ctr_i, ks_i
  input  block_t     ctr_i,
  input  logic [3:0] ks_i,
  input  logic [1:0] blk_i,
  input  logic       head_i,
  input  logic [3:0] fill_i,
  input  logic       restart_i,    // CBC: the next block is chained to the IV; only while idle_o
  output block_t     ctr_o,
  output logic [3:0] ks_o,
  output logic [1:0] blk_o,
  output logic       head_o,
  output logic [3:0] fill_o,
  output logic       idle_o,       // every byte taken is out, but for an unfinished block
  output logic       quiet_o,      // the core runs nothing of ours

  // job_chain, from the engine: the header's IV, zero; the last block, for the completion
  input  logic [CtxW-1:0] ctx_i,
  input  logic       chain_we_i,
  input  logic [5:0] chain_at_i,
  input  logic [7:0] chain_byte_i,
  input  logic       answer_i,     // chain_o is the byte behind chain_at_i
  input  logic       answer_iv_i,  // the IV instead
  output logic [7:0] chain_o,

  input  logic [9:0] left_i,
  input  logic       valid_i,
  input  logic       secret_i,     // through AES, else clear
  input  logic [7:0] byte_i,
  output logic       ready_o,
  output logic       valid_o,
  output logic [7:0] byte_o,

  output logic       aes_start_o,
  output block_t     aes_block_o,
  input  logic       aes_ready_i,
  input  logic       aes_idle_i,
  input  logic       aes_valid_i,
  input  block_t     aes_block_i
);

  logic active_q;                 // between start and the end of the run
  logic ctr_mode, blk_mode, cbc_decrypt, cbc_encrypt;
  logic run_q, stale_q, have_q;   // core: runs a block; one of an earlier run; its result waits in block_o
  logic have, take, want, rest, ctr_step;
  block_t out_q;                  // keystream; ECB: block on its way out
  logic out_live_q;
  logic [3:0] at_q;               // next byte of out_q
  block_t part_q;                 // block being gathered, its last byte on top
  logic [3:0] replayed_q;         // bytes of it that are in part_q
  logic full_q;                   // part_q is whole
  logic [1:0] out_blk_q;          // ECB, CBC: block that leaves, or left last
  logic out_head_q;               // it is chained to the IV
  logic replay, tail, room;
  logic accept;

  assign ctr_mode = mode_i == 2'(ModeCtr);
  assign blk_mode = mode_i == 2'(ModeEcb) || mode_i == 2'(ModeCbc);
  assign cbc_decrypt = mode_i == 2'(ModeCbc) && !encrypt_i;
  assign cbc_encrypt = mode_i == 2'(ModeCbc) && encrypt_i;

  // ---- the core

  assign have = have_q || (aes_valid_i && !stale_q && run_q);
  assign take = have && (!out_live_q || (at_q == 4'd15 && (ctr_mode ? ctr_step : 1'b1)));

  // Whether the run goes on beyond the block in use, as left_i and at_q will be. A step leaves left_i + at_q as it is.
  logic beyond_q;
  always_ff @(posedge clk_i) begin
    beyond_q <= left_i[9:5] != '0 || left_i[4:0] > 5'd16 - 5'(at_q);
    if (accept && !ctr_step) beyond_q <= left_i[9:5] != '0 || left_i[4:0] > 5'd17 - 5'(at_q);
    if (ctr_step && at_q == 4'd15) beyond_q <= left_i > 10'd17;
  end

  always_comb begin
    if (ctr_mode) want = active_q && (out_live_q ? beyond_q : left_i != '0);
    else          want = full_q;
  end
  assign rest = !run_q && !have_q;
  assign aes_start_o = want && rest; // the core minds a clear itself
  assign aes_block_o = ctr_mode ? job_pkg::reverse(ctr_o) : part_q;

  // While a run lasts ctr_o is the counter of the next block to make. One adder takes it on by a block, and in the end
  // back by those that were begun and not used up. What it does to the upper half is seen from the lower one, not
  // from its carry.
  logic [63:0] low, high;
  logic wraps;
  logic [1:0] ahead;
  assign ahead = 2'(out_live_q) + 2'((run_q && !stale_q) || have_q);
  assign low = ctr_o[63:0] + (settle_i ? -64'(ahead) : 64'd1);
  assign wraps = rule_i == 2'(CtrCarry128) && (settle_i ? ctr_o[63:2] == '0 && ctr_o[1:0] < ahead : &ctr_o[63:0]);
  assign high = ctr_o[127:64] + {{63{wraps && settle_i}}, wraps};

  always_ff @(posedge clk_i) begin
    if (aes_valid_i) begin
      run_q <= 1'b0;
      stale_q <= 1'b0;
      have_q <= !stale_q && run_q && !take;
    end else if (take) begin
      have_q <= 1'b0;
    end
    if (aes_start_o && aes_ready_i) run_q <= 1'b1;
    if (ctr_mode && (settle_i || (aes_start_o && aes_ready_i))) ctr_o <= {high, low};
    if (set_i) ctr_o <= ctr_i;
    if (wipe_i || !rst_ni) ctr_o <= '0;
    if (load_i) begin
      have_q <= 1'b0;
      stale_q <= run_q && !aes_valid_i;
    end
    if (clear_i || !rst_ni) begin
      run_q <= 1'b0;
      stale_q <= 1'b0;
      have_q <= 1'b0;
    end
  end

  // ---- block in use: keystream or result

  assign ctr_step = accept && secret_i && ctr_mode;

  always_ff @(posedge clk_i) begin
    if (ctr_step || (blk_mode && out_live_q)) begin
      at_q <= at_q + 1'b1;
      if (at_q == 4'd15) out_live_q <= 1'b0;
    end
    if (take) begin
      out_q <= aes_block_i;
      out_live_q <= 1'b1;
    end
    if (set_i) at_q <= ks_i;
    if (load_i) out_live_q <= 1'b0;
    if (start_i) active_q <= 1'b1;
    if (load_i || stop_i || !rst_ni) active_q <= 1'b0;
    if (clear_i || !rst_ni) begin
      out_live_q <= 1'b0;
      out_q <= '0;
    end
    if (wipe_i || !rst_ni) at_q <= '0;
  end
  assign ks_o = at_q;

  // ---- ECB, CBC: block being gathered

  function automatic logic [1:0] next_blk(logic [1:0] b);
    return b == 2'd2 ? 2'd0 : b + 2'd1;
  endfunction
  function automatic logic [1:0] last_blk(logic [1:0] b);
    return b == 2'd0 ? 2'd2 : b - 2'd1;
  endfunction

  logic [7:0] gather_byte;
  logic gather;

  assign replay = blk_mode && replayed_q != fill_o;
  assign gather = accept && secret_i && blk_mode;
  assign gather_byte = byte_i ^ (cbc_encrypt ? chain_o : 8'd0);
  // A block that this run does not end has to be kept, and job_chain is written once a cycle.
  assign tail = left_i[9:4] == '0 && !(5'(left_i[3:0]) + 5'(fill_o) > 5'd15);
  always_comb begin
    room = !full_q || (rest && aes_idle_i);
    if (cbc_encrypt) room = !(full_q || run_q || have_q) && (!out_live_q || (at_q > fill_o && !tail));
    if (replay) room = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (rest && aes_ready_i) full_q <= 1'b0;
    if (gather || (replay && active_q)) begin
      part_q <= {gather ? gather_byte : chain_o, part_q[127:8]};
      replayed_q <= replayed_q + 1'b1;
    end
    if (gather) begin
      fill_o <= fill_o + 1'b1;
      if (fill_o == 4'd15) begin
        full_q <= 1'b1;
        blk_o <= next_blk(blk_o);
      end
    end
    if (take) begin
      out_blk_q <= next_blk(out_blk_q);
      out_head_q <= head_o;
      if (blk_mode) head_o <= 1'b0;
    end
    if (restart_i) head_o <= 1'b1;
    if (load_i) begin
      blk_o <= blk_i;
      head_o <= head_i;
      fill_o <= fill_i;
      out_blk_q <= last_blk(blk_i);
      replayed_q <= '0;
    end
    if (load_i || clear_i) full_q <= 1'b0;
    if (wipe_i || !rst_ni) begin
      part_q <= '0;
      blk_o <= '0;
      head_o <= 1'b0;
      fill_o <= '0;
      replayed_q <= '0;
      full_q <= 1'b0;
    end
  end

  logic chain_we, keep_out, kept_q;
  logic [5:0] chain_at;
  logic [7:0] chain_byte;
  logic [1:0] chain_block;
  logic [3:0] chain_rd;

  always_comb begin
    keep_out = cbc_encrypt && out_live_q && !load_i; // in that cycle it is the keystream of the context before
    chain_we = chain_we_i || gather || keep_out;
    chain_at = keep_out ? {out_blk_q, at_q} : {blk_o, fill_o};
    chain_byte = keep_out ? byte_o : gather_byte;
    if (chain_we_i) begin
      chain_at = chain_at_i;
      chain_byte = chain_byte_i;
    end

    chain_rd = fill_o;
    chain_block = head_o ? 2'd3 : last_blk(blk_o);
    if (cbc_decrypt && out_live_q) begin
      chain_rd = at_q;
      chain_block = out_head_q ? 2'd3 : last_blk(out_blk_q);
    end
    if (replay) begin
      chain_rd = replayed_q;
      chain_block = blk_o;
    end
    if (answer_i) begin
      chain_rd = chain_at_i[3:0] + 4'd1;
      chain_block = head_o || answer_iv_i ? 2'd3 : last_blk(blk_o);
    end
  end

  always_ff @(posedge clk_i) kept_q <= keep_out;

  job_chain #(.NCtx(NCtx)) u_chain (
    .clk_i, .ctx_i, .we_i(chain_we), .wr_block_i(chain_at[5:4]), .wr_at_i(chain_at[3:0]), .byte_i(chain_byte),
    .rd_block_i(chain_block), .rd_at_i(chain_rd), .fresh_i(kept_q), .byte_o(chain_o)
  );

  // ---- bytes

  always_comb begin
    ready_o = active_q;
    if (ctr_mode && secret_i && !out_live_q) ready_o = 1'b0;
    if (blk_mode && secret_i && !room) ready_o = 1'b0;
    if (blk_mode && !secret_i && !(idle_o && fill_o == '0)) ready_o = 1'b0;
  end
  assign accept = valid_i && ready_o;

  always_comb begin
    valid_o = accept;
    byte_o = byte_i;
    if (secret_i && ctr_mode) byte_o = byte_i ^ out_q[8*at_q +: 8];
    if (blk_mode && (secret_i || out_live_q)) begin
      valid_o = out_live_q;
      byte_o = out_q[8*at_q +: 8] ^ (cbc_decrypt ? chain_o : 8'd0);
    end
  end

  assign idle_o = ctr_mode || !(full_q || run_q || have_q || out_live_q);
  assign quiet_o = !run_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(accept && secret_i && !ctr_mode && !blk_mode)) else $error("byte to encrypt without a mode");
      assert (!(settle_i && aes_start_o)) else $error("block begun after the run");
      assert (!restart_i || idle_o) else $error("chain restarted under a block under way");
      assert (!(chain_we_i && (gather || keep_out))) else $error("two writes to job_chain");
      assert (!(accept && secret_i && ctr_mode) || out_live_q) else $error("keystream used before it is there");
    end
  end
`endif

endmodule
