/* SPDX-License-Identifier: Apache-2.0 */
/* See flash.h. */
#include "flash.h"

#include "board.h"

static uint32_t read_word(uint32_t address)
{
	REG(spi_addr) = address;
	while (REG(spi_status) & COFFER_REGS__SPI_STATUS__BUSY_bm)
		;
	return REG(spi_data);
}

void flash_read(uint32_t address, void *out, size_t bytes)
{
	uint8_t *to = out;
	uint32_t word = 0;

	if (bytes != 0 && (address & 3) != 0)
		word = read_word(address & ~3u) >> 8 * (address & 3);
	for (; bytes-- > 0; address++, word >>= 8) {
		if ((address & 3) == 0)
			word = read_word(address);
		*to++ = (uint8_t)word;
	}
}
