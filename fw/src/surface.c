/* SPDX-License-Identifier: Apache-2.0 */
/* See surface.h. Pages are first come, first served; a context alone may take all. */
#include "surface.h"

#include <string.h>

#include "board.h"
#include "ep0.h"

enum surface_command { SURFACE_CREATE = 1, SURFACE_DESTROY = 2 };

#define RECORDS 16u

static struct {
	uint32_t handle; /* 0: none */
	uint8_t ctx, session;
} surfaces[RECORDS];

static bool command(enum surface_command cmd, uint8_t index, uint8_t ctx, uint8_t epoch, uint8_t base, uint8_t pages)
{
	REG(surf_cmd) = REG_BITS(SURF_CMD__CMD, cmd) | REG_BITS(SURF_CMD__INDEX, index) | REG_BITS(SURF_CMD__CTX, ctx) |
			REG_BITS(SURF_CMD__BASE, base) | REG_BITS(SURF_CMD__PAGES, pages) |
			REG_BITS(SURF_CMD__EPOCH, epoch);
	return (REG(surf_result) & COFFER_REGS__SURF_RESULT__OK_bm) != 0;
}

/* First run of `pages` set bits, or -1. */
static int find_run(uint32_t mask, uint8_t pages)
{
	uint32_t starts = mask;

	for (uint8_t k = 1; k < pages && starts != 0; k++)
		starts &= mask >> k;
	return starts == 0 ? -1 : lowest_bit(starts);
}

static int free_record(void)
{
	uint32_t used = REG(surf_used);

	for (uint8_t k = 0; k < RECORDS; k++)
		if (!(used >> k & 1))
			return k;
	return -1;
}

/* Pages under the zeroizer are soon free again: wait for them where that helps. */
static enum coffer_result find_pages(uint8_t pages, uint64_t deadline, int *base)
{
	for (;;) {
		uint32_t zeroizing = REG(page_zeroizing);
		uint32_t free = REG(page_free);

		*base = find_run(free, pages);
		if (*base >= 0)
			return COFFER_OK;
		if (find_run(free | zeroizing, pages) < 0)
			return COFFER_ERR_NO_MEMORY;
		if (board_cycle() >= deadline)
			return COFFER_PENDING;
	}
}

enum coffer_result surface_create(const struct session *s, uint8_t pages, uint64_t deadline,
				  struct coffer_surface_created *out)
{
	uint8_t slot = COFFER_HANDLE_INDEX(s->handle);
	enum coffer_result result;
	int base, index;

	if (pages == 0 || pages > REG_FIELD(CONFIG__PAGES, REG(config)))
		return COFFER_ERR_NO_MEMORY;
	result = find_pages(pages, deadline, &base);
	if (result != COFFER_OK)
		return result;
	index = free_record();
	if (index < 0)
		return COFFER_ERR_NO_MEMORY;
	REG(surf_session) = REG_BITS(SURF_SESSION__SESSION, slot) |
			    REG_BITS(SURF_SESSION__GENERATION, COFFER_HANDLE_GENERATION(s->handle));
	if (!command(SURFACE_CREATE, (uint8_t)index, s->ctx, s->epoch, (uint8_t)base, pages))
		return COFFER_ERR_REVOKED;
	surfaces[index].handle = COFFER_HANDLE(index, REG_FIELD(SURF_RESULT__GENERATION, REG(surf_result)));
	surfaces[index].ctx = s->ctx;
	surfaces[index].session = slot;
	out->surface = surfaces[index].handle;
	out->session = s->handle;
	out->bytes = pages * SURFACE_PAGE_BYTES;
	return COFFER_OK;
}

enum coffer_result surface_destroy(uint8_t ctx, uint8_t epoch, uint32_t handle)
{
	uint8_t index = COFFER_HANDLE_INDEX(handle);

	if (handle == 0 || index >= RECORDS || surfaces[index].handle != handle || surfaces[index].ctx != ctx)
		return COFFER_ERR_HANDLE;
	surfaces[index].handle = 0;
	return command(SURFACE_DESTROY, index, ctx, epoch, 0, 0) ? COFFER_OK : COFFER_ERR_REVOKED;
}

void surface_forget_session(uint8_t ctx, uint8_t slot)
{
	for (uint8_t k = 0; k < RECORDS; k++)
		if (surfaces[k].ctx == ctx && surfaces[k].session == slot)
			surfaces[k].handle = 0;
}

void surface_forget_context(uint8_t ctx)
{
	for (uint8_t k = 0; k < RECORDS; k++)
		if (surfaces[k].ctx == ctx)
			surfaces[k].handle = 0;
}
