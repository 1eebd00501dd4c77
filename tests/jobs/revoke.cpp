// SPDX-License-Identifier: Apache-2.0
// Revocation, zeroization, contexts side by side.
#include "tests.h"

static bytes transfer(const coffer_job &h, const bytes &data)
{
	bytes t(sizeof h);
	memcpy(t.data(), &h, sizeof h);
	t.insert(t.end(), data.begin(), data.end());
	return t;
}

static void loops(Rig &rig, unsigned ctx, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		coffer_job h = header(COFFER_OP_LOOP, i);
		h.flags = COFFER_JOB_RETURN;
		h.length = 700;
		bytes data = random_bytes(700);
		rig.send(ctx, transfer(h, data));
		for (unsigned k = 0; k < 20000 && !rig.answered(ctx, true); k++)
			rig.tick();
		answer a = rig.take(ctx, true);
		CHECK(a.done.status == COFFER_JOB_OK && a.payload == data);
	}
}

// One context stops feeding, one stops reading, in mid-job; the others work.
static void stalled_contexts(Rig &rig)
{
	uint32_t a = open_key(rig, 0, random_bytes(16)), b = open_key(rig, 1, random_bytes(32));
	bytes data = random_bytes(9000);
	bytes t = transfer(crypt(1, a, COFFER_MODE_CTR, COFFER_JOB_RETURN, 9000), data);
	for (unsigned i = 0; i < 5; i++)
		rig.packet(0, bytes(t.begin() + 512 * i, t.begin() + 512 * (i + 1)));
	rig.reads[1] = false;
	coffer_job h = crypt(2, b, COFFER_MODE_CTR, COFFER_JOB_RETURN, 9000);
	rig.send(1, transfer(h, data));
	loops(rig, 2, 30);
	CHECK(rig.waiting(0) == 0 && rig.waiting(1) > 0 && rig.in_packets(1) <= kInPackets);
	for (unsigned i = 5; t.size() > 512 * i; i++)
		rig.packet(0, bytes(t.begin() + 512 * i, t.begin() + std::min(t.size(), size_t(512) * (i + 1))));
	rig.reads[1] = true;
	rig.idle();
	CHECK(rig.take(0, true).done.status == COFFER_JOB_OK);
	answer r = rig.take(1, true);
	CHECK(r.done.status == COFFER_JOB_OK && r.payload.size() == 9000);
}

// Every word of the context's slots is zero but the generation.
static void zeroized(Rig &rig, unsigned first, unsigned n)
{
	unsigned left = 0;
	for (unsigned slot = first; slot < first + n; slot++) {
		CHECK(rig.top.vault_free_o >> slot & 1);
		for (unsigned w = 0; w < 16; w++)
			if (w != 9 && rig.vault_word(slot, w))
				left++;
	}
	CHECK(left == 0);
}

// A context is revoked at any moment of a job of any kind: nothing of it is left, the others do not notice.
static void context_revoked(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	for (unsigned round = 0; round < 150; round++) {
		unsigned kind = round % 6;
		session s = protected_session(rig, 1);
		CHECK(load_key(rig, s, random_bytes(16), 16, COFFER_CTR_WRAP64).done.status == COFFER_JOB_OK);
		rig.surfaces[0] = {true, 1, 16, s.slot >> 8, 1, 0, 4};
		attr a = {.session = 22, .ctx = 1, .key_bytes = 32, .usage = DATA_USE};
		uint32_t open = rig.key_slot(22, a, random_bytes(32));
		fill_pool(rig);
		bytes key = random_bytes(24), data = random_bytes(3000);
		uint32_t other = open_key(rig, 2, key);
		coffer_job o = crypt(9, other, COFFER_MODE_CTR, COFFER_JOB_RETURN, 3000), h;
		unsigned span = 4000;
		bytes payload = random_bytes(2048);
		switch (kind) {
		case 0:
			h = crypt(1, open, COFFER_MODE_ECB, COFFER_JOB_RETURN, 2048);
			break;
		case 1:
			h = crypt(1, s.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 2048);
			h.dst_handle = COFFER_HANDLE(0, 1);
			break;
		case 2:
			h = header(COFFER_OP_LOAD_KEY, 1);
			h.slot = s.slot, h.mode = COFFER_MODE_CTR, h.length = h.dst_offset = 32,
			h.dst_handle = s.content;
			payload.resize(32);
			span = 350;
			break;
		case 3:
			h = header(COFFER_OP_NEW_READBACK_KEY, 1);
			h.slot = s.slot, h.flags = COFFER_JOB_RETURN, h.dst_handle = s.readback;
			payload.clear();
			span = 350;
			break;
		case 4:
			h = crypt(1, s.slot, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 2048);
			h.counter_rule = COFFER_CTR_REFUSE64;
			h.dst_handle = COFFER_HANDLE(0, 1);
			span = 300; // around the IV check
			break;
		default: // in the middle of a key
			CHECK(rig.command(1, 23, 1, attr{.session = 23, .ctx = 1, .usage = DATA_USE}.word()));
			CHECK(rig.command(2, 23, 1));
			rig.key_words(random_bytes(8));
			h = header(COFFER_OP_NOP, 1);
			payload.clear();
			span = 30;
		}
		rig.send(2, transfer(o, data));
		rig.send(1, transfer(h, payload));
		uint8_t was = rig.epoch[1];
		rig.revoke_later(1, 1 + random_below(span + (kind >= 2 && kind < 5 ? 0 : 600)));
		if (kind == 5) {
			rig.key_words(random_bytes(8));
			rig.command(3, 23, 1);
		}
		while (rig.epoch[1] == was)
			rig.tick();
		rig.run(2);
		size_t answers = rig.in_packets(1);
		CHECK(answers == 0);
		rig.idle();
		CHECK(rig.in_packets(1) == 0); // nothing is answered after a revocation
		zeroized(rig, 16, 16);
		CHECK(rig.engine_clear(1));
		answer r = rig.take(2, true);
		position end;
		CHECK(r.done.status == COFFER_JOB_OK);
		CHECK(r.payload == reference_job(o, key, {}, data, &end));
		end_session(rig, 2, 32);
		loops(rig, 1, 1);
		CHECK(rig.top.vault_free_o == ~0ull);
	}
}

// ... and in every single cycle of the shortest ones.
static void context_revoked_in_every_cycle(Rig &rig)
{
	for (unsigned when = 1; when < 200; when++) {
		coffer_job h = header(COFFER_OP_LOOP, when);
		h.flags = COFFER_JOB_RETURN;
		h.length = 3;
		rig.send(1, transfer(h, random_bytes(3)));
		uint8_t was = rig.epoch[1];
		rig.revoke_later(1, when);
		while (rig.epoch[1] == was)
			rig.tick();
		rig.idle();
		CHECK(rig.in_packets(1) == 0 && rig.waiting(1) == 0);
		CHECK(rig.engine_clear(1));
		loops(rig, 1, 1);
	}
}

// A session is destroyed at any moment: its running job ends as revoked, its queued ones are refused, the session
// beside it goes on.
static void session_revoked(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	for (unsigned round = 0; round < 60; round++) {
		session s = protected_session(rig, 0), t = protected_session(rig, 0, 3);
		for (const session &x : {s, t})
			CHECK(load_key(rig, x, random_bytes(16), 16, COFFER_CTR_WRAP64).done.status == COFFER_JOB_OK);
		rig.surfaces[0] = {true, 0, s.base, s.slot >> 8, 1, 0, 4};
		rig.surfaces[1] = {true, 0, t.base, t.slot >> 8, 1, 4, 4};
		auto film = [](const session &x, unsigned surface, uint32_t id) {
			coffer_job h = crypt(id, x.content, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 3000);
			h.dst_handle = COFFER_HANDLE(surface, 1);
			return h;
		};
		bytes data = random_bytes(3000);
		rig.send(0, transfer(film(s, 0, 1), data));
		rig.send(0, transfer(film(s, 0, 2), data));
		rig.send(0, transfer(film(t, 1, 3), data));
		rig.run(random_below(3400));
		CHECK(rig.command(4, s.base, 0));
		rig.idle();
		unsigned first = rig.take(0, false).done.status, second = rig.take(0, false).done.status;
		CHECK(first == COFFER_JOB_REVOKED || first == COFFER_JOB_OK || first == COFFER_JOB_BAD_HANDLE);
		CHECK(second == COFFER_JOB_BAD_HANDLE || (first == COFFER_JOB_OK && second == COFFER_JOB_REVOKED));
		answer last = rig.take(0, false);
		CHECK(last.done.status == COFFER_JOB_OK && last.done.id == 3 && last.done.bytes == 3000);
		zeroized(rig, 0, 3);
		CHECK(!(rig.top.vault_free_o >> 3 & 7));
		end_session(rig, 0, 4);
	}
}

// A job that waits for its payload while its session ends, is revoked when the payload comes; one whose session's
// slot has a new owner by then, too.
static void session_revoked_while_waiting(Rig &rig)
{
	bytes key = random_bytes(16);
	uint32_t slot = open_key(rig, 0, key);
	bytes data = random_bytes(3000), t = transfer(crypt(1, slot, COFFER_MODE_CTR, COFFER_JOB_RETURN, 3000), data);
	rig.packet(0, bytes(t.begin(), t.begin() + 512));
	rig.packet(0, bytes(t.begin() + 512, t.begin() + 1024));
	rig.idle();
	end_session(rig, 0, 0);
	open_key(rig, 0, random_bytes(16));
	for (unsigned at = 1024; at < t.size(); at += 512)
		rig.packet(0, bytes(t.begin() + at, t.begin() + std::min<size_t>(t.size(), at + 512)));
	rig.idle();
	answer a = rig.take(0, true);
	CHECK(a.done.status == COFFER_JOB_REVOKED);
	CHECK(a.done.bytes == 960 && a.payload.size() == 960);
	position end;
	bytes want = reference_job(crypt(1, slot, COFFER_MODE_CTR, 0, 0), key, {}, data, &end);
	CHECK(a.payload == bytes(want.begin(), want.begin() + 960));
	loops(rig, 0, 1);
}

// Words of a key's schedule that are still in the core.
static unsigned remains(const Rig &rig, const bytes &schedule)
{
	bytes now = rig.core_words();
	const bytes zero(4);
	unsigned n = 0;
	for (size_t i = 0; i < now.size(); i += 4)
		for (size_t k = 0; k < schedule.size(); k += 4)
			n += !memcmp(&now[i], &schedule[k], 4) && memcmp(&now[i], zero.data(), 4);
	return n;
}

// A longer key leaves the core with its context or session, though a shorter one of somebody else was loaded over its
// beginning, and though the engine never comes to rest.
static void longer_key_in_the_core(Rig &rig)
{
	for (unsigned round = 0; round < 24; round++) {
		bool context = round & 1, busy = round & 2;
		uint32_t longer = open_key(rig, 0, random_bytes(round & 4 ? 24 : 32)), shorter[3] = {};
		for (unsigned c = 1; c < 3; c++)
			shorter[c] = open_key(rig, c, random_bytes(16));
		auto send = [&](unsigned c, unsigned length) {
			rig.send(c, transfer(crypt(c, shorter[c], COFFER_MODE_CTR, COFFER_JOB_RETURN, length),
					     bytes(length)));
		};
		CHECK(rig.job(0, crypt(1, longer, COFFER_MODE_CTR, COFFER_JOB_RETURN, 100), bytes(100)).done.status ==
		      COFFER_JOB_OK);
		bytes schedule = rig.core_words();
		CHECK(remains(rig, schedule) > 40);
		for (unsigned c = 1; c < 3; c++)
			send(c, busy ? 6000 : 100);
		if (busy)
			rig.run(1500 + random_below(1500));
		else
			rig.idle();
		CHECK(remains(rig, schedule) > 0); // there is something to be found
		if (context)
			rig.revoke_context(0);
		else
			CHECK(rig.command(4, 0, 0));
		rig.run(1200); // a packet, and the wiping of what belongs to the context
		if (busy)
			CHECK(rig.waiting(1) + rig.waiting(2) > 2);
		CHECK(remains(rig, schedule) == 0);
		rig.idle();
		for (unsigned c = 1; c < 3; c++) {
			CHECK(rig.take(c, true).done.status == COFFER_JOB_OK);
			end_session(rig, c, c * kShare);
		}
	}
}

// A key operation does not notice the end of a session or context whose key the core held before it.
static void operation_beside_an_end(Rig &rig)
{
	rig.tag_key(random_bytes(16));
	for (unsigned when = 1; when < 260; when += 1 + random_below(2))
		for (unsigned kind = 0; kind < 4; kind++) {
			bool load = kind & 1, context = kind & 2;
			session s = protected_session(rig, 1);
			uint32_t other = open_key(rig, 0, random_bytes(32));
			CHECK(rig.job(0, crypt(1, other, COFFER_MODE_CTR, COFFER_JOB_RETURN, 40), bytes(40))
				      .done.status == COFFER_JOB_OK);
			coffer_job h = header(load ? COFFER_OP_LOAD_KEY : COFFER_OP_NEW_READBACK_KEY, 2);
			h.slot = s.slot;
			h.dst_handle = load ? s.content : s.readback;
			h.mode = load ? COFFER_MODE_CTR : COFFER_MODE_NONE;
			h.flags = load ? 0 : COFFER_JOB_RETURN;
			h.length = h.dst_offset = load ? 32 : 0;
			bytes wrapped = random_bytes(h.length);
			fill_pool(rig);
			rig.send(1, transfer(h, wrapped));
			if (context) {
				rig.revoke_later(0, when);
				rig.run(when);
			} else {
				rig.run(when);
				CHECK(rig.command(4, 0, 0));
			}
			rig.idle();
			answer a = rig.take(1, !load);
			CHECK(a.done.status == COFFER_JOB_OK && a.payload.size() == (load ? 0 : 16));
			bytes key = aes_block(s.key, true, load ? wrapped : a.payload);
			for (unsigned i = 0; i < key.size() / 4; i++) {
				uint32_t word;
				memcpy(&word, &key[4 * i], 4);
				CHECK(rig.vault_word(s.base + (load ? 1 : 2), i) == word);
			}
			end_session(rig, 1, s.base);
			CHECK(rig.top.vault_free_o == ~0ull);
		}
}

// A job with a key does not notice the end of another session, of its own context or not, in any cycle: neither while
// that one's key is in the core, nor while its job runs or ends in front.
static void job_beside_an_end(Rig &rig)
{
	for (unsigned when = 0; when < 400; when++)
		for (unsigned kind = 0; kind < 4; kind++) {
			bool running = kind & 2;
			unsigned ctx = kind & 1, gone = ctx * kShare + 4;
			bytes key = random_bytes(when & 1 ? 16 : 32), data = random_bytes(40);
			uint32_t slot = open_key(rig, 0, key);
			attr a = {.session = gone, .ctx = ctx, .key_bytes = 24, .usage = DATA_USE};
			uint32_t other = rig.key_slot(gone, a, random_bytes(24));
			coffer_job h = crypt(2, slot, COFFER_MODE_CTR, COFFER_JOB_RETURN, 40);
			rig.send(ctx, transfer(crypt(1, other, COFFER_MODE_CTR, COFFER_JOB_RETURN, 40), bytes(40)));
			if (!running)
				rig.idle();
			rig.send(0, transfer(h, data));
			rig.run(when);
			CHECK(rig.command(4, gone, ctx));
			rig.idle();
			unsigned status = rig.take(ctx, true).done.status;
			CHECK(status == COFFER_JOB_OK ||
			      (running && (status == COFFER_JOB_REVOKED || status == COFFER_JOB_BAD_HANDLE)));
			answer r = rig.take(0, true);
			position end;
			CHECK(r.done.status == COFFER_JOB_OK && r.done.id == 2);
			CHECK(r.payload == reference_job(h, key, {}, data, &end));
			end_session(rig, 0, 0);
			CHECK(rig.top.vault_free_o == ~0ull);
		}
}

// Owners, policies and keys outlive everything but zeroization: other contexts' revocations change no word.
static void others_stay(Rig &rig)
{
	session s = protected_session(rig, 3);
	uint32_t before[16 * 16];
	for (unsigned i = 0; i < 16 * 16; i++)
		before[i] = rig.vault_word(48 + i / 16, i % 16);
	for (unsigned ctx = 0; ctx < 3; ctx++)
		for (unsigned i = 0; i < 4; i++) {
			rig.revoke_context(ctx);
			if (i & 1)
				rig.idle();
		}
	rig.idle();
	for (unsigned i = 0; i < 16 * 16; i++)
		CHECK(before[i] == rig.vault_word(48 + i / 16, i % 16));
	rig.surfaces[0] = {true, 3, 48, s.slot >> 8, 1, 0, 1};
	coffer_job h = crypt(1, s.slot, COFFER_MODE_CTR, COFFER_JOB_DST_SURFACE, 64);
	h.counter_rule = COFFER_CTR_REFUSE64;
	h.dst_handle = COFFER_HANDLE(0, 1);
	CHECK(rig.job(3, h, random_bytes(64)).done.status == COFFER_JOB_OK);
}

const std::vector<test> revoke_tests = {
	{"stalled-contexts", stalled_contexts},
	{"context-revoked", context_revoked},
	{"context-revoked-in-every-cycle", context_revoked_in_every_cycle},
	{"session-revoked", session_revoked},
	{"session-revoked-while-waiting", session_revoked_while_waiting},
	{"longer-key-in-the-core", longer_key_in_the_core},
	{"operation-beside-an-end", operation_beside_an_end},
	{"job-beside-an-end", job_beside_an_end},
	{"others-stay", others_stay},
};
