// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <random>

#include "Vcrypto___024root.h"

unsigned checks, failures;
static std::mt19937_64 generator;

void seed_random(uint64_t seed)
{
	generator.seed(seed);
}

bytes random_bytes(size_t n)
{
	bytes b(n);
	for (auto &x : b)
		x = uint8_t(generator());
	return b;
}

uint32_t random_below(uint32_t n)
{
	return uint32_t(generator() % n);
}

void check(bool ok, const char *what)
{
	checks++;
	if (ok)
		return;
	failures++;
	printf("    failed: %s\n", what);
}

coffer_job header(unsigned op, uint32_t id)
{
	coffer_job j = {};
	j.magic = COFFER_JOB_MAGIC;
	j.version = COFFER_PROTOCOL_VERSION;
	j.op = uint8_t(op);
	j.id = id;
	return j;
}

Rig::Rig()
{
	top.rst_ni = 0;
	run(4);
	top.rst_ni = 1;
	idle();
}

void Rig::inputs()
{
	top.cycle_i = cycle;
	unsigned avail = 0;
	uint64_t len = 0;
	unsigned free = 0;
	uint64_t epochs = 0;
	for (unsigned c = 0; c < kContexts; c++) {
		if (!out_[c].empty()) {
			avail |= 1u << c;
			len |= uint64_t(out_[c].front().size()) << (10 * c);
		}
		free |= unsigned(kInPackets - unread_[c].size()) << (4 * c);
		epochs |= uint64_t(epoch[c]) << (8 * c);
	}
	top.out_avail_i = avail;
	top.out_len_i = len;
	top.in_free_i = free;
	top.epoch_i = epochs;
	top.alt_i = (1u << kContexts) - 1;
	top.out_data_i = out_data_;
	top.surf_rd_data_i = surf_data_;
	top.revoke_ctx_i = 0;
	if (revoke_in_ && !--revoke_in_)
		top.revoke_ctx_i = 1u << revoke_ctx_;
}

void Rig::effects()
{
	if (top.out_en_o && !out_[top.out_ctx_o].empty() && top.out_addr_o < out_[top.out_ctx_o].front().size())
		out_data_ = out_[top.out_ctx_o].front()[top.out_addr_o];
	surf_data_ = surf_next_;
	if (top.surf_rd_en_o)
		surf_next_ = memory[top.surf_rd_addr_o];
	if (top.surf_wr_en_o)
		memory[top.surf_wr_addr_o] = top.surf_wr_data_o;
	if (top.in_we_o)
		filling_[top.in_ctx_o][top.in_addr_o] = top.in_data_o;
	for (unsigned c = 0; c < kContexts; c++) {
		if (top.out_pop_o >> c & 1)
			out_[c].pop_front();
		if (top.in_push_o >> c & 1)
			unread_[c].emplace_back(filling_[c], filling_[c] + top.in_len_o);
		while (reads[c] && !unread_[c].empty()) {
			in_[c].push_back(unread_[c].front());
			unread_[c].pop_front();
		}
		if (top.revoke_ctx_i >> c & 1) { // the endpoint's buffers are flushed
			out_[c].clear();
			in_[c].clear();
			unread_[c].clear();
			epoch[c]++;
		}
	}
	if (top.revoke_session_o) // the surface block ends the session's records
		for (auto &s : surfaces)
			if (s.session == top.revoke_session_idx_o)
				s.valid = false;
}

void Rig::tick()
{
	inputs();
	top.clk_i = 0;
	top.eval();
	const surface &s = surfaces[top.rec_idx_o];
	unsigned __int128 rec = s.valid;
	rec = rec << 3 | s.ctx;
	rec = rec << 6 | s.session;
	rec = rec << 24 | s.session_gen;
	rec = rec << 24 | s.gen;
	rec = rec << 6 | s.base;
	rec = rec << 6 | s.pages;
	for (int i = 0; i < 3; i++)
		top.rec_i[i] = uint32_t(rec >> (32 * i));
	top.eval();
	effects();
	top.clk_i = 1;
	top.eval();
	cycle++;
}

void Rig::idle()
{
	unsigned quiet = 0;
	for (unsigned i = 0; i < 200000; i++) {
		tick();
		quiet = top.busy_o ? 0 : quiet + 1;
		if (quiet == 4)
			return;
	}
	check(false, "it comes to rest");
}

void Rig::send(unsigned ctx, const bytes &transfer)
{
	size_t at = 0;
	for (; transfer.size() - at >= 512; at += 512)
		packet(ctx, bytes(transfer.begin() + at, transfer.begin() + at + 512));
	packet(ctx, bytes(transfer.begin() + at, transfer.end()));
}

bool Rig::answered(unsigned ctx, bool payload)
{
	for (auto &p : in_[ctx]) {
		if (!payload)
			return true;
		if (p.size() < 512)
			payload = false;
	}
	return false;
}

answer Rig::take(unsigned ctx, bool payload)
{
	answer a = {};
	while (payload && !in_[ctx].empty()) {
		bytes p = in_[ctx].front();
		in_[ctx].pop_front();
		a.payload.insert(a.payload.end(), p.begin(), p.end());
		payload = p.size() == 512;
	}
	if (in_[ctx].empty() || in_[ctx].front().size() != sizeof a.done) {
		check(false, "a completion of 64 bytes");
		return a;
	}
	memcpy(&a.done, in_[ctx].front().data(), sizeof a.done);
	in_[ctx].pop_front();
	return a;
}

answer Rig::job(unsigned ctx, const coffer_job &h, const bytes &rest)
{
	bytes t(sizeof h);
	memcpy(t.data(), &h, sizeof h);
	t.insert(t.end(), rest.begin(), rest.end());
	send(ctx, t);
	idle();
	bool ret = h.flags & COFFER_JOB_RETURN;
	check(answered(ctx, ret), "the job is answered");
	answer a = take(ctx, ret);
	check(in_packets(ctx) == 0, "nothing but one answer");
	check(a.done.magic == COFFER_COMPLETION_MAGIC && a.done.version == COFFER_PROTOCOL_VERSION,
	      "completion's magic");
	return a;
}

bool Rig::command(unsigned cmd, unsigned slot, unsigned ctx, uint32_t attr, int epoch_off)
{
	top.vault_cmd_i = cmd;
	top.vault_cmd_slot_i = slot;
	top.vault_cmd_ctx_i = ctx;
	top.vault_cmd_epoch_i = uint8_t(epoch[ctx % kContexts] + epoch_off);
	top.vault_cmd_attr_i = attr;
	top.vault_cmd_we_i = 1;
	tick();
	top.vault_cmd_we_i = 0;
	do
		tick();
	while (top.vault_result_busy_o);
	return top.vault_result_ok_o;
}

void Rig::key_words(const bytes &key)
{
	for (size_t i = 0; i < key.size(); i += 4) {
		memcpy(&top.vault_key_word_i, key.data() + i, 4);
		top.vault_key_we_i = 1;
		tick();
		top.vault_key_we_i = 0;
		run(i % 3); // a CPU is no burst master
	}
}

void Rig::pool(uint32_t word)
{
	top.vault_pool_word_i = word;
	top.vault_pool_we_i = 1;
	tick();
	top.vault_pool_we_i = 0;
}

void Rig::tag_key(const bytes &key)
{
	for (size_t i = 0; i < key.size(); i += 4) {
		memcpy(&top.vault_tag_key_word_i, key.data() + i, 4);
		top.vault_tag_key_we_i = 1;
		tick();
		top.vault_tag_key_we_i = 0;
	}
}

uint32_t Rig::key_slot(unsigned slot, const attr &a, const bytes &key)
{
	check(command(1, slot, a.ctx, a.word()), "RESERVE");
	uint32_t handle = COFFER_HANDLE(slot, generation());
	if (!key.empty()) {
		check(command(2, slot, a.ctx), "KEY");
		key_words(key);
		check(command(3, slot, a.ctx), "COMMIT");
	}
	return handle;
}

void Rig::revoke_context(unsigned ctx)
{
	revoke_later(ctx, 1);
	tick();
}

uint32_t Rig::vault_word(unsigned slot, unsigned word) const
{
	return top.rootp->crypto__DOT__u_vault__DOT__u_mem__DOT__mem[slot * 16 + word];
}

bool Rig::engine_clear(unsigned ctx) const
{
	auto &job = top.rootp->crypto__DOT__u_engine__DOT__u_state__DOT__ram[ctx];
	bool clear = true;
	for (unsigned i = 0; i < sizeof job / 4; i++)
		clear &= job[i] == 0;
	auto &cfg = top.rootp->crypto__DOT__u_engine__DOT__u_state__DOT__cfg_ram[ctx];
	for (unsigned i = 0; i < sizeof cfg / 4; i++)
		clear &= cfg[i] == 0;
	clear &= top.rootp->crypto__DOT__u_engine__DOT__u_state__DOT__first_ram[ctx] == 0;
	clear &= top.rootp->crypto__DOT__u_engine__DOT__u_state__DOT__last_ram[ctx] == 0;
	for (unsigned i = 0; i < 256; i++)
		clear &= top.rootp->crypto__DOT__u_engine__DOT__u_list__DOT__mem[ctx * 256 + i] == 0;
	for (unsigned i = 0; i < 64; i++)
		clear &= top.rootp->crypto__DOT__u_engine__DOT__u_cipher__DOT__u_chain__DOT__mem[ctx * 64 + i] == 0;
	return clear;
}

bytes Rig::core_words() const
{
	bytes all(32 + 16 * 16);
	memcpy(all.data(), &top.rootp->crypto__DOT__u_aes__DOT__staged_q[0], 32);
	for (unsigned row = 0; row < 16; row++)
		memcpy(&all[32 + 16 * row], &top.rootp->crypto__DOT__u_aes__DOT__u_round_keys__DOT__keys[row][0], 16);
	return all;
}
