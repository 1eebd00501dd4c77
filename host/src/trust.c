/* SPDX-License-Identifier: Apache-2.0 */
#include "coffer/trust.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/rsa.h>
#include <mbedtls/x509_crt.h>

#include "files.h"
#include "provision.h"
#include "public_key.h"

#ifndef COFFER_SYSCONFDIR
#define COFFER_SYSCONFDIR "/usr/local/etc"
#endif
#define ROOTS_LIMIT 262144u

struct coffer_roots {
	mbedtls_x509_crt crt;
	bool virtual;
};

const char *coffer_trust_text(int reason)
{
	static const char *const text[] = {
		[COFFER_TRUSTED] = "trusted",
		[COFFER_TRUST_NO_ROOT] = "no trusted root: name one with --root or COFFER_ROOT",
		[COFFER_TRUST_BAD_ROOT] = "the root file cannot be read, or is no certificate of an authority",
		[COFFER_TRUST_VIRTUAL_ROOT] =
			"the installed root is one of virtual boards: name it with --root or COFFER_ROOT to accept it",
		[COFFER_TRUST_TOO_LONG] = "the certificate chain is too long",
		[COFFER_TRUST_MALFORMED] = "the certificate chain is malformed",
		[COFFER_TRUST_WRONG_ROOT] = "the certificate chain does not lead to the trusted root",
		[COFFER_TRUST_EXPIRED] = "a certificate of the chain has expired",
		[COFFER_TRUST_NOT_YET_VALID] = "a certificate of the chain is not valid yet",
		[COFFER_TRUST_WRONG_KEY] = "the certificate is for another kind or use of key, or for another board",
	};

	if (reason < 0 || reason >= (int)(sizeof(text) / sizeof(text[0])))
		return "unknown reason";
	return text[reason];
}

static int untrusted(enum coffer_trust *reason, enum coffer_trust value)
{
	if (reason)
		*reason = value;
	return COFFER_E_UNTRUSTED;
}

/* ---- roots -------------------------------------------------------------------------------------- */

static bool is_virtual(const mbedtls_x509_crt *crt)
{
	for (const mbedtls_x509_name *name = &crt->subject; name; name = name->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_ORG_UNIT, &name->oid) == 0 &&
		    name->val.len == strlen(COFFER_VIRTUAL_OU) &&
		    memcmp(name->val.p, COFFER_VIRTUAL_OU, name->val.len) == 0)
			return true;
	return false;
}

int coffer_roots_parse(coffer_roots **out, const void *pem, size_t bytes, enum coffer_trust *reason)
{
	coffer_roots *roots;
	uint8_t *text;
	int ret;

	if (!out || !pem)
		return COFFER_E_INVALID;
	*out = NULL;
	if (bytes > ROOTS_LIMIT)
		return untrusted(reason, COFFER_TRUST_BAD_ROOT);
	roots = calloc(1, sizeof(*roots));
	text = malloc(bytes + 1);
	if (!roots || !text) {
		free(roots);
		free(text);
		return COFFER_E_NO_MEMORY;
	}
	memcpy(text, pem, bytes);
	text[bytes] = 0; /* mbedTLS knows PEM by it */
	mbedtls_x509_crt_init(&roots->crt);
	ret = mbedtls_x509_crt_parse(&roots->crt, text, bytes + 1);
	free(text);
	for (const mbedtls_x509_crt *crt = &roots->crt; !ret && crt; crt = crt->next) {
		roots->virtual |= is_virtual(crt);
		ret = crt->MBEDTLS_PRIVATE(ca_istrue) ? 0 : -1;
	}
	if (ret) {
		coffer_roots_free(&roots);
		return untrusted(reason, COFFER_TRUST_BAD_ROOT);
	}
	*out = roots;
	return 0;
}

int coffer_roots_load(coffer_roots **roots, const char *path, enum coffer_trust *reason)
{
	uint8_t *pem;
	size_t size;
	bool installed = false;
	int ret;

	if (!roots)
		return COFFER_E_INVALID;
	*roots = NULL;
	if (!path)
		path = secure_getenv("COFFER_ROOT");
	if (!path || !*path) {
		path = COFFER_SYSCONFDIR "/coffer/root.pem";
		installed = true;
	}
	pem = coffer_file_read(path, ROOTS_LIMIT, &size);
	if (!pem)
		return untrusted(reason, installed ? COFFER_TRUST_NO_ROOT : COFFER_TRUST_BAD_ROOT);
	ret = coffer_roots_parse(roots, pem, size, reason);
	free(pem);
	if (!ret && installed && (*roots)->virtual) {
		coffer_roots_free(roots);
		return untrusted(reason, COFFER_TRUST_VIRTUAL_ROOT);
	}
	return ret;
}

int coffer_roots_virtual(const coffer_roots *roots)
{
	return roots && roots->virtual;
}

void coffer_roots_free(coffer_roots **roots)
{
	if (!roots || !*roots)
		return;
	mbedtls_x509_crt_free(&(*roots)->crt);
	free(*roots);
	*roots = NULL;
}

/* ---- chains ------------------------------------------------------------------------------------- */

/* mbedTLS tolerates bytes behind a certificate, so its length says where the next one begins. */
static int parse_chain(mbedtls_x509_crt *chain, const uint8_t *der, size_t bytes, enum coffer_trust *reason)
{
	unsigned int count = 0;

	if (bytes > COFFER_CHAIN_MAX_BYTES)
		return untrusted(reason, COFFER_TRUST_TOO_LONG);
	do {
		const mbedtls_x509_crt *last = chain;

		if (count++ == COFFER_CHAIN_MAX_CERTIFICATES)
			return untrusted(reason, COFFER_TRUST_TOO_LONG);
		if (mbedtls_x509_crt_parse_der(chain, der, bytes))
			return untrusted(reason, COFFER_TRUST_MALFORMED);
		while (last->next)
			last = last->next;
		der += last->raw.len;
		bytes -= last->raw.len;
	} while (bytes);
	return 0;
}

static int check_path(mbedtls_x509_crt *chain, const coffer_roots *roots, enum coffer_trust *reason)
{
	uint32_t flags = 0;

	if (!mbedtls_x509_crt_verify(chain, (mbedtls_x509_crt *)&roots->crt, NULL, NULL, &flags, NULL, NULL))
		return 0;
	if (!flags || flags == ~0u)
		return untrusted(reason, COFFER_TRUST_MALFORMED);
	if (flags & ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
		return untrusted(reason, COFFER_TRUST_WRONG_ROOT);
	return untrusted(reason,
			 flags & MBEDTLS_X509_BADCERT_FUTURE ? COFFER_TRUST_NOT_YET_VALID : COFFER_TRUST_EXPIRED);
}

static bool is_oaep_key(const mbedtls_x509_crt *leaf)
{
	mbedtls_mpi e;
	bool good;

	if (mbedtls_pk_get_type(&leaf->pk) != MBEDTLS_PK_RSA || mbedtls_pk_get_bitlen(&leaf->pk) != 2048)
		return false;
	mbedtls_mpi_init(&e);
	good = !mbedtls_rsa_export(mbedtls_pk_rsa(leaf->pk), NULL, NULL, NULL, NULL, &e) &&
	       mbedtls_mpi_cmp_int(&e, 65537) == 0;
	mbedtls_mpi_free(&e);
	return good && mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_KEY_ENCIPHERMENT) == 0;
}

static bool is_signing_key(const mbedtls_x509_crt *leaf)
{
	return mbedtls_pk_get_type(&leaf->pk) == MBEDTLS_PK_ECKEY &&
	       mbedtls_pk_ec(leaf->pk)->MBEDTLS_PRIVATE(grp).id == MBEDTLS_ECP_DP_SECP256R1 &&
	       mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0;
}

static int check_leaf(const mbedtls_x509_crt *leaf, enum coffer_chain which, enum coffer_trust *reason)
{
	if (leaf->MBEDTLS_PRIVATE(ca_istrue) || !mbedtls_x509_crt_has_ext_type(leaf, MBEDTLS_X509_EXT_KEY_USAGE) ||
	    !(which == COFFER_CHAIN_RSA ? is_oaep_key(leaf) : is_signing_key(leaf)))
		return untrusted(reason, COFFER_TRUST_WRONG_KEY);
	return 0;
}

static void copy_serial(coffer_public_key *key, const mbedtls_x509_crt *leaf)
{
	for (const mbedtls_x509_name *name = &leaf->subject; name; name = name->next)
		if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_SERIAL_NUMBER, &name->oid) == 0 &&
		    name->val.len < sizeof(key->serial)) {
			memcpy(key->serial, name->val.p, name->val.len);
			key->serial[name->val.len] = 0;
		}
}

/* The leaf's key moves out of the certificate, which is freed next. */
static int take_key(coffer_public_key **out, enum coffer_chain which, mbedtls_x509_crt *leaf)
{
	coffer_public_key *key = calloc(1, sizeof(*key));

	if (!key)
		return COFFER_E_NO_MEMORY;
	key->which = which;
	key->pk = leaf->pk;
	mbedtls_pk_init(&leaf->pk);
	copy_serial(key, leaf);
	*out = key;
	return 0;
}

int coffer_chain_verify(const coffer_roots *roots, enum coffer_chain which, const void *chain, size_t bytes,
			coffer_public_key **key, enum coffer_trust *reason)
{
	mbedtls_x509_crt crt;
	int ret;

	if (!roots || !chain || !key || (which != COFFER_CHAIN_RSA && which != COFFER_CHAIN_P256))
		return COFFER_E_INVALID;
	*key = NULL;
	if (reason)
		*reason = COFFER_TRUSTED;
	mbedtls_x509_crt_init(&crt);
	ret = parse_chain(&crt, chain, bytes, reason);
	if (!ret)
		ret = check_path(&crt, roots, reason);
	if (!ret)
		ret = check_leaf(&crt, which, reason);
	if (!ret)
		ret = take_key(key, which, &crt);
	mbedtls_x509_crt_free(&crt);
	return ret;
}

int coffer_trust_board(coffer_context *context, const coffer_roots *roots, enum coffer_chain which,
		       const struct timespec *deadline, coffer_public_key **key, enum coffer_trust *reason)
{
	uint8_t *chain;
	size_t bytes;
	int ret;

	if (!context || !roots || !key)
		return COFFER_E_INVALID;
	*key = NULL;
	ret = coffer_get_chain(context, which, deadline, &chain, &bytes);
	if (ret)
		return ret;
	ret = coffer_chain_verify(roots, which, chain, bytes, key, reason);
	coffer_free(chain);
	if (!ret && strcmp((*key)->serial, coffer_context_serial(context))) {
		coffer_public_key_free(key);
		ret = untrusted(reason, COFFER_TRUST_WRONG_KEY);
	}
	return ret;
}

const char *coffer_public_key_serial(const coffer_public_key *key)
{
	return key ? key->serial : "";
}

void coffer_public_key_free(coffer_public_key **key)
{
	if (!key || !*key)
		return;
	mbedtls_pk_free(&(*key)->pk);
	free(*key);
	*key = NULL;
}
