/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ordinary libusb program, led by lines on its standard input; it answers each with one line, "NUMBER TEXT", where
 * NUMBER is what libusb returned. Several of these are driven against one board. A line is a verb, up to five numbers,
 * and "=" with bytes to send in hex where the verb sends any.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libusb-1.0/libusb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coffer_wire.h"

#define VENDOR      0x1209
#define MAX_DEVICES 16
#define PACKET      COFFER_PACKET_BYTES
#define WATCHDOG_MS 240000u /* a hang is a failure; nothing else depends on it */
#define MAX_BYTES   4096

static libusb_context *usb;
static libusb_device_handle *board;
static int pending;         /* transfers */
static char finished[1024]; /* " EP:STATUS:BYTES" of each since the last events command */
static char hotplug_log[256];
static struct libusb_transfer *posted[64];
static unsigned char given[MAX_BYTES]; /* with the line */
static int given_bytes;

static void answer(int result, const char *format, ...)
{
	va_list list;

	printf("%d ", result);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
	fflush(stdout);
}

/* ---- devices --------------------------------------------------------------------------------------------- */

static int find_boards(libusb_device **found, libusb_device ***list)
{
	struct libusb_device_descriptor descriptor;
	int count = 0;
	ssize_t all = libusb_get_device_list(usb, list);

	for (ssize_t i = 0; i < all && count < MAX_DEVICES; i++)
		if (libusb_get_device_descriptor((*list)[i], &descriptor) == 0 && descriptor.idVendor == VENDOR)
			found[count++] = (*list)[i];
	return count;
}

static int open_board(int index)
{
	libusb_device *found[MAX_DEVICES], **list;
	int count = find_boards(found, &list);
	int result = index < count ? libusb_open(found[index], &board) : LIBUSB_ERROR_NOT_FOUND;

	libusb_free_device_list(list, 1);
	return result;
}

static int count_boards(void)
{
	libusb_device *found[MAX_DEVICES], **list;
	int count = find_boards(found, &list);

	libusb_free_device_list(list, 1);
	return count;
}

static int string_of(int which, char *text, int bytes)
{
	struct libusb_device_descriptor d;

	libusb_get_device_descriptor(libusb_get_device(board), &d);
	uint8_t index = which == 1 ? d.iManufacturer : which == 2 ? d.iProduct : d.iSerialNumber;
	return libusb_get_string_descriptor_ascii(board, index, (unsigned char *)text, bytes);
}

static int on_hotplug(libusb_context *context, libusb_device *device, libusb_hotplug_event event, void *user)
{
	struct libusb_device_descriptor descriptor;

	(void)context;
	(void)user;
	if (libusb_get_device_descriptor(device, &descriptor) == 0 && descriptor.idVendor == VENDOR)
		strncat(hotplug_log, event == LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT ? " left" : " arrived",
			sizeof(hotplug_log) - strlen(hotplug_log) - 1);
	return 0;
}

static int register_hotplug(void)
{
	return libusb_hotplug_register_callback(
		usb, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT | LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, 0, VENDOR,
		LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_hotplug, NULL, NULL);
}

/* ---- control and bulk ------------------------------------------------------------------------------------ */

static void control(int type, int request, int value, int index, int length)
{
	unsigned char data[MAX_BYTES];
	char hex[2 * sizeof(data) + 1] = "";
	int result;

	memcpy(data, given, sizeof(data));
	result = libusb_control_transfer(board, (uint8_t)type, (uint8_t)request, (uint16_t)value, (uint16_t)index, data,
					 (uint16_t)length, WATCHDOG_MS);

	for (int i = 0; i < result && (type & 0x80); i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	answer(result, "%s", hex);
}

static void on_end(struct libusb_transfer *transfer)
{
	size_t used = strlen(finished);

	snprintf(finished + used, sizeof(finished) - used, " %02x:%d:%d", transfer->endpoint, (int)transfer->status,
		 transfer->actual_length);
	pending--;
	for (size_t i = 0; i < sizeof(posted) / sizeof(*posted); i++)
		if (posted[i] == transfer)
			posted[i] = NULL;
}

/* Waits for one IN transfer. */
static void receive(int endpoint, int bytes)
{
	unsigned char data[MAX_BYTES];
	char hex[2 * sizeof(data) + 1] = "";
	int moved = 0;
	int result = libusb_bulk_transfer(board, (unsigned char)endpoint, data, bytes < MAX_BYTES ? bytes : MAX_BYTES,
					  &moved, WATCHDOG_MS);

	for (int i = 0; i < moved; i++)
		snprintf(hex + 2 * i, 3, "%02x", data[i]);
	answer(result, "%s", hex);
}

/* Posts a transfer that nobody waits for, of the given bytes and zeros; its buffer is freed with it. */
static int post(int endpoint, int bytes, bool zero_packet)
{
	struct libusb_transfer *transfer = libusb_alloc_transfer(0);
	unsigned char *data = calloc(1, (size_t)bytes + MAX_BYTES);
	int result;

	memcpy(data, given, (size_t)given_bytes);
	libusb_fill_bulk_transfer(transfer, board, (unsigned char)endpoint, data, bytes, on_end, NULL, 0);
	transfer->flags = LIBUSB_TRANSFER_FREE_BUFFER | LIBUSB_TRANSFER_FREE_TRANSFER;
	if (zero_packet)
		transfer->flags |= LIBUSB_TRANSFER_ADD_ZERO_PACKET;
	result = libusb_submit_transfer(transfer);
	if (result < 0) {
		libusb_free_transfer(transfer);
		return result;
	}
	pending++;
	for (size_t i = 0; i < sizeof(posted) / sizeof(*posted); i++) {
		if (!posted[i]) {
			posted[i] = transfer;
			break;
		}
	}
	return 0;
}

static int cancel_posted(void)
{
	int count = 0;

	for (size_t i = 0; i < sizeof(posted) / sizeof(*posted); i++)
		if (posted[i])
			count += libusb_cancel_transfer(posted[i]) == 0;
	return count;
}

/* Handles events until no more than so many transfers are pending, or for a time. */
static void events(int left, int milliseconds)
{
	struct timespec start, now;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		struct timeval slice = {0, 20000};
		if (pending <= left)
			break;
		result = libusb_handle_events_timeout_completed(usb, &slice, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (result == 0 &&
		 (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < milliseconds);
	answer(result, "%d%s", pending, finished);
	finished[0] = '\0';
}

static int bulk(int endpoint, void *data, int bytes, int *moved)
{
	return libusb_bulk_transfer(board, (unsigned char)endpoint, data, bytes, moved, WATCHDOG_MS);
}

/* One LOOP job of so many bytes, there and back. */
static const char *loop_once(int interface, uint32_t id, uint8_t *out, uint8_t *in, uint32_t length)
{
	struct coffer_job *job = (struct coffer_job *)out;
	struct coffer_completion done;
	int bytes = (int)(sizeof(*job) + length), room = (int)((length / PACKET + 1) * PACKET), moved;

	*job = (struct coffer_job){.magic = COFFER_JOB_MAGIC,
				   .version = COFFER_PROTOCOL_VERSION,
				   .op = COFFER_OP_LOOP,
				   .flags = COFFER_JOB_RETURN,
				   .id = id,
				   .length = length};
	for (uint32_t i = 0; i < length; i++)
		out[sizeof(*job) + i] = (uint8_t)rand();
	int before = pending;
	struct libusb_transfer *sending = libusb_alloc_transfer(0);
	libusb_fill_bulk_transfer(sending, board, (unsigned char)(interface + 1), out, bytes, on_end, NULL,
				  WATCHDOG_MS);
	sending->flags = LIBUSB_TRANSFER_ADD_ZERO_PACKET | LIBUSB_TRANSFER_FREE_TRANSFER;
	pending++;
	if (libusb_submit_transfer(sending) < 0)
		return "submit";
	if (bulk(0x81 + interface, in, room, &moved) < 0 || moved != (int)length)
		return "payload";
	if (memcmp(in, out + sizeof(*job), length) != 0)
		return "contents";
	uint8_t packet[PACKET];
	if (bulk(0x81 + interface, packet, sizeof(packet), &moved) < 0 || moved != sizeof(done))
		return "completion";
	memcpy(&done, packet, sizeof(done));
	while (pending > before)
		libusb_handle_events_completed(usb, NULL);
	return done.magic == COFFER_COMPLETION_MAGIC && done.id == id && done.status == COFFER_JOB_OK &&
			       done.bytes == length
		       ? NULL
		       : "status";
}

static void loop(int interface, int length, int count)
{
	uint8_t *out = malloc(sizeof(struct coffer_job) + (size_t)length), *in = malloc((size_t)length + PACKET);
	const char *failed = NULL;
	int round = 0;

	while (!failed && round < count)
		failed = loop_once(interface, (uint32_t)++round, out, in, (uint32_t)length);
	answer(failed ? -99 : 0, "%s", failed ? failed : "");
	finished[0] = '\0';
	free(out);
	free(in);
}

/* ---- children ---------------------------------------------------------------------------------------------- */

/* A child that lives on until it is killed; with exec, returns once it is another program. */
static int hold(bool exec)
{
	int ends[2];
	char none;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		if (exec)
			execlp("sleep", "sleep", "infinity", NULL);
		pause();
		_exit(0);
	}
	close(ends[1]);
	if (exec)
		(void)!read(ends[0], &none, 1);
	close(ends[0]);
	return pid;
}

/* ---- the lines --------------------------------------------------------------------------------------------- */

static void execute(const char *verb, int a, int b, int c, int d, int e)
{
	char text[256] = "";
	int result;

	if (!strcmp(verb, "count"))
		answer(count_boards(), "");
	else if (!strcmp(verb, "open"))
		answer(open_board(a), "");
	else if (!strcmp(verb, "string"))
		result = string_of(a, text, sizeof(text)), answer(result, "%s", text);
	else if (!strcmp(verb, "claim"))
		answer(libusb_claim_interface(board, a), "");
	else if (!strcmp(verb, "release"))
		answer(libusb_release_interface(board, a), "");
	else if (!strcmp(verb, "alt"))
		answer(libusb_set_interface_alt_setting(board, a, b), "");
	else if (!strcmp(verb, "config"))
		answer(libusb_set_configuration(board, a), "");
	else if (!strcmp(verb, "clear"))
		answer(libusb_clear_halt(board, (unsigned char)a), "");
	else if (!strcmp(verb, "driver"))
		answer(libusb_kernel_driver_active(board, a), "");
	else if (!strcmp(verb, "reset"))
		answer(libusb_reset_device(board), "");
	else if (!strcmp(verb, "control"))
		control(a, b, c, d, e);
	else if (!strcmp(verb, "loop"))
		loop(a, b, c);
	else if (!strcmp(verb, "post"))
		answer(post(a, b, c), "");
	else if (!strcmp(verb, "receive"))
		receive(a, b);
	else if (!strcmp(verb, "cancel"))
		answer(cancel_posted(), "");
	else if (!strcmp(verb, "events"))
		events(a, b);
	else if (!strcmp(verb, "hotplug"))
		answer(register_hotplug(), "");
	else if (!strcmp(verb, "plugs"))
		answer(0, "%s", hotplug_log);
	else if (!strcmp(verb, "close"))
		libusb_close(board), board = NULL, answer(0, "");
	else if (!strcmp(verb, "fork") || !strcmp(verb, "exec"))
		answer(hold(verb[0] == 'e'), "");
	else
		answer(-98, "unknown command %s", verb);
}

static void take_bytes(const char *hex)
{
	memset(given, 0, sizeof(given));
	for (given_bytes = 0; given_bytes < MAX_BYTES && hex && sscanf(hex, "%2hhx", &given[given_bytes]) == 1;
	     hex += 2)
		given_bytes++;
}

int main(void)
{
	static char line[2 * MAX_BYTES + 256];
	char verb[32];

	if (libusb_init(&usb) < 0)
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		int a = 0, b = 0, c = 0, d = 0, e = 0;
		if (sscanf(line, "%31s %i %i %i %i %i", verb, &a, &b, &c, &d, &e) < 1)
			continue;
		if (!strcmp(verb, "exit"))
			exit(0);
		char *bytes = strchr(line, '=');
		take_bytes(bytes ? bytes + 1 : NULL);
		execute(verb, a, b, c, d, e);
	}
	if (board)
		libusb_close(board);
	libusb_exit(usb);
	return 0;
}
