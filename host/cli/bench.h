/* SPDX-License-Identifier: Apache-2.0 */
/* Between the two parts of `coffer bench`: one context's figures (bench.c) and several contexts' (contexts.c). */
#ifndef COFFER_CLI_BENCH_H
#define COFFER_CLI_BENCH_H

#include <cjson/cJSON.h>

#include "cli.h"

#define BENCH_HEADLINE_BYTES 65536u
#define BENCH_MOST_CONTEXTS  7u

struct bench_results {
	bool json;
	cJSON *list;
};

/* Prints a figure, too, unless it is for programs. */
void bench_record(struct bench_results *results, const char *name, uint64_t bytes, uint64_t cycles);

/* Streams of `contexts` contexts at once (the board's first, which is open, and others of the same board), each with a key of its own,
 * and of the first one alone. `data`: BENCH_HEADLINE_BYTES for each, read and written. Returns an exit code. */
int bench_contexts(struct cli_board *board, struct bench_results *results, uint8_t *data, uint32_t contexts);

#endif
