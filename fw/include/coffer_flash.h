/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity record in the SPI flash: written by `coffer provision`, read once by the firmware at boot.
 * All multi-byte fields are little-endian.
 *
 *   struct coffer_identity_header   128 bytes
 *   struct coffer_identity_private  wrapped: AES-256-CTR, initial counter block = header.nonce
 *   RSA certificate chain           X.509 DER, leaf first, root left out
 *   P-256 certificate chain         the same
 *
 * K = HMAC-SHA-512(device secret, "coffer identity v1"); K[0..31] is the AES key, K[32..63] the MAC key.
 * header.mac = first 32 bytes of HMAC-SHA-512(MAC key, header[0..95] || wrapped private part).
 * The chains carry their own signatures; their CRC-32 (IEEE 802.3) in the header detects damage.
 */
#ifndef COFFER_FLASH_H
#define COFFER_FLASH_H

#include <stdint.h>

#define COFFER_FLASH_IDENTITY_OFFSET 0x3F0000u /* byte address of the record in the flash */
#define COFFER_IDENTITY_MAX_BYTES 16384u
#define COFFER_IDENTITY_VERSION 1u
#define COFFER_IDENTITY_MAGIC "COFFERID"
#define COFFER_IDENTITY_KDF_LABEL "coffer identity v1"
#define COFFER_DEVICE_SECRET_BYTES 32u

struct coffer_identity_header { /* 128 bytes */
	uint8_t magic[8];
	uint16_t version;
	uint16_t header_bytes;    /* 128 */
	uint32_t total_bytes;     /* of the record */
	uint8_t serial[16];       /* ASCII [0-9A-Za-z-], zero padded */
	uint32_t private_bytes;   /* sizeof(struct coffer_identity_private) */
	uint32_t chain_bytes[2];  /* RSA, P-256 */
	uint32_t chain_crc[2];
	uint8_t nonce[16];
	uint8_t reserved[28];     /* zero */
	uint8_t mac[32];
};

/* RSA-2048 private key with what the public-key engine needs, each value little-endian in
 * COFFER_RSA_HALF or COFFER_RSA_FULL bytes. R = 2^(72*15), S = 2^(72*29). */
#define COFFER_RSA_HALF 135u /* 15 words of 72 bits */
#define COFFER_RSA_FULL 261u /* 29 words of 72 bits */
struct coffer_rsa_half {
	uint8_t prime[COFFER_RSA_HALF];    /* p (or q) */
	uint8_t prime_neg[COFFER_RSA_HALF];/* -p^-1 mod R */
	uint8_t r2[COFFER_RSA_HALF];       /* R^2 mod p */
	uint8_t exponent[128];             /* d mod (p-1) */
};
struct coffer_identity_private {
	uint8_t n[COFFER_RSA_FULL];        /* n = p q; p > q */
	uint8_t n_neg[COFFER_RSA_FULL];    /* -n^-1 mod S */
	uint8_t n_r2[COFFER_RSA_FULL];     /* S^2 mod n */
	struct coffer_rsa_half p, q;
	uint8_t q_inverse[COFFER_RSA_HALF];/* q^-1 mod p, times R mod p */
	uint8_t p256_scalar[32];           /* big-endian, RFC 5915 */
	uint8_t reserved[2];               /* zero */
};

#endif
