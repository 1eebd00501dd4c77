// SPDX-License-Identifier: Apache-2.0
//
// The records of surfaces: whose they are and which pages they have. The CPU creates and destroys them
// (SURF_CMD); revocation of a context or of a session ends its records in the same cycle, whatever the CPU
// is doing. Who owns a record, and that it is valid, is in registers, for revocation looks at all records at
// once; LUT RAM holds all of it for look-ups.
//
// A record's generation moves on when the record is taken into use again (1 follows the last one; 0 is
// never given out), so no two lives of a record share a handle.
//
// A command is refused (result_ok_o = 0) if its epoch is not the context's, or if context or session are
// being revoked in the same cycle; a create also if the record is in use, if it has no pages, or if one is not free
// or does not exist; a destroy also if the record is not the context's.

module surface_records
  import coffer_pkg::*;
#(
  parameter int unsigned NPages = 32,
  parameter int unsigned NCtx = 4
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   cmd_we_i,
  input  logic [1:0]             cmd_i,          // 1 create, 2 destroy
  input  logic [SurfW-1:0]       cmd_index_i,
  input  logic [CtxW-1:0]        cmd_ctx_i,
  input  logic [PageW-1:0]       cmd_base_i,
  input  logic [PageW-1:0]       cmd_pages_i,
  input  logic [EpochW-1:0]      cmd_epoch_i,
  input  logic [SlotW-1:0]       cmd_session_i,
  input  logic [GenW-1:0]        cmd_session_gen_i,
  output logic [GenW-1:0]        result_gen_o,
  output logic                   result_ok_o,
  output logic [NumSurfaces-1:0] used_o,

  input  logic [NCtx-1:0]             revoke_ctx_i,
  input  logic [NCtx-1:0][EpochW-1:0] epoch_i,
  input  logic                        revoke_session_i,
  input  logic [SlotW-1:0]            revoke_session_idx_i,

  input  logic [SurfW-1:0]       rec_idx_i,
  output surface_rec_t           rec_o,

  input  logic [NPages-1:0]      free_i,
  output logic [NPages-1:0]      claim_o,
  output logic [SurfW-1:0]       claim_rec_o,
  output logic [NumSurfaces-1:0] end_o
);

  // A surface has a page at least. Records that this board has not are never free.
  localparam int unsigned NRecs = NPages < NumSurfaces ? NPages : NumSurfaces;
  localparam int unsigned RecW = NRecs > 1 ? $clog2(NRecs) : 1;

  localparam logic [1:0] CmdCreate = 2'd1;
  localparam logic [1:0] CmdDestroy = 2'd2;

  typedef struct packed {
    logic [CtxW-1:0]  ctx;
    logic [SlotW-1:0] session;
    logic [GenW-1:0]  session_gen;
    logic [PageW-1:0] base;
    logic [PageW-1:0] pages;
  } place_t;

  logic [NRecs-1:0] valid_q;
  logic [NRecs-1:0][CtxW-1:0] ctx_q;
  logic [NRecs-1:0][SlotW-1:0] session_q;
  (* ram_style = "distributed" *) place_t place [2**RecW];
  (* ram_style = "distributed" *) logic [GenW-1:0] gen [2**RecW];

  logic epoch_ok, create, destroy;
  logic [GenW-1:0] gen_now, gen_next;
  logic [PageW:0] limit;
  logic [NPages-1:0] wanted;

  logic cmd_there, look_there, cmd_valid;
  logic [RecW-1:0] cmd_index, look_index;

  assign cmd_there = 32'(cmd_index_i) < NRecs;
  assign cmd_index = cmd_index_i[RecW-1:0];
  assign cmd_valid = valid_q[cmd_index];
  assign look_there = 32'(rec_idx_i) < NRecs;
  assign look_index = rec_idx_i[RecW-1:0];

  always_comb begin
    used_o = '1;
    used_o[NRecs-1:0] = valid_q;
  end

  // ---- commands

  always_comb begin
    epoch_ok = 1'b0;
    for (int unsigned c = 0; c < NCtx; c++) begin
      if (cmd_ctx_i == CtxW'(c)) epoch_ok = (cmd_epoch_i == epoch_i[c]) & ~revoke_ctx_i[c];
    end
  end

  assign limit = {1'b0, cmd_base_i} + {1'b0, cmd_pages_i};
  always_comb begin
    for (int unsigned p = 0; p < NPages; p++) begin
      wanted[p] = (PageW'(p) >= cmd_base_i) & ((PageW+1)'(p) < limit);
    end
  end

  assign create = cmd_we_i & (cmd_i == CmdCreate) & epoch_ok & cmd_there & ~cmd_valid &
                  (cmd_pages_i != '0) & (limit <= (PageW+1)'(NPages)) & ((wanted & ~free_i) == '0) &
                  ~(revoke_session_i & (revoke_session_idx_i == cmd_session_i));
  assign destroy = cmd_we_i & (cmd_i == CmdDestroy) & epoch_ok & cmd_there & cmd_valid &
                   (place[cmd_index].ctx == cmd_ctx_i);
  assign claim_o = create ? wanted : '0;
  assign claim_rec_o = SurfW'(cmd_index);

  assign gen_now = gen[cmd_index];
  assign gen_next = (&gen_now) ? GenW'(1) : gen_now + 1'b1;

  initial begin
    for (int k = 0; k < 2**RecW; k++) gen[k] = '0;
  end

  always_ff @(posedge clk_i) begin
    if (create) begin
      gen[cmd_index] <= gen_next;
      place[cmd_index] <= '{
        ctx: cmd_ctx_i, session: cmd_session_i, session_gen: cmd_session_gen_i,
        base: cmd_base_i, pages: cmd_pages_i
      };
    end
  end

  always_ff @(posedge clk_i) begin
    if (cmd_we_i) begin
      result_ok_o <= create | destroy;
      result_gen_o <= create ? gen_next : gen_now;
    end
    if (!rst_ni) result_ok_o <= 1'b0;
  end

  // ---- ends

  always_comb begin
    end_o = '0;
    for (int unsigned k = 0; k < NRecs; k++) begin
      end_o[k] = destroy & (cmd_index == RecW'(k));
      end_o[k] |= revoke_session_i & (session_q[k] == revoke_session_idx_i);
      for (int unsigned c = 0; c < NCtx; c++) end_o[k] |= revoke_ctx_i[c] & (ctx_q[k] == CtxW'(c));
      end_o[k] &= valid_q[k];
    end
  end

  always_ff @(posedge clk_i) begin
    valid_q <= valid_q & ~end_o[NRecs-1:0];
    if (create) begin
      valid_q[cmd_index] <= 1'b1;
      ctx_q[cmd_index] <= cmd_ctx_i;
      session_q[cmd_index] <= cmd_session_i;
    end
    if (!rst_ni) valid_q <= '0;
  end

  // ---- look-up

  always_comb begin
    rec_o.valid = look_there & valid_q[look_index];
    rec_o.ctx = place[look_index].ctx;
    rec_o.session = place[look_index].session;
    rec_o.session_gen = place[look_index].session_gen;
    rec_o.gen = gen[look_index];
    rec_o.base = place[look_index].base;
    rec_o.pages = place[look_index].pages;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(create && destroy)) else $error("record created and destroyed at once");
      assert (!create || !end_o[cmd_index_i]) else $error("record created in the cycle of its end");
    end
  end
`endif

endmodule
