// SPDX-License-Identifier: Apache-2.0
//
// USB 2.0 packets as bytes: packet identifiers, CRC5 and CRC16 (USB 2.0 section 8.3.5), and the
// making of token, data and handshake packets. Bytes are in the order of the wire.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace coffer::usb {

using Bytes = std::vector<uint8_t>;

// With the check nibble, as the byte is on the wire.
enum class Pid : uint8_t {
	None = 0x00,
	Out = 0xE1,
	In = 0x69,
	Sof = 0xA5,
	Setup = 0x2D,
	Ping = 0xB4,
	Data0 = 0xC3,
	Data1 = 0x4B,
	Ack = 0xD2,
	Nak = 0x5A,
	Stall = 0x1E,
	Nyet = 0x96,
};

inline uint8_t crc5(uint16_t value)
{
	uint8_t crc = 0x1F;

	for (int bit = 0; bit < 11; bit++) {
		bool carry = ((value >> bit) ^ crc) & 1;
		crc = static_cast<uint8_t>(crc >> 1) ^ (carry ? 0x14 : 0);
	}
	return crc ^ 0x1F;
}

inline uint16_t crc16(std::span<const uint8_t> bytes)
{
	uint16_t crc = 0xFFFF;

	for (uint8_t byte : bytes) {
		crc ^= byte;
		for (int bit = 0; bit < 8; bit++)
			crc = static_cast<uint16_t>((crc >> 1) ^ ((crc & 1) ? 0xA001 : 0));
	}
	return static_cast<uint16_t>(~crc);
}

// An 11-bit field under a token's CRC5: {endpoint, address} or a frame number.
inline Bytes token_packet(Pid pid, uint16_t field)
{
	uint16_t value = static_cast<uint16_t>((field & 0x7FF) | crc5(field & 0x7FF) << 11);

	return {static_cast<uint8_t>(pid), static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8)};
}

inline Bytes data_packet(Pid pid, std::span<const uint8_t> payload)
{
	Bytes packet{static_cast<uint8_t>(pid)};
	uint16_t crc = crc16(payload);

	packet.insert(packet.end(), payload.begin(), payload.end());
	packet.push_back(static_cast<uint8_t>(crc));
	packet.push_back(static_cast<uint8_t>(crc >> 8));
	return packet;
}

inline bool is_data(Pid pid)
{
	return pid == Pid::Data0 || pid == Pid::Data1;
}

// Whether a received data packet (identifier, payload, CRC16) is whole.
inline bool data_packet_good(std::span<const uint8_t> packet)
{
	if (packet.size() < 3)
		return false;
	uint16_t crc = crc16(packet.subspan(1, packet.size() - 3));
	return packet[packet.size() - 2] == (crc & 0xFF) && packet.back() == crc >> 8;
}

} // namespace coffer::usb
