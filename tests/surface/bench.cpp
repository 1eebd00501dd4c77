// SPDX-License-Identifier: Apache-2.0
// Bench of surface: a model of the rules runs beside the RTL and every output is compared in every cycle,
// through every order of write, read, end and new owner within three cycles, and through random traffic.
#include "Vsurface.h"
#include "verilated.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr unsigned Pages = 32, Contexts = 4, Records = 16, PageBytes = 2048, MaxZeroizing = 4098;

int failures = 0;

void report(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	if (!ok)
		failures++;
}

struct Command {
	enum Kind { None, Create, Destroy } kind = None;
	unsigned index = 0, ctx = 0, base = 0, pages = 0, epoch = 0, session = 0, session_gen = 0;
};

// What happens in one cycle.
struct Inputs {
	Command cmd;
	unsigned revoke_ctx = 0;
	int revoke_session = -1, read = -1, write = -1;
	uint8_t data = 0;
	unsigned look = 0;
};

struct Record {
	bool valid = false;
	unsigned ctx = 0, session = 0, session_gen = 0, gen = 0, base = 0, pages = 0;
};

enum class Page { Free, Owned, Zeroizing };

// The rules, written a second time and more simply: a page's bytes are zero as soon as it is not owned.
struct Model {
	std::array<Record, Records> records;
	std::array<Page, Pages> page;
	std::array<unsigned, Pages> owner{}, zeroizing_for{};
	std::array<unsigned, Contexts> epoch{};
	std::vector<uint8_t> bytes = std::vector<uint8_t>(Pages * PageBytes);
	bool ok = false;
	unsigned gen = 0;
	int read_data = 0, reading = 0; // what comes now, and in the next cycle if its page is owned then
	unsigned read_page = 0;

	Model() { page.fill(Page::Zeroizing); }

	bool ends(unsigned k, const Inputs &in, bool destroy) const
	{
		const Record &r = records[k];
		return r.valid && ((in.revoke_ctx >> r.ctx & 1) || in.revoke_session == static_cast<int>(r.session) ||
				   (destroy && in.cmd.index == k));
	}

	bool may(const Inputs &in) const
	{
		const Command &c = in.cmd;
		if (c.kind == Command::None || c.ctx >= Contexts || c.epoch != epoch[c.ctx] ||
		    (in.revoke_ctx >> c.ctx & 1))
			return false;
		if (c.kind == Command::Destroy)
			return records[c.index].valid && records[c.index].ctx == c.ctx;
		if (records[c.index].valid || c.pages == 0 || c.base + c.pages > Pages ||
		    in.revoke_session == static_cast<int>(c.session))
			return false;
		for (unsigned p = c.base; p < c.base + c.pages; p++)
			if (page[p] != Page::Free)
				return false;
		return true;
	}

	void step(const Inputs &in)
	{
		const bool done = may(in);
		const std::array<Page, Pages> before = page;

		if (in.write >= 0 && page[static_cast<unsigned>(in.write) / PageBytes] == Page::Owned)
			bytes[static_cast<unsigned>(in.write)] = in.data;
		for (unsigned k = 0; k < Records; k++) {
			if (!ends(k, in, done && in.cmd.kind == Command::Destroy))
				continue;
			for (unsigned p = records[k].base; p < records[k].base + records[k].pages; p++) {
				page[p] = Page::Zeroizing;
				std::fill_n(bytes.begin() + p * PageBytes, PageBytes, 0);
			}
			records[k].valid = false;
		}
		if (in.cmd.kind != Command::None) {
			ok = done;
			gen = records[in.cmd.index].gen;
		}
		if (done && in.cmd.kind == Command::Create) {
			Record &r = records[in.cmd.index];
			r = {true,        in.cmd.ctx,  in.cmd.session, in.cmd.session_gen, (r.gen + 1) & 0xFFFFFF,
			     in.cmd.base, in.cmd.pages};
			gen = r.gen;
			for (unsigned p = r.base; p < r.base + r.pages; p++) {
				page[p] = Page::Owned;
				owner[p] = in.cmd.index;
			}
		}
		read_data = page[read_page] == Page::Owned ? reading : 0;
		reading = 0;
		if (in.read >= 0) {
			const unsigned p = static_cast<unsigned>(in.read) / PageBytes;
			read_page = p % Pages;
			if (p < Pages && before[p] == Page::Owned && page[p] == Page::Owned)
				reading = in.read == in.write ? -1 : bytes[static_cast<unsigned>(in.read)];
		}
		for (unsigned c = 0; c < Contexts; c++)
			if (in.revoke_ctx >> c & 1)
				epoch[c] = (epoch[c] + 1) & 0xFF;
	}

	// The RTL says when it has overwritten a page; it may not say so later than it promises.
	bool follow(uint32_t free, uint32_t zeroizing)
	{
		bool right = true;
		for (unsigned p = 0; p < Pages; p++) {
			if (page[p] == Page::Zeroizing && (free >> p & 1)) {
				right &= zeroizing_for[p] >= PageBytes;
				page[p] = Page::Free;
			}
			zeroizing_for[p] = page[p] == Page::Zeroizing ? zeroizing_for[p] + 1 : 0;
			right &= zeroizing_for[p] <= MaxZeroizing;
			right &= (page[p] == Page::Free) == (free >> p & 1);
			right &= (page[p] == Page::Zeroizing) == (zeroizing >> p & 1);
		}
		return right;
	}
};

struct Bench {
	VerilatedContext context;
	Vsurface dut{&context};
	Model model;
	uint64_t cycle = 0;
	std::string wrong;

	Bench()
	{
		dut.rst_ni = 0;
		clock();
		clock();
		dut.rst_ni = 1;
	}

	void clock()
	{
		dut.clk_i = 0;
		dut.eval();
		dut.clk_i = 1;
		dut.eval();
	}

	void expect(bool ok, const char *what)
	{
		if (!ok && wrong.empty())
			wrong = std::string(what) + " in cycle " + std::to_string(cycle);
	}

	void drive(const Inputs &in)
	{
		dut.cmd_we_i = in.cmd.kind != Command::None;
		dut.cmd_i = in.cmd.kind;
		dut.cmd_index_i = in.cmd.index;
		dut.cmd_ctx_i = in.cmd.ctx;
		dut.cmd_base_i = in.cmd.base;
		dut.cmd_pages_i = in.cmd.pages;
		dut.cmd_epoch_i = in.cmd.epoch;
		dut.cmd_session_i = in.cmd.session;
		dut.cmd_session_gen_i = in.cmd.session_gen;
		dut.revoke_ctx_i = in.revoke_ctx;
		dut.revoke_session_i = in.revoke_session >= 0;
		dut.revoke_session_idx_i = static_cast<uint8_t>(std::max(in.revoke_session, 0));
		dut.rd_en_i = in.read >= 0;
		dut.rd_addr_i = static_cast<uint16_t>(in.read);
		dut.wr_en_i = in.write >= 0;
		dut.wr_addr_i = static_cast<uint16_t>(in.write);
		dut.wr_data_i = in.data;
		dut.rec_idx_i = in.look;
		dut.epoch_i = 0;
		for (unsigned c = 0; c < Contexts; c++)
			dut.epoch_i |= model.epoch[c] << 8 * c;
	}

	void check_record(unsigned k)
	{
		// surface_rec_t, first field in the topmost bits: 70 bits.
		const auto bits = [&](unsigned low, unsigned n) {
			uint64_t v = 0;
			for (unsigned i = 0; i < n; i++)
				v |= static_cast<uint64_t>(dut.rec_o[(low + i) / 32] >> (low + i) % 32 & 1) << i;
			return v;
		};
		const Record &r = model.records[k];
		expect(bits(69, 1) == r.valid, "rec_o.valid");
		if (r.valid)
			expect(bits(66, 3) == r.ctx && bits(60, 6) == r.session && bits(36, 24) == r.session_gen &&
				       bits(12, 24) == r.gen && bits(6, 6) == r.base && bits(0, 6) == r.pages,
			       "rec_o");
	}

	void step(const Inputs &in)
	{
		drive(in);
		model.step(in);
		clock();
		cycle++;
		expect(model.follow(dut.page_free_o, dut.page_zeroizing_o), "page states");
		expect(dut.busy_o == (dut.page_zeroizing_o != 0), "busy_o");
		expect(model.read_data < 0 || dut.rd_data_o == model.read_data, "rd_data_o");
		if (in.cmd.kind != Command::None) {
			expect(dut.result_ok_o == model.ok, "result_ok_o");
			expect(!model.ok || dut.result_gen_o == model.gen, "result_gen_o");
		}
		unsigned used = 0;
		for (unsigned k = 0; k < Records; k++)
			used |= model.records[k].valid << k;
		expect(dut.used_o == used, "used_o");
		check_record(in.look);
	}

	void idle(unsigned cycles)
	{
		for (; cycles > 0; cycles--)
			step({});
	}

	// Every byte of a page, compared in step().
	void read_page(unsigned page)
	{
		for (unsigned i = 0; i < PageBytes; i++) {
			Inputs in;
			in.read = static_cast<int>(page * PageBytes + i);
			step(in);
		}
	}

	Command create(unsigned index, unsigned ctx, unsigned session, unsigned base, unsigned pages)
	{
		return {Command::Create, index,          ctx, base, pages, model.epoch[ctx % Contexts],
			session,         7 * session + 1};
	}

	void verdict(const std::string &what)
	{
		report(wrong.empty(), what + (wrong.empty() ? "" : ": " + wrong));
		wrong.clear();
	}
};

enum class End { Destroy, Context, Session };

void add_end(Inputs &in, End end, const Bench &b)
{
	switch (end) {
	case End::Destroy:
		in.cmd = {Command::Destroy, 3, 1, 0, 0, b.model.epoch[1], 0, 0};
		break;
	case End::Context:
		in.revoke_ctx |= 2;
		break;
	case End::Session:
		in.revoke_session = 9;
		break;
	}
}

// A surface with data in it ends in the second of three cycles, while a write, a read and another context's
// create of the same pages come in each of the three; afterwards the other context looks at every byte.
void every_order(Bench &b)
{
	unsigned orders = 0;
	for (End end : {End::Destroy, End::Context, End::Session})
		for (unsigned order = 0; order < 27; order++)
			for (unsigned record : {3u, 4u}) {
				const unsigned write = order % 3, read = order / 3 % 3, take = order / 9;
				Inputs in;
				in.cmd = b.create(3, 1, 9, 5, 2);
				b.step(in);
				for (unsigned i = 0; i < 2 * PageBytes; i += 5) {
					in = {};
					in.write = static_cast<int>(5 * PageBytes + i);
					in.data = 0xA5;
					b.step(in);
				}
				for (unsigned cycle = 0; cycle < 3; cycle++) {
					in = {};
					in.look = 3;
					if (cycle == take)
						in.cmd = b.create(record, 2, 10, 5, 2);
					if (cycle == 1)
						add_end(in, end, b);
					if (cycle == write) {
						in.write = 5 * PageBytes + 77;
						in.data = 0xC3;
					}
					if (cycle == read)
						in.read = 5 * PageBytes + 75;
					b.step(in);
				}
				for (int i = 0; i < 10; i++) { // asked again and again, refused until it is swept
					b.idle(100);
					in = {};
					in.cmd = b.create(record, 2, 10, 5, 2);
					in.write = 6 * PageBytes + 2047;
					in.data = 0x99;
					in.read = 5 * PageBytes;
					b.step(in);
				}
				b.idle(MaxZeroizing);
				in = {};
				in.cmd = b.create(record, 2, 10, 5, 2);
				b.step(in);
				b.expect(b.model.ok, "create after zeroization");
				b.read_page(5);
				b.read_page(6);
				in = {};
				in.revoke_ctx = 4;
				b.step(in);
				b.idle(MaxZeroizing);
				orders++;
			}
	b.verdict("write, end, new owner and read in every order: " + std::to_string(orders));
}

void refusals(Bench &b)
{
	Inputs in;
	in.cmd = b.create(3, 1, 9, 5, 2);
	b.step(in);
	b.expect(b.dut.result_ok_o, "create");

	struct Case {
		const char *what;
		Command cmd;
	};
	Command stale = b.create(4, 1, 9, 0, 1);
	stale.epoch++;
	const Case cases[] = {
		{"record in use", b.create(3, 1, 9, 0, 1)},
		{"page taken, from below", b.create(4, 1, 9, 4, 2)},
		{"page taken, from above", b.create(4, 1, 9, 6, 1)},
		{"no pages", b.create(4, 1, 9, 0, 0)},
		{"beyond the last page", b.create(4, 1, 9, 31, 2)},
		{"far beyond it", b.create(4, 1, 9, 63, 63)},
		{"stale epoch", stale},
		{"no such context", {Command::Create, 4, 4, 0, 1, 0, 9, 1}},
		{"destroyed by another context", {Command::Destroy, 3, 2, 0, 0, b.model.epoch[2], 0, 0}},
		{"destroyed under a stale epoch", {Command::Destroy, 3, 1, 0, 0, b.model.epoch[1] + 1, 0, 0}},
		{"destroyed without being there", {Command::Destroy, 4, 1, 0, 0, b.model.epoch[1], 0, 0}},
	};
	for (const Case &c : cases) {
		in = {};
		in.cmd = c.cmd;
		b.step(in);
		b.expect(!b.dut.result_ok_o, c.what);
	}
	in = {};
	in.cmd = b.create(4, 1, 10, 0, 1);
	in.revoke_session = 10;
	b.step(in);
	b.expect(!b.dut.result_ok_o, "session revoked in the same cycle");
	in.cmd = b.create(4, 1, 10, 0, 1);
	in.revoke_session = -1;
	in.revoke_ctx = 2;
	b.step(in);
	b.expect(!b.dut.result_ok_o, "context revoked in the same cycle");
	b.idle(MaxZeroizing);
	b.verdict("refused commands");
}

void whole_memory(Bench &b)
{
	Inputs in;
	in.cmd = b.create(0, 0, 1, 0, Pages);
	b.step(in);
	b.expect(b.dut.result_ok_o, "one context takes everything");
	for (unsigned i = 0; i < Pages * PageBytes; i++) {
		in = {};
		in.write = static_cast<int>(i);
		in.data = static_cast<uint8_t>(i * 7 + i / 251);
		b.step(in);
	}
	for (unsigned p = 0; p < Pages; p++)
		b.read_page(p);
	in = {};
	in.revoke_ctx = 1;
	b.step(in);
	const uint64_t begin = b.cycle;
	while (b.dut.busy_o)
		b.idle(1);
	std::printf("     %u pages zeroized in %llu cycles\n", Pages, static_cast<unsigned long long>(b.cycle - begin));
	in = {};
	in.cmd = b.create(0, 3, 1, 0, Pages);
	b.step(in);
	for (unsigned p = 0; p < Pages; p++)
		b.read_page(p);
	in = {};
	in.revoke_ctx = 8;
	b.step(in);
	b.idle(MaxZeroizing);
	b.verdict("all pages written, read, zeroized, read by another context");
}

void random_traffic(Bench &b, uint64_t seed)
{
	std::mt19937_64 engine(seed);
	const auto below = [&](unsigned n) { return static_cast<unsigned>(engine() % n); };
	unsigned created = 0;

	for (int i = 0; i < 400000 && b.wrong.empty(); i++) {
		Inputs in;
		in.look = below(Records);
		const unsigned what = below(64);
		if (what < 2) {
			in.cmd = b.create(below(Records), below(8) ? below(Contexts) : below(8), below(6), below(Pages),
					  1 + below(4));
			in.cmd.epoch ^= below(16) == 0;
		} else if (what == 2) {
			in.cmd = {Command::Destroy, below(Records), below(Contexts), 0, 0, 0, 0, 0};
			in.cmd.epoch = b.model.epoch[in.cmd.ctx];
		}
		if (below(600) == 0)
			in.revoke_ctx = below(1 << Contexts);
		if (below(300) == 0)
			in.revoke_session = static_cast<int>(below(6));
		// Few addresses, so that what one owner wrote is what the next one would find.
		const auto address = [&] {
			return static_cast<int>(below(Pages) * PageBytes + (below(2) ? below(4) : 2047 - below(4)));
		};
		if (below(2))
			in.write = address();
		in.data = static_cast<uint8_t>(engine());
		if (below(4))
			in.read = address();
		b.step(in);
		created += in.cmd.kind == Command::Create && b.dut.result_ok_o;
	}
	b.expect(created > 500, "too few creates to say anything");
	b.verdict("random traffic, " + std::to_string(created) + " surfaces made");
}

} // namespace

int main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : std::random_device{}();
	Bench b;

	std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
	b.idle(MaxZeroizing);
	b.verdict("zeroized after power-on");
	refusals(b);
	every_order(b);
	whole_memory(b);
	random_traffic(b, seed);
	std::printf("%s\n", failures ? "FAILED" : "passed");
	return failures ? 1 : 0;
}
