// SPDX-License-Identifier: Apache-2.0
//
// Continuous health tests of a binary noise source, SP 800-90B section 4.4. Both cutoffs are for an
// assessed min-entropy of H = 0.5 bit a sample and a false alarm in 2^40 samples or windows (the strictest
// that the standard recommends, for a failure stays until power-on):
//
//   repetition count (4.4.1)     C = 1 + ceil(40 / H) = 81 equal samples in a row
//   adaptive proportion (4.4.2)  W = 1024; C = 1 + CRITBINOM(W, 2^-H, 1 - 2^-40) = 824 samples of a window
//                                equal to its first one
//
// The first window is the start-up test (4.3): started_o rises when it has been passed, and its samples are
// not to be used.

module entropy_health (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic sample_i,    // bit_i is a new sample
  input  logic bit_i,
  output logic started_o,
  output logic failed_o     // in the cycle after the sample that failed; stays
);

  localparam logic [6:0] RepetitionCutoff = 7'd81;
  localparam logic [9:0] ProportionCutoff = 10'd824;

  logic       last_q, first_q, any_q;
  logic [6:0] run_q, run;           // samples equal to the last one, it included
  logic [9:0] window_q;             // samples in this window
  logic [9:0] equal_q, equal;       // of them, those equal to its first one

  assign run = (any_q & (bit_i == last_q)) ? run_q + 7'd1 : 7'd1;
  assign equal = (window_q == '0) ? 10'd1 : equal_q + 10'(bit_i == first_q);

  always_ff @(posedge clk_i) begin
    if (sample_i & ~failed_o) begin
      any_q <= 1'b1;
      last_q <= bit_i;
      run_q <= run;
      window_q <= window_q + 10'd1;
      equal_q <= equal;
      if (window_q == '0) first_q <= bit_i;
      if (&window_q) started_o <= 1'b1;
      if (run >= RepetitionCutoff || equal >= ProportionCutoff) failed_o <= 1'b1;
    end
    if (!rst_ni) begin
      any_q <= 1'b0;
      window_q <= '0;
      started_o <= 1'b0;
      failed_o <= 1'b0;
    end
  end

endmodule
