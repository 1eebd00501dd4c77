// SPDX-License-Identifier: Apache-2.0
//
// Noise source of the virtual board: xorshift64 from +seed=<decimal>, so that a run can be repeated. Not
// random, and never in hardware: synthesized, it is dead, and the health tests refuse it.

module entropy_seeded (
  input  logic clk_i,
  input  logic next_i,
  output logic bit_o
);

`ifdef SYNTHESIS
  assign bit_o = 1'b0;
`else
  logic [63:0] state_q, seed, a, b;

  initial begin
    if ($value$plusargs("seed=%d", seed) == 0) seed = '0;
    state_q = seed ^ 64'h9e37_79b9_7f4a_7c15;
    if (state_q == '0) state_q = 64'h1;
  end

  assign a = state_q ^ (state_q << 13);
  assign b = a ^ (a >> 7);
  assign bit_o = state_q[32];

  always_ff @(posedge clk_i) begin
    if (next_i) state_q <= b ^ (b << 17);
  end
`endif

endmodule
