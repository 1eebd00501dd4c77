// SPDX-License-Identifier: Apache-2.0
//
// How far the job of the unit under way is: counted from its header, through the list, to its last byte (progress_t).
// load_i is taken in Load; every other argument is an event of the state that it belongs to (job_engine.sv). wipe_i
// leaves nothing; stop_i ends the job with a reason.

module job_progress
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  logic        clk_i,
  input  logic        rst_ni,
  input  job_fsm_e    fsm_i,
  input  logic        first_i,        // first cycle of this state
  input  logic        wipe_i,
  input  progress_t   load_i,
  input  logic [31:0] length_i,       // the header's; these are held in Check
  input  logic        crypt_i,
  input  logic        key_op_i,
  input  logic        with_list_i,
  input  job_cfg_t    cfg_i,
  input  logic [9:0]  rest_i,         // bytes of the packet not taken yet
  input  logic        cut_short_i,    // the header is
  input  logic        chk_done_i,
  input  job_status_e chk_status_i,
  input  logic [15:0] chk_src_i,
  input  logic        word_i,         // a word of the list is whole
  input  logic [31:0] word_data_i,
  input  logic        list_bad_i,
  input  logic        iv_done_i,
  input  job_status_e iv_status_i,
  input  logic        take_i,         // a byte of payload goes to the cipher
  input  logic        seg_load_i,     // the next half of a pair begins
  input  logic [31:0] seg_word_i,
  input  logic        out_i,          // a byte is given out
  input  logic        op_done_i,
  input  logic        op_wrapped_i,
  input  logic        stop_i,
  input  logic        revoked_i,      // by the session's end, else by a surface's
  output progress_t   at_o
);

  logic unused_bits;
  assign unused_bits = ^{cfg_i, iv_status_i};

  always_ff @(posedge clk_i) begin
    unique case (fsm_i)
      Load: at_o <= load_i;
      Header: if (cut_short_i) at_o.status <= 4'(JobBadHeader);
      Check: if (chk_done_i) begin
        at_o.status <= 4'(chk_status_i);
        at_o.left <= length_i;
        at_o.seg <= with_list_i ? '0 : length_i;
        at_o.done <= with_list_i || !crypt_i ? '0 : length_i;
        at_o.src <= chk_src_i;
        if (chk_status_i == JobOk && key_op_i && rest_i != length_i[9:0]) begin
          at_o.status <= rest_i < length_i[9:0] ? 4'(JobShort) : 4'(JobLong);
        end
      end
      List: begin
        if (word_i) begin
          at_o.list_at <= at_o.list_at + 1'b1;
          at_o.seg <= at_o.seg + word_data_i;
          if (at_o.seg > ~word_data_i) at_o.over <= 1'b1;
          if (at_o.list_at[0]) begin
            at_o.done <= at_o.done + word_data_i;
            if (cfg_i.mode == 2'(ModeEcb) && word_data_i[3:0] != '0) at_o.over <= 1'b1;
          end
        end
        if (list_bad_i) at_o.status <= 4'(JobRange);
      end
      Iv: if (iv_done_i) begin
        at_o.status <= 4'(iv_status_i);
        at_o.done <= '0;
        at_o.list_at <= '0;
        at_o.seg <= cfg_i.list_words == '0 ? at_o.left : '0;
        at_o.seg_enc <= 1'b1;
      end
      Data: begin
        if (take_i) begin
          at_o.left <= at_o.left - 1'b1;
          at_o.seg <= at_o.seg - 1'b1;
          if (cfg_i.src_surface) at_o.src <= at_o.src + 1'b1;
          at_o.stamped <= 1'b1;
        end
        if (seg_load_i) begin
          at_o.seg <= seg_word_i;
          at_o.seg_enc <= at_o.list_at[0];
          at_o.list_at <= at_o.list_at + 1'b1;
        end
        if (out_i) at_o.done <= at_o.done + 1'b1;
      end
      Rest: if (out_i) at_o.done <= at_o.done + 1'b1;
      Op: if (op_done_i) begin
        at_o.left <= '0;
        at_o.status <= op_wrapped_i ? 4'(JobWrappedKey) : 4'(JobOk);
        if (!op_wrapped_i) at_o.done <= at_o.left;
      end
      OpOut: if (!first_i) at_o.done <= at_o.done + 1'b1;
      default: ;
    endcase
    if (stop_i) at_o.status <= revoked_i ? 4'(JobRevoked) : 4'(JobBadHandle);
    if (wipe_i || !rst_ni) at_o <= '0;
  end

endmodule
