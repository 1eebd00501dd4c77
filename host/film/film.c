/* SPDX-License-Identifier: Apache-2.0 */
#include "film.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "box.h"

#define MAX_BYTES_UNDER_WAY (1u << 21)

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

/* What its scheme does not allow of a sample's parameters and subsamples (ISO/IEC 23001-7, 9 and 10), or NULL. */
static const char *scheme_fault(const struct track *track, const struct sample *sample)
{
	const struct protection *p = &track->protections[sample->protection];
	bool cbcs = p->scheme == FOURCC('c', 'b', 'c', 's'), patterns = cbcs || p->scheme == FOURCC('c', 'e', 'n', 's');

	if (p->constant_iv_bytes && !cbcs)
		return "a constant initialization vector, which its scheme does not allow";
	if ((p->crypt_blocks || p->skip_blocks) && !patterns)
		return "a pattern, which its scheme does not allow";
	if (p->skip_blocks && !p->crypt_blocks)
		return "a pattern that encrypts nothing";
	if (sample->pairs && patterns && !p->crypt_blocks)
		return "subsamples, but no pattern";
	for (uint32_t i = 0; i < sample->pairs; i++)
		if (p->scheme == FOURCC('c', 'b', 'c', '1') && track->pairs[sample->first_pair + i].encrypted % 16)
			return "a subsample that is not of whole blocks";
	return NULL;
}

static int check_sample(const struct film *film, const struct track *track, size_t number)
{
	const struct sample *sample = &track->samples[number];
	const struct protection *protection = &track->protections[sample->protection];
	const char *fault;
	uint64_t sum = 0;
	char kid[33];

	if (!protection->protected)
		return CLI_OK;
	fault = scheme_fault(track, sample);
	if (fault)
		return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: %s", track->id, number + 1, fault);
	for (uint32_t i = 0; i < sample->pairs; i++)
		sum += (uint64_t)track->pairs[sample->first_pair + i].clear +
		       track->pairs[sample->first_pair + i].encrypted;
	if (sample->pairs && sum != sample->size)
		return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: its subsamples are %llu bytes, it has %u",
				 track->id, number + 1, (unsigned long long)sum, sample->size);
	if (!has_encrypted_bytes(track, sample) || film_keys_find(&film->keys, protection->kid))
		return CLI_OK;
	film_kid_text(protection->kid, kid);
	return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: no key for id %s", track->id, number + 1, kid);
}

static int read_tables(struct film *film)
{
	bool protected = false;

	if (film_samples_read(&film->samples, film->fd))
		return cli_error(CLI_BAD_INPUT, "%s: %s", film->in, film->samples.error);
	for (size_t t = 0; t < film->samples.track_count; t++) {
		const struct track *track = &film->samples.tracks[t];

		protected |= track_is_protected(track);
		for (size_t i = 0; i < track->sample_count; i++)
			if (check_sample(film, track, i))
				return CLI_BAD_INPUT;
	}
	return protected ? CLI_OK : cli_error(CLI_BAD_INPUT, "%s: it is not encrypted", film->in);
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
	film->head = (film->head + 1) % FILM_MAX_UNDER_WAY;
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
	key = film_keys_find(&film->keys, track->protections[sample->protection].kid);
	film->encrypted++;
	return decryptor_start(film->decryptor, key, track, sample, entry->packet->data, &entry->work, entry->what);
}

/* Reads one packet and sets it going. */
static int start_next(struct film *film, bool *end)
{
	struct entry *entry = &film->ring[(film->head + film->under_way) % FILM_MAX_UNDER_WAY];
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

int film_run(struct film *film)
{
	bool end = false;
	int ret = CLI_OK;

	cli_progress_start(&film->progress, all_packets(film));
	while (!ret && !end) {
		ret = start_next(film, &end);
		while (!ret && film->under_way &&
		       (end || film->under_way == FILM_MAX_UNDER_WAY || film->bytes_under_way > MAX_BYTES_UNDER_WAY))
			ret = finish_oldest(film);
	}
	cli_progress_end(&film->progress);
	return ret ? ret : remux_finish(&film->remux);
}

int film_prepare(struct film *film)
{
	int ret;

	film->fd = open(film->in, O_RDONLY | O_CLOEXEC);
	if (film->fd < 0)
		return cli_error(CLI_BAD_INPUT, "%s: %s", film->in, strerror(errno));
	film->prepared = true;
	film->remux.file.fd = -1;
	ret = read_tables(film);
	return ret ? ret : remux_open(&film->remux, film->fd, film->out, &film->samples);
}

void film_close(struct film *film)
{
	for (size_t i = 0; i < film->under_way; i++) {
		struct entry *entry = &film->ring[(film->head + i) % FILM_MAX_UNDER_WAY];

		work_abandon(&entry->work);
		av_packet_free(&entry->packet);
	}
	film->under_way = 0;
	if (film->prepared) {
		remux_close(&film->remux);
		close(film->fd);
	}
	film_samples_free(&film->samples);
	film_keys_free(&film->keys);
}
