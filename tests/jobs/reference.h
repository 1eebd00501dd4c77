// SPDX-License-Identifier: Apache-2.0
//
// The job format once more, in plain C++ on mbedTLS's AES: what a job's output and end position must be.
#ifndef TESTS_JOBS_REFERENCE_H
#define TESTS_JOBS_REFERENCE_H

#include <algorithm>

#include "../aes/reference.h"
#include "rig.h"

struct position {
	uint8_t iv[16];
	unsigned ks, phase;
};

// The counter block after this one.
inline void count(uint8_t iv[16], unsigned rule)
{
	for (int i = 15; i >= (rule == COFFER_CTR_CARRY128 ? 0 : 8); i--)
		if (++iv[i])
			break;
}

// Bytes through the cipher of a job: whole blocks in ECB and CBC, any number in CTR.
inline void reference_crypt(const coffer_job &h, const bytes &key, position &p, const uint8_t *in, size_t n, bytes &out)
{
	bool encrypt = h.flags & COFFER_JOB_ENCRYPT;
	for (size_t at = 0; at < n;) {
		uint8_t b[16], x[16];
		if (h.mode == COFFER_MODE_CTR) {
			reference_aes(key.data(), unsigned(key.size()), 0, p.iv, b);
			for (; at < n && p.ks < 16; p.ks++)
				out.push_back(in[at++] ^ b[p.ks]);
			if (p.ks == 16) {
				p.ks = 0;
				count(p.iv, h.counter_rule);
			}
			continue;
		}
		memcpy(x, in + at, 16);
		for (unsigned i = 0; h.mode == COFFER_MODE_CBC && encrypt && i < 16; i++)
			x[i] ^= p.iv[i];
		reference_aes(key.data(), unsigned(key.size()), !encrypt, x, b);
		for (unsigned i = 0; h.mode == COFFER_MODE_CBC && !encrypt && i < 16; i++)
			b[i] ^= p.iv[i];
		if (h.mode == COFFER_MODE_CBC)
			memcpy(p.iv, encrypt ? b : in + at, 16);
		out.insert(out.end(), b, b + 16);
		at += 16;
	}
}

// Pairs {clear, encrypted}; none: everything is encrypted. The output may lack the last bytes: a CBC block cut in two.
inline bytes reference_job(const coffer_job &h, const bytes &key, const std::vector<coffer_pair> &list, const bytes &in,
			   position *end)
{
	std::vector<coffer_pair> ranges = list;
	if (ranges.empty())
		ranges.push_back({0, uint32_t(in.size())});
	bool cbc = h.mode == COFFER_MODE_CBC, more = h.flags & COFFER_JOB_MORE, restart = h.flags & COFFER_JOB_RESTART;
	unsigned crypt = 16u * (cbc && !h.crypt_blocks ? 1 : h.crypt_blocks), period = crypt + 16u * h.skip_blocks;
	bytes out;
	position p = {};
	memcpy(p.iv, h.iv, 16);
	p.ks = h.keystream_byte;
	p.phase = h.pattern_phase;
	const uint8_t *at = in.data();
	for (size_t k = 0; k < ranges.size(); k++) {
		out.insert(out.end(), at, at + ranges[k].clear);
		at += ranges[k].clear;
		if (k)
			p.phase = 0;
		if (k && restart)
			memcpy(p.iv, h.iv, 16);
		for (size_t left = ranges[k].encrypted, n; left; left -= n, at += n) {
			if (!crypt) {
				reference_crypt(h, key, p, at, n = left, out);
				continue;
			}
			if (p.phase >= crypt) { // skipped blocks
				n = std::min<size_t>(left, period - p.phase);
				out.insert(out.end(), at, at + n);
			} else if (left < crypt - p.phase && !(more && k + 1 == ranges.size())) { // a run cut short
				n = left;
				out.insert(out.end(), at, at + n);
			} else {
				n = std::min<size_t>(left, crypt - p.phase);
				unsigned rest = cbc ? n % 16 : 0;
				reference_crypt(h, key, p, at, n - rest, out);
				p.phase = unsigned((p.phase + n - rest) % period);
				continue;
			}
			p.phase = unsigned((p.phase + n) % period);
		}
	}
	if (!more)
		p.phase = 0;
	if (!more && restart)
		memcpy(p.iv, h.iv, 16);
	*end = p;
	return out;
}

#endif
