/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key slots and surface records as the hardware offers them: one command at a time, each carrying the context's epoch
 * under which it was begun, so that one that a revocation has overtaken is dropped. [irq] or interrupt masked.
 */
#ifndef COFFER_VAULT_H
#define COFFER_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slot_role { ROLE_SESSION = 0, ROLE_CONTENT = 1, ROLE_READBACK = 2 };

/* coffer_pkg::slot_attr_t */
#define ATTR_SESSION(slot)  ((uint32_t)(slot))
#define ATTR_CTX(ctx)       ((uint32_t)(ctx) << 6)
#define ATTR_ROLE(role)     ((uint32_t)(role) << 12)
#define ATTR_KEY_BYTES(n)   ((uint32_t)((n)-16) / 8 << 14) /* 16, 24 or 32 */
#define ATTR_OPEN           (1u << 16)
#define ATTR_USAGE(usage)   ((uint32_t)(usage) << 17) /* enum coffer_usage */
#define ATTR_RULE(rule)     (1u << (24 + (rule)))     /* enum coffer_counter_rule */
#define ATTR_DECRYPT_RISING (1u << 27)
#define ATTR_ENCRYPT_RISING (1u << 28)

/* A slot and for whom it is used. */
struct slot_ref {
	uint8_t slot, ctx, epoch;
};

/* Each: false when the hardware did not carry it out. */
bool vault_reserve(struct slot_ref at, uint32_t attr, uint32_t *generation);
bool vault_write_key(struct slot_ref at, const uint8_t *key, uint8_t key_bytes);
/* Zeroizes every slot and surface of the session on this slot. */
bool vault_revoke_session(struct slot_ref at);

/* Bit k: slot k. */
uint64_t vault_free(void);
uint64_t vault_zeroizing(void);
/* The slots that are a context's share. */
uint64_t vault_share(uint8_t ctx);
/* How many that are: the context's are the ones from ctx times this on. */
unsigned vault_share_slots(void);

#endif
