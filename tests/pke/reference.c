/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <string.h>

#include "mbedtls/bignum.h"

static uint64_t state;
static mbedtls_mpi n, d;

void reference_seed(uint64_t seed)
{
	state = seed;
}

uint64_t reference_random(void)
{
	uint64_t z = state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

static int rng(void *unused, unsigned char *out, size_t bytes)
{
	(void)unused;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)reference_random();
	return 0;
}

static void store(const mbedtls_mpi *x, uint8_t *out, size_t bytes)
{
	REFERENCE_OK(mbedtls_mpi_write_binary_le(x, out, bytes));
}

/* out = x mod (prime - 1) + 2^55 (prime - 1) - (2^1080 - 1) / 15 */
static void store_exponent(const mbedtls_mpi *x, const mbedtls_mpi *prime, uint8_t *out)
{
	mbedtls_mpi minus1, sum, offset;

	mbedtls_mpi_init(&minus1);
	mbedtls_mpi_init(&sum);
	mbedtls_mpi_init(&offset);
	REFERENCE_OK(mbedtls_mpi_sub_int(&minus1, prime, 1));
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&sum, x, &minus1));
	REFERENCE_OK(mbedtls_mpi_shift_l(&minus1, 55));
	REFERENCE_OK(mbedtls_mpi_add_mpi(&sum, &sum, &minus1));
	REFERENCE_OK(mbedtls_mpi_lset(&offset, 1));
	REFERENCE_OK(mbedtls_mpi_shift_l(&offset, 1080));
	REFERENCE_OK(mbedtls_mpi_sub_int(&offset, &offset, 1));
	REFERENCE_OK(mbedtls_mpi_div_int(&offset, NULL, &offset, 15));
	REFERENCE_OK(mbedtls_mpi_sub_mpi(&sum, &sum, &offset));
	store(&sum, out, COFFER_RSA_HALF);
	mbedtls_mpi_free(&minus1);
	mbedtls_mpi_free(&sum);
	mbedtls_mpi_free(&offset);
}

static void power_of_two(mbedtls_mpi *x, size_t bits)
{
	REFERENCE_OK(mbedtls_mpi_lset(x, 1));
	REFERENCE_OK(mbedtls_mpi_shift_l(x, bits));
}

static void store_half(const mbedtls_mpi *prime, struct coffer_rsa_half *out)
{
	mbedtls_mpi r, x;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&x);
	store(prime, out->prime, COFFER_RSA_HALF);
	power_of_two(&r, 1080);
	REFERENCE_OK(mbedtls_mpi_inv_mod(&x, prime, &r));
	REFERENCE_OK(mbedtls_mpi_sub_mpi(&x, &r, &x));
	store(&x, out->prime_neg, COFFER_RSA_HALF);
	store_exponent(&d, prime, out->exponent);
	REFERENCE_OK(mbedtls_mpi_copy(&x, &d));
	x.private_s = -1;
	store_exponent(&x, prime, out->exponent_inverse);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&x);
}

static void make_prime(mbedtls_mpi *prime)
{
	mbedtls_mpi minus1;
	mbedtls_mpi_uint rest;

	mbedtls_mpi_init(&minus1);
	do {
		REFERENCE_OK(mbedtls_mpi_gen_prime(prime, 1024, 0, rng, NULL));
		REFERENCE_OK(mbedtls_mpi_sub_int(&minus1, prime, 1));
		REFERENCE_OK(mbedtls_mpi_mod_int(&rest, &minus1, 65537));
	} while (rest == 0);
	mbedtls_mpi_free(&minus1);
}

void reference_key(struct coffer_identity_private *key)
{
	mbedtls_mpi p, q, phi, x;

	memset(key, 0, sizeof(*key));
	mbedtls_mpi_init(&n);
	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&p);
	mbedtls_mpi_init(&q);
	mbedtls_mpi_init(&phi);
	mbedtls_mpi_init(&x);
	do {
		make_prime(&p);
		make_prime(&q);
		REFERENCE_OK(mbedtls_mpi_mul_mpi(&n, &p, &q));
	} while (mbedtls_mpi_bitlen(&n) != 2048);
	if (mbedtls_mpi_cmp_mpi(&p, &q) < 0)
		mbedtls_mpi_swap(&p, &q);
	REFERENCE_OK(mbedtls_mpi_sub_mpi(&phi, &n, &p));
	REFERENCE_OK(mbedtls_mpi_sub_mpi(&phi, &phi, &q));
	REFERENCE_OK(mbedtls_mpi_add_int(&phi, &phi, 1));
	REFERENCE_OK(mbedtls_mpi_lset(&x, 65537));
	REFERENCE_OK(mbedtls_mpi_inv_mod(&d, &x, &phi));

	store_half(&p, &key->p);
	store_half(&q, &key->q);
	power_of_two(&x, 2 * 2160);
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&x, &x, &n));
	store(&x, key->n_s2, COFFER_RSA_FULL);
	REFERENCE_OK(mbedtls_mpi_inv_mod(&x, &q, &p));
	REFERENCE_OK(mbedtls_mpi_shift_l(&x, 1080));
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&x, &x, &p));
	store(&x, key->q_inverse, COFFER_RSA_HALF);
	mbedtls_mpi_free(&p);
	mbedtls_mpi_free(&q);
	mbedtls_mpi_free(&phi);
	mbedtls_mpi_free(&x);
}

void reference_private(const uint8_t *c, uint8_t *m)
{
	mbedtls_mpi x;

	mbedtls_mpi_init(&x);
	REFERENCE_OK(mbedtls_mpi_read_binary(&x, c, 256));
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&x, &x, &n));
	REFERENCE_OK(mbedtls_mpi_exp_mod(&x, &x, &d, &n, NULL));
	REFERENCE_OK(mbedtls_mpi_write_binary(&x, m, 256));
	mbedtls_mpi_free(&x);
}

void reference_modulus(int plus, uint8_t *out)
{
	mbedtls_mpi x;

	mbedtls_mpi_init(&x);
	REFERENCE_OK(mbedtls_mpi_add_int(&x, &n, plus));
	REFERENCE_OK(mbedtls_mpi_write_binary(&x, out, 256));
	mbedtls_mpi_free(&x);
}
