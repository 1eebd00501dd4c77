/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data plane: sends board jobs, several at once, and reads their answers.
 *
 * The IN pipe is read as a sequence of answers, each ended by a short packet. One transfer is posted for each answer that is
 * owed, so that normally transfers and answers pair up; after a cancelled job they may not, and an answer then goes on
 * in the next transfer.
 *
 * Cancelling (docs/protocol.md): all OUT transfers are cancelled, the newest first. A job that was cut off is ended by a
 * zero-length packet if its task was cancelled, and otherwise goes on at the very packet; a NOP behind them marks the
 * place from which answers count again.
 */
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#define MOST_BYTES_IN_FLIGHT (4u << 20) /* usbfs allows 16 MiB to all processes together */

static uint32_t in_flight_weight(const struct wire_job *job)
{
	return job->out_bytes + job->payload.bytes + COFFER_PACKET_BYTES;
}

static void leave_flight(struct coffer_context *context, struct wire_job *job)
{
	TAILQ_REMOVE(&context->in_flight, job, link);
	context->bytes_in_flight -= in_flight_weight(job);
	if (context->barrier == job)
		context->barrier = NULL;
}

static void discard(struct wire_job *job)
{
	if (job->sending)
		job->abandoned = true;
	else
		wire_job_free(job);
}

/* ---- sending ---- */

static void out_done(struct coffer_context *context, struct transfer *transfer)
{
	enum libusb_transfer_status status = transfer->usb->status;
	struct wire_job *job = transfer->job;

	if (job) {
		job->sending = NULL;
		job->out_done += (uint32_t)transfer->usb->actual_length;
		job->sent = status == LIBUSB_TRANSFER_COMPLETED;
		if (job->abandoned)
			wire_job_free(job);
	}
	transfer_free(transfer);
	if (status == LIBUSB_TRANSFER_STALL || status == LIBUSB_TRANSFER_OVERFLOW)
		context_fail(context, COFFER_E_PROTOCOL);
	else if (status != LIBUSB_TRANSFER_COMPLETED && status != LIBUSB_TRANSFER_CANCELLED)
		context->suspect = true;
}

/* Sends `bytes` bytes and the end of the job. 0 or a libusb error. */
static int send_out(struct coffer_context *context, struct wire_job *job, uint8_t *data, uint32_t bytes)
{
	struct transfer *transfer = transfer_new(context, 0);
	int error;

	if (!transfer)
		return LIBUSB_ERROR_NO_MEM;
	transfer->handle = out_done;
	transfer->job = job;
	libusb_fill_bulk_transfer(transfer->usb, context->device, context->ep_out, data, (int)bytes, transfer_finished,
				  transfer, 0);
	transfer->usb->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET;
	error = transfer_submit(transfer);
	if (error)
		transfer_free(transfer);
	else if (job)
		job->sending = transfer;
	return error;
}

static int send_job(struct coffer_context *context, struct wire_job *job)
{
	return send_out(context, job, job->out + job->out_done, job->out_bytes - job->out_done);
}

static void send_failed(struct coffer_context *context, int error)
{
	if (error != LIBUSB_ERROR_NO_MEM)
		context->suspect = true;
	else if (!context->transfers)
		context_fail(context, COFFER_E_NO_MEMORY);
}

static void set_id(struct coffer_context *context, struct wire_job *job)
{
	job->id = ++context->next_id;
	memcpy(job->out + offsetof(struct coffer_job, id), &job->id, sizeof(job->id));
}

/* The next job to send, off its list; NULL when there is none, or none yet. */
static struct wire_job *next_job(struct coffer_context *context)
{
	struct wire_job *job = TAILQ_FIRST(&context->ready);
	struct coffer_task *task = TAILQ_FIRST(&context->jobs);

	if (job) {
		TAILQ_REMOVE(&context->ready, job, link);
		return job;
	}
	if (!task || (task->serial && task->under_way))
		return NULL;
	job = cut_job(task, context->library->job_bytes);
	if (!job)
		task_finish(task, COFFER_E_NO_MEMORY);
	if (!job || task->cut_up) {
		TAILQ_REMOVE(&context->jobs, task, link);
		task_unref(task);
	}
	if (job)
		set_id(context, job);
	return job;
}

static bool has_room(const struct coffer_context *context)
{
	const struct wire_job *job;
	uint32_t count = 0;

	TAILQ_FOREACH(job, &context->in_flight, link)
		count++;
	return count < context->library->jobs_in_flight && (!count || context->bytes_in_flight < MOST_BYTES_IN_FLIGHT);
}

static void send_ready(struct coffer_context *context)
{
	while (!context->barrier && has_room(context)) {
		struct wire_job *job = next_job(context);
		int error;

		if (!job)
			break;
		error = send_job(context, job);
		if (error) {
			TAILQ_INSERT_HEAD(&context->ready, job, link);
			send_failed(context, error);
			break;
		}
		TAILQ_INSERT_TAIL(&context->in_flight, job, link);
		context->bytes_in_flight += in_flight_weight(job);
	}
}

/* ---- answers ---- */

static void in_done(struct coffer_context *context, struct transfer *transfer)
{
	enum libusb_transfer_status status = transfer->usb->status;
	uint32_t got = (uint32_t)transfer->usb->actual_length;

	TAILQ_REMOVE(&context->posted, transfer, posted_link);
	if (context->error)
		;
	else if (status == LIBUSB_TRANSFER_COMPLETED)
		answers_take(context, transfer->buffer, got, got < transfer->bytes);
	else if (status == LIBUSB_TRANSFER_STALL || status == LIBUSB_TRANSFER_OVERFLOW)
		context_fail(context, COFFER_E_PROTOCOL);
	else
		context->suspect = true;
	transfer_free(transfer);
}

/* Posts a transfer for an answer of at most `bytes` bytes: room for one more, so that its end is always seen. */
static bool post(struct coffer_context *context, uint32_t bytes)
{
	uint32_t room = (bytes / COFFER_PACKET_BYTES + 1) * COFFER_PACKET_BYTES;
	struct transfer *transfer = transfer_new(context, room);
	int error = LIBUSB_ERROR_NO_MEM;

	if (transfer) {
		transfer->handle = in_done;
		libusb_fill_bulk_transfer(transfer->usb, context->device, context->ep_in, transfer->buffer, (int)room,
					  transfer_finished, transfer, 0);
		error = transfer_submit(transfer);
	}
	if (error) {
		transfer_free(transfer);
		send_failed(context, error);
		return false;
	}
	TAILQ_INSERT_TAIL(&context->posted, transfer, posted_link);
	return true;
}

/* Posted transfers beyond one for each answer: cancelled jobs leave them behind. */
static int spare_transfers(const struct coffer_context *context)
{
	const struct transfer *transfer;
	const struct wire_job *job;
	int spare = 0;

	TAILQ_FOREACH(transfer, &context->posted, posted_link)
		spare++;
	TAILQ_FOREACH(job, &context->in_flight, link)
		spare -= (job->payload.posted && !job->payload.whole) +
			 (job->completion.posted && !job->completion.whole);
	return spare;
}

static bool post_answer(struct coffer_context *context, struct answer *answer, int *spare)
{
	if (!answer->wanted || answer->whole || answer->posted)
		return true;
	if (*spare > 0)
		--*spare;
	else if (!post(context, answer->bytes))
		return false;
	answer->posted = true;
	return true;
}

static void post_answers(struct coffer_context *context)
{
	int spare = spare_transfers(context);
	struct wire_job *job;

	TAILQ_FOREACH(job, &context->in_flight, link)
		if (!post_answer(context, &job->payload, &spare) || !post_answer(context, &job->completion, &spare))
			return;
	job = TAILQ_FIRST(&context->in_flight);
	if (job && TAILQ_EMPTY(&context->posted))
		post(context, answers_remaining(job));
}

/* ---- cancelling ---- */

/*
 * What becomes of the jobs that were cut off; the transfers are all at rest. An older NOP gives way to the new one.
 * A transfer that became whole before its cancellation came there counts as cancelled, too, with all of its bytes.
 */
static void sort_out(struct coffer_context *context)
{
	struct wire_job *job, *before;
	bool begun = false; /* a later one: then this one's end has been sent, and its answers come */

	for (job = TAILQ_LAST(&context->in_flight, wire_job_list); job; job = before) {
		before = TAILQ_PREV(job, wire_job_list, link);
		job->sent |= begun;
		begun = job->sent || job->out_done;
		if (job->sent || (job->out_done && job->task && !job->victim))
			continue;
		leave_flight(context, job);
		if (job->victim || !job->task)
			wire_job_free(job);
		else
			TAILQ_INSERT_HEAD(&context->ready, job, link);
	}
}

/* Sends the rest of the job that was cut off, if it goes on; then the end of what does not, and the NOP. */
static void send_barrier(struct coffer_context *context)
{
	const struct coffer_job header = {.magic = COFFER_JOB_MAGIC, .version = COFFER_PROTOCOL_VERSION};
	struct wire_job *job = TAILQ_LAST(&context->in_flight, wire_job_list);
	struct wire_job *nop = wire_job_new(sizeof(header));
	int error = LIBUSB_ERROR_NO_MEM;

	if (nop) {
		memcpy(nop->out, &header, sizeof(header));
		set_id(context, nop);
		error = job && !job->sent ? send_job(context, job) : 0;
		if (!error)
			error = send_out(context, NULL, nop->out, 0);
		if (!error)
			error = send_job(context, nop);
	}
	if (error) {
		if (nop)
			wire_job_free(nop);
		context_fail(context, error == LIBUSB_ERROR_NO_MEM ? COFFER_E_NO_MEMORY : COFFER_E_LOST);
		return;
	}
	TAILQ_INSERT_TAIL(&context->in_flight, nop, link);
	context->bytes_in_flight += in_flight_weight(nop);
	context->barrier = nop;
}

static void drain(struct coffer_context *context)
{
	struct wire_job *job;
	bool at_rest = true;

	TAILQ_FOREACH_REVERSE(job, &context->in_flight, wire_job_list, link) {
		if (!job->sending)
			continue;
		at_rest = false;
		if (!job->cancelled)
			libusb_cancel_transfer(job->sending->usb);
		job->cancelled = true;
	}
	if (!at_rest)
		return;
	context->draining = false;
	TAILQ_FOREACH(job, &context->in_flight, link)
		job->cancelled = false;
	sort_out(context);
	send_barrier(context);
}

static void drop_ready(struct coffer_context *context, const struct coffer_task *task)
{
	struct wire_job *job, *next;

	for (job = TAILQ_FIRST(&context->ready); job; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->task != task)
			continue;
		TAILQ_REMOVE(&context->ready, job, link);
		wire_job_free(job);
	}
}

void queue_drop_uncut(struct coffer_task *task)
{
	if (task->cut_up)
		return;
	task->cut_up = true;
	TAILQ_REMOVE(&task->context->jobs, task, link);
	task_unref(task);
}

void queue_cancel(struct coffer_task *task)
{
	struct coffer_context *context = task->context;
	struct wire_job *job;

	task_ref(task);
	queue_drop_uncut(task);
	drop_ready(context, task);
	TAILQ_FOREACH(job, &context->in_flight, link) {
		if (job->task != task)
			continue;
		job->victim = true;
		context->draining |= job->sending != NULL;
	}
	task_unref(task);
}

struct wire_job *queue_first_live(const struct coffer_context *context)
{
	struct wire_job *job;

	TAILQ_FOREACH(job, &context->in_flight, link)
		if (job->task && !job->task->finished)
			return job;
	TAILQ_FOREACH(job, &context->ready, link)
		if (!job->task->finished)
			return job;
	return NULL;
}

/* ---- the step and the end ---- */

void queue_step(struct coffer_context *context)
{
	if (!context->error && !context->suspect && context->draining)
		drain(context);
	if (!context->error && !context->suspect && !context->draining)
		send_ready(context);
	if (!context->error && !context->suspect)
		post_answers(context);
}

void queue_fail(struct coffer_context *context, int error)
{
	struct transfer *transfer;
	struct coffer_task *task;
	struct wire_job *job;

	while ((task = TAILQ_FIRST(&context->jobs))) {
		task_finish(task, error);
		queue_drop_uncut(task);
	}
	while ((job = TAILQ_FIRST(&context->ready))) {
		TAILQ_REMOVE(&context->ready, job, link);
		task_finish(job->task, error);
		wire_job_free(job);
	}
	while ((job = TAILQ_FIRST(&context->in_flight))) {
		leave_flight(context, job);
		if (job->task)
			task_finish(job->task, error);
		if (job->sending)
			libusb_cancel_transfer(job->sending->usb);
		discard(job);
	}
	TAILQ_FOREACH(transfer, &context->posted, posted_link)
		libusb_cancel_transfer(transfer->usb);
}

void queue_answered(struct coffer_context *context, struct wire_job *job)
{
	leave_flight(context, job);
	discard(job);
}
