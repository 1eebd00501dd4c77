// SPDX-License-Identifier: Apache-2.0
//
// Types and constants that more than one block uses. The wire layout is fw/include/coffer_wire.h's;
// a test compares the two.
//
// Byte order inside the RTL: byte i of a byte string (key, block, IV) is bits [8*i +: 8], so byte 0,
// the first of the standard's picture, is the least significant one. FIPS 197: in[i] is bits [8*i +: 8].

package coffer_pkg;

  localparam int unsigned NumSlots = 64;      // key slots; context c owns NumSlots/NCtx of them
  localparam int unsigned SlotW = 6;
  localparam int unsigned GenW = 24;          // generation in a handle
  localparam int unsigned NumSurfaces = 16;   // surface records
  localparam int unsigned SurfW = 4;
  localparam int unsigned PageBytes = 2048;
  localparam int unsigned PageW = 6;          // up to 32 pages, counted 0..32
  localparam int unsigned CtxW = 3;           // up to 7 contexts
  localparam int unsigned EpochW = 8;
  localparam int unsigned PacketBytes = 512;
  localparam int unsigned MaxPairs = 128;

  typedef logic [127:0] block_t;

  typedef enum logic [1:0] { KeyLen128 = 2'd0, KeyLen192 = 2'd1, KeyLen256 = 2'd2 } key_len_e;

  // Slot roles (docs/protocol.md): who may write the key.
  typedef enum logic [1:0] { RoleSession = 2'd0, RoleContent = 2'd1, RoleReadback = 2'd2 } role_e;

  // Usage bits: COFFER_USE_*.
  typedef struct packed {
    logic decrypt;
    logic encrypt;
    logic mac;
    logic cbc;
    logic ecb;
    logic ctr;
    logic wrap;
  } usage_t;

  // Allowed counter rules, a bit each: bit k is enum coffer_counter_rule k.
  typedef struct packed {
    logic refuse64;
    logic wrap64;
    logic carry128;
  } rules_t;

  // What is fixed about a slot before its key is written. 32 bits; firmware writes it as one word.
  typedef struct packed {
    logic [1:0]       mode;        // [31:30] content slot: the mode that its key is loaded for (mode_e)
    logic             reserved;    // [29]
    logic             enc_rising;  // [28]
    logic             dec_rising;  // [27]
    rules_t           rules;       // [26:24]
    usage_t           usage;       // [23:17]
    logic             open;        // [16]    0: protected
    key_len_e         key_len;     // [15:14]
    role_e            role;        // [13:12]
    logic [2:0]       reserved2;   // [11:9]
    logic [CtxW-1:0]  ctx;         // [8:6]   owner
    logic [SlotW-1:0] session;     // [5:0]   slot index of the session's own slot
  } slot_attr_t;

  typedef enum logic [1:0] {
    SlotFree = 2'd0,
    SlotReserved = 2'd1,    // attributes fixed, no key
    SlotKeyed = 2'd2,       // every word of the key written
    SlotZeroizing = 2'd3
  } slot_state_e;

  typedef struct packed {
    logic             valid;
    logic [CtxW-1:0]  ctx;
    logic [SlotW-1:0] session;      // slot index of the owning session
    logic [GenW-1:0]  session_gen;  // and its generation when the surface was made
    logic [GenW-1:0]  gen;          // the surface's own, as in its handle
    logic [PageW-1:0] base;         // first page
    logic [PageW-1:0] pages;
  } surface_rec_t;

  // enum coffer_op
  typedef enum logic [7:0] {
    OpNop = 8'd0, OpLoop = 8'd1, OpCrypt = 8'd2, OpLoadKey = 8'd3,
    OpNewReadbackKey = 8'd4, OpStartRefresh = 8'd5, OpRefresh = 8'd6
  } op_e;

  // enum coffer_mode
  typedef enum logic [7:0] { ModeNone = 8'd0, ModeEcb = 8'd1, ModeCtr = 8'd2, ModeCbc = 8'd3 } mode_e;

  // enum coffer_counter_rule
  typedef enum logic [7:0] { CtrCarry128 = 8'd0, CtrWrap64 = 8'd1, CtrRefuse64 = 8'd2 } ctr_rule_e;

  // enum coffer_job_status
  typedef enum logic [7:0] {
    JobOk = 8'd0, JobBadHeader = 8'd1, JobBadField = 8'd2, JobBadHandle = 8'd3, JobPolicy = 8'd4,
    JobIvReuse = 8'd5, JobIvRange = 8'd6, JobRange = 8'd7, JobShort = 8'd8, JobLong = 8'd9,
    JobNoKey = 8'd10, JobRevoked = 8'd11, JobWrappedKey = 8'd12
  } job_status_e;

endpackage
