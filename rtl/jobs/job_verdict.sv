// SPDX-License-Identifier: Apache-2.0
//
// What a unit's end means for its job: what the transfer's end shows to be missing or too much, and what the context
// waits for next. A job that failed drains to the end of its transfer; its answer has a payload, be it empty, where
// the header asked for one.

module job_verdict
  import coffer_pkg::*;
  import job_pkg::*;
(
  input  logic        ret_i,         // the job returns a payload
  input  logic        src_surface_i,
  input  progress_t   at_i,
  input  logic        pkt_i,         // the unit had a packet
  input  logic        ended_i,       // ... which ended the transfer (or there was none)
  input  logic        more_i,        // bytes of the packet were not taken
  input  logic        listing_i,     // the list is not whole
  output progress_t   at_o,
  output phase_e      phase_o,
  output logic        stamp_o        // the job ends here, without a byte out: this is its last cycle
);

  phase_e answer;
  logic waits;                       // bytes of the payload are missing

  assign answer = ret_i ? PhEnd : PhDone;
  assign waits = at_i.left != '0;

  always_comb begin
    at_o = at_i;
    if (at_i.status == 4'(JobOk)) begin
      if (listing_i) begin
        if (ended_i) at_o.status = 4'(JobShort);
      end else if (pkt_i && more_i) begin
        at_o.status = 4'(JobLong);
      end else if (waits && !src_surface_i && ended_i) begin
        at_o.status = 4'(JobShort);
      end
    end
    // Until the first byte of payload this counts something else.
    if (at_o.status != 4'(JobOk) && !at_i.stamped) at_o.done = '0;

    if (at_o.status != 4'(JobOk)) phase_o = ended_i ? answer : PhDrain;
    else if (listing_i)           phase_o = PhList;
    else if (!waits)              phase_o = ended_i ? answer : PhTail;
    else if (!src_surface_i)  phase_o = PhData;
    else                          phase_o = ended_i ? PhChunk : PhTail;

    // LOAD_KEY counts the bytes of its key, but none of them goes out.
    stamp_o = phase_o == answer && (at_o.done == '0 || (!ret_i && !at_i.stamped));
  end

endmodule
