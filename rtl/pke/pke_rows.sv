// SPDX-License-Identifier: Apache-2.0
//
// The operand memory: 512 rows of 72 bits in three copies, so that X, Y and C are read in one cycle.
// One write port. Reads are synchronous; a row must not be read in the cycle that writes it (the
// engine's interlock sees to that), hence no_rw_check.

module pke_rows
  import pke_pkg::*;
(
  input  logic  clk_i,
  input  logic  en_i,        // read enable
  input  logic  we_i,
  input  row_t  waddr_i,
  input  word_t wdata_i,
  input  row_t  x_addr_i,
  input  row_t  y_addr_i,
  input  row_t  c_addr_i,
  output word_t x_o,         // one cycle later
  output word_t y_o,
  output word_t c_o
);

  (* no_rw_check *) word_t mem_x [2**RowW];
  (* no_rw_check *) word_t mem_y [2**RowW];
  (* no_rw_check *) word_t mem_c [2**RowW];

  always_ff @(posedge clk_i) begin
    if (we_i) begin
      mem_x[waddr_i] <= wdata_i;
      mem_y[waddr_i] <= wdata_i;
      mem_c[waddr_i] <= wdata_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      x_o <= mem_x[x_addr_i];
      y_o <= mem_y[y_addr_i];
      c_o <= mem_c[c_addr_i];
    end
  end

endmodule
