// SPDX-License-Identifier: Apache-2.0
//
// What other threads tell the main loop, which polls fd().

#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>

namespace coffer {

struct Event {
	enum class Kind : uint8_t { Plugged, PlugFailed, LimitReached, BoardFailed } kind;
	size_t port = 0;
	std::string text;
};

class Events {
public:
	Events() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
	~Events() { close(fd_); }
	Events(const Events &) = delete;
	Events &operator=(const Events &) = delete;

	int fd() const { return fd_; }

	void push(Event event)
	{
		std::lock_guard lock(mutex_);
		events_.push_back(std::move(event));
		eventfd_write(fd_, 1);
	}

	std::deque<Event> take()
	{
		std::lock_guard lock(mutex_);
		eventfd_t count;
		eventfd_read(fd_, &count);
		return std::move(events_);
	}

private:
	int fd_;
	std::mutex mutex_;
	std::deque<Event> events_;
};

} // namespace coffer
