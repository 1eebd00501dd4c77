// SPDX-License-Identifier: Apache-2.0
//
// The completion, byte by byte: struct coffer_completion of coffer_wire.h.

module job_answer
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  job_t       job_i,
  input  logic [5:0] index_i,
  output logic [7:0] byte_o
);

  logic [31:0] word;
  block_t iv;

  logic unused_job;
  assign unused_job = ^job_i;

  assign iv = reverse(job_i.ctr);

  always_comb begin
    unique case (index_i[5:2])
      4'd0: word = {4'b0, job_i.status, ProtocolVersion, CompletionMagic};
      4'd1: word = job_i.id;
      4'd2: word = job_i.done;
      4'd3: word = {16'b0, 4'b0, job_i.ks, job_i.op};
      4'd4, 4'd5, 4'd6, 4'd7: word = iv[32*index_i[3:2] +: 32];
      // A made IV is the upper half; the read-back of at most 64 KiB never carries out of the lower one.
      4'd8, 4'd9: word = job_i.made_iv ? iv[32*index_i[2] +: 32] : '0;
      4'd12: word = job_i.first[31:0];
      4'd13: word = job_i.first[63:32];
      4'd14: word = job_i.last[31:0];
      4'd15: word = job_i.last[63:32];
      default: word = '0;
    endcase
    byte_o = word[8*index_i[1:0] +: 8];
  end

endmodule
