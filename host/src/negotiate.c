/* SPDX-License-Identifier: Apache-2.0 */
/* Key exchange: one request starts it, others ask for its result until it is there. */
#include <string.h>

#include "internal.h"
#include "session.h"

static void result_told(struct coffer_task *task)
{
	struct coffer_negotiate_result result;

	if (task->control.got != sizeof(result)) {
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
	} else if (task->control.request == COFFER_REQ_NEGOTIATE_RESULT) {
		result_told(task);
	} else {
		task->control = (struct control){
			.type = COFFER_RT_IN,
			.request = COFFER_REQ_NEGOTIATE_RESULT,
			.value = COFFER_HANDLE_INDEX(task->session),
			.length = sizeof(struct coffer_negotiate_result),
		};
		control_poll_later(task);
	}
}

int coffer_negotiate_start(coffer_session *session, const uint8_t *blob, size_t bytes, coffer_callback callback,
			   void *arg, coffer_task **task)
{
	struct coffer_negotiate request;
	struct coffer_task *made;
	int error;

	if (task)
		*task = NULL;
	if (!session || !blob || bytes != COFFER_BLOB_BYTES)
		return COFFER_E_INVALID;
	error = context_check(session->context, false);
	if (error)
		return error;
	made = task_new(session->context, TASK_NEGOTIATE);
	if (!made)
		return COFFER_E_NO_MEMORY;
	request.session = session->slots[COFFER_KEY_SESSION];
	memcpy(request.blob, blob, bytes);
	made->control.type = COFFER_RT_OUT;
	made->control.request = COFFER_REQ_NEGOTIATE_START;
	made->control.length = sizeof(request);
	memcpy(made->control.data, &request, sizeof(request));
	made->session = request.session;
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
