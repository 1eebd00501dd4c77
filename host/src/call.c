/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a library does before it has a context: listing and opening. Requests are asynchronous underneath, so that a
 * deadline or another thread can end them; libusb's blocking ones have a deadline of their own, which a slow board misses.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MOST_BYTES 256u

void signals_block(sigset_t *before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

int call_begin(struct call *call, struct coffer *library, const struct timespec *deadline)
{
	sigset_t before;
	int error;

	*call = (struct call){.library = library, .deadline = deadline, .other = -1};
	signals_block(&before);
	error = usb_error(libusb_init(&call->usb));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error || !library)
		return error;
	pthread_mutex_lock(&library->lock);
	TAILQ_INSERT_TAIL(&library->calls, call, link);
	pthread_mutex_unlock(&library->lock);
	return 0;
}

void call_end(struct call *call)
{
	if (call->library) {
		pthread_mutex_lock(&call->library->lock);
		TAILQ_REMOVE(&call->library->calls, call, link);
		pthread_mutex_unlock(&call->library->lock);
	}
	if (call->usb)
		libusb_exit(call->usb);
}

int call_ended(struct call *call)
{
	bool cancelled = false;

	if (call->library) {
		pthread_mutex_lock(&call->library->lock);
		cancelled = call->cancelled;
		pthread_mutex_unlock(&call->library->lock);
	}
	if (cancelled)
		return COFFER_E_CANCELLED;
	return call->deadline && milliseconds_until(call->deadline) <= 0 ? COFFER_E_TIMEOUT : 0;
}

void coffer_interrupt(coffer *library)
{
	struct call *call;

	if (!library || library->pid != getpid())
		return;
	pthread_mutex_lock(&library->lock);
	TAILQ_FOREACH(call, &library->calls, link) {
		call->cancelled = true;
		if (call->usb)
			libusb_interrupt_event_handler(call->usb);
	}
	pthread_mutex_unlock(&library->lock);
}

/* ---- requests ---- */

static void LIBUSB_CALL request_done(struct libusb_transfer *transfer)
{
	*(int *)transfer->user_data = 1;
}

/* Returns when the transfer is at rest: the reason for which it was cancelled, or 0. */
static int wait_for(struct call *call, struct libusb_transfer *transfer, int *done)
{
	int reason = 0;

	while (!*done) {
		int64_t wait = call->deadline && !reason ? milliseconds_until(call->deadline) : 60000;
		struct timeval limit = {0};

		if (wait > 0)
			limit = (struct timeval){.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 + 999};
		libusb_handle_events_timeout_completed(call->usb, &limit, done);
		if (*done || reason)
			continue;
		reason = call_ended(call);
		if (reason)
			libusb_cancel_transfer(transfer);
	}
	return transfer->status == LIBUSB_TRANSFER_COMPLETED ? 0 : reason;
}

static int outcome_of(const struct libusb_transfer *transfer)
{
	switch (transfer->status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return transfer->actual_length;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return COFFER_E_REMOVED;
	case LIBUSB_TRANSFER_STALL:
		return COFFER_E_PROTOCOL;
	default:
		return COFFER_E_IO;
	}
}

int call_request(struct call *call, libusb_device_handle *device, const struct libusb_control_setup *setup,
		 uint8_t *data)
{
	uint8_t buffer[LIBUSB_CONTROL_SETUP_SIZE + MOST_BYTES];
	struct libusb_transfer *transfer;
	int done = 0, result = call_ended(call);

	if (result)
		return result;
	if (setup->wLength > MOST_BYTES)
		return COFFER_E_INVALID;
	transfer = libusb_alloc_transfer(0);
	if (!transfer)
		return COFFER_E_NO_MEMORY;
	libusb_fill_control_setup(buffer, setup->bmRequestType, setup->bRequest, setup->wValue, setup->wIndex,
				  setup->wLength);
	if (!(setup->bmRequestType & LIBUSB_ENDPOINT_IN))
		memcpy(buffer + LIBUSB_CONTROL_SETUP_SIZE, data, setup->wLength);
	libusb_fill_control_transfer(transfer, device, buffer, request_done, &done, 0);
	result = usb_error(libusb_submit_transfer(transfer));
	if (!result)
		result = wait_for(call, transfer, &done);
	if (!result)
		result = outcome_of(transfer);
	if (result > 0 && setup->bmRequestType & LIBUSB_ENDPOINT_IN)
		memcpy(data, buffer + LIBUSB_CONTROL_SETUP_SIZE, (size_t)result);
	libusb_free_transfer(transfer);
	return result;
}
