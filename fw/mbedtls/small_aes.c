/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mbedTLS's AES with its S-box and interface, but key schedule and rounds as loops, which take less than half of the memory
 * that they take unrolled, and without its table of MixColumns, a KiB. Only encryption, with keys of 128, 192 or 256 bits. tests/channel has it against the vectors of FIPS 197 and RFC 4493.
 */
#define MBEDTLS_AES_SETKEY_ENC_ALT
#define MBEDTLS_AES_ENCRYPT_ALT
#include "aes.c" /* of mbedTLS */

static uint32_t substitute(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	return FSb[MBEDTLS_BYTE_0(a)] | (uint32_t)FSb[MBEDTLS_BYTE_1(b)] << 8 | (uint32_t)FSb[MBEDTLS_BYTE_2(c)] << 16 |
	       (uint32_t)FSb[MBEDTLS_BYTE_3(d)] << 24;
}

/* FIPS 197 section 5.2. */
int mbedtls_aes_setkey_enc(mbedtls_aes_context *ctx, const unsigned char *key, unsigned int keybits)
{
	unsigned nk = keybits / 32, position = 0;
	const uint32_t *round = round_constants;
	uint32_t *w = ctx->buf, *end = w + 4 * (nk + 7);

	ctx->nr = (int)nk + 6;
	ctx->rk_offset = 0;
	for (unsigned i = 0; i < nk; i++)
		*w++ = MBEDTLS_GET_UINT32_LE(key, 4 * i);
	for (; w < end; w++, position = position + 1 == nk ? 0 : position + 1) {
		uint32_t last = w[-1];

		if (position == 0) {
			last = last >> 8 | last << 24;
			last = substitute(last, last, last, last) ^ *round++;
		} else if (nk > 6 && position == 4) {
			last = substitute(last, last, last, last);
		}
		*w = w[-(int)nk] ^ last;
	}
	return 0;
}

static uint32_t rotate(uint32_t w)
{
	return w >> 8 | w << 24;
}

/* MixColumns (5.1.3) of one column: of each byte and the three behind it 2 a + 3 b + c + d. */
static uint32_t mix(uint32_t w)
{
	uint32_t high = w >> 7 & 0x01010101u;
	uint32_t doubled = (w ^ high << 7) << 1 ^ (((high << 8) - high) & 0x1B1B1B1Bu);

	return doubled ^ rotate(doubled ^ w ^ rotate(w ^ rotate(w)));
}

/* FIPS 197 section 5.1. */
int mbedtls_internal_aes_encrypt(mbedtls_aes_context *ctx, const unsigned char input[16], unsigned char output[16])
{
	const uint32_t *w = ctx->buf;
	uint32_t s0 = MBEDTLS_GET_UINT32_LE(input, 0) ^ *w++;
	uint32_t s1 = MBEDTLS_GET_UINT32_LE(input, 4) ^ *w++;
	uint32_t s2 = MBEDTLS_GET_UINT32_LE(input, 8) ^ *w++;
	uint32_t s3 = MBEDTLS_GET_UINT32_LE(input, 12) ^ *w++;

	for (int round = 1; round < ctx->nr; round++, w += 4) {
		uint32_t t0 = substitute(s0, s1, s2, s3), t1 = substitute(s1, s2, s3, s0);
		uint32_t t2 = substitute(s2, s3, s0, s1), t3 = substitute(s3, s0, s1, s2);

		s0 = mix(t0) ^ w[0];
		s1 = mix(t1) ^ w[1];
		s2 = mix(t2) ^ w[2];
		s3 = mix(t3) ^ w[3];
	}
	MBEDTLS_PUT_UINT32_LE(substitute(s0, s1, s2, s3) ^ w[0], output, 0);
	MBEDTLS_PUT_UINT32_LE(substitute(s1, s2, s3, s0) ^ w[1], output, 4);
	MBEDTLS_PUT_UINT32_LE(substitute(s2, s3, s0, s1) ^ w[2], output, 8);
	MBEDTLS_PUT_UINT32_LE(substitute(s3, s0, s1, s2) ^ w[3], output, 12);
	return 0;
}
