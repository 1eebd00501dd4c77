/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rounds N [SEED]`, under coffer-board: N sessions of random kinds made and destroyed, up to three at a time, some with a
 * surface; then the board has as many free slots and pages as before, and gives out all of them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "coffer/coffer.h"

enum { HELD = 3, MOST = 64 };

static coffer_context *context;

static struct coffer_status at_rest(void)
{
	struct coffer_status status;

	do
		CHECK(!coffer_get_status(context, NULL, &status));
	while (status.zeroizing_slots || status.zeroizing_pages);
	return status;
}

static void make(coffer_session **session)
{
	enum coffer_session_kind kind = (enum coffer_session_kind)(random() % 3);
	coffer_surface *surface;

	CHECK(!coffer_session_create(context, kind, NULL, session));
	if (random() % 8)
		return;
	CHECK(!coffer_surface_create(*session, 1 + (uint32_t)random() % 4096, NULL, &surface));
	if (random() % 2) /* the session's end takes it along: the object alone is left */
		CHECK(!coffer_session_destroy(session, NULL));
	CHECK(!coffer_surface_destroy(&surface, NULL));
}

/* As many sessions of one slot as there are free ones, and not one more. */
static void use_up(unsigned slots)
{
	coffer_session *sessions[MOST], *more;

	CHECK(slots <= MOST);
	for (unsigned i = 0; i < slots; i++)
		CHECK(!coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &sessions[i]));
	CHECK(coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &more) == COFFER_E_NO_SLOT);
	for (unsigned i = 0; i < slots; i++)
		CHECK(!coffer_session_destroy(&sessions[i], NULL));
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	struct coffer_status before, after;
	coffer_session *held[HELD] = {0};
	coffer *library;

	CHECK(rounds > 0);
	seed_random(argc > 2 ? argv[2] : NULL);
	CHECK(!coffer_init(&library, NULL));
	CHECK(!coffer_open(library, NULL, -1, NULL, &context));
	before = at_rest();
	for (int i = 0; i < rounds; i++) {
		coffer_session **place = &held[random() % HELD];

		CHECK(!coffer_session_destroy(place, NULL));
		make(place);
	}
	for (int i = 0; i < HELD; i++)
		CHECK(!coffer_session_destroy(&held[i], NULL));
	after = at_rest();
	printf("%d rounds in %llu cycles\n", rounds, (unsigned long long)(after.now_cycle - before.now_cycle));
	CHECK(after.free_slots == before.free_slots && after.free_pages == before.free_pages);
	use_up(before.free_slots);
	after = at_rest();
	CHECK(after.free_slots == before.free_slots);
	coffer_close(&context);
	coffer_exit(&library);
	return 0;
}
