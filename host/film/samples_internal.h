/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the sample tables' reader share: samples.c (tracks and places), groups.c (protection of
 * descriptions and groups), auxiliary.c (vectors and subsamples), masks.c (the view for libavformat).
 */
#ifndef COFFER_SAMPLES_INTERNAL_H
#define COFFER_SAMPLES_INTERNAL_H

#include "box.h"
#include "samples.h"

#define MAX_SAMPLES (1u << 22) /* 38 hours of film */

struct reader {
	struct film_samples *film;
	int fd;
	uint64_t file_size;
};

/* Boxes that speak of the same samples: a stbl or a traf. */
struct scope {
	struct span boxes;
	struct track *track;
	size_t first;         /* its first sample in the track */
	uint64_t base;        /* what offsets of saio count from */
	const uint32_t *runs; /* first sample, counted from `first`, of each chunk or trun */
	size_t run_count;
	bool fragment;
};

/* Sets film->error and returns -1. */
int film_error(struct film_samples *film, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The descriptions of a stsd, and the groups of a sgpd of type seig, behind track->protections. */
int read_descriptions(struct reader *r, struct track *track, struct span stsd);
int read_groups(struct reader *r, struct track *track, struct span boxes, uint32_t *base, uint32_t *count,
		uint32_t *default_group);
/* Gives the scope's samples the protection of their group. */
int apply_groups(struct reader *r, const struct scope *scope, uint32_t local_base, uint32_t local_count,
		 uint32_t local_default);
/* Is this the type of an encrypted sample entry, and how many bytes stand before its boxes? */
bool is_encrypted_format(uint32_t format);
size_t sample_entry_header(uint32_t format, struct span entry);
/* Masks what a moov or moof, read from `at` of the file, says of encryption. */
int mask_encryption(struct film_samples *film, struct span boxes, uint64_t at);
/* Gives the scope's protected samples their vectors and subsamples. */
int read_auxiliary(struct reader *r, const struct scope *scope);

#endif
