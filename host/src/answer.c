/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the answers of the board: returned payloads and completions, in the order of the jobs. */
#include <string.h>

#include "queue.h"

static struct answer *answer_under_way(struct wire_job *job)
{
	return job->payload.wanted && !job->payload.whole ? &job->payload : &job->completion;
}

uint32_t answers_remaining(const struct wire_job *job)
{
	const struct answer *answer = answer_under_way((struct wire_job *)job);

	/* In front of a barrier any answer may come. */
	return job->task && answer->bytes > answer->got ? answer->bytes - answer->got : 0;
}

/* ---- what a completion says ---- */

static void record(struct coffer_task *task, const struct coffer_completion *completion)
{
	struct coffer_outcome *outcome = &task->outcome;

	if (!outcome->jobs++)
		outcome->first_cycle = completion->first_cycle;
	outcome->last_cycle = completion->last_cycle;
	outcome->bytes += completion->bytes;
	outcome->status = (enum coffer_job_status)completion->status;
	memcpy(outcome->board_iv, completion->board_iv, sizeof(outcome->board_iv));
	memcpy(outcome->end.iv, completion->iv, sizeof(outcome->end.iv));
	outcome->end.keystream_byte = completion->keystream_byte;
	outcome->end.pattern_phase = completion->pattern_phase;
	if (task->serial)
		task->next.position = outcome->end;
	if (task->cut_up && task->desc.restart && !task->desc.more) /* the last range may have begun in another job */
		memcpy(outcome->end.iv, task->desc.start.iv, sizeof(outcome->end.iv));
}

/* A block of CBC at the end of a task that goes on in another one is not given out. */
static bool payload_is_whole(const struct wire_job *job, const struct coffer_completion *completion)
{
	const struct coffer_job_desc *desc = &job->task->desc;
	uint32_t missing = job->payload.bytes - job->payload.got;

	if (!job->payload.wanted || !missing)
		return true;
	return desc->mode == COFFER_MODE_CBC && desc->more && job->task->cut_up && missing < 16 &&
	       completion->bytes == job->payload.got;
}

/* Whoever adds up lengths of a stream relies on this. */
static bool bytes_are_possible(const struct wire_job *job, const struct coffer_completion *completion)
{
	struct coffer_job header;

	memcpy(&header, job->out, sizeof(header));
	return completion->bytes <= header.length || completion->bytes <= job->payload.bytes;
}

static int verdict(const struct wire_job *job, const struct coffer_completion *completion)
{
	if (completion->status == COFFER_JOB_BAD_HEADER)
		return COFFER_E_PROTOCOL; /* this library sends none */
	if (completion->status != COFFER_JOB_OK)
		return COFFER_E_REFUSED;
	return payload_is_whole(job, completion) ? 0 : COFFER_E_PROTOCOL;
}

static void job_answered(struct coffer_context *context, struct wire_job *job)
{
	struct coffer_task *task = job->task;
	struct coffer_completion completion;
	int error = completion_parse(job->completion_bytes, job->completion.got, &completion);

	if (error || completion.id != job->id || !bytes_are_possible(job, &completion)) {
		context_fail(context, COFFER_E_PROTOCOL);
		return;
	}
	task->under_way--;
	if (!task->finished) {
		record(task, &completion);
		error = verdict(job, &completion);
		if (error) {
			task_finish(task, error);
			queue_drop_uncut(task);
		} else if (task->cut_up && !task->under_way) {
			task_finish(task, 0);
		}
	}
	queue_answered(context, job);
	if (error == COFFER_E_PROTOCOL)
		context_fail(context, error);
}

/* ---- bytes ---- */

static void take_for_job(struct coffer_context *context, struct wire_job *job, const uint8_t *data, uint32_t bytes,
			 bool ended)
{
	struct answer *answer = answer_under_way(job);

	if (bytes > answer->bytes - answer->got) {
		context_fail(context, COFFER_E_PROTOCOL);
		return;
	}
	if (answer == &job->completion)
		memcpy(job->completion_bytes + answer->got, data, bytes);
	else if (!job->task->finished && bytes)
		memcpy(job->dst + answer->got, data, bytes);
	answer->got += bytes;
	answer->whole = ended;
	if (job->completion.whole)
		job_answered(context, job);
}

/* Everything is dropped up to the completion of the NOP; answers of a job that was cut off may come before it. */
static void take_for_barrier(struct coffer_context *context, struct wire_job *nop, const uint8_t *data, uint32_t bytes,
			     bool ended)
{
	struct answer *answer = &nop->completion;
	struct coffer_completion completion;

	if (bytes <= answer->bytes && answer->got <= answer->bytes - bytes)
		memcpy(nop->completion_bytes + answer->got, data, bytes);
	answer->got = bytes > answer->bytes || answer->got > answer->bytes ? answer->bytes + 1 : answer->got + bytes;
	if (!ended)
		return;
	if (completion_parse(nop->completion_bytes, answer->got, &completion) == 0 && completion.id == nop->id) {
		answer->whole = true;
		queue_answered(context, nop);
	} else {
		answer->got = 0;
	}
}

void answers_take(struct coffer_context *context, const uint8_t *data, uint32_t bytes, bool ended)
{
	struct wire_job *job = TAILQ_FIRST(&context->in_flight);

	if (!job)
		context_fail(context, COFFER_E_PROTOCOL); /* nothing was owed */
	else if (job->task)
		take_for_job(context, job, data, bytes, ended);
	else
		take_for_barrier(context, job, data, bytes, ended);
}
