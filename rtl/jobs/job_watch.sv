// SPDX-License-Identifier: Apache-2.0
//
// The surfaces that a running job was given must still be the ones: looked up again and again while it runs, source
// and destination in turn. vetted_o: both were looked at, and were right; lost_o: one of them is gone, which is noticed
// soon enough for the last byte to be written 5 cycles after: the pages stay with their zeroizer for 2,048.

module job_watch
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  logic             clk_i,
  input  logic             run_i,
  input  job_cfg_t         cfg_i,
  input  logic [CtxW-1:0]  ctx_i,
  output logic [SurfW-1:0] rec_idx_o,
  input  surface_rec_t     rec_i,        // of the cycle before
  output logic             vetted_o,
  output logic             lost_o
);

  logic src_turn_q, src_q, wrong, unused_bits;
  logic [2:0] looks_q;

  assign unused_bits = ^{cfg_i, rec_i};
  assign rec_idx_o = src_turn_q ? cfg_i.src_rec : cfg_i.dst_rec;
  assign wrong = looks_q[0] && (src_q ? cfg_i.src_surface : cfg_i.dst_surface) &&
      !(rec_i.valid && rec_i.ctx == ctx_i && rec_i.gen == (src_q ? cfg_i.src_gen : cfg_i.dst_gen));
  assign vetted_o = looks_q[2] || !(cfg_i.src_surface || cfg_i.dst_surface);

  always_ff @(posedge clk_i) begin
    src_turn_q <= run_i && !src_turn_q;
    src_q <= src_turn_q;
    lost_o <= run_i && (lost_o || wrong);
    looks_q <= run_i ? {looks_q[1:0], 1'b1} : '0;
  end

endmodule
