/* SPDX-License-Identifier: Apache-2.0 */
/* AES by mbedTLS: one block of 16 bytes, key of 16, 24 or 32 bytes. */
#ifndef TESTS_AES_REFERENCE_H
#define TESTS_AES_REFERENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void reference_aes(const uint8_t *key, unsigned int key_bytes, int decrypt, const uint8_t in[16], uint8_t out[16]);

#ifdef __cplusplus
}
#endif

#endif
