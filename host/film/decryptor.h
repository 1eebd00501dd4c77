/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples through the board, in order and many at a time.
 *
 * Open: each content key is sealed to the board by RSAES-OAEP, in a session of its own, and plaintext comes back.
 * Protected: one session; content keys go in wrapped under its session key, plaintext goes to a surface and comes back
 * encrypted under a read-back key, which the application, knowing the session key, can unwrap.
 */
#ifndef COFFER_DECRYPTOR_H
#define COFFER_DECRYPTOR_H

#include <stdbool.h>

#include "cli.h"
#include "keys.h"
#include "samples.h"

struct decryptor;

struct decryptor_stats {
	uint64_t bytes; /* processed by the board, clear ones among them */
	uint64_t tasks;
	uint64_t first_cycle, last_cycle;
	uint64_t negotiate_cycles; /* of the last key exchange, accepted to released */
	uint32_t negotiations;
};

/* A sample under way. Zero it first. */
struct work {
	struct piece *pieces;
	size_t count;
};

/* Each returns an exit code, after having said what is wrong. `what` names the sample in messages. */
int decryptor_open(struct decryptor **decryptor, struct cli_board *board, const struct film_keys *keys, bool protected);
/* Protected, in a session of the caller's that has this key already. */
int decryptor_adopt(struct decryptor **decryptor, coffer_session *session, const uint8_t session_key[16],
		    const struct film_keys *keys);
/* Decrypts `size` bytes in place; they belong to the board until decryptor_finish. */
int decryptor_start(struct decryptor *decryptor, const struct film_key *key, const struct track *track,
		    const struct sample *sample, uint8_t *data, struct work *work, const char *what);
int decryptor_finish(struct decryptor *decryptor, struct work *work, const char *what);
/* Gives up what has not been finished: nothing touches the sample's data afterwards. */
void work_abandon(struct work *work);
const struct decryptor_stats *decryptor_stats(const struct decryptor *decryptor);
void decryptor_close(struct decryptor **decryptor);

#endif
