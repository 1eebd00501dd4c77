// SPDX-License-Identifier: Apache-2.0

#include "board.h"

#include <cerrno>
#include <ctime>
#include <future>
#include <stdexcept>

namespace coffer {

Board::Board(BoardConfig config) : config_(std::move(config)), thread_([this] { run(); }) {}

Board::~Board()
{
	unplug();
}

// ---- from other threads --------------------------------------------------------------------------------

bool Board::post(Task task)
{
	std::lock_guard lock(mutex_);

	if (ended_)
		return false;
	tasks_.push_back(std::move(task));
	has_tasks_.store(true, std::memory_order_release);
	posted_.notify_one();
	return true;
}

// Where the board is stopping, or has not come up, there is no host controller to ask.
void Board::submit(UrbPtr urb)
{
	auto refuse = [](Urb &each) {
		each.status = -ESHUTDOWN;
		auto done = std::move(each.done);
		if (done)
			done(each);
	};
	if (!post([this, urb, refuse] { stop_ ? refuse(*urb) : host_->enqueue(urb); }))
		refuse(*urb);
}

void Board::cancel(UrbPtr urb, int status)
{
	post([this, urb = std::move(urb), status] {
		if (host_)
			host_->cancel(urb, status);
	});
}

bool Board::reset()
{
	std::promise<bool> result;

	if (!post([&] { result.set_value(!stop_ && do_reset()); }))
		return false;
	return result.get_future().get();
}

void Board::set_endpoints(std::vector<EndpointInfo> endpoints)
{
	post([this, endpoints = std::move(endpoints)] {
		if (!stop_)
			host_->set_endpoints(endpoints);
	});
}

std::string Board::peek(const std::string &name, size_t index)
{
	std::promise<std::string> result;

	if (!post([&] {
		    try {
			    if (stop_)
				    throw std::runtime_error("the board is unplugged");
			    result.set_value(model_->peek(name, index));
		    } catch (...) {
			    result.set_exception(std::current_exception());
		    }
	    }))
		throw std::runtime_error("the board is unplugged");
	return result.get_future().get();
}

void Board::stop()
{
	std::lock_guard lock(mutex_);

	stop_ = true;
	posted_.notify_one();
}

void Board::unplug()
{
	stop();
	std::lock_guard lock(join_mutex_);
	if (thread_.joinable())
		thread_.join();
}

// ---- the board's thread -----------------------------------------------------------------------------------

void Board::work_off()
{
	if (!has_tasks_.load(std::memory_order_acquire))
		return;
	std::deque<Task> tasks;
	{
		std::lock_guard lock(mutex_);
		tasks.swap(tasks_);
		has_tasks_ = false;
	}
	for (Task &each : tasks)
		each();
}

// Sleeps while the clock stands still; false: it is over.
bool Board::wait_for_work()
{
	for (;;) {
		work_off();
		if (stop_)
			return false;
		if (!host_->may_stop())
			return true;
		host_->expire_idle();
		std::unique_lock lock(mutex_);
		posted_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
	}
}

bool Board::do_reset()
{
	for (uint64_t limit = model_->cycles() + AttachLimit; !model_->attached();
	     model_->run_until(model_->cycles() + 1'000))
		if (stop_ || model_->cycles() > limit)
			return false;
	return host_->bus_reset();
}

void Board::power_on()
{
	model_ = make_board_model(config_.model);
	host_ = std::make_unique<HostController>(*model_);
	host_->skip_after_nak = config_.skip_after_nak;
	host_->poll = [this] {
		publish();
		work_off();
	};
}

void Board::publish()
{
	cycles_.store(model_->cycles(), std::memory_order_relaxed);
	transfers_.store(host_->transfers(), std::memory_order_relaxed);
}

// Of the calling thread, which is the board's.
void Board::publish_cpu_time()
{
	timespec now{};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	cpu_time_.store(static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec),
			std::memory_order_relaxed);
}

void Board::run()
{
	try {
		power_on();
		while (wait_for_work()) {
			host_->microframe();
			publish();
			publish_cpu_time();
			if (config_.limit && model_->cycles() >= config_.limit) {
				config_.on_limit();
				break;
			}
		}
	} catch (const std::exception &error) {
		config_.on_failure(error.what());
	}
	end();
}

void Board::end()
{
	stop_ = true;
	{
		std::lock_guard lock(mutex_);
		ended_ = true;
	}
	work_off();
	if (host_)
		host_->cancel_all(-ESHUTDOWN);
	host_.reset();
	model_.reset();
}

} // namespace coffer
