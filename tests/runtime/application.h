/* SPDX-License-Identifier: Apache-2.0 */
/* An application's own cryptography: what a driver is checked against. None of it is the driver's. */
#ifndef COFFER_TESTS_RUNTIME_APPLICATION_H
#define COFFER_TESTS_RUNTIME_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Keys, pictures and padding: all from one seed, so that a run can be had again. */
void seed_random(uint64_t seed);
void random_bytes(void *to, size_t bytes);

void aes_encrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
void aes_decrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
/* Counter mode: block number `first` of the keystream onwards. The counter is all of the IV's 16 bytes. */
void aes_ctr(const uint8_t key[16], const uint8_t iv[16], uint64_t first, const uint8_t *in, uint8_t *out, size_t size);

/* X.509 certificates in DER, concatenated, leaf first. Keeps the leaf's RSA-2048 key for seal. NULL, or what is wrong. */
const char *read_chain(const uint8_t *chain, size_t bytes);
void forget_chain(void);
/* RSAES-OAEP to that key, empty label; with SHA-512 throughout, or with SHA-1. */
bool seal(const void *plain, size_t bytes, bool sha512, uint8_t blob[256]);

#endif
