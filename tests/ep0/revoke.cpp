// SPDX-License-Identifier: Apache-2.0
//
// Closing a context and revocation, as endpoint 0 shows them.
#include "tests.h"

// The kernel closes a dead program's interface with SET_INTERFACE 0 once, under the lock of the whole device: it is
// never stalled and never waits for what it sets off.
void test_closing_is_at_once(Board &b)
{
	constexpr uint64_t AtOnce = 2'000; // overwriting a page takes 2,048

	b.set_interface(0, 1);
	auto s = b.create(0, COFFER_SESSION_PROTECTED);
	while (b.create(0, COFFER_SESSION_OPEN).result == COFFER_OK)
		;
	check(b.surface(0, s.session, 32).result == COFFER_OK, "all pages");
	for (int i = 0; i < 3; i++) {
		Reply r = b.out("SET_INTERFACE 0", {0x01, 11, 0, 0, 0});
		check(!r.stalled && !r.lost, "SET_INTERFACE 0 is accepted");
		check(r.held <= AtOnce, "SET_INTERFACE 0 held endpoint 0 for " + std::to_string(r.held) + " cycles");
	}
	check(b.status(0).free_slots == 16 && b.status(0).free_pages == 32, "all free after that");
}

void test_revocation(Board &b)
{
	b.set_interface(0, 1);
	b.set_interface(1, 1);
	auto s = b.create(0, COFFER_SESSION_PROTECTED);
	auto kept = b.create(1, COFFER_SESSION_PROTECTED);
	check(b.surface(0, s.session, 8).result == COFFER_OK, "surface");

	b.set_interface(0, 1); // 1 again: everything is gone, and the next session is there at once
	auto fresh = b.create(0, COFFER_SESSION_PROTECTED);
	check(fresh.result == COFFER_OK && fresh.session != s.session, "create right after a revocation");
	check(b.destroy(0, s.session) == COFFER_ERR_HANDLE, "handle from before the revocation");
	check(b.destroy(1, kept.session) == COFFER_OK, "the other context lost nothing");

	b.configure(1);
	check(b.status(0).alt_setting == 0 && b.status(0).open_contexts == 0, "SET_CONFIGURATION closes");
	b.set_interface(0, 1);
	check(b.destroy(0, fresh.session) == COFFER_ERR_HANDLE, "handle from before SET_CONFIGURATION");

	fresh = b.create(0, COFFER_SESSION_PROTECTED);
	b.bus_reset();
	refused(b, "request at address 0", {In, COFFER_REQ_GET_INFO, 0, 0, 128});
	b.enumerate();
	refused(b, "request before SET_CONFIGURATION", {In, COFFER_REQ_GET_INFO, 0, 0, 128});
	refused(b, "SET_INTERFACE before SET_CONFIGURATION", {0x01, 11, 1, 0, 0});
	b.configure(1);
	b.set_interface(0, 1);
	check(b.destroy(0, fresh.session) == COFFER_ERR_HANDLE, "handle from before the bus reset");
	b.run(10000);
	check(b.status(0).free_slots == 16 && b.status(0).free_pages == 32, "all free after the bus reset");
	b.configure(0);
	check(b.in("configuration", {0x80, 8, 0, 0, 1}).data == Bytes{0}, "not configured");
	b.configure(1);
}
