// SPDX-License-Identifier: Apache-2.0
//
// Sends messages on a stream socket, whole and in order, without ever blocking the caller: what the socket does not
// take at once waits in a queue, which a thread of its own empties. A board's thread must not wait for a client
// that has stopped reading.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace coffer {

class SocketWriter {
public:
	explicit SocketWriter(int fd) : fd_(fd) {}
	~SocketWriter(); // after shutdown() of the socket
	SocketWriter(const SocketWriter &) = delete;
	SocketWriter &operator=(const SocketWriter &) = delete;

	void send(std::span<const uint8_t> head, std::span<const uint8_t> payload = {});
	// Sleeps while more than so many bytes wait, unless the socket is broken: for a reader whose peer asks for more
	// without taking the answers.
	void drain_to(size_t bytes);

private:
	size_t send_now(std::span<const uint8_t> bytes, int flags);
	void run();

	int fd_;
	std::mutex mutex_;
	std::condition_variable changed_;
	std::deque<std::vector<uint8_t>> queue_; // the front one is being sent by the thread
	size_t queued_ = 0;                      // bytes in it
	bool broken_ = false;
	bool stop_ = false;
	std::thread thread_;
};

} // namespace coffer
