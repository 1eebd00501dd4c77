// SPDX-License-Identifier: Apache-2.0

#include "options.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>

#include "coffer_flash.h"
#include "usbip_protocol.h"

namespace coffer {

namespace {

constexpr int OwnFailure = 125;
constexpr unsigned MaxBoards = 15; // ports of the root hub
constexpr size_t MaxSerial = sizeof coffer_identity_header::serial;
constexpr const char *SerialCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";

constexpr const char *Usage =
	"Usage: coffer-board run [OPTION]... -- PROGRAM [ARGUMENT]...\n"
	"       coffer-board serve [OPTION]...\n"
	"Virtual Coffer boards: the RTL in Verilator behind a USB host controller.\n"
	"\n"
	"run starts boards and runs a program that finds them through libusb, with neither root nor kernel\n"
	"support; its status is the program's, 125 where coffer-board fails, 126 or 127 where the program\n"
	"cannot be run or is not found. serve waits on 127.0.0.1 for `usbip attach -r 127.0.0.1 -b 1-1`.\n"
	"\n"
	"  --boards N             number of boards (1 to 15), default 1\n"
	"  --serial S             serial number, up to 16 of [0-9A-Za-z-]; several boards get S-1, S-2, ...\n"
	"  --seed N               seed of the entropy source, default random; it is printed\n"
	"  --flash FILE           identity record (at most 16 KiB) or flash image (4 MiB); once for each board.\n"
	"                         Default: a throw-away identity, with COFFER_ROOT set for the program\n"
	"  --device-secret FILE   32 bytes or 64 hex digits, with --flash\n"
	"  --contexts full|small  4 contexts and 64 KiB of surfaces (default), or 2 and 8 KiB\n"
	"  --trace FILE:FROM:TO   FST waveform of a window of cycles (one board)\n"
	"  --limit CYCLES         unplug a board after so many cycles\n"
	"  --no-nak-skip          try endpoints that answered NAK again in the same microframe\n"
	"  --control SOCKET       unix socket that takes lines: unplug K, replug K, cycles K, transfers K, stop\n"
	"  --port N               TCP port of serve, default 3240; 0: any free one, which is printed\n"
	"  --socket PATH          unix socket that speaks USB/IP, too; removed at the end\n"
	"  --stats                at the end, each board's cycles, transfers, CPU seconds, cycles per CPU second\n"
	"  --quiet                no messages but errors\n"
	"  --help, --version\n";

int usage_error(const char *format, const char *text)
{
	fprintf(stderr, "coffer-board: ");
	fprintf(stderr, format, text);
	fprintf(stderr, "; see coffer-board --help\n");
	return OwnFailure;
}

bool number(const char *text, uint64_t &value)
{
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

bool window(const std::string &text, TraceWindow &trace)
{
	size_t second = text.rfind(':');
	size_t first = second == 0 || second == std::string::npos ? std::string::npos : text.rfind(':', second - 1);

	if (first == std::string::npos || first == 0)
		return false;
	trace.file = text.substr(0, first);
	return number(text.substr(first + 1, second - first - 1).c_str(), trace.from) &&
	       number(text.substr(second + 1).c_str(), trace.to) && trace.from < trace.to;
}

enum Long {
	Boards = 256,
	Serial,
	Seed,
	Flash,
	Secret,
	Contexts,
	Trace,
	Limit,
	NoSkip,
	Control,
	PortNumber,
	Socket,
	Stats,
	Quiet,
	Version
};

constexpr option Longs[] = {
	{"boards", required_argument, nullptr, Boards},
	{"serial", required_argument, nullptr, Serial},
	{"seed", required_argument, nullptr, Seed},
	{"flash", required_argument, nullptr, Flash},
	{"device-secret", required_argument, nullptr, Secret},
	{"contexts", required_argument, nullptr, Contexts},
	{"trace", required_argument, nullptr, Trace},
	{"limit", required_argument, nullptr, Limit},
	{"no-nak-skip", no_argument, nullptr, NoSkip},
	{"control", required_argument, nullptr, Control},
	{"port", required_argument, nullptr, PortNumber},
	{"socket", required_argument, nullptr, Socket},
	{"stats", no_argument, nullptr, Stats},
	{"quiet", no_argument, nullptr, Quiet},
	{"help", no_argument, nullptr, 'h'},
	{"version", no_argument, nullptr, Version},
	{nullptr, 0, nullptr, 0},
};

// 0, or the status to exit with.
int take_option(int option, const char *text, Options &o)
{
	uint64_t value = 0;

	switch (option) {
	case Boards:
		if (!number(text, value) || value < 1 || value > MaxBoards)
			return usage_error("--boards wants 1 to 15, not '%s'", text);
		o.boards = static_cast<unsigned>(value);
		break;
	case Serial:
		if (*text == '\0' || text[strspn(text, SerialCharacters)] != '\0')
			return usage_error("--serial wants characters of [0-9A-Za-z-], not '%s'", text);
		o.serial = text;
		break;
	case Seed:
		if (!number(text, value))
			return usage_error("--seed wants a number, not '%s'", text);
		o.seed = value;
		break;
	case Flash:
		o.flash.emplace_back(text);
		break;
	case Secret:
		o.device_secret = text;
		break;
	case Contexts:
		if (strcmp(text, "full") != 0 && strcmp(text, "small") != 0)
			return usage_error("--contexts wants full or small, not '%s'", text);
		o.small = *text == 's';
		break;
	case Trace:
		if (!window(text, o.trace.emplace()))
			return usage_error("--trace wants FILE:FROM:TO in cycles, not '%s'", text);
		break;
	case Limit:
		if (!number(text, o.limit) || o.limit == 0)
			return usage_error("--limit wants a number of cycles, not '%s'", text);
		break;
	case NoSkip:
		o.skip_after_nak = false;
		break;
	case Control:
		o.control = text;
		break;
	case PortNumber:
		if (!number(text, value) || value > 65535)
			return usage_error("--port wants a TCP port, not '%s'", text);
		o.port = static_cast<uint16_t>(value);
		break;
	case Socket:
		o.socket = text;
		break;
	case Stats:
		o.stats = true;
		break;
	case Quiet:
		o.quiet = true;
		break;
	default:
		return OwnFailure; // getopt has said it
	}
	return 0;
}

int check(const Options &o)
{
	if (!o.flash.empty() && o.flash.size() != o.boards)
		return usage_error("%s", "--flash is wanted once for each board");
	if (!o.serial.empty() && !o.flash.empty())
		return usage_error("%s", "--serial goes without --flash, whose record has one");
	if (o.serial.size() + (o.boards > 1 ? 1 + std::to_string(o.boards).size() : 0) > MaxSerial)
		return usage_error(
			"--serial '%s' is too long: with a board's number, a serial number has 16 characters",
			o.serial.c_str());
	if (!o.device_secret.empty() && o.flash.empty())
		return usage_error("%s", "--device-secret goes with --flash");
	if (o.trace && (o.boards > 1 || o.small))
		return usage_error("%s", "--trace follows one board of the full configuration");
	if (!o.serve && o.program.empty())
		return usage_error("%s", "run wants a program");
	if (o.serve && !o.program.empty())
		return usage_error("serve takes no argument '%s'", o.program[0].c_str());
	return 0;
}

} // namespace

std::optional<Options> parse_options(int argc, char **argv, int &status)
{
	Options o;
	const char *command = argc > 1 && argv[1][0] != '-' ? argv[1] : nullptr;
	int option;

	status = 0;
	o.serve = command && strcmp(command, "serve") == 0;
	optind = command ? 2 : 1;
	while ((option = getopt_long(argc, argv, "+h", Longs, nullptr)) != -1) {
		if (option == 'h') {
			fputs(Usage, stdout);
			return std::nullopt;
		}
		if (option == Version) {
			puts("coffer-board " COFFER_VERSION);
			return std::nullopt;
		}
		status = take_option(option, optarg, o);
		if (status)
			return std::nullopt;
	}
	if (!command || (!o.serve && strcmp(command, "run") != 0)) {
		status = usage_error("the first argument is run or serve, not '%s'", argc > 1 ? argv[1] : "");
		return std::nullopt;
	}
	o.program.assign(argv + optind, argv + argc);
	status = check(o);
	return status ? std::nullopt : std::optional(o);
}

} // namespace coffer
