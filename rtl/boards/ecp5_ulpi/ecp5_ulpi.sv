// SPDX-License-Identifier: Apache-2.0
//
// Coffer on an ECP5 board with a ULPI transceiver whose 60 MHz clock goes to the FPGA (the PHY is in "clock
// out" mode: the usual wiring of a USB3343 or USB3300). The configuration flash holds the identity record;
// its clock leaves through USRMCLK, its other pins are ordinary ones.
//
// UNTRIED ON HARDWARE. It synthesizes, routes and meets timing inside the FPGA; input and output timing
// against a PHY has not been measured. The pins are those of no particular board: edit ecp5_ulpi.lpf.
//
// Reset: power-on only, 2^16 cycles (1.1 ms). The PHY's reset pin is held high, for its clock is the only
// one there is.

module ecp5_ulpi #(
  parameter int unsigned  NCtx = 4,
  parameter int unsigned  NSlots = 64,
  parameter int unsigned  SurfPages = 32,
  parameter int unsigned  RamKiB = 32,
  parameter bit           SmallCpu = 1'b0,
  parameter logic [255:0] DeviceSecret = '0,
  parameter               Firmware = ""
) (
  input  logic       ulpi_clk,
  inout  wire  [7:0] ulpi_data,
  input  logic       ulpi_dir,
  input  logic       ulpi_nxt,
  output logic       ulpi_stp,
  output logic       ulpi_reset_n,

  output logic       flash_cs_n,
  output logic       flash_mosi,
  input  logic       flash_miso,

  output logic       led_n
);

  logic [16:0] reset_q;
  logic        rst_n, active, flash_sck, data_oe;
  logic [7:0]  data_out;

  initial reset_q = '0;
  assign rst_n = reset_q[16];
  assign ulpi_reset_n = 1'b1;

  always_ff @(posedge ulpi_clk) begin
    if (!rst_n) reset_q <= reset_q + 17'd1;
  end

  assign ulpi_data = data_oe ? data_out : 'z;
  assign led_n = ~active;

  USRMCLK u_flash_clock (.USRMCLKI(flash_sck), .USRMCLKTS(1'b0));

  coffer_top #(
    .NCtx(NCtx),
    .NSlots(NSlots),
    .SurfPages(SurfPages),
    .RamKiB(RamKiB),
    .SmallCpu(SmallCpu),
    .Simulated(1'b0),
    .DeviceSecret(DeviceSecret),
    .Firmware(Firmware)
  ) u_coffer (
    .clk_i(ulpi_clk),
    .rst_ni(rst_n),
    .ulpi_data_i(ulpi_data),
    .ulpi_data_o(data_out),
    .ulpi_data_oe_o(data_oe),
    .ulpi_dir_i(ulpi_dir),
    .ulpi_nxt_i(ulpi_nxt),
    .ulpi_stp_o(ulpi_stp),
    .spi_cs_no(flash_cs_n),
    .spi_sck_o(flash_sck),
    .spi_mosi_o(flash_mosi),
    .spi_miso_i(flash_miso),
    .led_active_o(active)
  );

endmodule
