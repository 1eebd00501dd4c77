// SPDX-License-Identifier: Apache-2.0
//
// What stands around `crypto` on the board, for benches: bulk packets, surface memory, the CPU's vault registers.
#ifndef TESTS_JOBS_RIG_H
#define TESTS_JOBS_RIG_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "Vcrypto.h"
#include "coffer_wire.h"
#include "verilated.h"

using bytes = std::vector<uint8_t>;

constexpr unsigned kContexts = 4;
constexpr unsigned kShare = 64 / kContexts; // slots of a context
constexpr unsigned kInPackets = 8;
constexpr unsigned kPage = 2048;

// slot_attr_t of coffer_pkg.sv
enum role { SESSION = 0, CONTENT = 1, READBACK = 2 };
enum rules { CARRY128 = 1, WRAP64 = 2, REFUSE64 = 4 };
struct attr {
	unsigned session, ctx, role = SESSION, key_bytes = 16, open = 1, usage = 0, rules = CARRY128 | WRAP64;
	bool dec_rising = false, enc_rising = false;
	uint32_t word() const
	{
		return session | ctx << 6 | role << 12 | (key_bytes / 8 - 2) << 14 | open << 16 | usage << 17 |
		       rules << 24 | uint32_t(dec_rising) << 27 | uint32_t(enc_rising) << 28;
	}
};

struct surface {
	bool valid = false;
	unsigned ctx = 0, session = 0, session_gen = 0, gen = 0, base = 0, pages = 0;
};

// An answer: the returned payload, where there is one, and the completion.
struct answer {
	bytes payload;
	coffer_completion done;
};

class Rig {
public:
	Vcrypto top;
	uint64_t cycle = 0;
	uint8_t memory[65536] = {};
	surface surfaces[16];
	uint8_t epoch[kContexts] = {};
	bool reads[kContexts] = {true, true, true, true}; // the host takes IN packets

	Rig();
	void tick();
	void run(unsigned cycles)
	{
		while (cycles--)
			tick();
	}
	void idle(); // until nothing moves

	// bulk pipes
	void packet(unsigned ctx, const bytes &data) { out_[ctx].push_back(data); }
	void send(unsigned ctx, const bytes &transfer); // in packets, ended by a short one
	size_t waiting(unsigned ctx) const { return out_[ctx].size(); }
	bool answered(unsigned ctx, bool payload); // a whole answer is there
	answer take(unsigned ctx, bool payload);
	answer job(unsigned ctx, const coffer_job &header, const bytes &rest = {}); // send, run, take
	size_t in_packets(unsigned ctx) const { return in_[ctx].size() + unread_[ctx].size(); }

	// CPU
	bool command(unsigned cmd, unsigned slot, unsigned ctx, uint32_t attr = 0, int epoch_off = 0);
	uint32_t generation() const { return top.vault_result_gen_o; }
	void key_words(const bytes &key);
	void pool(uint32_t word);
	void tag_key(const bytes &key);
	uint32_t key_slot(unsigned slot, const attr &a, const bytes &key); // RESERVE, KEY, COMMIT: its handle
	void revoke_context(unsigned ctx);

	// What the hardware holds
	uint32_t vault_word(unsigned slot, unsigned word) const;
	bool engine_clear(unsigned ctx) const; // job memory and list of a context that is idle
	bytes core_words() const;              // everything of a key that the AES core keeps between two blocks
	void revoke_later(unsigned ctx, unsigned cycles)
	{
		revoke_ctx_ = ctx;
		revoke_in_ = cycles;
	}

private:
	std::deque<bytes> out_[kContexts], in_[kContexts], unread_[kContexts];
	uint8_t filling_[kContexts][512] = {};
	uint8_t out_data_ = 0, surf_next_ = 0, surf_data_ = 0;
	unsigned revoke_ctx_ = 0, revoke_in_ = 0;
	void inputs();
	void effects();
};

extern unsigned checks, failures;
void check(bool ok, const char *what);
#define CHECK(cond) check((cond), #cond)

bytes random_bytes(size_t n);
uint32_t random_below(uint32_t n);
coffer_job header(unsigned op, uint32_t id);

#endif
