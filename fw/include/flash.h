/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_FLASH_READ_H
#define COFFER_FLASH_READ_H

#include <stddef.h>
#include <stdint.h>

/* Copies bytes out of the SPI flash to a word-aligned place, some 20 cycles each. One reader at a time: the main loop
 * while it boots, the interrupt afterwards. */
void flash_read(uint32_t address, void *out, size_t bytes);

#endif
