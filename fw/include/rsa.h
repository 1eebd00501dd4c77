/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RSA-2048 private operation, on the public-key engine; fw/pke/rsa.py explains the arithmetic.
 * Every operation is blinded, and its result is raised to e and compared before it is read. Main loop only.
 *
 * A failed check means that a fault was injected or a key row is damaged: the engine is cleared, keys and
 * all, and serves no more until power-on.
 */
#ifndef COFFER_RSA_H
#define COFFER_RSA_H

#include <stdbool.h>
#include <stdint.h>

#include "coffer_flash.h"

#define RSA_BYTES 256u

/* Clears the engine. First of all. */
void rsa_boot(void);

/* Loads the key, and makes the blinding pair: some 1.3 million cycles, in which it sleeps. After rsa_boot(); the
 * caller wipes the key. False, with the engine cleared, when the generator or the check fails. */
bool rsa_load(const struct coffer_identity_private *key);

/* A key is loaded and no check has failed. */
bool rsa_ready(void);
/* A check has failed. */
bool rsa_fault(void);

enum rsa_progress {
	RSA_BUSY,
	RSA_DONE,   /* the result is in m */
	RSA_RANGE,  /* the same, and c is not below n: m is (c mod n)^d, and c is to be refused (RFC 8017, 5.1.2) */
	RSA_FAILED, /* a check failed, now or before; m is zero */
};

/* Draws what the operation needs at random. False when the generator has failed. */
bool rsa_prepare(void);
/* Starts the operation on c, most significant byte first and word-aligned, which must stay until it ends. */
void rsa_begin(const uint8_t *c);
/* Goes on with it: call after every wake-up by the engine. m as c; written once, with the answer. Any answer
 * but RSA_BUSY ends the operation; work rows are cleared then. */
enum rsa_progress rsa_poll(uint8_t *m);
/* A check of another operation on the engine failed: as if it had been one of these. */
void rsa_distrust(void);
/* Ends it early: work rows are cleared, the key stays. So for the engine's other operations. */
void rsa_abort(void);

#endif
