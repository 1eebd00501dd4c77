// SPDX-License-Identifier: Apache-2.0
//
// What a USB stack asks of a host controller with one device behind it: transfers (URBs), their cancellation,
// and a bus reset. The board implements it; usbcore's part and the USB/IP server stand on it.
//
// Status values are Linux's: 0, -EPIPE (STALL), -EOVERFLOW (babble), -EPROTO (no or garbled answer),
// -EREMOTEIO (short, where that was forbidden), -ESHUTDOWN (unplugged), and what cancel() was given.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace coffer {

struct Urb {
	uint8_t endpoint = 0;           // address with the direction bit; 0 for control either way
	std::array<uint8_t, 8> setup{}; // control only
	std::vector<uint8_t> data;      // OUT: what is sent; IN: room for what comes
	bool zero_packet =
		false; // OUT: end with a zero-length packet where the length is a multiple of the packet size
	bool short_not_ok = false;   // IN: a short packet is an error
	bool continuation = false;   // goes on the transfer of the URB before it: dies with that one
	bool fail_when_idle = false; // ends with -ETIMEDOUT where board time would stop waiting for it

	std::atomic<bool> submitted = false; // the backend has it, or had it
	size_t actual = 0;
	int status = 0;
	std::function<void(Urb &)> done; // once, on the backend's thread; may submit, must not block

	bool control() const { return (endpoint & 0x0F) == 0; }
	bool in() const { return (control() ? setup[0] : endpoint) & 0x80; }
};

using UrbPtr = std::shared_ptr<Urb>;

struct EndpointInfo {
	uint8_t interface;
	uint8_t alternate;
	uint8_t address;
	uint16_t max_packet;
};

class UsbBackend {
public:
	virtual ~UsbBackend() = default;

	virtual void submit(UrbPtr urb) = 0;
	// The URB ends with this status unless it has ended already.
	virtual void cancel(UrbPtr urb, int status) = 0;
	// Resets the bus: pending transfers end with -EPROTO, the device is back at address 0. False: unplugged.
	virtual bool reset() = 0;
	// The endpoints behind address 0 of the configuration, for packet sizes and data toggles.
	virtual void set_endpoints(std::vector<EndpointInfo> endpoints) = 0;
};

} // namespace coffer
