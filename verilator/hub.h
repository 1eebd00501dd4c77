// SPDX-License-Identifier: Apache-2.0
//
// The ports that boards are plugged into, 1 to N ("1-1" to "1-N"): plugs them in, unplugs them, and keeps USB/IP server
// and device tree in step. A plug is a power-on: the board forgets everything but its flash.

#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "board.h"
#include "umockdev_tree.h"
#include "usbip_server.h"

namespace coffer {

class Hub {
public:
	Hub(std::vector<BoardConfig> boards, const std::filesystem::path &tree);
	~Hub();

	UsbipServer &server() { return server_; }
	const std::filesystem::path &tree() const { return tree_.root(); }
	size_t ports() const { return ports_.size(); }

	void plug_all();          // throws std::runtime_error, as plug() does
	void plug(size_t port);   // enumerates the board
	void unplug(size_t port); // nothing where it is unplugged
	bool plugged(size_t port);
	uint64_t cycles(size_t port); // since the start, over all plugs
	uint64_t transfers(size_t port);
	uint64_t cpu_time(size_t port); // nanoseconds, of the simulation alone
	std::string peek(size_t port, const std::string &name, size_t index);
	std::string serial(size_t port);

private:
	struct Plugged {
		Plugged(const BoardConfig &config, size_t port, unsigned number)
		    : board(config), core(board), device{"1-" + std::to_string(port), 1, number, board, core}
		{
		}
		Board board;
		UsbCore core;
		ServedDevice device;
	};
	struct Port {
		BoardConfig config;
		std::shared_ptr<Plugged> plugged;
		uint64_t cycles_before = 0, transfers_before = 0, cpu_time_before = 0;
	};

	Port &at(size_t port);
	std::shared_ptr<Plugged> power(size_t port);
	void enumerate(size_t port, const std::shared_ptr<Plugged> &plugged);
	std::shared_ptr<Plugged> now(size_t port);

	std::mutex mutex_; // of ports_' contents and of what plugging changes
	std::vector<Port> ports_;
	unsigned next_number_ = 2; // of a device on the bus; 1 is the root hub
	UmockdevTree tree_;
	UsbipServer server_;
};

} // namespace coffer
