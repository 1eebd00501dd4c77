// SPDX-License-Identifier: Apache-2.0
//
// The completion, byte by byte: struct coffer_completion of coffer_wire.h.

module job_answer
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  job_cfg_t   cfg_i,
  input  progress_t  at_i,
  input  logic [63:0] first_i,
  input  logic [63:0] last_i,
  input  block_t     ctr_i,
  input  logic [3:0] ks_i,
  input  logic [8:0] phase_i,
  input  logic [7:0] chain_i,      // CBC: byte of the IV that the next job starts from
  input  logic [5:0] index_i,
  output logic [7:0] byte_o
);

  // 16 bytes a part
  logic [15:0][7:0] head, iv, stamps;
  logic [7:0] iv_byte;
  logic [3:0] at;
  logic unused_bits;
  assign unused_bits = ^{cfg_i, at_i};

  assign head = {7'b0, phase_i, 4'b0, ks_i, cfg_i.op, at_i.done, cfg_i.id, 4'b0, at_i.status, ProtocolVersion, CompletionMagic};
  assign iv = reverse(ctr_i);
  assign stamps = {last_i, first_i};
  assign at = index_i[3:0];
  assign iv_byte = iv[at];

  always_comb begin
    unique case (index_i[5:4])
      2'd0: byte_o = head[at];
      2'd1: byte_o = cfg_i.mode == 2'(ModeCbc) ? chain_i : iv_byte;
      // A made IV is the upper half; the read-back of at most 64 KiB never carries out of the lower one.
      2'd2: byte_o = cfg_i.made_iv && !at[3] ? iv_byte : '0;
      default: byte_o = stamps[at];
    endcase
  end

endmodule
