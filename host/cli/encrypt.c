/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer encrypt, coffer decrypt: a file or pipe through AES-CTR on the board, the same bytes as `openssl enc -aes-128-ctr`
 * (-192-, -256-) gives. The key goes to the board sealed, after its certificate was checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

static const char usage[] =
	"Usage: coffer %s (--key HEX | --key-file FILE) --iv HEX [OPTION]... IN OUT\n"
	"AES in counter mode on the board: the same bytes as `openssl enc -aes-128-ctr -K KEY -iv IV`.\n"
	"IN and OUT may be - for standard input and output. OUT appears whole or not at all.\n"
	"\n"
	"  --key HEX        16, 24 or 32 bytes; other users see it in the process list\n"
	"  --key-file FILE  the same, in a file; - is standard input\n"
	"  --iv HEX         16 bytes: the first counter block\n"
	"  --aes ctr        the mode; there is one\n"
	"  --serial S       this board\n"
	"  --root FILE      the certificate of the root to trust (PEM); else COFFER_ROOT, else the installed one\n";

struct options {
	const char *key, *key_file, *iv, *mode, *serial, *root;
	uint8_t key_bytes[32];
	int key_length;
	const char *in_path, *out_path;
	struct coffer_job_desc job;
};

enum { HELP_SHOWN = -1 };

static int read_key_file(struct options *options)
{
	char text[256];
	size_t got = 0;
	ssize_t one = 1;
	int code = CLI_OK;
	int fd = strcmp(options->key_file, "-") ? open(options->key_file, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);

	if (fd < 0)
		return cli_error(CLI_BAD_INPUT, "%s: %s", options->key_file, strerror(errno));
	while (one && got < sizeof(text) - 1) {
		one = read(fd, text + got, sizeof(text) - 1 - got);
		if (one < 0 && errno != EINTR)
			break;
		got += one > 0 ? (size_t)one : 0;
	}
	if (one < 0)
		code = cli_error(CLI_BAD_INPUT, "%s: %s", options->key_file, strerror(errno));
	close(fd);
	text[got] = '\0';
	options->key_length = strlen(text) == got ? cli_hex(text, options->key_bytes, sizeof(options->key_bytes)) : -1;
	explicit_bzero(text, sizeof(text));
	return code;
}

static int check(struct options *options)
{
	int code = CLI_OK;

	if (options->mode && strcmp(options->mode, "ctr"))
		return cli_error(CLI_USAGE, "no mode '%s': the only one is ctr", options->mode);
	if (!options->key == !options->key_file)
		return cli_error(CLI_USAGE, "give either --key or --key-file");
	if (options->key_file)
		code = read_key_file(options);
	else
		options->key_length = cli_hex(options->key, options->key_bytes, sizeof(options->key_bytes));
	if (code)
		return code;
	if (options->key_length != 16 && options->key_length != 24 && options->key_length != 32)
		return cli_error(options->key_file ? CLI_BAD_INPUT : CLI_USAGE,
				 "%s: a key is 32, 48 or 64 hexadecimal digits",
				 options->key_file ? options->key_file : "--key");
	if (!options->iv || cli_hex(options->iv, options->job.start.iv, 16) != 16)
		return cli_error(CLI_USAGE, "--iv wants 32 hexadecimal digits");
	return CLI_OK;
}

static int parse(int argc, char **argv, struct options *options)
{
	enum { KEY = 256, KEY_FILE, IV, AES, SERIAL, ROOT };
	static const struct option longs[] = {{"key", required_argument, NULL, KEY},
					      {"key-file", required_argument, NULL, KEY_FILE},
					      {"iv", required_argument, NULL, IV},
					      {"aes", required_argument, NULL, AES},
					      {"serial", required_argument, NULL, SERIAL},
					      {"root", required_argument, NULL, ROOT},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	const char **texts[] = {&options->key,  &options->key_file, &options->iv,
				&options->mode, &options->serial,   &options->root};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (option == 'h') {
			printf(usage, argv[0]);
			return HELP_SHOWN;
		}
		if (option < KEY || option > ROOT)
			return cli_bad_option(argv, option);
		*texts[option - KEY] = optarg;
	}
	if (argc - optind != 2)
		return cli_error(CLI_USAGE, "%s wants two arguments: IN and OUT", argv[0]);
	options->in_path = argv[optind];
	options->out_path = argv[optind + 1];
	return check(options);
}

static int run(struct options *options, bool encrypt)
{
	struct coffer_job_desc *job = &options->job;
	struct cli_board board = {0};
	coffer_session *session = NULL;
	struct cli_stream *stream;
	int code = cli_stream_open(&stream, options->in_path, options->out_path);

	if (!code)
		code = cli_open(&board, options->serial);
	if (!code)
		code = cli_trust(&board, options->root);
	if (!code)
		code = cli_open_session(&board, COFFER_USE_CTR | (encrypt ? COFFER_USE_ENCRYPT : COFFER_USE_DECRYPT),
					options->key_bytes, (size_t)options->key_length, &session, NULL);
	explicit_bzero(options->key_bytes, sizeof(options->key_bytes));
	if (!code) {
		job->op = COFFER_OP_CRYPT;
		job->mode = COFFER_MODE_CTR;
		job->counter_rule = COFFER_CTR_CARRY128;
		job->encrypt = encrypt;
		job->slot = coffer_session_slot(session, COFFER_KEY_SESSION);
		code = cli_stream_run(stream, board.context, job);
	}
	coffer_session_destroy(&session, NULL);
	cli_close(&board);
	cli_stream_close(stream);
	return code;
}

static int crypt_file(int argc, char **argv, bool encrypt)
{
	struct options options = {0};
	int code = parse(argc, argv, &options);

	if (!code)
		code = run(&options, encrypt);
	explicit_bzero(&options, sizeof(options));
	return code == HELP_SHOWN ? CLI_OK : code;
}

int cli_encrypt(int argc, char **argv)
{
	return crypt_file(argc, argv, true);
}

int cli_decrypt(int argc, char **argv)
{
	return crypt_file(argc, argv, false);
}
