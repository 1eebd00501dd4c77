/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's OAEP decoder, built natively, against mbedTLS's encoder: what must be taken, and every way in
 * which a block can be wrong. A refusal is always the same: false, *out zero, the block wiped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <mbedtls/rsa.h>
#include <mbedtls/sha512.h>

#include "oaep.h"

#define EM        256
#define HASH      64
#define DB        (1 + HASH)
#define SPACE     (EM - DB - HASH) /* PS, 01 and message: 127 bytes */
#define PROTECTED COFFER_SESSION_PROTECTED
#define OPEN      COFFER_SESSION_OPEN

static uint64_t state;
static mbedtls_rsa_context rsa;

static int rng(void *unused, unsigned char *out, size_t n)
{
	(void)unused;
	while (n--) {
		uint64_t z = state += 0x9E3779B97F4A7C15u;

		z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
		z = (z ^ z >> 27) * 0x94D049BB133111EBu;
		*out++ = (unsigned char)(z ^ z >> 31);
	}
	return 0;
}

/* What RSADP gives the decoder for a message that mbedTLS encrypted. */
static void encode(uint8_t em[EM], const char *label, const void *message, size_t n)
{
	uint8_t c[EM];

	assert_int_equal(
		mbedtls_rsa_rsaes_oaep_encrypt(&rsa, rng, NULL, (const uint8_t *)label, strlen(label), n, message, c),
		0);
	assert_int_equal(mbedtls_rsa_private(&rsa, rng, NULL, c, em), 0);
}

/* MGF1 for the blocks that mbedTLS would never make; exclusive-or, so it masks and unmasks. */
static void mask(uint8_t *out, size_t n, const uint8_t *seed, size_t seed_bytes)
{
	uint8_t in[EM], hash[HASH];

	memcpy(in, seed, seed_bytes);
	memset(in + seed_bytes, 0, 4);
	for (size_t done = 0; done < n; in[seed_bytes + 3]++) {
		assert_int_equal(mbedtls_sha512(in, seed_bytes + 4, hash, 0), 0);
		for (size_t i = 0; i < HASH && done < n; i++)
			out[done++] ^= hash[i];
	}
}

static void unmask(uint8_t em[EM])
{
	mask(em + 1, HASH, em + DB, EM - DB);
	mask(em + DB, EM - DB, em + 1, HASH);
}

static void remask(uint8_t em[EM])
{
	mask(em + DB, EM - DB, em + 1, HASH);
	mask(em + 1, HASH, em + DB, EM - DB);
}

/* A block with these last 127 bytes of DB: PS, separator and message as they are. */
static void build(uint8_t em[EM], const char *label, const uint8_t space[SPACE])
{
	em[0] = 0;
	rng(NULL, em + 1, HASH);
	assert_int_equal(mbedtls_sha512((const uint8_t *)label, strlen(label), em + DB, 0), 0);
	memcpy(em + DB + HASH, space, SPACE);
	remask(em);
}

static bool all_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n--)
		if (*b++)
			return false;
	return true;
}

static void refuse_in(uint8_t em[EM], bool in_range, enum coffer_session_kind kind)
{
	struct oaep_key out;

	memset(&out, 0x5A, sizeof(out));
	assert_false(oaep_decode(em, in_range, kind, &out));
	assert_true(all_zero(&out, sizeof(out)));
	assert_true(all_zero(em, EM));
}

static void refuse(uint8_t em[EM], enum coffer_session_kind kind)
{
	refuse_in(em, true, kind);
}

static void accept_protected(uint8_t em[EM], const uint8_t key[16])
{
	struct oaep_key out;

	memset(&out, 0x5A, sizeof(out));
	assert_true(oaep_decode(em, true, PROTECTED, &out));
	assert_int_equal(out.key_bytes, 16);
	assert_memory_equal(out.key, key, 16);
	assert_true(all_zero(out.key + 16, 16));
	assert_int_equal(out.usage | out.iv_policy, 0);
	assert_true(all_zero(em, EM));
}

static size_t open_message(uint8_t *message, uint8_t key_bytes)
{
	struct coffer_open_key head = {1, key_bytes, COFFER_USE_CTR | COFFER_USE_DECRYPT, COFFER_IV_DECRYPT_RISING};

	memcpy(message, &head, sizeof(head));
	rng(NULL, message + sizeof(head), 64);
	return sizeof(head) + key_bytes;
}

static void protected_keys(void **unused)
{
	uint8_t em[EM], key[16];

	(void)unused;
	for (int i = 0; i < 20; i++) {
		rng(NULL, key, sizeof(key));
		encode(em, "", key, sizeof(key));
		accept_protected(em, key);
	}
	memset(key, 0, sizeof(key)); /* its end looks like padding, its start like a separator */
	encode(em, "", key, sizeof(key));
	accept_protected(em, key);
	memset(key, 1, sizeof(key));
	encode(em, "", key, sizeof(key));
	accept_protected(em, key);
}

static void open_keys(void **unused)
{
	static const uint8_t lengths[] = {16, 24, 32};
	uint8_t em[EM], message[80];
	struct oaep_key out;

	(void)unused;
	for (size_t i = 0; i < 12; i++) {
		uint8_t n = lengths[i % 3];

		encode(em, COFFER_OPEN_LABEL, message, open_message(message, n));
		assert_true(oaep_decode(em, true, i < 6 ? OPEN : COFFER_SESSION_OPEN_WRAP, &out));
		assert_int_equal(out.key_bytes, n);
		assert_int_equal(out.usage, COFFER_USE_CTR | COFFER_USE_DECRYPT);
		assert_int_equal(out.iv_policy, COFFER_IV_DECRYPT_RISING);
		assert_memory_equal(out.key, message + sizeof(struct coffer_open_key), n);
		assert_true(all_zero(out.key + n, sizeof(out.key) - n));
	}
}

static void lengths(void **unused)
{
	uint8_t em[EM], message[126];

	(void)unused;
	rng(NULL, message, sizeof(message));
	for (size_t n = 0; n <= sizeof(message); n++) {
		if (n == 16)
			continue;
		encode(em, "", message, n);
		refuse(em, PROTECTED);
	}
	for (size_t n = 0; n <= sizeof(message); n++) {
		open_message(message, n <= 24 ? 16 : n <= 31 ? 24 : 32);
		if (n == 20 || n == 28 || n == 36)
			continue;
		encode(em, COFFER_OPEN_LABEL, message, n);
		refuse(em, OPEN);
	}
}

static void labels(void **unused)
{
	static const char *const wrong[] = {"coffer-open-v2", "coffer-open-v", "Coffer-open-v1", "x"};
	uint8_t em[EM], key[16], message[80];
	size_t n;

	(void)unused;
	rng(NULL, key, sizeof(key));
	n = open_message(message, 16);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		encode(em, wrong[i], key, sizeof(key));
		refuse(em, PROTECTED);
		encode(em, wrong[i], message, n);
		refuse(em, OPEN);
	}
	encode(em, COFFER_OPEN_LABEL, key, sizeof(key)); /* an open blob for a protected session, and the other way */
	refuse(em, PROTECTED);
	encode(em, "", message, n);
	refuse(em, OPEN);
	encode(em, "", key, sizeof(key));
	refuse(em, OPEN);
	encode(em, COFFER_OPEN_LABEL, message, n);
	refuse(em, PROTECTED);
}

static void open_heads(void **unused)
{
	uint8_t em[EM], message[80];

	(void)unused;
	for (unsigned version = 0; version < 256; version++) {
		size_t n = open_message(message, 24);

		message[0] = (uint8_t)version;
		encode(em, COFFER_OPEN_LABEL, message, n);
		if (version != 1)
			refuse(em, OPEN);
	}
	for (unsigned said = 0; said < 256; said++) {
		size_t n = open_message(message, 24);

		message[1] = (uint8_t)said;
		encode(em, COFFER_OPEN_LABEL, message, n);
		if (said != 24)
			refuse(em, OPEN);
	}
}

static void open_policies(void **unused)
{
	uint8_t em[EM], message[80];
	struct oaep_key out;

	(void)unused;
	for (unsigned bit = 0; bit < 16; bit++) {
		size_t n = open_message(message, 16);

		message[2 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		encode(em, COFFER_OPEN_LABEL, message, n);
		if (bit == 7 || bit >= 10) {
			refuse(em, OPEN);
			continue;
		}
		assert_true(oaep_decode(em, true, OPEN, &out));
		assert_int_equal(out.usage, message[2]);
		assert_int_equal(out.iv_policy, message[3]);
	}
}

/* Every bit of the leading zero and of the label's hash. */
static void flipped_bits(void **unused)
{
	uint8_t good[EM], em[EM], key[16];

	(void)unused;
	rng(NULL, key, sizeof(key));
	encode(good, "", key, sizeof(key));
	for (unsigned y = 1; y < 256; y++) {
		memcpy(em, good, EM);
		em[0] = (uint8_t)y;
		refuse(em, PROTECTED);
	}
	for (unsigned bit = 0; bit < 8 * HASH; bit++) {
		memcpy(em, good, EM);
		unmask(em);
		em[DB + bit / 8] ^= (uint8_t)(1 << bit % 8);
		remask(em);
		refuse(em, PROTECTED);
	}
	for (unsigned byte = 1; byte < EM; byte++) { /* masked as they are: seed and DB spoil each other */
		memcpy(em, good, EM);
		em[byte] ^= 0x80;
		refuse(em, PROTECTED);
	}
	memcpy(em, good, EM);
	refuse_in(em, false, PROTECTED);
	accept_protected(good, key);
}

static void padding(void **unused)
{
	const size_t separator = SPACE - 17;
	uint8_t em[EM], space[SPACE];

	(void)unused;
	memset(space, 0, sizeof(space));
	rng(NULL, space + separator + 1, 16);
	for (unsigned value = 0; value < 256; value++) { /* 0: no separator where it belongs */
		space[separator] = (uint8_t)value;
		build(em, "", space);
		if (value == 1)
			accept_protected(em, space + separator + 1);
		else
			refuse(em, PROTECTED);
	}
	space[separator] = 1;
	for (size_t i = 0; i < separator; i++) { /* PS not zero, a separator too early among it */
		static const uint8_t values[] = {1, 2, 0x80, 0xFF};

		for (size_t k = 0; k < sizeof(values); k++) {
			space[i] = values[k];
			build(em, "", space);
			refuse(em, PROTECTED);
		}
		space[i] = 0;
	}
	memset(space, 0, sizeof(space)); /* no 01 anywhere */
	build(em, "", space);
	refuse(em, PROTECTED);
	build(em, COFFER_OPEN_LABEL, space);
	refuse(em, OPEN);
	memset(em, 0, EM);
	refuse(em, PROTECTED);
	memset(em, 0xFF, EM);
	refuse(em, PROTECTED);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protected_keys), cmocka_unit_test(open_keys),  cmocka_unit_test(lengths),
		cmocka_unit_test(labels),         cmocka_unit_test(open_heads), cmocka_unit_test(open_policies),
		cmocka_unit_test(flipped_bits),   cmocka_unit_test(padding),
	};

	state = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	printf("seed %llu\n", (unsigned long long)state);
	mbedtls_rsa_init(&rsa);
	if (mbedtls_rsa_set_padding(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA512) != 0 ||
	    mbedtls_rsa_gen_key(&rsa, rng, NULL, 2048, 65537) != 0) {
		printf("no key for the test\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
