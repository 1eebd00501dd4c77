/* SPDX-License-Identifier: Apache-2.0 */
/* See p256.h. Constants and operands stand in work rows: they are written before each operation, and cleared after it. */
#include "p256.h"

#include <string.h>

#include "board.h"
#include "drbg.h"
#include "pke.h"
#include "pke_code.h"

#define WORDS     8u /* of a number */
#define ROW_WORDS 9u /* of the four rows that hold it */

/* As the engine has them: least significant word first (fw/pke/p256.py, constants()). */
static const uint32_t *const prime = pke_p256_constants, *const order = pke_p256_constants + 3 * ROW_WORDS;

static uint32_t private_key[WORDS];

static const uint32_t *words(const uint8_t *number)
{
	return (const uint32_t *)(const void *)number;
}

/* Looks at every word, whatever it finds. */
static bool below(const uint8_t *number, const uint32_t *modulus)
{
	unsigned borrow = 0;

	for (size_t i = 0; i < P256_BYTES; i++) {
		unsigned byte = modulus[i / 4] >> 8 * (i % 4) & 0xFF;

		borrow = (number[P256_BYTES - 1 - i] - byte - borrow) >> 31;
	}
	return borrow != 0;
}

bool p256_is_zero(const uint8_t number[P256_BYTES])
{
	uint32_t any = 0;

	for (size_t i = 0; i < WORDS; i++)
		any |= words(number)[i];
	return any == 0;
}

void p256_load(const uint8_t key[P256_BYTES])
{
	memcpy(private_key, key, sizeof(private_key));
}

bool p256_in_range(const uint8_t point[2 * P256_BYTES])
{
	return below(point, prime) && below(point + P256_BYTES, prime);
}

bool p256_draw(uint8_t k[P256_BYTES])
{
	do {
		if (!drbg_bytes(k, P256_BYTES))
			return false;
	} while (p256_is_zero(k) || !below(k, order));
	return true;
}

/* What both operations begin with, up to LAMBDA. */
static bool put_operands(const uint8_t *k)
{
	uint32_t lambda[WORDS];

	if (!drbg_bytes(lambda, sizeof(lambda)))
		return false;
	pke_put(PKE_P256_ROW_CONSTANTS, pke_p256_constants, sizeof(pke_p256_constants) / 4);
	pke_put_number(words(k), WORDS, ROW_WORDS);
	pke_put_number(lambda, WORDS, ROW_WORDS);
	wipe(lambda, sizeof(lambda));
	return true;
}

static void put_generator(void)
{
	pke_put(PKE_P256_ROW_IO_X, pke_p256_generator, sizeof(pke_p256_generator) / 4);
}

bool p256_multiply(const uint8_t k[P256_BYTES], const uint8_t *point)
{
	if (!put_operands(k))
		return false;
	put_generator();
	if (point != NULL) {
		pke_write(PKE_ADDRESS, PKE_P256_ROW_IO_X);
		pke_put_number(words(point), WORDS, ROW_WORDS);
		pke_put_number(words(point + P256_BYTES), WORDS, ROW_WORDS);
	}
	pke_start(PKE_ENTRY_P256_MULTIPLY);
	return true;
}

bool p256_sign(const uint8_t k[P256_BYTES], const uint8_t hash[P256_BYTES])
{
	if (!put_operands(k))
		return false;
	pke_put_number(private_key, WORDS, ROW_WORDS);
	put_generator();
	pke_put_number(words(hash), WORDS, ROW_WORDS);
	pke_start(PKE_ENTRY_P256_SIGN);
	return true;
}

/* A number, and whatever stands above it. */
static uint32_t get(uint8_t *out)
{
	pke_get_number((uint32_t *)(void *)out, WORDS);
	return pke_any(ROW_WORDS - WORDS);
}

bool p256_finish(uint8_t out[2 * P256_BYTES])
{
	uint32_t wrong;

	pke_write(PKE_ADDRESS, PKE_P256_ROW_IO_X);
	wrong = get(out);
	wrong |= get(out + P256_BYTES);
	pke_write(PKE_ADDRESS, PKE_P256_ROW_IO_CHECK);
	wrong |= pke_any(2 * ROW_WORDS);
	pke_clear(PKE_CLEAR_WORK);
	if (wrong != 0)
		wipe(out, 2 * P256_BYTES);
	return wrong == 0;
}
