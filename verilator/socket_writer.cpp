// SPDX-License-Identifier: Apache-2.0

#include "socket_writer.h"

#include <cerrno>
#include <sys/socket.h>

namespace coffer {

SocketWriter::~SocketWriter()
{
	{
		std::lock_guard lock(mutex_);
		stop_ = true;
	}
	changed_.notify_all();
	if (thread_.joinable())
		thread_.join();
}

// How many bytes went out; a broken socket takes everything and sends nothing.
size_t SocketWriter::send_now(std::span<const uint8_t> bytes, int flags)
{
	size_t done = 0;

	while (done < bytes.size()) {
		ssize_t sent = ::send(fd_, bytes.data() + done, bytes.size() - done, flags | MSG_NOSIGNAL);
		if (sent > 0)
			done += static_cast<size_t>(sent);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			return broken_ = true, bytes.size();
	}
	return done;
}

void SocketWriter::send(std::span<const uint8_t> head, std::span<const uint8_t> payload)
{
	std::lock_guard lock(mutex_);

	if (broken_)
		return;
	size_t sent_head = 0, sent_payload = 0;
	if (queue_.empty()) {
		sent_head = send_now(head, MSG_DONTWAIT | (payload.empty() ? 0 : MSG_MORE));
		if (sent_head == head.size() && !broken_)
			sent_payload = send_now(payload, MSG_DONTWAIT);
	}
	if (broken_ || sent_head + sent_payload == head.size() + payload.size())
		return;
	std::vector<uint8_t> rest(head.begin() + static_cast<ptrdiff_t>(sent_head), head.end());
	rest.insert(rest.end(), payload.begin() + static_cast<ptrdiff_t>(sent_payload), payload.end());
	queued_ += rest.size();
	queue_.push_back(std::move(rest));
	if (!thread_.joinable())
		thread_ = std::thread([this] { run(); });
	changed_.notify_all();
}

void SocketWriter::drain_to(size_t bytes)
{
	std::unique_lock lock(mutex_);

	changed_.wait(lock, [&] { return broken_ || queued_ <= bytes; });
}

void SocketWriter::run()
{
	std::unique_lock lock(mutex_);

	for (;;) {
		changed_.wait(lock, [this] { return stop_ || !queue_.empty(); });
		if (stop_ || broken_)
			return;
		const std::vector<uint8_t> &front = queue_.front(); // stays put while others are added behind it
		lock.unlock();
		size_t done = 0;
		while (done < front.size()) {
			ssize_t sent = ::send(fd_, front.data() + done, front.size() - done, MSG_NOSIGNAL);
			if (sent < 0 && errno == EINTR)
				continue;
			if (sent <= 0)
				break;
			done += static_cast<size_t>(sent);
		}
		bool failed = done < front.size();
		lock.lock();
		queued_ -= front.size();
		queue_.pop_front();
		broken_ |= failed;
		changed_.notify_all();
	}
}

} // namespace coffer
