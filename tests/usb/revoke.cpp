// SPDX-License-Identifier: Apache-2.0
//
// Revocation of a context: rings, toggles and epoch; what a running job leaves; packet buffers overwritten.
#include "tests.h"

namespace {

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

} // namespace

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
