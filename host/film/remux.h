/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libavformat on both sides: packets of an MP4 in, packets into another. Functions return an exit code, after having
 * said what is wrong.
 */
#ifndef COFFER_REMUX_H
#define COFFER_REMUX_H

#include <libavformat/avformat.h>

#include "output.h"
#include "samples.h"

struct remux {
	AVFormatContext *in, *out;
	AVIOContext *source, *io; /* under in and out */
	const struct film_samples *film;
	int fd;
	uint64_t at; /* of the input, for source */
	struct cli_output file;
	struct track **tracks; /* of each input stream */
	size_t *next;          /* sample of it that comes next */
	int *stream;           /* its number in the output, or -1 */
};

/* `fd` and `film`, its tables, stay the caller's until remux_close. */
int remux_open(struct remux *remux, int fd, const char *out, struct film_samples *film);
/* The next packet, with its track and the sample's number in it; or *end, and no packet. A sample of an encrypted track
 * that libavformat sees elsewhere than the tables do is an error. */
int remux_read(struct remux *remux, AVPacket *packet, struct track **track, size_t *sample, bool *end);
int remux_write(struct remux *remux, AVPacket *packet);
/* Every encrypted track has been read to its end: the output is completed and appears. */
int remux_finish(struct remux *remux);
void remux_close(struct remux *remux);

/* Has the track any sample that is not clear? */
bool track_is_protected(const struct track *track);

#endif
