/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: waiting, cancelling, callbacks. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct coffer_task *task_new(struct coffer_context *context, enum task_kind kind)
{
	struct coffer_task *task = calloc(1, sizeof(*task));
	pthread_condattr_t attributes;

	if (!task)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (pthread_cond_init(&task->done, &attributes)) {
		free(task);
		task = NULL;
	}
	pthread_condattr_destroy(&attributes);
	if (!task)
		return NULL;
	task->references = 1;
	task->kind = kind;
	task->context = context;
	context_ref(context);
	return task;
}

void task_ref(struct coffer_task *task)
{
	atomic_fetch_add(&task->references, 1);
}

void task_unref(struct coffer_task *task)
{
	if (atomic_fetch_sub(&task->references, 1) != 1)
		return;
	context_unref(task->context);
	pthread_cond_destroy(&task->done);
	explicit_bzero(&task->control, sizeof(task->control));
	free((void *)task->desc.list);
	free(task);
}

void task_finish(struct coffer_task *task, int error)
{
	struct coffer_context *context = task->context;

	if (task->finished)
		return;
	task->finished = true;
	task->outcome.error = error;
	if (context->channel == task)
		context->channel = NULL;
	pthread_cond_broadcast(&task->done);
	if (task->callback) {
		task_ref(task);
		STAILQ_INSERT_TAIL(&context->finished, task, finished_link);
		context_wake(context);
	}
}

/* Lock held. */
static void end_early(struct coffer_task *task, int error)
{
	if (task->finished)
		return;
	task_finish(task, error);
	if (task->kind == TASK_JOB)
		queue_cancel(task);
	else
		control_cancel(task);
	context_wake(task->context);
}

/* Lock held. false: the deadline passed first. */
static bool wait_for_end(struct coffer_task *task, const struct timespec *deadline)
{
	int error = 0; /* ETIMEDOUT, or EINVAL for what is no time at all */

	while (!task->finished && !error) {
		if (deadline)
			error = pthread_cond_timedwait(&task->done, &task->context->lock, deadline);
		else
			error = pthread_cond_wait(&task->done, &task->context->lock);
	}
	return task->finished;
}

static int outcome_of(const struct coffer_task *task, struct coffer_outcome *outcome)
{
	if (outcome)
		*outcome = task->outcome;
	return task->outcome.error;
}

int coffer_task_wait(coffer_task *task, const struct timespec *deadline, struct coffer_outcome *outcome)
{
	int error;

	if (!task)
		return COFFER_E_INVALID;
	error = context_check(task->context, true);
	if (error == COFFER_E_FORKED || error == COFFER_E_CALLBACK)
		return error;
	pthread_mutex_lock(&task->context->lock);
	error = wait_for_end(task, deadline) ? outcome_of(task, outcome) : COFFER_E_TIMEOUT;
	pthread_mutex_unlock(&task->context->lock);
	return error;
}

int task_complete(struct coffer_task *task, const struct timespec *deadline, struct coffer_outcome *outcome)
{
	int error;

	pthread_mutex_lock(&task->context->lock);
	if (!wait_for_end(task, deadline))
		end_early(task, COFFER_E_TIMEOUT);
	error = outcome_of(task, outcome);
	pthread_mutex_unlock(&task->context->lock);
	return error;
}

int coffer_task_poll(coffer_task *task, struct coffer_outcome *outcome)
{
	int error = COFFER_PENDING;

	if (!task)
		return COFFER_E_INVALID;
	if (context_check(task->context, false) == COFFER_E_FORKED)
		return COFFER_E_FORKED;
	pthread_mutex_lock(&task->context->lock);
	if (task->finished)
		error = outcome_of(task, outcome);
	pthread_mutex_unlock(&task->context->lock);
	return error;
}

void coffer_task_cancel(coffer_task *task)
{
	if (!task || context_check(task->context, false) == COFFER_E_FORKED)
		return;
	pthread_mutex_lock(&task->context->lock);
	end_early(task, COFFER_E_CANCELLED);
	pthread_mutex_unlock(&task->context->lock);
}

/* Lock held. Each list shrinks as its first task ends, but for control_cancel, which leaves what must run. */
static void cancel_list(struct task_list *list)
{
	struct coffer_task *task, *next;

	for (task = TAILQ_FIRST(list); task; task = next) {
		next = TAILQ_NEXT(task, link);
		end_early(task, COFFER_E_CANCELLED);
	}
}

void task_cancel_all(struct coffer_context *context)
{
	struct wire_job *job;

	context->era++;
	if (context->control)
		end_early(context->control, COFFER_E_CANCELLED);
	cancel_list(&context->controls);
	cancel_list(&context->polls);
	cancel_list(&context->jobs);
	while ((job = queue_first_live(context)))
		end_early(job->task, COFFER_E_CANCELLED);
}

void coffer_task_release(coffer_task **task)
{
	if (!task || !*task)
		return;
	if (context_check((*task)->context, false) != COFFER_E_FORKED)
		task_unref(*task);
	*task = NULL;
}
