/* SPDX-License-Identifier: Apache-2.0 */
/* What touches libusb: opening a context's interface, transfers, and why they fail. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coffer_device.h"
#include "device.h"

#define WHY_MS 2000 /* how long it may take until a board says that it is there, or the kernel that it is not */

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

/*
 * Whether the board is there: it answers this, and has 0 here, or an error of call_request. REMOVED: it is not. Of a
 * board that was pulled out the kernel may hear a little later than we: until then its requests fail as IO.
 */
static int ask_status(struct coffer_context *context, struct call *call)
{
	const struct libusb_control_setup setup = {
		.bmRequestType = LIBUSB_ENDPOINT_IN, .bRequest = LIBUSB_REQUEST_GET_STATUS, .wLength = 2};
	struct timespec limit = coffer_deadline(WHY_MS);
	uint8_t status[2];
	int got;

	do
		got = call_request(call, context->device, &setup, status);
	while ((got == COFFER_E_IO || got == COFFER_E_PROTOCOL) && !poll(NULL, 0, 20) &&
	       milliseconds_until(&limit) > 0);
	return got < 0 ? got : 0;
}

/* ---- open ---- */

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

/* Another version may have another size of answer, but it tells its number first. */
static int meet(struct coffer_context *context, struct call *call)
{
	const struct libusb_control_setup setup = {
		.bmRequestType = COFFER_RT_IN,
		.bRequest = COFFER_REQ_GET_INFO,
		.wIndex = (uint16_t)context->interface,
		.wLength = sizeof(context->info),
	};
	uint8_t raw[256] = {0};
	int got = call_request(call, context->device, &setup, raw);

	if (got < 0)
		return got;
	memcpy(&context->info, raw, sizeof(context->info));
	if (got >= (int)sizeof(context->info.protocol) && context->info.protocol != COFFER_PROTOCOL_VERSION) {
		coffer_log_write(context->library, COFFER_LOG_ERROR,
				 "board %s speaks version %u of the protocol, this library version %u", context->serial,
				 context->info.protocol, COFFER_PROTOCOL_VERSION);
		return COFFER_E_VERSION;
	}
	return got < (int)sizeof(context->info) ? COFFER_E_PROTOCOL : 0;
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

static int claim_and_meet(struct coffer_context *context, struct call *call, int contexts, int wanted)
{
	int error = claim_one(context, contexts, wanted);

	if (error)
		return error;
	error = meet(context, call);
	if (error)
		libusb_release_interface(context->device, context->interface);
	return error;
}

/* Somebody's reset, or the board's end, may come between any two steps: then again, but not for ever. */
static int claim_surely(struct coffer_context *context, struct call *call, libusb_device *device, int wanted)
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
	error = claim_and_meet(context, call, contexts, wanted);
	for (int i = 0; i < 3 && error == COFFER_E_IO; i++) {
		error = ask_status(context, call);
		if (!error || error == COFFER_E_IO)
			error = claim_and_meet(context, call, contexts, wanted);
	}
	if (!error && !device_endpoints(device, context->interface, &context->ep_out, &context->ep_in))
		error = COFFER_E_IO;
	return error == COFFER_E_IO ? COFFER_E_LOST : error;
}

static bool named_by_address(const struct coffer_context *context, const char *board)
{
	char name[8];

	snprintf(name, sizeof(name), "%u:%u", context->bus, context->address);
	return board && strcmp(board, name) == 0;
}

static int open_device(struct coffer_context *context, struct call *call, libusb_device *device, const char *board,
		       int interface)
{
	int error = call_ended(call);

	if (!error)
		error = device_open(call, device, &context->device, &context->descriptor);
	if (error) {
		context->device = NULL;
		return error;
	}
	context->bus = libusb_get_bus_number(device);
	context->address = libusb_get_device_address(device);
	error = device_string(call, context->device, COFFER_STRING_SERIAL, context->serial, sizeof(context->serial));
	if (!error && board && strcmp(board, context->serial) && !named_by_address(context, board))
		error = COFFER_E_NO_BOARD;
	if (!error)
		error = claim_surely(context, call, device, interface);
	return error;
}

/* Gives the interface back with the device: the kernel selects setting 0 in both cases. */
static void close_device(struct coffer_context *context)
{
	if (context->device)
		device_close(context->device, context->descriptor);
	context->device = NULL;
}

/* Of the errors of several boards the most helpful one is told. */
static int more_helpful(int a, int b)
{
	static const int order[] = {COFFER_E_TIMEOUT,  COFFER_E_CANCELLED, COFFER_E_BUSY,
				    COFFER_E_ACCESS,   COFFER_E_INVALID,   COFFER_E_VERSION,
				    COFFER_E_PROTOCOL, COFFER_E_NO_MEMORY, COFFER_E_IO};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a;
}

int usb_open(struct coffer_context *context, struct call *call, const char *board, int interface)
{
	libusb_device **devices;
	ssize_t count = libusb_get_device_list(call->usb, &devices);
	int error = COFFER_E_NO_BOARD;

	if (count < 0)
		return usb_error((int)count);
	for (ssize_t i = 0; i < count && error && error != COFFER_E_TIMEOUT && error != COFFER_E_CANCELLED; i++) {
		int one;

		if (!device_is_board(devices[i]))
			continue;
		one = open_device(context, call, devices[i], board, interface);
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
static bool board_came_back(const struct coffer_context *context, struct call *call)
{
	libusb_device **devices;
	ssize_t count = libusb_get_device_list(call->usb, &devices);
	bool back = false;

	for (ssize_t i = 0; i < count && !back; i++) {
		libusb_device_handle *handle;
		char serial[sizeof(context->serial)];
		int descriptor;

		if (!device_is_board(devices[i]) || (libusb_get_bus_number(devices[i]) == context->bus &&
						     libusb_get_device_address(devices[i]) == context->address))
			continue;
		if (device_open(call, devices[i], &handle, &descriptor))
			continue;
		back = !device_string(call, handle, COFFER_STRING_SERIAL, serial, sizeof(serial)) &&
		       strcmp(serial, context->serial) == 0;
		device_close(handle, descriptor);
	}
	if (count >= 0)
		libusb_free_device_list(devices, 1);
	return back;
}

int usb_why(struct coffer_context *context)
{
	struct timespec limit = coffer_deadline(WHY_MS);
	struct call call = {.usb = context->usb, .deadline = &limit, .other = context->descriptor};

	if (ask_status(context, &call) != COFFER_E_REMOVED)
		return COFFER_E_LOST;
	limit = coffer_deadline(WHY_MS);
	return board_came_back(context, &call) ? COFFER_E_LOST : COFFER_E_REMOVED;
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
	if (transfer->buffer)
		explicit_bzero(transfer->buffer, transfer->bytes);
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
