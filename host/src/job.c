/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as the application sees them. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static int copy_list(struct coffer_job_desc *desc)
{
	struct coffer_pair *copy;

	if (!desc->pairs) {
		desc->list = NULL;
		return 0;
	}
	copy = calloc(desc->pairs, sizeof(*copy));
	if (!copy)
		return COFFER_E_NO_MEMORY;
	memcpy(copy, desc->list, desc->pairs * sizeof(*copy));
	desc->list = copy;
	return 0;
}

static int enqueue(struct coffer_context *context, struct coffer_task *task)
{
	int error;

	pthread_mutex_lock(&context->lock);
	error = context->error;
	if (!error) {
		task_ref(task);
		TAILQ_INSERT_TAIL(&context->jobs, task, link);
		context_wake(context);
	}
	pthread_mutex_unlock(&context->lock);
	return error;
}

int coffer_submit(coffer_context *context, const struct coffer_job_desc *desc, coffer_callback callback, void *arg,
		  coffer_task **task)
{
	struct coffer_task *made;
	int error;

	if (task)
		*task = NULL;
	if (!context || !desc || cut_check(desc))
		return COFFER_E_INVALID;
	error = context_check(context, false);
	if (error)
		return error;
	made = task_new(context, TASK_JOB);
	if (!made)
		return COFFER_E_NO_MEMORY;
	made->callback = callback;
	made->arg = arg;
	made->desc = *desc;
	error = copy_list(&made->desc);
	if (error) {
		made->desc.list = NULL;
	} else {
		cut_begin(made);
		error = enqueue(context, made);
	}
	if (!error && task)
		*task = made;
	else
		task_unref(made);
	return error;
}

int coffer_run(coffer_context *context, const struct coffer_job_desc *desc, const struct timespec *deadline,
	       struct coffer_outcome *outcome)
{
	coffer_task *task;
	int error;

	if (!context)
		return COFFER_E_INVALID;
	error = context_check(context, true);
	if (!error)
		error = coffer_submit(context, desc, NULL, NULL, &task);
	if (error)
		return error;
	error = task_complete(task, deadline, outcome);
	task_unref(task);
	return error;
}

/* ---- the operations of the vault ---- */

int coffer_load_key(coffer_session *session, const uint8_t *wrapped, size_t wrapped_bytes, uint32_t key_bytes,
		    enum coffer_mode mode, enum coffer_counter_rule rule, const struct timespec *deadline,
		    struct coffer_outcome *outcome)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_LOAD_KEY,
				       .mode = mode,
				       .counter_rule = rule,
				       .key_bytes = key_bytes,
				       .src = wrapped,
				       .length = wrapped_bytes};

	if (!session || !wrapped || (wrapped_bytes != 16 && wrapped_bytes != 32))
		return COFFER_E_INVALID;
	desc.slot = session->slots[COFFER_KEY_SESSION];
	desc.target_slot = session->slots[COFFER_KEY_CONTENT];
	return coffer_run(session->context, &desc, deadline, outcome);
}

int coffer_new_readback_key(coffer_session *session, uint8_t wrapped[16], const struct timespec *deadline,
			    struct coffer_outcome *outcome)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_NEW_READBACK_KEY, .dst = wrapped};

	if (!session)
		return COFFER_E_INVALID;
	desc.slot = session->slots[COFFER_KEY_SESSION];
	desc.target_slot = session->slots[COFFER_KEY_READBACK];
	return coffer_run(session->context, &desc, deadline, outcome);
}

int coffer_start_refresh(coffer_session *session, uint8_t random[16], const struct timespec *deadline,
			 struct coffer_outcome *outcome)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_START_REFRESH, .dst = random};

	if (!session)
		return COFFER_E_INVALID;
	desc.slot = session->slots[COFFER_KEY_SESSION];
	return coffer_run(session->context, &desc, deadline, outcome);
}

int coffer_refresh(coffer_session *session, const struct timespec *deadline, struct coffer_outcome *outcome)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_REFRESH};

	if (!session)
		return COFFER_E_INVALID;
	desc.slot = session->slots[COFFER_KEY_SESSION];
	return coffer_run(session->context, &desc, deadline, outcome);
}

/* A job that is never done: no session slot takes a read-back key. The reason comes from what the slot is like. */
int coffer_session_check(coffer_session *session, const struct timespec *deadline)
{
	struct coffer_outcome outcome;
	uint8_t nothing[16];
	struct coffer_job_desc desc = {.op = COFFER_OP_NEW_READBACK_KEY, .dst = nothing};
	int error;

	if (!session)
		return COFFER_E_INVALID;
	desc.slot = desc.target_slot = session->slots[COFFER_KEY_SESSION];
	error = coffer_run(session->context, &desc, deadline, &outcome);
	if (error != COFFER_E_REFUSED)
		return error ? error : COFFER_E_PROTOCOL;
	switch (outcome.status) {
	case COFFER_JOB_POLICY:
		return 0;
	case COFFER_JOB_NO_KEY:
		return COFFER_E_STATE;
	case COFFER_JOB_REVOKED:
		return COFFER_E_REVOKED;
	default:
		return COFFER_E_HANDLE;
	}
}
