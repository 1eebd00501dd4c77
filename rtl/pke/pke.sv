// SPDX-License-Identifier: Apache-2.0
//
// Public-key engine: a microcoded vector multiply-accumulate unit on words of 72 bits (pke_mac), its
// sequencer, and the CPU's window to it (pke_regs.rdl) at 0x8001_0000.
//
//   CPU ── registers ── gearbox 32 <-> 72 ──┬── operand memory, 512 rows x 72, three copies
//                                           └── 72 x 72 multiplier, 152-bit accumulator
//   microcode, 512 x 108, read-only ── sequencer (key register, digit)
//
// Rows 0..164 keys, 165..481 work, 482..511 I/O: only I/O rows can be read back. While the engine is
// busy the CPU reaches no memory: such accesses are acknowledged, ignored and noted in STATUS.refused.
// Time depends on microcode and entry alone, never on data.

module pke
  import pke_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        req_i,
  input  logic        we_i,
  input  logic [15:2] addr_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,
  output logic        ack_o,    // one cycle; the CPU waits for it
  output logic        irq_o,
  output logic        busy_o
);

  localparam logic [13:0] AddrControl = 14'h0, AddrStatus = 14'h1, AddrAddress = 14'h2, AddrData = 14'h3;

  logic running, active, active_q, clearing, streaming, stream_done, work_busy;
  logic done_q, refused_q, work_busy_q, streaming_q, ack_q;
  logic [31:0] stream_word;

  logic access, write, start, clear_work, clear_all, clear_q, all_q, seek, push, pull, refuse;

  // The board's reset net is a long one.
  logic rst_q;
  always_ff @(posedge clk_i) rst_q <= rst_ni;

  // A program runs before its first instruction is under way; a clearing has set out before the CPU's next access.
  always_ff @(posedge clk_i) active_q <= active;
  assign work_busy = running || active_q || clearing;

  // ---- the CPU's accesses -----------------------------------------------------------------------------
  assign access = req_i && !ack_q && !streaming_q;
  assign write = access && we_i;
  assign clear_work = write && addr_i == AddrControl && wdata_i[1];
  assign clear_all = write && addr_i == AddrControl && wdata_i[2];
  assign start = write && addr_i == AddrControl && wdata_i[2:0] == 3'b001 && !work_busy;
  assign seek = write && addr_i == AddrAddress && !work_busy;
  assign push = write && addr_i == AddrData && !work_busy;
  assign pull = access && !we_i && addr_i == AddrData && !work_busy;
  assign refuse = work_busy && access && ((addr_i == AddrControl && we_i && wdata_i[2:0] == 3'b001) ||
                                          (addr_i == AddrAddress && we_i) || addr_i == AddrData);

  always_ff @(posedge clk_i) begin
    ack_q <= 1'b0;
    if (push || pull) streaming_q <= 1'b1;
    else if (access) ack_q <= 1'b1;
    if (streaming_q && stream_done) begin
      streaming_q <= 1'b0;
      ack_q <= 1'b1;
    end
    if (access || streaming_q) begin
      rdata_o <= streaming_q ? stream_word :
                 addr_i == AddrStatus ? {29'b0, refused_q, done_q, work_busy} : '0;
    end

    work_busy_q <= work_busy;
    // Clearing reaches every part of the engine, so it sets out from here.
    clear_q <= clear_work || clear_all;
    all_q <= clear_all;
    if (write && addr_i == AddrControl && wdata_i[3]) begin
      done_q <= 1'b0;
      refused_q <= 1'b0;
    end
    if (refuse) refused_q <= 1'b1;
    if (work_busy_q && !work_busy && !clear_q) done_q <= 1'b1;
    if (start || clear_work || clear_all) done_q <= 1'b0;

    if (!rst_q) begin
      ack_q <= 1'b0;
      streaming_q <= 1'b0;
      done_q <= 1'b0;
      refused_q <= 1'b0;
      work_busy_q <= 1'b0;
      clear_q <= 1'b0;
    end
  end

  assign ack_o = ack_q;
  assign irq_o = done_q;
  assign busy_o = work_busy || clear_q || streaming;

  // ---- the parts -----------------------------------------------------------------------------------------
  logic vector_valid, vector_ready, side_we, abort;
  vector_t vector;
  logic [DigitW-1:0] digit;
  row_t gear_row, key_row;
  word_t side_wdata, side_rdata;

  assign abort = clear_q || clearing;

  pke_gearbox u_gearbox (
    .clk_i, .rst_ni(rst_q),
    .seek_i(seek), .push_i(push), .pull_i(pull),
    .index_i(wdata_i[8:0]), .word_i(wdata_i), .word_o(stream_word), .done_o(stream_done), .busy_o(streaming),
    .clear_i(clear_q), .clear_from_i(all_q ? '0 : FirstWorkRow), .clearing_o(clearing),
    .row_we_o(side_we), .row_o(gear_row), .row_wdata_o(side_wdata), .row_rdata_i(side_rdata)
  );

  pke_sequencer u_sequencer (
    .clk_i, .rst_ni(rst_q), .start_i(start), .entry_i(wdata_i[16 +: EntryW]), .abort_i(abort), .running_o(running),
    .valid_o(vector_valid), .ready_i(vector_ready), .vector_o(vector), .digit_o(digit), .active_i(active),
    .key_row_o(key_row), .key_word_i(side_rdata)
  );

  pke_mac u_mac (
    .clk_i, .rst_ni(rst_q), .en_i(busy_o), .abort_i(abort),
    .valid_i(vector_valid), .ready_o(vector_ready), .vector_i(vector), .digit_i(digit), .active_o(active),
    .side_we_i(side_we), .side_row_i(running ? key_row : gear_row), .side_wdata_i(side_wdata),
    .side_rdata_o(side_rdata)
  );

endmodule
