/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoint 0: one request of a context at a time, because the reason of a refused OUT request is read by another
 * request. A caller that stops waiting leaves its request to run to its end; what it would have got is undone.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define FIRST_POLL_MS   1
#define SLOWEST_POLL_MS 50

static void control_done(struct coffer_context *context, struct transfer *transfer);

int control_error(uint8_t result)
{
	switch (result) {
	case COFFER_OK:
		return 0;
	case COFFER_ERR_CLOSED:
		return COFFER_E_LOST;
	case COFFER_ERR_HANDLE:
		return COFFER_E_HANDLE;
	case COFFER_ERR_NO_SLOT:
		return COFFER_E_NO_SLOT;
	case COFFER_ERR_NO_MEMORY:
		return COFFER_E_NO_MEMORY;
	case COFFER_ERR_BLOB:
		return COFFER_E_BAD_BLOB;
	case COFFER_ERR_STATE:
		return COFFER_E_STATE;
	case COFFER_ERR_NOT_READY:
		return COFFER_E_NOT_READY;
	case COFFER_ERR_REVOKED:
		return COFFER_E_REVOKED;
	default:
		return COFFER_E_PROTOCOL;
	}
}

int control_init(struct coffer_context *context)
{
	context->control_transfer = transfer_new(context, LIBUSB_CONTROL_SETUP_SIZE + sizeof(struct coffer_negotiate));
	if (!context->control_transfer)
		return COFFER_E_NO_MEMORY;
	context->control_transfer->handle = control_done;
	return 0;
}

void control_exit(struct coffer_context *context)
{
	transfer_free(context->control_transfer);
	context->control_transfer = NULL;
}

/* ---- sending ---- */

static int send_setup(struct coffer_context *context, uint8_t type, uint8_t request, uint16_t value,
		      const uint8_t *data, uint16_t length)
{
	struct transfer *transfer = context->control_transfer;

	libusb_fill_control_setup(transfer->buffer, type, request, value, (uint16_t)context->interface, length);
	if (data)
		memcpy(transfer->buffer + LIBUSB_CONTROL_SETUP_SIZE, data, length);
	libusb_fill_control_transfer(transfer->usb, context->device, transfer->buffer, transfer_finished, transfer, 0);
	return transfer_submit(transfer);
}

/* The end of the request under way. */
static void answered(struct coffer_context *context, int error)
{
	struct coffer_task *task = context->control;

	context->control = NULL;
	context->control_asks = false;
	if (task->kind == TASK_NEGOTIATE && !task->finished)
		negotiate_answered(task, error);
	else if (task->kind == TASK_CHANNEL && !task->finished)
		channel_answered(task, error);
	else if (task->finished && !error && task->control.undo)
		task->control.undo(context, &task->control);
	else
		task_finish(task, error);
	task_unref(task);
}

static void submit_failed(struct coffer_context *context, int libusb_error)
{
	if (libusb_error == LIBUSB_ERROR_NO_MEM)
		answered(context, COFFER_E_NO_MEMORY);
	else
		context->suspect = true;
}

void control_queue(struct coffer_task *task)
{
	task_ref(task);
	TAILQ_INSERT_TAIL(&task->context->controls, task, link);
	context_wake(task->context);
}

void control_poll_later(struct coffer_task *task)
{
	int64_t interval = task->poll_interval ? task->poll_interval : FIRST_POLL_MS;

	task->next_poll = coffer_deadline(interval);
	task->poll_interval = interval * 2 < SLOWEST_POLL_MS ? interval * 2 : SLOWEST_POLL_MS;
	task_ref(task);
	TAILQ_INSERT_TAIL(&task->context->polls, task, link);
}

static void queue_due_polls(struct coffer_context *context)
{
	struct coffer_task *task, *next;

	for (task = TAILQ_FIRST(&context->polls); task; task = next) {
		next = TAILQ_NEXT(task, link);
		if (milliseconds_until(&task->next_poll) > 0)
			continue;
		TAILQ_REMOVE(&context->polls, task, link);
		TAILQ_INSERT_TAIL(&context->controls, task, link);
	}
}

/* The first that need not wait for another command of a channel. */
static struct coffer_task *next_control(struct coffer_context *context)
{
	struct coffer_task *task;

	TAILQ_FOREACH(task, &context->controls, link)
		if (task->kind != TASK_CHANNEL || !context->channel || context->channel == task)
			break;
	return task;
}

void control_step(struct coffer_context *context)
{
	struct coffer_task *task;

	queue_due_polls(context);
	while (!context->control && !context->error && !context->suspect && (task = next_control(context))) {
		const struct control *control = &task->control;
		int error;

		TAILQ_REMOVE(&context->controls, task, link);
		context->control = task;
		if (task->kind == TASK_CHANNEL)
			context->channel = task;
		error = send_setup(context, control->type, control->request, control->value,
				   control->type == COFFER_RT_OUT ? control->data : NULL, control->length);
		if (error)
			submit_failed(context, error);
	}
}

int64_t control_next_poll(const struct coffer_context *context)
{
	const struct coffer_task *task;
	int64_t least = -1;

	TAILQ_FOREACH(task, &context->polls, link) {
		int64_t wait = milliseconds_until(&task->next_poll);

		if (wait < 1)
			wait = 1;
		if (least < 0 || wait < least)
			least = wait;
	}
	return least;
}

/* ---- answers ---- */

static void ask_for_reason(struct coffer_context *context)
{
	int error;

	context->control_asks = true;
	error = send_setup(context, COFFER_RT_IN, COFFER_REQ_GET_STATUS, 0, NULL, sizeof(struct coffer_status));
	if (error)
		submit_failed(context, error);
}

static void reason_told(struct coffer_context *context, const uint8_t *data, int bytes)
{
	struct coffer_status status;

	if (bytes != sizeof(status)) {
		context_fail(context, COFFER_E_PROTOCOL);
		return;
	}
	memcpy(&status, data, sizeof(status));
	context->control->control.booting =
		status.last_result == COFFER_ERR_NOT_READY && !status.health && !status.boot_result;
	context->control->control.busy = status.last_result == COFFER_PENDING;
	if (status.alt_setting != 1)
		context_fail(context, COFFER_E_LOST);
	else if (context->control->control.type == COFFER_RT_IN || status.last_result == COFFER_OK)
		answered(context, COFFER_E_PROTOCOL);
	else
		answered(context, control_error(status.last_result));
}

static void request_told(struct coffer_context *context, const uint8_t *data, int bytes)
{
	struct control *control = &context->control->control;

	if (control->type == COFFER_RT_IN) {
		memcpy(control->data, data, (size_t)bytes);
		control->got = (uint16_t)bytes;
	}
	answered(context, 0);
}

static void control_done(struct coffer_context *context, struct transfer *transfer)
{
	const uint8_t *data = transfer->buffer + LIBUSB_CONTROL_SETUP_SIZE;
	enum libusb_transfer_status status = transfer->usb->status;

	if (context->error || !context->control)
		return; /* context_fail has ended it already */
	if (status == LIBUSB_TRANSFER_STALL && !context->control_asks)
		ask_for_reason(context);
	else if (status == LIBUSB_TRANSFER_STALL)
		context_fail(context, COFFER_E_PROTOCOL);
	else if (status != LIBUSB_TRANSFER_COMPLETED)
		context->suspect = true;
	else if (context->control_asks)
		reason_told(context, data, transfer->usb->actual_length);
	else
		request_told(context, data, transfer->usb->actual_length);
}

/* ---- endings ---- */

/* The task has ended; unless it is at the board or must go there, nothing is left to do for it. */
void control_cancel(struct coffer_task *task)
{
	struct coffer_context *context = task->context;
	struct coffer_task *other;

	if (context->control == task || (task->control.must_run && !context->error))
		return;
	TAILQ_FOREACH(other, &context->polls, link) {
		if (other == task) {
			TAILQ_REMOVE(&context->polls, task, link);
			task_unref(task);
			return;
		}
	}
	TAILQ_FOREACH(other, &context->controls, link) {
		if (other == task) {
			TAILQ_REMOVE(&context->controls, task, link);
			task_unref(task);
			return;
		}
	}
}

static void fail_list(struct task_list *list, int error)
{
	struct coffer_task *task;

	while ((task = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, task, link);
		task_finish(task, error);
		task_unref(task);
	}
}

void control_fail(struct coffer_context *context, int error)
{
	if (context->control) {
		task_finish(context->control, error);
		task_unref(context->control);
		context->control = NULL;
	}
	if (context->control_transfer && context->control_transfer->pending)
		libusb_cancel_transfer(context->control_transfer->usb);
	fail_list(&context->controls, error);
	fail_list(&context->polls, error);
}

/* ---- blocking requests ---- */

uint64_t control_era(struct coffer_context *context)
{
	uint64_t era;

	pthread_mutex_lock(&context->lock);
	era = context->era;
	pthread_mutex_unlock(&context->lock);
	return era;
}

int control_run(struct coffer_context *context, const struct control *request, uint16_t least,
		const struct timespec *deadline, struct control *answer)
{
	struct coffer_task *task;
	int error = context_check(context, true);

	if (error)
		return error;
	task = task_new(context, TASK_CONTROL);
	if (!task)
		return COFFER_E_NO_MEMORY;
	task->control = *request;
	pthread_mutex_lock(&context->lock);
	if (context->error)
		task_finish(task, context->error);
	else if (request->era && request->era != context->era)
		task_finish(task, COFFER_E_CANCELLED);
	else
		control_queue(task);
	pthread_mutex_unlock(&context->lock);
	error = task_complete(task, deadline, NULL);
	if (!error && task->control.got < least) {
		pthread_mutex_lock(&context->lock);
		context_fail(context, error = COFFER_E_PROTOCOL);
		pthread_mutex_unlock(&context->lock);
	}
	if (!error && answer)
		*answer = task->control;
	task_unref(task);
	return error;
}
