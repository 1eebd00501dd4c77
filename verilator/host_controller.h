// SPDX-License-Identifier: Apache-2.0
//
// A high-speed USB host controller with one device behind it (USB 2.0 chapters 5 and 8), in board time:
//
//   - a microframe is 7,500 cycles and begins with an SOF;
//   - at most 13 bulk data transactions in a microframe, of up to 512 bytes each;
//   - round robin over the endpoints that have transfers queued, one transaction a visit;
//   - an endpoint that answered NAK is left alone until the next microframe (skip_after_nak);
//   - the stages of control transfers share microframes with all of this.
//
// It runs on one thread, the board's. The clock may stop (may_stop()) after a microframe in which the device was
// idle throughout and every pending transfer was tried and answered NAK.

#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "usb_backend.h"
#include "usb_packet.h"
#include "ulpi_phy.h"

namespace coffer {

// The cable with the clock behind it: every call lets board time pass.
class Wire {
public:
	virtual ~Wire() = default;
	virtual uint64_t cycles() const = 0;
	virtual bool attached() const = 0;
	virtual usb::Result transaction(usb::Transaction &transaction) = 0;
	virtual void sof(uint16_t frame) = 0;
	virtual usb::Speed reset() = 0;
	virtual void run_until(uint64_t cycle) = 0;
	// Whether the device was at work since the last call in a cycle without a packet on the wire.
	virtual bool take_activity() = 0;
};

class HostController {
public:
	static constexpr uint64_t MicroframeCycles = 7'500;
	static constexpr unsigned BulkPerMicroframe = 13;

	explicit HostController(Wire &wire);

	bool skip_after_nak = true;
	// Called between transactions; may enqueue() and cancel().
	std::function<void()> poll;

	bool bus_reset(); // false: no high-speed device
	void set_endpoints(const std::vector<EndpointInfo> &endpoints);
	void enqueue(UrbPtr urb);
	void cancel(const UrbPtr &urb, int status);
	void cancel_all(int status);

	void microframe();
	bool may_stop() const { return quiet_; }
	void expire_idle(); // the clock is about to stop: ends what said fail_when_idle
	uint64_t transfers() const { return transfers_; }

private:
	enum class Stage : uint8_t { Setup, Data, Status };

	struct Pipe {
		EndpointInfo info{};
		std::deque<UrbPtr> queue;
		Stage stage = Stage::Setup;
		bool toggle = false;
		bool ping = false;     // OUT: ask for room before the data
		bool naked = false;    // answered NAK in this microframe
		bool refusing = false; // continuation URBs, since one before them failed
		bool zero_due = false; // everything is sent but the zero-length packet at the end
		unsigned errors = 0;   // transactions without a good answer in a row

		bool in() const { return info.address & 0x80; }
		bool control() const { return info.address == 0; }
	};

	static constexpr unsigned MaxErrors = 3;
	static constexpr unsigned AddressRecovery = 4; // microframes after SET_ADDRESS
	static constexpr uint64_t VisitRoom = 570;     // cycles that the longest transaction takes
	static constexpr uint64_t PollCycles = 250;    // how often a waiting microframe looks for new transfers

	Pipe &pipe(uint8_t endpoint) { return pipes_[(endpoint & 0x0F) | (endpoint >> 3 & 0x10)]; }
	Pipe *next_pipe();
	bool may_try(const Pipe &pipe) const;
	void visit(Pipe &pipe);
	void visit_control(Pipe &pipe);
	void send(Pipe &pipe, const uint8_t *data, size_t bytes);
	void receive(Pipe &pipe);
	usb::Result transact(const Pipe &pipe, usb::Pid token, bool toggle, const uint8_t *data = nullptr,
			     size_t bytes = 0);
	void sent(Pipe &pipe, size_t bytes);
	void received(Pipe &pipe);
	void refused(Pipe &pipe, usb::Result result);
	void finish(Pipe &pipe, int status);
	void complete(const UrbPtr &urb, int status);
	void end_continuations(Pipe &pipe);
	void restart(Pipe &pipe);
	void watch_control(const Urb &urb);
	void reset_toggle(Pipe &pipe);
	bool all_naked() const;

	Wire &wire_;
	std::array<Pipe, 32> pipes_; // OUT 0 to 15, IN 0 to 15; control is pipe 0 either way
	size_t turn_ = 0;
	usb::Transaction transaction_;
	uint8_t address_ = 0;
	uint64_t microframe_ = 0;
	uint64_t control_from_ = 0; // microframe from which control transfers go on
	uint64_t end_ = 0;
	unsigned bulk_left_ = 0;
	bool moved_ = false; // something but NAKs in this microframe
	bool quiet_ = false;
	uint64_t transfers_ = 0;
};

} // namespace coffer
