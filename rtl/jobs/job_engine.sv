// SPDX-License-Identifier: Apache-2.0
//
// The job engine: takes one packet of one context at a time through header, checks, list, cipher and answer.
//
//   Pick -> Load -+-> Header -> Check -+-> List --+-> Iv -+-> Key -> Data -> Rest -+-> Finish -> Pick
//                 |                    +----------+       |                |     ^
//                 |                    +-> Op -> OpOut ---|----------------+-----+  a key operation of the vault
//                 +-> Key (payload goes on, chunk of a surface), List (goes on), Finish (tail, drain)
//                 +-> End (end of the returned payload), Answer (completion) -> Settle -> Pick
//   Blank: a header cut short is forgotten; Wipe: a revoked context's memory is overwritten
//
// Finish judges (job_verdict) and saves. A packet is popped there and nowhere else. A refused job drains to the transfer's end and is answered.
// A revocation of the context ends the unit in the same cycle (kill); of the job's session, in the next (stop).
//
// Cycles for 512 bytes of payload in CTR: 529 with AES-128, 533 with AES-256; 535 and 543 where every packet comes
// from another context with another key; 3 more with a surface. ECB: 18 more. Measured by tests/jobs.

module job_engine
  import coffer_pkg::*;
  import job_pkg::*;
#(
  parameter int unsigned NCtx = 4,
  parameter int unsigned NSlots = 64
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic [63:0]               cycle_i,
  input  logic [NCtx-1:0]           revoke_ctx_i,
  input  logic [NCtx-1:0]           alt_i,
  input  logic                      revoke_session_i,
  input  logic [SlotW-1:0]          revoke_session_idx_i,

  // bulk pipes
  input  logic [NCtx-1:0]           out_avail_i,
  input  logic [NCtx-1:0][9:0]      out_len_i,
  output logic [CtxW-1:0]           out_ctx_o,
  output logic [8:0]                out_addr_o,
  output logic                      out_en_o,
  input  logic [7:0]                out_data_i,
  output logic [NCtx-1:0]           out_pop_o,
  input  logic [NCtx-1:0][3:0]      in_free_i,
  output logic [CtxW-1:0]           in_ctx_o,
  output logic                      in_we_o,
  output logic [8:0]                in_addr_o,
  output logic [7:0]                in_data_o,
  output logic [NCtx-1:0]           in_push_o,
  output logic [9:0]                in_len_o,

  // surfaces
  output logic [SurfW-1:0]          rec_idx_o,
  input  surface_rec_t              rec_i,
  output logic                      surf_rd_en_o,
  output logic [15:0]               surf_rd_addr_o,
  input  logic [7:0]                surf_rd_data_i,
  output logic                      surf_wr_en_o,
  output logic [15:0]               surf_wr_addr_o,
  output logic [7:0]                surf_wr_data_o,

  // vault
  input  logic [4:0]                pool_words_i,
  input  logic                      tag_locked_i,
  output logic                      chk_req_o,
  output logic [SlotW-1:0]          chk_slot_o,
  output logic [2:0]                chk_word_o,
  input  logic [31:0]               chk_data_i,
  input  slot_state_e               chk_state_i,
  output logic                      hist_req_o,
  output logic [SlotW-1:0]          hist_slot_o,
  output logic [2:0]                hist_word_o,
  output logic [31:0]               hist_data_o,
  input  logic                      hist_gnt_i,
  output logic                      key_req_o,
  output logic [SlotW-1:0]          key_slot_o,
  output key_len_e                  key_len_o,
  input  logic                      key_done_i,
  output logic                      op_start_o,
  output op_e                       op_o,
  output logic [SlotW-1:0]          op_session_o,
  output logic [GenW-1:0]           op_session_gen_o,
  output key_len_e                  op_session_len_o,
  output logic [SlotW-1:0]          op_dst_o,
  output slot_attr_t                op_dst_attr_o,
  output logic                      op_dst_keyed_o,
  output key_len_e                  op_dst_len_o,
  output ctr_rule_e                 op_dst_rule_o,
  output logic [1:0]                op_dst_mode_o,
  input  logic                      op_done_i,
  input  logic                      op_wrapped_i,
  input  block_t                    op_result_i,
  input  logic                      op_blk_req_i,
  input  logic                      op_blk_sel_i,
  output logic                      op_blk_valid_o,
  output block_t                    op_blk_o,
  output logic                      vault_abort_o,

  // AES core
  output logic                      aes_clear_o,    // a cycle after what asks for it
  output logic                      aes_start_o,
  output logic                      aes_decrypt_o,
  output block_t                    aes_block_o,
  input  logic                      aes_ready_i,
  input  logic                      aes_idle_i,
  input  logic                      aes_valid_i,
  input  block_t                    aes_block_i,

  output logic                      busy_o
);

  localparam int unsigned OpPoolWords = 4;

  job_fsm_e fsm_q, prev_q;
  logic first;                       // first cycle of this state
  logic [CtxW-1:0] ctx_q, pick_ctx;
  logic pick_any, pick_wipe, pick_go, key_due;
  logic kill, kill_q, stop, revoked, working, in_data;
  phase_e phase;                     // of this unit
  logic pkt_q;                       // it has a packet
  logic [9:0] len_q, rest_q;         // the packet's length; bytes not taken from it yet
  logic [9:0] unit_q;                // payload bytes that this unit still takes
  logic [7:0] count_q;               // bytes of header, list word or answer so far
  logic listing_q;                   // the list is not whole
  header_t hdr_q;
  job_cfg_t cfg, cfg_new;            // of this unit's job
  job_t saved, job_end;
  progress_t job_q;
  phase_e phase_end;
  logic [NCtx-1:0] wipe, open;

  // ---- contexts

  logic save, pop, cfg_we, wait_pool, wiped, first_we, last_we, stamp_end;
  logic [63:0] stamp_first, stamp_last;
  logic [SlotW-1:0] session;
  phase_e [NCtx-1:0] phases;
  logic [NCtx-1:0] ret, spill, pool;
  logic chk_session_valid;
  logic [SlotW-1:0] chk_session;

  job_state #(.NCtx(NCtx)) u_state (
    .clk_i, .rst_ni,
    .ctx_i(ctx_q), .job_o(saved), .phase_o(phase),
    .load_i(fsm_q == Load), .cfg_o(cfg), .cfg_we_i(cfg_we), .cfg_i(cfg_new),
    .first_o(stamp_first), .last_o(stamp_last), .first_we_i(first_we), .last_we_i(last_we), .cycle_i,
    .save_i(save), .job_i(job_end), .phase_i(phase_end), .wait_pool_i(wait_pool), .wiped_i(wiped),
    .session_valid_i(chk_session_valid), .session_i(chk_session),
    .revoke_session_i, .revoke_session_idx_i, .revoke_ctx_i, .session_o(session), .revoked_o(revoked),
    .phases_o(phases), .ret_o(ret), .spill_o(spill), .pool_o(pool), .wipe_o(wipe)
  );

  job_pick #(.NCtx(NCtx)) u_pick (
    .last_i(ctx_q), .phase_i(phases), .ret_i(ret), .spill_i(spill), .pool_i(pool),
    .pool_ok_i(pool_words_i >= 5'(OpPoolWords)), .open_i(open), .out_avail_i, .in_free_i,
    .any_o(pick_any), .ctx_o(pick_ctx)
  );
  assign pick_wipe = |wipe;
  assign pick_go = pick_any && !pick_wipe && (fsm_q == Pick || !key_due);
  // While a unit finishes, what its own context waits for next is not known yet: only others may follow at once.
  always_comb begin
    open = alt_i & ~revoke_ctx_i;
    for (int unsigned c = 0; c < NCtx; c++) if (fsm_q == Finish && ctx_q == CtxW'(c)) open[c] = 1'b0;
  end

  always_comb begin
    kill = 1'b0;
    for (int unsigned c = 0; c < NCtx; c++) if (ctx_q == CtxW'(c)) kill = revoke_ctx_i[c];
  end

  // ---- header being looked at, results of the checks

  logic crypt, key_op, with_list;
  assign with_list = hdr_q.flags[4]; // COFFER_JOB_LIST
  assign crypt = hdr_q.op == OpCrypt;
  assign key_op = hdr_q.op >= OpLoadKey;

  logic chk_done, iv_done, iv_start;
  job_status_e chk_status, iv_status;
  slot_attr_t attr;
  logic [15:0] chk_src, chk_dst;
  logic [SurfW-1:0] chk_rec_idx;
  surface_rec_t rec_q;
  logic chk_req, iv_req;
  logic [2:0] chk_word, iv_word;
  logic [63:0] made_iv;

  // ---- position: from the memory, from a header, made by the board

  logic pos_new, pos_made;
  block_t hdr_ctr, pos_ctr, cipher_ctr;
  logic [3:0] hdr_ks, pos_ks, cipher_ks, cipher_fill;
  logic [8:0] hdr_phase, phase_now, phase_next;
  logic [1:0] cipher_blk;
  logic cipher_head, in_crypt, secret, secret_known, range_next, offer;

  assign pos_new = fsm_q == Blank || (fsm_q == Check && chk_done);
  assign pos_made = fsm_q == Iv && iv_done && cfg.made_iv;
  job_accept u_accept (
    .hdr_i(hdr_q), .checked_i(fsm_q == Check), .status_i(chk_status), .attr_i(attr),
    .cfg_o(cfg_new), .ctr_o(hdr_ctr), .ks_o(hdr_ks), .phase_o(hdr_phase)
  );
  assign pos_ctr = fsm_q == Load ? saved.ctr : fsm_q == Iv ? {made_iv, 64'b0} : hdr_ctr;
  assign pos_ks = fsm_q == Load ? saved.ks : fsm_q == Iv ? '0 : hdr_ks;

  // ---- bytes in and out

  logic src_start, src_surface, src_valid, src_ready;
  logic [15:0] src_addr;
  logic [9:0] src_count;
  logic [7:0] src_byte;

  job_source u_source (
    .clk_i, .rst_ni, .start_i(src_start), .stop_i(kill || fsm_q == Finish), .surface_i(src_surface),
    .addr_i(src_addr), .count_i(src_count), .valid_o(src_valid), .byte_o(src_byte), .ready_i(src_ready),
    .out_addr_o, .out_en_o, .out_data_i, .surf_rd_en_o, .surf_rd_addr_o, .surf_rd_data_i
  );
  assign out_ctx_o = ctx_q;

  logic answering_q, ending_q, op_out_q, emit_q, sink_valid, sink_end, cipher_out, emit;
  logic [7:0] sink_byte, cipher_byte, emit_byte_q, answer_byte, answer_byte_q, chain_byte, chain_q;
  logic [9:0] sink_len;
  logic [15:0] sink_addr;

  job_sink #(.NCtx(NCtx)) u_sink (
    .clk_i, .rst_ni, .start_i(fsm_q == Load || fsm_q == Wipe || pos_new), .stop_i(kill), .ctx_i(ctx_q),
    .ret_i(cfg.ret || fsm_q == Answer), .surface_i(cfg.dst_surface && emit_q),
    .len_i(fsm_q == Load && phase != PhIdle ? saved.in_len : '0), .addr_i(fsm_q == Load ? saved.dst : fsm_q == Check ? chk_dst : '0), .len_o(sink_len), .addr_o(sink_addr),
    .valid_i(sink_valid), .byte_i(sink_byte), .end_i(sink_end),
    .in_we_o, .in_addr_o, .in_data_o, .in_push_o, .in_len_o, .surf_wr_en_o, .surf_wr_addr_o, .surf_wr_data_o
  );
  always_ff @(posedge clk_i) begin
    in_ctx_o <= ctx_q;
    // A state's second cycle and those after it.
    answering_q <= fsm_q == Answer; // its first byte has no need of it
    ending_q <= fsm_q == End;
    op_out_q <= fsm_q == OpOut;
    // Payload goes out a cycle after it has come, in Rest or Finish at the latest.
    emit_q <= emit && !kill;
    emit_byte_q <= cipher_byte;
    answer_byte_q <= answer_byte;
    chain_q <= chain_byte;
  end

  job_answer u_answer (
    .cfg_i(cfg), .at_i(job_q), .first_i(stamp_first), .last_i(stamp_last),
    .ctr_i(cipher_ctr), .ks_i(cipher_ks), .phase_i(phase_next), .chain_i(chain_q),
    .index_i(count_q[5:0]), .byte_o(answer_byte)
  );

  always_comb begin
    sink_valid = 1'b0;
    sink_byte = answer_byte_q;
    sink_end = fsm_q == End && ending_q;
    if (emit_q) begin
      sink_valid = 1'b1;
      sink_byte = emit_byte_q;
    end
    unique case (fsm_q)
      OpOut: begin
        sink_valid = op_out_q;
        sink_byte = op_result_i[8*count_q[3:0] +: 8];
      end
      Answer: begin
        sink_valid = answering_q;
        sink_end = count_q == 8'(CompletionBytes);
      end
      default: ;
    endcase
  end

  // ---- checks

  job_check #(.NCtx(NCtx), .NSlots(NSlots)) u_check (
    .clk_i, .rst_ni, .start_i(fsm_q == Check && first), .stop_i(kill || stop), .hdr_i(hdr_q), .ctx_i(ctx_q),
    .tag_locked_i, .done_o(chk_done), .status_o(chk_status), .session_valid_o(chk_session_valid),
    .session_o(chk_session), .attr_o(attr), .dst_attr_o(op_dst_attr_o),
    .dst_keyed_o(op_dst_keyed_o), .session_gen_o(op_session_gen_o),
    .src_o(chk_src), .dst_o(chk_dst), .rest_slot_i(cfg.slot), .chk_req_o(chk_req), .chk_slot_o, .chk_word_o(chk_word),
    .chk_data_i, .chk_state_i, .rec_idx_o(chk_rec_idx), .rec_i(rec_q)
  );

  assign iv_start = fsm_q == Iv && first;
  job_iv u_iv (
    .clk_i, .rst_ni, .start_i(iv_start), .stop_i(kill || stop),
    .readback_i(cfg.made_iv), .rising_i(cfg.rising), .rule_i(cfg.rule),
    .ctr_i(cipher_ctr), .ks_i(cipher_ks), .bytes_i(cfg.mode == 2'(ModeCtr) ? job_q.done : '0),
    .done_o(iv_done), .status_o(iv_status), .made_iv_o(made_iv), .chk_req_o(iv_req), .chk_word_o(iv_word),
    .chk_data_i, .hist_req_o, .hist_word_o, .hist_data_o, .hist_gnt_i
  );
  assign hist_slot_o = cfg.slot;
  assign chk_req_o = chk_req || iv_req;
  assign chk_word_o = chk_req ? chk_word : iv_word;

  logic vetted, rec_lost;
  logic [SurfW-1:0] watch_rec_idx;
  job_watch u_watch (
    .clk_i, .run_i(in_data || fsm_q == Key), .cfg_i(cfg), .ctx_i(ctx_q), .rec_idx_o(watch_rec_idx), .rec_i(rec_q),
    .vetted_o(vetted), .lost_o(rec_lost)
  );
  assign rec_idx_o = fsm_q == Check ? chk_rec_idx : watch_rec_idx;
  always_ff @(posedge clk_i) rec_q <= rec_i;

  // ---- key operations

  assign op_o = op_e'(hdr_q.op);
  assign op_session_o = cfg.slot;
  assign op_session_len_o = cfg.key_len;
  assign op_dst_o = hdr_q.dst_handle[SlotW-1:0];
  always_ff @(posedge clk_i) begin
    op_dst_len_o <= hdr_q.dst_offset == 32'd16 ? KeyLen128 : hdr_q.dst_offset == 32'd24 ? KeyLen192 : KeyLen256;
  end
  assign op_dst_rule_o = ctr_rule_e'(hdr_q.counter_rule);
  assign op_dst_mode_o = hdr_q.mode[1:0];
  logic op_over_q;
  assign op_start_o = fsm_q == Op && first && !stop;
  always_ff @(posedge clk_i) op_over_q <= op_done_i;

  logic blk_req_q, blk_start, blk_take;
  always_ff @(posedge clk_i) blk_req_q <= op_blk_req_i;

  job_block u_block (
    .clk_i, .rst_ni, .clear_i(kill || stop), .req_i(fsm_q == Op && blk_req_q), .start_o(blk_start),
    .valid_i(src_valid), .byte_i(src_byte), .take_o(blk_take), .valid_o(op_blk_valid_o), .block_o(op_blk_o)
  );

  // ---- cipher

  logic cipher_start, cipher_ready, cipher_idle, cipher_quiet, take;
  logic key_here, key_clear, core_clear;

  job_cipher #(.NCtx(NCtx)) u_cipher (
    .clk_i, .rst_ni, .clear_i(aes_clear_o), .wipe_i(kill || (fsm_q == Pick && pick_wipe)), .stop_i(kill || stop), .settle_i(fsm_q == Rest),
    .start_i(cipher_start),
    .mode_i(cfg.mode), .encrypt_i(cfg.encrypt), .rule_i(cfg.rule),
    .load_i(fsm_q == Load || pos_new), .set_i(fsm_q == Load || pos_new || pos_made),
    .ctr_i(pos_ctr), .ks_i(pos_ks), .blk_i(fsm_q == Load ? saved.blk : '0), .head_i(fsm_q != Load || saved.head),
    .fill_i(fsm_q == Load ? saved.fill : '0), .restart_i(range_next && cfg.restart),
    .ctr_o(cipher_ctr), .ks_o(cipher_ks), .blk_o(cipher_blk), .head_o(cipher_head), .fill_o(cipher_fill),
    .idle_o(cipher_idle), .quiet_o(cipher_quiet),
    .ctx_i(ctx_q), .chain_we_i(fsm_q == Wipe || (fsm_q == Header && src_valid && count_q[7:4] == 4'd1)),
    .chain_at_i(fsm_q == Header ? {2'd3, count_q[3:0]} : count_q[5:0]), .chain_byte_i(fsm_q == Wipe ? '0 : src_byte),
    .answer_i(answering_q), .answer_iv_i(cfg.restart && !cfg.more), .chain_o(chain_byte),
    .left_i(unit_q), .valid_i(offer),
    .secret_i(job_q.seg_enc && secret), .byte_i(src_byte), .ready_o(cipher_ready),
    .valid_o(cipher_out), .byte_o(cipher_byte),
    .aes_start_o, .aes_block_o, .aes_ready_i, .aes_idle_i, .aes_valid_i, .aes_block_i
  );
  assign aes_decrypt_o = cfg.backwards;
  assign emit = cipher_out && in_data && !stop;
  assign offer = src_valid && in_data && unit_q != '0 && job_q.seg != '0 && secret_known;
  assign take = offer && cipher_ready;

  job_key #(.NCtx(NCtx)) u_key (
    .clk_i, .rst_ni, .ask_i(fsm_q == Key && first && !stop), .mode_i(cfg.mode),
    .slot_i(cfg.slot), .session_i(session), .ctx_i(ctx_q), .op_i(fsm_q == Op), .rest_i(fsm_q == Pick), .cleared_i(core_clear),
    .here_o(key_here), .due_o(key_due),
    .key_req_o, .key_done_i(key_done_i && fsm_q == Key),
    .revoke_ctx_i, .revoke_session_i, .revoke_session_idx_i, .clear_o(key_clear)
  );
  assign key_slot_o = cfg.slot;
  assign key_len_o = cfg.key_len;
  assign cipher_start = fsm_q == Key && vetted && key_here && !stop;
  // After a key operation the core has held the session's key and the new one.
  assign core_clear = key_clear || kill || stop || op_over_q;
  always_ff @(posedge clk_i) aes_clear_o <= core_clear; // it spans the core and the cipher
  // The vault's slots are over by themselves when their context is; what works on them may end a cycle later.
  always_ff @(posedge clk_i) kill_q <= kill;
  assign vault_abort_o = kill_q || stop;

  // ---- the walk through a list

  logic [31:0] list_word, list_in;
  logic list_take, list_last, list_fresh_q, seg_load;

  job_list #(.NCtx(NCtx)) u_list (
    .clk_i, .ctx_i(ctx_q), .wr_word_i(fsm_q == Wipe ? count_q : job_q.list_at[7:0]),
    .valid_i(list_take), .lane_i(count_q[1:0]), .byte_i(src_byte), .wr_data_o(list_in), .clear_i(fsm_q == Wipe),
    .rd_word_i(job_q.list_at[7:0]), .word_o(list_word)
  );
  assign list_take = fsm_q == List && src_valid && listing_q;
  assign list_last = list_take && count_q[1:0] == 2'd3;
  assign seg_load = in_data && job_q.seg == '0 && unit_q != '0 && list_fresh_q && (!cfg.restart || cipher_idle);
  // The first range of a job is where its header says, be it empty.
  assign range_next = seg_load && job_q.list_at[0] && job_q.list_at != 9'd1;
  // The RAM's answer belongs to list_at a cycle after that has moved.
  always_ff @(posedge clk_i) list_fresh_q <= in_data && !seg_load;

  job_pattern u_pattern (
    .clk_i, .rst_ni, .set_i(fsm_q == Load || pos_new), .phase_i(fsm_q == Load ? saved.phase : hdr_phase),
    .range_i(range_next), .left_new_i(seg_load), .step_i(take && job_q.seg_enc), .crypt_i(cfg.crypt), .skip_i(cfg.skip),
    .left_i(job_q.seg), .more_i(cfg.more && job_q.list_at == cfg.list_words),
    .known_o(secret_known), .crypt_o(in_crypt), .secret_o(secret), .phase_o(phase_now)
  );
  // A CBC block cut in two is the next job's as a whole; behind a range that ended here a new one begins.
  always_comb begin
    phase_next = phase_now;
    if (in_crypt && cfg.mode == 2'(ModeCbc)) phase_next[3:0] = '0;
    if (!cfg.more) phase_next = '0;
  end

  // ---- what a unit reads

  logic [9:0] chunk;
  assign chunk = saved.at.left > 32'(PacketBytes) ? 10'(PacketBytes) : saved.at.left[9:0];

  assign src_surface = fsm_q == Load && phase == PhChunk;
  assign src_start = blk_start || (fsm_q == Load && phase inside {PhIdle, PhList, PhData, PhChunk});
  assign src_addr = src_surface ? saved.at.src : blk_start ? 16'(HeaderBytes) + {11'b0, op_blk_sel_i, 4'b0} : '0;
  assign src_count = src_surface ? chunk : blk_start ? 10'd16 : len_q;
  assign src_ready = fsm_q == Header || list_take || take || blk_take;

  // ---- verdict at the end of a unit

  progress_t at_verdict;
  phase_e phase_verdict;
  job_verdict u_verdict (
    .ret_i(cfg.ret), .src_surface_i(cfg.src_surface), .at_i(job_q), .pkt_i(pkt_q), .ended_i(!pkt_q || !len_q[9]), .more_i(rest_q != '0),
    .listing_i(listing_q), .at_o(at_verdict), .phase_o(phase_verdict), .stamp_o(stamp_end)
  );

  always_comb begin
    unique case (fsm_q)
      Finish:  phase_end = phase_verdict;
      End:     phase_end = PhDone;
      default: phase_end = PhIdle; // Answer
    endcase
    job_end = '{
      at: fsm_q == Finish ? at_verdict : job_q, ctr: cipher_ctr, ks: cipher_ks, phase: phase_now,
      blk: cipher_blk, head: cipher_head, fill: cipher_fill,
      in_len: fsm_q == End ? '0 : sink_len, dst: sink_addr
    };
  end

  assign cfg_we = pos_new && !kill;
  assign first_we = (fsm_q == Header && src_valid && count_q == '0) || (take && !job_q.stamped);
  assign last_we = emit_q || (fsm_q == OpOut && op_out_q) || (fsm_q == Finish && stamp_end);

  always_comb begin
    save = fsm_q == Finish || (fsm_q == End && ending_q) || (fsm_q == Answer && sink_end);
    if (kill) save = 1'b0;
    // A ZLP at a job's boundary is no job.
    pop = pkt_q && (fsm_q == Finish || (fsm_q == Load && phase == PhIdle && len_q == '0));
    for (int unsigned c = 0; c < NCtx; c++) out_pop_o[c] = ctx_q == CtxW'(c) && pop && !kill;
  end

  // ---- control

  logic pool_short, list_whole, list_wrong, end_data;

  assign first = fsm_q != prev_q;
  assign pool_short = pool_words_i < 5'(OpPoolWords) &&
      (hdr_q.op == OpNewReadbackKey || hdr_q.op == OpStartRefresh);
  assign list_whole = list_last && job_q.list_at + 1'b1 == cfg.list_words;
  assign list_wrong = job_q.over || job_q.seg != job_q.left;
  assign end_data = in_data && (take && unit_q == 10'd1 && !cfg.mode[0] || // CTR, none
                                         unit_q == '0 && cipher_idle);

  assign working = fsm_q[4];
  assign in_data = fsm_q[5];
  assign stop = working && (revoked || rec_lost);
  assign wait_pool = fsm_q == Check && chk_done && chk_status == JobOk && pool_short && !kill && !stop;
  assign wiped = fsm_q == Wipe && &count_q;
  assign busy_o = fsm_q != Pick || pick_any || pick_wipe;

  always_ff @(posedge clk_i) begin
    prev_q <= fsm_q;
    unique case (fsm_q)
      Pick: begin
        count_q <= '0;
        if (pick_wipe) begin
          for (int c = NCtx - 1; c >= 0; c--) if (wipe[c]) ctx_q <= CtxW'(c);
          fsm_q <= Wipe;
        end else if (pick_go) begin
          fsm_q <= Load;
        end
      end
      Load: begin
        rest_q <= len_q;
        listing_q <= phase == PhList;
        unique case (phase)
          PhIdle: fsm_q <= len_q == '0 ? Settle : Header;
          PhList: fsm_q <= len_q == '0 ? Finish : List;
          PhData: fsm_q <= len_q == '0 ? Finish : Key;
          PhChunk: fsm_q <= Key;
          PhEnd: fsm_q <= End;
          PhDone: fsm_q <= Answer;
          default: fsm_q <= Finish; // PhTail, PhDrain
        endcase
      end
      Header: if (src_valid) begin
        count_q <= count_q + 1'b1;
        rest_q <= rest_q - 1'b1;
        if (count_q == 8'(HeaderBytes - 1)) fsm_q <= Check;
      end else if (rest_q == '0) begin
        fsm_q <= Blank;
      end
      Blank: fsm_q <= Finish;
      Check: if (chk_done) begin
        count_q <= '0;
        if (chk_status != JobOk) fsm_q <= Finish;
        else if (pool_short) fsm_q <= Settle;  // the packet stays where it is
        else if (key_op) fsm_q <= rest_q == hdr_q.length[9:0] ? Op : Finish;
        else if (with_list) begin
          listing_q <= 1'b1;
          fsm_q <= List;
        end else begin
          fsm_q <= crypt ? Iv : rest_q == '0 || hdr_q.length == '0 ? Finish : Key;
        end
      end
      List: if (list_take) begin
        count_q <= count_q + 1'b1;
        rest_q <= rest_q - 1'b1;
        if (list_whole) listing_q <= 1'b0;
      end else if (!listing_q) begin
        fsm_q <= list_wrong ? Finish : Iv;
      end else if (rest_q == '0) begin
        fsm_q <= Finish;
      end
      Iv: if (iv_done) begin
        fsm_q <= Key;
        if (iv_status != JobOk || job_q.left == '0 || cfg.src_surface || rest_q == '0) fsm_q <= Finish;
      end
      Key: if (cipher_start) fsm_q <= Data;
      Data: begin
        if (take && pkt_q) rest_q <= rest_q - 1'b1;
        if (end_data) fsm_q <= Rest;
      end
      Rest: fsm_q <= Finish;
      Op: if (op_over_q) fsm_q <= cfg.ret ? OpOut : Finish;
      OpOut: if (op_out_q) begin
        count_q <= count_q + 1'b1;
        if (count_q == 8'd15) fsm_q <= Finish;
      end
      Finish: begin
        count_q <= '0;
        fsm_q <= pick_go ? Load : Pick;
      end
      End: if (ending_q) fsm_q <= Settle;
      Answer: begin
        count_q <= count_q + 1'b1;
        if (sink_end) fsm_q <= Settle;
      end
      Wipe: begin
        count_q <= count_q + 1'b1;
        if (wiped) fsm_q <= Pick;
      end
      default: fsm_q <= Pick; // Settle
    endcase
    if ((fsm_q == Pick || fsm_q == Finish) && pick_go) begin
      ctx_q <= pick_ctx;
      for (int unsigned c = 0; c < NCtx; c++) begin
        if (pick_ctx == CtxW'(c)) begin
          len_q <= out_len_i[c];
          pkt_q <= !(phases[c] inside {PhChunk, PhEnd, PhDone});
        end
      end
    end
    if (fsm_q == Op) rest_q <= '0;
    if (stop) fsm_q <= Finish;
    if (kill || !rst_ni) fsm_q <= Pick;
    if (!rst_ni) ctx_q <= '0;
  end

  // Payload bytes of this unit: what the packet has, as long as the job wants it.
  always_ff @(posedge clk_i) begin
    if (cipher_start) begin
      unit_q <= pkt_q ? rest_q : 10'(PacketBytes);
      if (job_q.left < (pkt_q ? 32'(rest_q) : 32'(PacketBytes))) unit_q <= job_q.left[9:0];
    end else if (take) begin
      unit_q <= unit_q - 1'b1;
    end
    if (fsm_q == Pick || kill) unit_q <= '0;
  end

  // ---- the job

  always_ff @(posedge clk_i) begin
    if (fsm_q == Header && src_valid) hdr_q <= {src_byte, hdr_q[511:8]};
    // Nothing is kept of a header cut short.
    if (kill_q || (fsm_q == Header && !src_valid && rest_q == '0) || (fsm_q == Pick && pick_wipe) || !rst_ni) hdr_q <= '0;
  end

  job_progress u_progress (
    .clk_i, .rst_ni, .fsm_i(fsm_q), .first_i(first), .wipe_i(kill || (fsm_q == Pick && pick_wipe)),
    .load_i(phase == PhIdle ? '0 : saved.at), .length_i(hdr_q.length), .crypt_i(crypt), .key_op_i(key_op),
    .with_list_i(with_list), .cfg_i(cfg), .rest_i(rest_q),
    .cut_short_i(!src_valid && rest_q == '0), .chk_done_i(chk_done), .chk_status_i(chk_status), .chk_src_i(chk_src),
    .word_i(list_last), .word_data_i(list_in), .list_bad_i(!listing_q && list_wrong),
    .iv_done_i(iv_done), .iv_status_i(iv_status), .take_i(take), .seg_load_i(seg_load), .seg_word_i(list_word),
    .out_i(emit_q), .op_done_i(op_over_q), .op_wrapped_i, .stop_i(stop), .revoked_i(revoked), .at_o(job_q)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(fsm_q == Op && first) || cipher_quiet) else $error("key operation while the core runs a block");
      assert (!(in_data && surf_wr_en_o) || cfg.dst_surface) else $error("write to a surface nobody asked for");
      assert (!take || unit_q <= 10'(PacketBytes)) else $error("unit longer than a packet");
      for (int c = 0; c < NCtx; c++) begin
        assert (!in_push_o[c] || in_free_i[c] != '0) else $error("context %0d: packet pushed without room", c);
        assert (!out_pop_o[c] || out_avail_i[c]) else $error("context %0d: popped what is not there", c);
      end
    end
  end
`endif

endmodule
