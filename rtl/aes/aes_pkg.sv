// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic of AES (FIPS 197) in GF(2^8) and the tables made from it. A word is a column of the
// state or a word of the key schedule: byte 0, the standard's first, is bits [7:0].

package aes_pkg;

  typedef logic [31:0] word_t;
  typedef logic [7:0] rom_t [512];

  function automatic logic [3:0] rounds(coffer_pkg::key_len_e len);
    case (len)
      coffer_pkg::KeyLen128: return 4'd10;
      coffer_pkg::KeyLen192: return 4'd12;
      default:               return 4'd14;
    endcase
  endfunction

  // Multiplication by x (section 4.2.1).
  function automatic logic [7:0] xtime(logic [7:0] a);
    return {a[6:0], 1'b0} ^ (a[7] ? 8'h1b : 8'h00);
  endfunction

  // MixColumns of one column (section 5.1.3).
  function automatic word_t mix(word_t w);
    word_t m;
    for (int i = 0; i < 4; i++) begin
      m[8*i +: 8] = xtime(w[8*i +: 8] ^ w[8*((i + 1) % 4) +: 8]) ^ w[8*((i + 1) % 4) +: 8] ^
                    w[8*((i + 2) % 4) +: 8] ^ w[8*((i + 3) % 4) +: 8];
    end
    return m;
  endfunction

  // What InvMixColumns differs from MixColumns by: {0e 0b 0d 09} ^ {02 03 01 01} = {0c 08 0c 08}.
  function automatic word_t mix_diff(word_t w);
    logic [7:0] even, odd, all;
    even = xtime(xtime(w[7:0] ^ w[23:16]));
    odd  = xtime(xtime(w[15:8] ^ w[31:24]));
    all  = xtime(even ^ odd);
    return {2{odd ^ all, even ^ all}};
  endfunction

  function automatic word_t inv_mix(word_t w);
    return mix(w) ^ mix_diff(w);
  endfunction

  // S-box (section 5.1.1) at 0..255, its inverse at 256..511. The powers of the generator 03 and of
  // its inverse f6 run through the field side by side, so q is always the inverse of p.
  function automatic rom_t make_rom();
    rom_t rom;
    logic [7:0] p, q, s;
    p = 8'h01;
    q = 8'h01;
    for (int i = 0; i < 256; i++) begin
      s = (i == 255) ? 8'h63 : q ^ {q[6:0], q[7]} ^ {q[5:0], q[7:6]} ^ {q[4:0], q[7:5]} ^
          {q[3:0], q[7:4]} ^ 8'h63;
      if (i == 255) p = 8'h00;
      rom[{1'b0, p}] = s;
      rom[{1'b1, s}] = p;
      p = p ^ xtime(p);
      q = q ^ {q[6:0], 1'b0};
      q = q ^ {q[5:0], 2'b0};
      q = q ^ {q[3:0], 4'b0};
      q = q ^ (q[7] ? 8'h09 : 8'h00);
    end
    return rom;
  endfunction

endpackage
