// SPDX-License-Identifier: Apache-2.0

#include "usb_core.h"

#include <algorithm>
#include <cerrno>
#include <future>
#include <stdexcept>

namespace coffer {

namespace {

constexpr uint8_t GetDescriptor = 6, SetAddress = 5, SetConfiguration = 9, SetInterface = 11, ClearFeature = 1;
constexpr uint8_t DeviceKind = 1, ConfigurationKind = 2, StringKind = 3, InterfaceKind = 4, EndpointKind = 5;
constexpr uint16_t BoardAddress = 2;
constexpr uint8_t TypeMask = 0x60, TypeVendor = 0x40, RecipientMask = 0x1F, RecipientInterface = 1,
		  RecipientEndpoint = 2;

} // namespace

// ---- control transfers of our own ------------------------------------------------------------------------

int UsbCore::control(uint8_t type, uint8_t request, uint16_t value, uint16_t index, std::vector<uint8_t> &data)
{
	auto urb = std::make_shared<Urb>();
	std::promise<void> ended;
	auto bytes = static_cast<uint16_t>(data.size());

	urb->setup = {type,
		      request,
		      static_cast<uint8_t>(value),
		      static_cast<uint8_t>(value >> 8),
		      static_cast<uint8_t>(index),
		      static_cast<uint8_t>(index >> 8),
		      static_cast<uint8_t>(bytes),
		      static_cast<uint8_t>(bytes >> 8)};
	urb->data = data;
	urb->fail_when_idle = true;
	urb->done = [&ended](Urb &) { ended.set_value(); };
	backend_.submit(urb);
	ended.get_future().wait();
	if (urb->status < 0)
		return urb->status;
	urb->data.resize(urb->actual);
	data = std::move(urb->data);
	return 0;
}

int UsbCore::control(uint8_t type, uint8_t request, uint16_t value, uint16_t index)
{
	std::vector<uint8_t> none;
	return control(type, request, value, index, none);
}

std::vector<uint8_t> UsbCore::descriptor(uint8_t kind, uint8_t index, uint16_t language, uint16_t bytes,
					 const char *what)
{
	std::vector<uint8_t> data(bytes);
	int error = control(0x80, GetDescriptor, static_cast<uint16_t>(kind << 8 | index), language, data);

	if (error < 0 || data.size() < 2 || data[1] != kind)
		throw std::runtime_error(std::string("the board gave no ") + what + " descriptor");
	return data;
}

// ---- enumeration -------------------------------------------------------------------------------------------

void UsbCore::enumerate()
{
	backend_.set_endpoints({});
	if (!backend_.reset())
		throw std::runtime_error("the board did not answer a bus reset at high speed");
	info_.device = descriptor(DeviceKind, 0, 0, 64, "device");
	give_address();
	info_.device = descriptor(DeviceKind, 0, 0, 18, "device");
	if (info_.device.size() != 18)
		throw std::runtime_error("the board's device descriptor is cut short");

	auto head = descriptor(ConfigurationKind, 0, 0, 9, "configuration");
	if (head.size() != 9)
		throw std::runtime_error("the board's configuration descriptor is cut short");
	auto total = static_cast<uint16_t>(head[2] | head[3] << 8);
	info_.configuration = descriptor(ConfigurationKind, 0, 0, total, "configuration");
	if (total < 9 || info_.configuration.size() != total)
		throw std::runtime_error("the board's configuration descriptor is cut short");
	parse_configuration();
	read_strings();
	if (control(0x00, SetConfiguration, info_.configuration_value(), 0) < 0)
		throw std::runtime_error("the board refused SET_CONFIGURATION");
	configured_ = true;
}

void UsbCore::give_address()
{
	if (control(0x00, SetAddress, BoardAddress, 0) < 0)
		throw std::runtime_error("the board refused SET_ADDRESS");
}

void UsbCore::parse_configuration()
{
	const auto &bytes = info_.configuration;
	uint8_t interface = 0, alternate = 0;

	info_.interfaces.clear();
	info_.endpoints.clear();
	for (size_t at = 0; at + 2 <= bytes.size() && bytes[at] >= 2 && at + bytes[at] <= bytes.size();
	     at += bytes[at]) {
		const uint8_t *d = &bytes[at];
		if (d[1] == InterfaceKind && d[0] >= 9) {
			interface = d[2];
			alternate = d[3];
			if (alternate == 0)
				info_.interfaces.push_back({interface, 1, d[5], d[6], d[7]});
			else if (!info_.interfaces.empty())
				info_.interfaces.back().alternates++;
		} else if (d[1] == EndpointKind && d[0] >= 7) {
			auto size = static_cast<uint16_t>((d[4] | d[5] << 8) & 0x7FF);
			info_.endpoints.push_back({interface, alternate, d[2], std::max<uint16_t>(size, 1)});
		}
	}
	interfaces_.clear();
	for (const auto &each : info_.interfaces)
		interfaces_.push_back({each, nullptr, 0});
	backend_.set_endpoints(info_.endpoints);
}

std::string UsbCore::string_descriptor(uint8_t index, uint16_t language)
{
	std::string text;

	if (index == 0)
		return text;
	auto data = descriptor(StringKind, index, language, 255, "string");
	for (size_t at = 2; at + 1 < data.size(); at += 2)
		text += data[at + 1] == 0 && data[at] >= ' ' && data[at] < 0x7F ? static_cast<char>(data[at]) : '?';
	return text;
}

void UsbCore::read_strings()
{
	const auto &device = info_.device;

	if (!(device[14] | device[15] | device[16]))
		return;
	auto languages = descriptor(StringKind, 0, 0, 255, "string");
	if (languages.size() < 4)
		throw std::runtime_error("the board's string descriptors name no language");
	auto language = static_cast<uint16_t>(languages[2] | languages[3] << 8);
	info_.manufacturer = string_descriptor(device[14], language);
	info_.product = string_descriptor(device[15], language);
	info_.serial = string_descriptor(device[16], language);
}

// ---- interfaces ------------------------------------------------------------------------------------------

UsbCore::Interface *UsbCore::find(unsigned interface)
{
	for (Interface &each : interfaces_)
		if (each.info.number == interface)
			return &each;
	return nullptr;
}

UsbCore::Interface *UsbCore::find_endpoint(uint8_t endpoint)
{
	for (const EndpointInfo &each : info_.endpoints) {
		Interface *owner = find(each.interface);
		if (each.address == endpoint && owner && owner->alternate == each.alternate)
			return owner;
	}
	return nullptr;
}

UsbFile::EndpointTest UsbCore::endpoints_of(const Interface &interface) const
{
	return [this, number = interface.info.number](uint8_t endpoint) {
		return std::any_of(info_.endpoints.begin(), info_.endpoints.end(), [&](const EndpointInfo &each) {
			return each.address == endpoint && each.interface == number;
		});
	};
}

int UsbCore::claim_locked(UsbFile &file, unsigned interface, Lock &lock)
{
	for (;;) {
		Interface *wanted = find(interface);
		if (gone_)
			return -ENODEV;
		if (!configured_)
			return -EHOSTUNREACH;
		if (!wanted)
			return -ENOENT;
		if (!wanted->owner || wanted->owner == &file) {
			wanted->owner = &file;
			return 0;
		}
		// The kernel cleans up before the death of a process can be seen; we wait for our own clean-up.
		if (!wanted->owner->hung_up())
			return -EBUSY;
		released_.wait(lock);
	}
}

int UsbCore::claim_endpoint(UsbFile &file, uint8_t endpoint, Lock &lock)
{
	Interface *owner = find_endpoint(endpoint);

	if (!owner)
		return gone_ ? -ENODEV : -ENOENT;
	return claim_locked(file, owner->info.number, lock);
}

void UsbCore::release_locked(Interface &interface)
{
	if (!interface.owner)
		return;
	interface.owner->cancel_transfers(endpoints_of(interface));
	if (interface.alternate != 0 && !gone_) {
		interface.alternate = 0;
		control(0x01, SetInterface, 0, interface.info.number);
	}
	interface.owner = nullptr;
	released_.notify_all();
}

// ---- what files ask --------------------------------------------------------------------------------------

int UsbCore::check_locked(UsbFile &file, const Urb &urb, Lock &lock)
{
	if (gone_)
		return -ENODEV;
	if (!urb.control())
		return claim_endpoint(file, urb.endpoint, lock);
	uint8_t type = urb.setup[0], index = urb.setup[4];

	if ((type & TypeMask) == TypeVendor)
		return 0;
	if ((type & RecipientMask) == RecipientInterface)
		return claim_locked(file, index, lock);
	if ((type & RecipientMask) == RecipientEndpoint && (index & 0x7F) != 0)
		return claim_endpoint(file, index, lock);
	return 0;
}

int UsbCore::check(UsbFile &file, const Urb &urb)
{
	Lock lock(mutex_);
	return check_locked(file, urb, lock);
}

int UsbCore::submit(UsbFile &file, UrbPtr urb)
{
	Lock lock(mutex_);
	int error = check_locked(file, *urb, lock);

	if (error == 0) {
		urb->submitted = true;
		backend_.submit(std::move(urb));
	}
	return error;
}

int UsbCore::claim(UsbFile &file, unsigned interface)
{
	Lock lock(mutex_);
	return claim_locked(file, interface, lock);
}

int UsbCore::release(UsbFile &file, unsigned interface)
{
	Lock lock(mutex_);
	Interface *found = find(interface);

	if (gone_)
		return -ENODEV;
	if (!found || found->owner != &file)
		return -EINVAL;
	release_locked(*found);
	return 0;
}

int UsbCore::set_interface(UsbFile &file, unsigned interface, unsigned alternate)
{
	Lock lock(mutex_);
	int error = claim_locked(file, interface, lock);

	if (error < 0)
		return error;
	Interface &found = *find(interface);
	if (alternate >= found.info.alternates)
		return -EINVAL;
	file.cancel_transfers(endpoints_of(found));
	error = control(0x01, SetInterface, static_cast<uint16_t>(alternate), static_cast<uint16_t>(interface));
	if (error == 0)
		found.alternate = static_cast<uint8_t>(alternate);
	return error;
}

int UsbCore::set_configuration(int value)
{
	Lock lock(mutex_);

	if (gone_)
		return -ENODEV;
	if (value > 0 && value != info_.configuration_value())
		return -EINVAL;
	for (const Interface &each : interfaces_)
		if (each.owner)
			return -EBUSY;
	int error = control(0x00, SetConfiguration, static_cast<uint16_t>(std::max(value, 0)), 0);
	if (error < 0)
		return error;
	for (Interface &each : interfaces_)
		each.alternate = 0;
	configured_ = value > 0;
	return 0;
}

int UsbCore::clear_halt(UsbFile &file, uint8_t endpoint)
{
	Lock lock(mutex_);
	int error = claim_endpoint(file, endpoint, lock);

	return error < 0 ? error : control(0x02, ClearFeature, 0, endpoint);
}

// A reset takes the interfaces from every file, as the kernel takes them from drivers without a reset handler.
int UsbCore::reset()
{
	Lock lock(mutex_);

	if (gone_)
		return -ENODEV;
	for (Interface &each : interfaces_)
		release_locked(each);
	if (!backend_.reset() || control(0x00, SetAddress, BoardAddress, 0) < 0)
		return -ENODEV;
	int error = control(0x00, SetConfiguration, info_.configuration_value(), 0);
	configured_ = error == 0;
	return error;
}

bool UsbCore::has_driver(unsigned interface)
{
	Lock lock(mutex_);
	Interface *found = find(interface);

	return found && found->owner;
}

void UsbCore::closed(UsbFile &file)
{
	Lock lock(mutex_);

	for (Interface &each : interfaces_)
		if (each.owner == &file)
			release_locked(each);
	file.cancel_transfers([](uint8_t) { return true; });
}

void UsbCore::disconnect()
{
	Lock lock(mutex_);

	gone_ = true;
	released_.notify_all();
}

void UsbCore::restore()
{
	Lock lock(mutex_);

	if (!gone_)
		control(0x00, SetConfiguration, info_.configuration_value(), 0);
}

} // namespace coffer
