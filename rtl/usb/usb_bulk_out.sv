// SPDX-License-Identifier: Apache-2.0
//
// Bulk OUT endpoints 1..NCtx: endpoint k+1 fills context k's ring of 8 packets of 512 bytes; the job engine reads
// the head packet by byte address and frees it whole.
//
//   one block RAM   │ ctx 0: buffer 0 │ 1 │ ... │ 7 │ ctx 1: buffer 0 │ ...     byte address {ctx, buffer[2:0], byte[8:0]}
//
// A packet is taken only when a whole buffer was free at its token. Answers (USB 2.0 sections 8.4.5, 8.5.1, 8.6):
//   bad CRC, or more than 512 bytes   none; the host repeats
//   the toggle of the packet before   ACK, dropped: our ACK was lost
//   no buffer                         NAK; PING: NAK
//   taken                             ACK, or NYET when it took the last buffer
// With 4 buffers here and 8 in the other direction, jobs that return their payload fall into step with the host's
// microframes (one filling all 12, the next draining them: 0.37 bytes a cycle each way); from 5 on they do not (0.43).
// A zero-length packet is a packet of length 0. Endpoints of closed contexts do not answer.

module usb_bulk_out #(
  parameter int unsigned NCtx = 4
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [NCtx-1:0] open_i,
  input  logic [NCtx-1:0] revoke_i,  // wipe the context's buffers
  input  logic [NCtx-1:0] hold_i,    // ring empty, toggle at DATA0; NAK while it lasts
  input  logic [NCtx-1:0] clear_i,   // toggle back to DATA0
  // From the core
  input  logic            token_new_i,
  input  logic            token_respond_i,
  input  logic [3:0]      token_endpoint_i,
  input  logic            token_out_i,
  input  logic            token_ping_i,
  input  logic            rx_open_i,   // the data packet of the token is due or coming
  input  logic            rx_valid_i,
  input  logic [7:0]      rx_data_i,
  input  logic            rx_toggle_i,
  input  logic            rx_respond_i,
  output logic            ack_o,
  output logic            nak_o,
  output logic            nyet_o,
  output logic            busy_o,    // a packet that will be kept is coming
  output logic [NCtx-1:0] wiping_o,
  // To the job engine
  output logic [NCtx-1:0] avail_o,
  output logic [NCtx-1:0][9:0] len_o,
  input  logic [coffer_pkg::CtxW-1:0] ctx_i,
  input  logic [8:0]      addr_i,
  input  logic            en_i,
  output logic [7:0]      data_o,
  input  logic [NCtx-1:0] pop_i
);

  localparam int unsigned Depth = 8;
  localparam int unsigned IdxW = $clog2(Depth);
  localparam int unsigned SelW = (NCtx > 1) ? $clog2(NCtx) : 1;

  logic [NCtx-1:0][IdxW-1:0] head, tail;
  logic [NCtx-1:0][IdxW:0] count;
  logic [NCtx-1:0] toggle_q, push;

  // The endpoint of the newest token
  logic mine, room, room_q, over_q, repeated, keep;
  logic [SelW-1:0] sel;
  logic [9:0] len_q;  // bytes come in so far

  assign sel = SelW'(token_endpoint_i - 4'd1);
  assign mine = (token_endpoint_i != '0) && (token_endpoint_i <= 4'(NCtx)) && open_i[sel];
  assign room = ~count[sel][IdxW] & ~hold_i[sel];
  assign repeated = rx_toggle_i != toggle_q[sel];
  assign keep = rx_open_i & mine & token_out_i & room_q & ~over_q & ~repeated;

  always_comb begin
    ack_o = 1'b0;
    nak_o = 1'b0;
    nyet_o = 1'b0;
    push = '0;
    if (rx_respond_i && token_out_i && mine) begin
      if (repeated) begin
        ack_o = 1'b1;
      end else if (!room_q) begin
        nak_o = 1'b1;
      end else if (!over_q) begin
        push[sel] = 1'b1;
        nyet_o = count[sel] == (IdxW+1)'(Depth - 1);
        ack_o = ~nyet_o;
      end
    end else if (token_respond_i && token_ping_i && mine) begin
      ack_o = room;
      nak_o = ~room;
    end
  end

  always_ff @(posedge clk_i) begin
    if (token_new_i) begin
      room_q <= room;
      over_q <= 1'b0;
      len_q <= '0;
    end else if (rx_valid_i) begin
      if (len_q[9]) over_q <= 1'b1;
      else len_q <= len_q + 10'd1;
    end
  end

  for (genvar k = 0; k < NCtx; k++) begin : gen_ctx
    always_ff @(posedge clk_i) begin
      if (!rst_ni || hold_i[k] || clear_i[k]) toggle_q[k] <= 1'b0;
      else if (push[k]) toggle_q[k] <= ~toggle_q[k];
    end

    usb_packet_queue #(.Depth(Depth)) u_queue (
      .clk_i, .rst_ni,
      .flush_i(hold_i[k]),
      .push_i(push[k]), .push_len_i(len_q),
      .pop_i(pop_i[k]),
      .head_o(head[k]), .tail_o(tail[k]), .count_o(count[k]), .len_o(len_o[k])
    );

    assign avail_o[k] = count[k] != '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) busy_o <= 1'b0;
    else busy_o <= keep & (busy_o | rx_valid_i);
  end

  // The packets
  (* no_rw_check, ram_style = "block" *) logic [7:0] mem [1 << (SelW + IdxW + 9)];
  logic [SelW+IdxW+8:0] waddr, raddr;
  logic write, wipe;
  logic [SelW-1:0] wipe_ctx;
  logic [IdxW+8:0] wipe_addr;

  usb_wiper #(.NCtx(NCtx), .SelW(SelW), .AddrW(IdxW+9)) u_wiper (
    .clk_i, .rst_ni, .start_i(revoke_i), .grant_i(~write), .wiping_o,
    .we_o(wipe), .ctx_o(wipe_ctx), .addr_o(wipe_addr)
  );

  assign write = rx_valid_i & keep & ~len_q[9];
  assign waddr = write ? {sel, tail[sel], len_q[8:0]} : {wipe_ctx, wipe_addr};
  assign raddr = {SelW'(ctx_i), head[SelW'(ctx_i)], addr_i};

  always_ff @(posedge clk_i) begin
    if (write || wipe) mem[waddr] <= write ? rx_data_i : '0;
  end
  always_ff @(posedge clk_i) begin
    if (en_i) data_o <= mem[raddr];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ($onehot0({ack_o, nak_o, nyet_o}));
      assert (!(write && wiping_o[sel]));
      assert ((pop_i & ~avail_o & ~hold_i) == '0);
      if (en_i) assert (ctx_i < coffer_pkg::CtxW'(NCtx));
    end
  end
`endif

endmodule
