// SPDX-License-Identifier: Apache-2.0
//
// Authenticated channels as endpoint 0 shows them: one of a context, its end, and how long its messages take. What becomes
// of each message is tests/channel's.
#include <cstdio>

#include "tests.h"

namespace {

// From the command's status stage to an answer, MACs and all; the bound on one for an application that waits.
constexpr uint64_t AnswerLimit = 60'000;
constexpr uint64_t Pause = 8'000; // between two questions: each interrupts the work

void expect(Board &b, uint16_t interface, uint32_t channel, unsigned command, unsigned answer, const std::string &what)
{
	check(b.channel_command(interface, channel, 48, 48) == command, what + ": command");
	check(b.channel_answer(interface).result == answer, what + ": answer");
}

} // namespace

void test_channels(Board &b)
{
	b.set_interface(0, 1);
	b.set_interface(1, 1);
	expect(b, 0, 0, COFFER_ERR_HANDLE, COFFER_ERR_HANDLE, "no channel, handle 0");
	auto c = b.create(0, COFFER_CHANNEL_64);
	check(c.result == COFFER_OK && c.session && !c.content && !c.readback, "a channel");
	check(b.status(0).free_slots == 15, "it takes a slot");
	check(b.create(0, COFFER_CHANNEL_64).result == COFFER_ERR_NO_SLOT, "no second one");
	check(b.create(0, COFFER_CHANNEL_32).result == COFFER_ERR_NO_SLOT, "nor of the other layout");
	auto other = b.create(1, COFFER_CHANNEL_32);
	check(other.result == COFFER_OK && other.session != c.session, "the other context has its own");
	for (int k = 0; k < 5; k++)
		check(b.create(0, COFFER_SESSION_PROTECTED).result == COFFER_OK, "five sessions beside it");

	expect(b, 0, c.session, COFFER_ERR_STATE, COFFER_ERR_STATE, "no key yet");
	expect(b, 0, c.session + 0x100, COFFER_ERR_HANDLE, COFFER_ERR_STATE, "generation");
	expect(b, 0, other.session, COFFER_ERR_HANDLE, COFFER_ERR_STATE, "foreign");
	expect(b, 0, 0, COFFER_ERR_HANDLE, COFFER_ERR_STATE, "handle 0");
	check(b.surface(0, c.session, 1).result == COFFER_ERR_HANDLE, "no surface of a channel's");
	check(b.destroy(1, c.session) == COFFER_ERR_HANDLE, "foreign destroy");
	check(b.destroy(0, c.session) == COFFER_OK, "destroy");
	expect(b, 0, c.session, COFFER_ERR_HANDLE, COFFER_ERR_HANDLE, "stale");
	expect(b, 1, other.session, COFFER_ERR_STATE, COFFER_ERR_STATE, "the other one is still there");

	auto again = b.create(0, COFFER_CHANNEL_32);
	check(again.result == COFFER_OK && again.session != c.session, "again");
	b.set_interface(0, 1);
	expect(b, 0, again.session, COFFER_ERR_HANDLE, COFFER_ERR_HANDLE, "revoked");
	b.abandon({In, COFFER_REQ_SESSION_CREATE, COFFER_CHANNEL_64, 0, 16});
	b.run(8000);
	check(b.create(0, COFFER_CHANNEL_64).result == COFFER_OK, "nobody fetched the one before");
	b.set_interface(0, 0);
	b.set_interface(1, 0);
	b.set_interface(0, 1);
	check(b.create(0, COFFER_CHANNEL_64).result == COFFER_OK, "after the context was closed");
	b.set_interface(0, 0);
}

void channel_messages(Board &b, uint16_t interface, uint32_t channel)
{
	struct {
		const char *name;
		uint16_t room;
		size_t bytes;
	} const commands[] = {{"query", 72, 48}, {"configuration", 0, 72}};

	for (const auto &c : commands) {
		coffer_channel_answer a;

		check(b.channel_command(interface, channel, c.room, c.bytes) == COFFER_OK, c.name);
		uint64_t start = b.status(interface).status_cycle;
		while ((a = b.channel_answer(interface)).result == COFFER_PENDING && b.cycles() < start + AnswerLimit)
			b.run(Pause);
		uint64_t took = b.status(interface).setup_cycle - start;
		printf("channel, %s: %llu cycles from its status stage to its answer\n", c.name,
		       (unsigned long long)took);
		check(a.result == COFFER_OK && a.bytes == 48 && a.channel == channel && took < AnswerLimit,
		      std::string(c.name) + ": answer");
	}
}
