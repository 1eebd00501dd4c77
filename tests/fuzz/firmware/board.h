/* SPDX-License-Identifier: Apache-2.0 */
/* In front of the firmware's own board.h: the same, with its registers and memories those of hardware.h. */
#ifndef COFFER_FUZZ_BOARD_H
#define COFFER_FUZZ_BOARD_H

#include "../../../fw/include/board.h"

/* Where to read or write the register at this offset; its effect comes at the next access, or hardware_settle(). */
volatile uint32_t *hardware_register(size_t offset);
extern uint32_t hardware_ep0_buffer[BOARD_EP0_BYTES / 4];

#undef REG
#define REG(name) (*hardware_register(offsetof(coffer_regs_t, name)))
#undef BOARD_EP0_BUFFER
#define BOARD_EP0_BUFFER hardware_ep0_buffer
#undef BOARD_LATE
#define BOARD_LATE

#endif
