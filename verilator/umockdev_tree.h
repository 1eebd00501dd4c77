// SPDX-License-Identifier: Apache-2.0
//
// The directory that libumockdev-preload shows to programs as /sys and /dev ($UMOCKDEV_DIR): a root hub and the
// boards behind it, with the attributes that libudev and libusb read, and the udev events of plugging and unplugging.

#pragma once

#include <filesystem>
#include <string>

#include "usbip_server.h"

namespace coffer {

class UmockdevTree {
public:
	explicit UmockdevTree(std::filesystem::path root);

	const std::filesystem::path &root() const { return root_; }
	void add(const ServedDevice &device);
	void remove(const ServedDevice &device);
	// Sends {add, remove} to every udev monitor that programs have open.
	void announce(const char *action, const ServedDevice &device);

private:
	std::filesystem::path hub() const;
	void add_hub();

	std::filesystem::path root_;
	uint64_t event_number_ = 0;
};

} // namespace coffer
