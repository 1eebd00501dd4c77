/* SPDX-License-Identifier: Apache-2.0 */
/* A file or pipe through the board, several pieces under way at once. */
#ifndef COFFER_STREAM_H
#define COFFER_STREAM_H

#include "cli.h"

struct cli_stream;

/* Opens both ends; "-" is standard input or output. Where out_path names a file, it appears there whole, at the end, or not at
 * all. From here to the end SIGINT and SIGTERM only end the stream; cli_stream_close hands them on. Returns an exit code,
 * after having said what is wrong. */
int cli_stream_open(struct cli_stream **stream, const char *in_path, const char *out_path);

/* Runs everything through jobs like `job`, with slot, mode, rule, direction and start filled in. As cli_stream_open. */
int cli_stream_run(struct cli_stream *stream, coffer_context *context, const struct coffer_job_desc *job);

/* Accepts NULL. Does not return after a signal. */
void cli_stream_close(struct cli_stream *stream);

#endif
