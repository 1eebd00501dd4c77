/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes of the ISO base media file format (ISO/IEC 14496-12), read from memory. Numbers are big-endian.
 * A span that was read beyond its end turns bad, stays so, and gives zeros: check `bad` once at the end.
 */
#ifndef COFFER_BOX_H
#define COFFER_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

struct span {
	const uint8_t *p;
	size_t left;
	bool bad;
};

uint64_t span_be(struct span *s, unsigned int bytes);
void span_skip(struct span *s, size_t bytes);
/* The next `bytes` as a span of their own. */
struct span span_take(struct span *s, size_t bytes);

static inline uint8_t span_u8(struct span *s)
{
	return (uint8_t)span_be(s, 1);
}
static inline uint16_t span_u16(struct span *s)
{
	return (uint16_t)span_be(s, 2);
}
static inline uint32_t span_u32(struct span *s)
{
	return (uint32_t)span_be(s, 4);
}
static inline uint64_t span_u64(struct span *s)
{
	return span_be(s, 8);
}

/* The next box of `in`: true with its type and body. False at the end, or, with in->bad, at a box that does not fit. */
bool box_next(struct span *in, uint32_t *type, struct span *body);

/* The first box of that type among those of `in`, which is not moved; an empty span with bad set if there is none. */
struct span box_find(struct span in, uint32_t type);

/* Version and flags of a full box. */
uint32_t box_flags(struct span *s, uint8_t *version);

#endif
