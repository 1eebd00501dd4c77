// SPDX-License-Identifier: Apache-2.0

#include "usbip_connection.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace coffer {

namespace {

template <class T> std::span<const uint8_t> bytes_of(const T &value)
{
	return {reinterpret_cast<const uint8_t *>(&value), sizeof value};
}

template <class T> void append(std::vector<uint8_t> &to, const T &value)
{
	auto bytes = bytes_of(value);
	to.insert(to.end(), bytes.begin(), bytes.end());
}

bool later(uint32_t a, uint32_t b)
{
	return static_cast<int32_t>(a - b) > 0;
}

usbip_op_head op_head(uint16_t code, uint32_t status)
{
	return {htons(USBIP_VERSION), htons(code), htonl(status)};
}

} // namespace

UsbipConnection::UsbipConnection(UsbipServer &server, int fd) : server_(server), fd_(fd), writer_(fd) {}

UsbipConnection::~UsbipConnection()
{
	shut();
	close(fd_);
}

void UsbipConnection::shut()
{
	shutdown(fd_, SHUT_RDWR);
}

ServedDevicePtr UsbipConnection::device() const
{
	std::lock_guard lock(mutex_);
	return device_;
}

bool UsbipConnection::hung_up() const
{
	pollfd poller{fd_, POLLRDHUP, 0};

	return poll(&poller, 1, 0) == 1 && (poller.revents & (POLLHUP | POLLRDHUP | POLLERR));
}

bool UsbipConnection::receive(void *data, size_t bytes)
{
	auto *to = static_cast<uint8_t *>(data);

	while (bytes > 0) {
		ssize_t got = recv(fd_, to, bytes, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		bytes -= static_cast<size_t>(got);
	}
	return true;
}

// ---- which device ------------------------------------------------------------------------------------------

void UsbipConnection::put_device(const ServedDevice &device, std::vector<uint8_t> &to) const
{
	const DeviceInfo &info = device.core.info();
	usbip_device out{};

	snprintf(out.path, sizeof out.path, "/sys/devices/pci0000:00/0000:00:14.0/usb%u/%s", device.bus,
		 device.busid.c_str());
	snprintf(out.busid, sizeof out.busid, "%s", device.busid.c_str());
	out.busnum = htonl(device.bus);
	out.devnum = htonl(device.number);
	out.speed = htonl(USBIP_SPEED_HIGH);
	out.vendor = htons(info.vendor_id());
	out.product = htons(info.product_id());
	out.release = htons(info.release());
	out.device_class = info.device[4];
	out.device_subclass = info.device[5];
	out.device_protocol = info.device[6];
	out.configuration_value = info.configuration_value();
	out.configurations = info.device[17];
	out.interfaces = static_cast<uint8_t>(info.interfaces.size());
	append(to, out);
}

void UsbipConnection::list_devices()
{
	auto devices = server_.devices();
	std::vector<uint8_t> out;

	append(out, op_head(USBIP_OP_REP_DEVLIST, USBIP_ST_OK));
	append(out, htonl(static_cast<uint32_t>(devices.size())));
	for (const auto &device : devices) {
		put_device(*device, out);
		for (const auto &each : device->core.info().interfaces)
			append(out, usbip_interface{each.class_code, each.subclass, each.protocol, 0});
	}
	writer_.send(out);
}

// Makes the device this connection's; an import excludes every other user.
bool UsbipConnection::take(ServedDevicePtr device, bool open)
{
	if (open) {
		device->files++;
		if (device->imported) {
			device->files--;
			return false;
		}
	} else {
		if (device->imported.exchange(true))
			return false;
		if (device->files > 0) {
			device->imported = false;
			return false;
		}
	}
	std::lock_guard lock(mutex_);
	open_file_ = open;
	device_ = std::move(device);
	if (device_->removed)
		shut(); // too late for remove() to have seen us
	return true;
}

// The operation phase; true once a device is taken.
bool UsbipConnection::negotiate()
{
	usbip_op_head head;
	usbip_import_request request;

	if (!receive(&head, sizeof head) || ntohs(head.version) != USBIP_VERSION)
		return false;
	uint16_t code = ntohs(head.code);
	if (code == USBIP_OP_REQ_DEVLIST) {
		list_devices();
		return false;
	}
	if ((code != USBIP_OP_REQ_IMPORT && code != COFFER_OP_REQ_OPEN) || !receive(&request, sizeof request))
		return false;
	bool open = code == COFFER_OP_REQ_OPEN;
	std::string name(request.busid, strnlen(request.busid, sizeof request.busid));
	uint32_t status = USBIP_ST_NODEV;
	std::vector<uint8_t> out;

	for (const auto &each : server_.devices())
		if (name == (open ? each->node() : each->busid))
			status = take(each, open) ? USBIP_ST_OK : USBIP_ST_DEV_BUSY;
	append(out, op_head(open ? COFFER_OP_REP_OPEN : USBIP_OP_REP_IMPORT, status));
	if (status == USBIP_ST_OK)
		put_device(*device(), out);
	writer_.send(out);
	return status == USBIP_ST_OK;
}

// ---- transfers ---------------------------------------------------------------------------------------------

void UsbipConnection::run()
{
	usbip_header header;

	if (!negotiate())
		return;
	for (bool good = true; good && receive(&header, sizeof header);) {
		writer_.drain_to(MaxUnread);
		uint32_t command = ntohl(header.command);
		if (command == USBIP_CMD_SUBMIT)
			good = submit(header);
		else if (command == USBIP_CMD_UNLINK)
			good = unlink(header);
		else if (command == COFFER_CMD_USBFS && open_file_)
			usbfs(header);
		else
			good = false;
	}
	leave();
}

void UsbipConnection::leave()
{
	if (open_file_) {
		device_->core.closed(*this);
		device_->files--;
	} else {
		cancel_transfers([](uint8_t) { return true; });
		device_->core.restore();
		device_->imported = false;
	}
}

// nullptr where the header makes no sense: the stream cannot be trusted any more.
UrbPtr UsbipConnection::make_urb(const usbip_header &header)
{
	const auto &fields = header.u.submit;
	uint32_t ep = ntohl(header.ep), in = ntohl(header.direction), flags = ntohl(fields.transfer_flags);
	uint32_t length = ntohl(fields.transfer_buffer_length), packets = ntohl(fields.number_of_packets);

	if (ep > 15 || in > 1 || length > MaxTransfer || (packets != 0 && packets != 0xFFFFFFFF))
		return nullptr;
	auto urb = std::make_shared<Urb>();
	urb->endpoint = static_cast<uint8_t>(ep == 0 ? 0 : ep | in << 7);
	std::copy(std::begin(fields.setup), std::end(fields.setup), urb->setup.begin());
	if (urb->control() && length > 0 && urb->in() != (in == 1))
		return nullptr;
	urb->zero_packet = flags & USBIP_ZERO_PACKET;
	urb->short_not_ok = flags & USBIP_SHORT_NOT_OK;
	urb->continuation = open_file_ && flags & COFFER_CONTINUATION;
	urb->data.resize(length);
	return urb;
}

bool UsbipConnection::submit(const usbip_header &header)
{
	uint32_t seqnum = ntohl(header.seqnum);
	UrbPtr urb = make_urb(header);

	if (!urb || (!urb->in() && !receive(urb->data.data(), urb->data.size())))
		return false;
	if (urb->control()) // the data stage is as long as the setup packet says
		urb->data.resize(std::min<size_t>(urb->data.size(), urb->setup[6] | urb->setup[7] << 8));
	{
		std::lock_guard lock(mutex_);
		last_submit_ = seqnum;
		if (auto found = overtaken_.find(seqnum); found != overtaken_.end()) {
			answer(USBIP_RET_UNLINK, found->second, -ECONNRESET);
			overtaken_.erase(found);
			return true;
		}
		if (outstanding_ + urb->data.size() > MaxOutstanding) {
			answer_submit(seqnum, -ENOMEM, nullptr);
			return true;
		}
		if (!pending_.emplace(seqnum, Pending{urb}).second)
			return false;
		outstanding_ += urb->data.size();
	}
	urb->done = [self = shared_from_this(), seqnum](Urb &each) { self->ended(seqnum, each); };
	if (!open_file_) {
		urb->submitted = true;
		device_->backend.submit(urb);
	} else if (int error = device_->core.submit(*this, urb); error < 0) {
		urb->status = error;
		ended(seqnum, *urb);
	}
	return true;
}

void UsbipConnection::ended(uint32_t seqnum, Urb &urb)
{
	std::lock_guard lock(mutex_);
	auto found = pending_.find(seqnum);
	Pending pending = found->second;

	pending_.erase(found);
	outstanding_ -= urb.data.size();
	if (!pending.unlinked) {
		answer_submit(seqnum, urb.status, &urb);
	} else if (urb.actual > 0 || urb.status != -ECONNRESET) {
		answer_submit(seqnum, urb.status, &urb);
		answer(USBIP_RET_UNLINK, pending.unlink_seqnum, 0);
	} else {
		answer(USBIP_RET_UNLINK, pending.unlink_seqnum, -ECONNRESET);
	}
	some_ended_.notify_all();
}

bool UsbipConnection::unlink(const usbip_header &header)
{
	uint32_t seqnum = ntohl(header.seqnum), target = ntohl(header.u.unlink.seqnum);
	UrbPtr urb;
	{
		std::lock_guard lock(mutex_);
		if (auto found = pending_.find(target); found != pending_.end()) {
			found->second.unlinked = true;
			found->second.unlink_seqnum = seqnum;
			urb = found->second.urb;
		} else if (later(target, last_submit_)) {
			overtaken_[target] = seqnum;
			return overtaken_.size() <= MaxOvertaking;
		} else {
			answer(USBIP_RET_UNLINK, seqnum, 0); // it has ended, and was answered
		}
	}
	if (urb)
		device_->backend.cancel(urb, -ECONNRESET);
	return true;
}

void UsbipConnection::cancel_transfers(const EndpointTest &which)
{
	std::vector<std::pair<uint32_t, UrbPtr>> chosen;
	{
		std::lock_guard lock(mutex_);
		// What waits for the core in submit() is looked at there, after whoever cancels: nobody may wait for it here.
		for (const auto &[seqnum, pending] : pending_)
			if (pending.urb->submitted && which(pending.urb->endpoint))
				chosen.emplace_back(seqnum, pending.urb);
	}
	for (const auto &each : chosen)
		device_->backend.cancel(each.second, -ESHUTDOWN);
	std::unique_lock lock(mutex_);
	some_ended_.wait(lock, [&] {
		return std::none_of(chosen.begin(), chosen.end(), [&](const auto &each) {
			auto found = pending_.find(each.first);
			return found != pending_.end() && found->second.urb == each.second;
		});
	});
}

// ---- what an ioctl asks of the kernel itself -------------------------------------------------------------

int UsbipConnection::usbfs_op(const usbip_header &header)
{
	const auto &fields = header.u.usbfs;
	uint32_t a = ntohl(fields.a), b = ntohl(fields.b);
	UsbCore &core = device_->core;

	switch (ntohl(fields.op)) {
	case COFFER_USBFS_CLAIM:
		return core.claim(*this, a);
	case COFFER_USBFS_RELEASE:
		return core.release(*this, a);
	case COFFER_USBFS_SET_INTERFACE:
		return core.set_interface(*this, a, b);
	case COFFER_USBFS_SET_CONFIGURATION:
		return core.set_configuration(static_cast<int32_t>(a));
	case COFFER_USBFS_RESET:
		return core.reset();
	case COFFER_USBFS_CLEAR_HALT:
		return core.clear_halt(*this, static_cast<uint8_t>(a));
	case COFFER_USBFS_GET_DRIVER:
		return core.has_driver(a) ? 0 : -ENODATA;
	case COFFER_USBFS_CHECK: {
		Urb urb;
		urb.endpoint = static_cast<uint8_t>(a);
		std::copy(std::begin(fields.setup), std::end(fields.setup), urb.setup.begin());
		return core.check(*this, urb);
	}
	default:
		return -ENOTTY;
	}
}

void UsbipConnection::usbfs(const usbip_header &header)
{
	int result = usbfs_op(header);
	std::lock_guard lock(mutex_);

	answer(COFFER_RET_USBFS, ntohl(header.seqnum), result);
}

// ---- answers -------------------------------------------------------------------------------------------------

void UsbipConnection::answer_submit(uint32_t seqnum, int status, const Urb *urb)
{
	usbip_header header{};
	std::span<const uint8_t> payload;

	header.command = htonl(USBIP_RET_SUBMIT);
	header.seqnum = htonl(seqnum);
	header.u.ret_submit.status = htonl(static_cast<uint32_t>(status));
	if (urb) {
		header.u.ret_submit.actual_length = htonl(static_cast<uint32_t>(urb->actual));
		if (urb->in())
			payload = {urb->data.data(), urb->actual};
	}
	writer_.send(bytes_of(header), payload);
}

void UsbipConnection::answer(uint32_t command, uint32_t seqnum, int status)
{
	usbip_header header{};

	header.command = htonl(command);
	header.seqnum = htonl(seqnum);
	header.u.ret.status = htonl(static_cast<uint32_t>(status));
	writer_.send(bytes_of(header));
}

} // namespace coffer
