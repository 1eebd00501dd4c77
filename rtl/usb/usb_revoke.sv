// SPDX-License-Identifier: Apache-2.0
//
// Decides from accepted SETUP packets alone which contexts are open and which are revoked, whatever the firmware does
// (the answer to the host is the firmware's). USB 2.0 sections 9.4.1, 9.4.7 and 9.4.10:
//
//   SET_CONFIGURATION 0 or 1            every context revoked, all at setting 0; configured_o = value
//   SET_INTERFACE k, setting 0 or 1     context k revoked, even if the setting stays; alt_o[k] = setting
//   bus reset                           as SET_CONFIGURATION 0
//   CLEAR_FEATURE(ENDPOINT_HALT)        data toggle of that bulk endpoint back to DATA0; nothing is revoked
//
// A request counts only if all eight bytes are those of the standard. Setting 1 is reached only when configured
// and at high speed. A revocation pulses revoke_o[k]; epoch_o[k] and alt_o[k] are new in the same cycle.

module usb_revoke #(
  parameter int unsigned NCtx = 4
) (
  input  logic            clk_i,
  input  logic            rst_ni,
  input  logic            bus_reset_i,
  input  logic            high_speed_i,
  input  logic            setup_valid_i,
  input  logic [63:0]     setup_i,
  output logic            configured_o,
  output logic [NCtx-1:0] alt_o,
  output logic [NCtx-1:0] revoke_o,
  output logic [NCtx-1:0][coffer_pkg::EpochW-1:0] epoch_o,
  output logic [NCtx-1:0] clear_out_o,  // toggle of OUT k+1 back to DATA0
  output logic [NCtx-1:0] clear_in_o
);

  logic [15:0] request, value, index, length;
  logic set_configuration, set_interface, clear_halt;
  logic [NCtx-1:0] chosen, endpoint, revoke;

  assign {length, index, value, request} = setup_i;
  assign set_configuration = setup_valid_i && request == 16'h0900 && value[15:1] == '0 && index == '0 && length == '0;
  assign set_interface = setup_valid_i && request == 16'h0B01 && value[15:1] == '0 && length == '0;
  assign clear_halt = setup_valid_i && request == 16'h0102 && value == '0 && length == '0 &&
                      {index[15:8], index[6:4]} == '0;

  always_comb begin
    for (int unsigned k = 0; k < NCtx; k++) begin
      chosen[k] = index == 16'(k);
      endpoint[k] = index[3:0] == 4'(k + 1);
    end
  end

  assign revoke = (bus_reset_i || set_configuration) ? '1 : set_interface ? chosen : '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      configured_o <= 1'b0;
      alt_o <= '0;
      revoke_o <= '0;
      epoch_o <= '0;
      clear_out_o <= '0;
      clear_in_o <= '0;
    end else begin
      revoke_o <= revoke;
      clear_out_o <= (clear_halt && !index[7]) ? endpoint : '0;
      clear_in_o <= (clear_halt && index[7]) ? endpoint : '0;
      if (bus_reset_i) configured_o <= 1'b0;
      else if (set_configuration) configured_o <= value[0];
      for (int unsigned k = 0; k < NCtx; k++) begin
        if (revoke[k]) begin
          alt_o[k] <= set_interface & ~bus_reset_i & value[0] & configured_o & high_speed_i;
          epoch_o[k] <= epoch_o[k] + 1'b1;
        end
      end
    end
  end

endmodule
