// SPDX-License-Identifier: Apache-2.0
//
// Bytes into the engine: count_i bytes from addr_i of the context's head packet, or of the surface memory, one a
// cycle, through a FIFO of four. A packet's memory answers a cycle after the address, the surface's two; the first byte
// is there three or four cycles after start_i. A start drops what an earlier one left behind.

module job_source (
  input  logic                       clk_i,
  input  logic                       rst_ni,

  input  logic                       start_i,
  input  logic                       stop_i,
  input  logic                       surface_i,
  input  logic [15:0]                addr_i,
  input  logic [9:0]                 count_i,

  output logic                       valid_o,
  output logic [7:0]                 byte_o,
  input  logic                       ready_i,

  output logic [8:0]                 out_addr_o,
  output logic                       out_en_o,
  input  logic [7:0]                 out_data_i,
  output logic                       surf_rd_en_o,
  output logic [15:0]                surf_rd_addr_o,
  input  logic [7:0]                 surf_rd_data_i
);

  logic surface_q, inflight_q, late_q, arrives, issue, take;
  logic [15:0] addr_q;
  logic [9:0] count_q;
  logic [7:0] fifo_q[4];
  logic [1:0] rd_q, wr_q;
  logic [2:0] n_q;

  assign issue = count_q != '0 && n_q + 3'(inflight_q) + 3'(late_q) < (surface_q ? 3'd4 : 3'd3);
  assign arrives = surface_q ? late_q : inflight_q;
  assign out_en_o = issue && !surface_q;
  assign out_addr_o = addr_q[8:0];
  assign surf_rd_en_o = issue && surface_q;
  assign surf_rd_addr_o = addr_q;

  assign valid_o = n_q != '0;
  assign byte_o = fifo_q[rd_q];
  assign take = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    inflight_q <= issue;
    late_q <= inflight_q && surface_q;
    if (issue) begin
      addr_q <= addr_q + 1'b1;
      count_q <= count_q - 1'b1;
    end
    if (arrives) begin
      fifo_q[wr_q] <= surface_q ? surf_rd_data_i : out_data_i;
      wr_q <= wr_q + 1'b1;
    end
    if (take) rd_q <= rd_q + 1'b1;
    n_q <= n_q + 3'(arrives) - 3'(take);
    if (start_i) begin
      surface_q <= surface_i;
      addr_q <= addr_i;
      count_q <= count_i;
    end
    if (start_i || stop_i || !rst_ni) begin
      inflight_q <= 1'b0;
      late_q <= 1'b0;
      n_q <= '0;
      rd_q <= '0;
      wr_q <= '0;
    end
    if (stop_i || !rst_ni) count_q <= '0;
  end

endmodule
