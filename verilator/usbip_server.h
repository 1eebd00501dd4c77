// SPDX-License-Identifier: Apache-2.0
//
// The USB/IP server of the virtual boards. Two kinds of clients speak to it: a kernel (usbip attach), which imports a
// whole device and has it alone, and the preload library, each of whose connections is one open device file and is
// judged by the board's UsbCore.
//
// Two things that a server must get right for a kernel: an UNLINK may overtake its SUBMIT, which is then swallowed,
// not run; and what a cancelled transfer has moved is reported by RET_SUBMIT before RET_UNLINK.

#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "usb_core.h"

namespace coffer {

// A device from its plugging in to its unplugging.
struct ServedDevice {
	std::string busid; // "1-1"
	unsigned bus = 1;
	unsigned number = 0; // of the device on its bus, as in /dev/bus/usb/001/002
	UsbBackend &backend;
	UsbCore &core;
	std::atomic<bool> removed = false;
	std::atomic<bool> imported = false;
	std::atomic<unsigned> files = 0;

	std::string node() const;
};
using ServedDevicePtr = std::shared_ptr<ServedDevice>;

class UsbipConnection;

class UsbipServer {
public:
	UsbipServer() = default;
	~UsbipServer();

	void listen_unix(const std::string &path); // removed again at the end
	uint16_t listen_loopback(uint16_t port);   // 127.0.0.1 only; 0: any, and which; both throw std::system_error

	void add(ServedDevicePtr device);
	// Ends the device's connections; its board must be unplugged already.
	void remove(const ServedDevicePtr &device);

	std::vector<ServedDevicePtr> devices();

private:
	friend class UsbipConnection;

	void listen_on(int fd);
	void accept_loop(int fd);
	void serve(const std::shared_ptr<UsbipConnection> &connection);

	std::mutex mutex_;
	std::condition_variable changed_;
	std::map<std::string, ServedDevicePtr> devices_;
	std::list<std::shared_ptr<UsbipConnection>> connections_;
	std::vector<int> listening_;
	std::vector<std::string> paths_; // of unix sockets
	std::vector<std::thread> acceptors_;
	bool stopping_ = false;
};

} // namespace coffer
