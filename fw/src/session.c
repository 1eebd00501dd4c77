/* SPDX-License-Identifier: Apache-2.0 */
/* See session.h. */
#include "session.h"

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "channel.h"
#include "negotiate.h"
#include "surface.h"
#include "vault.h"

static struct session sessions[SESSION_SLOTS]; /* by slot of the session */

#define ALL_RULES (ATTR_RULE(COFFER_CTR_CARRY128) | ATTR_RULE(COFFER_CTR_WRAP64) | ATTR_RULE(COFFER_CTR_REFUSE64))

/* What a slot may be used for, as far as it is known before the key. In an open session the blob says. */
static uint32_t attributes(uint16_t kind, enum slot_role role, uint8_t session_slot)
{
	uint32_t attr = ATTR_ROLE(role) | ATTR_SESSION(session_slot);

	if (!session_is_protected(kind))
		return attr | ATTR_OPEN | ALL_RULES;
	switch (role) {
	case ROLE_SESSION:
		return attr | ATTR_USAGE(COFFER_USE_WRAP | COFFER_USE_CTR | COFFER_USE_DECRYPT) |
		       ATTR_RULE(COFFER_CTR_REFUSE64) | ATTR_DECRYPT_RISING | ATTR_ENCRYPT_RISING;
	case ROLE_CONTENT: /* LOAD_KEY narrows the rules, and brings the IV policy */
		return attr | ATTR_USAGE(COFFER_USE_CTR | COFFER_USE_ECB | COFFER_USE_CBC | COFFER_USE_DECRYPT) |
		       ALL_RULES;
	default:
		return attr | ATTR_USAGE(COFFER_USE_CTR | COFFER_USE_ENCRYPT) | ATTR_RULE(COFFER_CTR_REFUSE64);
	}
}

static uint8_t take_lowest(uint64_t *mask)
{
	uint8_t slot = lowest_bit(*mask);

	*mask &= *mask - 1;
	return slot;
}

/* Waits while slots of the share are being zeroized and those would be enough. */
static enum coffer_result find_slots(uint8_t ctx, int wanted, uint64_t deadline, uint64_t *found)
{
	uint64_t share = vault_share(ctx);

	for (;;) {
		uint64_t zeroizing = vault_zeroizing() & share;

		*found = vault_free() & share;
		if ((int)bit_count(*found) >= wanted)
			return COFFER_OK;
		if ((int)bit_count(*found | zeroizing) < wanted)
			return COFFER_ERR_NO_SLOT;
		if (board_cycle() >= deadline)
			return COFFER_PENDING;
	}
}

static bool reserve(const struct session *s, uint8_t session_slot, enum slot_role role, uint8_t slot, uint32_t *handle)
{
	struct slot_ref at = {slot, s->ctx, s->epoch};
	uint32_t generation;

	if (!vault_reserve(at, attributes(s->kind, role, session_slot), &generation))
		return false;
	*handle = COFFER_HANDLE(slot, generation);
	return true;
}

enum coffer_result session_create(uint8_t ctx, uint8_t epoch, uint16_t kind, uint64_t deadline,
				  struct coffer_session_created *out)
{
	struct session s = {
		.ctx = ctx, .epoch = epoch, .kind = (uint8_t)kind, .content = SESSION_NONE, .readback = SESSION_NONE};
	int wanted = session_is_protected(kind) ? 3 : kind == COFFER_SESSION_OPEN_WRAP ? 2 : 1;
	enum coffer_result result;
	uint64_t slots;
	uint8_t own;
	bool good;

	if (session_is_channel(kind) && !channel_free(ctx))
		return COFFER_ERR_NO_SLOT;
	result = find_slots(ctx, wanted, deadline, &slots);
	if (result != COFFER_OK)
		return result;
	own = take_lowest(&slots);
	good = reserve(&s, own, ROLE_SESSION, own, &out->session);
	if (good && wanted >= 2) {
		s.content = take_lowest(&slots);
		good = reserve(&s, own, ROLE_CONTENT, s.content, &out->content);
	}
	if (good && wanted >= 3) {
		s.readback = take_lowest(&slots);
		good = reserve(&s, own, ROLE_READBACK, s.readback, &out->readback);
	}
	if (!good) { /* overtaken by a revocation: what was reserved goes with its session */
		vault_revoke_session((struct slot_ref){own, ctx, epoch});
		out->session = out->content = out->readback = 0;
		return COFFER_ERR_REVOKED;
	}
	s.handle = out->session;
	sessions[own] = s;
	if (session_is_channel(kind))
		channel_begin(&s);
	return COFFER_OK;
}

struct session *session_at(uint8_t ctx, uint8_t slot)
{
	struct session *s;

	if (slot >= SESSION_SLOTS)
		return NULL;
	s = &sessions[slot];
	return s->handle != 0 && s->ctx == ctx ? s : NULL;
}

struct session *session_find(uint8_t ctx, uint32_t handle)
{
	struct session *s = session_at(ctx, COFFER_HANDLE_INDEX(handle));

	return s != NULL && s->handle == handle ? s : NULL;
}

enum coffer_result session_destroy(struct session *s)
{
	struct slot_ref at = {COFFER_HANDLE_INDEX(s->handle), s->ctx, s->epoch};

	negotiate_cancel(s->ctx, s->handle);
	surface_forget_session(s->ctx, at.slot);
	if (session_is_channel(s->kind))
		channel_forget(s->ctx);
	s->handle = 0;
	return vault_revoke_session(at) ? COFFER_OK : COFFER_ERR_REVOKED;
}

void session_forget_context(uint8_t ctx)
{
	unsigned share = vault_share_slots();

	channel_forget(ctx);
	for (struct session *s = &sessions[share * ctx], *end = s + share; s < end; s++)
		s->handle = 0;
}

static bool reserve_open(const struct session *s, enum slot_role role, uint8_t slot, uint32_t attr)
{
	uint8_t own = COFFER_HANDLE_INDEX(s->handle);
	uint32_t generation;

	attr |= ATTR_ROLE(role) | ATTR_SESSION(own) | ATTR_OPEN;
	return vault_reserve((struct slot_ref){slot, s->ctx, s->epoch}, attr, &generation);
}

/*
 * The blob of an open session says what its slots are for: a session that wraps does only that, and its content slot
 * the rest. Rising IVs go with rule refuse64 alone.
 */
static bool set_open_attributes(const struct session *s, uint8_t key_bytes, uint8_t usage, uint8_t iv_policy)
{
	const uint8_t wrapping = COFFER_USE_WRAP | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT;
	uint32_t attr = iv_policy != 0 ? ATTR_RULE(COFFER_CTR_REFUSE64) : ALL_RULES;
	uint8_t own = COFFER_HANDLE_INDEX(s->handle);

	if (iv_policy & COFFER_IV_ENCRYPT_RISING)
		attr |= ATTR_ENCRYPT_RISING;
	if (iv_policy & COFFER_IV_DECRYPT_RISING)
		attr |= ATTR_DECRYPT_RISING;
	if (s->kind == COFFER_SESSION_OPEN)
		return reserve_open(s, ROLE_SESSION, own, attr | ATTR_KEY_BYTES(key_bytes) | ATTR_USAGE(usage));
	return reserve_open(s, ROLE_SESSION, own, attr | ATTR_KEY_BYTES(key_bytes) | ATTR_USAGE(usage & wrapping)) &&
	       reserve_open(s, ROLE_CONTENT, s->content, attr | ATTR_USAGE(usage & ~COFFER_USE_WRAP));
}

bool session_install_key(uint8_t ctx, uint8_t epoch, uint32_t handle, const uint8_t *key, uint8_t key_bytes,
			 uint8_t usage, uint8_t iv_policy)
{
	struct session *s = session_find(ctx, handle);
	bool good = s != NULL && s->epoch == epoch && !s->negotiated;

	if (good && (s->kind == COFFER_SESSION_OPEN || s->kind == COFFER_SESSION_OPEN_WRAP))
		good = set_open_attributes(s, key_bytes, usage, iv_policy);
	if (good && session_is_channel(s->kind))
		channel_key(ctx, key);
	else if (good)
		good = vault_write_key((struct slot_ref){COFFER_HANDLE_INDEX(handle), ctx, epoch}, key, key_bytes);
	if (good)
		s->negotiated = true;
	return good;
}
