/* SPDX-License-Identifier: Apache-2.0 */
/* Coffer boards among libusb's devices. */
#ifndef COFFER_DEVICE_LIST_H
#define COFFER_DEVICE_LIST_H

#include "internal.h"

bool device_is_board(libusb_device *device);
/* Interfaces of the board, each a context; 0 where nothing can be read. */
int device_contexts(libusb_device *device);
/* The bulk endpoints of an interface's setting 1; false at full speed, where it has none. */
bool device_endpoints(libusb_device *device, int interface, uint8_t *ep_out, uint8_t *ep_in);

/* Opens the device file, which a child after fork gives up. `call` has none open but its `other`. Errors: ACCESS, REMOVED
 * (it may be being taken away this moment), NO_MEMORY, IO. */
int device_open(struct call *call, libusb_device *device, libusb_device_handle **handle, int *descriptor);
void device_close(libusb_device_handle *handle, int descriptor);
/* A string descriptor, or the empty string where the board gives none. 0, or the error that ends the call: TIMEOUT, CANCELLED,
 * REMOVED. */
int device_string(struct call *call, libusb_device_handle *handle, uint8_t index, char *text, size_t size);

#endif
