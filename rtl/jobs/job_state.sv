// SPDX-License-Identifier: Apache-2.0
//
// The jobs of all contexts between two packets: what is fixed (cfg_o: ctx_i's from the cycle after load_i on), how far
// they are (loaded and saved in one cycle), and when they began and ended: LUT RAMs. Beside them what has to be seen of
// all contexts at once: phases, and which session each job belongs to, so that a session's revocation marks its jobs in
// the same cycle. A context's revocation puts it back to PhIdle in the same cycle and asks for its memory to be wiped.

module job_state
  import coffer_pkg::*;
  import job_pkg::*;
#(
  parameter int unsigned NCtx = 4
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic [CtxW-1:0]   ctx_i,
  output job_t              job_o,
  output phase_e            phase_o,
  input  logic              load_i,
  output job_cfg_t          cfg_o,
  input  logic              cfg_we_i,
  input  job_cfg_t          cfg_i,
  output logic [63:0]       first_o,         // stamps of ctx_i's job: cycles of its first byte in, its last byte out
  output logic [63:0]       last_o,
  input  logic              first_we_i,
  input  logic              last_we_i,
  input  logic [63:0]       cycle_i,
  input  logic              save_i,
  input  job_t              job_i,
  input  phase_e            phase_i,
  input  logic              wait_pool_i,     // the packet stays: random words are missing
  input  logic              wiped_i,         // cfg_i and job_i are zero, and ctx_i's list was overwritten

  input  logic              session_valid_i, // the job being checked belongs to session_i
  input  logic [SlotW-1:0]  session_i,
  input  logic              revoke_session_i,
  input  logic [SlotW-1:0]  revoke_session_idx_i,
  input  logic [NCtx-1:0]   revoke_ctx_i,
  output logic [SlotW-1:0]  session_o,       // of ctx_i's job
  output logic              revoked_o,       // that session is over; of ctx_i as it was a cycle ago

  output phase_e [NCtx-1:0] phases_o,
  output logic [NCtx-1:0]   ret_o,
  output logic [NCtx-1:0]   spill_o,
  output logic [NCtx-1:0]   pool_o,
  output logic [NCtx-1:0]   wipe_o
);

  localparam int unsigned IdxW = NCtx > 1 ? $clog2(NCtx) : 1;

  (* ram_style = "distributed" *) job_t ram[2**IdxW];
  (* ram_style = "distributed" *) job_cfg_t cfg_ram[2**IdxW];
  (* ram_style = "distributed" *) logic [63:0] first_ram[2**IdxW];
  (* ram_style = "distributed" *) logic [63:0] last_ram[2**IdxW];
  logic [63:0] stamp;
  logic [IdxW-1:0] idx;
  logic [NCtx-1:0] bound_q, revoked_q;
  logic [NCtx-1:0][SlotW-1:0] session_q;

  assign idx = ctx_i[IdxW-1:0];
  assign job_o = ram[idx];
  assign first_o = first_ram[idx];
  assign last_o = last_ram[idx];
  assign stamp = wiped_i ? '0 : cycle_i;
  assign phase_o = phases_o[idx];
  assign session_o = session_q[idx];

  always_ff @(posedge clk_i) begin
    if (save_i || wiped_i) ram[idx] <= job_i;
    if (cfg_we_i || wiped_i) cfg_ram[idx] <= cfg_i;
    if (cfg_we_i || wiped_i) cfg_o <= cfg_i;
    else if (load_i) cfg_o <= cfg_ram[idx];
    if (first_we_i || wiped_i) first_ram[idx] <= stamp;
    if (last_we_i || wiped_i) last_ram[idx] <= stamp;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (revoke_session_i && bound_q[c] && session_q[c] == revoke_session_idx_i) revoked_q[c] <= 1'b1;
      if (ctx_i == CtxW'(c)) begin
        if (session_valid_i) begin
          bound_q[c] <= 1'b1;
          session_q[c] <= session_i;
        end
        if (wait_pool_i) pool_o[c] <= 1'b1;
        if (save_i) begin
          phases_o[c] <= phase_i;
          ret_o[c] <= cfg_o.ret;
          spill_o[c] <= cfg_o.mode[0];
          pool_o[c] <= 1'b0;
        end
        if (wiped_i) wipe_o[c] <= 1'b0;
        if ((save_i && phase_i == PhIdle) || wait_pool_i) begin
          bound_q[c] <= 1'b0;
          revoked_q[c] <= 1'b0;
        end
      end
      if (revoke_ctx_i[c]) wipe_o[c] <= 1'b1;
      if (revoke_ctx_i[c] || !rst_ni) begin
        phases_o[c] <= PhIdle;
        ret_o[c] <= 1'b0;
        spill_o[c] <= 1'b0;
        pool_o[c] <= 1'b0;
        bound_q[c] <= 1'b0;
        revoked_q[c] <= 1'b0;
      end
      if (!rst_ni) wipe_o[c] <= 1'b0;
    end
  end

  // A revocation shows in the cycle after it, as in revoked_q itself.
  always_ff @(posedge clk_i) begin
    revoked_o <= revoked_q[idx] ||
                 (revoke_session_i && bound_q[idx] && session_q[idx] == revoke_session_idx_i);
    if ((save_i && phase_i == PhIdle) || wait_pool_i || revoke_ctx_i[idx] || !rst_ni) revoked_o <= 1'b0;
  end

endmodule
