/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See drbg.h. The source is raw noise. Each seeding takes SEED_WORDS of it: 1536 bits for the 384 that SP 800-90A wants
 * with AES-256 (entropy and nonce), so a quarter of a bit of min-entropy a bit would do. The derivation function
 * conditions them. The source rests between seedings.
 */
#include "drbg.h"

#include <mbedtls/ctr_drbg.h>
#include <string.h>

#include "board.h"

#define SEED_WORDS      48u
#define RESEED_INTERVAL 4096
#define POOL_WORDS      16u
/* What drawing the pool's words takes of the stack, an interrupt included: they have been there, too. */
#define FRAMES_BYTES 768u

static mbedtls_ctr_drbg_context drbg;
static bool tried, seeded;

static bool source_failed(void)
{
	return (REG(entropy_status) & COFFER_REGS__ENTROPY_STATUS__FAILED_bm) != 0;
}

/* mbedTLS asks for whole words: SEED_WORDS of them. */
static int read_noise(void *unused, unsigned char *out, size_t bytes)
{
	(void)unused;
	REG(entropy_ctrl) = COFFER_REGS__ENTROPY_CTRL__ENABLE_bm;
	for (size_t i = 0; i + 4 <= bytes && !source_failed(); i += 4) {
		uint32_t word;

		while (!(REG(entropy_status) &
			 (COFFER_REGS__ENTROPY_STATUS__READY_bm | COFFER_REGS__ENTROPY_STATUS__FAILED_bm)))
			;
		word = REG(entropy_data);
		memcpy(out + i, &word, 4);
	}
	REG(entropy_ctrl) = 0;
	return source_failed() ? MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED : 0;
}

bool drbg_init(void)
{
	static const unsigned char personalization[] = "coffer drbg v1";

	_Static_assert(SEED_WORDS * 4 + sizeof(personalization) - 1 <= MBEDTLS_CTR_DRBG_MAX_SEED_INPUT, "seed");
	mbedtls_ctr_drbg_init(&drbg);
	mbedtls_ctr_drbg_set_entropy_len(&drbg, SEED_WORDS * 4);
	mbedtls_ctr_drbg_set_nonce_len(&drbg, 0);
	mbedtls_ctr_drbg_set_reseed_interval(&drbg, RESEED_INTERVAL);
	seeded = mbedtls_ctr_drbg_seed(&drbg, read_noise, NULL, personalization, sizeof(personalization) - 1) == 0;
	tried = true;
	return seeded;
}

bool drbg_bytes(void *out, size_t n)
{
	uint8_t *to = out;

	while (seeded && n > 0) {
		size_t piece = n < MBEDTLS_CTR_DRBG_MAX_REQUEST ? n : MBEDTLS_CTR_DRBG_MAX_REQUEST;

		if (mbedtls_ctr_drbg_random(&drbg, to, piece) != 0)
			seeded = false; /* the source failed at a reseeding: no more numbers */
		to += piece;
		n -= piece;
	}
	if (!seeded)
		memset(out, 0, (size_t)(to - (uint8_t *)out) + n);
	return seeded;
}

bool drbg_failed(void)
{
	return (tried && !seeded) || source_failed();
}

void drbg_tag_key(void)
{
	uint32_t words[4];

	if (!drbg_bytes(words, sizeof(words)))
		return;
	for (unsigned i = 0; i < 4; i++)
		REG(vault_tag_key) = words[i];
	wipe(words, sizeof(words));
}

void drbg_pool_poll(void)
{
	uint32_t words[POOL_WORDS];
	uint32_t held = REG_FIELD(VAULT_STATUS__WORDS, REG(vault_status));

	if (held > POOL_WORDS / 2 || !drbg_bytes(words, (POOL_WORDS - held) * 4)) {
		if (!seeded)
			board_wake_on(IRQ_POOL, false);
		return;
	}
	for (uint32_t i = 0; i < POOL_WORDS - held; i++)
		REG(vault_pool) = words[i];
	wipe(words, sizeof(words));
	stack_wipe_near(FRAMES_BYTES);
}
