/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's own types.
 *
 * One thread a context (context.c) does all its USB work. Calls put tasks on lists and wake it; libusb's callbacks put
 * finished transfers on a list; the thread works both off in context_step. `lock` guards everything in
 * a context but the members marked as the thread's own.
 */
#ifndef COFFER_INTERNAL_H
#define COFFER_INTERNAL_H

#include <libusb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <unistd.h>

#include "coffer/coffer.h"

#define COFFER_MAX_CONTEXTS 7

/* ---- library (library.c, log.c) ---- */

struct coffer_log {
	coffer_log_callback callback;
	void *arg;
	enum coffer_log_level level;
	pthread_mutex_t lock;
};

struct coffer {
	pid_t pid;
	atomic_int references; /* the caller's and one a context */
	pthread_mutex_t lock;
	TAILQ_HEAD(, call) calls; /* what coffer_interrupt ends; under lock */
	struct coffer_log log;
	uint32_t job_bytes;
	uint32_t jobs_in_flight;
};

void coffer_log_write(struct coffer *library, enum coffer_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void coffer_unref(struct coffer *library);

/* ---- calls that have no context yet (call.c) ---- */

/* Threads made until the mask is put back leave the application's signals to its own threads. */
void signals_block(sigset_t *before);

/* A coffer_list or coffer_open under way, with a libusb context of its own. */
struct call {
	TAILQ_ENTRY(call) link;
	struct coffer *library; /* NULL: nobody can cancel it */
	libusb_context *usb;
	const struct timespec *deadline; /* NULL: none */
	int other;                       /* a device file that `usb` has open from before; -1: none */
	bool cancelled;                  /* under the library's lock */
};

/* 0, or an error: then call_end is not due. */
int call_begin(struct call *call, struct coffer *library, const struct timespec *deadline);
/* Ends its libusb context, too, unless somebody took it over and left NULL. */
void call_end(struct call *call);
/* 0, TIMEOUT or CANCELLED. */
int call_ended(struct call *call);
/* A control request whose data, at most 256 bytes, go to or come from `data`. Bytes moved, or an error: TIMEOUT, CANCELLED,
 * REMOVED, NO_MEMORY, PROTOCOL (stalled), IO. */
int call_request(struct call *call, libusb_device_handle *device, const struct libusb_control_setup *setup,
		 uint8_t *data);

/* ---- tasks (task.c) ---- */

enum task_kind { TASK_CONTROL, TASK_NEGOTIATE, TASK_CHANNEL, TASK_JOB };

/* A request on endpoint 0. */
struct control {
	uint8_t type, request;
	uint16_t value;
	uint16_t length;
	uint16_t got; /* IN: bytes received */
	uint8_t data[sizeof(struct coffer_negotiate)];
	bool booting;  /* refused as NOT_READY by a board with nothing wrong: ask again */
	bool busy;     /* refused as PENDING: ask again */
	bool must_run; /* goes to the board even when nobody waits for it any more */
	uint64_t era;  /* 0, or what context->era was when the call began that consists of several requests */
	void (*undo)(struct coffer_context *context, const struct control *done); /* nobody took the answer */
};

/* Where the next board job of a task begins (cut.c). */
struct cursor {
	uint64_t offset;    /* bytes of the task before it */
	size_t pair;        /* first pair not used up */
	uint64_t pair_used; /* bytes of that pair before it */
	struct coffer_position position;
};

struct coffer_task {
	TAILQ_ENTRY(coffer_task) link;
	STAILQ_ENTRY(coffer_task) finished_link;
	atomic_int references; /* the caller's; one while the context works on it */
	struct coffer_context *context;
	enum task_kind kind;
	bool finished; /* outcome is final */
	coffer_callback callback;
	void *arg;
	struct coffer_outcome outcome;
	pthread_cond_t done;

	struct control control; /* all but TASK_JOB */
	uint32_t session;       /* TASK_NEGOTIATE, TASK_CHANNEL */
	struct timespec next_poll;
	int64_t poll_interval; /* ms */

	struct coffer_job_desc desc; /* TASK_JOB; list is our own copy */
	struct cursor next;
	bool serial;        /* the next board job needs the position that the one before reports */
	bool cut_up;        /* no board job left to make */
	uint32_t under_way; /* board jobs sent or waiting to be sent */
};
TAILQ_HEAD(task_list, coffer_task);
STAILQ_HEAD(finished_list, coffer_task);

struct coffer_task *task_new(struct coffer_context *context, enum task_kind kind);
void task_ref(struct coffer_task *task);
void task_unref(struct coffer_task *task);
/* Lock held. The first of several calls counts. The callback runs later, on the event thread. */
void task_finish(struct coffer_task *task, int error);
/* Waits for the task, at the deadline cancels it. The reference stays the caller's. */
int task_complete(struct coffer_task *task, const struct timespec *deadline, struct coffer_outcome *outcome);
/* Lock held. */
void task_cancel_all(struct coffer_context *context);

/* ---- board jobs (queue.c, cut.c, completion.c) ---- */

/* One of the two IN transfers by which a job is answered. */
struct answer {
	bool wanted, posted, whole;
	uint32_t bytes; /* at most */
	uint32_t got;
};

struct wire_job {
	TAILQ_ENTRY(wire_job) link;
	struct coffer_task *task; /* NULL: the NOP behind a cancelled job */
	uint32_t id;
	uint8_t *out; /* header, list, payload */
	uint32_t out_bytes, out_done;
	struct transfer *sending;
	bool sent;      /* whole, with its end */
	bool cancelled; /* the transfer that sends it was cancelled, to go on or to be ended */
	bool victim;    /* its task was cancelled */
	bool abandoned; /* freed when its transfer is finished */
	uint8_t *dst;   /* place of the returned payload */
	struct answer payload, completion;
	uint8_t completion_bytes[sizeof(struct coffer_completion)];
};
TAILQ_HEAD(wire_job_list, wire_job);

/* 0 or COFFER_E_INVALID. */
int cut_check(const struct coffer_job_desc *desc);
void cut_begin(struct coffer_task *task);
/* Makes the next board job of a task from its cursor, which moves on; NULL for no memory. */
struct wire_job *cut_job(struct coffer_task *task, uint32_t job_bytes);
struct wire_job *wire_job_new(uint32_t out_bytes);
void wire_job_free(struct wire_job *job);

/* Reads a completion of `bytes` bytes. 0, or COFFER_E_PROTOCOL. */
int completion_parse(const uint8_t *raw, size_t bytes, struct coffer_completion *completion);

/* ---- contexts (context.c, usb.c) ---- */

struct transfer {
	TAILQ_ENTRY(transfer) link;        /* on `completed` */
	TAILQ_ENTRY(transfer) posted_link; /* on `posted` */
	struct libusb_transfer *usb;
	struct coffer_context *context;
	struct wire_job *job; /* OUT: what it sends */
	uint8_t *buffer;      /* IN and control: our own, `bytes` long */
	uint32_t bytes;
	bool pending;
	void (*handle)(struct coffer_context *context, struct transfer *transfer);
};
TAILQ_HEAD(transfer_list, transfer);

struct coffer_context {
	atomic_int references; /* the caller's; one each session, surface and task */
	atomic_uint sessions;  /* objects of this context that are not destroyed */
	pid_t pid;
	struct coffer *library;
	pthread_mutex_t lock;
	pthread_t thread;
	bool thread_runs;
	bool closing;
	int error;    /* 0, or what every call answers from now on */
	bool suspect; /* a transfer has failed: find out why */

	libusb_context *usb;
	libusb_device_handle *device;
	int interface;
	uint8_t ep_out, ep_in;
	uint8_t bus, address;
	int descriptor; /* of the device file, for fork; -1: none */
	char serial[33];
	struct coffer_info info;

	uint32_t transfers; /* pending at libusb */
	struct transfer_list completed;

	struct finished_list finished; /* callbacks to run */
	uint64_t era;                  /* from 1; moves on when everything is cancelled */
	struct task_list controls;     /* waiting for endpoint 0 */
	struct coffer_task *control;   /* under way there */
	bool control_asks;             /* it was stalled: GET_STATUS is under way for the reason */
	struct transfer *control_transfer;
	struct task_list polls;      /* waiting for their next one: negotiations, commands of a channel */
	struct coffer_task *channel; /* its command is at the board; other ones wait for its end */

	struct task_list jobs;          /* not cut up yet */
	struct wire_job_list ready;     /* to be sent */
	struct wire_job_list in_flight; /* sent, in the order of their answers */
	struct transfer_list posted;    /* IN transfers in order */
	uint32_t bytes_in_flight;
	uint32_t next_id;
	bool draining;            /* OUT transfers are being cancelled, for a cancelled task */
	struct wire_job *barrier; /* answers are dropped up to this NOP's */
};

/* context.c */
/* Without interface and thread. */
struct coffer_context *context_new(struct coffer *library);
void context_ref(struct coffer_context *context);
void context_unref(struct coffer_context *context);
void context_wake(struct coffer_context *context);
/* Lock held. From now on every call answers `error`. */
void context_fail(struct coffer_context *context, int error);
/* 0, FORKED, CALLBACK or the context's error; for calls that may block. */
int context_check(struct coffer_context *context, bool blocks);
/* usb.c */
/* Claims an interface, selects its setting 1, fills in `info` and takes over the call's libusb context; usb_close is due
 * whatever is returned. */
int usb_open(struct coffer_context *context, struct call *call, const char *board, int interface);
void usb_close(struct coffer_context *context);
/* REMOVED or LOST, for a context whose transfers fail; not from a libusb callback. */
int usb_why(struct coffer_context *context);
int usb_error(int libusb_error);
struct transfer *transfer_new(struct coffer_context *context, uint32_t bytes);
void transfer_free(struct transfer *transfer);
/* 0 or a libusb error; the callback puts it on `completed`. */
int transfer_submit(struct transfer *transfer);
void transfer_finished(struct libusb_transfer *usb);

/* control.c; lock held in those below control_exit */
int control_init(struct coffer_context *context);
void control_exit(struct coffer_context *context);
/* A blocking request; on success *answer holds what an IN request got, at least `least` bytes. */
uint64_t control_era(struct coffer_context *context);
int control_run(struct coffer_context *context, const struct control *request, uint16_t least,
		const struct timespec *deadline, struct control *answer);
/* enum coffer_error for an enum coffer_result */
int control_error(uint8_t result);
void control_queue(struct coffer_task *task);
void control_step(struct coffer_context *context);
void control_cancel(struct coffer_task *task);
void control_fail(struct coffer_context *context, int error);
/* Sends a task's request in a while, at the first time soon, then slower. */
void control_poll_later(struct coffer_task *task);
/* Milliseconds until the next poll is due; -1 = none waits. */
int64_t control_next_poll(const struct coffer_context *context);
/* negotiate.c: a request of a negotiation was answered. */
void negotiate_answered(struct coffer_task *task, int error);
/* channel.c: a request of a command was answered. */
void channel_answered(struct coffer_task *task, int error);

/* queue.c; lock held in all of them */
void queue_step(struct coffer_context *context);
void queue_cancel(struct coffer_task *task);
void queue_fail(struct coffer_context *context, int error);
/* The first board job under way whose task has not ended. */
struct wire_job *queue_first_live(const struct coffer_context *context);

/* fork.c */
/* Between the two no fork happens. */
void fork_guard_begin(void);
void fork_guard_end(void);
/* Guarded. false: the table cannot grow. */
bool fork_guard_add(int descriptor);
void fork_guard_remove(int descriptor);

static inline int64_t milliseconds_until(const struct timespec *when)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (when->tv_sec - now.tv_sec) * 1000 + (when->tv_nsec - now.tv_nsec) / 1000000;
}

#endif
