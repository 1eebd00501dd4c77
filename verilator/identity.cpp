// SPDX-License-Identifier: Apache-2.0

#include "identity.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "coffer_flash.h"

namespace coffer {

namespace fs = std::filesystem;

namespace {

constexpr size_t SecretDigits = 2 * COFFER_DEVICE_SECRET_BYTES;

// Runs a program quietly and waits for it; false: it failed.
bool run_quietly(const std::vector<std::string> &command)
{
	std::vector<char *> pointers;
	int status;

	for (const auto &each : command)
		pointers.push_back(const_cast<char *>(each.c_str()));
	pointers.push_back(nullptr);
	pid_t pid = fork();
	if (pid == 0) {
		sigset_t none;
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, nullptr);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execv(pointers[0], pointers.data());
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

std::string read_device_secret(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	std::string text{std::istreambuf_iterator<char>(file), {}};
	std::string hex;
	char digits[3];

	if (!file)
		throw std::runtime_error(path + ": cannot be read");
	if (text.size() == COFFER_DEVICE_SECRET_BYTES) {
		for (char each : text) {
			snprintf(digits, sizeof digits, "%02x", static_cast<uint8_t>(each));
			hex += digits;
		}
		return hex;
	}
	if (!text.empty() && text.back() == '\n')
		text.pop_back();
	if (text.size() != SecretDigits ||
	    !std::all_of(text.begin(), text.end(), [](unsigned char c) { return isxdigit(c); }))
		throw std::runtime_error(path + ": a device secret is 32 bytes or 64 hex digits");
	return text;
}

fs::path identity_root(const fs::path &directory)
{
	return directory / "root" / "root.pem";
}

std::vector<Identity> make_identities(const fs::path &coffer, const fs::path &directory,
				      const std::vector<std::string> &serials)
{
	std::vector<Identity> identities;
	fs::path root = directory / "root";

	for (const auto &serial : serials) {
		fs::path image = directory / (serial + ".img"), secret = directory / (serial + ".secret");
		std::vector<std::string> command{coffer, "provision", "--new-secret", "--device-secret",
						 secret, "--out",     image,          "--serial",
						 serial};
		if (identities.empty())
			command.insert(command.end(), {"--virtual", "--new-root", root});
		else
			command.insert(command.end(), {"--root-key", root / "root.key", "--root", root / "root.pem"});
		if (!run_quietly(command))
			throw std::runtime_error("`coffer provision` could not make an identity for " + serial);
		identities.push_back({image, read_device_secret(secret)});
	}
	return identities;
}

} // namespace coffer
