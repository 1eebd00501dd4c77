// SPDX-License-Identifier: Apache-2.0
//
// Raw noise for the firmware's DRBG, 32 bits at a time: ring oscillators, or a seeded source on the
// virtual board (Simulated), both sampled every 16 cycles and both through the same health tests. The
// first 1024 samples after power-on are the start-up test and are thrown away; after that a word takes
// 512 cycles. Bit 0 of a word is its oldest sample. The bits are not conditioned here.
//
// The source runs while enable_i is high and no word waits. When a health test fails it stops, and no word
// is given any more until power-on.

module entropy #(
  parameter bit Simulated = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        enable_i,
  output logic        ready_o,
  output logic [31:0] word_o,      // while ready_o
  input  logic        take_i,      // word_o was read
  output logic        failed_o,
  output logic        busy_o       // refilling
);

  logic       running, sample_q, noise, started, full_q;
  logic [3:0] divider_q;
  logic [4:0] count_q;
  logic [31:0] word_q;

  assign running = enable_i & ~full_q & ~failed_o;
  assign ready_o = full_q & ~failed_o;
  assign word_o = ready_o ? word_q : '0;
  assign busy_o = running;

  if (Simulated) begin : g_seeded
    entropy_seeded u_source (.clk_i, .next_i(sample_q), .bit_o(noise));
  end else begin : g_rings
    entropy_rings u_source (.clk_i, .enable_i(running), .bit_o(noise));
  end

  entropy_health u_health (
    .clk_i, .rst_ni, .sample_i(sample_q), .bit_i(noise), .started_o(started), .failed_o
  );

  always_ff @(posedge clk_i) begin
    if (running) divider_q <= divider_q + 4'd1;
    sample_q <= running & (&divider_q);
    if (sample_q & started) begin
      word_q <= {noise, word_q[31:1]};
      count_q <= count_q + 5'd1;
      if (&count_q) full_q <= 1'b1;
    end
    if (full_q & take_i) begin
      full_q <= 1'b0;
      word_q <= '0;
    end
    if (!rst_ni) begin
      divider_q <= '0;
      sample_q <= 1'b0;
      count_q <= '0;
      word_q <= '0;
      full_q <= 1'b0;
    end
  end

endmodule
