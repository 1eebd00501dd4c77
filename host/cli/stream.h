/* SPDX-License-Identifier: Apache-2.0 */
/* A file or pipe through the board, several pieces under way at once. */
#ifndef COFFER_STREAM_H
#define COFFER_STREAM_H

#include <signal.h>

#include "cli.h"

struct cli_stream {
	const char *in_path, *out_path; /* "-": standard input or output */
	struct coffer_job_desc job;     /* slot, mode, rule, direction, start; the data are filled in */
};

/* Runs it. Where out_path names a file, it appears there whole, at the end, or not at all. Returns an exit code, after
 * having said what is wrong. */
int cli_stream_run(coffer_context *context, struct cli_stream *stream);

#endif
