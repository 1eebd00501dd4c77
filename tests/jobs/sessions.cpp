// SPDX-License-Identifier: Apache-2.0
#include "tests.h"

uint32_t open_key(Rig &rig, unsigned ctx, const bytes &key, unsigned usage, unsigned rules)
{
	attr a = {
		.session = ctx * kShare, .ctx = ctx, .key_bytes = unsigned(key.size()), .usage = usage, .rules = rules};
	return rig.key_slot(ctx * kShare, a, key);
}

session protected_session(Rig &rig, unsigned ctx, unsigned base)
{
	session s = {.ctx = ctx, .base = ctx * kShare + base, .key = random_bytes(16)};
	attr a = {.session = s.base,
		  .ctx = ctx,
		  .open = 0,
		  .usage = COFFER_USE_WRAP | COFFER_USE_CTR | COFFER_USE_DECRYPT};
	a.rules = REFUSE64;
	a.dec_rising = true;
	s.slot = rig.key_slot(s.base, a, s.key);
	a.role = CONTENT;
	a.usage = COFFER_USE_CTR | COFFER_USE_ECB | COFFER_USE_CBC | COFFER_USE_DECRYPT;
	s.content = rig.key_slot(s.base + 1, a, {});
	a.role = READBACK;
	a.usage = COFFER_USE_CTR | COFFER_USE_ENCRYPT;
	s.readback = rig.key_slot(s.base + 2, a, {});
	return s;
}

void end_session(Rig &rig, unsigned ctx, unsigned slot)
{
	CHECK(rig.command(4, slot, ctx));
	rig.idle();
}

coffer_job crypt(uint32_t id, uint32_t slot, unsigned mode, unsigned flags, uint32_t length)
{
	coffer_job h = header(COFFER_OP_CRYPT, id);
	h.slot = slot;
	h.mode = uint8_t(mode);
	h.flags = uint8_t(flags);
	h.length = length;
	return h;
}

bytes aes_block(const bytes &key, bool decrypt, const bytes &in)
{
	bytes out(in.size());
	for (size_t i = 0; i < in.size(); i += 16)
		reference_aes(key.data(), unsigned(key.size()), decrypt, in.data() + i, out.data() + i);
	return out;
}

answer load_key(Rig &rig, const session &s, const bytes &wrapped, unsigned key_bytes, unsigned rule, unsigned mode)
{
	coffer_job h = header(COFFER_OP_LOAD_KEY, 7);
	h.slot = s.slot;
	h.length = uint32_t(wrapped.size());
	h.dst_handle = s.content;
	h.dst_offset = key_bytes;
	h.counter_rule = uint8_t(rule);
	h.mode = uint8_t(mode);
	return rig.job(s.ctx, h, wrapped);
}

void fill_pool(Rig &rig, unsigned words)
{
	bytes b = random_bytes(4 * words);
	for (unsigned i = 0; i < words; i++) {
		uint32_t w;
		memcpy(&w, &b[4 * i], 4);
		rig.pool(w);
	}
}
