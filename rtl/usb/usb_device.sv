// SPDX-License-Identifier: Apache-2.0
//
// The USB device: LUNA's core on the ULPI pins, endpoint 0, the bulk endpoints with their packet buffers, and the decoding of
// what revokes a context.
//
//   ULPI ── luna_usb ──┬── usb_setup ──┬── usb_revoke ──► alt, epoch, revoke; flushes rings, resets toggles
//   (build/rtl/…)      ├── usb_ep0 ────┘   512 B packets:
//                      ├── usb_bulk_out    OUT k+1      8 a context  ──► job engine
//                      └── usb_bulk_in     IN 0x80|k+1  8 a context  ◄── job engine
//
// The core reports tokens to our address, bytes of data packets and their end, and sends what it is told; it repeats nothing
// and keeps no toggle: that is the endpoints' work. Everything is in one 60 MHz domain.
//
// Towards the job engine a revocation is the cycle of revoke_ctx_o. From it on the context's packet buffers are overwritten
// (4,096 cycles a revoked context); until that is over its rings stay empty, writes, pushes and pops are dropped and the host is
// NAKed. A push after that belongs to the next owner, so a job must have given up by then.

module usb_device #(
  parameter int unsigned NCtx = 4
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // ULPI
  input  logic [7:0]  ulpi_data_i,
  output logic [7:0]  ulpi_data_o,
  output logic        ulpi_data_oe_o,
  input  logic        ulpi_dir_i,
  input  logic        ulpi_nxt_i,
  output logic        ulpi_stp_o,
  input  logic        connect_i,       // pull-up on
  input  logic [63:0] cycle_i,
  // Bulk OUT
  output logic [NCtx-1:0]             out_avail_o,
  output logic [NCtx-1:0][9:0]        out_len_o,
  input  logic [coffer_pkg::CtxW-1:0] out_ctx_i,
  input  logic [8:0]                  out_addr_i,
  input  logic                        out_en_i,
  output logic [7:0]                  out_data_o,
  input  logic [NCtx-1:0]             out_pop_i,
  // Bulk IN
  output logic [NCtx-1:0][3:0]        in_free_o,
  input  logic [coffer_pkg::CtxW-1:0] in_ctx_i,
  input  logic                        in_we_i,
  input  logic [8:0]                  in_addr_i,
  input  logic [7:0]                  in_data_i,
  input  logic [NCtx-1:0]             in_push_i,
  input  logic [9:0]                  in_len_i,
  // Revocation
  output logic [NCtx-1:0]             revoke_ctx_o,
  output logic [NCtx-1:0]             alt_o,
  output logic [NCtx-1:0][coffer_pkg::EpochW-1:0] epoch_o,
  // Endpoint 0, CPU side (EP0_* of coffer_regs.rdl)
  output logic [31:0] ep0_setup0_o,
  output logic [31:0] ep0_setup1_o,
  output logic        ep0_setup_o,
  output logic        ep0_out_done_o,
  output logic        ep0_done_o,
  output logic [7:0]  ep0_tag_o,
  output logic [10:0] ep0_out_len_o,
  output logic        high_speed_o,
  output logic        configured_o,
  output logic        bus_reset_o,     // one cycle
  input  logic        ep0_cmd_we_i,
  input  logic [2:0]  ep0_cmd_i,
  input  logic [7:0]  ep0_cmd_tag_i,
  input  logic [10:0] ep0_cmd_len_i,
  input  logic        ep0_addr_we_i,
  input  logic [6:0]  ep0_addr_i,
  output logic [63:0] ep0_setup_cycle_o,
  output logic [63:0] ep0_done_cycle_o,
  input  logic        ep0_buf_en_i,
  input  logic [3:0]  ep0_buf_we_i,
  input  logic [7:0]  ep0_buf_addr_i,
  input  logic [31:0] ep0_buf_wdata_i,
  output logic [31:0] ep0_buf_rdata_o,
  output logic        busy_o           // a packet that counts is moving; not: tokens, NAKs, frames
);

  // ---- the core
  logic [1:0] speed;
  logic reset_level, reset_q;
  logic token_new, core_token_respond, token_respond, token_in, token_out, token_setup, token_ping;
  logic [3:0] token_endpoint;
  logic rx_active, rx_byte, core_good, core_bad, core_respond, rx_toggle;
  logic [7:0] rx_data;
  logic tx_valid, tx_first, tx_last, tx_ready, tx_toggle;
  logic [7:0] tx_data;
  logic core_ack, send_ack, send_nak, send_stall, send_nyet;
  logic address_we;
  logic [6:0] address;

  luna_usb u_luna (
    .clk_i, .rst_i(~rst_ni),
    .ulpi_data_i, .ulpi_data_o, .ulpi_data_oe_o, .ulpi_dir_i, .ulpi_nxt_i, .ulpi_stp_o,
    .connect_i, .speed_o(speed), .bus_reset_o(reset_level),
    .token_new_o(token_new), .token_respond_o(core_token_respond), .token_endpoint_o(token_endpoint),
    .token_in_o(token_in), .token_out_o(token_out), .token_setup_o(token_setup), .token_ping_o(token_ping),
    .rx_active_o(rx_active), .rx_valid_o(rx_byte), .rx_data_o(rx_data), .rx_good_o(core_good), .rx_bad_o(core_bad),
    .rx_respond_o(core_respond), .rx_toggle_o(rx_toggle),
    .tx_valid_i(tx_valid), .tx_first_i(tx_first), .tx_last_i(tx_last), .tx_data_i(tx_data), .tx_ready_o(tx_ready),
    .tx_toggle_i(tx_toggle),
    .host_ack_o(core_ack), .hs_ack_i(send_ack), .hs_nak_i(send_nak), .hs_stall_i(send_stall), .hs_nyet_i(send_nyet),
    .address_we_i(address_we), .address_i(address)
  );

  // The core holds its reset signal as long as there is no VBUS.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reset_q <= 1'b1;
      bus_reset_o <= 1'b0;
      high_speed_o <= 1'b0;
    end else begin
      reset_q <= reset_level;
      bus_reset_o <= reset_level & ~reset_q;
      high_speed_o <= speed == 2'd0;
    end
  end

  // ---- A data packet belongs to the token just before it, and the host's ACK to the packet that we have just sent. The core
  // keeps the fields of the last good token to us; so a packet counts only as the first one after that token or after our own.
  logic active_q, seen_q, stale_q, data_due_q, respond_q, token_respond_q, rx_valid, rx_good, rx_respond, host_ack;

  always_ff @(posedge clk_i) begin
    active_q <= rx_active;
    if (!rst_ni || token_new || tx_valid) begin
      seen_q <= 1'b0;
      stale_q <= 1'b0;
    end else if (rx_active && !active_q) begin
      seen_q <= 1'b1;
      stale_q <= seen_q;
    end
    if (!rst_ni) data_due_q <= 1'b0;
    else if (token_new) data_due_q <= token_out | token_setup;
    else if (core_respond || core_bad || stale_q) data_due_q <= 1'b0;
  end

  assign rx_valid = rx_byte & data_due_q;
  assign rx_good = core_good & data_due_q;
  // The core's timers say late in their cycle that an answer is due.
  always_ff @(posedge clk_i) begin
    respond_q <= rst_ni & core_respond & data_due_q;
    token_respond_q <= rst_ni & core_token_respond;
  end
  assign rx_respond = respond_q & ~token_new;
  assign token_respond = token_respond_q & ~token_new;
  assign host_ack = core_ack & ~stale_q;

  // ---- endpoint 0
  logic to_ep0, setup_valid, setup_ack, ep0_ack, ep0_nak, ep0_stall, ep0_busy;
  logic ep0_tx_valid, ep0_tx_first, ep0_tx_last, ep0_tx_toggle;
  logic [7:0] ep0_tx_data;
  logic [63:0] setup;

  assign to_ep0 = token_endpoint == '0;
  assign {ep0_setup1_o, ep0_setup0_o} = setup;

  usb_setup u_setup (
    .clk_i, .rst_ni, .cycle_i,
    .start_i(token_new & token_setup & to_ep0), .mine_i(token_setup & to_ep0),
    .rx_valid_i(rx_valid), .rx_data_i(rx_data), .rx_toggle_i(rx_toggle), .rx_good_i(rx_good), .rx_respond_i(rx_respond),
    .ack_o(setup_ack),
    .valid_o(setup_valid), .setup_o(setup), .tag_o(ep0_tag_o), .cycle_o(ep0_setup_cycle_o)
  );

  usb_ep0 u_ep0 (
    .clk_i, .rst_ni, .bus_reset_i(bus_reset_o), .cycle_i,
    .setup_valid_i(setup_valid), .request_i(setup[15:0]), .wlength_i(setup[63:48]), .tag_i(ep0_tag_o),
    .mine_i(to_ep0), .token_new_i(token_new), .token_respond_i(token_respond),
    .token_in_i(token_in), .token_out_i(token_out), .token_ping_i(token_ping),
    .rx_valid_i(rx_valid), .rx_data_i(rx_data), .rx_toggle_i(rx_toggle), .rx_good_i(rx_good), .rx_respond_i(rx_respond),
    .host_ack_i(host_ack), .ack_o(ep0_ack), .nak_o(ep0_nak), .stall_o(ep0_stall),
    .tx_valid_o(ep0_tx_valid), .tx_first_o(ep0_tx_first), .tx_last_o(ep0_tx_last), .tx_data_o(ep0_tx_data),
    .tx_toggle_o(ep0_tx_toggle), .tx_ready_i(tx_ready),
    .address_we_o(address_we), .address_o(address), .busy_o(ep0_busy),
    .setup_o(ep0_setup_o), .out_done_o(ep0_out_done_o), .done_o(ep0_done_o), .out_len_o(ep0_out_len_o),
    .done_cycle_o(ep0_done_cycle_o),
    .cmd_we_i(ep0_cmd_we_i), .cmd_i(ep0_cmd_i), .cmd_tag_i(ep0_cmd_tag_i), .cmd_len_i(ep0_cmd_len_i),
    .addr_we_i(ep0_addr_we_i), .addr_i(ep0_addr_i),
    .buf_en_i(ep0_buf_en_i), .buf_we_i(ep0_buf_we_i), .buf_addr_i(ep0_buf_addr_i), .buf_wdata_i(ep0_buf_wdata_i),
    .buf_rdata_o(ep0_buf_rdata_o)
  );

  // ---- contexts and their bulk endpoints
  logic [NCtx-1:0] hold, out_wiping, in_wiping, clear_out, clear_in;
  logic out_ack, out_nak, out_nyet, out_busy, in_nak, in_busy;
  logic in_tx_valid, in_tx_first, in_tx_last, in_tx_toggle;
  logic [7:0] in_tx_data;

  usb_revoke #(.NCtx(NCtx)) u_revoke (
    .clk_i, .rst_ni, .bus_reset_i(bus_reset_o), .high_speed_i(high_speed_o),
    .setup_valid_i(setup_valid), .setup_i(setup),
    .configured_o, .alt_o, .revoke_o(revoke_ctx_o), .epoch_o,
    .clear_out_o(clear_out), .clear_in_o(clear_in)
  );

  assign hold = revoke_ctx_o | out_wiping | in_wiping;

  usb_bulk_out #(.NCtx(NCtx)) u_bulk_out (
    .clk_i, .rst_ni, .open_i(alt_o), .revoke_i(revoke_ctx_o), .hold_i(hold), .clear_i(clear_out),
    .token_new_i(token_new), .token_respond_i(token_respond), .token_endpoint_i(token_endpoint),
    .token_out_i(token_out), .token_ping_i(token_ping),
    .rx_open_i(data_due_q), .rx_valid_i(rx_valid), .rx_data_i(rx_data), .rx_toggle_i(rx_toggle), .rx_respond_i(rx_respond),
    .ack_o(out_ack), .nak_o(out_nak), .nyet_o(out_nyet), .busy_o(out_busy), .wiping_o(out_wiping),
    .avail_o(out_avail_o), .len_o(out_len_o), .ctx_i(out_ctx_i), .addr_i(out_addr_i), .en_i(out_en_i),
    .data_o(out_data_o), .pop_i(out_pop_i)
  );

  usb_bulk_in #(.NCtx(NCtx)) u_bulk_in (
    .clk_i, .rst_ni, .open_i(alt_o), .revoke_i(revoke_ctx_o), .hold_i(hold), .clear_i(clear_in),
    .token_new_i(token_new), .token_respond_i(token_respond), .token_endpoint_i(token_endpoint),
    .token_in_i(token_in), .host_ack_i(host_ack), .nak_o(in_nak),
    .tx_valid_o(in_tx_valid), .tx_first_o(in_tx_first), .tx_last_o(in_tx_last), .tx_data_o(in_tx_data),
    .tx_toggle_o(in_tx_toggle), .tx_ready_i(tx_ready), .busy_o(in_busy), .wiping_o(in_wiping),
    .free_o(in_free_o), .ctx_i(in_ctx_i), .we_i(in_we_i), .addr_i(in_addr_i), .data_i(in_data_i),
    .push_i(in_push_i), .len_i(in_len_i)
  );

  // ---- one packet at a time: at most one of them sends
  assign tx_valid = ep0_tx_valid | in_tx_valid;
  assign tx_first = ep0_tx_first | in_tx_first;
  assign tx_last = ep0_tx_last | in_tx_last;
  assign tx_data = to_ep0 ? ep0_tx_data : in_tx_data;
  assign tx_toggle = to_ep0 ? ep0_tx_toggle : in_tx_toggle;
  // Handshakes go out a cycle after they are decided.
  always_ff @(posedge clk_i) begin
    send_ack <= rst_ni & (setup_ack | ep0_ack | out_ack);
    send_nak <= rst_ni & (ep0_nak | out_nak | in_nak);
    send_stall <= rst_ni & ep0_stall;
    send_nyet <= rst_ni & out_nyet;
  end
  assign busy_o = ep0_busy | out_busy | in_busy | (|hold);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ($onehot0({send_ack, send_nak, send_stall, send_nyet, tx_valid}));
      assert (!(ep0_tx_valid && !to_ep0) && !(in_tx_valid && to_ep0));
    end
  end
`endif

endmodule
