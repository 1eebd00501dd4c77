/* SPDX-License-Identifier: Apache-2.0 */
/* The trap: serves endpoint 0 and revocations until none waits, above whatever the main loop does. */
#include "irq.h"

#include "board.h"
#include "ep0.h"
#include "negotiate.h"
#include "session.h"
#include "surface.h"

#define MCAUSE_INTERRUPT 0x80000000u
#define CSR_IRQ_MASK     "0xBC0" /* VexRiscv: which lines trap */

void irq_revocations(void)
{
	uint32_t events = REG(events);
	uint32_t revoked = REG_FIELD(EVENTS__REVOKED, events);

	REG(events) = events;
	for (uint8_t ctx = 0; revoked >> ctx != 0; ctx++) {
		if (!(revoked >> ctx & 1))
			continue;
		negotiate_cancel(ctx, 0);
		surface_forget_context(ctx);
		session_forget_context(ctx);
	}
}

static void serve(void)
{
	uint32_t status;

	while ((status = REG(irq_status) & IRQ_TRAPS) != 0) {
		if (status & IRQ_EVENT)
			irq_revocations();
		else if (status & IRQ_EP0_DONE)
			ep0_done();
		else if (status & IRQ_EP0_SETUP)
			ep0_setup();
		else if (status & IRQ_EP0_OUT)
			ep0_out();
	}
	board_work = true;
}

__attribute__((interrupt("machine"), aligned(4))) void trap_entry(void)
{
	uint32_t cause;

	__asm__ volatile("csrr %0, mcause" : "=r"(cause));
	if (!(cause & MCAUSE_INTERRUPT))
		board_panic(); /* bus error, illegal instruction, misaligned access */
	serve();
}

void irq_enable(void)
{
	uint32_t traps = IRQ_TRAPS;

	REG(irq_enable) = traps;
	__asm__ volatile("csrw " CSR_IRQ_MASK ", %0" : : "r"(traps));
	__asm__ volatile("csrs mie, %0" : : "r"(1u << 11)); /* MEIE */
	irq_restore(8);                                     /* MIE */
}
