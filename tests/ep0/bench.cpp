// SPDX-License-Identifier: Apache-2.0
//
// The whole board with its real firmware, driven over ULPI: enumeration, chapter 9, every request of
// coffer_wire.h good and malformed. Each answer must be armed within 20,000 cycles of its SETUP or last OUT packet.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "Vcoffer_top.h"
#include "control.h"
#include "coffer_device.h"
#include "coffer_wire.h"
#include "verilated.h"

using namespace coffer;
using namespace coffer::test;

namespace {

constexpr uint64_t HoldLimit = 20'000;
constexpr uint64_t CreateLimit = 30'000;

int failures;
uint64_t longest;
const char *longest_name = "";

void check(bool good, const std::string &what)
{
	if (good)
		return;
	failures++;
	printf("FAIL %s\n", what.c_str());
}

struct Board {
	VerilatedContext context;
	Vcoffer_top top{&context};
	usb::UlpiPhy<Vcoffer_top> phy{top};
	Control<Vcoffer_top> control{phy};

	explicit Board(int argc, char **argv)
	{
		context.commandArgs(argc, argv);
		top.rst_ni = 0;
		top.spi_miso_i = 1; // an erased flash
		phy.run(8);
		top.rst_ni = 1;
	}

	// Every answer's time is looked at, whatever the test is about.
	Reply timed(const char *name, Reply r)
	{
		if (r.held > longest) {
			longest = r.held;
			longest_name = name;
		}
		check(r.held <= HoldLimit, std::string(name) + " held endpoint 0 for " + std::to_string(r.held));
		return r;
	}
	Reply in(const char *name, Setup s) { return timed(name, control.in(s)); }
	Reply out(const char *name, Setup s, const Bytes &data = {}) { return timed(name, control.out(s, data)); }
};

template <class T> T as(const Reply &r)
{
	T t{};

	if (r.data.size() == sizeof(T))
		memcpy(&t, r.data.data(), sizeof(T));
	else
		check(false, "answer of " + std::to_string(r.data.size()) + " bytes");
	return t;
}

template <class T> Bytes bytes(const T &t)
{
	auto p = reinterpret_cast<const uint8_t *>(&t);

	return Bytes(p, p + sizeof(T));
}

void enumerate(Board &b)
{
	uint64_t limit = b.phy.cycles() + 5'000'000;

	while (!b.phy.attached() && b.phy.cycles() < limit)
		b.phy.cycle();
	check(b.phy.attached(), "pull-up");
	printf("connected after %llu cycles\n", (unsigned long long)b.phy.cycles());
	check(b.phy.reset() == usb::Speed::High, "high speed");

	Reply r = b.in("device descriptor", {0x80, 6, 0x0100, 0, 64});
	check(r.data.size() == 18 && r.data[1] == 1, "device descriptor");
	check(!b.out("set address", {0x00, 5, 42, 0, 0}).stalled, "set address");
	b.control.address = 42;
	r = b.in("device descriptor", {0x80, 6, 0x0100, 0, 18});
	check(r.data.size() == 18 && r.data[8] == (COFFER_USB_VENDOR_ID & 0xFF), "device descriptor at its address");
	check(b.in("class request before configuration", {0xA1, COFFER_REQ_GET_INFO, 0, 0, 128}).stalled, "unconfigured");
	check(!b.out("set configuration", {0x00, 9, 1, 0, 0}).stalled, "set configuration");
}

coffer_status status(Board &b, uint16_t interface)
{
	return as<coffer_status>(b.in("get status", {0xA1, COFFER_REQ_GET_STATUS, 0, interface, 64}));
}

void set_interface(Board &b, uint16_t interface, uint16_t setting)
{
	check(!b.out("set interface", {0x01, 11, setting, interface, 0}).stalled, "set interface");
}

coffer_session_created create(Board &b, uint16_t interface, uint16_t kind)
{
	return as<coffer_session_created>(b.in("session create", {0xA1, COFFER_REQ_SESSION_CREATE, kind, interface, 16}));
}

void test_sessions(Board &b)
{
	set_interface(b, 0, 1);
	auto s = create(b, 0, COFFER_SESSION_PROTECTED);
	check(s.result == COFFER_OK && s.session && s.content && s.readback, "protected session");
	auto st = status(b, 0);
	uint64_t whole = st.status_cycle - st.setup_cycle;
	printf("create-session: %llu cycles from SETUP to status stage\n", (unsigned long long)whole);
	check(st.status_cycle > st.setup_cycle && whole <= CreateLimit, "whole create");
	check(st.free_slots == 13, "13 slots left, not " + std::to_string(st.free_slots));
}

} // namespace

int main(int argc, char **argv)
{
	auto b = std::make_unique<Board>(argc, argv);

	enumerate(*b);
	auto info = as<coffer_info>(b->in("get info", {0xA1, COFFER_REQ_GET_INFO, 0, 0, 128}));
	check(info.protocol == COFFER_PROTOCOL_VERSION && info.contexts == 4 && info.surface_pages == 32, "info");
	printf("ram_free %u\n", info.ram_free);
	test_sessions(*b);
	printf("longest hold of endpoint 0: %llu cycles (%s)\n", (unsigned long long)longest, longest_name);
	b->top.final();
	printf(failures ? "%d checks failed\n" : "ok\n", failures);
	return failures != 0;
}
