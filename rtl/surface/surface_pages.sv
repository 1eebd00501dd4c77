// SPDX-License-Identifier: Apache-2.0
//
// The pages of protected memory: what state each is in, and their contents.
//
//            claim            its record ends                sweep done
//     Free --------> Owned --------------------> Zeroizing ------------> Free
//
// Each page is a memory of its own, so the zeroizer never competes with a job: it sweeps all pages that
// were waiting when the sweep began, 2048 cycles for however many, and a page that joins later waits for
// the next sweep: no page is zeroizing for longer than 4098 cycles. After power-on every page is zeroized.
//
// Only an owned page can be read or written; anything else is dropped, and reads zero. A read whose page
// stops being owned before its byte comes, two cycles later, gives zero too.

module surface_pages
  import coffer_pkg::*;
#(
  parameter int unsigned NPages = 32
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic [NPages-1:0]      claim_i,      // free pages that a record takes
  input  logic [SurfW-1:0]       claim_rec_i,  // and which one
  input  logic [NumSurfaces-1:0] end_i,        // records that end in this cycle
  output logic [NPages-1:0]      free_o,
  output logic [NPages-1:0]      zeroizing_o,

  input  logic                   rd_en_i,
  input  logic [15:0]            rd_addr_i,
  output logic [7:0]             rd_data_o,
  input  logic                   wr_en_i,
  input  logic [15:0]            wr_addr_i,
  input  logic [7:0]             wr_data_i
);

  logic [NPages-1:0] owned_q, zeroizing_q, sweep_q, ending, owned_next;
  logic [NPages-1:0][SurfW-1:0] rec_q;
  logic sweeping, sweep_last;
  logic [10:0] sweep_addr_q;

  assign zeroizing_o = zeroizing_q;
  assign free_o = ~owned_q & ~zeroizing_q;

  // ---- states

  always_comb begin
    for (int p = 0; p < NPages; p++) ending[p] = owned_q[p] & end_i[rec_q[p]];
  end
  assign owned_next = (owned_q & ~ending) | claim_i;

  always_ff @(posedge clk_i) begin
    owned_q <= owned_next;
    zeroizing_q <= (zeroizing_q & ~(sweep_last ? sweep_q : '0)) | ending;
    for (int p = 0; p < NPages; p++) begin
      if (claim_i[p]) rec_q[p] <= claim_rec_i;
    end
    if (!rst_ni) begin
      owned_q <= '0;
      zeroizing_q <= '1;
    end
  end

  // ---- zeroizer

  assign sweeping = |sweep_q;
  assign sweep_last = sweeping & (&sweep_addr_q);

  always_ff @(posedge clk_i) begin
    if (!sweeping) sweep_q <= zeroizing_q;
    else if (sweep_last) sweep_q <= '0;
    sweep_addr_q <= sweeping ? sweep_addr_q + 11'd1 : '0;
    if (!rst_ni) begin
      sweep_q <= '0;
      sweep_addr_q <= '0;
    end
  end

  // ---- contents

  logic [4:0] rd_page_q, out_page_q;
  logic rd_ok, rd_ok_q, out_ok_q;
  logic [7:0] out_q;
  logic [31:0][7:0] page_data;
  logic [NPages-1:0] page_we;
  logic [NPages-1:0][10:0] page_addr;
  logic [NPages-1:0][7:0] page_wdata;

  always_comb begin
    for (int unsigned p = 0; p < NPages; p++) begin
      page_we[p] = sweep_q[p] | (wr_en_i & owned_q[p] & wr_addr_i[15:11] == 5'(p));
      page_addr[p] = sweep_q[p] ? sweep_addr_q : wr_addr_i[10:0];
      page_wdata[p] = sweep_q[p] ? 8'h00 : wr_data_i;
    end
  end

  for (genvar p = 0; p < 32; p++) begin : g_page
    if (p < NPages) begin : g_used
      surface_page u_page (
        .clk_i,
        .wr_en_i(page_we[p]),
        .wr_addr_i(page_addr[p]),
        .wr_data_i(page_wdata[p]),
        .rd_en_i(rd_en_i & rd_addr_i[15:11] == 5'(p)),
        .rd_addr_i(rd_addr_i[10:0]),
        .rd_data_o(page_data[p])
      );
    end else begin : g_none
      assign page_data[p] = 8'h00;
    end
  end

  // Owned in this cycle, and still in the two after it: from the pages to one byte is a cycle's way.
  logic [31:0] owned;
  assign owned = 32'(owned_q);
  assign rd_ok = owned[rd_addr_i[15:11]];

  always_ff @(posedge clk_i) begin
    rd_ok_q <= rd_en_i & rd_ok;
    if (rd_en_i) rd_page_q <= rd_addr_i[15:11];
    out_ok_q <= rd_ok_q && owned[rd_page_q];
    out_page_q <= rd_page_q;
    out_q <= rd_ok_q ? page_data[rd_page_q] : 8'h00;
    if (!rst_ni) begin
      rd_ok_q <= 1'b0;
      out_ok_q <= 1'b0;
    end
  end
  assign rd_data_o = out_ok_q && owned[out_page_q] ? out_q : 8'h00;

`ifdef FORMAL
  // No page is free before each of its bytes is zero: shown for one byte of every page, at any address.
  logic [10:0] f_addr;   // undriven: any constant
  logic [NPages-1:0][7:0] f_byte;

  always_ff @(posedge clk_i) begin
    for (int unsigned p = 0; p < NPages; p++) begin
      if (page_we[p] && page_addr[p] == f_addr) f_byte[p] <= page_wdata[p];
      if (rst_ni) begin
        assert (!free_o[p] || f_byte[p] == '0);
        assert (!(sweep_q[p] && sweep_addr_q > f_addr) || f_byte[p] == '0);
      end
    end
    if (rst_ni) assert (sweeping || sweep_addr_q == '0);
  end
`endif

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ((owned_q & zeroizing_q) == '0) else $error("page owned while it is being zeroized");
      assert ((sweep_q & ~zeroizing_q) == '0) else $error("page swept that is not to be zeroized");
      assert ((claim_i & ~free_o) == '0) else $error("page claimed that is not free");
    end
  end
`endif

endmodule
