/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of `coffer` share: exit codes, how an error is said, how a board is opened and trusted.
 */
#ifndef COFFER_CLI_H
#define COFFER_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coffer/coffer.h"
#include "coffer/trust.h"

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

/* "coffer: what: text of the error" on standard error; returns the exit code for the error. */
int cli_fail(const char *what, int error);
/* The same for a job: the board's reason, where it refused. */
int cli_job_fail(const char *what, const struct coffer_outcome *outcome);

/* The last call of a program: what it printed must have arrived. Returns the exit code. */
int cli_finish(int code);

/* For a command's parser when getopt_long answered '?' or ':'; returns CLI_USAGE. */
int cli_bad_option(char **argv, int answer);

struct cli_board {
	coffer *library;
	coffer_context *context;
	coffer_public_key *key; /* of cli_trust */
};

/* Opens a context of the board `serial` (NULL: any). Returns an exit code, after having said what is wrong;
 * cli_close is due whatever it is. */
int cli_open(struct cli_board *board, const char *serial);
/* Checks the board's certificate against the root (NULL: COFFER_ROOT, or the installed one). As cli_open. */
int cli_trust(struct cli_board *board, const char *root);
void cli_close(struct cli_board *board);

/* Bytes of hexadecimal text; blanks between bytes are skipped. -1: not hexadecimal, or more than `most` bytes. */
int cli_hex(const char *text, uint8_t *bytes, size_t most);

/* An open session with this key in it. Returns an exit code, as cli_open. */
int cli_open_session(struct cli_board *board, uint8_t usage, const uint8_t *key, size_t key_bytes,
		     coffer_session **session, struct coffer_outcome *outcome);

/* A bar on standard error, where that is a terminal. total = 0: not known, nothing is shown. */
struct cli_progress {
	uint64_t total;
	int64_t shown_ms;
	bool on, drawn;
};
void cli_progress_start(struct cli_progress *progress, uint64_t total);
void cli_progress_show(struct cli_progress *progress, uint64_t done);
void cli_progress_end(struct cli_progress *progress);

/* A command: argv[0] is its name. Returns an enum cli_exit. */
int cli_list(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_certificate(int argc, char **argv);
int cli_selftest(int argc, char **argv);
int cli_encrypt(int argc, char **argv);
int cli_decrypt(int argc, char **argv);
int cli_bench(int argc, char **argv);
int cli_provision(int argc, char **argv);
int cli_film(int argc, char **argv);

#endif
