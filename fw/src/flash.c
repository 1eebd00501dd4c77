/* SPDX-License-Identifier: Apache-2.0 */
/* See flash.h. The next word is always under way while one is stored: reading costs little more than its bits. */
#include "flash.h"

#include "board.h"

static void wait_ready(void)
{
	while (REG(spi_status) & COFFER_REGS__SPI_STATUS__BUSY_bm)
		;
}

/* The word asked for last; then asks for the next. */
static uint32_t take_word(uint32_t next)
{
	uint32_t word;

	wait_ready();
	word = REG(spi_data);
	REG(spi_addr) = next;
	return word;
}

void flash_read(uint32_t address, void *out, size_t bytes)
{
	unsigned skip = 8 * (address & 3);
	uint32_t at = address & ~3u;
	uint32_t *to = out;
	uint32_t word, ahead;

	wait_ready(); /* a word that the last reading asked for and nobody took */
	REG(spi_addr) = at;
	ahead = take_word(at += 4);
	for (;; bytes -= 4) {
		word = ahead;
		if (skip != 0 || bytes > 4)
			ahead = take_word(at += 4);
		if (skip != 0)
			word = word >> skip | ahead << (32 - skip);
		if (bytes <= 4)
			break;
		*to++ = word;
	}
	for (uint8_t *last = (uint8_t *)to; bytes-- > 0; word >>= 8)
		*last++ = (uint8_t)word;
}
