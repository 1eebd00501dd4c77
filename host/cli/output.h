/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output file that appears whole or not at all, even where a signal ends the process. One at a time in a process.
 */
#ifndef COFFER_OUTPUT_H
#define COFFER_OUTPUT_H

struct cli_output {
	int fd;
	const char *path;
	char *place;  /* what is replaced at the end: `path`, or the file that it links to */
	char *beside; /* what is written meanwhile; NULL where there is nothing to rename: pipes, devices */
};

/* `path` "-" is standard output. 0, or -1 with errno. */
int cli_output_open(struct cli_output *output, const char *path);
/* Puts it into its place. 0, or -1 with errno: then nothing is there. */
int cli_output_commit(struct cli_output *output);
/* Removes what has not been committed. */
void cli_output_drop(struct cli_output *output);

#endif
