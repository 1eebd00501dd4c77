/* SPDX-License-Identifier: Apache-2.0 */
#include "cut.h"

#include <string.h>

#include "box.h"

bool scheme_is_cbc(const struct protection *scheme)
{
	return scheme->scheme == FOURCC('c', 'b', 'c', '1') || scheme->scheme == FOURCC('c', 'b', 'c', 's');
}

static bool restarts(const struct rest *rest)
{
	return rest->scheme->scheme == FOURCC('c', 'b', 'c', 's');
}

/* Samples without subsamples know no pattern. */
static bool has_pattern(const struct rest *rest)
{
	return rest->listed && rest->scheme->crypt_blocks;
}

/* It goes by whole blocks; in CTR without a pattern any byte is like any other. */
static bool by_blocks(const struct rest *rest)
{
	return scheme_is_cbc(rest->scheme) || has_pattern(rest);
}

static uint32_t run_bytes(const struct rest *rest)
{
	return 16u * (has_pattern(rest) ? rest->scheme->crypt_blocks : 1);
}

static uint32_t period(const struct rest *rest)
{
	return run_bytes(rest) + 16u * (has_pattern(rest) ? rest->scheme->skip_blocks : 0);
}

/* Of a cut where the pattern is in this phase and `left` bytes of the range are to come. */
static bool run_is_whole(const struct rest *rest, uint32_t phase, uint32_t left)
{
	return phase >= run_bytes(rest) || left >= run_bytes(rest) - phase;
}

size_t rest_pieces(uint32_t bytes, uint32_t most)
{
	/* A piece may be 15 bytes short, and be followed by the end of a range on its own. */
	return bytes <= most ? 2 : 2 * ((size_t)(bytes / (most - 15)) + 1);
}

void rest_begin(struct rest *rest, const struct track *track, const struct sample *sample, const uint8_t *data)
{
	*rest = (struct rest){
		.scheme = &track->protections[sample->protection],
		.data = data,
		.bytes = sample->size,
		.iv = sample->iv,
		.listed = sample->pairs != 0,
		.pair = track->pairs + sample->first_pair,
		.pairs = sample->pairs,
		.first = {0, sample->size},
	};
	if (rest->listed)
		rest->first = *rest->pair;
	memcpy(rest->position.iv, sample->iv, sizeof(sample->iv));
}

/* Moves the position over `bytes` encrypted bytes at `data`, of which all lie in one run. */
static void pass_run(struct rest *rest, const uint8_t *data, uint32_t bytes)
{
	if (!scheme_is_cbc(rest->scheme))
		coffer_position_advance(&rest->position, COFFER_CTR_WRAP64, bytes);
	else if (bytes >= 16)
		memcpy(rest->position.iv, data + bytes - bytes % 16 - 16, 16);
}

/* Moves the position over `bytes` of the range at `data`, with `left` more behind them. */
static void pass_range(struct rest *rest, const uint8_t *data, uint32_t bytes, uint32_t left)
{
	uint32_t n;

	if (!by_blocks(rest)) {
		pass_run(rest, data, bytes);
		return;
	}
	for (; bytes; bytes -= n, data += n, rest->done += n) {
		uint32_t phase = rest->done % period(rest);
		uint32_t end = phase < run_bytes(rest) ? run_bytes(rest) : period(rest);

		n = bytes < end - phase ? bytes : end - phase;
		if (phase < run_bytes(rest) && run_is_whole(rest, phase, bytes + left))
			pass_run(rest, data, n);
	}
}

static void next_pair(struct rest *rest)
{
	rest->done = 0;
	if (restarts(rest))
		memcpy(rest->position.iv, rest->iv, sizeof(rest->position.iv));
	if (rest->pairs > 1) {
		rest->pairs--;
		rest->first = *++rest->pair;
	}
}

/* Takes what fits of the pair at hand; true if that was all of it. */
static bool take_pair(struct rest *rest, uint32_t room, struct coffer_pair *pair)
{
	struct coffer_pair *first = &rest->first;
	uint32_t over;

	pair->clear = first->clear < room ? first->clear : room;
	room -= pair->clear;
	pair->encrypted = first->encrypted < room ? first->encrypted : room;
	over = (rest->done + pair->encrypted) % 16;
	if (pair->encrypted < first->encrypted && by_blocks(rest))
		pair->encrypted -= over < pair->encrypted ? over : pair->encrypted;
	first->clear -= pair->clear;
	first->encrypted -= pair->encrypted;
	pass_range(rest, rest->data + pair->clear, pair->encrypted, first->encrypted);
	rest->data += pair->clear + pair->encrypted;
	rest->bytes -= pair->clear + pair->encrypted;
	return !first->clear && !first->encrypted;
}

void rest_cut(struct rest *rest, uint32_t most, struct cut *cut, struct coffer_pair *pairs)
{
	bool inside = rest->done > 0 && restarts(rest), whole = true;
	uint32_t before = rest->bytes;

	*cut = (struct cut){.start = rest->position, .restart = restarts(rest) && !inside};
	cut->start.pattern_phase = (uint16_t)(has_pattern(rest) ? rest->done % period(rest) : 0);
	while (rest->bytes && whole && before - rest->bytes < most) {
		whole = take_pair(rest, most - (before - rest->bytes), &pairs[cut->pairs++]);
		if (!whole)
			cut->more = by_blocks(rest) && rest->done &&
				    run_is_whole(rest, rest->done % period(rest), rest->first.encrypted);
		else
			next_pair(rest);
		if (inside)
			break; /* the ranges behind it have another chain */
	}
	cut->bytes = before - rest->bytes;
	if (!rest->listed)
		cut->pairs = 0;
}
