/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The applications that have channels, one of a context: what they know, what they send, and what they take for an
 * answer. What the firmware does that they must not see ends the program.
 */
#ifndef COFFER_FUZZ_APPLICATION_H
#define COFFER_FUZZ_APPLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"

/* The host was told of a channel, or told to end it, or its context was revoked. */
void application_opens(uint8_t ctx, uint32_t channel, uint8_t kind);
void application_closes(uint8_t ctx, uint32_t channel);
void application_revoked(uint8_t ctx);

/* The firmware took this data stage: of NEGOTIATE_START (16 bytes of key), of CHANNEL_COMMAND (wValue, and wLength bytes). */
void application_starts(uint8_t ctx, uint32_t channel, const uint8_t key[16]);
void application_sent(uint8_t ctx, uint16_t room, const void *data, uint16_t bytes);

/* wLength of a command: for a configuration mostly what some type has. */
uint16_t application_length(struct input *in);
/* The data stage of a command of so many bytes; how: 0x20 a bad MAC, 0x1F which type. session: a handle for parameters. */
void application_compose(uint8_t ctx, uint8_t how, struct input *in, uint32_t session, uint8_t *stage, uint16_t bytes);

/* What CHANNEL_ANSWER brings: this application's own answer, genuine and nothing else. */
void application_check(uint8_t ctx, const void *data);
/* What is left of a channel when it is over: nothing. unfetched: the context may have one that no host knows of yet. */
void application_check_rest(uint8_t ctx, bool unfetched);

#endif
