/* SPDX-License-Identifier: Apache-2.0 */
/* What of mbedTLS the firmware is built from: hash, DRBG and the AES under it. No heap, no bignum. */
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_CTR_DRBG_MAX_SEED_INPUT 208 /* noise and personalization (fw/src/drbg.c) */
#define MBEDTLS_CTR_DRBG_MAX_INPUT      32
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_PLATFORM_ZEROIZE_ALT /* wipe() of fw/src/board.c */
