/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-256 (SP 800-186, 3.2.1.3) on the public-key engine; fw/pke/p256.py explains the arithmetic. Main loop only, between
 * operations of rsa.h, whose key rows stay as they are.
 *
 * Numbers are of 32 bytes, most significant first and word-aligned; points are x, y (SEC 1, 2.3.5), signatures r, s.
 */
#ifndef COFFER_P256_H
#define COFFER_P256_H

#include <stdbool.h>
#include <stdint.h>

#define P256_BYTES 32u

/* The board's private key: copied. */
void p256_load(const uint8_t key[P256_BYTES]);

bool p256_is_zero(const uint8_t number[P256_BYTES]);
/* Coordinates below p. Whether the point is on the curve, the engine finds out. */
bool p256_in_range(const uint8_t point[2 * P256_BYTES]);

/* A random number from 1 to n - 1, every one as likely as any other (FIPS 186-5, A.2.2 and A.3.2). False when the generator has
 * failed. */
bool p256_draw(uint8_t k[P256_BYTES]);

/* Each starts an operation: k times a point (NULL: the generator), or the signature of a hash with the nonce k (FIPS 186-5, 6.4.1).
 * False, with nothing started, when the generator has failed. */
bool p256_multiply(const uint8_t k[P256_BYTES], const uint8_t *point);
bool p256_sign(const uint8_t k[P256_BYTES], const uint8_t hash[P256_BYTES]);

/* It has ended (pke_busy()): takes the point or the signature, and clears the work rows. False, with out zeroed, when the point
 * was not on the curve, or a fault was injected. */
bool p256_finish(uint8_t out[2 * P256_BYTES]);

#endif
