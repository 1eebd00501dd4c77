/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading answers: however the bytes fall into transfers, each job gets its own; and whatever a hostile board sends, the
 * context dies with COFFER_E_PROTOCOL and nothing outside of the caller's buffer is written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "queue.h"

static struct coffer *library;

static struct coffer_context *bare_context(void)
{
	struct coffer_context *context = context_new(library);

	assert_non_null(context);
	return context;
}

/* A task of one board job that is sent already. */
static struct coffer_task *described_in_flight(struct coffer_context *context, const struct coffer_job_desc *desc)
{
	struct coffer_task *task = task_new(context, TASK_JOB);
	struct wire_job *job;

	task->desc = *desc;
	cut_begin(task);
	job = cut_job(task, 1u << 20);
	job->id = ++context->next_id;
	job->sent = true;
	TAILQ_INSERT_TAIL(&context->in_flight, job, link);
	context->bytes_in_flight += job->out_bytes + job->payload.bytes + COFFER_PACKET_BYTES;
	return task;
}

static struct coffer_task *task_in_flight(struct coffer_context *context, const void *src, void *dst, uint32_t length)
{
	const struct coffer_job_desc desc = {.op = COFFER_OP_LOOP, .src = src, .dst = dst, .length = length};

	return described_in_flight(context, &desc);
}

static struct coffer_completion completion(uint32_t id, uint8_t status, uint32_t bytes)
{
	return (struct coffer_completion){.magic = COFFER_COMPLETION_MAGIC,
					  .version = COFFER_PROTOCOL_VERSION,
					  .status = status,
					  .id = id,
					  .op = COFFER_OP_LOOP,
					  .bytes = bytes};
}

static void give(struct coffer_context *context, const void *data, uint32_t bytes, bool ended)
{
	/* A copy of its own size, so that reading beyond it is seen. */
	uint8_t *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, data, bytes);
	pthread_mutex_lock(&context->lock);
	answers_take(context, copy, bytes, ended);
	pthread_mutex_unlock(&context->lock);
	free(copy);
}

/* An answer in transfers of random multiples of 512, as a board and a host whose transfers do not pair up would do. */
static void give_in_pieces(struct coffer_context *context, const uint8_t *data, uint32_t bytes)
{
	for (;;) {
		uint32_t room = 512 * (1 + (uint32_t)random() % 4);

		if (bytes < room) {
			give(context, data, bytes, true);
			return;
		}
		give(context, data, room, false);
		data += room;
		bytes -= room;
	}
}

static void answers_reach_their_jobs(void **state)
{
	static uint8_t data[8][5000], back[8][5000];

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct coffer_context *context = bare_context();
		struct coffer_task *tasks[8];
		uint32_t lengths[8];

		memset(back, 0, sizeof(back));
		for (int i = 0; i < 8; i++) {
			lengths[i] =
				(uint32_t)random() % 4 ? (uint32_t)random() % 5000 : 512 * ((uint32_t)random() % 9);
			memset(data[i], i + round, lengths[i]);
			tasks[i] = task_in_flight(context, data[i], i % 2 ? back[i] : NULL, lengths[i]);
		}
		for (uint32_t i = 0; i < 8; i++) {
			struct coffer_completion answer = completion(i + 1, COFFER_JOB_OK, lengths[i]);

			if (i % 2)
				give_in_pieces(context, data[i], lengths[i]);
			give_in_pieces(context, (uint8_t *)&answer, sizeof(answer));
		}
		for (int i = 0; i < 8; i++) {
			struct coffer_outcome outcome;

			assert_int_equal(coffer_task_poll(tasks[i], &outcome), 0);
			assert_int_equal(outcome.bytes, lengths[i]);
			if (i % 2)
				assert_memory_equal(back[i], data[i], lengths[i]);
			coffer_task_release(&tasks[i]);
		}
		assert_true(TAILQ_EMPTY(&context->in_flight));
		assert_int_equal(context->bytes_in_flight, 0);
		coffer_close(&context);
	}
}

static void a_refusal_is_told_and_the_next_job_works(void **state)
{
	struct coffer_context *context = bare_context();
	struct coffer_completion no = completion(1, COFFER_JOB_POLICY, 0), yes = completion(2, COFFER_JOB_OK, 4);
	uint8_t back[2][4] = {"abcd", "abcd"};
	struct coffer_task *first = task_in_flight(context, "1234", back[0], 4);
	struct coffer_task *second = task_in_flight(context, "5678", back[1], 4);
	struct coffer_outcome outcome;

	(void)state;
	give(context, "", 0, true);
	give(context, &no, sizeof(no), true);
	assert_int_equal(coffer_task_poll(first, &outcome), COFFER_E_REFUSED);
	assert_int_equal(outcome.status, COFFER_JOB_POLICY);
	give(context, "5678", 4, true);
	give(context, &yes, sizeof(yes), true);
	assert_int_equal(coffer_task_poll(second, &outcome), 0);
	assert_memory_equal(back[1], "5678", 4);
	assert_memory_equal(back[0], "abcd", 4);
	coffer_task_release(&first);
	coffer_task_release(&second);
	coffer_close(&context);
}

/* A context with one job of four bytes; `bytes` come for its payload, then `answer`. */
static void expect_protocol_error(const void *payload, uint32_t bytes, const void *answer, uint32_t answer_bytes)
{
	struct coffer_context *context = bare_context();
	uint8_t *back = malloc(4);
	struct coffer_task *task = task_in_flight(context, "1234", back, 4);

	give(context, payload, bytes, true);
	if (!coffer_context_error(context))
		give(context, answer, answer_bytes, true);
	assert_int_equal(coffer_task_poll(task, NULL), COFFER_E_PROTOCOL);
	assert_int_equal(coffer_context_error(context), COFFER_E_PROTOCOL);
	coffer_task_release(&task);
	coffer_close(&context);
	free(back);
}

static void hostile_answers_kill_the_context(void **state)
{
	struct coffer_completion good = completion(1, COFFER_JOB_OK, 4), bad;

	(void)state;
	expect_protocol_error("12345", 5, &good, sizeof(good));
	expect_protocol_error("123", 3, &good, sizeof(good));
	expect_protocol_error("1234", 4, &good, sizeof(good) - 1);
	expect_protocol_error("1234", 4, "", 0);
#define KILLS(change)                                                                                                  \
	do {                                                                                                           \
		bad = good;                                                                                            \
		change;                                                                                                \
		expect_protocol_error("1234", 4, &bad, sizeof(bad));                                                   \
	} while (0)
	KILLS(bad.magic++);
	KILLS(bad.version++);
	KILLS(bad.id++);
	KILLS(bad.status = COFFER_JOB_WRAPPED_KEY + 1);
	KILLS(bad.status = COFFER_JOB_BAD_HEADER);
	KILLS(bad.op = COFFER_OP_REFRESH + 1);
	KILLS(bad.keystream_byte = 16);
	KILLS(bad.bytes = 5);
}

/* 40 bytes of CBC, of which `payload` come back and the completion says `bytes`. */
static int answer_to_cbc(bool more, bool restart, uint32_t payload, uint32_t bytes, struct coffer_outcome *outcome)
{
	static const uint8_t data[40];
	struct coffer_context *context = bare_context();
	uint8_t back[40];
	const struct coffer_job_desc desc = {.op = COFFER_OP_CRYPT,
					     .mode = COFFER_MODE_CBC,
					     .more = more,
					     .restart = restart,
					     .start.iv = {1},
					     .src = data,
					     .dst = back,
					     .length = 40};
	struct coffer_task *task = described_in_flight(context, &desc);
	struct coffer_completion answer = completion(1, COFFER_JOB_OK, bytes);
	int error;

	answer.op = COFFER_OP_CRYPT;
	answer.iv[0] = 77;
	answer.pattern_phase = more ? 32 : 0;
	give(context, data, payload, true);
	give(context, &answer, sizeof(answer), true);
	error = coffer_task_poll(task, outcome);
	assert_int_equal(coffer_context_error(context), error);
	coffer_task_release(&task);
	coffer_close(&context);
	return error;
}

/* What of a block comes in the next task is not given out; nothing else may be missing. */
static void a_block_cut_in_two_comes_later(void **state)
{
	struct coffer_outcome outcome;

	(void)state;
	assert_int_equal(answer_to_cbc(true, false, 32, 32, &outcome), 0);
	assert_int_equal(outcome.bytes, 32);
	assert_int_equal(outcome.end.iv[0], 77);
	assert_int_equal(outcome.end.pattern_phase, 32);
	assert_int_equal(answer_to_cbc(false, false, 40, 40, &outcome), 0);
	assert_int_equal(answer_to_cbc(false, false, 32, 32, &outcome), COFFER_E_PROTOCOL);
	assert_int_equal(answer_to_cbc(true, false, 32, 40, &outcome), COFFER_E_PROTOCOL);
	assert_int_equal(answer_to_cbc(true, false, 24, 24, &outcome), COFFER_E_PROTOCOL);
}

/* Behind a whole range under RESTART the next one begins with the vector, whichever job the range began in. */
static void a_restarted_range_ends_at_its_vector(void **state)
{
	struct coffer_outcome outcome;

	(void)state;
	assert_int_equal(answer_to_cbc(false, true, 40, 40, &outcome), 0);
	assert_int_equal(outcome.end.iv[0], 1);
	assert_int_equal(answer_to_cbc(true, true, 32, 32, &outcome), 0);
	assert_int_equal(outcome.end.iv[0], 77);
}

static void an_answer_that_nobody_asked_for(void **state)
{
	struct coffer_context *context = bare_context();

	(void)state;
	give(context, "x", 1, true);
	assert_int_equal(coffer_context_error(context), COFFER_E_PROTOCOL);
	coffer_close(&context);
}

static void random_bytes_never_hurt(void **state)
{
	static uint8_t noise[2048];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct coffer_context *context = bare_context();
		uint8_t *back = malloc(700);
		struct coffer_task *task = task_in_flight(context, noise, back, 700);

		for (int i = 0; i < 6 && !coffer_context_error(context); i++) {
			uint32_t bytes =
				(uint32_t)random() % 4 ? 512 * ((uint32_t)random() % 4) : (uint32_t)random() % 1500;

			for (uint32_t k = 0; k < bytes; k++)
				noise[k] = (uint8_t)random();
			give(context, noise, bytes, random() % 2);
		}
		coffer_task_cancel(task);
		coffer_task_release(&task);
		coffer_close(&context);
		free(back);
	}
}

/* Behind a cancelled job come leftovers of any size; only the NOP's own completion ends them. */
static void a_barrier_drops_everything_before_it(void **state)
{
	static uint8_t noise[4096];
	struct coffer_context *context = bare_context();
	struct wire_job *nop = wire_job_new(sizeof(struct coffer_job));
	struct coffer_completion other = completion(41, COFFER_JOB_SHORT, 0), end = completion(42, COFFER_JOB_OK, 0);
	struct coffer_completion next = completion(43, COFFER_JOB_OK, 4);
	struct coffer_task *task;
	uint8_t back[4];

	(void)state;
	nop->id = context->next_id = 42;
	nop->sent = true;
	TAILQ_INSERT_TAIL(&context->in_flight, nop, link);
	context->bytes_in_flight += nop->out_bytes + COFFER_PACKET_BYTES;
	context->barrier = nop;
	task = task_in_flight(context, "1234", back, 4);
	give(context, noise, 512, false);
	give(context, noise, 100, true);
	give(context, "", 0, true);
	give(context, noise, 4096, true);
	give(context, &other, sizeof(other), true);
	assert_non_null(context->barrier);
	give(context, &end, 32, false);
	give(context, (uint8_t *)&end + 32, 32, true);
	assert_null(context->barrier);
	give(context, "1234", 4, true);
	give(context, &next, sizeof(next), true);
	assert_int_equal(coffer_task_poll(task, NULL), 0);
	coffer_task_release(&task);
	coffer_close(&context);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_reach_their_jobs),
		cmocka_unit_test(a_refusal_is_told_and_the_next_job_works),
		cmocka_unit_test(hostile_answers_kill_the_context),
		cmocka_unit_test(a_block_cut_in_two_comes_later),
		cmocka_unit_test(a_restarted_range_ends_at_its_vector),
		cmocka_unit_test(an_answer_that_nobody_asked_for),
		cmocka_unit_test(random_bytes_never_hurt),
		cmocka_unit_test(a_barrier_drops_everything_before_it),
	};
	int failed;

	seed_random(argc > 1 ? argv[1] : NULL);
	if (coffer_init(&library, NULL))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	coffer_exit(&library);
	return failed;
}
