// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

static void nop(Rig &rig)
{
	for (unsigned ctx = 0; ctx < kContexts; ctx++) {
		answer a = rig.job(ctx, header(COFFER_OP_NOP, 0x12345678 + ctx));
		CHECK(a.done.status == COFFER_JOB_OK);
		CHECK(a.done.id == 0x12345678 + ctx);
		CHECK(a.done.bytes == 0);
		CHECK(a.done.op == COFFER_OP_NOP);
		CHECK(a.done.first_cycle != 0 && a.done.last_cycle >= a.done.first_cycle);
	}
}

static void loop(Rig &rig)
{
	for (unsigned n : {0u, 1u, 15u, 447u, 448u, 449u, 511u, 512u, 513u, 960u, 1023u, 1024u, 1472u, 5000u}) {
		coffer_job h = header(COFFER_OP_LOOP, n);
		bytes data = random_bytes(n);
		h.length = n;
		h.flags = COFFER_JOB_RETURN;
		answer a = rig.job(1, h, data);
		CHECK(a.done.status == COFFER_JOB_OK);
		CHECK(a.done.bytes == n);
		CHECK(a.payload == data);
		h.flags = 0;
		a = rig.job(2, h, data);
		CHECK(a.done.status == COFFER_JOB_OK);
		CHECK(a.done.bytes == n);
	}
}

void crypt_one(Rig &rig, unsigned ctx, uint32_t slot, const bytes &key, coffer_job h,
	       const std::vector<coffer_pair> &list)
{
	bytes data = random_bytes(h.length), rest(list.size() * 8);
	memcpy(rest.data(), list.data(), rest.size());
	rest.insert(rest.end(), data.begin(), data.end());
	h.slot = slot;
	h.pairs = uint16_t(list.size());
	h.flags |= COFFER_JOB_RETURN | (list.empty() ? 0 : COFFER_JOB_LIST);
	position end;
	bytes want = reference_job(h, key, list, data, &end);
	answer a = rig.job(ctx, h, rest);
	CHECK(a.done.status == COFFER_JOB_OK);
	CHECK(a.done.bytes == want.size());
	CHECK(a.payload == want);
	CHECK(a.done.keystream_byte == end.ks && a.done.pattern_phase == end.phase);
	if (h.mode != COFFER_MODE_ECB)
		CHECK(!memcmp(a.done.iv, end.iv, 16));
}

static void crypt_random(Rig &rig)
{
	for (unsigned round = 0; round < 60; round++) {
		unsigned ctx = random_below(kContexts);
		bytes key = random_bytes(16 + 8 * random_below(3));
		uint32_t slot = open_key(rig, ctx, key,
					 COFFER_USE_CTR | COFFER_USE_ECB | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT);
		for (unsigned k = 0; k < 5; k++) {
			coffer_job h = header(COFFER_OP_CRYPT, round);
			h.mode = random_below(2) ? COFFER_MODE_CTR : COFFER_MODE_ECB;
			h.flags = random_below(2) ? COFFER_JOB_ENCRYPT : 0;
			h.length = random_below(2) ? random_below(40) * 16 : random_below(3000);
			std::vector<coffer_pair> list;
			if (h.mode == COFFER_MODE_CTR) {
				memcpy(h.iv, random_bytes(16).data(), 16);
				if (!random_below(3)) // near the end of a half
					memset(h.iv + (random_below(2) ? 8 : 0), 0xFF, 8),
						h.iv[15] -= uint8_t(random_below(3));
				h.counter_rule = uint8_t(random_below(2));
				h.keystream_byte = uint8_t(random_below(16));
			} else {
				h.length &= ~15u;
			}
			if (random_below(2)) {
				unsigned left = h.length;
				unsigned pairs = 1 + random_below(random_below(4) ? 8 : 128);
				for (unsigned i = 0; i < pairs; i++) {
					unsigned c = random_below(left / (pairs - i) * 2 / (random_below(4) + 1) + 1) %
						     (left + 1);
					unsigned e = random_below(left - c + 1) / (random_below(4) + 1);
					if (h.mode == COFFER_MODE_ECB)
						e &= ~15u;
					left -= c + e;
					list.push_back({c, e});
				}
				list.back().clear += left;
			}
			crypt_one(rig, ctx, slot, key, h, list);
		}
		CHECK(rig.command(4, ctx * kShare, ctx));
		rig.idle();
	}
}

// SP 800-38A F.5: CTR-AES128, -192 and -256.
static void ctr_vectors(Rig &rig)
{
	static const struct {
		const char *key, *out;
	} vectors[] = {
		{"2b7e151628aed2a6abf7158809cf4f3c",
		 "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
		{"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		 "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
		{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		 "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
	};
	auto hex = [](const char *s) {
		bytes b;
		unsigned x;
		for (; sscanf(s, "%2x", &x) == 1; s += 2)
			b.push_back(uint8_t(x));
		return b;
	};
	bytes plain = hex(
		"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
	for (unsigned i = 0; i < 3; i++) {
		uint32_t slot = open_key(rig, i, hex(vectors[i].key));
		coffer_job h = crypt(i, slot, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 64);
		memcpy(h.iv, hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").data(), 16);
		answer a = rig.job(i, h, plain);
		CHECK(a.done.status == COFFER_JOB_OK);
		CHECK(a.payload == hex(vectors[i].out));
	}
}

// A message cut at every byte gives the same bytes, each job going on where the one before ended.
static void cuts(Rig &rig)
{
	bytes key = random_bytes(16), plain = random_bytes(50), whole;
	uint32_t slot = open_key(rig, 0, key);
	for (unsigned rule = 0; rule < 2; rule++) {
		coffer_job h = crypt(1, slot, COFFER_MODE_CTR, COFFER_JOB_ENCRYPT | COFFER_JOB_RETURN, 50);
		h.counter_rule = uint8_t(rule);
		memcpy(h.iv, random_bytes(16).data(), 16);
		memset(h.iv + 8, 0xFF, 8);
		position end;
		whole = reference_job(h, key, {}, plain, &end);
		for (unsigned cut = 0; cut <= 50; cut++) {
			coffer_job a = h, b = h;
			a.length = cut;
			b.length = 50 - cut;
			answer first = rig.job(0, a, bytes(plain.begin(), plain.begin() + cut));
			memcpy(b.iv, first.done.iv, 16);
			b.keystream_byte = first.done.keystream_byte;
			answer second = rig.job(0, b, bytes(plain.begin() + cut, plain.end()));
			first.payload.insert(first.payload.end(), second.payload.begin(), second.payload.end());
			CHECK(first.payload == whole);
			CHECK(!memcmp(second.done.iv, end.iv, 16) && second.done.keystream_byte == end.ks);
		}
	}
}

// Where the low half of the counter ends: carry, wrap, or a refusal before the first byte.
static void low_half(Rig &rig)
{
	bytes key = random_bytes(32);
	uint32_t slot = open_key(rig, 1, key);
	for (unsigned rule = 0; rule < 3; rule++)
		for (unsigned left = 0; left < 3; left++) // blocks before the end
			for (unsigned n : {16u * left + 15, 16 * left + 16, 16 * left + 17, 16 * left + 40}) {
				coffer_job h = crypt(n, slot, COFFER_MODE_CTR, COFFER_JOB_RETURN, n);
				h.counter_rule = uint8_t(rule);
				memcpy(h.iv, random_bytes(8).data(), 8);
				memset(h.iv + 8, 0xFF, 8);
				h.iv[15] -= uint8_t(left);
				bytes data = random_bytes(n);
				position end;
				bytes want = reference_job(h, key, {}, data, &end);
				answer a = rig.job(1, h, data);
				bool refused = rule == COFFER_CTR_REFUSE64 && n > 16 * left + 16;
				CHECK(a.done.status == (refused ? COFFER_JOB_IV_RANGE : COFFER_JOB_OK));
				CHECK(a.payload == (refused ? bytes() : want));
				CHECK(a.done.bytes == (refused ? 0 : n));
			}
}

// Cycles from one packet's end to the next with 1, 2 or 4 contexts in turn, each with a key of its own.
static unsigned packet_cycles(Rig &rig, unsigned contexts, unsigned key_bytes, unsigned mode, bool ret)
{
	const unsigned packets = 24;
	for (unsigned c = 0; c < contexts; c++) {
		uint32_t slot = open_key(rig, c, random_bytes(key_bytes));
		coffer_job h =
			crypt(c, slot, mode, COFFER_JOB_ENCRYPT | (ret ? COFFER_JOB_RETURN : 0), 448 + 512 * packets);
		if (!ret) { // into a surface
			rig.surfaces[c] = {true, c, c * kShare, slot >> 8, 1, c * 7, 7};
			h.flags |= COFFER_JOB_DST_SURFACE;
			h.dst_handle = COFFER_HANDLE(c, 1);
			h.length = 448 + 512 * packets;
		}
		bytes t(sizeof h);
		memcpy(t.data(), &h, sizeof h);
		bytes data = random_bytes(h.length);
		t.insert(t.end(), data.begin(), data.end());
		rig.send(c, t);
	}
	unsigned total = contexts * (packets + 2), from = total - contexts - 2, to = contexts + 2;
	auto left = [&] {
		size_t n = 0;
		for (unsigned c = 0; c < contexts; c++)
			n += rig.waiting(c);
		return n;
	};
	while (left() > from)
		rig.tick();
	uint64_t start = rig.cycle;
	while (left() > to)
		rig.tick();
	unsigned cycles = unsigned((rig.cycle - start + (from - to) / 2) / (from - to));
	rig.idle();
	for (unsigned c = 0; c < contexts; c++) {
		answer a = rig.take(c, ret);
		CHECK(a.done.status == COFFER_JOB_OK);
		end_session(rig, c, c * kShare);
	}
	return cycles;
}

static void speed(Rig &rig)
{
	for (unsigned mode : {COFFER_MODE_CTR, COFFER_MODE_ECB})
		for (unsigned key_bytes : {16u, 24u, 32u})
			for (unsigned contexts : {1u, 2u, 4u}) {
				unsigned ret = packet_cycles(rig, contexts, key_bytes, mode, true);
				unsigned surface = packet_cycles(rig, contexts, key_bytes, mode, false);
				printf("    %s-%u, %u contexts in turn: %u cycles a packet returned, %u into a surface\n",
				       mode == COFFER_MODE_CTR ? "CTR" : "ECB", 8 * key_bytes, contexts, ret, surface);
				CHECK(ret <= 544 + (mode == COFFER_MODE_ECB ? 16 : 0));
				CHECK(surface <= 544 + (mode == COFFER_MODE_ECB ? 16 : 0));
			}
}

const std::vector<test> data_tests = {
	{"nop", nop},
	{"loop", loop},
	{"ctr-vectors", ctr_vectors},
	{"crypt-random", crypt_random},
	{"cuts-at-every-keystream-byte", cuts},
	{"counter-rules-at-low-half-end", low_half},
	{"speed", speed},
};
