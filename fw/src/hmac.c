/* SPDX-License-Identifier: Apache-2.0 */
/* See hmac.h. mbedTLS's own HMAC takes its context from a heap, which this firmware has not. */
#include "hmac.h"

#include <mbedtls/sha512.h>
#include <string.h>

#include "board.h"

#define BLOCK_BYTES 128u

static void start_padded(mbedtls_sha512_context *sha, const uint8_t *key, size_t key_bytes, uint8_t pad)
{
	uint8_t block[BLOCK_BYTES];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < key_bytes; i++)
		block[i] ^= key[i];
	mbedtls_sha512_starts(sha, 0);
	mbedtls_sha512_update(sha, block, sizeof(block));
	wipe(block, sizeof(block));
}

void hmac_sha512(const void *key, size_t key_bytes, const void *a, size_t a_bytes, const void *b, size_t b_bytes,
		 uint8_t out[HMAC_BYTES])
{
	mbedtls_sha512_context sha;

	mbedtls_sha512_init(&sha);
	start_padded(&sha, key, key_bytes, 0x36);
	mbedtls_sha512_update(&sha, a, a_bytes);
	mbedtls_sha512_update(&sha, b, b_bytes);
	mbedtls_sha512_finish(&sha, out);
	start_padded(&sha, key, key_bytes, 0x5C);
	mbedtls_sha512_update(&sha, out, HMAC_BYTES);
	mbedtls_sha512_finish(&sha, out);
	mbedtls_sha512_free(&sha);
}
