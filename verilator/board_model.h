// SPDX-License-Identifier: Apache-2.0
//
// The Verilated board with the models around it, from power-on: what a host sees at the other end of the cable.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host_controller.h"

namespace coffer {

struct TraceWindow {
	std::string file;
	uint64_t from = 0, to = 0; // cycles
};

struct ModelConfig {
	std::string firmware;      // hex file; empty: what the RTL names
	std::string flash;         // file; empty: erased
	std::string device_secret; // 64 hex digits; empty: the RTL's
	uint64_t seed = 0;
	std::optional<TraceWindow> trace;
};

class BoardModel : public Wire {
public:
	// The value of a signal (or of one word of a memory) in hex, by its hierarchical name. Works in builds that
	// make it public; else, and for an unknown name, throws std::runtime_error.
	virtual std::string peek(const std::string &name, size_t index) = 0;
};

// To be called and used on one thread.
std::unique_ptr<BoardModel> make_board_model(const ModelConfig &config);

} // namespace coffer
