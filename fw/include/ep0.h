/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoint 0: one request at a time, from SETUP to status stage. The hardware does packets, retries and
 * toggles; here a request is one SETUP, at most one data stage held whole in a 1 KiB buffer, one answer.
 * A new SETUP ends whatever came before: commands carry the SETUP's tag, and late ones are dropped.
 */
#ifndef COFFER_EP0_H
#define COFFER_EP0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No request may hold endpoint 0 longer, from SETUP (or last OUT packet) to the answer (cycles). */
#define EP0_HOLD_CYCLES 20000u

struct ep0_request {
	uint8_t type;    /* bmRequestType */
	uint8_t request; /* bRequest */
	uint16_t value, index, length;
	uint8_t tag;
	uint8_t epoch;  /* of context `index & 7`, when the SETUP came */
	uint64_t cycle; /* SETUP accepted */
};

/* The interrupt's three. */
void ep0_setup(void);
void ep0_out(void);
void ep0_done(void);

/* Answers, each at most once a request. Data is written to ep0_buffer() first. */
uint8_t *ep0_buffer(void);
void ep0_send(const struct ep0_request *r, size_t bytes); /* the buffer's first bytes, cut to wLength */
void ep0_send_copy(const struct ep0_request *r, const void *data, size_t bytes);
void ep0_receive(const struct ep0_request *r); /* wLength bytes, then the request's out function */
void ep0_acknowledge(const struct ep0_request *r);
void ep0_stall(const struct ep0_request *r);

/* Cycle stamps of a context's last request. */
struct ep0_stamps {
	uint64_t setup, status;
};
void ep0_stamps(uint8_t ctx, struct ep0_stamps *out);

#endif
