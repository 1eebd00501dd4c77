/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated channels: what an application asks this board and orders it to do, each answer and each order under a MAC
 * with the channel's key. A channel is a session (session.h) of kind COFFER_CHANNEL_*, one of a context; here is its
 * key, which no slot holds, its sequence numbers, and the one message that it works on. A command is taken and its
 * answer given by requests; the work between, some ten AES blocks, is the main loop's.
 */
#ifndef COFFER_CHANNEL_H
#define COFFER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coffer_wire.h"
#include "session.h"

/* The context has none. [irq] */
bool channel_free(uint8_t ctx);
/* Its session was made. [irq] */
void channel_begin(const struct session *s);
/* Its key was negotiated. The interrupt is masked. [main] */
void channel_key(uint8_t ctx, const uint8_t key[16]);
/* Wipes the context's channel. [irq] */
void channel_forget(uint8_t ctx);

/* Takes a message of at most COFFER_CHANNEL_MOST bytes; room as in COFFER_REQ_CHANNEL_COMMAND. COFFER_ERR_HANDLE,
 * COFFER_ERR_STATE before the negotiation, COFFER_PENDING while another message is worked on. [irq] */
enum coffer_result channel_command(uint8_t ctx, uint16_t room, const struct coffer_channel_command *command,
				   size_t bytes);
/* As it is now. [irq] */
const struct coffer_channel_answer *channel_answer(uint8_t ctx);

/* Works on what was taken. After every wake-up. [main] */
void channel_poll(void);

#endif
