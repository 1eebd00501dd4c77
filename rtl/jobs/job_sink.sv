// SPDX-License-Identifier: Apache-2.0
//
// Bytes out of the engine, one a cycle: into the context's IN packet, into the surface memory, or nowhere. A packet
// is committed together with its 512th byte; end_i commits what there is (0 bytes: a ZLP). start_i takes the place
// to go on at; whoever starts it has made sure of the room. stop_i (revocation) drops what is under way in the
// same cycle.

module job_sink
  import coffer_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              start_i,
  input  logic              stop_i,
  input  logic [CtxW-1:0]   ctx_i,
  input  logic              ret_i,
  input  logic              surface_i,
  input  logic [9:0]        len_i,
  input  logic [15:0]       addr_i,
  output logic [9:0]        len_o,
  output logic [15:0]       addr_o,

  input  logic              valid_i,
  input  logic [7:0]        byte_i,
  input  logic              end_i,

  output logic              in_we_o,
  output logic [8:0]        in_addr_o,
  output logic [7:0]        in_data_o,
  output logic [NCtx-1:0]   in_push_o,
  output logic [9:0]        in_len_o,
  output logic              surf_wr_en_o,
  output logic [15:0]       surf_wr_addr_o,
  output logic [7:0]        surf_wr_data_o
);

  logic full;

  assign full = valid_i && ret_i && len_o == 10'(PacketBytes - 1);

  always_ff @(posedge clk_i) begin
    in_we_o <= valid_i && ret_i && !stop_i;
    in_addr_o <= len_o[8:0];
    in_data_o <= byte_i;
    surf_wr_en_o <= valid_i && surface_i && !stop_i;
    surf_wr_addr_o <= addr_o;
    surf_wr_data_o <= byte_i;

    in_push_o <= '0;
    in_len_o <= full ? 10'(PacketBytes) : len_o + 10'(valid_i);
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (ctx_i == CtxW'(c)) in_push_o[c] <= (full || end_i) && !stop_i;
    end

    if (valid_i && ret_i) len_o <= len_o + 1'b1;
    if (valid_i && surface_i) addr_o <= addr_o + 1'b1;
    if (full || end_i) len_o <= '0;
    if (start_i) begin
      len_o <= len_i;
      addr_o <= addr_i;
    end
    if (!rst_ni) begin
      in_we_o <= 1'b0;
      in_push_o <= '0;
      surf_wr_en_o <= 1'b0;
      len_o <= '0;
    end
  end

endmodule
