// SPDX-License-Identifier: Apache-2.0
//
// Key exchanges of several contexts, aborted ones among them: order, times of release, what is left.
#include <fstream>
#include <functional>
#include <iterator>

#include "tests.h"

namespace {

constexpr uint64_t NegotiateLimit = 2'500'000;
constexpr uint64_t LaterCycles = 100'000;
constexpr uint64_t ChannelTakes = 60'000; // at most, for a message

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

} // namespace

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

	// A channel's key comes in the same kind of blob.
	uint32_t channel = b.create(2, COFFER_CHANNEL_64).session;
	check(start(b, 2, channel, good) == COFFER_OK, "a channel's");
	auto keyed = wait_for(b, 2, channel, nothing);
	check(keyed.result == COFFER_OK && keyed.session == channel, "a channel's key");
	check_release(keyed, info, true, "a channel's blob");
	check(start(b, 2, channel, good) == COFFER_ERR_STATE, "no second key of a channel");
	channel_messages(b, 2, channel);

	// Its work waits while an answer is near that must be released at its time.
	check(start(b, 0, second, bad) == COFFER_OK, "one more bad blob");
	b.run(info.negotiate_cycles - ChannelTakes - 20'000);
	check(b.channel_command(2, channel, 0, 72) == COFFER_OK, "a message meanwhile");
	b.run(ChannelTakes);
	check(b.channel_answer(2).result == COFFER_PENDING, "it waits");
	bad_one = wait_for(b, 0, second, nothing);
	check(bad_one.result == COFFER_ERR_BLOB, "the bad blob's answer");
	check_release(bad_one, info, true, "with a message waiting");
	b.run(ChannelTakes);
	check(b.channel_answer(2).result == COFFER_OK, "then it is answered");

	// After a bad one the session may try again; its context's end takes that away.
	check(start(b, 0, second, good) == COFFER_OK, "again after a bad blob");
	b.run(300'000);
	b.set_interface(0, 1);
	check(b.create(0, COFFER_SESSION_PROTECTED).result == COFFER_OK, "create after a revocation in mid-exchange");
	check(result_of(b, 0, second).result == COFFER_ERR_HANDLE, "revoked with its exchange");
	b.run(100'000);
	check(b.status(0).health == 0, "healthy");
	return verdict(b);
}
