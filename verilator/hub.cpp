// SPDX-License-Identifier: Apache-2.0

#include "hub.h"

#include <future>
#include <stdexcept>

namespace coffer {

Hub::Hub(std::vector<BoardConfig> boards, const std::filesystem::path &tree) : tree_(tree)
{
	for (auto &each : boards)
		ports_.push_back({std::move(each), nullptr});
}

Hub::~Hub()
{
	for (size_t port = 1; port <= ports_.size(); port++)
		unplug(port);
}

Hub::Port &Hub::at(size_t port)
{
	if (port < 1 || port > ports_.size())
		throw std::runtime_error("there is no port " + std::to_string(port));
	return ports_[port - 1];
}

std::shared_ptr<Hub::Plugged> Hub::now(size_t port)
{
	std::lock_guard lock(mutex_);
	return at(port).plugged;
}

void Hub::plug_all()
{
	std::vector<std::future<void>> plugs;

	for (size_t port = 1; port <= ports_.size(); port++)
		plugs.push_back(std::async(std::launch::async,
					   [this, port, plugged = power(port)] { enumerate(port, plugged); }));
	for (auto &each : plugs)
		each.get();
}

void Hub::plug(size_t port)
{
	enumerate(port, power(port));
}

std::shared_ptr<Hub::Plugged> Hub::power(size_t port)
{
	std::lock_guard lock(mutex_);
	Port &target = at(port);

	if (target.plugged)
		throw std::runtime_error("port " + std::to_string(port) + " has a board");
	target.plugged = std::make_shared<Plugged>(target.config, port, next_number_++);
	return target.plugged;
}

void Hub::enumerate(size_t port, const std::shared_ptr<Plugged> &plugged)
{
	try {
		plugged->core.enumerate();
	} catch (...) {
		unplug(port);
		throw;
	}
	std::lock_guard lock(mutex_);
	if (at(port).plugged != plugged)
		return; // unplugged in the meantime
	tree_.add(plugged->device);
	server_.add(ServedDevicePtr(plugged, &plugged->device));
	tree_.announce("add", plugged->device);
}

void Hub::unplug(size_t port)
{
	std::shared_ptr<Plugged> plugged;
	{
		std::lock_guard lock(mutex_);
		plugged = std::move(at(port).plugged);
	}
	if (!plugged)
		return;
	// The order of the kernel's disconnect: nothing more is let through, what is pending ends, last its files go.
	plugged->core.disconnect();
	plugged->board.unplug();
	server_.remove(ServedDevicePtr(plugged, &plugged->device));

	std::lock_guard lock(mutex_);
	tree_.remove(plugged->device);
	tree_.announce("remove", plugged->device);
	at(port).cycles_before += plugged->board.cycles();
	at(port).transfers_before += plugged->board.transfers();
	at(port).cpu_time_before += plugged->board.cpu_time();
}

bool Hub::plugged(size_t port)
{
	return now(port) != nullptr;
}

uint64_t Hub::cycles(size_t port)
{
	std::lock_guard lock(mutex_);
	const Port &target = at(port);
	return target.cycles_before + (target.plugged ? target.plugged->board.cycles() : 0);
}

uint64_t Hub::transfers(size_t port)
{
	std::lock_guard lock(mutex_);
	const Port &target = at(port);
	return target.transfers_before + (target.plugged ? target.plugged->board.transfers() : 0);
}

uint64_t Hub::cpu_time(size_t port)
{
	std::lock_guard lock(mutex_);
	const Port &target = at(port);
	return target.cpu_time_before + (target.plugged ? target.plugged->board.cpu_time() : 0);
}

std::string Hub::peek(size_t port, const std::string &name, size_t index)
{
	auto plugged = now(port);

	if (!plugged)
		throw std::runtime_error("port " + std::to_string(port) + " has no board");
	return plugged->board.peek(name, index);
}

std::string Hub::serial(size_t port)
{
	auto plugged = now(port);
	return plugged ? plugged->core.info().serial : std::string();
}

} // namespace coffer
