/* SPDX-License-Identifier: Apache-2.0 */
/* The application's part in the key exchange of docs/protocol.md. */
#include <stdlib.h>
#include <string.h>

#include <mbedtls/constant_time.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/error.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>

#include "coffer/trust.h"
#include "public_key.h"
#include "rng.h"

#define NUMBER_BYTES 32u
#define HASH_BYTES   32u
/* Of the reply, what is signed: all before the signature. */
#define SIGNED_BYTES offsetof(struct coffer_exchange_reply, signature)

struct coffer_initiator {
	mbedtls_ecp_group group;
	mbedtls_mpi private_key;
	struct coffer_exchange_hello hello;
};

static int error_of(int ret)
{
	switch (ret) {
	case 0:
		return 0;
	case MBEDTLS_ERR_MPI_ALLOC_FAILED:
	case MBEDTLS_ERR_ECP_ALLOC_FAILED:
	case MBEDTLS_ERR_MD_ALLOC_FAILED:
		return COFFER_E_NO_MEMORY;
	case MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED:
	case MBEDTLS_ERR_ENTROPY_SOURCE_FAILED:
		return COFFER_E_NOT_READY;
	default: /* the reply's doing */
		return COFFER_E_UNTRUSTED;
	}
}

static int make_share(struct coffer_initiator *made)
{
	uint8_t point[1 + 2 * NUMBER_BYTES];
	mbedtls_ecp_point share;
	struct rng rng;
	size_t bytes;
	int ret;

	mbedtls_ecp_point_init(&share);
	ret = rng_open(&rng);
	if (!ret)
		ret = mbedtls_ecp_group_load(&made->group, MBEDTLS_ECP_DP_SECP256R1);
	if (!ret)
		ret = mbedtls_ecdh_gen_public(&made->group, &made->private_key, &share, mbedtls_ctr_drbg_random,
					      &rng.drbg);
	if (!ret)
		ret = mbedtls_ecp_point_write_binary(&made->group, &share, MBEDTLS_ECP_PF_UNCOMPRESSED, &bytes, point,
						     sizeof(point));
	if (!ret)
		memcpy(made->hello.point, point + 1, sizeof(made->hello.point));
	mbedtls_ecp_point_free(&share);
	rng_close(&rng);
	return ret;
}

int coffer_initiator_create(coffer_initiator **initiator, struct coffer_exchange_hello *hello)
{
	struct coffer_initiator *made;
	int ret;

	if (!initiator || !hello)
		return COFFER_E_INVALID;
	*initiator = NULL;
	memset(hello, 0, sizeof(*hello));
	made = calloc(1, sizeof(*made));
	if (!made)
		return COFFER_E_NO_MEMORY;
	mbedtls_ecp_group_init(&made->group);
	mbedtls_mpi_init(&made->private_key);
	made->hello.version = COFFER_EXCHANGE_VERSION;
	made->hello.type = COFFER_EXCHANGE_HELLO;
	ret = make_share(made);
	if (ret) {
		coffer_initiator_destroy(&made);
		return error_of(ret) == COFFER_E_NO_MEMORY ? COFFER_E_NO_MEMORY : COFFER_E_NOT_READY;
	}
	*hello = made->hello;
	*initiator = made;
	return 0;
}

static int hash_transcript(const struct coffer_initiator *initiator, const struct coffer_exchange_reply *reply,
			   uint8_t hash[HASH_BYTES])
{
	mbedtls_sha256_context sha;
	int ret;

	mbedtls_sha256_init(&sha);
	ret = mbedtls_sha256_starts(&sha, 0);
	if (!ret)
		ret = mbedtls_sha256_update(&sha, (const uint8_t *)COFFER_EXCHANGE_LABEL,
					    strlen(COFFER_EXCHANGE_LABEL));
	if (!ret)
		ret = mbedtls_sha256_update(&sha, (const uint8_t *)&initiator->hello, sizeof(initiator->hello));
	if (!ret)
		ret = mbedtls_sha256_update(&sha, (const uint8_t *)reply, SIGNED_BYTES);
	if (!ret)
		ret = mbedtls_sha256_finish(&sha, hash);
	mbedtls_sha256_free(&sha);
	return ret;
}

static int check_signature(const coffer_public_key *key, const uint8_t hash[HASH_BYTES],
			   const uint8_t signature[2 * NUMBER_BYTES])
{
	mbedtls_ecdsa_context ec; /* a copy: mbedTLS writes into the group that it verifies with */
	mbedtls_mpi r, s;
	int ret;

	mbedtls_ecdsa_init(&ec);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	ret = mbedtls_ecdsa_from_keypair(&ec, mbedtls_pk_ec(key->pk));
	if (!ret)
		ret = mbedtls_mpi_read_binary(&r, signature, NUMBER_BYTES);
	if (!ret)
		ret = mbedtls_mpi_read_binary(&s, signature + NUMBER_BYTES, NUMBER_BYTES);
	if (!ret)
		ret = mbedtls_ecdsa_verify(&ec.MBEDTLS_PRIVATE(grp), hash, HASH_BYTES, &ec.MBEDTLS_PRIVATE(Q), &r, &s);
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&s);
	mbedtls_ecdsa_free(&ec);
	return ret;
}

/* Z of SP 800-56A, 5.7.1.2. */
static int share_secret(const struct coffer_initiator *initiator, const uint8_t point[2 * NUMBER_BYTES],
			uint8_t z[NUMBER_BYTES])
{
	uint8_t uncompressed[1 + 2 * NUMBER_BYTES] = {4};
	mbedtls_ecp_group group;
	mbedtls_ecp_point peer;
	mbedtls_mpi x;
	struct rng rng;
	int ret;

	memcpy(uncompressed + 1, point, 2 * NUMBER_BYTES);
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&peer);
	mbedtls_mpi_init(&x);
	ret = rng_open(&rng); /* blinds the multiplication */
	if (!ret)
		ret = mbedtls_ecp_group_copy(&group, &initiator->group);
	if (!ret)
		ret = mbedtls_ecp_point_read_binary(&group, &peer, uncompressed, sizeof(uncompressed));
	if (!ret)
		ret = mbedtls_ecdh_compute_shared(&group, &x, &peer, &initiator->private_key, mbedtls_ctr_drbg_random,
						  &rng.drbg);
	if (!ret)
		ret = mbedtls_mpi_write_binary(&x, z, NUMBER_BYTES);
	mbedtls_mpi_free(&x);
	mbedtls_ecp_point_free(&peer);
	mbedtls_ecp_group_free(&group);
	rng_close(&rng);
	return ret;
}

static int derive(const uint8_t hash[HASH_BYTES], const uint8_t z[NUMBER_BYTES], uint8_t key[16],
		  uint8_t confirmation[HASH_BYTES])
{
	const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
	uint8_t prk[HASH_BYTES];
	int ret;

	ret = mbedtls_hkdf_extract(sha256, hash, HASH_BYTES, z, NUMBER_BYTES, prk);
	if (!ret)
		ret = mbedtls_hkdf_expand(sha256, prk, sizeof(prk), (const uint8_t *)COFFER_EXCHANGE_KEY_INFO,
					  strlen(COFFER_EXCHANGE_KEY_INFO), key, 16);
	if (!ret)
		ret = mbedtls_hkdf_expand(sha256, prk, sizeof(prk), (const uint8_t *)COFFER_EXCHANGE_CONFIRM_INFO,
					  strlen(COFFER_EXCHANGE_CONFIRM_INFO), confirmation, HASH_BYTES);
	mbedtls_platform_zeroize(prk, sizeof(prk));
	return ret;
}

static int finish(const struct coffer_initiator *initiator, const coffer_public_key *key,
		  const struct coffer_exchange_reply *reply, uint8_t session_key[16])
{
	uint8_t hash[HASH_BYTES], z[NUMBER_BYTES], confirmation[HASH_BYTES];
	int ret;

	if (reply->version != COFFER_EXCHANGE_VERSION || reply->type != COFFER_EXCHANGE_REPLY || reply->reserved[0] ||
	    reply->reserved[1])
		return COFFER_E_UNTRUSTED;
	ret = hash_transcript(initiator, reply, hash);
	if (!ret)
		ret = check_signature(key, hash, reply->signature);
	if (!ret)
		ret = share_secret(initiator, reply->point, z);
	if (!ret)
		ret = derive(hash, z, session_key, confirmation);
	ret = error_of(ret);
	if (!ret && mbedtls_ct_memcmp(confirmation, reply->confirmation, sizeof(confirmation)))
		ret = COFFER_E_UNTRUSTED;
	mbedtls_platform_zeroize(z, sizeof(z));
	mbedtls_platform_zeroize(confirmation, sizeof(confirmation));
	return ret;
}

int coffer_initiator_finish(const coffer_initiator *initiator, const coffer_public_key *key,
			    const struct coffer_exchange_reply *reply, uint8_t session_key[16])
{
	int ret;

	if (!session_key)
		return COFFER_E_INVALID;
	memset(session_key, 0, 16);
	if (!initiator || !key || key->which != COFFER_CHAIN_P256 || !reply)
		return COFFER_E_INVALID;
	ret = finish(initiator, key, reply, session_key);
	if (ret)
		mbedtls_platform_zeroize(session_key, 16);
	return ret;
}

void coffer_initiator_destroy(coffer_initiator **initiator)
{
	if (!initiator || !*initiator)
		return;
	mbedtls_mpi_free(&(*initiator)->private_key);
	mbedtls_ecp_group_free(&(*initiator)->group);
	free(*initiator);
	*initiator = NULL;
}
