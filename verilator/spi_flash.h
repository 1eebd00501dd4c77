// SPDX-License-Identifier: Apache-2.0
//
// An SPI flash of 4 MiB, mode 0, command 0x03 (READ DATA) with a 24-bit address; every other command is ignored. It is
// erased (0xFF) where nothing was put.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coffer {

class SpiFlash {
public:
	static constexpr size_t Bytes = 4 << 20;

	SpiFlash() : memory_(Bytes, 0xFF) {}

	// A file of 4 MiB is the whole flash, one of at most COFFER_IDENTITY_MAX_BYTES the identity record at its place
	// (coffer_flash.h; what is in it is the firmware's to judge). Throws std::runtime_error for any other.
	void load(const std::string &path);

	// One cycle of the board's clock; the new level of MISO.
	bool cycle(bool chip_select_n, bool sck, bool mosi)
	{
		if (chip_select_n) {
			bits_ = 0;
			command_ = 0;
		} else if (sck && !sck_before_) {
			rising(mosi);
		} else if (!sck && sck_before_) {
			falling();
		}
		sck_before_ = sck;
		return miso_;
	}

private:
	void rising(bool mosi);
	void falling();

	std::vector<uint8_t> memory_;
	bool sck_before_ = false, miso_ = true;
	unsigned bits_ = 0; // of command and address so far
	uint64_t command_ = 0;
	uint32_t address_ = 0;
	unsigned bit_ = 0; // of the byte at address_, 7 goes first
};

} // namespace coffer
