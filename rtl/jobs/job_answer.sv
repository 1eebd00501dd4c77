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

  block_t iv, made_iv;
  logic [CompletionBytes-1:0][7:0] whole;
  logic unused_job;
  assign unused_job = ^job_i;

  assign iv = reverse(job_i.ctr);
  // A made IV is the upper half; the read-back of at most 64 KiB never carries out of the lower one.
  assign made_iv = job_i.made_iv ? {64'b0, iv[63:0]} : '0;

  assign whole = {
    job_i.last, job_i.first, made_iv, iv,
    16'b0, 4'b0, job_i.ks, job_i.op, job_i.done, job_i.id, 4'b0, job_i.status, ProtocolVersion, CompletionMagic
  };
  assign byte_o = whole[index_i];

endmodule
