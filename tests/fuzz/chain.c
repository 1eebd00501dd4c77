/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate chains and roots of <coffer/trust.h> under libFuzzer. The first byte says what the rest is: a chain of either
 * kind, to be checked against FUZZ_ROOT, or a file of roots. The corpus has true chains under that root.
 *
 * Checked besides memory safety: a chain that is trusted gives a key of its kind, with which a blob can be sealed; one that
 * is not gives none, and a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "coffer/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const coffer_roots *roots(void)
{
	static coffer_roots *loaded;

	if (!loaded && coffer_roots_load(&loaded, FUZZ_ROOT, NULL))
		abort();
	return loaded;
}

static void verify(enum coffer_chain which, const uint8_t *chain, size_t bytes)
{
	static const uint8_t session_key[16];
	uint8_t blob[COFFER_BLOB_BYTES];
	enum coffer_trust reason = COFFER_TRUSTED;
	coffer_public_key *key;
	int error = coffer_chain_verify(roots(), which, chain, bytes, &key, &reason);

	if (error ? key || reason == COFFER_TRUSTED : !key || strlen(coffer_public_key_serial(key)) > 16)
		abort();
	if (!error && which == COFFER_CHAIN_RSA && coffer_seal_session_key(key, session_key, blob))
		abort();
	coffer_public_key_free(&key);
}

static void parse_roots(const uint8_t *pem, size_t bytes)
{
	enum coffer_trust reason = COFFER_TRUSTED;
	coffer_roots *parsed;
	int error = coffer_roots_parse(&parsed, pem, bytes, &reason);

	if (!error != !!parsed || (error && reason == COFFER_TRUSTED))
		abort();
	coffer_roots_free(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own size, so that reading beyond it is seen. */
	uint8_t *copy;

	if (size < 1)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 2)
		parse_roots(copy, size - 1);
	else
		verify(data[0] & 1 ? COFFER_CHAIN_P256 : COFFER_CHAIN_RSA, copy, size - 1);
	free(copy);
	return 0;
}
