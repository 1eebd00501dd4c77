/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "samples_internal.h"

#define MAX_TABLE_BYTES (1u << 28)

int film_error(struct film_samples *film, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(film->error, sizeof(film->error), format, ap);
	va_end(ap);
	return -1;
}

struct track *film_track(struct film_samples *film, uint32_t id)
{
	for (size_t i = 0; i < film->track_count; i++)
		if (film->tracks[i].id == id)
			return &film->tracks[i];
	return NULL;
}

void film_samples_free(struct film_samples *film)
{
	for (size_t i = 0; i < film->track_count; i++) {
		free(film->tracks[i].protections);
		free(film->tracks[i].samples);
		free(film->tracks[i].pairs);
	}
	free(film->tracks);
	free(film->masks);
	film->masks = NULL;
	film->mask_count = 0;
	film->tracks = NULL;
	film->track_count = 0;
}

static int add_sample(struct reader *r, struct track *track, uint64_t offset, uint32_t size, uint32_t description)
{
	if (description < 1 || description > track->descriptions)
		return film_error(r->film, "track %u, sample %zu: its sample description %u does not exist", track->id,
				  track->sample_count + 1, description);
	if (offset > r->file_size || size > r->file_size - offset)
		return film_error(r->film, "track %u, sample %zu: beyond the end of the file, which is truncated",
				  track->id, track->sample_count + 1);
	if (track->sample_count == track->sample_room) {
		size_t room = track->sample_room ? 2 * track->sample_room : 256;
		struct sample *more = room > MAX_SAMPLES ? NULL : realloc(track->samples, room * sizeof(*more));

		if (!more)
			return film_error(r->film, "track %u: too many samples", track->id);
		track->samples = more;
		track->sample_room = room;
	}
	track->samples[track->sample_count++] =
		(struct sample){.offset = offset, .size = size, .protection = description - 1};
	return 0;
}

static int finish_scope(struct reader *r, const struct scope *scope)
{
	uint32_t base = 0, count = 0, rest = 0;

	if (scope->fragment && read_groups(r, scope->track, scope->boxes, &base, &count, &rest))
		return -1;
	if (apply_groups(r, scope, base, count, rest))
		return -1;
	return read_auxiliary(r, scope);
}

/* ---- moov ------------------------------------------------------------------------------------------ */

struct sizes_table { /* stsz or stz2 */
	struct span s;
	uint32_t all, count;
	unsigned int bits;
	uint8_t half; /* the second of two 4-bit sizes */
	bool pending;
};

static uint32_t next_size(struct sizes_table *t)
{
	if (t->all)
		return t->all;
	if (t->bits != 4)
		return (uint32_t)span_be(&t->s, t->bits / 8);
	t->pending = !t->pending;
	if (!t->pending)
		return t->half & 15;
	t->half = span_u8(&t->s);
	return t->half >> 4;
}

static struct sizes_table find_sizes_table(struct span stbl)
{
	struct sizes_table t = {.s = box_find(stbl, FOURCC('s', 't', 's', 'z')), .bits = 32};

	if (!t.s.bad) {
		box_flags(&t.s, NULL);
		t.all = span_u32(&t.s);
	} else {
		t.s = box_find(stbl, FOURCC('s', 't', 'z', '2'));
		box_flags(&t.s, NULL);
		t.bits = span_u32(&t.s) & 0xFF;
	}
	t.count = span_u32(&t.s);
	if (t.bits != 4 && t.bits != 8 && t.bits != 16 && t.bits != 32)
		t.s.bad = true;
	return t;
}

struct chunks { /* stsc and stco or co64 together: the next chunk */
	struct span stsc, offsets;
	uint32_t entries, count;
	unsigned int offset_bytes;
	uint32_t number, next_first; /* of this chunk, from 1; where the next entry of stsc begins */
	uint32_t samples, description;
	uint32_t pending_samples, pending_description;
};

static void next_stsc_entry(struct chunks *c)
{
	c->next_first = UINT32_MAX;
	if (!c->entries)
		return;
	c->entries--;
	c->next_first = span_u32(&c->stsc);
	c->pending_samples = span_u32(&c->stsc);
	c->pending_description = span_u32(&c->stsc);
}

static struct chunks find_chunks(struct span stbl)
{
	struct chunks c = {.stsc = box_find(stbl, FOURCC('s', 't', 's', 'c')),
			   .offsets = box_find(stbl, FOURCC('s', 't', 'c', 'o')),
			   .offset_bytes = 4};

	if (c.offsets.bad) {
		c.offsets = box_find(stbl, FOURCC('c', 'o', '6', '4'));
		c.offset_bytes = 8;
	}
	box_flags(&c.stsc, NULL);
	c.entries = span_u32(&c.stsc);
	box_flags(&c.offsets, NULL);
	c.count = span_u32(&c.offsets);
	next_stsc_entry(&c);
	return c;
}

static uint64_t next_chunk(struct chunks *c)
{
	c->number++;
	while (c->next_first <= c->number && !c->stsc.bad) {
		c->samples = c->pending_samples;
		c->description = c->pending_description;
		next_stsc_entry(c);
	}
	return span_be(&c->offsets, c->offset_bytes);
}

static int read_chunks(struct reader *r, struct track *track, struct span stbl, uint32_t *runs, struct chunks *c)
{
	struct sizes_table sizes = find_sizes_table(stbl);

	for (uint32_t chunk = 0; chunk < c->count && track->sample_count < sizes.count; chunk++) {
		uint64_t at = next_chunk(c);

		runs[chunk] = (uint32_t)track->sample_count;
		for (uint32_t i = 0; i < c->samples && track->sample_count < sizes.count; i++) {
			uint32_t size = next_size(&sizes);

			if (sizes.s.bad || c->stsc.bad || c->offsets.bad)
				return film_error(r->film, "track %u: malformed sample tables", track->id);
			if (add_sample(r, track, at, size, c->description))
				return -1;
			at += size;
		}
	}
	if (sizes.s.bad || c->stsc.bad || c->offsets.bad || track->sample_count != sizes.count)
		return film_error(r->film, "track %u: malformed sample tables", track->id);
	return 0;
}

static int read_stbl(struct reader *r, struct track *track, struct span stbl)
{
	struct chunks chunks = find_chunks(stbl);
	uint32_t *runs;
	struct scope scope = {.boxes = stbl, .track = track};
	int ret;

	if (read_descriptions(r, track, box_find(stbl, FOURCC('s', 't', 's', 'd'))) ||
	    read_groups(r, track, stbl, &track->group_base, &track->group_count, &track->default_group))
		return -1;
	if (chunks.count > chunks.offsets.left / chunks.offset_bytes)
		return film_error(r->film, "track %u: malformed sample tables", track->id);
	runs = calloc(chunks.count + 1, sizeof(*runs));
	if (!runs)
		return film_error(r->film, "out of memory");
	scope.runs = runs;
	scope.run_count = chunks.count;
	ret = read_chunks(r, track, stbl, runs, &chunks);
	if (!ret)
		ret = finish_scope(r, &scope);
	free(runs);
	return ret;
}

static struct track *add_track(struct film_samples *film)
{
	struct track *more = realloc(film->tracks, (film->track_count + 1) * sizeof(*more));

	if (!more)
		return NULL;
	film->tracks = more;
	more += film->track_count++;
	memset(more, 0, sizeof(*more));
	return more;
}

static int read_trak(struct reader *r, struct span trak)
{
	struct span tkhd = box_find(trak, FOURCC('t', 'k', 'h', 'd'));
	struct span mdia = box_find(trak, FOURCC('m', 'd', 'i', 'a'));
	struct span stbl = box_find(box_find(mdia, FOURCC('m', 'i', 'n', 'f')), FOURCC('s', 't', 'b', 'l'));
	struct track *track;
	uint8_t version;
	uint32_t id;

	box_flags(&tkhd, &version);
	span_skip(&tkhd, version ? 16 : 8);
	id = span_u32(&tkhd);
	if (tkhd.bad || stbl.bad || film_track(r->film, id))
		return film_error(r->film, "malformed track");
	track = add_track(r->film);
	if (!track)
		return film_error(r->film, "out of memory");
	track->id = id;
	track->default_description = 1;
	return read_stbl(r, track, stbl);
}

static int read_mvex(struct reader *r, struct span mvex)
{
	struct span trex;
	uint32_t type;

	while (box_next(&mvex, &type, &trex)) {
		struct track *track;

		if (type != FOURCC('t', 'r', 'e', 'x'))
			continue;
		box_flags(&trex, NULL);
		track = film_track(r->film, span_u32(&trex));
		if (!track)
			continue;
		track->default_description = span_u32(&trex);
		span_skip(&trex, 4);
		track->default_size = span_u32(&trex);
		if (trex.bad)
			return film_error(r->film, "track %u: malformed trex", track->id);
	}
	return 0;
}

static int read_moov(struct reader *r, struct span moov)
{
	struct span boxes = moov, body;
	uint32_t type;

	while (box_next(&boxes, &type, &body))
		if (type == FOURCC('t', 'r', 'a', 'k') && read_trak(r, body))
			return -1;
	if (boxes.bad)
		return film_error(r->film, "malformed moov");
	body = box_find(moov, FOURCC('m', 'v', 'e', 'x'));
	return body.bad ? 0 : read_mvex(r, body);
}

/* ---- moof ------------------------------------------------------------------------------------------ */

struct fragment {
	uint64_t base, at; /* what offsets count from; behind the last sample so far */
	uint32_t description, size;
};

static int read_tfhd(struct reader *r, struct span tfhd, uint64_t moof, uint64_t behind, struct track **track,
		     struct fragment *f)
{
	uint32_t flags = box_flags(&tfhd, NULL);

	*track = film_track(r->film, span_u32(&tfhd));
	if (tfhd.bad || !*track)
		return film_error(r->film, "a fragment of no track");
	f->base = flags & 1 ? span_u64(&tfhd) : flags & 0x20000 ? moof : behind;
	f->at = f->base;
	f->description = flags & 2 ? span_u32(&tfhd) : (*track)->default_description;
	if (flags & 8)
		span_skip(&tfhd, 4);
	f->size = flags & 0x10 ? span_u32(&tfhd) : (*track)->default_size;
	if (tfhd.bad)
		return film_error(r->film, "track %u: malformed tfhd", (*track)->id);
	return 0;
}

static int read_trun(struct reader *r, struct track *track, struct span trun, struct fragment *f)
{
	uint32_t flags = box_flags(&trun, NULL);
	uint32_t count = span_u32(&trun);

	if (flags & 1)
		f->at = f->base + (uint64_t)(int64_t)(int32_t)span_u32(&trun);
	if (flags & 4)
		span_skip(&trun, 4);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size;

		if (flags & 0x100)
			span_skip(&trun, 4);
		size = flags & 0x200 ? span_u32(&trun) : f->size;
		span_skip(&trun, (flags & 0x400 ? 4u : 0) + (flags & 0x800 ? 4u : 0));
		if (trun.bad)
			return film_error(r->film, "track %u: malformed trun", track->id);
		if (add_sample(r, track, f->at, size, f->description))
			return -1;
		f->at += size;
	}
	return 0;
}

static int read_traf(struct reader *r, struct span traf, uint64_t moof, uint64_t *behind)
{
	struct scope scope = {.boxes = traf, .fragment = true};
	struct fragment f = {0};
	struct span boxes = traf, body;
	uint32_t *runs, type;
	int ret = 0;

	if (read_tfhd(r, box_find(traf, FOURCC('t', 'f', 'h', 'd')), moof, *behind, &scope.track, &f))
		return -1;
	runs = calloc(traf.left / 8 + 1, sizeof(*runs)); /* a box takes 8 bytes */
	if (!runs)
		return film_error(r->film, "out of memory");
	scope.first = scope.track->sample_count;
	scope.base = f.base;
	scope.runs = runs;
	while (!ret && box_next(&boxes, &type, &body)) {
		if (type != FOURCC('t', 'r', 'u', 'n'))
			continue;
		runs[scope.run_count++] = (uint32_t)(scope.track->sample_count - scope.first);
		ret = read_trun(r, scope.track, body, &f);
	}
	*behind = f.at;
	if (!ret && boxes.bad)
		ret = film_error(r->film, "track %u: malformed fragment", scope.track->id);
	if (!ret)
		ret = finish_scope(r, &scope);
	free(runs);
	return ret;
}

static int read_moof(struct reader *r, struct span moof, uint64_t at)
{
	struct span traf;
	uint64_t behind = at;
	uint32_t type;

	while (box_next(&moof, &type, &traf))
		if (type == FOURCC('t', 'r', 'a', 'f') && read_traf(r, traf, at, &behind))
			return -1;
	return moof.bad ? film_error(r->film, "malformed moof") : 0;
}

/* ---- the file ---------------------------------------------------------------------------------------- */

static int read_table(struct reader *r, uint32_t type, uint64_t at, uint64_t body_at, uint64_t bytes)
{
	struct span s = {.left = (size_t)bytes};
	uint8_t *data;
	int ret;

	if (bytes > MAX_TABLE_BYTES)
		return film_error(r->film, "a table of %llu bytes", (unsigned long long)bytes);
	data = malloc(s.left + 1);
	if (!data)
		return film_error(r->film, "out of memory");
	s.p = data;
	if (pread(r->fd, data, s.left, (off_t)body_at) != (ssize_t)s.left)
		ret = film_error(r->film, "the file cannot be read");
	else if (type == FOURCC('m', 'o', 'o', 'v'))
		ret = r->film->track_count ? film_error(r->film, "two moov boxes") : read_moov(r, s);
	else
		ret = read_moof(r, s, at);
	if (!ret)
		ret = mask_encryption(r->film, s, body_at);
	free(data);
	return ret;
}

static bool begins_a_file(uint32_t type)
{
	static const char first[] = "ftypstypmoovfreewideskipmdatpdin";

	for (const char *p = first; *p; p += 4)
		if (type == FOURCC(p[0], p[1], p[2], p[3]))
			return true;
	return false;
}

int film_samples_read(struct film_samples *film, int fd)
{
	struct reader r = {.film = film, .fd = fd};
	struct stat st;
	uint64_t at = 0;

	memset(film, 0, sizeof(*film));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return film_error(film, "not a file");
	r.file_size = (uint64_t)st.st_size;
	while (at < r.file_size) {
		uint8_t header[16] = {0};
		ssize_t n = pread(fd, header, sizeof(header), (off_t)at);
		struct span s = {.p = header, .left = n < 0 ? 0 : (size_t)n};
		uint64_t size = span_u32(&s), head = 8;
		uint32_t type = span_u32(&s);

		if (size == 1) {
			size = span_u64(&s);
			head = 16;
		} else if (size == 0) {
			size = r.file_size - at;
		}
		if (s.bad || size < head || (!at && !begins_a_file(type)))
			return film_error(film, "it is no MP4 file, or a damaged one");
		if (size > r.file_size - at)
			return film_error(film, "the file is truncated");
		if ((type == FOURCC('m', 'o', 'o', 'v') || type == FOURCC('m', 'o', 'o', 'f')) &&
		    read_table(&r, type, at, at + head, size - head))
			return -1;
		at += size;
	}
	if (!film->track_count)
		return film_error(film, "it is no MP4 file, or one without tracks");
	return 0;
}
