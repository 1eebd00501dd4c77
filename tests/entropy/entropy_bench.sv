// SPDX-License-Identifier: Apache-2.0
//
// What the bench drives: the source of the virtual board, the source of a real board (dead in a simulator),
// and the health tests alone, fed by the bench.

module entropy_bench (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        enable_i,
  input  logic        take_i,
  output logic        seeded_ready_o,
  output logic [31:0] seeded_word_o,
  output logic        seeded_failed_o,
  output logic        seeded_busy_o,
  output logic        rings_ready_o,
  output logic [31:0] rings_word_o,
  output logic        rings_failed_o,
  output logic        rings_busy_o,

  input  logic        sample_i,
  input  logic        bit_i,
  output logic        started_o,
  output logic        failed_o
);

  entropy #(.Simulated(1'b1)) u_seeded (
    .clk_i, .rst_ni, .enable_i, .ready_o(seeded_ready_o), .word_o(seeded_word_o), .take_i,
    .failed_o(seeded_failed_o), .busy_o(seeded_busy_o)
  );

  entropy #(.Simulated(1'b0)) u_rings (
    .clk_i, .rst_ni, .enable_i, .ready_o(rings_ready_o), .word_o(rings_word_o), .take_i,
    .failed_o(rings_failed_o), .busy_o(rings_busy_o)
  );

  entropy_health u_health (.clk_i, .rst_ni, .sample_i, .bit_i, .started_o, .failed_o);

endmodule
