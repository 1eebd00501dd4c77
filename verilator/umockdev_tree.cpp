// SPDX-License-Identifier: Apache-2.0

#include "umockdev_tree.h"

#include <arpa/inet.h>
#include <cstring>
#include <fstream>
#include <span>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace coffer {

namespace fs = std::filesystem;

namespace {

constexpr const char *HubPath = "/devices/pci0000:00/0000:00:14.0/usb1"; // below /sys

// A high-speed root hub, as Linux describes its own: device and configuration descriptor.
constexpr uint8_t HubDescriptors[] = {
	18, 1, 0x00, 0x02, 9, 0, 1, 64, 0x6B, 0x1D, 0x02, 0x00, 0x01, 0x06, 3, 2, 1,    1, 9, 2, 25, 0,
	1,  1, 0,    0xE0, 0, 9, 4, 0,  0,    1,    9,    0,    0,    0,    7, 5, 0x81, 3, 4, 0, 12,
};

void write_file(const fs::path &path, const std::string &text)
{
	std::ofstream file(path, std::ios::binary);

	file << text;
	if (!file.flush())
		throw std::runtime_error("cannot write " + path.string());
}

std::string hex4(unsigned value)
{
	char text[8];

	snprintf(text, sizeof text, "%04x", value & 0xFFFF);
	return text;
}

std::string number3(unsigned value)
{
	char text[8];

	snprintf(text, sizeof text, "%03u", value);
	return text;
}

// What every USB device directory has, from its descriptors.
void write_device(const fs::path &dir, std::span<const uint8_t> device, std::span<const uint8_t> configuration,
		  unsigned bus, unsigned number)
{
	auto word = [&](size_t at) { return static_cast<unsigned>(device[at] | device[at + 1] << 8); };
	char product[32];
	auto attribute = [&](const char *name, const std::string &text) { write_file(dir / name, text + "\n"); };

	fs::create_directories(dir);
	write_file(dir / "descriptors",
		   std::string(device.begin(), device.end()) + std::string(configuration.begin(), configuration.end()));
	attribute("busnum", std::to_string(bus));
	attribute("devnum", std::to_string(number));
	attribute("speed", "480");
	attribute("idVendor", hex4(word(8)));
	attribute("idProduct", hex4(word(10)));
	attribute("bcdDevice", hex4(word(12)));
	attribute("bDeviceClass", number3(device[4]).substr(1));
	attribute("bNumConfigurations", std::to_string(device[17]));
	attribute("bNumInterfaces", std::to_string(configuration[4]));
	attribute("bConfigurationValue", std::to_string(configuration[5]));
	snprintf(product, sizeof product, "%x/%x/%x", word(8), word(10), word(12));
	write_file(dir / "uevent", "SUBSYSTEM=usb\nDRIVER=usb\nDEVTYPE=usb_device\nBUSNUM=" + number3(bus) +
					   "\nDEVNUM=" + number3(number) + "\nDEVNAME=bus/usb/" + number3(bus) + "/" +
					   number3(number) + "\nPRODUCT=" + product + "\n");
}

// libudev's netlink message: this header, then NUL-terminated properties (systemd, sd-device/device-monitor.c).
struct MonitorHeader {
	char prefix[8];
	uint32_t magic; // big-endian
	uint32_t header_bytes;
	uint32_t properties_offset;
	uint32_t properties_bytes;
	uint32_t subsystem_hash; // big-endian, of what libudev's socket filters look at
	uint32_t devtype_hash;
	uint32_t tags[2];
};

// MurmurHash2 with seed 0, as libudev hashes names in its filters.
uint32_t murmur_hash(const std::string &text)
{
	constexpr uint32_t Factor = 0x5BD1E995;
	auto hash = static_cast<uint32_t>(text.size());
	size_t at = 0;

	for (; text.size() - at >= 4; at += 4) {
		uint32_t word;
		memcpy(&word, &text[at], 4);
		word *= Factor;
		word ^= word >> 24;
		hash = hash * Factor ^ word * Factor;
	}
	if (at < text.size()) {
		for (size_t last = text.size(); last-- > at;)
			hash ^= static_cast<uint32_t>(static_cast<uint8_t>(text[last])) << 8 * (last - at);
		hash *= Factor;
	}
	hash ^= hash >> 13;
	hash *= Factor;
	return hash ^ hash >> 15;
}

} // namespace

UmockdevTree::UmockdevTree(fs::path root) : root_(std::move(root))
{
	fs::create_directories(root_ / "sys/bus/usb/devices");
	fs::create_directories(root_ / "sys/class");
	fs::create_directories(root_ / "dev/bus/usb/001");
	add_hub();
}

fs::path UmockdevTree::hub() const
{
	return root_ / ("sys" + std::string(HubPath));
}

void UmockdevTree::add_hub()
{
	std::span<const uint8_t> all(HubDescriptors);

	write_device(hub(), all.subspan(0, 18), all.subspan(18), 1, 1);
	write_file(hub() / "maxchild", "15\n");
	write_file(root_ / "dev/bus/usb/001/001", "");
	fs::create_directory_symlink("../../../../bus/usb", hub() / "subsystem");
	fs::create_directory_symlink("../../.." + std::string(HubPath), root_ / "sys/bus/usb/devices/usb1");
}

void UmockdevTree::add(const ServedDevice &device)
{
	const DeviceInfo &info = device.core.info();
	fs::path dir = hub() / device.busid;

	write_device(dir, info.device, info.configuration, device.bus, device.number);
	for (auto [name, text] :
	     {std::pair{"manufacturer", info.manufacturer}, {"product", info.product}, {"serial", info.serial}})
		if (!text.empty())
			write_file(dir / name, text + "\n");
	write_file(dir / "devpath", device.busid.substr(device.busid.find('-') + 1) + "\n");
	write_file(dir / "maxchild", "0\n");
	fs::create_directory_symlink("../../../../../bus/usb", dir / "subsystem");
	write_file(root_ / "dev/bus/usb" / device.node(), "");
	fs::create_directory_symlink("../../.." + std::string(HubPath) + "/" + device.busid,
				     root_ / "sys/bus/usb/devices" / device.busid);
}

void UmockdevTree::remove(const ServedDevice &device)
{
	fs::remove(root_ / "sys/bus/usb/devices" / device.busid);
	fs::remove(root_ / "dev/bus/usb" / device.node());
	fs::remove_all(hub() / device.busid);
}

void UmockdevTree::announce(const char *action, const ServedDevice &device)
{
	std::string properties;
	for (const std::string &each :
	     {std::string("ACTION=") + action, "DEVPATH=" + std::string(HubPath) + "/" + device.busid,
	      std::string("SUBSYSTEM=usb"), std::string("DEVTYPE=usb_device"), "DEVNAME=/dev/bus/usb/" + device.node(),
	      "BUSNUM=" + number3(device.bus), "DEVNUM=" + number3(device.number),
	      "SEQNUM=" + std::to_string(++event_number_)})
		properties += each + '\0';

	MonitorHeader header{"libudev",
			     htonl(0xFEEDCAFE),
			     sizeof header,
			     sizeof header,
			     static_cast<uint32_t>(properties.size()),
			     htonl(murmur_hash("usb")),
			     htonl(murmur_hash("usb_device")),
			     {}};
	std::string message(reinterpret_cast<const char *>(&header), sizeof header);
	message += properties;

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (const auto &entry : fs::directory_iterator(root_)) {
		sockaddr_un address{};
		std::string path = entry.path().string();
		if (entry.path().filename().string().rfind("event", 0) != 0 || path.size() >= sizeof address.sun_path)
			continue;
		address.sun_family = AF_UNIX;
		memcpy(address.sun_path, path.c_str(), path.size());
		if (sendto(fd, message.data(), message.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr *>(&address),
			   sizeof address) < 0 &&
		    errno == ECONNREFUSED)
			unlink(path.c_str()); // its process is gone
	}
	close(fd);
}

} // namespace coffer
