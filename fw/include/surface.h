/* SPDX-License-Identifier: Apache-2.0 */
/* Surfaces: runs of pages of protected memory, each bound to a session. All of it runs in the interrupt. */
#ifndef COFFER_SURFACE_H
#define COFFER_SURFACE_H

#include <stdint.h>

#include "coffer_wire.h"
#include "session.h"

#define SURFACE_PAGE_BYTES 2048u

/* deadline: cycle until which pages that are being zeroized are waited for; beyond it the answer is COFFER_PENDING:
 * ask again. */
enum coffer_result surface_create(const struct session *s, uint8_t pages, uint64_t deadline,
				  struct coffer_surface_created *out);
enum coffer_result surface_destroy(uint8_t ctx, uint8_t epoch, uint32_t handle);

/* The hardware has ended them already. */
void surface_forget_session(uint8_t ctx, uint8_t slot);
void surface_forget_context(uint8_t ctx);

#endif
