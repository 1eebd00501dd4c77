/* SPDX-License-Identifier: Apache-2.0 */
/* X25519 and P-256 by mbedTLS. Numbers have 32 bytes, least significant first; a point or signature is two. */
#ifndef PKE_REFERENCE_CURVES_H
#define PKE_REFERENCE_CURVES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 7748, section 5, for a point of large order. */
void reference_x25519(const uint8_t *scalar, const uint8_t *u, uint8_t *out);

/* A random scalar, 0 < k < n; or n + plus if plus is negative. */
void reference_p256_scalar(int plus, uint8_t *k);
/* out = k in, for a point of the curve. */
void reference_p256_multiply(const uint8_t *k, const uint8_t *in, uint8_t *out);
/* ECDSA with a given k (FIPS 186-5, 6.4.1). */
void reference_p256_sign(const uint8_t *d, const uint8_t *k, const uint8_t *hash, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
