// SPDX-License-Identifier: Apache-2.0
//
// Endpoint 0: control transfers (USB 2.0 section 8.5.3) of up to 1,024 bytes of data either way, packets of 64. The CPU
// decides once a request; the packets, repetitions and data toggles are this block's.
//
//   SETUP ─► Wait ──send len──► DataIn ───────────── status OUT ──────────────► Done
//             │  ──receive────► DataOut ─whole─► Whole ──status──► StatusIn ──► Done
//             │  ──status────────────────────────────────────────► StatusIn ──► Done
//             └──stall────────► Idle                    a new SETUP leads to Wait from everywhere
//
// Commands (cmd_we_i): 1 send, 2 receive, 3 status, 4 stall, 5 acknowledge done; dropped unless cmd_tag_i is the tag of the
// newest SETUP and the state takes them. While the CPU has not decided, everything is NAKed; in Idle everything is STALLed.
// IN:  at most wLength bytes are sent; fewer and a multiple of 64 end in a zero-length packet. The same packet is sent again
//      until the host acknowledges it. The status OUT may come at any time.
// OUT: the stage is whole after wLength bytes or a short packet; repeated packets are acknowledged and dropped; more than
//      promised is STALLed, as is a wLength above 1,024.

module usb_ep0 (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        bus_reset_i,
  input  logic [63:0] cycle_i,
  // The newest SETUP
  input  logic        setup_valid_i,
  input  logic [15:0] request_i,     // bRequest, bmRequestType
  input  logic [15:0] wlength_i,
  input  logic [7:0]  tag_i,
  // From and to the core; mine_i: the newest token is to endpoint 0
  input  logic        mine_i,
  input  logic        token_new_i,
  input  logic        token_respond_i,
  input  logic        token_in_i,
  input  logic        token_out_i,
  input  logic        token_ping_i,
  input  logic        rx_valid_i,
  input  logic [7:0]  rx_data_i,
  input  logic        rx_toggle_i,
  input  logic        rx_good_i,
  input  logic        rx_respond_i,
  input  logic        host_ack_i,
  output logic        ack_o,
  output logic        nak_o,
  output logic        stall_o,
  output logic        tx_valid_o,
  output logic        tx_first_o,
  output logic        tx_last_o,
  output logic [7:0]  tx_data_o,
  output logic        tx_toggle_o,
  input  logic        tx_ready_i,
  output logic        address_we_o,
  output logic [6:0]  address_o,
  output logic        busy_o,
  // CPU
  output logic        setup_o,       // a SETUP waits for a command
  output logic        out_done_o,    // OUT data stage is whole in the buffer
  output logic        done_o,        // status stage done; until acknowledged
  output logic [10:0] out_len_o,
  output logic [63:0] done_cycle_o,
  input  logic        cmd_we_i,
  input  logic [2:0]  cmd_i,
  input  logic [7:0]  cmd_tag_i,
  input  logic [10:0] cmd_len_i,
  input  logic        addr_we_i,     // of SET_ADDRESS; taken over when its status stage is done
  input  logic [6:0]  addr_i,
  input  logic        buf_en_i,
  input  logic [3:0]  buf_we_i,
  input  logic [7:0]  buf_addr_i,
  input  logic [31:0] buf_wdata_i,
  output logic [31:0] buf_rdata_o
);

  typedef enum logic [2:0] { Idle, Wait, DataIn, DataOut, Whole, StatusIn, Done } phase_e;
  typedef enum logic [1:0] { TxIdle, TxWait, TxSend, TxSent } tx_e;

  localparam logic [10:0] MaxStage = 11'd1024;
  localparam logic [10:0] MaxPacket = 11'd64;
  localparam logic [15:0] SetAddress = 16'h0500;

  phase_e phase_q, phase_n;
  tx_e tx_q;
  logic toggle_q;                  // IN: of the packet to send; OUT: of the packet expected
  logic [10:0] moved_q, total_q;   // bytes acknowledged or received, and of the whole stage
  logic zlp_q;                     // IN: a zero-length packet is still to be sent

  // ---- the packet of the newest token
  logic respond_in, respond_out, respond_ping, ready_q, over_q, repeated, more_in;
  logic [6:0] size, left_q, count_q;
  logic [10:0] rest;
  logic take, acked;

  assign respond_in = token_respond_i & mine_i & token_in_i;
  assign respond_ping = token_respond_i & mine_i & token_ping_i;
  assign respond_out = rx_respond_i & mine_i & token_out_i;
  assign repeated = rx_toggle_i != toggle_q;
  assign rest = total_q - moved_q;
  assign size = (rest > MaxPacket) ? MaxPacket[6:0] : rest[6:0];
  assign more_in = rest != '0 || zlp_q;
  assign acked = (tx_q == TxSent) & host_ack_i & mine_i & token_in_i;
  assign take = (phase_q == DataOut) & ready_q & ~over_q & ~repeated;

  // ---- answers
  logic send, got_status, bad;

  always_comb begin
    ack_o = 1'b0;
    nak_o = 1'b0;
    stall_o = 1'b0;
    send = 1'b0;
    got_status = 1'b0;
    bad = 1'b0;
    if (respond_in) begin
      unique case (phase_q)
        Wait, Whole: nak_o = 1'b1;
        DataIn: if (!ready_q) nak_o = 1'b1; else if (more_in) send = 1'b1; else bad = 1'b1;
        StatusIn: if (ready_q) send = 1'b1; else nak_o = 1'b1;
        default: bad = 1'b1;
      endcase
    end else if (respond_out) begin
      unique case (phase_q)
        Wait: nak_o = 1'b1;
        DataIn, Done: begin
          got_status = phase_q == DataIn && count_q == '0 && rx_toggle_i;
          ack_o = (count_q == '0) | ~rx_toggle_i;
          bad = ~ack_o;
        end
        DataOut: if (!ready_q) nak_o = 1'b1; else if (repeated || take) ack_o = 1'b1; else bad = 1'b1;
        Whole, StatusIn: if (repeated) ack_o = 1'b1; else bad = 1'b1;
        default: bad = 1'b1;
      endcase
    end else if (respond_ping) begin
      unique case (phase_q)
        Wait: nak_o = 1'b1;
        Idle: bad = 1'b1;
        default: ack_o = 1'b1;
      endcase
    end
    stall_o = bad;
  end

  // ---- state of the request
  logic cmd, arm_send, arm_receive, arm_status, last_out, status_done;

  assign cmd = cmd_we_i & (cmd_tag_i == tag_i) & ~setup_valid_i;
  assign arm_send = cmd & (phase_q == Wait) & (cmd_i == 3'd1) & (wlength_i != '0);
  assign arm_receive = cmd & (phase_q == Wait) & (cmd_i == 3'd2);
  assign arm_status = cmd & (((phase_q == Wait || phase_q == Whole) && cmd_i == 3'd3) ||
                             (phase_q == Wait && cmd_i == 3'd1 && wlength_i == '0));
  assign last_out = respond_out & take & ((count_q != MaxPacket[6:0]) || (rest == 11'(count_q)));
  assign status_done = (phase_q == StatusIn && acked) || got_status;

  always_comb begin
    phase_n = phase_q;
    unique case (phase_q)
      Wait: begin
        if (arm_send) phase_n = DataIn;
        else if (arm_status) phase_n = StatusIn;
        else if (arm_receive && wlength_i > 16'(MaxStage)) phase_n = Idle;
        else if (arm_receive) phase_n = (wlength_i == '0) ? Whole : DataOut;
      end
      DataOut: if (last_out) phase_n = Whole;
      Whole: if (arm_status) phase_n = StatusIn;
      default: if (status_done) phase_n = Done;
    endcase
    if (bad || (cmd && cmd_i == 3'd4)) phase_n = Idle;
    if (bus_reset_i) phase_n = Idle;
    if (setup_valid_i) phase_n = Wait;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      phase_q <= Idle;
      setup_o <= 1'b0;
      out_done_o <= 1'b0;
      done_o <= 1'b0;
    end else begin
      phase_q <= phase_n;
      setup_o <= phase_n == Wait;
      out_done_o <= phase_n == Whole;
      done_o <= (status_done | (done_o & ~(cmd && cmd_i == 3'd5))) & ~bus_reset_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (setup_valid_i) begin
      toggle_q <= 1'b1;
      moved_q <= '0;
    end else if (phase_q == DataIn && acked) begin
      toggle_q <= ~toggle_q;
      moved_q <= moved_q + 11'(size);
      if (rest == '0) zlp_q <= 1'b0;
    end else if (respond_out && take) begin
      toggle_q <= ~toggle_q;
      moved_q <= moved_q + 11'(count_q);
    end
    if (arm_send) begin
      total_q <= (16'(cmd_len_i) < wlength_i) ? cmd_len_i : wlength_i[10:0];
      zlp_q <= (16'(cmd_len_i) < wlength_i) && cmd_len_i[5:0] == '0;
    end
    if (arm_receive) total_q <= wlength_i[10:0];
    if (status_done) done_cycle_o <= cycle_i;
  end

  assign out_len_o = moved_q;

  // ---- address
  logic addr_pending_q;

  always_ff @(posedge clk_i) begin
    if (addr_we_i) address_o <= addr_i;
    if (!rst_ni || setup_valid_i || bus_reset_i || status_done) addr_pending_q <= 1'b0;
    else if (addr_we_i && request_i == SetAddress) addr_pending_q <= 1'b1;
    address_we_o <= rst_ni & status_done & addr_pending_q;
  end

  // ---- sending
  logic get_ready, get_next;

  always_ff @(posedge clk_i) begin
    unique case (tx_q)
      TxWait: if (size == '0 || phase_q == StatusIn || get_ready) tx_q <= TxSend;
      TxSend: begin
        if (left_q == '0) begin
          tx_q <= TxSent;
        end else if (tx_ready_i) begin
          left_q <= left_q - 7'd1;
          if (left_q == 7'd1) tx_q <= TxSent;
        end
      end
      TxSent: if (host_ack_i) tx_q <= TxIdle;
      default: begin
        left_q <= (phase_q == StatusIn) ? '0 : size;
        if (send) tx_q <= TxWait;
      end
    endcase
    if (!rst_ni || token_new_i || bus_reset_i) tx_q <= TxIdle;
  end

  assign get_next = (tx_q == TxSend) & tx_ready_i & (left_q != '0);
  assign tx_valid_o = tx_q == TxSend;
  assign tx_first_o = tx_valid_o & (left_q != '0) & (left_q == size);
  assign tx_last_o = tx_valid_o & (left_q <= 7'd1);
  // In a status stage toggle_q is still that of the OUT stage, to tell a repetition of its last packet.
  assign tx_toggle_o = (phase_q == StatusIn) | toggle_q;

  // ---- receiving
  logic put;

  assign put = rx_valid_i & mine_i & token_out_i & take & (count_q != MaxPacket[6:0]) & (11'(count_q) != rest);

  always_ff @(posedge clk_i) begin
    if (token_new_i) begin
      ready_q <= phase_q != Wait && phase_q != Idle;
      count_q <= '0;
      over_q <= 1'b0;
    end else if (rx_valid_i && mine_i) begin
      if (count_q == MaxPacket[6:0] || 11'(count_q) == rest) over_q <= 1'b1;
      if (count_q != MaxPacket[6:0]) count_q <= count_q + 7'd1;
    end
    busy_o <= rst_ni & ((tx_q == TxWait) | (tx_q == TxSend) | put);
  end

  usb_ep0_buffer u_buffer (
    .clk_i, .rst_ni,
    .cpu_en_i(buf_en_i), .cpu_we_i(buf_we_i), .cpu_addr_i(buf_addr_i), .cpu_wdata_i(buf_wdata_i), .cpu_rdata_o(buf_rdata_o),
    .start_i(token_new_i),
    .put_i(put), .put_addr_i(moved_q[9:0] + 10'(count_q)), .put_data_i(rx_data_i), .put_end_i(rx_good_i & mine_i),
    .get_addr_i(moved_q[9:2]), .get_ready_o(get_ready), .get_next_i(get_next), .get_data_o(tx_data_o)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert ($onehot0({ack_o, nak_o, stall_o, send}));
      if (phase_q == DataIn || phase_q == DataOut) assert (moved_q <= total_q);
    end
  end
`endif

endmodule
