// SPDX-License-Identifier: Apache-2.0
//
// The vault's memory: NSlots slots of 16 words (vault_pkg.sv), one write port and one read port, each with fixed
// priority. A request waits with its signals held until granted; what was read comes a cycle after the grant.
//
// The array is u_vault.u_mem.mem, where a model outside the RTL may watch zeroization.

module vault_mem
  import coffer_pkg::*;
#(
  parameter int unsigned NSlots = 64,
  parameter int unsigned NRead = 2,
  parameter int unsigned NWrite = 2
) (
  input  logic                         clk_i,
  // requester 0 goes first
  input  logic [NRead-1:0]             rd_req_i,
  input  logic [NRead-1:0][SlotW+3:0]  rd_addr_i,
  output logic [NRead-1:0]             rd_gnt_o,
  output logic [31:0]                  rd_data_o,

  input  logic [NWrite-1:0]            wr_req_i,
  input  logic [NWrite-1:0][SlotW+3:0] wr_addr_i,
  input  logic [NWrite-1:0][31:0]      wr_data_i,
  input  logic [NWrite-1:0]            wr_ok_i,   // else its request holds the port, and is not granted
  output logic [NWrite-1:0]            wr_gnt_o
);

  localparam int unsigned AddrW = $clog2(NSlots) + 4;

  (* no_rw_check *) logic [31:0] mem[NSlots*16];
  initial for (int i = 0; i < NSlots * 16; i++) mem[i] = '0;

  logic [SlotW+3:0] rd_addr, wr_addr;
  logic unused_addr;
  assign unused_addr = ^{rd_addr, wr_addr}; // no index beyond NSlots comes here
  logic [31:0] wr_data;

  always_comb begin
    rd_gnt_o = '0;
    rd_addr = rd_addr_i[0];
    for (int i = NRead - 1; i >= 0; i--) begin
      if (rd_req_i[i]) begin
        rd_gnt_o = '0;
        rd_gnt_o[i] = 1'b1;
        rd_addr = rd_addr_i[i];
      end
    end
  end

  always_comb begin
    wr_gnt_o = '0;
    wr_addr = wr_addr_i[0];
    wr_data = wr_data_i[0];
    for (int i = NWrite - 1; i >= 0; i--) begin
      if (wr_req_i[i]) begin
        wr_gnt_o = '0;
        wr_gnt_o[i] = wr_ok_i[i];
        wr_addr = wr_addr_i[i];
        wr_data = wr_data_i[i];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (|wr_gnt_o) mem[wr_addr[AddrW-1:0]] <= wr_data;
    if (|rd_req_i) rd_data_o <= mem[rd_addr[AddrW-1:0]];
  end

endmodule
