/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer-film: `coffer film` without the part that links libav, which starts this.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/log.h>

#include "cli.h"
#include "decryptor.h"
#include "keys.h"
#include "remux.h"
#include "samples.h"

#define MAX_UNDER_WAY 64u
#define MAX_BYTES_UNDER_WAY (1u << 21)

static const char usage[] =
"Usage: coffer film IN.mp4 OUT.mp4 (--key KID:KEY... | --key-file FILE) [--protected] [--json]\n"
"                   [--serial SERIAL] [--root CERT]\n"
"Decrypt a film (MP4, Common Encryption, scheme cenc) on a board.\n"
"\n"
"  --key KID:KEY    a content key and its id, 32 hexadecimal digits each; may be repeated\n"
"  --key-file FILE  one KID:KEY a line, which other users of this machine cannot see\n"
"  --protected      through a protected session: into a surface, out again by encrypted read-back\n"
"  --json           print what was done as JSON\n"
"  --serial SERIAL  the board; default: the first one with a free context\n"
"  --root CERT      trusted root, PEM; default: $COFFER_ROOT, then the installed one\n";

struct options {
	const char *in, *out, *serial, *root;
	struct film_keys keys;
	bool protected, json;
};

/* A packet on its way through the board, or one that waits behind such. */
struct entry {
	AVPacket *packet;
	struct work work;
	uint64_t bytes;
	char what[64];
};

struct film {
	struct options options;
	struct film_samples samples;
	struct cli_board board;
	struct decryptor *decryptor;
	struct remux remux;
	struct entry ring[MAX_UNDER_WAY];
	size_t head, under_way;
	uint64_t bytes_under_way;
	uint64_t packets, encrypted, bytes;
	struct cli_progress progress;
};

/* ---- options ------------------------------------------------------------------------------------------ */

static int parse_option(struct options *o, int c, char **argv)
{
	switch (c) {
	case 'k':
		return film_keys_add(&o->keys, optarg);
	case 'f':
		return film_keys_read(&o->keys, optarg);
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
		exit(CLI_OK);
	default:
		return cli_bad_option(argv, c);
	}
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"key", required_argument, NULL, 'k'},    {"key-file", required_argument, NULL, 'f'},
		{"protected", no_argument, NULL, 'p'},    {"json", no_argument, NULL, 'j'},
		{"serial", required_argument, NULL, 's'}, {"root", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},         {0},
	};
	int c, ret = CLI_OK;

	while (!ret && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1)
		ret = parse_option(o, c, argv);
	if (ret)
		return ret;
	if (argc - optind != 2)
		return cli_error(CLI_USAGE, "film: wants IN.mp4 and OUT.mp4");
	if (!o->keys.count)
		return cli_error(CLI_USAGE, "film: no key: give --key or --key-file");
	o->in = argv[optind];
	o->out = argv[optind + 1];
	return CLI_OK;
}

/* ---- what can be told before a board is asked ------------------------------------------------------------ */

static bool has_encrypted_bytes(const struct track *track, const struct sample *sample)
{
	if (!track->protections[sample->protection].protected || !sample->size)
		return false;
	for (uint32_t i = 0; i < sample->pairs; i++)
		if (track->pairs[sample->first_pair + i].encrypted)
			return true;
	return !sample->pairs;
}

static int check_sample(const struct film *film, const struct track *track, size_t number)
{
	const struct sample *sample = &track->samples[number];
	const struct protection *protection = &track->protections[sample->protection];
	uint64_t sum = 0;
	char kid[33];

	if (!protection->protected)
		return CLI_OK;
	for (uint32_t i = 0; i < sample->pairs; i++)
		sum += (uint64_t)track->pairs[sample->first_pair + i].clear +
		       track->pairs[sample->first_pair + i].encrypted;
	if (sample->pairs && sum != sample->size)
		return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: its subsamples are %llu bytes, it has %u",
				 track->id, number + 1, (unsigned long long)sum, sample->size);
	if (!has_encrypted_bytes(track, sample) || film_keys_find(&film->options.keys, protection->kid))
		return CLI_OK;
	film_kid_text(protection->kid, kid);
	return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: no key for id %s", track->id, number + 1, kid);
}

static int read_tables(struct film *film)
{
	int fd = open(film->options.in, O_RDONLY | O_CLOEXEC);
	bool protected = false;
	int ret;

	if (fd < 0)
		return cli_error(CLI_FAILED, "%s: %s", film->options.in, strerror(errno));
	ret = film_samples_read(&film->samples, fd);
	close(fd);
	if (ret)
		return cli_error(CLI_BAD_INPUT, "%s: %s", film->options.in, film->samples.error);
	for (size_t t = 0; t < film->samples.track_count; t++) {
		const struct track *track = &film->samples.tracks[t];

		protected |= track_is_protected(track);
		for (size_t i = 0; i < track->sample_count; i++)
			if (check_sample(film, track, i))
				return CLI_BAD_INPUT;
	}
	return protected ? CLI_OK : cli_error(CLI_BAD_INPUT, "%s: it is not encrypted", film->options.in);
}

static uint64_t all_packets(const struct film *film)
{
	uint64_t sum = 0;

	for (size_t t = 0; t < film->samples.track_count; t++)
		sum += film->samples.tracks[t].sample_count;
	return sum;
}

/* ---- through the board, in order --------------------------------------------------------------------- */

/* Takes the oldest packet out of the ring into the output. */
static int finish_oldest(struct film *film)
{
	struct entry *entry = &film->ring[film->head];
	int ret = decryptor_finish(film->decryptor, &entry->work, entry->what);

	if (!ret)
		ret = remux_write(&film->remux, entry->packet);
	av_packet_free(&entry->packet);
	film->bytes_under_way -= entry->bytes;
	film->head = (film->head + 1) % MAX_UNDER_WAY;
	film->under_way--;
	cli_progress_show(&film->progress, ++film->packets);
	return ret;
}

static int start_packet(struct film *film, struct entry *entry, const struct track *track, size_t number)
{
	const struct sample *sample = track && number < track->sample_count ? &track->samples[number] : NULL;
	const struct film_key *key;

	film->bytes += (uint64_t)entry->packet->size;
	if (!sample || !has_encrypted_bytes(track, sample))
		return CLI_OK;
	snprintf(entry->what, sizeof(entry->what), "track %u, sample %zu", track->id, number + 1);
	if (av_packet_make_writable(entry->packet) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	key = film_keys_find(&film->options.keys, track->protections[sample->protection].kid);
	film->encrypted++;
	return decryptor_start(film->decryptor, key, track, sample, entry->packet->data, &entry->work, entry->what);
}

/* Reads one packet and sets it going. */
static int start_next(struct film *film, bool *end)
{
	struct entry *entry = &film->ring[(film->head + film->under_way) % MAX_UNDER_WAY];
	struct track *track;
	size_t number;
	int ret;

	*entry = (struct entry){.packet = av_packet_alloc()};
	if (!entry->packet)
		return cli_error(CLI_FAILED, "out of memory");
	ret = remux_read(&film->remux, entry->packet, &track, &number, end);
	if (ret || *end) {
		av_packet_free(&entry->packet);
		return ret;
	}
	film->under_way++;
	entry->bytes = (uint64_t)entry->packet->size;
	film->bytes_under_way += entry->bytes;
	return start_packet(film, entry, track, number);
}

static int run(struct film *film)
{
	bool end = false;
	int ret = CLI_OK;

	cli_progress_start(&film->progress, all_packets(film));
	while (!ret && !end) {
		ret = start_next(film, &end);
		while (!ret && film->under_way &&
		       (end || film->under_way == MAX_UNDER_WAY || film->bytes_under_way > MAX_BYTES_UNDER_WAY))
			ret = finish_oldest(film);
	}
	cli_progress_end(&film->progress);
	return ret ? ret : remux_finish(&film->remux);
}

/* After an error: the library lets go of the packets before they are freed. */
static void abandon(struct film *film)
{
	for (size_t i = 0; i < film->under_way; i++) {
		struct entry *entry = &film->ring[(film->head + i) % MAX_UNDER_WAY];

		decryptor_abandon(film->decryptor, &entry->work);
		av_packet_free(&entry->packet);
	}
}

/* ---- what was done ---------------------------------------------------------------------------------------- */

static void report(const struct film *film, double seconds)
{
	const struct decryptor_stats *s = decryptor_stats(film->decryptor);
	uint64_t cycles = s->last_cycle - s->first_cycle;
	double rate = cycles ? (double)s->bytes / (double)cycles : 0;

	if (!film->options.json) {
		printf("%s: %llu samples, %llu of them decrypted on %s: %llu bytes in %.3f s of board time (%.1f MB/s), "
		       "%.1f s in all\n", film->options.out, (unsigned long long)film->packets,
		       (unsigned long long)film->encrypted, coffer_context_serial(film->board.context),
		       (unsigned long long)s->bytes, (double)cycles / 60e6, rate * 60, seconds);
		return;
	}
	printf("{\"serial\":\"%s\",\"protected\":%s,\"samples\":%llu,\"encrypted_samples\":%llu,\"bytes\":%llu,"
	       "\"board_bytes\":%llu,\"board_cycles\":%llu,\"bytes_per_cycle\":%.4f,\"negotiations\":%u,"
	       "\"negotiate_cycles\":%llu,\"tasks\":%llu,\"wall_seconds\":%.3f}\n",
	       coffer_context_serial(film->board.context), film->options.protected ? "true" : "false",
	       (unsigned long long)film->packets, (unsigned long long)film->encrypted, (unsigned long long)film->bytes,
	       (unsigned long long)s->bytes, (unsigned long long)cycles, rate, s->negotiations,
	       (unsigned long long)s->negotiate_cycles, (unsigned long long)s->tasks, seconds);
}

static double now(void)
{
	const struct timespec t = coffer_deadline(0);

	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int film_run(struct film *film)
{
	double begin = now();
	int ret = read_tables(film);

	if (!ret)
		ret = remux_open(&film->remux, film->options.in, film->options.out, &film->samples);
	if (!ret)
		ret = cli_open(&film->board, film->options.serial);
	if (!ret)
		ret = cli_trust(&film->board, film->options.root);
	if (!ret)
		ret = decryptor_open(&film->decryptor, &film->board, &film->options.keys, film->options.protected);
	if (!ret)
		ret = run(film);
	if (!ret)
		report(film, now() - begin);
	return ret;
}

int main(int argc, char **argv)
{
	static struct film film = {.remux.file.fd = -1};
	int ret;

	argv[0] = "film";
	av_log_set_level(AV_LOG_FATAL);
	ret = parse(argc, argv, &film.options);
	if (!ret)
		ret = film_run(&film);
	abandon(&film);
	decryptor_close(&film.decryptor);
	cli_close(&film.board);
	remux_close(&film.remux);
	film_samples_free(&film.samples);
	film_keys_free(&film.options.keys);
	return ret;
}
