// SPDX-License-Identifier: Apache-2.0
//
// Noise source of a real board: eight ring oscillators of ECP5 LUTs, of different lengths so that they do
// not lock to each other, each sampled by the 60 MHz clock through two registers, and the exclusive-or of
// the eight. The rings stand still while enable_i is low.
//
//   enable_i -> [nand] -> [buffer] -> ... -> [buffer] -+-> sample, sample -> xor -> bit_o
//                 ^                                    |
//                 +------------------------------------+
//
// A simulator has no jitter: there the source is dead, and the health tests refuse it.

module entropy_rings (
  input  logic clk_i,
  input  logic enable_i,
  output logic bit_o
);

`ifdef SYNTHESIS
  localparam int unsigned Rings = 8;

  (* keep *) logic [Rings-1:0] tap;
  logic [Rings-1:0] meta_q, sample_q;

  for (genvar r = 0; r < Rings; r++) begin : g_ring
    localparam int unsigned Length = 3 + 2 * (r % 4) + (r / 4);
    (* keep *) logic [Length:0] node;
    assign node[0] = node[Length];
    assign tap[r] = node[Length];
    (* keep *) LUT4 #(.INIT(16'h7777)) u_nand (.A(node[0]), .B(enable_i), .C(1'b0), .D(1'b0), .Z(node[1]));
    for (genvar k = 1; k < Length; k++) begin : g_buffer
      (* keep *) LUT4 #(.INIT(16'hAAAA)) u_buffer (.A(node[k]), .B(1'b0), .C(1'b0), .D(1'b0), .Z(node[k+1]));
    end
  end

  always_ff @(posedge clk_i) begin
    meta_q <= tap;
    sample_q <= meta_q;
    bit_o <= ^sample_q;
  end
`else
  logic unused;
  assign unused = clk_i & enable_i;
  assign bit_o = 1'b0;
`endif

endmodule
