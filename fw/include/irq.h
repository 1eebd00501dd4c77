/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_IRQ_H
#define COFFER_IRQ_H

/* Starts serving endpoint 0; the hardware then connects to the bus. Once, when everything that a request may ask for
 * is in place. */
void irq_enable(void);

/* Where start.S points the CPU's traps. */
void trap_entry(void);

#endif
