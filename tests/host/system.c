/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library on a board: `system SCENARIO [ARGUMENT]`. Runs under coffer-board; tests/test_host_system.py starts it. Prints
 * what failed, with its line, and ends with 1.
 */
#include <fcntl.h>
#include <libusb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "coffer/coffer.h"
#include "coffer_device.h"

/* Compares errors by name. */
#define EXPECT(call, error)                                                                                            \
	do {                                                                                                           \
		int got = (call);                                                                                      \
		if (got != (error)) {                                                                                  \
			fprintf(stderr, "%s:%d: %s gives %s\n", __FILE__, __LINE__, #call, coffer_error_name(got));    \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

#define MOST 150000u

static coffer *library;
static uint8_t sent[MOST];

static void log_line(void *arg, enum coffer_log_level level, const char *message)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "log: %s\n", message);
}

static coffer_context *open_one(void)
{
	coffer_context *context;

	EXPECT(coffer_open(library, NULL, -1, NULL, &context), 0);
	return context;
}

static struct coffer_job_desc loop_of(void *back, uint64_t length)
{
	return (struct coffer_job_desc){.op = COFFER_OP_LOOP, .src = sent, .dst = back, .length = length};
}

/* A payload goes out and comes back. */
static void check_loop(coffer_context *context, uint32_t length)
{
	uint8_t *back = calloc(1, length + 1);
	struct coffer_job_desc job = loop_of(back, length);
	struct coffer_outcome outcome;

	EXPECT(coffer_run(context, &job, NULL, &outcome), 0);
	CHECK(outcome.bytes == length);
	CHECK(memcmp(back, sent, length) == 0);
	free(back);
}

static struct coffer_status status_of(coffer_context *context)
{
	struct coffer_status status;

	EXPECT(coffer_get_status(context, NULL, &status), 0);
	return status;
}

/* ---- scenarios ---- */

static void loops(const char *argument)
{
	static const uint32_t sizes[] = {0,   1,   15,  447,        448,   449,   511, 512,
					 513, 960, 961, 16384 - 64, 16384, 65537, MOST};
	coffer_context *context = open_one();

	(void)argument;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		check_loop(context, sizes[i]);
	coffer_close(&context);
	CHECK(!context);
	coffer_close(&context);
}

static void contexts(const char *argument)
{
	coffer_context *open[8], *more;
	struct coffer_device *list;
	size_t count, number;

	(void)argument;
	open[0] = open_one();
	number = coffer_info(open[0])->contexts;
	CHECK(number >= 2 && number <= 8);
	for (size_t i = 1; i < number; i++) {
		open[i] = open_one();
		CHECK(coffer_context_interface(open[i]) == (int)i);
	}
	EXPECT(coffer_open(library, NULL, -1, NULL, &more), COFFER_E_BUSY);
	EXPECT(coffer_open(library, NULL, 0, NULL, &more), COFFER_E_BUSY);
	EXPECT(coffer_open(library, "no-such-board", -1, NULL, &more), COFFER_E_NO_BOARD);
	EXPECT(coffer_open(library, NULL, 99, NULL, &more), COFFER_E_INVALID);
	EXPECT(coffer_list(library, NULL, &list, &count), 0);
	CHECK(count == 1 && list[0].contexts == number && list[0].free_contexts == 0);
	CHECK(!strcmp(list[0].serial, coffer_context_serial(open[0])));
	coffer_free(list);
	coffer_close(&open[1]);
	EXPECT(coffer_list(library, NULL, &list, &count), 0);
	CHECK(list[0].free_contexts == 1);
	EXPECT(coffer_open(library, list[0].serial, 1, NULL, &open[1]), 0);
	coffer_free(list);
	for (size_t i = 0; i < number; i++) {
		check_loop(open[i], 3000);
		coffer_close(&open[i]);
	}
}

/* Sessions until the share is used up; each freed one can be had again. Surfaces alike. */
static void quotas(const char *argument)
{
	coffer_context *context = open_one();
	coffer_session *sessions[64], *more;
	coffer_surface *surface, *too_many;
	uint32_t all = coffer_info(context)->surface_pages * coffer_info(context)->page_bytes;
	uint8_t slots = status_of(context).free_slots, pages = status_of(context).free_pages;
	size_t count = 0;
	int error = 0;

	(void)argument;
	while (count < 64 &&
	       !(error = coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &sessions[count])))
		count++;
	EXPECT(error, COFFER_E_NO_SLOT);
	CHECK(count == slots / 3u && count > 0);
	EXPECT(coffer_session_destroy(&sessions[0], NULL), 0);
	EXPECT(coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &sessions[0]), 0);
	EXPECT(coffer_surface_create(sessions[0], all, NULL, &surface), 0);
	CHECK(coffer_surface_bytes(surface) == all);
	EXPECT(coffer_surface_create(sessions[0], 1, NULL, &too_many), COFFER_E_NO_MEMORY);
	EXPECT(coffer_surface_create(sessions[0], 0, NULL, &too_many), COFFER_E_INVALID);
	EXPECT(coffer_session_destroy(&sessions[0], NULL), 0);
	EXPECT(coffer_surface_destroy(&surface, NULL), 0);
	EXPECT(coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &more), 0);
	EXPECT(coffer_session_destroy(&more, NULL), 0);
	for (size_t i = 1; i < count; i++)
		EXPECT(coffer_session_destroy(&sessions[i], NULL), 0);
	while (status_of(context).zeroizing_slots || status_of(context).zeroizing_pages)
		;
	CHECK(status_of(context).free_slots == slots);
	CHECK(status_of(context).free_pages == pages);
	coffer_close(&context);
}

/* Stale, foreign and made-up handles; each refused, the next request works. */
static void handles(const char *argument)
{
	coffer_context *context = open_one(), *other = open_one();
	coffer_session *session, *foreign;
	struct coffer_job_desc job = {.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR, .src = sent, .length = 64};
	uint8_t back[64], blob[COFFER_BLOB_BYTES] = {0};
	struct coffer_outcome outcome;

	(void)argument;
	job.dst = back;
	EXPECT(coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &session), 0);
	EXPECT(coffer_session_create(other, COFFER_SESSION_OPEN, NULL, &foreign), 0);
	job.slot = coffer_session_slot(session, COFFER_KEY_SESSION);
	EXPECT(coffer_run(context, &job, NULL, &outcome), COFFER_E_REFUSED);
	CHECK(outcome.status == COFFER_JOB_NO_KEY);
	EXPECT(coffer_session_check(session, NULL), COFFER_E_STATE);
	job.slot = coffer_session_slot(foreign, COFFER_KEY_SESSION);
	EXPECT(coffer_run(context, &job, NULL, &outcome), COFFER_E_REFUSED);
	CHECK(outcome.status == COFFER_JOB_BAD_HANDLE);
	job.slot = coffer_session_slot(session, COFFER_KEY_SESSION) + 0x100;
	EXPECT(coffer_run(context, &job, NULL, &outcome), COFFER_E_REFUSED);
	CHECK(outcome.status == COFFER_JOB_BAD_HANDLE);
	EXPECT(coffer_negotiate(session, blob, sizeof(blob) - 1, NULL, NULL), COFFER_E_INVALID);
	EXPECT(coffer_session_destroy(&foreign, NULL), 0);
	EXPECT(coffer_session_destroy(&session, NULL), 0);
	check_loop(context, 1000);
	check_loop(other, 1000);
	coffer_close(&other);
	coffer_close(&context);
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void forked(const char *argument)
{
	coffer_context *context = open_one(), *more;
	struct coffer_device *list;
	struct coffer_info info;
	coffer_session *session;
	size_t count;
	pid_t child;
	int status, before;

	(void)argument;
	EXPECT(coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &session), 0);
	before = open_descriptors();
	child = fork();
	if (!child) {
		struct coffer_job_desc job = loop_of(NULL, 4);

		CHECK(open_descriptors() < before);
		EXPECT(coffer_context_error(context), COFFER_E_FORKED);
		EXPECT(coffer_get_info(context, NULL, &info), COFFER_E_FORKED);
		EXPECT(coffer_run(context, &job, NULL, NULL), COFFER_E_FORKED);
		EXPECT(coffer_session_destroy(&session, NULL), COFFER_E_FORKED);
		EXPECT(coffer_open(library, NULL, -1, NULL, &more), COFFER_E_FORKED);
		EXPECT(coffer_list(library, NULL, &list, &count), COFFER_E_FORKED);
		coffer_close(&context);
		CHECK(!context);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	check_loop(context, 5000);
	EXPECT(coffer_session_destroy(&session, NULL), 0);
	coffer_close(&context);
}

/* Opens a context, leaves a child that lives until `hold` is closed, and dies. */
static void die_with_a_child(int hold[2])
{
	coffer_context *context;
	coffer *own;
	char c;

	EXPECT(coffer_init(&own, NULL), 0);
	EXPECT(coffer_open(own, NULL, 0, NULL, &context), 0);
	if (!fork()) {
		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	raise(SIGKILL);
}

/* The board is free at its owner's death: a child that lives on holds no copy of the device file. */
static void orphaned(const char *argument)
{
	struct coffer_device *list;
	size_t count;
	pid_t owner;
	int hold[2];

	(void)argument;
	CHECK(pipe(hold) == 0);
	owner = fork();
	if (!owner)
		die_with_a_child(hold);
	CHECK(waitpid(owner, NULL, 0) == owner);
	EXPECT(coffer_list(library, NULL, &list, &count), 0);
	CHECK(count == 1 && list[0].free_contexts == list[0].contexts);
	coffer_free(list);
	close(hold[0]);
	close(hold[1]);
}

struct cancelled {
	atomic_int count;
};

static void count_end(void *arg, const struct coffer_outcome *outcome)
{
	struct cancelled *ends = arg;

	(void)outcome;
	atomic_fetch_add(&ends->count, 1);
}

/* Tasks cancelled at random among others; those that are left give the right bytes, and every callback comes once. */
static void cancels(const char *argument)
{
	enum { TASKS = 12 };
	coffer_context *context = open_one();
	struct cancelled ends = {0};

	seed_random(argument);
	for (int round = 0; round < 2; round++) {
		uint8_t *back[TASKS];
		coffer_task *tasks[TASKS];
		uint32_t lengths[TASKS];
		bool dead[TASKS] = {false};

		atomic_store(&ends.count, 0);
		for (int i = 0; i < TASKS; i++) {
			struct coffer_job_desc job;

			lengths[i] = (uint32_t)random() % (random() % 2 ? 3000 : 70000);
			back[i] = calloc(1, lengths[i] + 1);
			job = loop_of(random() % 3 ? back[i] : NULL, lengths[i]);
			EXPECT(coffer_submit(context, &job, count_end, &ends, &tasks[i]), 0);
			if (!job.dst)
				memcpy(back[i], sent, lengths[i]);
		}
		for (int i = 0; i < TASKS; i++) {
			if (random() % 3)
				continue;
			if (random() % 2)
				usleep((unsigned)random() % 20000);
			coffer_task_cancel(tasks[i]);
			dead[i] = true;
		}
		for (int i = 0; i < TASKS; i++) {
			int error = coffer_task_wait(tasks[i], NULL, NULL);

			CHECK(error == 0 || (dead[i] && error == COFFER_E_CANCELLED));
			CHECK(error || memcmp(back[i], sent, lengths[i]) == 0);
			coffer_task_release(&tasks[i]);
			free(back[i]);
		}
		check_loop(context, 1234);
		CHECK(atomic_load(&ends.count) == TASKS);
	}
	coffer_close(&context);
}

static void deadlines(const char *argument)
{
	const struct timespec past = {0};
	coffer_context *context = open_one();
	uint8_t *back = calloc(1, MOST), slots = status_of(context).free_slots;
	struct coffer_job_desc job = loop_of(back, MOST);
	struct timespec later = coffer_deadline(600000);
	coffer_session *session;
	struct coffer_info info;

	(void)argument;
	EXPECT(coffer_get_info(context, &past, &info), COFFER_E_TIMEOUT);
	for (int i = 0; i < 8; i++)
		EXPECT(coffer_session_create(context, COFFER_SESSION_PROTECTED, &past, &session), COFFER_E_TIMEOUT);
	EXPECT(coffer_run(context, &job, &past, NULL), COFFER_E_TIMEOUT);
	check_loop(context, 777);
	EXPECT(coffer_run(context, &job, &later, NULL), 0);
	/* What a timed-out request got is given back. */
	while (status_of(context).zeroizing_slots)
		;
	CHECK(status_of(context).free_slots == slots);
	free(back);
	coffer_close(&context);
}

struct worker {
	coffer_context *context;
	uint32_t length;
	int rounds, error;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint8_t *back = calloc(1, worker->length + 1);
	struct coffer_job_desc job = loop_of(back, worker->length);

	for (int i = 0; i < worker->rounds && !worker->error; i++) {
		struct coffer_status status;

		worker->error = coffer_run(worker->context, &job, NULL, NULL);
		if (!worker->error && memcmp(back, sent, worker->length))
			worker->error = 1000;
		if (!worker->error && i % 4 == 0)
			worker->error = coffer_get_status(worker->context, NULL, &status);
	}
	free(back);
	return NULL;
}

/* Threads share contexts, and one cancels what all of them wait for. */
static void threads(const char *argument)
{
	enum { THREADS = 6 };
	coffer_context *context[2] = {open_one(), open_one()};
	struct worker workers[THREADS];
	pthread_t ids[THREADS];

	(void)argument;
	for (int phase = 0; phase < 2; phase++) {
		for (int i = 0; i < THREADS; i++) {
			workers[i] =
				(struct worker){context[i % 2], 100u + 3000u * (uint32_t)i, phase ? 1000000 : 4, 0};
			CHECK(pthread_create(&ids[i], NULL, work, &workers[i]) == 0);
		}
		if (phase) {
			usleep(100000);
			/* A thread may be between two calls: again, until all have met it. */
			for (int i = 0; i < THREADS; i++)
				while (pthread_tryjoin_np(ids[i], NULL)) {
					coffer_cancel(context[i % 2]);
					usleep(1000);
				}
		}
		for (int i = 0; i < THREADS; i++) {
			if (!phase)
				pthread_join(ids[i], NULL);
			EXPECT(workers[i].error, phase ? COFFER_E_CANCELLED : 0);
		}
	}
	check_loop(context[0], 100);
	check_loop(context[1], 100);
	coffer_close(&context[0]);
	coffer_close(&context[1]);
}

struct in_callback {
	coffer_context *context;
	int info_error, submit_error;
	coffer_task *next;
	atomic_bool done;
};

static void try_calls(void *arg, const struct coffer_outcome *outcome)
{
	struct in_callback *here = arg;
	struct coffer_job_desc job = loop_of(NULL, 10);
	coffer_context *same = here->context;
	struct coffer_info info;

	CHECK(outcome->error == 0);
	here->info_error = coffer_get_info(here->context, NULL, &info);
	here->submit_error = coffer_submit(here->context, &job, NULL, NULL, &here->next);
	coffer_close(&same);
	CHECK(same);
	atomic_store(&here->done, true);
}

static void callbacks(const char *argument)
{
	struct in_callback here = {.context = open_one()};
	struct coffer_job_desc job = loop_of(NULL, 10);

	(void)argument;
	EXPECT(coffer_submit(here.context, &job, try_calls, &here, NULL), 0);
	while (!atomic_load(&here.done))
		usleep(1000);
	EXPECT(here.info_error, COFFER_E_CALLBACK);
	EXPECT(here.submit_error, 0);
	EXPECT(coffer_task_wait(here.next, NULL, NULL), 0);
	coffer_task_release(&here.next);
	coffer_close(&here.context);
}

/* Close with everything under way; objects that outlive their context answer with its error. */
static void closing(const char *argument)
{
	coffer_context *context = open_one();
	uint8_t *back = calloc(1, MOST);
	struct coffer_job_desc job = loop_of(back, MOST);
	struct cancelled ends = {0};
	coffer_session *session;
	coffer_surface *surface;
	coffer_task *task;

	(void)argument;
	EXPECT(coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &session), 0);
	EXPECT(coffer_surface_create(session, 4096, NULL, &surface), 0);
	for (int i = 0; i < 10; i++)
		EXPECT(coffer_submit(context, &job, count_end, &ends, i ? NULL : &task), 0);
	coffer_close(&context);
	CHECK(atomic_load(&ends.count) == 10);
	EXPECT(coffer_task_wait(task, NULL, NULL), COFFER_E_CANCELLED);
	coffer_task_release(&task);
	EXPECT(coffer_surface_destroy(&surface, NULL), COFFER_E_LOST);
	EXPECT(coffer_session_destroy(&session, NULL), COFFER_E_LOST);
	free(back);
	context = open_one();
	check_loop(context, 10000);
	coffer_close(&context);
}

static void reset_board(void)
{
	libusb_context *usb;
	libusb_device_handle *handle;

	CHECK(libusb_init(&usb) == 0);
	handle = libusb_open_device_with_vid_pid(usb, COFFER_USB_VENDOR_ID, COFFER_USB_PRODUCT_ID);
	CHECK(handle);
	CHECK(libusb_reset_device(handle) == 0);
	libusb_close(handle);
	libusb_exit(usb);
}

/* Another process resets the board: the context is lost, with what waits in it; a new one works. */
static void lost(const char *argument)
{
	coffer_context *context = open_one();
	uint8_t *back = calloc(1, MOST);
	struct coffer_job_desc job = loop_of(back, MOST);
	coffer_task *tasks[10];
	coffer_session *session;
	struct coffer_info info;
	pid_t child;
	int status;

	(void)argument;
	EXPECT(coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &session), 0);
	for (int i = 0; i < 10; i++)
		EXPECT(coffer_submit(context, &job, NULL, NULL, &tasks[i]), 0);
	child = fork();
	if (!child) {
		reset_board();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	for (int i = 0; i < 10; i++) {
		int error = coffer_task_wait(tasks[i], NULL, NULL);

		CHECK(error == 0 || error == COFFER_E_LOST);
		coffer_task_release(&tasks[i]);
	}
	EXPECT(coffer_get_info(context, NULL, &info), COFFER_E_LOST);
	EXPECT(coffer_run(context, &job, NULL, NULL), COFFER_E_LOST);
	EXPECT(coffer_context_error(context), COFFER_E_LOST);
	EXPECT(coffer_session_destroy(&session, NULL), COFFER_E_LOST);
	coffer_close(&context);
	context = open_one();
	check_loop(context, 10000);
	coffer_close(&context);
	free(back);
}

/* Opened while somebody resets the board again and again: that works, or the context is lost; the board never is. */
static void resets(const char *argument)
{
	coffer_context *context;
	int error, status;
	pid_t child;

	(void)argument;
	child = fork();
	if (!child) {
		for (int i = 0; i < 8; i++)
			reset_board();
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		error = coffer_open(library, NULL, -1, NULL, &context);
		CHECK(error == 0 || error == COFFER_E_LOST);
		if (!error)
			coffer_close(&context);
	}
	CHECK(status == 0);
	context = open_one();
	check_loop(context, 1000);
	coffer_close(&context);
}

/* What a context is in the middle of when its board is pulled out. */
enum kind { BOTH_WAYS, OUT_ALONE, REQUESTS, NEGOTIATION, KINDS };

struct busy {
	coffer_context *context;
	coffer_session *session;
	enum kind kind;
	atomic_int steps; /* 2: in the middle of it */
	int error;
};

/* Ten jobs in flight; the error of the last. */
static int stream(struct busy *busy, uint8_t *back)
{
	struct coffer_job_desc job = loop_of(busy->kind == BOTH_WAYS ? back : NULL, MOST);
	coffer_task *tasks[10];
	int error = 0;

	for (int i = 0; i < 10; i++) {
		error = coffer_submit(busy->context, &job, NULL, NULL, &tasks[i]);
		if (error)
			tasks[i] = NULL;
	}
	for (int i = 0; i < 10; i++) {
		error = tasks[i] ? coffer_task_wait(tasks[i], NULL, NULL) : error;
		coffer_task_release(&tasks[i]);
		atomic_fetch_add(&busy->steps, 1);
	}
	return error;
}

static int one_round(struct busy *busy, uint8_t *back)
{
	static const uint8_t blob[COFFER_BLOB_BYTES];
	struct coffer_status status;
	int error;

	switch (busy->kind) {
	case REQUESTS:
		return coffer_get_status(busy->context, NULL, &status);
	case NEGOTIATION:
		error = coffer_negotiate(busy->session, blob, sizeof(blob), NULL, NULL);
		return error == COFFER_E_BAD_BLOB ? 0 : error;
	default:
		return stream(busy, back);
	}
}

static void *keep_busy(void *arg)
{
	struct busy *busy = arg;
	uint8_t *back = calloc(1, MOST);

	while (!busy->error) {
		atomic_fetch_add(&busy->steps, 1);
		busy->error = one_round(busy, back);
	}
	free(back);
	return NULL;
}

/* Every call on a context whose board is gone, at once: a minute's wait would be the deadline's error. */
static void expect_removed(struct busy *busy)
{
	struct timespec later = coffer_deadline(45000);
	struct coffer_job_desc job = loop_of(NULL, 10);
	struct coffer_status status;
	coffer_session *session;

	EXPECT(coffer_session_create(busy->context, COFFER_SESSION_OPEN, &later, &session), COFFER_E_REMOVED);
	EXPECT(coffer_get_status(busy->context, &later, &status), COFFER_E_REMOVED);
	EXPECT(coffer_run(busy->context, &job, &later, NULL), COFFER_E_REMOVED);
	EXPECT(coffer_session_destroy(&busy->session, &later), COFFER_E_REMOVED);
	EXPECT(coffer_context_error(busy->context), COFFER_E_REMOVED);
	coffer_close(&busy->context);
}

/* Opened and used again as soon as it is plugged in again. */
static void opened_again(void)
{
	struct coffer_device *list;
	coffer_context *context;
	size_t count;

	do {
		EXPECT(coffer_list(library, NULL, &list, &count), 0);
		coffer_free(list);
	} while (!count && !usleep(20000));
	context = open_one();
	check_loop(context, 10000);
	coffer_close(&context);
}

/*
 * The board can be opened no more, from the very moment that its contexts know. In a child, which ends without a look
 * at leaks: libusb forgets the record of a device that goes while a libusb context is being made.
 */
static void not_opened(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		coffer_context *context;
		coffer *own;

		EXPECT(coffer_init(&own, NULL), 0);
		EXPECT(coffer_open(own, NULL, -1, NULL, &context), COFFER_E_NO_BOARD);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/*
 * Says "ready" once every context is in the middle of something else (or all are idle, until a line comes), waits until
 * the board is pulled out, and says "removed"; waits for a line, and opens again.
 */
static void removed(const char *argument)
{
	bool idle = argument && !strcmp(argument, "idle");
	struct busy busy[KINDS] = {0};
	pthread_t threads[KINDS];

	for (int i = 0; i < KINDS; i++) {
		busy[i].context = open_one();
		busy[i].kind = (enum kind)i;
		EXPECT(coffer_session_create(busy[i].context, COFFER_SESSION_OPEN, NULL, &busy[i].session), 0);
	}
	for (int i = 0; i < KINDS && !idle; i++)
		CHECK(pthread_create(&threads[i], NULL, keep_busy, &busy[i]) == 0);
	for (int i = 0; i < KINDS && !idle; i++)
		while (atomic_load(&busy[i].steps) < (i == NEGOTIATION ? 1 : 2))
			usleep(1000);
	puts("ready");
	fflush(stdout);
	if (idle)
		CHECK(getchar() == '\n');
	for (int i = 0; i < KINDS && !idle; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		EXPECT(busy[i].error, COFFER_E_REMOVED);
	}
	for (int i = 0; i < KINDS; i++)
		expect_removed(&busy[i]);
	not_opened();
	puts("removed");
	fflush(stdout);
	CHECK(getchar() == '\n');
	opened_again();
}

/* Killed in the middle of it all: says "ready" and goes on. */
static void endless(const char *argument)
{
	coffer_context *context = open_one();
	uint8_t *back = calloc(1, MOST);
	struct coffer_job_desc job = loop_of(back, MOST);
	coffer_session *session;

	(void)argument;
	EXPECT(coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &session), 0);
	puts("ready");
	fflush(stdout);
	for (;;)
		EXPECT(coffer_run(context, &job, NULL, NULL), 0);
}

static const struct scenario {
	const char *name;
	void (*run)(const char *argument);
} scenarios[] = {
	{"loops", loops},     {"contexts", contexts},   {"quotas", quotas},   {"handles", handles},
	{"forked", forked},   {"orphaned", orphaned},   {"cancels", cancels}, {"deadlines", deadlines},
	{"threads", threads}, {"callbacks", callbacks}, {"closing", closing}, {"lost", lost},
	{"resets", resets},   {"removed", removed},     {"endless", endless},
};

int main(int argc, char **argv)
{
	const struct coffer_options options = {.size = sizeof(options), .log = log_line};

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 31 + (i >> 8) * 7);
	EXPECT(coffer_init(&library, &options), 0);
	for (size_t i = 0; argc > 1 && i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		if (strcmp(argv[1], scenarios[i].name))
			continue;
		scenarios[i].run(argc > 2 ? argv[2] : NULL);
		coffer_exit(&library);
		return 0;
	}
	fprintf(stderr, "usage: system SCENARIO [ARGUMENT]\n");
	return 2;
}
