// SPDX-License-Identifier: Apache-2.0
// mbedTLS's AES and nothing else of mbedTLS.
#define MBEDTLS_CONFIG_FILE "reference_config.h"
#include "reference.h"

#include "aes.c"
#include "platform_util.c"

void reference_aes(const uint8_t *key, unsigned int key_bytes, int decrypt, const uint8_t in[16], uint8_t out[16])
{
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	if (decrypt)
		mbedtls_aes_setkey_dec(&aes, key, 8 * key_bytes);
	else
		mbedtls_aes_setkey_enc(&aes, key, 8 * key_bytes);
	mbedtls_aes_crypt_ecb(&aes, decrypt ? MBEDTLS_AES_DECRYPT : MBEDTLS_AES_ENCRYPT, in, out);
	mbedtls_aes_free(&aes);
}
