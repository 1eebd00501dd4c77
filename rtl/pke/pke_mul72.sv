// SPDX-License-Identifier: Apache-2.0
//
// 72 x 72 -> 144 bit unsigned multiplier, a product a cycle, latency 4 (while en_i): sixteen 18 x 18
// tiles with registers before and after them, two half sums, and their sum.
//
//   tile[i][j] = x[18i +: 18] * y[18j +: 18], weight 2^(18 (i + j))

module pke_mul72
  import pke_pkg::*;
(
  input  logic               clk_i,
  input  logic               en_i,
  input  word_t              x_i,
  input  word_t              y_i,
  output logic [2*WordW-1:0] p_o
);

  localparam int unsigned H = WordW / 4;

  logic [3:0][3:0][2*H-1:0] tile;

  for (genvar i = 0; i < 4; i++) begin : gen_x
    for (genvar j = 0; j < 4; j++) begin : gen_y
      pke_mult18 u_tile (
        .clk_i, .en_i, .a_i(x_i[H*i +: H]), .b_i(y_i[H*j +: H]), .p_o(tile[i][j])
      );
    end
  end

  // Row i is x[18i +: 18] * y: tiles 0 and 2 lie side by side, 1 and 3 too, one digit higher.
  function automatic logic [5*H-1:0] row(input logic [3:0][2*H-1:0] t);
    return {H'(0), t[2], t[0]} + {t[3], t[1], H'(0)};
  endfunction

  logic [6*H-1:0] low_q, high_q;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      low_q <= {H'(0), row(tile[0])} + {row(tile[1]), H'(0)};
      high_q <= {H'(0), row(tile[2])} + {row(tile[3]), H'(0)};
      p_o <= {(2*H)'(0), low_q} + {high_q, (2*H)'(0)};
    end
  end

`ifndef SYNTHESIS
  word_t [4:1] x_q, y_q;
  logic [2:0] seen_q;

  initial seen_q = '0;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      x_q <= {x_q[3:1], x_i};
      y_q <= {y_q[3:1], y_i};
      if (seen_q != 3'd4) seen_q <= seen_q + 3'd1;
      else assert (p_o == (2*WordW)'(x_q[4]) * (2*WordW)'(y_q[4])) else $error("tiles and product differ");
    end
  end
`endif

endmodule
