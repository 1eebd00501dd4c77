/* SPDX-License-Identifier: Apache-2.0 */
/* See usb.h. These stand in front of libusb's own, and, by -D, of the clock and the condition variables of the library. */
#include "usb.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

struct usb usb;

int libusb_submit_transfer(struct libusb_transfer *transfer)
{
	if (usb.gone)
		return LIBUSB_ERROR_NO_DEVICE;
	if (usb.refuses || usb.count == USB_MOST)
		return LIBUSB_ERROR_NO_MEM;
	usb.cancelled[usb.count] = false;
	usb.pending[usb.count++] = transfer;
	return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *transfer)
{
	for (unsigned k = 0; k < usb.count; k++) {
		if (usb.pending[k] != transfer)
			continue;
		usb.cancelled[k] = true;
		return 0;
	}
	return LIBUSB_ERROR_NOT_FOUND;
}

void usb_end(unsigned k, enum libusb_transfer_status status, int bytes)
{
	struct libusb_transfer *transfer = usb.pending[k];

	usb.count--;
	memmove(&usb.pending[k], &usb.pending[k + 1], (usb.count - k) * sizeof(usb.pending[0]));
	memmove(&usb.cancelled[k], &usb.cancelled[k + 1], (usb.count - k) * sizeof(usb.cancelled[0]));
	transfer->status = status;
	transfer->actual_length = bytes;
	transfer->callback(transfer);
}

/* ---- time ---- */

int fuzz_gettime(clockid_t clock, struct timespec *now);
int fuzz_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int fuzz_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *deadline);

int fuzz_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	now->tv_sec = (time_t)(1000 + usb.milliseconds / 1000);
	now->tv_nsec = (long)(usb.milliseconds % 1000 * 1000000);
	return 0;
}

int fuzz_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
	(void)condition;
	(void)lock;
	board_acts();
	return 0;
}

int fuzz_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock, const struct timespec *deadline)
{
	struct timespec now;

	fuzz_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec))
		return ETIMEDOUT;
	return fuzz_wait(condition, lock);
}
