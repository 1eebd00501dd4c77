// SPDX-License-Identifier: Apache-2.0
//
// Control transfers to a board: SETUP, data stage, status stage, with NAKs repeated, and the
// longest time that the board took to answer. One host, nothing else on the bus.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ulpi_phy.h"

namespace coffer::test {

using usb::Bytes;
using usb::Pid;
using usb::Result;
using usb::Transaction;

struct Setup {
	uint8_t type, request;
	uint16_t value, index, length;
};

struct Reply {
	bool stalled = false;
	bool lost = false; // no answer, or a protocol error
	Bytes data;        // of an IN data stage
	uint64_t held =
		0; // cycles from SETUP, and from the last OUT packet, to the first answer that is no NAK: the longer
};

template <class Bus> class Control {
public:
	explicit Control(Bus &bus) : bus_(bus) {}

	uint8_t address = 0;

	Reply in(Setup s)
	{
		Reply reply;

		if (!setup(s, reply))
			return reply;
		uint64_t start = bus_.cycles();
		for (bool first = true;; first = false) {
			Transaction t{.token = Pid::In, .address = address};
			Result r = retry(t);
			if (first)
				reply.held = t.begin - start;
			if (r != Result::Data) {
				reply.stalled = r == Result::Stall;
				reply.lost = !reply.stalled;
				return reply;
			}
			reply.data.insert(reply.data.end(), t.data.begin(), t.data.end());
			if (t.data.size() < 64 || reply.data.size() >= s.length)
				break;
		}
		Transaction t{.token = Pid::Out, .address = address, .toggle = true};
		status(retry(t), Result::Ack, reply);
		return reply;
	}

	Reply out(Setup s, const Bytes &data)
	{
		Reply reply;

		if (!setup(s, reply) || !send(data, reply))
			return reply;
		uint64_t start = bus_.cycles();
		Transaction t{.token = Pid::In, .address = address};
		Result r = retry(t);
		reply.held = std::max(reply.held, t.begin - start);
		status(r, Result::Data, reply);
		return reply;
	}

	// The OUT data stage after setup(); false where the board does not take it.
	bool send(const Bytes &data, Reply &reply)
	{
		uint64_t start = bus_.cycles();
		bool toggle = true;

		for (size_t at = 0; at < data.size(); at += 64, toggle = !toggle) {
			Transaction t{.token = Pid::Out, .address = address, .toggle = toggle};
			t.data.assign(data.begin() + long(at), data.begin() + long(std::min(at + 64, data.size())));
			Result r = retry(t);
			if (at == 0)
				reply.held = t.begin - start;
			if (r != Result::Ack && r != Result::Nyet) {
				reply.stalled = r == Result::Stall;
				reply.lost = !reply.stalled;
				return false;
			}
		}
		return true;
	}

	bool setup(Setup s, Reply &reply)
	{
		Transaction t{.token = Pid::Setup, .address = address};
		t.data = {s.type,
			  s.request,
			  uint8_t(s.value),
			  uint8_t(s.value >> 8),
			  uint8_t(s.index),
			  uint8_t(s.index >> 8),
			  uint8_t(s.length),
			  uint8_t(s.length >> 8)};
		reply.lost = bus_.transaction(t) != Result::Ack;
		return !reply.lost;
	}

private:
	static constexpr uint64_t Patience = 200'000; // cycles of NAKs

	Result retry(Transaction &t)
	{
		uint64_t start = bus_.cycles();
		Result r;

		while ((r = bus_.transaction(t)) == Result::Nak && bus_.cycles() - start < Patience) {
		}
		return r;
	}

	void status(Result r, Result good, Reply &reply)
	{
		reply.stalled = r == Result::Stall;
		reply.lost = r != good && !reply.stalled;
	}

	Bus &bus_;
};

} // namespace coffer::test
