// SPDX-License-Identifier: Apache-2.0
//
// The tests of `crypto`, by topic; bench.cpp runs them.
#ifndef TESTS_JOBS_TESTS_H
#define TESTS_JOBS_TESTS_H

#include "reference.h"
#include "rig.h"

struct test {
	const char *name;
	void (*run)(Rig &);
};

extern const std::vector<test> data_tests;   // data.cpp: modes, positions, lists, speed
extern const std::vector<test> mode_tests;   // modes.cpp: CBC, patterns of Common Encryption
extern const std::vector<test> header_tests; // headers.cpp: bad input
extern const std::vector<test> key_tests;    // keys.cpp: slots, roles, key operations, IV policies
extern const std::vector<test> policy_tests; // policy.cpp: surfaces, output policy, owners
extern const std::vector<test> revoke_tests; // revoke.cpp: revocation, zeroization, contexts side by side
extern const std::vector<test> switch_tests; // switch.cpp: what a change of the key costs

void seed_random(uint64_t seed);

constexpr unsigned ALL_RULES = CARRY128 | WRAP64 | REFUSE64;
constexpr unsigned DATA_USE =
	COFFER_USE_CTR | COFFER_USE_ECB | COFFER_USE_CBC | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT;

// An open session of one slot, the context's first.
uint32_t open_key(Rig &rig, unsigned ctx, const bytes &key, unsigned usage = DATA_USE, unsigned rules = ALL_RULES);

// A protected session in a context's slots base, base + 1, base + 2.
struct session {
	unsigned ctx, base;
	bytes key;
	uint32_t slot, content, readback;
};
session protected_session(Rig &rig, unsigned ctx, unsigned base = 0);
void end_session(Rig &rig, unsigned ctx, unsigned slot);

// A job of any mode and list on an open key, compared with the reference.
void crypt_one(Rig &rig, unsigned ctx, uint32_t slot, const bytes &key, coffer_job h,
	       const std::vector<coffer_pair> &list);
coffer_job crypt(uint32_t id, uint32_t slot, unsigned mode, unsigned flags, uint32_t length);
bytes aes_block(const bytes &key, bool decrypt, const bytes &in); // any number of blocks
answer load_key(Rig &rig, const session &s, const bytes &wrapped, unsigned key_bytes, unsigned rule,
		unsigned mode = COFFER_MODE_CTR);
void fill_pool(Rig &rig, unsigned words = 16);

#endif
