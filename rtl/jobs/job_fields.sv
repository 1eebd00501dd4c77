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
//   LOAD_KEY           -                         16 or 32    slot       16, 24, 32  of the loaded key
//   NEW_READBACK_KEY   RETURN                    0           slot       -           -
//   START_REFRESH      RETURN                    0           -          -           -
//   REFRESH            -                         0           -          -           -

module job_fields
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  header_t     hdr_i,
  output job_status_e status_o
);

  flags_t flags;
  logic crypt, loop, load, readback_key, start_refresh, ctr, ecb;
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

  assign header_ok = hdr_i.magic == JobMagic && hdr_i.version == ProtocolVersion && hdr_i.reserved == '0;

  always_comb begin
    mode_ok = hdr_i.op <= OpRefresh && (ctr || ecb || (!crypt && hdr_i.mode == ModeNone));
    // Patterns come with CBC and cens: not here yet.
    if (hdr_i.crypt_blocks != '0 || hdr_i.skip_blocks != '0 || hdr_i.pattern_phase != '0) mode_ok = 1'b0;
    if (hdr_i.counter_rule > (ctr || load ? CtrRefuse64 : CtrCarry128)) mode_ok = 1'b0;
    if (hdr_i.keystream_byte > (ctr ? 8'd15 : 8'd0)) mode_ok = 1'b0;
  end

  always_comb begin
    flags_ok = flags == '0;
    if (loop) flags_ok = (hdr_i.flags & ~8'h02) == '0;
    if (crypt) flags_ok = flags.reserved == '0 && flags.ret != flags.dst_surface;
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
    if (hdr_i.pairs > 16'(MaxPairs)) status_o = JobRange;
    if (!(mode_ok && flags_ok && length_ok && list_ok && handles_ok && offset_ok)) status_o = JobBadField;
    if (!header_ok) status_o = JobBadHeader;
  end

endmodule
