/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which board a pool takes, and what it does when boards are full, lost or new: pool.c on boards that are made up here. What
 * it does on real ones is in tests/host/pool.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define coffer_list           fake_list
#define coffer_open           fake_open
#define coffer_close          fake_close
#define coffer_session_create fake_session_create
#define coffer_pool_create    tested_pool_create
#define coffer_pool_destroy   tested_pool_destroy
#define coffer_pool_loads     tested_pool_loads
#define coffer_pool_session   tested_pool_session
#include "../../host/src/pool.c"

#include "session.h"

#define BOARDS 3

/* A board: two contexts, of two sessions each. */
static struct board {
	bool there;
	uint8_t address, others, open;
	int open_error, create_error;
} boards[BOARDS];
static unsigned lists, closes;
static coffer *library;
static coffer_session *sessions[32];
static size_t session_count;

int fake_list(coffer *of, const struct timespec *deadline, struct coffer_device **list, size_t *count)
{
	(void)of;
	(void)deadline;
	lists++;
	*list = calloc(BOARDS, sizeof(**list));
	*count = 0;
	for (size_t i = 0; i < BOARDS; i++) {
		struct coffer_device *device = &(*list)[*count];

		if (!boards[i].there)
			continue;
		*device = (struct coffer_device){.bus = 1,
						 .address = boards[i].address,
						 .high_speed = 1,
						 .contexts = 2,
						 .free_contexts = (uint8_t)(2 - boards[i].others - boards[i].open),
						 .serial = {'B', (char)('0' + i)}};
		++*count;
	}
	if (!*count) {
		free(*list);
		*list = NULL;
	}
	return 0;
}

static struct board *board_at(unsigned address)
{
	for (size_t i = 0; i < BOARDS; i++)
		if (boards[i].there && boards[i].address == address)
			return &boards[i];
	return NULL;
}

int fake_open(coffer *of, const char *name, int interface, const struct timespec *deadline, coffer_context **context)
{
	struct board *board = board_at((unsigned)atoi(strchr(name, ':') + 1));

	(void)interface;
	(void)deadline;
	*context = NULL;
	if (!board)
		return COFFER_E_NO_BOARD;
	if (board->open_error)
		return board->open_error;
	if (board->open + board->others == 2)
		return COFFER_E_BUSY;
	board->open++;
	*context = context_new(of);
	(*context)->bus = 1;
	(*context)->address = board->address;
	return 0;
}

void fake_close(coffer_context **context)
{
	struct board *board = board_at((*context)->address);

	closes++;
	if (board && !(*context)->error)
		board->open--;
	context_unref(*context);
	*context = NULL;
}

int fake_session_create(coffer_context *context, enum coffer_session_kind kind, const struct timespec *deadline,
			coffer_session **session)
{
	struct board *board = board_at(context->address);

	(void)kind;
	(void)deadline;
	if (!board) {
		context->error = COFFER_E_REMOVED;
		return COFFER_E_REMOVED;
	}
	if (board->create_error)
		return board->create_error;
	if (atomic_load(&context->sessions) == 2)
		return COFFER_E_NO_SLOT;
	*session = calloc(1, sizeof(**session));
	(*session)->context = context;
	context_ref(context);
	atomic_fetch_add(&context->sessions, 1);
	return 0;
}

static void destroy(size_t k)
{
	coffer_session *session = sessions[k];

	sessions[k] = sessions[--session_count];
	atomic_fetch_sub(&session->context->sessions, 1);
	context_unref(session->context);
	free(session);
}

/* The address of the board that a new session is on, or the error. */
static int place(coffer_pool *pool)
{
	coffer_session *session;
	int error = coffer_pool_session(pool, COFFER_SESSION_OPEN, NULL, &session);

	assert_true(!error == !!session);
	if (error)
		return error;
	sessions[session_count++] = session;
	return session->context->address;
}

static int set_up(void **state)
{
	coffer_pool *pool;

	for (uint8_t i = 0; i < BOARDS; i++)
		boards[i] = (struct board){.there = true, .address = (uint8_t)(i + 1)};
	closes = lists = 0;
	if (coffer_init(&library, NULL) || coffer_pool_create(library, NULL, 0, &pool))
		return -1;
	*state = pool;
	return 0;
}

static int tear_down(void **state)
{
	coffer_pool *pool = *state;

	while (session_count)
		destroy(0);
	coffer_pool_destroy(&pool);
	for (size_t i = 0; i < BOARDS; i++)
		if (boards[i].open)
			return -1;
	coffer_exit(&library);
	return pool ? -1 : 0;
}

static void sessions_go_round(void **state)
{
	coffer_pool *pool = *state;

	for (int round = 0; round < 2; round++)
		for (int i = 1; i <= BOARDS; i++)
			assert_int_equal(place(pool), i);
	destroy(1);
	assert_int_equal(place(pool), 2);
}

static void contexts_of_others_count(void **state)
{
	struct coffer_pool_load *loads;
	coffer_pool *pool = *state;
	size_t count;

	boards[0].others = 2;
	boards[1].others = 1;
	assert_int_equal(place(pool), 3);
	assert_int_equal(place(pool), 2);
	assert_int_equal(place(pool), 3);
	assert_int_equal(coffer_pool_loads(pool, NULL, &loads, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(loads[0].load, 2);
	assert_int_equal(loads[0].others, 2);
	assert_int_equal(loads[0].contexts, 0);
	assert_int_equal(loads[1].load, 2);
	assert_int_equal(loads[1].others, 1);
	assert_int_equal(loads[1].sessions, 1);
	assert_int_equal(loads[2].load, 2);
	assert_int_equal(loads[2].sessions, 2);
	assert_int_equal(loads[2].contexts, 1);
	coffer_free(loads);
}

static void jobs_decide_between_equals(void **state)
{
	struct coffer_job_desc nothing = {.op = COFFER_OP_NOP};
	coffer_pool *pool = *state;
	coffer_task *task;

	for (int i = 1; i <= BOARDS; i++)
		assert_int_equal(place(pool), i);
	assert_int_equal(coffer_submit(sessions[0]->context, &nothing, NULL, NULL, &task), 0);
	assert_int_equal(place(pool), 2);
	coffer_task_cancel(task);
	coffer_task_release(&task);
}

static void full_contexts_get_company(void **state)
{
	coffer_pool *pool = *state;

	boards[1].there = boards[2].there = false;
	for (int i = 0; i < 4; i++)
		assert_int_equal(place(pool), 1);
	assert_int_equal(boards[0].open, 2);
	assert_int_equal(place(pool), COFFER_E_BUSY);
	boards[1].there = true;
	assert_int_equal(place(pool), 2);
}

static void idle_contexts_are_given_back(void **state)
{
	coffer_pool *pool = *state;

	boards[1].there = boards[2].there = false;
	for (int i = 0; i < 4; i++)
		place(pool);
	while (session_count)
		destroy(0);
	assert_int_equal(place(pool), 1);
	assert_int_equal(boards[0].open, 1);
	destroy(0);
	assert_int_equal(place(pool), 1); /* the same context again */
	assert_int_equal(closes, 1);
}

static void a_lost_board_is_left_out(void **state)
{
	struct coffer_pool_load *loads;
	coffer_pool *pool = *state;
	size_t count;

	for (int i = 1; i <= BOARDS; i++)
		assert_int_equal(place(pool), i);
	boards[0].there = false;
	sessions[0]->context->error = COFFER_E_REMOVED;
	assert_int_equal(place(pool), 2);
	assert_int_equal(place(pool), 3);
	assert_int_equal(coffer_context_error(sessions[0]->context), COFFER_E_REMOVED);
	assert_int_equal(closes, 0); /* the session is the caller's, and may be in use */
	assert_int_equal(coffer_pool_loads(pool, NULL, &loads, &count), 0);
	assert_int_equal(count, 2);
	coffer_free(loads);
	destroy(0);
	assert_int_equal(place(pool), 2);
	assert_int_equal(closes, 1);
	boards[0] = (struct board){.there = true, .address = 9}; /* plugged in again */
	assert_int_equal(place(pool), 9);
}

static void a_context_that_was_reset_weighs_nothing(void **state)
{
	coffer_pool *pool = *state;

	for (int i = 1; i <= BOARDS; i++)
		assert_int_equal(place(pool), i);
	sessions[0]->context->error = COFFER_E_LOST;
	boards[0].open = 0;
	assert_int_equal(place(pool), 1);
	assert_ptr_not_equal(sessions[3]->context, sessions[0]->context);
	assert_int_equal(place(pool), 1);
}

/* Whatever a board answers while it is asked: others may do it; what only the caller can mend is told at once. */
static void other_boards_are_tried(void **state)
{
	static const int passing[] = {COFFER_E_NO_BOARD, COFFER_E_ACCESS,  COFFER_E_BUSY,    COFFER_E_REMOVED,
				      COFFER_E_LOST,     COFFER_E_VERSION, COFFER_E_PROTOCOL};
	coffer_pool *pool = *state;

	for (size_t i = 0; i < sizeof(passing) / sizeof(*passing); i++) {
		boards[0].open_error = passing[i];
		assert_int_equal(place(pool), 2);
		destroy(0);
	}
	for (int i = 0; i < BOARDS; i++)
		boards[i].create_error = COFFER_E_NOT_READY;
	assert_int_equal(place(pool), COFFER_E_PROTOCOL); /* the first one's */
	boards[1].create_error = COFFER_E_TIMEOUT;
	assert_int_equal(place(pool), COFFER_E_TIMEOUT);
	for (int i = 0; i < BOARDS; i++)
		boards[i].there = false;
	assert_int_equal(place(pool), COFFER_E_NO_BOARD);
}

static void only_boards_that_are_named(void **state)
{
	const char *names[] = {"B2", "1:1", "B9"};
	coffer_pool *pool;

	(void)state;
	assert_int_equal(coffer_pool_create(library, names, 3, &pool), 0);
	assert_int_equal(place(pool), 1);
	assert_int_equal(place(pool), 3);
	assert_int_equal(place(pool), 1);
	while (session_count)
		destroy(0);
	coffer_pool_destroy(&pool);
}

static void bad_arguments(void **state)
{
	const char *names[] = {NULL};
	coffer_pool *pool = *state, *made;
	coffer_session *session;
	struct coffer_pool_load *loads;
	size_t count;

	assert_int_equal(coffer_pool_create(NULL, NULL, 0, &made), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_create(library, NULL, 1, &made), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_create(library, names, 0, &made), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_create(library, names, 1, &made), COFFER_E_INVALID);
	assert_null(made);
	assert_int_equal(coffer_pool_session(pool, (enum coffer_session_kind)3, NULL, &session), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_session(NULL, COFFER_SESSION_OPEN, NULL, &session), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_session(pool, COFFER_SESSION_OPEN, NULL, NULL), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_loads(pool, NULL, NULL, &count), COFFER_E_INVALID);
	assert_int_equal(coffer_pool_loads(pool, NULL, &loads, NULL), COFFER_E_INVALID);
	assert_int_equal(lists, 0);
	coffer_pool_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions_go_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(contexts_of_others_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(jobs_decide_between_equals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_contexts_get_company, set_up, tear_down),
		cmocka_unit_test_setup_teardown(idle_contexts_are_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lost_board_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_context_that_was_reset_weighs_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_boards_are_tried, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_boards_that_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_arguments, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
