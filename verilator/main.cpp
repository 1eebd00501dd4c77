// SPDX-License-Identifier: Apache-2.0
//
// coffer-board: virtual boards for one program (run) or for `usbip attach` (serve).

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <random>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "events.h"
#include "hub.h"
#include "identity.h"
#include "options.h"
#include "program.h"
#include "spi_flash.h"
#include "usbip_protocol.h"

namespace coffer {

namespace fs = std::filesystem;

namespace {

constexpr int OwnFailure = 125;
constexpr size_t MaxDirectory = 80; // leaves room for socket names in it
constexpr int StatusMilliseconds = 500;

// A directory of our own, gone at the end.
class TemporaryDirectory {
public:
	TemporaryDirectory()
	{
		const char *base = getenv("TMPDIR");
		std::string name = std::string(base && strlen(base) < MaxDirectory ? base : "/tmp") + "/coffer-XXXXXX";
		if (!mkdtemp(name.data()))
			throw std::system_error(errno, std::generic_category(), name);
		path_ = name;
	}
	~TemporaryDirectory()
	{
		std::error_code ignored;
		fs::remove_all(path_, ignored);
	}
	const fs::path &path() const { return path_; }

private:
	fs::path path_;
};

// Files that belong to this program, in the build tree or as installed.
fs::path own_file(std::initializer_list<const char *> candidates)
{
	fs::path here = fs::read_symlink("/proc/self/exe").parent_path();

	for (const char *each : candidates)
		if (fs::exists(here / each))
			return fs::weakly_canonical(here / each);
	return {};
}

class Application {
public:
	explicit Application(Options options) : options_(std::move(options)) {}
	int run();

private:
	void say(const char *format, ...) __attribute__((format(printf, 2, 3)));
	std::vector<BoardConfig> configure();
	std::vector<std::string> serials() const;
	void find_identities(std::vector<BoardConfig> &boards);
	void block_signals();
	void start_plugging();
	void loop();
	void take_events();
	void plugged();
	void take_signals();
	void end_with(int status);
	void show_status(bool last);
	void show_stats();

	Options options_;
	fs::path program_;
	fs::path root_;
	TemporaryDirectory directory_;
	Events events_;
	std::unique_ptr<Hub> hub_;
	std::unique_ptr<Control> control_;
	std::future<void> plugging_;
	int signals_ = -1;
	pid_t child_ = -1;
	bool ended_ = false;
	bool failed_ = false; // a board: whatever the program says, the run is void
	bool terminal_ = false;
	int status_ = 0;
	std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
	uint64_t shown_cycles_ = 0;
};

void Application::say(const char *format, ...)
{
	va_list list;

	if (options_.quiet)
		return;
	va_start(list, format);
	fputs("coffer-board: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
	va_end(list);
}

// ---- what the boards are --------------------------------------------------------------------------------

std::vector<std::string> Application::serials() const
{
	std::vector<std::string> names;

	for (unsigned port = 1; port <= options_.boards; port++) {
		std::string number = std::to_string(port);
		if (options_.serial.empty())
			names.push_back("VB" + std::string(4 - number.size(), '0') + number);
		else
			names.push_back(options_.boards == 1 ? options_.serial : options_.serial + "-" + number);
	}
	return names;
}

void Application::find_identities(std::vector<BoardConfig> &boards)
{
	if (!options_.flash.empty()) {
		std::string secret = options_.device_secret.empty() ? "" : read_device_secret(options_.device_secret);
		for (size_t index = 0; index < boards.size(); index++) {
			SpiFlash().load(options_.flash[index]); // said now and once, not by the board
			boards[index].model.flash = options_.flash[index];
			boards[index].model.device_secret = secret;
		}
		return;
	}
	fs::path coffer = own_file({"coffer", "../bin/coffer"});
	if (coffer.empty()) {
		say("there is no coffer beside me: the boards have no identity");
		return;
	}
	auto identities = make_identities(coffer, directory_.path(), serials());
	root_ = identity_root(directory_.path());
	for (size_t index = 0; index < boards.size(); index++) {
		boards[index].model.flash = identities[index].flash;
		boards[index].model.device_secret = identities[index].device_secret;
	}
}

std::vector<BoardConfig> Application::configure()
{
	std::vector<BoardConfig> boards(options_.boards);
	uint64_t seed = options_.seed.value_or(std::random_device{}());
	fs::path firmware = own_file({"../fw/coffer.hex", "../share/coffer/coffer.hex"});

	if (firmware.empty())
		throw std::runtime_error("the firmware, fw/coffer.hex, is missing");
	say("seed %llu", static_cast<unsigned long long>(seed));
	find_identities(boards);
	for (size_t index = 0; index < boards.size(); index++) {
		BoardConfig &board = boards[index];
		size_t port = index + 1;
		board.model.firmware = firmware;
		board.model.seed = seed + index;
		board.model.trace = options_.trace;
		board.skip_after_nak = options_.skip_after_nak;
		board.limit = options_.limit;
		board.on_limit = [this, port] {
			events_.push({Event::Kind::LimitReached, port,
				      "reached its limit of " + std::to_string(options_.limit) +
					      " cycles and is unplugged"});
		};
		board.on_failure = [this, port](const std::string &text) {
			events_.push({Event::Kind::BoardFailed, port, "has failed: " + text});
		};
	}
	return boards;
}

// ---- the main loop ----------------------------------------------------------------------------------------

void Application::block_signals()
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (int each : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
		sigaddset(&set, each);
	sigprocmask(SIG_BLOCK, &set, nullptr);
	signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void Application::start_plugging()
{
	plugging_ = std::async(std::launch::async, [this] {
		try {
			hub_->plug_all();
			events_.push({Event::Kind::Plugged, 0, {}});
		} catch (const std::exception &error) {
			events_.push({Event::Kind::PlugFailed, 0, error.what()});
		}
	});
}

void Application::end_with(int status)
{
	if (!ended_)
		status_ = status;
	ended_ = true;
}

void Application::plugged()
{
	if (options_.serve) {
		bool usual = options_.port == USBIP_PORT;
		for (size_t port = 1; port <= hub_->ports(); port++)
			say("board 1-%zu, serial number %s: usbip%s%s attach -r 127.0.0.1 -b 1-%zu", port,
			    hub_->serial(port).c_str(), usual ? "" : " --tcp-port ",
			    usual ? "" : std::to_string(options_.port).c_str(), port);
		if (!root_.empty())
			say("its root of trust, until I end: COFFER_ROOT=%s", root_.c_str());
		return;
	}
	ProgramEnvironment environment{own_file({"../lib/coffer-preload.so", "../lib/coffer/coffer-preload.so"}),
				       hub_->tree(), directory_.path() / "usbip", root_};
	child_ = start_program(program_, options_.program, environment);
}

void Application::take_events()
{
	for (const Event &event : events_.take()) {
		switch (event.kind) {
		case Event::Kind::Plugged:
			if (!ended_)
				plugged();
			break;
		case Event::Kind::PlugFailed:
			if (!ended_)
				fprintf(stderr, "coffer-board: %s\n", event.text.c_str());
			end_with(OwnFailure);
			break;
		case Event::Kind::BoardFailed:
			failed_ = true;
			[[fallthrough]];
		case Event::Kind::LimitReached:
			fprintf(stderr, "coffer-board: board 1-%zu %s\n", event.port, event.text.c_str());
			hub_->unplug(event.port);
		}
	}
}

void Application::take_signals()
{
	signalfd_siginfo info;
	int status;

	while (read(signals_, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD) {
			if (child_ > 0 && waitpid(child_, &status, WNOHANG) == child_) {
				child_ = -1;
				end_with(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
			}
		} else if (child_ <= 0) {
			end_with(options_.serve ? 0 : 128 + static_cast<int>(info.ssi_signo));
		} else if (info.ssi_code != SI_KERNEL) {
			kill(child_, static_cast<int>(info.ssi_signo)); // a terminal's reach the program by themselves
		}
	}
}

void Application::show_status(bool last)
{
	auto now = std::chrono::steady_clock::now();
	double seconds = std::chrono::duration<double>(now - shown_).count();
	uint64_t cycles = 0, transfers = 0;

	if (!terminal_ || (!last && seconds * 1000 < StatusMilliseconds))
		return;
	for (size_t port = 1; port <= hub_->ports(); port++) {
		cycles += hub_->cycles(port);
		transfers += hub_->transfers(port);
	}
	fprintf(stderr, "\r\033[K%.1f million cycles, %.2f MHz, %llu transfers%s", static_cast<double>(cycles) / 1e6,
		static_cast<double>(cycles - shown_cycles_) / 1e6 / seconds, static_cast<unsigned long long>(transfers),
		last ? "\n" : "");
	shown_ = now;
	shown_cycles_ = cycles;
}

void Application::show_stats()
{
	if (!options_.stats)
		return;
	for (size_t port = 1; port <= hub_->ports(); port++) {
		auto cycles = static_cast<double>(hub_->cycles(port)),
		     seconds = static_cast<double>(hub_->cpu_time(port)) / 1e9;
		fprintf(stderr,
			"coffer-board: board 1-%zu: %.0f cycles, %llu transfers, %.2f CPU seconds, %.3f million cycles per CPU second\n",
			port, cycles, static_cast<unsigned long long>(hub_->transfers(port)), seconds,
			seconds > 0 ? cycles / 1e6 / seconds : 0);
	}
}

void Application::loop()
{
	while (!ended_) {
		std::vector<pollfd> polls{{signals_, POLLIN, 0}, {events_.fd(), POLLIN, 0}};
		control_->add_polls(polls);
		poll(polls.data(), polls.size(), terminal_ ? StatusMilliseconds : -1);
		take_events();
		take_signals();
		control_->serve(polls);
		if (control_->take_stop()) {
			if (child_ > 0)
				kill(child_, SIGTERM); // its end is ours
			else
				end_with(0);
		}
		show_status(false);
	}
}

int Application::run()
{
	if (!options_.serve)
		program_ = find_program(options_.program[0]);
	block_signals();
	hub_ = std::make_unique<Hub>(configure(), directory_.path() / "tree");
	hub_->server().listen_unix(directory_.path() / "usbip");
	if (!options_.socket.empty())
		hub_->server().listen_unix(options_.socket);
	if (options_.serve)
		options_.port = hub_->server().listen_loopback(options_.port);
	control_ = std::make_unique<Control>(*hub_);
	if (!options_.control.empty())
		control_->listen(options_.control);
	// The program run has the terminal to itself.
	terminal_ = options_.serve && !options_.quiet && isatty(STDERR_FILENO);
	start_plugging();
	loop();
	show_status(true);
	control_.reset();
	for (size_t port = 1; port <= hub_->ports(); port++)
		hub_->unplug(port);
	plugging_.wait();
	take_events();
	show_stats();
	hub_.reset();
	return failed_ ? OwnFailure : status_;
}

// The other builds of the model are other programs, with the same options.
void become(const std::string &build, char **argv)
{
	fs::path program = own_file({("coffer-board-" + build).c_str()});

	if (program.empty())
		throw std::runtime_error("coffer-board-" + build + " is not built (make build/bin/coffer-board-" +
					 build + ")");
	execv(program.c_str(), argv);
	throw std::system_error(errno, std::generic_category(), program);
}

// Which build the options want; tracing the small configuration is not offered.
std::string wanted_build(const Options &options)
{
	std::string own = COFFER_BOARD_BUILD;

	if (options.small)
		return "small";
	return options.trace ? "trace" : own;
}

} // namespace
} // namespace coffer

int main(int argc, char **argv)
{
	int status;
	auto options = coffer::parse_options(argc, argv, status);

	if (!options)
		return status;
	try {
		if (std::string build = coffer::wanted_build(*options); build != COFFER_BOARD_BUILD)
			coffer::become(build, argv);
		return coffer::Application(std::move(*options)).run();
	} catch (const coffer::ProgramError &error) {
		fprintf(stderr, "coffer-board: %s\n", error.what());
		return error.status;
	} catch (const std::exception &error) {
		fprintf(stderr, "coffer-board: %s\n", error.what());
		return coffer::OwnFailure;
	}
}
