// SPDX-License-Identifier: Apache-2.0
//
// Bench of the public-key engine: random microcode against the golden model (vectors.py), the elliptic
// curves (curves.cpp), then the firmware's own driver (fw/src/rsa.c), compiled natively onto the Verilated
// engine, against mbedTLS's bignum: random and corner operands, constant time, faults, aborts, zeroization,
// unreadable rows.
//
// Usage: pke [--seed N] [--vectors FILE]; prints the seed, a line a check, and the cycle counts.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <verilated.h>

#include "engine.h"
#include "reference.h"

extern "C" {
#include "pke.h"
#include "rsa.h"
}

namespace {

// ---- microcode programs of vectors.py ------------------------------------------------------------------

template <class Words> Words parse(const std::string &hex)
{
	Words words{};
	for (size_t i = 0; i < hex.size(); i++) {
		auto digit = static_cast<uint32_t>(std::stoul(hex.substr(hex.size() - 1 - i, 1), nullptr, 16));
		words[i / 8] |= digit << (4 * (i % 8));
	}
	return words;
}

void test_vectors(const std::string &path)
{
	std::ifstream in(path);
	std::string word, name;
	int programs = 0, right = 0;
	unsigned repeats, words;

	while (in >> word >> name >> repeats >> words) {
		reset();
		for (unsigned i = 0; i < words; i++) {
			in >> word;
			poke_code(i, parse<Code>(word));
		}
		for (int i = 0; i < kRows; i++) {
			in >> word;
			poke(i, parse<Row>(word));
		}
		runs.clear();
		pke_write(PKE_CONTROL, PKE_START);
		board_wait();
		Rows expected(kRows);
		for (auto &row : expected) {
			in >> word;
			row = parse<Row>(word);
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
			std::printf("     %s: %.1f cycles\n", name.c_str(),
				    static_cast<double>(runs.back().second) / repeats);
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
	std::vector<Run> runs;
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

std::vector<Run> first_runs;

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
	test_curves();
	test_rsa();
	stop();
	std::printf("%s\n", failures ? "FAILED" : "passed");
	return failures != 0;
}
