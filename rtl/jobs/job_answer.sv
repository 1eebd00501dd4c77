// SPDX-License-Identifier: Apache-2.0
//
// The completion, byte by byte: struct coffer_completion of coffer_wire.h.

module job_answer
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  job_cfg_t   cfg_i,
  input  progress_t  at_i,
  input  block_t     ctr_i,
  input  logic [3:0] ks_i,
  input  logic [8:0] phase_i,
  input  logic [7:0] chain_i,      // CBC: byte of the IV that the next job starts from
  input  logic [5:0] index_i,
  output logic [7:0] byte_o
);

  block_t iv, made_iv;
  logic [CompletionBytes-1:0][7:0] whole;
  logic unused_bits;
  assign unused_bits = ^{cfg_i, at_i};

  assign iv = reverse(ctr_i);
  // A made IV is the upper half; the read-back of at most 64 KiB never carries out of the lower one.
  assign made_iv = cfg_i.made_iv ? {64'b0, iv[63:0]} : '0;

  assign whole = {
    at_i.last, at_i.first, made_iv, iv,
    7'b0, phase_i, 4'b0, ks_i, cfg_i.op, at_i.done, cfg_i.id, 4'b0, at_i.status, ProtocolVersion, CompletionMagic
  };
  assign byte_o = cfg_i.mode == 2'(ModeCbc) && index_i[5:4] == 2'd1 ? chain_i : whole[index_i];

endmodule
