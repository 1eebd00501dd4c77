/* SPDX-License-Identifier: Apache-2.0 */
/* RSA-2048 on mbedTLS's bignum: keys for the bench, with the constants of the identity record, and c^d. */
#ifndef PKE_REFERENCE_H
#define PKE_REFERENCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "coffer_flash.h"

/* A reference that fails is no reference. */
#define REFERENCE_OK(call)                                                                                             \
	do {                                                                                                           \
		if ((call) != 0) {                                                                                     \
			fprintf(stderr, "reference: %s\n", #call);                                                     \
			exit(2);                                                                                       \
		}                                                                                                      \
	} while (0)

#ifdef __cplusplus
extern "C" {
#endif

/* The bench's generator (splitmix64), which the seed on its command line starts. */
void reference_seed(uint64_t seed);
uint64_t reference_random(void);

/* Makes a key and remembers it. */
void reference_key(struct coffer_identity_private *key);
/* m = c^d mod n; numbers of 256 bytes, most significant first. */
void reference_private(const uint8_t *c, uint8_t *m);
/* The modulus plus a small number. */
void reference_modulus(int plus, uint8_t *n);

#ifdef __cplusplus
}
#endif
#endif
