/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the firmware stands on: registers (rtl/soc/coffer_regs.rdl), time, interrupts.
 *
 * All endpoint-0 requests are served from the interrupt, above the main loop's long work. State that both
 * touch is touched by the main loop between irq_save() and irq_restore().
 */
#ifndef COFFER_BOARD_H
#define COFFER_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coffer_regs.h"

#define BOARD_IO         0x80000000u
#define BOARD_WAIT       (*(volatile uint32_t *)(BOARD_IO + 0x800))
#define BOARD_EP0_BUFFER ((volatile uint32_t *)(BOARD_IO + 0x1000))
#define BOARD_EP0_BYTES  1024u
#define BOARD_PKE        (BOARD_IO + 0x10000)
/* The largest board that this firmware serves: it panics on one with more contexts. */
#define BOARD_CONTEXTS_MAX 4u

/* The generated structure is packed; its registers are words all the same. */
#define REG(name) (*(volatile uint32_t *)(BOARD_IO + offsetof(coffer_regs_t, name)))
/* REG_FIELD(EP0_STATUS__TAG, value): a field of a register's value; REG_BITS: a value put into its place. */
#define REG_FIELD(field, value) (((value)&COFFER_REGS__##field##_bm) >> COFFER_REGS__##field##_bp)
#define REG_BITS(field, value)  ((uint32_t)(value) << COFFER_REGS__##field##_bp)

/* Bits of IRQ_STATUS and IRQ_ENABLE. The first four trap; the others only end board_wait(). */
enum {
	IRQ_EP0_SETUP = 0x01,
	IRQ_EP0_OUT = 0x02,
	IRQ_EP0_DONE = 0x04,
	IRQ_EVENT = 0x08,
	IRQ_TIMER = 0x10,
	IRQ_POOL = 0x20,
	IRQ_PKE = 0x40,
	IRQ_ENTROPY = 0x80,
	IRQ_TRAPS = IRQ_EP0_SETUP | IRQ_EP0_OUT | IRQ_EP0_DONE | IRQ_EVENT,
};

/* 60 MHz cycles since power-on. From the interrupt and from the main loop alike. */
uint64_t board_cycle(void);

/* Masks the interrupt; irq_restore() takes what irq_save() gave. */
uint32_t irq_save(void);
void irq_restore(uint32_t saved);

/* Which sources besides the trapping ones end board_wait(): a set of IRQ_* bits. Main loop only. */
void board_wake_on(uint32_t sources, bool on);

/* Ends board_wait() at or after this cycle (wakes with IRQ_TIMER); board_timer_off() disarms. */
void board_timer(uint64_t cycle);
void board_timer_off(void);

/* Set by the interrupt: there is news for the main loop. */
extern volatile bool board_work;
/* Sleeps until something happened: an interrupt was served, or a source of board_wake_on() is pending. Main loop only. */
void board_wait(void);

/* How many bits are set. The compiler's own count, and its search for the lowest bit, come with tables. */
unsigned bit_count(uint64_t mask);
/* Of a mask that is not 0. */
static inline uint8_t lowest_bit(uint64_t mask)
{
	return (uint8_t)bit_count((mask & -mask) - 1);
}

/* Overwrites a secret in a way that the compiler keeps. */
void wipe(void *p, size_t n);
/* Makes the deepest stack visible from now on. Once. */
void stack_paint(void);
/* Overwrites all of the stack below the caller: what functions that held a secret left there. */
void stack_wipe(void);
/* Overwrites so many bytes of it alone: some thousand cycles less. */
void stack_wipe_near(size_t bytes);
/* Bytes of memory that neither data nor stack had ever used at the last stack_wipe(). */
uint32_t ram_free(void);

/* Memory that changes hands when boot is over (fw/coffer.ld): not zeroed by start.S. */
#define BOARD_BOOT_KEY __attribute__((section(".boot_key")))
#define BOARD_LATE     __attribute__((section(".late")))

/* The firmware met what cannot be: it stops for good (the host sees a board that answers nothing). */
_Noreturn void board_panic(void);

#endif
