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

/* The two accesses that everything rests on: pke.c; the block bench has its own. */
uint32_t pke_read(enum pke_register reg);
void pke_write(enum pke_register reg, uint32_t value);

#endif
