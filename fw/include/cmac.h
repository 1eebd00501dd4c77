/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_CMAC_H
#define COFFER_CMAC_H

#include <stddef.h>
#include <stdint.h>

/* AES-CMAC with a key of 128 bits (SP 800-38B, RFC 4493), which the DDI calls OMAC1. What it leaves on the stack is secret. */
void cmac(const uint8_t key[16], const void *message, size_t bytes, uint8_t mac[16]);

#endif
