/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's random numbers: CTR_DRBG with AES-256 and derivation function (SP 800-90A), seeded from the entropy
 * block, whose health tests (SP 800-90B section 4.4) stop it for good when they fail. Main loop only.
 */
#ifndef COFFER_DRBG_H
#define COFFER_DRBG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seeds. False when the entropy source failed. */
bool drbg_init(void);

/* False, with out zeroed, when there is no seeded generator. */
bool drbg_bytes(void *out, size_t n);

/* The entropy source failed its tests, or could not seed the generator. Not while seeding is still going on. */
bool drbg_failed(void);

/* Writes the vault's tag key (once) and keeps its pool of random words full. */
void drbg_tag_key(void);
void drbg_pool_poll(void);

#endif
