// SPDX-License-Identifier: Apache-2.0
//
// Runs microcode from an entry to OpHalt: vector instructions go to the multiply-accumulate unit, with
// one waiting in front of it; control instructions are carried out here, three cycles each, mostly
// hidden behind a vector instruction under way. Calls nest three deep. No instruction tests data: the path
// through a program is a function of its entry alone.
//
// Microcode memory: 512 words of 108 bits, made by fw/pke/image.py and read-only, and it is run from its
// first words only: what the CPU can get out of the engine is up to these programs.
// Bit 107 set: vector_t in bits 92:0. Clear: control_t in bits 15:0 (so an unused word halts).

module pke_sequencer
  import pke_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  input  logic    start_i,
  input  logic [EntryW-1:0] entry_i,
  input  logic    abort_i,     // stop and clear the key register
  output logic    running_o,
  // to the multiply-accumulate unit
  output logic    valid_o,
  input  logic    ready_i,
  output vector_t vector_o,
  output logic [DigitW-1:0] digit_o,
  input  logic    active_i,
  // key words, read through its side port
  output row_t    key_row_o,
  input  word_t   key_word_i
);

  localparam int unsigned FetchCycles = 2;   // memory, then its output register
  localparam int unsigned KeyCycles = 3;     // after the unit has come to rest: address, memory

  // ---- fetch ---------------------------------------------------------------------------------------
  logic [CodeBits-1:0] fetched_q, word_q;
  logic [CodeW-1:0] pc_q;
  logic [1:0] fetch_q;
  logic running_q, whole, advance;

  (* rom_style = "block" *) logic [CodeBits-1:0] code [2**CodeW];

  initial begin
    for (int i = 0; i < 2**CodeW; i++) code[i] = pke_code_pkg::Code[i];
  end

  always_ff @(posedge clk_i) begin
    if (running_q) fetched_q <= code[pc_q];
    word_q <= fetched_q;
  end

  assign whole = running_q && fetch_q == 2'(FetchCycles);

  // ---- vector instructions ---------------------------------------------------------------------------
  logic is_vector, queued_q, settled;
  vector_t queue_q;
  logic [1:0] settle_q;

  assign is_vector = word_q[CodeBits-1];
  assign valid_o = queued_q;
  assign vector_o = queue_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || abort_i) begin
      queued_q <= 1'b0;
    end else if (!queued_q) begin // ready_i comes late in its cycle: it only empties the queue
      queued_q <= whole && is_vector;
      queue_q <= word_q[$bits(vector_t)-1:0];
    end else if (ready_i) begin
      queued_q <= 1'b0;
    end
  end

  // OpKey, OpDigit and OpHalt wait until every instruction before them is complete: the digit must hold
  // while a vector instruction selects by it.
  always_ff @(posedge clk_i) begin
    if (!whole || queued_q || active_i) settle_q <= '0;
    else if (!settled) settle_q <= settle_q + 1'b1;
  end
  assign settled = settle_q == 2'(KeyCycles);

  // ---- control instructions -----------------------------------------------------------------------------
  control_t control;
  logic [8:0] counter_q [4];
  logic [8:0] counter, count_down;
  logic [CodeW-1:0] return_q [3];
  word_t key_q;
  logic [DigitW-1:0] digit_q;
  logic waits, jump, perform;
  logic [CodeW-1:0] target;

  assign control = control_t'(word_q[$bits(control_t)-1:0]);
  assign counter = counter_q[control.counter];
  assign count_down = counter - 1'b1;
  assign waits = control.op inside {OpHalt, OpKey, OpDigit};
  assign advance = whole && (is_vector ? !queued_q : (!waits || settled));
  assign perform = advance && !is_vector;
  assign jump = !is_vector && ((control.op == OpLoop && count_down != '0) ||
                               control.op inside {OpCall, OpReturn, OpJump});
  assign target = control.op == OpReturn ? return_q[0] : control.imm;

  assign key_row_o = control.option ? counter : control.imm;
  assign digit_o = digit_q;
  assign running_o = running_q;

  always_ff @(posedge clk_i) begin
    if (!running_q) pc_q <= CodeW'(entry_i);
    else if (advance) pc_q <= jump ? target : pc_q + 1'b1;

    if (!running_q || advance) fetch_q <= '0;
    else if (!whole) fetch_q <= fetch_q + 1'b1;

    if (perform) begin
      unique case (control.op)
        OpSet: counter_q[control.counter] <= control.imm;
        OpLoop: counter_q[control.counter] <= count_down;
        OpCall: begin
          return_q[0] <= pc_q + 1'b1;
          return_q[1] <= return_q[0];
          return_q[2] <= return_q[1];
        end
        OpReturn: begin
          return_q[0] <= return_q[1];
          return_q[1] <= return_q[2];
        end
        OpKey: key_q <= key_word_i;
        OpDigit: begin
          digit_q <= control.option ? DigitW'(key_q[WordW-1]) : key_q[WordW-1 -: DigitW];
          key_q <= control.option ? key_q << 1 : key_q << DigitW;
        end
        default: ;
      endcase
    end

    if (!rst_ni || abort_i || (perform && control.op == OpHalt)) begin
      running_q <= 1'b0;
      key_q <= '0;
      digit_q <= '0;
    end else if (start_i) begin
      running_q <= 1'b1;
    end
  end

endmodule
