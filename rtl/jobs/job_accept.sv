// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a header and its check while the job lasts (job_cfg_t), and the position that it starts at.
// Without a check (checked_i = 0: a header cut short, or a wiped one) only what the header itself says counts.

module job_accept
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  header_t     hdr_i,
  input  logic        checked_i,
  input  job_status_e status_i,
  input  slot_attr_t  attr_i,
  output job_cfg_t    cfg_o,
  output block_t      ctr_o,
  output logic [3:0]  ks_o,
  output logic [8:0]  phase_o
);

  flags_t flags;
  logic readback, unused_bits;

  assign flags = hdr_i.flags;
  assign readback = checked_i && status_i == JobOk && hdr_i.op == OpCrypt && attr_i.role == RoleReadback;
  assign unused_bits = ^{hdr_i, attr_i, flags};

  always_comb begin
    cfg_o = '{
      op: hdr_i.op, mode: hdr_i.mode[1:0], encrypt: flags.encrypt,
      backwards: hdr_i.mode inside {ModeEcb, ModeCbc} && !flags.encrypt,
      ret: flags.ret && !(checked_i && status_i == JobBadHeader), // such a header cannot be trusted to say it
      src_surface: flags.src_surface, dst_surface: flags.dst_surface,
      rule: readback ? 2'(CtrRefuse64) : hdr_i.counter_rule[1:0],
      rising: checked_i && (flags.encrypt ? attr_i.enc_rising : attr_i.dec_rising),
      made_iv: readback, id: hdr_i.id, slot: hdr_i.slot[SlotW-1:0],
      key_len: checked_i ? attr_i.key_len : KeyLen128,
      // CBC takes whole blocks and leaves the rest clear: a pattern of one block and none.
      crypt: hdr_i.mode == ModeCbc && hdr_i.crypt_blocks == '0 ? 4'd1 : hdr_i.crypt_blocks[3:0],
      skip: hdr_i.skip_blocks[3:0], more: flags.more, restart: flags.restart,
      list_words: {hdr_i.pairs[7:0], 1'b0},
      src_rec: hdr_i.src_handle[SurfW-1:0], dst_rec: hdr_i.dst_handle[SurfW-1:0],
      src_gen: hdr_i.src_handle[31:8], dst_gen: hdr_i.dst_handle[31:8]
    };
  end

  assign ctr_o = hdr_i.mode == ModeCtr ? reverse(hdr_i.iv) : '0;
  assign phase_o = hdr_i.pattern_phase[8:0];
  assign ks_o = hdr_i.mode == ModeCtr ? hdr_i.keystream_byte[3:0] : '0;

endmodule
