/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

#define PIECES      16
#define PIECE_BYTES 65536u

struct piece {
	uint8_t *data;
	size_t bytes;
	coffer_task *task;
};

struct cli_stream {
	const char *in_path, *out_path;
	int in;
	bool ended; /* the input has */
	struct cli_output output;
	struct piece pieces[PIECES];
	size_t under_way;
	coffer_context *context;
	struct coffer_job_desc job; /* start moves on */
	struct cli_progress progress;
	uint64_t done;
};

/* ---- bytes ---- */

/* As many bytes as there are, up to `most`; -1 with errno. */
static ssize_t read_whole(int fd, uint8_t *data, size_t most)
{
	size_t got = 0;

	while (got < most) {
		ssize_t one = read(fd, data + got, most - got);

		if (one < 0 && errno != EINTR)
			return -1;
		if (!one)
			break;
		got += one > 0 ? (size_t)one : 0;
	}
	return (ssize_t)got;
}

static int write_whole(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes) {
		ssize_t one = write(fd, data, bytes);

		if (one < 0 && errno != EINTR)
			return -1;
		data += one > 0 ? one : 0;
		bytes -= one > 0 ? (size_t)one : 0;
	}
	return 0;
}

/* ---- pieces ---- */

static int start_piece(struct cli_stream *stream, struct piece *piece)
{
	ssize_t got = read_whole(stream->in, piece->data, PIECE_BYTES);
	int error;

	if (got < 0)
		return cli_error(CLI_BAD_INPUT, "%s: %s", stream->in_path, strerror(errno));
	stream->ended = got < PIECE_BYTES;
	if (!got)
		return CLI_OK;
	piece->bytes = (size_t)got;
	stream->job.src = stream->job.dst = piece->data;
	stream->job.length = piece->bytes;
	error = coffer_submit(stream->context, &stream->job, NULL, NULL, &piece->task);
	if (error)
		return cli_fail("job", error);
	coffer_position_advance(&stream->job.start, stream->job.counter_rule, piece->bytes);
	stream->under_way++;
	return CLI_OK;
}

static int finish_piece(struct cli_stream *stream, struct piece *piece)
{
	struct coffer_outcome outcome;

	if (coffer_task_wait(piece->task, NULL, &outcome))
		return cli_job_fail("job", &outcome);
	coffer_task_release(&piece->task);
	stream->under_way--;
	if (write_whole(stream->output.fd, piece->data, piece->bytes))
		return cli_error(CLI_FAILED, "%s: %s", stream->out_path, strerror(errno));
	stream->done += piece->bytes;
	cli_progress_show(&stream->progress, stream->done);
	return CLI_OK;
}

/* Pieces go round: the oldest is finished before its place is filled again. */
static int pump(struct cli_stream *stream)
{
	int code = CLI_OK;
	size_t next = 0;

	while (!code && (!stream->ended || stream->under_way)) {
		struct piece *piece = &stream->pieces[next++ % PIECES];

		if (piece->task)
			code = finish_piece(stream, piece);
		if (!code && !stream->ended)
			code = start_piece(stream, piece);
	}
	return code;
}

int cli_stream_run(struct cli_stream *stream, coffer_context *context, const struct coffer_job_desc *job)
{
	int code;

	stream->context = context;
	stream->job = *job;
	code = pump(stream);
	cli_progress_end(&stream->progress);
	if (!code && cli_output_commit(&stream->output))
		code = cli_error(CLI_FAILED, "%s: %s", stream->out_path, strerror(errno));
	return code;
}

/* ---- open and close ---- */

static int open_input(struct cli_stream *stream)
{
	struct stat file;

	stream->in = strcmp(stream->in_path, "-") ? open(stream->in_path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (stream->in < 0 || fstat(stream->in, &file))
		return cli_error(CLI_BAD_INPUT, "%s: %s", stream->in_path, strerror(errno));
	if (S_ISDIR(file.st_mode))
		return cli_error(CLI_BAD_INPUT, "%s: %s", stream->in_path, strerror(EISDIR));
	cli_progress_start(&stream->progress, S_ISREG(file.st_mode) ? (uint64_t)file.st_size : 0);
	return CLI_OK;
}

static int open_both(struct cli_stream *stream)
{
	int code = open_input(stream);

	if (!code && cli_output_open(&stream->output, stream->out_path))
		code = cli_error(CLI_FAILED, "%s: %s", stream->out_path, strerror(errno));
	for (size_t i = 0; i < PIECES && !code; i++) {
		stream->pieces[i].data = malloc(PIECE_BYTES);
		if (!stream->pieces[i].data)
			code = cli_fail("buffers", COFFER_E_NO_MEMORY);
	}
	return code;
}

int cli_stream_open(struct cli_stream **stream, const char *in_path, const char *out_path)
{
	struct cli_stream *made = calloc(1, sizeof(*made));

	*stream = made;
	if (!made)
		return cli_fail("buffers", COFFER_E_NO_MEMORY);
	made->in_path = in_path;
	made->out_path = out_path;
	made->in = made->output.fd = -1;
	return open_both(made);
}

void cli_stream_close(struct cli_stream *stream)
{
	if (!stream)
		return;
	cli_progress_end(&stream->progress);
	for (size_t i = 0; i < PIECES; i++) {
		coffer_task_cancel(stream->pieces[i].task);
		coffer_task_release(&stream->pieces[i].task);
		if (stream->pieces[i].data)
			explicit_bzero(stream->pieces[i].data, PIECE_BYTES);
		free(stream->pieces[i].data);
	}
	if (stream->in >= 0)
		close(stream->in);
	cli_output_drop(&stream->output);
	free(stream);
}
