/* SPDX-License-Identifier: Apache-2.0 */
/* coffer certificate: a board's certificate chain, as PEM. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char usage[] = "Usage: coffer certificate [--serial S] [--p256]\n"
			    "A board's certificate chain as PEM, leaf first, root left out. It is not checked.\n"
			    "\n"
			    "  --serial S  this board\n"
			    "  --p256      the chain of the key that signs, not of the one that opens key blobs\n";

static void print_pem(const uint8_t *der, size_t bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	puts("-----BEGIN CERTIFICATE-----");
	for (size_t i = 0; i < bytes; i += 3) {
		uint32_t group = (uint32_t)der[i] << 16 | (i + 1 < bytes ? der[i + 1] << 8 : 0) |
				 (i + 2 < bytes ? der[i + 2] : 0);

		printf("%c%c%c%c", digits[group >> 18], digits[group >> 12 & 63],
		       i + 1 < bytes ? digits[group >> 6 & 63] : '=', i + 2 < bytes ? digits[group & 63] : '=');
		column += 4;
		if (column % 64 == 0 && i + 3 < bytes)
			putchar('\n');
	}
	puts("\n-----END CERTIFICATE-----");
}

/* Bytes of the DER sequence that begins here; 0 if none does. */
static size_t sequence_bytes(const uint8_t *der, size_t bytes)
{
	size_t length = 0, digits;

	if (bytes < 2 || der[0] != 0x30)
		return 0;
	if (der[1] < 0x80)
		return der[1] + 2u <= bytes ? der[1] + 2u : 0;
	digits = der[1] & 0x7f;
	if (!digits || digits > 3 || bytes < 2 + digits)
		return 0;
	for (size_t i = 0; i < digits; i++)
		length = length << 8 | der[2 + i];
	return length <= bytes - 2 - digits ? 2 + digits + length : 0;
}

static int print_chain(const uint8_t *der, size_t bytes)
{
	for (size_t at = 0, one; at < bytes; at += one) {
		one = sequence_bytes(der + at, bytes - at);
		if (!one)
			return cli_error(CLI_FAILED, "the board's chain is no X.509");
		print_pem(der + at, one);
	}
	return CLI_OK;
}

int cli_certificate(int argc, char **argv)
{
	enum { SERIAL = 256, P256 };
	static const struct option longs[] = {{"serial", required_argument, NULL, SERIAL},
					      {"p256", no_argument, NULL, P256},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	enum coffer_chain which = COFFER_CHAIN_RSA;
	struct cli_board board = {0};
	const char *serial = NULL;
	uint8_t *der = NULL;
	size_t bytes;
	int option, error, code;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (option) {
		case SERIAL:
			serial = optarg;
			break;
		case P256:
			which = COFFER_CHAIN_P256;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			return cli_bad_option(argv, option);
		}
	}
	if (optind != argc)
		return cli_error(CLI_USAGE, "certificate takes no arguments");
	code = cli_open(&board, serial);
	if (!code) {
		error = coffer_get_chain(board.context, which, NULL, &der, &bytes);
		code = error ? cli_fail("certificate", error) : print_chain(der, bytes);
	}
	coffer_free(der);
	cli_close(&board);
	return code;
}
