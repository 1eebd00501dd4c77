// SPDX-License-Identifier: Apache-2.0

#include "spi_flash.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "coffer_flash.h"

namespace coffer {

namespace {

constexpr unsigned CommandBits = 32; // command and address
constexpr uint32_t ReadData = 0x03;

} // namespace

void SpiFlash::load(const std::string &path)
{
	std::ifstream file(path, std::ios::binary);
	std::vector<uint8_t> image{std::istreambuf_iterator<char>(file), {}};

	if (!file || file.bad())
		throw std::runtime_error(path + ": cannot be read");
	if (image.empty() || (image.size() > COFFER_IDENTITY_MAX_BYTES && image.size() != Bytes))
		throw std::runtime_error(path + ": " + std::to_string(image.size()) +
					 " bytes are neither an identity record nor an image of a 4 MiB flash");
	size_t at = image.size() == Bytes ? 0 : COFFER_FLASH_IDENTITY_OFFSET;
	std::copy(image.begin(), image.end(), memory_.begin() + static_cast<ptrdiff_t>(at));
}

void SpiFlash::rising(bool mosi)
{
	if (bits_ >= CommandBits)
		return;
	command_ = command_ << 1 | mosi;
	if (++bits_ == CommandBits) {
		address_ = static_cast<uint32_t>(command_) & 0xFFFFFF;
		bit_ = 8;
	}
}

void SpiFlash::falling()
{
	if (bits_ < CommandBits || command_ >> 24 != ReadData)
		return;
	if (bit_-- == 0) {
		bit_ = 7;
		address_++;
	}
	miso_ = memory_[address_ % Bytes] >> bit_ & 1;
}

} // namespace coffer
