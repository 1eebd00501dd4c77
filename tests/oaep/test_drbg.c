/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's generator, built natively, with the entropy block's registers as plain memory: what it does when the source's
 * health tests fail, at boot or later. A failed generator gives zeros and says so, for good, and feeds the vault nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "board.h"
#include "drbg.h"

#define READY  COFFER_REGS__ENTROPY_STATUS__READY_bm
#define FAILED COFFER_REGS__ENTROPY_STATUS__FAILED_bm

/* fw/src/drbg.c: requests between two seedings. */
#define RESEED_INTERVAL 4096

#define UNTOUCHED 0xA5A5A5A5u

static uint32_t waking;
static unsigned wiped;

void board_wake_on(uint32_t sources, bool on)
{
	waking = on ? waking | sources : waking & ~sources;
}

void wipe(void *p, size_t n)
{
	memset(p, 0, n);
}

void stack_wipe_near(size_t bytes)
{
	wiped += bytes != 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static void refuses(void)
{
	static uint8_t out[3000];

	memset(out, 0x5A, sizeof(out));
	assert_false(drbg_bytes(out, sizeof(out)));
	assert_true(all_zero(out, sizeof(out)));
	REG(vault_pool) = UNTOUCHED;
	REG(vault_tag_key) = UNTOUCHED;
	waking = IRQ_POOL;
	drbg_tag_key();
	drbg_pool_poll();
	assert_int_equal(REG(vault_pool), UNTOUCHED);
	assert_int_equal(REG(vault_tag_key), UNTOUCHED);
	assert_int_equal(waking, 0);
}

static void before_seeding(void **unused)
{
	(void)unused;
	REG(entropy_status) = READY;
	assert_false(drbg_failed());
	refuses();
	assert_false(drbg_failed());
}

static void source_dead_at_boot(void **unused)
{
	(void)unused;
	REG(entropy_status) = FAILED;
	assert_false(drbg_init());
	assert_true(drbg_failed());
	assert_int_equal(REG(entropy_ctrl), 0);
	refuses();
}

static void source_dead_later(void **unused)
{
	uint8_t out[16], before[16] = {0};
	unsigned requests = 0;

	(void)unused;
	REG(entropy_status) = READY;
	assert_true(drbg_init());
	assert_false(drbg_failed());
	assert_int_equal(REG(entropy_ctrl), 0); /* the source rests */
	wiped = 0;
	drbg_pool_poll();
	drbg_tag_key();
	assert_int_not_equal(REG(vault_pool), UNTOUCHED);
	assert_int_not_equal(REG(vault_tag_key), UNTOUCHED);
	assert_int_equal(wiped, 1);
	REG(entropy_status) = READY | FAILED;
	assert_true(drbg_failed());
	while (drbg_bytes(out, sizeof(out))) { /* until the next seeding */
		assert_memory_not_equal(out, before, sizeof(out));
		memcpy(before, out, sizeof(out));
		assert_true(++requests <= RESEED_INTERVAL);
	}
	assert_true(all_zero(out, sizeof(out)));
	assert_true(requests > RESEED_INTERVAL / 2);
	REG(entropy_status) = READY;
	assert_true(drbg_failed());
	refuses();
}

static void a_full_pool_is_left_alone(void **unused)
{
	(void)unused;
	REG(entropy_status) = READY;
	assert_true(drbg_init());
	for (uint32_t held = 0; held <= 16; held++) {
		REG(vault_status) = REG_BITS(VAULT_STATUS__WORDS, held);
		REG(vault_pool) = 0;
		drbg_pool_poll();
		assert_int_equal(REG(vault_pool) != 0, held <= 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_seeding),
		cmocka_unit_test(source_dead_at_boot),
		cmocka_unit_test(source_dead_later),
		cmocka_unit_test(a_full_pool_is_left_alone),
	};

	if (mmap((void *)(uintptr_t)BOARD_IO, sizeof(coffer_regs_t), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
		perror("registers");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
