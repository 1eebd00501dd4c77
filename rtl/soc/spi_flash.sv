// SPDX-License-Identifier: Apache-2.0
//
// Reads words from an SPI flash: command 0x03 (READ DATA) and a 24-bit address, mode 0, most significant
// bit first, SCK at half the clock (30 MHz; 0x03 needs no dummy cycles up to 33 MHz in common parts).
// A read of the word behind the last one goes on where that ended, in 64 cycles instead of 130; the
// chip is deselected when the next read is elsewhere, or has not come after IdleCycles.
//
// word_o: first byte of the flash in bits 7:0. There is no way to write the flash.

module spi_flash #(
  parameter int unsigned IdleCycles = 64
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        start_i,     // ignored while busy_o
  input  logic [23:2] addr_i,      // of a 32-bit word
  output logic        busy_o,
  output logic [31:0] word_o,

  output logic        cs_no,
  output logic        sck_o,
  output logic        mosi_o,
  input  logic        miso_i
);
  localparam logic [7:0] CmdRead = 8'h03;
  localparam int unsigned IdleW = $clog2(IdleCycles + 1);

  typedef enum logic [1:0] {
    Deselected,   // chip select high for at least two cycles before a command
    Command,      // 32 bits out
    Data,         // 32 bits in
    Selected      // the flash would go on with the word at next_q
  } state_e;
  state_e state_q;

  logic [5:0]       bits_q;    // still to be moved
  logic [31:0]      shift_q;
  logic [21:0]      next_q;    // word address behind the last word
  logic [IdleW-1:0] idle_q;
  logic             start_q;   // a read waits for the deselected time

  assign mosi_o = shift_q[31];

  // Bytes come first byte first, their most significant bit first.
  assign word_o = {shift_q[7:0], shift_q[15:8], shift_q[23:16], shift_q[31:24]};
  assign busy_o = start_q | state_q == Command | state_q == Data;

  // SCK rises while a bit stands still and falls when the next is put out; the flash's answer, put
  // out at the falling edge, is taken at the end of the high half.
  logic bit_end;
  assign bit_end = sck_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Deselected;
      cs_no <= 1'b1;
      sck_o <= 1'b0;
      bits_q <= '0;
      shift_q <= '0;
      next_q <= '0;
      idle_q <= '0;
      start_q <= 1'b0;
    end else begin
      if (start_i && !busy_o) begin
        start_q <= 1'b1;
        if (state_q == Selected && addr_i == next_q) begin
          start_q <= 1'b0;
          state_q <= Data;
          bits_q <= 6'd32;
        end else begin
          state_q <= Deselected;
          cs_no <= 1'b1;
          idle_q <= IdleW'(2);
          shift_q <= {CmdRead, addr_i, 2'b00};
        end
        next_q <= addr_i + 1'b1;
      end else begin
        unique case (state_q)
          Deselected: begin
            if (idle_q != '0) begin
              idle_q <= idle_q - 1'b1;
            end else if (start_q) begin
              start_q <= 1'b0;
              cs_no <= 1'b0;
              state_q <= Command;
              bits_q <= 6'd32;
            end
          end
          Command, Data: begin
            sck_o <= ~sck_o;
            if (bit_end) begin
              shift_q <= {shift_q[30:0], miso_i};
              bits_q <= bits_q - 1'b1;
              if (bits_q == 6'd1) begin
                state_q <= (state_q == Command) ? Data : Selected;
                bits_q <= 6'd32;
                idle_q <= IdleW'(IdleCycles);
              end
            end
          end
          default: begin // Selected
            idle_q <= idle_q - 1'b1;
            if (idle_q == '0) begin
              state_q <= Deselected;
              cs_no <= 1'b1;
              idle_q <= IdleW'(2);
            end
          end
        endcase
      end
    end
  end
endmodule
