/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample in pieces that fit into protected memory, each with its list and the position that it starts at, whatever the
 * scheme (ISO/IEC 23001-7; docs/protocol.md). Nothing has to come back from the board for that: in decryption the chain of
 * CBC is ciphertext, which is at hand.
 */
#ifndef COFFER_FILM_CUT_H
#define COFFER_FILM_CUT_H

#include "samples.h"

/* What of a sample is still to be cut. */
struct rest {
	const struct protection *scheme;
	const uint8_t *data; /* as encrypted; read by rest_cut before the piece is submitted */
	uint32_t bytes;
	const uint8_t *iv; /* the sample's */
	bool listed;       /* it has subsamples */
	const struct coffer_pair *pair;
	uint32_t pairs;
	struct coffer_pair first; /* what is left of *pair */
	uint32_t done;            /* encrypted bytes done of the range that is cut */
	struct coffer_position position;
};

struct cut {
	struct coffer_position start;
	uint32_t bytes;
	size_t pairs;
	bool restart, more; /* as in struct coffer_job_desc */
};

/* Of CBC, else of CTR. */
bool scheme_is_cbc(const struct protection *scheme);

/* The longest way to cut a sample: so many pieces at most. */
size_t rest_pieces(uint32_t bytes, uint32_t most);

void rest_begin(struct rest *rest, const struct track *track, const struct sample *sample, const uint8_t *data);

/* Takes at most `most` bytes (64 or more, or all there are) off the sample; pairs[] has room for all of them. */
void rest_cut(struct rest *rest, uint32_t most, struct cut *cut, struct coffer_pair *pairs);

#endif
