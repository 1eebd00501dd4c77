// SPDX-License-Identifier: Apache-2.0
//
// Book-keeping of one ring of packet buffers: which is at the head and how long it is, which is being filled.
// The bytes themselves are in the block RAM of the endpoint.
//
//   buffer      0     1     2     3        len_o     length of the head packet, 0..512
//            │ --- │ 512 │ 512 │ .. │      head_o    = 1, the packet to take next
//                    ▲            ▲        tail_o    = 3, the buffer being filled
//                   head         tail      count_o   = 2
//
// push_i on a full ring and pop_i on an empty one do nothing. flush_i goes before both.

module usb_packet_queue #(
  parameter int unsigned Depth = 4,  // a power of two
  localparam int unsigned IdxW = $clog2(Depth)
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            flush_i,
  input  logic            push_i,
  input  logic [9:0]      push_len_i,
  input  logic            pop_i,
  output logic [IdxW-1:0] head_o,
  output logic [IdxW-1:0] tail_o,
  output logic [IdxW:0]   count_o,
  output logic [9:0]      len_o
);

  logic [9:0] len_q [Depth];
  logic do_push, do_pop;

  assign do_push = push_i & ~flush_i & (count_o != (IdxW+1)'(Depth));
  assign do_pop = pop_i & ~flush_i & (count_o != '0);
  assign len_o = len_q[head_o];

  always_ff @(posedge clk_i) begin
    if (do_push) len_q[tail_o] <= push_len_i;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) begin
      head_o <= '0;
      tail_o <= '0;
      count_o <= '0;
    end else begin
      tail_o <= tail_o + IdxW'(do_push);
      head_o <= head_o + IdxW'(do_pop);
      count_o <= count_o + (IdxW+1)'(do_push) - (IdxW+1)'(do_pop);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (IdxW'(tail_o - head_o) == count_o[IdxW-1:0]);
      if (do_push) assert (push_len_i <= 10'd512);
    end
  end
`endif

endmodule
