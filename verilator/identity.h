// SPDX-License-Identifier: Apache-2.0
//
// Throw-away identities for virtual boards, made by `coffer provision`, and the reading of device secrets.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coffer {

struct Identity {
	std::string flash;         // file with the record
	std::string device_secret; // 64 hex digits
};

// 32 bytes or 64 hex digits in a file, as 64 hex digits. Throws std::runtime_error.
std::string read_device_secret(const std::string &path);

// One identity for each serial number, under one new root DIRECTORY/root/root.pem. Throws std::runtime_error.
std::vector<Identity> make_identities(const std::filesystem::path &coffer, const std::filesystem::path &directory,
				      const std::vector<std::string> &serials);
std::filesystem::path identity_root(const std::filesystem::path &directory);

} // namespace coffer
