// SPDX-License-Identifier: Apache-2.0
//
// Key expansion (FIPS 197 section 5.2), a round key a cycle, into a memory of round keys that both
// directions then read. Loading a key of n rounds takes cycles 1..n after load_i: round key r is
// written in cycle r, so encryption can follow one cycle behind and decryption starts when all
// are there.
//
// The last words of the expansion stand in a window, oldest first. A step makes n[0], n[1], ...: the next
// words, each the exclusive-or of the one before it and the word that it will replace.
//
//             w[0] w[1] w[2] w[3] w[4] w[5] w[6] w[7]      after a step
//   AES-128   k0   k1   k2   k3                            n0 n1 n2 n3
//   AES-192   k0   k1   k2   k3   k4   k5                  n0 n1 n2 n3 n4 n5; three round keys in two steps
//   AES-256   k0   k1   k2   k3   k4   k5   k6   k7        w4 w5 w6 w7 n0 n1 n2 n3
//
// The S-box RAMs are given the word that is about to be the window's last, so that their output is its
// SubWord.
//
// Round keys 0 and n are kept in registers, the others in LUT RAM, which clear_i needs 16 cycles to
// wipe; wiping_o is high during them. Everything else is zero one cycle after clear_i.

module aes_round_keys
  import aes_pkg::*;
(
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                clear_i,

  input  logic                load_i,
  input  logic [7:0][31:0]    key_i,       // word 0 first
  input  coffer_pkg::key_len_e key_len_i,

  output logic                wiping_o,
  output logic                loaded_o,
  output logic                encrypt_ready_o,
  output logic                decrypt_ready_o,  // every round key is there
  output logic [3:0]          rounds_o,
  output coffer_pkg::block_t  first_o,        // round key 0
  output coffer_pkg::block_t  last_o,         // round key n

  input  logic [3:0]          round_i,        // 1..n-1
  output coffer_pkg::block_t  key_o           // in the same cycle
);

  coffer_pkg::key_len_e len_q;
  logic [7:0][31:0] w_q;
  logic [5:0][31:0] n;
  logic [3:0] round_q;      // round key made in this cycle
  logic [1:0] phase_q;      // of AES-192's three round keys
  logic filling_q, loaded_q, wiping_q;
  logic [3:0] wipe_q;
  logic [7:0] rcon_q;
  logic advance, rotate;
  word_t last_d, sub, t, chain;
  coffer_pkg::block_t round_key, first_q, last_q;

  (* ram_style = "distributed" *) coffer_pkg::block_t keys [16];

  assign wiping_o = wiping_q;
  assign loaded_o = loaded_q;
  assign encrypt_ready_o = loaded_q & (~filling_q | (round_q != 4'd1));
  assign decrypt_ready_o = loaded_q & ~filling_q;
  assign rounds_o = rounds(len_q);
  assign first_o = first_q;
  assign last_o = last_q;
  assign key_o = keys[round_i];

  // ---- one step of the expansion

  for (genvar i = 0; i < 2; i++) begin : g_sbox
    aes_sbox u_sbox (
      .clk_i,
      .a_i({1'b0, last_d[16*i +: 8]}),
      .b_i({1'b0, last_d[16*i+8 +: 8]}),
      .a_o(sub[16*i +: 8]),
      .b_o(sub[16*i+8 +: 8])
    );
  end

  // AES-256 rotates in every other step only; its steps make the round keys 2, 3, ...
  assign rotate = (len_q != coffer_pkg::KeyLen256) | ~round_q[0];
  assign t = rotate ? {sub[7:0], sub[31:8]} ^ {24'b0, rcon_q} : sub;

  always_comb begin
    chain = t;
    for (int i = 0; i < 6; i++) begin
      chain ^= w_q[i];
      n[i] = chain;
    end
  end

  always_comb begin
    advance = filling_q;
    round_key = n[3:0];
    case (len_q)
      coffer_pkg::KeyLen128: ;
      coffer_pkg::KeyLen192:
        case (phase_q)
          2'd0: round_key = {n[1:0], w_q[5:4]};
          2'd1: begin
            round_key = w_q[5:2];
            advance = 1'b0;
          end
          default: ;
        endcase
      default:
        if (round_q == 4'd1) begin
          round_key = w_q[7:4];
          advance = 1'b0;
        end
    endcase
  end

  always_comb begin
    case (load_i ? key_len_i : len_q)
      coffer_pkg::KeyLen128: last_d = load_i ? key_i[3] : advance ? n[3] : w_q[3];
      coffer_pkg::KeyLen192: last_d = load_i ? key_i[5] : advance ? n[5] : w_q[5];
      default:               last_d = load_i ? key_i[7] : advance ? n[3] : w_q[7];
    endcase
  end

  // ---- state

  always_ff @(posedge clk_i) begin
    if (advance) w_q <= (len_q == coffer_pkg::KeyLen256) ? {n[3:0], w_q[7:4]} : {w_q[7:6], n};
    if (load_i) begin
      w_q <= key_i;
      len_q <= key_len_i;
      loaded_q <= 1'b1;
      filling_q <= 1'b1;
      round_q <= 4'd1;
      phase_q <= 2'd0;
      rcon_q <= 8'h01;
      first_q <= key_i[3:0];
    end else if (filling_q) begin
      round_q <= round_q + 4'd1;
      phase_q <= (phase_q == 2'd2) ? 2'd0 : phase_q + 2'd1;
      if (advance & rotate) rcon_q <= xtime(rcon_q);
      if (round_q == rounds_o) begin
        last_q <= round_key;
        filling_q <= 1'b0;
        w_q <= '0;
      end
    end
    if (clear_i | ~rst_ni) begin
      w_q <= '0;
      len_q <= coffer_pkg::KeyLen128;
      loaded_q <= 1'b0;
      filling_q <= 1'b0;
      first_q <= '0;
      last_q <= '0;
    end
  end

  always_ff @(posedge clk_i) begin
    wipe_q <= wipe_q + 4'd1;
    if (&wipe_q) wiping_q <= 1'b0;
    if (clear_i | ~rst_ni) begin
      wiping_q <= 1'b1;
      wipe_q <= '0;
    end
  end

  // No reset and no clear on the memory itself: it is wiped a row a cycle.
  always_ff @(posedge clk_i) begin
    if (filling_q | wiping_q) keys[wiping_q ? wipe_q : round_q] <= wiping_q ? '0 : round_key;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(load_i && wiping_q)) else $error("key loaded into a memory being wiped");
      assert (!(filling_q && wiping_q)) else $error("round key written while wiping");
    end
  end
`endif

endmodule
