/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the sample tables of an MP4 as host/film/samples.c reads them, one sample a line, for tests/test_film.py:
 *   track number offset size protected kid iv clear+encrypted,...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "samples.h"

static void print_hex(const uint8_t *data)
{
	for (int i = 0; i < 16; i++)
		printf("%02x", data[i]);
	putchar(' ');
}

static void print_sample(const struct track *track, size_t number)
{
	const struct sample *s = &track->samples[number];
	const struct protection *p = &track->protections[s->protection];

	printf("%" PRIu32 " %zu %" PRIu64 " %" PRIu32 " %d ", track->id, number + 1, s->offset, s->size, p->protected);
	print_hex(p->kid);
	print_hex(s->iv);
	for (uint32_t i = 0; i < s->pairs; i++)
		printf("%" PRIu32 "+%" PRIu32 ",", track->pairs[s->first_pair + i].clear,
		       track->pairs[s->first_pair + i].encrypted);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct film_samples film;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	int ret;

	if (fd < 0)
		return 2;
	ret = film_samples_read(&film, fd);
	if (ret)
		puts(film.error);
	for (size_t t = 0; !ret && t < film.track_count; t++)
		for (size_t i = 0; i < film.tracks[t].sample_count; i++)
			print_sample(&film.tracks[t], i);
	film_samples_free(&film);
	return ret ? 1 : 0;
}
