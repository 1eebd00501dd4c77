/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The film's two ends without a board between them: remux IN.mp4 OUT.mp4 copies every sample as it is, encrypted ones
 * still encrypted, into a file that says nothing of encryption. Fails where libavformat and the tables disagree.
 */
#include <fcntl.h>

#include <libavutil/log.h>

#include "cli.h"
#include "remux.h"

static int copy(struct remux *remux)
{
	AVPacket *packet = av_packet_alloc();
	bool end = false;
	int ret = CLI_OK;

	while (!ret && !end) {
		struct track *track;
		size_t sample;

		ret = remux_read(remux, packet, &track, &sample, &end);
		if (!ret && !end)
			ret = remux_write(remux, packet);
	}
	av_packet_free(&packet);
	return ret ? ret : remux_finish(remux);
}

int main(int argc, char **argv)
{
	struct film_samples film;
	struct remux remux;
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
	int ret;

	if (fd < 0)
		return CLI_USAGE;
	av_log_set_level(AV_LOG_FATAL);
	if (film_samples_read(&film, fd))
		return cli_error(CLI_BAD_INPUT, "%s", film.error);
	ret = remux_open(&remux, fd, argv[2], &film);
	if (!ret)
		ret = copy(&remux);
	remux_close(&remux);
	film_samples_free(&film);
	return ret;
}
