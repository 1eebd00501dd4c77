// SPDX-License-Identifier: Apache-2.0
//
// X25519 and P-256 on the engine's RTL, driven over its registers as the firmware would, against RFC 7748 and
// mbedTLS. Every run of a program must take the same number of cycles, whatever its operands.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "engine.h"
#include "reference.h"
#include "reference_curves.h"

extern "C" {
#include "p256.h"
#include "pke.h"
#include "pke_code.h"
}

namespace {

using Number = std::array<uint8_t, 32>; // least significant byte first
using Pair = std::array<uint8_t, 64>;   // a point or a signature
constexpr unsigned kFieldWords = 9;     // four rows

std::map<unsigned, uint64_t> cycles_of; // entry, cycles

template <class Bytes> Bytes random_bytes()
{
	Bytes bytes;
	for (auto &byte : bytes)
		byte = static_cast<uint8_t>(reference_random());
	return bytes;
}

Number number(const char *hex)
{
	Number n{};
	for (size_t i = 0; i < n.size(); i++)
		n[i] = static_cast<uint8_t>(std::stoul(std::string(hex + 2 * i, 2), nullptr, 16));
	return n;
}

Number half(const Pair &pair, int which)
{
	Number n;
	std::memcpy(n.data(), pair.data() + 32 * which, 32);
	return n;
}

// ---- over the registers ----------------------------------------------------------------------------------

void put(uint32_t row, const uint32_t *words, size_t count)
{
	pke_write(PKE_ADDRESS, row);
	while (count--)
		pke_write(PKE_DATA, *words++);
}

void put(uint32_t row, const Number &n)
{
	uint32_t words[kFieldWords] = {};
	std::memcpy(words, n.data(), n.size());
	put(row, words, kFieldWords);
}

Number get(uint32_t row)
{
	uint32_t words[kFieldWords];
	Number n;

	pke_write(PKE_ADDRESS, row);
	for (auto &word : words)
		word = pke_read(PKE_DATA);
	std::memcpy(n.data(), words, n.size());
	return n;
}

void clear_work()
{
	pke_write(PKE_CONTROL, PKE_CLEAR_WORK);
	board_wait();
	pke_write(PKE_CONTROL, PKE_ACK);
}

void run(unsigned entry, const char *what)
{
	Rows before = peek();

	runs.clear();
	pke_write(PKE_CONTROL, PKE_START | entry << PKE_ENTRY_SHIFT);
	board_wait();
	pke_write(PKE_CONTROL, PKE_ACK);
	auto cycles = runs.back().second;
	auto [first, inserted] = cycles_of.emplace(entry, cycles);
	if (inserted)
		std::printf("     %s: %llu cycles\n", what, static_cast<unsigned long long>(cycles));
	if (first->second != cycles)
		check(false, std::string("the same cycles for every ") + what);
	if (!rows_equal(before, peek(), 0, kFirstWorkRow))
		check(false, "key rows stay as they are");
}

// ---- X25519 ------------------------------------------------------------------------------------------------

// k xor (k >> 1) of the clamped scalar: see fw/pke/x25519.py.
Number gray(Number k)
{
	k[0] &= 0xF8;
	k[31] = (k[31] & 0x7F) | 0x40;
	for (size_t i = 0; i < k.size(); i++)
		k[i] ^= k[i] >> 1 | (i < 31 ? k[i + 1] << 7 : 0);
	return k;
}

Number x25519(const Number &scalar, Number u)
{
	u[31] &= 0x7F;
	put(PKE_X25519_ROW_CONSTANTS, pke_x25519_constants, std::size(pke_x25519_constants));
	put(PKE_X25519_ROW_GRAY, gray(scalar));
	put(PKE_X25519_ROW_LAMBDA, random_bytes<Number>());
	put(PKE_X25519_ROW_IO, u);
	run(PKE_ENTRY_X25519, "X25519");
	return get(PKE_X25519_ROW_IO);
}

void test_x25519()
{
	auto base = number("0900000000000000000000000000000000000000000000000000000000000000");
	auto scalar = number("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
	auto u = number("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
	auto out = number("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");

	check(x25519(scalar, u) == out, "X25519: first vector of RFC 7748");
	check(rows_zero(peek(), PKE_X25519_ROW_IO + 4, kRows), "  nothing else in the rows that the CPU can read");
	clear_work();
	check(rows_zero(peek(), kFirstWorkRow, kRows) && copies_agree() && registers_zero(), "  cleared after it");

	scalar = u = base;
	for (int i = 0; i < 1000; i++) {
		out = x25519(scalar, u);
		u = scalar;
		scalar = out;
	}
	check(out == number("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"),
	      "X25519: thousand iterations of RFC 7748, 5.2");

	bool right = true;
	for (int i = 0; i < 20; i++) {
		scalar = random_bytes<Number>();
		u = random_bytes<Number>();
		reference_x25519(scalar.data(), u.data(), out.data());
		right &= x25519(scalar, u) == out;
	}
	check(right, "X25519: 20 random scalars and points as mbedTLS");

	auto zero = Number{}, one = Number{1};
	auto order8 = number("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
	right = true;
	for (auto &point : {zero, one, order8})
		right &= x25519(random_bytes<Number>(), point) == zero;
	check(right, "X25519: points of small order give zero");
	check(cycles_of[PKE_ENTRY_X25519] <= 100000, "X25519: at most 100,000 cycles");
}

// ---- P-256 -------------------------------------------------------------------------------------------------

Pair generator()
{
	Pair g;
	auto *bytes = reinterpret_cast<const uint8_t *>(pke_p256_generator);
	std::memcpy(g.data(), bytes, 32);
	std::memcpy(g.data() + 32, bytes + 4 * kFieldWords, 32);
	return g;
}

void load(const Number &k, const Pair &point)
{
	put(PKE_P256_ROW_CONSTANTS, pke_p256_constants, std::size(pke_p256_constants));
	put(PKE_P256_ROW_K, k);
	put(PKE_P256_ROW_LAMBDA, random_bytes<Number>());
	put(PKE_P256_ROW_IO_X, half(point, 0));
	put(PKE_P256_ROW_IO_Y, half(point, 1));
}

// False if the program's own check fails.
bool finish(Pair &out)
{
	auto x = get(PKE_P256_ROW_IO_X), y = get(PKE_P256_ROW_IO_Y);
	std::memcpy(out.data(), x.data(), 32);
	std::memcpy(out.data() + 32, y.data(), 32);
	return rows_zero(peek(), PKE_P256_ROW_IO_CHECK, kRows);
}

bool multiply(const Number &k, const Pair &point, Pair &out)
{
	load(k, point);
	run(PKE_ENTRY_P256_MULTIPLY, "P-256 multiplication");
	return finish(out);
}

bool sign(const Number &d, const Number &k, const Number &hash, Pair &out)
{
	load(k, generator());
	put(PKE_P256_ROW_D, d);
	put(PKE_P256_ROW_IO_HASH, hash);
	run(PKE_ENTRY_P256_SIGN, "P-256 signature");
	return finish(out);
}

Number scalar(int plus = 0)
{
	Number k;
	reference_p256_scalar(plus, k.data());
	return k;
}

void test_multiply()
{
	Pair point = generator(), out, expected;
	bool right = true;

	for (auto &k : {Number{1}, Number{2}, Number{16}, scalar(-1), scalar(-2)}) {
		reference_p256_multiply(k.data(), point.data(), expected.data());
		right &= multiply(k, point, out) && out == expected;
	}
	check(right, "P-256: 1, 2, 16, n - 1, n - 2 times the generator as mbedTLS");
	right = true;
	for (int i = 0; i < 20; i++) {
		auto k = scalar();
		reference_p256_multiply(k.data(), point.data(), expected.data());
		right &= multiply(k, point, out) && out == expected;
		point = expected;
	}
	check(right, "P-256: 20 random scalars and points as mbedTLS");
	check(!multiply(scalar(), random_bytes<Pair>(), out), "P-256: a point that is none is noticed");
	check(!multiply(Number{}, point, out), "P-256: infinity is noticed");

	load(scalar(), point);
	pke_write(PKE_CONTROL, PKE_START | PKE_ENTRY_P256_MULTIPLY << PKE_ENTRY_SHIFT);
	for (int i = 0; i < 100000; i++)
		cycle();
	auto row = peek()[PKE_P256_ROW_CONSTANTS];
	row[1] ^= 0x100; // one bit of p, in the middle
	poke(PKE_P256_ROW_CONSTANTS, row);
	board_wait();
	pke_write(PKE_CONTROL, PKE_ACK);
	check(!finish(out), "P-256: a fault is noticed");
	check(cycles_of[PKE_ENTRY_P256_MULTIPLY] <= 250000, "P-256: at most 250,000 cycles a multiplication");
}

void test_sign()
{
	Pair out, expected;
	bool right = true;

	for (int i = 0; i < 20; i++) {
		auto d = scalar(), k = scalar(), hash = random_bytes<Number>();
		if (i == 0)
			hash.fill(0xFF);
		reference_p256_sign(d.data(), k.data(), hash.data(), expected.data());
		right &= sign(d, k, hash, out) && out == expected;
	}
	check(right, "P-256: 20 signatures as mbedTLS");
	check(cycles_of[PKE_ENTRY_P256_SIGN] <= 300000, "P-256: at most 300,000 cycles a signature");
	clear_work();
	check(rows_zero(peek(), kFirstWorkRow, kRows) && copies_agree() && registers_zero(), "  cleared after it");
}

// ---- P-256 under the firmware's driver (fw/src/p256.c), most significant byte first ---------------------------

template <class Bytes> struct alignas(4) Driver {
	Bytes bytes;
	uint8_t *data() { return bytes.data(); }
};

Number swapped(Number n)
{
	std::reverse(n.begin(), n.end());
	return n;
}

Pair swapped(const Pair &pair)
{
	Pair out;
	for (int i = 0; i < 2; i++) {
		auto n = swapped(half(pair, i));
		std::memcpy(out.data() + 32 * i, n.data(), 32);
	}
	return out;
}

bool driver_takes(Driver<Pair> &out)
{
	while (pke_busy())
		cycle();
	bool good = p256_finish(out.data());
	check(rows_zero(peek(), kFirstWorkRow, kRows) && copies_agree() && registers_zero(), "  cleared after it");
	return good;
}

void test_driver()
{
	Pair point, expected;
	Driver<Pair> out, in;
	auto d = scalar(), k = scalar(), hash = random_bytes<Number>();
	Driver<Number> key{swapped(d)}, nonce{swapped(k)}, z{swapped(hash)}, drawn;

	reference_p256_multiply(scalar().data(), generator().data(), point.data());
	p256_load(key.data());
	in.bytes = swapped(point);
	reference_p256_multiply(k.data(), point.data(), expected.data());
	check(p256_multiply(nonce.data(), in.data()) && driver_takes(out) && out.bytes == swapped(expected),
	      "driver: k times a point as mbedTLS");
	reference_p256_multiply(k.data(), generator().data(), expected.data());
	check(p256_multiply(nonce.data(), nullptr) && driver_takes(out) && out.bytes == swapped(expected),
	      "driver: k times the generator as mbedTLS");
	reference_p256_sign(d.data(), k.data(), hash.data(), expected.data());
	check(p256_sign(nonce.data(), z.data()) && driver_takes(out) && out.bytes == swapped(expected),
	      "driver: a signature as mbedTLS");
	in.bytes[63] ^= 1;
	check(p256_multiply(nonce.data(), in.data()) && !driver_takes(out) && out.bytes == Pair{},
	      "driver: nothing of a point that is none");

	p256_sign(nonce.data(), z.data());
	for (int i = 0; i < 100000; i++)
		cycle();
	auto row = peek()[PKE_P256_ROW_CONSTANTS];
	row[1] ^= 0x100;
	poke(PKE_P256_ROW_CONSTANTS, row);
	check(!driver_takes(out) && out.bytes == Pair{}, "driver: no signature after a fault");

	Number ones, largest = swapped(scalar(-1)), order = largest;
	ones.fill(0xFF);
	order[31]++;
	for (auto &n : {Number{}, ones, order, largest})
		draws.insert(draws.end(), n.begin(), n.end());
	check(p256_draw(drawn.data()) && drawn.bytes == largest && draws.empty(),
	      "driver: 0, 2^256 - 1 and n are drawn anew, n - 1 is taken");
	largest.fill(0);
	largest[31] = 1;
	draws.assign(largest.begin(), largest.end());
	check(p256_draw(drawn.data()) && drawn.bytes == largest, "driver: 1 is taken");
}

} // namespace

void test_curves()
{
	constexpr unsigned kNoEntry = 15;

	reset();
	for (int i = 0; i < kFirstWorkRow; i++)
		poke(i, {~0u, static_cast<uint32_t>(i), 0x5Au});
	test_x25519();
	test_multiply();
	test_sign();
	test_driver();
	run(kNoEntry, "an entry without a program");
	check(cycles_of[kNoEntry] < 20, "an entry without a program halts");
	check(true, "the same cycles for every operand, or a line above says which not");
}
