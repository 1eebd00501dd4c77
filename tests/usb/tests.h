// SPDX-License-Identifier: Apache-2.0
//
// The tests of usb_device, by topic, and what they share; bench.cpp runs them.

#pragma once

#include "board.h"

// One line a check.
void report(bool ok, const std::string &what);

// Random values of the seed that the bench prints; pick() is below its limit.
unsigned pick(unsigned below);
Bytes random_bytes(size_t count);

constexpr Setup GetDescriptor{0x80, 6, 0x0100, 0, 18};
constexpr uint8_t ClassIn = 0xA1, ClassOut = 0x21;

// Requests of the bench's firmware: wValue bytes come back (0xA1, 1), are received (0x21, 2); all else of chapter 9 is accepted.
Answer standard(const Setup &s);
Bytes expected_in(const Setup &s);

struct Plugged : Board {
	Plugged()
	{
		answer = standard;
		plug();
		enumerate(5);
	}
};

// Works from DATA0 with empty rings.
bool fresh(Board &b, unsigned ctx);

// control.cpp
void test_enumeration();
void test_control_in();
void test_control_out();
void test_waiting();
void test_new_setup();
void test_stamps();

// bulk.cpp
void test_closed();
void test_bulk_out();
void test_bulk_in();
void test_throughput();
void test_halt_clear();
void test_full_speed();
void test_rest();

// revoke.cpp
void test_revocation();
void test_revocation_race();
void test_wiping();

// soak.cpp
void test_garbage();
void test_soak(unsigned rounds);
