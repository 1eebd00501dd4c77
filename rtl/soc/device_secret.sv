// SPDX-License-Identifier: Apache-2.0
//
// The device secret: 32 bytes, a parameter of the bitstream (design: an ECP5 has no better place in the
// open flow). The CPU reads it as eight words during boot and then hides it until the next power-on.
//
// Secret is written as in a file's hex dump: byte 0 is the most significant one. word_o[k] holds bytes
// 4k to 4k+3, the first in bits 7:0. On the virtual board +device_secret=<64 hex digits> replaces it.

module device_secret #(
  parameter bit           Simulated = 1'b0,
  parameter logic [255:0] Secret = '0
) (
  input  logic             hide_i,
  output logic [7:0][31:0] word_o
);
  logic [255:0] secret;

`ifndef SYNTHESIS
  initial begin
    secret = Secret;
    if (Simulated) void'($value$plusargs("device_secret=%h", secret));
  end
`else
  assign secret = Secret;
`endif

  always_comb begin
    for (int unsigned k = 0; k < 8; k++) begin
      for (int unsigned b = 0; b < 4; b++) begin
        word_o[k][8*b +: 8] = hide_i ? 8'h00 : secret[8*(31 - (4*k + b)) +: 8];
      end
    end
  end

`ifdef SYNTHESIS
  logic unused_simulated;
  assign unused_simulated = Simulated;
`endif
endmodule
