/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples of every scheme in pieces, as host/film/cut.c makes them for protected memory: each piece, as a job of its own,
 * gives its part of what the whole sample would give, and is cut where its scheme allows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "box.h"
#include "check.h"
#include "cut.h"
#include "job_model.h"

#define MOST      6000u
#define MOST_LIST 300u

static const uint32_t schemes[] = {FOURCC('c', 'e', 'n', 'c'), FOURCC('c', 'e', 'n', 's'), FOURCC('c', 'b', 'c', '1'),
				   FOURCC('c', 'b', 'c', 's')};

static uint8_t data[MOST];
static struct coffer_pair list[MOST_LIST];

/* A track of one sample, whose subsamples are list[]. */
struct film {
	struct protection protection;
	struct sample sample;
	struct track track;
};

static uint32_t below(uint32_t limit)
{
	return limit ? (uint32_t)random() % limit : 0;
}

static void film_init(struct film *film, uint32_t scheme, unsigned int crypt, unsigned int skip, uint32_t pairs,
		      uint32_t size)
{
	*film = (struct film){
		.protection = {.scheme = scheme,
			       .protected = true,
			       .crypt_blocks = (uint8_t)crypt,
			       .skip_blocks = (uint8_t)skip},
		.sample = {.size = size,
			   .pairs = pairs,
			   .iv = {9, 8, 7, 6, 5, 4, 3, 2, 255, 255, 255, 255, 255, 255, 255, 250}},
		.track = {.pairs = list},
	};
	film->track.protections = &film->protection;
	for (uint32_t i = 0; i < pairs; i++)
		film->sample.size += list[i].clear + list[i].encrypted;
}

/* The job that submit_piece() makes of a piece; with all of the list it is the sample as one job. */
static struct model_job model_of(const struct film *film, const struct coffer_pair *pairs, size_t count)
{
	const struct protection *p = &film->protection;

	return (struct model_job){
		.cbc = scheme_is_cbc(p),
		.restart = p->scheme == schemes[3],
		.crypt_blocks = count ? p->crypt_blocks : 0,
		.skip_blocks = count ? p->skip_blocks : 0,
		.rule = COFFER_CTR_WRAP64,
		.list = pairs,
		.pairs = count,
	};
}

static void check_film(const struct film *film, uint32_t most)
{
	struct coffer_pair *pairs = calloc(film->sample.pairs + 1, sizeof(*pairs));
	struct model_job whole = model_of(film, list, film->sample.pairs);
	struct coffer_position at = {0};
	uint8_t *expected = calloc(1, MOST), *got = calloc(1, MOST);
	uint32_t offset = 0, pieces = 0;
	struct rest rest;

	memcpy(at.iv, film->sample.iv, 16);
	model_run(&whole, &at, data, expected, film->sample.size);
	rest_begin(&rest, &film->track, &film->sample, data);
	for (; rest.bytes; pieces++) {
		struct model_job job;
		struct cut cut;

		rest_cut(&rest, most, &cut, pairs);
		assert_true(cut.bytes > 0 && cut.bytes <= most);
		assert_true(cut.pairs <= film->sample.pairs && !cut.pairs == !film->sample.pairs);
		assert_true(!cut.more || !cut.pairs || pairs[cut.pairs - 1].encrypted > 0);
		assert_true(!cut.start.pattern_phase || (!pairs[0].clear && !cut.restart));
		job = model_of(film, pairs, cut.pairs);
		job.restart = cut.restart;
		job.more = cut.more;
		at = cut.start;
		assert_int_equal(model_run(&job, &at, data + offset, got + offset, cut.bytes), cut.bytes);
		offset += cut.bytes;
		assert_int_equal(rest.bytes, film->sample.size - offset);
	}
	assert_int_equal(offset, film->sample.size);
	assert_true(pieces <= rest_pieces(film->sample.size, most));
	assert_memory_equal(got, expected, offset);
	free(pairs);
	free(expected);
	free(got);
}

static uint32_t random_list(uint32_t count, bool whole)
{
	uint32_t sum = 0, most = below(2) ? 60 : 900;

	for (uint32_t i = 0; i < count; i++) {
		list[i] = (struct coffer_pair){below(3) ? below(90) : 0, below(4) ? below(most) : 0};
		if (whole)
			list[i].encrypted &= ~15u;
		if (sum + list[i].clear + list[i].encrypted > MOST)
			list[i] = (struct coffer_pair){0, 0};
		sum += list[i].clear + list[i].encrypted;
	}
	return count;
}

static void pieces_give_what_the_sample_gives(void **state)
{
	(void)state;
	for (int round = 0; round < 4000; round++) {
		uint32_t scheme = schemes[below(4)], pairs = below(4) ? 1 + below(below(2) ? 6 : MOST_LIST - 1) : 0;
		bool pattern = scheme == schemes[1] || scheme == schemes[3];
		struct film film;

		random_list(pairs, scheme == schemes[2]);
		film_init(&film, scheme, pattern ? 1 + below(below(2) ? 2 : 15) : 0,
			  pattern ? below(below(2) ? 10 : 16) : 0, pairs, pairs ? 0 : below(MOST));
		for (int i = 0; i < 16; i++)
			film.sample.iv[i] = (uint8_t)(below(3) ? random() : 0xff);
		check_film(&film, 64 + below(below(2) ? 64 : 2000));
		check_film(&film, film.sample.size ? film.sample.size : 1);
	}
}

/* Sizes of the first pieces of 64 bytes at most. */
static void check_sizes(const struct film *film, const uint32_t *sizes, size_t count)
{
	struct coffer_pair pairs[MOST_LIST + 1];
	struct rest rest;
	struct cut cut;

	rest_begin(&rest, &film->track, &film->sample, data);
	for (size_t i = 0; i < count; i++) {
		rest_cut(&rest, 64, &cut, pairs);
		assert_int_equal(cut.bytes, sizes[i]);
	}
}

static void pieces_end_where_the_scheme_allows(void **state)
{
	struct film film;

	(void)state;
	list[0] = (struct coffer_pair){5, 100};
	list[1] = (struct coffer_pair){3, 30};
	film_init(&film, schemes[0], 0, 0, 2, 0);
	check_sizes(&film, (const uint32_t[]){64, 64, 10}, 3); /* anywhere */
	film_init(&film, schemes[1], 1, 1, 2, 0);
	check_sizes(&film, (const uint32_t[]){53, 55, 30}, 3); /* blocks counted from each range's start */
	film_init(&film, schemes[3], 1, 1, 2, 0);
	check_sizes(&film, (const uint32_t[]){53, 52, 33}, 3); /* and a range that goes on stays alone */
	film_init(&film, schemes[2], 0, 0, 0, 150);
	check_sizes(&film, (const uint32_t[]){64, 64, 22}, 3);
	list[0] = (struct coffer_pair){60, 64};
	film_init(&film, schemes[2], 0, 0, 1, 0);
	check_sizes(&film, (const uint32_t[]){60, 64}, 2); /* no room for a block */
	list[0] = (struct coffer_pair){70, 16};
	film_init(&film, schemes[3], 1, 9, 1, 0);
	check_sizes(&film, (const uint32_t[]){64, 22}, 2); /* clear bytes, anywhere */
}

/* A run that the end of its range cuts short stays clear, wherever the cut is. */
static void a_run_cut_short_stays_clear(void **state)
{
	(void)state;
	for (uint32_t bytes = 1; bytes < 400; bytes++) {
		struct film film;

		list[0] = (struct coffer_pair){1, bytes};
		list[1] = (struct coffer_pair){0, 48};
		for (size_t i = 0; i < 4; i++) {
			bool pattern = i == 1 || i == 3;

			if (i == 2)
				list[0].encrypted &= ~15u;
			film_init(&film, schemes[i], pattern ? 3 : 0, pattern ? 2 : 0, 2, 0);
			check_film(&film, 64);
			list[0].encrypted = bytes;
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_give_what_the_sample_gives),
		cmocka_unit_test(pieces_end_where_the_scheme_allows),
		cmocka_unit_test(a_run_cut_short_stays_clear),
	};

	seed_random(argc > 1 ? argv[1] : NULL);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
