/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting: whatever the list and the size of a job, the pieces put together say of every byte what the task said: clear or
 * encrypted, and under which byte of the keystream.
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

#define MOST 6000u

/* The keystream byte of each data byte: block counter (as the rule has it) and place; clear bytes have none. */
struct place {
	uint8_t iv[16];
	uint8_t byte;
	bool clear;
};

static uint32_t below(uint32_t limit)
{
	return limit ? (uint32_t)random() % limit : 0;
}

static void walk(struct place *places, const struct coffer_pair *pairs, size_t count, uint64_t length,
		 struct coffer_position at, enum coffer_counter_rule rule)
{
	const struct coffer_pair all = {0, (uint32_t)length};
	uint64_t n = 0;

	if (!count) {
		pairs = &all;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < pairs[i].clear; k++)
			places[n++].clear = true;
		for (uint32_t k = 0; k < pairs[i].encrypted; k++, n++) {
			memcpy(places[n].iv, at.iv, 16);
			places[n].byte = at.keystream_byte;
			places[n].clear = false;
			coffer_position_advance(&at, rule, 1);
		}
	}
	assert_int_equal(n, length);
}

static uint64_t random_list(struct coffer_pair *pairs, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		pairs[i] = (struct coffer_pair){below(3) ? below(40) : 0, below(4) ? below(60) : 0};
		if (sum + pairs[i].clear + pairs[i].encrypted > MOST)
			pairs[i] = (struct coffer_pair){0, 0};
		sum += pairs[i].clear + pairs[i].encrypted;
	}
	return sum;
}

/* Every field that the board goes by; then its pieces walked as the board walks them. */
static void check_piece(struct wire_job *job, const struct coffer_task *task, uint64_t offset, struct place *places)
{
	struct coffer_pair pairs[COFFER_MAX_PAIRS];
	struct coffer_position at = {0};
	struct coffer_job header;

	memcpy(&header, job->out, sizeof(header));
	assert_int_equal(header.magic, COFFER_JOB_MAGIC);
	assert_true(header.pairs <= COFFER_MAX_PAIRS);
	assert_int_equal(header.pairs != 0, (header.flags & COFFER_JOB_LIST) != 0);
	assert_int_equal(job->out_bytes, sizeof(header) + header.pairs * sizeof(*pairs) + header.length);
	memcpy(pairs, job->out + sizeof(header), header.pairs * sizeof(*pairs));
	memcpy(at.iv, header.iv, 16);
	at.keystream_byte = header.keystream_byte;
	walk(places + offset, pairs, header.pairs, header.length, at, (enum coffer_counter_rule)header.counter_rule);
	assert_memory_equal(job->out + sizeof(header) + header.pairs * sizeof(*pairs),
			    (const uint8_t *)task->desc.src + offset, header.length);
}

static void check_task(const struct coffer_job_desc *desc, uint32_t job_bytes)
{
	struct coffer_task task = {.references = 1, .desc = *desc};
	struct place *expected = calloc(MOST, sizeof(*expected)), *got = calloc(MOST, sizeof(*got));
	uint64_t offset = 0;

	assert_int_equal(cut_check(desc), 0);
	walk(expected, desc->list, desc->pairs, desc->length, desc->start, desc->counter_rule);
	cut_begin(&task);
	while (!task.cut_up) {
		struct wire_job *job = cut_job(&task, job_bytes);
		struct coffer_job header;

		memcpy(&header, job->out, sizeof(header));
		assert_true(header.length <= job_bytes);
		assert_true(header.length > 0 || header.pairs == COFFER_MAX_PAIRS || task.cut_up);
		check_piece(job, &task, offset, got);
		offset += header.length;
		wire_job_free(job);
	}
	assert_int_equal(offset, desc->length);
	assert_memory_equal(got, expected, desc->length * sizeof(*got));
	free(expected);
	free(got);
}

static void pieces_say_what_the_task_said(void **state)
{
	static uint8_t data[MOST];
	static struct coffer_pair pairs[400];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)random();
	for (int round = 0; round < 400; round++) {
		struct coffer_job_desc desc = {
			.op = COFFER_OP_CRYPT,
			.mode = COFFER_MODE_CTR,
			.counter_rule = (enum coffer_counter_rule)below(3),
			.start.keystream_byte = (uint8_t)below(16),
			.src = data,
			.dst = data,
			.list = pairs,
			.pairs = below(4) ? below(400) : 0,
		};

		memset(desc.start.iv, below(2) ? 0xff : (int)below(256), 16);
		desc.length = desc.pairs ? random_list(pairs, desc.pairs) : below(MOST);
		check_task(&desc, 16 * (1 + below(below(2) ? 8 : 200)));
	}
}

static void blocks_are_not_cut(void **state)
{
	static uint8_t data[2000];
	const struct coffer_pair pairs[] = {{5, 160}, {0, 32}, {77, 480}, {3, 16}};
	struct coffer_task task = {.references = 1,
				   .desc = {.op = COFFER_OP_CRYPT,
					    .mode = COFFER_MODE_ECB,
					    .src = data,
					    .dst = data,
					    .list = pairs,
					    .pairs = 4,
					    .length = 773}};

	(void)state;
	cut_begin(&task);
	while (!task.cut_up) {
		struct wire_job *job = cut_job(&task, 64);
		struct coffer_job header;
		struct coffer_pair pair;

		memcpy(&header, job->out, sizeof(header));
		assert_true(header.length > 0);
		for (uint16_t i = 0; i < header.pairs; i++) {
			memcpy(&pair, job->out + sizeof(header) + i * sizeof(pair), sizeof(pair));
			assert_int_equal(pair.encrypted % 16, 0);
		}
		wire_job_free(job);
	}
	assert_int_equal(task.next.offset, 773);
}

static void counters_follow_their_rule(void **state)
{
	static const uint8_t ones[16] = {1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 255, 255, 255, 255};
	struct coffer_position carry = {.keystream_byte = 15}, wrap = {.keystream_byte = 15};

	(void)state;
	memcpy(carry.iv, ones, 16);
	memcpy(wrap.iv, ones, 16);
	coffer_position_advance(&carry, COFFER_CTR_CARRY128, 1 + 16 * 3 + 5);
	coffer_position_advance(&wrap, COFFER_CTR_WRAP64, 1 + 16 * 3 + 5);
	assert_memory_equal(carry.iv, "\1\2\3\4\5\6\7\11\0\0\0\0\0\0\0\3", 16);
	assert_memory_equal(wrap.iv, "\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\3", 16);
	assert_int_equal(carry.keystream_byte, 5);
	memset(carry.iv, 0xff, 16);
	coffer_position_advance(&carry, COFFER_CTR_CARRY128, 16);
	assert_memory_equal(carry.iv, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	coffer_position_advance(&carry, COFFER_CTR_CARRY128, UINT64_MAX);
	assert_memory_equal(carry.iv, "\0\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0", 16);
	assert_int_equal(carry.keystream_byte, 4);
}

static void descriptions_are_checked(void **state)
{
	static uint8_t data[64];
	const struct coffer_pair wrong[] = {{0xffffffff, 0xffffffff}, {1, 1}};
	const struct coffer_job_desc good = {
		.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR, .src = data, .dst = data, .length = 64};
	struct coffer_job_desc bad;

	(void)state;
	assert_int_equal(cut_check(&good), 0);
#define REFUSED(change)                                                                                                \
	do {                                                                                                           \
		bad = good;                                                                                            \
		change;                                                                                                \
		assert_int_equal(cut_check(&bad), COFFER_E_INVALID);                                                   \
	} while (0)
	REFUSED(bad.op = (enum coffer_op)7);
	REFUSED(bad.op = (enum coffer_op) - 1);
	REFUSED(bad.mode = (enum coffer_mode)4);
	REFUSED(bad.counter_rule = (enum coffer_counter_rule)3);
	REFUSED(bad.start.keystream_byte = 16);
	REFUSED(bad.start.reserved = 1);
	REFUSED(bad.src = NULL);
	REFUSED(bad.src_surface = 1);
	REFUSED(bad.dst_surface = 1);
	REFUSED((bad.list = wrong, bad.pairs = 2));
	REFUSED((bad.list = NULL, bad.pairs = 1));
	REFUSED((bad.op = COFFER_OP_NEW_READBACK_KEY, bad.dst = NULL));
	REFUSED((bad.src = NULL, bad.src_surface = 1, bad.length = 1048577));
	REFUSED((bad.dst = NULL, bad.dst_surface = 1, bad.dst_offset = UINT32_MAX - (uint32_t)bad.length + 1));
	REFUSED((bad.op = COFFER_OP_LOAD_KEY, bad.length = 1048577));
	/* A sum that is right only in 32 bits. */
	REFUSED((bad.list = wrong, bad.pairs = 2, bad.length = 0));
}

static void key_operations_have_their_fields(void **state)
{
	uint8_t wrapped[32] = {0};
	struct coffer_task load = {.references = 1,
				   .desc = {.op = COFFER_OP_LOAD_KEY,
					    .slot = 0x101,
					    .target_slot = 0x202,
					    .key_bytes = 24,
					    .counter_rule = COFFER_CTR_REFUSE64,
					    .src = wrapped,
					    .length = 32}};
	struct coffer_task draw = {
		.references = 1,
		.desc = {.op = COFFER_OP_NEW_READBACK_KEY, .slot = 0x101, .target_slot = 0x303, .dst = wrapped}};
	struct coffer_job header;
	struct wire_job *job;

	(void)state;
	cut_begin(&load);
	job = cut_job(&load, 16);
	memcpy(&header, job->out, sizeof(header));
	assert_true(load.cut_up);
	assert_int_equal(header.length, 32);
	assert_int_equal(header.dst_handle, 0x202);
	assert_int_equal(header.dst_offset, 24);
	assert_int_equal(header.flags, 0);
	assert_false(job->payload.wanted);
	wire_job_free(job);
	cut_begin(&draw);
	job = cut_job(&draw, 16);
	memcpy(&header, job->out, sizeof(header));
	assert_int_equal(header.flags, COFFER_JOB_RETURN);
	assert_int_equal(header.length, 0);
	assert_int_equal(job->payload.bytes, 16);
	wire_job_free(job);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_say_what_the_task_said),    cmocka_unit_test(blocks_are_not_cut),
		cmocka_unit_test(counters_follow_their_rule),       cmocka_unit_test(descriptions_are_checked),
		cmocka_unit_test(key_operations_have_their_fields),
	};

	seed_random(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
