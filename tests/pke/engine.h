// SPDX-License-Identifier: Apache-2.0
// The Verilated engine under pke_read(), pke_write() and board_wait(), and a look inside.
#ifndef PKE_ENGINE_H
#define PKE_ENGINE_H

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

constexpr int kRows = 512, kFirstWorkRow = 165, kFirstIoRow = 482;
constexpr int kCodeWords = 512;

using Row = std::array<uint32_t, 3>;
using Rows = std::vector<Row>;
using Code = std::array<uint32_t, 4>;      // a microcode word
using Run = std::pair<unsigned, uint64_t>; // entry, cycles

extern "C" void board_wait(void); // until the engine is at rest

extern int failures;
extern std::vector<uint8_t> draws; // what the generator gives first
extern uint64_t cycle_count;
extern std::vector<Run> runs; // since it was last cleared

void check(bool ok, const std::string &what);
void reset();
void stop();
void cycle();

Rows peek();
void poke(int row, const Row &value);
void poke_code(unsigned at, const Code &word);
bool copies_agree();
bool registers_zero();
bool rows_zero(const Rows &rows, int from, int to);
bool rows_equal(const Rows &a, const Rows &b, int from, int to);

void test_curves(); // curves.cpp

#endif
