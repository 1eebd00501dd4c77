/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of `coffer` share: exit codes and how an error is said.
 */
#ifndef COFFER_CLI_H
#define COFFER_CLI_H

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_BOARD = 3,
	CLI_NO_PERMISSION = 4,
	CLI_BUSY = 5,
	CLI_LOST = 6, /* removed, or the context was lost */
	CLI_UNTRUSTED = 7,
	CLI_BAD_INPUT = 8,
};

/* "coffer: message" on standard error; returns code. */
int cli_error(enum cli_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A command: argv[0] is its name. Returns an enum cli_exit. */
int cli_provision(int argc, char **argv);
int cli_film(int argc, char **argv);

#endif
