// SPDX-License-Identifier: Apache-2.0
//
// Bench of the public-key engine: random microcode against the golden model (vectors.py), then the
// firmware's own driver (fw/src/rsa.c), compiled natively onto the Verilated engine, against mbedTLS's
// bignum: random and corner operands, constant time, faults, aborts, zeroization, unreadable rows.
//
// Usage: pke [--seed N] [--vectors FILE]; prints the seed, a line a check, and the cycle counts.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <verilated.h>
#include "Vpke.h"
#include "Vpke___024root.h"

#include "reference.h"

extern "C" {
#include "pke.h"
#include "pke_rsa.h"
#include "rsa.h"
}

namespace {

constexpr int kRows = 512, kFirstWorkRow = 165, kFirstIoRow = 482;
using Row = std::array<uint32_t, 3>;
using Rows = std::vector<Row>;

std::unique_ptr<Vpke> top;
uint64_t cycle_count;
uint64_t entry_started, entry_cycles; // of the last microcode run
std::vector<std::pair<unsigned, uint64_t>> runs;
int failures;
std::function<void()> on_cycle;

void check(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	if (!ok)
		failures++;
}

void cycle()
{
	top->clk_i = 1;
	top->eval();
	top->clk_i = 0;
	top->eval();
	cycle_count++;
	if (on_cycle)
		on_cycle();
}

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

template <size_t N> bool zero(const VlWide<N> &w)
{
	for (size_t i = 0; i < N; i++)
		if (w[i])
			return false;
	return true;
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

} // namespace

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
		entry_started = before;
		runs.emplace_back(value >> PKE_ENTRY_SHIFT, 0);
	}
}

bool drbg_bytes(void *out, size_t n)
{
	auto *bytes = static_cast<uint8_t *>(out);
	for (size_t i = 0; i < n; i++)
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

namespace {

// ---- microcode programs of vectors.py ------------------------------------------------------------------

Row parse_row(const std::string &hex)
{
	Row row{};
	for (size_t i = 0; i < 18; i++) {
		auto digit = static_cast<uint32_t>(std::stoul(hex.substr(17 - i, 1), nullptr, 16));
		row[i / 8] |= digit << (4 * (i % 8));
	}
	return row;
}

void test_vectors(const std::string &path)
{
	std::ifstream in(path);
	std::string word, name;
	int programs = 0, right = 0;
	unsigned repeats, words;

	while (in >> word >> name >> repeats >> words) {
		reset();
		pke_write(PKE_ADDRESS, PKE_ADDRESS_CODE);
		for (unsigned i = 0; i < words; i++) {
			in >> word;
			pke_write(PKE_DATA, static_cast<uint32_t>(std::stoul(word, nullptr, 16)));
		}
		for (int i = 0; i < kRows; i++) {
			in >> word;
			poke(i, parse_row(word));
		}
		pke_write(PKE_CONTROL, PKE_START);
		board_wait();
		auto cycles = cycle_count - entry_started;
		Rows expected(kRows);
		for (auto &row : expected) {
			in >> word;
			row = parse_row(word);
		}
		bool ok = peek() == expected && copies_agree();
		programs++;
		right += ok;
		if (!ok) {
			auto got = peek();
			int row = 0;
			while (row < kRows - 1 && got[row] == expected[row])
				row++;
			std::printf("FAIL program %s, first at row %d: %02x%08x%08x, not %02x%08x%08x\n", name.c_str(),
				    row, got[row][2], got[row][1], got[row][0], expected[row][2], expected[row][1],
				    expected[row][0]);
		}
		if (repeats)
			std::printf("     %s: %.1f cycles\n", name.c_str(), static_cast<double>(cycles) / repeats);
	}
	check(programs > 50 && right == programs, std::to_string(programs) + " microcode programs as the golden model");
}

// ---- RSA --------------------------------------------------------------------------------------------------

using Number = std::array<uint8_t, RSA_BYTES>;

struct alignas(4) Aligned {
	Number n;
};

struct Outcome {
	enum rsa_progress progress;
	Number m;
	std::vector<std::pair<unsigned, uint64_t>> runs;
	uint64_t cycles;
};

Number random_number()
{
	Number x;
	for (auto &byte : x)
		byte = static_cast<uint8_t>(reference_random());
	x[0] &= 0x7F;
	return x;
}

Number small_number(uint8_t value)
{
	Number x{};
	x.back() = value;
	return x;
}

void note_end_of_run()
{
	static bool irq;

	if (top->irq_o && !irq && !runs.empty() && !runs.back().second)
		runs.back().second = cycle_count - entry_started;
	irq = top->irq_o;
}

Outcome private_operation(const Number &c)
{
	Outcome out{};
	Aligned in{c}, m{};
	auto start = cycle_count;

	runs.clear();
	rsa_prepare();
	rsa_begin(in.n.data());
	while ((out.progress = rsa_poll(m.n.data())) == RSA_BUSY)
		board_wait();
	out.m = m.n;
	out.runs = runs;
	out.cycles = cycle_count - start;
	return out;
}

Number expected(const Number &c)
{
	Number m;
	reference_private(c.data(), m.data());
	return m;
}

std::vector<std::pair<unsigned, uint64_t>> first_runs;

void test_operation(const Number &c, const char *what, enum rsa_progress progress = RSA_DONE)
{
	auto out = private_operation(c);

	check(out.progress == progress && out.m == expected(c), std::string("private operation on ") + what);
	if (first_runs.empty()) {
		first_runs = out.runs;
		for (auto &[entry, cycles] : out.runs)
			std::printf("     entry %3u: %llu cycles\n", entry, static_cast<unsigned long long>(cycles));
		std::printf("     private operation with blinding, check and bus traffic: %llu cycles\n",
			    static_cast<unsigned long long>(out.cycles));
		check(out.cycles <= 1600000, "at most 1.6 million cycles");
	} else if (out.runs != first_runs) {
		check(false, std::string("the same cycles for ") + what);
	}
	check(rows_zero(peek(), kFirstWorkRow, kRows), "  work rows are cleared after it");
}

void test_key_rows_unreadable()
{
	bool secret_seen = false;

	for (int i = kFirstWorkRow; i < kRows; i++)
		poke(i, {~0u, ~0u, 0xFFu});
	pke_write(PKE_ADDRESS, 0);
	for (int i = 0; i < kFirstIoRow * 9 / 4; i++)
		secret_seen |= pke_read(PKE_DATA) != 0;
	check(!secret_seen && !rows_zero(peek(), 0, kFirstWorkRow), "key and work rows read as zero");
	pke_write(PKE_ADDRESS, kFirstIoRow);
	for (uint32_t w : {0x11223344u, 0x55667788u, 0x99u})
		pke_write(PKE_DATA, w);
	pke_write(PKE_ADDRESS, kFirstIoRow - 1);
	secret_seen = pke_read(PKE_DATA) | pke_read(PKE_DATA);
	auto third = pke_read(PKE_DATA);
	check(!secret_seen && third == 0x22334400u, "I/O rows read back, from their first byte on");
	pke_write(PKE_CONTROL, PKE_CLEAR_WORK);
	board_wait();
	check(rows_zero(peek(), kFirstWorkRow, kRows) && !rows_zero(peek(), 0, 105),
	      "work rows are cleared on command");
}

void test_busy_and_abort(const Number &c)
{
	Aligned in{c}, m{};
	Rows before = peek();

	rsa_prepare();
	rsa_begin(in.n.data());
	board_wait();
	rsa_poll(m.n.data()); // starts the long entry
	Rows loaded = peek();
	for (int i = 0; i < 200000; i++)
		cycle();
	check(pke_read(PKE_STATUS) == PKE_BUSY, "busy in mid-operation");
	pke_write(PKE_CONTROL, PKE_START | 3u << PKE_ENTRY_SHIFT);
	check(pke_read(PKE_STATUS) == (PKE_BUSY | PKE_REFUSED), "start while busy is refused");
	pke_write(PKE_CONTROL, PKE_ACK);
	pke_write(PKE_ADDRESS, kFirstIoRow);
	check(pke_read(PKE_STATUS) == (PKE_BUSY | PKE_REFUSED), "address while busy is refused");
	check(pke_read(PKE_DATA) == 0, "data while busy reads as zero");
	check(!rows_zero(peek(), kFirstWorkRow, kRows), "work rows hold something in mid-operation");
	rsa_abort();
	check(rows_zero(peek(), kFirstWorkRow, kRows) && copies_agree(), "abort clears work and I/O rows");
	check(registers_zero(), "abort clears accumulator, multiplier, key register and gearbox");
	check(rows_equal(loaded, peek(), 0, kFirstWorkRow), "abort leaves the key rows");
	test_operation(c, "the same number after an abort");

	rsa_prepare();
	rsa_begin(in.n.data());
	for (int i = 0; i < 100; i++)
		cycle();
	rsa_abort();
	check(!rows_equal(before, peek(), 105, kFirstWorkRow), "an abort while the pair is squared lets that end");
	test_operation(c, "the same number after an early abort");
}

void test_blinding_moves(const Number &c)
{
	Rows before = peek();
	test_operation(c, "the same number again");
	Rows after = peek();
	check(!rows_equal(before, after, 105, 135) && !rows_equal(before, after, 135, 165),
	      "the blinding pair moves on");
	check(rows_equal(before, after, 0, 105), "the key rows stay");
}

void test_fault(const Number &c)
{
	Aligned in{c}, m{};
	enum rsa_progress progress;

	rsa_prepare();
	rsa_begin(in.n.data());
	board_wait();
	rsa_poll(m.n.data());
	for (int i = 0; i < 400000; i++)
		cycle();
	auto row = peek()[20];
	row[1] ^= 0x100; // one bit of -1/p, in mid-exponentiation
	poke(20, row);
	while ((progress = rsa_poll(m.n.data())) == RSA_BUSY)
		board_wait();
	check(progress == RSA_FAILED && m.n == Number{}, "one bit flipped: no result");
	check(rsa_fault() && !rsa_ready(), "the fault is remembered");
	check(rows_zero(peek(), 0, kRows) && registers_zero(), "everything is cleared, the key too");
	rsa_begin(in.n.data());
	check(rsa_poll(m.n.data()) == RSA_FAILED, "no service after a fault");
}

void test_rsa()
{
	coffer_identity_private key, other;
	Number n;

	reset();
	on_cycle = note_end_of_run;
	reference_key(&other);
	rsa_boot();
	check(rsa_load(&other), "first key loads");
	test_operation(random_number(), "a random number");

	reference_key(&key);
	auto start = cycle_count;
	rsa_boot();
	check(rsa_load(&key) && rsa_ready() && !rsa_fault(), "second key loads and its blinding pair is right");
	std::printf("     load and blinding pair: %llu cycles\n", static_cast<unsigned long long>(cycle_count - start));
	test_key_rows_unreadable();
	for (int i = 0; i < 2; i++)
		test_operation(random_number(), "a random number");
	test_operation(small_number(0), "0");
	test_operation(small_number(1), "1");
	test_operation(small_number(2), "2");
	reference_modulus(-1, n.data());
	test_operation(n, "n - 1");
	reference_modulus(0, n.data());
	test_operation(n, "n, out of range", RSA_RANGE);
	reference_modulus(1, n.data());
	test_operation(n, "n + 1, out of range", RSA_RANGE);
	n.fill(0xFF);
	test_operation(n, "2^2048 - 1, out of range", RSA_RANGE);
	n[0] = 0x7F;
	test_operation(n, "2^2047 - 1");
	auto c = random_number();
	test_blinding_moves(c);
	test_busy_and_abort(c);
	check(true, "the same cycles for every key and number, or a line above says which not");
	test_fault(c);
	other.n_s2[0] ^= 1;
	rsa_boot();
	check(!rsa_load(&other) && rsa_fault(), "a key whose constants disagree does not load");
	check(rows_zero(peek(), 0, kRows), "and leaves nothing");
}

} // namespace

int main(int argc, char **argv)
{
	uint64_t seed = std::random_device{}();
	std::string vectors = "build/tests/pke_vectors.txt";

	Verilated::commandArgs(argc, argv);
	for (int i = 1; i + 1 < argc; i += 2) {
		if (std::string(argv[i]) == "--seed")
			seed = std::strtoull(argv[i + 1], nullptr, 0);
		else if (std::string(argv[i]) == "--vectors")
			vectors = argv[i + 1];
	}
	std::setvbuf(stdout, nullptr, _IOLBF, 0);
	std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
	reference_seed(seed);
	test_vectors(vectors);
	test_rsa();
	top->final();
	top.reset();
	std::printf("%s\n", failures ? "FAILED" : "passed");
	return failures != 0;
}
