/* SPDX-License-Identifier: Apache-2.0 */
#include "pke.h"

static uint32_t byte_swap(uint32_t w)
{
	return w << 24 | (w & 0xFF00u) << 8 | (w >> 8 & 0xFF00u) | w >> 24;
}

bool pke_busy(void)
{
	return pke_read(PKE_STATUS) & PKE_BUSY;
}

void pke_start(uint32_t entry)
{
	pke_write(PKE_CONTROL, PKE_ACK);
	pke_write(PKE_CONTROL, PKE_START | entry << PKE_ENTRY_SHIFT);
}

void pke_clear(enum pke_control what)
{
	pke_write(PKE_CONTROL, what);
	while (pke_busy())
		;
	pke_write(PKE_CONTROL, PKE_ACK);
}

void pke_put(uint32_t row, const void *words, size_t count)
{
	const uint32_t *w = words;

	pke_write(PKE_ADDRESS, row);
	while (count--)
		pke_write(PKE_DATA, *w++);
}

void pke_put_number(const uint32_t *number, size_t words, size_t total)
{
	for (size_t i = words; i-- > 0;)
		pke_write(PKE_DATA, byte_swap(number[i]));
	for (; words < total; words++)
		pke_write(PKE_DATA, 0);
}

void pke_get_number(uint32_t *number, size_t words)
{
	while (words-- > 0)
		number[words] = byte_swap(pke_read(PKE_DATA));
}

uint32_t pke_any(size_t words)
{
	uint32_t any = 0;

	while (words-- > 0)
		any |= pke_read(PKE_DATA);
	return any;
}
