/* SPDX-License-Identifier: Apache-2.0 */
#include "rsa.h"

#include <string.h>

#include "board.h"
#include "drbg.h"
#include "pke.h"
#include "pke_code.h"

#define WORDS(bytes) ((bytes) / 4)
#define IO_WORDS     WORDS(COFFER_RSA_FULL) /* 68: 30 rows and two bytes */
#define IO_NUMBER    WORDS(RSA_BYTES)       /* of which a number has 64 */
#define IO_FLAG      66                     /* bytes 264..267, in row 29: PKE_ENTRY_RELEASE's flag c < n */

/* A random multiple of p - 1 below 2^55 is added to each exponent: the top row byte stays zero. */
#define RHO_WORDS 3
#define RHO_HIGH  0x007FFFFFu

enum step { STEP_NONE, STEP_REFRESH, STEP_PRIVATE, STEP_CHECK, STEP_RELEASE };

static struct {
	bool ready, fault;
	uint8_t step;
	const uint32_t *c;
	uint32_t rho[2][RHO_WORDS];
} rsa;

static void put_rho(void)
{
	pke_put(PKE_ROW_RHO_P, rsa.rho[0], RHO_WORDS);
	pke_put(PKE_ROW_RHO_Q, rsa.rho[1], RHO_WORDS);
	wipe(rsa.rho, sizeof(rsa.rho));
}

/* A number of RSA_BYTES, most significant byte first. */
static void put_number(const uint32_t *number)
{
	pke_write(PKE_ADDRESS, PKE_ROW_IO);
	pke_put_number(number, IO_NUMBER, IO_WORDS);
}

static bool io_is_zero(void)
{
	pke_write(PKE_ADDRESS, PKE_ROW_IO);
	return pke_any(IO_WORDS) == 0;
}

/* The released number; true if its ciphertext was below n. */
static bool get_number(uint32_t *number)
{
	uint32_t flag = 0;

	pke_write(PKE_ADDRESS, PKE_ROW_IO);
	pke_get_number(number, IO_NUMBER);
	for (size_t i = IO_NUMBER; i <= IO_FLAG; i++)
		flag = pke_read(PKE_DATA);
	return flag != 0;
}

static void finish(void)
{
	while (pke_busy())
		board_wait();
	pke_write(PKE_CONTROL, PKE_ACK);
}

static void give_up(bool fault)
{
	pke_clear(PKE_CLEAR_ALL);
	wipe(&rsa, sizeof(rsa));
	rsa.fault = fault;
}

void rsa_distrust(void)
{
	give_up(true);
}

bool rsa_prepare(void)
{
	if (!drbg_bytes(rsa.rho, sizeof(rsa.rho)))
		return false;
	for (int i = 0; i < 2; i++) {
		rsa.rho[i][1] &= RHO_HIGH;
		rsa.rho[i][2] = 0;
	}
	return true;
}

static void load_half(const struct coffer_rsa_half *half, uint32_t prime, uint32_t prime_neg, uint32_t exponent,
		      bool inverse)
{
	pke_put(prime, half->prime, WORDS(COFFER_RSA_HALF));
	pke_put(prime_neg, half->prime_neg, WORDS(COFFER_RSA_HALF));
	pke_put(exponent, inverse ? half->exponent_inverse : half->exponent, WORDS(COFFER_RSA_HALF));
}

static void load_key(const struct coffer_identity_private *key, bool inverse)
{
	load_half(&key->p, PKE_ROW_P, PKE_ROW_PN, PKE_ROW_DP, inverse);
	load_half(&key->q, PKE_ROW_Q, PKE_ROW_QN, PKE_ROW_DQ, inverse);
	pke_put(PKE_ROW_QINV, key->q_inverse, WORDS(COFFER_RSA_HALF));
}

/* BLIND_A: 2048 random bits, and the rest of its rows zero. */
static bool load_random(void)
{
	uint32_t w[8];

	pke_write(PKE_ADDRESS, PKE_ROW_BLIND_A);
	for (size_t i = 0; i < IO_NUMBER; i += 8) {
		if (!drbg_bytes(w, sizeof(w)))
			return false;
		for (size_t k = 0; k < 8; k++)
			pke_write(PKE_DATA, w[k]);
	}
	for (size_t i = IO_NUMBER; i < IO_WORDS; i++)
		pke_write(PKE_DATA, 0);
	wipe(w, sizeof(w));
	return true;
}

/* b = a^-d for the random a; true if b^e a = 1. */
static bool make_pair(const uint8_t *n_s2)
{
	put_rho();
	pke_start(PKE_ENTRY_INVERT);
	finish();
	pke_put(PKE_ROW_IO, n_s2, IO_WORDS);
	pke_start(PKE_ENTRY_PAIR);
	finish();
	pke_start(PKE_ENTRY_CHECK);
	finish();
	return io_is_zero();
}

void rsa_boot(void)
{
	pke_clear(PKE_CLEAR_ALL);
}

bool rsa_load(const struct coffer_identity_private *key)
{
	bool drawn;

	board_wake_on(IRQ_PKE, true);
	load_key(key, true);
	drawn = load_random() && rsa_prepare();
	if (!drawn || !make_pair(key->n_s2)) {
		give_up(drawn);
		return false;
	}
	load_key(key, false);
	pke_clear(PKE_CLEAR_WORK);
	rsa.ready = true;
	return true;
}

bool rsa_ready(void)
{
	return rsa.ready;
}

bool rsa_fault(void)
{
	return rsa.fault;
}

void rsa_begin(const uint8_t *c)
{
	rsa.c = (const uint32_t *)(const void *)c;
	rsa.step = STEP_REFRESH;
	if (rsa.ready)
		pke_start(PKE_ENTRY_REFRESH);
}

/* The entry of this step has run: starts the next. False when the check failed. */
static bool next(void)
{
	switch (rsa.step++) {
	case STEP_REFRESH:
		put_rho();
		put_number(rsa.c);
		pke_start(PKE_ENTRY_PRIVATE);
		return true;
	case STEP_PRIVATE:
		put_number(rsa.c);
		pke_start(PKE_ENTRY_CHECK);
		return true;
	default:
		if (!io_is_zero())
			return false;
		pke_start(PKE_ENTRY_RELEASE);
		return true;
	}
}

enum rsa_progress rsa_poll(uint8_t *m)
{
	bool in_range;

	if (rsa.ready && pke_busy())
		return RSA_BUSY;
	if (rsa.ready && rsa.step != STEP_RELEASE) {
		if (next())
			return RSA_BUSY;
		give_up(true);
	}
	if (!rsa.ready) {
		memset(m, 0, RSA_BYTES);
		return RSA_FAILED;
	}
	in_range = get_number((uint32_t *)(void *)m);
	pke_clear(PKE_CLEAR_WORK);
	rsa.step = STEP_NONE;
	return in_range ? RSA_DONE : RSA_RANGE;
}

void rsa_abort(void)
{
	if (!rsa.ready)
		return;
	/* The pair is whole only when both halves have been squared. */
	while (rsa.step == STEP_REFRESH && pke_busy())
		board_wait();
	pke_clear(PKE_CLEAR_WORK);
	wipe(rsa.rho, sizeof(rsa.rho));
	rsa.step = STEP_NONE;
}
