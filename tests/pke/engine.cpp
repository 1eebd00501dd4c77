// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <verilated.h>
#include "Vpke.h"
#include "Vpke___024root.h"

#include "reference.h"

extern "C" {
#include "pke.h"
}

int failures;
std::vector<uint8_t> draws;
uint64_t cycle_count;
std::vector<Run> runs;

namespace {

std::unique_ptr<Vpke> top;
uint64_t run_started;

uint32_t access(bool write, unsigned address, uint32_t data)
{
	uint32_t result;
	int waited = 0;

	top->req_i = 1;
	top->we_i = write;
	top->addr_i = address >> 2;
	top->wdata_i = data;
	top->eval();
	do {
		cycle();
		if (++waited > 1000) {
			std::printf("FAIL no ack from the engine\n");
			std::_Exit(1);
		}
	} while (!top->ack_o);
	result = top->rdata_o;
	cycle(); // the CPU drops its request in the cycle after ack
	top->req_i = 0;
	top->eval();
	return result;
}

auto &internals()
{
	return *top->rootp;
}

template <size_t N> bool zero(const VlWide<N> &w)
{
	for (size_t i = 0; i < N; i++)
		if (w[i])
			return false;
	return true;
}

} // namespace

void check(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	if (!ok)
		failures++;
}

void cycle()
{
	bool irq = top->irq_o;

	top->clk_i = 1;
	top->eval();
	top->clk_i = 0;
	top->eval();
	cycle_count++;
	if (top->irq_o && !irq && !runs.empty() && !runs.back().second)
		runs.back().second = cycle_count - run_started;
}

Rows peek()
{
	Rows rows(kRows);
	auto &root = internals();
	for (int i = 0; i < kRows; i++)
		for (int k = 0; k < 3; k++)
			rows[i][k] = root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_c[i][k];
	return rows;
}

bool copies_agree()
{
	auto &root = internals();
	for (int i = 0; i < kRows; i++)
		for (int k = 0; k < 3; k++) {
			auto c = root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_c[i][k];
			if (c != root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_x[i][k] ||
			    c != root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_y[i][k])
				return false;
		}
	return true;
}

void poke(int row, const Row &value)
{
	auto &root = internals();
	for (int k = 0; k < 3; k++) {
		root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_x[row][k] = value[k];
		root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_y[row][k] = value[k];
		root.pke__DOT__u_mac__DOT__u_rows__DOT__mem_c[row][k] = value[k];
	}
}

bool registers_zero()
{
	auto &root = internals();
	return zero(root.pke__DOT__u_mac__DOT__acc_q) && zero(root.pke__DOT__u_mac__DOT__column_q) &&
	       zero(root.pke__DOT__u_mac__DOT__product) && zero(root.pke__DOT__u_sequencer__DOT__key_q) &&
	       zero(root.pke__DOT__u_gearbox__DOT__shift_q);
}

bool rows_zero(const Rows &rows, int from, int to)
{
	for (int i = from; i < to; i++)
		if (rows[i][0] | rows[i][1] | rows[i][2])
			return false;
	return true;
}

bool rows_equal(const Rows &a, const Rows &b, int from, int to)
{
	return std::equal(a.begin() + from, a.begin() + to, b.begin() + from);
}

void reset()
{
	top = std::make_unique<Vpke>();
	top->rst_ni = 0;
	for (int i = 0; i < 5; i++)
		cycle();
	top->rst_ni = 1;
	cycle();
}

void stop()
{
	top->final();
	top.reset();
}

void poke_code(unsigned at, const Code &word)
{
	for (int k = 0; k < 4; k++)
		internals().pke__DOT__u_sequencer__DOT__code[at][k] = word[k];
}

// ---- what the driver stands on -----------------------------------------------------------------------

extern "C" {

uint32_t pke_read(enum pke_register reg)
{
	return access(false, reg, 0);
}

void pke_write(enum pke_register reg, uint32_t value)
{
	bool starts = reg == PKE_CONTROL && (value & PKE_START) && !top->busy_o;
	auto before = cycle_count;

	access(true, reg, value);
	if (starts) {
		run_started = before;
		runs.emplace_back(value >> PKE_ENTRY_SHIFT, 0);
	}
}

bool drbg_bytes(void *out, size_t n)
{
	auto *bytes = static_cast<uint8_t *>(out);
	size_t ready = std::min(n, draws.size());

	std::copy_n(draws.begin(), ready, bytes);
	draws.erase(draws.begin(), draws.begin() + ready);
	for (size_t i = ready; i < n; i++)
		bytes[i] = static_cast<uint8_t>(reference_random());
	return true;
}

void wipe(void *p, size_t n)
{
	std::memset(p, 0, n);
}
void board_wake_on(uint32_t, bool) {}

void board_wait(void)
{
	for (int i = 0; !top->irq_o; i++) {
		cycle();
		if (i > 10000000) {
			std::printf("FAIL the engine does not come to rest\n");
			std::_Exit(1);
		}
	}
}
}
