/* SPDX-License-Identifier: Apache-2.0 */
/* An application's OMAC1, which is AES-CMAC with a key of 128 bits (RFC 4493). */
#ifndef COFFER_TESTS_OMAC_H
#define COFFER_TESTS_OMAC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mbedtls/aes.h>

static inline void omac_times_x(uint8_t block[16])
{
	unsigned carry = block[0] & 0x80 ? 0x87 : 0;

	for (int i = 0; i < 16; i++)
		block[i] = (uint8_t)(block[i] << 1 | (i < 15 ? block[i + 1] >> 7 : 0));
	block[15] ^= (uint8_t)carry;
}

static inline void omac(const uint8_t key[16], const void *message, size_t bytes, uint8_t mac[16])
{
	uint8_t subkey[16] = {0}, block[16] = {0};
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	mbedtls_aes_setkey_enc(&aes, key, 128);
	mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, subkey, subkey);
	omac_times_x(subkey);
	if (bytes % 16)
		omac_times_x(subkey);
	for (size_t at = 0; at < bytes; at++) {
		block[at % 16] ^= ((const uint8_t *)message)[at];
		if (at % 16 == 15 && at + 1 < bytes)
			mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, block);
	}
	if (bytes % 16)
		block[bytes % 16] ^= 0x80;
	for (int i = 0; i < 16; i++)
		block[i] ^= subkey[i];
	mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, mac);
	mbedtls_aes_free(&aes);
}

/* Of a structure that begins with its MAC. */
static inline void omac_sign(const uint8_t key[16], void *structure, size_t bytes)
{
	omac(key, (uint8_t *)structure + 16, bytes - 16, structure);
}

static inline int omac_is_right(const uint8_t key[16], const void *structure, size_t bytes)
{
	uint8_t mac[16];

	omac(key, (const uint8_t *)structure + 16, bytes - 16, mac);
	return !memcmp(structure, mac, 16);
}

#endif
