/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs cancelled at any moment, on a bus and a board that are played here: `test_queue [SEED]`. Transfers move packet by packet,
 * what has ended waits until it is reaped, and a cancellation may find a transfer anywhere between: not begun, cut off,
 * whole but not reaped (which libusb then calls cancelled, with all of its bytes). Whatever happens, no other task suffers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "queue.h"

enum {
	ROUNDS = 2000,
	TASKS = 12,
	BYTES = 3000,
	JOB_BYTES = 1024,
	PACKET = COFFER_PACKET_BYTES,
	MOST = 64,       /* transfers */
	PATIENCE = 20000 /* events; a round takes some hundreds */
};

static struct coffer *library;
static struct coffer_context *context;

static uint32_t below(uint32_t n)
{
	return (uint32_t)random() % n;
}

/* ---- the bus ---- */

struct list {
	struct libusb_transfer *of[MOST];
	unsigned count;
};

static struct list queued, dying, ended; /* at the controller; of these, to be cancelled; to be reaped */

static void append(struct list *list, struct libusb_transfer *transfer)
{
	assert_true(list->count < MOST);
	list->of[list->count++] = transfer;
}

static bool has(const struct list *list, const struct libusb_transfer *transfer)
{
	for (unsigned k = 0; k < list->count; k++)
		if (list->of[k] == transfer)
			return true;
	return false;
}

static void take_off(struct list *list, const struct libusb_transfer *transfer)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < list->count; k++)
		if (list->of[k] != transfer)
			list->of[kept++] = list->of[k];
	list->count = kept;
}

static struct libusb_transfer *first_of(uint8_t endpoint)
{
	for (unsigned k = 0; k < queued.count; k++)
		if (queued.of[k]->endpoint == endpoint)
			return queued.of[k];
	return NULL;
}

static void end_transfer(struct libusb_transfer *transfer, enum libusb_transfer_status status)
{
	transfer->status = has(&dying, transfer) ? LIBUSB_TRANSFER_CANCELLED : status;
	take_off(&queued, transfer);
	take_off(&dying, transfer);
	append(&ended, transfer);
}

int libusb_submit_transfer(struct libusb_transfer *transfer)
{
	transfer->actual_length = 0;
	append(&queued, transfer);
	return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *transfer)
{
	if (has(&queued, transfer) && !has(&dying, transfer))
		append(&dying, transfer);
	else if (has(&ended, transfer) && below(2))
		transfer->status = LIBUSB_TRANSFER_CANCELLED;
	else
		return LIBUSB_ERROR_NOT_FOUND;
	return 0;
}

static void cancellation_arrives(void)
{
	if (dying.count)
		end_transfer(dying.of[0], LIBUSB_TRANSFER_CANCELLED);
}

static void reap(void)
{
	struct libusb_transfer *transfer = ended.of[0];

	if (!ended.count)
		return;
	take_off(&ended, transfer);
	transfer->callback(transfer);
}

/* ---- the board ---- */

static uint8_t job_bytes[sizeof(struct coffer_job) + BYTES];
static uint32_t job_got;

static struct {
	uint8_t data[PACKET];
	uint32_t bytes;
} answers[256]; /* packets to the host */
static unsigned answers_made, answers_given;

static void answer(const void *data, uint32_t bytes)
{
	const uint8_t *at = data;
	uint32_t packet;

	do {
		unsigned k = answers_made++ % 256;

		assert_true(answers_made - answers_given <= 256);
		packet = bytes < PACKET ? bytes : PACKET;
		memcpy(answers[k].data, at, packet);
		answers[k].bytes = packet;
		at += packet;
		bytes -= packet;
	} while (packet == PACKET);
}

/* A job has ended, by its last packet or by a zero-length one that cuts it off; between jobs that one means nothing. */
static void job_ended(void)
{
	struct coffer_job job;
	struct coffer_completion done = {.magic = COFFER_COMPLETION_MAGIC, .version = COFFER_PROTOCOL_VERSION};

	if (!job_got)
		return;
	assert_true(job_got >= sizeof(job));
	memcpy(&job, job_bytes, sizeof(job));
	assert_int_equal(job.magic, COFFER_JOB_MAGIC);
	assert_true(job_got <= sizeof(job) + job.length);
	done.op = job.op;
	done.id = job.id;
	done.bytes = job_got - (uint32_t)sizeof(job);
	done.status = done.bytes == job.length ? COFFER_JOB_OK : COFFER_JOB_SHORT;
	if (job.flags & COFFER_JOB_RETURN)
		answer(job_bytes + sizeof(job), done.bytes);
	answer(&done, sizeof(done));
	job_got = 0;
}

static void out_packet(void)
{
	struct libusb_transfer *out = first_of(context->ep_out);
	uint32_t left, packet;

	if (!out || answers_made - answers_given > 200)
		return;
	left = (uint32_t)(out->length - out->actual_length);
	packet = left < PACKET ? left : PACKET;
	assert_true(job_got + packet <= sizeof(job_bytes));
	memcpy(job_bytes + job_got, out->buffer + out->actual_length, packet);
	job_got += packet;
	out->actual_length += (int)packet;
	if (packet < PACKET)
		job_ended();
	if (packet == left && packet < PACKET) /* a full one is followed by a zero-length packet */
		end_transfer(out, LIBUSB_TRANSFER_COMPLETED);
}

static void in_packet(void)
{
	struct libusb_transfer *in = first_of(context->ep_in);
	unsigned k = answers_given % 256;

	if (!in || answers_given == answers_made)
		return;
	answers_given++;
	memcpy(in->buffer + in->actual_length, answers[k].data, answers[k].bytes);
	in->actual_length += (int)answers[k].bytes;
	if (answers[k].bytes < PACKET || in->actual_length == in->length)
		end_transfer(in, LIBUSB_TRANSFER_COMPLETED);
}

/* ---- the event thread and the application ---- */

static void step(void)
{
	struct transfer *transfer;

	pthread_mutex_lock(&context->lock);
	while ((transfer = TAILQ_FIRST(&context->completed))) {
		TAILQ_REMOVE(&context->completed, transfer, link);
		transfer->handle(context, transfer);
	}
	queue_step(context);
	pthread_mutex_unlock(&context->lock);
}

struct use {
	coffer_task *task;
	bool cancelled;
	uint32_t length;
	uint8_t src[BYTES], dst[BYTES];
};
static struct use uses[TASKS];

static void submit(struct use *use)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_LOOP, .src = use->src, .dst = use->dst};

	/* half of them with a last packet that is full */
	use->length = below(2) ? below(BYTES) : PACKET * (1 + below(5)) - (uint32_t)sizeof(struct coffer_job);
	use->cancelled = false;
	for (uint32_t k = 0; k < use->length; k++)
		use->src[k] = (uint8_t)random();
	memset(use->dst, 0, sizeof(use->dst));
	desc.length = use->length;
	assert_int_equal(coffer_submit(context, &desc, NULL, NULL, &use->task), 0);
}

static void event(void)
{
	switch (below(8)) {
	case 0:
	case 1:
		out_packet();
		break;
	case 2:
		in_packet();
		break;
	case 3:
		cancellation_arrives();
		break;
	case 4:
		step();
		break;
	default:
		reap();
	}
}

static void check_end(struct use *use)
{
	struct coffer_outcome outcome;
	int error, patience = PATIENCE;

	while ((error = coffer_task_poll(use->task, &outcome)) == COFFER_PENDING) {
		assert_true(patience--);
		event();
	}
	if (!use->cancelled || error != COFFER_E_CANCELLED) {
		assert_int_equal(error, 0);
		assert_int_equal(outcome.bytes, use->length);
		assert_memory_equal(use->dst, use->src, use->length);
	}
	coffer_task_release(&use->task);
}

static void set_up(void)
{
	context = context_new(library);
	assert_non_null(context);
	context->ep_out = 1;
	context->ep_in = 0x81;
	memset(&queued, 0, sizeof(queued));
	job_got = 0;
	answers_made = answers_given = 0;
}

static void close_all(void)
{
	assert_int_equal(coffer_context_error(context), 0);
	pthread_mutex_lock(&context->lock);
	context_fail(context, COFFER_E_LOST);
	pthread_mutex_unlock(&context->lock);
	while (queued.count)
		end_transfer(queued.of[0], LIBUSB_TRANSFER_CANCELLED);
	while (ended.count)
		reap();
	step();
	coffer_close(&context);
}

static void cancelled_tasks_disturb_no_other(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		set_up();
		for (int i = 0; i < TASKS; i++)
			submit(&uses[i]);
		for (int k = 0; k < 6; k++) {
			struct use *use = &uses[below(TASKS)];

			for (uint32_t events = below(60); events; events--)
				event();
			use->cancelled = true;
			coffer_task_cancel(use->task);
		}
		for (int i = 0; i < TASKS; i++)
			check_end(&uses[i]);
		close_all();
	}
}

int main(int argc, char **argv)
{
	const struct coffer_options options = {.size = sizeof(options), .job_bytes = JOB_BYTES, .jobs_in_flight = 6};
	const struct CMUnitTest tests[] = {cmocka_unit_test(cancelled_tasks_disturb_no_other)};
	int failed;

	seed_random(argc > 1 ? argv[1] : NULL);
	if (coffer_init(&library, &options))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	coffer_exit(&library);
	return failed;
}
