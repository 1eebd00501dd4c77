// SPDX-License-Identifier: Apache-2.0

#include "program.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <system_error>
#include <unistd.h>

namespace coffer {

namespace fs = std::filesystem;

namespace {

constexpr int CannotRun = 126, NotFound = 127;
constexpr int MaxInterpreters = 4; // scripts whose interpreter is a script

// Whether an ELF file asks for a dynamic loader.
template <class Header, class Segment> bool has_loader(std::ifstream &file)
{
	Header header;
	Segment segment;

	file.seekg(0);
	if (!file.read(reinterpret_cast<char *>(&header), sizeof header))
		return false;
	for (unsigned index = 0; index < header.e_phnum; index++) {
		file.seekg(
			static_cast<std::streamoff>(header.e_phoff + index * static_cast<size_t>(header.e_phentsize)));
		if (!file.read(reinterpret_cast<char *>(&segment), sizeof segment))
			return false;
		if (segment.p_type == PT_INTERP)
			return true;
	}
	return false;
}

void check_rights(const fs::path &path)
{
	struct stat status;

	if (stat(path.c_str(), &status) < 0)
		throw ProgramError(NotFound, path.string() + ": " + strerror(errno));
	if (S_ISDIR(status.st_mode) || access(path.c_str(), X_OK) < 0)
		throw ProgramError(CannotRun,
				   path.string() + ": " + strerror(S_ISDIR(status.st_mode) ? EISDIR : errno));
	if ((status.st_mode & (S_ISUID | S_ISGID)) || getxattr(path.c_str(), "security.capability", nullptr, 0) > 0)
		throw ProgramError(CannotRun, path.string() +
						      ": is set-uid or has capabilities, so that no library of ours "
						      "reaches it; use a copy without them, or coffer-board serve");
}

void check_reachable(const fs::path &path, int depth = 0)
{
	std::array<char, EI_NIDENT> start{};

	check_rights(path);
	std::ifstream file(path, std::ios::binary);
	file.read(start.data(), start.size());
	std::string_view text(start.data(), static_cast<size_t>(file.gcount()));
	file.clear();
	if (text.substr(0, 2) == "#!" && depth < MaxInterpreters) {
		std::string line, interpreter;
		file.seekg(2);
		std::getline(file, line);
		std::istringstream(line) >> interpreter;
		return check_reachable(interpreter, depth + 1);
	}
	if (text.substr(0, SELFMAG) != ELFMAG)
		return; // execve will say
	bool dynamic = start[EI_CLASS] == ELFCLASS64 ? has_loader<Elf64_Ehdr, Elf64_Phdr>(file)
						     : has_loader<Elf32_Ehdr, Elf32_Phdr>(file);
	if (!dynamic)
		throw ProgramError(CannotRun, path.string() +
						      ": is statically linked, so that no library of ours reaches it; "
						      "use coffer-board serve");
}

void prepend(const char *name, const std::string &text, char separator)
{
	const char *before = getenv(name);

	setenv(name, (before && *before ? text + separator + before : text).c_str(), 1);
}

void set_environment(const ProgramEnvironment &environment)
{
	prepend("LD_PRELOAD", environment.preload.string() + ":libumockdev-preload.so.0", ':');
	// AddressSanitizer wants to be the first library; it works behind ours as well.
	prepend("ASAN_OPTIONS", "verify_asan_link_order=0", ':');
	setenv("UMOCKDEV_DIR", environment.tree.c_str(), 1);
	setenv("COFFER_BOARD_SOCKET", environment.socket.c_str(), 1);
	if (!environment.root.empty())
		setenv("COFFER_ROOT", environment.root.c_str(), 1);
}

} // namespace

fs::path find_program(const std::string &name)
{
	const char *search = getenv("PATH");
	std::istringstream path(search ? search : "/bin:/usr/bin");
	std::string directory;

	if (name.find('/') != std::string::npos) {
		check_reachable(name);
		return name;
	}
	while (std::getline(path, directory, ':')) {
		fs::path file = fs::path(directory.empty() ? "." : directory) / name;
		struct stat status;
		if (stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(file.c_str(), X_OK) == 0) {
			check_reachable(file);
			return file;
		}
	}
	throw ProgramError(NotFound, name + ": command not found");
}

pid_t start_program(const fs::path &file, const std::vector<std::string> &arguments,
		    const ProgramEnvironment &environment)
{
	std::vector<char *> pointers;
	for (const auto &each : arguments)
		pointers.push_back(const_cast<char *>(each.c_str()));
	pointers.push_back(nullptr);

	set_environment(environment);
	pid_t pid = fork();
	if (pid < 0)
		throw std::system_error(errno, std::generic_category(), "fork");
	if (pid > 0)
		return pid;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, nullptr);
	execv(file.c_str(), pointers.data());
	dprintf(STDERR_FILENO, "coffer-board: %s: %s\n", file.c_str(), strerror(errno));
	_exit(CannotRun);
}

} // namespace coffer
