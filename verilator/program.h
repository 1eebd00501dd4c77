// SPDX-License-Identifier: Apache-2.0
//
// The program that coffer-board run starts.

#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

namespace coffer {

// Says why a program cannot be run; status is env(1)'s.
struct ProgramError : std::runtime_error {
	ProgramError(int exit_status, const std::string &what) : std::runtime_error(what), status(exit_status) {}
	int status; // 126: found, but cannot be run with our libraries; 127: not found
};

// The file of a command, as execvp would find it. Throws ProgramError, also for what a preloaded library cannot reach:
// static programs, and set-uid ones.
std::filesystem::path find_program(const std::string &name);

struct ProgramEnvironment {
	std::filesystem::path preload; // coffer-preload.so
	std::filesystem::path tree;    // UMOCKDEV_DIR
	std::filesystem::path socket;
	std::string root; // COFFER_ROOT, or empty
};

pid_t start_program(const std::filesystem::path &file, const std::vector<std::string> &arguments,
		    const ProgramEnvironment &environment);

} // namespace coffer
