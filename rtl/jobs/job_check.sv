// SPDX-License-Identifier: Apache-2.0
//
// Everything about a job that its header decides, checked before the first byte is processed: fields (job_fields),
// handles, key, policy, surfaces' bounds. start_i with the header held; a verdict 15 cycles later (done_o).
// The first reason of this list is the answer:
//
//   JobBadHeader, JobBadField, JobRange (too many pairs)   see job_fields
//   JobBadHandle  slot or surface: no such index, another context's, stale, of another session
//   JobNoKey      the slot holds no whole key
//   JobPolicy     role, usage, counter rule, output policy
//   JobRange      a surface's bounds
//
// The owner is the interface that the job arrived on. A slot's session counts as much as the slot: its slot must
// be alive and of the generation that the slot was reserved under. session_o is known (session_valid_o) before the
// session's state is read: a revocation is seen either there or by whoever watches session_o.

module job_check
  import coffer_pkg::*;
  import vault_pkg::*;
  import job_pkg::*;
#(
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             start_i,
  input  logic             stop_i,
  input  header_t          hdr_i,
  input  logic [CtxW-1:0]  ctx_i,
  input  logic             tag_locked_i,     // the vault's tag key is there
  output logic             done_o,
  output job_status_e      status_o,
  output logic             session_valid_o,
  output logic [SlotW-1:0] session_o,

  // held from done_o on
  output slot_attr_t       attr_o,           // the key's slot
  output slot_attr_t       dst_attr_o,       // LOAD_KEY, NEW_READBACK_KEY
  output logic             dst_keyed_o,
  output logic [GenW-1:0]  session_gen_o,
  output logic [15:0]      src_o,
  output logic [15:0]      dst_o,

  // vault's look-up: answer a cycle later; at rest the slot is rest_slot_i, of the cycle before
  input  logic [SlotW-1:0] rest_slot_i,
  output logic             chk_req_o,
  output logic [SlotW-1:0] chk_slot_o,
  output logic [2:0]       chk_word_o,
  input  logic [31:0]      chk_data_i,
  input  slot_state_e      chk_state_i,
  // surface records: answer a cycle later
  output logic [SurfW-1:0] rec_idx_o,
  input  surface_rec_t     rec_i
);

  // A handle as the header holds it.
  typedef struct packed {
    logic [GenW-1:0] gen;
    logic [7:0]      index;
  } handle_t;

  localparam logic [2:0] RdAttr = WordAttr[2:0];
  localparam logic [2:0] RdGen = WordGen[2:0];
  localparam logic [2:0] RdLink = WordLink[2:0];

  logic [3:0] step_q;             // 0: at rest
  handle_t slot, dst_slot, src_surf, dst_surf;
  flags_t flags;
  logic crypt, key_op, needs_dst;
  job_status_e fields, verdict;
  link_t link_q;
  logic [31:0] data_q;
  slot_state_e state_q;
  logic bad_handle_q, no_key_q, bad_range_q;
  logic policy_ok, policy_q;       // policy_q counts from the step after the last look-up's on

  logic unused_bits;
  assign unused_bits = ^{flags, link_q.zero, attr_o.usage};

  job_fields u_fields (.clk_i, .hdr_i, .status_o(fields));

  assign slot = hdr_i.slot;
  assign dst_slot = hdr_i.dst_handle;
  assign src_surf = hdr_i.src_handle;
  assign dst_surf = hdr_i.dst_handle;
  assign flags = hdr_i.flags;
  assign crypt = hdr_i.op == OpCrypt;
  assign key_op = hdr_i.op >= OpLoadKey;
  assign needs_dst = hdr_i.op == OpLoadKey || hdr_i.op == OpNewReadbackKey;

  assign session_o = attr_o.session;
  assign session_valid_o = step_q >= 4'd4 && (crypt || key_op);
  assign session_gen_o = link_q.gen;

  // ---- look-ups: asked for in one step, answered in the next, judged in the one after

  always_comb begin
    chk_req_o = step_q != '0 && !step_q[3];
    case (step_q)
      4'd1, 4'd4: chk_word_o = RdAttr;
      4'd3, 4'd7: chk_word_o = RdLink;
      default:    chk_word_o = RdGen;
    endcase
  end

  always_ff @(posedge clk_i) begin
    chk_slot_o <= start_i ? slot.index[SlotW-1:0] : rest_slot_i;
    case (step_q)
      4'd1, 4'd2:       chk_slot_o <= slot.index[SlotW-1:0];
      4'd3, 4'd5, 4'd6: chk_slot_o <= dst_slot.index[SlotW-1:0];
      4'd4:             chk_slot_o <= session_o;
      default: ;
    endcase
  end

  function automatic logic live(slot_state_e s);
    return s == SlotReserved || s == SlotKeyed;
  endfunction

  function automatic logic index_ok(logic [7:0] index, logic [CtxW-1:0] ctx);
    return index < 8'(NSlots) && in_share(index[SlotW-1:0], ctx, NCtx, NSlots);
  endfunction

  // ---- surfaces: looked up in step 9 (source) and 10 (destination), compared in the next

  handle_t surf;
  logic [31:0] offset;
  logic [15:0] offset_q;
  logic [32:0] surf_end_q;
  logic [17:0] surf_bytes;
  logic [15:0] surf_addr;
  logic surf_used, surf_mine, surf_fits;

  assign surf = step_q == 4'd10 ? src_surf : dst_surf;
  assign offset = step_q == 4'd9 ? hdr_i.src_offset : hdr_i.dst_offset;
  assign surf_used = crypt && (step_q == 4'd10 ? flags.src_surface : flags.dst_surface);
  assign rec_idx_o = step_q == 4'd9 ? src_surf.index[SurfW-1:0] : dst_surf.index[SurfW-1:0];
  assign surf_mine = surf.index < 8'(NumSurfaces) && rec_i.valid && rec_i.ctx == ctx_i && rec_i.gen == surf.gen &&
      rec_i.session == session_o && rec_i.session_gen == link_q.gen;
  always_ff @(posedge clk_i) begin
    offset_q <= offset[15:0];
    surf_end_q <= {1'b0, offset} + {1'b0, hdr_i.length};
  end
  assign surf_bytes = {1'b0, rec_i.pages, 11'b0};
  assign surf_fits = surf_end_q <= 33'(surf_bytes);
  assign surf_addr = {rec_i.base[4:0], 11'b0} + offset_q;

  // ---- policy

  logic mode_use, direction_use, rule_use, pattern;

  assign pattern = hdr_i.crypt_blocks != '0;
  always_comb begin
    unique case (hdr_i.mode)
      ModeCtr: mode_use = attr_o.usage.ctr;
      ModeCbc: mode_use = attr_o.usage.cbc;
      default: mode_use = attr_o.usage.ecb;
    endcase
    // A loaded key serves the one mode that it was loaded for.
    if (attr_o.role == RoleContent && hdr_i.mode[1:0] != attr_o.mode) mode_use = 1'b0;
  end
  assign direction_use = flags.encrypt ? attr_o.usage.encrypt : attr_o.usage.decrypt;
  assign rule_use = hdr_i.mode != ModeCtr || attr_o.rules[hdr_i.counter_rule[1:0]];

  always_comb begin
    policy_ok = 1'b1;
    if (crypt) begin
      policy_ok = mode_use && direction_use;
      if (attr_o.role == RoleReadback) begin
        // The one way out of protected memory. Mode and direction are the slot's usage.
        if (!flags.src_surface || flags.dst_surface || flags.list || hdr_i.keystream_byte != '0 || pattern) policy_ok = 1'b0;
        if (hdr_i.mode != ModeCtr || !flags.encrypt) policy_ok = 1'b0;
      end else begin
        if (!rule_use) policy_ok = 1'b0;
        // The history holds whole ranges, of which a pattern leaves gaps.
        if (pattern && hdr_i.mode == ModeCtr && (flags.encrypt ? attr_o.enc_rising : attr_o.dec_rising)) policy_ok = 1'b0;
        // Protected plaintext goes to protected memory, and is not read back this way.
        if (!attr_o.open && (flags.src_surface || !flags.dst_surface || flags.encrypt)) policy_ok = 1'b0;
      end
    end
    if (key_op) begin
      policy_ok = attr_o.role == RoleSession;
      if (needs_dst && (!attr_o.usage.wrap || !tag_locked_i)) policy_ok = 1'b0;
      if (hdr_i.op == OpLoadKey && dst_attr_o.role != RoleContent) policy_ok = 1'b0;
      if (hdr_i.op == OpNewReadbackKey && dst_attr_o.role != RoleReadback) policy_ok = 1'b0;
      // The side register lies where a longer key would.
      if (!needs_dst && attr_o.key_len != KeyLen128) policy_ok = 1'b0;
      if (hdr_i.op == OpRefresh && !link_q.started) policy_ok = 1'b0;
    end
  end

  // ---- verdict

  assign done_o = step_q == 4'd13;

  always_comb begin
    verdict = JobOk;
    if (crypt || key_op) begin
      if (bad_range_q) verdict = JobRange;
      if (!policy_q) verdict = JobPolicy;
      if (no_key_q) verdict = JobNoKey;
      if (bad_handle_q) verdict = JobBadHandle;
    end
    if (fields != JobOk) verdict = fields;
  end

  always_ff @(posedge clk_i) begin
    data_q <= chk_data_i;
    policy_q <= policy_ok;
    state_q <= chk_state_i;
    if (step_q != '0) step_q <= step_q + 1'b1;
    case (step_q)
      4'd1: begin
        bad_handle_q <= !index_ok(slot.index, ctx_i);
        no_key_q <= 1'b0;
        bad_range_q <= 1'b0;
      end
      4'd3: begin
        attr_o <= data_q;
        if (!live(state_q)) bad_handle_q <= 1'b1;
        if (state_q != SlotKeyed) no_key_q <= 1'b1;
      end
      4'd4: if (data_q[GenW-1:0] != slot.gen) bad_handle_q <= 1'b1;
      4'd5: link_q <= data_q;
      4'd6: begin
        dst_attr_o <= data_q;
        dst_keyed_o <= state_q == SlotKeyed;
        if (needs_dst && (!live(state_q) || !index_ok(dst_slot.index, ctx_i))) bad_handle_q <= 1'b1;
      end
      4'd7: if (!live(state_q) || data_q[GenW-1:0] != link_q.gen) bad_handle_q <= 1'b1;
      4'd8: if (needs_dst && (data_q[GenW-1:0] != dst_slot.gen || dst_attr_o.session != session_o))
        bad_handle_q <= 1'b1;
      4'd9: if (needs_dst && data_q[GenW-1:0] != link_q.gen) bad_handle_q <= 1'b1;
      4'd10, 4'd11: begin
        if (surf_used && !surf_mine) bad_handle_q <= 1'b1;
        if (surf_used && !surf_fits) bad_range_q <= 1'b1;
        if (step_q == 4'd10) src_o <= surf_addr;
        else dst_o <= surf_addr;
      end
      4'd12: status_o <= verdict;
      4'd13: step_q <= '0;
      default: ;
    endcase
    if (start_i) step_q <= 4'd1;
    if (stop_i || !rst_ni) step_q <= '0;
    if (!rst_ni) attr_o <= '0;
  end

`ifndef SYNTHESIS
  // Results of a slot's key go where policy says, and only the holder of a key uses it.
  always_ff @(posedge clk_i) begin
    if (rst_ni && done_o && status_o == JobOk && crypt) begin
      assert (attr_o.ctx == ctx_i) else $error("context %0d uses a key of context %0d", ctx_i, attr_o.ctx);
      assert (attr_o.open || attr_o.role == RoleReadback || (flags.dst_surface && !flags.ret))
        else $error("protected plaintext to the stream");
      assert (attr_o.open || !flags.src_surface || attr_o.role == RoleReadback)
        else $error("protected memory read with another key than its session's read-back key");
      assert (!attr_o.usage.wrap || hdr_i.mode == ModeCtr) else $error("a wrapping key used in a block mode");
    end
  end
`endif

endmodule
