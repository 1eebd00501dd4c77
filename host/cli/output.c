/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- signals: a process that is ended leaves nothing half done behind -------------------------------------- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static const char *volatile unfinished; /* what is to be removed */

/* Nothing but what a handler may call: whatever the program waits for, it ends at once. */
static void remove_and_end(int number)
{
	if (unfinished)
		unlink((const char *)unfinished);
	signal(number, SIG_DFL);
	raise(number);
}

static void catch_signals(void)
{
	struct sigaction ours = {.sa_handler = remove_and_end}, before;

	sigfillset(&ours.sa_mask);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(ends[i], &ours, NULL);
}

/* mkstemp, but no signal comes between the file and the note of it. */
static int make(char *template)
{
	sigset_t all, before;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fd = mkostemp(template, O_CLOEXEC);
	if (fd >= 0)
		unfinished = template;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

/* ---- files ----------------------------------------------------------------------------------------------- */

static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Beside the file that is to be replaced, which keeps its mode, or beside the one that a link points to. */
static int open_beside(struct cli_output *output, const struct stat *there)
{
	if (there && access(output->path, W_OK))
		return -1;
	output->place = there ? realpath(output->path, NULL) : strdup(output->path);
	if (!output->place)
		return -1;
	if (asprintf(&output->beside, "%s.XXXXXX", output->place) < 0) {
		output->beside = NULL;
		errno = ENOMEM;
		return -1;
	}
	catch_signals();
	output->fd = make(output->beside);
	if (output->fd < 0) {
		free(output->beside);
		output->beside = NULL;
		return -1;
	}
	return fchmod(output->fd, there ? there->st_mode & 0777 : usual_mode());
}

int cli_output_open(struct cli_output *output, const char *path)
{
	struct stat there;
	bool exists = stat(path, &there) == 0;

	*output = (struct cli_output){.fd = -1, .path = path};
	if (!strcmp(path, "-"))
		output->fd = dup(STDOUT_FILENO);
	else if (exists && !S_ISREG(there.st_mode))
		output->fd = open(path, O_WRONLY | O_CLOEXEC);
	else if (open_beside(output, exists ? &there : NULL))
		return -1;
	return output->fd < 0 ? -1 : 0;
}

static void forget(struct cli_output *output)
{
	unfinished = NULL;
	free(output->beside);
	free(output->place);
	output->beside = output->place = NULL;
}

int cli_output_commit(struct cli_output *output)
{
	int error = close(output->fd);

	output->fd = -1;
	if (!error && output->beside)
		error = rename(output->beside, output->place);
	if (!error)
		forget(output);
	return error;
}

void cli_output_drop(struct cli_output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
	if (output->beside)
		unlink(output->beside);
	forget(output);
}
