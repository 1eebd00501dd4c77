/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_HMAC_H
#define COFFER_HMAC_H

#include <stddef.h>
#include <stdint.h>

#define HMAC_BYTES 64u

/* HMAC-SHA-512 (RFC 2104) over two pieces of data; the key is at most 128 bytes. */
void hmac_sha512(const void *key, size_t key_bytes, const void *a, size_t a_bytes, const void *b, size_t b_bytes,
		 uint8_t out[HMAC_BYTES]);

#endif
