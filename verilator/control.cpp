// SPDX-License-Identifier: Apache-2.0

#include "control.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace coffer {

namespace {

constexpr size_t MaxLine = 1024;

} // namespace

Control::~Control()
{
	for (const Client &each : clients_)
		close(each.fd);
	if (listener_ >= 0) {
		close(listener_);
		unlink(path_.c_str());
	}
}

void Control::listen(const std::string &path)
{
	sockaddr_un address{};
	bool fits = path.size() < sizeof address.sun_path;

	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path.c_str(), fits ? path.size() : 0);
	errno = ENAMETOOLONG;
	int fd = fits ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0 ||
	    ::listen(fd, SOMAXCONN) < 0) {
		int error = errno;
		if (fd >= 0)
			close(fd);
		throw std::system_error(error, std::generic_category(), path);
	}
	listener_ = fd;
	path_ = path;
}

void Control::add_polls(std::vector<pollfd> &polls) const
{
	if (listener_ >= 0)
		polls.push_back({listener_, POLLIN, 0});
	for (const Client &each : clients_)
		polls.push_back({each.fd, POLLIN, 0});
}

void Control::serve(const std::vector<pollfd> &polls)
{
	auto ready = [&](int fd) {
		return std::any_of(polls.begin(), polls.end(),
				   [fd](const pollfd &each) { return each.fd == fd && each.revents; });
	};

	for (auto at = clients_.begin(); at != clients_.end();) {
		if (ready(at->fd) && !read_client(*at)) {
			close(at->fd);
			at = clients_.erase(at);
		} else {
			++at;
		}
	}
	if (listener_ >= 0 && ready(listener_))
		if (int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); fd >= 0)
			clients_.push_back({fd, {}});
}

bool Control::read_client(Client &client)
{
	char text[512];
	ssize_t got = read(client.fd, text, sizeof text);

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	client.line.append(text, static_cast<size_t>(got));
	for (size_t end; (end = client.line.find('\n')) != std::string::npos; client.line.erase(0, end + 1)) {
		std::string answer = execute(client.line.substr(0, end)) + "\n";
		if (send(client.fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
			return false;
	}
	return client.line.size() < MaxLine;
}

std::string Control::execute(const std::string &line)
{
	std::istringstream words(line);
	std::string command, name;
	size_t port = 0, index = 0;

	words >> command >> port >> name >> index;
	try {
		if (command == "stop")
			stopped_ = true;
		else if (command == "unplug")
			hub_.unplug(port);
		else if (command == "replug")
			hub_.plug(port);
		else if (command == "cycles")
			return "ok " + std::to_string(hub_.cycles(port));
		else if (command == "transfers")
			return "ok " + std::to_string(hub_.transfers(port));
		else if (command == "peek")
			return "ok " + hub_.peek(port, name, index);
		else
			return "error unknown command " + command;
		return "ok";
	} catch (const std::exception &error) {
		return std::string("error ") + error.what();
	}
}

} // namespace coffer
