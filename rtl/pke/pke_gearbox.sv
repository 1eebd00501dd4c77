// SPDX-License-Identifier: Apache-2.0
//
// The CPU's way to the operand memory: a stream of 32-bit words, a byte a cycle through one 72-bit
// register, so that nine words make four rows.
// It clears the operand memory too: one row a cycle.
//
//   stream word  [31:24] [23:16] [15:8] [7:0]     first byte of the stream = bits 7:0 of row 0
//                 byte 3  byte 2  byte 1 byte 0

module pke_gearbox
  import pke_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  // one-cycle commands; none of the first three while busy_o, clear_i always
  input  logic    seek_i,        // from here on: row index_i
  input  logic    push_i,        // word_i into the memory
  input  logic    pull_i,        // the next word of rows into word_o
  input  row_t    index_i,
  input  logic [31:0] word_i,
  output logic [31:0] word_o,    // when done_o
  output logic    done_o,        // push or pull is complete
  output logic    busy_o,
  input  logic    clear_i,       // overwrite rows [clear_from_i, 512)
  input  row_t    clear_from_i,
  output logic    clearing_o,
  // operand memory (pke_mac's side port)
  output logic    row_we_o,
  output row_t    row_o,
  output word_t   row_wdata_o,
  input  word_t   row_rdata_i    // one cycle after row_o
);

  typedef enum logic [2:0] { StIdle, StShift, StRow, StAddress, StLoad, StClear } state_e;

  state_e state_q;
  logic   pulling_q;
  row_t   index_q;
  word_t  shift_q;
  logic [3:0] held_q;        // bytes gathered (push) or left (pull)
  logic [1:0] byte_q;
  logic [31:0] word_q;

  assign word_o = word_q;
  assign busy_o = state_q != StIdle;
  assign clearing_o = state_q == StClear;
  assign row_o = index_q;
  assign row_we_o = state_q inside {StRow, StClear};
  assign row_wdata_o = shift_q;

  logic last_byte;
  assign last_byte = byte_q == 2'd3;

  always_ff @(posedge clk_i) begin
    done_o <= 1'b0;
    unique case (state_q)
      StIdle: begin
        byte_q <= '0;
        if (seek_i) begin
          index_q <= index_i;
          held_q <= '0;
        end else if (push_i) begin
          word_q <= word_i;
          pulling_q <= 1'b0;
          state_q <= StShift;
        end else if (pull_i) begin
          pulling_q <= 1'b1;
          state_q <= held_q == '0 ? StAddress : StShift;
        end
      end
      StShift: begin
        shift_q <= {word_q[7:0], shift_q[WordW-1:8]};
        word_q <= {shift_q[7:0], word_q[31:8]};
        byte_q <= byte_q + 1'b1;
        held_q <= pulling_q ? held_q - 1'b1 : held_q + 1'b1;
        if (pulling_q ? held_q == 4'd1 && !last_byte : held_q == 4'd8) begin
          state_q <= pulling_q ? StAddress : StRow;
        end else if (last_byte) begin
          done_o <= 1'b1;
          state_q <= StIdle;
        end
      end
      StRow: begin   // byte_q has moved on: zero after a word's last byte
        held_q <= '0;
        index_q <= index_q + 1'b1;
        done_o <= byte_q == '0;
        state_q <= byte_q == '0 ? StIdle : StShift;
      end
      StAddress: state_q <= StLoad;
      StLoad: begin
        // Only I/O rows have a way out, and only these are ever loaded here.
        shift_q <= index_q >= FirstIoRow ? row_rdata_i : '0;
        held_q <= 4'd9;
        index_q <= index_q + 1'b1;
        state_q <= StShift;
      end
      StClear: begin
        shift_q <= '0;
        word_q <= '0;
        held_q <= '0;
        index_q <= index_q + 1'b1;
        if (index_q == '1) state_q <= StIdle;
      end
      default: state_q <= StIdle;
    endcase

    if (clear_i) begin
      index_q <= clear_from_i;
      shift_q <= '0;
      word_q <= '0;
      state_q <= StClear;
    end
    if (!rst_ni) begin
      state_q <= StIdle;
      index_q <= '0;
      held_q <= '0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && busy_o) assert (!(seek_i || push_i || pull_i)) else $error("command while busy");
  end
`endif

endmodule
