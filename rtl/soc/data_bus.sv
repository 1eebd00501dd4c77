// SPDX-License-Identifier: Apache-2.0
//
// The CPU's data bus, decoded. One access at a time; everything above 0x8000_0000 is registered on the
// way out and on the way back (four cycles an access, five to registers), so that no path runs from a block into the CPU.
//
//   0x0000_0000   cpu_ram
//   0x8000_0000   registers (coffer_regs.rdl), whole words
//   0x8000_0800   WAIT: a read is not acknowledged until an enabled interrupt is pending; gives those
//   0x8000_1000   endpoint-0 buffer, 1 KiB, byte enables
//   0x8001_0000   public-key engine, 64 KiB
//
// An address that belongs to nobody is never acknowledged: firmware that has lost its way stops there for
// good (the CPU takes no note of a bus error).

module data_bus #(
  parameter int unsigned RamKiB = 32
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        stb_i,
  input  logic        we_i,
  input  logic [3:0]  sel_i,
  input  logic [29:0] adr_i,
  input  logic [31:0] wdata_i,
  output logic        ack_o,
  output logic [31:0] rdata_o,

  output logic        ram_stb_o,
  input  logic        ram_ack_i,
  input  logic [31:0] ram_rdata_i,

  // Common to all blocks; held from the strobe to the acknowledge.
  output logic        io_we_o,
  output logic [3:0]  io_sel_o,
  output logic [15:2] io_addr_o,
  output logic [31:0] io_wdata_o,

  output logic        regs_req_o,    // one cycle; read data in the same cycle, far into it
  input  logic [31:0] regs_rdata_i,
  output logic        buf_en_o,      // one cycle; read data in the next
  input  logic [31:0] buf_rdata_i,
  output logic        pke_req_o,     // until acknowledged
  input  logic        pke_ack_i,
  input  logic [31:0] pke_rdata_i,

  input  logic [7:0]  pending_i,     // enabled interrupts that are pending
  output logic        waiting_o      // the CPU is blocked in WAIT
);
  typedef enum logic [3:0] { IoIdle, IoRegs, IoRegsData, IoBuf, IoBufData, IoPke, IoWait, IoAck, IoDead } state_e;
  state_e state_q, state_d;

  logic is_io, is_ram;
  assign is_io = adr_i[29];
  assign is_ram = adr_i[29:$clog2(RamKiB * 256)] == '0;

  // Byte address within the I/O half: adr_i[28:14] must be 0 or, for the engine, 1.
  logic is_regs, is_wait, is_buf, is_pke;
  assign is_pke = adr_i[28:14] == 15'd1;
  assign is_regs = adr_i[28:9] == '0;
  assign is_wait = adr_i[28:0] == 29'h200;
  assign is_buf = adr_i[28:8] == 21'h4;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      IoIdle: begin
        if (stb_i && !is_ram) begin
          if (!is_io) state_d = IoDead;
          else if (is_regs) state_d = IoRegs;
          else if (is_wait && !we_i) state_d = IoWait;
          else if (is_buf) state_d = IoBuf;
          else if (is_pke) state_d = IoPke;
          else state_d = IoDead;
        end
      end
      IoRegs: state_d = IoRegsData;
      IoRegsData: state_d = IoAck;
      IoBuf: state_d = IoBufData;
      IoBufData: state_d = IoAck;
      IoPke: if (pke_ack_i) state_d = IoAck;
      IoWait: if (pending_i != '0) state_d = IoAck;
      IoDead: ;
      default: state_d = IoIdle; // IoAck
    endcase
  end

  logic [31:0] io_rdata_q, regs_rdata_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= IoIdle;
    end else begin
      state_q <= state_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == IoIdle) begin
      io_we_o <= we_i;
      io_sel_o <= sel_i;
      io_addr_o <= adr_i[13:0];
      io_wdata_o <= wdata_i;
    end
    regs_rdata_q <= regs_rdata_i;
    unique case (state_q)
      IoRegsData: io_rdata_q <= regs_rdata_q;
      IoBufData: io_rdata_q <= buf_rdata_i;
      IoPke: io_rdata_q <= pke_rdata_i;
      IoWait: io_rdata_q <= 32'(pending_i);
      default: ;
    endcase
  end

  assign regs_req_o = state_q == IoRegs;
  assign buf_en_o = state_q == IoBuf;
  assign pke_req_o = state_q == IoPke;
  assign waiting_o = state_q == IoWait;

  assign ram_stb_o = stb_i & is_ram;
  assign ack_o = ram_ack_i | (state_q == IoAck);
  assign rdata_o = ram_ack_i ? ram_rdata_i : io_rdata_q;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      a_one_answer: assert (!(ram_ack_i && state_q != IoIdle)) else $error("two blocks answer one access");
    end
  end
`endif
endmodule
