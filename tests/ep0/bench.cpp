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

#include "tests.h"

namespace {

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
	test_channels(b);
	test_closing_is_at_once(b);
	test_revocation(b);
	return verdict(b);
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

} // namespace

int main(int argc, char **argv)
{
	if (argc == 4 && std::string(argv[1]) == "boot")
		return boot(argv[2], argv[3]);
	if (argc == 5 && std::string(argv[1]) == "negotiate")
		return negotiate(argv[2], argv[3], argv[4]);
	return run_checks();
}
