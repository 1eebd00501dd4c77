/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every USB device answers: chapter 9 of USB 2.0, BOS and Microsoft OS 2.0 descriptors. Alternate settings,
 * configuration and revocation are tracked by the hardware itself; here they are only answered.
 */
#ifndef COFFER_USB_H
#define COFFER_USB_H

#include <stddef.h>
#include <stdint.h>

#include "ep0.h"

void usb_standard(const struct ep0_request *r);
void usb_vendor(const struct ep0_request *r);

/* Descriptors, made in `out` (which holds BOARD_EP0_BYTES); the length, or 0 where there is no such descriptor. */
size_t usb_descriptor(uint8_t *out, uint8_t type, uint8_t index, uint16_t language);
size_t usb_msos_descriptor(uint8_t *out);

#endif
