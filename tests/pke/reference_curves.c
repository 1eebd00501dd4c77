/* SPDX-License-Identifier: Apache-2.0 */
#include "reference_curves.h"

#include "mbedtls/ecp.h"
#include "reference.h"

static int rng(void *unused, unsigned char *out, size_t bytes)
{
	(void)unused;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)reference_random();
	return 0;
}

static mbedtls_ecp_group *group(mbedtls_ecp_group_id id)
{
	static mbedtls_ecp_group g;

	mbedtls_ecp_group_free(&g);
	mbedtls_ecp_group_init(&g);
	REFERENCE_OK(mbedtls_ecp_group_load(&g, id));
	return &g;
}

static void load(mbedtls_mpi *x, const uint8_t *bytes)
{
	REFERENCE_OK(mbedtls_mpi_read_binary_le(x, bytes, 32));
}

static void store(const mbedtls_mpi *x, uint8_t *bytes)
{
	REFERENCE_OK(mbedtls_mpi_write_binary_le(x, bytes, 32));
}

void reference_x25519(const uint8_t *scalar, const uint8_t *u, uint8_t *out)
{
	mbedtls_ecp_group *g = group(MBEDTLS_ECP_DP_CURVE25519);
	mbedtls_ecp_point point;
	mbedtls_mpi k;
	size_t length;

	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&k);
	load(&k, scalar);
	for (size_t bit = 0; bit < 3; bit++)
		REFERENCE_OK(mbedtls_mpi_set_bit(&k, bit, 0));
	REFERENCE_OK(mbedtls_mpi_set_bit(&k, 255, 0));
	REFERENCE_OK(mbedtls_mpi_set_bit(&k, 254, 1));
	REFERENCE_OK(mbedtls_ecp_point_read_binary(g, &point, u, 32));
	REFERENCE_OK(mbedtls_ecp_mul(g, &point, &k, &point, rng, NULL));
	REFERENCE_OK(mbedtls_ecp_point_write_binary(g, &point, MBEDTLS_ECP_PF_UNCOMPRESSED, &length, out, 32));
	mbedtls_ecp_point_free(&point);
	mbedtls_mpi_free(&k);
}

void reference_p256_scalar(int plus, uint8_t *k)
{
	mbedtls_ecp_group *g = group(MBEDTLS_ECP_DP_SECP256R1);
	mbedtls_mpi x;

	mbedtls_mpi_init(&x);
	if (plus < 0)
		REFERENCE_OK(mbedtls_mpi_add_int(&x, &g->N, plus));
	else
		REFERENCE_OK(mbedtls_mpi_random(&x, 1, &g->N, rng, NULL));
	store(&x, k);
	mbedtls_mpi_free(&x);
}

void reference_p256_multiply(const uint8_t *k, const uint8_t *in, uint8_t *out)
{
	mbedtls_ecp_group *g = group(MBEDTLS_ECP_DP_SECP256R1);
	mbedtls_ecp_point point;
	mbedtls_mpi x;

	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&x);
	load(&point.private_X, in);
	load(&point.private_Y, in + 32);
	REFERENCE_OK(mbedtls_mpi_lset(&point.private_Z, 1));
	load(&x, k);
	REFERENCE_OK(mbedtls_ecp_mul(g, &point, &x, &point, rng, NULL));
	store(&point.private_X, out);
	store(&point.private_Y, out + 32);
	mbedtls_ecp_point_free(&point);
	mbedtls_mpi_free(&x);
}

void reference_p256_sign(const uint8_t *d, const uint8_t *k, const uint8_t *hash, uint8_t *out)
{
	mbedtls_ecp_group *g = group(MBEDTLS_ECP_DP_SECP256R1);
	mbedtls_ecp_point point;
	mbedtls_mpi x, r, s;

	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&x);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	load(&x, k);
	REFERENCE_OK(mbedtls_ecp_mul(g, &point, &x, &g->G, rng, NULL));
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&r, &point.private_X, &g->N));
	store(&r, out);
	load(&s, d);
	REFERENCE_OK(mbedtls_mpi_mul_mpi(&s, &s, &r));
	load(&r, hash);
	REFERENCE_OK(mbedtls_mpi_add_mpi(&s, &s, &r));
	REFERENCE_OK(mbedtls_mpi_inv_mod(&x, &x, &g->N));
	REFERENCE_OK(mbedtls_mpi_mul_mpi(&s, &s, &x));
	REFERENCE_OK(mbedtls_mpi_mod_mpi(&s, &s, &g->N));
	store(&s, out + 32);
	mbedtls_ecp_point_free(&point);
	mbedtls_mpi_free(&x);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
}
