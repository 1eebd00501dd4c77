/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting of CBC and of patterns: jobs one after another, each from the position that the one before returned, give what
 * one job of any length would give, and end where it would end.
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
#include "internal.h"
#include "job_model.h"

#define MOST      6000u
#define MOST_LIST 400u

static uint8_t data[MOST];

static uint32_t below(uint32_t limit)
{
	return limit ? (uint32_t)random() % limit : 0;
}

static struct model_job model_of_task(const struct coffer_job_desc *desc)
{
	return (struct model_job){
		.cbc = desc->mode == COFFER_MODE_CBC,
		.encrypt = desc->encrypt,
		.restart = desc->restart,
		.more = desc->more,
		.crypt_blocks = desc->crypt_blocks,
		.skip_blocks = desc->skip_blocks,
		.rule = desc->counter_rule,
		.list = desc->list,
		.pairs = desc->pairs,
	};
}

static struct model_job model_of_job(const struct coffer_job *header, const struct coffer_pair *list)
{
	return (struct model_job){
		.cbc = header->mode == COFFER_MODE_CBC,
		.encrypt = header->flags & COFFER_JOB_ENCRYPT,
		.restart = header->flags & COFFER_JOB_RESTART,
		.more = header->flags & COFFER_JOB_MORE,
		.crypt_blocks = header->crypt_blocks,
		.skip_blocks = header->skip_blocks,
		.rule = (enum coffer_counter_rule)header->counter_rule,
		.list = list,
		.pairs = header->pairs,
	};
}

/* One job through the model of the board, which says where the next begins; its bytes. */
static uint32_t run_job(struct coffer_task *task, const struct wire_job *job, uint8_t *out)
{
	struct coffer_pair list[COFFER_MAX_PAIRS];
	struct coffer_position at = {0};
	struct coffer_job header;
	struct model_job model;
	size_t payload, done;

	memcpy(&header, job->out, sizeof(header));
	assert_true(header.pairs <= COFFER_MAX_PAIRS);
	memcpy(list, job->out + sizeof(header), header.pairs * sizeof(*list));
	payload = sizeof(header) + header.pairs * sizeof(*list);
	assert_int_equal(job->out_bytes, payload + header.length);
	model = model_of_job(&header, list);
	if (model.more && header.pairs)
		assert_true(list[header.pairs - 1].encrypted > 0);
	memcpy(at.iv, header.iv, 16);
	at.keystream_byte = header.keystream_byte;
	at.pattern_phase = header.pattern_phase;
	done = model_run(&model, &at, job->out + payload, out, header.length);
	if (!task->cut_up)
		assert_int_equal(done, header.length);
	task->next.position = at; /* as answer.c does */
	task->under_way--;
	return header.length;
}

static void check_task(const struct coffer_job_desc *desc, uint32_t job_bytes)
{
	struct coffer_task task = {.references = 1, .desc = *desc};
	struct model_job whole = model_of_task(desc);
	struct coffer_position end = desc->start;
	uint8_t *expected = calloc(1, MOST), *got = calloc(1, MOST);
	uint64_t offset = 0;
	size_t done;

	assert_int_equal(cut_check(desc), 0);
	done = model_run(&whole, &end, data, expected, desc->length);
	cut_begin(&task);
	assert_true(task.serial);
	while (!task.cut_up) {
		struct wire_job *job = cut_job(&task, job_bytes);
		uint32_t bytes = run_job(&task, job, got + offset);

		assert_true(bytes <= job_bytes);
		assert_true(bytes || task.cut_up || desc->pairs > COFFER_MAX_PAIRS);
		offset += bytes;
		wire_job_free(job);
	}
	assert_int_equal(offset, desc->length);
	assert_memory_equal(got, expected, done);
	if (desc->more || !desc->restart) /* else answer.c puts the vector back */
		assert_memory_equal(task.next.position.iv, end.iv, 16);
	assert_int_equal(task.next.position.keystream_byte, end.keystream_byte);
	assert_int_equal(task.next.position.pattern_phase, end.pattern_phase);
	free(expected);
	free(got);
}

static uint64_t random_list(struct coffer_pair *list, size_t count)
{
	uint32_t most = below(2) ? 60 : 700;
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		list[i] = (struct coffer_pair){below(3) ? below(40) : 0, below(4) ? below(most) : 0};
		if (sum + list[i].clear + list[i].encrypted > MOST)
			list[i] = (struct coffer_pair){0, 0};
		sum += list[i].clear + list[i].encrypted;
	}
	return sum;
}

static void random_pattern(struct coffer_job_desc *desc)
{
	desc->crypt_blocks = (uint8_t)(1 + below(below(2) ? 3 : 15));
	desc->skip_blocks = (uint8_t)below(below(2) ? 10 : 16);
}

/* Begins inside a pattern, as a task does that goes on with a range. */
static void random_phase(struct coffer_job_desc *desc)
{
	uint32_t crypt = 16u * desc->crypt_blocks;

	desc->start.pattern_phase = (uint16_t)below(crypt + 16u * desc->skip_blocks);
	if (desc->mode == COFFER_MODE_CBC && desc->start.pattern_phase < crypt)
		desc->start.pattern_phase &= (uint16_t)~15u;
}

static void pieces_give_what_one_job_gives(void **state)
{
	static struct coffer_pair list[MOST_LIST];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		bool cbc = below(2);
		struct coffer_job_desc desc = {
			.op = COFFER_OP_CRYPT,
			.mode = cbc ? COFFER_MODE_CBC : COFFER_MODE_CTR,
			.counter_rule = below(2) ? COFFER_CTR_WRAP64 : COFFER_CTR_CARRY128,
			.encrypt = below(2),
			.start.keystream_byte = (uint8_t)(cbc ? 0 : below(16)),
			.src = data,
			.dst = data,
			.list = list,
			.pairs = below(4) ? below(below(2) ? 8 : MOST_LIST) : 0,
			.restart = cbc && below(2),
		};
		bool ends_encrypted;

		for (int i = 0; i < 16; i++)
			desc.start.iv[i] = (uint8_t)(below(3) ? random() : 0xff);
		if (!cbc || below(2))
			random_pattern(&desc);
		desc.length = desc.pairs ? random_list(list, desc.pairs) : below(below(2) ? 300 : MOST);
		if (desc.crypt_blocks && !desc.restart && below(3) == 0 && !(desc.pairs && list[0].clear))
			random_phase(&desc);
		ends_encrypted = desc.pairs ? list[desc.pairs - 1].encrypted > 0 : desc.length > 0;
		desc.more = ends_encrypted && below(3) == 0;
		check_task(&desc, 16 * (1 + below(below(2) ? 8 : 100)));
	}
}

/* The last run is whole only with what a later task brings: `more` says so, and counts where the library cuts, too. */
static void more_reaches_back_over_cuts(void **state)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_CRYPT,
				       .mode = COFFER_MODE_CBC,
				       .crypt_blocks = 3,
				       .skip_blocks = 1,
				       .more = 1,
				       .src = data,
				       .dst = data};

	(void)state;
	for (desc.length = 1; desc.length < 200; desc.length++)
		check_task(&desc, 16);
	desc.crypt_blocks = desc.skip_blocks = 0;
	for (desc.length = 1; desc.length < 70; desc.length++)
		check_task(&desc, 16);
}

/* Under RESTART each range begins with the vector, except one that goes on: it comes alone, and from the chain. */
static void restarted_ranges_go_on_alone(void **state)
{
	const struct coffer_pair list[] = {{3, 96}, {5, 32}, {0, 16}};
	struct coffer_task task = {.references = 1,
				   .desc = {.op = COFFER_OP_CRYPT,
					    .mode = COFFER_MODE_CBC,
					    .restart = 1,
					    .start.iv = {7},
					    .src = data,
					    .dst = data,
					    .list = list,
					    .pairs = 3,
					    .length = 152}};
	const struct {
		uint32_t length;
		uint16_t pairs;
		unsigned int flags;
	} wanted[] = {
		{51, 1, COFFER_JOB_RESTART | COFFER_JOB_MORE}, /* 3 clear, 48 of 96 */
		{48, 1, 0},
		{53, 2, COFFER_JOB_RESTART},
	};

	(void)state;
	cut_begin(&task);
	for (int i = 0; i < 3; i++) {
		struct wire_job *job = cut_job(&task, 64);
		struct coffer_job header;

		memcpy(&header, job->out, sizeof(header));
		assert_int_equal(header.length, wanted[i].length);
		assert_int_equal(header.pairs, wanted[i].pairs);
		assert_int_equal(header.flags & (COFFER_JOB_RESTART | COFFER_JOB_MORE), wanted[i].flags);
		assert_int_equal(header.iv[0], wanted[i].flags & COFFER_JOB_RESTART ? 7 : 99);
		task.next.position.iv[0] = 99; /* of the completion */
		wire_job_free(job);
	}
	assert_true(task.cut_up);
}

static void descriptions_are_checked(void **state)
{
	const struct coffer_pair list[] = {{1, 31}, {0, 32}};
	const struct coffer_job_desc good = {.op = COFFER_OP_CRYPT,
					     .mode = COFFER_MODE_CBC,
					     .crypt_blocks = 1,
					     .skip_blocks = 9,
					     .restart = 1,
					     .more = 1,
					     .src = data,
					     .dst = data,
					     .length = 64};
	struct coffer_job_desc bad;

	(void)state;
	assert_int_equal(cut_check(&good), 0);
#define REFUSED(change)                                                                                                \
	do {                                                                                                           \
		bad = good;                                                                                            \
		change;                                                                                                \
		assert_int_equal(cut_check(&bad), COFFER_E_INVALID);                                                   \
	} while (0)
	REFUSED(bad.mode = COFFER_MODE_CTR); /* restart */
	REFUSED(bad.mode = COFFER_MODE_ECB);
	REFUSED((bad.mode = COFFER_MODE_CTR, bad.restart = 0, bad.crypt_blocks = bad.skip_blocks = 0)); /* more */
	REFUSED((bad.op = COFFER_OP_LOOP, bad.restart = 0));
	REFUSED((bad.start.pattern_phase = 16, bad.list = list, bad.pairs = 2)); /* it goes on with a clear byte */
}

/* CTR without a pattern needs nobody's answer to go on; everything else here does. */
static void what_waits_for_answers(void **state)
{
	struct coffer_task task = {.desc = {.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR}};

	(void)state;
	cut_begin(&task);
	assert_false(task.serial);
	task.desc.crypt_blocks = 1;
	cut_begin(&task);
	assert_true(task.serial);
	task.desc = (struct coffer_job_desc){.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CBC};
	cut_begin(&task);
	assert_true(task.serial);
	task.desc.op = COFFER_OP_LOAD_KEY;
	cut_begin(&task);
	assert_false(task.serial);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_give_what_one_job_gives), cmocka_unit_test(more_reaches_back_over_cuts),
		cmocka_unit_test(restarted_ranges_go_on_alone),   cmocka_unit_test(descriptions_are_checked),
		cmocka_unit_test(what_waits_for_answers),
	};

	seed_random(argc > 1 ? argv[1] : NULL);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
