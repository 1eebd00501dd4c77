/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which samples of an MP4 are encrypted, and how: every sample's place in the file with its key id, initialization
 * vector and subsamples (ISO/IEC 23001-7, schemes `cenc`, `cens`, `cbc1` and `cbcs`), whatever the file's layout: fragmented or not, one
 * sample description or several, defaults from `tenc` or groups of `seig`, vectors in `senc` or by `saiz` and `saio`.
 *
 * libavformat knows encryption in the first sample description only, knows no groups, and gives up on sound files. So
 * it demuxes a view of the file in which nothing is said of encryption (`masks`), and these tables alone decide.
 */
#ifndef COFFER_SAMPLES_H
#define COFFER_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "coffer/coffer.h"

/* How the samples of a description or a group are protected. */
struct protection {
	uint32_t scheme; /* FOURCC of schm; 0: a clear description */
	bool protected;
	uint8_t iv_bytes; /* per sample: 8 or 16; 0: constant_iv */
	uint8_t constant_iv_bytes;
	uint8_t constant_iv[16];
	uint8_t crypt_blocks, skip_blocks; /* pattern, 0 and 0: none */
	uint8_t kid[16];
};

struct sample {
	uint64_t offset; /* in the file */
	uint32_t size;
	uint32_t protection;        /* index in track.protections */
	uint32_t first_pair, pairs; /* in track.pairs; none: wholly encrypted */
	uint8_t iv[16];
	bool has_iv;
};

struct track {
	uint32_t id;
	struct protection *protections;
	size_t protection_count;
	uint32_t descriptions; /* the first so many protections are sample descriptions */
	uint32_t group_base;   /* the next are the groups of the stbl */
	uint32_t group_count, default_group;
	struct sample *samples;
	size_t sample_count, sample_room;
	struct coffer_pair *pairs;
	size_t pair_count, pair_room;
	uint32_t default_description, default_size; /* trex */
};

/* Four bytes of the file that read differently in the view: the type of a box. */
struct mask {
	uint64_t at;
	uint8_t type[4];
};

struct film_samples {
	struct mask *masks; /* in the file's order */
	size_t mask_count;
	struct track *tracks;
	size_t track_count;
	char error[200]; /* of film_samples_read */
};

/* Reads the tables of an open file. 0, or -1 with film->error; film_samples_free() in either case. */
int film_samples_read(struct film_samples *film, int fd);
void film_samples_free(struct film_samples *film);

struct track *film_track(struct film_samples *film, uint32_t id);

/* Reads as pread() does, from the view. */
ssize_t film_pread(const struct film_samples *film, int fd, uint8_t *data, size_t bytes, uint64_t at);

#endif
