/* SPDX-License-Identifier: Apache-2.0 */
#include "application.h"

#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

static mbedtls_x509_crt leaf; /* and its issuers */

static uint8_t seed_key[16], drawn[16]; /* the counter mode's key, and its counter */

void seed_random(uint64_t seed)
{
	memcpy(seed_key, &seed, sizeof(seed));
	memset(drawn, 0, sizeof(drawn));
}

void random_bytes(void *to, size_t bytes)
{
	memset(to, 0, bytes);
	aes_ctr(seed_key, drawn, 0, to, to, bytes);
	for (int i = 0; i < 8 && !++drawn[i]; i++)
		;
}

static void ecb(const uint8_t key[16], int mode, const uint8_t in[16], uint8_t out[16])
{
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	if (mode == MBEDTLS_AES_ENCRYPT)
		mbedtls_aes_setkey_enc(&aes, key, 128);
	else
		mbedtls_aes_setkey_dec(&aes, key, 128);
	mbedtls_aes_crypt_ecb(&aes, mode, in, out);
	mbedtls_aes_free(&aes);
}

void aes_encrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	ecb(key, MBEDTLS_AES_ENCRYPT, in, out);
}

void aes_decrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
	ecb(key, MBEDTLS_AES_DECRYPT, in, out);
}

void aes_ctr(const uint8_t key[16], const uint8_t iv[16], uint64_t first, const uint8_t *in, uint8_t *out, size_t size)
{
	uint8_t counter[16], stream[16] = {0};
	mbedtls_aes_context aes;
	size_t offset = 0;

	memcpy(counter, iv, 16);
	for (int i = 15; i >= 0 && first; i--, first >>= 8) {
		first += counter[i];
		counter[i] = (uint8_t)first;
	}
	mbedtls_aes_init(&aes);
	mbedtls_aes_setkey_enc(&aes, key, 128);
	mbedtls_aes_crypt_ctr(&aes, size, &offset, counter, stream, in, out);
	mbedtls_aes_free(&aes);
}

/* ---- certificates ---------------------------------------------------------------------------------------------- */

static const char *check_signatures(void)
{
	uint32_t flags;
	mbedtls_x509_crt one;
	int error = 0;

	for (mbedtls_x509_crt *crt = &leaf; crt->next && !error; crt = crt->next) {
		mbedtls_x509_crt_init(&one); /* alone: a path of its own would be looked for in what follows */
		error = mbedtls_x509_crt_parse_der(&one, crt->raw.p, crt->raw.len);
		if (!error)
			(void)mbedtls_x509_crt_verify(&one, crt->next, NULL, NULL, &flags, NULL, NULL);
		error = error || (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED);
		mbedtls_x509_crt_free(&one);
	}
	return error ? "a certificate is not signed by the next one" : NULL;
}

const char *read_chain(const uint8_t *chain, size_t bytes)
{
	forget_chain();
	mbedtls_x509_crt_init(&leaf);
	while (bytes) {
		const mbedtls_x509_crt *last = &leaf;

		if (mbedtls_x509_crt_parse_der(&leaf, chain, bytes))
			return "no concatenation of X.509 certificates in DER";
		while (last->next)
			last = last->next;
		chain += last->raw.len;
		bytes -= last->raw.len;
	}
	if (mbedtls_pk_get_type(&leaf.pk) != MBEDTLS_PK_RSA || mbedtls_pk_get_bitlen(&leaf.pk) != 2048)
		return "the first certificate's key is not RSA with 2048 bits";
	return check_signatures();
}

void forget_chain(void)
{
	mbedtls_x509_crt_free(&leaf);
}

/* ---- RSAES-OAEP -------------------------------------------------------------------------------------------------- */

static int give_random(void *unused, unsigned char *to, size_t bytes)
{
	(void)unused;
	random_bytes(to, bytes);
	return 0;
}

bool seal(const void *plain, size_t bytes, bool sha512, uint8_t blob[256])
{
	mbedtls_rsa_context *rsa = mbedtls_pk_rsa(leaf.pk);

	mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, sha512 ? MBEDTLS_MD_SHA512 : MBEDTLS_MD_SHA1);
	return !mbedtls_rsa_rsaes_oaep_encrypt(rsa, give_random, NULL, NULL, 0, bytes, plain, blob);
}
