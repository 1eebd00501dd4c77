/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool over three boards, one of which is pulled out and put in again: `pool`, under coffer-board; tests/test_applications.py
 * starts it, pulls out the board whose serial number stands behind "ready", and puts it in again at "removed".
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "coffer/pool.h"

enum { BOARDS = 3, SESSIONS = 2 * BOARDS, THREADS = 4 };

static coffer *library;
static coffer_pool *pool;

/* A session, and a thread that keeps its context busy. */
struct user {
	coffer_session *session;
	pthread_t thread;
	atomic_uint rounds;
	atomic_bool enough;
	int error;
};

static const char *board_of(const coffer_session *session)
{
	return coffer_context_serial(coffer_session_context(session));
}

static void *work(void *arg)
{
	static const uint8_t sent[3000];
	struct user *user = arg;
	uint8_t back[sizeof(sent)];
	const struct coffer_job_desc job = {.op = COFFER_OP_LOOP, .src = sent, .dst = back, .length = sizeof(sent)};

	while (!user->error && !atomic_load(&user->enough)) {
		user->error = coffer_run(coffer_session_context(user->session), &job, NULL, NULL);
		atomic_fetch_add(&user->rounds, 1);
	}
	return NULL;
}

static void begin(struct user *user)
{
	CHECK(!coffer_pool_session(pool, COFFER_SESSION_PROTECTED, NULL, &user->session));
	CHECK(!pthread_create(&user->thread, NULL, work, user));
}

static void end(struct user *user, int error)
{
	atomic_store(&user->enough, true);
	pthread_join(user->thread, NULL);
	CHECK(user->error == error);
	CHECK(coffer_session_destroy(&user->session, NULL) == error);
}

static size_t loads(struct coffer_pool_load **list)
{
	size_t count;

	CHECK(!coffer_pool_loads(pool, NULL, list, &count));
	return count;
}

static void wait_for_boards(size_t wanted)
{
	struct coffer_pool_load *list;

	while (loads(&list) != wanted) {
		coffer_free(list);
		usleep(20000);
	}
	coffer_free(list);
}

/* Threads that make sessions at the same time: none of the boards gets more than its part. */
static void *make_two(void *arg)
{
	coffer_session **made = arg;

	for (int i = 0; i < 2; i++)
		CHECK(!coffer_pool_session(pool, COFFER_SESSION_OPEN, NULL, &made[i]));
	return NULL;
}

static void make_at_once(void)
{
	coffer_session *made[THREADS][2];
	struct coffer_pool_load *list;
	pthread_t threads[THREADS];
	uint32_t least = 1000, most = 0;
	size_t count;

	for (int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, make_two, made[i]));
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	count = loads(&list);
	CHECK(count == BOARDS);
	for (size_t i = 0; i < count; i++) {
		CHECK(list[i].others == 0 && list[i].load == list[i].sessions && list[i].contexts >= 1);
		least = list[i].load < least ? list[i].load : least;
		most = list[i].load > most ? list[i].load : most;
	}
	CHECK(most - least <= 1);
	coffer_free(list);
	for (int i = 0; i < THREADS; i++)
		for (int k = 0; k < 2; k++)
			CHECK(!coffer_session_destroy(&made[i][k], NULL));
}

int main(void)
{
	struct user users[SESSIONS + 3] = {0};
	char lost[33], line[8];
	unsigned before[SESSIONS], lost_sessions = 0;

	CHECK(!coffer_init(&library, NULL));
	CHECK(!coffer_pool_create(library, NULL, 0, &pool));
	for (int i = 0; i < SESSIONS; i++)
		begin(&users[i]);
	for (int i = 0; i < BOARDS; i++) {
		CHECK(!strcmp(board_of(users[i].session), board_of(users[i + BOARDS].session)));
		CHECK(strcmp(board_of(users[i].session), board_of(users[(i + 1) % BOARDS].session)));
	}
	strcpy(lost, board_of(users[1].session));
	printf("ready %s\n", lost);
	fflush(stdout);
	for (int i = 1; i < SESSIONS; i += BOARDS)
		pthread_join(users[i].thread, NULL);

	/* The others work on, and new sessions go to their boards; nobody has taken the lost ones away. */
	wait_for_boards(BOARDS - 1);
	for (int i = 0; i < SESSIONS; i++)
		before[i] = atomic_load(&users[i].rounds);
	for (int i = SESSIONS; i < SESSIONS + 2; i++)
		begin(&users[i]);
	CHECK(strcmp(board_of(users[SESSIONS].session), board_of(users[SESSIONS + 1].session)));
	for (int i = 0; i < SESSIONS + 2; i++) {
		bool gone = !strcmp(board_of(users[i].session), lost);

		lost_sessions += gone;
		CHECK(gone == (i == 1 || i == 1 + BOARDS));
		CHECK(!gone || users[i].error == COFFER_E_REMOVED);
		while (!gone && i < SESSIONS && atomic_load(&users[i].rounds) < before[i] + 3)
			usleep(1000);
	}
	CHECK(lost_sessions == 2);

	printf("removed\n");
	fflush(stdout);
	CHECK(fgets(line, sizeof(line), stdin));
	wait_for_boards(BOARDS);
	begin(&users[SESSIONS + 2]);
	CHECK(!strcmp(board_of(users[SESSIONS + 2].session), lost)); /* empty as it is, it comes first */
	for (int i = 1; i < SESSIONS; i += BOARDS) {
		CHECK(users[i].error == COFFER_E_REMOVED);
		CHECK(coffer_session_destroy(&users[i].session, NULL) == COFFER_E_REMOVED);
	}
	for (int i = 0; i < SESSIONS + 3; i++)
		if (users[i].session)
			end(&users[i], 0);
	make_at_once();
	coffer_pool_destroy(&pool);
	coffer_exit(&library);
	return 0;
}
