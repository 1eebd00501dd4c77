// SPDX-License-Identifier: Apache-2.0
//
// Whether the fields of a header go together, without looking at any slot or surface. Everything that an operation
// does not use must be zero, so that a later version can give it a meaning; two exceptions: the IV where no counter
// is used, and the IV of a read-back, which the board makes.
//
//   status_o: JobBadHeader  magic, version, reserved bytes
//             JobBadField   anything else that is out of range or does not fit the operation
//             JobRange      more than 128 pairs
//
//                      flags                     length      dst_handle dst_offset  rule
//   NOP                -                         0           -          -           -
//   LOOP               RETURN?                   any         -          -           -
//   CRYPT              RETURN or DST_SURFACE,    any         surface?   surface?    CTR
//                      ENCRYPT? SRC_SURFACE? LIST?
//                      CBC: RESTART?  CBC, or CTR with a pattern: MORE?
//   LOAD_KEY           -                         16 or 32    slot       16, 24, 32  CTR: of the loaded key
//   NEW_READBACK_KEY   RETURN                    0           slot       -           -
//   START_REFRESH      RETURN                    0           -          -           -
//   REFRESH            -                         0           -          -           -
//
// A pattern goes with CBC and with CTR but for refuse64: 1 to 15 blocks crypt, 0 to 15 skip, a phase within them; a CBC
// job does not begin inside a block of crypt. The mode of LOAD_KEY is that of the loaded key.

module job_fields
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  logic        clk_i,
  input  header_t     hdr_i,
  output job_status_e status_o    // a cycle after hdr_i
);

  flags_t flags;
  logic crypt, loop, load, readback_key, start_refresh, ctr, ecb;
  logic cbc, pattern, pattern_ok;
  logic [6:0] ok_q;
  logic range_q, header_ok_q;
  logic header_ok, mode_ok, flags_ok, length_ok, list_ok, handles_ok, offset_ok;

  logic unused_hdr;
  assign unused_hdr = ^hdr_i;

  assign flags = hdr_i.flags;
  assign loop = hdr_i.op == OpLoop;
  assign crypt = hdr_i.op == OpCrypt;
  assign load = hdr_i.op == OpLoadKey;
  assign readback_key = hdr_i.op == OpNewReadbackKey;
  assign start_refresh = hdr_i.op == OpStartRefresh;
  assign ctr = crypt && hdr_i.mode == ModeCtr;
  assign ecb = crypt && hdr_i.mode == ModeEcb;
  assign cbc = crypt && hdr_i.mode == ModeCbc;
  assign pattern = (ctr || cbc) && hdr_i.crypt_blocks != '0;

  assign header_ok = hdr_i.magic == JobMagic && hdr_i.version == ProtocolVersion && hdr_i.reserved == '0;

  always_comb begin
    mode_ok = hdr_i.op <= OpRefresh && (crypt || load ? hdr_i.mode inside {ModeEcb, ModeCtr, ModeCbc} : hdr_i.mode == ModeNone);
    if (hdr_i.counter_rule > ((crypt || load) && hdr_i.mode == ModeCtr ? CtrRefuse64 : CtrCarry128)) mode_ok = 1'b0;
    if (hdr_i.keystream_byte > (ctr ? 8'd15 : 8'd0)) mode_ok = 1'b0;
  end

  always_comb begin
    pattern_ok = hdr_i.crypt_blocks == '0 && hdr_i.skip_blocks == '0 && hdr_i.pattern_phase == '0;
    if (pattern) begin
      pattern_ok = hdr_i.crypt_blocks[7:4] == '0 && hdr_i.skip_blocks[7:4] == '0 && hdr_i.pattern_phase[15:9] == '0 &&
          hdr_i.pattern_phase[8:4] < 5'(hdr_i.crypt_blocks[3:0]) + 5'(hdr_i.skip_blocks[3:0]);
      if (ctr && hdr_i.counter_rule == CtrRefuse64) pattern_ok = 1'b0;
      if (cbc && hdr_i.pattern_phase[8:4] < {1'b0, hdr_i.crypt_blocks[3:0]} && hdr_i.pattern_phase[3:0] != '0) pattern_ok = 1'b0;
    end
  end

  always_comb begin
    flags_ok = flags == '0;
    if (loop) flags_ok = (hdr_i.flags & ~8'h02) == '0;
    if (crypt) flags_ok = !flags.reserved && flags.ret != flags.dst_surface && (!flags.more || cbc || pattern) && (!flags.restart || cbc);
    if (readback_key || start_refresh) flags_ok = hdr_i.flags == 8'h02;
  end

  always_comb begin
    length_ok = loop || crypt || hdr_i.length == '0;
    if (ecb && !flags.list) length_ok = hdr_i.length[3:0] == '0;
    if (load) length_ok = hdr_i.length == (hdr_i.dst_offset == 32'd16 ? 32'd16 : 32'd32);
  end

  assign list_ok = crypt && flags.list ? hdr_i.pairs != '0 : hdr_i.pairs == '0;
  assign handles_ok = (hdr_i.op != OpNop && !loop || hdr_i.slot == '0) &&
      (flags.src_surface || (hdr_i.src_handle == '0 && hdr_i.src_offset == '0)) &&
      (flags.dst_surface || load || readback_key || hdr_i.dst_handle == '0);

  always_comb begin
    offset_ok = flags.dst_surface || hdr_i.dst_offset == '0;
    if (load) offset_ok = hdr_i.dst_offset inside {32'd16, 32'd24, 32'd32};
  end

  always_comb begin
    status_o = JobOk;
    if (range_q) status_o = JobRange;
    if (ok_q != '1) status_o = JobBadField;
    if (!header_ok_q) status_o = JobBadHeader;
  end

  always_ff @(posedge clk_i) begin
    ok_q <= {mode_ok, pattern_ok, flags_ok, length_ok, list_ok, handles_ok, offset_ok};
    range_q <= hdr_i.pairs > 16'(MaxPairs);
    header_ok_q <= header_ok;
  end

endmodule
