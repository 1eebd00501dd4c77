/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBC and patterns through the library on a board: tasks that the library cuts into many jobs, and ranges that the caller takes
 * in several tasks, cut anywhere, give what one job gives. `chains [SEED]`, under coffer-board; tests/test_host_system.py starts
 * it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "coffer/coffer.h"
#include "coffer/trust.h"

#define MOST 1500u

/* A context whose library cuts tasks into jobs of this size, and a session with the key of all. */
struct way {
	coffer *library;
	coffer_context *context;
	coffer_session *session;
};

static uint8_t data[MOST];

static uint32_t below(uint32_t limit)
{
	return limit ? (uint32_t)random() % limit : 0;
}

static void open_way(struct way *way, uint32_t job_bytes)
{
	const struct coffer_options options = {.size = sizeof(options), .job_bytes = job_bytes};
	static const uint8_t key[16] = "all take this";
	uint8_t blob[COFFER_BLOB_BYTES];
	coffer_public_key *board;
	enum coffer_trust reason;
	coffer_roots *roots;

	CHECK(!coffer_init(&way->library, &options));
	CHECK(!coffer_open(way->library, NULL, -1, NULL, &way->context));
	CHECK(!coffer_roots_load(&roots, NULL, &reason));
	CHECK(!coffer_trust_board(way->context, roots, COFFER_CHAIN_RSA, NULL, &board, &reason));
	CHECK(!coffer_seal_open_key(board, COFFER_USE_CBC | COFFER_USE_CTR | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT, 0,
				    key, sizeof(key), blob));
	CHECK(!coffer_session_create(way->context, COFFER_SESSION_OPEN, NULL, &way->session));
	CHECK(!coffer_negotiate(way->session, blob, sizeof(blob), NULL, NULL));
	coffer_public_key_free(&board);
	coffer_roots_free(&roots);
}

static void close_way(struct way *way)
{
	coffer_session_destroy(&way->session, NULL);
	coffer_close(&way->context);
	coffer_exit(&way->library);
}

static void run(const struct way *way, struct coffer_job_desc desc, uint8_t *out, struct coffer_outcome *outcome)
{
	desc.slot = coffer_session_slot(way->session, COFFER_KEY_SESSION);
	desc.dst = out;
	CHECK(!coffer_run(way->context, &desc, NULL, outcome));
	CHECK(outcome->bytes == desc.length || (desc.more && desc.length - outcome->bytes < 16));
}

/* A single range in tasks of random lengths. What the caller has to know: is the run that it cuts whole? */
static void run_in_tasks(const struct way *way, const struct coffer_job_desc *whole, uint8_t *out,
			 struct coffer_outcome *outcome)
{
	uint32_t crypt = 16u * (whole->crypt_blocks ? whole->crypt_blocks : 1);
	uint32_t period = crypt + 16u * whole->skip_blocks;
	struct coffer_job_desc desc = *whole;
	uint64_t at = 0;

	outcome->end = desc.start;
	while (at < whole->length) {
		uint64_t left = whole->length - at, phase;

		desc.length = 1 + below(200) < left ? 1 + below((uint32_t)(left < 200 ? left : 200)) : left;
		phase = (at + desc.length) % period;
		left -= desc.length;
		desc.src = data + at;
		desc.more = left && (phase >= crypt || left >= crypt - phase);
		run(way, desc, out + at, outcome);
		at += outcome->bytes;
		desc.start = outcome->end;
	}
}

static uint64_t random_list(struct coffer_pair *list, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		list[i] = (struct coffer_pair){below(3) ? below(30) : 0, below(4) ? below(300) : 0};
		if (sum + list[i].clear + list[i].encrypted > MOST)
			list[i] = (struct coffer_pair){0, 0};
		sum += list[i].clear + list[i].encrypted;
	}
	return sum;
}

static struct coffer_job_desc random_task(struct coffer_pair list[8])
{
	bool cbc = below(3);
	struct coffer_job_desc desc = {
		.op = COFFER_OP_CRYPT,
		.mode = cbc ? COFFER_MODE_CBC : COFFER_MODE_CTR,
		.counter_rule = cbc ? COFFER_CTR_CARRY128 : COFFER_CTR_WRAP64,
		.encrypt = below(2),
		.src = data,
		.list = list,
		.pairs = below(2) ? 1 + below(8) : 0,
	};

	desc.restart = cbc && desc.pairs && below(2);
	desc.length = desc.pairs ? random_list(list, desc.pairs) : 1 + below(MOST - 1);
	if (!cbc || below(2)) {
		desc.crypt_blocks = (uint8_t)(1 + below(4));
		desc.skip_blocks = (uint8_t)below(10);
	}
	for (int i = 0; i < 16; i++)
		desc.start.iv[i] = (uint8_t)random();
	return desc;
}

static void check_round(const struct way *whole, const struct way *cut)
{
	static uint8_t expected[MOST], got[MOST];
	struct coffer_outcome one, many;
	struct coffer_pair list[8];
	struct coffer_job_desc desc = random_task(list);

	run(whole, desc, expected, &one);
	memset(got, 0x55, sizeof(got));
	run(cut, desc, got, &many);
	CHECK(one.jobs == 1 && many.jobs >= desc.length / 64);
	CHECK(!memcmp(got, expected, desc.length));
	CHECK(!memcmp(&one.end, &many.end, sizeof(one.end)));
	if (desc.pairs)
		return;
	memset(got, 0x55, sizeof(got));
	run_in_tasks(cut, &desc, got, &many);
	CHECK(!memcmp(got, expected, desc.length));
	CHECK(!memcmp(&one.end, &many.end, sizeof(one.end)));
}

int main(int argc, char **argv)
{
	struct way whole, cut;

	seed_random(argc > 1 ? argv[1] : NULL);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random();
	open_way(&whole, 65536);
	open_way(&cut, 64);
	for (int round = 0; round < 25; round++)
		check_round(&whole, &cut);
	close_way(&cut);
	close_way(&whole);
	return 0;
}
