// SPDX-License-Identifier: Apache-2.0
//
// The memory of one page, 2048 x 8: one block RAM, one write and one read port. A byte read in the cycle
// in which it is written may be the old or the new one.

module surface_page (
  input  logic        clk_i,
  input  logic        wr_en_i,
  input  logic [10:0] wr_addr_i,
  input  logic [7:0]  wr_data_i,
  input  logic        rd_en_i,
  input  logic [10:0] rd_addr_i,
  output logic [7:0]  rd_data_o    // one cycle later
);

  (* ram_style = "block", no_rw_check *) logic [7:0] mem [coffer_pkg::PageBytes];

  always_ff @(posedge clk_i) begin
    if (wr_en_i) mem[wr_addr_i] <= wr_data_i;
    if (rd_en_i) rd_data_o <= mem[rd_addr_i];
  end

endmodule
