// SPDX-License-Identifier: Apache-2.0
//
// Overwrites the packet buffers of revoked contexts with zeros, byte by byte through the RAM's one write port, in the cycles
// that grant_i leaves free. wiping_o[k] is high from the cycle after start_i[k] until the last byte of context k is zero; nobody
// may write there meanwhile. Contexts are wiped one after the other. After reset all of them are.
// A start during the context's own wipe adds nothing: its ring has been empty and closed since the first one.

module usb_wiper #(
  parameter int unsigned NCtx = 4,
  parameter int unsigned SelW = 2,
  parameter int unsigned AddrW = 11  // bytes of a context: 2**AddrW
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [NCtx-1:0]  start_i,
  input  logic             grant_i,
  output logic [NCtx-1:0]  wiping_o,
  output logic             we_o,
  output logic [SelW-1:0]  ctx_o,
  output logic [AddrW-1:0] addr_o
);

  logic last;

  assign we_o = wiping_o[ctx_o] & grant_i;
  assign last = we_o & (&addr_o);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      wiping_o <= '1;
      ctx_o <= '0;
      addr_o <= '0;
    end else begin
      for (int unsigned k = 0; k < NCtx; k++) begin
        if (start_i[k]) wiping_o[k] <= 1'b1;
        else if (last && ctx_o == SelW'(k)) wiping_o[k] <= 1'b0;
      end
      if (we_o) addr_o <= addr_o + 1'b1;
      // Looks for the next context while there is nothing to do in this one.
      if (last || !wiping_o[ctx_o]) ctx_o <= (ctx_o == SelW'(NCtx - 1)) ? '0 : ctx_o + 1'b1;
    end
  end

endmodule
