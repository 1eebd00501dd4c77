// SPDX-License-Identifier: Apache-2.0
//
// A wrapped block for a key operation: 16 bytes of the packet, read as often as they are asked for (req_i, held until
// the block has been used; valid_o falls with it).

module job_block
  import coffer_pkg::*;
(
  input  logic       clk_i,
  input  logic       rst_ni,
  input  logic       clear_i,

  input  logic       req_i,
  output logic       start_o,      // the source is to begin at the block
  input  logic       valid_i,
  input  logic [7:0] byte_i,
  output logic       take_o,
  output logic       valid_o,
  output block_t     block_o
);

  logic asked_q;
  logic [4:0] count_q;

  assign start_o = req_i && !asked_q;
  assign take_o = req_i && asked_q && valid_i && !count_q[4];
  assign valid_o = asked_q && count_q[4];

  always_ff @(posedge clk_i) begin
    asked_q <= req_i;
    if (start_o) count_q <= '0;
    else if (take_o) count_q <= count_q + 1'b1;
    if (take_o) block_o <= {byte_i, block_o[127:8]};
    if (clear_i || !rst_ni) begin
      asked_q <= 1'b0;
      block_o <= '0;
    end
  end

endmodule
