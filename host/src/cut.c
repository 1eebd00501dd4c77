/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes board jobs of a task: header, list and payload in one buffer. What is too long for one job is cut; the header of
 * each piece carries the whole position, so that a cut may be at any byte (of CTR) or block (of the other modes, and of
 * patterns, where the board is told whether the run that is cut will be whole).
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures go to the wire as they are");

static bool is_sum(const struct coffer_job_desc *desc)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < desc->pairs; i++)
		sum += (uint64_t)desc->list[i].clear + desc->list[i].encrypted;
	return sum == desc->length;
}

static bool moves_data(const struct coffer_job_desc *desc)
{
	return desc->op == COFFER_OP_CRYPT || desc->op == COFFER_OP_LOOP;
}

static bool gives_key_material(const struct coffer_job_desc *desc)
{
	return desc->op == COFFER_OP_NEW_READBACK_KEY || desc->op == COFFER_OP_START_REFRESH;
}

/* Its position behind a piece is the board's to say. */
static bool chains(const struct coffer_job_desc *desc)
{
	return desc->op == COFFER_OP_CRYPT && (desc->mode == COFFER_MODE_CBC || desc->crypt_blocks);
}

static bool needs_blocks(const struct coffer_job_desc *desc)
{
	return desc->op == COFFER_OP_CRYPT && (desc->mode != COFFER_MODE_CTR || desc->crypt_blocks);
}

int cut_check(const struct coffer_job_desc *desc)
{
	bool whole = desc->src_surface || !moves_data(desc);

	if ((unsigned)desc->op > COFFER_OP_REFRESH || (unsigned)desc->mode > COFFER_MODE_CBC ||
	    (unsigned)desc->counter_rule > COFFER_CTR_REFUSE64 || desc->start.keystream_byte > 15 ||
	    desc->start.reserved)
		return COFFER_E_INVALID;
	if ((desc->src && desc->src_surface) || (desc->dst && desc->dst_surface))
		return COFFER_E_INVALID;
	if (desc->length && !desc->src && !desc->src_surface)
		return COFFER_E_INVALID;
	if (gives_key_material(desc) && !desc->dst)
		return COFFER_E_INVALID;
	if (desc->pairs && (!desc->list || !moves_data(desc) || !is_sum(desc)))
		return COFFER_E_INVALID;
	if ((desc->restart && desc->mode != COFFER_MODE_CBC) || (desc->more && !chains(desc)) ||
	    (desc->start.pattern_phase && desc->pairs && desc->list[0].clear))
		return COFFER_E_INVALID;
	if (desc->dst_surface && desc->length > UINT32_MAX - desc->dst_offset) /* a later piece would begin anew at 0 */
		return COFFER_E_INVALID;
	if (whole && (desc->length > 1048576 || desc->pairs > COFFER_MAX_PAIRS))
		return COFFER_E_INVALID;
	return 0;
}

void cut_begin(struct coffer_task *task)
{
	task->next = (struct cursor){.position = task->desc.start};
	task->serial = chains(&task->desc);
	task->outcome.end = task->desc.start;
}

void coffer_position_advance(struct coffer_position *position, enum coffer_counter_rule rule, uint64_t bytes)
{
	uint64_t blocks = bytes / 16 + (position->keystream_byte + bytes % 16) / 16;
	int top = rule == COFFER_CTR_CARRY128 ? 0 : 8;

	position->keystream_byte = (uint8_t)((position->keystream_byte + bytes % 16) % 16);
	for (int i = 15; i >= top && blocks; i--) {
		blocks += position->iv[i];
		position->iv[i] = (uint8_t)blocks;
		blocks >>= 8;
	}
}

/* ---- pieces ---- */

struct piece {
	struct coffer_pair pairs[COFFER_MAX_PAIRS];
	uint16_t count;
	uint32_t bytes, encrypted;
	bool inside; /* it begins inside an encrypted range */
	bool more;   /* COFFER_JOB_MORE */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Encrypted bytes done of the range at the cursor, those before the task included. */
static uint64_t range_done(const struct coffer_job_desc *desc, const struct cursor *at)
{
	uint64_t before = at->pair ? 0 : desc->start.pattern_phase;

	if (!desc->pairs)
		return before + at->offset;
	if (at->pair == desc->pairs || at->pair_used <= desc->list[at->pair].clear)
		return before;
	return before + at->pair_used - desc->list[at->pair].clear;
}

/* Does more of the range at the cursor come than the task has? */
static bool goes_on(const struct coffer_job_desc *desc, const struct cursor *at)
{
	return desc->more && (!desc->pairs || at->pair + 1 == desc->pairs);
}

/* The range at the cursor is cut `done` bytes from its start, with `left` to come: is the run of blocks there a whole one? */
static bool run_is_whole(const struct coffer_job_desc *desc, const struct cursor *at, uint64_t done, uint64_t left)
{
	unsigned int crypt = 16u * (desc->crypt_blocks ? desc->crypt_blocks : 1);
	unsigned int phase = (unsigned int)(done % (crypt + 16u * desc->skip_blocks));

	return chains(desc) && left && (phase >= crypt || left >= crypt - phase || goes_on(desc, at));
}

/* Of `wanted` bytes from the cursor on, those up to the last end of a block. */
static uint64_t whole_blocks(const struct coffer_job_desc *desc, const struct cursor *at, uint64_t wanted)
{
	uint64_t over = (range_done(desc, at) + wanted) % 16;

	return over < wanted ? wanted - over : 0;
}

/* Takes what it can of the pair at the cursor; false when the piece is full. */
static bool take_pair(const struct coffer_job_desc *desc, struct cursor *at, struct piece *piece, uint32_t limit)
{
	const struct coffer_pair *pair = &desc->list[at->pair];
	uint64_t clear_left = pair->clear > at->pair_used ? pair->clear - at->pair_used : 0;
	uint64_t encrypted_left = pair->encrypted - (at->pair_used + clear_left - pair->clear);
	uint64_t clear = smaller(clear_left, limit - piece->bytes);
	uint64_t encrypted = 0;

	if (clear == clear_left)
		encrypted = smaller(encrypted_left, limit - piece->bytes - clear);
	if (encrypted < encrypted_left && needs_blocks(desc))
		encrypted = whole_blocks(desc, at, encrypted);
	if (!clear && !encrypted && clear_left + encrypted_left)
		return false;
	piece->pairs[piece->count++] = (struct coffer_pair){(uint32_t)clear, (uint32_t)encrypted};
	piece->bytes += (uint32_t)(clear + encrypted);
	piece->encrypted += (uint32_t)encrypted;
	if (clear + encrypted < clear_left + encrypted_left) {
		piece->more = encrypted &&
			      run_is_whole(desc, at, range_done(desc, at) + encrypted, encrypted_left - encrypted);
		at->pair_used += clear + encrypted;
		return false;
	}
	at->pair++;
	at->pair_used = 0;
	return true;
}

static void take_piece(const struct coffer_job_desc *desc, struct cursor *at, struct piece *piece, uint32_t limit)
{
	piece->count = 0;
	piece->bytes = piece->encrypted = 0;
	piece->more = false;
	piece->inside =
		desc->pairs ? at->pair < desc->pairs && at->pair_used > desc->list[at->pair].clear : at->offset > 0;
	if (desc->pairs) {
		while (at->pair < desc->pairs && piece->count < COFFER_MAX_PAIRS && take_pair(desc, at, piece, limit))
			if (desc->restart && piece->inside)
				break; /* the next range has another chain */
	} else {
		uint64_t left = desc->length - at->offset, bytes = smaller(left, limit);

		if (bytes < left && needs_blocks(desc))
			bytes = whole_blocks(desc, at, bytes);
		piece->bytes = piece->encrypted = (uint32_t)bytes;
		piece->more = bytes < left && run_is_whole(desc, at, range_done(desc, at) + bytes, left - bytes);
	}
	at->offset += piece->bytes;
	if (at->offset == desc->length && at->pair == desc->pairs)
		piece->more = desc->more;
}

/* ---- jobs ---- */

struct wire_job *wire_job_new(uint32_t out_bytes)
{
	struct wire_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->out = calloc(1, out_bytes);
	if (!job->out) {
		free(job);
		return NULL;
	}
	job->out_bytes = out_bytes;
	job->completion = (struct answer){.wanted = true, .bytes = sizeof(struct coffer_completion)};
	return job;
}

void wire_job_free(struct wire_job *job)
{
	if (job->task)
		task_unref(job->task);
	explicit_bzero(job->out, job->out_bytes);
	free(job->out);
	free(job);
}

static uint8_t flags_of(const struct coffer_job_desc *desc, const struct piece *piece)
{
	return (uint8_t)((desc->encrypt ? COFFER_JOB_ENCRYPT : 0) | (desc->dst ? COFFER_JOB_RETURN : 0) |
			 (desc->src_surface ? COFFER_JOB_SRC_SURFACE : 0) |
			 (desc->dst_surface ? COFFER_JOB_DST_SURFACE : 0) | (desc->pairs ? COFFER_JOB_LIST : 0) |
			 (piece->more ? COFFER_JOB_MORE : 0) |
			 (desc->restart && !piece->inside ? COFFER_JOB_RESTART : 0));
}

static void write_header(struct wire_job *job, const struct coffer_task *task, const struct cursor *at,
			 const struct piece *piece)
{
	const struct coffer_job_desc *desc = &task->desc;
	struct coffer_job header = {
		.magic = COFFER_JOB_MAGIC,
		.version = COFFER_PROTOCOL_VERSION,
		.op = (uint8_t)desc->op,
		.slot = desc->slot,
		.mode = (uint8_t)desc->mode,
		.flags = flags_of(desc, piece),
		.counter_rule = (uint8_t)desc->counter_rule,
		.keystream_byte = at->position.keystream_byte,
		.length = piece->bytes,
		.pairs = piece->count,
		.crypt_blocks = desc->crypt_blocks,
		.skip_blocks = desc->skip_blocks,
		.src_handle = desc->src_surface,
		.src_offset = desc->src_offset,
		.dst_handle = desc->dst_surface ? desc->dst_surface : desc->target_slot,
		.dst_offset = desc->dst_surface ? desc->dst_offset + (uint32_t)at->offset : desc->key_bytes,
		.pattern_phase = at->position.pattern_phase,
	};

	memcpy(header.iv, desc->restart && !piece->inside ? desc->start.iv : at->position.iv, sizeof(header.iv));
	memcpy(job->out, &header, sizeof(header));
}

static void expect_payload(struct wire_job *job, const struct coffer_job_desc *desc, const struct cursor *at,
			   const struct piece *piece)
{
	if (!desc->dst)
		return;
	job->dst = (uint8_t *)desc->dst + at->offset;
	job->payload.wanted = true;
	job->payload.bytes = gives_key_material(desc) ? 16 : piece->bytes;
}

struct wire_job *cut_job(struct coffer_task *task, uint32_t job_bytes)
{
	const struct coffer_job_desc *desc = &task->desc;
	uint32_t limit = desc->src_surface || !moves_data(desc) ? UINT32_MAX : job_bytes;
	struct cursor at = task->next;
	struct piece piece;
	struct wire_job *job;
	uint32_t list_bytes, payload;

	take_piece(desc, &task->next, &piece, limit);
	list_bytes = piece.count * (uint32_t)sizeof(struct coffer_pair);
	payload = desc->src ? piece.bytes : 0;
	job = wire_job_new((uint32_t)sizeof(struct coffer_job) + list_bytes + payload);
	if (!job)
		return NULL;
	write_header(job, task, &at, &piece);
	if (list_bytes)
		memcpy(job->out + sizeof(struct coffer_job), piece.pairs, list_bytes);
	if (payload)
		memcpy(job->out + sizeof(struct coffer_job) + list_bytes, (const uint8_t *)desc->src + at.offset,
		       payload);
	expect_payload(job, desc, &at, &piece);
	if (desc->mode == COFFER_MODE_CTR && !task->serial)
		coffer_position_advance(&task->next.position, desc->counter_rule, piece.encrypted);
	task->cut_up = task->next.offset == desc->length && task->next.pair == desc->pairs;
	task->under_way++;
	task_ref(task);
	job->task = task;
	return job;
}
