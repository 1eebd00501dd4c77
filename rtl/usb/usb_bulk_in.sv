// SPDX-License-Identifier: Apache-2.0
//
// Bulk IN endpoints 1..NCtx: the job engine fills context k's ring of 8 packets of 512 bytes; endpoint 0x80|(k+1)
// sends the head packet and frees it when the host has acknowledged it.
//
//   one block RAM   │ ctx 0: buffer 0 │ 1 │ ... │ 7 │ ctx 1: buffer 0 │ ...     byte address {ctx, buffer[2:0], byte[8:0]}
//
// Answers (USB 2.0 sections 8.4.5, 8.6): NAK when the ring is empty; else the head packet under the endpoint's toggle,
// again and again with the same one until an ACK comes. Length 0 is a zero-length packet. Endpoints of closed contexts do not
// answer.
//
// The next byte waits in data_q and the one after it in the RAM's output register, so that tx_ready_i, which comes straight
// from the transceiver's pin, only enables registers:   RAM ─► q_q ─► data_q ─► tx_data_o

module usb_bulk_in #(
  parameter int unsigned NCtx = 4
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic [NCtx-1:0] open_i,
  input  logic [NCtx-1:0] revoke_i,  // wipe the context's buffers
  input  logic [NCtx-1:0] hold_i,    // ring empty, toggle at DATA0; writes and pushes are dropped
  input  logic [NCtx-1:0] clear_i,   // toggle back to DATA0
  // From and to the core
  input  logic            token_new_i,
  input  logic            token_respond_i,
  input  logic [3:0]      token_endpoint_i,
  input  logic            token_in_i,
  input  logic            host_ack_i,
  output logic            nak_o,
  output logic            tx_valid_o,
  output logic            tx_first_o,
  output logic            tx_last_o,
  output logic [7:0]      tx_data_o,
  output logic            tx_toggle_o,
  input  logic            tx_ready_i,
  output logic            busy_o,    // a packet is being sent
  output logic [NCtx-1:0] wiping_o,
  // From the job engine
  output logic [NCtx-1:0][3:0] free_o,
  input  logic [coffer_pkg::CtxW-1:0] ctx_i,
  input  logic            we_i,
  input  logic [8:0]      addr_i,
  input  logic [7:0]      data_i,
  input  logic [NCtx-1:0] push_i,
  input  logic [9:0]      len_i
);

  localparam int unsigned SelW = (NCtx > 1) ? $clog2(NCtx) : 1;

  typedef enum logic [2:0] { Idle, Fetch, Load, Ready, Send, Sent } state_e;

  state_e state_q;
  logic [NCtx-1:0][2:0] head, tail;
  logic [NCtx-1:0][3:0] count;
  logic [NCtx-1:0][9:0] len;
  logic [NCtx-1:0] toggle_q, pop;
  logic mine, wanted_q, empty_q;
  logic [SelW-1:0] sel;
  logic [9:0] left_q;  // bytes not yet taken by the core

  assign sel = SelW'(token_endpoint_i - 4'd1);
  assign mine = token_in_i && (token_endpoint_i != '0) && (token_endpoint_i <= 4'(NCtx)) && open_i[sel];

  // The read side of the RAM: moves on by one when a byte is taken, and twice at first to fill the pipe.
  logic step;
  logic [SelW+11:0] rptr_q;
  logic [7:0] q_q, data_q;

  assign step = (state_q == Fetch) || (state_q == Load) || (tx_ready_i && tx_valid_o);

  always_comb begin
    nak_o = token_respond_i & mine & empty_q;
    pop = '0;
    if (state_q == Sent && host_ack_i && mine) pop[sel] = 1'b1;
    tx_valid_o = state_q == Send;
    tx_first_o = 1'b0;
    tx_last_o = 1'b0;
    if (state_q == Send) begin
      tx_first_o = left_q == len[sel] && left_q != '0;
      tx_last_o = left_q <= 10'd1;
    end
  end

  assign tx_data_o = data_q;
  assign tx_toggle_o = toggle_q[sel];
  assign busy_o = (state_q == Ready) || (state_q == Send);

  always_ff @(posedge clk_i) begin
    if (token_respond_i) wanted_q <= 1'b1;
    if (token_new_i) begin
      wanted_q <= 1'b0;
      empty_q <= count[sel] == '0 || hold_i[sel];
    end
    unique case (state_q)
      Fetch: begin
        // An empty ring was answered with NAK, or is about to be.
        state_q <= empty_q ? Idle : Load;
        left_q <= len[sel];
      end
      Load: state_q <= Ready;
      Ready: if (wanted_q) state_q <= Send;
      Send: begin
        if (left_q == '0) begin
          state_q <= Sent;  // a zero-length packet is one cycle of last without first
        end else if (tx_ready_i) begin
          left_q <= left_q - 10'd1;
          if (left_q == 10'd1) state_q <= Sent;
        end
      end
      Sent: if (host_ack_i) state_q <= Idle;
      default: state_q <= Idle;
    endcase
    if (token_new_i) state_q <= mine ? Fetch : Idle;
    if (!rst_ni || hold_i[sel]) state_q <= Idle;
  end

  for (genvar k = 0; k < NCtx; k++) begin : gen_ctx
    always_ff @(posedge clk_i) begin
      if (!rst_ni || hold_i[k] || clear_i[k]) toggle_q[k] <= 1'b0;
      else if (pop[k]) toggle_q[k] <= ~toggle_q[k];
    end

    usb_packet_queue #(.Depth(8)) u_queue (
      .clk_i, .rst_ni,
      .flush_i(hold_i[k] | ~open_i[k]),
      .push_i(push_i[k]), .push_len_i(len_i),
      .pop_i(pop[k]),
      .head_o(head[k]), .tail_o(tail[k]), .count_o(count[k]), .len_o(len[k])
    );

    assign free_o[k] = 4'd8 - count[k];
  end

  // The packets
  (* no_rw_check, ram_style = "block" *) logic [7:0] mem [1 << (SelW + 12)];
  logic [SelW+11:0] waddr;
  logic write, wipe;
  logic [SelW-1:0] wipe_ctx;
  logic [11:0] wipe_addr;

  usb_wiper #(.NCtx(NCtx), .SelW(SelW), .AddrW(12)) u_wiper (
    .clk_i, .rst_ni, .start_i(revoke_i), .grant_i(~we_i), .wiping_o,
    .we_o(wipe), .ctx_o(wipe_ctx), .addr_o(wipe_addr)
  );

  assign write = we_i & ~hold_i[SelW'(ctx_i)];
  assign waddr = we_i ? {SelW'(ctx_i), tail[SelW'(ctx_i)], addr_i} : {wipe_ctx, wipe_addr};

  always_ff @(posedge clk_i) begin
    if (write || wipe) mem[waddr] <= we_i ? data_i : '0;
  end
  always_ff @(posedge clk_i) begin
    if (step) begin
      q_q <= mem[rptr_q];
      data_q <= q_q;
    end
    if (token_new_i) rptr_q <= {sel, head[sel], 9'd0};
    else if (step) rptr_q[8:0] <= rptr_q[8:0] + 9'd1;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ($onehot0(pop));
      assert (!(write && wiping_o[SelW'(ctx_i)]));
      if (we_i) assert (ctx_i < coffer_pkg::CtxW'(NCtx));
      for (int unsigned k = 0; k < NCtx; k++)
        if (push_i[k] && !hold_i[k] && open_i[k]) assert (free_o[k] != '0);
    end
  end
`endif

endmodule
