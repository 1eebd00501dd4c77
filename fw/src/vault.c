/* SPDX-License-Identifier: Apache-2.0 */
/* See vault.h. */
#include "vault.h"

#include "board.h"

enum slot_command { SLOT_RESERVE = 1, SLOT_KEY = 2, SLOT_COMMIT = 3, SLOT_REVOKE = 4 };

static uint32_t command(struct slot_ref at, enum slot_command cmd)
{
	uint32_t result;

	REG(slot_cmd) = REG_BITS(SLOT_CMD__CMD, cmd) | REG_BITS(SLOT_CMD__SLOT, at.slot) |
			REG_BITS(SLOT_CMD__CTX, at.ctx) | REG_BITS(SLOT_CMD__EPOCH, at.epoch);
	do
		result = REG(slot_result);
	while (result & COFFER_REGS__SLOT_RESULT__BUSY_bm);
	return result;
}

static bool succeeded(uint32_t result)
{
	return (result & COFFER_REGS__SLOT_RESULT__OK_bm) != 0;
}

bool vault_reserve(struct slot_ref at, uint32_t attr, uint32_t *generation)
{
	uint32_t result;

	REG(slot_attr) = attr | ATTR_CTX(at.ctx);
	result = command(at, SLOT_RESERVE);
	*generation = REG_FIELD(SLOT_RESULT__GENERATION, result);
	return succeeded(result);
}

static uint32_t word_at(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

bool vault_write_key(struct slot_ref at, const uint8_t *key, uint8_t key_bytes)
{
	if (!succeeded(command(at, SLOT_KEY)))
		return false;
	for (uint8_t i = 0; i < key_bytes; i += 4)
		REG(slot_key) = word_at(key + i);
	return succeeded(command(at, SLOT_COMMIT));
}

bool vault_revoke_session(struct slot_ref at)
{
	return succeeded(command(at, SLOT_REVOKE));
}

static uint64_t both(uint32_t lo, uint32_t hi)
{
	return lo | (uint64_t)hi << 32;
}

uint64_t vault_free(void)
{
	return both(REG(slot_free[0]), REG(slot_free[1]));
}

uint64_t vault_zeroizing(void)
{
	return both(REG(slot_zeroizing[0]), REG(slot_zeroizing[1]));
}

unsigned vault_share_slots(void)
{
	uint32_t config = REG(config);

	return REG_FIELD(CONFIG__SLOTS, config) / REG_FIELD(CONFIG__CONTEXTS, config);
}

uint64_t vault_share(uint8_t ctx)
{
	unsigned share = vault_share_slots();

	return (share < 64 ? (1ull << share) - 1 : ~0ull) << share * ctx;
}
