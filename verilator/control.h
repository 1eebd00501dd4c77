// SPDX-License-Identifier: Apache-2.0
//
// The control socket: a line in, a line out ("ok", "ok VALUE" or "error TEXT").
//
//   unplug K, replug K       the board of port K
//   cycles K, transfers K    board time and finished transfers since the start
//   peek K NAME INDEX        a word of the model's state in hex (only in the test build)
//   stop                     ends coffer-board

#pragma once

#include <list>
#include <poll.h>
#include <string>
#include <utility>
#include <vector>

#include "hub.h"

namespace coffer {

class Control {
public:
	explicit Control(Hub &hub) : hub_(hub) {}
	~Control();

	void listen(const std::string &path); // throws std::system_error
	// For the main loop: what to poll, and what to do after it.
	void add_polls(std::vector<pollfd> &polls) const;
	void serve(const std::vector<pollfd> &polls);
	// Whether `stop` was asked since the last call.
	bool take_stop() { return std::exchange(stopped_, false); }

private:
	struct Client {
		int fd;
		std::string line;
	};

	bool read_client(Client &client);
	std::string execute(const std::string &line);

	Hub &hub_;
	std::string path_;
	int listener_ = -1;
	std::list<Client> clients_;
	bool stopped_ = false;
};

} // namespace coffer
