/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A film from file to file through a board: reads the tables, then sends sample after sample to a decryptor, many at a
 * time, and writes them in order. Functions return an exit code, after having said what is wrong.
 */
#ifndef COFFER_FILM_H
#define COFFER_FILM_H

#include "decryptor.h"
#include "keys.h"
#include "remux.h"
#include "samples.h"

#define FILM_MAX_UNDER_WAY 64u

/* A packet on its way through the board, or one that waits behind such. */
struct entry {
	AVPacket *packet;
	struct work work;
	uint64_t bytes;
	char what[64];
};

struct film {
	const char *in, *out;
	struct film_keys keys;
	struct film_samples samples;
	struct decryptor *decryptor; /* the caller's, between film_prepare and film_run */
	struct remux remux;
	bool prepared;
	int fd; /* of the input */
	struct entry ring[FILM_MAX_UNDER_WAY];
	size_t head, under_way;
	uint64_t bytes_under_way;
	uint64_t packets, encrypted, bytes;
	struct cli_progress progress;
};

/* What can be told without a board: that the tables are sound and that there is a key for every sample. Opens the
 * output, which stays invisible for now. */
int film_prepare(struct film *film);
/* Through the decryptor into the output, which appears when all went well. */
int film_run(struct film *film);
/* Gives up what is under way, and frees everything but the decryptor, which is to be closed before. Due in any case. */
void film_close(struct film *film);

#endif
