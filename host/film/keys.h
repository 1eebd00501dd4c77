/* SPDX-License-Identifier: Apache-2.0 */
/* Content keys by their ids, as given on the command line. */
#ifndef COFFER_FILM_KEYS_H
#define COFFER_FILM_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct film_key {
	uint8_t kid[16], key[16];
};

struct film_keys {
	struct film_key *list;
	size_t count;
};

/* "KID:KEY" in hexadecimal, the id also as a UUID. Returns an exit code, after having said what is wrong;
 * never shows the key. */
int film_keys_add(struct film_keys *keys, const char *text);
/* One KID:KEY a line; empty lines and those with # are skipped. */
int film_keys_read(struct film_keys *keys, const char *path);
const struct film_key *film_keys_find(const struct film_keys *keys, const uint8_t kid[16]);
void film_keys_free(struct film_keys *keys);

/* 32 hexadecimal digits. */
void film_kid_text(const uint8_t kid[16], char text[33]);

#endif
