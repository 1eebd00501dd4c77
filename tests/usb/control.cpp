// SPDX-License-Identifier: Apache-2.0
//
// Endpoint 0: reset and enumeration, the stages of control transfers, requests that are overtaken or damaged.
#include "tests.h"

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
