// SPDX-License-Identifier: Apache-2.0
// Bad input: each is answered with its status, nothing is done, and the next job works.
#include "tests.h"

static void still_works(Rig &rig, unsigned ctx)
{
	coffer_job h = header(COFFER_OP_LOOP, 0xA5A5);
	bytes data = random_bytes(20);
	h.flags = COFFER_JOB_RETURN;
	h.length = 20;
	answer a = rig.job(ctx, h, data);
	CHECK(a.done.status == COFFER_JOB_OK && a.done.id == 0xA5A5 && a.payload == data);
}

// A header with one field changed.
static void field(Rig &rig, const coffer_job &good, const std::function<void(coffer_job &)> &change, unsigned status,
		  const char *what)
{
	coffer_job h = good;
	change(h);
	bytes t(sizeof h);
	memcpy(t.data(), &h, sizeof h);
	bytes data = random_bytes(good.length);
	t.insert(t.end(), data.begin(), data.end());
	rig.send(0, t);
	rig.idle();
	bool ret = status != COFFER_JOB_BAD_HEADER && (h.flags & COFFER_JOB_RETURN);
	answer a = rig.take(0, ret);
	if (a.done.status != status)
		printf("    %s: status %u, not %u\n", what, a.done.status, status);
	CHECK(a.done.status == status);
	CHECK(a.done.id == good.id);
	CHECK(a.done.bytes == 0 && a.payload.empty());
	CHECK(rig.in_packets(0) == 0);
}

#define FIELD(change, status)                                                                                          \
	field(                                                                                                         \
		rig, good, [&](coffer_job &h) { change; }, status, #change)

static void every_field(Rig &rig)
{
	uint32_t slot = open_key(rig, 0, random_bytes(16));
	coffer_job good = crypt(99, slot, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 700);
	for (unsigned bit = 0; bit < 16; bit++)
		FIELD(h.magic ^= uint16_t(1u << bit), COFFER_JOB_BAD_HEADER);
	FIELD(h.version = 0, COFFER_JOB_BAD_HEADER);
	FIELD(h.version = 2, COFFER_JOB_BAD_HEADER);
	for (unsigned i = 0; i < 6; i++)
		FIELD(h.reserved[i] = 1, COFFER_JOB_BAD_HEADER);
	for (unsigned op : {7u, 8u, 255u})
		FIELD(h.op = uint8_t(op), COFFER_JOB_BAD_FIELD);
	for (unsigned mode : {0u, 4u, 255u})
		FIELD(h.mode = uint8_t(mode), COFFER_JOB_BAD_FIELD);
	for (unsigned bit = 5; bit < 8; bit++) // without a pattern, CTR has no use for MORE and RESTART
		FIELD(h.flags |= uint8_t(1u << bit), COFFER_JOB_BAD_FIELD);
	FIELD(h.flags = COFFER_JOB_ENCRYPT, COFFER_JOB_BAD_FIELD);      // no destination
	FIELD(h.flags |= COFFER_JOB_DST_SURFACE, COFFER_JOB_BAD_FIELD); // two destinations
	FIELD(h.flags |= COFFER_JOB_LIST, COFFER_JOB_BAD_FIELD);        // a list of no pairs
	FIELD(h.pairs = 1, COFFER_JOB_BAD_FIELD);                       // pairs without a list
	FIELD((h.pairs = 129, h.flags |= COFFER_JOB_LIST), COFFER_JOB_RANGE);
	FIELD((h.pairs = 0x8001, h.flags |= COFFER_JOB_LIST), COFFER_JOB_RANGE);
	FIELD(h.counter_rule = 3, COFFER_JOB_BAD_FIELD);
	FIELD(h.counter_rule = 255, COFFER_JOB_BAD_FIELD);
	FIELD(h.keystream_byte = 16, COFFER_JOB_BAD_FIELD);
	FIELD(h.keystream_byte = 0x80, COFFER_JOB_BAD_FIELD);
	FIELD(h.crypt_blocks = 16, COFFER_JOB_BAD_FIELD);
	FIELD(h.skip_blocks = 9, COFFER_JOB_BAD_FIELD);
	FIELD(h.pattern_phase = 0x100, COFFER_JOB_BAD_FIELD);
	FIELD(h.src_handle = 0x100, COFFER_JOB_BAD_FIELD);
	FIELD(h.src_offset = 0x1000000, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_handle = 0x100, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_offset = 16, COFFER_JOB_BAD_FIELD);
	FIELD((h.mode = COFFER_MODE_ECB, h.counter_rule = 1), COFFER_JOB_BAD_FIELD);
	FIELD((h.mode = COFFER_MODE_ECB, h.keystream_byte = 1), COFFER_JOB_BAD_FIELD);
	FIELD((h.mode = COFFER_MODE_ECB), COFFER_JOB_BAD_FIELD); // 700 is no multiple of 16
	FIELD(h.slot = 0, COFFER_JOB_BAD_HANDLE);
	FIELD(h.slot += 1, COFFER_JOB_BAD_HANDLE);    // a slot of nobody
	FIELD(h.slot += 0x40, COFFER_JOB_BAD_HANDLE); // no such slot
	FIELD(h.slot += 0x80, COFFER_JOB_BAD_HANDLE);
	FIELD(h.slot += 0x100, COFFER_JOB_BAD_HANDLE); // another generation
	FIELD(h.slot += 0x80000000, COFFER_JOB_BAD_HANDLE);
	still_works(rig, 0);
}

// Operations that use less of the header want the rest to be zero.
static void fields_of_operations(Rig &rig)
{
	coffer_job good = header(COFFER_OP_NOP, 5);
	FIELD(h.slot = 0x100, COFFER_JOB_BAD_FIELD);
	FIELD(h.mode = 2, COFFER_JOB_BAD_FIELD);
	FIELD(h.flags = COFFER_JOB_RETURN, COFFER_JOB_BAD_FIELD);
	FIELD(h.length = 1, COFFER_JOB_BAD_FIELD);
	good.op = COFFER_OP_LOOP;
	FIELD(h.slot = 0x100, COFFER_JOB_BAD_FIELD);
	FIELD(h.flags = COFFER_JOB_ENCRYPT, COFFER_JOB_BAD_FIELD);
	FIELD(h.flags = COFFER_JOB_SRC_SURFACE, COFFER_JOB_BAD_FIELD);
	FIELD(h.counter_rule = 1, COFFER_JOB_BAD_FIELD);
	for (unsigned op : {COFFER_OP_NEW_READBACK_KEY, COFFER_OP_START_REFRESH}) {
		good.op = uint8_t(op);
		good.flags = COFFER_JOB_RETURN;
		FIELD(h.flags = 0, COFFER_JOB_BAD_FIELD);
		FIELD(h.length = 16, COFFER_JOB_BAD_FIELD);
		FIELD(h.dst_offset = 16, COFFER_JOB_BAD_FIELD);
	}
	good.flags = 0;
	good.op = COFFER_OP_REFRESH;
	FIELD(h.flags = COFFER_JOB_RETURN, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_handle = 0x101, COFFER_JOB_BAD_FIELD);
	good.op = COFFER_OP_LOAD_KEY;
	good.mode = COFFER_MODE_CTR;
	good.length = 16;
	good.dst_offset = 16;
	FIELD(h.mode = 0, COFFER_JOB_BAD_FIELD);
	FIELD(h.mode = 4, COFFER_JOB_BAD_FIELD);
	FIELD(h.crypt_blocks = 1, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_offset = 17, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_offset = 0, COFFER_JOB_BAD_FIELD);
	FIELD(h.dst_offset = 32, COFFER_JOB_BAD_FIELD);
	FIELD(h.length = 32, COFFER_JOB_BAD_FIELD);
	FIELD(h.length = 0x10010, COFFER_JOB_BAD_FIELD);
	FIELD(h.counter_rule = 3, COFFER_JOB_BAD_FIELD);
	still_works(rig, 0);
}

static void header_cut_short(Rig &rig)
{
	coffer_job h = header(COFFER_OP_NOP, 77);
	bytes t(sizeof h);
	memcpy(t.data(), &h, sizeof h);
	for (unsigned n = 1; n < sizeof h; n++) {
		rig.packet(0, bytes(t.begin(), t.begin() + n));
		rig.idle();
		answer a = rig.take(0, false);
		CHECK(a.done.status == COFFER_JOB_BAD_HEADER);
		CHECK(a.done.id == 0);
		CHECK(rig.in_packets(0) == 0);
	}
	still_works(rig, 0);
}

static void zlp_at_boundary(Rig &rig)
{
	for (unsigned i = 0; i < 3; i++)
		rig.packet(2, {});
	rig.idle();
	CHECK(rig.in_packets(2) == 0 && rig.waiting(2) == 0);
	still_works(rig, 2);
}

static void payload_short_or_long(Rig &rig)
{
	bytes key = random_bytes(16);
	uint32_t slot = open_key(rig, 0, key);
	for (unsigned length : {0u, 1u, 448u, 449u, 700u, 960u, 1500u})
		for (unsigned sent : {0u, 1u, 16u, 447u, 448u, 449u, 700u, 960u, 961u, 1472u, 1500u, 2100u})
			for (bool loop : {false, true}) {
				coffer_job h = crypt(sent, slot, COFFER_MODE_CTR,
						     COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, length);
				if (loop) {
					h = header(COFFER_OP_LOOP, sent);
					h.length = length;
					h.flags = COFFER_JOB_RETURN;
				}
				bytes data = random_bytes(sent);
				answer a = rig.job(0, h, data);
				CHECK(a.done.status == (sent < length   ? COFFER_JOB_SHORT
							: sent > length ? COFFER_JOB_LONG
									: COFFER_JOB_OK));
				CHECK(a.done.id == sent);
				data.resize(std::min(sent, length));
				position end;
				bytes want = loop ? data : reference_job(h, key, {}, data, &end);
				CHECK(a.done.bytes == want.size());
				CHECK(a.payload == want);
				if (!loop) // where to go on
					CHECK(!memcmp(a.done.iv, end.iv, 16) && a.done.keystream_byte == end.ks);
			}
	still_works(rig, 0);
}

static void lists(Rig &rig)
{
	uint32_t slot = open_key(rig, 0, random_bytes(16));
	auto run = [&](uint32_t length, const std::vector<coffer_pair> &list, size_t sent_list, unsigned mode) {
		coffer_job h = crypt(3, slot, mode, COFFER_JOB_RETURN | COFFER_JOB_LIST, length);
		h.pairs = uint16_t(list.size());
		bytes rest(8 * list.size());
		memcpy(rest.data(), list.data(), rest.size());
		rest.resize(sent_list);
		if (sent_list == 8 * list.size())
			rest.resize(rest.size() + 64);
		answer a = rig.job(0, h, rest);
		CHECK(a.payload.empty() && a.done.bytes == 0);
		return a.done.status;
	};
	std::vector<coffer_pair> list = {{10, 20}, {30, 3}};
	CHECK(run(64, list, 16, COFFER_MODE_CTR) == COFFER_JOB_RANGE); // sums up to 63
	list[1].encrypted = 5;
	CHECK(run(64, list, 16, COFFER_MODE_CTR) == COFFER_JOB_RANGE); // 65
	list = {{0xFFFFFFFF, 65}};
	CHECK(run(64, list, 8, COFFER_MODE_CTR) == COFFER_JOB_RANGE); // 64 in 32 bits
	list = {{0x80000000, 32}, {0x80000000, 32}};
	CHECK(run(64, list, 16, COFFER_MODE_CTR) == COFFER_JOB_RANGE);
	list = {{32, 0x80000000}, {0x80000000, 32}};
	CHECK(run(64, list, 16, COFFER_MODE_CTR) == COFFER_JOB_RANGE);
	list = {{0, 32}, {17, 15}};
	CHECK(run(64, list, 16, COFFER_MODE_ECB) == COFFER_JOB_RANGE); // no whole blocks
	list.assign(128, {0, 0});
	CHECK(run(64, list, 1024, COFFER_MODE_CTR) == COFFER_JOB_RANGE);
	for (unsigned cut : {0u, 1u, 7u, 447u, 448u, 449u, 960u, 1023u}) // the list itself is cut short
		CHECK(run(64, list, cut, COFFER_MODE_CTR) == COFFER_JOB_SHORT);
	still_works(rig, 0);
}

const std::vector<test> header_tests = {
	{"header-every-field", every_field},
	{"header-fields-of-operations", fields_of_operations},
	{"header-cut-short", header_cut_short},
	{"zlp-at-job-boundary", zlp_at_boundary},
	{"payload-short-or-long", payload_short_or_long},
	{"list-bad", lists},
};
