// SPDX-License-Identifier: Apache-2.0
//
// The command line of coffer-board.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board_model.h"

namespace coffer {

struct Options {
	bool serve = false; // else run
	bool small = false; // --contexts small
	bool quiet = false;
	bool stats = false;
	unsigned boards = 1;
	std::string serial;
	std::optional<uint64_t> seed;
	std::vector<std::string> flash; // one a board, or none
	std::string device_secret;      // file
	std::optional<TraceWindow> trace;
	uint64_t limit = 0;
	bool skip_after_nak = true;
	std::string control;
	std::string socket; // of USB/IP, beside TCP
	uint16_t port = 3240;
	std::vector<std::string> program; // and its arguments
};

// std::nullopt: the program is done (--help, --version), or the usage was wrong; status says which.
std::optional<Options> parse_options(int argc, char **argv, int &status);

} // namespace coffer
