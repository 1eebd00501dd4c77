// SPDX-License-Identifier: Apache-2.0
//
// usb_device with what stands around it: the ULPI transceiver and host (verilator/ulpi_phy.h), a little control-plane
// "firmware" at its CPU port, a job engine that loops packets back, and the host's half of the USB protocol: toggles, retries,
// control transfers.

#pragma once

#include <array>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "Vusb_device.h"
#include "Vusb_device___024root.h"
#include "ulpi_phy.h"
#include "verilated.h"

using namespace coffer::usb;

constexpr unsigned Contexts = 4;
constexpr unsigned RingPackets = 8, RingBytes = 512 * RingPackets; // each direction of a context

struct Setup {
	uint8_t type, request;
	uint16_t value, index, length;

	Bytes bytes() const
	{
		return {type,
			request,
			uint8_t(value),
			uint8_t(value >> 8),
			uint8_t(index),
			uint8_t(index >> 8),
			uint8_t(length),
			uint8_t(length >> 8)};
	}
};

// What the firmware does with a request.
struct Answer {
	enum { Send, Receive, Status, Stall, Nothing } kind = Nothing;
	Bytes data; // Send
};

class Board {
public:
	Board();

	Vusb_device top;
	UlpiPhy<Vusb_device> phy{top};
	uint64_t cycle = 0;

	// ---- firmware
	std::function<Answer(const Setup &)> answer; // called once a SETUP
	unsigned answer_delay = 40;                  // cycles before it answers
	bool firmware_dead = false;
	Bytes received; // the last OUT data stage
	unsigned dones = 0, served = 0, bus_resets = 0;
	std::array<unsigned, Contexts> revoked{};
	void poke(std::function<void()> action) { actions_.push_back(std::move(action)); }
	void command(unsigned cmd, unsigned tag, unsigned length = 0);
	// Uses the buffer in every second cycle: reads all over it, or writes its last word.
	void hammer(bool on, bool writes = false)
	{
		hammer_ = on;
		hammer_writes_ = writes;
	}
	void settle()
	{
		while (!actions_.empty() || hooked_)
			phy.cycle();
	}

	// ---- job engine
	std::array<bool, Contexts> loop{};            // OUT packets come back as IN packets
	bool stubborn = false;                        // a job does not give up when its context is revoked
	bool pop(unsigned ctx, Bytes &packet);        // takes the head OUT packet
	void push(unsigned ctx, const Bytes &packet); // queues an IN packet

	bool available(unsigned ctx) const { return top.out_avail_o >> ctx & 1; }
	unsigned free_buffers(unsigned ctx) const { return top.in_free_o >> 4 * ctx & 15; }
	unsigned epoch(unsigned ctx) const { return top.epoch_o >> 8 * ctx & 255; }
	unsigned remains(unsigned ctx) const; // bytes of its packet buffers that are not zero
	bool alt(unsigned ctx) const { return top.alt_o >> ctx & 1; }

	// ---- host
	uint8_t address = 0;
	std::array<bool, 16> out_toggle{}, in_toggle{};
	unsigned naks = 0;

	void plug();
	Result setup(const Setup &request, Faults faults = {});
	Result out(unsigned endpoint, const Bytes &data, bool toggle, Faults faults = {});
	Result in(unsigned endpoint, Bytes &data, bool &toggle, Faults faults = {});
	Result ping(unsigned endpoint);
	// Whole transfers; false on STALL or protocol error. lose: every packet's ACK is lost so many times first.
	bool control_in(const Setup &request, Bytes &data, unsigned lose = 0, unsigned *packets = nullptr);
	bool control_out(const Setup &request, const Bytes &data, unsigned repeat = 0);
	bool control(const Setup &request) { return control_out(request, {}); }
	bool status_in();
	bool status_out();
	// One bulk packet under the endpoint's toggle, which moves on when it went through.
	Result bulk_out(unsigned ctx, const Bytes &data, Faults faults = {});
	Result bulk_in(unsigned ctx, Bytes &data, Faults faults = {});
	bool set_interface(unsigned ctx, unsigned setting);
	bool set_configuration(unsigned value);
	bool enumerate(uint8_t new_address);
	bool open_all();
	bool wiped(); // waits until the packet buffers of revoked contexts are overwritten

private:
	void hook();
	void firmware();
	void serve();
	void jobs();

	std::deque<std::function<void()>> actions_;
	bool hooked_ = false, hammer_ = false, hammer_writes_ = false, receiving_ = false, pending_ = false;
	unsigned reading_ = 0; // bytes of the word read in the last cycle
	uint8_t tag_ = 0;
	uint64_t due_ = 0;
	Setup current_{};
	// the looping job
	int job_ = -1;
	unsigned job_at_ = 0, job_len_ = 0;
	bool driving_jobs_ = false;
};

inline Board::Board()
{
	phy.on_cycle = [this] { hook(); };
	top.rst_ni = 0;
	phy.run(5);
	top.rst_ni = 1;
}

inline void Board::hook()
{
	cycle++;
	top.cycle_i = cycle;
	top.ep0_cmd_we_i = 0;
	top.ep0_addr_we_i = 0;
	top.ep0_buf_en_i = 0;
	top.ep0_buf_we_i = 0;
	bus_resets += top.bus_reset_o;
	for (unsigned k = 0; k < Contexts; k++)
		revoked[k] += top.revoke_ctx_o >> k & 1;
	firmware();
	if (!driving_jobs_)
		jobs();
}

// ---- firmware ---------------------------------------------------------------------------------------

inline void Board::command(unsigned cmd, unsigned tag, unsigned length)
{
	poke([=, this] {
		top.ep0_cmd_we_i = 1;
		top.ep0_cmd_i = cmd;
		top.ep0_cmd_tag_i = tag;
		top.ep0_cmd_len_i = length;
	});
}

inline void Board::firmware()
{
	for (unsigned b = 0; b < reading_; b++)
		received.push_back(top.ep0_buf_rdata_o >> 8 * b);
	reading_ = 0;
	if (cycle & 1) {
		hooked_ = !actions_.empty();
		if (hooked_) {
			actions_.front()();
			actions_.pop_front();
		} else if (hammer_) {
			top.ep0_buf_en_i = 1;
			top.ep0_buf_addr_i = hammer_writes_ ? 255 : cycle >> 1 & 255;
			top.ep0_buf_we_i = hammer_writes_ ? 15 : 0;
		}
		return;
	}
	if (firmware_dead || !answer)
		return;
	if (top.ep0_done_o && actions_.empty()) {
		dones++;
		command(5, top.ep0_tag_o);
	}
	if (top.ep0_setup_o && (!pending_ || tag_ != top.ep0_tag_o) && actions_.empty()) {
		pending_ = true;
		receiving_ = false;
		tag_ = top.ep0_tag_o;
		due_ = cycle + answer_delay;
	}
	if (pending_ && cycle >= due_ && due_ != 0) {
		due_ = 0;
		serve();
	}
	if (!top.ep0_setup_o && due_ == 0)
		pending_ = false;
	if (receiving_ && top.ep0_out_done_o && actions_.empty()) {
		receiving_ = false;
		auto length = top.ep0_out_len_o;
		received.clear();
		for (unsigned word = 0; word < (length + 3u) / 4; word++) {
			poke([=, this] {
				top.ep0_buf_en_i = 1;
				top.ep0_buf_addr_i = word;
				reading_ = std::min(4u, length - 4 * word);
			});
		}
		command(3, tag_);
	}
}

inline void Board::serve()
{
	uint32_t a = top.ep0_setup0_o, b = top.ep0_setup1_o;
	current_ = {uint8_t(a), uint8_t(a >> 8), uint16_t(a >> 16), uint16_t(b), uint16_t(b >> 16)};
	served++;
	Answer what = answer(current_);
	switch (what.kind) {
	case Answer::Send:
		for (unsigned word = 0; word < (what.data.size() + 3) / 4; word++) {
			uint32_t value = 0;
			for (unsigned i = 4 * word; i < what.data.size() && i < 4 * word + 4; i++)
				value |= uint32_t(what.data[i]) << 8 * (i % 4);
			poke([=, this] {
				top.ep0_buf_en_i = 1;
				top.ep0_buf_we_i = 15;
				top.ep0_buf_addr_i = word;
				top.ep0_buf_wdata_i = value;
			});
		}
		command(1, tag_, what.data.size());
		break;
	case Answer::Receive:
		command(2, tag_);
		receiving_ = true;
		break;
	case Answer::Status:
		if (current_.type == 0 && current_.request == 5)
			poke([this] {
				top.ep0_addr_we_i = 1;
				top.ep0_addr_i = current_.value & 127;
			});
		command(3, tag_);
		break;
	case Answer::Stall:
		command(4, tag_);
		break;
	case Answer::Nothing:
		break;
	}
}

// ---- job engine: a byte a cycle, a packet at a time --------------------------------------------------

inline void Board::jobs()
{
	top.out_en_i = top.in_we_i = 0;
	top.out_pop_i = top.in_push_i = 0;
	if (job_ >= 0 && !stubborn && top.revoke_ctx_o >> job_ & 1)
		job_ = -1;
	if (job_ < 0) {
		for (unsigned k = 0; k < Contexts && job_ < 0; k++) {
			unsigned ctx = (k + cycle) % Contexts;
			if (loop[ctx] && alt(ctx) && available(ctx) && free_buffers(ctx) &&
			    !(top.revoke_ctx_o >> ctx & 1)) {
				job_ = ctx;
				job_at_ = 0;
			}
		}
		if (job_ < 0)
			return;
		job_len_ = top.out_len_o >> 10 * job_ & 1023;
	}
	if (job_at_ > 0) {
		top.in_ctx_i = job_;
		top.in_we_i = 1;
		top.in_addr_i = job_at_ - 1;
		top.in_data_i = top.out_data_o;
	}
	if (job_at_ < job_len_) {
		top.out_ctx_i = job_;
		top.out_en_i = 1;
		top.out_addr_i = job_at_++;
	} else {
		top.in_we_i = job_len_ != 0;
		top.out_pop_i = top.in_push_i = 1u << job_;
		top.in_len_i = job_len_;
		job_ = -1;
	}
}

inline bool Board::pop(unsigned ctx, Bytes &packet)
{
	if (!available(ctx))
		return false;
	driving_jobs_ = true;
	unsigned length = top.out_len_o >> 10 * ctx & 1023;
	packet.clear();
	for (unsigned i = 0; i < length; i++) {
		top.out_ctx_i = ctx;
		top.out_en_i = 1;
		top.out_addr_i = i;
		phy.cycle();
		packet.push_back(top.out_data_o);
	}
	top.out_en_i = 0;
	top.out_pop_i = 1u << ctx;
	phy.cycle();
	top.out_pop_i = 0;
	driving_jobs_ = false;
	return true;
}

inline void Board::push(unsigned ctx, const Bytes &packet)
{
	driving_jobs_ = true;
	top.in_ctx_i = ctx;
	top.in_we_i = 1;
	for (unsigned i = 0; i < packet.size(); i++) {
		top.in_addr_i = i;
		top.in_data_i = packet[i];
		phy.cycle();
	}
	top.in_we_i = 0;
	top.in_push_i = 1u << ctx;
	top.in_len_i = packet.size();
	phy.cycle();
	top.in_push_i = 0;
	driving_jobs_ = false;
}

inline unsigned Board::remains(unsigned ctx) const
{
	const auto &out = top.rootp->usb_device__DOT__u_bulk_out__DOT__mem;
	const auto &in = top.rootp->usb_device__DOT__u_bulk_in__DOT__mem;
	unsigned count = 0;

	for (unsigned i = 0; i < RingBytes; i++)
		count += (out[RingBytes * ctx + i] != 0) + (in[RingBytes * ctx + i] != 0);
	return count;
}

// ---- host -------------------------------------------------------------------------------------------

inline void Board::plug()
{
	top.connect_i = 1;
	while (!phy.attached())
		phy.cycle();
	phy.reset();
	address = 0;
	out_toggle = in_toggle = {};
}

inline Result Board::setup(const Setup &request, Faults faults)
{
	Transaction t{.token = Pid::Setup, .address = address, .data = request.bytes(), .faults = faults};
	return phy.transaction(t);
}

inline Result Board::out(unsigned endpoint, const Bytes &data, bool toggle, Faults faults)
{
	Transaction t{.token = Pid::Out,
		      .address = address,
		      .endpoint = uint8_t(endpoint),
		      .toggle = toggle,
		      .data = data,
		      .faults = faults};
	return phy.transaction(t);
}

inline Result Board::in(unsigned endpoint, Bytes &data, bool &toggle, Faults faults)
{
	Transaction t{.token = Pid::In, .address = address, .endpoint = uint8_t(endpoint), .faults = faults};
	phy.transaction(t);
	data = std::move(t.data);
	toggle = t.toggle;
	return t.result;
}

inline Result Board::ping(unsigned endpoint)
{
	Transaction t{.token = Pid::Ping, .address = address, .endpoint = uint8_t(endpoint)};
	return phy.transaction(t);
}

inline bool Board::status_in()
{
	Bytes data;
	bool toggle;

	for (unsigned tries = 0; tries < 5000; tries++) {
		Result r = in(0, data, toggle);
		if (r == Result::Nak)
			naks++;
		else
			return r == Result::Data && toggle && data.empty();
	}
	return false;
}

inline bool Board::status_out()
{
	for (unsigned tries = 0; tries < 5000; tries++) {
		Result r = out(0, {}, true);
		if (r != Result::Nak)
			return r == Result::Ack;
		naks++;
	}
	return false;
}

inline bool Board::control_in(const Setup &request, Bytes &data, unsigned lose, unsigned *packets)
{
	bool expected = true, toggle;
	unsigned count = 0, tries = 0, lost = 0;

	data.clear();
	if (setup(request) != Result::Ack)
		return false;
	while (data.size() < request.length) {
		Bytes packet;
		Result r = in(0, packet, toggle, {.drop_ack = lost < lose});
		if (r == Result::Nak && ++tries < 5000)
			continue;
		if (r != Result::Data || toggle != expected)
			return false;
		if (lost++ < lose)
			continue;
		lost = 0;
		expected = !expected;
		count++;
		data.insert(data.end(), packet.begin(), packet.end());
		if (packet.size() < 64)
			break;
	}
	if (packets)
		*packets = count;
	return status_out();
}

inline bool Board::control_out(const Setup &request, const Bytes &data, unsigned repeat)
{
	bool toggle = true;
	unsigned tries = 0;

	if (setup(request) != Result::Ack)
		return false;
	for (size_t at = 0; at < data.size();) {
		Bytes packet(data.begin() + at, data.begin() + std::min(data.size(), at + 64));
		Result r = out(0, packet, toggle);
		if (r == Result::Nak && ++tries < 5000)
			continue;
		if (r != Result::Ack)
			return false;
		for (unsigned i = 0; i < repeat; i++)
			if (out(0, packet, toggle) != Result::Ack)
				return false;
		toggle = !toggle;
		at += packet.size();
	}
	return status_in();
}

inline Result Board::bulk_out(unsigned ctx, const Bytes &data, Faults faults)
{
	Result r = out(ctx + 1, data, out_toggle[ctx], faults);
	if (r == Result::Ack || r == Result::Nyet)
		out_toggle[ctx] = !out_toggle[ctx];
	return r;
}

inline Result Board::bulk_in(unsigned ctx, Bytes &data, Faults faults)
{
	bool toggle;
	Result r = in(ctx + 1, data, toggle, faults);
	if (r != Result::Data)
		return r;
	if (toggle != in_toggle[ctx])
		return Result::Garbled;
	if (!faults.drop_ack)
		in_toggle[ctx] = !in_toggle[ctx];
	return r;
}

inline bool Board::set_interface(unsigned ctx, unsigned setting)
{
	out_toggle[ctx] = in_toggle[ctx] = false;
	return control({0x01, 11, uint16_t(setting), uint16_t(ctx), 0}) && wiped();
}

inline bool Board::set_configuration(unsigned value)
{
	out_toggle = in_toggle = {};
	return control({0x00, 9, uint16_t(value), 0, 0}) && wiped();
}

inline bool Board::enumerate(uint8_t new_address)
{
	if (!control({0x00, 5, new_address, 0, 0}))
		return false;
	address = new_address;
	phy.run(20);
	return set_configuration(1);
}

inline bool Board::open_all()
{
	for (unsigned k = 0; k < Contexts; k++)
		if (!set_interface(k, 1))
			return false;
	return true;
}

inline bool Board::wiped()
{
	uint64_t begin = cycle;

	while (top.busy_o && cycle < begin + 5000 * Contexts)
		phy.cycle();
	return !top.busy_o;
}
