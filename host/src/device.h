/* SPDX-License-Identifier: Apache-2.0 */
/* Coffer boards among libusb's devices. */
#ifndef COFFER_DEVICE_LIST_H
#define COFFER_DEVICE_LIST_H

#include "internal.h"

bool device_is_board(libusb_device *device);
/*
 * libusb_open, with an error of ours. COFFER_E_REMOVED: the board is being taken away. The caller holds the fork guard.
 */
int device_open(libusb_device *device, libusb_device_handle **handle);
/* Interfaces of the board, each a context; 0 where nothing can be read. */
int device_contexts(libusb_device *device);
/* The bulk endpoints of an interface's setting 1; false at full speed, where it has none. */
bool device_endpoints(libusb_device *device, int interface, uint8_t *ep_out, uint8_t *ep_in);
/* A string descriptor, or the empty string. */
void device_string(libusb_device_handle *handle, uint8_t index, char *text, int size);

#endif
