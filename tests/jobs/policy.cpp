// SPDX-License-Identifier: Apache-2.0
// Surfaces, output policy, owners.
#include "tests.h"

static void make_surface(Rig &rig, unsigned index, const session &s, unsigned base, unsigned pages)
{
	rig.surfaces[index] = {true, s.ctx, s.base, s.slot >> 8, 5, base, pages};
}

static unsigned status_of(Rig &rig, unsigned ctx, const coffer_job &h, const bytes &rest = {})
{
	uint8_t before[sizeof rig.memory];
	memcpy(before, rig.memory, sizeof before);
	answer a = rig.job(ctx, h, rest);
	if (a.done.status != COFFER_JOB_OK) {
		CHECK(a.done.bytes == 0 && a.payload.empty());
		CHECK(!memcmp(before, rig.memory, sizeof before)); // nothing half done
	}
	return a.done.status;
}

static session with_content(Rig &rig, unsigned ctx, unsigned base, bytes &key)
{
	session s = protected_session(rig, ctx, base);
	key = random_bytes(16);
	CHECK(load_key(rig, s, aes_block(s.key, false, key), 16, COFFER_CTR_WRAP64).done.status == COFFER_JOB_OK);
	return s;
}

// A read-back: in, through protected memory, out under the read-back key.
static void readback(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	fill_pool(rig);
	bytes key;
	session s = with_content(rig, 1, 0, key);
	make_surface(rig, 3, s, 4, 5);
	coffer_job in = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 3000);
	in.counter_rule = COFFER_CTR_WRAP64;
	in.dst_handle = COFFER_HANDLE(3, 5);
	in.dst_offset = 1234;
	memcpy(in.iv, random_bytes(16).data(), 16);
	bytes cipher = random_bytes(3000);
	position end;
	bytes plain = reference_job(in, key, {}, cipher, &end);
	answer a = rig.job(1, in, cipher);
	CHECK(a.done.status == COFFER_JOB_OK && a.done.bytes == 3000);
	CHECK(!memcmp(rig.memory + 4 * kPage + 1234, plain.data(), plain.size()));

	coffer_job make = header(COFFER_OP_NEW_READBACK_KEY, 2);
	make.flags = COFFER_JOB_RETURN;
	make.slot = s.slot;
	make.dst_handle = s.readback;
	a = rig.job(1, make);
	CHECK(a.done.status == COFFER_JOB_OK && a.payload.size() == 16 && a.done.bytes == 16);
	bytes rkey = aes_block(s.key, true, a.payload);

	coffer_job out = crypt(3, s.readback, COFFER_MODE_CTR,
			       COFFER_JOB_ENCRYPT | COFFER_JOB_SRC_SURFACE | COFFER_JOB_RETURN, 3000);
	out.counter_rule = COFFER_CTR_REFUSE64;
	out.src_handle = COFFER_HANDLE(3, 5);
	out.src_offset = 1234;
	uint64_t last = 0;
	for (unsigned length : {3000u, 1u, 512u, 513u, 0u, 16u}) {
		out.length = length;
		memcpy(out.iv, random_bytes(16).data(), 16); // ignored
		a = rig.job(1, out);
		CHECK(a.done.status == COFFER_JOB_OK && a.done.bytes == length);
		uint64_t iv = 0;
		for (unsigned i = 0; i < 8; i++)
			iv = iv << 8 | a.done.board_iv[i];
		CHECK(iv >> 63 == 0 && (last == 0 || iv == last + 1));
		last = iv;
		for (unsigned i = 8; i < 16; i++)
			CHECK(a.done.board_iv[i] == 0);
		coffer_job back = out;
		memcpy(back.iv, a.done.board_iv, 16);
		CHECK(reference_job(back, rkey, {}, a.payload, &end) == bytes(plain.begin(), plain.begin() + length));
	}
	// A new key starts at another IV.
	fill_pool(rig);
	a = rig.job(1, make);
	CHECK(aes_block(s.key, true, a.payload) != rkey);
	a = rig.job(1, out);
	CHECK(a.done.status == COFFER_JOB_OK && memcmp(a.done.board_iv, &last, 8));
}

// A protected surface has one way out.
static void one_way_out(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	fill_pool(rig);
	bytes key, other_key;
	session s = with_content(rig, 0, 0, key), other = with_content(rig, 0, 3, other_key);
	make_surface(rig, 0, s, 0, 2);
	make_surface(rig, 1, other, 2, 2);
	for (const session &x : {s, other}) {
		fill_pool(rig);
		coffer_job make = header(COFFER_OP_NEW_READBACK_KEY, 2);
		make.flags = COFFER_JOB_RETURN;
		make.slot = x.slot;
		make.dst_handle = x.readback;
		CHECK(rig.job(0, make).done.status == COFFER_JOB_OK);
	}
	bytes open = random_bytes(16);
	attr a = {.session = 6, .ctx = 0, .usage = DATA_USE, .rules = ALL_RULES};
	uint32_t open_slot = rig.key_slot(6, a, open);

	const unsigned out_flags = COFFER_JOB_ENCRYPT | COFFER_JOB_SRC_SURFACE | COFFER_JOB_RETURN;
	coffer_job good = crypt(1, s.readback, COFFER_MODE_CTR, out_flags, 100), h;
	good.src_handle = COFFER_HANDLE(0, 5);
	CHECK(status_of(rig, 0, good) == COFFER_JOB_OK);
	h = good;
	h.slot = open_slot;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE); // another session's key
	h = good;
	h.slot = other.readback;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE);
	h = good;
	h.src_handle = COFFER_HANDLE(1, 5);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE); // another session's surface as source
	h = good;
	h.src_handle = COFFER_HANDLE(0, 4);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE); // stale
	h = good;
	h.src_handle = COFFER_HANDLE(2, 0);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE); // no such surface
	h = good;
	h.src_handle = COFFER_HANDLE(16, 5);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_BAD_HANDLE);
	h = good;
	h.flags &= ~COFFER_JOB_ENCRYPT;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h = good;
	h.mode = COFFER_MODE_ECB;
	h.length = 96;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h = good;
	h.keystream_byte = 1;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h = good;
	h.slot = s.content; // content and session keys encrypt nothing and read no surface
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h.flags &= ~COFFER_JOB_ENCRYPT;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h.slot = s.slot;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY);
	h = good;
	h.flags = COFFER_JOB_ENCRYPT | COFFER_JOB_SRC_SURFACE | COFFER_JOB_DST_SURFACE;
	h.dst_handle = h.src_handle;
	CHECK(status_of(rig, 0, h) == COFFER_JOB_POLICY); // memory to memory
	h = good;
	h.flags |= COFFER_JOB_LIST;
	h.pairs = 1; // a read-back with clear bytes
	coffer_pair pair = {100, 0};
	bytes list(8);
	memcpy(list.data(), &pair, 8);
	CHECK(status_of(rig, 0, h, list) == COFFER_JOB_POLICY);
	h = crypt(1, s.readback, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 100);
	CHECK(status_of(rig, 0, h, random_bytes(100)) == COFFER_JOB_POLICY); // the host's bytes under the read-back key
	// A counter of the host's choosing is not taken.
	answer one = rig.job(0, good);
	h = good;
	memcpy(h.iv, one.done.board_iv, 16);
	answer two = rig.job(0, h);
	CHECK(two.done.status == COFFER_JOB_OK && memcmp(one.done.board_iv, two.done.board_iv, 16));
	CHECK(one.payload != two.payload);
}

// Protected plaintext stays in protected memory of its session.
static void protected_in(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	bytes key, other_key;
	session s = with_content(rig, 2, 0, key), other = with_content(rig, 2, 3, other_key);
	session foreign = with_content(rig, 3, 0, other_key);
	make_surface(rig, 0, s, 0, 2);
	make_surface(rig, 1, other, 2, 2);
	make_surface(rig, 2, foreign, 4, 2);
	bytes data = random_bytes(100);
	coffer_job good = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 100), h;
	good.dst_handle = COFFER_HANDLE(0, 5);
	CHECK(status_of(rig, 2, good, data) == COFFER_JOB_OK);
	h = good;
	h.flags = COFFER_JOB_RETURN;
	h.dst_handle = 0;
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_POLICY);
	h.slot = s.slot;
	h.counter_rule = COFFER_CTR_REFUSE64;
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_POLICY);
	h = good;
	h.flags |= COFFER_JOB_ENCRYPT;
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_POLICY);
	h = good;
	h.dst_handle = COFFER_HANDLE(1, 5);
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_BAD_HANDLE);
	h = good;
	h.dst_handle = COFFER_HANDLE(2, 5);
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_BAD_HANDLE);
	h = good;
	h.slot = foreign.content; // the handle is right, the interface is not
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_BAD_HANDLE);
	h.dst_handle = COFFER_HANDLE(2, 5);
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_BAD_HANDLE);
	CHECK(status_of(rig, 3, h, data) == COFFER_JOB_OK); // ... and here it is
	h = good;
	h.slot = s.readback;
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_NO_KEY);
	// An open key does not write into a protected surface.
	attr a = {.session = 2 * kShare + 6, .ctx = 2, .usage = DATA_USE, .rules = ALL_RULES};
	h = good;
	h.slot = rig.key_slot(2 * kShare + 6, a, random_bytes(16));
	CHECK(status_of(rig, 2, h, data) == COFFER_JOB_BAD_HANDLE);
}

static void surface_bounds(Rig &rig)
{
	uint32_t slot = open_key(rig, 0, random_bytes(16));
	rig.surfaces[0] = {true, 0, 0, slot >> 8, 1, 30, 2}; // the last two pages
	rig.surfaces[15] = {true, 0, 0, slot >> 8, 1, 0, 32};
	static const struct {
		uint32_t offset, length;
		bool ok;
	} cases[] = {
		{0, 4096, true},           {1, 4096, false},
		{4095, 1, true},           {4096, 0, true},
		{4096, 1, false},          {4097, 0, false},
		{0xFFFFFFFF, 1, false},    {0xFFFFFFFF, 2, false},
		{0xFFFFF000, 4096, false}, {0x80000000, 0x80000000, false},
		{0, 0xFFFFFFFF, false},    {1, 0xFFFFFFFF, false},
		{0x10000, 16, false},      {2000, 2096, true},
		{2000, 2097, false},
	};
	for (auto &c : cases) {
		coffer_job h =
			crypt(c.offset, slot, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE | COFFER_JOB_ENCRYPT, c.length);
		h.dst_handle = COFFER_HANDLE(0, 1);
		h.dst_offset = c.offset;
		CHECK(status_of(rig, 0, h, random_bytes(c.ok ? c.length : 40)) ==
		      (c.ok ? COFFER_JOB_OK : COFFER_JOB_RANGE));
		h.flags = COFFER_JOB_SRC_SURFACE | COFFER_JOB_RETURN | COFFER_JOB_ENCRYPT;
		std::swap(h.dst_handle, h.src_handle);
		std::swap(h.dst_offset, h.src_offset);
		CHECK(status_of(rig, 0, h) == (c.ok ? COFFER_JOB_OK : COFFER_JOB_RANGE));
	}
	// The whole memory, from and to surfaces of an open session.
	coffer_job h = crypt(1, slot, COFFER_MODE_CTR,
			     COFFER_JOB_SRC_SURFACE | COFFER_JOB_DST_SURFACE | COFFER_JOB_ENCRYPT, 65536);
	h.src_handle = h.dst_handle = COFFER_HANDLE(15, 1);
	bytes before(rig.memory, rig.memory + 65536);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_OK);
	CHECK(status_of(rig, 0, h) == COFFER_JOB_OK); // CTR twice
	CHECK(!memcmp(before.data(), rig.memory, 65536));
	// A source of memory has no payload.
	CHECK(rig.job(0, h, random_bytes(1)).done.status == COFFER_JOB_LONG);
}

// A surface that ends in the middle of its job, and one that takes its place.
static void surface_ends(Rig &rig)
{
	for (unsigned when = 0; when < 3000; when += 1 + random_below(120)) {
		bytes key = random_bytes(16);
		uint32_t slot = open_key(rig, 0, key);
		rig.surfaces[4] = {true, 0, 0, slot >> 8, 9, 0, 2};
		coffer_job h = crypt(1, slot, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE | COFFER_JOB_ENCRYPT, 2500);
		h.dst_handle = COFFER_HANDLE(4, 9);
		bytes t(sizeof h), data = random_bytes(2500);
		memcpy(t.data(), &h, sizeof h);
		t.insert(t.end(), data.begin(), data.end());
		rig.send(0, t);
		rig.run(when);
		rig.surfaces[4].gen++;
		rig.run(5); // job_watch.sv
		uint8_t seen[4096];
		memcpy(seen, rig.memory, sizeof seen);
		rig.idle();
		answer a = rig.take(0, false);
		CHECK(a.done.status == COFFER_JOB_BAD_HANDLE ||
		      (a.done.status == COFFER_JOB_OK && a.done.bytes == 2500));
		CHECK(!memcmp(seen, rig.memory, sizeof seen));
		end_session(rig, 0, 0);
	}
}

const std::vector<test> policy_tests = {
	{"read-back", readback},
	{"one-way-out-of-protected-memory", one_way_out},
	{"protected-plaintext-stays-protected", protected_in},
	{"surface-bounds", surface_bounds},
	{"surface-ends-in-mid-job", surface_ends},
};
