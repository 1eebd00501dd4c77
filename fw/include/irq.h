/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_IRQ_H
#define COFFER_IRQ_H

/* Starts serving endpoint 0; the hardware then connects to the bus. Once, when everything that a request may ask for
 * is in place. */
void irq_enable(void);

/* Forgets what the hardware has revoked. Between reading a SETUP and looking at it, so that a request never meets a table
 * that is older, nor makes an entry that a revocation from before it would take away. [irq] */
void irq_revocations(void);

/* Where start.S points the CPU's traps. */
void trap_entry(void);

#endif
