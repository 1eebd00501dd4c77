/* SPDX-License-Identifier: Apache-2.0 */
/* CTR_DRBG of SP 800-90A on the operating system's source: opened for one operation. */
#ifndef COFFER_RNG_H
#define COFFER_RNG_H

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>

struct rng {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context drbg;
};

/* 0, or an error of mbedTLS; close it in either case. */
static inline int rng_open(struct rng *rng)
{
	mbedtls_entropy_init(&rng->entropy);
	mbedtls_ctr_drbg_init(&rng->drbg);
	return mbedtls_ctr_drbg_seed(&rng->drbg, mbedtls_entropy_func, &rng->entropy, NULL, 0);
}

static inline void rng_close(struct rng *rng)
{
	mbedtls_ctr_drbg_free(&rng->drbg);
	mbedtls_entropy_free(&rng->entropy);
}

#endif
