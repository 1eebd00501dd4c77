/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate chains, roots and sealing, against certificates made here. The "installed" root lies in
 * COFFER_SYSCONFDIR, which tests/app.mk points into the build folder for this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "coffer/trust.h"
#include "files.h"
#include "provision.h"

#define ROOT_NAME   "O=Test,CN=Root"
#define MIDDLE_NAME "O=Test,CN=Middle"
#define LEAF_NAME   "O=Test,CN=Board,serialNumber=B-17"
#define INSTALLED   COFFER_SYSCONFDIR "/coffer/root.pem"

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_pk_context root_key, other_key, middle_key, rsa_key, rsa3072_key, p256_key;

struct cert {
	uint8_t der[2048];
	size_t size;
};

struct spec {
	mbedtls_pk_context *subject_key, *issuer_key;
	const char *subject, *issuer;
	const char *from, *to;
	unsigned int usage;
	int ca;
};

static const struct spec leaf_spec = {
	.subject_key = &rsa_key,
	.issuer_key = &root_key,
	.subject = LEAF_NAME,
	.issuer = ROOT_NAME,
	.from = "20200101000000",
	.to = "20490101000000",
	.usage = MBEDTLS_X509_KU_KEY_ENCIPHERMENT,
};
static const struct spec root_spec = {
	.subject_key = &root_key,
	.issuer_key = &root_key,
	.subject = ROOT_NAME,
	.issuer = ROOT_NAME,
	.from = "20200101000000",
	.to = "20490101000000",
	.usage = MBEDTLS_X509_KU_KEY_CERT_SIGN,
	.ca = 1,
};

static struct cert make(struct spec s)
{
	mbedtls_x509write_cert crt;
	uint8_t number[] = {1, 2, 3};
	struct cert out;
	int n;

	mbedtls_x509write_crt_init(&crt);
	mbedtls_x509write_crt_set_md_alg(&crt, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_subject_key(&crt, s.subject_key);
	mbedtls_x509write_crt_set_issuer_key(&crt, s.issuer_key);
	assert_int_equal(mbedtls_x509write_crt_set_serial_raw(&crt, number, sizeof(number)), 0);
	assert_int_equal(mbedtls_x509write_crt_set_validity(&crt, s.from, s.to), 0);
	assert_int_equal(mbedtls_x509write_crt_set_subject_name(&crt, s.subject), 0);
	assert_int_equal(mbedtls_x509write_crt_set_issuer_name(&crt, s.issuer), 0);
	assert_int_equal(mbedtls_x509write_crt_set_basic_constraints(&crt, s.ca, -1), 0);
	if (s.usage)
		assert_int_equal(mbedtls_x509write_crt_set_key_usage(&crt, s.usage), 0);
	n = mbedtls_x509write_crt_der(&crt, out.der, sizeof(out.der), mbedtls_ctr_drbg_random, &drbg);
	assert_true(n > 0);
	memmove(out.der, out.der + sizeof(out.der) - n, (size_t)n);
	out.size = (size_t)n;
	mbedtls_x509write_crt_free(&crt);
	return out;
}

static size_t pem(const struct cert *c, char *out, size_t room)
{
	size_t n;

	assert_int_equal(mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
						  c->der, c->size, (uint8_t *)out, room, &n),
			 0);
	return n - 1;
}

static coffer_roots *roots_of(const struct cert *c)
{
	char text[4096];
	coffer_roots *roots;
	size_t n = pem(c, text, sizeof(text));

	assert_int_equal(coffer_roots_parse(&roots, text, n, NULL), 0);
	return roots;
}

/* The reason why the concatenation of certificates is refused under `roots`. */
static enum coffer_trust judge(coffer_roots *roots, enum coffer_chain which, const struct cert *certs, size_t count)
{
	uint8_t chain[32768];
	size_t size = 0;
	coffer_public_key *key;
	enum coffer_trust reason = COFFER_TRUST_NO_ROOT;
	int ret;

	for (size_t i = 0; i < count; i++) {
		memcpy(chain + size, certs[i].der, certs[i].size);
		size += certs[i].size;
	}
	ret = coffer_chain_verify(roots, which, chain, size, &key, &reason);
	assert_int_equal(ret, reason ? COFFER_E_UNTRUSTED : 0);
	assert_true(!!key == !ret);
	coffer_public_key_free(&key);
	return reason;
}

static enum coffer_trust judge_leaf(struct spec s)
{
	struct cert root = make(root_spec), leaf = make(s);
	coffer_roots *roots = roots_of(&root);
	enum coffer_trust reason = judge(roots, COFFER_CHAIN_RSA, &leaf, 1);

	coffer_roots_free(&roots);
	return reason;
}

static void good_leaf_is_trusted_and_names_its_board(void **state)
{
	struct cert root = make(root_spec), leaf = make(leaf_spec);
	coffer_roots *roots = roots_of(&root);
	coffer_public_key *key;

	(void)state;
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, leaf.der, leaf.size, &key, NULL), 0);
	assert_string_equal(coffer_public_key_serial(key), "B-17");
	assert_false(coffer_roots_virtual(roots));
	coffer_public_key_free(&key);
	coffer_public_key_free(&key);
	coffer_roots_free(&roots);
	coffer_roots_free(&roots);
}

static void chain_with_an_intermediate(void **state)
{
	struct spec middle = root_spec, leaf = leaf_spec;
	struct cert root = make(root_spec), chain[2];
	coffer_roots *roots = roots_of(&root);

	(void)state;
	middle.subject_key = &middle_key;
	middle.subject = MIDDLE_NAME;
	leaf.issuer_key = &middle_key;
	leaf.issuer = MIDDLE_NAME;
	chain[0] = make(leaf);
	chain[1] = make(middle);
	assert_int_equal(judge(roots, COFFER_CHAIN_RSA, chain, 2), COFFER_TRUSTED);
	assert_int_equal(judge(roots, COFFER_CHAIN_RSA, chain, 1), COFFER_TRUST_WRONG_ROOT);
	middle.ca = 0; /* a leaf must not sign */
	chain[1] = make(middle);
	assert_int_equal(judge(roots, COFFER_CHAIN_RSA, chain, 2), COFFER_TRUST_WRONG_ROOT);
	coffer_roots_free(&roots);
}

static void wrong_root(void **state)
{
	struct spec s = leaf_spec;

	(void)state;
	s.issuer_key = &other_key; /* the right name, signed by another */
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_ROOT);
	s = leaf_spec;
	s.issuer = "O=Test,CN=Another root";
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_ROOT);
}

static void times(void **state)
{
	struct spec s = leaf_spec;

	(void)state;
	s.to = "20210101000000";
	assert_int_equal(judge_leaf(s), COFFER_TRUST_EXPIRED);
	s.issuer_key = &other_key; /* a forged one is not said to be merely old */
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_ROOT);
	s = leaf_spec;
	s.from = "20480101000000";
	assert_int_equal(judge_leaf(s), COFFER_TRUST_NOT_YET_VALID);
}

static void other_keys(void **state)
{
	struct cert root = make(root_spec), leaf;
	coffer_roots *roots = roots_of(&root);
	struct spec s = leaf_spec;

	(void)state;
	s.subject_key = &rsa3072_key;
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_KEY);
	s.subject_key = &p256_key;
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_KEY);
	s = leaf_spec;
	s.usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_KEY);
	s.usage = 0; /* no key usage at all is no permission */
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_KEY);
	s = leaf_spec;
	s.ca = 1;
	assert_int_equal(judge_leaf(s), COFFER_TRUST_WRONG_KEY);

	s = leaf_spec;
	s.subject_key = &p256_key;
	s.usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
	leaf = make(s);
	assert_int_equal(judge(roots, COFFER_CHAIN_P256, &leaf, 1), COFFER_TRUSTED);
	leaf = make(leaf_spec);
	assert_int_equal(judge(roots, COFFER_CHAIN_P256, &leaf, 1), COFFER_TRUST_WRONG_KEY);
	coffer_roots_free(&roots);
}

static void garbage(void **state)
{
	struct cert root = make(root_spec), leaf = make(leaf_spec), bad, many[9];
	coffer_roots *roots = roots_of(&root);
	coffer_public_key *key;
	enum coffer_trust reason;
	uint8_t *heap;

	(void)state;
	for (size_t n = 0; n < leaf.size; n += 1 + n / 8) { /* on the heap, for the sanitizer to see the end */
		heap = malloc(n + 1);
		memcpy(heap, leaf.der, n);
		assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, heap, n, &key, &reason),
				 COFFER_E_UNTRUSTED);
		assert_int_equal(reason, COFFER_TRUST_MALFORMED);
		free(heap);
	}
	for (size_t bit = 0; bit < 8 * leaf.size; bit += 97) {
		bad = leaf;
		bad.der[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(judge(roots, COFFER_CHAIN_RSA, &bad, 1), COFFER_TRUSTED);
	}
	bad = leaf;
	bad.der[bad.size++] = 0x30; /* something behind it */
	assert_int_equal(judge(roots, COFFER_CHAIN_RSA, &bad, 1), COFFER_TRUST_MALFORMED);
	for (int i = 0; i < 9; i++)
		many[i] = leaf;
	assert_int_equal(judge(roots, COFFER_CHAIN_RSA, many, 9), COFFER_TRUST_TOO_LONG);
	heap = calloc(1, COFFER_CHAIN_MAX_BYTES + 1);
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, heap, COFFER_CHAIN_MAX_BYTES + 1, &key, &reason),
			 COFFER_E_UNTRUSTED);
	assert_int_equal(reason, COFFER_TRUST_TOO_LONG);
	free(heap);
	coffer_roots_free(&roots);
}

static void write_root(const char *path, const struct cert *c)
{
	char text[4096];
	size_t n = pem(c, text, sizeof(text));

	assert_int_equal(coffer_file_write(path, 0644, text, n), 0);
}

static enum coffer_trust load(const char *path)
{
	coffer_roots *roots;
	enum coffer_trust reason = COFFER_TRUSTED;
	int ret = coffer_roots_load(&roots, path, &reason);

	assert_int_equal(ret, reason ? COFFER_E_UNTRUSTED : 0);
	assert_true(!!roots == !ret);
	coffer_roots_free(&roots);
	return reason;
}

static void where_roots_come_from(void **state)
{
	struct spec virtual = root_spec;
	struct cert real = make(root_spec), fake, leaf = make(leaf_spec);
	char named[] = COFFER_SYSCONFDIR "/named.pem";

	(void)state;
	virtual.subject = virtual.issuer = "O=Test,OU=" COFFER_VIRTUAL_OU ",CN=Root";
	fake = make(virtual);
	mkdir(COFFER_SYSCONFDIR, 0755);
	mkdir(COFFER_SYSCONFDIR "/coffer", 0755);
	unlink(INSTALLED);
	unsetenv("COFFER_ROOT");
	assert_int_equal(load(NULL), COFFER_TRUST_NO_ROOT);
	write_root(INSTALLED, &real);
	assert_int_equal(load(NULL), COFFER_TRUSTED);
	write_root(INSTALLED, &fake);
	assert_int_equal(load(NULL), COFFER_TRUST_VIRTUAL_ROOT);
	write_root(named, &fake);
	assert_int_equal(load(named), COFFER_TRUSTED);
	setenv("COFFER_ROOT", named, 1);
	assert_int_equal(load(NULL), COFFER_TRUSTED);
	setenv("COFFER_ROOT", "/nonexistent", 1); /* never falls back to another */
	assert_int_equal(load(NULL), COFFER_TRUST_BAD_ROOT);
	write_root(INSTALLED, &real);
	assert_int_equal(load(NULL), COFFER_TRUST_BAD_ROOT);
	unsetenv("COFFER_ROOT");
	write_root(named, &leaf); /* no authority */
	assert_int_equal(load(named), COFFER_TRUST_BAD_ROOT);
	assert_int_equal(coffer_file_write(named, 0644, "hello", 5), 0);
	assert_int_equal(load(named), COFFER_TRUST_BAD_ROOT);
	unlink(INSTALLED);
}

static void virtual_roots_are_known(void **state)
{
	struct spec virtual = root_spec;
	struct cert root;
	coffer_roots *roots;

	(void)state;
	virtual.subject = virtual.issuer = "O=Test,OU=" COFFER_VIRTUAL_OU ",CN=Root";
	root = make(virtual);
	roots = roots_of(&root);
	assert_true(coffer_roots_virtual(roots));
	coffer_roots_free(&roots);
}

static size_t open_blob(const uint8_t *blob, const char *label, uint8_t out[256])
{
	mbedtls_rsa_context *rsa = mbedtls_pk_rsa(rsa_key);
	size_t n = 0;

	assert_int_equal(mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA512), 0);
	if (mbedtls_rsa_rsaes_oaep_decrypt(rsa, mbedtls_ctr_drbg_random, &drbg, (const uint8_t *)label, strlen(label),
					   &n, blob, out, 256))
		return 0;
	return n;
}

static void sealing(void **state)
{
	struct cert root = make(root_spec), leaf = make(leaf_spec);
	coffer_roots *roots = roots_of(&root);
	coffer_public_key *key;
	uint8_t secret[32], blob[256], again[256], out[256];

	(void)state;
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, leaf.der, leaf.size, &key, NULL), 0);
	assert_int_equal(coffer_random(secret, sizeof(secret)), 0);
	assert_int_equal(coffer_seal_session_key(key, secret, blob), 0);
	assert_int_equal(open_blob(blob, "", out), 16);
	assert_memory_equal(out, secret, 16);
	assert_int_equal(open_blob(blob, COFFER_OPEN_LABEL, out), 0);
	assert_int_equal(coffer_seal_session_key(key, secret, again), 0);
	assert_memory_not_equal(blob, again, 256);
	for (size_t bytes = 16; bytes <= 32; bytes += 8) {
		assert_int_equal(coffer_seal_open_key(key, COFFER_USE_CTR | COFFER_USE_DECRYPT, 2, secret, bytes, blob),
				 0);
		assert_int_equal(open_blob(blob, "", out), 0);
		assert_int_equal(open_blob(blob, COFFER_OPEN_LABEL, out), 4 + bytes);
		assert_memory_equal(out, ((uint8_t[]){1, (uint8_t)bytes, 0x42, 2}), 4);
		assert_memory_equal(out + 4, secret, bytes);
	}
	assert_int_equal(coffer_seal_open_key(key, 0, 0, secret, 17, blob), COFFER_E_INVALID);
	coffer_public_key_free(&key);
	coffer_roots_free(&roots);
}

static void new_p256(mbedtls_pk_context *key)
{
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	assert_int_equal(
		mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_ctr_drbg_random, &drbg), 0);
}

static void new_rsa(mbedtls_pk_context *key, unsigned int bits)
{
	mbedtls_pk_init(key);
	assert_int_equal(mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
	assert_int_equal(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key), mbedtls_ctr_drbg_random, &drbg, bits, 65537), 0);
}

static int set_up(void **state)
{
	(void)state;
	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&drbg);
	assert_int_equal(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0), 0);
	new_p256(&root_key);
	new_p256(&other_key);
	new_p256(&middle_key);
	new_p256(&p256_key);
	new_rsa(&rsa_key, 2048);
	new_rsa(&rsa3072_key, 3072);
	return 0;
}

static int tear_down(void **state)
{
	mbedtls_pk_context *keys[] = {&root_key, &other_key, &middle_key, &p256_key, &rsa_key, &rsa3072_key};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		mbedtls_pk_free(keys[i]);
	mbedtls_ctr_drbg_free(&drbg);
	mbedtls_entropy_free(&entropy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_leaf_is_trusted_and_names_its_board),
		cmocka_unit_test(chain_with_an_intermediate),
		cmocka_unit_test(wrong_root),
		cmocka_unit_test(times),
		cmocka_unit_test(other_keys),
		cmocka_unit_test(garbage),
		cmocka_unit_test(where_roots_come_from),
		cmocka_unit_test(virtual_roots_are_known),
		cmocka_unit_test(sealing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
