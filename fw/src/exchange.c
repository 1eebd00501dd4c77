/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <assert.h>
#include <mbedtls/sha256.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "board.h"
#include "hmac.h"
#include "p256.h"
#include "pke.h"
#include "rsa.h"

enum step { STEP_SHARE, STEP_POINT, STEP_SIGN };

/* What is signed, but for the label: hello, and reply up to the signature. */
#define SIGNED_BYTES offsetof(struct exchange, reply.signature)
static_assert(offsetof(struct exchange, hello) == 0 && SIGNED_BYTES == 2 * sizeof(struct coffer_exchange_hello),
	      "nothing between hello and reply");

static enum coffer_result pending(bool started)
{
	return started ? COFFER_PENDING : COFFER_ERR_NOT_READY;
}

/* A check failed that no hello can make fail. */
static enum coffer_result fault(void)
{
	rsa_distrust();
	return COFFER_ERR_NOT_READY;
}

enum coffer_result exchange_begin(struct exchange *x)
{
	const struct coffer_exchange_hello *hello = &x->hello;

	if (hello->version != COFFER_EXCHANGE_VERSION || hello->type != COFFER_EXCHANGE_HELLO ||
	    (hello->reserved[0] | hello->reserved[1]) != 0 || !p256_in_range(hello->point))
		return COFFER_ERR_BLOB;
	return pending(p256_draw(x->k) && p256_multiply(x->k, hello->point));
}

static void hash(struct exchange *x)
{
	mbedtls_sha256_context sha;

	x->reply.version = COFFER_EXCHANGE_VERSION;
	x->reply.type = COFFER_EXCHANGE_REPLY;
	mbedtls_sha256_init(&sha);
	(void)mbedtls_sha256_starts(&sha, 0);
	(void)mbedtls_sha256_update(&sha, (const uint8_t *)COFFER_EXCHANGE_LABEL, strlen(COFFER_EXCHANGE_LABEL));
	(void)mbedtls_sha256_update(&sha, (const uint8_t *)x, SIGNED_BYTES);
	(void)mbedtls_sha256_finish(&sha, x->transcript);
}

static bool sign(struct exchange *x)
{
	return p256_draw(x->k) && p256_sign(x->k, x->transcript);
}

/* HKDF-Expand (RFC 5869, 2.3) to one hash's length. */
static void expand(const uint8_t prk[HMAC_BYTES], const char *info, uint8_t out[HMAC_BYTES])
{
	static const uint8_t first = 1;

	hmac_sha256(prk, info, strlen(info), &first, 1, out);
}

static void derive(struct exchange *x)
{
	uint8_t prk[HMAC_BYTES];

	/* HKDF-Extract; Z of SP 800-56A is the x-coordinate. */
	hmac_sha256(x->transcript, x->shared, P256_BYTES, NULL, 0, prk);
	expand(prk, COFFER_EXCHANGE_KEY_INFO, x->key.key);
	x->key.key_bytes = 16;
	expand(prk, COFFER_EXCHANGE_CONFIRM_INFO, x->reply.confirmation);
	wipe(prk, sizeof(prk));
}

enum coffer_result exchange_poll(struct exchange *x)
{
	if (pke_busy())
		return COFFER_PENDING;
	switch (x->step++) {
	case STEP_SHARE:
		if (!p256_finish(x->shared))
			return COFFER_ERR_BLOB;
		return pending(p256_multiply(x->k, NULL));
	case STEP_POINT:
		if (!p256_finish(x->reply.point))
			return fault();
		hash(x);
		return pending(sign(x));
	default:
		if (!p256_finish(x->reply.signature))
			return fault();
		if (p256_is_zero(x->reply.signature) || p256_is_zero(x->reply.signature + P256_BYTES))
			return pending(sign(x));
		derive(x);
		return COFFER_OK;
	}
}
