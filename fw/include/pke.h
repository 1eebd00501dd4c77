/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public-key engine's window (rtl/pke/pke_regs.rdl). Main loop only.
 *
 * Data goes as a stream of 32-bit words, 9 bytes to a row: numbers are little-endian byte strings here as in
 * the identity record. While the engine is busy it ignores all but the clear commands.
 */
#ifndef COFFER_PKE_H
#define COFFER_PKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pke_regs.h"

enum pke_register {
	PKE_CONTROL = offsetof(pke_regs_t, control),
	PKE_STATUS = offsetof(pke_regs_t, status),
	PKE_ADDRESS = offsetof(pke_regs_t, address),
	PKE_DATA = offsetof(pke_regs_t, data),
};
enum pke_control {
	PKE_START = PKE_REGS__CONTROL__START_bm,
	PKE_CLEAR_WORK = PKE_REGS__CONTROL__CLEAR_WORK_bm,
	PKE_CLEAR_ALL = PKE_REGS__CONTROL__CLEAR_ALL_bm,
	PKE_ACK = PKE_REGS__CONTROL__ACK_bm,
};
enum pke_status {
	PKE_BUSY = PKE_REGS__STATUS__BUSY_bm,
	PKE_DONE = PKE_REGS__STATUS__DONE_bm,
	PKE_REFUSED = PKE_REGS__STATUS__REFUSED_bm,
};
#define PKE_ENTRY_SHIFT PKE_REGS__CONTROL__ENTRY_bp

/* The two accesses that everything rests on: pke_bus.c; the block bench has its own. */
uint32_t pke_read(enum pke_register reg);
void pke_write(enum pke_register reg, uint32_t value);

bool pke_busy(void);
/* Starts a program (PKE_ENTRY_*). The engine is at rest. */
void pke_start(uint32_t entry);
/* PKE_CLEAR_WORK or PKE_CLEAR_ALL, to its end: some hundred cycles. Stops what runs. */
void pke_clear(enum pke_control what);

/* So many words into the rows from this one on. */
void pke_put(uint32_t row, const void *words, size_t count);
/* The stream goes on with a number of so many words, most significant byte first, and with zeros up to `total`. */
void pke_put_number(const uint32_t *number, size_t words, size_t total);
void pke_get_number(uint32_t *number, size_t words);
/* The next words of the stream, or-ed together. */
uint32_t pke_any(size_t words);

#endif
