// SPDX-License-Identifier: Apache-2.0
//
// Walks a vector instruction column by column and term by term: one word product a cycle, and per
// product the rows of X, Y and C and a tag that says what to do with it. Instructions follow each
// other without a gap. Lengths and rows come from microcode alone, so that time is constant.
//
// Interlock: a product waits while a row that it reads is still on its way to the memory (six stages). It is
// compared with those rows while it moves up to where it waits, for the hazard stops everything behind it.
// So an instruction sees what earlier columns wrote, its own included, and D may overlap X, Y and C.
//
// round_up: in T + m N with m = -T/N mod 2^(72 n) the low n columns cancel by construction. Columns
// below n-2 are then left out (first = n-2), and 2^72 - 1 is added in columns n-2 and n-1: the exact
// sum of the low columns is a multiple of 2^(72 n), what was left out carries less than n 2^72 into
// column n-2, and 2^144 - 1 is added there, so the carry into column n is exact.

module pke_columns
  import pke_pkg::*;
(
  input  logic    clk_i,
  input  logic    rst_ni,
  input  logic    abort_i,   // drop the instruction
  input  logic    valid_i,
  output logic    ready_o,
  input  vector_t vector_i,
  input  logic [DigitW-1:0] digit_i,  // held while the instruction runs
  output row_t    x_addr_o,
  output row_t    y_addr_o,
  output row_t    c_addr_o,
  output tag_t    tag_o,
  output logic    y_override_o,  // Y is y_bit_o instead of the row
  output logic    y_bit_o,
  output logic    write_o,       // a column's word is at hand (stage 6) and goes to write_row_o
  output row_t    write_row_o,
  output logic    active_o       // an instruction or a write of it is under way
);

  logic    active_q;
  mode_e   mode_q;
  y_e      y_from_q;
  logic    negate_q;
  len_t    nx_q, ny_q, nc_q, keep_q, last_q;
  row_t    stride_q;

  // The next product.
  row_t    x_q, y_q, c_q, d_q;
  len_t    term_q;               // its index in the column
  logic    first_term_q;

  // The column that it belongs to.
  row_t    x_start_q, y_start_q; // rows of the column's first product
  row_t    x_last_q;             // row of its last X
  len_t    next_q;               // index of the next column
  logic    last_col_q, write_q, with_c_q, grow_x_q, grow_y_q;
  logic    empty_q;              // no product in it
  logic [1:0] round_q;

  // The product that waits or is issued.
  logic    held_q, held_write_q;
  row_t    held_x_q, held_y_q, held_c_q, held_d_q;
  tag_t    held_tag_q;

  // ---- the next product ------------------------------------------------------------------------------
  logic issue, move, go, last_term, done, hazard, y_override, with_c;

  always_comb begin
    unique case (mode_q)
      ModeSquare: last_term = empty_q || x_q == y_q || x_q + 1'b1 == y_q;
      ModeMatrix: last_term = term_q + 1'b1 == ny_q;
      default:    last_term = empty_q || x_q == x_last_q;
    endcase
  end

  assign issue = held_q && !hazard;
  assign move = active_q && (!held_q || issue);
  assign done = move && last_term && last_col_q;
  assign ready_o = !active_q || done;
  assign go = !active_q || move; // the late one: it only enables
  assign y_override = y_from_q != YMemory;
  assign with_c = with_c_q && first_term_q;

  always_ff @(posedge clk_i) begin
    if (!held_q || issue) begin
      held_q <= active_q;
      held_write_q <= last_term && write_q;
      held_x_q <= x_q;
      held_y_q <= y_q;
      held_c_q <= c_q;
      held_d_q <= d_q;
      held_tag_q <= '{
        valid: 1'b1,
        empty: empty_q,
        twice: mode_q == ModeSquare && x_q != y_q,
        minus: negate_q && first_term_q,
        with_c: with_c,
        ones: round_q[0] && last_term,
        last_term: last_term,
        last_col: last_col_q
      };
      y_override_o <= y_override;
      y_bit_o <= y_from_q == YOne || term_q == len_t'(digit_i);
    end
    if (!rst_ni || abort_i) held_q <= 1'b0;
  end

  assign x_addr_o = held_x_q;
  assign y_addr_o = held_y_q;
  assign c_addr_o = held_c_q;
  always_comb begin
    tag_o = held_tag_q;
    tag_o.valid = issue;
  end

  // ---- column words on their way to the memory ---------------------------------------------------------
  logic [6:1] pending_q;
  row_t       pending_row_q [1:6];

  logic [6:1] match_q;   // the held product reads that row
  assign hazard = (match_q & pending_q) != '0;

  function automatic logic reads(row_t row);
    return row == x_q || (row == y_q && !y_override) || (row == c_q && with_c);
  endfunction

  always_ff @(posedge clk_i) begin
    match_q <= {match_q[5:1], 1'b0};
    if (!held_q || issue) begin
      match_q[1] <= reads(held_d_q);
      for (int i = 2; i <= 6; i++) match_q[i] <= reads(pending_row_q[i-1]);
    end
  end

  always_ff @(posedge clk_i) begin
    pending_q <= {pending_q[5:1], issue && held_write_q};
    pending_row_q[1] <= held_d_q;
    for (int i = 2; i <= 6; i++) pending_row_q[i] <= pending_row_q[i-1];
    if (!rst_ni || abort_i) pending_q <= '0;
  end

  assign write_o = pending_q[6];
  assign write_row_o = pending_row_q[6];
  assign active_o = active_q || held_q || pending_q != '0;

  // ---- from product to product, column to column ---------------------------------------------------------

  row_t x_next_start, y_next_start;

  always_comb begin
    x_next_start = x_start_q;
    y_next_start = y_start_q;
    if (mode_q == ModeMatrix) x_next_start = x_start_q + 1'b1;
    else if (grow_y_q) y_next_start = y_start_q + 1'b1;
    else x_next_start = x_start_q + 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || abort_i) begin
      active_q <= 1'b0;
    end else if (ready_o) begin
      active_q <= valid_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!go) begin // nothing moves
    end else if (!active_q || (last_term && last_col_q)) begin
      mode_q <= vector_i.mode;
      y_from_q <= vector_i.y_from;
      negate_q <= vector_i.negate;
      stride_q <= vector_i.stride;
      nx_q <= vector_i.nx;
      ny_q <= vector_i.ny;
      nc_q <= vector_i.nc;
      keep_q <= vector_i.keep;
      last_q <= vector_i.last;

      x_q <= vector_i.x;
      x_start_q <= vector_i.x;
      x_last_q <= vector_i.x + row_t'(vector_i.first);
      y_q <= vector_i.y + row_t'(vector_i.first);
      y_start_q <= vector_i.y + row_t'(vector_i.first);
      c_q <= vector_i.c + row_t'(vector_i.first);
      d_q <= vector_i.d;

      term_q <= '0;
      first_term_q <= 1'b1;
      next_q <= vector_i.first + 1'b1;
      last_col_q <= vector_i.last == vector_i.first + 1'b1;
      write_q <= vector_i.first >= vector_i.keep;
      with_c_q <= vector_i.first < vector_i.nc;
      grow_x_q <= vector_i.first + 1'b1 < vector_i.nx;
      grow_y_q <= vector_i.first + 1'b1 < vector_i.ny;
      empty_q <= 1'b0;
      round_q <= {2{vector_i.round_up}};
    end else if (last_term) begin
      term_q <= '0;
      first_term_q <= 1'b1;
      x_start_q <= x_next_start;
      y_start_q <= y_next_start;
      x_q <= x_next_start;
      y_q <= y_next_start;
      if (grow_x_q) x_last_q <= x_last_q + 1'b1;
      c_q <= c_q + 1'b1;
      if (write_q) d_q <= d_q + 1'b1;

      next_q <= next_q + 1'b1;
      last_col_q <= next_q + 1'b1 == last_q;
      write_q <= next_q >= keep_q;
      with_c_q <= next_q < nc_q;
      grow_x_q <= next_q + 1'b1 < nx_q;
      grow_y_q <= next_q + 1'b1 < ny_q;
      empty_q <= mode_q != ModeMatrix && !grow_x_q && !grow_y_q && (empty_q || x_start_q == x_last_q);
      round_q <= {1'b0, round_q[1]};
    end else begin
      term_q <= term_q + 1'b1;
      first_term_q <= 1'b0;
      x_q <= x_q + (mode_q == ModeMatrix ? stride_q : row_t'(1));
      y_q <= mode_q == ModeMatrix ? y_q + 1'b1 : y_q - 1'b1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && valid_i && ready_o) begin
      assert (vector_i.first < vector_i.last) else $error("no columns");
      assert (vector_i.mode != ModeSquare || (vector_i.x == vector_i.y && vector_i.nx == vector_i.ny))
        else $error("square of two different operands");
      assert (vector_i.mode != ModeMatrix || vector_i.first == '0) else $error("matrix from a column on");
      assert (vector_i.mode == ModeMatrix || (vector_i.first < vector_i.nx && vector_i.first < vector_i.ny))
        else $error("first column without products");
      assert (vector_i.y_from != YDigit || vector_i.mode == ModeMatrix) else $error("digit out of place");
      assert (!vector_i.round_up || vector_i.first + 2 == vector_i.keep) else $error("round_up off place");
    end
    // The addend shares the C operand's path, so it needs a product of its own.
    if (issue) assert (!(tag_o.ones && tag_o.with_c)) else $error("round_up in a column of one product");
  end
`endif

endmodule
