/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_beside(struct cli_output *output)
{
	mode_t mask = umask(0);

	umask(mask);
	if (asprintf(&output->beside, "%s.XXXXXX", output->path) < 0) {
		output->beside = NULL;
		errno = ENOMEM;
		return -1;
	}
	output->fd = mkstemp(output->beside);
	if (output->fd < 0) {
		free(output->beside);
		output->beside = NULL;
		return -1;
	}
	return fchmod(output->fd, 0666 & ~mask);
}

int cli_output_open(struct cli_output *output, const char *path)
{
	struct stat there;

	*output = (struct cli_output){ .fd = -1, .path = path };
	if (!strcmp(path, "-"))
		output->fd = dup(STDOUT_FILENO);
	else if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		output->fd = open(path, O_WRONLY | O_CLOEXEC);
	else if (open_beside(output))
		return -1;
	return output->fd < 0 ? -1 : 0;
}

int cli_output_commit(struct cli_output *output)
{
	int error = close(output->fd);

	output->fd = -1;
	if (!error && output->beside)
		error = rename(output->beside, output->path);
	if (!error) {
		free(output->beside);
		output->beside = NULL;
	}
	return error;
}

void cli_output_drop(struct cli_output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
	if (output->beside)
		unlink(output->beside);
	free(output->beside);
	output->beside = NULL;
}
