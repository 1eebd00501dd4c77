// SPDX-License-Identifier: Apache-2.0
//
// A whole Coffer board but for its pins: the ULPI PHY's clock is the one clock (60 MHz).
//
//   ULPI ── usb_device ──┬── endpoint 0 ── soc (CPU, firmware) ── pke, entropy, SPI flash
//                        └── bulk pairs ── crypto (jobs, vault, AES) ── surface
//
// The parameters are all that differs between a board and the virtual board (Simulated: a seeded entropy
// source, and device secret and firmware from plusargs).

module coffer_top #(
  parameter int unsigned  NCtx = 4,           // contexts: USB interfaces
  parameter int unsigned  NSlots = coffer_pkg::NumSlots, // key slots: a power of two, at most 64
  parameter int unsigned  SurfPages = 32,     // protected memory, pages of 2 KiB
  parameter int unsigned  RamKiB = 32,        // CPU memory
  parameter bit           SmallCpu = 1'b0,    // instruction cache only
  parameter bit           Simulated = 1'b0,
  parameter logic [255:0] DeviceSecret = '0,
  parameter Firmware = ""                     // hex file, a 32-bit word a line
) (
  input  logic       clk_i,
  input  logic       rst_ni,

  input  logic [7:0] ulpi_data_i,
  output logic [7:0] ulpi_data_o,
  output logic       ulpi_data_oe_o,
  input  logic       ulpi_dir_i,
  input  logic       ulpi_nxt_i,
  output logic       ulpi_stp_o,

  output logic       spi_cs_no,
  output logic       spi_sck_o,
  output logic       spi_mosi_o,
  input  logic       spi_miso_i,

  output logic       led_active_o   // 0: idle, nothing moves and nothing is waited for but the host
);
  import coffer_pkg::*;

  logic [63:0] cycle;
  logic        connect;

  // ---- endpoint 0 --------------------------------------------------------------------------------
  logic [31:0] ep0_setup0, ep0_setup1, ep0_buf_wdata, ep0_buf_rdata;
  logic        ep0_setup, ep0_out_done, ep0_done, high_speed, configured, bus_reset;
  logic [7:0]  ep0_tag, ep0_cmd_tag, ep0_buf_addr;
  logic [10:0] ep0_out_len, ep0_cmd_len;
  logic        ep0_cmd_we, ep0_addr_we, ep0_buf_en;
  logic [2:0]  ep0_cmd;
  logic [6:0]  ep0_addr;
  logic [63:0] ep0_setup_cycle, ep0_done_cycle;
  logic [3:0]  ep0_buf_we;

  // ---- bulk --------------------------------------------------------------------------------------
  logic [NCtx-1:0]      out_avail, out_pop, in_push;
  logic [NCtx-1:0][9:0] out_len;
  logic [CtxW-1:0]      out_ctx, in_ctx;
  logic [8:0]           out_addr, in_addr;
  logic                 out_en, in_we;
  logic [7:0]           out_data, in_data;
  logic [NCtx-1:0][3:0] in_free;
  logic [9:0]           in_len;

  // ---- revocation --------------------------------------------------------------------------------
  logic [NCtx-1:0]             revoke_ctx, alt;
  logic [NCtx-1:0][EpochW-1:0] epoch;
  logic                        revoke_session;
  logic [SlotW-1:0]            revoke_session_idx;

  // ---- vault, surface ----------------------------------------------------------------------------
  logic        vault_cmd_we, vault_key_we, vault_result_ok, vault_result_busy, vault_pool_we, vault_tag_key_we, vault_tag_locked;
  logic [3:0]  vault_cmd;
  logic [5:0]  vault_cmd_slot;
  logic [2:0]  vault_cmd_ctx;
  logic [7:0]  vault_cmd_epoch;
  slot_attr_t  vault_cmd_attr;
  logic [31:0] vault_key_word, vault_pool_word, vault_tag_key_word;
  logic [23:0] vault_result_gen;
  logic [NSlots-1:0] vault_free, vault_zeroizing, vault_keyed;
  logic [4:0]  vault_pool_words;

  logic        surf_cmd_we, surf_result_ok, surf_rd_en, surf_wr_en;
  logic [1:0]  surf_cmd;
  logic [3:0]  surf_cmd_index, rec_idx;
  logic [2:0]  surf_cmd_ctx;
  logic [5:0]  surf_cmd_base, surf_cmd_pages, surf_cmd_session;
  logic [7:0]  surf_cmd_epoch, surf_rd_data, surf_wr_data;
  logic [23:0] surf_cmd_session_gen, surf_result_gen;
  logic [15:0] surf_used, surf_rd_addr, surf_wr_addr;
  logic [31:0] page_free, page_zeroizing;
  surface_rec_t rec;

  // ---- entropy, public-key engine ----------------------------------------------------------------
  logic        entropy_enable, entropy_ready, entropy_take, entropy_failed;
  logic [31:0] entropy_word;
  logic        pke_req, pke_we, pke_ack, pke_irq;
  logic [15:2] pke_addr;
  logic [31:0] pke_wdata, pke_rdata;

  logic soc_idle, usb_busy, crypto_busy, surface_busy, entropy_busy, pke_busy;

  always_ff @(posedge clk_i) begin
    led_active_o <= ~soc_idle | usb_busy | crypto_busy | surface_busy | entropy_busy | pke_busy;
  end

  soc #(
    .NCtx(NCtx),
    .NSlots(NSlots),
    .SurfPages(SurfPages),
    .RamKiB(RamKiB),
    .SmallCpu(SmallCpu),
    .Simulated(Simulated),
    .DeviceSecret(DeviceSecret),
    .Firmware(Firmware)
  ) u_soc (
    .clk_i,
    .rst_ni,
    .cycle_o(cycle),
    .idle_o(soc_idle),
    .connect_o(connect),
    .ep0_setup0_i(ep0_setup0),
    .ep0_setup1_i(ep0_setup1),
    .ep0_setup_i(ep0_setup),
    .ep0_out_done_i(ep0_out_done),
    .ep0_done_i(ep0_done),
    .ep0_tag_i(ep0_tag),
    .ep0_out_len_i(ep0_out_len),
    .high_speed_i(high_speed),
    .configured_i(configured),
    .bus_reset_i(bus_reset),
    .ep0_cmd_we_o(ep0_cmd_we),
    .ep0_cmd_o(ep0_cmd),
    .ep0_cmd_tag_o(ep0_cmd_tag),
    .ep0_cmd_len_o(ep0_cmd_len),
    .ep0_addr_we_o(ep0_addr_we),
    .ep0_addr_o(ep0_addr),
    .ep0_setup_cycle_i(ep0_setup_cycle),
    .ep0_done_cycle_i(ep0_done_cycle),
    .ep0_buf_en_o(ep0_buf_en),
    .ep0_buf_we_o(ep0_buf_we),
    .ep0_buf_addr_o(ep0_buf_addr),
    .ep0_buf_wdata_o(ep0_buf_wdata),
    .ep0_buf_rdata_i(ep0_buf_rdata),
    .revoke_ctx_i(revoke_ctx),
    .alt_i(alt),
    .epoch_i(epoch),
    .vault_cmd_we_o(vault_cmd_we),
    .vault_cmd_o(vault_cmd),
    .vault_cmd_slot_o(vault_cmd_slot),
    .vault_cmd_ctx_o(vault_cmd_ctx),
    .vault_cmd_epoch_o(vault_cmd_epoch),
    .vault_cmd_attr_o(vault_cmd_attr),
    .vault_key_we_o(vault_key_we),
    .vault_key_word_o(vault_key_word),
    .vault_result_gen_i(vault_result_gen),
    .vault_result_ok_i(vault_result_ok),
    .vault_result_busy_i(vault_result_busy),
    .vault_free_i(vault_free),
    .vault_zeroizing_i(vault_zeroizing),
    .vault_keyed_i(vault_keyed),
    .vault_pool_we_o(vault_pool_we),
    .vault_pool_word_o(vault_pool_word),
    .vault_pool_words_i(vault_pool_words),
    .vault_tag_key_we_o(vault_tag_key_we),
    .vault_tag_key_word_o(vault_tag_key_word),
    .vault_tag_locked_i(vault_tag_locked),
    .surf_cmd_we_o(surf_cmd_we),
    .surf_cmd_o(surf_cmd),
    .surf_cmd_index_o(surf_cmd_index),
    .surf_cmd_ctx_o(surf_cmd_ctx),
    .surf_cmd_base_o(surf_cmd_base),
    .surf_cmd_pages_o(surf_cmd_pages),
    .surf_cmd_epoch_o(surf_cmd_epoch),
    .surf_cmd_session_o(surf_cmd_session),
    .surf_cmd_session_gen_o(surf_cmd_session_gen),
    .surf_result_gen_i(surf_result_gen),
    .surf_result_ok_i(surf_result_ok),
    .surf_used_i(surf_used),
    .page_free_i(page_free),
    .page_zeroizing_i(page_zeroizing),
    .entropy_enable_o(entropy_enable),
    .entropy_ready_i(entropy_ready),
    .entropy_word_i(entropy_word),
    .entropy_take_o(entropy_take),
    .entropy_failed_i(entropy_failed),
    .pke_req_o(pke_req),
    .pke_we_o(pke_we),
    .pke_addr_o(pke_addr),
    .pke_wdata_o(pke_wdata),
    .pke_rdata_i(pke_rdata),
    .pke_ack_i(pke_ack),
    .pke_irq_i(pke_irq),
    .spi_cs_no,
    .spi_sck_o,
    .spi_mosi_o,
    .spi_miso_i
  );

  usb_device #(
    .NCtx(NCtx)
  ) u_usb (
    .clk_i,
    .rst_ni,
    .ulpi_data_i,
    .ulpi_data_o,
    .ulpi_data_oe_o,
    .ulpi_dir_i,
    .ulpi_nxt_i,
    .ulpi_stp_o,
    .connect_i(connect),
    .cycle_i(cycle),
    .out_avail_o(out_avail),
    .out_len_o(out_len),
    .out_ctx_i(out_ctx),
    .out_addr_i(out_addr),
    .out_en_i(out_en),
    .out_data_o(out_data),
    .out_pop_i(out_pop),
    .in_free_o(in_free),
    .in_ctx_i(in_ctx),
    .in_we_i(in_we),
    .in_addr_i(in_addr),
    .in_data_i(in_data),
    .in_push_i(in_push),
    .in_len_i(in_len),
    .revoke_ctx_o(revoke_ctx),
    .alt_o(alt),
    .epoch_o(epoch),
    .ep0_setup0_o(ep0_setup0),
    .ep0_setup1_o(ep0_setup1),
    .ep0_setup_o(ep0_setup),
    .ep0_out_done_o(ep0_out_done),
    .ep0_done_o(ep0_done),
    .ep0_tag_o(ep0_tag),
    .ep0_out_len_o(ep0_out_len),
    .high_speed_o(high_speed),
    .configured_o(configured),
    .bus_reset_o(bus_reset),
    .ep0_cmd_we_i(ep0_cmd_we),
    .ep0_cmd_i(ep0_cmd),
    .ep0_cmd_tag_i(ep0_cmd_tag),
    .ep0_cmd_len_i(ep0_cmd_len),
    .ep0_addr_we_i(ep0_addr_we),
    .ep0_addr_i(ep0_addr),
    .ep0_setup_cycle_o(ep0_setup_cycle),
    .ep0_done_cycle_o(ep0_done_cycle),
    .ep0_buf_en_i(ep0_buf_en),
    .ep0_buf_we_i(ep0_buf_we),
    .ep0_buf_addr_i(ep0_buf_addr),
    .ep0_buf_wdata_i(ep0_buf_wdata),
    .ep0_buf_rdata_o(ep0_buf_rdata),
    .busy_o(usb_busy)
  );

  crypto #(
    .NCtx(NCtx),
    .NSlots(NSlots)
  ) u_crypto (
    .clk_i,
    .rst_ni,
    .cycle_i(cycle),
    .vault_cmd_we_i(vault_cmd_we),
    .vault_cmd_i(vault_cmd),
    .vault_cmd_slot_i(vault_cmd_slot),
    .vault_cmd_ctx_i(vault_cmd_ctx),
    .vault_cmd_epoch_i(vault_cmd_epoch),
    .vault_cmd_attr_i(vault_cmd_attr),
    .vault_key_we_i(vault_key_we),
    .vault_key_word_i(vault_key_word),
    .vault_result_gen_o(vault_result_gen),
    .vault_result_ok_o(vault_result_ok),
    .vault_result_busy_o(vault_result_busy),
    .vault_free_o(vault_free),
    .vault_zeroizing_o(vault_zeroizing),
    .vault_keyed_o(vault_keyed),
    .vault_pool_we_i(vault_pool_we),
    .vault_pool_word_i(vault_pool_word),
    .vault_pool_words_o(vault_pool_words),
    .vault_tag_key_we_i(vault_tag_key_we),
    .vault_tag_key_word_i(vault_tag_key_word),
    .vault_tag_locked_o(vault_tag_locked),
    .revoke_ctx_i(revoke_ctx),
    .alt_i(alt),
    .epoch_i(epoch),
    .revoke_session_o(revoke_session),
    .revoke_session_idx_o(revoke_session_idx),
    .out_avail_i(out_avail),
    .out_len_i(out_len),
    .out_ctx_o(out_ctx),
    .out_addr_o(out_addr),
    .out_en_o(out_en),
    .out_data_i(out_data),
    .out_pop_o(out_pop),
    .in_free_i(in_free),
    .in_ctx_o(in_ctx),
    .in_we_o(in_we),
    .in_addr_o(in_addr),
    .in_data_o(in_data),
    .in_push_o(in_push),
    .in_len_o(in_len),
    .rec_idx_o(rec_idx),
    .rec_i(rec),
    .surf_rd_en_o(surf_rd_en),
    .surf_rd_addr_o(surf_rd_addr),
    .surf_rd_data_i(surf_rd_data),
    .surf_wr_en_o(surf_wr_en),
    .surf_wr_addr_o(surf_wr_addr),
    .surf_wr_data_o(surf_wr_data),
    .busy_o(crypto_busy)
  );

  surface #(
    .NPages(SurfPages),
    .NCtx(NCtx)
  ) u_surface (
    .clk_i,
    .rst_ni,
    .cmd_we_i(surf_cmd_we),
    .cmd_i(surf_cmd),
    .cmd_index_i(surf_cmd_index),
    .cmd_ctx_i(surf_cmd_ctx),
    .cmd_base_i(surf_cmd_base),
    .cmd_pages_i(surf_cmd_pages),
    .cmd_epoch_i(surf_cmd_epoch),
    .cmd_session_i(surf_cmd_session),
    .cmd_session_gen_i(surf_cmd_session_gen),
    .result_gen_o(surf_result_gen),
    .result_ok_o(surf_result_ok),
    .used_o(surf_used),
    .page_free_o(page_free),
    .page_zeroizing_o(page_zeroizing),
    .revoke_ctx_i(revoke_ctx),
    .epoch_i(epoch),
    .revoke_session_i(revoke_session),
    .revoke_session_idx_i(revoke_session_idx),
    .rec_idx_i(rec_idx),
    .rec_o(rec),
    .rd_en_i(surf_rd_en),
    .rd_addr_i(surf_rd_addr),
    .rd_data_o(surf_rd_data),
    .wr_en_i(surf_wr_en),
    .wr_addr_i(surf_wr_addr),
    .wr_data_i(surf_wr_data),
    .busy_o(surface_busy)
  );

  entropy #(
    .Simulated(Simulated)
  ) u_entropy (
    .clk_i,
    .rst_ni,
    .enable_i(entropy_enable),
    .ready_o(entropy_ready),
    .word_o(entropy_word),
    .take_i(entropy_take),
    .failed_o(entropy_failed),
    .busy_o(entropy_busy)
  );

  pke u_pke (
    .clk_i,
    .rst_ni,
    .req_i(pke_req),
    .we_i(pke_we),
    .addr_i(pke_addr),
    .wdata_i(pke_wdata),
    .rdata_o(pke_rdata),
    .ack_o(pke_ack),
    .irq_o(pke_irq),
    .busy_o(pke_busy)
  );
endmodule
