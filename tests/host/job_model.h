/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the board does with a CRYPT job (docs/protocol.md: position, CBC, patterns, RESTART, MORE), over a toy cipher: for
 * tests of who cuts samples and tasks into jobs. Cuts are right if the pieces give what one job would give.
 */
#ifndef TESTS_HOST_JOB_MODEL_H
#define TESTS_HOST_JOB_MODEL_H

#include <stdbool.h>
#include <string.h>

#include "coffer/coffer.h"

struct model_job {
	bool cbc, encrypt, restart, more;
	uint8_t crypt_blocks, skip_blocks;
	enum coffer_counter_rule rule;
	const struct coffer_pair *list;
	size_t pairs; /* none: one encrypted range */
};

/* Each block gives another one: no cipher, but one that shows a wrong chain or counter. */
static inline void model_block(const uint8_t in[16], uint8_t out[16])
{
	for (unsigned i = 0; i < 16; i++)
		out[i] = (uint8_t)(in[5 * i % 16] * 3 + 90 + i);
}

/* Bytes through the cipher: whole blocks in CBC, any number in CTR. */
static inline void model_crypt(const struct model_job *job, struct coffer_position *at, const uint8_t *in, uint8_t *out,
			       size_t bytes)
{
	uint8_t x[16], y[16];

	for (size_t k = 0; !job->cbc && k < bytes; k++) {
		model_block(at->iv, x);
		out[k] = in[k] ^ x[at->keystream_byte];
		coffer_position_advance(at, job->rule, 1);
	}
	for (size_t k = 0; job->cbc && k < bytes; k += 16) {
		memcpy(y, in + k, 16);
		for (unsigned i = 0; job->encrypt && i < 16; i++)
			y[i] ^= at->iv[i];
		model_block(y, x);
		for (unsigned i = 0; !job->encrypt && i < 16; i++)
			x[i] ^= at->iv[i];
		memcpy(at->iv, job->encrypt ? x : y, 16);
		memcpy(out + k, x, 16);
	}
}

/* Moves *at to the position that the completion returns; gives the bytes of `length` that are done. */
static inline size_t model_run(const struct model_job *job, struct coffer_position *at, const uint8_t *in, uint8_t *out,
			       size_t length)
{
	const struct coffer_pair all = {0, (uint32_t)length}, *list = job->pairs ? job->list : &all;
	size_t pairs = job->pairs ? job->pairs : 1, done = 0, n;
	size_t crypt = 16u * (job->cbc && !job->crypt_blocks ? 1u : job->crypt_blocks);
	size_t period = crypt + 16u * job->skip_blocks;
	uint8_t iv[16];

	memcpy(iv, at->iv, 16);
	memcpy(out, in, length);
	for (size_t k = 0; k < pairs; k++) {
		if (k)
			at->pattern_phase = 0;
		if (k && job->restart)
			memcpy(at->iv, iv, 16);
		done += list[k].clear;
		for (size_t left = list[k].encrypted; left; left -= n, done += n) {
			size_t phase = at->pattern_phase;
			bool whole = job->more && k + 1 == pairs;

			n = phase < crypt ? crypt - phase : period - phase;
			n = !crypt || n > left ? left : n;
			if (!crypt || (phase < crypt && (whole || left >= crypt - phase))) {
				size_t rest = job->cbc ? n % 16 : 0;

				model_crypt(job, at, in + done, out + done, n - rest);
				if (rest) { /* a block cut in two, at the end of a job: it is to be sent again */
					at->pattern_phase = (uint16_t)(phase + n - rest);
					return done + n - rest;
				}
			}
			at->pattern_phase = (uint16_t)(crypt ? (phase + n) % period : 0);
		}
	}
	if (!job->more)
		at->pattern_phase = 0;
	if (!job->more && job->restart)
		memcpy(at->iv, iv, 16);
	return done;
}

#endif
