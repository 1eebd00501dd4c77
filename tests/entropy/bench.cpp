// SPDX-License-Identifier: Apache-2.0
// Bench of entropy: the health tests at their cutoffs and one sample before, a dead source, and the
// seeded source's words, rate, rest and repeatability.
#include "Ventropy_bench.h"
#include "verilated.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

int failures = 0;

void report(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	if (!ok)
		failures++;
}

struct Bench {
	VerilatedContext context;
	std::unique_ptr<Ventropy_bench> top;

	explicit Bench(uint64_t seed)
	{
		const std::string arg = "+seed=" + std::to_string(seed);
		const char *argv[] = {"bench", arg.c_str()};
		context.commandArgs(2, argv);
		top = std::make_unique<Ventropy_bench>(&context);
		top->rst_ni = 0;
		tick();
		top->rst_ni = 1;
		tick();
	}

	void tick()
	{
		top->clk_i = 0;
		top->eval();
		top->clk_i = 1;
		top->eval();
	}

	void feed(bool bit)
	{
		top->bit_i = bit;
		top->sample_i = 1;
		tick();
		top->sample_i = 0;
		top->bit_i = !bit; // not a sample: must not count
		tick();
	}

	unsigned cycles_to_word()
	{
		unsigned cycles = 0;
		for (; !top->seeded_ready_o && cycles < 100000; cycles++)
			tick();
		return cycles;
	}

	uint32_t take()
	{
		const uint32_t word = top->seeded_word_o;
		top->take_i = 1;
		tick();
		top->take_i = 0;
		return word;
	}
};

// ---- cutoffs

constexpr unsigned Window = 1024;

// SP 800-90B 4.4.2: 1 + the smallest k with P(X > k) <= 2^-40 for X binomial (Window, 2^-0.5).
unsigned proportion_cutoff()
{
	const double p = std::exp2(-0.5);
	double tail = 0;
	for (unsigned k = Window;; k--) {
		tail += std::exp(std::lgamma(Window + 1.0) - std::lgamma(k + 1.0) - std::lgamma(Window - k + 1.0) +
				 k * std::log(p) + (Window - k) * std::log1p(-p));
		if (tail > std::exp2(-40))
			return 1 + k;
	}
}

void repetition_count()
{
	for (bool value : {false, true}) {
		Bench b(1);
		b.feed(!value);
		for (int i = 0; i < 80; i++)
			b.feed(value);
		const bool before = b.top->failed_o;
		b.feed(value);
		const bool after = b.top->failed_o;
		for (int i = 0; i < 3000; i++)
			b.feed(i & 1);
		report(!before && after && b.top->failed_o && !b.top->started_o,
		       std::string("81 samples of ") + (value ? "1" : "0") + " fail, 80 do not, and it stays");
	}
}

// A window of `equal` samples like its first one, the others spread evenly.
bool window_fails(unsigned equal, bool first, unsigned windows_before)
{
	Bench b(1);
	for (unsigned i = 0; i < windows_before * Window; i++)
		b.feed(i & 1);
	unsigned given = 0;
	for (unsigned i = 0; i < Window; i++) {
		const bool same = i == 0 || given * Window < equal * i;
		given += same && given < equal;
		b.feed(same ? first : !first);
	}
	return b.top->failed_o;
}

void adaptive_proportion()
{
	const unsigned cutoff = proportion_cutoff();
	report(cutoff == 824, "the standard's formula gives 824, ours gives " + std::to_string(cutoff));
	for (bool first : {false, true})
		for (unsigned before : {0u, 2u})
			report(window_fails(cutoff, first, before) && !window_fails(cutoff - 1, first, before),
			       "a window with " + std::to_string(cutoff) + " like its first " + std::to_string(first) +
				       " fails, with one less not, after " + std::to_string(before) + " windows");
}

void start_up()
{
	Bench b(1);
	for (unsigned i = 0; i < Window - 1; i++)
		b.feed(i & 1);
	const bool early = b.top->started_o;
	b.feed(1);
	report(!early && b.top->started_o, "started after one whole window");
}

// ---- sources

void dead_source()
{
	Bench b(1);
	bool given = false;
	b.top->enable_i = 1;
	for (int i = 0; i < 16 * 81 + 2; i++) {
		b.tick();
		given |= b.top->rings_ready_o;
	}
	const bool failed = b.top->rings_failed_o;
	for (int i = 0; i < 40000; i++) {
		b.top->enable_i = i % 100 != 0;
		b.top->take_i = i % 7 == 0;
		b.tick();
		given |= b.top->rings_ready_o || b.top->rings_word_o || b.top->rings_busy_o || !b.top->rings_failed_o;
	}
	report(failed && !given, "a dead source fails after 81 samples, rests, and never gives a word");
}

std::vector<uint32_t> words(uint64_t seed, unsigned n)
{
	Bench b(seed);
	std::vector<uint32_t> out;
	b.top->enable_i = 1;
	while (out.size() < n && b.cycles_to_word() < 100000)
		out.push_back(b.take());
	return out;
}

void seeded(uint64_t seed)
{
	const auto a = words(seed, 2000);
	unsigned ones = 0;
	for (uint32_t w : a)
		ones += static_cast<unsigned>(__builtin_popcount(w));
	report(a.size() == 2000 && std::set<uint32_t>(a.begin(), a.end()).size() > 1990 && ones > 31000 && ones < 33000,
	       "2000 words pass the health tests");
	report(words(seed, 50) == std::vector<uint32_t>(a.begin(), a.begin() + 50), "a seed repeats its words");
	report(words(seed + 1, 50) != words(seed, 50), "another seed gives others");
}

void rest()
{
	Bench b(3);
	bool still = true;
	for (int i = 0; i < 100; i++) {
		b.tick();
		still &= !b.top->seeded_busy_o && !b.top->seeded_ready_o;
	}
	report(still, "at rest while not enabled");
	b.top->enable_i = 1;
	b.tick();
	report(b.top->seeded_busy_o, "busy while it fills");
	const unsigned first = b.cycles_to_word();
	const uint32_t word = b.top->seeded_word_o;
	for (int i = 0; i < 5000; i++) {
		b.tick();
		still &= !b.top->seeded_busy_o && b.top->seeded_ready_o && b.top->seeded_word_o == word;
	}
	report(still, "at rest while a word waits");
	b.take();
	const bool wiped = b.top->seeded_word_o == 0 && !b.top->seeded_ready_o;
	const unsigned next = b.cycles_to_word();
	std::printf("     first word after %u cycles, then %u a word\n", first, next);
	report(wiped && next == 512, "a word taken is gone, the next comes 512 cycles later");
}

} // namespace

int main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : std::random_device{}();

	std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
	repetition_count();
	adaptive_proportion();
	start_up();
	dead_source();
	seeded(seed);
	rest();
	std::printf("%s\n", failures ? "FAILED" : "passed");
	return failures ? 1 : 0;
}
