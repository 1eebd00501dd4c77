// SPDX-License-Identifier: Apache-2.0
//
// The part that an operating system plays between programs and one USB device: enumeration, and then what Linux'
// usbcore and usbfs do for programs that open the device node. An interface is claimed by one open file at a time;
// class and standard requests to an interface that another file has claimed are refused with EBUSY, vendor requests
// pass; when a file is closed, by whatever death, its transfers are cancelled and each of its interfaces that was
// left at another setting is set back to setting 0 by a SET_INTERFACE to the device.
//
// Results are 0 or a negative errno value, as the kernel's. Every member may be called from any thread.

#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "usb_backend.h"

namespace coffer {

// One open device file.
class UsbFile {
public:
	virtual ~UsbFile() = default;
	// The process behind it has gone, though its end of file was not handled yet.
	virtual bool hung_up() const = 0;
	// Cancels the file's transfers on these endpoints, and waits for their end.
	using EndpointTest = std::function<bool(uint8_t endpoint)>;
	virtual void cancel_transfers(const EndpointTest &which) = 0;
};

struct DeviceInfo {
	std::vector<uint8_t> device;        // descriptor, 18 bytes
	std::vector<uint8_t> configuration; // with everything behind it
	std::string manufacturer, product, serial;
	std::vector<EndpointInfo> endpoints;
	struct Interface {
		uint8_t number, alternates;
		uint8_t class_code, subclass, protocol; // of setting 0
	};
	std::vector<Interface> interfaces;

	uint16_t word(size_t at) const { return static_cast<uint16_t>(device[at] | device[at + 1] << 8); }
	uint16_t vendor_id() const { return word(8); }
	uint16_t product_id() const { return word(10); }
	uint16_t release() const { return word(12); }
	uint8_t configuration_value() const { return configuration[5]; }
};

class UsbCore {
public:
	explicit UsbCore(UsbBackend &backend) : backend_(backend) {}

	// Resets the bus, gives the device its address, reads its descriptors and configures it. Throws
	// std::runtime_error that says which step failed.
	void enumerate();
	const DeviceInfo &info() const { return info_; }

	// The device is gone: everything fails with ENODEV from now on.
	void disconnect();

	// Whether this file may submit the URB, and its submission, in one step.
	int check(UsbFile &file, const Urb &urb);
	int submit(UsbFile &file, UrbPtr urb);

	int claim(UsbFile &file, unsigned interface);
	int release(UsbFile &file, unsigned interface);
	int set_interface(UsbFile &file, unsigned interface, unsigned alternate);
	int set_configuration(int value);
	int clear_halt(UsbFile &file, uint8_t endpoint);
	int reset();
	bool has_driver(unsigned interface);
	void closed(UsbFile &file);

	// A whole USB stack elsewhere (usbip attach) has had the device: puts it back as after enumeration.
	void restore();

private:
	struct Interface {
		DeviceInfo::Interface info;
		UsbFile *owner = nullptr;
		uint8_t alternate = 0;
	};
	using Lock = std::unique_lock<std::mutex>;

	int control(uint8_t type, uint8_t request, uint16_t value, uint16_t index, std::vector<uint8_t> &data);
	int control(uint8_t type, uint8_t request, uint16_t value, uint16_t index);
	std::vector<uint8_t> descriptor(uint8_t kind, uint8_t index, uint16_t language, uint16_t bytes,
					const char *what);
	std::string string_descriptor(uint8_t index, uint16_t language);
	void read_strings();
	void give_address();
	void parse_configuration();

	Interface *find(unsigned interface);
	Interface *find_endpoint(uint8_t endpoint);
	UsbFile::EndpointTest endpoints_of(const Interface &interface) const;
	int claim_locked(UsbFile &file, unsigned interface, Lock &lock);
	int claim_endpoint(UsbFile &file, uint8_t endpoint, Lock &lock);
	int check_locked(UsbFile &file, const Urb &urb, Lock &lock);
	void release_locked(Interface &interface);

	UsbBackend &backend_;
	DeviceInfo info_;
	std::mutex mutex_; // the kernel's device lock
	std::condition_variable released_;
	std::vector<Interface> interfaces_;
	bool gone_ = false;
	bool configured_ = false;
};

} // namespace coffer
