// SPDX-License-Identifier: Apache-2.0
//
// The ECP5 primitives that are instantiated by name, as Lattice's FPGA libraries reference guide lists
// them. For synthesis only.

(* blackbox *)
module LUT4 #(
  // The output for the inputs {D, C, B, A}. A number: place and route takes the string "0x7777" for 0.
  parameter logic [15:0] INIT = 16'h0000
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

// A multiplier, with the pins that rtl/pke/pke_mult18.sv uses.
(* blackbox *)
module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE", REG_INPUTA_CE = "CE0", REG_INPUTA_RST = "RST0",
  parameter REG_INPUTB_CLK = "NONE", REG_INPUTB_CE = "CE0", REG_INPUTB_RST = "RST0",
  parameter REG_INPUTC_CLK = "NONE", REG_PIPELINE_CLK = "NONE",
  parameter REG_OUTPUT_CLK = "NONE", REG_OUTPUT_CE = "CE0", REG_OUTPUT_RST = "RST0",
  parameter CLK0_DIV = "ENABLED", GSR = "ENABLED", SOURCEB_MODE = "B_SHIFT", RESETMODE = "SYNC",
  parameter MULT_BYPASS = "DISABLED"
) (
  input logic
    CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17, B0, B1, B2, B3, B4, B5,
    B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
  output logic
    P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20, P21, P22,
    P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
endmodule
