/* SPDX-License-Identifier: Apache-2.0 */
/* coffer: the command line. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"list", cli_list, "the boards that are attached"},
	{"info", cli_info, "what a board is and how it fares"},
	{"certificate", cli_certificate, "a board's certificate chain, as PEM"},
	{"selftest", cli_selftest, "tries link, key exchange and ciphers"},
	{"encrypt", cli_encrypt, "encrypts a file or pipe on the board"},
	{"decrypt", cli_decrypt, "decrypts a file or pipe on the board"},
	{"film", cli_film, "decrypts an MP4 (Common Encryption) on the board"},
	{"bench", cli_bench, "measures the board, in its own time"},
	{"provision", cli_provision, "makes a board's identity"},
};

static void usage(FILE *to)
{
	fputs("Usage: coffer COMMAND [OPTION]... [ARGUMENT]...\n\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].what);
	fputs("\n`coffer COMMAND --help` tells a command's options; `coffer --version` the version.\n", to);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return cli_finish(CLI_OK);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("coffer %s\n", coffer_version());
		return cli_finish(CLI_OK);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return cli_finish(commands[i].run(argc - 1, argv + 1));
	return cli_error(CLI_USAGE, "no command '%s': see coffer --help", argv[1]);
}
