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
 * AES key = HMAC-SHA-256(device secret, "coffer identity v2 aes"), MAC key = HMAC-SHA-256(device secret, "coffer identity v2 mac").
 * header.mac = HMAC-SHA-256(MAC key, header[0..95] || wrapped private part).
 * The chains carry their own signatures; their CRC-32 (IEEE 802.3) in the header detects damage.
 */
#ifndef COFFER_FLASH_H
#define COFFER_FLASH_H

#include <assert.h>
#include <stdint.h>

#define COFFER_FLASH_IDENTITY_OFFSET 0x3F0000u /* byte address of the record in the flash */
#define COFFER_IDENTITY_MAX_BYTES    16384u
#define COFFER_IDENTITY_VERSION      2u
#define COFFER_IDENTITY_MAGIC        "COFFERID"
#define COFFER_IDENTITY_LABEL_AES    "coffer identity v2 aes"
#define COFFER_IDENTITY_LABEL_MAC    "coffer identity v2 mac"
#define COFFER_DEVICE_SECRET_BYTES   32u

struct coffer_identity_header { /* 128 bytes */
	uint8_t magic[8];
	uint16_t version;
	uint16_t header_bytes;   /* 128 */
	uint32_t total_bytes;    /* of the record */
	uint8_t serial[16];      /* ASCII [0-9A-Za-z-], zero padded */
	uint32_t private_bytes;  /* sizeof(struct coffer_identity_private) */
	uint32_t chain_bytes[2]; /* RSA, P-256 */
	uint32_t chain_crc[2];
	uint8_t nonce[16];
	uint8_t reserved[28]; /* zero */
	uint8_t mac[32];
};

/*
 * RSA-2048 private key (e = 65537; p and q of 1024 bits, p > q) with the constants that the public-key
 * engine works with (fw/pke/rsa.py). Every value is little-endian and zero-padded: COFFER_RSA_HALF bytes
 * hold the engine's 15 rows of 72 bits, COFFER_RSA_FULL bytes its 30 rows.  R = 2^1080, S = R^2 = 2^2160.
 *
 * An exponent x is stored as  x + 2^55 (p - 1) - (2^1080 - 1) / 15,  which is positive: base-16 digits
 * of an exponent are taken as 1..16 instead of 0..15 (the table needs no entry for 1), and there is
 * room for the random multiple of p - 1, below 2^55, that is added for each operation.
 */
#define COFFER_RSA_HALF 136u
#define COFFER_RSA_FULL 272u
struct coffer_rsa_half {
	uint8_t prime[COFFER_RSA_HALF];            /* p (or q) */
	uint8_t prime_neg[COFFER_RSA_HALF];        /* -p^-1 mod R */
	uint8_t exponent[COFFER_RSA_HALF];         /* d mod (p-1), stored as above */
	uint8_t exponent_inverse[COFFER_RSA_HALF]; /* -d mod (p-1), stored as above: makes the blinding pair */
};
struct coffer_identity_private {
	uint8_t n_s2[COFFER_RSA_FULL]; /* S^2 mod n */
	struct coffer_rsa_half p, q;
	uint8_t q_inverse[COFFER_RSA_HALF]; /* q^-1 R mod p */
	uint8_t p256_scalar[32];            /* big-endian, RFC 5915 */
};
static_assert(sizeof(struct coffer_identity_header) == 128, "coffer_identity_header");
static_assert(sizeof(struct coffer_identity_private) == 1528, "coffer_identity_private");

#endif
