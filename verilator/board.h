// SPDX-License-Identifier: Apache-2.0
//
// One virtual board, from power-on to unplugging: its model and host controller on a thread of their own. The thread
// sleeps while the clock stands still (HostController).

#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "board_model.h"
#include "host_controller.h"
#include "usb_backend.h"

namespace coffer {

struct BoardConfig {
	ModelConfig model;
	bool skip_after_nak = true;
	uint64_t limit = 0;                                  // cycles after which the board stops; 0: none
	std::function<void()> on_limit;                      // then called, on the board's thread
	std::function<void(const std::string &)> on_failure; // the model cannot go on; on the board's thread
};

class Board : public UsbBackend {
public:
	explicit Board(BoardConfig config);
	~Board() override; // unplugs

	void submit(UrbPtr urb) override;
	void cancel(UrbPtr urb, int status) override;
	bool reset() override;
	void set_endpoints(std::vector<EndpointInfo> endpoints) override;

	// Every pending and later transfer ends with -ESHUTDOWN; the power is gone.
	void unplug();

	uint64_t cycles() const { return cycles_.load(std::memory_order_relaxed); }
	uint64_t transfers() const { return transfers_.load(std::memory_order_relaxed); }
	// CPU time that the simulation has taken, power-on included, in nanoseconds.
	uint64_t cpu_time() const { return cpu_time_.load(std::memory_order_relaxed); }
	// See BoardModel::peek. Lets no board time pass.
	std::string peek(const std::string &name, size_t index);

private:
	using Task = std::function<void()>;

	static constexpr uint64_t AttachLimit = 60'000'000; // cycles from power-on to the pull-up

	void run();
	void power_on();
	void publish();
	void publish_cpu_time();
	bool post(Task task); // false: unplugged
	void work_off();
	bool wait_for_work();
	bool do_reset();
	void stop();
	void end();

	BoardConfig config_;
	std::unique_ptr<BoardModel> model_;
	std::unique_ptr<HostController> host_;
	std::atomic<uint64_t> cycles_ = 0, transfers_ = 0, cpu_time_ = 0;

	std::mutex mutex_;
	std::condition_variable posted_;
	std::deque<Task> tasks_;
	std::atomic<bool> has_tasks_ = false;
	std::atomic<bool> stop_ = false;
	bool ended_ = false;
	std::mutex join_mutex_;
	std::thread thread_;
};

} // namespace coffer
