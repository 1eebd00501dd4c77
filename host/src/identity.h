/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity record of fw/include/coffer_flash.h, made from a board's two keys and their chains.
 */
#ifndef COFFER_IDENTITY_H
#define COFFER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

#include "coffer_flash.h"

struct coffer_identity {
	const char *serial;             /* coffer_serial_is_valid() */
	const mbedtls_rsa_context *rsa; /* 2048 bits */
	const mbedtls_ecp_keypair *p256;
	const uint8_t *chain[2]; /* enum coffer_chain: RSA, P-256; X.509 DER */
	size_t chain_bytes[2];
	const uint8_t *nonce;         /* 16 bytes, never used before with this device secret */
	const uint8_t *device_secret; /* COFFER_DEVICE_SECRET_BYTES */
};

/* 1 to 16 of [0-9A-Za-z-]: such a serial number stands in certificates and USB descriptors as it is. */
bool coffer_serial_is_valid(const char *serial);

/* Writes the record to out, of COFFER_IDENTITY_MAX_BYTES, and its size to size.
 * 0, or an error of mbedTLS (MBEDTLS_ERR_RSA_BAD_INPUT_DATA: a key or a length that does not fit). */
int coffer_identity_write(const struct coffer_identity *identity, uint8_t *out, size_t *size);

#endif
