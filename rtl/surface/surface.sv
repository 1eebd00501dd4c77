// SPDX-License-Identifier: Apache-2.0
//
// Protected memory: NPages pages of 2 KiB, the records that say whose they are, and the zeroizer that
// overwrites a page before anybody else may have it.
//
// Byte addresses run over the whole memory: page p is bytes 2048 p .. 2048 p + 2047. Read data comes two cycles
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
  logic [SurfW-1:0] claim_rec;

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
    .free_i(free), .claim_o(claim), .claim_rec_o(claim_rec), .end_o(ends)
  );

  surface_pages #(
    .NPages(NPages)
  ) u_pages (
    .clk_i, .rst_ni,
    .claim_i(claim), .claim_rec_i(claim_rec), .end_i(ends),
    .free_o(free), .zeroizing_o(zeroizing),
    .rd_en_i, .rd_addr_i, .rd_data_o, .wr_en_i, .wr_addr_i, .wr_data_i
  );

`ifdef FORMAL
  // The rules of records, shown for any one of them; tests/formal/surface.sby proves them by induction.
  logic [3:0] f_rec;   // undriven: any constant
  logic f_reset_q, f_valid_q;
  logic [NCtx-1:0] f_revoke_ctx_q;
  logic [GenW-1:0] f_gen_q;
  logic [NPages-1:0] f_covers, f_owns;

  initial f_reset_q = 1'b1;

  always_comb begin
    assume (rec_idx_i == f_rec);
    if (f_reset_q) assume (!rst_ni);
    for (int unsigned p = 0; p < NPages; p++) begin
      f_covers[p] = rec_o.valid && 6'(p) >= rec_o.base && 7'(p) < 7'(rec_o.base) + 7'(rec_o.pages);
      f_owns[p] = u_pages.owned_q[p] && u_pages.rec_q[p] == f_rec;
    end
  end

  always_ff @(posedge clk_i) begin
    f_reset_q <= 1'b0;
    f_valid_q <= rst_ni & rec_o.valid;
    f_gen_q <= rec_o.gen;
    f_revoke_ctx_q <= rst_ni ? revoke_ctx_i : '0;
    if (rst_ni && !f_reset_q) begin
      // A record has its pages, all of them and no others, and shares none.
      assert (f_covers == f_owns);
      assert (!rec_o.valid || (rec_o.pages != '0 && 7'(rec_o.base) + 7'(rec_o.pages) <= 7'(NPages)));
      // What revocation compares is what look-ups show.
      assert (!rec_o.valid || rec_o.ctx == u_records.ctx_q[f_rec]);
      assert (!rec_o.valid || rec_o.session == u_records.session_q[f_rec]);
      // A revoked context has no record in the next cycle, whatever else was asked in this one.
      for (int unsigned c = 0; c < NCtx; c++) begin
        assert (!(f_revoke_ctx_q[c] && rec_o.valid && rec_o.ctx == CtxW'(c)));
      end
      // No two lives share a generation, nor does it change in a life.
      assert (!rec_o.valid || (f_valid_q == (rec_o.gen == f_gen_q)));
    end
  end
`endif

endmodule
