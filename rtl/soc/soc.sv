// SPDX-License-Identifier: Apache-2.0
//
// The control plane's computer: CPU, memory, data bus, registers (coffer_regs.rdl), timer, SPI flash and
// device secret. Ports are named after the blocks that they lead to; a *_we_o strobe comes one cycle after the
// CPU's write, together with the register's value, so that every port here is a register.

module soc #(
  parameter int unsigned  NCtx = 4,
  parameter int unsigned  NSlots = coffer_pkg::NumSlots,
  parameter int unsigned  SurfPages = 32,
  parameter int unsigned  RamKiB = 32,
  parameter bit           SmallCpu = 1'b0,
  parameter bit           Simulated = 1'b0,
  parameter logic [255:0] DeviceSecret = '0,
  parameter Firmware = ""
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  output logic [63:0] cycle_o,
  output logic        idle_o,         // CPU blocked in WAIT, no timer armed, no enabled interrupt pending
  output logic        connect_o,      // firmware is ready to answer the bus

  // endpoint 0
  input  logic [31:0] ep0_setup0_i,
  input  logic [31:0] ep0_setup1_i,
  input  logic        ep0_setup_i,
  input  logic        ep0_out_done_i,
  input  logic        ep0_done_i,
  input  logic [7:0]  ep0_tag_i,
  input  logic [10:0] ep0_out_len_i,
  input  logic        high_speed_i,
  input  logic        configured_i,
  input  logic        bus_reset_i,
  output logic        ep0_cmd_we_o,
  output logic [2:0]  ep0_cmd_o,
  output logic [7:0]  ep0_cmd_tag_o,
  output logic [10:0] ep0_cmd_len_o,
  output logic        ep0_addr_we_o,
  output logic [6:0]  ep0_addr_o,
  input  logic [63:0] ep0_setup_cycle_i,
  input  logic [63:0] ep0_done_cycle_i,
  output logic        ep0_buf_en_o,
  output logic [3:0]  ep0_buf_we_o,
  output logic [7:0]  ep0_buf_addr_o,
  output logic [31:0] ep0_buf_wdata_o,
  input  logic [31:0] ep0_buf_rdata_i,

  // revocation
  input  logic [NCtx-1:0]                            revoke_ctx_i,
  input  logic [NCtx-1:0]                            alt_i,
  input  logic [NCtx-1:0][coffer_pkg::EpochW-1:0]    epoch_i,

  // vault
  output logic        vault_cmd_we_o,
  output logic [3:0]  vault_cmd_o,
  output logic [5:0]  vault_cmd_slot_o,
  output logic [2:0]  vault_cmd_ctx_o,
  output logic [7:0]  vault_cmd_epoch_o,
  output coffer_pkg::slot_attr_t vault_cmd_attr_o,
  output logic        vault_key_we_o,
  output logic [31:0] vault_key_word_o,
  input  logic [23:0] vault_result_gen_i,
  input  logic        vault_result_ok_i,
  input  logic        vault_result_busy_i,
  input  logic [NSlots-1:0] vault_free_i,
  input  logic [NSlots-1:0] vault_zeroizing_i,
  input  logic [NSlots-1:0] vault_keyed_i,
  output logic        vault_pool_we_o,
  output logic [31:0] vault_pool_word_o,
  input  logic [4:0]  vault_pool_words_i,
  output logic        vault_tag_key_we_o,
  output logic [31:0] vault_tag_key_word_o,
  input  logic        vault_tag_locked_i,

  // surfaces
  output logic        surf_cmd_we_o,
  output logic [1:0]  surf_cmd_o,
  output logic [3:0]  surf_cmd_index_o,
  output logic [2:0]  surf_cmd_ctx_o,
  output logic [5:0]  surf_cmd_base_o,
  output logic [5:0]  surf_cmd_pages_o,
  output logic [7:0]  surf_cmd_epoch_o,
  output logic [5:0]  surf_cmd_session_o,
  output logic [23:0] surf_cmd_session_gen_o,
  input  logic [23:0] surf_result_gen_i,
  input  logic        surf_result_ok_i,
  input  logic [15:0] surf_used_i,
  input  logic [31:0] page_free_i,
  input  logic [31:0] page_zeroizing_i,

  // entropy
  output logic        entropy_enable_o,
  input  logic        entropy_ready_i,
  input  logic [31:0] entropy_word_i,
  output logic        entropy_take_o,
  input  logic        entropy_failed_i,

  // public-key engine
  output logic        pke_req_o,
  output logic        pke_we_o,
  output logic [15:2] pke_addr_o,
  output logic [31:0] pke_wdata_o,
  input  logic [31:0] pke_rdata_i,
  input  logic        pke_ack_i,
  input  logic        pke_irq_i,

  // SPI flash
  output logic        spi_cs_no,
  output logic        spi_sck_o,
  output logic        spi_mosi_o,
  input  logic        spi_miso_i
);
  localparam logic [15:0] RtlVersion = 16'h0001;
  localparam logic [15:0] Magic = 16'hC0FE;
  localparam logic [4:0]  PoolLow = 5'd8;

  // ---- CPU, memory, bus --------------------------------------------------------------------------

  logic        i_stb, i_burst, i_ack, d_stb, d_burst, d_we, d_ack, ram_stb, ram_ack;
  logic [29:0] i_adr, d_adr;
  logic [31:0] i_rdata, d_rdata, d_wdata, ram_rdata;
  logic [3:0]  d_sel;

  logic        io_we, regs_req, waiting;
  logic [3:0]  io_sel;
  logic [15:2] io_addr;
  logic [31:0] io_wdata, regs_rdata;
  logic [7:0]  irq_pending;

  cpu #(
    .Small(SmallCpu)
  ) u_cpu (
    .clk_i,
    .rst_ni,
    .irq_i(32'(irq_pending)),
    .i_stb_o(i_stb),
    .i_burst_o(i_burst),
    .i_adr_o(i_adr),
    .i_ack_i(i_ack),
    .i_rdata_i(i_rdata),
    .d_stb_o(d_stb),
    .d_burst_o(d_burst),
    .d_we_o(d_we),
    .d_sel_o(d_sel),
    .d_adr_o(d_adr),
    .d_wdata_o(d_wdata),
    .d_ack_i(d_ack),
    .d_rdata_i(d_rdata)
  );

  cpu_ram #(
    .KiB(RamKiB),
    .Firmware(Firmware)
  ) u_ram (
    .clk_i,
    .rst_ni,
    .i_stb_i(i_stb),
    .i_burst_i(i_burst),
    .i_adr_i(i_adr),
    .i_ack_o(i_ack),
    .i_rdata_o(i_rdata),
    .d_stb_i(ram_stb),
    .d_burst_i(d_burst),
    .d_we_i(d_we),
    .d_sel_i(d_sel),
    .d_adr_i(d_adr),
    .d_wdata_i(d_wdata),
    .d_ack_o(ram_ack),
    .d_rdata_o(ram_rdata)
  );

  data_bus #(
    .RamKiB(RamKiB)
  ) u_bus (
    .clk_i,
    .rst_ni,
    .stb_i(d_stb),
    .we_i(d_we),
    .sel_i(d_sel),
    .adr_i(d_adr),
    .wdata_i(d_wdata),
    .ack_o(d_ack),
    .rdata_o(d_rdata),
    .ram_stb_o(ram_stb),
    .ram_ack_i(ram_ack),
    .ram_rdata_i(ram_rdata),
    .io_we_o(io_we),
    .io_sel_o(io_sel),
    .io_addr_o(io_addr),
    .io_wdata_o(io_wdata),
    .regs_req_o(regs_req),
    .regs_rdata_i(regs_rdata),
    .buf_en_o(ep0_buf_en_o),
    .buf_rdata_i(ep0_buf_rdata_i),
    .pke_req_o(pke_req_o),
    .pke_ack_i(pke_ack_i),
    .pke_rdata_i(pke_rdata_i),
    .pending_i(irq_pending),
    .waiting_o(waiting)
  );

  assign ep0_buf_we_o = io_sel & {4{io_we}};
  assign ep0_buf_addr_o = io_addr[9:2];
  assign ep0_buf_wdata_o = io_wdata;
  assign pke_we_o = io_we;
  assign pke_addr_o = io_addr;
  assign pke_wdata_o = io_wdata;

  // ---- registers ---------------------------------------------------------------------------------

  coffer_regs_pkg::coffer_regs__in_t  hw_in;
  coffer_regs_pkg::coffer_regs__out_t hw_out;

  coffer_regs u_regs (
    .clk(clk_i),
    .rst_n(rst_ni),
    .s_cpuif_req(regs_req),
    .s_cpuif_req_is_wr(io_we),
    .s_cpuif_addr({io_addr[10:2], 2'b00}),
    .s_cpuif_wr_data(io_wdata),
    .s_cpuif_wr_biten({{8{io_sel[3]}}, {8{io_sel[2]}}, {8{io_sel[1]}}, {8{io_sel[0]}}}),
    .s_cpuif_req_stall_wr(),
    .s_cpuif_req_stall_rd(),
    .s_cpuif_rd_ack(),
    .s_cpuif_rd_err(),
    .s_cpuif_rd_data(regs_rdata),
    .s_cpuif_wr_ack(),
    .s_cpuif_wr_err(),
    .hwif_in(hw_in),
    .hwif_out(hw_out)
  );

  // Strobes, a cycle behind the write: then the register holds the value.
  logic ep0_cmd_we, ep0_addr_we, slot_cmd_we, slot_key_we, pool_we, tag_key_we, surf_cmd_we, spi_we;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ep0_cmd_we <= 1'b0;
      ep0_addr_we <= 1'b0;
      slot_cmd_we <= 1'b0;
      slot_key_we <= 1'b0;
      pool_we <= 1'b0;
      tag_key_we <= 1'b0;
      surf_cmd_we <= 1'b0;
      spi_we <= 1'b0;
    end else begin
      ep0_cmd_we <= hw_out.ep0_ctrl.cmd.swmod;
      ep0_addr_we <= hw_out.ep0_address.addr.swmod;
      slot_cmd_we <= hw_out.slot_cmd.cmd.swmod;
      slot_key_we <= hw_out.slot_key.word.swmod;
      pool_we <= hw_out.vault_pool.word.swmod;
      tag_key_we <= hw_out.vault_tag_key.word.swmod;
      surf_cmd_we <= hw_out.surf_cmd.cmd.swmod;
      spi_we <= hw_out.spi_addr.addr.swmod;
    end
  end

  // Secrets stay in their register for that one cycle only.
  assign hw_in.slot_key.word.hwclr = slot_key_we;
  assign hw_in.vault_pool.word.hwclr = pool_we;
  assign hw_in.vault_tag_key.word.hwclr = tag_key_we;

  // ---- system ------------------------------------------------------------------------------------

  assign hw_in.id.magic.next = Magic;
  assign hw_in.id.version.next = RtlVersion;
  assign hw_in.config_.contexts.next = 4'(NCtx);
  assign hw_in.config_.slots.next = 8'(NSlots);
  assign hw_in.config_.pages.next = 8'(SurfPages);
  assign hw_in.config_.simulated.next = Simulated;

  logic        event_q;
  logic [7:0]  irq_status;
  logic [31:0] cycle_hi;

  assign event_q = (hw_out.events.revoked.value != '0) | hw_out.events.bus_reset.value;

  irq_timer u_irq (
    .clk_i,
    .rst_ni,
    .cycle_o,
    .latch_hi_i(hw_out.cycle_lo.lo.swacc),
    .hi_o(cycle_hi),
    .timer_armed_i(hw_out.timer_hi.armed.value),
    .timer_compare_i({hw_out.timer_hi.hi.value, hw_out.timer_lo.lo.value}),
    .causes_i({entropy_ready_i, pke_irq_i, vault_pool_words_i < PoolLow, 1'b0, event_q, ep0_done_i,
               ep0_out_done_i, ep0_setup_i}),
    .enable_i(hw_out.irq_enable.mask.value),
    .status_o(irq_status),
    .pending_o(irq_pending)
  );

  assign hw_in.irq_status.ep0_setup.next = irq_status[0];
  assign hw_in.irq_status.ep0_out.next = irq_status[1];
  assign hw_in.irq_status.ep0_done.next = irq_status[2];
  assign hw_in.irq_status.event_.next = irq_status[3];
  assign hw_in.irq_status.timer.next = irq_status[4];
  assign hw_in.irq_status.pool.next = irq_status[5];
  assign hw_in.irq_status.pke.next = irq_status[6];
  assign hw_in.irq_status.entropy.next = irq_status[7];
  assign hw_in.cycle_lo.lo.next = cycle_o[31:0];
  assign hw_in.cycle_hi.hi.next = cycle_hi;
  assign hw_in.events.revoked.next = 8'(revoke_ctx_i);
  assign hw_in.events.bus_reset.next = bus_reset_i;

  assign idle_o = waiting & (irq_pending == '0) & ~hw_out.timer_hi.armed.value;

  // The board shows itself on the bus once the firmware listens to endpoint 0, and stays.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) connect_o <= 1'b0;
    else if (hw_out.irq_enable.mask.value[0]) connect_o <= 1'b1;
  end

  // ---- endpoint 0 --------------------------------------------------------------------------------

  assign hw_in.ep0_setup0.data.next = ep0_setup0_i;
  assign hw_in.ep0_setup1.data.next = ep0_setup1_i;
  assign hw_in.ep0_status.setup.next = ep0_setup_i;
  assign hw_in.ep0_status.out_done.next = ep0_out_done_i;
  assign hw_in.ep0_status.done.next = ep0_done_i;
  assign hw_in.ep0_status.high_speed.next = high_speed_i;
  assign hw_in.ep0_status.tag.next = ep0_tag_i;
  assign hw_in.ep0_status.out_len.next = ep0_out_len_i;
  assign hw_in.ep0_state.alt.next = 8'(alt_i);
  assign hw_in.ep0_state.configured.next = configured_i;
  assign hw_in.ep0_setup_cycle_lo.lo.next = ep0_setup_cycle_i[31:0];
  assign hw_in.ep0_setup_cycle_hi.hi.next = ep0_setup_cycle_i[63:32];
  assign hw_in.ep0_done_cycle_lo.lo.next = ep0_done_cycle_i[31:0];
  assign hw_in.ep0_done_cycle_hi.hi.next = ep0_done_cycle_i[63:32];
  for (genvar k = 0; k < 8; k++) begin : gen_epoch
    if (k < NCtx) begin : gen_there
      assign hw_in.epoch[k].epoch.next = epoch_i[k];
    end else begin : gen_absent
      assign hw_in.epoch[k].epoch.next = '0;
    end
  end

  assign ep0_cmd_we_o = ep0_cmd_we;
  assign ep0_cmd_o = hw_out.ep0_ctrl.cmd.value;
  assign ep0_cmd_tag_o = hw_out.ep0_ctrl.tag.value;
  assign ep0_cmd_len_o = hw_out.ep0_ctrl.len.value;
  assign ep0_addr_we_o = ep0_addr_we;
  assign ep0_addr_o = hw_out.ep0_address.addr.value;

  // ---- vault -------------------------------------------------------------------------------------

  assign vault_cmd_we_o = slot_cmd_we;
  assign vault_cmd_o = hw_out.slot_cmd.cmd.value;
  assign vault_cmd_slot_o = hw_out.slot_cmd.slot.value;
  assign vault_cmd_ctx_o = hw_out.slot_cmd.ctx.value;
  assign vault_cmd_epoch_o = hw_out.slot_cmd.epoch.value;
  assign vault_cmd_attr_o = hw_out.slot_attr.attr.value;
  assign vault_key_we_o = slot_key_we;
  assign vault_key_word_o = hw_out.slot_key.word.value;
  assign vault_pool_we_o = pool_we;
  assign vault_pool_word_o = hw_out.vault_pool.word.value;
  assign vault_tag_key_we_o = tag_key_we;
  assign vault_tag_key_word_o = hw_out.vault_tag_key.word.value;

  assign hw_in.slot_result.generation.next = vault_result_gen_i;
  assign hw_in.slot_result.ok.next = vault_result_ok_i;
  assign hw_in.slot_result.busy.next = vault_result_busy_i | slot_cmd_we;
  // Slots that this board has not are never free.
  logic [63:0] slot_free, slot_zeroizing, slot_keyed;
  assign slot_free = 64'(vault_free_i);
  assign slot_zeroizing = 64'(vault_zeroizing_i);
  assign slot_keyed = 64'(vault_keyed_i);
  for (genvar k = 0; k < 2; k++) begin : gen_slot_masks
    assign hw_in.slot_free[k].mask.next = slot_free[32*k +: 32];
    assign hw_in.slot_zeroizing[k].mask.next = slot_zeroizing[32*k +: 32];
    assign hw_in.slot_keyed[k].mask.next = slot_keyed[32*k +: 32];
  end
  assign hw_in.vault_status.words.next = vault_pool_words_i;
  assign hw_in.vault_status.tag_locked.next = vault_tag_locked_i;

  // ---- surfaces ----------------------------------------------------------------------------------

  assign surf_cmd_we_o = surf_cmd_we;
  assign surf_cmd_o = hw_out.surf_cmd.cmd.value;
  assign surf_cmd_index_o = hw_out.surf_cmd.index.value;
  assign surf_cmd_ctx_o = hw_out.surf_cmd.ctx.value;
  assign surf_cmd_base_o = hw_out.surf_cmd.base.value;
  assign surf_cmd_pages_o = hw_out.surf_cmd.pages.value;
  assign surf_cmd_epoch_o = hw_out.surf_cmd.epoch.value;
  assign surf_cmd_session_o = hw_out.surf_session.session.value;
  assign surf_cmd_session_gen_o = hw_out.surf_session.generation.value;

  assign hw_in.surf_result.generation.next = surf_result_gen_i;
  assign hw_in.surf_result.ok.next = surf_result_ok_i;
  assign hw_in.surf_used.mask.next = surf_used_i;
  assign hw_in.page_free.mask.next = page_free_i;
  assign hw_in.page_zeroizing.mask.next = page_zeroizing_i;

  // ---- SPI flash, device secret ------------------------------------------------------------------

  logic spi_busy;

  spi_flash u_flash (
    .clk_i,
    .rst_ni,
    .start_i(spi_we),
    .addr_i(hw_out.spi_addr.addr.value[23:2]),
    .busy_o(spi_busy),
    .word_o(hw_in.spi_data.word.next),
    .cs_no(spi_cs_no),
    .sck_o(spi_sck_o),
    .mosi_o(spi_mosi_o),
    .miso_i(spi_miso_i)
  );
  assign hw_in.spi_status.busy.next = spi_busy | spi_we;

  logic [7:0][31:0] secret_word;

  device_secret #(
    .Simulated(Simulated),
    .Secret(DeviceSecret)
  ) u_secret (
    .hide_i(hw_out.boot_lock.hide.value),
    .word_o(secret_word)
  );
  for (genvar k = 0; k < 8; k++) begin : gen_secret
    assign hw_in.device_secret[k].word.next = secret_word[k];
  end

  // ---- entropy -----------------------------------------------------------------------------------

  assign hw_in.entropy_data.word.next = entropy_word_i;
  assign hw_in.entropy_status.ready.next = entropy_ready_i;
  assign hw_in.entropy_status.failed.next = entropy_failed_i;
  assign entropy_take_o = hw_out.entropy_data.word.swacc;
  assign entropy_enable_o = hw_out.entropy_ctrl.enable.value;

  logic unused_bits;
  assign unused_bits = ^{io_addr[15:11]};
endmodule
