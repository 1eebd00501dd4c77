/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples_internal.h"

#define MASKED FOURCC('f', 'r', 'e', 'e')

static int add_mask(struct film_samples *film, uint64_t at, uint32_t type)
{
	struct mask *more = realloc(film->masks, (film->mask_count + 1) * sizeof(*more));

	if (!more)
		return film_error(film, "out of memory");
	film->masks = more;
	more += film->mask_count++;
	more->at = at;
	for (int i = 0; i < 4; i++)
		more->type[i] = (uint8_t)(type >> (24 - 8 * i));
	return 0;
}

static bool is_container(uint32_t type)
{
	return type == FOURCC('t', 'r', 'a', 'k') || type == FOURCC('m', 'd', 'i', 'a') ||
	       type == FOURCC('m', 'i', 'n', 'f') || type == FOURCC('s', 't', 'b', 'l') ||
	       type == FOURCC('t', 'r', 'a', 'f');
}

static bool is_about_encryption(uint32_t type)
{
	return type == FOURCC('s', 'i', 'n', 'f') || type == FOURCC('s', 'e', 'n', 'c') ||
	       type == FOURCC('s', 'a', 'i', 'z') || type == FOURCC('s', 'a', 'i', 'o') ||
	       type == FOURCC('p', 's', 's', 'h');
}

/* An encrypted sample entry becomes what it was, and its sinf disappears. */
static int mask_entry(struct film_samples *film, uint32_t format, struct span entry, uint64_t type_at, uint64_t at)
{
	struct span frma;
	size_t header = sample_entry_header(format, entry);

	if (!is_encrypted_format(format))
		return 0;
	span_skip(&entry, header);
	frma = box_find(box_find(entry, FOURCC('s', 'i', 'n', 'f')), FOURCC('f', 'r', 'm', 'a'));
	format = span_u32(&frma);
	if (entry.bad || frma.bad)
		return film_error(film, "an encrypted track does not say of what format it is");
	return add_mask(film, type_at, format) ? -1 : mask_encryption(film, entry, at + header);
}

static int mask_descriptions(struct film_samples *film, struct span stsd, uint64_t at)
{
	const uint8_t *begin = stsd.p;
	struct span entry;
	uint32_t format;

	span_skip(&stsd, 8);
	for (;;) {
		uint64_t type_at = at + (uint64_t)(stsd.p - begin) + 4;

		if (!box_next(&stsd, &format, &entry))
			return 0;
		if (mask_entry(film, format, entry, type_at, at + (uint64_t)(entry.p - begin)))
			return -1;
	}
}

int mask_encryption(struct film_samples *film, struct span boxes, uint64_t at)
{
	const uint8_t *begin = boxes.p;
	struct span body;
	uint32_t type;

	for (;;) {
		uint64_t type_at = at + (uint64_t)(boxes.p - begin) + 4;
		uint64_t body_at;
		int ret = 0;

		if (!box_next(&boxes, &type, &body))
			return 0;
		body_at = at + (uint64_t)(body.p - begin);
		if (is_about_encryption(type))
			ret = add_mask(film, type_at, MASKED);
		else if (is_container(type))
			ret = mask_encryption(film, body, body_at);
		else if (type == FOURCC('s', 't', 's', 'd'))
			ret = mask_descriptions(film, body, body_at);
		if (ret)
			return ret;
	}
}

/* The first mask that ends behind `at`. */
static size_t first_mask(const struct film_samples *film, uint64_t at)
{
	size_t low = 0, high = film->mask_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (film->masks[middle].at + 4 <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

ssize_t film_pread(const struct film_samples *film, int fd, uint8_t *data, size_t bytes, uint64_t at)
{
	ssize_t n = pread(fd, data, bytes, (off_t)at);

	for (size_t i = first_mask(film, at); n > 0 && i < film->mask_count; i++) {
		const struct mask *mask = &film->masks[i];

		if (mask->at >= at + (uint64_t)n)
			break;
		for (uint64_t k = 0; k < 4; k++)
			if (mask->at + k >= at && mask->at + k < at + (uint64_t)n)
				data[mask->at + k - at] = mask->type[k];
	}
	return n;
}
