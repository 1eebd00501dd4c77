/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer film: starts coffer-film, which links libavformat, so that this program need not.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int cli_film(int argc, char **argv)
{
	static const char *const places[] = {"%s/coffer-film", "%s/../libexec/coffer/coffer-film"};
	char here[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);

	(void)argc;
	if (n < 0)
		return cli_error(CLI_FAILED, "/proc/self/exe: %s", strerror(errno));
	here[n] = 0;
	*strrchr(here, '/') = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), places[i], here);
		execv(path, argv);
		if (errno != ENOENT)
			return cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	}
	return cli_error(CLI_FAILED, "coffer-film is not installed: it is built where libavformat's headers are");
}
