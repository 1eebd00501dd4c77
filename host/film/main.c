/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer-film: `coffer film` without the part that links libav, which starts this.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <libavutil/log.h>

#include "cli.h"
#include "film.h"

static const char usage[] =
	"Usage: coffer film IN.mp4 OUT.mp4 (--key KID:KEY... | --key-file FILE) [--protected] [--json]\n"
	"                   [--serial SERIAL] [--root CERT]\n"
	"Decrypt a film (MP4, Common Encryption: schemes cenc, cens, cbc1 and cbcs) on a board.\n"
	"\n"
	"  --key KID:KEY    a content key and its id, 32 hexadecimal digits each; may be repeated\n"
	"  --key-file FILE  one KID:KEY a line, which other users of this machine cannot see\n"
	"  --protected      through a protected session: into a surface, out again by encrypted read-back\n"
	"  --json           print what was done as JSON\n"
	"  --serial SERIAL  the board; default: the first one with a free context\n"
	"  --root CERT      trusted root, PEM; default: $COFFER_ROOT, then the installed one\n";

struct options {
	const char *serial, *root;
	bool protected, json;
};

/* ---- options ------------------------------------------------------------------------------------------ */

static int parse_option(struct options *o, struct film_keys *keys, int c, char **argv)
{
	switch (c) {
	case 'k':
		return film_keys_add(keys, optarg);
	case 'f':
		return film_keys_read(keys, optarg);
	case 'p':
		o->protected = true;
		return CLI_OK;
	case 'j':
		o->json = true;
		return CLI_OK;
	case 's':
		o->serial = optarg;
		return CLI_OK;
	case 'r':
		o->root = optarg;
		return CLI_OK;
	case 'h':
		fputs(usage, stdout);
		exit(cli_finish(CLI_OK));
	default:
		return cli_bad_option(argv, c);
	}
}

static int parse(int argc, char **argv, struct options *o, struct film *film)
{
	static const struct option longs[] = {
		{"key", required_argument, NULL, 'k'},    {"key-file", required_argument, NULL, 'f'},
		{"protected", no_argument, NULL, 'p'},    {"json", no_argument, NULL, 'j'},
		{"serial", required_argument, NULL, 's'}, {"root", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},         {0},
	};
	int c, ret = CLI_OK;

	while (!ret && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1)
		ret = parse_option(o, &film->keys, c, argv);
	if (ret)
		return ret;
	if (argc - optind != 2)
		return cli_error(CLI_USAGE, "film: wants IN.mp4 and OUT.mp4");
	if (!film->keys.count)
		return cli_error(CLI_USAGE, "film: no key: give --key or --key-file");
	film->in = argv[optind];
	film->out = argv[optind + 1];
	return CLI_OK;
}

/* ---- what was done ---------------------------------------------------------------------------------------- */

static void report(const struct options *o, const struct film *film, const char *serial, double seconds)
{
	const struct decryptor_stats *s = decryptor_stats(film->decryptor);
	uint64_t cycles = s->last_cycle - s->first_cycle;
	double rate = cycles ? (double)s->bytes / (double)cycles : 0;

	if (!o->json) {
		printf("%s: %llu samples, %llu of them decrypted on %s: %llu bytes in %.3f s of board time (%.1f MB/s), "
		       "%.1f s in all\n",
		       film->out, (unsigned long long)film->packets, (unsigned long long)film->encrypted, serial,
		       (unsigned long long)s->bytes, (double)cycles / 60e6, rate * 60, seconds);
		return;
	}
	printf("{\"serial\":\"%s\",\"protected\":%s,\"samples\":%llu,\"encrypted_samples\":%llu,\"bytes\":%llu,"
	       "\"board_bytes\":%llu,\"board_cycles\":%llu,\"bytes_per_cycle\":%.4f,\"negotiations\":%u,"
	       "\"negotiate_cycles\":%llu,\"tasks\":%llu,\"wall_seconds\":%.3f}\n",
	       serial, o->protected ? "true" : "false", (unsigned long long)film->packets,
	       (unsigned long long)film->encrypted, (unsigned long long)film->bytes, (unsigned long long)s->bytes,
	       (unsigned long long)cycles, rate, s->negotiations, (unsigned long long)s->negotiate_cycles,
	       (unsigned long long)s->tasks, seconds);
}

static double now(void)
{
	const struct timespec t = coffer_deadline(0);

	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(const struct options *o, struct film *film, struct cli_board *board)
{
	double begin = now();
	int ret = film_prepare(film);

	if (!ret)
		ret = cli_open(board, o->serial);
	if (!ret)
		ret = cli_trust(board, o->root);
	if (!ret)
		ret = decryptor_open(&film->decryptor, board, &film->keys, o->protected);
	if (!ret)
		ret = film_run(film);
	if (!ret)
		report(o, film, coffer_context_serial(board->context), now() - begin);
	return ret;
}

int main(int argc, char **argv)
{
	static struct film film;
	struct options options = {0};
	struct cli_board board = {0};
	int ret;

	argv[0] = "film";
	av_log_set_level(AV_LOG_FATAL);
	ret = parse(argc, argv, &options, &film);
	if (!ret) {
		ret = run(&options, &film, &board);
		decryptor_close(&film.decryptor);
		cli_close(&board);
	}
	film_close(&film);
	return cli_finish(ret);
}
