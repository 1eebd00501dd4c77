/* SPDX-License-Identifier: Apache-2.0 */
#include "pke.h"

#include "board.h"

uint32_t pke_read(enum pke_register reg)
{
	return *(volatile uint32_t *)(BOARD_PKE + reg);
}

void pke_write(enum pke_register reg, uint32_t value)
{
	*(volatile uint32_t *)(BOARD_PKE + reg) = value;
}
