/* SPDX-License-Identifier: Apache-2.0 */
/* Key exchange: one request starts it, others ask for its result until it is there. */
#include <string.h>

#include "internal.h"
#include "session.h"

/* Of NEGOTIATE_RESULT, and of EXCHANGE_ANSWER, which begins alike. */
static size_t answer_bytes(const struct coffer_task *task)
{
	return task->control.request == COFFER_REQ_EXCHANGE_ANSWER ? sizeof(struct coffer_exchange_answer)
								   : sizeof(struct coffer_negotiate_result);
}

static void result_told(struct coffer_task *task)
{
	struct coffer_negotiate_result result;

	if (task->control.got != answer_bytes(task)) {
		context_fail(task->context, COFFER_E_PROTOCOL);
		task_finish(task, COFFER_E_PROTOCOL);
		return;
	}
	memcpy(&result, task->control.data, sizeof(result));
	if (result.result == COFFER_PENDING) {
		control_poll_later(task);
		return;
	}
	task->outcome.first_cycle = result.start_cycle;
	task->outcome.granted_cycle = result.granted_cycle;
	task->outcome.last_cycle = result.release_cycle;
	if (result.result == COFFER_OK && result.session != task->session)
		task_finish(task, COFFER_E_REVOKED);
	else
		task_finish(task, control_error(result.result));
}

void negotiate_answered(struct coffer_task *task, int error)
{
	if (error == COFFER_E_NOT_READY && task->control.booting) {
		control_poll_later(task); /* its boot takes some millions of cycles, and then it will do it */
	} else if (error) {
		task_finish(task, error);
	} else if (task->control.type == COFFER_RT_IN) {
		result_told(task);
	} else {
		task->control = (struct control){
			.type = COFFER_RT_IN,
			.request = task->control.request == COFFER_REQ_EXCHANGE_START ? COFFER_REQ_EXCHANGE_ANSWER
										      : COFFER_REQ_NEGOTIATE_RESULT,
			.value = COFFER_HANDLE_INDEX(task->session),
		};
		task->control.length = (uint16_t)answer_bytes(task);
		control_poll_later(task);
	}
}

/* A request that begins with the session's handle. */
static int start(coffer_session *session, uint8_t request, const void *message, size_t bytes, coffer_callback callback,
		 void *arg, coffer_task **task)
{
	struct coffer_task *made;
	int error = context_check(session->context, false);

	if (error)
		return error;
	made = task_new(session->context, TASK_NEGOTIATE);
	if (!made)
		return COFFER_E_NO_MEMORY;
	made->session = session->slots[COFFER_KEY_SESSION];
	made->control.type = COFFER_RT_OUT;
	made->control.request = request;
	made->control.length = (uint16_t)(sizeof(made->session) + bytes);
	memcpy(made->control.data, &made->session, sizeof(made->session));
	memcpy(made->control.data + sizeof(made->session), message, bytes);
	made->callback = callback;
	made->arg = arg;
	pthread_mutex_lock(&session->context->lock);
	error = session->context->error;
	if (!error) {
		control_queue(made);
		if (task)
			task_ref(*task = made);
	}
	pthread_mutex_unlock(&session->context->lock);
	task_unref(made);
	return error;
}

int coffer_negotiate_start(coffer_session *session, const uint8_t *blob, size_t bytes, coffer_callback callback,
			   void *arg, coffer_task **task)
{
	if (task)
		*task = NULL;
	if (!session || !blob || bytes != COFFER_BLOB_BYTES)
		return COFFER_E_INVALID;
	return start(session, COFFER_REQ_NEGOTIATE_START, blob, bytes, callback, arg, task);
}

int coffer_negotiate(coffer_session *session, const uint8_t *blob, size_t bytes, const struct timespec *deadline,
		     struct coffer_outcome *outcome)
{
	coffer_task *task;
	int error;

	if (!session)
		return COFFER_E_INVALID;
	error = context_check(session->context, true);
	if (!error)
		error = coffer_negotiate_start(session, blob, bytes, NULL, NULL, &task);
	if (error)
		return error;
	error = task_complete(task, deadline, outcome);
	task_unref(task);
	return error;
}

int coffer_exchange(coffer_session *session, const struct coffer_exchange_hello *hello, const struct timespec *deadline,
		    struct coffer_exchange_reply *reply, struct coffer_outcome *outcome)
{
	coffer_task *task;
	int error;

	if (!session || !hello || !reply)
		return COFFER_E_INVALID;
	memset(reply, 0, sizeof(*reply));
	error = context_check(session->context, true);
	if (!error)
		error = start(session, COFFER_REQ_EXCHANGE_START, hello, sizeof(*hello), NULL, NULL, &task);
	if (error)
		return error;
	error = task_complete(task, deadline, outcome);
	if (!error)
		memcpy(reply, task->control.data + offsetof(struct coffer_exchange_answer, reply), sizeof(*reply));
	task_unref(task);
	return error;
}
