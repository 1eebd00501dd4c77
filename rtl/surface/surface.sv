// SPDX-License-Identifier: Apache-2.0
//
// Protected memory: NPages pages of 2 KiB, the records that say whose they are, and the zeroizer that
// overwrites a page before anybody else may have it.
//
// Byte addresses run over the whole memory: page p is bytes 2048 p .. 2048 p + 2047. Read data comes one cycle
// after rd_en_i. The job engine has checked owner and bounds before; whatever it asks, pages that are free
// or being zeroized take no write and read zero.

module surface
  import coffer_pkg::*;
#(
  parameter int unsigned NPages = 32,    // up to 32
  parameter int unsigned NCtx = 4
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  // from the CPU: SURF_*, PAGE_*
  input  logic        cmd_we_i,
  input  logic [1:0]  cmd_i,
  input  logic [3:0]  cmd_index_i,
  input  logic [2:0]  cmd_ctx_i,
  input  logic [5:0]  cmd_base_i,
  input  logic [5:0]  cmd_pages_i,
  input  logic [7:0]  cmd_epoch_i,
  input  logic [5:0]  cmd_session_i,
  input  logic [23:0] cmd_session_gen_i,
  output logic [23:0] result_gen_o,     // in the cycle after the command
  output logic        result_ok_o,
  output logic [15:0] used_o,
  output logic [31:0] page_free_o,
  output logic [31:0] page_zeroizing_o,

  // revocation
  input  logic [NCtx-1:0]      revoke_ctx_i,
  input  logic [NCtx-1:0][7:0] epoch_i,
  input  logic                 revoke_session_i,
  input  logic [5:0]           revoke_session_idx_i,

  // job engine
  input  logic [3:0]   rec_idx_i,
  output surface_rec_t rec_o,           // in the same cycle
  input  logic         rd_en_i,
  input  logic [15:0]  rd_addr_i,
  output logic [7:0]   rd_data_o,
  input  logic         wr_en_i,
  input  logic [15:0]  wr_addr_i,
  input  logic [7:0]   wr_data_i,

  output logic         busy_o           // a page is being zeroized
);

  logic [NPages-1:0] free, zeroizing, claim;
  logic [NumSurfaces-1:0] ends;

  assign page_free_o = 32'(free);
  assign page_zeroizing_o = 32'(zeroizing);
  assign busy_o = |zeroizing;

  surface_records #(
    .NPages(NPages),
    .NCtx(NCtx)
  ) u_records (
    .clk_i, .rst_ni,
    .cmd_we_i, .cmd_i, .cmd_index_i, .cmd_ctx_i, .cmd_base_i, .cmd_pages_i, .cmd_epoch_i,
    .cmd_session_i, .cmd_session_gen_i,
    .result_gen_o, .result_ok_o, .used_o,
    .revoke_ctx_i, .epoch_i, .revoke_session_i, .revoke_session_idx_i,
    .rec_idx_i, .rec_o,
    .free_i(free), .claim_o(claim), .end_o(ends)
  );

  surface_pages #(
    .NPages(NPages)
  ) u_pages (
    .clk_i, .rst_ni,
    .claim_i(claim), .claim_rec_i(cmd_index_i), .end_i(ends),
    .free_o(free), .zeroizing_o(zeroizing),
    .rd_en_i, .rd_addr_i, .rd_data_o, .wr_en_i, .wr_addr_i, .wr_data_i
  );

endmodule
