// SPDX-License-Identifier: Apache-2.0
//
// The job format once more, in plain C++ on mbedTLS's AES: what a job's output and end position must be.
#ifndef TESTS_JOBS_REFERENCE_H
#define TESTS_JOBS_REFERENCE_H

#include "../aes/reference.h"
#include "rig.h"

struct position {
	uint8_t iv[16];
	unsigned ks;
};

// The counter block after this one.
inline void count(uint8_t iv[16], unsigned rule)
{
	for (int i = 15; i >= (rule == COFFER_CTR_CARRY128 ? 0 : 8); i--)
		if (++iv[i])
			break;
}

// Pairs {clear, encrypted}; none: everything is encrypted.
inline bytes reference_job(const coffer_job &h, const bytes &key, const std::vector<coffer_pair> &list, const bytes &in,
			   position *end)
{
	std::vector<coffer_pair> ranges = list;
	if (ranges.empty())
		ranges.push_back({0, uint32_t(in.size())});
	bytes out, block;
	position p = {};
	memcpy(p.iv, h.iv, 16);
	p.ks = h.keystream_byte;
	size_t at = 0;
	for (auto &r : ranges) {
		out.insert(out.end(), in.begin() + at, in.begin() + at + r.clear);
		at += r.clear;
		for (uint32_t i = 0; i < r.encrypted; i++, at++) {
			uint8_t b[16];
			if (h.mode == COFFER_MODE_CTR) {
				reference_aes(key.data(), unsigned(key.size()), 0, p.iv, b);
				out.push_back(in[at] ^ b[p.ks]);
				if (++p.ks == 16) {
					p.ks = 0;
					count(p.iv, h.counter_rule);
				}
			} else {
				block.push_back(in[at]);
				if (block.size() < 16)
					continue;
				reference_aes(key.data(), unsigned(key.size()), !(h.flags & COFFER_JOB_ENCRYPT), block.data(), b);
				out.insert(out.end(), b, b + 16);
				block.clear();
			}
		}
	}
	*end = p;
	return out;
}

#endif
