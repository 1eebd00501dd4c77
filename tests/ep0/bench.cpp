// SPDX-License-Identifier: Apache-2.0
//
// The virtual board's model with its real firmware, driven request by request: enumeration, chapter 9, every
// request of coffer_wire.h good and malformed, revocation. Each answer must be armed within 20,000 cycles of its SETUP or
// last OUT packet. This board has an erased flash: no identity, no certificates, no negotiation.
//
//   ep0                                the checks
//   ep0 boot FLASH DEVICE_SECRET       starts with this flash image and prints what the board thinks of it:
//                                      "boot_result flags serial", then both chains in hex
//   ep0 negotiate FLASH SECRET BLOB    key exchanges of several contexts, aborted ones among them, with BLOB (a file: a
//                                      protected session's, for this board)

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "board_model.h"
#include "coffer_device.h"
#include "coffer_wire.h"
#include "ep0_host.h"

using namespace coffer::test;
using coffer::BoardModel;
using coffer::ModelConfig;

namespace {

constexpr uint64_t HoldLimit = 20'000;
constexpr uint64_t CreateLimit = 30'000;
constexpr uint64_t Frame = 60'000;
constexpr uint8_t In = COFFER_RT_IN, Out = COFFER_RT_OUT;

int checks, failures;
std::map<std::string, uint64_t> longest; // hold of endpoint 0, by request

void print_longest()
{
	printf("longest hold of endpoint 0, in cycles:");
	for (const auto &[name, held] : longest)
		printf(" %s %llu,", name.c_str(), (unsigned long long)held);
	printf(" at most %llu allowed\n", (unsigned long long)HoldLimit);
}

void check(bool good, const std::string &what)
{
	checks++;
	if (good)
		return;
	failures++;
	printf("FAIL %s\n", what.c_str());
}

template <class T> Bytes bytes_of(const T &t)
{
	auto p = reinterpret_cast<const uint8_t *>(&t);

	return Bytes(p, p + sizeof(T));
}

// One board, and requests to it. Every answer's time is looked at, whatever the test is about.
class Board {
public:
	explicit Board(const ModelConfig &config) : model_(coffer::make_board_model(config)), control_(*model_) {}

	uint64_t cycles() const { return model_->cycles(); }
	// With a frame now and then, or the bus would be suspended.
	void run(uint64_t cycles)
	{
		uint64_t end = model_->cycles() + cycles;

		for (; end - model_->cycles() > Frame; model_->sof(0))
			model_->run_until(model_->cycles() + Frame);
		model_->run_until(end);
	}
	void set_address(uint8_t address) { control_.address = address; }

	bool connect()
	{
		while (!model_->attached() && cycles() < 10'000'000)
			model_->run_until(cycles() + 100);
		return model_->attached() && model_->reset() == coffer::usb::Speed::High;
	}
	void bus_reset()
	{
		check(model_->reset() == coffer::usb::Speed::High, "high speed after a bus reset");
		set_address(0);
	}

	Reply in(const std::string &name, Setup s) { return timed(name, control_.in(s)); }
	Reply out(const std::string &name, Setup s, const Bytes &data = {})
	{
		return timed(name, control_.out(s, data));
	}
	// A SETUP, and perhaps its data, that the host never follows up.
	void abandon(Setup s, const Bytes &data = {})
	{
		Reply r;

		if (control_.setup(s, r))
			control_.send(data, r);
	}

	template <class T> T get(const std::string &name, uint8_t request, uint16_t value, uint16_t interface)
	{
		T t{};
		Reply r = in(name, {In, request, value, interface, sizeof(T)});

		check(r.data.size() == sizeof(T), name + ": answer of " + std::to_string(r.data.size()) + " bytes");
		if (r.data.size() == sizeof(T))
			memcpy(&t, r.data.data(), sizeof(T));
		return t;
	}
	coffer_info info(uint16_t interface = 0)
	{
		return get<coffer_info>("GET_INFO", COFFER_REQ_GET_INFO, 0, interface);
	}
	coffer_status status(uint16_t interface)
	{
		return get<coffer_status>("GET_STATUS", COFFER_REQ_GET_STATUS, 0, interface);
	}
	coffer_session_created create(uint16_t interface, uint16_t kind)
	{
		return get<coffer_session_created>("SESSION_CREATE", COFFER_REQ_SESSION_CREATE, kind, interface);
	}
	coffer_surface_created surface(uint16_t interface, uint32_t session, uint8_t pages)
	{
		return get<coffer_surface_created>("SURFACE_CREATE", COFFER_REQ_SURFACE_CREATE,
						   uint16_t(COFFER_HANDLE_INDEX(session) | pages << 8), interface);
	}
	// An OUT request, and what became of it.
	unsigned order(const std::string &name, uint8_t request, uint16_t interface, const Bytes &data)
	{
		Reply r = out(name, {Out, request, 0, interface, uint16_t(data.size())}, data);
		unsigned result = status(interface).last_result;

		check(!r.lost && r.stalled == (result != COFFER_OK), name + ": STALL and last_result agree");
		return result;
	}
	unsigned destroy(uint16_t interface, uint32_t session)
	{
		return order("SESSION_DESTROY", COFFER_REQ_SESSION_DESTROY, interface, bytes_of(session));
	}
	unsigned destroy_surface(uint16_t interface, uint32_t surface)
	{
		return order("SURFACE_DESTROY", COFFER_REQ_SURFACE_DESTROY, interface, bytes_of(surface));
	}
	void set_interface(uint16_t interface, uint16_t setting)
	{
		Reply r = out("SET_INTERFACE", {0x01, 11, setting, interface, 0});
		check(!r.stalled && !r.lost, std::string("SET_INTERFACE ") + (r.lost ? "lost" : "stalled"));
	}
	void configure(uint16_t value)
	{
		Reply r = out("SET_CONFIGURATION", {0x00, 9, value, 0, 0});
		check(!r.stalled && !r.lost, "SET_CONFIGURATION");
	}
	void enumerate()
	{
		Reply r = in("device descriptor", {0x80, 6, 0x0100, 0, 64});
		check(r.data.size() == 18, "device descriptor at address 0");
		check(!out("SET_ADDRESS", {0x00, 5, 42, 0, 0}).stalled, "SET_ADDRESS");
		set_address(42);
	}

private:
	Reply timed(const std::string &name, Reply r)
	{
		uint64_t &most = longest[name.substr(0, name.find_first_of(":,"))];
		most = std::max(most, r.held);
		check(r.held <= HoldLimit, name + " held endpoint 0 for " + std::to_string(r.held) + " cycles");
		return r;
	}

	std::unique_ptr<BoardModel> model_;
	Control<BoardModel> control_;
};

// Refused, and the board goes on.
void refused(Board &b, const char *what, Setup s, const Bytes &data = {})
{
	Reply r = (s.type & 0x80) ? b.in(what, s) : b.out(what, s, data);

	check(r.stalled, std::string(what) + ": not stalled");
}

std::string text(const Reply &r)
{
	std::string s;

	for (size_t i = 2; i + 1 < r.data.size(); i += 2)
		s += char(r.data[i]);
	return s;
}

std::string string_descriptor(Board &b, uint8_t index)
{
	Reply r = b.in("string", {0x80, 6, uint16_t(0x0300 | index), 0x0409, 255});

	check(r.data.size() >= 2 && r.data[0] == r.data.size() && r.data[1] == 3, "string " + std::to_string(index));
	return text(r);
}

// ---- chapter 9 ------------------------------------------------------------------------------------------

// Walks a configuration: N interfaces with settings 0 and 1, two bulk endpoints at setting 1.
void check_configuration(const Bytes &d, uint8_t type, bool with_endpoints)
{
	unsigned settings = 0, endpoints = 0;

	check(d.size() >= 9 && d[1] == type && size_t(d[2] | d[3] << 8) == d.size(), "configuration's total length");
	for (size_t at = 0; at < d.size() && d[at] >= 2; at += d[at]) {
		const uint8_t *p = &d[at];

		if (p[1] == 4) {
			unsigned wanted = with_endpoints ? settings / 2 : settings;
			check(p[2] == wanted && p[3] == (with_endpoints ? settings % 2 : 0), "order of interfaces");
			check(p[4] == (p[3] ? 2 : 0) && p[5] == 0xFF, "interface descriptor");
			settings++;
		} else if (p[1] == 5) {
			unsigned k = endpoints / 2;
			check(p[2] == (endpoints % 2 ? COFFER_ENDPOINT_IN(k) : COFFER_ENDPOINT_OUT(k)),
			      "endpoint address");
			check(p[3] == 2 && (p[4] | p[5] << 8) == 512, "bulk endpoint");
			endpoints++;
		}
	}
	check(settings == (with_endpoints ? 8 : 4) && endpoints == (with_endpoints ? 8 : 0),
	      "number of settings and endpoints");
}

void test_descriptors(Board &b)
{
	Reply r = b.in("device", {0x80, 6, 0x0100, 0, 18});
	check(r.data.size() == 18 && r.data[2] == 0x01 && r.data[3] == 0x02, "bcdUSB 2.01");
	check((r.data[8] | r.data[9] << 8) == COFFER_USB_VENDOR_ID &&
		      (r.data[10] | r.data[11] << 8) == COFFER_USB_PRODUCT_ID,
	      "vendor and product id");
	check_configuration(b.in("configuration", {0x80, 6, 0x0200, 0, 1024}).data, 2, true);
	check_configuration(b.in("other speed", {0x80, 6, 0x0700, 0, 1024}).data, 7, false);
	check(b.in("configuration, 9 bytes", {0x80, 6, 0x0200, 0, 9}).data.size() == 9, "cut configuration");
	check(b.in("qualifier", {0x80, 6, 0x0600, 0, 10}).data.size() == 10, "device qualifier");
	check(b.in("device, 1 byte", {0x80, 6, 0x0100, 0, 1}).data == Bytes{18}, "cut device descriptor");

	check(b.in("languages", {0x80, 6, 0x0300, 0, 255}).data == Bytes({4, 3, 0x09, 0x04}), "languages");
	check(string_descriptor(b, COFFER_STRING_MANUFACTURER) == COFFER_USB_MANUFACTURER, "manufacturer");
	check(string_descriptor(b, COFFER_STRING_PRODUCT) == COFFER_USB_PRODUCT, "product");
	check(string_descriptor(b, COFFER_STRING_SERIAL) == COFFER_SERIAL_NONE, "serial");
	check(string_descriptor(b, COFFER_STRING_CONTEXTS) == "4 of 4 contexts free", "free contexts");
	refused(b, "string 5", {0x80, 6, 0x0305, 0x0409, 255});
	refused(b, "string in another language", {0x80, 6, 0x0301, 0x0407, 255});
	refused(b, "configuration 1", {0x80, 6, 0x0201, 0, 255});
	refused(b, "descriptor of type 0x21", {0x80, 6, 0x2100, 0, 255});

	r = b.in("BOS", {0x80, 6, 0x0F00, 0, 255});
	check(r.data.size() == 33 && r.data[2] == 33 && r.data[4] == 1, "BOS");
	unsigned msos = r.data.size() == 33 ? r.data[29] | r.data[30] << 8 : 0;
	r = b.in("MS OS 2.0", {0xC0, COFFER_MSOS_VENDOR_CODE, 0, 7, 1024});
	check(r.data.size() == msos && msos == 658 && (r.data[8] | r.data[9] << 8) == 658, "MS OS 2.0 set");
	for (size_t at = 18, k = 0; k < 4 && r.data.size() == 658; at += 160, k++) {
		check(r.data[at + 4] == k && (r.data[at + 6] | r.data[at + 7] << 8) == 160, "function subset");
		check(memcmp(&r.data[at + 12], "WINUSB\0", 8) == 0, "compatible id");
		check((r.data[at + 28] | r.data[at + 29] << 8) == 132, "registry property");
	}
}

void test_vendor_requests(Board &b)
{
	const uint8_t code = COFFER_MSOS_VENDOR_CODE;

	refused(b, "vendor: another index", {0xC0, code, 0, 8, 64});
	refused(b, "vendor: a value", {0xC0, code, 1, 7, 64});
	refused(b, "vendor: another code", {0xC0, code + 1, 0, 7, 64});
	refused(b, "vendor: interface recipient", {0xC1, code, 0, 7, 64});
	refused(b, "vendor: out", {0x40, code, 0, 7, 0});
	refused(b, "vendor: a request of ours", {0xC1, COFFER_REQ_GET_INFO, 0, 0, 128});
	refused(b, "reserved type", {0xE1, COFFER_REQ_GET_INFO, 0, 0, 128});
	refused(b, "reserved recipient", {0x9F, 0, 0, 0, 2});
}

void test_standard_requests(Board &b)
{
	const Bytes zero{0, 0};

	check(b.in("device status", {0x80, 0, 0, 0, 2}).data == zero, "status of the device");
	check(b.in("interface status", {0x81, 0, 0, 3, 2}).data == zero, "status of interface 3");
	check(b.in("endpoint 0 status", {0x82, 0, 0, 0, 2}).data == zero, "status of endpoint 0");
	check(b.in("configuration", {0x80, 8, 0, 0, 1}).data == Bytes{1}, "GET_CONFIGURATION");
	check(b.in("interface", {0x81, 10, 0, 0, 1}).data == Bytes{0}, "GET_INTERFACE");
	refused(b, "status of interface 4", {0x81, 0, 0, 4, 2});
	refused(b, "status of a closed endpoint", {0x82, 0, 0, 1, 2});
	refused(b, "status of 3 bytes", {0x80, 0, 0, 0, 3});
	refused(b, "SET_FEATURE remote wake-up", {0x00, 3, 1, 0, 0});
	refused(b, "SET_DESCRIPTOR", {0x00, 7, 0x0100, 0, 0});
	refused(b, "SYNCH_FRAME", {0x82, 12, 0, 0x81, 2});
	refused(b, "SET_CONFIGURATION 2", {0x00, 9, 2, 0, 0});
	refused(b, "SET_ADDRESS 128", {0x00, 5, 128, 0, 0});

	b.set_interface(0, 1);
	check(b.in("interface", {0x81, 10, 0, 0, 1}).data == Bytes{1}, "GET_INTERFACE after SET_INTERFACE 1");
	check(b.in("endpoint status", {0x82, 0, 0, 0x81, 2}).data == zero, "status of an open endpoint");
	check(!b.out("CLEAR_FEATURE", {0x02, 1, 0, 0x01, 0}).stalled, "CLEAR_FEATURE halt");
	refused(b, "CLEAR_FEATURE halt of a closed endpoint", {0x02, 1, 0, 0x02, 0});
	check(string_descriptor(b, COFFER_STRING_CONTEXTS) == "3 of 4 contexts free", "free contexts, one open");

	// SET_INTERFACE is 0x01 and nothing else; what is refused revokes nothing.
	uint32_t epoch = b.status(0).epoch;
	for (uint8_t type : {0x00, 0x02, 0x03, 0x09, 0x11, 0x21, 0x41, 0x61})
		refused(b, "SET_INTERFACE of another type", {type, 11, 1, 0, 0});
	refused(b, "SET_INTERFACE 2", {0x01, 11, 2, 0, 0});
	refused(b, "SET_INTERFACE of interface 4", {0x01, 11, 1, 4, 0});
	check(b.status(0).epoch == epoch && b.status(0).alt_setting == 1, "nothing revoked");
	b.set_interface(0, 0);
	check(b.status(0).epoch != epoch && b.status(0).alt_setting == 0, "SET_INTERFACE 0 revokes");
}

// ---- requests of ours -----------------------------------------------------------------------------------

struct Known {
	const char *name;
	uint8_t request;
	uint8_t type;
	bool any_setting, any_value;
	uint16_t length;
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
};

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
			refused(b, (name + ": shorter").c_str(), {k.type, k.request, 0, 1, uint16_t(k.length - 1)},
				shorter);
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
	for (unsigned request : {0x00, 0x04, 0x0F, 0x16, 0x40, 0xFF}) {
		refused(b, "unknown request, in", {In, uint8_t(request), 0, 1, 64});
		refused(b, "unknown request, out", {Out, uint8_t(request), 0, 1, 4}, Bytes(4));
	}
	refused(b, "session kind 3", {In, COFFER_REQ_SESSION_CREATE, 3, 1, 16});
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

int run_checks()
{
	Board b({.firmware = "build/fw/coffer.hex", .flash = "", .device_secret = "", .seed = 1, .trace = {}});

	check(b.connect(), "a high-speed device");
	printf("connected after %llu cycles\n", (unsigned long long)b.cycles());
	b.enumerate();
	refused(b, "request before SET_CONFIGURATION", {In, COFFER_REQ_GET_INFO, 0, 0, 128});
	b.configure(1);
	coffer_info info = b.info();
	check(info.contexts == 4 && info.slots_per_context == 16 && info.surface_pages == 32 &&
		      info.page_bytes == 2048 && info.clock_hz == 60'000'000 && info.flags == COFFER_INFO_VIRTUAL,
	      "GET_INFO");
	check(b.in("GET_INFO, longer", {In, COFFER_REQ_GET_INFO, 0, 0, 200}).data.size() == 128,
	      "a host of another version");
	check(b.in("GET_INFO, shorter", {In, COFFER_REQ_GET_INFO, 0, 0, 4}).data.size() == 4, "the first bytes alone");

	test_descriptors(b);
	test_vendor_requests(b);
	test_standard_requests(b);
	test_malformed(b);
	test_sessions(b);
	test_abandoned(b);
	test_overtaken(b);
	test_surfaces(b);
	test_negotiation_without_identity(b);
	test_closing_is_at_once(b);
	test_revocation(b);
	print_longest();
	printf("%d checks; memory never used: %u bytes\n", checks, b.info().ram_free);
	printf(failures ? "%d checks failed\n" : "ok\n", failures);
	return failures != 0;
}

void print_chain(Board &b, unsigned chain, uint32_t total)
{
	Bytes all;

	for (uint32_t at = 0; at < total; at += COFFER_CERTIFICATE_PIECE) {
		Reply r = b.in("GET_CERTIFICATE", {In, COFFER_REQ_GET_CERTIFICATE,
						   uint16_t(at / COFFER_CERTIFICATE_PIECE | chain << 15), 0, 256});
		all.insert(all.end(), r.data.begin(), r.data.end());
	}
	refused(b, "piece behind the end",
		{In, COFFER_REQ_GET_CERTIFICATE, uint16_t((total + 255) / 256 | chain << 15), 0, 256});
	for (uint8_t byte : all)
		printf("%02x", byte);
	printf("\n");
}

// The answer is final once the board says READY or what it does not like.
int boot(const char *flash, const char *secret)
{
	Board b({.firmware = "build/fw/coffer.hex", .flash = flash, .device_secret = secret, .seed = 1, .trace = {}});
	coffer_info info;

	check(b.connect(), "a high-speed device");
	b.enumerate();
	b.configure(1);
	do {
		b.run(50'000);
		info = b.info();
	} while ((info.flags & COFFER_INFO_IDENTITY) && !(info.flags & COFFER_INFO_READY) && b.cycles() < 20'000'000);
	printf("%u %u %.16s\n", b.status(0).boot_result, info.flags, (const char *)info.serial);
	print_chain(b, COFFER_CHAIN_RSA, info.chain_bytes[COFFER_CHAIN_RSA]);
	print_chain(b, COFFER_CHAIN_P256, info.chain_bytes[COFFER_CHAIN_P256]);
	fprintf(stderr, "ready at %llu\n", (unsigned long long)b.cycles());
	return failures != 0;
}

// ---- key exchanges --------------------------------------------------------------------------------------

constexpr uint64_t NegotiateLimit = 2'500'000;
constexpr uint64_t LaterCycles = 100'000;

coffer_negotiate_result result_of(Board &b, uint16_t interface, uint32_t session)
{
	return b.get<coffer_negotiate_result>("NEGOTIATE_RESULT", COFFER_REQ_NEGOTIATE_RESULT,
					      COFFER_HANDLE_INDEX(session), interface);
}

unsigned start(Board &b, uint16_t interface, uint32_t session, const Bytes &blob)
{
	Bytes data = bytes_of(session);

	data.insert(data.end(), blob.begin(), blob.end());
	return b.order("NEGOTIATE_START", COFFER_REQ_NEGOTIATE_START, interface, data);
}

// Until it has an answer; `meanwhile` runs between the questions.
coffer_negotiate_result wait_for(Board &b, uint16_t interface, uint32_t session, const std::function<void()> &meanwhile)
{
	uint64_t end = b.cycles() + 4 * NegotiateLimit;
	coffer_negotiate_result r;

	while ((r = result_of(b, interface, session)).result == COFFER_PENDING && b.cycles() < end)
		meanwhile();
	return r;
}

// Everything that may be asked while a key exchange runs, in a context of its own.
void disturb(Board &b)
{
	b.set_interface(3, 1);
	auto s = b.create(3, COFFER_SESSION_PROTECTED);
	check(s.result == COFFER_OK, "create next to a key exchange");
	auto surface = b.surface(3, s.session, 32);
	check(surface.result == COFFER_OK, "surface next to a key exchange");
	b.destroy_surface(3, surface.surface);
	check(b.surface(3, s.session, 32).result == COFFER_OK, "surface while its pages are zeroized");
	b.destroy(3, s.session);
	check(!b.in("GET_CERTIFICATE", {In, COFFER_REQ_GET_CERTIFICATE, 0, 3, 256}).stalled, "certificate");
	b.in("MS OS 2.0", {0xC0, COFFER_MSOS_VENDOR_CODE, 0, 7, 1024});
	b.in("configuration", {0x80, 6, 0x0200, 0, 1024});
	b.info(3);
	b.set_interface(3, 0);
}

// It was released when it had to be: late ones at a multiple.
void check_release(const coffer_negotiate_result &r, const coffer_info &info, bool in_time, const char *what)
{
	uint64_t late = r.release_cycle - r.granted_cycle - info.negotiate_cycles;

	check(late % LaterCycles == 0 && (late == 0 || !in_time),
	      std::string(what) + ": released " + std::to_string(late) + " cycles late");
}

int negotiate(const char *flash, const char *secret, const char *blob_file)
{
	Board b({.firmware = "build/fw/coffer.hex", .flash = flash, .device_secret = secret, .seed = 1, .trace = {}});
	std::ifstream file(blob_file, std::ios::binary);
	Bytes good{std::istreambuf_iterator<char>(file), {}}, bad = good;
	uint32_t session[3], second;
	auto nothing = [&] { b.run(20'000); };

	check(b.connect() && good.size() == COFFER_BLOB_BYTES, "a high-speed device and a blob");
	bad[100] ^= 1;
	b.enumerate();
	b.configure(1);
	for (uint16_t k = 0; k < 3; k++) {
		b.set_interface(k, 1);
		session[k] = b.create(k, COFFER_SESSION_PROTECTED).session;
	}
	second = b.create(0, COFFER_SESSION_PROTECTED).session;
	check(start(b, 0, session[0], good) == COFFER_ERR_NOT_READY, "not before the board is ready");
	while (!(b.info().flags & COFFER_INFO_READY) && b.cycles() < 20'000'000)
		b.run(50'000);
	coffer_info info = b.info();
	check(info.flags & COFFER_INFO_READY, "ready");

	// Three wait in order of arrival. The first is disturbed throughout.
	for (uint16_t k : {1, 0, 2})
		check(start(b, k, session[k], k == 2 ? bad : good) == COFFER_OK, "start");
	check(start(b, 0, second, good) == COFFER_ERR_STATE, "one of a context at a time");
	check(result_of(b, 0, second).result == COFFER_ERR_STATE, "and it has nothing to report");
	auto first = wait_for(b, 1, session[1], [&] { disturb(b); });
	check(first.result == COFFER_OK && first.session == session[1], "the first, disturbed");
	// At most a refill of the vault's pool comes before it.
	uint64_t waited = first.granted_cycle - first.start_cycle;
	check(waited < 300'000, "granted " + std::to_string(waited) + " cycles after its start");
	check_release(first, info, false, "the first");
	check(start(b, 1, session[1], good) == COFFER_ERR_STATE, "no second key");

	// The next one's session ends: the engine goes to the one behind it.
	b.run(400'000);
	check(result_of(b, 0, session[0]).result == COFFER_PENDING, "the second runs");
	uint64_t revoked = b.cycles();
	check(b.destroy(0, session[0]) == COFFER_OK, "destroy in mid-exchange");
	check(result_of(b, 0, session[0]).result == COFFER_ERR_HANDLE, "nothing to ask");
	b.run(60'000);
	auto third = result_of(b, 2, session[2]);
	check(third.result == COFFER_PENDING && third.granted_cycle > revoked, "the third is granted the engine");

	// A new start of the same session puts itself in its own place, and in the mean time another context waits.
	check(start(b, 0, second, bad) == COFFER_OK, "a start behind it");
	b.run(300'000);
	check(start(b, 2, session[2], good) == COFFER_OK, "a new start of the same session");
	auto bad_one = wait_for(b, 0, second, nothing);
	check(bad_one.result == COFFER_ERR_BLOB, "a bad blob");
	check_release(bad_one, info, true, "bad blob");
	third = wait_for(b, 2, session[2], nothing);
	check(third.result == COFFER_OK, "the new start's blob counts");
	check(third.granted_cycle >= bad_one.release_cycle - 4'000, "it went to the end of the line");
	check_release(third, info, true, "good blob");
	check(third.release_cycle - third.granted_cycle <= NegotiateLimit, "in time");

	// After a bad one the session may try again; its context's end takes that away.
	check(start(b, 0, second, good) == COFFER_OK, "again after a bad blob");
	b.run(300'000);
	b.set_interface(0, 1);
	check(b.create(0, COFFER_SESSION_PROTECTED).result == COFFER_OK, "create after a revocation in mid-exchange");
	check(result_of(b, 0, second).result == COFFER_ERR_HANDLE, "revoked with its exchange");
	b.run(100'000);
	check(b.status(0).health == 0, "healthy");
	print_longest();
	printf("%d checks; memory never used: %u bytes\n", checks, b.info().ram_free);
	printf(failures ? "%d checks failed\n" : "ok\n", failures);
	return failures != 0;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc == 4 && std::string(argv[1]) == "boot")
		return boot(argv[2], argv[3]);
	if (argc == 5 && std::string(argv[1]) == "negotiate")
		return negotiate(argv[2], argv[3], argv[4]);
	return run_checks();
}
