/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>

#include "coffer/trust.h"
#include "public_key.h"
#include "rng.h"

int coffer_random(void *out, size_t bytes)
{
	struct rng rng;
	int ret;

	if (!out)
		return COFFER_E_INVALID;
	ret = rng_open(&rng);
	for (size_t done = 0; !ret && done < bytes;) {
		size_t piece =
			bytes - done < MBEDTLS_CTR_DRBG_MAX_REQUEST ? bytes - done : MBEDTLS_CTR_DRBG_MAX_REQUEST;

		ret = mbedtls_ctr_drbg_random(&rng.drbg, (uint8_t *)out + done, piece);
		done += piece;
	}
	rng_close(&rng);
	if (ret)
		mbedtls_platform_zeroize(out, bytes);
	return ret ? COFFER_E_NOT_READY : 0;
}

static int seal(const coffer_public_key *key, const char *label, const uint8_t *message, size_t bytes, uint8_t *blob)
{
	struct rng rng;
	mbedtls_rsa_context rsa; /* a copy: mbedTLS writes into the context that it encrypts with */
	int ret;

	if (!key || key->which != COFFER_CHAIN_RSA || !blob)
		return COFFER_E_INVALID;
	mbedtls_rsa_init(&rsa);
	ret = rng_open(&rng);
	if (!ret)
		ret = mbedtls_rsa_copy(&rsa, mbedtls_pk_rsa(key->pk));
	if (!ret)
		ret = mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA512);
	if (!ret)
		ret = mbedtls_rsa_rsaes_oaep_encrypt(&rsa, mbedtls_ctr_drbg_random, &rng.drbg, (const uint8_t *)label,
						     strlen(label), bytes, message, blob);
	mbedtls_rsa_free(&rsa);
	rng_close(&rng);
	return ret ? COFFER_E_NOT_READY : 0;
}

int coffer_seal_session_key(const coffer_public_key *key, const uint8_t session_key[16],
			    uint8_t blob[COFFER_BLOB_BYTES])
{
	return session_key ? seal(key, "", session_key, 16, blob) : COFFER_E_INVALID;
}

int coffer_seal_open_key(const coffer_public_key *key, uint8_t usage, uint8_t iv_policy, const uint8_t *open_key,
			 size_t key_bytes, uint8_t blob[COFFER_BLOB_BYTES])
{
	struct {
		struct coffer_open_key header;
		uint8_t key[32];
	} message;
	int ret;

	if (!open_key || (key_bytes != 16 && key_bytes != 24 && key_bytes != 32))
		return COFFER_E_INVALID;
	message.header = (struct coffer_open_key){
		.version = 1,
		.key_bytes = (uint8_t)key_bytes,
		.usage = usage,
		.iv_policy = iv_policy,
	};
	memcpy(message.key, open_key, key_bytes);
	ret = seal(key, COFFER_OPEN_LABEL, (const uint8_t *)&message, sizeof(message.header) + key_bytes, blob);
	mbedtls_platform_zeroize(&message, sizeof(message));
	return ret;
}
