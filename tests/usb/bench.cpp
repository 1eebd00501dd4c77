// SPDX-License-Identifier: Apache-2.0
// Bench of usb_device against a ULPI transceiver and host: control transfers, bulk endpoints and their packet rings,
// lost and damaged packets, revocation, full speed, and a random soak. `usb [SEED]`.
#include <cstdlib>
#include <iterator>
#include <random>

#include "board.h"

namespace {

int failures = 0;
std::mt19937 rng;

void report(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	failures += !ok;
}

unsigned pick(unsigned below)
{
	return rng() % below;
}

Bytes random_bytes(size_t count)
{
	Bytes bytes(count);
	for (auto &b : bytes)
		b = uint8_t(rng());
	return bytes;
}

constexpr Setup GetDescriptor{0x80, 6, 0x0100, 0, 18};
constexpr uint8_t ClassIn = 0xA1, ClassOut = 0x21;

// Requests of the bench's firmware: wValue bytes come back (0xA1, 1), are received (0x21, 2); all else of chapter 9 is accepted.
Answer standard(const Setup &s)
{
	if (s.type & 0x80) {
		Bytes data(s.request == 6 ? 18 : s.value);
		for (size_t i = 0; i < data.size(); i++)
			data[i] = uint8_t(i * 7 + (i >> 8) + s.index);
		return s.request == 9 ? Answer{Answer::Stall, {}} : Answer{Answer::Send, data};
	}
	return {s.length ? Answer::Receive : Answer::Status, {}};
}

Bytes expected_in(const Setup &s)
{
	return standard(s).data;
}

struct Plugged : Board {
	Plugged()
	{
		answer = standard;
		plug();
		enumerate(5);
	}
};

void test_enumeration()
{
	Board b;
	Bytes data;
	b.answer = standard;
	b.top.connect_i = 0;
	b.phy.run(2000);
	report(!b.phy.attached() && b.bus_resets <= 1,
	       "no pull-up before connect; while VBUS is unknown there is one reset, not many");
	b.plug();
	report(b.phy.speed() == Speed::High && b.top.high_speed_o, "reset, chirp, high speed");
	report(b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor), "descriptor at address 0");
	report(b.control({0x00, 5, 9, 0, 0}), "SET_ADDRESS");
	b.phy.run(10);
	report(b.setup(GetDescriptor) == Result::Timeout, "address 0 is silent then");
	b.address = 9;
	report(b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor), "descriptor at address 9");
	report(!b.top.configured_o && b.set_configuration(1) && b.top.configured_o, "SET_CONFIGURATION 1");
	b.settle();
	report(b.dones == b.served, "each request is done once");
	b.bus_resets = 0;
	b.phy.reset();
	b.address = 0;
	report(b.phy.speed() == Speed::High && b.bus_resets == 1 && !b.top.configured_o &&
		       b.control_in(GetDescriptor, data),
	       "a second reset: address 0, not configured");
	report(b.phy.unexpected() == 0, "the device speaks only when asked");
}

void test_control_in()
{
	Plugged b;
	bool ok = true, lost = true, count = true;
	for (unsigned size : {1u, 3u, 4u, 63u, 64u, 65u, 127u, 128u, 255u, 256u, 1000u, 1023u, 1024u}) {
		for (unsigned length : {size, size + 1, 1024u, size - 1}) {
			Setup s{ClassIn, 1, uint16_t(size), 0, uint16_t(length)};
			unsigned packets = 0, want = std::min(size, length);
			Bytes expected = expected_in(s), data;
			if (length == 0)
				continue;
			expected.resize(want);
			ok = b.control_in(s, data, 0, &packets) && data == expected && ok;
			count = packets == (want < length ? want / 64 + 1 : (want + 63) / 64) && count;
			lost = b.control_in(s, data, 2, &packets) && data == expected && lost;
		}
	}
	report(ok, "IN stages of 1 to 1,024 bytes, shorter than and cut at wLength");
	report(count, "a zero-length packet ends them just where it is due");
	report(lost, "every packet's ACK lost twice: repeated under the same PID");
	Bytes data;
	report(b.control_in({ClassIn, 1, 0, 0, 64}, data) && data.empty(), "an empty answer is one zero-length packet");
	report(b.control_in({ClassIn, 1, 0, 0, 64}, data, 3) && data.empty(), "... whose ACK is lost three times");
	b.hammer(true);
	Setup s{ClassIn, 1, 1000, 3, 1024};
	report(b.control_in(s, data) && data == expected_in(s), "while the CPU reads the buffer in every second cycle");
	b.hammer(false);
	b.phy.bit_stuffing = true;
	report(b.control_in(s, data) && data == expected_in(s), "with stuffed bits on the bus");
	report(b.phy.unexpected() == 0, "nothing unexpected");
}

void test_control_out()
{
	Plugged b;
	bool ok = true, repeated = true;
	for (unsigned size : {1u, 2u, 3u, 4u, 5u, 63u, 64u, 65u, 128u, 256u, 1000u, 1023u, 1024u}) {
		Setup s{ClassOut, 2, 0, 0, uint16_t(size)};
		Bytes data = random_bytes(size);
		ok = b.control_out(s, data) && b.received == data && ok;
		repeated = b.control_out(s, data, 2) && b.received == data && repeated;
	}
	report(ok, "OUT stages of 1 to 1,024 bytes");
	report(repeated, "every packet sent three times: acknowledged, taken once");

	Bytes data = random_bytes(100), half(data.begin(), data.begin() + 64), rest(data.begin() + 64, data.end());
	b.setup({ClassOut, 2, 0, 0, 100});
	b.phy.run(300);
	Bytes noise = random_bytes(63);
	bool silent = b.out(0, noise, true, {.bad_data_crc = true}) == Result::Timeout &&
		      b.out(0, noise, true, {.truncate = 30}) == Result::Timeout;
	report(silent && b.out(0, half, true) == Result::Ack && b.out(0, rest, false) == Result::Ack && b.status_in() &&
		       b.received == data,
	       "damaged packets are not answered and leave nothing");

	b.setup({ClassOut, 2, 0, 0, 300});
	b.phy.run(300);
	report(b.out(0, half, true) == Result::Ack && b.out(0, rest, false) == Result::Ack && b.status_in() &&
		       b.received == data,
	       "a short packet ends the stage before wLength");

	b.setup({ClassOut, 2, 0, 0, 70});
	b.phy.run(300);
	report(b.out(0, half, true) == Result::Ack && b.out(0, half, false) == Result::Stall &&
		       b.ping(0) == Result::Stall,
	       "more than wLength is stalled");
	report(!b.control_out({ClassOut, 2, 0, 0, 1025}, data), "so is a wLength of 1,025");
	b.hammer(true);
	data = random_bytes(1024);
	report(b.control_out({ClassOut, 2, 0, 0, 1024}, data) && b.received == data, "while the CPU reads the buffer");
	b.hammer(true, true);
	bool ok_writes = true;
	for (unsigned size = 900; size < 910; size++) {
		data = random_bytes(size);
		ok_writes = b.control_out({ClassOut, 2, 0, 0, uint16_t(size)}, data) && b.received == data && ok_writes;
	}
	report(ok_writes, "while the CPU writes elsewhere in it");
	report(b.phy.unexpected() == 0, "nothing unexpected");
}

void test_waiting()
{
	Plugged b;
	Bytes data;
	bool toggle;
	b.answer_delay = 4000;
	b.setup({ClassIn, 1, 10, 0, 64});
	report(b.in(0, data, toggle) == Result::Nak && b.ping(0) == Result::Nak && b.out(0, {}, true) == Result::Nak,
	       "IN, PING and OUT are NAKed until the CPU decides");
	b.phy.run(5000);
	report(b.in(0, data, toggle) == Result::Data && data.size() == 10, "then the data come");
	report(b.ping(0) == Result::Ack && b.status_out(), "PING before the status stage");
	b.settle();
	unsigned dones = b.dones;
	report(b.out(0, {}, true) == Result::Ack && b.out(0, {}, true) == Result::Ack, "status repeated: acknowledged");
	b.phy.run(100);
	report(b.dones == dones && !b.top.ep0_done_o, "but done only once");

	bool ok = true;
	for (b.answer_delay = 1; b.answer_delay < 160; b.answer_delay++) {
		Bytes stage = random_bytes(70);
		ok = b.control_out({ClassOut, 2, 0, 0, 70}, stage) && b.received == stage && ok;
		Setup s{ClassIn, 1, 70, uint16_t(b.answer_delay), 70};
		ok = b.control_in(s, data) && data == expected_in(s) && ok;
	}
	report(ok, "the CPU decides in any cycle of a packet");

	b.answer_delay = 40;
	b.setup({ClassIn, 9, 0, 0, 64});
	b.phy.run(200);
	report(b.in(0, data, toggle) == Result::Stall && b.in(0, data, toggle) == Result::Stall &&
		       b.out(0, {}, true) == Result::Stall && b.ping(0) == Result::Stall,
	       "stalled until ...");
	report(b.control_in(GetDescriptor, data), "... the next SETUP");
	b.setup({ClassIn, 1, 256, 0, 256});
	b.phy.run(400);
	report(b.in(0, data, toggle) == Result::Data && b.status_out() && b.control_in(GetDescriptor, data),
	       "the host may end an IN stage early");
}

void test_new_setup()
{
	Plugged b;
	Bytes data;
	bool toggle;
	b.setup({ClassIn, 1, 256, 1, 256});
	b.phy.run(400);
	b.in(0, data, toggle);
	b.in(0, data, toggle, {.drop_ack = true});
	report(b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor), "a new SETUP in mid-IN");
	b.setup({ClassOut, 2, 0, 0, 256});
	b.phy.run(200);
	b.out(0, random_bytes(64), true);
	report(b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor), "a new SETUP in mid-OUT");
	b.setup({ClassOut, 2, 0, 0, 0});
	report(b.control_in(GetDescriptor, data), "a new SETUP in place of the status stage");
	for (unsigned i = 0; i < 3; i++)
		b.setup(GetDescriptor);
	report(b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor), "a SETUP repeated");

	b.settle();
	b.firmware_dead = true;
	b.setup({ClassIn, 1, 8, 0, 8});
	unsigned stale = b.top.ep0_tag_o;
	b.setup({ClassIn, 1, 8, 0, 8});
	b.command(1, stale, 8);
	b.command(4, stale);
	b.command(3, stale);
	b.command(2, stale);
	b.settle();
	report(b.top.ep0_setup_o && b.in(0, data, toggle) == Result::Nak, "commands with an older tag are dropped");
	uint64_t setup0 = b.top.ep0_setup0_o;
	bool silent = b.setup({0x00, 5, 44, 0, 0}, {.bad_data_crc = true}) == Result::Timeout &&
		      b.setup({0x00, 5, 44, 0, 0}, {.truncate = 1}) == Result::Timeout;
	Transaction t{.token = Pid::Setup, .address = 5, .data = Bytes(9, 0)};
	silent = b.phy.transaction(t) == Result::Timeout && silent;
	t.data.resize(7);
	silent = b.phy.transaction(t) == Result::Timeout && silent;
	t.data.resize(8);
	t.toggle = true;
	silent = b.phy.transaction(t) == Result::Timeout && silent;
	report(silent && b.top.ep0_setup0_o == setup0 && b.top.ep0_tag_o == uint8_t(stale + 1),
	       "SETUPs with a bad CRC, of 7 and of 9 bytes or as DATA1 are ignored");
	b.command(1, b.top.ep0_tag_o, 8);
	b.settle();
	report(b.in(0, data, toggle) == Result::Data && data.size() == 8 && b.status_out(), "and the request goes on");

	b.setup({0x00, 5, 77, 0, 0});
	b.poke([&] {
		b.top.ep0_addr_we_i = 1;
		b.top.ep0_addr_i = 77;
	});
	b.settle();
	b.setup({ClassOut, 3, 0, 0, 0});
	b.command(3, b.top.ep0_tag_o);
	b.settle();
	bool done = b.status_in();
	b.setup({ClassOut, 3, 0, 0, 0});
	b.poke([&] {
		b.top.ep0_addr_we_i = 1;
		b.top.ep0_addr_i = 77;
	});
	b.command(3, b.top.ep0_tag_o);
	b.settle();
	done = b.status_in() && done;
	b.firmware_dead = false;
	report(done && b.control_in(GetDescriptor, data), "an aborted or late SET_ADDRESS changes no address");
}

void test_stamps()
{
	Plugged b;
	Bytes data;
	uint64_t before = b.cycle;
	b.setup(GetDescriptor);
	bool ok = b.top.ep0_setup_cycle_o > before && b.top.ep0_setup_cycle_o <= b.cycle;
	b.phy.run(500);
	before = b.cycle;
	bool toggle;
	b.in(0, data, toggle);
	b.status_out();
	report(ok && b.top.ep0_done_cycle_o > before && b.top.ep0_done_cycle_o <= b.cycle,
	       "stamps of SETUP and status stage");
}

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

// Packets queued both ways at DATA1, for a revocation to clear.
void fill(Board &b, unsigned ctx)
{
	Bytes data;
	while (b.pop(ctx, data))
		;
	b.push(ctx, random_bytes(10));
	b.bulk_in(ctx, data);
	b.bulk_out(ctx, random_bytes(20));
	b.push(ctx, random_bytes(512));
	b.push(ctx, random_bytes(30));
}

bool empty(Board &b, unsigned ctx)
{
	return !b.available(ctx) && b.free_buffers(ctx) == 8;
}

// Works from DATA0 with empty rings.
bool fresh(Board &b, unsigned ctx)
{
	Bytes data, packet = random_bytes(33);
	bool nak = b.bulk_in(ctx, data) == Result::Nak;
	b.push(ctx, packet);
	return nak && b.bulk_in(ctx, data) == Result::Data && data == packet &&
	       b.bulk_out(ctx, packet) == Result::Ack && b.pop(ctx, data) && data == packet;
}

void test_revocation()
{
	Plugged b;
	b.open_all();
	for (unsigned k = 0; k < Contexts; k++)
		fill(b, k);
	auto epochs = b.top.epoch_o;
	b.revoked = {};
	report(b.set_interface(2, 1) && b.alt(2) && empty(b, 2) && b.epoch(2) == (epochs >> 16 & 255) + 1 &&
		       b.revoked[2] == 1,
	       "SET_INTERFACE 1 again: rings empty, next epoch");
	report(fresh(b, 2), "both toggles at DATA0");
	report(b.revoked[0] == 0 && b.revoked[1] == 0 && b.revoked[3] == 0 && !empty(b, 0) && !empty(b, 3),
	       "other contexts untouched");
	Bytes data;
	report(b.bulk_in(3, data) == Result::Data && data.size() == 512, "and their toggles kept");
	report(b.set_interface(3, 0) && !b.alt(3) && empty(b, 3) && b.ping(4) == Result::Timeout,
	       "SET_INTERFACE 0: closed");
	report(b.set_configuration(1) && b.top.alt_o == 0 && empty(b, 0) && empty(b, 1) && b.revoked[0] == 1 &&
		       b.revoked[3] == 2,
	       "SET_CONFIGURATION 1: every context revoked and closed");
	report(b.set_interface(0, 1) && fresh(b, 0), "opened again");
	report(b.set_configuration(0) && !b.top.configured_o && b.top.alt_o == 0, "SET_CONFIGURATION 0");
	b.set_interface(0, 1);
	report(b.top.alt_o == 0, "not configured: setting 1 is not reached");

	b.set_configuration(1);
	b.open_all();
	fill(b, 1);
	b.revoked = {};
	b.phy.reset();
	report(b.revoked == std::array<unsigned, Contexts>{1, 1, 1, 1} && b.top.alt_o == 0 && !b.top.configured_o &&
		       empty(b, 1),
	       "bus reset: every context revoked once");
	b.address = 0;
	b.enumerate(6);
	report(b.set_interface(1, 1) && fresh(b, 1), "and fresh when opened again");

	fill(b, 1);
	b.settle();
	b.firmware_dead = true;
	unsigned epoch = b.epoch(1);
	b.setup({0x01, 11, 0, 1, 0});
	b.phy.run(3);
	report(b.epoch(1) == epoch + 1 && !b.alt(1) && empty(b, 1), "with a dead CPU too");
	b.revoked = {};
	auto before = b.top.alt_o;
	for (const Setup &s : {Setup{0x01, 11, 2, 1, 0},
			       {0x01, 11, 1, Contexts, 0},
			       {0x01, 11, 1, 0x101, 0},
			       {0x21, 11, 1, 1, 0},
			       {0x00, 11, 1, 1, 0},
			       {0x81, 11, 1, 1, 0},
			       {0x01, 11, 1, 1, 1},
			       {0x01, 10, 1, 1, 0},
			       {0x00, 9, 2, 0, 0},
			       {0x00, 9, 0x101, 0, 0},
			       {0x00, 9, 1, 1, 0},
			       {0x40, 9, 1, 0, 0}})
		b.setup(s);
	b.setup({0x01, 11, 0, 2, 0}, {.bad_data_crc = true});
	b.phy.run(3);
	report(b.revoked == std::array<unsigned, Contexts>{} && b.top.alt_o == before && b.top.configured_o,
	       "near misses and damaged packets revoke nothing");
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

// A job is writing and pushing when its context is revoked: nothing of it may be seen by the next owner.
void test_revocation_race()
{
	Plugged b;
	b.open_all();
	b.loop.fill(true);
	bool ok = true;
	Bytes data;
	for (unsigned gap = 0; gap < 700; gap += 9) {
		b.stubborn = gap % 2;
		Bytes old = random_bytes(512);
		b.bulk_out(0, old);
		b.bulk_out(1, old);
		b.phy.run(gap);
		ok = b.set_interface(0, 1) && b.bulk_in(0, data) == Result::Nak && ok;
		Result r = Result::Nak;
		for (unsigned i = 0; i < 50 && r == Result::Nak; i++)
			r = b.bulk_in(1, data);
		ok = r == Result::Data && data == old && ok;
	}
	b.loop.fill(false);
	report(ok, "revoked in every phase of a job: nothing is left over, the other context loses nothing");
}

void test_wiping()
{
	Plugged b;
	b.open_all();
	for (unsigned k = 0; k < Contexts; k++) {
		for (unsigned i = 0; i < RingPackets; i++) {
			b.bulk_out(k, random_bytes(512));
			b.push(k, random_bytes(512));
		}
	}
	unsigned others = b.remains(0) + b.remains(1) + b.remains(3);
	report(b.remains(2) > 8000, "packet buffers are full");
	Bytes data;
	bool toggle;
	uint64_t begin = b.cycle;
	bool ok = b.control({0x01, 11, 1, 2, 0});
	ok = b.out(3, {1, 2, 3}, false) == Result::Nak && b.in(3, data, toggle) == Result::Nak &&
	     b.ping(3) == Result::Nak && ok;
	b.push(2, {7, 7, 7});
	ok = b.bulk_in(0, data) == Result::Data && ok;
	ok = b.wiped() && ok;
	report(ok && b.cycle - begin < 5000, "while they are overwritten the context is NAKed, others are served");
	report(b.remains(2) == 0 && b.remains(0) + b.remains(1) + b.remains(3) == others,
	       "every byte of its buffers is zero, and of no other's");
	b.out_toggle[2] = b.in_toggle[2] = false;
	report(empty(b, 2) && fresh(b, 2), "and what a late job pushed meanwhile is dropped");
	b.set_configuration(1);
	report(b.remains(0) + b.remains(1) + b.remains(2) + b.remains(3) == 0,
	       "SET_CONFIGURATION overwrites all of them");
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

// Packets of arbitrary bytes, some with a good token or a good identifier in front: none may disturb what follows.
void test_garbage()
{
	Plugged b;
	b.open_all();
	bool ok = true;
	Bytes data;
	auto epochs = b.top.epoch_o;
	for (unsigned i = 0; i < 1500 && ok; i++) {
		static constexpr Pid pids[] = {Pid::Out,   Pid::In,  Pid::Setup, Pid::Ping,  Pid::Sof, Pid::Data0,
					       Pid::Data1, Pid::Ack, Pid::Nak,   Pid::Stall, Pid::Nyet};
		Transaction t{.token = Pid::None, .data = random_bytes(1 + (pick(4) ? pick(12) : pick(1300)))};
		if (pick(2))
			t.data[0] = uint8_t(pids[pick(std::size(pids))]);
		if (pick(4) == 0)
			t.data = token_packet(pick(2) ? Pid::Out : Pid::Setup, uint16_t(5 | pick(6) << 7));
		Result r = b.phy.transaction(t);
		// A random token to us with a good CRC may be answered; nothing else may.
		ok = r == Result::Timeout || (t.data.size() == 3 && r != Result::Data);
		ok = ok && !b.available(0) && !b.available(1) && !b.available(2) && !b.available(3);
		if (i % 50 == 0) {
			Bytes packet = random_bytes(100);
			ok = ok && b.control_in(GetDescriptor, data) && data == expected_in(GetDescriptor) &&
			     b.bulk_out(i % Contexts, packet) == Result::Ack && b.pop(i % Contexts, data) &&
			     data == packet;
			b.push(i % Contexts, packet);
			ok = ok && b.bulk_in(i % Contexts, data) == Result::Data && data == packet;
		}
	}
	report(ok && b.top.epoch_o == epochs && b.phy.unexpected() == 0, "packets of random bytes");
}

// Everything at once, against a model of queues: packets come back once each, in order, whatever is lost on the way.
void test_soak(unsigned rounds)
{
	Plugged b;
	b.open_all();
	b.loop.fill(true);
	std::array<std::deque<Bytes>, Contexts> owed;
	std::array<bool, Contexts> lost{}; // the host missed our ACK: it repeats
	std::array<Bytes, Contexts> repeat;
	unsigned moved = 0, revocations = 0, requests = 0;
	bool ok = true;
	for (unsigned i = 0; i < rounds && ok; i++) {
		unsigned ctx = pick(Contexts), what = pick(100);
		b.phy.bit_stuffing = pick(2);
		if (what < 45) {
			Bytes packet = lost[ctx] ? repeat[ctx] : random_bytes(pick(3) ? 512 : pick(513));
			Faults f{.bad_token_crc = pick(20) == 0,
				 .bad_data_crc = pick(20) == 0,
				 .truncate = pick(20) ? 0 : pick(600)};
			bool damaged = f.bad_token_crc || f.bad_data_crc || f.truncate;
			bool toggle = b.out_toggle[ctx];
			Result r = b.bulk_out(ctx, packet, f);
			ok = (r == Result::Timeout) == damaged;
			if (!ok)
				std::printf(
					"     OUT of %zu bytes (token %d, CRC %d, cut %u, repeated %d): result %d\n",
					packet.size(), f.bad_token_crc, f.bad_data_crc, f.truncate, lost[ctx], int(r));
			if (r == Result::Ack || r == Result::Nyet) {
				if (!lost[ctx])
					owed[ctx].push_back(packet);
				lost[ctx] = pick(10) == 0;
				if (lost[ctx]) {
					b.out_toggle[ctx] = toggle;
					repeat[ctx] = packet;
				}
			}
		} else if (what < 92) {
			Bytes data;
			bool drop = pick(10) == 0;
			Result r = b.bulk_in(ctx, data, {.drop_ack = drop});
			ok = r == Result::Nak || (r == Result::Data && !owed[ctx].empty() && data == owed[ctx].front());
			if (r == Result::Data && !drop) {
				owed[ctx].pop_front();
				moved++;
			}
		} else if (what < 95) {
			b.phy.sof(uint16_t(i));
			b.phy.run(pick(600));
		} else if (what < 97) {
			ok = b.set_interface(ctx, 1);
			owed[ctx].clear();
			lost[ctx] = false;
			revocations++;
		} else {
			Setup s{ClassIn, 1, uint16_t(pick(1025)), uint16_t(i), uint16_t(pick(1024) + 1)};
			Bytes data, expected = expected_in(s);
			expected.resize(std::min<size_t>(expected.size(), s.length));
			ok = b.control_in(s, data, pick(2)) && data == expected;
			requests++;
		}
		if (!ok)
			std::printf("     round %u, context %u, action %u\n", i, ctx, what);
	}
	std::printf("     %u packets, %u revocations, %u requests, %.1f million cycles\n", moved, revocations, requests,
		    double(b.cycle) / 1e6);
	report(ok && moved > rounds / 10 && b.phy.unexpected() == 0, "random soak");
}

} // namespace

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? unsigned(std::strtoul(argv[1], nullptr, 0)) : std::random_device{}();

	std::printf("seed %u\n", seed);
	rng.seed(seed);
	test_enumeration();
	test_control_in();
	test_control_out();
	test_waiting();
	test_new_setup();
	test_stamps();
	test_closed();
	test_bulk_out();
	test_bulk_in();
	test_throughput();
	test_revocation();
	test_halt_clear();
	test_revocation_race();
	test_wiping();
	test_full_speed();
	test_rest();
	test_garbage();
	test_soak(3000);
	std::printf("%s, seed %u\n", failures ? "FAILED" : "passed", seed);
	return failures != 0;
}
