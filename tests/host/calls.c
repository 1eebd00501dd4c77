/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the library that may block, under everything that can end it: a deadline, another thread, a fork, a board that is
 * pulled out. `calls SCENARIO`, under coffer-board; tests/test_host_system.py starts it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "coffer/coffer.h"

static coffer *library;

struct objects {
	coffer_context *context;
	coffer_session *session, *spare, *channel;
	coffer_surface *spare_surface;
};

/* ---- the calls ---- */

static int get_info(struct objects *o, const struct timespec *deadline)
{
	struct coffer_info info;

	return coffer_get_info(o->context, deadline, &info);
}

static int get_status(struct objects *o, const struct timespec *deadline)
{
	struct coffer_status status;

	return coffer_get_status(o->context, deadline, &status);
}

static int get_chain(struct objects *o, const struct timespec *deadline)
{
	uint8_t *der;
	size_t bytes;
	int error = coffer_get_chain(o->context, COFFER_CHAIN_RSA, deadline, &der, &bytes);

	CHECK(!error == (der && bytes));
	coffer_free(der);
	return error;
}

static int session_create(struct objects *o, const struct timespec *deadline)
{
	coffer_session *session;
	int error = coffer_session_create(o->context, COFFER_SESSION_OPEN, deadline, &session);

	CHECK(!error == !!session);
	coffer_session_destroy(&session, NULL);
	return error;
}

static int session_destroy(struct objects *o, const struct timespec *deadline)
{
	int error = o->spare ? 0 : coffer_session_create(o->context, COFFER_SESSION_OPEN, NULL, &o->spare);

	return error ? error : coffer_session_destroy(&o->spare, deadline);
}

static int surface_create(struct objects *o, const struct timespec *deadline)
{
	coffer_surface *surface;
	int error = coffer_surface_create(o->session, 4096, deadline, &surface);

	CHECK(!error == !!surface);
	coffer_surface_destroy(&surface, NULL);
	return error;
}

static int surface_destroy(struct objects *o, const struct timespec *deadline)
{
	int error = o->spare_surface ? 0 : coffer_surface_create(o->session, 2048, NULL, &o->spare_surface);

	return error ? error : coffer_surface_destroy(&o->spare_surface, deadline);
}

static int negotiate(struct objects *o, const struct timespec *deadline)
{
	static const uint8_t blob[COFFER_BLOB_BYTES] = {1};

	return coffer_negotiate(o->session, blob, sizeof(blob), deadline, NULL);
}

/* Without a key: an answer all the same. */
static int channel_query(struct objects *o, const struct timespec *deadline)
{
	static const uint8_t query[32];
	uint8_t answer[COFFER_CHANNEL_MOST];
	size_t bytes;
	int error = coffer_channel_query(o->channel, query, sizeof(query), 56, deadline, answer, &bytes);

	CHECK(error && !bytes);
	return error;
}

static int run(struct objects *o, const struct timespec *deadline)
{
	static uint8_t data[40000];
	const struct coffer_job_desc job = {.op = COFFER_OP_LOOP, .src = data, .length = sizeof(data)};

	return coffer_run(o->context, &job, deadline, NULL);
}

static int load_key(struct objects *o, const struct timespec *deadline)
{
	static const uint8_t wrapped[16] = {1};

	return coffer_load_key(o->session, wrapped, 16, 16, COFFER_MODE_CTR, COFFER_CTR_CARRY128, deadline, NULL);
}

static int new_readback_key(struct objects *o, const struct timespec *deadline)
{
	uint8_t wrapped[16];

	return coffer_new_readback_key(o->session, wrapped, deadline, NULL);
}

static int start_refresh(struct objects *o, const struct timespec *deadline)
{
	uint8_t random[16];

	return coffer_start_refresh(o->session, random, deadline, NULL);
}

static int refresh(struct objects *o, const struct timespec *deadline)
{
	return coffer_refresh(o->session, deadline, NULL);
}

static int session_check(struct objects *o, const struct timespec *deadline)
{
	return coffer_session_check(o->session, deadline);
}

static int list(struct objects *o, const struct timespec *deadline)
{
	struct coffer_device *boards;
	size_t count;
	int error = coffer_list(library, deadline, &boards, &count);

	(void)o;
	CHECK(!boards == !count);
	coffer_free(boards);
	return error;
}

static int open_and_close(struct objects *o, const struct timespec *deadline)
{
	coffer_context *more;
	int error = coffer_open(library, NULL, -1, deadline, &more);

	(void)o;
	CHECK(!error == !!more);
	coffer_close(&more);
	return error;
}

static const struct call {
	const char *name;
	int (*make)(struct objects *o, const struct timespec *deadline);
	bool of_library; /* coffer_interrupt ends it, and a board that is gone is none to it */
} calls[] = {
	{"get_info", get_info, false},
	{"get_status", get_status, false},
	{"get_chain", get_chain, false},
	{"session_create", session_create, false},
	{"session_destroy", session_destroy, false},
	{"surface_create", surface_create, false},
	{"surface_destroy", surface_destroy, false},
	{"run", run, false},
	{"load_key", load_key, false},
	{"new_readback_key", new_readback_key, false},
	{"start_refresh", start_refresh, false},
	{"refresh", refresh, false},
	{"session_check", session_check, false},
	{"negotiate", negotiate, false},
	{"channel_query", channel_query, false},
	{"list", list, true},
	{"open", open_and_close, true},
};
#define CALLS (sizeof(calls) / sizeof(*calls))

static void expect(const struct call *call, int got, int error)
{
	if (got == error)
		return;
	fprintf(stderr, "%s gives %s, not %s\n", call->name, coffer_error_name(got), coffer_error_name(error));
	exit(1);
}

/* ---- what ends them ---- */

static void set_up(struct objects *o)
{
	*o = (struct objects){0};
	CHECK(!coffer_open(library, NULL, -1, NULL, &o->context));
	CHECK(!coffer_session_create(o->context, COFFER_SESSION_PROTECTED, NULL, &o->session));
	CHECK(!coffer_session_create(o->context, COFFER_SESSION_OPEN, NULL, &o->spare));
	CHECK(!coffer_session_create(o->context, COFFER_CHANNEL_64, NULL, &o->channel));
	CHECK(!coffer_surface_create(o->session, 2048, NULL, &o->spare_surface));
}

static void tear_down(struct objects *o)
{
	coffer_surface_destroy(&o->spare_surface, NULL);
	coffer_session_destroy(&o->spare, NULL);
	coffer_session_destroy(&o->session, NULL);
	coffer_session_destroy(&o->channel, NULL);
	coffer_close(&o->context);
}

/* Nothing is left behind on the board: all slots and pages come back. */
static void expect_nothing_left(struct objects *o, const struct coffer_status *before)
{
	struct coffer_status now;

	coffer_surface_destroy(&o->spare_surface, NULL);
	coffer_session_destroy(&o->spare, NULL);
	coffer_session_destroy(&o->session, NULL);
	coffer_session_destroy(&o->channel, NULL);
	do
		CHECK(!coffer_get_status(o->context, NULL, &now));
	while (now.zeroizing_slots || now.zeroizing_pages);
	CHECK(now.free_slots == before->free_slots && now.free_pages == before->free_pages);
}

static void expired(void)
{
	const struct timespec none = {.tv_sec = 1000000000, .tv_nsec = -1}; /* no time at all: as if passed */
	const struct timespec past = {0}, ago = coffer_deadline(-1);
	struct coffer_status before;
	struct objects o;

	CHECK(!coffer_open(library, NULL, 0, NULL, &o.context));
	CHECK(!coffer_get_status(o.context, NULL, &before));
	coffer_close(&o.context);
	set_up(&o);
	for (size_t i = 0; i < CALLS; i++)
		expect(&calls[i], calls[i].make(&o, &past), COFFER_E_TIMEOUT);
	expect(&calls[0], calls[0].make(&o, &ago), COFFER_E_TIMEOUT);
	expect(&calls[0], calls[0].make(&o, &none), COFFER_E_TIMEOUT);
	expect_nothing_left(&o, &before);
	tear_down(&o);
}

struct worker {
	const struct call *call;
	struct objects *o;
	int until;
	atomic_bool done;
	pthread_t thread;
};

/* A call that ended before it was cancelled is made again. */
static void *repeat(void *arg)
{
	struct worker *worker = arg;

	while (worker->call->make(worker->o, NULL) != worker->until)
		;
	atomic_store(&worker->done, true);
	return NULL;
}

static void cancelled(void)
{
	struct coffer_status before;
	struct objects o;

	CHECK(!coffer_open(library, NULL, 0, NULL, &o.context));
	CHECK(!coffer_get_status(o.context, NULL, &before));
	coffer_close(&o.context);
	set_up(&o);
	for (size_t i = 0; i < CALLS; i++) {
		struct worker worker = {.call = &calls[i], .o = &o, .until = COFFER_E_CANCELLED};

		CHECK(!pthread_create(&worker.thread, NULL, repeat, &worker));
		while (!atomic_load(&worker.done)) {
			if (calls[i].of_library)
				coffer_interrupt(library);
			else
				coffer_cancel(o.context);
			usleep(1000);
		}
		pthread_join(worker.thread, NULL);
	}
	expect_nothing_left(&o, &before);
	tear_down(&o);
}

static void forked(void)
{
	struct objects o;
	pid_t child;
	int status;

	set_up(&o);
	child = fork();
	if (!child) {
		for (size_t i = 0; i < CALLS; i++)
			expect(&calls[i], calls[i].make(&o, NULL), COFFER_E_FORKED);
		coffer_interrupt(library);
		coffer_cancel(o.context);
		/* A library of its own works. */
		CHECK(!coffer_init(&library, NULL));
		expect(&calls[CALLS - 2], list(NULL, NULL), 0);
		expect(&calls[CALLS - 1], open_and_close(NULL, NULL), 0);
		coffer_exit(&library);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	expect(&calls[0], get_info(&o, NULL), 0);
	tear_down(&o);
}

/* Says "ready", and waits for the board to be pulled out of all calls at once. */
static void removed(void)
{
	struct worker workers[CALLS];
	struct objects o[CALLS], first;

	set_up(&first);
	for (size_t i = 0; i < CALLS; i++) {
		o[i] = (struct objects){.context = first.context, .session = first.session, .channel = first.channel};
		workers[i] = (struct worker){.call = &calls[i], .o = &o[i], .until = COFFER_E_REMOVED};
		if (!calls[i].of_library)
			CHECK(!pthread_create(&workers[i].thread, NULL, repeat, &workers[i]));
	}
	usleep(300000);
	puts("ready");
	fflush(stdout);
	for (size_t i = 0; i < CALLS; i++) {
		if (calls[i].of_library)
			continue;
		pthread_join(workers[i].thread, NULL);
		coffer_surface_destroy(&o[i].spare_surface, NULL);
		coffer_session_destroy(&o[i].spare, NULL);
	}
	for (size_t i = 0; i < CALLS; i++)
		if (!calls[i].of_library)
			expect(&calls[i], calls[i].make(&first, NULL), COFFER_E_REMOVED);
	expect(&calls[CALLS - 2], list(NULL, NULL), 0);
	expect(&calls[CALLS - 1], open_and_close(NULL, NULL), COFFER_E_NO_BOARD);
	tear_down(&first);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} scenarios[] = {{"expired", expired}, {"cancelled", cancelled}, {"forked", forked}, {"removed", removed}};

	CHECK(!coffer_init(&library, NULL));
	for (size_t i = 0; argc > 1 && i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		if (strcmp(argv[1], scenarios[i].name))
			continue;
		scenarios[i].run();
		coffer_exit(&library);
		return 0;
	}
	fprintf(stderr, "usage: calls expired|cancelled|forked|removed\n");
	return 2;
}
