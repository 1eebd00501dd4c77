// SPDX-License-Identifier: Apache-2.0
// Slots, roles, key operations, IV policies.
#include "tests.h"

enum { RESERVE = 1, KEY = 2, COMMIT = 3, REVOKE = 4, GENERATION = 5 };

static void reserve_rules(Rig &rig)
{
	const unsigned W = COFFER_USE_WRAP, C = COFFER_USE_CTR, E = COFFER_USE_ECB, B = COFFER_USE_CBC,
		       M = COFFER_USE_MAC, EN = COFFER_USE_ENCRYPT, DE = COFFER_USE_DECRYPT;
	auto tries = [&](unsigned slot, attr a, bool want) {
		bool ok = rig.command(RESERVE, slot, a.ctx, a.word());
		if (ok != want)
			printf("    slot %u role %u open %u usage %02x\n", slot, a.role, a.open, a.usage);
		CHECK(ok == want);
	};
	// Session slots alone.
	for (unsigned usage = 0; usage < 128; usage++)
		for (unsigned open = 0; open < 2; open++) {
			attr a = {.session = 16, .ctx = 1, .open = open, .usage = usage};
			bool wraps_alone = !(usage & W) || !(usage & (E | B | M | (open ? C : 0)));
			bool film = open || !(usage & (EN | E | B | M));
			tries(16, a, wraps_alone && film);
			if (wraps_alone && film)
				end_session(rig, 1, 16);
		}
	attr a = {.session = 16, .ctx = 1, .usage = W | DE};
	tries(17, a, false); // a session slot is its own session
	tries(15, a, false); // another context's slot
	a.ctx = 2;
	tries(16, a, false);
	a = {.session = 16, .ctx = 1, .role = CONTENT, .usage = C | DE};
	tries(17, a, false); // no session yet
	a = {.session = 16, .ctx = 1, .open = 0, .usage = W | C | DE};
	for (unsigned bytes : {24u, 32u}) {
		attr longer = a;
		longer.key_bytes = bytes;
		tries(16, longer, false); // the DDI's keys have 16 bytes
	}
	CHECK(!rig.command(RESERVE, 16, 1, a.word() | 3u << 14)); // no such length
	CHECK(!rig.command(RESERVE, 16, 1, a.word() | 1u << 29)); // reserved bits
	CHECK(!rig.command(RESERVE, 16, 1, a.word() | 1u << 9));
	CHECK(!rig.command(RESERVE, 16, 1, a.word() | 3u << 12));    // no such role
	CHECK(!rig.command(RESERVE, 16, 1, a.word() & ~(7u << 24))); // no counter rule
	tries(16, a, true);
	attr content = {.session = 16, .ctx = 1, .role = CONTENT, .open = 0, .usage = C | DE};
	content.open = 1;
	tries(17, content, false); // derived keys inherit the stricter policy
	content.open = 0;
	content.usage = C | EN;
	tries(17, content, false);
	content.usage = W | DE;
	tries(17, content, false);
	content.usage = C | E | B | DE;
	tries(17, content, true);
	tries(17, content, true); // once more, while its session has no key
	content.role = READBACK;
	tries(17, content, false);
	content.role = CONTENT;
	content.session = 20;
	tries(17, content, false);
	content.session = 16;
	attr back = {.session = 16, .ctx = 1, .role = READBACK, .open = 0, .usage = C | EN};
	for (unsigned usage : {C | EN | DE, C | EN | E, C | EN | W, C | EN | M, C | EN | B}) {
		attr b = back;
		b.usage = usage;
		tries(18, b, false);
	}
	back.session = 17;
	tries(18, back, false); // the session of a content slot
	back.session = 32;
	tries(18, back, false); // another context's
	back.session = 16;
	tries(18, back, true);
	CHECK(!rig.command(RESERVE, 19, 1, back.word(), 1));  // a later epoch
	CHECK(!rig.command(RESERVE, 19, 1, back.word(), -1)); // a stale one
	CHECK(!rig.command(RESERVE, 19, 5, back.word()));     // no such context
	CHECK(!rig.command(9, 16, 1));                        // no such command
	end_session(rig, 1, 18);                              // any slot of the session names it
	CHECK(rig.top.vault_free_o == ~0ull);
}

// An open session's slot learns its length and use with its key.
static void reserve_again(Rig &rig)
{
	attr a = {.session = 0, .ctx = 0, .usage = 0};
	CHECK(rig.command(RESERVE, 0, 0, a.word()));
	uint32_t gen = rig.generation();
	a.key_bytes = 32;
	a.usage = DATA_USE;
	CHECK(rig.command(RESERVE, 0, 0, a.word()));
	CHECK(rig.generation() == gen);
	a.open = 0;
	a.key_bytes = 16;
	a.usage = COFFER_USE_CTR | COFFER_USE_DECRYPT;
	CHECK(!rig.command(RESERVE, 0, 0, a.word()));
	a.open = 1;
	CHECK(rig.command(KEY, 0, 0));
	rig.key_words(random_bytes(32));
	CHECK(rig.command(COMMIT, 0, 0));
	CHECK(!rig.command(RESERVE, 0, 0, a.word())); // not over a key
}

static void key_write(Rig &rig)
{
	attr a = {.session = 0, .ctx = 0, .key_bytes = 24, .usage = DATA_USE};
	CHECK(!rig.command(KEY, 0, 0)); // free
	CHECK(rig.command(RESERVE, 0, 0, a.word()));
	uint32_t slot = COFFER_HANDLE(0, rig.generation());
	coffer_job h = crypt(1, slot, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 32);
	rig.key_words(random_bytes(24)); // without KEY: dropped
	CHECK(!rig.command(COMMIT, 0, 0));
	for (unsigned n : {0u, 4u, 16u, 20u, 28u, 32u, 64u}) { // a key shorter than the algorithm needs, or longer
		CHECK(rig.command(KEY, 0, 0));
		rig.key_words(random_bytes(n));
		CHECK(!rig.command(COMMIT, 0, 0));
		CHECK(!(rig.top.vault_keyed_o & 1));
		CHECK(rig.job(0, h, random_bytes(32)).done.status == COFFER_JOB_NO_KEY);
	}
	bytes key = random_bytes(24), data = random_bytes(32);
	CHECK(rig.command(KEY, 0, 0));
	rig.key_words(bytes(key.begin(), key.begin() + 12));
	CHECK(!rig.command(COMMIT, 1, 0)); // another slot's
	attr second = {.session = 1, .ctx = 0, .usage = DATA_USE};
	CHECK(rig.command(RESERVE, 1, 0, second.word())); // other sessions do not disturb
	CHECK(!rig.command(COMMIT, 0, 0, 0, 1));          // stale
	rig.key_words(bytes(key.begin() + 12, key.end()));
	CHECK(rig.command(COMMIT, 0, 0));
	CHECK(!rig.command(COMMIT, 0, 0));
	CHECK(!rig.command(KEY, 0, 0)); // written once
	rig.key_words(random_bytes(24));
	answer r = rig.job(0, h, data);
	position end;
	CHECK(r.payload == reference_job(h, key, {}, data, &end));
	// Content and read-back slots are not the CPU's to write.
	session s = protected_session(rig, 2);
	CHECK(!rig.command(KEY, s.base + 1, 2));
	CHECK(!rig.command(KEY, s.base + 2, 2));
	CHECK(!rig.command(KEY, s.base, 2));
	attr content = {
		.session = s.base, .ctx = 2, .role = CONTENT, .open = 0, .usage = COFFER_USE_CTR | COFFER_USE_DECRYPT};
	CHECK(!rig.command(RESERVE, s.base + 1, 2, content.word())); // nor to change, once the session has its key
}

static void generations(Rig &rig)
{
	bytes key = random_bytes(16);
	uint32_t old = open_key(rig, 3, key);
	CHECK(COFFER_HANDLE_GENERATION(old) == 1 && old != 0);
	end_session(rig, 3, 48);
	coffer_job h = crypt(1, old, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 32);
	CHECK(rig.job(3, h, random_bytes(32)).done.status == COFFER_JOB_BAD_HANDLE);
	uint32_t now = open_key(rig, 3, key);
	CHECK(COFFER_HANDLE_GENERATION(now) == 2);
	CHECK(rig.job(3, h, random_bytes(32)).done.status == COFFER_JOB_BAD_HANDLE);
	h.slot = now;
	CHECK(rig.job(3, h, random_bytes(32)).done.status == COFFER_JOB_OK);
	CHECK(rig.command(GENERATION, 48, 3) && rig.generation() == 2);
	CHECK(!rig.command(GENERATION, 48, 2));
}

static void load_keys(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	session s = protected_session(rig, 0);
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 1};
	for (unsigned n : {16u, 32u, 24u, 16u}) {
		bytes key = random_bytes(n == 16 ? 16 : 32);
		answer a = load_key(rig, s, aes_block(s.key, false, key), n, COFFER_CTR_CARRY128);
		CHECK(a.done.status == COFFER_JOB_OK && a.done.bytes == key.size());
		bytes data = random_bytes(64);
		coffer_job h = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 64);
		h.dst_handle = COFFER_HANDLE(0, 1);
		h.counter_rule = COFFER_CTR_REFUSE64; // not loaded for that
		CHECK(rig.job(0, h, data).done.status == COFFER_JOB_POLICY);
		CHECK(load_key(rig, s, aes_block(s.key, false, key), n, 0, COFFER_MODE_ECB).done.status ==
		      COFFER_JOB_OK);
		h.mode = COFFER_MODE_ECB;
		h.counter_rule = 0;
		CHECK(rig.job(0, h, data).done.status == COFFER_JOB_OK);
		key.resize(n);
		CHECK(!memcmp(rig.memory, aes_block(key, true, data).data(), 64));
	}
	// An open session that wraps: its content key may return.
	attr a = {.session = 16, .ctx = 1, .key_bytes = 32, .usage = COFFER_USE_WRAP | COFFER_USE_DECRYPT};
	session o = {.ctx = 1, .base = 16, .key = random_bytes(32)};
	o.slot = rig.key_slot(16, a, o.key);
	a.role = CONTENT;
	a.usage = DATA_USE;
	o.content = rig.key_slot(17, a, {});
	bytes key = random_bytes(16), data = random_bytes(100);
	coffer_job h = crypt(1, o.content, COFFER_MODE_CTR, COFFER_JOB_RETURN, 100);
	CHECK(rig.job(1, h, data).done.status == COFFER_JOB_NO_KEY);
	CHECK(load_key(rig, o, aes_block(o.key, false, key), 16, COFFER_CTR_WRAP64).done.status == COFFER_JOB_OK);
	position end;
	CHECK(rig.job(1, h, data).payload == reference_job(h, key, {}, data, &end));
	h.slot = o.slot; // a key that wraps does neither ECB nor, in open sessions, CTR
	CHECK(rig.job(1, h, data).done.status == COFFER_JOB_POLICY);
	h.mode = COFFER_MODE_ECB;
	h.length = 16;
	CHECK(rig.job(1, h, random_bytes(16)).done.status == COFFER_JOB_POLICY);
	h.slot = s.slot;
	CHECK(rig.job(0, h, random_bytes(16)).done.status == COFFER_JOB_POLICY);
	// The payload is exactly the wrapped key.
	coffer_job l = header(COFFER_OP_LOAD_KEY, 1);
	l.slot = o.slot;
	l.dst_handle = o.content;
	l.mode = COFFER_MODE_CTR;
	l.length = 32;
	l.dst_offset = 32;
	for (unsigned n : {0u, 16u, 31u})
		CHECK(rig.job(1, l, random_bytes(n)).done.status == COFFER_JOB_SHORT);
	for (unsigned n : {33u, 48u, 448u, 1000u})
		CHECK(rig.job(1, l, random_bytes(n)).done.status == COFFER_JOB_LONG);
}

static void roles(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	fill_pool(rig);
	session s = protected_session(rig, 0), t = protected_session(rig, 0, 3);
	session x = s;
	bytes w = random_bytes(16);
	auto load = [&] { return load_key(rig, x, w, 16, COFFER_CTR_WRAP64).done.status; };
	CHECK(load() == COFFER_JOB_OK);
	x.content = t.content;
	CHECK(load() == COFFER_JOB_BAD_HANDLE); // from one session's slot into another's
	x.content = s.readback;
	CHECK(load() == COFFER_JOB_POLICY);
	x.content = s.slot;
	CHECK(load() == COFFER_JOB_POLICY);
	x = s;
	x.slot = s.content;
	CHECK(load() == COFFER_JOB_POLICY); // wrapped under a content key
	x.slot = s.slot + 0x100;
	CHECK(load() == COFFER_JOB_BAD_HANDLE);
	coffer_job h = header(COFFER_OP_NEW_READBACK_KEY, 1);
	h.flags = COFFER_JOB_RETURN;
	h.slot = s.slot;
	h.dst_handle = s.content;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_POLICY);
	h.dst_handle = t.readback;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_BAD_HANDLE);
	h.dst_handle = s.readback;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_OK);
	CHECK(rig.job(1, h).done.status == COFFER_JOB_BAD_HANDLE); // another context
	h.op = COFFER_OP_START_REFRESH;
	h.dst_handle = 0;
	h.slot = s.content;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_POLICY);
	h.slot = s.readback;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_POLICY);
}

// The wrapped form of a read-back key is never accepted as a content key.
static void readback_key_replayed(Rig &rig)
{
	bytes tag_key = random_bytes(16);
	session s = protected_session(rig, 0);
	coffer_job h = header(COFFER_OP_NEW_READBACK_KEY, 1);
	h.flags = COFFER_JOB_RETURN;
	h.slot = s.slot;
	h.dst_handle = s.readback;
	CHECK(rig.job(0, h).done.status == COFFER_JOB_POLICY); // no tag key, no read-back keys
	rig.tag_key(tag_key);
	rig.tag_key(random_bytes(16)); // written once
	fill_pool(rig);
	answer a = rig.job(0, h);
	CHECK(a.done.status == COFFER_JOB_OK && a.payload.size() == 16);
	bytes w = a.payload, half(w.begin(), w.begin() + 8);
	half.resize(16);
	bytes tag = aes_block(tag_key, false, half);
	CHECK(!memcmp(w.data() + 8, tag.data(), 8));
	bytes good = random_bytes(16);
	CHECK(load_key(rig, s, good, 16, 0, COFFER_MODE_ECB).done.status == COFFER_JOB_OK);
	CHECK(load_key(rig, s, w, 16, 1).done.status == COFFER_JOB_WRAPPED_KEY);
	for (unsigned at : {0u, 16u}) { // in any block
		bytes two = random_bytes(32);
		memcpy(&two[at], w.data(), 16);
		CHECK(load_key(rig, s, two, 32, 1).done.status == COFFER_JOB_WRAPPED_KEY);
		CHECK(load_key(rig, s, two, 24, 1).done.status == COFFER_JOB_WRAPPED_KEY);
	}
	// Nothing was written: the key loaded before is still there.
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 1};
	coffer_job c = crypt(1, s.content, COFFER_MODE_ECB, COFFER_JOB_DST_SURFACE, 16);
	c.dst_handle = COFFER_HANDLE(0, 1);
	bytes data = random_bytes(16);
	CHECK(rig.job(0, c, data).done.status == COFFER_JOB_OK);
	CHECK(!memcmp(rig.memory, aes_block(aes_block(s.key, true, good), true, data).data(), 16));
	for (unsigned bit = 0; bit < 128; bit += 5) { // any other value is a key like any other
		bytes v = w;
		v[bit / 8] ^= uint8_t(1u << bit % 8);
		CHECK(load_key(rig, s, v, 16, 1).done.status == COFFER_JOB_OK);
	}
}

static void refresh(Rig &rig)
{
	session s = protected_session(rig, 0);
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 1};
	coffer_job start = header(COFFER_OP_START_REFRESH, 1), go = header(COFFER_OP_REFRESH, 2);
	start.flags = COFFER_JOB_RETURN;
	start.slot = go.slot = s.slot;
	bytes key = s.key;
	unsigned counter = 0;
	auto effective = [&](const bytes &k) { // what key the slot holds
		coffer_job h = crypt(3, s.slot, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 48);
		h.counter_rule = COFFER_CTR_REFUSE64;
		h.iv[15] = uint8_t(counter += 3);
		h.dst_handle = COFFER_HANDLE(0, 1);
		bytes data = random_bytes(48);
		position end;
		CHECK(rig.job(0, h, data).done.status == COFFER_JOB_OK);
		return !memcmp(rig.memory, reference_job(h, k, {}, data, &end).data(), 48);
	};
	CHECK(rig.job(0, go).done.status == COFFER_JOB_POLICY); // without a start
	CHECK(effective(key));
	fill_pool(rig);
	bytes first = rig.job(0, start).payload;
	CHECK(first.size() == 16 && effective(key)); // nothing changes yet
	bytes second = rig.job(0, start).payload;    // replaces the first
	CHECK(second.size() == 16 && first != second);
	CHECK(rig.job(0, go).done.status == COFFER_JOB_OK);
	for (unsigned i = 0; i < 16; i++)
		key[i] ^= second[i];
	CHECK(effective(key));
	CHECK(rig.job(0, go).done.status == COFFER_JOB_POLICY); // once for each start
	CHECK(effective(key));
	// A longer key has no side register.
	attr a = {.session = 16, .ctx = 1, .key_bytes = 24, .usage = DATA_USE};
	start.slot = rig.key_slot(16, a, random_bytes(24));
	CHECK(rig.job(1, start).done.status == COFFER_JOB_POLICY);
}

// A job that needs random words waits, and nobody else.
static void pool_wait(Rig &rig)
{
	session s = protected_session(rig, 0);
	coffer_job h = header(COFFER_OP_START_REFRESH, 1);
	h.flags = COFFER_JOB_RETURN;
	h.slot = s.slot;
	bytes t(sizeof h);
	memcpy(t.data(), &h, sizeof h);
	fill_pool(rig, 3);
	rig.send(0, t);
	rig.idle();
	CHECK(rig.in_packets(0) == 0 && rig.waiting(0) == 1);
	for (unsigned i = 0; i < 20; i++)
		CHECK(rig.job(1, header(COFFER_OP_NOP, i)).done.status == COFFER_JOB_OK);
	CHECK(rig.in_packets(0) == 0 && rig.top.vault_pool_words_o == 3);
	fill_pool(rig, 1);
	rig.idle();
	answer a = rig.take(0, true);
	CHECK(a.done.status == COFFER_JOB_OK && a.payload.size() == 16);
	CHECK(rig.top.vault_pool_words_o == 0);
	fill_pool(rig, 20);
	CHECK(rig.top.vault_pool_words_o == 16);
}

struct blt { // DXVA2_AES_CTR_IV: IV and Count are big-endian
	uint64_t iv, count;
	unsigned ks, bytes;
};

static unsigned film_blt(Rig &rig, const session &s, const blt &b)
{
	coffer_job h = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, b.bytes);
	h.counter_rule = COFFER_CTR_REFUSE64;
	h.keystream_byte = uint8_t(b.ks);
	for (unsigned i = 0; i < 8; i++) {
		h.iv[i] = uint8_t(b.iv >> (56 - 8 * i));
		h.iv[8 + i] = uint8_t(b.count >> (56 - 8 * i));
	}
	h.dst_handle = COFFER_HANDLE(0, 1);
	return rig.job(0, h, random_bytes(b.bytes)).done.status;
}

static void rising(Rig &rig)
{
	const unsigned OK = COFFER_JOB_OK, REUSE = COFFER_JOB_IV_REUSE, WRAPS = COFFER_JOB_IV_RANGE;
	rig.tag_key(random_bytes(16));
	session s = protected_session(rig, 0);
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 4};
	bytes key = random_bytes(16), other = random_bytes(16);
	CHECK(load_key(rig, s, key, 16, COFFER_CTR_REFUSE64).done.status == OK);
	CHECK(film_blt(rig, s, {5, 1, 0, 48}) == OK); // ends at (5, 4, 0)
	CHECK(film_blt(rig, s, {5, 3, 0, 16}) == REUSE);
	CHECK(film_blt(rig, s, {5, 3, 15, 1}) == REUSE);
	CHECK(film_blt(rig, s, {4, 9, 0, 16}) == REUSE);
	CHECK(film_blt(rig, s, {5, 4, 0, 37}) == OK); // ends at (5, 6, 5)
	CHECK(film_blt(rig, s, {5, 6, 4, 16}) == REUSE);
	CHECK(film_blt(rig, s, {5, 6, 5, 1}) == OK);
	CHECK(film_blt(rig, s, {5, 6, 5, 0}) == OK); // no keystream, no reuse
	CHECK(film_blt(rig, s, {5, 6, 5, 1}) == REUSE);
	CHECK(film_blt(rig, s, {5, 6, 6, 10}) == OK); // ends at (5, 7, 0)
	CHECK(load_key(rig, s, key, 16, COFFER_CTR_REFUSE64).done.status == OK);
	CHECK(film_blt(rig, s, {5, 6, 15, 1}) == REUSE); // the same key keeps its history
	CHECK(load_key(rig, s, other, 16, COFFER_CTR_REFUSE64).done.status == OK);
	CHECK(film_blt(rig, s, {1, 0, 0, 16}) == OK); // another starts anew
	CHECK(film_blt(rig, s, {1, ~0ull - 1, 0, 33}) == WRAPS);
	CHECK(film_blt(rig, s, {1, ~0ull, 1, 16}) == WRAPS);
	CHECK(film_blt(rig, s, {1, ~0ull - 1, 0, 32}) == OK); // to the very end
	CHECK(film_blt(rig, s, {1, 0, 0, 1}) == REUSE);
	CHECK(film_blt(rig, s, {1, ~0ull, 15, 1}) == REUSE);
	CHECK(film_blt(rig, s, {2, 0, 0, 1}) == OK);
	CHECK(film_blt(rig, s, {~0ull, ~0ull, 3, 13}) == OK); // the last there is
	CHECK(film_blt(rig, s, {~0ull, ~0ull, 15, 1}) == REUSE);
	CHECK(film_blt(rig, s, {0, 0, 0, 1}) == REUSE);
	// A list counts its encrypted bytes only.
	CHECK(load_key(rig, s, key, 16, COFFER_CTR_REFUSE64).done.status == OK);
	coffer_job h = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE | COFFER_JOB_LIST, 600);
	h.counter_rule = COFFER_CTR_REFUSE64;
	h.pairs = 2;
	h.iv[7] = 9;
	h.dst_handle = COFFER_HANDLE(0, 1);
	coffer_pair pairs[2] = {{500, 20}, {60, 20}};
	bytes rest(16 + 600);
	memcpy(rest.data(), pairs, 16);
	CHECK(rig.job(0, h, rest).done.status == OK);
	CHECK(film_blt(rig, s, {9, 2, 7, 1}) == REUSE);
	CHECK(film_blt(rig, s, {9, 2, 8, 1}) == OK);
	// A job that is cut short has used what it was granted.
	h = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 160);
	h.counter_rule = COFFER_CTR_REFUSE64;
	h.iv[7] = 20;
	h.dst_handle = COFFER_HANDLE(0, 1);
	CHECK(rig.job(0, h, random_bytes(10)).done.status == COFFER_JOB_SHORT);
	CHECK(film_blt(rig, s, {20, 9, 15, 1}) == REUSE);
	CHECK(film_blt(rig, s, {20, 10, 0, 1}) == OK);
	// Film keys have no such policy.
	CHECK(load_key(rig, s, random_bytes(16), 16, COFFER_CTR_WRAP64).done.status == OK);
	h.counter_rule = COFFER_CTR_WRAP64;
	h.length = 16;
	for (unsigned i = 0; i < 3; i++)
		CHECK(rig.job(0, h, random_bytes(16)).done.status == OK);
}

// (IV, Count, keystream byte) ranges at random against 132-bit arithmetic.
static void rising_random(Rig &rig)
{
	typedef unsigned __int128 u128;
	rig.tag_key(random_bytes(16));
	session s = protected_session(rig, 0);
	rig.surfaces[0] = {true, 0, 0, s.slot >> 8, 1, 0, 4};
	for (unsigned round = 0; round < 6; round++) {
		CHECK(load_key(rig, s, random_bytes(16), 16, COFFER_CTR_REFUSE64).done.status == COFFER_JOB_OK);
		u128 next = 0;
		unsigned next_ks = 0, accepted = 0;
		bool exhausted = false; // the last position there is was used
		for (unsigned i = 0; i < 40; i++) {
			u128 at = accepted ? next + (u128)random_below(5) - 2 : random_below(1000);
			if (!random_below(6))
				at |= ~(uint64_t)0;
			if (!random_below(8))
				at += (u128)1 << (64 + random_below(40));
			blt b = {uint64_t(at >> 64), uint64_t(at), random_below(16), random_below(100)};
			u128 sum = (u128)b.count * 16 + b.ks + b.bytes;
			unsigned want = COFFER_JOB_OK;
			if (b.bytes && (exhausted || at < next || (at == next && b.ks < next_ks)))
				want = COFFER_JOB_IV_REUSE;
			if (b.bytes && sum > (u128)1 << 68)
				want = COFFER_JOB_IV_RANGE;
			CHECK(film_blt(rig, s, b) == want);
			if (want == COFFER_JOB_OK && b.bytes) {
				next = at + (b.ks + b.bytes) / 16;
				exhausted = next < at;
				next_ks = (b.ks + b.bytes) % 16;
				accepted++;
			}
		}
		CHECK(accepted > 3);
	}
}

const std::vector<test> key_tests = {
	{"reserve-rules", reserve_rules},
	{"reserve-again", reserve_again},
	{"key-write-once-and-whole", key_write},
	{"generations", generations},
	{"load-key", load_keys},
	{"roles", roles},
	{"read-back-key-replayed", readback_key_replayed},
	{"refresh", refresh},
	{"pool-wait", pool_wait},
	{"rising-ivs", rising},
	{"rising-ivs-random", rising_random},
};
