/* SPDX-License-Identifier: Apache-2.0 */
/* See hmac.h. mbedTLS's own HMAC takes its context from a heap, which this firmware has not. */
#include "hmac.h"

#include <mbedtls/sha256.h>
#include <string.h>

#include "board.h"

#define BLOCK_BYTES 64u

static void start_padded(mbedtls_sha256_context *sha, const uint8_t *key, uint8_t pad)
{
	uint8_t block[BLOCK_BYTES];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < HMAC_BYTES; i++)
		block[i] ^= key[i];
	(void)mbedtls_sha256_starts(sha, 0);
	(void)mbedtls_sha256_update(sha, block, sizeof(block));
	wipe(block, sizeof(block));
}

void hmac_sha256(const void *key, const void *a, size_t a_bytes, const void *b, size_t b_bytes, uint8_t out[HMAC_BYTES])
{
	mbedtls_sha256_context sha;

	mbedtls_sha256_init(&sha);
	start_padded(&sha, key, 0x36);
	(void)mbedtls_sha256_update(&sha, a, a_bytes);
	(void)mbedtls_sha256_update(&sha, b, b_bytes);
	(void)mbedtls_sha256_finish(&sha, out);
	start_padded(&sha, key, 0x5C);
	(void)mbedtls_sha256_update(&sha, out, HMAC_BYTES);
	(void)mbedtls_sha256_finish(&sha, out);
	mbedtls_sha256_free(&sha);
}
