/* SPDX-License-Identifier: Apache-2.0 */
/* Which boards are attached, told without claiming anything. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coffer_device.h"
#include "device.h"

bool device_is_board(libusb_device *device)
{
	struct libusb_device_descriptor descriptor;

	return libusb_get_device_descriptor(device, &descriptor) == 0 &&
	       descriptor.idVendor == COFFER_USB_VENDOR_ID && descriptor.idProduct == COFFER_USB_PRODUCT_ID;
}

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

int device_open(libusb_device *device, libusb_device_handle **handle)
{
	int error = libusb_open(device, handle);

	return error == LIBUSB_ERROR_IO ? why_not_open(device) : usb_error(error);
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

void device_string(libusb_device_handle *handle, uint8_t index, char *text, int size)
{
	text[0] = '\0';
	if (libusb_get_string_descriptor_ascii(handle, index, (unsigned char *)text, size) < 0)
		text[0] = '\0';
	text[size - 1] = '\0';
}

/* What needs the device file: it is open for this moment only. false: the board has gone. */
static bool describe(libusb_device *device, struct coffer_device *entry)
{
	libusb_device_handle *handle;
	char contexts[64];
	int free_contexts, error;

	fork_guard_begin();
	error = device_open(device, &handle);
	entry->denied = error == COFFER_E_ACCESS;
	if (!error) {
		entry->contexts = (uint8_t)device_contexts(device);
		device_string(handle, COFFER_STRING_SERIAL, entry->serial, sizeof(entry->serial));
		device_string(handle, COFFER_STRING_PRODUCT, entry->product, sizeof(entry->product));
		device_string(handle, COFFER_STRING_CONTEXTS, contexts, sizeof(contexts));
		if (sscanf(contexts, "%d", &free_contexts) == 1 && free_contexts >= 0 && free_contexts <= entry->contexts)
			entry->free_contexts = (uint8_t)free_contexts;
		libusb_close(handle);
	}
	fork_guard_end();
	return error != COFFER_E_REMOVED;
}

int coffer_list(coffer *library, struct coffer_device **list, size_t *count)
{
	libusb_context *usb;
	libusb_device **devices;
	struct coffer_device *made = NULL;
	ssize_t total;
	size_t found = 0;
	int error;

	if (!library || !list || !count)
		return COFFER_E_INVALID;
	*list = NULL;
	*count = 0;
	if (library->pid != getpid())
		return COFFER_E_FORKED;
	error = usb_error(libusb_init(&usb));
	if (error)
		return error;
	total = libusb_get_device_list(usb, &devices);
	if (total < 0) {
		libusb_exit(usb);
		return usb_error((int)total);
	}
	for (ssize_t i = 0; i < total; i++)
		found += device_is_board(devices[i]);
	if (found) {
		made = calloc(found, sizeof(*made));
		if (!made)
			error = COFFER_E_NO_MEMORY;
	}
	for (ssize_t i = 0; made && i < total; i++) {
		struct coffer_device *entry = &made[*count];

		if (!device_is_board(devices[i]))
			continue;
		entry->bus = libusb_get_bus_number(devices[i]);
		entry->address = libusb_get_device_address(devices[i]);
		entry->high_speed = libusb_get_device_speed(devices[i]) == LIBUSB_SPEED_HIGH;
		*count += describe(devices[i], entry);
	}
	libusb_free_device_list(devices, 1);
	libusb_exit(usb);
	*list = made;
	return error;
}
