// SPDX-License-Identifier: Apache-2.0
//
// Which bytes of an encrypted range go through AES: the crypt:skip pattern of cens and cbcs (ISO/IEC 23001-7, 9.6),
// and the whole blocks of CBC without a pattern, which is one of 1:0.
//
//   range    |<- crypt blocks ->|<- skip blocks ->|<- crypt blocks ->|<- skip ...
//   phase    0                  16 * crypt        0 again
//
// A run of crypt blocks that the range's end cuts short stays clear as a whole. more_i: the range goes on in a further
// job and completes the run that this one ends in. left_i + phase does not change in a run, so neither does the answer.
// crypt_i = 0: no pattern, every byte goes through AES, and the phase rests.

module job_pattern (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        set_i,
  input  logic [8:0]  phase_i,      // bytes of the pattern done
  input  logic        range_i,      // a range begins
  input  logic        left_new_i,   // left_i is another range's from the next cycle on
  input  logic        step_i,       // a byte of it was taken
  input  logic [3:0]  crypt_i,      // held
  input  logic [3:0]  skip_i,
  input  logic [31:0] left_i,       // bytes of the range in this job, the next one included
  input  logic        more_i,
  output logic        known_o,      // secret_o counts: not in the cycle behind a change that is no step
  output logic        crypt_o,      // the next byte lies in a run of crypt blocks
  output logic        secret_o,     // ... and goes through AES
  output logic [8:0]  phase_o
);

  logic [9:0] sum;
  logic none_q, whole, whole_next, whole_q, wrap, changed_q, unused_sum;

  assign sum = {1'b0, phase_o} + {2'b0, left_i[7:0]};
  assign unused_sum = ^sum[3:0];
  assign wrap = step_i && phase_o[3:0] == 4'd15 && phase_o[8:4] + 5'd1 == 5'(crypt_i) + 5'(skip_i);
  assign whole = more_i || left_i[31:8] != '0 || sum[9:4] >= {2'b0, crypt_i};
  assign crypt_o = phase_o[8:4] < {1'b0, crypt_i};
  // A step takes from left_i what it adds to phase_o, but where the pattern begins anew.
  assign whole_next = more_i || left_i[31:8] != '0 || left_i[7:0] > {crypt_i, 4'b0};
  assign secret_o = none_q || (crypt_o && whole_q);
  assign known_o = none_q || !changed_q;

  always_ff @(posedge clk_i) begin
    if (step_i && crypt_i != '0) begin
      phase_o <= phase_o + 1'b1;
      if (wrap) phase_o <= '0;
    end
    if (range_i) phase_o <= '0;
    if (set_i) phase_o <= phase_i;
    if (!rst_ni) phase_o <= '0;
    none_q <= crypt_i == '0;
    whole_q <= wrap ? whole_next : whole;
    changed_q <= set_i || range_i || left_new_i;
  end

endmodule
