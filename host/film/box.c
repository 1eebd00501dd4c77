/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

uint64_t span_be(struct span *s, unsigned int bytes)
{
	uint64_t value = 0;

	if (s->bad || s->left < bytes) {
		s->bad = true;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | s->p[i];
	s->p += bytes;
	s->left -= bytes;
	return value;
}

void span_skip(struct span *s, size_t bytes)
{
	if (s->bad || s->left < bytes) {
		s->bad = true;
		return;
	}
	s->p += bytes;
	s->left -= bytes;
}

struct span span_take(struct span *s, size_t bytes)
{
	struct span taken = {.p = s->p, .left = bytes};

	span_skip(s, bytes);
	if (s->bad)
		taken = (struct span){.bad = true};
	return taken;
}

bool box_next(struct span *in, uint32_t *type, struct span *body)
{
	uint64_t size, header = 8;

	if (in->bad || !in->left)
		return false;
	size = span_u32(in);
	*type = span_u32(in);
	if (size == 1) {
		size = span_u64(in);
		header = 16;
	} else if (size == 0) { /* to the end */
		size = header + in->left;
	}
	if (in->bad || size < header || size - header > in->left) {
		in->bad = true;
		return false;
	}
	*body = span_take(in, (size_t)(size - header));
	return true;
}

struct span box_find(struct span in, uint32_t wanted)
{
	struct span body;
	uint32_t type;

	while (box_next(&in, &type, &body))
		if (type == wanted)
			return body;
	return (struct span){.bad = true};
}

uint32_t box_flags(struct span *s, uint8_t *version)
{
	uint8_t v = span_u8(s);

	if (version)
		*version = v;
	return (uint32_t)span_be(s, 3);
}
