/* SPDX-License-Identifier: Apache-2.0 */
/* See cmac.h. mbedTLS's own CMAC goes through its cipher layer, which wants a heap. */
#include "cmac.h"

#include <mbedtls/aes.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 16u

/* Multiplication by x in GF(2^128), without a branch on the secret (SP 800-38B 6.1). */
static void shift(uint8_t block[BLOCK])
{
	unsigned carry = 0x87u & -(block[0] >> 7);

	for (size_t i = BLOCK; i-- > 0;) {
		carry ^= (unsigned)block[i] << 1;
		block[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void add(uint8_t *to, const uint8_t *from, size_t bytes)
{
	while (bytes-- > 0)
		to[bytes] ^= from[bytes];
}

void cmac(const uint8_t key[16], const void *message, size_t bytes, uint8_t mac[16])
{
	const uint8_t *from = message;
	uint8_t subkey[BLOCK] = {0};
	mbedtls_aes_context aes;
	bool last;

	mbedtls_aes_init(&aes);
	(void)mbedtls_aes_setkey_enc(&aes, key, 128);
	(void)mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, subkey, subkey);
	shift(subkey);
	memset(mac, 0, BLOCK);
	do {
		last = bytes <= BLOCK;
		if (bytes < BLOCK) {
			mac[bytes] ^= 0x80;
			shift(subkey);
		}
		add(mac, from, last ? bytes : BLOCK);
		if (last)
			add(mac, subkey, BLOCK);
		(void)mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, mac, mac);
		from += BLOCK;
		bytes -= BLOCK;
	} while (!last);
	mbedtls_aes_free(&aes);
}
