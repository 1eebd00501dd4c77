/* SPDX-License-Identifier: Apache-2.0 */
/* What of the firmware cannot be built for a host or is fuzzed elsewhere: time, flash, randomness, the private key. */
#include "board.h"

#include <mbedtls/platform_util.h>
#include <string.h>

#include "drbg.h"
#include "flash.h"
#include "hardware.h"
#include "identity.h"
#include "oaep.h"
#include "p256.h"
#include "pke.h"
#include "rsa.h"

#define CALL_CYCLES 40u /* what a look at the clock takes; a little less than on the board */

volatile bool board_work;

uint64_t board_cycle(void)
{
	hardware_settle();
	return hardware.cycle += CALL_CYCLES;
}

uint32_t irq_save(void)
{
	return 0;
}

void irq_restore(uint32_t saved)
{
	(void)saved;
	hardware_unmasked();
}

void board_timer(uint64_t cycle)
{
	(void)cycle;
}

void board_timer_off(void) {}

void board_panic(void)
{
	hardware_broken("panics");
}

unsigned bit_count(uint64_t mask)
{
	return (unsigned)__builtin_popcountll(mask);
}

void wipe(void *p, size_t n)
{
	memset(p, 0, n);
}

void mbedtls_platform_zeroize(void *p, size_t n)
{
	wipe(p, n);
}

void stack_wipe(void) {}

void stack_wipe_near(size_t bytes)
{
	(void)bytes;
}

uint32_t ram_free(void)
{
	return 0;
}

/* ---- flash: two chains, each at the end of a memory of its own size ---- */

#define CHAIN_BYTES 600u

static uint8_t chains[2][CHAIN_BYTES];

const struct identity *identity(void)
{
	static const struct identity self = {
		.serial = "FUZZ-0123456789A",
		.chain_bytes = {CHAIN_BYTES, CHAIN_BYTES - 88},
		.chain_at = {0x10000, 0x20000},
	};

	return &self;
}

void flash_read(uint32_t address, void *out, size_t bytes)
{
	unsigned chain = address >> 16;

	if (chain - 1 > 1 || (address & 0xFFFF) + bytes > identity()->chain_bytes[chain - 1])
		hardware_broken("reads the flash outside of a chain");
	memcpy(out, chains[chain - 1] + (address & 0xFFFF), bytes);
}

/* ---- randomness and the private key ---- */

bool drbg_failed(void)
{
	return hardware.random_failed;
}

bool rsa_ready(void)
{
	return !hardware.rsa_failed;
}

bool rsa_fault(void)
{
	return hardware.rsa_failed;
}

bool rsa_prepare(void)
{
	return !hardware.random_failed;
}

static uint8_t decrypted[RSA_BYTES];

void rsa_begin(const uint8_t *c)
{
	memcpy(decrypted, c, sizeof(decrypted));
}

enum rsa_progress rsa_poll(uint8_t *m)
{
	if (hardware.rsa_busy)
		return RSA_BUSY;
	memcpy(m, decrypted, RSA_BYTES);
	m[0] = hardware.rsa_result;
	return hardware.rsa_failed ? RSA_FAILED : RSA_DONE;
}

void rsa_abort(void) {}

/* ---- P-256: what comes out is made up ---- */

void rsa_distrust(void)
{
	hardware.rsa_failed = true;
}

bool pke_busy(void)
{
	return hardware.rsa_busy;
}

bool p256_is_zero(const uint8_t number[P256_BYTES])
{
	return number[0] == 0;
}

bool p256_in_range(const uint8_t point[2 * P256_BYTES])
{
	return point[0] != 0xFF;
}

bool p256_draw(uint8_t k[P256_BYTES])
{
	memset(k, 1, P256_BYTES);
	return !hardware.random_failed;
}

bool p256_multiply(const uint8_t k[P256_BYTES], const uint8_t *point)
{
	(void)k;
	(void)point;
	return !hardware.random_failed;
}

bool p256_sign(const uint8_t k[P256_BYTES], const uint8_t hash[P256_BYTES])
{
	(void)k;
	(void)hash;
	return !hardware.random_failed;
}

bool p256_finish(uint8_t out[2 * P256_BYTES])
{
	bool good = !(hardware.rsa_result & 1);

	memset(out, good ? hardware.rsa_result : 0, 2 * P256_BYTES); /* 0: a signature to be made again */
	return good;
}

/* Usage and IV policy as any blob may ask for; lengths as oaep.c lets them through (tests/oaep). The key stands in the clear. */
bool oaep_decode(uint8_t em[256], bool in_range, enum coffer_session_kind kind, struct oaep_key *out)
{
	uint8_t what = em[0];

	memset(out, 0, sizeof(*out));
	if (!in_range || what & 1)
		return false;
	memcpy(out->key, em + HARDWARE_KEY_AT, sizeof(out->key));
	out->key_bytes = kind == COFFER_SESSION_PROTECTED ? 16 : (uint8_t)(16 + 8 * (what >> 1 & 3) % 24);
	out->usage = what;
	out->iv_policy = what >> 3 & 3;
	return true;
}
