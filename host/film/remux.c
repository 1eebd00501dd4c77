/* SPDX-License-Identifier: Apache-2.0 */
#include "remux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavutil/dict.h>

#include "cli.h"

#define IO_BUFFER 65536

static int av_fail(enum cli_exit code, const char *what, int error)
{
	char text[AV_ERROR_MAX_STRING_SIZE] = "";

	av_strerror(error, text, sizeof(text));
	return cli_error(code, "%s: %s", what, text);
}

bool track_is_protected(const struct track *track)
{
	for (size_t i = 0; i < track->sample_count; i++)
		if (track->protections[track->samples[i].protection].protected)
			return true;
	return false;
}

/* ---- input ------------------------------------------------------------------------------------------- */

static int read_view(void *opaque, uint8_t *data, int bytes)
{
	struct remux *r = opaque;
	ssize_t n = film_pread(r->film, r->fd, data, (size_t)bytes, r->at);

	if (n < 0)
		return AVERROR(errno);
	r->at += (uint64_t)n;
	return n ? (int)n : AVERROR_EOF;
}

static int64_t seek_view(void *opaque, int64_t offset, int whence)
{
	struct remux *r = opaque;
	off_t end = lseek(r->fd, 0, SEEK_END);

	if (end < 0 || whence == AVSEEK_SIZE)
		return end < 0 ? AVERROR(errno) : end;
	if (whence == SEEK_CUR)
		offset += (int64_t)r->at;
	else if (whence == SEEK_END)
		offset += end;
	if (offset < 0)
		return AVERROR(EINVAL);
	r->at = (uint64_t)offset;
	return offset;
}

static AVIOContext *new_io(void *opaque, int write, int (*read)(void *, uint8_t *, int),
			   int (*put)(void *, uint8_t *, int), int64_t (*seek)(void *, int64_t, int))
{
	uint8_t *buffer = av_malloc(IO_BUFFER);
	AVIOContext *io = buffer ? avio_alloc_context(buffer, IO_BUFFER, write, opaque, read, put, seek) : NULL;

	if (!io)
		av_free(buffer);
	return io;
}

static void free_io(AVIOContext **io)
{
	if (*io)
		av_freep(&(*io)->buffer);
	avio_context_free(io);
}

static int open_input(struct remux *r, struct film_samples *film)
{
	AVDictionary *options = NULL;
	int ret;

	r->source = new_io(r, 0, read_view, NULL, seek_view);
	r->in = r->source ? avformat_alloc_context() : NULL;
	if (!r->in)
		return cli_error(CLI_FAILED, "out of memory");
	r->in->pb = r->source;
	/* Nobody is to look into the samples, which may be encrypted: a parser sees key frames in noise. */
	r->in->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
	/* Packets are to be the samples, one by one: no editing. */
	av_dict_set(&options, "advanced_editlist", "0", 0);
	ret = avformat_open_input(&r->in, NULL, av_find_input_format("mp4"), &options);
	av_dict_free(&options);
	if (ret < 0)
		return av_fail(CLI_BAD_INPUT, "reading the film", ret);
	r->tracks = calloc(r->in->nb_streams + 1, sizeof(*r->tracks));
	r->next = calloc(r->in->nb_streams + 1, sizeof(*r->next));
	r->stream = calloc(r->in->nb_streams + 1, sizeof(*r->stream));
	if (!r->tracks || !r->next || !r->stream)
		return cli_error(CLI_FAILED, "out of memory");
	for (unsigned int i = 0; i < r->in->nb_streams; i++)
		r->tracks[i] = film_track(film, (uint32_t)r->in->streams[i]->id);
	return CLI_OK;
}

int remux_read(struct remux *r, AVPacket *packet, struct track **track, size_t *sample, bool *end)
{
	const struct sample *s;
	int ret = av_read_frame(r->in, packet);

	*end = ret == AVERROR_EOF;
	if (*end)
		return CLI_OK;
	if (ret < 0)
		return av_fail(CLI_BAD_INPUT, "reading the film", ret);
	if (packet->stream_index < 0 || (unsigned int)packet->stream_index >= r->in->nb_streams)
		return cli_error(CLI_BAD_INPUT, "a track that the file's head does not have");
	*track = r->tracks[packet->stream_index];
	*sample = r->next[packet->stream_index]++;
	if (!*track || !track_is_protected(*track))
		return CLI_OK;
	s = *sample < (*track)->sample_count ? &(*track)->samples[*sample] : NULL;
	if (!s || packet->pos < 0 || (uint64_t)packet->pos != s->offset || (uint32_t)packet->size != s->size)
		return cli_error(CLI_BAD_INPUT,
				 "track %u, sample %zu: libavformat and the file's tables disagree on it", (*track)->id,
				 *sample + 1);
	return CLI_OK;
}

/* ---- output ------------------------------------------------------------------------------------------ */

static int write_bytes(void *opaque, uint8_t *data, int bytes)
{
	const struct cli_output *file = opaque;
	int done = 0;

	while (done < bytes) {
		ssize_t n = write(file->fd, data + done, (size_t)(bytes - done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return AVERROR(errno);
		done += (int)n;
	}
	return bytes;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
	const struct cli_output *file = opaque;
	off_t at;

	if (whence == AVSEEK_SIZE)
		return AVERROR(ENOSYS);
	at = lseek(file->fd, offset, whence);
	return at < 0 ? AVERROR(errno) : at;
}

static void copy_side_data(const AVStream *from, AVStream *to)
{
	for (int i = 0; i < from->nb_side_data; i++) {
		const AVPacketSideData *side = &from->side_data[i];
		uint8_t *data;

		data = av_stream_new_side_data(to, side->type, side->size);
		if (data)
			memcpy(data, side->data, side->size);
	}
}

static int copy_stream(struct remux *r, unsigned int i)
{
	const AVStream *from = r->in->streams[i];
	enum AVMediaType type = from->codecpar->codec_type;
	AVStream *to;

	r->stream[i] = -1;
	if (type != AVMEDIA_TYPE_VIDEO && type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE)
		return CLI_OK;
	to = avformat_new_stream(r->out, NULL);
	if (!to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	if (av_codec_get_id(r->out->oformat->codec_tag, to->codecpar->codec_tag) != to->codecpar->codec_id)
		to->codecpar->codec_tag = 0;
	to->time_base = from->time_base;
	to->disposition = from->disposition;
	to->sample_aspect_ratio = from->sample_aspect_ratio;
	to->avg_frame_rate = from->avg_frame_rate;
	av_dict_copy(&to->metadata, from->metadata, 0);
	copy_side_data(from, to);
	r->stream[i] = to->index;
	return CLI_OK;
}

static int open_output(struct remux *r, const char *path)
{
	int ret = avformat_alloc_output_context2(&r->out, NULL, "mp4", NULL);

	if (ret < 0)
		return av_fail(CLI_FAILED, "the MP4 writer", ret);
	for (unsigned int i = 0; i < r->in->nb_streams; i++)
		if ((ret = copy_stream(r, i)))
			return ret;
	av_dict_copy(&r->out->metadata, r->in->metadata, 0);
	if (cli_output_open(&r->file, path))
		return cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	if (!r->file.beside)
		return cli_error(CLI_FAILED, "%s: not a file", path);
	r->io = new_io(&r->file, 1, NULL, write_bytes, seek_bytes);
	if (!r->io)
		return cli_error(CLI_FAILED, "out of memory");
	r->out->pb = r->io;
	ret = avformat_write_header(r->out, NULL);
	return ret < 0 ? av_fail(CLI_FAILED, path, ret) : CLI_OK;
}

int remux_open(struct remux *r, int fd, const char *out, struct film_samples *film)
{
	int ret;

	memset(r, 0, sizeof(*r));
	r->file.fd = -1;
	r->fd = fd;
	r->film = film;
	ret = open_input(r, film);
	return ret ? ret : open_output(r, out);
}

int remux_write(struct remux *r, AVPacket *packet)
{
	int in = packet->stream_index, out = r->stream[in];
	int ret;

	if (out < 0) {
		av_packet_unref(packet);
		return CLI_OK;
	}
	av_packet_rescale_ts(packet, r->in->streams[in]->time_base, r->out->streams[out]->time_base);
	packet->stream_index = out;
	packet->pos = -1;
	ret = av_interleaved_write_frame(r->out, packet);
	return ret < 0 ? av_fail(CLI_FAILED, "writing the film", ret) : CLI_OK;
}

int remux_finish(struct remux *r)
{
	int ret;

	for (unsigned int i = 0; i < r->in->nb_streams; i++)
		if (r->tracks[i] && track_is_protected(r->tracks[i]) && r->next[i] != r->tracks[i]->sample_count)
			return cli_error(CLI_BAD_INPUT, "track %u, sample %zu: libavformat does not find it",
					 r->tracks[i]->id, r->next[i] + 1);
	ret = av_write_trailer(r->out);
	avio_flush(r->io);
	if (ret >= 0)
		ret = r->io->error;
	if (ret < 0)
		return av_fail(CLI_FAILED, "writing the film", ret);
	if (cli_output_commit(&r->file))
		return cli_error(CLI_FAILED, "%s: %s", r->file.path, strerror(errno));
	return CLI_OK;
}

void remux_close(struct remux *r)
{
	cli_output_drop(&r->file);
	avformat_free_context(r->out);
	avformat_close_input(&r->in);
	free_io(&r->io);
	free_io(&r->source);
	free(r->tracks);
	free(r->next);
	free(r->stream);
}
