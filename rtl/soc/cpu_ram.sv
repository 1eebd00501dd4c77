// SPDX-License-Identifier: Apache-2.0
//
// Memory of the CPU: program, data and stack. Two Wishbone ports onto one true dual-port block RAM,
// so that fetching never waits for data: port I reads only, port D reads and writes with byte enables.
//
// 32-bit words, little-endian: byte address a is bits [8*(a%4) +: 8] of word a/4. A single access takes
// one wait cycle; in an incrementing burst (CTI 010) every further word comes in the next cycle,
// because the RAM is already given the next address while it acknowledges.
//
// Contents: the hex file named by +firmware= (simulation), else by the parameter Firmware.

module cpu_ram #(
  parameter int unsigned KiB = 32,
  parameter Firmware = ""
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        i_stb_i,     // CYC and STB
  input  logic        i_burst_i,   // CTI says that the next word is wanted too
  input  logic [29:0] i_adr_i,     // word address
  output logic        i_ack_o,
  output logic [31:0] i_rdata_o,

  input  logic        d_stb_i,
  input  logic        d_burst_i,
  input  logic        d_we_i,
  input  logic [3:0]  d_sel_i,
  input  logic [29:0] d_adr_i,
  input  logic [31:0] d_wdata_i,
  output logic        d_ack_o,
  output logic [31:0] d_rdata_o
);
  localparam int unsigned Words = KiB * 256;
  localparam int unsigned AdrW = $clog2(Words);

  (* no_rw_check *) logic [31:0] mem [Words];

`ifndef SYNTHESIS
  string file;
  initial begin
    if ($value$plusargs("firmware=%s", file)) $readmemh(file, mem);
    else if (Firmware != "") $readmemh(Firmware, mem);
  end
`else
  if (Firmware != "") begin : gen_contents
    initial $readmemh(Firmware, mem);
  end
`endif

  logic [AdrW-1:0] i_adr, d_adr;
  assign i_adr = i_adr_i[AdrW-1:0] + AdrW'(i_ack_o);
  assign d_adr = d_adr_i[AdrW-1:0] + AdrW'(d_ack_o && !d_we_i);

  logic d_write;
  assign d_write = d_ack_o & d_we_i; // while it is acknowledged: the strobe is decoded from the whole address

  always_ff @(posedge clk_i) begin
    i_rdata_o <= mem[i_adr];
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 4; b++) begin
      if (d_write && d_sel_i[b]) mem[d_adr][8*b +: 8] <= d_wdata_i[8*b +: 8];
    end
    d_rdata_o <= mem[d_adr];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      i_ack_o <= 1'b0;
      d_ack_o <= 1'b0;
    end else begin
      i_ack_o <= i_stb_i & (~i_ack_o | i_burst_i);
      d_ack_o <= d_stb_i & (~d_ack_o | (d_burst_i & ~d_we_i));
    end
  end

  // The memory is not decoded above its size: the bus refuses such data addresses, and no program
  // is linked there.
  logic unused_adr;
  assign unused_adr = ^{i_adr_i[29:AdrW], d_adr_i[29:AdrW]};
endmodule
