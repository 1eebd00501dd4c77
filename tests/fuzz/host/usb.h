/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A USB stack without a bus: the library's transfers wait on a list until the fuzzer ends them. Time stands still but for
 * what the fuzzer lets pass. A call that would block lets the board go on meanwhile (board_acts).
 */
#ifndef COFFER_FUZZ_USB_H
#define COFFER_FUZZ_USB_H

#include <libusb.h>
#include <stdbool.h>
#include <stdint.h>

#define USB_MOST 256u

struct usb {
	struct libusb_transfer *pending[USB_MOST]; /* in the order of their submission */
	bool cancelled[USB_MOST];
	unsigned count;
	bool refuses; /* takes no more transfers: LIBUSB_ERROR_NO_MEM */
	bool gone;    /* LIBUSB_ERROR_NO_DEVICE */
	uint64_t milliseconds;
};
extern struct usb usb;

/* Ends pending[k]: takes it off the list and calls its callback. */
void usb_end(unsigned k, enum libusb_transfer_status status, int bytes);

/* Of the fuzzer: one step of board and event thread, with the context's lock held. */
void board_acts(void);

#endif
