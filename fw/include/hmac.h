/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_HMAC_H
#define COFFER_HMAC_H

#include <stddef.h>
#include <stdint.h>

#define HMAC_BYTES 32u

/* HMAC-SHA-256 (RFC 2104) over two pieces of data, under a key of 32 bytes. */
void hmac_sha256(const void *key, const void *a, size_t a_bytes, const void *b, size_t b_bytes,
		 uint8_t out[HMAC_BYTES]);

#endif
