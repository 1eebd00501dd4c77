/* SPDX-License-Identifier: Apache-2.0 */
/* Time, sleep and memory: the parts of board.h that are neither interrupt nor registers. */
#include "board.h"

#include <mbedtls/platform_util.h>
#include <string.h>

#define PAINT       0x5AC0FFEEu
#define MSTATUS_MIE 8u

extern uint32_t _used_end[], __stack[];

volatile bool board_work;

uint32_t irq_save(void)
{
	uint32_t saved;

	__asm__ volatile("csrrci %0, mstatus, 8" : "=r"(saved) : : "memory");
	return saved & MSTATUS_MIE;
}

void irq_restore(uint32_t saved)
{
	__asm__ volatile("csrs mstatus, %0" : : "r"(saved) : "memory");
}

uint64_t board_cycle(void)
{
	uint32_t saved = irq_save();
	uint32_t lo = REG(cycle_lo); /* latches the high word */
	uint32_t hi = REG(cycle_hi);

	irq_restore(saved);
	return (uint64_t)hi << 32 | lo;
}

void board_wake_on(uint32_t sources, bool on)
{
	uint32_t saved = irq_save();

	if (on)
		REG(irq_enable) |= sources;
	else
		REG(irq_enable) &= ~sources;
	irq_restore(saved);
}

void board_timer_off(void)
{
	board_wake_on(IRQ_TIMER, false);
	REG(timer_hi) = 0;
}

void board_timer(uint64_t cycle)
{
	REG(timer_hi) = 0;
	REG(timer_lo) = (uint32_t)cycle;
	REG(timer_hi) = (uint32_t)(cycle >> 32 & 0xFFFF) | COFFER_REGS__TIMER_HI__ARMED_bm;
	board_wake_on(IRQ_TIMER, true);
}

/* The interrupt is masked from the look at board_work to the end of the wait, or its news could be slept through. */
void board_wait(void)
{
	uint32_t saved = irq_save();

	if (!board_work)
		(void)BOARD_WAIT;
	board_work = false;
	irq_restore(saved);
}

unsigned bit_count(uint64_t mask)
{
	unsigned n = 0;

	for (uint32_t lo = (uint32_t)mask; lo != 0; lo &= lo - 1)
		n++;
	for (uint32_t hi = (uint32_t)(mask >> 32); hi != 0; hi &= hi - 1)
		n++;
	return n;
}

void wipe(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

void mbedtls_platform_zeroize(void *p, size_t n)
{
	wipe(p, n);
}

static const uint32_t *deepest = __stack;

uint32_t ram_free(void)
{
	return (uint32_t)((uintptr_t)deepest - (uintptr_t)_used_end);
}

__attribute__((noinline)) static void paint_from(uint32_t *p)
{
	uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;

	for (; p < end; p++)
		*(volatile uint32_t *)p = PAINT;
}

void stack_paint(void)
{
	paint_from(_used_end);
}

void stack_wipe_near(size_t bytes)
{
	paint_from((uint32_t *)((uintptr_t)__builtin_frame_address(0) - (bytes & ~(size_t)3)));
}

void stack_wipe(void)
{
	uint32_t *p = _used_end;

	while (p < deepest && *p == PAINT)
		p++;
	deepest = p;
	paint_from(p);
}

_Noreturn void board_panic(void)
{
	(void)irq_save();
	REG(irq_enable) = 0;
	for (;;)
		(void)BOARD_WAIT;
}
