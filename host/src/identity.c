/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <stdbool.h>
#include <string.h>

#include <mbedtls/aes.h>
#include <mbedtls/bignum.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>

#define R_BITS 1080 /* R = 2^1080, S = R^2 */

#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		ret = (call);                                                                                          \
		if (ret)                                                                                               \
			goto out;                                                                                      \
	} while (0)

static void put_le(uint8_t *out, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

/* CRC-32 of IEEE 802.3, bit by bit: it runs once over some kilobytes. */
static uint32_t crc32(const uint8_t *data, size_t size)
{
	uint32_t crc = ~0u;

	while (size--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
	}
	return ~crc;
}

/* out := m^-1 mod r, a power of two, for odd m, by Newton's iteration: each round doubles the bits that are right,
 * beginning with three (an odd square is 1 mod 8). mbedtls_mpi_inv_mod() does not end for an even modulus. */
static int inverse_mod_power_of_two(mbedtls_mpi *out, const mbedtls_mpi *m, const mbedtls_mpi *r)
{
	mbedtls_mpi t;
	int ret;

	mbedtls_mpi_init(&t);
	TRY(mbedtls_mpi_copy(out, m));
	for (size_t bits = 3; bits < mbedtls_mpi_bitlen(r); bits *= 2) {
		TRY(mbedtls_mpi_mul_mpi(&t, m, out));
		TRY(mbedtls_mpi_sub_int(&t, &t, 2));
		TRY(mbedtls_mpi_mul_mpi(out, out, &t));
		TRY(mbedtls_mpi_sub_mpi(out, r, out));
		TRY(mbedtls_mpi_mod_mpi(out, out, r));
	}
out:
	mbedtls_mpi_free(&t);
	return ret;
}

/* 2^bits mod m */
static int power_mod(mbedtls_mpi *out, size_t bits, const mbedtls_mpi *m)
{
	int ret;

	TRY(mbedtls_mpi_lset(out, 1));
	TRY(mbedtls_mpi_shift_l(out, bits));
	TRY(mbedtls_mpi_mod_mpi(out, out, m));
out:
	return ret;
}

/* -prime^-1 mod R */
static int pack_negative_inverse(const mbedtls_mpi *prime, uint8_t out[COFFER_RSA_HALF])
{
	mbedtls_mpi r, t;
	int ret;

	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&t);
	TRY(mbedtls_mpi_lset(&r, 1));
	TRY(mbedtls_mpi_shift_l(&r, R_BITS));
	TRY(inverse_mod_power_of_two(&t, prime, &r));
	TRY(mbedtls_mpi_sub_mpi(&t, &r, &t));
	TRY(mbedtls_mpi_write_binary_le(&t, out, COFFER_RSA_HALF));
out:
	mbedtls_mpi_free(&r);
	mbedtls_mpi_free(&t);
	return ret;
}

/* x + 2^55 order - (2^1080 - 1) / 15, for order = p - 1: see coffer_flash.h. */
static int pack_exponent(const mbedtls_mpi *x, const mbedtls_mpi *order, uint8_t out[COFFER_RSA_HALF])
{
	mbedtls_mpi offset, t;
	int ret;

	mbedtls_mpi_init(&offset);
	mbedtls_mpi_init(&t);
	TRY(mbedtls_mpi_lset(&offset, 1));
	TRY(mbedtls_mpi_shift_l(&offset, R_BITS));
	TRY(mbedtls_mpi_sub_int(&offset, &offset, 1));
	TRY(mbedtls_mpi_div_int(&offset, NULL, &offset, 15));
	TRY(mbedtls_mpi_copy(&t, order));
	TRY(mbedtls_mpi_shift_l(&t, 55));
	TRY(mbedtls_mpi_add_mpi(&t, &t, x));
	TRY(mbedtls_mpi_sub_mpi(&t, &t, &offset));
	TRY(mbedtls_mpi_write_binary_le(&t, out, COFFER_RSA_HALF));
out:
	mbedtls_mpi_free(&offset);
	mbedtls_mpi_free(&t);
	return ret;
}

static int pack_half(const mbedtls_mpi *prime, const mbedtls_mpi *d, struct coffer_rsa_half *half)
{
	mbedtls_mpi order, x;
	int ret;

	mbedtls_mpi_init(&order);
	mbedtls_mpi_init(&x);
	TRY(mbedtls_mpi_write_binary_le(prime, half->prime, sizeof(half->prime)));
	TRY(pack_negative_inverse(prime, half->prime_neg));
	TRY(mbedtls_mpi_sub_int(&order, prime, 1));
	TRY(mbedtls_mpi_mod_mpi(&x, d, &order));
	TRY(pack_exponent(&x, &order, half->exponent));
	TRY(mbedtls_mpi_sub_mpi(&x, &order, &x));
	TRY(pack_exponent(&x, &order, half->exponent_inverse));
out:
	mbedtls_mpi_free(&order);
	mbedtls_mpi_free(&x);
	return ret;
}

/* (q^-1 mod p) R mod p */
static int pack_q_inverse(const mbedtls_mpi *p, const mbedtls_mpi *q, uint8_t *out)
{
	mbedtls_mpi t;
	int ret;

	mbedtls_mpi_init(&t);
	TRY(mbedtls_mpi_inv_mod(&t, q, p));
	TRY(mbedtls_mpi_shift_l(&t, R_BITS));
	TRY(mbedtls_mpi_mod_mpi(&t, &t, p));
	TRY(mbedtls_mpi_write_binary_le(&t, out, COFFER_RSA_HALF));
out:
	mbedtls_mpi_free(&t);
	return ret;
}

static int pack_rsa(const mbedtls_rsa_context *rsa, struct coffer_identity_private *private)
{
	mbedtls_mpi n, p, q, d, t;
	int ret;

	mbedtls_mpi_init(&n);
	mbedtls_mpi_init(&p);
	mbedtls_mpi_init(&q);
	mbedtls_mpi_init(&d);
	mbedtls_mpi_init(&t);
	TRY(mbedtls_rsa_export(rsa, &n, &p, &q, &d, NULL));
	if (mbedtls_mpi_bitlen(&n) != 2048 || mbedtls_mpi_bitlen(&p) != 1024 || mbedtls_mpi_bitlen(&q) != 1024) {
		ret = MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
		goto out;
	}
	if (mbedtls_mpi_cmp_mpi(&p, &q) < 0)
		mbedtls_mpi_swap(&p, &q);
	TRY(power_mod(&t, 4 * R_BITS, &n));
	TRY(mbedtls_mpi_write_binary_le(&t, private->n_s2, sizeof(private->n_s2)));
	TRY(pack_half(&p, &d, &private->p));
	TRY(pack_half(&q, &d, &private->q));
	TRY(pack_q_inverse(&p, &q, private->q_inverse));
out:
	mbedtls_mpi_free(&n);
	mbedtls_mpi_free(&p);
	mbedtls_mpi_free(&q);
	mbedtls_mpi_free(&d);
	mbedtls_mpi_free(&t);
	return ret;
}

static int wrap(const uint8_t key[32], const uint8_t nonce[16], uint8_t *data, size_t size)
{
	uint8_t counter[16], stream[16];
	mbedtls_aes_context aes;
	size_t offset = 0;
	int ret;

	memcpy(counter, nonce, sizeof(counter));
	mbedtls_aes_init(&aes);
	TRY(mbedtls_aes_setkey_enc(&aes, key, 256));
	TRY(mbedtls_aes_crypt_ctr(&aes, size, &offset, counter, stream, data, data));
out:
	mbedtls_aes_free(&aes);
	mbedtls_platform_zeroize(stream, sizeof(stream));
	return ret;
}

/* The MAC covers the header up to the reserved bytes' end at 96, then the wrapped private part. */
static int authenticate(const uint8_t key[32], const struct coffer_identity_header *header, const uint8_t *private,
			uint8_t out[32])
{
	const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
	mbedtls_md_context_t md;
	int ret;

	mbedtls_md_init(&md);
	TRY(mbedtls_md_setup(&md, sha256, 1));
	TRY(mbedtls_md_hmac_starts(&md, key, 32));
	TRY(mbedtls_md_hmac_update(&md, (const uint8_t *)header, offsetof(struct coffer_identity_header, mac)));
	TRY(mbedtls_md_hmac_update(&md, private, sizeof(struct coffer_identity_private)));
	TRY(mbedtls_md_hmac_finish(&md, out));
out:
	mbedtls_md_free(&md);
	return ret;
}

bool coffer_serial_is_valid(const char *serial)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
	size_t length = strlen(serial);

	return length >= 1 && length <= 16 && strspn(serial, allowed) == length;
}

static void fill_header(const struct coffer_identity *id, size_t total, struct coffer_identity_header *header)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->magic, COFFER_IDENTITY_MAGIC, sizeof(header->magic));
	put_le((uint8_t *)&header->version, COFFER_IDENTITY_VERSION, 2);
	put_le((uint8_t *)&header->header_bytes, sizeof(*header), 2);
	put_le((uint8_t *)&header->total_bytes, total, 4);
	memcpy(header->serial, id->serial, strlen(id->serial));
	put_le((uint8_t *)&header->private_bytes, sizeof(struct coffer_identity_private), 4);
	for (int i = 0; i < 2; i++) {
		put_le((uint8_t *)&header->chain_bytes[i], id->chain_bytes[i], 4);
		put_le((uint8_t *)&header->chain_crc[i], crc32(id->chain[i], id->chain_bytes[i]), 4);
	}
	memcpy(header->nonce, id->nonce, sizeof(header->nonce));
}

static int derive(const uint8_t secret[COFFER_DEVICE_SECRET_BYTES], const char *label, uint8_t key[32])
{
	return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), secret, COFFER_DEVICE_SECRET_BYTES,
			       (const uint8_t *)label, strlen(label), key);
}

int coffer_identity_write(const struct coffer_identity *id, uint8_t *out, size_t *size)
{
	struct coffer_identity_private private = {0};
	struct coffer_identity_header header;
	const size_t fixed = sizeof(header) + sizeof(private);
	uint8_t aes_key[32] = {0}, mac_key[32] = {0};
	size_t scalar_bytes;
	int ret;

	if (!coffer_serial_is_valid(id->serial) || id->chain_bytes[0] > COFFER_IDENTITY_MAX_BYTES - fixed ||
	    id->chain_bytes[1] > COFFER_IDENTITY_MAX_BYTES - fixed - id->chain_bytes[0])
		return MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
	*size = fixed + id->chain_bytes[0] + id->chain_bytes[1];
	TRY(pack_rsa(id->rsa, &private));
	TRY(mbedtls_ecp_write_key_ext(id->p256, &scalar_bytes, private.p256_scalar, sizeof(private.p256_scalar)));
	TRY(derive(id->device_secret, COFFER_IDENTITY_LABEL_AES, aes_key));
	TRY(derive(id->device_secret, COFFER_IDENTITY_LABEL_MAC, mac_key));
	TRY(wrap(aes_key, id->nonce, (uint8_t *)&private, sizeof(private)));
	fill_header(id, *size, &header);
	TRY(authenticate(mac_key, &header, (const uint8_t *)&private, header.mac));
	memcpy(out, &header, sizeof(header));
	memcpy(out + sizeof(header), &private, sizeof(private));
	memcpy(out + fixed, id->chain[0], id->chain_bytes[0]);
	memcpy(out + fixed + id->chain_bytes[0], id->chain[1], id->chain_bytes[1]);
out:
	mbedtls_platform_zeroize(&private, sizeof(private));
	mbedtls_platform_zeroize(aes_key, sizeof(aes_key));
	mbedtls_platform_zeroize(mac_key, sizeof(mac_key));
	return ret;
}
