// SPDX-License-Identifier: Apache-2.0
//
// Types of the public-key engine: rows, microcode words, and the tag that follows a word product
// through the pipeline. fw/pke/microcode.py encodes the same words; the programs in fw/pke have their row maps.

package pke_pkg;

  localparam int unsigned WordW = 72;   // a row of the operand memory
  localparam int unsigned RowW = 9;     // 512 rows
  localparam int unsigned CodeW = 9;    // 512 microcode words
  localparam int unsigned EntryW = 4;   // of which the first 16 can be started from
  localparam int unsigned LenW = 7;     // lengths and columns, up to 127
  localparam int unsigned CodeBits = 108;
  localparam int unsigned DigitW = 4;   // exponent digits
  localparam int unsigned AccW = 2 * WordW + 8;

  // Rows [0, FirstWorkRow) hold keys and the blinding pair: they survive an abort.
  // Rows [FirstIoRow, 512) are the only ones with a way back to the CPU.
  localparam logic [RowW-1:0] FirstWorkRow = 9'd165;
  localparam logic [RowW-1:0] FirstIoRow = 9'd482;

  typedef logic [WordW-1:0] word_t;
  typedef logic [RowW-1:0] row_t;
  typedef logic [LenW-1:0] len_t;

  typedef enum logic [1:0] {
    ModeProduct = 2'd0,   // column k sums X[i] Y[k-i]
    ModeSquare = 2'd1,    // the same for Y = X: each mixed product once, doubled
    ModeMatrix = 2'd2     // column k sums X[k + stride j] Y[j], j < ny
  } mode_e;

  typedef enum logic [1:0] {
    YMemory = 2'd0,
    YDigit = 2'd1,        // Y[j] = (j == digit), ModeMatrix only: selects in constant time
    YOne = 2'd2           // Y[j] = 1: addition, subtraction, copies
  } y_e;

  // D[0 .. last-keep) := columns keep .. last-1 of (C + X*Y) / 2^(72 first), carries from column to
  // column. A column outside C[0 .. nc) or without products counts as zero there.
  typedef struct packed {
    len_t  last;      // one past the last column
    len_t  keep;      // first column that is written
    len_t  first;     // first column that is computed
    len_t  nc;
    len_t  ny;
    len_t  nx;
    row_t  stride;
    row_t  d;
    row_t  c;
    row_t  y;
    row_t  x;
    logic  round_up;  // adds 2^72 - 1 in the first two columns: see pke_columns
    logic  negate;    // subtracts the first product of each column
    y_e    y_from;
    mode_e mode;
  } vector_t;

  typedef enum logic [3:0] {
    OpHalt = 4'd0,
    OpSet = 4'd1,     // counter := imm
    OpLoop = 4'd2,    // counter := counter - 1; jump to imm unless it is zero
    OpCall = 4'd3,
    OpReturn = 4'd4,
    OpJump = 4'd5,
    OpKey = 4'd6,     // key register := row imm, or the row that the counter names
    OpDigit = 4'd7    // digit := top bits of the key register (one, or DigitW), which shifts left
  } op_e;

  typedef struct packed {
    logic       option;   // OpKey: row from the counter. OpDigit: one bit
    logic [1:0] counter;
    logic [8:0] imm;
    op_e        op;
  } control_t;

  // Travels with a word product from its issue to the accumulator.
  typedef struct packed {
    logic valid;
    logic empty;      // no product: only C and the carry
    logic twice;      // mixed product of a square
    logic minus;
    logic with_c;
    logic ones;       // the rounding addend
    logic last_term;  // of its column
    logic last_col;   // of its instruction
  } tag_t;

endpackage
