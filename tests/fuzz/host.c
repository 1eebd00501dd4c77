/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's reading of answers under libFuzzer: an application that submits, negotiates, creates, cancels, against a board
 * that answers as it likes. The input is what both do, a byte and its arguments each. The event thread's step() runs here, on
 * a USB stack that the fuzzer plays (host/usb.h).
 *
 * Checked besides memory safety: each callback comes once; a buffer is not touched once its task has ended; what ended well
 * was filled with what the board sent, all of it; a context that failed stays failed, and nothing is left in it.
 */
#include <assert.h>
#include <stdlib.h>

#define usb_why fuzz_why
#include "../../host/src/context.c"
#undef usb_why

#include "host/usb.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_TASKS 24u
#define MOST_BYTES 1500u
#define UNTOUCHED  0xEEu /* the board never sends this byte */

static struct coffer_context *context;
static const uint8_t *at, *end;
static const uint8_t source[MOST_BYTES];

struct use {
	coffer_task *task;
	uint8_t *dst;
	uint32_t length;
	bool whole; /* what ends well fills all of dst */
	unsigned called;
};
static struct use uses[MOST_TASKS];
static unsigned use_count;

static uint8_t next(void)
{
	return at < end ? *at++ : 0;
}

static uint32_t number(uint32_t below)
{
	uint32_t n = next();

	return (n | (uint32_t)next() << 8) % below;
}

int fuzz_why(struct coffer_context *unused)
{
	(void)unused;
	return next() & 1 ? COFFER_E_LOST : COFFER_E_REMOVED;
}

/* ---- the board ---- */

/* What a faithful board would complete; the fuzzer then damages it, or not. */
static struct coffer_completion completion(const struct wire_job *job)
{
	struct coffer_job header;
	struct coffer_completion c = {.magic = COFFER_COMPLETION_MAGIC, .version = COFFER_PROTOCOL_VERSION};

	memcpy(&header, job->out, sizeof(header));
	c.id = job->id;
	c.op = header.op;
	c.bytes = header.length;
	return c;
}

static void damage(uint8_t *bytes, uint32_t size)
{
	uint8_t how = next();

	for (uint8_t k = 0; size && k < (how & 3); k++) {
		uint32_t place = number(size);

		bytes[place] = next();
	}
}

static void keep_marker_out(uint8_t *bytes, uint32_t size)
{
	for (uint32_t k = 0; k < size; k++)
		if (bytes[k] == UNTOUCHED)
			bytes[k]++;
}

/* The answer that is due, into a transfer of so many bytes. */
static uint32_t due_answer(uint8_t *to, uint32_t room)
{
	const struct wire_job *job = TAILQ_FIRST(&context->in_flight);
	struct coffer_completion c;
	uint32_t bytes;

	if (!job)
		return 0;
	if (job->payload.wanted && !job->payload.whole) {
		bytes = job->payload.bytes - job->payload.got;
		bytes = bytes < room ? bytes : room;
		memset(to, 0x11, bytes);
		return bytes;
	}
	c = completion(job);
	bytes = sizeof(c) - (job->completion.got < sizeof(c) ? job->completion.got : 0);
	bytes = bytes < room ? bytes : room;
	memcpy(to, (uint8_t *)&c + (sizeof(c) - bytes), bytes);
	damage(to, bytes);
	return bytes;
}

static void end_in(unsigned k, uint8_t how)
{
	struct libusb_transfer *transfer = usb.pending[k];
	uint32_t room = (uint32_t)transfer->length, bytes;

	if (how & 1) {
		bytes = due_answer(transfer->buffer, room);
	} else {
		bytes = number(room + 1);
		for (uint32_t i = 0; i < bytes; i++)
			transfer->buffer[i] = next();
	}
	keep_marker_out(transfer->buffer, bytes);
	usb_end(k, LIBUSB_TRANSFER_COMPLETED, (int)bytes);
}

static void end_out(unsigned k)
{
	usb_end(k, LIBUSB_TRANSFER_COMPLETED, usb.pending[k]->length);
}

/* An answer on endpoint 0: of the right length or not, with a result that may be success. */
static void end_control(unsigned k, uint8_t how)
{
	struct libusb_transfer *transfer = usb.pending[k];
	uint8_t *data = transfer->buffer + LIBUSB_CONTROL_SETUP_SIZE;
	uint32_t room = (uint32_t)transfer->length - LIBUSB_CONTROL_SETUP_SIZE, bytes = room;

	if (transfer->buffer[0] & LIBUSB_ENDPOINT_IN) {
		if (how & 1)
			bytes = number(room + 1);
		memset(data, 0, bytes);
		if (bytes)
			data[0] = how & 2 ? next() : COFFER_OK;
		if (context->control_asks && bytes > 1)
			data[1] = how & 4 ? next() : 1; /* alternate setting */
		if (how & 8)
			damage(data, bytes);
		keep_marker_out(data, bytes);
	}
	usb_end(k, LIBUSB_TRANSFER_COMPLETED, (int)bytes);
}

static void end_one(void)
{
	uint8_t how = next();
	unsigned k = how >> 4;
	struct libusb_transfer *transfer;

	if (!usb.count)
		return;
	k %= usb.count;
	transfer = usb.pending[k];
	if (usb.cancelled[k] && !(how & 1))
		usb_end(k, LIBUSB_TRANSFER_CANCELLED, (int)number((uint32_t)transfer->length + 1));
	else if (transfer->type == LIBUSB_TRANSFER_TYPE_CONTROL)
		end_control(k, how);
	else if (transfer->endpoint & LIBUSB_ENDPOINT_IN)
		end_in(k, how);
	else
		end_out(k);
}

static void end_badly(void)
{
	static const enum libusb_transfer_status statuses[] = {LIBUSB_TRANSFER_ERROR, LIBUSB_TRANSFER_STALL,
							       LIBUSB_TRANSFER_NO_DEVICE, LIBUSB_TRANSFER_OVERFLOW};
	uint8_t how = next();

	if (usb.count)
		usb_end(how % usb.count, statuses[how >> 6], 0);
}

void board_acts(void)
{
	uint8_t what = next();

	if (at == end) /* nobody would ever end the wait */
		context_fail(context, COFFER_E_REMOVED);
	pthread_mutex_unlock(&context->lock); /* as libusb calls its callbacks */
	if (what % 8 == 0)
		end_badly();
	else if (what % 8 == 1)
		usb.milliseconds += next();
	else if (what % 8 == 2)
		usb.refuses = next() & 1;
	else
		end_one();
	pthread_mutex_lock(&context->lock);
	step(context);
}

/* ---- the application ---- */

static void called(void *arg, const struct coffer_outcome *outcome)
{
	struct use *use = arg;

	use->called++;
	if (outcome->bytes > use->length)
		abort();
	if (!outcome->error && use->whole)
		for (uint32_t k = 0; k < use->length; k++)
			if (use->dst[k] == UNTOUCHED)
				abort();
	free(use->dst); /* a later write is seen */
	use->dst = NULL;
}

static void submit(void)
{
	static struct coffer_pair pairs[4];
	uint8_t how = next();
	struct use *use = &uses[use_count];
	struct coffer_job_desc desc = {.op = how & 1 ? COFFER_OP_CRYPT : COFFER_OP_LOOP, .src = source};

	if (use_count == MOST_TASKS)
		return;
	desc.length = use->length = number(MOST_BYTES);
	desc.mode = desc.op == COFFER_OP_LOOP ? COFFER_MODE_NONE : (enum coffer_mode)(how >> 1 & 3);
	desc.more = desc.mode == COFFER_MODE_CBC && how & 8;
	desc.restart = desc.mode == COFFER_MODE_CBC && how & 16;
	if (how & 32) {
		pairs[0] = (struct coffer_pair){0, (uint32_t)desc.length / 2};
		pairs[1] = (struct coffer_pair){(uint32_t)desc.length - pairs[0].encrypted, 0};
		desc.list = pairs;
		desc.pairs = 2;
	}
	use->whole = desc.mode != COFFER_MODE_CBC;
	if (how & 64) {
		use->dst = desc.dst = malloc(desc.length ? desc.length : 1);
		memset(use->dst, UNTOUCHED, desc.length ? desc.length : 1);
	} else {
		use->whole = false;
	}
	if (coffer_submit(context, &desc, called, use, &use->task)) {
		free(use->dst);
		*use = (struct use){0};
		return;
	}
	use_count++;
}

static void exchange_key(void)
{
	static const uint8_t blob[COFFER_BLOB_BYTES];
	struct coffer_session session = {.context = context, .slots = {0x101}};
	struct use *use = &uses[use_count];

	if (use_count < MOST_TASKS && !coffer_negotiate_start(&session, blob, sizeof(blob), called, use, &use->task))
		use_count++;
}

static void make_session(const struct timespec *deadline)
{
	static const struct coffer_exchange_hello hello;
	struct coffer_exchange_reply reply;
	uint8_t kind = next();
	coffer_surface *surface = NULL;
	coffer_session *session;

	if (coffer_session_create(context, (enum coffer_session_kind)(kind % 3), deadline, &session))
		return;
	if (kind & 0x80 && coffer_exchange(session, &hello, deadline, &reply, NULL) &&
	    memcmp(&reply, &(struct coffer_exchange_reply){0}, sizeof(reply)))
		abort();
	if (next() & 1 && !coffer_surface_create(session, 1 + number(5000), deadline, &surface))
		coffer_surface_destroy(&surface, deadline);
	coffer_session_destroy(&session, deadline);
}

static void read_chain(const struct timespec *deadline)
{
	uint8_t *der;
	size_t bytes;

	context->info.chain_bytes[0] = number(1000) * (next() & 1 ? 1 : 65536);
	if (!coffer_get_chain(context, COFFER_CHAIN_RSA, deadline, &der, &bytes))
		coffer_free(der);
}

static void request(void)
{
	uint8_t how = next();
	struct timespec soon = coffer_deadline(how >> 4);
	const struct timespec *deadline = how & 8 ? &soon : NULL;
	struct coffer_status status;
	struct coffer_info info;

	if (how % 4 == 0)
		make_session(deadline);
	else if (how % 4 == 1)
		read_chain(deadline);
	else if (how % 4 == 2 && !coffer_get_info(context, deadline, &info))
		return;
	else if (coffer_get_status(context, deadline, &status))
		return;
}

static void act(void)
{
	uint8_t what = next();
	int before = coffer_context_error(context);

	switch (what % 8) {
	case 0:
	case 1:
		submit();
		break;
	case 2:
		exchange_key();
		break;
	case 3:
		request();
		break;
	case 4:
		if (use_count)
			coffer_task_cancel(uses[next() % use_count].task);
		break;
	case 5:
		if (what & 0x80 && what & 0x40)
			coffer_cancel(context);
		break;
	default:
		pthread_mutex_lock(&context->lock);
		board_acts();
		pthread_mutex_unlock(&context->lock);
	}
	if (before && coffer_context_error(context) != before)
		abort();
}

static void finish(void)
{
	pthread_mutex_lock(&context->lock);
	usb.gone = true;
	context_fail(context, COFFER_E_REMOVED);
	pthread_mutex_unlock(&context->lock);
	while (usb.count)
		usb_end(0, LIBUSB_TRANSFER_NO_DEVICE, 0);
	pthread_mutex_lock(&context->lock);
	step(context);
	if (!at_rest(context) || !TAILQ_EMPTY(&context->in_flight) || !TAILQ_EMPTY(&context->ready) ||
	    !TAILQ_EMPTY(&context->jobs) || !TAILQ_EMPTY(&context->controls) || !TAILQ_EMPTY(&context->polls) ||
	    !TAILQ_EMPTY(&context->posted) || context->control || context->bytes_in_flight)
		abort();
	pthread_mutex_unlock(&context->lock);
	for (unsigned k = 0; k < use_count; k++) {
		if (uses[k].called != 1)
			abort();
		coffer_task_release(&uses[k].task);
	}
	context->device = NULL; /* there was none */
	coffer_close(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct coffer_options options = {.size = sizeof(options)};
	coffer *library;

	at = data;
	end = data + size;
	memset(&usb, 0, sizeof(usb));
	memset(uses, 0, sizeof(uses));
	use_count = 0;
	options.job_bytes = 16u * (1 + next() % 128);
	options.jobs_in_flight = 1 + next() % 8;
	if (coffer_init(&library, &options))
		abort();
	context = context_new(library);
	context->device = (libusb_device_handle *)&usb;
	context->info.page_bytes = 2048;
	context->ep_out = 1;
	context->ep_in = 0x81;
	if (control_init(context))
		abort();
	while (at < end)
		act();
	finish();
	coffer_exit(&library);
	return 0;
}
