// SPDX-License-Identifier: Apache-2.0
//
// Bulk endpoints: packet rings and toggles, lost and damaged packets, speed, full speed, rest.
#include "tests.h"

void test_closed()
{
	Plugged b;
	Bytes data;
	bool toggle, silent = true;
	for (unsigned k = 1; k <= 15; k++)
		silent = b.out(k, {1}, false) == Result::Timeout && b.in(k, data, toggle) == Result::Timeout &&
			 b.ping(k) == Result::Timeout && silent;
	report(silent, "at setting 0 no bulk endpoint answers");
	unsigned epoch = b.epoch(1);
	report(b.set_interface(1, 1) && b.alt(1) && b.epoch(1) == epoch + 1 && !b.alt(0),
	       "SET_INTERFACE 1 opens one context");
	report(b.ping(2) == Result::Ack && b.ping(1) == Result::Timeout && b.ping(3) == Result::Timeout &&
		       b.in(2, data, toggle) == Result::Nak,
	       "and its endpoints only");
	report(b.ping(Contexts + 1) == Result::Timeout && b.ping(15) == Result::Timeout,
	       "endpoints beyond the last context");
}

void test_bulk_out()
{
	Plugged b;
	b.open_all();
	std::deque<Bytes> sent;
	std::vector<Result> results;
	for (unsigned i = 0; i < RingPackets + 1; i++) {
		sent.push_back(random_bytes(512));
		results.push_back(b.bulk_out(2, sent.back()));
	}
	using enum Result;
	report(results == std::vector{Ack, Ack, Ack, Ack, Ack, Ack, Ack, Nyet, Nak},
	       "eight packets of 512: ACK, the eighth NYET, then NAK");
	report(b.ping(3) == Nak && b.ping(1) == Ack, "PING: NAK, and ACK at another context");
	sent.pop_back();
	Bytes data;
	b.pop(2, data);
	report(data == sent[0] && b.ping(3) == Ack, "one taken: PING is acknowledged");
	sent.pop_front();
	for (unsigned size : {0u, 1u, 511u, 512u}) {
		sent.push_back(random_bytes(size));
		b.bulk_out(2, sent.back());
		b.pop(2, data);
		report(data == sent.front(), "packet read back, " + std::to_string(size) + " bytes queued behind");
		sent.pop_front();
	}
	for (; !sent.empty(); sent.pop_front())
		report(b.pop(2, data) && data == sent.front(), "packet of " + std::to_string(sent.front().size()));
	report(!b.available(2), "empty");

	Bytes one = random_bytes(512), two = random_bytes(512);
	bool ok = b.bulk_out(0, one, {.bad_data_crc = true}) == Timeout &&
		  b.bulk_out(0, one, {.truncate = 100}) == Timeout &&
		  b.bulk_out(0, one, {.no_data = true}) == Timeout &&
		  b.bulk_out(0, one, {.truncate = 514}) == Timeout && !b.available(0);
	report(ok && b.bulk_out(0, one) == Ack, "bad CRC16, cut and lost packets are not answered");
	report(b.out(1, one, !b.out_toggle[0]) == Ack && b.out(1, one, !b.out_toggle[0]) == Ack,
	       "a repetition is acknowledged");
	b.bulk_out(0, two);
	Bytes got1, got2;
	report(b.pop(0, got1) && b.pop(0, got2) && got1 == one && got2 == two && !b.available(0), "and dropped");
	report(b.bulk_out(0, random_bytes(513)) == Timeout && !b.available(0) && b.bulk_out(0, one) == Ack &&
		       b.pop(0, data) && data == one,
	       "513 bytes are not answered");

	b.bulk_out(0, one);
	Transaction foreign{.token = Pid::Out, .address = 9, .endpoint = 2, .toggle = b.out_toggle[0], .data = two};
	b.phy.transaction(foreign);
	report(foreign.result == Timeout, "packets to another address are not ours");
	report(b.out(1, two, b.out_toggle[0], {.truncate = 514}) == Timeout &&
		       b.out(2, two, b.out_toggle[0], {.bad_token_crc = true}) == Timeout,
	       "data after a lost packet and a damaged token go nowhere");
	report(b.out(2, two, b.out_toggle[0], {.bad_token_crc = true}) == Timeout &&
		       b.out(2, two, !b.out_toggle[0], {.bad_token_crc = true}) == Timeout,
	       "nor to the endpoint before, after a damaged token alone");
	report(b.pop(0, data) && data == one && !b.available(0) && !b.available(1), "nothing was taken");
	for (unsigned i = 0; i < RingPackets; i++)
		b.bulk_out(1, one);
	report(b.out(2, one, !b.out_toggle[1]) == Ack && b.bulk_out(1, two) == Nak,
	       "a repetition is acknowledged even when the ring is full");
	report(b.phy.unexpected() == 0, "nothing unexpected");
}

void test_bulk_in()
{
	Plugged b;
	b.open_all();
	Bytes data, one = random_bytes(512);
	using enum Result;
	report(b.bulk_in(3, data) == Nak && b.free_buffers(3) == 8, "NAK when empty, eight buffers free");
	std::deque<Bytes> queued;
	for (unsigned size : {512u, 0u, 1u, 2u, 3u, 64u, 511u, 512u}) {
		queued.push_back(random_bytes(size));
		b.push(3, queued.back());
	}
	report(b.free_buffers(3) == 0, "eight packets queued");
	bool ok = true;
	for (; !queued.empty(); queued.pop_front())
		ok = b.bulk_in(3, data) == Data && data == queued.front() && ok;
	report(ok && b.bulk_in(3, data) == Nak && b.free_buffers(3) == 8,
	       "they come in order, zero-length one included");

	b.push(0, one);
	b.push(0, {});
	ok = true;
	for (unsigned i = 0; i < 4; i++)
		ok = b.bulk_in(0, data, {.drop_ack = true}) == Data && data == one && ok;
	report(ok, "ACK lost four times: the same packet under the same PID");
	Transaction foreign{.token = Pid::In, .address = 9, .endpoint = 1, .faults = {.stray_ack = true}};
	b.phy.transaction(foreign);
	report(b.bulk_in(0, data) == Data && data == one, "an ACK to another device does not count");
	b.bulk_in(0, data, {.drop_ack = true});
	foreign.address = 5;
	foreign.faults.bad_token_crc = true;
	b.phy.transaction(foreign);
	report(foreign.result == Timeout && b.bulk_in(0, data) == Data && data.empty(),
	       "nor one after a damaged token; a zero-length packet is repeated");
	report(b.bulk_in(0, data) == Nak, "empty again");
	b.phy.bit_stuffing = true;
	b.push(0, Bytes(512, 0xFF));
	report(b.bulk_in(0, data) == Data && data == Bytes(512, 0xFF), "with stuffed bits on the bus");
	report(b.phy.unexpected() == 0, "nothing unexpected");
}

// Full microframes of transactions, one direction or both in turns; bytes a cycle on the bus.
void test_throughput()
{
	Plugged b;
	b.open_all();
	b.loop.fill(true);
	Bytes data, packet = random_bytes(512);
	unsigned outs = 0, ins = 0, naks = 0;
	uint64_t begin = b.cycle;
	bool ok = true;
	for (unsigned i = 0; i < 400; i++) {
		Result r = b.bulk_out(0, packet);
		outs += r == Result::Ack || r == Result::Nyet;
		naks += r == Result::Nak;
		r = b.bulk_in(0, data);
		ins += r == Result::Data;
		naks += r == Result::Nak;
		ok = (r != Result::Data || data == packet) && ok;
	}
	double cycles = double(b.cycle - begin);
	std::printf("     both ways: %u out, %u in, %u NAKs, %.3f bytes a cycle each way\n", outs, ins, naks,
		    ins * 512 / cycles);
	report(ok && outs == 400 && ins >= 399, "back-to-back OUT and IN of one context");
	b.loop.fill(false);
	b.phy.run(1000);
	b.set_interface(0, 1);
	for (unsigned i = 0; i < 8; i++)
		b.push(0, packet);
	begin = b.cycle;
	for (unsigned i = 0; i < 8; i++)
		ok = b.bulk_in(0, data) == Result::Data && ok;
	uint64_t in_cycles = (b.cycle - begin) / 8;
	begin = b.cycle;
	for (unsigned i = 0; i < 4; i++)
		b.bulk_out(0, packet);
	uint64_t out_cycles = (b.cycle - begin) / 4;
	begin = b.cycle;
	b.phy.sof(1);
	uint64_t sof_cycles = b.cycle - begin;
	std::printf("     512 bytes: OUT %u cycles, IN %u cycles; SOF %u\n", unsigned(out_cycles), unsigned(in_cycles),
		    unsigned(sof_cycles));
	report(ok && 13 * std::max(in_cycles, out_cycles) + sof_cycles <= 7500, "13 transactions fit in a microframe");
}

void test_halt_clear()
{
	Plugged b;
	b.open_all();
	for (unsigned k = 0; k < 2; k++) {
		Bytes data;
		b.bulk_out(k, {1});
		b.pop(k, data);
		b.push(k, {2});
		b.bulk_in(k, data);
		b.push(k, {3, 4});
	}
	auto epochs = b.top.epoch_o;
	b.control({0x02, 1, 0, 0x81, 0});
	b.in_toggle[0] = false;
	Bytes data;
	report(b.bulk_in(0, data) == Result::Data && data == Bytes{3, 4},
	       "halt clear of an IN endpoint: DATA0, packets kept");
	report(b.bulk_out(0, {9}) == Result::Ack && b.available(0), "its OUT endpoint's toggle is kept");
	b.control({0x02, 1, 0, 0x02, 0});
	b.out_toggle[1] = false;
	report(b.bulk_out(1, {7}) == Result::Ack && b.pop(1, data) && data == Bytes{7},
	       "halt clear of an OUT endpoint");
	report(b.bulk_in(1, data) == Result::Data && data == Bytes{3, 4}, "its IN endpoint's toggle is kept");
	report(b.top.epoch_o == epochs, "nothing is revoked");
}

void test_full_speed()
{
	Board b;
	Bytes data;
	bool toggle;
	b.answer = standard;
	b.phy.host_high_speed = false;
	b.plug();
	report(b.phy.speed() == Speed::Full && !b.top.high_speed_o, "a host that does not chirp: full speed");
	report(b.enumerate(3) && b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor),
	       "control transfers work");
	Bytes stage = random_bytes(130);
	report(b.control_out({ClassOut, 2, 0, 0, 130}, stage) && b.received == stage, "both ways");
	report(b.set_interface(0, 1) && !b.alt(0) && b.in(1, data, toggle) == Result::Timeout &&
		       b.out(1, {1}, false) == Result::Timeout,
	       "only setting 0 exists");
	b.phy.host_high_speed = true;
	b.phy.reset();
	b.address = 0;
	report(b.phy.speed() == Speed::High && b.enumerate(4) && b.open_all() && fresh(b, 3),
	       "high speed after another reset");
}

// NAKs, frames and talk to other devices must let the board rest: its clock stops on that.
void test_rest()
{
	Plugged b;
	b.open_all();
	Bytes data;
	b.push(1, {1, 2, 3});
	b.bulk_out(1, {4, 5, 6});
	b.settle();
	b.phy.run(200);
	bool busy = false;
	auto watch = b.phy.on_cycle;
	b.phy.on_cycle = [&] {
		watch();
		busy |= b.top.busy_o;
	};
	Transaction foreign{.token = Pid::Out, .address = 9, .endpoint = 2, .data = random_bytes(512)};
	for (unsigned i = 0; i < 20; i++) {
		b.phy.sof(uint16_t(i));
		b.bulk_in(0, data);
		b.ping(2);
		b.phy.transaction(foreign);
		b.phy.run(500);
	}
	report(!busy, "NAKs, PINGs, frames and packets to others: at rest, with packets waiting");
	b.bulk_in(1, data);
	report(busy, "a packet sent: not at rest");
}
