/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of boards: sessions go to the least loaded one, whichever boards are attached at that time.
 *
 * A pool opens contexts as it needs them: one of a board, and further ones when the key slots of those are used up. Those
 * without a session are given back when the next session is made. What the pool gives out are ordinary sessions of
 * <coffer/coffer.h>: coffer_session_context() tells where, coffer_session_destroy() ends them.
 *
 * Load. A board's load is the number of this pool's sessions on it and of the contexts that others have open there. Of
 * boards with the same load the one with fewer jobs of this pool under way is taken, then the first in the system's list.
 *
 * Loss. Sessions on a board that is pulled out answer COFFER_E_REMOVED (those of a context that somebody reset, COFFER_E_LOST),
 * until they are destroyed; all others go on, and new ones go to the boards that are left. A board that is plugged in is one
 * more from the next call on. The pool itself never fails for good.
 *
 * Threads. As for <coffer/coffer.h>: every function from any thread, a destructor last, none of them in a callback but
 * coffer_pool_destroy, which does nothing there; after a fork only the parent's. Sessions are made one after the
 * other; the wait for one's turn counts against the deadline. coffer_interrupt ends all calls with COFFER_E_CANCELLED but in
 * the moment of the request for the session, which a board answers at once.
 */
#ifndef COFFER_POOL_H
#define COFFER_POOL_H

#include "coffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct coffer_pool coffer_pool;

/* `boards` names those that belong to the pool, each by its serial number or "BUS:ADDRESS", and is copied; NULL with count 0
 * means every board. None need be there yet, and none is opened. The library must stay until the pool is destroyed.
 * Errors: INVALID, NO_MEMORY, FORKED. */
int coffer_pool_create(coffer *library, const char *const *boards, size_t count, coffer_pool **pool) COFFER_MUST_CHECK;

/* Closes every context of the pool. Sessions that are left stay the caller's to destroy; they must not be in use by another
 * thread, and answer with COFFER_E_LOST from then on. */
void coffer_pool_destroy(coffer_pool **pool);

/* A session on the least loaded board that takes it, as coffer_session_create makes it. Errors: those of coffer_list, coffer_open and
 * coffer_session_create; NO_BOARD (no board of the pool is attached), BUSY or NO_SLOT (every one is full: the contexts or
 * the slots), and of other errors of several boards the first one's. */
int coffer_pool_session(coffer_pool *pool, enum coffer_session_kind kind, const struct timespec *deadline,
			coffer_session **session) COFFER_MUST_CHECK;

struct coffer_pool_load {
	struct coffer_device device; /* as coffer_list tells */
	uint8_t contexts;            /* that this pool has open */
	uint8_t others;              /* contexts that others have open */
	uint32_t sessions;           /* of this pool */
	uint32_t jobs;               /* of this pool's contexts: queued or under way */
	uint32_t load;               /* sessions + others */
};

/* The pool's boards that are attached now. *list is freed by coffer_free (one block; NULL where there are none). Errors: those of
 * coffer_list. */
int coffer_pool_loads(coffer_pool *pool, const struct timespec *deadline, struct coffer_pool_load **list,
		      size_t *count) COFFER_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
