/* SPDX-License-Identifier: Apache-2.0 */
#include "oaep.h"

#include <string.h>

#include "constant_time_internal.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha512.h"

#define EM_BYTES   256u
#define HASH_BYTES 64u
#define SEED       1u                  /* after the leading zero */
#define DB         (SEED + HASH_BYTES) /* lHash || PS || 01 || M */
#define DB_BYTES   (EM_BYTES - DB)

/* A bit that means nothing yet is refused: it must not come to mean something else in a slot's attributes. */
#define ALL_USES        0x7Fu
#define ALL_IV_POLICIES 0x03u

typedef mbedtls_ct_condition_t condition;

static condition equal(unsigned a, unsigned b)
{
	return mbedtls_ct_uint_eq(a, b);
}

static condition both(condition a, condition b)
{
	return mbedtls_ct_bool_and(a, b);
}

/* out ^= MGF1-SHA-512(in) (RFC 8017, B.2.1) */
static void mgf1_xor(uint8_t *out, size_t out_bytes, const uint8_t *in, size_t in_bytes)
{
	uint8_t hash[HASH_BYTES], counter[4] = {0};
	mbedtls_sha512_context sha;

	mbedtls_sha512_init(&sha);
	for (size_t done = 0; done < out_bytes; counter[3]++) {
		(void)mbedtls_sha512_starts(&sha, 0);
		(void)mbedtls_sha512_update(&sha, in, in_bytes);
		(void)mbedtls_sha512_update(&sha, counter, sizeof(counter));
		(void)mbedtls_sha512_finish(&sha, hash);
		for (size_t i = 0; i < HASH_BYTES && done < out_bytes; i++)
			out[done++] ^= hash[i];
	}
	mbedtls_sha512_free(&sha);
	mbedtls_platform_zeroize(hash, sizeof(hash));
}

/* DB begins with the label's hash. */
static condition label_matches(const uint8_t *db, const char *label)
{
	uint8_t hash[HASH_BYTES];

	(void)mbedtls_sha512((const uint8_t *)label, strlen(label), hash, 0);
	return equal((unsigned)mbedtls_ct_memcmp(db, hash, HASH_BYTES), 0);
}

/* The last `bytes` of DB are the message: zeros up to the separator, then 01. */
static condition message_is(const uint8_t *db, size_t bytes)
{
	size_t separator = DB_BYTES - bytes - 1;
	unsigned any = 0;

	for (size_t i = HASH_BYTES; i < separator; i++)
		any |= db[i];
	return both(equal(any, 0), equal(db[separator], 1));
}

static condition take_protected(const uint8_t *db, struct oaep_key *out)
{
	out->key_bytes = 16;
	memcpy(out->key, db + DB_BYTES - 16, 16);
	return message_is(db, 16);
}

/* The three lengths are all tried, and each result is taken or not by a mask. */
static condition take_open(const uint8_t *db, struct oaep_key *out)
{
	condition found = MBEDTLS_CT_FALSE;

	for (unsigned n = 16; n <= 32; n += 8) {
		const uint8_t *m = db + DB_BYTES - n - sizeof(struct coffer_open_key);
		condition this = both(message_is(db, n + sizeof(struct coffer_open_key)),
				      both(both(equal(m[0], 1), equal(m[1], n)),
					   equal((m[2] & ~ALL_USES) | (m[3] & ~ALL_IV_POLICIES), 0)));

		mbedtls_ct_memcpy_if(this, out->key, m + sizeof(struct coffer_open_key), NULL, n);
		out->key_bytes = (uint8_t)mbedtls_ct_uint_if(this, n, out->key_bytes);
		out->usage = (uint8_t)mbedtls_ct_uint_if(this, m[2], out->usage);
		out->iv_policy = (uint8_t)mbedtls_ct_uint_if(this, m[3], out->iv_policy);
		found = mbedtls_ct_bool_or(found, this);
	}
	return found;
}

bool oaep_decode(uint8_t em[256], bool in_range, enum coffer_session_kind kind, struct oaep_key *out)
{
	static const uint8_t none[sizeof(struct oaep_key)];
	bool open = kind == COFFER_SESSION_OPEN || kind == COFFER_SESSION_OPEN_WRAP;
	condition good = both(equal(em[0], 0), mbedtls_ct_bool(in_range));

	memset(out, 0, sizeof(*out));
	mgf1_xor(em + SEED, HASH_BYTES, em + DB, DB_BYTES);
	mgf1_xor(em + DB, DB_BYTES, em + SEED, HASH_BYTES);
	good = both(good, label_matches(em + DB, open ? COFFER_OPEN_LABEL : ""));
	good = both(good, open ? take_open(em + DB, out) : take_protected(em + DB, out));
	mbedtls_ct_memcpy_if(good, (uint8_t *)out, (const uint8_t *)out, none, sizeof(*out));
	mbedtls_platform_zeroize(em, EM_BYTES);
	return mbedtls_ct_uint_if(good, 1, 0) != 0;
}
