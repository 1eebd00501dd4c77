/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticated channels: a command is one request, its answer is asked for by others until it is there. */
#include <string.h>

#include "internal.h"
#include "session.h"

static void answer_told(struct coffer_task *task)
{
	struct coffer_channel_answer answer;

	memcpy(&answer, task->control.data, sizeof(answer));
	if (task->control.got != sizeof(answer) || answer.bytes > sizeof(answer.message)) {
		context_fail(task->context, COFFER_E_PROTOCOL);
		task_finish(task, COFFER_E_PROTOCOL);
	} else if (answer.result == COFFER_PENDING) {
		control_poll_later(task);
	} else if (answer.result == COFFER_ERR_HANDLE || answer.channel != task->session) {
		task_finish(task, COFFER_E_REVOKED);
	} else {
		task_finish(task, control_error(answer.result));
	}
}

void channel_answered(struct coffer_task *task, int error)
{
	bool busy = error && task->control.busy;

	task->control.busy = false; /* the next refusal has a reason of its own */
	if (busy) {
		control_poll_later(task); /* at work on one that nobody waited for */
	} else if (error) {
		task_finish(task, error);
	} else if (task->control.request == COFFER_REQ_CHANNEL_ANSWER) {
		answer_told(task);
	} else {
		task->control = (struct control){
			.type = COFFER_RT_IN,
			.request = COFFER_REQ_CHANNEL_ANSWER,
			.length = sizeof(struct coffer_channel_answer),
		};
		task->poll_interval = 0;
		control_poll_later(task);
	}
}

/* `before` zero bytes stand for the MAC that a query has not. */
static int command(coffer_session *channel, const void *input, size_t bytes, size_t before, uint16_t room,
		   const struct timespec *deadline, uint8_t answer[COFFER_CHANNEL_MOST], size_t *answer_bytes)
{
	struct coffer_channel_command request = {0};
	struct coffer_channel_answer got;
	struct coffer_task *task;
	int error;

	if (!channel || (channel->kind != COFFER_CHANNEL_64 && channel->kind != COFFER_CHANNEL_32) || !input ||
	    bytes + before < COFFER_CHANNEL_LEAST || bytes > sizeof(request.message) - before || !answer ||
	    !answer_bytes)
		return COFFER_E_INVALID;
	*answer_bytes = 0;
	error = context_check(channel->context, true);
	if (error)
		return error;
	task = task_new(channel->context, TASK_CHANNEL);
	if (!task)
		return COFFER_E_NO_MEMORY;
	request.channel = task->session = channel->slots[COFFER_KEY_SESSION];
	memcpy(request.message + before, input, bytes);
	task->control.type = COFFER_RT_OUT;
	task->control.request = COFFER_REQ_CHANNEL_COMMAND;
	task->control.value = room;
	task->control.length = (uint16_t)(sizeof(request.channel) + before + bytes);
	memcpy(task->control.data, &request, sizeof(request));
	pthread_mutex_lock(&channel->context->lock);
	if (channel->context->error)
		task_finish(task, channel->context->error);
	else
		control_queue(task);
	pthread_mutex_unlock(&channel->context->lock);
	error = task_complete(task, deadline, NULL);
	if (!error) {
		memcpy(&got, task->control.data, sizeof(got));
		memcpy(answer, got.message, sizeof(got.message));
		*answer_bytes = got.bytes;
	}
	task_unref(task);
	return error;
}

int coffer_channel_query(coffer_session *channel, const void *input, size_t bytes, size_t room,
			 const struct timespec *deadline, uint8_t answer[COFFER_CHANNEL_MOST], size_t *answer_bytes)
{
	if (room == 0 || room > UINT16_MAX)
		return COFFER_E_INVALID;
	return command(channel, input, bytes, 16, (uint16_t)room, deadline, answer, answer_bytes);
}

int coffer_channel_configure(coffer_session *channel, const void *input, size_t bytes, const struct timespec *deadline,
			     uint8_t answer[COFFER_CHANNEL_MOST], size_t *answer_bytes)
{
	return command(channel, input, bytes, 0, 0, deadline, answer, answer_bytes);
}
