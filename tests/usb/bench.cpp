// SPDX-License-Identifier: Apache-2.0
//
// Bench of usb_device against a ULPI transceiver and host: control transfers, bulk endpoints and their packet rings,
// lost and damaged packets, revocation, full speed, and a random soak. `usb [SEED]`.
#include <cstdlib>
#include <random>

#include "tests.h"

namespace {

int failures = 0;
std::mt19937 rng;

} // namespace

void report(bool ok, const std::string &what)
{
	std::printf("%s %s\n", ok ? "ok  " : "FAIL", what.c_str());
	failures += !ok;
}

unsigned pick(unsigned below)
{
	return rng() % below;
}

Bytes random_bytes(size_t count)
{
	Bytes bytes(count);
	for (auto &b : bytes)
		b = uint8_t(rng());
	return bytes;
}

Answer standard(const Setup &s)
{
	if (s.type & 0x80) {
		Bytes data(s.request == 6 ? 18 : s.value);
		for (size_t i = 0; i < data.size(); i++)
			data[i] = uint8_t(i * 7 + (i >> 8) + s.index);
		return s.request == 9 ? Answer{Answer::Stall, {}} : Answer{Answer::Send, data};
	}
	return {s.length ? Answer::Receive : Answer::Status, {}};
}

Bytes expected_in(const Setup &s)
{
	return standard(s).data;
}

bool fresh(Board &b, unsigned ctx)
{
	Bytes data, packet = random_bytes(33);
	bool nak = b.bulk_in(ctx, data) == Result::Nak;
	b.push(ctx, packet);
	return nak && b.bulk_in(ctx, data) == Result::Data && data == packet &&
	       b.bulk_out(ctx, packet) == Result::Ack && b.pop(ctx, data) && data == packet;
}

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? unsigned(std::strtoul(argv[1], nullptr, 0)) : std::random_device{}();

	std::printf("seed %u\n", seed);
	rng.seed(seed);
	test_enumeration();
	test_control_in();
	test_control_out();
	test_waiting();
	test_new_setup();
	test_stamps();
	test_closed();
	test_bulk_out();
	test_bulk_in();
	test_throughput();
	test_revocation();
	test_halt_clear();
	test_revocation_race();
	test_wiping();
	test_full_speed();
	test_rest();
	test_garbage();
	test_soak(3000);
	std::printf("%s, seed %u\n", failures ? "FAILED" : "passed", seed);
	return failures != 0;
}
