/* SPDX-License-Identifier: Apache-2.0 */
/* Which boards are attached, told without claiming anything. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coffer_device.h"
#include "device.h"

#define LANGUAGE 0x0409 /* the only one of a board's strings: English (United States) */

bool device_is_board(libusb_device *device)
{
	struct libusb_device_descriptor descriptor;

	return libusb_get_device_descriptor(device, &descriptor) == 0 && descriptor.idVendor == COFFER_USB_VENDOR_ID &&
	       descriptor.idProduct == COFFER_USB_PRODUCT_ID;
}

/* A board has one configuration. libusb read its descriptors when it found the board: nothing can be amiss by now. */
bool device_endpoints(libusb_device *device, int interface, uint8_t *ep_out, uint8_t *ep_in)
{
	struct libusb_config_descriptor *config;
	bool found = false;

	if (libusb_get_config_descriptor(device, 0, &config))
		return false;
	*ep_out = *ep_in = 0;
	for (int i = 0; i < config->bNumInterfaces; i++) {
		for (int k = 0; k < config->interface[i].num_altsetting; k++) {
			const struct libusb_interface_descriptor *setting = &config->interface[i].altsetting[k];

			if (setting->bInterfaceNumber != interface || setting->bAlternateSetting != 1)
				continue;
			for (int e = 0; e < setting->bNumEndpoints; e++) {
				const struct libusb_endpoint_descriptor *endpoint = &setting->endpoint[e];

				if (endpoint->bmAttributes != LIBUSB_TRANSFER_TYPE_BULK ||
				    endpoint->wMaxPacketSize != COFFER_PACKET_BYTES)
					continue;
				if (endpoint->bEndpointAddress & LIBUSB_ENDPOINT_IN)
					*ep_in = endpoint->bEndpointAddress;
				else
					*ep_out = endpoint->bEndpointAddress;
			}
			found = *ep_in && *ep_out;
		}
	}
	libusb_free_config_descriptor(config);
	return found;
}

int device_contexts(libusb_device *device)
{
	struct libusb_config_descriptor *config;
	int contexts;

	if (libusb_get_config_descriptor(device, 0, &config))
		return 0;
	contexts = config->bNumInterfaces < COFFER_MAX_CONTEXTS ? config->bNumInterfaces : COFFER_MAX_CONTEXTS;
	libusb_free_config_descriptor(config);
	return contexts;
}

/* ---- the device file ---- */

/*
 * libusb has one error for whatever open(2) may answer but ENOENT and EACCES. A board that is pulled out answers ENODEV
 * from the moment that the kernel knows until its device file goes, and a container without access to it EPERM.
 */
static int why_not_open(libusb_device *device)
{
	char node[32];
	int descriptor, why;

	snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", libusb_get_bus_number(device),
		 libusb_get_device_address(device));
	descriptor = open(node, O_RDWR | O_CLOEXEC);
	why = descriptor < 0 ? errno : 0;
	if (descriptor >= 0)
		close(descriptor);
	switch (why) {
	case ENODEV:
	case ENOENT:
		return COFFER_E_REMOVED;
	case EPERM:
		return COFFER_E_ACCESS;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return COFFER_E_NO_MEMORY;
	default:
		return COFFER_E_IO;
	}
}

/* The descriptor of the device file just opened: of those that libusb polls, device files are polled for output. */
static int file_descriptor(const struct call *call)
{
	const struct libusb_pollfd **polled = libusb_get_pollfds(call->usb);
	int descriptor = -1;

	for (size_t i = 0; polled && polled[i]; i++)
		if (polled[i]->events & POLLOUT && polled[i]->fd != call->other)
			descriptor = polled[i]->fd;
	libusb_free_pollfds(polled);
	return descriptor;
}

int device_open(struct call *call, libusb_device *device, libusb_device_handle **handle, int *descriptor)
{
	int error;

	fork_guard_begin();
	error = libusb_open(device, handle);
	error = error == LIBUSB_ERROR_IO ? why_not_open(device) : usb_error(error);
	if (!error) {
		*descriptor = file_descriptor(call);
		if (*descriptor < 0 || !fork_guard_add(*descriptor)) {
			libusb_close(*handle);
			error = COFFER_E_NO_MEMORY;
		}
	}
	fork_guard_end();
	return error;
}

void device_close(libusb_device_handle *handle, int descriptor)
{
	fork_guard_begin();
	fork_guard_remove(descriptor);
	libusb_close(handle);
	fork_guard_end();
}

int device_string(struct call *call, libusb_device_handle *handle, uint8_t index, char *text, size_t size)
{
	const struct libusb_control_setup setup = {
		.bmRequestType = LIBUSB_ENDPOINT_IN,
		.bRequest = LIBUSB_REQUEST_GET_DESCRIPTOR,
		.wValue = (uint16_t)(LIBUSB_DT_STRING << 8 | index),
		.wIndex = LANGUAGE,
		.wLength = 255,
	};
	uint8_t raw[256];
	int got = call_request(call, handle, &setup, raw);
	size_t length = 0;

	text[0] = '\0';
	if (got == COFFER_E_TIMEOUT || got == COFFER_E_CANCELLED || got == COFFER_E_REMOVED)
		return got;
	if (got < 2 || raw[0] > got || raw[1] != LIBUSB_DT_STRING)
		return 0;
	for (int i = 2; i + 1 < raw[0] && length < size - 1; i += 2)
		text[length++] = raw[i] >= ' ' && raw[i] < 127 && !raw[i + 1] ? (char)raw[i] : '?';
	text[length] = '\0';
	return 0;
}

/* ---- the list ---- */

static int ask(struct call *call, libusb_device *device, libusb_device_handle *handle, struct coffer_device *entry)
{
	char contexts[64];
	int free_contexts, error;

	entry->contexts = (uint8_t)device_contexts(device);
	error = device_string(call, handle, COFFER_STRING_SERIAL, entry->serial, sizeof(entry->serial));
	if (!error)
		error = device_string(call, handle, COFFER_STRING_PRODUCT, entry->product, sizeof(entry->product));
	if (!error)
		error = device_string(call, handle, COFFER_STRING_CONTEXTS, contexts, sizeof(contexts));
	if (!error && sscanf(contexts, "%d", &free_contexts) == 1 && free_contexts >= 0 &&
	    free_contexts <= entry->contexts)
		entry->free_contexts = (uint8_t)free_contexts;
	return error;
}

/* What needs the device file, which is open for this moment only. */
static int describe(struct call *call, libusb_device *device, struct coffer_device *entry)
{
	libusb_device_handle *handle;
	int descriptor, error;

	memset(entry, 0, sizeof(*entry));
	entry->bus = libusb_get_bus_number(device);
	entry->address = libusb_get_device_address(device);
	entry->high_speed = libusb_get_device_speed(device) == LIBUSB_SPEED_HIGH;
	error = device_open(call, device, &handle, &descriptor);
	entry->denied = error == COFFER_E_ACCESS;
	if (!error) {
		error = ask(call, device, handle, entry);
		device_close(handle, descriptor);
	}
	return error;
}

static int describe_all(struct call *call, libusb_device **devices, size_t total, struct coffer_device *list,
			size_t *count)
{
	for (size_t i = 0; i < total; i++) {
		int error = device_is_board(devices[i]) ? describe(call, devices[i], &list[*count]) : COFFER_E_REMOVED;

		if (error == COFFER_E_TIMEOUT || error == COFFER_E_CANCELLED)
			return error;
		*count += error != COFFER_E_REMOVED; /* one that went away meanwhile is none */
	}
	return 0;
}

static int list_boards(struct call *call, struct coffer_device **list, size_t *count)
{
	libusb_device **devices;
	ssize_t total = libusb_get_device_list(call->usb, &devices);
	size_t found = 0;
	int error = 0;

	if (total < 0)
		return usb_error((int)total);
	for (ssize_t i = 0; i < total; i++)
		found += device_is_board(devices[i]);
	if (found) {
		*list = calloc(found, sizeof(**list));
		error = *list ? describe_all(call, devices, (size_t)total, *list, count) : COFFER_E_NO_MEMORY;
	}
	libusb_free_device_list(devices, 1);
	if (error || !*count) {
		free(*list);
		*list = NULL;
		*count = 0;
	}
	return error;
}

int coffer_list(coffer *library, const struct timespec *deadline, struct coffer_device **list, size_t *count)
{
	struct call call;
	int error;

	if (!library || !list || !count)
		return COFFER_E_INVALID;
	*list = NULL;
	*count = 0;
	if (library->pid != getpid())
		return COFFER_E_FORKED;
	error = call_begin(&call, library, deadline);
	if (error)
		return error;
	error = call_ended(&call);
	if (!error)
		error = list_boards(&call, list, count);
	call_end(&call);
	return error;
}
