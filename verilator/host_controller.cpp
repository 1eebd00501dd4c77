// SPDX-License-Identifier: Apache-2.0

#include "host_controller.h"

#include <algorithm>
#include <cerrno>

namespace coffer {

using usb::Pid;
using usb::Result;

HostController::HostController(Wire &wire) : wire_(wire)
{
	for (unsigned index = 0; index < pipes_.size(); index++)
		pipes_[index].info.address = static_cast<uint8_t>((index & 0x0F) | (index & 0x10) << 3);
	set_endpoints({});
}

void HostController::set_endpoints(const std::vector<EndpointInfo> &endpoints)
{
	for (Pipe &each : pipes_)
		each.info = {0xFF, 0, each.info.address, 512};
	pipes_[0].info.max_packet = 64; // the only size at high speed
	for (const EndpointInfo &info : endpoints)
		pipe(info.address).info = info;
}

bool HostController::bus_reset()
{
	cancel_all(-EPROTO);
	for (Pipe &each : pipes_)
		reset_toggle(each);
	address_ = 0;
	control_from_ = 0;
	quiet_ = false;
	return wire_.reset() == usb::Speed::High;
}

// ---- queues -------------------------------------------------------------------------------------------

void HostController::enqueue(UrbPtr urb)
{
	Pipe &target = pipe(urb->control() ? 0 : urb->endpoint);

	quiet_ = false;
	if (!urb->continuation)
		target.refusing = false;
	if (target.refusing)
		return complete(urb, -EREMOTEIO);
	target.queue.push_back(std::move(urb));
	if (target.queue.size() == 1)
		restart(target);
}

void HostController::cancel(const UrbPtr &urb, int status)
{
	Pipe &target = pipe(urb->control() ? 0 : urb->endpoint);
	auto found = std::find(target.queue.begin(), target.queue.end(), urb);

	if (found == target.queue.end())
		return;
	bool head = found == target.queue.begin();
	UrbPtr keep = *found;

	quiet_ = false;
	target.queue.erase(found);
	if (head)
		restart(target);
	complete(keep, status);
}

void HostController::cancel_all(int status)
{
	for (Pipe &each : pipes_)
		while (!each.queue.empty())
			cancel(each.queue.front(), status);
}

void HostController::expire_idle()
{
	for (Pipe &each : pipes_)
		if (!each.queue.empty() && each.queue.front()->fail_when_idle)
			cancel(each.queue.front(), -ETIMEDOUT);
}

void HostController::restart(Pipe &target)
{
	target.stage = Stage::Setup;
	target.zero_due = false;
	target.errors = 0;
	if (target.control())
		target.ping = false;
}

void HostController::complete(const UrbPtr &urb, int status)
{
	urb->status = status;
	transfers_++;
	auto done = std::move(urb->done); // it may hold the last reference to its owner
	if (done)
		done(*urb);
}

void HostController::finish(Pipe &target, int status)
{
	UrbPtr urb = target.queue.front();

	target.queue.pop_front();
	restart(target);
	if (urb->control() && status == 0)
		watch_control(*urb);
	complete(urb, status);
	if (status < 0)
		end_continuations(target);
}

// As Linux' usbfs: the rest of a transfer that was split into several URBs dies with its first failure.
void HostController::end_continuations(Pipe &target)
{
	while (!target.queue.empty() && target.queue.front()->continuation) {
		UrbPtr urb = target.queue.front();
		target.queue.pop_front();
		complete(urb, -ECONNRESET);
	}
	target.refusing = target.queue.empty();
}

// ---- the schedule -------------------------------------------------------------------------------------

void HostController::microframe()
{
	uint64_t begin = wire_.cycles();

	end_ = begin + MicroframeCycles;
	bulk_left_ = BulkPerMicroframe;
	moved_ = false;
	for (Pipe &each : pipes_)
		each.naked = false;
	wire_.take_activity();
	wire_.sof(static_cast<uint16_t>(microframe_ >> 3 & 0x7FF));

	while (wire_.cycles() < end_) {
		if (poll)
			poll();
		if (Pipe *target = next_pipe())
			visit(*target);
		else
			wire_.run_until(std::min(end_, wire_.cycles() + PollCycles));
	}
	quiet_ = !wire_.take_activity() && !moved_ && all_naked();
	microframe_++;
}

bool HostController::all_naked() const
{
	return std::all_of(pipes_.begin(), pipes_.end(),
			   [](const Pipe &each) { return each.queue.empty() || each.naked; });
}

bool HostController::may_try(const Pipe &target) const
{
	if (target.queue.empty() || (target.naked && skip_after_nak))
		return false;
	return target.control() ? microframe_ >= control_from_ : bulk_left_ > 0;
}

HostController::Pipe *HostController::next_pipe()
{
	if (wire_.cycles() + VisitRoom > end_)
		return nullptr;
	for (size_t tried = 0; tried < pipes_.size(); tried++) {
		turn_ = (turn_ + 1) % pipes_.size();
		if (may_try(pipes_[turn_]))
			return &pipes_[turn_];
	}
	return nullptr;
}

// ---- transactions -------------------------------------------------------------------------------------

void HostController::visit(Pipe &target)
{
	Urb &urb = *target.queue.front();

	if (target.control())
		visit_control(target);
	else if (target.in())
		receive(target);
	else
		send(target, urb.data.data() + urb.actual,
		     std::min<size_t>(urb.data.size() - urb.actual, target.info.max_packet));
}

void HostController::visit_control(Pipe &target)
{
	Urb &urb = *target.queue.front();

	if (target.stage == Stage::Setup) {
		target.ping = false;
		Result result = transact(target, Pid::Setup, false, urb.setup.data(), urb.setup.size());
		if (result != Result::Ack)
			return refused(target, result == Result::Nak ? Result::Timeout : result);
		moved_ = true;
		target.errors = 0;
		target.toggle = true;
		target.stage = urb.data.empty() ? Stage::Status : Stage::Data;
	} else if (urb.in() == (target.stage == Stage::Data)) {
		receive(target);
	} else if (target.stage == Stage::Data) {
		send(target, urb.data.data() + urb.actual,
		     std::min<size_t>(urb.data.size() - urb.actual, target.info.max_packet));
	} else {
		send(target, nullptr, 0);
	}
}

Result HostController::transact(const Pipe &target, Pid token, bool toggle, const uint8_t *data, size_t bytes)
{
	transaction_.token = token;
	transaction_.address = address_;
	transaction_.endpoint = target.info.address & 0x0F;
	transaction_.toggle = toggle;
	transaction_.data.assign(data, data + bytes);
	return wire_.transaction(transaction_);
}

void HostController::send(Pipe &target, const uint8_t *data, size_t bytes)
{
	if (target.ping) {
		Result room = transact(target, Pid::Ping, false);
		if (room != Result::Ack)
			return refused(target, room);
		target.ping = false;
		if (wire_.cycles() + VisitRoom > end_)
			return; // room was promised; the data go first thing in the next microframe
	}
	Result result = transact(target, Pid::Out, target.toggle, data, bytes);

	if (result != Result::Ack && result != Result::Nyet)
		return refused(target, result);
	target.ping = result == Result::Nyet;
	sent(target, bytes);
}

void HostController::sent(Pipe &target, size_t bytes)
{
	Urb &urb = *target.queue.front();

	moved_ = true;
	target.naked = false;
	target.errors = 0;
	target.toggle = !target.toggle;
	if (target.control()) {
		if (target.stage == Stage::Status)
			return finish(target, 0);
		urb.actual += bytes;
		if (urb.actual == urb.data.size()) {
			target.stage = Stage::Status;
			target.toggle = true;
		}
		return;
	}
	bulk_left_--;
	urb.actual += bytes;
	if (urb.actual < urb.data.size())
		return;
	if (urb.zero_packet && !target.zero_due && bytes == target.info.max_packet)
		target.zero_due = true;
	else
		finish(target, 0);
}

void HostController::receive(Pipe &target)
{
	Result result = transact(target, Pid::In, false);

	if (result != Result::Data)
		return refused(target, result);
	moved_ = true;
	target.naked = false;
	target.errors = 0;
	if (!target.control())
		bulk_left_--;
	if (transaction_.toggle != target.toggle)
		return; // sent again, since our ACK was lost
	target.toggle = !target.toggle;
	received(target);
}

void HostController::received(Pipe &target)
{
	Urb &urb = *target.queue.front();
	const usb::Bytes &packet = transaction_.data;

	if (target.control() && target.stage == Stage::Status)
		return finish(target, packet.empty() ? 0 : -EOVERFLOW);
	if (packet.size() > target.info.max_packet || packet.size() > urb.data.size() - urb.actual)
		return finish(target, -EOVERFLOW);
	std::copy(packet.begin(), packet.end(), urb.data.begin() + static_cast<ptrdiff_t>(urb.actual));
	urb.actual += packet.size();

	bool full = urb.actual == urb.data.size();
	if (!full && packet.size() == target.info.max_packet)
		return;
	if (target.control()) {
		target.stage = Stage::Status;
		target.toggle = true;
	} else {
		finish(target, !full && urb.short_not_ok ? -EREMOTEIO : 0);
	}
}

// Anything but progress: NAK, STALL, or no good answer.
void HostController::refused(Pipe &target, Result result)
{
	bool out = transaction_.token != Pid::In;

	if (result == Result::Nak) {
		target.naked = true;
		target.errors = 0;
		target.ping = out;
		return;
	}
	moved_ = true;
	if (result == Result::Stall)
		return finish(target, -EPIPE);
	target.ping = out && transaction_.token != Pid::Setup;
	if (++target.errors >= MaxErrors)
		finish(target, -EPROTO);
}

// ---- what a host does at standard requests that went well -----------------------------------------------

void HostController::watch_control(const Urb &urb)
{
	const auto &setup = urb.setup;
	unsigned kind = setup[0] << 8 | setup[1];

	if (kind == 0x0005) { // SET_ADDRESS
		address_ = setup[2] & 0x7F;
		control_from_ = microframe_ + AddressRecovery;
	} else if (kind == 0x0009) { // SET_CONFIGURATION
		for (Pipe &each : pipes_)
			reset_toggle(each);
	} else if (kind == 0x010B) { // SET_INTERFACE
		for (Pipe &each : pipes_)
			if (!each.control() && each.info.interface == setup[4])
				reset_toggle(each);
	} else if (kind == 0x0201 && setup[2] == 0 && (setup[4] & 0x0F)) { // CLEAR_FEATURE(ENDPOINT_HALT)
		reset_toggle(pipe(setup[4]));
	}
}

void HostController::reset_toggle(Pipe &target)
{
	target.toggle = false;
	target.ping = false;
}

} // namespace coffer
