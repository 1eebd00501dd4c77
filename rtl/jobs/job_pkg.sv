// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the job engine share: the header as it arrives, the state of a job between two packets.

package job_pkg;
  import coffer_pkg::*;

  localparam logic [15:0] JobMagic = 16'h4A43;
  localparam logic [15:0] CompletionMagic = 16'h4343;
  localparam logic [7:0] ProtocolVersion = 8'd1;

  // struct coffer_job of coffer_wire.h: its byte i is bits [8*i +: 8]
  typedef struct packed {
    logic [47:0] reserved;        // 58
    logic [15:0] pattern_phase;   // 56
    logic [31:0] dst_offset;      // 52
    logic [31:0] dst_handle;      // 48
    logic [31:0] src_offset;      // 44
    logic [31:0] src_handle;      // 40
    logic [7:0]  skip_blocks;     // 39
    logic [7:0]  crypt_blocks;    // 38
    logic [15:0] pairs;           // 36
    logic [31:0] length;          // 32
    block_t      iv;              // 16
    logic [7:0]  keystream_byte;  // 15
    logic [7:0]  counter_rule;    // 14
    logic [7:0]  flags;           // 13
    logic [7:0]  mode;            // 12
    logic [31:0] slot;            // 8
    logic [31:0] id;              // 4
    logic [7:0]  op;              // 3
    logic [7:0]  version;         // 2
    logic [15:0] magic;           // 0
  } header_t;

  localparam int unsigned HeaderBytes = 64;
  localparam int unsigned CompletionBytes = 64;

  // enum coffer_job_flags
  typedef struct packed {
    logic reserved;
    logic restart;
    logic more;
    logic list;
    logic dst_surface;
    logic src_surface;
    logic ret;
    logic encrypt;
  } flags_t;

  // What a context waits for.
  typedef enum logic [2:0] {
    PhIdle,   // a packet: it starts a job
    PhList,   // a packet: the list goes on
    PhData,   // a packet: the payload goes on
    PhTail,   // a packet: all bytes were there, but not the transfer's end
    PhDrain,  // a packet: the job is over, the transfer is not
    PhChunk,  // the next chunk out of a surface
    PhEnd,    // room for the end of the returned payload
    PhDone    // room for the completion
  } phase_e;

  // What the engine does in a cycle (job_engine.sv).
  typedef enum logic [5:0] {
    Pick = 6'h00, Load, Header, Finish, End, Answer, Settle, Wipe, Blank,
    Check = 6'h10, List, Iv, Key, Rest, Op, OpOut, Data = 6'h30 // the unit's job can be stopped
  } job_fsm_e;

  // What a job's header said and the checks found: written once.
  typedef struct packed {
    logic [7:0]      op;           // as in the header
    logic [1:0]      mode;         // mode_e
    logic            encrypt;
    logic            backwards;    // AES decrypts
    logic            ret;
    logic            src_surface;
    logic            dst_surface;
    logic [1:0]      rule;         // ctr_rule_e
    logic            rising;       // its IVs may only rise
    logic            made_iv;      // the board makes the IV (read-back)
    logic [31:0]     id;
    logic [SlotW-1:0] slot;
    key_len_e        key_len;
    logic [3:0]      crypt;        // pattern (job_pattern); 0: none
    logic [3:0]      skip;
    logic            more;         // its last range goes on in a further job
    logic            restart;      // CBC: every range starts from the header's IV
    logic [8:0]      list_words;   // words of the list, two a pair
    logic [SurfW-1:0] src_rec;
    logic [SurfW-1:0] dst_rec;
    logic [GenW-1:0] src_gen;
    logic [GenW-1:0] dst_gen;
  } job_cfg_t;

  // How far a job is, between two packets.
  typedef struct packed {
    logic [3:0]      status;       // job_status_e
    logic [31:0]     left;         // bytes still to come from the source
    logic [31:0]     done;         // bytes given out; PhList: encrypted bytes so far
    logic [31:0]     seg;          // bytes left of this half of a pair; PhList: sum so far
    logic            seg_enc;      // it is the encrypted half
    logic            over;         // PhList: the sum left 32 bits
    logic [8:0]      list_at;      // next word
    logic [15:0]     src;          // address in the surface memory
    logic            stamped;      // job_state's first stamp is that of a payload byte
  } progress_t;

  // Where its parts go on.
  typedef struct packed {
    progress_t       at;
    block_t          ctr;          // counter block as a number: byte 0 of the IV is the most significant
    logic [3:0]      ks;           // first unused byte of the keystream block at ctr
    logic [8:0]      phase;        // bytes of the pattern done
    logic [1:0]      blk;          // ECB, CBC: block of job_chain being gathered
    logic            head;         // CBC: it is chained to the IV, else to the block before it
    logic [3:0]      fill;         // bytes of it
    logic [9:0]      in_len;       // bytes in the IN packet being filled
    logic [15:0]     dst;          // address in the surface memory
  } job_t;

  // Byte string <-> big-endian number.
  function automatic block_t reverse(block_t b);
    block_t r;
    for (int i = 0; i < 16; i++) r[8*i +: 8] = b[8*(15-i) +: 8];
    return r;
  endfunction

endpackage
