// SPDX-License-Identifier: Apache-2.0
//
// The virtual board's model with its real firmware, and requests to it, for the checks of endpoint 0.

#pragma once

#include <memory>
#include <string>

#include "board_model.h"
#include "coffer_device.h"
#include "coffer_wire.h"
#include "ep0_host.h"

using namespace coffer::test;
using coffer::BoardModel;
using coffer::ModelConfig;

constexpr uint64_t HoldLimit = 20'000;
constexpr uint64_t CreateLimit = 30'000;
constexpr uint64_t Frame = 60'000;
constexpr uint8_t In = COFFER_RT_IN, Out = COFFER_RT_OUT;

extern int checks, failures;

void check(bool good, const std::string &what); // says it where it is not

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
	unsigned order(const std::string &name, uint8_t request, uint16_t interface, const Bytes &data,
		       uint16_t value = 0)
	{
		Reply r = out(name, {Out, request, value, interface, uint16_t(data.size())}, data);
		unsigned result = status(interface).last_result;

		check(!r.lost && r.stalled == (result != COFFER_OK), name + ": STALL and last_result agree");
		return result;
	}
	unsigned destroy(uint16_t interface, uint32_t session)
	{
		return order("SESSION_DESTROY", COFFER_REQ_SESSION_DESTROY, interface, bytes_of(session));
	}
	// `room` as in coffer_wire.h; of the message so many bytes, zero.
	unsigned channel_command(uint16_t interface, uint32_t channel, uint16_t room, size_t bytes)
	{
		Bytes data = bytes_of(channel);

		data.resize(data.size() + bytes);
		return order("CHANNEL_COMMAND", COFFER_REQ_CHANNEL_COMMAND, interface, data, room);
	}
	coffer_channel_answer channel_answer(uint16_t interface)
	{
		return get<coffer_channel_answer>("CHANNEL_ANSWER", COFFER_REQ_CHANNEL_ANSWER, 0, interface);
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
	Reply timed(const std::string &name, Reply r);

	std::unique_ptr<BoardModel> model_;
	Control<BoardModel> control_;
};

// Refused, and the board goes on.
void refused(Board &b, const char *what, Setup s, const Bytes &data = {});

// The last lines of a run; its exit status.
int verdict(Board &b);
