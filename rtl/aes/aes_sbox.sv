// SPDX-License-Identifier: Apache-2.0
//
// Two S-box look-ups a cycle in one block RAM (512 x 8, both ports): address {inverse, byte}, result
// in the next cycle. The RAM's own register is the register of the round: nothing else holds the byte.

module aes_sbox (
  input  logic       clk_i,
  input  logic [8:0] a_i,
  input  logic [8:0] b_i,
  output logic [7:0] a_o,
  output logic [7:0] b_o
);

  (* ram_style = "block", rom_style = "block" *) logic [7:0] rom [512];

  initial rom = aes_pkg::make_rom();

  always_ff @(posedge clk_i) begin
    a_o <= rom[a_i];
    b_o <= rom[b_i];
  end

endmodule
