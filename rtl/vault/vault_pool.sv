// SPDX-License-Identifier: Apache-2.0
//
// Random words from the firmware's DRBG: a FIFO of 16, written by the CPU and read by nobody but vault_ops.
// A word pushed into a full pool is dropped. Beside it the tag key of read-back keys: four words, written once
// after power-on.

module vault_pool (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             push_i,
  input  logic [31:0]      push_word_i,
  input  logic             take_i,
  output logic [31:0]      word_o,
  output logic [4:0]       words_o,

  input  logic             tag_we_i,
  input  logic [31:0]      tag_word_i,
  output logic [3:0][31:0] tag_key_o,
  output logic             tag_locked_o
);

  logic [31:0] fifo[16];
  logic [3:0] rd_q, wr_q;
  logic [2:0] tag_count_q;
  logic push, take;

  assign push = push_i && !words_o[4];
  assign take = take_i && words_o != '0;
  assign word_o = fifo[rd_q];
  assign tag_locked_o = tag_count_q[2];

  always_ff @(posedge clk_i) if (push) fifo[wr_q] <= push_word_i;

  always_ff @(posedge clk_i) begin
    if (push) wr_q <= wr_q + 1'b1;
    if (take) rd_q <= rd_q + 1'b1;
    words_o <= words_o + 5'(push) - 5'(take);
    if (tag_we_i && !tag_locked_o) begin
      tag_key_o[tag_count_q[1:0]] <= tag_word_i;
      tag_count_q <= tag_count_q + 1'b1;
    end
    if (!rst_ni) begin
      rd_q <= '0;
      wr_q <= '0;
      words_o <= '0;
      tag_count_q <= '0;
      tag_key_o <= '0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!take_i || words_o != '0) else $error("taken from an empty pool");
  end
`endif

endmodule
