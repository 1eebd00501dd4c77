/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key of a verified leaf: made by trust.c, used by seal.c.
 */
#ifndef COFFER_PUBLIC_KEY_H
#define COFFER_PUBLIC_KEY_H

#include <mbedtls/pk.h>

#include "coffer/trust.h"

struct coffer_public_key {
	enum coffer_chain which;
	mbedtls_pk_context pk;
	char serial[65];
};

#endif
