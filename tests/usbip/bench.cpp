// SPDX-License-Identifier: Apache-2.0
//
// build/tests/usbip [SEED [ROUNDS]]: hostile clients of the USB/IP server, and hostile descriptors for its usbcore part,
// under the sanitizers. What is tried is the parsers alone: the device behind them answers at random, and stands for no
// board. After each hostile client an honest one must be served. Prints the seed; exits 1 with one line at the first
// failure.

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <random>
#include <set>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "usb_core.h"
#include "usbip_protocol.h"
#include "usbip_server.h"

using namespace coffer;

namespace {

constexpr unsigned Watchdog = 600; // seconds; its firing is a failure
constexpr uint8_t Device[18] = {18, 1, 1, 2, 0xFF, 0, 0, 64, 9, 0x12, 1, 0, 0, 1, 0, 0, 3, 1};
constexpr uint8_t Configuration[] = {
	9, 2, 41,   0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 0, 0xFF, 0,    0, 0, 9, 4, 0,
	1, 2, 0xFF, 0, 0, 0, 7, 5,    1,  2, 0, 2, 0, 7, 5,    0x81, 2, 0, 2, 0,
};
constexpr size_t RealConfiguration = 9 + 9 + 9 + 7 + 7;
static_assert(sizeof Configuration == RealConfiguration && Configuration[2] == RealConfiguration);

std::mt19937_64 chance;

unsigned below(unsigned bound)
{
	return static_cast<unsigned>(chance() % bound);
}

[[noreturn]] void fail(const char *what)
{
	printf("%s\n", what);
	exit(1);
}

// Ends transfers at once, with another one's, or only when they are cancelled. Its own dice, since it runs on other threads.
class RandomDevice : public UsbBackend {
public:
	RandomDevice(unsigned seed, bool honest) : dice_(seed), honest_(honest) {}

	void submit(UrbPtr urb) override
	{
		UrbPtr waited, now;
		{
			std::lock_guard lock(mutex_);
			if (!pending_.empty() && dice_() % 4 == 0) {
				waited = *pending_.begin();
				pending_.erase(pending_.begin());
				give(*waited);
			}
			if (!urb->control() && dice_() % 3 == 0) {
				pending_.insert(urb);
			} else {
				now = urb;
				give(*now);
			}
		}
		for (const UrbPtr &each : {waited, now})
			if (each)
				end(*each);
	}
	void cancel(UrbPtr urb, int status) override
	{
		{
			std::lock_guard lock(mutex_);
			if (!pending_.erase(urb))
				return;
			urb->status = status;
			urb->actual = dice_() % 2 ? dice_() % (urb->data.size() + 1) : 0;
		}
		end(*urb);
	}
	bool reset() override { return true; }
	void set_endpoints(std::vector<EndpointInfo>) override {}

private:
	void give(Urb &urb)
	{
		urb.status = urb.control() ? control(urb) : 0;
		if (!urb.control())
			urb.actual = urb.in() ? dice_() % (urb.data.size() + 1) : urb.data.size();
	}
	static void end(Urb &urb)
	{
		auto done = std::move(urb.done);
		if (done)
			done(urb);
	}
	int control(Urb &urb)
	{
		if (urb.in() && !honest_) {
			for (uint8_t &each : urb.data)
				each = static_cast<uint8_t>(dice_());
			if (urb.data.size() > 1 && dice_() % 8)
				urb.data[1] = urb.setup[3]; // the kind that was asked for
			if (urb.data.size() > 3 && urb.setup[3] == 2 && dice_() % 4)
				urb.data[3] = 0; // a length that can be
			urb.actual = dice_() % 4 ? urb.data.size() : dice_() % (urb.data.size() + 1);
			return dice_() % 50 ? 0 : -EPIPE;
		}
		urb.actual = urb.data.size();
		if (!urb.in())
			return 0;
		if (urb.setup[1] != 6 || urb.setup[3] < 1 || urb.setup[3] > 3)
			return urb.actual = 0, -EPIPE;
		static constexpr uint8_t String[] = {4, 3, 9, 4};
		const uint8_t *from = urb.setup[3] == 1 ? Device : urb.setup[3] == 2 ? Configuration : String;
		size_t bytes = urb.setup[3] == 1   ? sizeof Device
			       : urb.setup[3] == 2 ? sizeof Configuration
						   : sizeof String;
		urb.actual = std::min(bytes, urb.data.size());
		std::copy_n(from, urb.actual, urb.data.begin());
		return 0;
	}

	std::minstd_rand dice_;
	bool honest_;
	std::mutex mutex_;
	std::set<UrbPtr> pending_;
};

// ---- hostile descriptors -----------------------------------------------------------------------------------

void hostile_descriptors(unsigned rounds)
{
	unsigned accepted = 0;

	for (unsigned round = 0; round < rounds; round++) {
		RandomDevice device(below(1u << 30), false);
		UsbCore core(device);
		try {
			core.enumerate();
			accepted++;
			(void)(core.info().configuration_value() + core.info().vendor_id());
		} catch (const std::runtime_error &) { // refused, by name
		}
	}
	printf("%u of %u random devices were taken\n", accepted, rounds);
}

// ---- hostile clients -----------------------------------------------------------------------------------------

class Client {
public:
	explicit Client(const std::string &path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0))
	{
		sockaddr_un address{};
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path.data(), path.size());
		if (connect(fd_, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0)
			fail("the server takes no connection");
	}
	~Client() { close(fd_); }
	int fd() const { return fd_; }

	// As much as it takes without waiting for ever: a hostile client reads only now and then.
	void send(const void *data, size_t bytes)
	{
		const auto *from = static_cast<const char *>(data);
		while (bytes > 0) {
			pollfd poller{fd_, POLLIN | POLLOUT, 0};
			poll(&poller, 1, -1);
			if (poller.revents & POLLIN) {
				char sink[4096];
				if (recv(fd_, sink, sizeof sink, MSG_DONTWAIT) == 0)
					return;
			}
			ssize_t sent = ::send(fd_, from, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
			if (sent < 0 && errno != EAGAIN)
				return;
			if (sent > 0) {
				from += sent;
				bytes -= static_cast<size_t>(sent);
			}
		}
	}
	bool read(void *data, size_t bytes)
	{
		return recv(fd_, data, bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes);
	}

private:
	int fd_;
};

struct Request {
	usbip_op_head head;
	usbip_import_request request;
};

Request ask(uint16_t code, const char *name)
{
	Request out{{htons(USBIP_VERSION), htons(code), 0}, {}};
	snprintf(out.request.busid, sizeof out.request.busid, "%s", name);
	return out;
}

// Seldom odd: the first header that makes no sense ends a connection.
uint32_t odd_number(uint32_t usual)
{
	static constexpr uint32_t Odd[] = {0,          1,          2,          0x7F,     0xFF,
					   0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 16 << 20, (16 << 20) + 1};
	return below(30) ? usual : below(2) ? Odd[below(std::size(Odd))] : static_cast<uint32_t>(chance());
}

// A message that is right but for what chance changes; an import has no usbfs commands.
std::vector<uint8_t> message(uint32_t seqnum, bool open)
{
	static constexpr uint32_t Commands[] = {USBIP_CMD_SUBMIT, USBIP_CMD_SUBMIT, USBIP_CMD_UNLINK, COFFER_CMD_USBFS};
	usbip_header header{};
	uint32_t length = below(3) ? below(2000) : 0, command = odd_number(Commands[below(open ? 4 : 3)]),
		 to_host = below(2), end = below(3);

	header.command = htonl(command);
	header.seqnum =
		htonl(odd_number(below(10) ? seqnum : seqnum - below(seqnum))); // now and then one that may be pending
	header.direction = htonl(odd_number(to_host));
	header.ep = htonl(odd_number(end));
	if (command == USBIP_CMD_UNLINK) {
		header.u.unlink.seqnum = htonl(odd_number(seqnum + below(6) - 3));
	} else if (command == COFFER_CMD_USBFS) {
		header.u.usbfs.op = htonl(odd_number(1 + below(8)));
		header.u.usbfs.a = htonl(odd_number(below(2)));
		header.u.usbfs.b = htonl(odd_number(below(2)));
	} else {
		header.u.submit.transfer_flags = htonl(odd_number(below(2) ? USBIP_ZERO_PACKET : COFFER_CONTINUATION));
		header.u.submit.transfer_buffer_length = htonl(odd_number(length));
		header.u.submit.number_of_packets = htonl(odd_number(0));
		uint8_t setup[8] = {static_cast<uint8_t>(to_host << 7 | below(3)),
				    static_cast<uint8_t>(below(12)),
				    0,
				    static_cast<uint8_t>(below(4)),
				    0,
				    0,
				    static_cast<uint8_t>(length),
				    static_cast<uint8_t>(length >> 8)};
		memcpy(header.u.submit.setup, setup, sizeof setup);
	}
	const auto *from = reinterpret_cast<const uint8_t *>(&header);
	std::vector<uint8_t> out(from, from + sizeof header);
	if (command == USBIP_CMD_SUBMIT && !to_host)
		out.resize(out.size() + length);
	if (below(60) == 0)
		out.resize(below(static_cast<unsigned>(out.size())));
	return out;
}

void hostile_client(const std::string &path)
{
	Client client(path);
	std::vector<uint8_t> noise(below(400));

	if (below(8) == 0) {
		for (uint8_t &each : noise)
			each = static_cast<uint8_t>(chance());
		return client.send(noise.data(), noise.size());
	}
	bool open = below(2);
	Request request = ask(open       ? COFFER_OP_REQ_OPEN
			      : below(9) ? USBIP_OP_REQ_IMPORT
					 : USBIP_OP_REQ_DEVLIST,
			      below(20) == 0 ? "9-9"
			      : open         ? "001/002"
					     : "1-1");
	if (below(10) == 0)
		memset(request.request.busid, 'x', sizeof request.request.busid); // not terminated
	client.send(&request, below(20) ? sizeof request : below(sizeof request));
	for (uint32_t seqnum = 1, count = below(60); seqnum <= count; seqnum++) {
		auto text = message(seqnum, open);
		client.send(text.data(), text.size());
	}
	if (below(3) == 0)
		shutdown(client.fd(), SHUT_WR);
}

// The device's descriptor, by import; the one before may still be being cleaned up after.
void honest_client(const std::string &path)
{
	for (;;) {
		Client client(path);
		Request request = ask(USBIP_OP_REQ_IMPORT, "1-1");
		usbip_op_head head;
		usbip_device device;
		client.send(&request, sizeof request);
		if (!client.read(&head, sizeof head))
			fail("the server answers no IMPORT");
		if (head.status == htonl(USBIP_ST_DEV_BUSY)) {
			usleep(1000);
			continue;
		}
		usbip_header header{};
		uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 18, 0}, descriptor[18];
		header.command = htonl(USBIP_CMD_SUBMIT);
		header.seqnum = htonl(77);
		header.direction = htonl(1);
		header.u.submit.transfer_buffer_length = htonl(18);
		memcpy(header.u.submit.setup, setup, sizeof setup);
		if (head.status != 0 || !client.read(&device, sizeof device))
			fail("an honest IMPORT is refused");
		client.send(&header, sizeof header);
		if (!client.read(&header, sizeof header) || header.command != htonl(USBIP_RET_SUBMIT) ||
		    header.seqnum != htonl(77) || header.u.ret_submit.actual_length != htonl(18) ||
		    !client.read(descriptor, 18) || memcmp(descriptor, Device, 18) != 0)
			fail("an honest client gets a wrong answer");
		return;
	}
}

} // namespace

int main(int argc, char **argv)
{
	unsigned long seed = argc > 1 ? strtoul(argv[1], nullptr, 0) : std::random_device{}();
	unsigned long rounds = argc > 2 ? strtoul(argv[2], nullptr, 0) : 500;
	char directory[] = "/tmp/coffer-fuzz-XXXXXX";

	printf("seed %lu\n", seed);
	fflush(stdout); // a sanitizer's exit writes nothing more
	chance.seed(seed);
	alarm(Watchdog);
	hostile_descriptors(static_cast<unsigned>(rounds) * 10);
	if (!mkdtemp(directory))
		fail("no directory");
	std::string path = std::string(directory) + "/usbip";
	{
		RandomDevice device(static_cast<unsigned>(seed) + 1, true);
		UsbCore core(device);
		core.enumerate();
		UsbipServer server;
		server.listen_unix(path);
		auto served = std::shared_ptr<ServedDevice>(new ServedDevice{"1-1", 1, 2, device, core});
		server.add(served);
		for (unsigned long round = 0; round < rounds; round++) {
			hostile_client(path);
			honest_client(path);
		}
		server.remove(served);
	}
	rmdir(directory);
	printf("%lu hostile clients\n", rounds);
	return 0;
}
