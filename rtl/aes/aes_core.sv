// SPDX-License-Identifier: Apache-2.0
//
// AES-128, -192 and -256, both directions (FIPS 197), one block at a time, one round a cycle: start_i
// in cycle 0, valid_o in cycle n + 1 for n = 10, 12, 14 rounds; the next start_i is taken in cycle n.
//
// Byte i of block_i, block_o and of the key is bits [8*i +: 8]; byte 0 is the standard's first.
// state[c] is column c of the standard's picture, its row r in bits [8*r +: 8]:
//
//            state[0] state[1] state[2] state[3]
//   [ 7: 0]  byte 0   byte 4   byte 8   byte 12      row 0
//   [15: 8]  byte 1   byte 5   byte 9   byte 13      row 1: ShiftRows moves one to the left
//   [23:16]  byte 2   byte 6   byte 10  byte 14      row 2: two
//   [31:24]  byte 3   byte 7   byte 11  byte 15      row 3: three
//
//   FIPS 197 C.1: plaintext 00112233445566778899aabbccddeeff is block_i = 128'hffeeddccbbaa99887766554433221100,
//   key word 0 is 32'h03020100.
//
// There is no state register but the one inside the S-box RAMs: a round leads from their outputs through
// MixColumns and AddRoundKey to their addresses. Decryption takes the same way (equivalent inverse cipher,
// section 5.3.5: InvMixColumns of the round keys is done a cycle ahead), with columns 1 and 3 exchanged
// on the way in, on the way out and in the round keys: thus InvShiftRows is ShiftRows.
//
//   start_i -> whiten -+-> S-box RAM -> ShiftRows -+-> (Inv)MixColumns -> ^ round_key_q -+
//                      ^                           |                                     |
//                      |                           +-> ^ last key -> block_o, valid_o    |
//                      +-----------------------------------------------------------------+
//
// Keys: key_we_i stages words at any time. key_load_i takes the staged key over; encryption may start
// two cycles later, decryption n + 1 cycles later: ready_o answers for the direction of the next start_i, which is
// that of decrypt_i in the cycle before.
// key_we_i in the cycle of key_load_i belongs to the key after it.
// clear_i wins over everything else in its cycle. Of key, round keys and block nothing is left 17 cycles
// later, and before that nothing can be started. A start_i without a key, or without ready_o, is ignored.

module aes_core
  import aes_pkg::*;
(
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 clear_i,

  input  logic                 key_we_i,
  input  logic [2:0]           key_idx_i,
  input  logic [31:0]          key_word_i,
  input  logic                 key_load_i,
  input  coffer_pkg::key_len_e key_len_i,

  input  logic                 start_i,
  input  logic                 decrypt_i,
  input  coffer_pkg::block_t   block_i,
  output logic                 ready_o,
  output logic                 idle_o,   // it runs nothing, and is ready for both directions
  output logic                 valid_o,
  output coffer_pkg::block_t   block_o
);

  typedef logic [3:0][31:0] state_t;

  // Columns 1 and 3 exchanged: what decryption works on.
  function automatic state_t swap(state_t s, logic yes);
    return yes ? {s[1], s[2], s[3], s[0]} : s;
  endfunction

  logic [7:0][31:0] staged_q;
  logic decrypt_q, next_decrypt_q, last_round, middle_round, running, load, start;
  logic [3:0] left_q;            // rounds of the block from this cycle on: n..1

  logic wiping, key_loaded, encrypt_ready, decrypt_ready, key_ready;
  logic [3:0] rounds_n;
  coffer_pkg::block_t key_first, key_last, key_middle;
  logic fetch_decrypt;
  logic [3:0] fetch_round, fetch_q;
  state_t round_key_q, round_key_d;

  state_t sub_addr, sub, shifted, mixed, whitened, result;

  // ---- control

  assign running = middle_round | last_round;
  // Between blocks the coming direction selects from a register: what it selects has far to go in that cycle.
  always_ff @(posedge clk_i) next_decrypt_q <= decrypt_i;
  assign key_ready = next_decrypt_q ? decrypt_ready : encrypt_ready;
  assign ready_o = ~wiping & ~middle_round & (key_ready | ~key_loaded);
  assign idle_o = ~wiping & ~running & decrypt_ready;
  // A clear in the same cycle ends these as well, but is not on the way to the memories.
  assign load = key_load_i & ready_o;
  assign start = start_i & ready_o & key_loaded & ~key_load_i;

  always_ff @(posedge clk_i) begin
    valid_o <= last_round;
    last_round <= middle_round & (left_q == 4'd2);
    middle_round <= start | (middle_round & (left_q != 4'd2));
    if (start) begin
      decrypt_q <= next_decrypt_q;
      left_q <= rounds_n;
      fetch_q <= next_decrypt_q ? rounds_n - 4'd2 : 4'd2;
    end else begin
      left_q <= left_q - 4'd1;
      fetch_q <= decrypt_q ? fetch_q - 4'd1 : fetch_q + 4'd1;
    end
    if (clear_i | ~rst_ni) begin
      middle_round <= 1'b0;
      last_round <= 1'b0;
      valid_o <= 1'b0;
    end
  end

  // ---- keys

  always_ff @(posedge clk_i) begin
    if (key_we_i) staged_q[key_idx_i] <= key_word_i;
    if (clear_i | ~rst_ni) staged_q <= '0;
  end

  aes_round_keys u_round_keys (
    .clk_i, .rst_ni, .clear_i,
    .load_i(load), .key_i(staged_q), .key_len_i,
    .wiping_o(wiping), .loaded_o(key_loaded),
    .encrypt_ready_o(encrypt_ready), .decrypt_ready_o(decrypt_ready),
    .rounds_o(rounds_n), .first_o(key_first), .last_o(key_last),
    .round_i(fetch_round), .key_o(key_middle)
  );

  // Between blocks the first middle key of the coming block is fetched in every cycle, so that start_i
  // is not on the way to the memory.
  assign fetch_decrypt = middle_round ? decrypt_q : next_decrypt_q;
  always_comb begin
    if (middle_round) fetch_round = fetch_q;
    else              fetch_round = next_decrypt_q ? rounds_n - 4'd1 : 4'd1;
  end

  always_comb begin
    round_key_d = key_middle;
    if (fetch_decrypt) begin
      for (int c = 0; c < 4; c++) round_key_d[c] = inv_mix(key_middle[32*c +: 32]);
    end
    round_key_d = swap(round_key_d, fetch_decrypt);
  end

  always_ff @(posedge clk_i) begin
    round_key_q <= round_key_d;
    if (clear_i | ~rst_ni) round_key_q <= '0;
  end

  // ---- the round

  for (genvar c = 0; c < 4; c++) begin : g_column
    for (genvar r = 0; r < 4; r += 2) begin : g_sbox
      logic inverse;
      assign inverse = fetch_decrypt;
      aes_sbox u_sbox (
        .clk_i,
        .a_i({inverse, sub_addr[c][8*r +: 8]}),
        .b_i({inverse, sub_addr[c][8*r+8 +: 8]}),
        .a_o(sub[c][8*r +: 8]),
        .b_o(sub[c][8*r+8 +: 8])
      );
    end

    for (genvar r = 0; r < 4; r++) begin : g_shift
      assign shifted[c][8*r +: 8] = sub[(c + r) % 4][8*r +: 8];
    end

    assign mixed[c] = mix(shifted[c]) ^ (decrypt_q ? mix_diff(shifted[c]) : 32'b0);
  end

  assign whitened = swap(block_i, next_decrypt_q) ^ (next_decrypt_q ? swap(key_last, 1'b1) : key_first);
  // Between blocks the RAMs are given zero, so that no block stays in their registers.
  assign sub_addr = (middle_round ? mixed : '0) ^ (middle_round ? round_key_q : start ? whitened : '0);

  assign result = swap(shifted, decrypt_q) ^ (decrypt_q ? key_first : key_last);

  always_ff @(posedge clk_i) begin
    if (last_round) block_o <= result;
    if (clear_i | ~rst_ni) block_o <= '0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!running || key_loaded) else $error("block running without a key");
      assert (!valid_o || !wiping || block_o == '0) else $error("block given after a clear");
      assert (!running || (left_q != '0 && left_q <= rounds_n)) else $error("round beyond the last");
    end
  end
`endif

endmodule
