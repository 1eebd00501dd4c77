/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer-preload.so: turns the usbfs ioctls of unmodified programs into USB/IP, so that they reach virtual boards with
 * neither root nor kernel support. Preloaded in front of libumockdev-preload.so.0, which gives libusb and libudev
 * their /sys and /dev from the tree below $UMOCKDEV_DIR; the server's socket is $COFFER_BOARD_SOCKET.
 *
 * A device node opened by a program becomes one end of a socket pair, for poll(): its send buffer is full while
 * there is no URB to reap (not ready), drained while there is one (POLLOUT), and the other end is closed with data
 * unread when the board is gone (POLLERR), as the kernel reports it. One connection to the server is one open file;
 * its end is the program's death. A thread for each open file takes the answers.
 *
 * $COFFER_BOARD_SPLIT makes us a host controller without scatter-gather, on which libusb splits bulk transfers into
 * URBs of 16 KiB. An open file that a child inherited by fork can only be closed there.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "usbip_protocol.h"

#define EXPORT       __attribute__((visibility("default")))
#define MAX_TRANSFER (16u << 20)
#define CAPABILITIES                                                                                                   \
	(USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |                 \
	 USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)
#define SPLIT_CAPABILITIES                                                                                             \
	(USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)

/* What waits for an answer: an URB, or (urb == NULL) a call that sleeps until done. */
struct request {
	struct request *next;
	struct usbdevfs_urb *urb;
	uint32_t seqnum;
	uint32_t unlink_seqnum; /* 0: not being unlinked */
	bool done;
	int result;
};

struct device_file {
	struct device_file *next;
	int fd;   /* the program's */
	int peer; /* its other end; -1: the board is gone */
	int net;
	pid_t pid;
	pthread_t thread;
	unsigned int users; /* of this record; under files_mutex */
	uint32_t devid;

	pthread_mutex_t send_mutex; /* keeps messages whole and in order; taken before mutex */
	pthread_mutex_t mutex;      /* of what follows */
	pthread_cond_t changed;
	uint32_t seqnum;
	struct request *waiting; /* any order */
	struct request *reapable, **reapable_end;
	bool gone, ready;
};

static struct device_file *files;
static pthread_mutex_t files_mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- the functions that we stand in front of ------------------------------------------------------------ */

static int (*next_open)(const char *, int, ...);
static int (*next_open64)(const char *, int, ...);
static int (*next_open_2)(const char *, int);
static int (*next_open64_2)(const char *, int);
static int (*next_openat)(int, const char *, int, ...);
static int (*next_ioctl)(int, unsigned long, ...);
static int (*next_close)(int);
static int (*next_bind)(int, const struct sockaddr *, socklen_t);

static void *find_next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* Before any other constructor may have called us: each wrapper asks for it. */
static void find_all(void)
{
	if (next_bind)
		return;
	*(void **)&next_open = find_next("open");
	*(void **)&next_open64 = find_next("open64");
	*(void **)&next_open_2 = find_next("__open_2");
	*(void **)&next_open64_2 = find_next("__open64_2");
	*(void **)&next_openat = find_next("openat");
	*(void **)&next_ioctl = find_next("ioctl");
	*(void **)&next_close = find_next("close");
	*(void **)&next_bind = find_next("bind");
}

/* ---- sockets --------------------------------------------------------------------------------------------- */

static bool receive(int fd, void *data, size_t bytes)
{
	uint8_t *to = data;

	while (bytes > 0) {
		ssize_t got = recv(fd, to, bytes, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		bytes -= (size_t)got;
	}
	return true;
}

static void transmit(int fd, const void *head, size_t head_bytes, const void *data, size_t bytes)
{
	struct iovec parts[2] = {{(void *)head, head_bytes}, {(void *)data, bytes}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	while (parts[0].iov_len + parts[1].iov_len > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return; /* the receiving thread sees the end too */
		for (int i = 0; i < 2; i++) {
			size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
			parts[i].iov_base = (uint8_t *)parts[i].iov_base + part;
			parts[i].iov_len -= part;
			sent -= (ssize_t)part;
		}
	}
}

/* POLLOUT or not, with file->mutex held. One message fills the small send buffer beyond what poll() calls writable. */
static void set_ready(struct device_file *file, bool ready)
{
	static const char filling[2048];
	char sink[sizeof filling];

	if (ready == file->ready || file->peer < 0)
		return;
	file->ready = ready;
	if (ready)
		while (recv(file->peer, sink, sizeof sink, MSG_DONTWAIT) > 0)
			;
	else
		while (send(file->fd, filling, sizeof filling, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			;
}

static void set_gone(struct device_file *file)
{
	if (file->ready)
		(void)!send(file->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	next_close(file->peer); /* with data unread: POLLERR */
	file->peer = -1;
}

/* ---- requests and their ends; file->mutex held ------------------------------------------------------------- */

static struct request *take_waiting(struct device_file *file, uint32_t seqnum, uint32_t unlink_seqnum)
{
	for (struct request **at = &file->waiting; *at; at = &(*at)->next) {
		struct request *request = *at;
		if (seqnum ? request->seqnum == seqnum : request->unlink_seqnum == unlink_seqnum) {
			*at = request->next;
			request->next = NULL;
			return request;
		}
	}
	return NULL;
}

static void end_request(struct device_file *file, struct request *request, int status, uint32_t actual)
{
	request->done = true;
	request->result = status;
	if (request->urb) {
		/* usbfs reports a discarded URB as ENOENT */
		request->urb->status = status == -ECONNRESET && request->unlink_seqnum ? -ENOENT : status;
		request->urb->actual_length = (int)actual;
		*file->reapable_end = request;
		file->reapable_end = &request->next;
		set_ready(file, true);
	}
	pthread_cond_broadcast(&file->changed);
}

static void *urb_data(struct usbdevfs_urb *urb)
{
	return urb->type == USBDEVFS_URB_TYPE_CONTROL ? (uint8_t *)urb->buffer + 8 : urb->buffer;
}

static bool urb_in(const struct usbdevfs_urb *urb)
{
	return urb->type == USBDEVFS_URB_TYPE_CONTROL ? *(uint8_t *)urb->buffer & 0x80 : urb->endpoint & 0x80;
}

static uint32_t urb_length(const struct usbdevfs_urb *urb)
{
	const uint8_t *setup = urb->buffer;

	return urb->type == USBDEVFS_URB_TYPE_CONTROL ? (uint32_t)(setup[6] | setup[7] << 8)
						      : (uint32_t)urb->buffer_length;
}

static bool take_submit_answer(struct device_file *file, const struct usbip_header *header)
{
	uint32_t actual = ntohl(header->u.ret_submit.actual_length);
	struct request *request;

	pthread_mutex_lock(&file->mutex);
	request = take_waiting(file, ntohl(header->seqnum), 0);
	pthread_mutex_unlock(&file->mutex);
	if (!request || !request->urb || actual > urb_length(request->urb)) {
		free(request);
		return false;
	}
	bool good = !urb_in(request->urb) || receive(file->net, urb_data(request->urb), actual);
	pthread_mutex_lock(&file->mutex);
	end_request(file, request, good ? (int)ntohl(header->u.ret_submit.status) : -ESHUTDOWN, actual);
	pthread_mutex_unlock(&file->mutex);
	return good;
}

static bool take_answer(struct device_file *file, const struct usbip_header *header)
{
	int status = (int)ntohl(header->u.ret.status);
	struct request *request = NULL;
	bool good = true;

	pthread_mutex_lock(&file->mutex);
	switch (ntohl(header->command)) {
	case USBIP_RET_UNLINK:
		/* 0: RET_SUBMIT has come before */
		if (status < 0)
			request = take_waiting(file, 0, ntohl(header->seqnum));
		break;
	case COFFER_RET_USBFS:
		request = take_waiting(file, ntohl(header->seqnum), 0);
		break;
	default:
		good = false;
	}
	if (request)
		end_request(file, request, status, 0);
	pthread_mutex_unlock(&file->mutex);
	return good;
}

static void *receiver(void *argument)
{
	struct device_file *file = argument;
	struct usbip_header header;
	bool good = true;

	while (good && receive(file->net, &header, sizeof header))
		good = ntohl(header.command) == USBIP_RET_SUBMIT ? take_submit_answer(file, &header)
								 : take_answer(file, &header);
	pthread_mutex_lock(&file->mutex);
	file->gone = true;
	while (file->waiting) {
		struct request *request = file->waiting;
		file->waiting = request->next;
		request->next = NULL;
		end_request(file, request, request->urb ? -ESHUTDOWN : -ENODEV, 0);
	}
	set_gone(file);
	pthread_cond_broadcast(&file->changed); /* REAPURB sleeps with nothing pending, too */
	pthread_mutex_unlock(&file->mutex);
	return NULL;
}

/* Gives the request its number and sends it; false: the board is gone. */
static bool send_request(struct device_file *file, struct request *request, struct usbip_header *header,
			 const void *data, size_t bytes)
{
	bool gone;

	pthread_mutex_lock(&file->send_mutex);
	pthread_mutex_lock(&file->mutex);
	gone = file->gone;
	if (!gone) {
		request->seqnum = ++file->seqnum;
		request->next = file->waiting;
		file->waiting = request;
	}
	pthread_mutex_unlock(&file->mutex);
	if (!gone) {
		header->seqnum = htonl(request->seqnum);
		header->devid = htonl(file->devid);
		transmit(file->net, header, sizeof *header, data, bytes);
	}
	pthread_mutex_unlock(&file->send_mutex);
	return !gone;
}

/* ---- ioctls ---------------------------------------------------------------------------------------------- */

static int fail(int error)
{
	errno = error;
	return -1;
}

static int usbfs(struct device_file *file, enum coffer_usbfs_op op, uint32_t a, uint32_t b, const uint8_t *setup)
{
	struct usbip_header header = {.command = htonl(COFFER_CMD_USBFS)};
	struct request request = {0};

	header.u.usbfs.op = htonl(op);
	header.u.usbfs.a = htonl(a);
	header.u.usbfs.b = htonl(b);
	if (setup)
		memcpy(header.u.usbfs.setup, setup, 8);
	if (!send_request(file, &request, &header, NULL, 0))
		return fail(ENODEV);
	pthread_mutex_lock(&file->mutex);
	while (!request.done)
		pthread_cond_wait(&file->changed, &file->mutex);
	pthread_mutex_unlock(&file->mutex);
	return request.result < 0 ? fail(-request.result) : 0;
}

static int get_driver(struct device_file *file, struct usbdevfs_getdriver *argument)
{
	int result = usbfs(file, COFFER_USBFS_GET_DRIVER, argument->interface, 0, NULL);

	if (result == 0)
		strcpy(argument->driver, "usbfs");
	return result;
}

static int check_urb(struct device_file *file, const struct usbdevfs_urb *urb)
{
	const uint8_t *setup = urb->buffer;

	if (urb->type == USBDEVFS_URB_TYPE_BULK) {
		if (urb->buffer_length < 0 || (uint32_t)urb->buffer_length > MAX_TRANSFER)
			return fail(urb->buffer_length < 0 ? EINVAL : ENOMEM);
		return usbfs(file, COFFER_USBFS_CHECK, urb->endpoint, 0, NULL);
	}
	if (urb->type != USBDEVFS_URB_TYPE_CONTROL)
		return fail(EINVAL); /* the boards have no such endpoints */
	if (urb->buffer_length < 8 || (uint32_t)urb->buffer_length < 8 + urb_length(urb))
		return fail(EINVAL);
	return usbfs(file, COFFER_USBFS_CHECK, 0, 0, setup);
}

static int submit(struct device_file *file, struct usbdevfs_urb *urb)
{
	struct usbip_header header = {.command = htonl(USBIP_CMD_SUBMIT)};
	struct request *request;
	uint32_t flags = 0;

	if (check_urb(file, urb) < 0)
		return -1;
	if (urb->flags & USBDEVFS_URB_SHORT_NOT_OK)
		flags |= USBIP_SHORT_NOT_OK;
	if (urb->flags & USBDEVFS_URB_ZERO_PACKET)
		flags |= USBIP_ZERO_PACKET;
	if (urb->flags & USBDEVFS_URB_BULK_CONTINUATION)
		flags |= COFFER_CONTINUATION;
	header.direction = htonl(urb_in(urb));
	header.u.submit.transfer_flags = htonl(flags);
	header.u.submit.transfer_buffer_length = htonl(urb_length(urb));
	if (urb->type == USBDEVFS_URB_TYPE_CONTROL)
		memcpy(header.u.submit.setup, urb->buffer, 8);
	else
		header.ep = htonl(urb->endpoint & 0x0F);
	request = calloc(1, sizeof *request);
	if (!request)
		return fail(ENOMEM);
	request->urb = urb;
	if (!send_request(file, request, &header, urb_data(urb), urb_in(urb) ? 0 : urb_length(urb))) {
		free(request);
		return fail(ENODEV);
	}
	return 0;
}

static int discard(struct device_file *file, const struct usbdevfs_urb *urb)
{
	struct usbip_header header = {.command = htonl(USBIP_CMD_UNLINK)};
	struct request *request;
	bool found;

	pthread_mutex_lock(&file->send_mutex);
	pthread_mutex_lock(&file->mutex);
	for (request = file->waiting; request && request->urb != urb; request = request->next)
		;
	found = request != NULL;
	if (found && !request->unlink_seqnum) {
		request->unlink_seqnum = ++file->seqnum;
		header.seqnum = htonl(request->unlink_seqnum);
		header.devid = htonl(file->devid);
		header.u.unlink.seqnum = htonl(request->seqnum);
	}
	pthread_mutex_unlock(&file->mutex);
	if (header.seqnum)
		transmit(file->net, &header, sizeof header, NULL, 0);
	pthread_mutex_unlock(&file->send_mutex);
	return found ? 0 : fail(EINVAL);
}

static int reap(struct device_file *file, void **urb, bool wait)
{
	struct request *request;
	bool gone;

	pthread_mutex_lock(&file->mutex);
	while (wait && !file->reapable && !file->gone)
		pthread_cond_wait(&file->changed, &file->mutex);
	request = file->reapable;
	if (request) {
		file->reapable = request->next;
		if (!file->reapable) {
			file->reapable_end = &file->reapable;
			set_ready(file, false);
		}
	}
	gone = file->gone;
	pthread_mutex_unlock(&file->mutex);
	if (!request)
		return fail(gone ? ENODEV : EAGAIN);
	*urb = request->urb;
	free(request);
	return 0;
}

static int device_ioctl(struct device_file *file, unsigned long op, void *argument)
{
	const struct usbdevfs_setinterface *setting = argument;

	if (file->pid != getpid())
		return fail(ENODEV);
	switch (op) {
	case USBDEVFS_REAPURB:
	case USBDEVFS_REAPURBNDELAY:
		return reap(file, argument, op == USBDEVFS_REAPURB);
	case USBDEVFS_DISCARDURB:
		return discard(file, argument);
	case USBDEVFS_SUBMITURB:
		return submit(file, argument);
	case USBDEVFS_GET_CAPABILITIES:
		*(uint32_t *)argument = getenv("COFFER_BOARD_SPLIT") ? SPLIT_CAPABILITIES : CAPABILITIES;
		return 0;
	case USBDEVFS_GET_SPEED:
		return (int)USBIP_SPEED_HIGH;
	case USBDEVFS_CLAIMINTERFACE:
		return usbfs(file, COFFER_USBFS_CLAIM, *(unsigned int *)argument, 0, NULL);
	case USBDEVFS_RELEASEINTERFACE:
		return usbfs(file, COFFER_USBFS_RELEASE, *(unsigned int *)argument, 0, NULL);
	case USBDEVFS_SETINTERFACE:
		return usbfs(file, COFFER_USBFS_SET_INTERFACE, setting->interface, setting->altsetting, NULL);
	case USBDEVFS_SETCONFIGURATION:
		return usbfs(file, COFFER_USBFS_SET_CONFIGURATION, *(unsigned int *)argument, 0, NULL);
	case USBDEVFS_RESET:
		return usbfs(file, COFFER_USBFS_RESET, 0, 0, NULL);
	case USBDEVFS_CLEAR_HALT:
		return usbfs(file, COFFER_USBFS_CLEAR_HALT, *(unsigned int *)argument, 0, NULL);
	case USBDEVFS_GETDRIVER:
		return get_driver(file, argument);
	case USBDEVFS_IOCTL:
		return fail(ENODATA); /* no kernel driver is bound */
	default:
		return fail(ENOTTY);
	}
}

/* ---- open files ------------------------------------------------------------------------------------------ */

static struct device_file *find_file(int fd)
{
	struct device_file *file;

	if (!__atomic_load_n(&files, __ATOMIC_ACQUIRE))
		return NULL; /* the usual case costs nothing */
	pthread_mutex_lock(&files_mutex);
	for (file = files; file && file->fd != fd; file = file->next)
		;
	if (file)
		file->users++;
	pthread_mutex_unlock(&files_mutex);
	return file;
}

static void put_file(struct device_file *file)
{
	pthread_mutex_lock(&files_mutex);
	bool last = --file->users == 0;
	pthread_mutex_unlock(&files_mutex);
	if (!last)
		return;
	while (file->reapable) {
		struct request *request = file->reapable;
		file->reapable = request->next;
		free(request);
	}
	free(file);
}

/* Of files_mutex, which another thread of the parent may have held: the child has only this thread. */
static void after_fork(void)
{
	pthread_mutex_init(&files_mutex, NULL);
}

static int close_file(struct device_file *file)
{
	bool mine = file->pid == getpid();
	int fd = file->fd;

	pthread_mutex_lock(&files_mutex);
	for (struct device_file **at = &files; *at; at = &(*at)->next) {
		if (*at == file) {
			*at = file->next;
			file->users--;
			break;
		}
	}
	pthread_mutex_unlock(&files_mutex);
	if (mine) {
		/* The server cleans up and then closes its side: as in the kernel, close() returns after that. */
		shutdown(file->net, SHUT_WR);
		pthread_join(file->thread, NULL);
	} else if (file->peer >= 0) {
		next_close(file->peer);
	}
	next_close(file->net);
	put_file(file);
	return next_close(fd);
}

static int connect_server(const char *node, uint32_t *devid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct {
		struct usbip_op_head head;
		struct usbip_import_request request;
	} ask = {.head = {htons(USBIP_VERSION), htons(COFFER_OP_REQ_OPEN), 0}};
	struct usbip_op_head head;
	struct usbip_device device;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("COFFER_BOARD_SOCKET"));
	snprintf(ask.request.busid, sizeof ask.request.busid, "%s", node);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		transmit(fd, &ask, sizeof ask, NULL, 0);
		if (receive(fd, &head, sizeof head) && head.status == htonl(USBIP_ST_OK) &&
		    receive(fd, &device, sizeof device)) {
			*devid = ntohl(device.busnum) << 16 | ntohl(device.devnum);
			return fd;
		}
	}
	next_close(fd);
	return fail(ENODEV);
}

static struct device_file *new_file(const char *node)
{
	struct device_file *file = calloc(1, sizeof *file);
	int pair[2], bytes = 4096;

	if (!file)
		return NULL;
	file->net = connect_server(node, &file->devid);
	if (file->net < 0) {
		free(file);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		next_close(file->net);
		free(file);
		return NULL;
	}
	file->fd = pair[0];
	file->peer = pair[1];
	setsockopt(file->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	file->pid = getpid();
	file->users = 1;
	file->reapable_end = &file->reapable;
	pthread_mutex_init(&file->send_mutex, NULL);
	pthread_mutex_init(&file->mutex, NULL);
	pthread_cond_init(&file->changed, NULL);
	file->ready = true;
	set_ready(file, false);
	return file;
}

static bool start_receiver(struct device_file *file)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the program's threads' business */
	int error = pthread_create(&file->thread, NULL, receiver, file);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

static int open_device(const char *node)
{
	struct device_file *file = new_file(node);

	if (!file)
		return -1;
	if (!start_receiver(file)) {
		next_close(file->net);
		next_close(file->fd);
		next_close(file->peer);
		free(file);
		return fail(ENOMEM);
	}
	pthread_mutex_lock(&files_mutex);
	file->next = files;
	__atomic_store_n(&files, file, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&files_mutex);
	return file->fd;
}

/* The "BBB/DDD" of a device node, or NULL for every other path. */
static const char *device_node(const char *path)
{
	static const char prefix[] = "/dev/bus/usb/";

	if (!path || strncmp(path, prefix, sizeof prefix - 1) != 0 || !getenv("COFFER_BOARD_SOCKET"))
		return NULL;
	return strlen(path + sizeof prefix - 1) == 7 ? path + sizeof prefix - 1 : NULL;
}

/* ---- the wrappers ------------------------------------------------------------------------------------------ */

#define OPEN_MODE(flags)                                                                                               \
	({                                                                                                             \
		mode_t mode_ = 0;                                                                                      \
		if (((flags)&O_CREAT) || ((flags)&O_TMPFILE) == O_TMPFILE) {                                           \
			va_list list;                                                                                  \
			va_start(list, flags);                                                                         \
			mode_ = va_arg(list, mode_t);                                                                  \
			va_end(list);                                                                                  \
		}                                                                                                      \
		mode_;                                                                                                 \
	})

EXPORT int open(const char *path, int flags, ...)
{
	const char *node = device_node(path);

	find_all();
	return node ? open_device(node) : next_open(path, flags, OPEN_MODE(flags));
}

EXPORT int open64(const char *path, int flags, ...)
{
	const char *node = device_node(path);

	find_all();
	return node ? open_device(node) : next_open64(path, flags, OPEN_MODE(flags));
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	const char *node = device_node(path);

	find_all();
	return node ? open_device(node) : next_openat(dir, path, flags, OPEN_MODE(flags));
}

int __open_2(const char *path, int flags); /* what open() becomes under _FORTIFY_SOURCE */
int __open64_2(const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
	const char *node = device_node(path);

	find_all();
	return node ? open_device(node) : next_open_2(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	const char *node = device_node(path);

	find_all();
	return node ? open_device(node) : next_open64_2(path, flags);
}

EXPORT int close(int fd)
{
	struct device_file *file = find_file(fd);

	find_all();
	return file ? close_file(file) : next_close(fd);
}

EXPORT int ioctl(int fd, unsigned long op, ...)
{
	struct device_file *file = find_file(fd);
	va_list list;
	void *argument;
	int result;

	va_start(list, op);
	argument = va_arg(list, void *);
	va_end(list);
	find_all();
	if (!file)
		return next_ioctl(fd, op, argument);
	result = device_ioctl(file, (uint32_t)op, argument);
	put_file(file);
	return result;
}

/*
 * libumockdev-preload turns a udev monitor's netlink socket into a unix socket named after its descriptor, so that
 * two processes take each other's name. We add the process to the name, so that each has its own events.
 */
static void rename_event_socket(int fd)
{
	const char *dir = getenv("UMOCKDEV_DIR");
	struct sockaddr_un address;
	socklen_t bytes = sizeof address;
	char name[sizeof address.sun_path + 16];

	if (!dir || getsockname(fd, (struct sockaddr *)&address, &bytes) < 0 || address.sun_family != AF_UNIX ||
	    strncmp(address.sun_path, dir, strlen(dir)) != 0)
		return;
	snprintf(name, sizeof name, "%s.%d", address.sun_path, (int)getpid());
	rename(address.sun_path, name);
}

EXPORT int bind(int fd, const struct sockaddr *address, socklen_t bytes)
{
	char path[256];
	int lock, result;

	find_all();
	if (!getenv("COFFER_BOARD_SOCKET") || bytes < sizeof address->sa_family || address->sa_family != AF_NETLINK)
		return next_bind(fd, address, bytes);
	snprintf(path, sizeof path, "%s.lock", getenv("COFFER_BOARD_SOCKET"));
	lock = next_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0)
		flock(lock, LOCK_EX);
	result = next_bind(fd, address, bytes);
	if (result == 0)
		rename_event_socket(fd);
	if (lock >= 0)
		next_close(lock);
	return result;
}

__attribute__((constructor)) static void start(void)
{
	find_all();
	pthread_atfork(NULL, NULL, after_fork);
}
