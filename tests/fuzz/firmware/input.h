/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_FUZZ_INPUT_H
#define COFFER_FUZZ_INPUT_H

#include <stdint.h>

struct input {
	const uint8_t *at, *end;
};

/* 0 behind the end. */
static inline uint8_t next(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

#endif
