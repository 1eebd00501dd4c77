/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: which slots a context holds, and what they are for. The hardware owns the truth (slot states, generations,
 * epochs); this table remembers what it cannot tell: kind, companions, whether a key was negotiated.
 *
 * Functions marked [irq] run in the interrupt, [main] in the main loop.
 */
#ifndef COFFER_SESSION_H
#define COFFER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "coffer_wire.h"

#define SESSION_SLOTS 64u
#define SESSION_NONE  0xFFu

struct session {
	uint32_t handle; /* of the session slot; 0: no session */
	uint8_t epoch;   /* of the context, when the session was made */
	uint8_t ctx : 3;
	uint8_t kind : 4; /* enum coffer_session_kind */
	bool negotiated : 1;
	uint8_t content; /* slot index, SESSION_NONE where there is none */
	uint8_t readback;
};

/* Whether its plaintext stays in surfaces, or it is a channel: what a kind makes of a session. */
static inline bool session_is_protected(uint16_t kind)
{
	return kind == COFFER_SESSION_PROTECTED || kind == COFFER_SESSION_ECDH;
}
static inline bool session_is_channel(uint16_t kind)
{
	return kind == COFFER_CHANNEL_64 || kind == COFFER_CHANNEL_32;
}

/* Reserves the slots of a session together, or none. deadline: cycle until which running zeroizers are waited for. [irq] */
enum coffer_result session_create(uint8_t ctx, uint8_t epoch, uint16_t kind, uint64_t deadline,
				  struct coffer_session_created *out);

/* The session of this handle in this context, or NULL. [irq] */
struct session *session_find(uint8_t ctx, uint32_t handle);
/* The session on this slot of this context, or NULL. [irq] */
struct session *session_at(uint8_t ctx, uint8_t slot);

/* Ends a session: its slots and surfaces are zeroized by the hardware. [irq] */
enum coffer_result session_destroy(struct session *s);
/* The hardware revoked the whole context. [irq] */
void session_forget_context(uint8_t ctx);

/*
 * Puts a negotiated key into the session's slot; false when the session (this handle, made under this epoch) has ended
 * meanwhile or has a key already. Of a protected session key_bytes is 16, and usage and iv_policy are not looked at. The
 * interrupt is masked. [main]
 */
bool session_install_key(uint8_t ctx, uint8_t epoch, uint32_t handle, const uint8_t *key, uint8_t key_bytes,
			 uint8_t usage, uint8_t iv_policy);

#endif
