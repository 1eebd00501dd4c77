/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcoffer: the native interface of Coffer boards.
 *
 * Objects. A `coffer` is one use of the library; a `coffer_context` is one interface of one board, claimed by
 * this process, and owns every session, surface and task made through it. All are opaque.
 *
 * Ownership, in one sentence: what a function returns through a pointer-to-pointer is the caller's until it is
 * given to the destructor of its type, which accepts NULL and clears the pointer; what a getter returns
 * belongs to the object; buffers and descriptions that the caller passes in are only borrowed, for the duration
 * of the call or, for a task's source and destination, until the task is finished. Objects may be destroyed in
 * any order: those that outlive their context stay valid and answer with its error.
 *
 * Errors. Functions return 0 or a negative enum coffer_error; an output of a call that failed is NULL or 0 where it is a
 * pointer or a count, and unspecified otherwise. Nothing is ever printed; a log callback may be given to coffer_init.
 *
 * Bytes. IVs, counters, keys and blobs are byte strings in the order in which their standard prints them; handles and lengths
 * are numbers of the host. Lengths and offsets are bytes.
 *
 * Threads. Every function may be called from any thread at any time, with three exceptions: a destructor must
 * be the last call on its object; a callback runs on the event thread of its context and must not call a
 * function that takes a deadline, nor a destructor other than coffer_task_release (those of its own context answer
 * COFFER_E_CALLBACK or, where they return nothing, do nothing; those of others would only hold the context up); and
 * nothing of the parent's may be used after fork in the child: every call there answers COFFER_E_FORKED, and the
 * child's copies of the device files are closed already. A child may begin anew with coffer_init. The library's own
 * threads take none of the process's signals.
 *
 * Deadlines are absolute times of CLOCK_MONOTONIC; NULL means none. coffer_deadline makes one. A call that
 * runs into its deadline answers COFFER_E_TIMEOUT and leaves nothing behind on the board. Every call that takes a deadline
 * can be cancelled from another thread, by coffer_cancel or coffer_task_cancel, or where there is no context yet by
 * coffer_interrupt; it then answers COFFER_E_CANCELLED. One step cannot be: the operating system's own selection of
 * the interface's setting in coffer_open, which a board answers at once.
 *
 * Loss. When a board is pulled out, every pending and later call on its contexts answers COFFER_E_REMOVED; when the
 * context was taken away while the board is still there (somebody reset it), COFFER_E_LOST. The context stays in
 * that state: close it and open another.
 */
#ifndef COFFER_H
#define COFFER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "coffer_wire.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define COFFER_MUST_CHECK __attribute__((warn_unused_result))
#else
#define COFFER_MUST_CHECK
#endif

typedef struct coffer coffer;
typedef struct coffer_context coffer_context;
typedef struct coffer_session coffer_session;
typedef struct coffer_surface coffer_surface;
typedef struct coffer_task coffer_task;

/* ---- errors ----------------------------------------------------------------------------------- */

enum coffer_error {
	/* COFFER_OK = 0 and COFFER_PENDING = 1 come from the wire protocol */
	COFFER_E_INVALID = -1,    /* an argument of the call is out of range */
	COFFER_E_NO_MEMORY = -2,  /* the host or, for surfaces, the board has no memory left */
	COFFER_E_NO_BOARD = -3,   /* no (such) board is attached */
	COFFER_E_ACCESS = -4,     /* a board is there, but this user may not open it */
	COFFER_E_BUSY = -5,       /* every context of the board is in use */
	COFFER_E_REMOVED = -6,    /* the board was unplugged */
	COFFER_E_LOST = -7,       /* the board is there, the context is gone: open again */
	COFFER_E_TIMEOUT = -8,    /* the deadline passed */
	COFFER_E_CANCELLED = -9,  /* cancelled by another thread */
	COFFER_E_FORKED = -10,    /* the object was made before fork, by the parent */
	COFFER_E_CALLBACK = -11,  /* a blocking call from a callback */
	COFFER_E_PROTOCOL = -12,  /* the board answered what it never should; the context is dead */
	COFFER_E_VERSION = -13,   /* the board speaks another version of the protocol */
	COFFER_E_NO_SLOT = -14,   /* the context's share of key slots is used up */
	COFFER_E_HANDLE = -15,    /* stale or foreign session, slot or surface */
	COFFER_E_STATE = -16,     /* wrong order: negotiated already, not negotiated yet */
	COFFER_E_NOT_READY = -17, /* the board has no identity, or its entropy source failed */
	COFFER_E_REVOKED = -18,   /* the session was destroyed while the call was pending */
	COFFER_E_BAD_BLOB = -19,  /* the board could not open the key blob; no reason is ever given */
	COFFER_E_REFUSED = -20,   /* the board refused a job: see coffer_outcome.status */
	COFFER_E_UNTRUSTED = -21, /* the certificate chain does not lead to a trusted root */
	COFFER_E_IO = -22,        /* the operating system's USB layer failed */
};

/* "COFFER_E_BUSY", "no free context: every one of the board is in use". Any int is accepted; never NULL. */
const char *coffer_error_name(int error);
const char *coffer_error_text(int error);

/* The same for enum coffer_job_status: "COFFER_JOB_POLICY", "the slot's policy forbids it". */
const char *coffer_job_status_name(int status);
const char *coffer_job_status_text(int status);

/* ---- the library ------------------------------------------------------------------------------- */

enum coffer_log_level { COFFER_LOG_NONE, COFFER_LOG_ERROR, COFFER_LOG_INFO, COFFER_LOG_DEBUG };

/* One line without a newline, valid during the call; from any thread that uses the library, one at a time. It must not
 * call the library. Never contains a key. */
typedef void (*coffer_log_callback)(void *arg, enum coffer_log_level level, const char *message);

/* Zero in any member but the first means the default. */
struct coffer_options {
	size_t size;             /* sizeof(struct coffer_options) */
	coffer_log_callback log; /* none */
	void *log_arg;
	enum coffer_log_level log_level; /* least important level that is delivered; COFFER_LOG_ERROR */
	uint32_t job_bytes;              /* longest job sent to the board: 16 to 1048576, a multiple of 16; 65536 */
	uint32_t jobs_in_flight;         /* jobs under way at once in a context: 1 to 64; 8 */
};

/* The version of the library, "0.1.0". */
const char *coffer_version(void);

/* options may be NULL. Errors: INVALID, NO_MEMORY, IO. */
int coffer_init(coffer **library, const struct coffer_options *options) COFFER_MUST_CHECK;

/* Contexts that are still open keep what they need and may be closed later. */
void coffer_exit(coffer **library);

/* Frees what a function said is freed by it. NULL is accepted. */
void coffer_free(void *memory);

/* The time `milliseconds` from now, for use as a deadline; now, where that is negative. */
struct timespec coffer_deadline(int64_t milliseconds);

/* ---- boards ------------------------------------------------------------------------------------ */

struct coffer_device {
	uint8_t bus, address;  /* the operating system's numbers for this attachment */
	uint8_t high_speed;    /* 0: attached at full speed, no context can be opened */
	uint8_t denied;        /* 1: this user may not open it, and nothing below is known */
	uint8_t contexts;      /* number of contexts */
	uint8_t free_contexts; /* not open in any process */
	char serial[33];       /* ASCII, ends with 0; empty where unknown */
	char product[64];      /* likewise */
};

/* Lists the attached boards without claiming anything. *list is freed by coffer_free (one block; NULL where there
 * are none). Errors: INVALID, NO_MEMORY, TIMEOUT, CANCELLED, IO, FORKED. */
int coffer_list(coffer *library, const struct timespec *deadline, struct coffer_device **list,
		size_t *count) COFFER_MUST_CHECK;

/* Ends every coffer_list and coffer_open under way, in whatever thread, with COFFER_E_CANCELLED. */
void coffer_interrupt(coffer *library);

/* Opens a context. `board` is a serial number, "BUS:ADDRESS", or NULL for the first board with a free context;
 * `interface` is one interface's number, or -1 for the first free one. The library claims the interface and selects
 * its setting 1, which zeroizes what an earlier owner left. Errors: INVALID, NO_BOARD, ACCESS, BUSY, VERSION (both
 * versions are in the log), NO_MEMORY, LOST (somebody resets the board again and again), TIMEOUT, CANCELLED, PROTOCOL, IO,
 * FORKED; of several boards' errors the most helpful one. A board that is pulled out meanwhile is NO_BOARD. */
int coffer_open(coffer *library, const char *board, int interface, const struct timespec *deadline,
		coffer_context **context) COFFER_MUST_CHECK;

/* Ends every call and task still pending with COFFER_E_CANCELLED, runs their callbacks, and releases the
 * interface: the board overwrites the context's slots and pages. Its objects stay the caller's to destroy. */
void coffer_close(coffer_context **context);

/* 0, or the error with which every further call on this context will answer (REMOVED, LOST, PROTOCOL); as far as it is
 * known: a board that is pulled out while nothing is pending is missed by the next call. */
int coffer_context_error(const coffer_context *context);

/* The number of the interface that is this context, and the board's serial number, valid as long as the context. */
int coffer_context_interface(const coffer_context *context);
const char *coffer_context_serial(const coffer_context *context);

/* Ends every call and task pending in this context, in whatever thread, with COFFER_E_CANCELLED. */
void coffer_cancel(coffer_context *context);

/* What the board told about itself at open; valid as long as the context. */
const struct coffer_info *coffer_info(const coffer_context *context);

/* Asks again: ram_free and flags change. Errors of a control request: LOST, REMOVED, TIMEOUT, CANCELLED, PROTOCOL, IO,
 * CALLBACK, FORKED, INVALID, NO_MEMORY; below, "control errors". */
int coffer_get_info(coffer_context *context, const struct timespec *deadline,
		    struct coffer_info *info) COFFER_MUST_CHECK;
/* How the board and this context fare now; setup_cycle and status_cycle are those of the context's request before
 * this one. Control errors. */
int coffer_get_status(coffer_context *context, const struct timespec *deadline,
		      struct coffer_status *status) COFFER_MUST_CHECK;

/* A certificate chain: X.509 (RFC 5280) in DER, concatenated, leaf first, root left out. *der is freed by coffer_free.
 * Errors: control errors, NOT_READY (the board has no such chain). The chain is not checked: see <coffer/trust.h>. */
int coffer_get_chain(coffer_context *context, enum coffer_chain which, const struct timespec *deadline, uint8_t **der,
		     size_t *bytes) COFFER_MUST_CHECK;

/* ---- sessions ----------------------------------------------------------------------------------- */

/* Reserves all the slots that a session of this kind needs (protected: session, content and read-back key), without keys.
 * Errors: control errors, NO_SLOT (until one is destroyed), NOT_READY. */
int coffer_session_create(coffer_context *context, enum coffer_session_kind kind, const struct timespec *deadline,
			  coffer_session **session) COFFER_MUST_CHECK;

/* Revokes the session on the board: running jobs end as COFFER_JOB_REVOKED, slots and surfaces are overwritten.
 * The object is freed whatever is returned (but CALLBACK), and the board does it even if the wait for it ends early.
 * Control errors, HANDLE. */
int coffer_session_destroy(coffer_session **session, const struct timespec *deadline);

/* Asks the board, behind the jobs queued before, whether the session lives and holds its key. 0, STATE (no key yet), HANDLE or
 * REVOKED (it has ended there), or the errors of coffer_run. */
int coffer_session_check(coffer_session *session, const struct timespec *deadline) COFFER_MUST_CHECK;

enum coffer_key { COFFER_KEY_SESSION, COFFER_KEY_CONTENT, COFFER_KEY_READBACK };

/* The handle of one of the session's slots, for coffer_job_desc.slot; 0 where the session has none of that kind. */
uint32_t coffer_session_slot(const coffer_session *session, enum coffer_key key);
/* The context that it was created in, valid as long as the session: closed, it answers every call with its error. */
coffer_context *coffer_session_context(const coffer_session *session);
enum coffer_session_kind coffer_session_kind(const coffer_session *session);

/* ---- authenticated channels: sessions of kind COFFER_CHANNEL_64 or COFFER_CHANNEL_32 -------------- */

/* One of a context at a time (else NO_SLOT at its creation). Its key is negotiated as a protected session's, by
 * coffer_negotiate, and never in a slot. It answers an application's queries and takes its configurations, both under
 * AES-CMAC (SP 800-38B; OMAC1) with that key, as the Direct3D 11.1 DDI has it: docs/ddi.md. The kind says how the
 * structures D3D11_1DDI_AUTHENTICATED_* are laid out, as in programs of 64 or of 32 bits; they pass unchanged. Jobs and surfaces it
 * has none, and coffer_session_check says STATE while it lives. */

/* A query, of the structure's `bytes` bytes (32 to 64; in 32 bits from 24). The answer to a known type has `room` bytes, the
 * size of its structure; to an unknown one, and if room is less than the header's, it is the header alone. What the board
 * thinks of the query is the answer's ReturnCode. Calls wait for each other. Control errors, INVALID, HANDLE, STATE (not
 * negotiated), REVOKED. */
int coffer_channel_query(coffer_session *channel, const void *input, size_t bytes, size_t room,
			 const struct timespec *deadline, uint8_t answer[COFFER_CHANNEL_MOST],
			 size_t *answer_bytes) COFFER_MUST_CHECK;

/* The same for a configuration (48 to 80 bytes; in 32 bits from 40): `input` begins with its MAC. */
int coffer_channel_configure(coffer_session *channel, const void *input, size_t bytes, const struct timespec *deadline,
			     uint8_t answer[COFFER_CHANNEL_MOST], size_t *answer_bytes) COFFER_MUST_CHECK;

/* ---- surfaces: protected memory of a session ---------------------------------------------------- */

/* Protected memory of the board, zeroed; `bytes` is rounded up to whole pages (coffer_info.page_bytes). Errors: control
 * errors, HANDLE, NO_MEMORY (pages are shared by all contexts of the board). */
int coffer_surface_create(coffer_session *session, uint32_t bytes, const struct timespec *deadline,
			  coffer_surface **surface) COFFER_MUST_CHECK;
/* As coffer_session_destroy. A session's end takes its surfaces with it; destroying one afterwards is no error. */
int coffer_surface_destroy(coffer_surface **surface, const struct timespec *deadline);
/* For coffer_job_desc.src_surface and dst_surface. */
uint32_t coffer_surface_handle(const coffer_surface *surface);
/* As rounded up. */
uint32_t coffer_surface_bytes(const coffer_surface *surface);

/* ---- tasks: what runs asynchronously ------------------------------------------------------------ */

/* A place in an encrypted stream, in or behind the last byte processed. */
struct coffer_position {
	uint8_t iv[16];         /* CTR: counter block, first byte first; CBC: IV or last ciphertext block */
	uint8_t keystream_byte; /* CTR: next byte of the keystream block at iv, 0..15 */
	uint8_t reserved;       /* 0 */
	uint16_t pattern_phase; /* bytes of the pattern done in the encrypted range that goes on here */
};

/* Moves a position of CTR on by `bytes` bytes of the encrypted stream, as the rule counts (SP 800-38A appendix B.1: all 128
 * bits; ISO/IEC 23001-7: the low 64 bits, which wrap; the DDI: those, and the board refuses to wrap). */
void coffer_position_advance(struct coffer_position *position, enum coffer_counter_rule rule, uint64_t bytes);

struct coffer_outcome {
	int error;                     /* 0 or enum coffer_error */
	enum coffer_job_status status; /* of the board: the reason of COFFER_E_REFUSED */
	uint32_t jobs;                 /* jobs of the board that the task took */
	uint64_t bytes;                /* processed */
	struct coffer_position end;    /* where the next task of the same stream goes on */
	uint8_t board_iv[16];          /* read-back: the IV that the board made */
	uint64_t first_cycle;          /* board time, 60 MHz: first byte in; negotiation: request accepted */
	uint64_t granted_cycle;        /* negotiation only: public-key engine granted */
	uint64_t last_cycle;           /* last byte out; negotiation: answer released */
};

/* Runs on the event thread of the context, exactly once a task, and holds up the context until it returns. `result` is valid
 * during the call. */
typedef void (*coffer_callback)(void *arg, const struct coffer_outcome *result);

/* Waits for the end of a task. Returns the task's error, or TIMEOUT (the task goes on), CALLBACK, FORKED.
 * `result` may be NULL. */
int coffer_task_wait(coffer_task *task, const struct timespec *deadline, struct coffer_outcome *result);

/* COFFER_PENDING, or the task's error. */
int coffer_task_poll(coffer_task *task, struct coffer_outcome *result);

/* The task ends with COFFER_E_CANCELLED unless it has ended already. Its buffers are no longer touched once it has ended.
 * What the board has done of it by then is done. NULL is accepted. */
void coffer_task_cancel(coffer_task *task);

/* Gives up the caller's reference; a running task goes on, and its callback still comes. */
void coffer_task_release(coffer_task **task);

/* ---- key exchange -------------------------------------------------------------------------------- */

/* Gives the session its key: `blob` is 256 bytes of RSAES-OAEP (RFC 8017, section 7.1; first byte first), made for the
 * board's certificate by <coffer/trust.h> or anything else. A protected session takes a 16-byte key under the empty
 * label, an open one struct coffer_open_key and the key under the label "coffer-open-v1"; hash and MGF1 are SHA-512.
 * The asynchronous form copies the blob; `callback` and `task` may each be NULL.
 * Cancelling gives up the wait only: destroy the session then.
 * Errors: control errors, INVALID (length), HANDLE, STATE, BAD_BLOB, NOT_READY, REVOKED. */
int coffer_negotiate(coffer_session *session, const uint8_t *blob, size_t bytes, const struct timespec *deadline,
		     struct coffer_outcome *result) COFFER_MUST_CHECK;
int coffer_negotiate_start(coffer_session *session, const uint8_t *blob, size_t bytes, coffer_callback callback,
			   void *arg, coffer_task **task) COFFER_MUST_CHECK;

/* The other way, for sessions of kind COFFER_SESSION_ECDH, whose key nobody sends: an application far or near makes the hello and
 * reads the reply (<coffer/trust.h>, or anything else that follows docs/protocol.md); both pass unread. The reply is zero where the
 * result is not 0. Errors: as coffer_negotiate; BAD_BLOB for a hello that is none. */
int coffer_exchange(coffer_session *session, const struct coffer_exchange_hello *hello, const struct timespec *deadline,
		    struct coffer_exchange_reply *reply, struct coffer_outcome *result) COFFER_MUST_CHECK;

/* ---- jobs ---------------------------------------------------------------------------------------- */

/*
 * Handles go to the board as they are: it alone decides whether they may be used. Zero the structure first.
 *
 * The data come from src (`length` bytes of host memory) or from src_surface, and go to dst or to dst_surface; with
 * neither destination they are processed and dropped. A list gives the lengths of clear and encrypted runs in turn and
 * must add up to `length`; it may have any number of pairs. What is longer than a board job is cut by the library
 * (position and list go on across the cut); a job whose source is a surface is never cut. ECB ranges are multiples of
 * 16 bytes (SP 800-38A, section 5.2). src and dst may be the same buffer, but not overlap otherwise.
 *
 * Common Encryption (ISO/IEC 23001-7; docs/protocol.md says what each scheme does at the end of a range):
 *   cenc  CTR, WRAP64             cens  the same with a pattern
 *   cbc1  CBC                     cbcs  CBC, restart, with a pattern where there are subsamples
 */
struct coffer_job_desc {
	enum coffer_op op;
	enum coffer_mode mode;
	enum coffer_counter_rule counter_rule; /* CTR */
	int encrypt;                           /* else decrypt */
	uint32_t slot;                         /* the key: coffer_session_slot() */
	uint32_t target_slot;                  /* LOAD_KEY, NEW_READBACK_KEY: the slot that gets the key */
	uint32_t key_bytes;                    /* LOAD_KEY: 16, 24 or 32 */
	struct coffer_position start;
	uint8_t crypt_blocks, skip_blocks; /* pattern of 16-byte blocks, 1..15 and 0..15; 0 and 0 = none */
	int restart; /* CBC: each encrypted range is chained to start.iv; the task begins where one begins */
	int more;    /* CBC, pattern: the last range goes on in another task, from the outcome's end, with as
	                             * many bytes as its run of blocks wants; what is not a whole block comes there */
	const void *src;
	void *dst;
	uint64_t length;
	uint32_t src_surface, src_offset; /* coffer_surface_handle(), bytes */
	uint32_t dst_surface, dst_offset;
	const struct coffer_pair *list;
	size_t pairs;
};

/* Queues a task. Tasks of a context are processed in the order of their submission. The description and the list are copied;
 * src and dst stay the caller's until the task ends; dst holds nothing of use unless it ends well. `callback` and `task` may each be NULL.
 * Errors: INVALID, NO_MEMORY, or the context's (LOST, REMOVED, PROTOCOL, FORKED).
 * The task itself ends with REFUSED (status says why), CANCELLED or the context's error. */
int coffer_submit(coffer_context *context, const struct coffer_job_desc *desc, coffer_callback callback, void *arg,
		  coffer_task **task) COFFER_MUST_CHECK;

/* Submits and waits; at the deadline the task is cancelled. `result` may be NULL. Errors: those of both. */
int coffer_run(coffer_context *context, const struct coffer_job_desc *desc, const struct timespec *deadline,
	       struct coffer_outcome *result) COFFER_MUST_CHECK;

/* Four operations of the key vault, each as coffer_run with one job: errors of coffer_run; REFUSED with the reason in
 * `result`, which may be NULL. */

/* Loads a content key of 16, 24 or 32 bytes, given as wrapped AES-ECB blocks (FIPS 197, under the session key; 16 bytes, or
 * 32 for the longer keys), into the session's content slot, for this mode alone. CTR: `rule` is the key's;
 * COFFER_CTR_REFUSE64 makes both directions refuse the reuse of an IV. The other modes: COFFER_CTR_CARRY128, which is 0. */
int coffer_load_key(coffer_session *session, const uint8_t *wrapped, size_t wrapped_bytes, uint32_t key_bytes,
		    enum coffer_mode mode, enum coffer_counter_rule rule, const struct timespec *deadline,
		    struct coffer_outcome *result) COFFER_MUST_CHECK;

/* A fresh read-back key in the session's read-back slot; its form wrapped under the session key (one AES-ECB block) comes
 * back. */
int coffer_new_readback_key(coffer_session *session, uint8_t wrapped[16], const struct timespec *deadline,
			    struct coffer_outcome *result) COFFER_MUST_CHECK;

/* Session-key refresh: the board draws 16 bytes, then, at the second call, the session key becomes its XOR with them, for
 * later jobs. A second start replaces the first; a refresh without a start is refused. */
int coffer_start_refresh(coffer_session *session, uint8_t random[16], const struct timespec *deadline,
			 struct coffer_outcome *result) COFFER_MUST_CHECK;
int coffer_refresh(coffer_session *session, const struct timespec *deadline,
		   struct coffer_outcome *result) COFFER_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
