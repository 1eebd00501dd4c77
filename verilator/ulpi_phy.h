// SPDX-License-Identifier: Apache-2.0
//
// A ULPI transceiver (ULPI 1.1) and the host at the other end of its cable, cycle by cycle, around a
// Verilated top with the pins clk_i, ulpi_data_i, ulpi_dir_i, ulpi_nxt_i, ulpi_data_o, ulpi_stp_o.
//
//   UlpiPhy<Vtop> phy(top);
//   phy.on_cycle = [&] { ... };         // after every cycle: outputs are settled; inputs set here count at the next edge
//   phy.cycle();                        // one 60 MHz cycle, whatever is going on
//   while (!phy.attached()) phy.cycle();
//   phy.start_reset();                  // bus reset and high-speed chirp
//   while (phy.busy()) phy.cycle();     // then phy.speed()
//   Transaction t{.token = Pid::In, .address = 5, .endpoint = 1};
//   phy.start(t);                       // t must live until it is done
//   while (phy.busy()) phy.cycle();     // then t.result, t.data, t.cycles
//
// transaction(t), reset() and sof(n) do the same in one blocking call. One thing runs at a time:
// start*() while busy() is a programming error. busy() ends when the host could send its next token, so
// that back-to-back transactions need no further gap and t.cycles is what one costs on the bus.
//
// The caller is the host controller: it keeps data toggles, retries and microframes. A 512-byte bulk OUT
// takes about 560 cycles. At full speed (host_high_speed = false) a byte takes 40 cycles.
// Between cycles the caller may change any other input of the top; the next cycle() takes it.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>

#include "usb_packet.h"

namespace coffer::usb {

enum class Result : uint8_t {
	Pending,
	Ack,
	Nak,
	Stall,
	Nyet,    // the device's handshake
	Data,    // IN: a whole data packet, acknowledged unless drop_ack
	Timeout, // the device did not answer
	Garbled, // IN: bad CRC16 or identifier; the host does not acknowledge
};

struct Faults {
	bool drop_ack = false;  // IN: the host's ACK is lost
	bool stray_ack = false; // IN: nothing came, yet an ACK follows: the one to another device's answer
	bool bad_token_crc = false;
	bool bad_data_crc = false; // OUT, SETUP
	bool no_data = false;      // OUT, SETUP: the data packet is lost
	unsigned truncate = 0;     // OUT, SETUP: so many bytes are cut off the end of the data packet
};

struct Transaction {
	Pid token = Pid::In; // Setup, Out, In, Ping; None: data is sent as it is, a packet of any bytes
	uint8_t address = 0;
	uint8_t endpoint = 0;
	bool toggle = false; // OUT: DATA1 is sent (a SETUP is DATA0). IN: set to whether DATA1 came
	Bytes data;          // OUT, SETUP: payload. IN: set to the payload received
	Faults faults;
	// Results
	Result result = Result::Pending;
	uint64_t begin = 0;  // cycle in which it started
	uint64_t cycles = 0; // that it took, the gap to the next token included
};

enum class Speed : uint8_t { None, Full, High };

// Gaps in cycles of 60 MHz; a high-speed byte is one cycle. USB 2.0 sections 7.1.18.2 and 7.1.19.2.
struct Timing {
	static constexpr unsigned HostToHost = 11;  // between two packets of the host: 88 bit times
	static constexpr unsigned DeviceToHost = 8; // host's turn-around; 8 to 192 bit times are allowed
	static constexpr unsigned Timeout = 100;    // no answer: 736 to 816 bit times
	static constexpr unsigned Sync = 4;         // bytes of synchronisation at high speed
	static constexpr unsigned Eop = 1;
	static constexpr unsigned FullSpeedByte = 40;
	static constexpr unsigned Babble = 50'000;           // the device never stops sending
	static constexpr unsigned FullSpeedTimeout = 18 * 5; // 16 to 18 bit times
	static constexpr unsigned ResetTimeout = 600'000;    // reset without a chirp (10 ms): a full-speed device
	static constexpr unsigned LineSettle = 60;           // a level is reported this long after it changed
	static constexpr unsigned ChirpGap = 100;            // after the device's chirp, at most 100 us
	static constexpr unsigned HostChirp = 3'000;         // each K and J: 40 to 60 us
	static constexpr unsigned AfterChirp = 600;
	static constexpr unsigned Recovery = 300'000; // the device may chirp once more before it settles for full speed
};

template <class Top> class UlpiPhy {
public:
	explicit UlpiPhy(Top &top) : top_(top)
	{
		regs_[FunctionControl] = 0x41;
		regs_[OtgControl] = 0x06;
	}

	std::function<void()> on_cycle;
	bool host_high_speed = true; // false: the host does not chirp
	bool bit_stuffing = false;   // true: the bus pauses a byte for every 8 stuffed bits (section 7.1.9)

	uint64_t cycles() const { return cycles_; }
	bool busy() const { return op_ != Op::None; }
	Speed speed() const { return speed_; }
	// Packets that the device sent when nothing was asked of it: always a fault.
	uint64_t unexpected() const { return unexpected_; }
	// Whether the host sees the device's pull-up (or its high-speed termination).
	bool attached() const
	{
		return op_mode() != NonDriving && (speed_ == Speed::High || (term_select() && line_reported_ == LineJ));
	}

	void cycle();

	void start(Transaction &transaction);
	void start_sof(uint16_t frame);
	void start_reset();

	void run(uint64_t count)
	{
		while (count--)
			cycle();
	}
	void finish()
	{
		while (busy())
			cycle();
	}
	Result transaction(Transaction &transaction)
	{
		start(transaction);
		finish();
		return transaction.result;
	}
	void sof(uint16_t frame)
	{
		start_sof(frame);
		finish();
	}
	Speed reset()
	{
		start_reset();
		finish();
		return speed_;
	}

private:
	static constexpr uint8_t FunctionControl = 0x04, OtgControl = 0x0A, NonDriving = 1, Chirping = 2;
	static constexpr uint8_t LineSe0 = 0, LineJ = 1, LineK = 2;

	// The transceiver: what its pins do next.
	enum class Bus : uint8_t {
		Idle,
		RegWrite,
		RegReadTurn,
		RegRead,
		LinkSends,
		RxSync,
		RxData,
		RxEnd,
		Release,
		StatusTurn,
		Status,
	};
	// The host: what it is at. Reset* are the steps of a bus reset.
	enum class Op : uint8_t {
		None,
		Token,
		Data,
		Reply,
		Ack,
		Sof,
		Tail,
		ResetSe0,
		ResetChirp,
		ResetGap,
		ResetK,
		ResetJ,
		ResetEnd,
	};

	uint8_t op_mode() const { return regs_[FunctionControl] >> 3 & 3; }
	bool term_select() const { return regs_[FunctionControl] >> 2 & 1; }
	unsigned byte_cycles() const { return speed_ == Speed::Full ? Timing::FullSpeedByte : 1; }
	unsigned sync_bytes() const { return speed_ == Speed::Full ? 1 : Timing::Sync; }
	uint8_t line() const;
	uint8_t rx_command(bool active) const;
	bool stuff(uint8_t byte);
	void pins(bool dir, bool nxt, uint8_t data);
	void link_step(uint8_t out, bool stp);
	void link_idle(uint8_t out);
	void link_sends(uint8_t out, bool stp);
	void receive_step();
	void host_step();
	void reset_step();
	void reply_step();
	void send(const Bytes &packet);
	bool sent() const { return wire_.empty(); }
	void answer(Result result, unsigned gap)
	{
		current_->result = result;
		next(Op::Tail, gap);
	}
	void next(Op op, unsigned wait)
	{
		op_ = op;
		wait_ = wait;
	}
	void send_data();
	void take_reply();

	Top &top_;
	uint64_t cycles_ = 0, unexpected_ = 0;
	uint8_t regs_[64] = {};
	Speed speed_ = Speed::None;

	Bus bus_ = Bus::Idle;
	bool dir_ = false, nxt_ = false;
	uint8_t reg_ = 0;
	uint8_t line_driven_ = 0xFF; // by the host in a reset; 0xFF: not driven
	uint8_t line_reported_ = LineSe0;
	unsigned settle_ = 0, count_ = 0, ones_ = 0, stuffed_ = 0;
	Bytes wire_; // packet on its way to the device
	size_t wire_at_ = 0;
	Bytes from_link_; // packet coming from the device
	bool chirp_ = false, chirp_seen_ = false;
	unsigned arriving_ = 0; // cycles until the device's packet has reached the host
	bool arrived_ = false;

	Op op_ = Op::None;
	Transaction *current_ = nullptr;
	Transaction none_;
	unsigned wait_ = 0, pairs_ = 0;
};

// ---- the pins ---------------------------------------------------------------------------------------

template <class Top> void UlpiPhy<Top>::cycle()
{
	uint8_t out = top_.ulpi_data_o;
	bool stp = top_.ulpi_stp_o;

	top_.clk_i = 1;
	top_.eval();
	host_step();
	link_step(out, stp);
	top_.clk_i = 0;
	top_.eval();
	cycles_++;
	if (on_cycle)
		on_cycle();
}

template <class Top> void UlpiPhy<Top>::pins(bool dir, bool nxt, uint8_t data)
{
	dir_ = dir;
	nxt_ = nxt;
	top_.ulpi_dir_i = dir;
	top_.ulpi_nxt_i = nxt;
	top_.ulpi_data_i = data;
}

// Levels of D+ and D- as the transceiver reports them: at high speed only squelch or not.
template <class Top> uint8_t UlpiPhy<Top>::line() const
{
	if (line_driven_ != 0xFF)
		return line_driven_;
	return term_select() && op_mode() != NonDriving ? LineJ : LineSe0;
}

// RX CMD byte, ULPI 1.1 table 7: VBUS valid; while a packet is coming the line is not idle.
template <class Top> uint8_t UlpiPhy<Top>::rx_command(bool active) const
{
	uint8_t level = active ? (speed_ == Speed::Full ? LineK : LineJ) : line();

	return static_cast<uint8_t>(0x4C | level | (active ? 0x10 : 0));
}

// Counts stuffed bits; true where they add up to a byte.
template <class Top> bool UlpiPhy<Top>::stuff(uint8_t byte)
{
	if (!bit_stuffing)
		return false;
	for (int bit = 0; bit < 8; bit++) {
		ones_ = byte >> bit & 1 ? ones_ + 1 : 0;
		if (ones_ == 6) {
			ones_ = 0;
			stuffed_++;
		}
	}
	if (stuffed_ < 8)
		return false;
	stuffed_ -= 8;
	return true;
}

template <class Top> void UlpiPhy<Top>::link_step(uint8_t out, bool stp)
{
	switch (bus_) {
	case Bus::Idle:
		link_idle(out);
		break;
	case Bus::RegWrite:
		if (!stp)
			regs_[reg_] = out;
		else
			bus_ = Bus::Idle;
		pins(false, false, 0);
		break;
	case Bus::RegReadTurn:
		bus_ = Bus::RegRead;
		pins(true, false, regs_[reg_]);
		break;
	case Bus::RegRead:
		bus_ = Bus::Idle;
		pins(false, false, 0);
		break;
	case Bus::LinkSends:
		link_sends(out, stp);
		break;
	default:
		receive_step();
	}
}

template <class Top> void UlpiPhy<Top>::link_idle(uint8_t out)
{
	uint8_t command = out >> 6;

	if (command == 0) {
		if (!wire_.empty()) {
			bus_ = Bus::RxSync;
			count_ = ones_ = stuffed_ = 0;
			wire_at_ = 0;
			pins(true, true, 0);
		} else if (line() != line_reported_ && ++settle_ > Timing::LineSettle) {
			bus_ = Bus::Status;
			settle_ = 0;
			pins(true, false, 0);
		} else {
			pins(false, false, 0);
		}
	} else if (!nxt_) {
		pins(false, true, 0); // takes the command in the next cycle
	} else if (command == 2) {
		bus_ = Bus::RegWrite;
		reg_ = out & 0x3F;
		pins(false, true, 0);
	} else if (command == 3) {
		bus_ = Bus::RegReadTurn;
		reg_ = out & 0x3F;
		pins(true, false, 0);
	} else {
		bus_ = Bus::LinkSends;
		count_ = ones_ = stuffed_ = 0;
		chirp_ = (out & 0x0F) == 0;
		chirp_seen_ |= chirp_;
		from_link_.clear();
		if (!chirp_)
			from_link_.push_back(static_cast<uint8_t>((out & 0x0F) | (~out & 0x0F) << 4));
		pins(false, byte_cycles() == 1, 0);
	}
}

template <class Top> void UlpiPhy<Top>::link_sends(uint8_t out, bool stp)
{
	if (stp) {
		bus_ = Bus::Idle;
		arriving_ = chirp_ ? 0 : (sync_bytes() + Timing::Eop) * byte_cycles();
		chirp_ = false;
		pins(false, false, 0);
		return;
	}
	bool pause = false;
	if (nxt_) {
		if (!chirp_)
			from_link_.push_back(out);
		pause = stuff(out);
		count_ = 0;
	} else {
		count_++;
	}
	pins(false, !pause && count_ + 1 >= byte_cycles(), 0);
}

// A packet or a line change on its way to the link.
template <class Top> void UlpiPhy<Top>::receive_step()
{
	switch (bus_) {
	case Bus::RxSync:
		pins(true, false, rx_command(true));
		if (++count_ >= sync_bytes() * byte_cycles() - 1) {
			bus_ = Bus::RxData;
			count_ = byte_cycles() - 1;
		}
		break;
	case Bus::RxData:
		if (++count_ < byte_cycles()) {
			pins(true, false, rx_command(true));
		} else if (wire_at_ < wire_.size()) {
			uint8_t byte = wire_[wire_at_++];
			count_ = 0;
			if (stuff(byte))
				count_ -= byte_cycles();
			pins(true, true, byte);
		} else {
			bus_ = Bus::Release;
			line_reported_ = line();
			pins(true, false, rx_command(false));
		}
		break;
	case Bus::Status:
		bus_ = Bus::Release;
		line_reported_ = line();
		pins(true, false, rx_command(false));
		break;
	default:
		bus_ = Bus::Idle;
		wire_.clear();
		pins(false, false, 0);
	}
}

// ---- the host ---------------------------------------------------------------------------------------

template <class Top> void UlpiPhy<Top>::start(Transaction &transaction)
{
	if (busy())
		std::abort();
	current_ = &transaction;
	transaction.result = Result::Pending;
	transaction.begin = cycles_;
	Bytes packet =
		token_packet(transaction.token, static_cast<uint16_t>(transaction.address | transaction.endpoint << 7));
	if (transaction.faults.bad_token_crc)
		packet[2] ^= 0x80;
	send(transaction.token == Pid::None ? transaction.data : packet);
	next(Op::Token, 0);
}

template <class Top> void UlpiPhy<Top>::start_sof(uint16_t frame)
{
	if (busy())
		std::abort();
	current_ = &none_;
	none_.begin = cycles_;
	send(token_packet(Pid::Sof, frame));
	next(Op::Sof, 0);
}

template <class Top> void UlpiPhy<Top>::start_reset()
{
	if (busy())
		std::abort();
	current_ = &none_;
	none_.begin = cycles_;
	speed_ = Speed::None;
	chirp_seen_ = false;
	line_driven_ = LineSe0;
	next(Op::ResetSe0, Timing::ResetTimeout);
}

template <class Top> void UlpiPhy<Top>::send(const Bytes &packet)
{
	wire_ = packet;
}

template <class Top> void UlpiPhy<Top>::send_data()
{
	const Transaction &t = *current_;
	Bytes packet = data_packet(t.toggle ? Pid::Data1 : Pid::Data0, t.data);

	if (t.faults.bad_data_crc)
		packet.back() ^= 0x01;
	packet.resize(packet.size() - std::min<size_t>(packet.size() - 1, t.faults.truncate));
	send(packet);
	next(Op::Data, 0);
}

template <class Top> void UlpiPhy<Top>::host_step()
{
	if (arriving_ > 0 && --arriving_ == 0) {
		arrived_ = op_ == Op::Reply;
		unexpected_ += !arrived_;
	}
	if (op_ == Op::None)
		return;
	if (op_ >= Op::ResetSe0)
		return reset_step();
	if (op_ == Op::Reply)
		return reply_step();
	if (!sent())
		return;
	unsigned turn = Timing::HostToHost * (speed_ == Speed::Full ? 5 : 1);

	switch (op_) {
	case Op::Token:
		if ((current_->token == Pid::Out || current_->token == Pid::Setup) && !current_->faults.no_data) {
			if (++wait_ >= turn)
				send_data();
		} else {
			next(Op::Reply, 0);
		}
		break;
	case Op::Data:
		next(Op::Reply, 0);
		break;
	case Op::Ack:
		if (wait_ > 0 && --wait_ == 0)
			send({static_cast<uint8_t>(Pid::Ack)});
		else if (wait_ == 0)
			answer(Result::Data, turn);
		break;
	case Op::Sof:
		next(Op::Tail, turn);
		break;
	default:
		if (--wait_ == 0) {
			op_ = Op::None;
			current_->cycles = cycles_ + 1 - current_->begin;
		}
	}
}

template <class Top> void UlpiPhy<Top>::reply_step()
{
	unsigned timeout =
		speed_ == Speed::Full ? Timing::FullSpeedTimeout + 2 * Timing::FullSpeedByte : Timing::Timeout;

	if (arrived_) {
		arrived_ = false;
		take_reply();
	} else if (++wait_ >= timeout && bus_ != Bus::LinkSends && arriving_ == 0) {
		if (current_->faults.stray_ack)
			send({static_cast<uint8_t>(Pid::Ack)});
		answer(Result::Timeout, 1);
	} else if (wait_ >= Timing::Babble) {
		answer(Result::Garbled, Timing::Timeout);
	}
}

template <class Top> void UlpiPhy<Top>::take_reply()
{
	Transaction &t = *current_;
	Pid pid = from_link_.empty() ? Pid::None : static_cast<Pid>(from_link_[0]);
	unsigned turn = Timing::DeviceToHost * (speed_ == Speed::Full ? 5 : 1);

	if (t.token == Pid::In && is_data(pid) && data_packet_good(from_link_)) {
		t.toggle = pid == Pid::Data1;
		t.data.assign(from_link_.begin() + 1, from_link_.end() - 2);
		if (t.faults.drop_ack)
			answer(Result::Data, Timing::Timeout);
		else
			next(Op::Ack, turn);
	} else if (from_link_.size() != 1) {
		answer(Result::Garbled, Timing::Timeout);
	} else {
		Result result = pid == Pid::Ack     ? Result::Ack
				: pid == Pid::Nak   ? Result::Nak
				: pid == Pid::Stall ? Result::Stall
				: pid == Pid::Nyet  ? Result::Nyet
						    : Result::Garbled;
		answer(result, turn);
	}
}

// USB 2.0 section 7.1.7.5: SE0, the device's chirp K, three pairs of the host's K and J.
template <class Top> void UlpiPhy<Top>::reset_step()
{
	switch (op_) {
	case Op::ResetSe0:
		if (chirp_seen_ && host_high_speed) {
			op_ = Op::ResetChirp;
		} else if (--wait_ == 0) {
			line_driven_ = 0xFF;
			next(Op::ResetEnd, Timing::Recovery);
		}
		break;
	case Op::ResetChirp:
		if (!chirp_) {
			pairs_ = 0;
			next(Op::ResetGap, Timing::ChirpGap);
		}
		break;
	case Op::ResetGap:
	case Op::ResetJ:
		if (--wait_ > 0)
			break;
		if (op_ == Op::ResetJ && ++pairs_ == 3) {
			line_driven_ = LineSe0;
			next(Op::ResetEnd, Timing::AfterChirp);
		} else {
			line_driven_ = LineK;
			next(Op::ResetK, Timing::HostChirp);
		}
		break;
	case Op::ResetK:
		if (--wait_ == 0) {
			line_driven_ = LineJ;
			next(Op::ResetJ, Timing::HostChirp);
		}
		break;
	default:
		if (--wait_ > 0)
			break;
		if (line_driven_ != 0xFF)
			speed_ = (regs_[FunctionControl] & 7) == 0 ? Speed::High : Speed::None;
		else
			speed_ = (regs_[FunctionControl] & 7) == 5 ? Speed::Full : Speed::None;
		line_driven_ = 0xFF;
		op_ = Op::None;
		none_.cycles = cycles_ + 1 - none_.begin;
	}
}

} // namespace coffer::usb
