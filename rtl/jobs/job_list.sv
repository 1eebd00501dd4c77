// SPDX-License-Identifier: Apache-2.0
//
// Subsample lists: 256 words a context, {clear, encrypted} in turn, in one block RAM. Written while a list arrives
// (one byte after the other, least significant first), read while its payload is walked: word_o belongs to the
// address of the cycle before. clear_i writes zero instead.

module job_list
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic            clk_i,
  input  logic [CtxW-1:0] ctx_i,
  input  logic [7:0]      wr_word_i,
  input  logic            valid_i,
  input  logic [1:0]      lane_i,        // which byte of the word
  input  logic [7:0]      byte_i,
  output logic [31:0]     wr_data_o,     // the whole word, with its last byte
  input  logic            clear_i,
  input  logic [7:0]      rd_word_i,
  output logic [31:0]     word_o
);

  localparam int unsigned IdxW = NCtx > 1 ? $clog2(NCtx) : 1;

  (* no_rw_check *) logic [31:0] mem[NCtx*256];
  logic [23:0] low_q;
  logic we;

  logic unused_ctx;
  assign unused_ctx = ^ctx_i;

  assign wr_data_o = {byte_i, low_q};
  assign we = clear_i || (valid_i && lane_i == 2'd3);

  always_ff @(posedge clk_i) begin
    if (valid_i) low_q <= {byte_i, low_q[23:8]};
    if (we) mem[{ctx_i[IdxW-1:0], wr_word_i}] <= clear_i ? '0 : wr_data_o;
    word_o <= mem[{ctx_i[IdxW-1:0], rd_word_i}];
  end

endmodule
