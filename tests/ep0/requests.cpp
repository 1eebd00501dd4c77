// SPDX-License-Identifier: Apache-2.0
//
// Requests of coffer_wire.h, good, malformed, abandoned and overtaken.
#include <cstdio>

#include "tests.h"

namespace {

struct Known {
	const char *name;
	uint8_t request;
	uint8_t type;
	bool any_setting, any_value;
	uint16_t length;
	uint16_t least = length;
};
constexpr Known known[] = {
	{"GET_INFO", COFFER_REQ_GET_INFO, In, true, false, 128},
	{"GET_CERTIFICATE", COFFER_REQ_GET_CERTIFICATE, In, true, true, 256},
	{"GET_STATUS", COFFER_REQ_GET_STATUS, In, true, false, 64},
	{"SESSION_CREATE", COFFER_REQ_SESSION_CREATE, In, false, true, 16},
	{"SESSION_DESTROY", COFFER_REQ_SESSION_DESTROY, Out, false, false, 4},
	{"NEGOTIATE_START", COFFER_REQ_NEGOTIATE_START, Out, false, false, 260},
	{"NEGOTIATE_RESULT", COFFER_REQ_NEGOTIATE_RESULT, In, false, true, 32},
	{"SURFACE_CREATE", COFFER_REQ_SURFACE_CREATE, In, false, true, 16},
	{"SURFACE_DESTROY", COFFER_REQ_SURFACE_DESTROY, Out, false, false, 4},
	{"CHANNEL_COMMAND", COFFER_REQ_CHANNEL_COMMAND, Out, false, true, 84, 44},
	{"CHANNEL_ANSWER", COFFER_REQ_CHANNEL_ANSWER, In, false, false, 88},
	{"EXCHANGE_START", COFFER_REQ_EXCHANGE_START, Out, false, false, 72},
	{"EXCHANGE_ANSWER", COFFER_REQ_EXCHANGE_ANSWER, In, false, true, 200},
};

} // namespace

// Type, recipient, interface, length and value of every request, each wrong in turn.
void test_malformed(Board &b)
{
	b.set_interface(1, 1);
	for (const Known &k : known) {
		Bytes data(k.type == Out ? k.length : 0);
		std::string name = k.name;

		refused(b, (name + ": other direction").c_str(), {uint8_t(k.type ^ 0x80), k.request, 0, 1, 4},
			Bytes(4));
		for (uint8_t recipient : {0, 2, 3, 31})
			refused(b, (name + ": recipient").c_str(),
				{uint8_t((k.type & 0xE0) | recipient), k.request, 0, 1, k.length}, data);
		refused(b, (name + ": interface 4").c_str(), {k.type, k.request, 0, 4, k.length}, data);
		refused(b, (name + ": high byte of wIndex").c_str(), {k.type, k.request, 0, 0x0101, k.length}, data);
		if (k.request != COFFER_REQ_GET_INFO) {
			uint16_t longer = uint16_t(k.length + 1);
			refused(b, (name + ": longer").c_str(), {k.type, k.request, 0, 1, longer},
				Bytes(k.type == Out ? longer : 0));
			check(b.status(1).last_result == COFFER_ERR_REQUEST, name + ": longer, last_result");
		}
		if (k.type == Out) {
			Bytes shorter(data.begin(), data.end() - 1);
			refused(b, (name + ": shorter").c_str(), {k.type, k.request, 0, 1, uint16_t(k.least - 1)},
				Bytes(k.least - 1u));
			check(b.status(1).last_result == COFFER_ERR_REQUEST, name + ": shorter, last_result");
			refused(b, (name + ": cut short").c_str(), {k.type, k.request, 0, 1, k.length}, shorter);
			check(b.status(1).last_result == COFFER_ERR_REQUEST, name + ": cut short, last_result");
			refused(b, (name + ": no data").c_str(), {k.type, k.request, 0, 1, 0});
		} else if (k.request != COFFER_REQ_GET_CERTIFICATE && k.request != COFFER_REQ_GET_INFO) {
			refused(b, (name + ": shorter").c_str(), {k.type, k.request, 0, 1, uint16_t(k.length - 1)});
		}
		if (!k.any_value)
			refused(b, (name + ": value").c_str(), {k.type, k.request, 1, 1, k.length}, data);
		if (!k.any_setting) {
			refused(b, (name + ": closed context").c_str(), {k.type, k.request, 0, 2, k.length}, data);
			check(b.status(2).last_result == COFFER_ERR_CLOSED, name + ": closed, last_result");
		}
	}
	for (unsigned request : {0x00, 0x04, 0x0F, 0x1A, 0x40, 0xFF}) {
		refused(b, "unknown request, in", {In, uint8_t(request), 0, 1, 64});
		refused(b, "unknown request, out", {Out, uint8_t(request), 0, 1, 4}, Bytes(4));
	}
	refused(b, "session kind 6", {In, COFFER_REQ_SESSION_CREATE, 6, 1, 16});
	refused(b, "surface of no pages", {In, COFFER_REQ_SURFACE_CREATE, 16, 1, 16});
	check(b.status(1).free_slots == 16, "no slot was taken by a malformed request");
	check(b.info(3).protocol == COFFER_PROTOCOL_VERSION, "information of a closed context");
	b.set_interface(1, 0);
}

void test_sessions(Board &b)
{
	uint32_t handles[5];

	b.set_interface(0, 1);
	b.set_interface(1, 1);
	for (uint32_t &h : handles) {
		auto s = b.create(0, COFFER_SESSION_PROTECTED);
		check(s.result == COFFER_OK && s.session && s.content && s.readback, "protected session");
		h = s.session;
	}
	auto st = b.status(0);
	uint64_t whole = st.status_cycle - st.setup_cycle;
	printf("create-session: %llu cycles from SETUP to status stage\n", (unsigned long long)whole);
	check(st.status_cycle > st.setup_cycle && whole <= CreateLimit, "whole create in time");
	check(st.free_slots == 1, "one slot left");
	check(b.create(0, COFFER_SESSION_PROTECTED).result == COFFER_ERR_NO_SLOT, "no room for a sixth session");
	check(b.create(0, COFFER_SESSION_OPEN_WRAP).result == COFFER_ERR_NO_SLOT, "no room for two slots");
	auto open = b.create(0, COFFER_SESSION_OPEN);
	check(open.result == COFFER_OK && open.session && !open.content && !open.readback,
	      "open session in the last slot");
	check(b.create(0, COFFER_SESSION_OPEN).result == COFFER_ERR_NO_SLOT, "share used up");
	check(b.create(1, COFFER_SESSION_PROTECTED).result == COFFER_OK, "the other context has its own share");

	check(b.destroy(0, handles[2] + 0x100) == COFFER_ERR_HANDLE, "wrong generation");
	check(b.destroy(0, handles[2] + 1) == COFFER_ERR_HANDLE, "the content slot's index");
	check(b.destroy(0, 0) == COFFER_ERR_HANDLE, "handle 0");
	check(b.destroy(0, 0xFFFFFFFF) == COFFER_ERR_HANDLE, "handle -1");
	check(b.destroy(1, handles[2]) == COFFER_ERR_HANDLE, "foreign handle");
	check(b.destroy(0, handles[2]) == COFFER_OK, "destroy");
	check(b.destroy(0, handles[2]) == COFFER_ERR_HANDLE, "stale handle");
	// At once, while the zeroizer is still at it: the request waits.
	b.out("SESSION_DESTROY", {Out, COFFER_REQ_SESSION_DESTROY, 0, 0, 4}, bytes_of(handles[1]));
	auto again = b.create(0, COFFER_SESSION_PROTECTED);
	check(again.result == COFFER_OK && again.session != handles[1], "create during zeroization");

	for (int i = 0; i < 100; i++) {
		auto s = b.create(0, COFFER_SESSION_OPEN_WRAP);
		check(s.result == COFFER_OK && s.content, "round " + std::to_string(i));
		check(b.destroy(0, s.session) == COFFER_OK, "destroy of round " + std::to_string(i));
	}
	b.run(2000);
	check(b.status(0).free_slots == 3, "free slots as before: " + std::to_string(b.status(0).free_slots));
}

// A session whose answer nobody fetched is not left behind.
void test_abandoned(Board &b)
{
	unsigned slots, pages;
	auto s = b.create(1, COFFER_SESSION_OPEN);

	slots = b.status(1).free_slots;
	pages = b.status(1).free_pages;
	b.abandon({In, COFFER_REQ_SESSION_CREATE, COFFER_SESSION_PROTECTED, 1, 16});
	b.run(8000);
	b.info();
	b.abandon({In, COFFER_REQ_SURFACE_CREATE, uint16_t(COFFER_HANDLE_INDEX(s.session) | 4 << 8), 1, 16});
	b.run(8000);
	b.abandon({In, COFFER_REQ_SESSION_CREATE, COFFER_SESSION_PROTECTED, 1, 16}); // overtaken at once
	b.abandon({Out, COFFER_REQ_SESSION_DESTROY, 0, 1, 4});                       // its data never comes
	b.info();
	b.run(8000);
	check(b.status(1).free_slots == slots, "slots of abandoned sessions are free again");
	check(b.status(1).free_pages == pages, "pages of abandoned surfaces are free again");
}

// Requests that a new SETUP overtakes at any moment: it is the new one that counts.
void test_overtaken(Board &b)
{
	b.set_interface(1, 1);
	auto s = b.create(1, COFFER_SESSION_OPEN);

	for (unsigned wait = 0; wait < 300; wait += 3) {
		b.abandon({Out, COFFER_REQ_SESSION_DESTROY, 0, 1, 4}, bytes_of(s.session + 0x100));
		b.run(wait);
		b.set_interface(2, 1);
	}
	// The answer to a creation that is undone takes the CPU longer than two SETUPs: a revocation between them.
	for (unsigned wait = 0; wait < 600; wait += 20) {
		b.abandon({In, COFFER_REQ_SESSION_CREATE, COFFER_SESSION_PROTECTED, 1, 16});
		b.run(8000);
		b.abandon({In, COFFER_REQ_GET_INFO, 0, 1, 128});
		b.run(wait);
		b.abandon({0x01, 11, 1, 1, 0});
		auto fresh = b.create(1, COFFER_SESSION_PROTECTED);
		check(fresh.result == COFFER_OK && b.destroy(1, fresh.session) == COFFER_OK,
		      "a session made right after a revocation");
	}
	// One that waits for the zeroizer, and the longest answer behind it.
	s = b.create(1, COFFER_SESSION_OPEN);
	auto all = b.surface(1, s.session, 32);
	b.out("SURFACE_DESTROY", {Out, COFFER_REQ_SURFACE_DESTROY, 0, 1, 4}, bytes_of(all.surface));
	b.abandon({In, COFFER_REQ_SURFACE_CREATE, uint16_t(COFFER_HANDLE_INDEX(s.session) | 32 << 8), 1, 16});
	b.in("MS OS 2.0", {0xC0, COFFER_MSOS_VENDOR_CODE, 0, 7, 1024});
	b.run(8000);
	check(b.status(1).free_pages == 32, "overtaken surfaces are free again");
	b.set_interface(2, 0);
	b.set_interface(1, 0);
}

void test_surfaces(Board &b)
{
	b.set_interface(0, 1);
	b.set_interface(1, 1);
	auto s = b.create(0, COFFER_SESSION_PROTECTED);
	auto other = b.create(1, COFFER_SESSION_PROTECTED);

	b.run(5000);
	check(b.surface(0, s.session + 1, 1).result == COFFER_ERR_HANDLE, "surface under a content slot");
	check(b.surface(0, other.session, 1).result == COFFER_ERR_HANDLE, "surface under a foreign session");
	check(b.surface(0, 63, 1).result == COFFER_ERR_HANDLE, "surface under no session");
	check(b.surface(0, 255, 1).result == COFFER_ERR_HANDLE, "surface under slot 255");
	check(b.surface(0, s.session, 33).result == COFFER_ERR_NO_MEMORY, "33 pages");
	check(b.surface(0, s.session, 255).result == COFFER_ERR_NO_MEMORY, "255 pages");
	auto all = b.surface(0, s.session, 32);
	check(all.result == COFFER_OK && all.bytes == 65536 && all.session == s.session && all.surface, "all pages");
	check(b.status(0).free_pages == 0, "no page left");
	check(b.surface(1, other.session, 1).result == COFFER_ERR_NO_MEMORY, "no page for the other context");
	check(b.destroy_surface(1, all.surface) == COFFER_ERR_HANDLE, "foreign surface");
	check(b.destroy_surface(0, all.surface + 0x100) == COFFER_ERR_HANDLE, "generation of a surface");
	check(b.destroy_surface(0, 0) == COFFER_ERR_HANDLE, "surface 0");
	check(b.destroy_surface(0, 16) == COFFER_ERR_HANDLE, "surface index 16");
	b.out("SURFACE_DESTROY", {Out, COFFER_REQ_SURFACE_DESTROY, 0, 0, 4}, bytes_of(all.surface));
	auto small = b.surface(1, other.session, 32); // waits for the zeroizer
	check(small.result == COFFER_OK, "create during zeroization");
	check(b.destroy_surface(0, all.surface) == COFFER_ERR_HANDLE, "stale surface");
	check(b.destroy(1, other.session) == COFFER_OK, "destroy a session with a surface");
	check(b.destroy_surface(1, small.surface) == COFFER_ERR_HANDLE, "the surface went with its session");
	for (int i = 0; i < 16; i++)
		check(b.surface(0, s.session, 1).result == COFFER_OK, "sixteen records");
	check(b.surface(0, s.session, 1).result == COFFER_ERR_NO_MEMORY, "no seventeenth record");
	check(b.destroy(0, s.session) == COFFER_OK, "destroy");
	b.run(10000);
	check(b.status(0).free_pages == 32 && b.status(0).free_slots == 16, "all free again");
}

void test_negotiation_without_identity(Board &b)
{
	coffer_negotiate n{};

	b.set_interface(0, 1);
	auto s = b.create(0, COFFER_SESSION_PROTECTED);
	n.session = s.session;
	check(b.order("NEGOTIATE_START", COFFER_REQ_NEGOTIATE_START, 0, bytes_of(n)) == COFFER_ERR_NOT_READY,
	      "no identity");
	n.session++;
	check(b.order("NEGOTIATE_START", COFFER_REQ_NEGOTIATE_START, 0, bytes_of(n)) == COFFER_ERR_HANDLE,
	      "bad handle");
	auto r = b.get<coffer_negotiate_result>("NEGOTIATE_RESULT", COFFER_REQ_NEGOTIATE_RESULT,
						COFFER_HANDLE_INDEX(s.session), 0);
	check(r.result == COFFER_ERR_STATE, "no negotiation to report");
	for (uint16_t slot : {1, 17, 63, 64, 0xFFFF}) {
		r = b.get<coffer_negotiate_result>("NEGOTIATE_RESULT", COFFER_REQ_NEGOTIATE_RESULT, slot, 0);
		check(r.result == COFFER_ERR_HANDLE, "result of slot " + std::to_string(slot));
	}
	refused(b, "certificate without identity", {In, COFFER_REQ_GET_CERTIFICATE, 0, 0, 256});
	check(b.status(0).last_result == COFFER_ERR_NOT_READY, "certificate, last_result");
	auto st = b.status(0);
	check(st.health == COFFER_HEALTH_IDENTITY_BAD && st.boot_result == 1,
	      "health " + std::to_string(st.health) + ", boot_result " + std::to_string(st.boot_result));
}
