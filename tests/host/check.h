/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test programs of the library: CHECK ends the program with 1 and the line where a condition is not so; seed_random prints
 * the seed (decimal, hexadecimal with 0x, or NULL: the time) and gives it to random().
 */
#ifndef COFFER_TESTS_CHECK_H
#define COFFER_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                        \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

static inline void seed_random(const char *text)
{
	unsigned seed = text ? (unsigned)strtoul(text, NULL, 0) : (unsigned)time(NULL);

	fprintf(stderr, "seed %u\n", seed);
	srandom(seed);
}

#endif
