/* SPDX-License-Identifier: Apache-2.0 */
/* coffer bench --contexts N. The board's memory is shared: each context has an N-th of it for its surface. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define STREAM_BYTES 524288u /* in all, shared among the contexts */
#define MOST_JOBS    256u

struct stream {
	struct cli_board board;
	coffer_session *session;
	coffer_surface *surface;
	uint8_t *data; /* BENCH_HEADLINE_BYTES */
	coffer_task *tasks[MOST_JOBS];
	uint32_t count;
};

struct span {
	uint64_t bytes, first, last;
};

static int open_stream(struct stream *stream, const struct cli_board *first, bool is_first)
{
	uint8_t key[16];
	int error = coffer_random(key, sizeof(key));

	stream->board = *first; /* whose library, context and key are its own to free */
	if (!is_first && !error) {
		stream->board.context = NULL;
		error = coffer_open(first->library, coffer_context_serial(first->context), -1, NULL,
				    &stream->board.context);
	}
	if (error)
		return cli_fail("context", error);
	return cli_open_session(&stream->board, COFFER_USE_CTR | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT, key,
				sizeof(key), &stream->session, NULL);
}

static void close_stream(struct stream *stream, bool is_first)
{
	coffer_surface_destroy(&stream->surface, NULL);
	coffer_session_destroy(&stream->session, NULL);
	if (!is_first)
		coffer_close(&stream->board.context);
}

static int submit(struct stream *stream, const struct coffer_job_desc *desc, uint32_t count)
{
	struct coffer_job_desc job = *desc;

	job.slot = coffer_session_slot(stream->session, COFFER_KEY_SESSION);
	job.src = stream->data;
	job.dst = stream->surface ? NULL : stream->data;
	job.dst_surface = stream->surface ? coffer_surface_handle(stream->surface) : 0;
	for (stream->count = 0; stream->count < count; stream->count++) {
		int error = coffer_submit(stream->board.context, &job, NULL, NULL, &stream->tasks[stream->count]);

		if (error)
			return cli_fail("job", error);
	}
	return CLI_OK;
}

static int finish(struct stream *stream, struct span *span)
{
	int code = CLI_OK;

	for (uint32_t i = 0; i < stream->count; i++) {
		struct coffer_outcome outcome = {0};

		if (coffer_task_wait(stream->tasks[i], NULL, &outcome) && !code)
			code = cli_job_fail("job", &outcome);
		coffer_task_release(&stream->tasks[i]);
		span->bytes += outcome.bytes;
		span->first = outcome.first_cycle < span->first ? outcome.first_cycle : span->first;
		span->last = outcome.last_cycle > span->last ? outcome.last_cycle : span->last;
	}
	stream->count = 0;
	return code;
}

/* The first `contexts` streams at once, from the first byte in to the last byte out of any of them. */
static int measure(struct stream *streams, uint32_t contexts, const char *what, const struct coffer_job_desc *job,
		   struct bench_results *results)
{
	uint32_t count = STREAM_BYTES / (contexts * (uint32_t)job->length);
	struct span span = {.first = UINT64_MAX};
	char name[64];
	int code = CLI_OK;

	count = count < 1 ? 1 : count > MOST_JOBS ? MOST_JOBS : count;
	for (uint32_t i = 0; i < contexts && !code; i++)
		code = submit(&streams[i], job, count);
	for (uint32_t i = 0; i < contexts; i++) {
		int one = finish(&streams[i], &span);

		code = code ? code : one;
	}
	snprintf(name, sizeof(name), "contexts-%u/%s/%llu", contexts, what, (unsigned long long)job->length);
	if (!code)
		bench_record(results, name, span.bytes, span.last - span.first);
	return code;
}

static int one_and_all(struct stream *streams, uint32_t contexts, const char *what, const struct coffer_job_desc *job,
		       struct bench_results *results)
{
	int code = measure(streams, 1, what, job, results);

	return code || contexts == 1 ? code : measure(streams, contexts, what, job, results);
}

/* An equal part of the memory for each, in whole pages. */
static int make_surfaces(struct stream *streams, uint32_t contexts, uint32_t *bytes)
{
	const struct coffer_info *info = coffer_info(streams[0].board.context);

	*bytes = info->surface_pages / contexts * info->page_bytes;
	for (uint32_t i = 0; i < contexts; i++) {
		int error = coffer_surface_create(streams[i].session, *bytes, NULL, &streams[i].surface);

		if (error)
			return cli_fail("surface", error);
	}
	return CLI_OK;
}

static int run(struct stream *streams, uint32_t contexts, struct bench_results *results)
{
	struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR, .encrypt = 1, .length = BENCH_HEADLINE_BYTES};
	int code = one_and_all(streams, contexts, "return/aes-128", &job, results);
	uint32_t bytes;

	if (!code)
		code = make_surfaces(streams, contexts, &bytes);
	if (code)
		return code;
	job.length = bytes;
	return one_and_all(streams, contexts, "surface/aes-128", &job, results);
}

int bench_contexts(struct cli_board *board, struct bench_results *results, uint8_t *data, uint32_t contexts)
{
	static struct stream streams[BENCH_MOST_CONTEXTS];
	uint32_t open = 0;
	int code = CLI_OK;

	while (open < contexts && !code) {
		streams[open].data = data + open * BENCH_HEADLINE_BYTES;
		code = open_stream(&streams[open], board, open == 0);
		open++;
	}
	if (!code)
		code = run(streams, contexts, results);
	while (open--)
		close_stream(&streams[open], open == 0);
	return code;
}
