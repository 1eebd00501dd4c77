// SPDX-License-Identifier: Apache-2.0

#include "usbip_server.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "usbip_connection.h"

namespace coffer {

namespace {

[[noreturn]] void fail(const std::string &what)
{
	throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

std::string ServedDevice::node() const
{
	char name[16];

	snprintf(name, sizeof name, "%03u/%03u", bus, number);
	return name;
}

UsbipServer::~UsbipServer()
{
	std::unique_lock lock(mutex_);

	stopping_ = true;
	for (int fd : listening_)
		shutdown(fd, SHUT_RDWR);
	for (const auto &each : connections_)
		each->shut();
	changed_.wait(lock, [this] { return connections_.empty(); });
	lock.unlock();
	for (auto &each : acceptors_)
		each.join();
	for (int fd : listening_)
		close(fd);
	for (const auto &path : paths_)
		unlink(path.c_str());
}

void UsbipServer::listen_unix(const std::string &path)
{
	sockaddr_un address{};

	if (path.size() >= sizeof address.sun_path) {
		errno = ENAMETOOLONG;
		fail(path);
	}
	address.sun_family = AF_UNIX;
	memcpy(address.sun_path, path.c_str(), path.size());
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0)
		fail(path);
	paths_.push_back(path);
	listen_on(fd);
}

uint16_t UsbipServer::listen_loopback(uint16_t port)
{
	sockaddr_in address{};
	int on = 1;

	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0)
		fail("127.0.0.1:" + std::to_string(port));
	socklen_t bytes = sizeof address;
	getsockname(fd, reinterpret_cast<sockaddr *>(&address), &bytes);
	listen_on(fd);
	return ntohs(address.sin_port);
}

void UsbipServer::listen_on(int fd)
{
	if (listen(fd, SOMAXCONN) < 0)
		fail("listen");
	std::lock_guard lock(mutex_);
	listening_.push_back(fd);
	acceptors_.emplace_back([this, fd] { accept_loop(fd); });
}

void UsbipServer::accept_loop(int listener)
{
	for (;;) {
		int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
		std::lock_guard lock(mutex_);
		if (stopping_) {
			if (fd >= 0)
				close(fd);
			return;
		}
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				usleep(10'000);
			continue;
		}
		int on = 1;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // fails on a unix socket, which needs none
		auto connection = std::make_shared<UsbipConnection>(*this, fd);
		connections_.push_back(connection);
		try {
			std::thread([this, connection] { serve(connection); }).detach();
		} catch (const std::system_error &) { // no more threads: the client sees its connection closed
			connections_.pop_back();
		}
	}
}

void UsbipServer::serve(const std::shared_ptr<UsbipConnection> &connection)
{
	connection->run();
	connection->shut();
	std::lock_guard lock(mutex_);
	connections_.remove(connection);
	changed_.notify_all();
}

void UsbipServer::add(ServedDevicePtr device)
{
	std::lock_guard lock(mutex_);
	devices_[device->busid] = std::move(device);
}

void UsbipServer::remove(const ServedDevicePtr &device)
{
	auto uses_it = [&](const auto &connection) { return connection->device() == device; };
	std::unique_lock lock(mutex_);

	device->removed = true;
	if (auto found = devices_.find(device->busid); found != devices_.end() && found->second == device)
		devices_.erase(found);
	for (const auto &each : connections_)
		if (uses_it(each))
			each->shut();
	changed_.wait(lock, [&] { return std::none_of(connections_.begin(), connections_.end(), uses_it); });
}

std::vector<ServedDevicePtr> UsbipServer::devices()
{
	std::lock_guard lock(mutex_);
	std::vector<ServedDevicePtr> all;

	for (const auto &each : devices_)
		all.push_back(each.second);
	return all;
}

} // namespace coffer
