// SPDX-License-Identifier: Apache-2.0
//
// Bench of the vault alone: its slots through the CPU's registers, and what its memory then holds. The rules of
// slots are asserted in the RTL; here they meet commands, key words, uses and revocations in the same cycle, in
// every order. Seed printed, or given as the first argument.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

#include "Vvault.h"
#include "Vvault___024root.h"
#include "verilated.h"

namespace {

constexpr unsigned kContexts = 4, kShare = 16;
enum { RESERVE = 1, KEY = 2, COMMIT = 3, REVOKE = 4, GENERATION = 5 };

unsigned checks, failures;
std::mt19937_64 generator;

void check(bool ok, const char *what)
{
	checks++;
	if (!ok && ++failures < 20)
		printf("    failed: %s\n", what);
}
#define CHECK(cond) check((cond), #cond)

uint32_t below(uint32_t n)
{
	return uint32_t(generator() % n);
}

uint32_t attr(unsigned session, unsigned role, unsigned len, unsigned open, unsigned usage)
{
	return session | session / kShare << 6 | role << 12 | len << 14 | open << 16 | usage << 17 | 3u << 24;
}
const uint32_t WRAP = 1, CTR = 2, ECB = 4, DECRYPT = 0x40;

struct Vault {
	Vvault top;
	uint8_t epoch[kContexts] = {};
	unsigned revoke_in = 0, revoke_ctx = 0, use_in = 0, use_slot = 0;
	bool abort_next = false;
	std::vector<uint32_t> out; // key words that left towards the core

	Vault()
	{
		top.rst_ni = 0;
		run(3);
		top.rst_ni = 1;
		rest();
	}

	void tick()
	{
		uint32_t e = 0;
		for (unsigned c = 0; c < kContexts; c++)
			e |= uint32_t(epoch[c]) << (8 * c);
		top.epoch_i = e;
		top.aes_ready_i = 1;
		top.revoke_ctx_i = revoke_in && !--revoke_in ? 1u << revoke_ctx : 0;
		top.key_req_i = use_in && !--use_in;
		top.key_slot_i = use_slot;
		top.abort_i = abort_next; // the job engine's answer to a revocation
		abort_next = false;
		// The engine starts a key only where the slot has one.
		if (top.key_req_i && !(top.keyed_o >> use_slot & 1 && state(use_slot) == 2))
			top.key_req_i = 0;
		top.clk_i = 0;
		top.eval();
		if (top.aes_key_we_o)
			out.push_back(top.aes_key_word_o);
		if (top.revoke_ctx_i || top.revoke_session_o)
			abort_next = true;
		for (unsigned c = 0; c < kContexts; c++)
			epoch[c] += top.revoke_ctx_i >> c & 1;
		top.clk_i = 1;
		top.eval();
	}
	void run(unsigned n)
	{
		while (n--)
			tick();
	}
	void rest() // until nothing is zeroized and no command runs
	{
		run(3);
		for (unsigned i = 0; i < 5000 && top.busy_o; i++)
			tick();
		CHECK(!top.busy_o);
		tick();
	}

	uint32_t word(unsigned slot, unsigned w) const { return top.rootp->vault__DOT__u_mem__DOT__mem[slot * 16 + w]; }
	unsigned state(unsigned slot) const
	{
		auto &s = top.rootp->vault__DOT__u_slots__DOT__state_q;
		return s[slot / 16] >> (2 * (slot % 16)) & 3;
	}
	void start(unsigned cmd, unsigned slot, uint32_t a, unsigned ctx, int off = 0)
	{
		top.cmd_i = cmd;
		top.cmd_slot_i = slot;
		top.cmd_ctx_i = ctx;
		top.cmd_epoch_i = uint8_t(epoch[ctx] + off);
		top.cmd_attr_i = a;
		top.cmd_we_i = 1;
		tick();
		top.cmd_we_i = 0;
	}
	bool finish()
	{
		do
			tick();
		while (top.result_busy_o);
		return top.result_ok_o;
	}
	bool command(unsigned cmd, unsigned slot, uint32_t a = 0, int off = 0)
	{
		start(cmd, slot, a, slot / kShare, off);
		return finish();
	}
	void key_word(uint32_t w)
	{
		top.key_word_i = w;
		top.key_we_i = 1;
		tick();
		top.key_we_i = 0;
	}
	void keyed(unsigned slot, const std::vector<uint32_t> &key)
	{
		CHECK(command(RESERVE, slot, attr(slot, 0, unsigned(key.size() - 4) / 2, 1, CTR | ECB | DECRYPT)));
		CHECK(command(KEY, slot));
		for (uint32_t w : key)
			key_word(w);
		CHECK(command(COMMIT, slot));
	}
};

std::vector<uint32_t> random_key(unsigned words)
{
	std::vector<uint32_t> k(words);
	for (auto &w : k)
		w = uint32_t(generator()) | 1; // no word is zero
	return k;
}

bool empty(const Vault &v, unsigned slot)
{
	for (unsigned w = 0; w < 16; w++)
		if (w != 9 && v.word(slot, w))
			return false;
	return true;
}

// After power-on every slot is overwritten, whatever was there, and free.
void power_on()
{
	Vault v;
	CHECK(v.top.free_o == ~0ull);
	for (unsigned s = 0; s < 64; s++)
		CHECK(empty(v, s) && v.word(s, 9) == 1);
	v.keyed(5, random_key(8));
	v.top.rst_ni = 0; // a reset frees nothing without overwriting it
	v.run(2);
	v.top.rst_ni = 1;
	v.tick();
	CHECK(v.state(5) == 3);
	v.rest();
	for (unsigned s = 0; s < 64; s++)
		CHECK(empty(v, s) && v.word(s, 9) == 2);
}

// No readable remains of older or longer keys.
void longer_key()
{
	Vault v;
	CHECK(v.command(RESERVE, 3, attr(3, 0, 2, 1, CTR)));
	CHECK(v.command(KEY, 3));
	for (unsigned i = 0; i < 7; i++)
		v.key_word(~0u);
	CHECK(v.command(RESERVE, 3, attr(3, 0, 0, 1, CTR))); // it is to be a shorter one
	for (unsigned w = 0; w < 8; w++)
		CHECK(v.word(3, w) == 0);
	v.key_word(~0u); // the sequence is over
	CHECK(v.word(3, 0) == 0);
	CHECK(v.command(KEY, 3));
	for (unsigned i = 0; i < 9; i++)
		v.key_word(~0u);
	for (unsigned w = 4; w < 8; w++)
		CHECK(v.word(3, w) == 0);
	CHECK(!v.command(COMMIT, 3));
}

// A command and a revocation of its context, and a use of the slot, in every order.
void same_cycle()
{
	for (unsigned cmd = RESERVE; cmd <= GENERATION; cmd++)
		for (unsigned at = 1; at < 46; at++)
			for (unsigned use : {0u, at > 6 ? at - 6 : 1, at > 2 ? at - 2 : 1, at, at + 1}) {
				Vault v;
				auto other = random_key(6), key = random_key(4);
				v.keyed(16, other);
				v.keyed(1, key);
				CHECK(v.command(RESERVE, 2, attr(2, 0, 0, 1, CTR | ECB | DECRYPT)));
				if (cmd == COMMIT) {
					CHECK(v.command(KEY, 2));
					for (uint32_t w : key)
						v.key_word(w);
				}
				v.out.clear();
				v.revoke_ctx = 0;
				v.revoke_in = at;
				v.use_slot = 1;
				v.use_in = use;
				unsigned slot = cmd == RESERVE ? 3 : cmd == REVOKE ? 1 : 2;
				v.start(cmd, slot, attr(slot, 0, 0, 1, CTR | ECB | DECRYPT), 0);
				v.finish();
				while (v.revoke_in)
					v.tick();
				if (cmd == KEY) // its words come too late
					for (uint32_t w : key)
						v.key_word(w);
				v.rest();
				CHECK((v.top.free_o & 0xFFFF) == 0xFFFF);
				for (unsigned s = 0; s < kShare; s++)
					CHECK(empty(v, s));
				for (unsigned i = 0; i < v.out.size(); i++)
					CHECK(i < 4 &&
					      v.out[i] == key[i]); // the key or the beginning of it, never a mixture
				for (unsigned s = 1; s < 3; s++)
					CHECK(v.word(s, 9) > 1);
				CHECK(v.state(16) == 2);
				for (unsigned w = 0; w < 6; w++)
					CHECK(v.word(16, w) == other[w]);
				CHECK(v.command(RESERVE, 2, attr(2, 0, 0, 1, CTR)));
			}
}

// Key words that are late: their context was revoked in any cycle of KEY, COMMIT or of the words, and the sequence before
// was another's. Not one of them is written, and the sequence of the context beside goes on.
void late_words()
{
	for (unsigned revoked = 0; revoked < 2; revoked++)
		for (unsigned at = 1; at < 24; at++) {
			Vault v;
			auto key = random_key(4);
			v.keyed(16, random_key(6)); // context 1 wrote the key before
			CHECK(v.command(RESERVE, 2, attr(2, 0, 0, 1, CTR)));
			v.revoke_ctx = revoked;
			v.revoke_in = at;
			bool ok = v.command(KEY, 2);
			for (uint32_t w : key)
				v.key_word(w);
			ok &= v.command(COMMIT, 2);
			while (v.revoke_in)
				v.tick();
			v.rest();
			if (revoked == 0) {
				for (uint32_t w : key)
					v.key_word(w);
				CHECK(empty(v, 2) && v.state(2) == 0);
			} else {
				CHECK(ok && v.state(2) == 2);
				for (unsigned w = 0; w < 4; w++)
					CHECK(v.word(2, w) == key[w]);
			}
		}
}

// A session's end meets the key words of another and of its own.
void session_end()
{
	for (unsigned words = 0; words <= 4; words++)
		for (bool own : {false, true}) {
			Vault v;
			auto key = random_key(4);
			v.keyed(7, key);
			CHECK(v.command(RESERVE, 8, attr(8, 0, 0, 0, WRAP | CTR | DECRYPT)));
			CHECK(v.command(RESERVE, 9, attr(8, 1, 0, 0, CTR | DECRYPT)));
			CHECK(v.command(KEY, 8));
			for (unsigned i = 0; i < words; i++)
				v.key_word(key[i]);
			CHECK(v.command(REVOKE, own ? 9 : 7));
			for (unsigned i = words; i < 4; i++)
				v.key_word(key[i]);
			CHECK(v.command(COMMIT, 8) == !own);
			v.rest();
			CHECK(own == empty(v, 8) && own == empty(v, 9) && own != empty(v, 7));
			CHECK(own == (v.state(7) == 2));
		}
}

// Anything, at random, against the rules: who owns what, what is free is empty, generations only rise.
void fuzz()
{
	Vault v;
	uint32_t gen[64];
	for (unsigned s = 0; s < 64; s++)
		gen[s] = v.word(s, 9);
	for (unsigned i = 0; i < 6000; i++) {
		unsigned slot = below(64), cmd = 1 + below(5), ctx = below(8) ? slot / kShare : below(kContexts);
		unsigned session = below(3) ? slot & ~3u : slot;
		int off = below(10) ? 0 : -1;
		bool stale = off || ctx != slot / kShare;
		if (!below(12)) {
			v.revoke_ctx = below(kContexts);
			v.revoke_in = 1 + below(60);
		}
		v.use_slot = below(64);
		v.use_in = below(4) ? 0 : 1 + below(30);
		uint64_t keyed = v.top.keyed_o, idle = v.top.free_o;
		bool pending = v.revoke_in;
		v.start(cmd, slot, attr(session, session == slot ? 0 : 1 + below(2), below(3), below(2), below(128)),
			ctx, off);
		bool ok = v.finish();
		CHECK(!(ok && stale));
		if (!pending && cmd == RESERVE && ok) {
			CHECK(idle >> slot & 1 || session == slot);
			CHECK(!(keyed >> slot & 1));
		}
		if (cmd == KEY && ok)
			for (unsigned n = below(3) ? 4 : below(10); n; n--)
				v.key_word(uint32_t(generator()));
		if (!below(20))
			v.rest();
		for (unsigned s = 0; s < 64; s++) {
			CHECK(v.state(s) != 0 || empty(v, s));
			CHECK(v.word(s, 9) >= gen[s] || v.state(s) == 3);
			gen[s] = v.word(s, 9);
		}
	}
}

const struct {
	const char *name;
	void (*run)();
} tests[] = {
	{"power-on", power_on},     {"longer-key", longer_key},   {"same-cycle", same_cycle},
	{"late-words", late_words}, {"session-end", session_end}, {"fuzz", fuzz},
};

} // namespace

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], nullptr, 0) : uint64_t(time(nullptr));
	printf("seed %llu\n", (unsigned long long)seed);
	for (auto &t : tests) {
		generator.seed(seed);
		unsigned before = failures, had = checks;
		t.run();
		printf("%s %s (%u checks)\n", failures == before ? "ok    " : "FAILED", t.name, checks - had);
		fflush(stdout);
	}
	return failures != 0;
}
