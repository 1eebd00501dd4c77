// SPDX-License-Identifier: Apache-2.0
//
// The ECP5 primitives that are instantiated by name, as Lattice's FPGA libraries reference guide lists
// them. For synthesis only.

(* blackbox *)
module LUT4 #(
  parameter INIT = "0x0000"
) (
  input  logic A, B, C, D,
  output logic Z
);
endmodule

// The clock pin of the configuration flash, which has no other way out of the FPGA.
(* blackbox, keep *)
module USRMCLK (
  input logic USRMCLKI,
  input logic USRMCLKTS
);
endmodule
