/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key negotiation by RSAES-OAEP and key exchange (exchange.h): long work for the main loop, begun and asked about by requests.
 *
 * One runs at a time, others wait in order of arrival, one of each context. Its answer is released a fixed number of
 * cycles after it was granted the engine, whatever the blob was; an exchange's when it is there. Only a new start or the
 * end of the same session aborts one.
 */
#ifndef COFFER_NEGOTIATE_H
#define COFFER_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coffer_wire.h"
#include "session.h"

/* Boot is over: takes its memory, and starts from now on. [main] */
void negotiate_init(void);

/* Queues a negotiation of s (which has no key yet), or an exchange, as the kind of s says; blob or hello, of so many bytes, is
 * copied. COFFER_ERR_STATE while one of another session of this context is unfinished, COFFER_ERR_NOT_READY on a board that cannot negotiate, or not yet. [irq] */
enum coffer_result negotiate_start(const struct session *s, const uint8_t *blob, size_t bytes, uint64_t setup_cycle);

/* Fills in what is known of the last negotiation of s, and the reply of an exchange that went well; COFFER_ERR_STATE if there
 * was none. [irq] */
void negotiate_result(const struct session *s, struct coffer_negotiate_result *out,
		      struct coffer_exchange_reply *reply);

/* The session ended (handle 0: every one of the context): its negotiation is aborted and forgotten. [irq] */
void negotiate_cancel(uint8_t ctx, uint32_t handle);

/* Goes on with the work. After every wake-up. [main] */
void negotiate_poll(void);

/* An answer is near that must be released at its time: what takes thousands of cycles waits. [main] */
bool negotiate_holds(void);

bool negotiate_ready(void);
/* From grant to release. */
uint32_t negotiate_cycles(void);

#endif
