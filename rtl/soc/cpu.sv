// SPDX-License-Identifier: Apache-2.0
//
// The CPU: VexRiscv (RV32IM, machine mode, no debug port) as its package ships it. Reset vector 0.
//   Small = 0   4 KiB instruction and 4 KiB data cache; multiplier and shifter in one cycle
//   Small = 1   2 KiB instruction cache only
// Addresses from 0x8000_0000 up are never cached. The caches write through and nothing but the CPU
// writes its memory, so they need no flushing.
//
// Both ports are Wishbone B4 with registered feedback: read data comes with the acknowledge.

module cpu #(
  parameter bit Small = 1'b0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] irq_i,       // level; enabled one by one in CSR 0xBC0

  output logic        i_stb_o,
  output logic        i_burst_o,
  output logic [29:0] i_adr_o,
  input  logic        i_ack_i,
  input  logic [31:0] i_rdata_i,

  output logic        d_stb_o,
  output logic        d_burst_o,
  output logic        d_we_o,
  output logic [3:0]  d_sel_o,
  output logic [29:0] d_adr_o,
  output logic [31:0] d_wdata_o,
  input  logic        d_ack_i,
  input  logic [31:0] d_rdata_i
);
  localparam logic [2:0] CtiIncrement = 3'b010;

  logic i_cyc, i_stb, d_cyc, d_stb;
  logic [2:0] i_cti, d_cti;

  logic reset_q;
  always_ff @(posedge clk_i) reset_q <= ~rst_ni; // the reset net spans the chip

  assign i_stb_o = i_cyc & i_stb;
  assign d_stb_o = d_cyc & d_stb;
  assign i_burst_o = i_cti == CtiIncrement;
  assign d_burst_o = d_cti == CtiIncrement;

  // The two variants have the same ports; rtl.mk gives the small one its own module name.
`define COFFER_CPU_PORTS \
    .clk(clk_i), \
    .reset(reset_q), \
    .externalResetVector(32'h0), \
    .timerInterrupt(1'b0), \
    .softwareInterrupt(1'b0), \
    .externalInterruptArray(irq_i), \
    .iBusWishbone_CYC(i_cyc), \
    .iBusWishbone_STB(i_stb), \
    .iBusWishbone_ACK(i_ack_i), \
    .iBusWishbone_WE(), \
    .iBusWishbone_ADR(i_adr_o), \
    .iBusWishbone_DAT_MISO(i_rdata_i), \
    .iBusWishbone_DAT_MOSI(), \
    .iBusWishbone_SEL(), \
    .iBusWishbone_ERR(1'b0), \
    .iBusWishbone_CTI(i_cti), \
    .iBusWishbone_BTE(), \
    .dBusWishbone_CYC(d_cyc), \
    .dBusWishbone_STB(d_stb), \
    .dBusWishbone_ACK(d_ack_i), \
    .dBusWishbone_WE(d_we_o), \
    .dBusWishbone_ADR(d_adr_o), \
    .dBusWishbone_DAT_MISO(d_rdata_i), \
    .dBusWishbone_DAT_MOSI(d_wdata_o), \
    .dBusWishbone_SEL(d_sel_o), \
    .dBusWishbone_ERR(1'b0), \
    .dBusWishbone_CTI(d_cti), \
    .dBusWishbone_BTE()

  if (Small) begin : gen_small
    VexRiscvLite u_cpu (`COFFER_CPU_PORTS);
  end else begin : gen_full
    VexRiscv u_cpu (`COFFER_CPU_PORTS);
  end
`undef COFFER_CPU_PORTS
endmodule
