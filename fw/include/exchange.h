/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's part in an authenticated ephemeral key exchange on P-256 (docs/protocol.md). Main loop only: three operations of
 * the engine, with the CPU's work between them. rsa_abort() ends one early.
 */
#ifndef COFFER_EXCHANGE_H
#define COFFER_EXCHANGE_H

#include <stdint.h>

#include "coffer_wire.h"
#include "oaep.h"

struct exchange {
	_Alignas(4) struct coffer_exchange_hello hello; /* given */
	struct coffer_exchange_reply reply;             /* right behind it; whole when all is done */
	uint8_t step;
	_Alignas(4) uint8_t k[32]; /* ephemeral private key, then the signature's nonce */
	uint8_t shared[64];        /* the point that both sides know */
	uint8_t transcript[32];
	struct oaep_key key;
};

/*
 * Starts with x->hello, the rest of *x is zero; goes on, after every wake-up by the engine. COFFER_PENDING until it has ended:
 *   COFFER_OK             reply and key are there
 *   COFFER_ERR_BLOB       the hello is bad
 *   COFFER_ERR_NOT_READY  the generator has failed, or the engine, which serves no more then
 * The caller wipes *x. The time is the same for all good hellos.
 */
enum coffer_result exchange_begin(struct exchange *x);
enum coffer_result exchange_poll(struct exchange *x);

#endif
