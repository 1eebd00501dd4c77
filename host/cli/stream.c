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

#define PIECES 8
#define PIECE_BYTES 262144u
#define LOOK_UP_MS 200 /* how long an interrupt may go unnoticed */

struct piece {
	uint8_t *data;
	size_t bytes;
	coffer_task *task;
};

struct run {
	coffer_context *context;
	struct cli_stream *stream;
	struct cli_output output;
	struct cli_progress progress;
	struct piece pieces[PIECES];
	size_t under_way;
	uint64_t done;
	int in;
	bool ended; /* the input has */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	interrupted = signal;
}

/* As many bytes as there are, up to `most`; -1 with errno. */
static ssize_t read_whole(int fd, uint8_t *data, size_t most)
{
	size_t got = 0;

	while (got < most && !interrupted) {
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
	while (bytes && !interrupted) {
		ssize_t one = write(fd, data, bytes);

		if (one < 0 && errno != EINTR)
			return -1;
		data += one > 0 ? one : 0;
		bytes -= one > 0 ? (size_t)one : 0;
	}
	return 0;
}

static int start_piece(struct run *run, struct piece *piece)
{
	struct coffer_job_desc *job = &run->stream->job;
	ssize_t got = read_whole(run->in, piece->data, PIECE_BYTES);
	int error;

	if (got < 0)
		return cli_error(CLI_BAD_INPUT, "%s: %s", run->stream->in_path, strerror(errno));
	run->ended = got < PIECE_BYTES;
	if (!got)
		return CLI_OK;
	piece->bytes = (size_t)got;
	job->src = job->dst = piece->data;
	job->length = piece->bytes;
	error = coffer_submit(run->context, job, NULL, NULL, &piece->task);
	if (error)
		return cli_fail("job", error);
	coffer_position_advance(&job->start, job->counter_rule, piece->bytes);
	run->under_way++;
	return CLI_OK;
}

static int finish_piece(struct run *run, struct piece *piece)
{
	struct coffer_outcome outcome;
	int error = COFFER_E_TIMEOUT;

	while (error == COFFER_E_TIMEOUT && !interrupted) {
		struct timespec soon = coffer_deadline(LOOK_UP_MS);

		error = coffer_task_wait(piece->task, &soon, &outcome);
	}
	if (interrupted)
		return CLI_FAILED;
	if (error)
		return cli_job_fail("job", &outcome);
	coffer_task_release(&piece->task);
	run->under_way--;
	if (write_whole(run->output.fd, piece->data, piece->bytes))
		return cli_error(CLI_FAILED, "%s: %s", run->stream->out_path, strerror(errno));
	run->done += piece->bytes;
	cli_progress_show(&run->progress, run->done);
	return CLI_OK;
}

/* Pieces go round: the oldest is finished before its place is filled again. */
static int pump(struct run *run)
{
	int code = CLI_OK;
	size_t next = 0;

	while (!code && !interrupted && (!run->ended || run->under_way)) {
		struct piece *piece = &run->pieces[next++ % PIECES];

		if (piece->task)
			code = finish_piece(run, piece);
		if (!code && !run->ended)
			code = start_piece(run, piece);
	}
	return interrupted ? CLI_FAILED : code;
}

static int open_input(struct run *run)
{
	const char *path = run->stream->in_path;
	struct stat file;

	run->in = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (run->in < 0 || fstat(run->in, &file))
		return cli_error(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
	if (S_ISDIR(file.st_mode))
		return cli_error(CLI_BAD_INPUT, "%s: is a directory", path);
	cli_progress_start(&run->progress, S_ISREG(file.st_mode) ? (uint64_t)file.st_size : 0);
	return CLI_OK;
}

static int open_both(struct run *run)
{
	int code = open_input(run);

	if (!code && cli_output_open(&run->output, run->stream->out_path))
		code = cli_error(CLI_FAILED, "%s: %s", run->stream->out_path, strerror(errno));
	for (size_t i = 0; i < PIECES && !code; i++) {
		run->pieces[i].data = malloc(PIECE_BYTES);
		if (!run->pieces[i].data)
			code = cli_fail("buffers", COFFER_E_NO_MEMORY);
	}
	return code;
}

static void drop(struct run *run)
{
	cli_progress_end(&run->progress);
	for (size_t i = 0; i < PIECES; i++) {
		coffer_task_cancel(run->pieces[i].task);
		coffer_task_release(&run->pieces[i].task);
		if (run->pieces[i].data)
			explicit_bzero(run->pieces[i].data, PIECE_BYTES);
		free(run->pieces[i].data);
	}
	if (run->in >= 0)
		close(run->in);
	cli_output_drop(&run->output);
}

int cli_stream_run(coffer_context *context, struct cli_stream *stream)
{
	const struct sigaction notice = { .sa_handler = interrupt };
	struct run run = { .context = context, .stream = stream, .in = -1, .output.fd = -1 };
	struct sigaction before[2];
	int code;

	sigaction(SIGINT, &notice, &before[0]);
	sigaction(SIGTERM, &notice, &before[1]);
	code = open_both(&run);
	if (!code)
		code = pump(&run);
	cli_progress_end(&run.progress);
	if (!code && cli_output_commit(&run.output))
		code = cli_error(CLI_FAILED, "%s: %s", stream->out_path, strerror(errno));
	drop(&run);
	sigaction(SIGINT, &before[0], NULL);
	sigaction(SIGTERM, &before[1], NULL);
	return code;
}
