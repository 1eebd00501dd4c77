/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

int cli_error(enum cli_exit code, const char *format, ...)
{
	va_list arguments;

	fputs("coffer: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return code;
}

static enum cli_exit exit_of(int error)
{
	switch (error) {
	case 0:
		return CLI_OK;
	case COFFER_E_NO_BOARD:
		return CLI_NO_BOARD;
	case COFFER_E_ACCESS:
		return CLI_NO_PERMISSION;
	case COFFER_E_BUSY:
		return CLI_BUSY;
	case COFFER_E_REMOVED:
	case COFFER_E_LOST:
		return CLI_LOST;
	case COFFER_E_UNTRUSTED:
		return CLI_UNTRUSTED;
	default:
		return CLI_FAILED;
	}
}

int cli_fail(const char *what, int error)
{
	return cli_error(exit_of(error), "%s: %s", what, coffer_error_text(error));
}

int cli_job_fail(const char *what, const struct coffer_outcome *outcome)
{
	if (outcome->error != COFFER_E_REFUSED)
		return cli_fail(what, outcome->error);
	return cli_error(CLI_FAILED, "%s: %s: %s", what, coffer_error_text(outcome->error),
			 coffer_job_status_text(outcome->status));
}

int cli_finish(int code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	return code ? code : cli_error(CLI_FAILED, "standard output: %s", strerror(errno));
}

int cli_bad_option(char **argv, int answer)
{
	const char *option = argv[optind - 1];

	return cli_error(CLI_USAGE, answer == ':' ? "%s: option '%s' wants a value" : "%s: no option '%s'", argv[0],
			 option);
}

/* What the library has to say beyond an error code, versions of the protocol for one. */
static void show_log(void *arg, enum coffer_log_level level, const char *message)
{
	(void)arg;
	(void)level;
	fprintf(stderr, "coffer: %s\n", message);
}

int cli_open(struct cli_board *board, const char *serial)
{
	const struct coffer_options options = {.size = sizeof(options), .log = show_log};
	int error = coffer_init(&board->library, &options);

	if (error)
		return cli_fail("libcoffer", error);
	error = coffer_open(board->library, serial, -1, NULL, &board->context);
	return error ? cli_fail(serial ? serial : "open", error) : CLI_OK;
}

int cli_trust(struct cli_board *board, const char *root)
{
	enum coffer_trust reason = COFFER_TRUSTED;
	const char *variable = getenv("COFFER_ROOT");
	const char *named = root ? root : variable && *variable ? variable : NULL;
	coffer_roots *roots;
	int error = coffer_roots_load(&roots, root, &reason);

	if (!error) {
		if (coffer_roots_virtual(roots))
			fputs("coffer: the root is one of virtual boards: their keys protect nothing\n", stderr);
		error = coffer_trust_board(board->context, roots, COFFER_CHAIN_RSA, NULL, &board->key, &reason);
		coffer_roots_free(&roots);
	}
	if (error == COFFER_E_UNTRUSTED && reason == COFFER_TRUST_BAD_ROOT)
		return cli_error(CLI_UNTRUSTED, "%s: %s", named ? named : "the installed root",
				 coffer_trust_text(reason));
	if (error == COFFER_E_UNTRUSTED)
		return cli_error(CLI_UNTRUSTED, "the board is not trusted: %s", coffer_trust_text(reason));
	return error ? cli_fail("certificate", error) : CLI_OK;
}

void cli_close(struct cli_board *board)
{
	coffer_public_key_free(&board->key);
	coffer_close(&board->context);
	coffer_exit(&board->library);
}

int cli_open_session(struct cli_board *board, uint8_t usage, const uint8_t *key, size_t key_bytes,
		     coffer_session **session, struct coffer_outcome *outcome)
{
	uint8_t blob[COFFER_BLOB_BYTES];
	int error = coffer_seal_open_key(board->key, usage, 0, key, key_bytes, blob);

	if (error)
		return cli_fail("sealing the key", error);
	error = coffer_session_create(board->context, COFFER_SESSION_OPEN, NULL, session);
	if (error)
		return cli_fail("session", error);
	error = coffer_negotiate(*session, blob, sizeof(blob), NULL, outcome);
	return error ? cli_fail("key exchange", error) : CLI_OK;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

int cli_hex(const char *text, uint8_t *bytes, size_t most)
{
	size_t count = 0;

	while (*text) {
		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		if (count == most || digit(text[0]) < 0 || digit(text[1]) < 0)
			return -1;
		bytes[count++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
		text += 2;
	}
	return (int)count;
}

/* ---- progress ---- */

static int64_t now_ms(void)
{
	const struct timespec now = coffer_deadline(0);

	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cli_progress_start(struct cli_progress *progress, uint64_t total)
{
	*progress = (struct cli_progress){.total = total, .shown_ms = now_ms(), .on = total && isatty(STDERR_FILENO)};
}

void cli_progress_show(struct cli_progress *progress, uint64_t done)
{
	static const char bar[] = "########################################";
	const int width = (int)sizeof(bar) - 1;
	int filled;

	if (!progress->on || now_ms() - progress->shown_ms < 100)
		return;
	progress->shown_ms = now_ms();
	progress->drawn = true;
	filled = (int)(done * (uint64_t)width / progress->total);
	fprintf(stderr, "\r[%.*s%*s] %3u %%", filled, bar, width - filled, "",
		(unsigned)(done * 100 / progress->total));
}

void cli_progress_end(struct cli_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->on = progress->drawn = false;
}
