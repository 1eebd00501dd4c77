// SPDX-License-Identifier: Apache-2.0
//
// How a key slot lies in the vault's memory, and the rules that its attributes obey.
//
// 16 words of 32 bits a slot, word w of slot s at address {s, w}. The first byte of a key is bits 7:0 of word 0.
//
//    0..7   key; unused words of a shorter key are zero
//    4..7   session slots with a 128-bit key: the refresh side register
//    8      slot_attr_t
//    9      generation, the only word that outlives zeroization (where it moves on)
//   10..13  IV history, most significant word first: {IV, Count} of the first block not used yet
//   14      hist_flags_t
//   15      link_t: the session that the slot was reserved under

package vault_pkg;
  import coffer_pkg::*;

  localparam logic [3:0] WordSide = 4'd4;
  localparam logic [3:0] WordAttr = 4'd8;
  localparam logic [3:0] WordGen = 4'd9;
  localparam logic [3:0] WordHist = 4'd10;
  localparam logic [3:0] WordHistFlags = 4'd14;
  localparam logic [3:0] WordLink = 4'd15;

  typedef struct packed {
    logic        valid;      // the history holds something
    logic        exhausted;  // its last block was the last there is
    logic [25:0] zero;
    logic [3:0]  ks;         // keystream byte
  } hist_flags_t;

  typedef struct packed {
    logic            started;  // session slot: the side register holds a random
    logic [6:0]      zero;
    logic [GenW-1:0] gen;      // generation of the session slot
  } link_t;

  // SLOT_CMD
  typedef enum logic [3:0] {
    CmdReserve = 4'd1, CmdKey = 4'd2, CmdCommit = 4'd3, CmdRevoke = 4'd4, CmdGeneration = 4'd5
  } cmd_e;

  // A slot belongs to the context in whose share it lies, whatever was written into it.
  function automatic logic in_share(logic [SlotW-1:0] slot, logic [CtxW-1:0] ctx, int unsigned nctx,
                                    int unsigned nslots);
    logic hit;
    hit = 1'b0;
    for (int unsigned c = 0; c < nctx; c++) begin
      if (ctx == CtxW'(c)) hit = 32'(slot) / (nslots / nctx) == c;
    end
    return hit;
  endfunction

  function automatic logic [3:0] key_words(key_len_e len);
    return 4'd4 + {1'b0, len, 1'b0};
  endfunction

  // What a slot may be, whatever its session is.
  // verilator lint_off UNUSEDSIGNAL
  function automatic logic attr_ok(slot_attr_t a);
    usage_t u;
    logic ok;
    u = a.usage;
    ok = a.mode == '0 && a.reserved == '0 && a.reserved2 == '0 && a.key_len != 2'd3 && a.rules != '0;
    // A slot that wraps keys does nothing else that ECB could be made of.
    if (u.wrap && (u.ecb || u.cbc || u.mac || (a.open && u.ctr))) ok = 1'b0;
    case (a.role)
      RoleSession:
        // The film's key: it unwraps and it decrypts, no more.
        if (!a.open && (u.encrypt || u.ecb || u.cbc || u.mac || a.key_len != KeyLen128)) ok = 1'b0;
      RoleContent: if (u.wrap || (!a.open && (u.encrypt || u.mac))) ok = 1'b0;
      RoleReadback:
        if (a.open || a.key_len != KeyLen128 || u.wrap || u.ecb || u.cbc || u.mac || u.decrypt) ok = 1'b0;
      default: ok = 1'b0;
    endcase
    return ok;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

endpackage
