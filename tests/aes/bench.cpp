// SPDX-License-Identifier: Apache-2.0
// Bench of aes_core: FIPS 197, NIST's CAVP vectors for ECB (from the cryptography_vectors package),
// random keys, directions and timings against mbedTLS, exact cycle counts, and clear in every cycle.
#include "Vaes_core.h"
#include "Vaes_core___024root.h"
#include "reference.h"
#include "verilated.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

using Bytes = std::vector<uint8_t>;
using Block = std::array<uint8_t, 16>;

int failures = 0;

void report(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	if (!ok)
		failures++;
}

Bytes unhex(const std::string &text)
{
	Bytes out;
	for (size_t i = 0; i + 1 < text.size(); i += 2)
		out.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
	return out;
}

Block block_of(const Bytes &bytes, size_t offset = 0)
{
	Block b;
	std::memcpy(b.data(), bytes.data() + offset, 16);
	return b;
}

unsigned rounds(size_t key_bytes)
{
	return static_cast<unsigned>(key_bytes / 4 + 6);
}

struct Core {
	VerilatedContext context;
	Vaes_core dut{&context};
	uint64_t cycle = 0;

	Core()
	{
		dut.rst_ni = 0;
		tick();
		dut.rst_ni = 1;
		for (int i = 0; i < 20; i++)
			tick();
	}

	void settle() { dut.eval(); }

	void tick()
	{
		dut.clk_i = 0;
		dut.eval();
		dut.clk_i = 1;
		dut.eval();
		dut.clk_i = 0;
		dut.eval();
		cycle++;
	}

	void stage_word(const Bytes &key, unsigned word)
	{
		dut.key_we_i = 1;
		dut.key_idx_i = word;
		std::memcpy(&dut.key_word_i, key.data() + 4 * word, 4);
	}

	void stage(const Bytes &key)
	{
		for (unsigned word = 0; word < key.size() / 4; word++) {
			stage_word(key, word);
			tick();
		}
		dut.key_we_i = 0;
	}

	void load(size_t key_bytes)
	{
		dut.key_len_i = static_cast<uint8_t>((key_bytes - 16) / 8);
		dut.key_load_i = 1;
		wait_ready();
		tick();
		dut.key_load_i = 0;
	}

	unsigned wait_ready()
	{
		unsigned waited = 0;
		for (settle(); !dut.ready_o; settle(), waited++) {
			tick();
			if (waited > 100) {
				report(false, "ready within 100 cycles");
				std::exit(1);
			}
		}
		return waited;
	}

	// The direction is taken a cycle before the start.
	void present(const Block &in, bool decrypt)
	{
		if (dut.decrypt_i != decrypt) {
			dut.decrypt_i = decrypt;
			tick();
		}
		std::memcpy(&dut.block_i[0], in.data(), 16);
		dut.start_i = 1;
	}

	void start(const Block &in, bool decrypt)
	{
		present(in, decrypt);
		wait_ready();
		tick();
		dut.start_i = 0;
	}

	// Cycles from start to valid.
	unsigned wait_valid()
	{
		unsigned cycles = 1;
		for (; !dut.valid_o && cycles < 100; cycles++)
			tick();
		return cycles;
	}

	Block result()
	{
		Block out;
		std::memcpy(out.data(), &dut.block_o[0], 16);
		return out;
	}

	Block crypt(const Block &in, bool decrypt)
	{
		start(in, decrypt);
		wait_valid();
		return result();
	}
};

// ---- known answers

void fips197(Core &core)
{
	const char *cipher[3] = {"69c4e0d86a7b0430d8cdb78070b4c55a", "dda97ca4864cdfe06eaf70a0ec0d7191",
				 "8ea2b7ca516745bfeafc49904b496089"};
	const Bytes plain = unhex("00112233445566778899aabbccddeeff");
	const Bytes key = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	bool ok = true;

	for (int i = 0; i < 3; i++) {
		core.stage(Bytes(key.begin(), key.begin() + 16 + 8 * i));
		core.load(static_cast<size_t>(16 + 8 * i));
		ok &= core.crypt(block_of(plain), false) == block_of(unhex(cipher[i]));
		ok &= core.crypt(block_of(unhex(cipher[i])), true) == block_of(plain);
	}
	core.stage(unhex("2b7e151628aed2a6abf7158809cf4f3c"));
	core.load(16);
	ok &= core.crypt(block_of(unhex("3243f6a8885a308d313198a2e0370734")), false) ==
	      block_of(unhex("3925841d02dc09fbdc118597196a0b32"));
	report(ok, "FIPS 197 appendices B and C");
}

std::string vectors_folder()
{
	for (const auto &entry : std::filesystem::directory_iterator("build/venv/lib")) {
		auto folder = entry.path() / "site-packages/cryptography_vectors/ciphers/AES/ECB";
		if (std::filesystem::exists(folder))
			return folder.string();
	}
	return "";
}

void cavp_file(Core &core, const std::filesystem::path &path)
{
	std::ifstream file(path);
	std::string line;
	bool decrypt = false, ok = true;
	unsigned blocks = 0;
	Bytes key, plain, cipher;

	while (std::getline(file, line)) {
		while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
			line.pop_back();
		if (line == "[ENCRYPT]")
			decrypt = false;
		if (line == "[DECRYPT]")
			decrypt = true;
		const size_t equals = line.find(" = ");
		if (equals == std::string::npos)
			continue;
		const std::string name = line.substr(0, equals), value = line.substr(equals + 3);
		if (name == "KEY")
			key = unhex(value);
		if (name == "PLAINTEXT")
			plain = unhex(value);
		if (name == "CIPHERTEXT")
			cipher = unhex(value);
		if (name != (decrypt ? "PLAINTEXT" : "CIPHERTEXT"))
			continue;
		core.stage(key);
		core.load(key.size());
		for (size_t i = 0; i < plain.size(); i += 16, blocks++)
			ok &= core.crypt(block_of(decrypt ? cipher : plain, i), decrypt) ==
			      block_of(decrypt ? plain : cipher, i);
	}
	report(ok && blocks >= 10, "CAVP " + path.filename().string() + ": " + std::to_string(blocks) + " blocks");
}

void cavp(Core &core)
{
	const std::string folder = vectors_folder();
	if (folder.empty()) {
		report(false, "CAVP vectors are installed (cryptography_vectors)");
		return;
	}
	for (const char *kind : {"GFSbox", "KeySbox", "VarKey", "VarTxt", "MMT"})
		for (const char *bits : {"128", "192", "256"})
			cavp_file(core, folder + "/ECB" + kind + bits + ".rsp");
}

// The Monte Carlo test of the AESAVS (section 6.4.1), ten of its hundred keys, against mbedTLS: a
// thousand chained blocks a key, each key made from the last results.
void monte_carlo(Core &core, size_t key_bytes, bool decrypt)
{
	Bytes key(key_bytes, 0x5a);
	Block in{}, expected{};
	bool ok = true;

	for (int outer = 0; outer < 10; outer++) {
		Block out = in, last = in;
		core.stage(key);
		core.load(key_bytes);
		expected = in;
		for (int inner = 0; inner < 1000; inner++) {
			Block next;
			last = out;
			out = core.crypt(out, decrypt);
			reference_aes(key.data(), static_cast<unsigned>(key_bytes), decrypt, expected.data(),
				      next.data());
			expected = next;
		}
		ok &= out == expected;
		Bytes tail(last.begin(), last.end());
		tail.insert(tail.end(), out.begin(), out.end());
		for (size_t i = 0; i < key_bytes; i++)
			key[i] ^= tail[32 - key_bytes + i];
		in = out;
	}
	report(ok, "Monte Carlo AES-" + std::to_string(8 * key_bytes) + (decrypt ? " decrypt" : " encrypt"));
}

// ---- timing

void cycle_counts(Core &core, size_t key_bytes, bool decrypt)
{
	const unsigned n = rounds(key_bytes);
	Bytes key(key_bytes, 0x11);
	Block in{};
	bool ok = true;

	core.dut.decrypt_i = decrypt;
	core.stage(key);
	core.load(key_bytes);
	core.present(in, decrypt);
	const unsigned key_wait = core.wait_ready() + 1; // cycles from key_load_i to start_i
	ok &= key_wait == (decrypt ? n + 1 : 2);

	core.tick();
	core.dut.start_i = 0;
	ok &= core.wait_valid() == n + 1;

	// Back to back: start_i held, a hundred blocks.
	core.present(in, decrypt);
	core.wait_ready();
	const uint64_t first = core.cycle;
	for (int i = 0; i < 100; i++) {
		core.wait_ready();
		core.tick();
	}
	core.dut.start_i = 0;
	core.tick(); // past valid_o of the last block but one
	core.wait_valid();
	ok &= core.cycle - first == 100 * n + 1;
	std::printf("     AES-%zu %s: %u cycles from start to result, %u a block sustained, %u from key to start\n",
		    8 * key_bytes, decrypt ? "decrypt" : "encrypt", n + 1, n, key_wait);
	report(ok, "cycle counts");
}

// ---- random cases

struct Random {
	std::mt19937_64 engine;
	explicit Random(uint64_t seed) : engine(seed) {}
	unsigned below(unsigned n) { return static_cast<unsigned>(engine() % n); }
	Bytes bytes(size_t n)
	{
		Bytes out(n);
		for (auto &b : out)
			b = static_cast<uint8_t>(engine());
		return out;
	}
};

// Keys are staged while blocks run, directions change at random, and starts come as early as allowed or later.
void random_cases(Core &core, Random &random)
{
	Bytes key = random.bytes(16);
	bool ok = true;

	core.stage(key);
	core.load(16);
	for (int i = 0; i < 3000 && ok; i++) {
		const bool decrypt = random.below(2), new_key = random.below(3) == 0;
		const Block in = block_of(random.bytes(16));
		const Bytes next = random.bytes(16 + 8 * random.below(3));
		Block expected;

		reference_aes(key.data(), static_cast<unsigned>(key.size()), decrypt, in.data(), expected.data());
		core.start(in, decrypt);
		unsigned word = 0, cycles = 1;
		core.dut.decrypt_i = random.below(2);
		for (; !core.dut.valid_o && cycles < 100; cycles++) {
			core.dut.key_we_i = 0;
			if (new_key && word < next.size() / 4 && cycles > 1)
				core.stage_word(next, word++);
			core.tick();
		}
		core.dut.key_we_i = 0;
		ok &= cycles == rounds(key.size()) + 1 && core.result() == expected;
		for (unsigned idle = random.below(4); idle > 0; idle--)
			core.tick();
		ok &= core.result() == expected;
		if (new_key) {
			for (; word < next.size() / 4; word++) {
				core.stage_word(next, word);
				core.tick();
			}
			core.dut.key_we_i = 0;
			key = next;
			core.load(key.size());
		}
	}
	report(ok, "3000 random blocks, keys staged while they run");
}

// Two keys in turns, each taken over in the last round of the block before.
void key_switch(Core &core, Random &random)
{
	bool ok = true;
	Block expected{};

	for (int i = 0; i < 300; i++) {
		const Bytes key = random.bytes(16 + 8 * random.below(3));
		const bool decrypt = random.below(2);
		const Block in = block_of(random.bytes(16));
		core.stage(key);
		if (i > 0) {
			core.wait_ready();
			core.load(key.size()); // in cycle n of the running block
			ok &= core.dut.valid_o && core.result() == expected;
		} else {
			core.load(key.size());
		}
		reference_aes(key.data(), static_cast<unsigned>(key.size()), decrypt, in.data(), expected.data());
		core.start(in, decrypt);
	}
	core.wait_valid();
	report(ok && core.result() == expected, "key taken over in the last round of a block");
}

// ---- clear

bool all_zero(const Core &core)
{
	const auto *root = core.dut.rootp;
	uint32_t sum = 0;
	for (int i = 0; i < 4; i++) {
		sum |= core.dut.block_o[i] | root->aes_core__DOT__round_key_q[i];
		sum |= root->aes_core__DOT__u_round_keys__DOT__first_q[i] |
		       root->aes_core__DOT__u_round_keys__DOT__last_q[i];
		for (int round = 0; round < 16; round++)
			sum |= root->aes_core__DOT__u_round_keys__DOT__keys[round][i];
	}
	for (int i = 0; i < 8; i++)
		sum |= root->aes_core__DOT__staged_q[i] | root->aes_core__DOT__u_round_keys__DOT__w_q[i];
	// S-box outputs at rest: S(0) for every byte, the state as for SubWord(0).
	for (int c = 0; c < 4; c++)
		sum |= root->aes_core__DOT__sub[c] ^ 0x63636363;
	return sum == 0 && root->aes_core__DOT__u_round_keys__DOT__sub == 0x63636363;
}

// clear_i in every cycle of loading a key, waiting and running a block, together with every other input.
void clear_anywhere(Core &core, Random &random)
{
	bool wiped = true, silent = true, recovers = true;

	for (unsigned when = 0; when < 60; when++) {
		for (unsigned with = 0; with < 4; with++) {
			const Bytes key = random.bytes(16 + 8 * random.below(3));
			const bool decrypt = random.below(2);
			core.stage(key);
			core.dut.key_load_i = 1;
			core.dut.key_len_i = static_cast<uint8_t>((key.size() - 16) / 8);
			for (unsigned cycle = 0; cycle < when; cycle++) {
				core.tick();
				core.dut.key_load_i = 0;
				core.present(block_of(random.bytes(16)), decrypt);
			}
			core.dut.clear_i = 1;
			core.dut.start_i = with & 1;
			core.dut.key_load_i = with >> 1;
			core.stage_word(key, 3);
			core.tick();
			core.dut.clear_i = core.dut.start_i = core.dut.key_load_i = core.dut.key_we_i =
				core.dut.decrypt_i = 0;
			for (int cycle = 0; cycle < 17; cycle++) {
				core.settle();
				silent &= !core.dut.valid_o && (core.dut.ready_o == (cycle >= 16));
				core.dut.start_i = core.dut.key_load_i = cycle < 16; // ignored
				core.tick();
			}
			core.dut.start_i = core.dut.key_load_i = 0;
			wiped &= all_zero(core);
			core.present(block_of(random.bytes(16)), false); // no key: ignored
			for (int cycle = 0; cycle < 20; cycle++) {
				core.tick();
				silent &= !core.dut.valid_o;
			}
			core.dut.start_i = 0;
		}
		const Bytes key = random.bytes(32), in = random.bytes(16);
		Block expected;
		reference_aes(key.data(), 32, when & 1, in.data(), expected.data());
		core.stage(key);
		core.load(32);
		recovers &= core.crypt(block_of(in), when & 1) == expected;
	}
	report(wiped, "clear leaves nothing of key, round keys and block");
	report(silent, "no result and no start until wiped, and none without a key");
	report(recovers, "the core works on after a clear");
}

} // namespace

int main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : std::random_device{}();
	Random random(seed);
	Core core;

	std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
	fips197(core);
	for (size_t key_bytes : {16, 24, 32})
		for (bool decrypt : {false, true})
			cycle_counts(core, key_bytes, decrypt);
	cavp(core);
	for (size_t key_bytes : {16, 24, 32})
		for (bool decrypt : {false, true})
			monte_carlo(core, key_bytes, decrypt);
	random_cases(core, random);
	key_switch(core, random);
	clear_anywhere(core, random);
	std::printf("%s\n", failures ? "FAILED" : "passed");
	return failures ? 1 : 0;
}
