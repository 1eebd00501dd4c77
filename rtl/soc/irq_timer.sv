// SPDX-License-Identifier: Apache-2.0
//
// The 64-bit cycle counter on which every time stamp of the board rests, the timer, and the interrupt
// lines. A line is active while its cause lasts. Enabled lines end the CPU's WAIT; which of them also
// trap is the CPU's own choice (CSR 0xBC0).

module irq_timer (
  input  logic        clk_i,
  input  logic        rst_ni,

  output logic [63:0] cycle_o,
  input  logic        latch_hi_i,     // the low word is being read
  output logic [31:0] hi_o,           // the high word as it was then

  input  logic        timer_armed_i,
  input  logic [47:0] timer_compare_i,

  // {entropy, pke, pool, 0, event, ep0_done, ep0_out, ep0_setup}: the timer's bit is made here
  input  logic [7:0]  causes_i,
  input  logic [7:0]  enable_i,
  output logic [7:0]  status_o,
  output logic [7:0]  pending_o
);
  localparam int unsigned IrqTimer = 4;

  logic timer_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      cycle_o <= '0;
      hi_o <= '0;
      timer_q <= 1'b0;
    end else begin
      cycle_o <= cycle_o + 64'd1;
      if (latch_hi_i) hi_o <= cycle_o[63:32];
      timer_q <= timer_armed_i & (cycle_o[47:0] >= timer_compare_i);
    end
  end

  always_comb begin
    status_o = causes_i;
    status_o[IrqTimer] = timer_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) pending_o <= '0;
    else pending_o <= status_o & enable_i;
  end
endmodule
