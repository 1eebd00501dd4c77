/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "samples_internal.h"

#define SEIG        FOURCC('s', 'e', 'i', 'g')
#define LOCAL_GROUP 0x10000u /* indices above it are of the fragment's own sgpd */

static struct protection *add_protection(struct track *track)
{
	struct protection *more =
		realloc(track->protections, (track->protection_count + 1) * sizeof(*track->protections));

	if (!more)
		return NULL;
	track->protections = more;
	more += track->protection_count++;
	memset(more, 0, sizeof(*more));
	return more;
}

/* Pattern, isProtected, Per_Sample_IV_Size, KID and constant vector: the same bytes in tenc and in a seig entry. */
static int read_parameters(struct reader *r, const struct track *track, struct span s, bool pattern,
			   struct protection *p)
{
	struct span kid, iv;
	uint8_t blocks = span_u8(&s);

	p->crypt_blocks = pattern ? blocks >> 4 : 0;
	p->skip_blocks = pattern ? blocks & 15 : 0;
	p->protected = span_u8(&s) != 0;
	p->iv_bytes = span_u8(&s);
	kid = span_take(&s, 16);
	if (p->protected && !p->iv_bytes && !s.bad) {
		p->constant_iv_bytes = span_u8(&s);
		iv = span_take(&s, p->constant_iv_bytes);
		if (!s.bad && p->constant_iv_bytes != 8 && p->constant_iv_bytes != 16)
			return film_error(r->film, "track %u: a constant initialization vector of %u bytes", track->id,
					  p->constant_iv_bytes);
		if (!s.bad)
			memcpy(p->constant_iv, iv.p, p->constant_iv_bytes);
	}
	if (s.bad)
		return film_error(r->film, "track %u: malformed encryption parameters", track->id);
	memcpy(p->kid, kid.p, 16);
	if (p->iv_bytes != 0 && p->iv_bytes != 8 && p->iv_bytes != 16)
		return film_error(r->film, "track %u: initialization vectors of %u bytes", track->id, p->iv_bytes);
	return 0;
}

static bool is_scheme(uint32_t scheme)
{
	return scheme == FOURCC('c', 'e', 'n', 'c') || scheme == FOURCC('c', 'e', 'n', 's') ||
	       scheme == FOURCC('c', 'b', 'c', '1') || scheme == FOURCC('c', 'b', 'c', 's');
}

/* The sinf of an encrypted sample entry: scheme and defaults. */
static int read_sinf(struct reader *r, const struct track *track, struct span sinf, struct protection *p)
{
	struct span schm = box_find(sinf, FOURCC('s', 'c', 'h', 'm'));
	struct span tenc = box_find(box_find(sinf, FOURCC('s', 'c', 'h', 'i')), FOURCC('t', 'e', 'n', 'c'));
	uint8_t version;

	box_flags(&schm, NULL);
	p->scheme = span_u32(&schm);
	if (schm.bad)
		return film_error(r->film, "track %u: encrypted, but its scheme is not said", track->id);
	if (!is_scheme(p->scheme))
		return film_error(r->film, "track %u: scheme %c%c%c%c is not supported", track->id,
				  (int)(p->scheme >> 24 & 0x7F), (int)(p->scheme >> 16 & 0x7F),
				  (int)(p->scheme >> 8 & 0x7F), (int)(p->scheme & 0x7F));
	box_flags(&tenc, &version);
	span_skip(&tenc, 1);
	if (tenc.bad)
		return film_error(r->film, "track %u: encrypted, but without tenc", track->id);
	return read_parameters(r, track, tenc, version > 0, p);
}

/* Bytes of a sample entry before its boxes. QuickTime's longer sound entries say so by a version. */
size_t sample_entry_header(uint32_t format, struct span entry)
{
	uint16_t version;

	if (format == FOURCC('e', 'n', 'c', 'v'))
		return 78;
	if (format != FOURCC('e', 'n', 'c', 'a'))
		return 8;
	span_skip(&entry, 8);
	version = span_u16(&entry);
	return version == 1 ? 44 : version == 2 ? 64 : 28;
}

bool is_encrypted_format(uint32_t format)
{
	return format == FOURCC('e', 'n', 'c', 'v') || format == FOURCC('e', 'n', 'c', 'a') ||
	       format == FOURCC('e', 'n', 'c', 't') || format == FOURCC('e', 'n', 'c', 's') ||
	       format == FOURCC('e', 'n', 'c', 'm') || format == FOURCC('e', 'n', 'c', 'f');
}

int read_descriptions(struct reader *r, struct track *track, struct span stsd)
{
	struct span entry;
	uint32_t format;

	box_flags(&stsd, NULL);
	span_skip(&stsd, 4);
	while (box_next(&stsd, &format, &entry)) {
		struct protection *p = add_protection(track);

		if (!p)
			return film_error(r->film, "out of memory");
		track->descriptions++;
		if (!is_encrypted_format(format))
			continue;
		span_skip(&entry, sample_entry_header(format, entry));
		if (read_sinf(r, track, box_find(entry, FOURCC('s', 'i', 'n', 'f')), p))
			return -1;
	}
	if (stsd.bad || !track->descriptions)
		return film_error(r->film, "track %u: malformed sample descriptions", track->id);
	return 0;
}

static int read_seig_entries(struct reader *r, struct track *track, struct span s, uint8_t version, uint32_t length,
			     uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t bytes = version == 0 ? 20 : length ? length : span_u32(&s);
		struct span entry = span_take(&s, bytes);
		struct protection *p;

		span_skip(&entry, 1);
		if (entry.bad)
			return film_error(r->film, "track %u: malformed sgpd", track->id);
		p = add_protection(track);
		if (!p)
			return film_error(r->film, "out of memory");
		if (read_parameters(r, track, entry, true, p)) /* its scheme is that of the samples' description */
			return -1;
	}
	return 0;
}

int read_groups(struct reader *r, struct track *track, struct span boxes, uint32_t *base, uint32_t *count,
		uint32_t *default_group)
{
	struct span s;
	uint32_t type;

	*base = (uint32_t)track->protection_count;
	*count = 0;
	*default_group = 0;
	while (box_next(&boxes, &type, &s)) {
		uint8_t version;
		uint32_t length = 0;

		if (type != FOURCC('s', 'g', 'p', 'd'))
			continue;
		box_flags(&s, &version);
		if (span_u32(&s) != SEIG)
			continue;
		if (*count)
			return film_error(r->film, "track %u: two sgpd of type seig", track->id);
		if (version >= 1)
			length = span_u32(&s);
		if (version >= 2)
			*default_group = span_u32(&s);
		*count = span_u32(&s);
		if (s.bad || read_seig_entries(r, track, s, version, length, *count))
			return s.bad ? film_error(r->film, "track %u: malformed sgpd", track->id) : -1;
	}
	return 0;
}

/* Index in track->protections of a group of the scope, or -1. */
static int64_t group_protection(const struct scope *scope, uint32_t group, uint32_t local_base, uint32_t local_count)
{
	const struct track *track = scope->track;

	if (scope->fragment && group > LOCAL_GROUP)
		return group - LOCAL_GROUP <= local_count ? (int64_t)local_base + group - LOCAL_GROUP - 1 : -1;
	return group <= track->group_count ? (int64_t)track->group_base + group - 1 : -1;
}

static int apply_group(struct reader *r, const struct scope *scope, size_t first, size_t count, uint32_t group,
		       uint32_t local_base, uint32_t local_count)
{
	struct track *track = scope->track;
	struct protection *p;
	int64_t protection;

	if (!group || !count)
		return 0;
	protection = group_protection(scope, group, local_base, local_count);
	if (protection < 0)
		return film_error(r->film, "track %u, sample %zu: its group %u does not exist", track->id, first + 1,
				  group);
	p = &track->protections[protection];
	for (size_t i = first; i < first + count; i++) {
		uint32_t scheme = track->protections[track->samples[i].protection].scheme;

		if (p->protected && !scheme)
			return film_error(r->film,
					  "track %u, sample %zu: encrypted by its group, clear by its description",
					  track->id, i + 1);
		if (p->protected && p->scheme && p->scheme != scheme)
			return film_error(r->film, "track %u, sample %zu: its group has samples of two schemes",
					  track->id, i + 1);
		if (p->protected)
			p->scheme = scheme;
		track->samples[i].protection = (uint32_t)protection;
	}
	return 0;
}

int apply_groups(struct reader *r, const struct scope *scope, uint32_t local_base, uint32_t local_count,
		 uint32_t local_default)
{
	struct track *track = scope->track;
	struct span boxes = scope->boxes, s;
	size_t at = scope->first;
	uint32_t rest =
		scope->fragment && local_count ? local_default ? local_default + LOCAL_GROUP : 0 : track->default_group;
	uint32_t type;

	while (box_next(&boxes, &type, &s)) {
		uint8_t version;
		uint32_t entries;

		if (type != FOURCC('s', 'b', 'g', 'p'))
			continue;
		box_flags(&s, &version);
		if (span_u32(&s) != SEIG)
			continue;
		if (version >= 1)
			span_skip(&s, 4);
		entries = span_u32(&s);
		for (uint32_t i = 0; i < entries && !s.bad; i++) {
			uint32_t count = span_u32(&s);
			uint32_t group = span_u32(&s);

			if (s.bad || count > track->sample_count - at)
				return film_error(r->film, "track %u: sbgp speaks of more samples than there are",
						  track->id);
			if (apply_group(r, scope, at, count, group, local_base, local_count))
				return -1;
			at += count;
		}
		if (s.bad)
			return film_error(r->film, "track %u: malformed sbgp", track->id);
		break;
	}
	return apply_group(r, scope, at, track->sample_count - at, rest, local_base, local_count);
}
