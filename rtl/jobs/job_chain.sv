// SPDX-License-Identifier: Apache-2.0
//
// What the block modes remember of each context's bytes, four blocks in LUT RAM:
//
//   block 0..2   ring: the block being gathered (decryption: as it came; encryption: as it goes into the core), behind
//                it those still under way; CBC: the last ciphertext block, when all are out
//   block 3      the IV as the header brought it
//
// Block k+3 takes the place of block k byte by byte, never ahead of the last use of that byte: the core is free for
// block k+1, and so the gathering register for block k+2, only when block k begins to leave.
//
// A byte is in the memory a cycle late; CBC encryption, which wants it sooner (fresh_i), gets it from the register.

module job_chain
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic            clk_i,
  input  logic [CtxW-1:0] ctx_i,
  input  logic            we_i,
  input  logic [1:0]      wr_block_i,
  input  logic [3:0]      wr_at_i,
  input  logic [7:0]      byte_i,
  input  logic [1:0]      rd_block_i,
  input  logic [3:0]      rd_at_i,
  input  logic            fresh_i,       // the byte written in the cycle before counts, in the block that is read
  output logic [7:0]      byte_o
);

  localparam int unsigned IdxW = NCtx > 1 ? $clog2(NCtx) : 1;

  (* ram_style = "distributed" *) logic [7:0] mem[2**IdxW*64];

  logic unused_ctx;
  assign unused_ctx = ^ctx_i;

  logic we_q;
  logic [IdxW+5:0] at_q;
  logic [7:0] byte_q;

  always_ff @(posedge clk_i) begin
    we_q <= we_i;
    at_q <= {ctx_i[IdxW-1:0], wr_block_i, wr_at_i};
    byte_q <= byte_i;
    if (we_q) mem[at_q] <= byte_q;
  end
  assign byte_o = fresh_i && at_q[3:0] == rd_at_i ? byte_q : mem[{ctx_i[IdxW-1:0], rd_block_i, rd_at_i}];

endmodule
