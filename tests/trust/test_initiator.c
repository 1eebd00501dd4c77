/* SPDX-License-Identifier: Apache-2.0 */
/* The application's part in a key exchange, with mbedTLS as the board. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/sha256.h>

#include "coffer/trust.h"
#include "public_key.h"
#include "rng.h"

#define NUMBER 32u

static struct rng rng;
static coffer_public_key signer, stranger, rsa;

static void make_key(coffer_public_key *key)
{
	key->which = COFFER_CHAIN_P256;
	mbedtls_pk_init(&key->pk);
	assert_int_equal(mbedtls_pk_setup(&key->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	assert_int_equal(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(key->pk), mbedtls_ctr_drbg_random,
					     &rng.drbg),
			 0);
}

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(rng_open(&rng), 0);
	make_key(&signer);
	make_key(&stranger);
	rsa.which = COFFER_CHAIN_RSA;
	mbedtls_pk_init(&rsa.pk);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mbedtls_pk_free(&signer.pk);
	mbedtls_pk_free(&stranger.pk);
	rng_close(&rng);
	return 0;
}

static void transcript(const struct coffer_exchange_hello *hello, const struct coffer_exchange_reply *reply,
		       uint8_t hash[32])
{
	uint8_t message[21 + sizeof(*hello) + 68];

	memcpy(message, "coffer-hw-exchange-v1", 21);
	memcpy(message + 21, hello, sizeof(*hello));
	memcpy(message + 21 + sizeof(*hello), reply, 68);
	assert_int_equal(mbedtls_sha256(message, sizeof(message), hash, 0), 0);
}

static void sign(const struct coffer_exchange_hello *hello, struct coffer_exchange_reply *reply)
{
	mbedtls_ecp_keypair *ec = mbedtls_pk_ec(signer.pk);
	mbedtls_mpi r, s;
	uint8_t hash[32];

	transcript(hello, reply, hash);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	assert_int_equal(mbedtls_ecdsa_sign(&ec->MBEDTLS_PRIVATE(grp), &r, &s, &ec->MBEDTLS_PRIVATE(d), hash, 32,
					    mbedtls_ctr_drbg_random, &rng.drbg),
			 0);
	assert_int_equal(mbedtls_mpi_write_binary(&r, reply->signature, NUMBER), 0);
	assert_int_equal(mbedtls_mpi_write_binary(&s, reply->signature + NUMBER, NUMBER), 0);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
}

/* What a board does, by the formulas of docs/protocol.md. */
static void answer(const struct coffer_exchange_hello *hello, struct coffer_exchange_reply *reply, uint8_t key[16])
{
	const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
	uint8_t point[1 + 2 * NUMBER] = {4}, z[NUMBER], hash[32];
	mbedtls_ecp_point share, peer;
	mbedtls_ecp_group group;
	mbedtls_mpi k, x;
	size_t bytes;

	memset(reply, 0, sizeof(*reply));
	reply->version = 1;
	reply->type = 2;
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&share);
	mbedtls_ecp_point_init(&peer);
	mbedtls_mpi_init(&k);
	mbedtls_mpi_init(&x);
	assert_int_equal(mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1), 0);
	memcpy(point + 1, hello->point, sizeof(hello->point));
	assert_int_equal(mbedtls_ecp_point_read_binary(&group, &peer, point, sizeof(point)), 0);
	assert_int_equal(mbedtls_ecdh_gen_public(&group, &k, &share, mbedtls_ctr_drbg_random, &rng.drbg), 0);
	assert_int_equal(mbedtls_ecdh_compute_shared(&group, &x, &peer, &k, mbedtls_ctr_drbg_random, &rng.drbg), 0);
	assert_int_equal(mbedtls_mpi_write_binary(&x, z, sizeof(z)), 0);
	assert_int_equal(mbedtls_ecp_point_write_binary(&group, &share, MBEDTLS_ECP_PF_UNCOMPRESSED, &bytes, point,
							sizeof(point)),
			 0);
	memcpy(reply->point, point + 1, sizeof(reply->point));
	sign(hello, reply);
	transcript(hello, reply, hash);
	assert_int_equal(
		mbedtls_hkdf(sha256, hash, 32, z, sizeof(z), (const uint8_t *)"coffer-hw-exchange-v1 key", 25, key, 16),
		0);
	assert_int_equal(mbedtls_hkdf(sha256, hash, 32, z, sizeof(z), (const uint8_t *)"coffer-hw-exchange-v1 confirm",
				      29, reply->confirmation, 32),
			 0);
	mbedtls_mpi_free(&k);
	mbedtls_mpi_free(&x);
	mbedtls_ecp_point_free(&share);
	mbedtls_ecp_point_free(&peer);
	mbedtls_ecp_group_free(&group);
}

static void refused(const coffer_initiator *initiator, const coffer_public_key *key,
		    const struct coffer_exchange_reply *reply, int error)
{
	uint8_t got[16], zero[16] = {0};

	memset(got, 0xA5, sizeof(got));
	assert_int_equal(coffer_initiator_finish(initiator, key, reply, got), error);
	assert_memory_equal(got, zero, sizeof(got));
}

static void both_come_to_one_key(void **state)
{
	struct coffer_exchange_hello hello, other_hello;
	coffer_initiator *initiator, *other;
	struct coffer_exchange_reply reply;
	uint8_t key[16], got[16];

	(void)state;
	assert_int_equal(coffer_initiator_create(&initiator, &hello), 0);
	assert_int_equal(coffer_initiator_create(&other, &other_hello), 0);
	assert_memory_not_equal(hello.point, other_hello.point, sizeof(hello.point));
	assert_memory_equal(&hello, "\1\1\0\0", 4);
	answer(&hello, &reply, key);
	assert_int_equal(coffer_initiator_finish(initiator, &signer, &reply, got), 0);
	assert_memory_equal(key, got, sizeof(key));
	assert_int_equal(coffer_initiator_finish(initiator, &signer, &reply, got), 0); /* as often as one likes */
	refused(other, &signer, &reply, COFFER_E_UNTRUSTED);                           /* a reply to another hello */
	refused(initiator, &stranger, &reply, COFFER_E_UNTRUSTED);
	refused(initiator, &rsa, &reply, COFFER_E_INVALID);
	refused(NULL, &signer, &reply, COFFER_E_INVALID);
	refused(initiator, NULL, &reply, COFFER_E_INVALID);
	refused(initiator, &signer, NULL, COFFER_E_INVALID);
	assert_int_equal(coffer_initiator_finish(initiator, &signer, &reply, NULL), COFFER_E_INVALID);
	coffer_initiator_destroy(&initiator);
	coffer_initiator_destroy(&initiator);
	coffer_initiator_destroy(&other);
	assert_int_equal(coffer_initiator_create(NULL, &hello), COFFER_E_INVALID);
	assert_int_equal(coffer_initiator_create(&initiator, NULL), COFFER_E_INVALID);
}

static void every_byte_of_the_reply_counts(void **state)
{
	struct coffer_exchange_hello hello;
	struct coffer_exchange_reply reply;
	coffer_initiator *initiator;
	uint8_t key[16], *bytes = (uint8_t *)&reply;

	(void)state;
	assert_int_equal(coffer_initiator_create(&initiator, &hello), 0);
	answer(&hello, &reply, key);
	for (size_t at = 0; at < sizeof(reply); at++) {
		bytes[at] ^= 1;
		refused(initiator, &signer, &reply, COFFER_E_UNTRUSTED);
		bytes[at] ^= 1;
	}
	/* Signed by the board's key, and still not to be taken. */
	for (size_t at = 0; at < 4; at++) {
		bytes[at] ^= 1;
		sign(&hello, &reply);
		refused(initiator, &signer, &reply, COFFER_E_UNTRUSTED);
		bytes[at] ^= 1;
	}
	reply.point[63] ^= 1; /* off the curve */
	sign(&hello, &reply);
	refused(initiator, &signer, &reply, COFFER_E_UNTRUSTED);
	memset(reply.point, 0, sizeof(reply.point));
	sign(&hello, &reply);
	refused(initiator, &signer, &reply, COFFER_E_UNTRUSTED);
	answer(&hello, &reply, key);
	memset(reply.signature, 0, sizeof(reply.signature));
	refused(initiator, &signer, &reply, COFFER_E_UNTRUSTED);
	coffer_initiator_destroy(&initiator);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_come_to_one_key),
		cmocka_unit_test(every_byte_of_the_reply_counts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
