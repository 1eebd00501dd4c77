// SPDX-License-Identifier: Apache-2.0
//
// The data stage of endpoint 0: 1 KiB, 256 words of 32 bits in one block RAM, shared by the CPU and the bus side.
// Byte n of the stage is bits [8*(n%4) +: 8] of word n/4.
//
//   CPU ──── word, byte enables ──┐                      ┌── word, next cycle ──► CPU
//                                 ├─► write ─ RAM ─ read ┤
//   bus ─► word_q ─► wait_q ───────┘                      └── nxt_q ─► cur_q ─► bytes ─► bus
//
// The CPU always wins. The bus needs each port once in four cycles and waits up to three, so the CPU may use the buffer in
// at most every second cycle while a stage runs.

module usb_ep0_buffer (
  input  logic        clk_i,
  input  logic        rst_ni,
  // CPU
  input  logic        cpu_en_i,
  input  logic [3:0]  cpu_we_i,
  input  logic [7:0]  cpu_addr_i,
  input  logic [31:0] cpu_wdata_i,
  output logic [31:0] cpu_rdata_o,   // one cycle after cpu_en_i
  input  logic        start_i,       // a new packet: forget what was begun, fetch from get_addr_i
  // Bytes from the bus
  input  logic        put_i,
  input  logic [9:0]  put_addr_i,
  input  logic [7:0]  put_data_i,
  input  logic        put_end_i,     // no more bytes of this packet: write what is left of the last word
  // Bytes to the bus
  input  logic [7:0]  get_addr_i,    // word
  output logic        get_ready_o,   // get_data_o is the first byte
  input  logic        get_next_i,
  output logic [7:0]  get_data_o
);

  (* no_rw_check, ram_style = "block" *) logic [31:0] mem [256];

  logic cpu_write, cpu_read;

  assign cpu_write = cpu_en_i & (|cpu_we_i);
  assign cpu_read = cpu_en_i & ~(|cpu_we_i);

  // ---- writing: bytes gather in word_q; a full word moves to wait_q and is written from there
  logic [31:0] word_q, wait_q, wdata;
  logic [3:0] mask_q, wait_mask_q, wmask, lane;
  logic [7:0] addr_q, wait_addr_q, waddr;
  logic full_q, waiting_q;

  assign lane = 4'd1 << put_addr_i[1:0];

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 4; b++)
      if (put_i && lane[b]) word_q[8*b +: 8] <= put_data_i;
    if (put_i) addr_q <= put_addr_i[9:2];
    if (full_q) begin
      wait_q <= word_q;
      wait_mask_q <= mask_q;
      wait_addr_q <= addr_q;
    end
    if (!rst_ni || start_i) begin
      mask_q <= '0;
      full_q <= 1'b0;
      waiting_q <= 1'b0;
    end else begin
      mask_q <= (full_q ? '0 : mask_q) | (put_i ? lane : '0);
      full_q <= (put_i & lane[3]) | (put_end_i & ~full_q & (|mask_q));
      waiting_q <= full_q | (waiting_q & cpu_write);
    end
  end

  assign wdata = cpu_write ? cpu_wdata_i : wait_q;
  assign wmask = cpu_write ? cpu_we_i : wait_mask_q;
  assign waddr = cpu_write ? cpu_addr_i : wait_addr_q;

  always_ff @(posedge clk_i) begin
    if (cpu_write || waiting_q) begin
      for (int unsigned b = 0; b < 4; b++)
        if (wmask[b]) mem[waddr][8*b +: 8] <= wdata[8*b +: 8];
    end
  end

  // ---- reading: cur_q is being sent, nxt_q follows it
  logic [31:0] cur_q, nxt_q, rdata_q;
  logic [7:0] fetch_q, raddr;  // address of the next word to fetch
  logic [1:0] lane_q;
  logic cur_valid_q, nxt_valid_q, asked_q, ask, refill;

  assign refill = cur_valid_q ? (get_next_i && lane_q == 2'd3) : nxt_valid_q;  // nxt_q moves to cur_q
  assign ask = ~cpu_read & ~asked_q & (~nxt_valid_q | refill) & ~start_i;
  assign raddr = cpu_read ? cpu_addr_i : fetch_q;
  assign get_ready_o = cur_valid_q;
  assign get_data_o = cur_q[8*lane_q +: 8];
  assign cpu_rdata_o = rdata_q;

  always_ff @(posedge clk_i) begin
    rdata_q <= mem[raddr]; // always: ask comes late
  end

  always_ff @(posedge clk_i) begin
    if (get_next_i) lane_q <= lane_q + 2'd1;
    if (refill) begin
      cur_q <= nxt_q;
      cur_valid_q <= nxt_valid_q;
      nxt_valid_q <= 1'b0;
    end
    if (asked_q) begin
      nxt_q <= rdata_q;
      nxt_valid_q <= 1'b1;
    end
    asked_q <= ask;
    if (asked_q) fetch_q <= fetch_q + 8'd1;
    if (!rst_ni || start_i) begin
      lane_q <= '0;
      cur_valid_q <= 1'b0;
      nxt_valid_q <= 1'b0;
      asked_q <= 1'b0;
      fetch_q <= get_addr_i;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (full_q) assert (!waiting_q || !cpu_write);
      if (get_next_i) assert (cur_valid_q);
    end
  end
`endif

endmodule
