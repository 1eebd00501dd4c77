// SPDX-License-Identifier: Apache-2.0
//
// Bench of `crypto`: job engine, vault and AES core together. One line a test; the seed of the random ones is
// printed and may be given as the first argument.
#include <ctime>

#include "reference.h"
#include "rig.h"

void seed_random(uint64_t seed);

struct test {
	const char *name;
	std::function<void(Rig &)> run;
};

static uint32_t open_key(Rig &rig, unsigned ctx, const bytes &key, unsigned usage, unsigned rules = CARRY128 | WRAP64 | REFUSE64)
{
	attr a = {.session = ctx * kShare, .ctx = ctx, .key_bytes = unsigned(key.size()), .usage = usage, .rules = rules};
	return rig.key_slot(ctx * kShare, a, key);
}

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

static void crypt_one(Rig &rig, unsigned ctx, uint32_t slot, const bytes &key, coffer_job h, const std::vector<coffer_pair> &list)
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
	CHECK(a.done.bytes == h.length);
	CHECK(a.payload == want);
	if (h.mode == COFFER_MODE_CTR) {
		CHECK(!memcmp(a.done.iv, end.iv, 16));
		CHECK(a.done.keystream_byte == end.ks);
	}
}

static void crypt_random(Rig &rig)
{
	for (unsigned round = 0; round < 60; round++) {
		unsigned ctx = random_below(kContexts);
		bytes key = random_bytes(16 + 8 * random_below(3));
		uint32_t slot = open_key(rig, ctx, key, COFFER_USE_CTR | COFFER_USE_ECB | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT);
		for (unsigned k = 0; k < 5; k++) {
			coffer_job h = header(COFFER_OP_CRYPT, round);
			h.mode = random_below(2) ? COFFER_MODE_CTR : COFFER_MODE_ECB;
			h.flags = random_below(2) ? COFFER_JOB_ENCRYPT : 0;
			h.length = random_below(2) ? random_below(40) * 16 : random_below(3000);
			std::vector<coffer_pair> list;
			if (h.mode == COFFER_MODE_CTR) {
				memcpy(h.iv, random_bytes(16).data(), 16);
				if (!random_below(3)) // near the end of a half
					memset(h.iv + (random_below(2) ? 8 : 0), 0xFF, 8), h.iv[15] -= uint8_t(random_below(3));
				h.counter_rule = uint8_t(random_below(2));
				h.keystream_byte = uint8_t(random_below(16));
			} else {
				h.length &= ~15u;
			}
			if (random_below(2)) {
				unsigned left = h.length;
				unsigned pairs = 1 + random_below(random_below(4) ? 8 : 128);
				for (unsigned i = 0; i < pairs; i++) {
					unsigned c = random_below(left / (pairs - i) * 2 / (random_below(4) + 1) + 1) % (left + 1);
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

static const test tests[] = {
	{"nop", nop},
	{"loop", loop},
	{"crypt-random", crypt_random},
};

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : uint64_t(time(nullptr));
	printf("seed %llu\n", (unsigned long long)seed);
	for (auto &t : tests) {
		seed_random(seed);
		Rig rig;
		unsigned before = failures, had = checks;
		t.run(rig);
		printf("%s %s (%u checks)\n", failures == before ? "ok    " : "FAILED", t.name, checks - had);
	}
	return failures != 0;
}
