// SPDX-License-Identifier: Apache-2.0
//
// Which context is served next: round robin over those whose input is whole and whose output has room, so that one
// that stops feeding or reading holds up nobody.

module job_pick
  import coffer_pkg::*;
  import job_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic [CtxW-1:0]       last_i,      // the one served before
  input  phase_e [NCtx-1:0]     phase_i,
  input  logic [NCtx-1:0]       ret_i,       // its job returns a payload
  input  logic [NCtx-1:0]       spill_i,     // ... through the buffers of the block modes, which may give out a block more
  input  logic [NCtx-1:0]       pool_i,      // its job waits for random words
  input  logic                  pool_ok_i,
  input  logic [NCtx-1:0]       open_i,
  input  logic [NCtx-1:0]       out_avail_i,
  input  logic [NCtx-1:0][3:0]  in_free_i,

  output logic                  any_o,
  output logic [CtxW-1:0]       ctx_o
);

  logic [NCtx-1:0] ready;

  always_comb begin
    for (int c = 0; c < NCtx; c++) begin
      unique case (phase_i[c])
        // Behind a header there is less than a packet, in an IN buffer not begun.
        PhIdle: ready[c] = out_avail_i[c] && in_free_i[c] != '0 && (!pool_i[c] || pool_ok_i);
        PhData: ready[c] = out_avail_i[c] && (!ret_i[c] || in_free_i[c] > (spill_i[c] ? 4'd2 : 4'd1));
        PhChunk: ready[c] = !ret_i[c] || in_free_i[c] > (spill_i[c] ? 4'd2 : 4'd1);
        PhEnd, PhDone: ready[c] = in_free_i[c] != '0;
        default: ready[c] = out_avail_i[c];
      endcase
      if (!open_i[c]) ready[c] = 1'b0;
    end
  end

  assign any_o = |ready;

  always_comb begin
    ctx_o = '0;
    for (int c = NCtx - 1; c >= 0; c--) if (ready[c]) ctx_o = CtxW'(c);
    for (int c = NCtx - 1; c >= 0; c--) if (ready[c] && CtxW'(c) > last_i) ctx_o = CtxW'(c);
  end

endmodule
