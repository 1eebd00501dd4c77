// SPDX-License-Identifier: Apache-2.0
//
// Random packets and random traffic.
#include <iterator>

#include "tests.h"

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
