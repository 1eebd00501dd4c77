/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sample auxiliary information of Common Encryption (ISO/IEC 23001-7, 7.1): for each protected sample its
 * initialization vector and subsamples, either in a senc box, or anywhere in the file where saio points, with sizes in saiz.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples_internal.h"

#define SENC_SUBSAMPLES 2u

static struct coffer_pair *add_pairs(struct track *track, size_t count)
{
	if (track->pair_count + count > track->pair_room) {
		size_t room = 2 * (track->pair_count + count);
		struct coffer_pair *more = realloc(track->pairs, room * sizeof(*more));

		if (!more)
			return NULL;
		track->pairs = more;
		track->pair_room = room;
	}
	track->pair_count += count;
	return track->pairs + track->pair_count - count;
}

static int read_pairs(struct reader *r, struct track *track, struct sample *sample, struct span *s)
{
	uint16_t count = span_u16(s);
	struct coffer_pair *pair;

	if (s->bad || count > s->left / 6) {
		s->bad = true;
		return 0;
	}
	if (!count)
		return 0;
	sample->first_pair = (uint32_t)track->pair_count;
	sample->pairs = count;
	pair = add_pairs(track, count);
	if (!pair)
		return film_error(r->film, "out of memory");
	for (; count; count--, pair++) {
		pair->clear = span_u16(s);
		pair->encrypted = span_u32(s);
	}
	return 0;
}

/* One sample's entry; `subsamples` says whether a count follows the vector. */
static int read_entry(struct reader *r, struct track *track, struct sample *sample, struct span *s, bool subsamples)
{
	const struct protection *p = &track->protections[sample->protection];
	uint8_t iv_bytes = p->iv_bytes;
	struct span iv = span_take(s, iv_bytes);

	memcpy(sample->iv, p->constant_iv, sizeof(sample->iv)); /* or zeros */
	sample->pairs = 0;
	if (!iv.bad && iv_bytes)
		memcpy(sample->iv, iv.p, iv_bytes);
	sample->has_iv = !iv.bad;
	return subsamples ? read_pairs(r, track, sample, s) : 0;
}

/*
 * A clear sample has no vector; whether its entry still has a (zero) subsample count is read in both ways in the
 * field. The box's size tells: the right reading consumes it exactly. *fits says whether this one does.
 */
static int try_senc(struct reader *r, const struct scope *scope, struct span s, bool clear_has_count, bool *fits)
{
	struct track *track = scope->track;
	size_t pairs_before = track->pair_count;
	uint32_t flags = box_flags(&s, NULL);
	uint32_t count = span_u32(&s);
	int ret = 0;

	*fits = !s.bad && count <= track->sample_count - scope->first;
	for (uint32_t i = 0; *fits && !ret && i < count; i++) {
		struct sample *sample = &track->samples[scope->first + i];
		bool protected = track->protections[sample->protection].protected;

		if (protected || clear_has_count)
			ret = read_entry(r, track, sample, &s, flags & SENC_SUBSAMPLES);
		*fits = !s.bad;
	}
	*fits = *fits && s.left == 0;
	if (!*fits)
		track->pair_count = pairs_before;
	return ret;
}

static int read_senc(struct reader *r, const struct scope *scope, struct span senc)
{
	bool fits;

	if (try_senc(r, scope, senc, true, &fits) || (!fits && try_senc(r, scope, senc, false, &fits)))
		return -1;
	if (!fits)
		return film_error(r->film, "track %u, samples from %zu: senc does not fit its samples",
				  scope->track->id, scope->first + 1);
	return 0;
}

/* ---- saiz and saio ------------------------------------------------------------------------------ */

struct sizes {
	uint8_t all; /* 0: each its own */
	uint32_t count;
	struct span each;
};

struct offsets {
	uint32_t count;
	unsigned int bytes; /* of each */
	struct span each;
};

/* Skips the optional type; false if the box is about another kind of information. */
static bool aux_type_is_cenc(struct span *s, uint32_t flags)
{
	uint32_t type;

	if (!(flags & 1))
		return true;
	type = span_u32(s);
	span_skip(s, 4);
	return type == FOURCC('c', 'e', 'n', 'c') || type == FOURCC('c', 'e', 'n', 's') ||
	       type == FOURCC('c', 'b', 'c', '1') || type == FOURCC('c', 'b', 'c', 's');
}

static struct sizes find_sizes(struct span boxes)
{
	struct sizes sizes = {0};
	struct span s;
	uint32_t type;

	while (box_next(&boxes, &type, &s)) {
		if (type != FOURCC('s', 'a', 'i', 'z') || !aux_type_is_cenc(&s, box_flags(&s, NULL)))
			continue;
		sizes.all = span_u8(&s);
		sizes.count = span_u32(&s);
		sizes.each = s;
		if (s.bad || (!sizes.all && s.left < sizes.count))
			sizes = (struct sizes){.each.bad = true};
		return sizes;
	}
	return sizes;
}

static struct offsets find_offsets(struct span boxes)
{
	struct offsets offsets = {0};
	struct span s;
	uint32_t type;

	while (box_next(&boxes, &type, &s)) {
		uint8_t version;

		if (type != FOURCC('s', 'a', 'i', 'o') || !aux_type_is_cenc(&s, box_flags(&s, &version)))
			continue;
		offsets.bytes = version ? 8 : 4;
		offsets.count = span_u32(&s);
		offsets.each = s;
		if (s.bad || s.left / offsets.bytes < offsets.count)
			offsets = (struct offsets){.each.bad = true};
		return offsets;
	}
	return offsets;
}

static bool read_at(const struct reader *r, uint8_t *out, size_t bytes, uint64_t at)
{
	if (at > r->file_size || bytes > r->file_size - at)
		return false;
	return pread(r->fd, out, bytes, (off_t)at) == (ssize_t)bytes;
}

static int read_external_entry(struct reader *r, struct track *track, struct sample *sample, uint64_t at, uint8_t bytes)
{
	const struct protection *p = &track->protections[sample->protection];
	uint8_t entry[255];
	struct span s = {.p = entry, .left = bytes};

	if (!p->protected || !bytes)
		return 0;
	if (!read_at(r, entry, bytes, at))
		s.bad = true;
	if (read_entry(r, track, sample, &s, bytes > p->iv_bytes))
		return -1;
	if (s.bad || s.left)
		return film_error(r->film, "track %u, sample %zu: malformed auxiliary information", track->id,
				  (size_t)(sample - track->samples) + 1);
	return 0;
}

static int read_external(struct reader *r, const struct scope *scope)
{
	struct track *track = scope->track;
	struct sizes sizes = find_sizes(scope->boxes);
	struct offsets offsets = find_offsets(scope->boxes);
	size_t run = 0;
	uint64_t at = 0;

	if (!sizes.count && !offsets.count && !sizes.each.bad && !offsets.each.bad)
		return 0;
	if (sizes.each.bad || offsets.each.bad || !offsets.count || sizes.count > track->sample_count - scope->first ||
	    (offsets.count > 1 && offsets.count > scope->run_count))
		return film_error(r->film, "track %u, samples from %zu: saiz and saio do not fit its samples",
				  track->id, scope->first + 1);
	for (uint32_t i = 0; i < sizes.count; i++) {
		uint8_t bytes = sizes.all ? sizes.all : span_u8(&sizes.each);

		while (run < offsets.count && (run == 0 || scope->runs[run] == i)) {
			at = scope->base + span_be(&offsets.each, offsets.bytes);
			run++;
		}
		if (read_external_entry(r, track, &track->samples[scope->first + i], at, bytes))
			return -1;
		at += bytes;
	}
	return 0;
}

int read_auxiliary(struct reader *r, const struct scope *scope)
{
	struct track *track = scope->track;
	struct span senc = box_find(scope->boxes, FOURCC('s', 'e', 'n', 'c'));
	size_t i;

	/* A constant vector needs no auxiliary information where there are no subsamples. */
	for (i = scope->first; i < track->sample_count; i++) {
		struct sample *sample = &track->samples[i];
		const struct protection *p = &track->protections[sample->protection];

		memcpy(sample->iv, p->constant_iv, sizeof(sample->iv));
		sample->has_iv = p->protected && p->constant_iv_bytes;
	}
	i = scope->first;
	while (i < track->sample_count && !track->protections[track->samples[i].protection].protected)
		i++;
	if (i == track->sample_count)
		return 0;
	if (senc.bad ? read_external(r, scope) : read_senc(r, scope, senc))
		return -1;
	for (; i < track->sample_count; i++)
		if (track->protections[track->samples[i].protection].protected && !track->samples[i].has_iv)
			return film_error(r->film,
					  "track %u, sample %zu: encrypted, but without an initialization vector",
					  track->id, i + 1);
	return 0;
}
