/* SPDX-License-Identifier: Apache-2.0 */
/* What touches libusb: opening a context's interface, transfers, and why they fail. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coffer_device.h"
#include "device.h"

int usb_error(int libusb_error)
{
	switch (libusb_error) {
	case 0:
		return 0;
	case LIBUSB_ERROR_ACCESS:
		return COFFER_E_ACCESS;
	case LIBUSB_ERROR_BUSY:
		return COFFER_E_BUSY;
	case LIBUSB_ERROR_NO_MEM:
		return COFFER_E_NO_MEMORY;
	case LIBUSB_ERROR_NO_DEVICE:
		return COFFER_E_REMOVED;
	default:
		return COFFER_E_IO;
	}
}

/* ---- open ---- */

/* The device file's descriptor: of those that libusb polls for a context with one open device, the one polled for output. */
static int device_descriptor(libusb_context *usb)
{
	const struct libusb_pollfd **polled = libusb_get_pollfds(usb);
	int descriptor = -1;

	for (size_t i = 0; polled && polled[i]; i++)
		if (polled[i]->events & POLLOUT)
			descriptor = polled[i]->fd;
	libusb_free_pollfds(polled);
	return descriptor;
}

static int claim(struct coffer_context *context, int interface)
{
	int error = libusb_claim_interface(context->device, interface);

	if (error)
		return usb_error(error);
	error = libusb_set_interface_alt_setting(context->device, interface, 1);
	if (error) {
		libusb_release_interface(context->device, interface);
		return usb_error(error);
	}
	context->interface = interface;
	return 0;
}

static int claim_one(struct coffer_context *context, int contexts, int wanted)
{
	int error = COFFER_E_BUSY;

	if (wanted >= 0)
		return claim(context, wanted);
	for (int i = 0; i < contexts && error == COFFER_E_BUSY; i++)
		error = claim(context, i);
	return error;
}

/* Somebody's reset, or the board's end, may come between any two steps: then again, but not for ever. */
static int claim_surely(struct coffer_context *context, libusb_device *device, int wanted)
{
	int contexts = device_contexts(device);
	int error;

	if (wanted >= contexts)
		return COFFER_E_INVALID;
	if (!device_endpoints(device, wanted < 0 ? 0 : wanted, &context->ep_out, &context->ep_in)) {
		coffer_log_write(context->library, COFFER_LOG_ERROR,
				 "board %s is not attached at high speed: it has no context to open", context->serial);
		return COFFER_E_IO;
	}
	error = claim_one(context, contexts, wanted);
	for (int i = 0; i < 3 && error == COFFER_E_IO; i++)
		error = usb_why(context) == COFFER_E_REMOVED ? COFFER_E_REMOVED : claim_one(context, contexts, wanted);
	if (!error && !device_endpoints(device, context->interface, &context->ep_out, &context->ep_in))
		error = COFFER_E_IO;
	return error;
}

static bool named_by_address(const struct coffer_context *context, const char *board)
{
	char name[8];

	snprintf(name, sizeof(name), "%u:%u", context->bus, context->address);
	return board && strcmp(board, name) == 0;
}

static int open_device(struct coffer_context *context, libusb_device *device, const char *board, int interface)
{
	int error;

	fork_guard_begin();
	error = device_open(device, &context->device);
	if (!error) {
		context->descriptor = device_descriptor(context->usb);
		if (context->descriptor < 0 || !fork_guard_add(context->descriptor)) {
			libusb_close(context->device);
			error = COFFER_E_NO_MEMORY;
		}
	}
	fork_guard_end();
	if (error) {
		context->device = NULL;
		return error;
	}
	context->bus = libusb_get_bus_number(device);
	context->address = libusb_get_device_address(device);
	device_string(context->device, COFFER_STRING_SERIAL, context->serial, sizeof(context->serial));
	if (board && strcmp(board, context->serial) && !named_by_address(context, board))
		error = COFFER_E_NO_BOARD;
	else
		error = claim_surely(context, device, interface);
	return error;
}

static void close_device(struct coffer_context *context)
{
	if (!context->device)
		return;
	fork_guard_begin();
	fork_guard_remove(context->descriptor);
	libusb_close(context->device);
	fork_guard_end();
	context->device = NULL;
}

/* Of the errors of several boards the most helpful one is told. */
static int more_helpful(int a, int b)
{
	static const int order[] = { COFFER_E_BUSY, COFFER_E_ACCESS, COFFER_E_INVALID, COFFER_E_NO_MEMORY, COFFER_E_IO };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}

int usb_open(struct coffer_context *context, const char *board, int interface)
{
	libusb_device **devices;
	ssize_t count;
	int error = usb_error(libusb_init(&context->usb));

	if (error) {
		context->usb = NULL;
		return error;
	}
	count = libusb_get_device_list(context->usb, &devices);
	if (count < 0)
		return usb_error((int)count);
	error = COFFER_E_NO_BOARD;
	for (ssize_t i = 0; i < count && error; i++) {
		int one;

		if (!device_is_board(devices[i]))
			continue;
		one = open_device(context, devices[i], board, interface);
		error = one ? more_helpful(error, one) : 0;
		if (one)
			close_device(context);
	}
	libusb_free_device_list(devices, 1);
	return error;
}

void usb_close(struct coffer_context *context)
{
	if (context->device)
		libusb_release_interface(context->device, context->interface);
	close_device(context);
	if (context->usb)
		libusb_exit(context->usb);
	context->usb = NULL;
}

/* ---- why transfers fail ---- */

/* The board in its place again under a new address: it was reset and enumerated anew. */
static bool board_came_back(const struct coffer_context *context)
{
	libusb_device **devices;
	ssize_t count = libusb_get_device_list(context->usb, &devices);
	bool back = false;

	for (ssize_t i = 0; i < count; i++) {
		libusb_device_handle *handle;
		char serial[sizeof(context->serial)];

		if (!device_is_board(devices[i]) || (libusb_get_bus_number(devices[i]) == context->bus &&
						     libusb_get_device_address(devices[i]) == context->address))
			continue;
		fork_guard_begin();
		if (device_open(devices[i], &handle) == 0) {
			device_string(handle, COFFER_STRING_SERIAL, serial, sizeof(serial));
			back |= strcmp(serial, context->serial) == 0;
			libusb_close(handle);
		}
		fork_guard_end();
	}
	if (count >= 0)
		libusb_free_device_list(devices, 1);
	return back;
}

int usb_why(struct coffer_context *context)
{
	const struct timespec limit = coffer_deadline(2000);
	unsigned char status[2];
	int got;

	/* A board that is there answers this; of one that was pulled out the kernel may hear a little later than we. */
	do {
		got = libusb_control_transfer(context->device, LIBUSB_ENDPOINT_IN | LIBUSB_RECIPIENT_DEVICE,
					      LIBUSB_REQUEST_GET_STATUS, 0, 0, status, sizeof(status), 1000);
	} while (got < 0 && got != LIBUSB_ERROR_NO_DEVICE && !poll(NULL, 0, 20) && milliseconds_until(&limit) > 0);
	if (got != LIBUSB_ERROR_NO_DEVICE || board_came_back(context))
		return COFFER_E_LOST;
	return COFFER_E_REMOVED;
}

/* ---- transfers ---- */

struct transfer *transfer_new(struct coffer_context *context, uint32_t bytes)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->context = context;
	transfer->bytes = bytes;
	transfer->usb = libusb_alloc_transfer(0);
	if (bytes)
		transfer->buffer = malloc(bytes);
	if (!transfer->usb || (bytes && !transfer->buffer)) {
		transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	libusb_free_transfer(transfer->usb);
	free(transfer->buffer);
	free(transfer);
}

void LIBUSB_CALL transfer_finished(struct libusb_transfer *usb)
{
	struct transfer *transfer = usb->user_data;
	struct coffer_context *context = transfer->context;

	pthread_mutex_lock(&context->lock);
	transfer->pending = false;
	context->transfers--;
	TAILQ_INSERT_TAIL(&context->completed, transfer, link);
	pthread_mutex_unlock(&context->lock);
}

int transfer_submit(struct transfer *transfer)
{
	int error = libusb_submit_transfer(transfer->usb);

	if (error)
		return error;
	transfer->pending = true;
	transfer->context->transfers++;
	return 0;
}
