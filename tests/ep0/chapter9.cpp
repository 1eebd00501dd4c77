// SPDX-License-Identifier: Apache-2.0
//
// Descriptors and standard requests (USB 2.0, chapter 9), and Microsoft's OS 2.0 set.
#include "tests.h"

namespace {

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

} // namespace

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
