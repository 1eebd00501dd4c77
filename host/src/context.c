/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: their event thread, their life and their end. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void context_ref(struct coffer_context *context)
{
	atomic_fetch_add(&context->references, 1);
}

void context_unref(struct coffer_context *context)
{
	if (atomic_fetch_sub(&context->references, 1) != 1)
		return;
	pthread_mutex_destroy(&context->lock);
	coffer_unref(context->library);
	free(context);
}

void context_wake(struct coffer_context *context)
{
	if (context->thread_runs)
		libusb_interrupt_event_handler(context->usb);
}

int context_check(struct coffer_context *context, bool blocks)
{
	int error;

	if (context->pid != getpid())
		return COFFER_E_FORKED;
	pthread_mutex_lock(&context->lock);
	error = context->error;
	if (blocks && context->thread_runs && pthread_equal(pthread_self(), context->thread))
		error = COFFER_E_CALLBACK;
	pthread_mutex_unlock(&context->lock);
	return error;
}

void context_fail(struct coffer_context *context, int error)
{
	if (context->error)
		return;
	context->error = error;
	if (!context->closing)
		coffer_log_write(context->library, COFFER_LOG_ERROR, "board %s, context %d: %s", context->serial,
				 context->interface, coffer_error_text(error));
	control_fail(context, error);
	queue_fail(context, error);
}

/* ---- the event thread ---- */

static void handle_completed(struct coffer_context *context)
{
	struct transfer *transfer;

	while ((transfer = TAILQ_FIRST(&context->completed))) {
		TAILQ_REMOVE(&context->completed, transfer, link);
		transfer->handle(context, transfer);
	}
}

static void run_callbacks(struct coffer_context *context)
{
	struct coffer_task *task;

	while ((task = STAILQ_FIRST(&context->finished))) {
		STAILQ_REMOVE_HEAD(&context->finished, finished_link);
		pthread_mutex_unlock(&context->lock);
		task->callback(task->arg, &task->outcome);
		task_unref(task);
		pthread_mutex_lock(&context->lock);
	}
}

/* A transfer has failed: only now, outside of libusb's callbacks, the board can be asked what it means. */
static void find_out_why(struct coffer_context *context)
{
	int why;

	pthread_mutex_unlock(&context->lock);
	why = usb_why(context);
	pthread_mutex_lock(&context->lock);
	context->suspect = false;
	context_fail(context, why);
}

static void step(struct coffer_context *context)
{
	handle_completed(context);
	control_step(context);
	queue_step(context);
	/* Last, since these too may find that the board takes nothing more: no event would tell us later. */
	if (context->suspect && !context->error)
		find_out_why(context);
	run_callbacks(context);
}

static bool at_rest(const struct coffer_context *context)
{
	return !context->transfers && TAILQ_EMPTY(&context->completed) && STAILQ_EMPTY(&context->finished);
}

static void handle_events(struct coffer_context *context)
{
	int64_t wait = control_next_poll(context);
	struct timeval limit = {.tv_sec = 60};
	int error;

	if (wait >= 0)
		limit = (struct timeval){.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};
	pthread_mutex_unlock(&context->lock);
	error = libusb_handle_events_timeout_completed(context->usb, &limit, NULL);
	pthread_mutex_lock(&context->lock);
	if (error && error != LIBUSB_ERROR_INTERRUPTED)
		context->suspect = true;
}

static void *run(void *argument)
{
	struct coffer_context *context = argument;

	pthread_mutex_lock(&context->lock);
	for (;;) {
		step(context);
		if (context->closing && at_rest(context))
			break;
		if (TAILQ_EMPTY(&context->completed))
			handle_events(context);
	}
	pthread_mutex_unlock(&context->lock);
	return NULL;
}

static int start(struct coffer_context *context)
{
	sigset_t before;
	int error;

	signals_block(&before);
	pthread_mutex_lock(&context->lock);
	error = pthread_create(&context->thread, NULL, run, context) ? COFFER_E_NO_MEMORY : 0;
	context->thread_runs = !error;
	pthread_mutex_unlock(&context->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void stop(struct coffer_context *context)
{
	pthread_mutex_lock(&context->lock);
	context->closing = true;
	task_cancel_all(context);
	context_fail(context, COFFER_E_LOST);
	context_wake(context);
	pthread_mutex_unlock(&context->lock);
	if (context->thread_runs)
		pthread_join(context->thread, NULL);
	pthread_mutex_lock(&context->lock);
	context->thread_runs = false; /* which calls on its sessions may still look at */
	pthread_mutex_unlock(&context->lock);
	control_exit(context);
	usb_close(context);
}

/* ---- open and close ---- */

struct coffer_context *context_new(struct coffer *library)
{
	struct coffer_context *context = calloc(1, sizeof(*context));

	if (!context)
		return NULL;
	if (pthread_mutex_init(&context->lock, NULL)) {
		free(context);
		return NULL;
	}
	context->references = 1;
	context->era = 1;
	context->pid = getpid();
	context->library = library;
	atomic_fetch_add(&library->references, 1);
	context->descriptor = -1;
	TAILQ_INIT(&context->completed);
	STAILQ_INIT(&context->finished);
	TAILQ_INIT(&context->controls);
	TAILQ_INIT(&context->polls);
	TAILQ_INIT(&context->jobs);
	TAILQ_INIT(&context->ready);
	TAILQ_INIT(&context->in_flight);
	TAILQ_INIT(&context->posted);
	return context;
}

int coffer_open(coffer *library, const char *board, int interface, const struct timespec *deadline,
		coffer_context **context)
{
	struct coffer_context *made;
	struct call call;
	int error;

	if (!library || !context || interface < -1)
		return COFFER_E_INVALID;
	*context = NULL;
	if (library->pid != getpid())
		return COFFER_E_FORKED;
	made = context_new(library);
	if (!made)
		return COFFER_E_NO_MEMORY;
	error = call_begin(&call, library, deadline);
	if (!error) {
		error = usb_open(made, &call, board, interface);
		made->usb = call.usb;
		pthread_mutex_lock(&library->lock);
		call.usb = NULL;
		pthread_mutex_unlock(&library->lock);
		call_end(&call);
	}
	if (!error)
		error = control_init(made);
	if (!error)
		error = start(made);
	if (error) {
		coffer_close(&made);
		return error;
	}
	coffer_log_write(library, COFFER_LOG_INFO, "board %s: context %d opened", made->serial, made->interface);
	*context = made;
	return 0;
}

void coffer_close(coffer_context **context)
{
	int error;

	if (!context || !*context)
		return;
	error = context_check(*context, true);
	if (error == COFFER_E_CALLBACK)
		return;
	/* In a forked child nothing of it may be touched: it stays as it is. */
	if (error != COFFER_E_FORKED) {
		stop(*context);
		context_unref(*context);
	}
	*context = NULL;
}

void coffer_cancel(coffer_context *context)
{
	if (!context || context_check(context, false) == COFFER_E_FORKED)
		return;
	pthread_mutex_lock(&context->lock);
	task_cancel_all(context);
	pthread_mutex_unlock(&context->lock);
}

int coffer_context_error(const coffer_context *context)
{
	return context ? context_check((struct coffer_context *)context, false) : COFFER_E_INVALID;
}

int coffer_context_interface(const coffer_context *context)
{
	return context->interface;
}

const char *coffer_context_serial(const coffer_context *context)
{
	return context->serial;
}

const struct coffer_info *coffer_info(const coffer_context *context)
{
	return &context->info;
}
