// SPDX-License-Identifier: Apache-2.0
//
// The only way of a key out of the vault: word by word into the AES core's staging register, then key_load.
// req_i starts it (slot and length held until done_o, or the tag key); done_o comes with key_load_o, in the cycle
// in which the core takes the key over: 6, 8 or 10 cycles after req_i with an idle core.

module vault_keyload
  import coffer_pkg::*;
(
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             abort_i,

  input  logic             req_i,
  input  logic             tag_i,         // the tag key
  input  logic [SlotW-1:0] slot_i,
  input  key_len_e         len_i,
  output logic             done_o,

  input  logic [3:0][31:0] tag_key_i,
  output logic             rd_req_o,      // always granted
  output logic [SlotW+3:0] rd_addr_o,
  input  logic [31:0]      rd_data_i,

  output logic             aes_key_we_o,
  output logic [2:0]       aes_key_idx_o,
  output logic [31:0]      aes_key_word_o,
  output logic             aes_key_load_o,
  output key_len_e         aes_key_len_o,
  input  logic             aes_ready_i
);

  logic busy_q, valid_q, tag_q, step;
  logic [3:0] count_q, need;
  logic [2:0] idx_q;

  assign need = vault_pkg::key_words(aes_key_len_o);
  assign aes_key_len_o = tag_q ? KeyLen128 : len_i;

  assign step = busy_q && count_q != need;
  assign rd_req_o = step && !tag_q;
  assign rd_addr_o = {slot_i, count_q};

  assign aes_key_we_o = valid_q;
  assign aes_key_idx_o = idx_q;
  assign aes_key_word_o = tag_q ? tag_key_i[idx_q[1:0]] : rd_data_i;
  // Whoever aborts clears the core in the same cycle.
  assign aes_key_load_o = busy_q && count_q == need && !valid_q;
  assign done_o = aes_key_load_o && aes_ready_i;

  always_ff @(posedge clk_i) begin
    valid_q <= step;
    idx_q <= count_q[2:0];
    if (step) count_q <= count_q + 1'b1;
    if (req_i) begin
      busy_q <= 1'b1;
      tag_q <= tag_i;
      count_q <= '0;
    end
    if (done_o || abort_i || !rst_ni) begin
      busy_q <= 1'b0;
      valid_q <= 1'b0;
    end
  end

endmodule
