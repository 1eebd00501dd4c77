// SPDX-License-Identifier: Apache-2.0
//
// Takes SETUP packets (USB 2.0 section 8.5.3). A SETUP is accepted when its data packet is DATA0, exactly 8 bytes
// and of good CRC; it is then acknowledged whatever endpoint 0 is doing. valid_o pulses in the cycle in which
// setup_o, tag_o and cycle_o are new.
//
//   setup_o   bit 63 ..48     47..32    31..16     15..8       7..0
//             wLength         wIndex    wValue     bRequest    bmRequestType
//
// tag_o counts accepted SETUPs; commands of the CPU carry it, so that one meant for an older request is dropped.

module usb_setup (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [63:0] cycle_i,
  // From the core, for a SETUP token to endpoint 0
  input  logic        start_i,       // token seen
  input  logic        mine_i,        // the newest token is one
  input  logic        rx_valid_i,
  input  logic [7:0]  rx_data_i,
  input  logic        rx_toggle_i,
  input  logic        rx_good_i,
  input  logic        rx_respond_i,
  output logic        ack_o,
  // The newest SETUP
  output logic        valid_o,
  output logic [63:0] setup_o,
  output logic [7:0]  tag_o,
  output logic [63:0] cycle_o
);

  // The packet is collected aside: one with a bad CRC must not touch the request being served.
  logic [63:0] bytes_q;
  logic [3:0] count_q;  // 9: too many
  logic accept, accepted_q;

  assign accept = mine_i & rx_good_i & ~rx_toggle_i & (count_q == 4'd8);
  assign ack_o = mine_i & rx_respond_i & accepted_q;

  always_ff @(posedge clk_i) begin
    if (mine_i && rx_valid_i) bytes_q <= {rx_data_i, bytes_q[63:8]};
    if (start_i) count_q <= '0;
    else if (mine_i && rx_valid_i && count_q != 4'd9) count_q <= count_q + 4'd1;
    if (accept) begin
      setup_o <= bytes_q;
      cycle_o <= cycle_i;
    end
    if (!rst_ni) begin
      accepted_q <= 1'b0;
      valid_o <= 1'b0;
      tag_o <= '0;
    end else begin
      valid_o <= accept;
      accepted_q <= (accepted_q | accept) & ~start_i;
      if (accept) tag_o <= tag_o + 8'd1;
    end
  end

endmodule
