// SPDX-License-Identifier: Apache-2.0
//
// The vector multiply-accumulate unit: operand memory, multiplier and a 152-bit signed accumulator.
//
//   stage  0 rows addressed   1 X, Y read   2 multiplier input   3 multiplier output (C addressed)
//          4 half sums, C read   5 product summed: accumulate   6 column word goes to the memory
//
// While no instruction is under way (active_o low) the side port reaches the memory: word in and out
// for the CPU, key words for the sequencer, zeros when the engine is cleared. The accumulator is zero
// between instructions: each starts from its first column, and the last carry is dropped.

module pke_mac
  import pke_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  input  logic    en_i,        // clock enable of memory and multiplier
  input  logic    abort_i,     // stop at once; clear accumulator, C and (in five cycles) the product
  input  logic    valid_i,
  output logic    ready_o,
  input  vector_t vector_i,
  input  logic [DigitW-1:0] digit_i,
  output logic    active_o,    // an instruction or its last columns are under way
  input  logic    side_we_i,
  input  row_t    side_row_i,
  input  word_t   side_wdata_i,
  output word_t   side_rdata_o // one cycle after side_row_i
);

  row_t x_addr, y_addr, c_addr, write_row;
  tag_t tag, tag_q [1:5];
  logic y_override, y_bit, y_override_q, y_bit_q;
  logic walking, write;
  row_t c_addr_q [1:3];

  pke_columns u_columns (
    .clk_i, .rst_ni, .abort_i, .valid_i, .ready_o, .vector_i, .digit_i,
    .x_addr_o(x_addr), .y_addr_o(y_addr), .c_addr_o(c_addr), .tag_o(tag),
    .y_override_o(y_override), .y_bit_o(y_bit),
    .write_o(write), .write_row_o(write_row), .active_o(walking)
  );

  assign active_o = walking || tag_q[1].valid || tag_q[2].valid || tag_q[3].valid || tag_q[4].valid ||
                    tag_q[5].valid;

  always_ff @(posedge clk_i) begin
    tag_q[1] <= tag;
    for (int i = 2; i <= 5; i++) tag_q[i] <= tag_q[i-1];
    c_addr_q[1] <= c_addr;
    for (int i = 2; i <= 3; i++) c_addr_q[i] <= c_addr_q[i-1];
    if (!rst_ni || abort_i) begin
      for (int i = 1; i <= 5; i++) tag_q[i].valid <= 1'b0;
    end
  end

  // ---- operands --------------------------------------------------------------------------------------
  word_t x, y, c, y_used, column_q;
  logic  flush_q;

  always_ff @(posedge clk_i) flush_q <= abort_i;

  pke_rows u_rows (
    .clk_i, .en_i,
    .we_i(write || side_we_i),
    .waddr_i(write ? write_row : side_row_i),
    .wdata_i(write ? column_q : side_wdata_i),
    .x_addr_i(x_addr), .y_addr_i(y_addr),
    .c_addr_i(active_o ? c_addr_q[3] : side_row_i),
    .x_o(x), .y_o(y), .c_o(c)
  );
  assign side_rdata_o = c;

  always_ff @(posedge clk_i) begin
    y_override_q <= y_override;
    y_bit_q <= y_bit;
  end
  // A column without products multiplies by zero; so does all that is in the pipeline at an abort.
  assign y_used = flush_q || tag_q[1].empty ? '0 : y_override_q ? word_t'(y_bit_q) : y;

  // ---- product, sum, column word ---------------------------------------------------------------------
  logic [2*WordW-1:0] product;
  localparam int unsigned LowW = 64;            // of the accumulator's sum, which is slow in one piece
  logic [AccW-1:0] acc_q, sum, addend, carry;   // two's complement
  logic [AccW-1:0] digits, carries;
  logic [AccW-1:LowW] high, high_1;
  logic carry_low, unused_low;
  word_t c_q;

  pke_mul72 u_mul (.clk_i, .en_i, .x_i(x), .y_i(y_used), .p_o(product));

  always_ff @(posedge clk_i) begin
    c_q <= (tag_q[4].with_c ? c : '0) | {WordW{tag_q[4].ones}};
    if (abort_i) c_q <= '0;
  end

  always_comb begin
    addend = (tag_q[5].twice ? AccW'({product, 1'b0}) : AccW'(product)) ^ {AccW{tag_q[5].minus}};
    // Three operands become two; their sum's upper part is there for both carries out of the lower.
    digits = acc_q ^ addend ^ AccW'(c_q);
    carries = AccW'({acc_q & addend | (acc_q | addend) & AccW'(c_q), tag_q[5].minus});
    {carry_low, sum[LowW-1:0]} = (LowW + 1)'(digits[LowW-1:0]) + (LowW + 1)'(carries[LowW-1:0]);
    high = digits[AccW-1:LowW] + carries[AccW-1:LowW];
    {high_1, unused_low} = {digits[AccW-1:LowW], 1'b1} + {carries[AccW-1:LowW], 1'b1};
    sum[AccW-1:LowW] = carry_low ? high_1 : high;
    carry = {{WordW{sum[AccW-1]}}, sum[AccW-1:WordW]};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || abort_i) begin
      acc_q <= '0;
      column_q <= '0;
    end else if (tag_q[5].valid) begin
      acc_q <= !tag_q[5].last_term ? sum : tag_q[5].last_col ? '0 : carry;
      column_q <= sum[WordW-1:0];
    end
  end

`ifndef SYNTHESIS
  logic [AccW:0] wide;   // the sum with a bit more

  assign wide = {acc_q[AccW-1], acc_q} + (AccW + 1)'(c_q) +
                {tag_q[5].minus, addend} + (AccW + 1)'(tag_q[5].minus);

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(write && side_we_i)) else $error("side write in mid-instruction");
      if (tag_q[5].valid) assert (wide[AccW] == wide[AccW-1]) else $error("accumulator overflow");
    end
  end
`endif

endmodule
