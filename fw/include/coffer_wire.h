/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire protocol of a Coffer board: the one description of every request, job and answer.
 * Included by the firmware and by the host library; docs/protocol.md explains it.
 *
 * All multi-byte fields are little-endian and naturally aligned. IVs, counters, keys and
 * ciphertext are byte strings in the order of their standards (first byte first).
 * Reserved fields are sent as zero and refused otherwise.
 */
#ifndef COFFER_WIRE_H
#define COFFER_WIRE_H

/* The columns are the reader's. */
/* clang-format off */

#include <stdint.h>

#define COFFER_PROTOCOL_VERSION 1u

/* ---- control plane: endpoint 0, class requests with interface recipient ------------------- */

#define COFFER_RT_IN 0xA1u  /* bmRequestType, device to host */
#define COFFER_RT_OUT 0x21u /* bmRequestType, host to device */
/* wIndex is the interface number (one interface is one context); its high byte is zero. */

enum coffer_request {
	COFFER_REQ_GET_INFO = 0x01,         /* IN, any setting: struct coffer_info */
	COFFER_REQ_GET_CERTIFICATE = 0x02,  /* IN, any setting: wValue = piece | chain << 15; piece k holds bytes 256k..256k+255 */
	COFFER_REQ_GET_STATUS = 0x03,       /* IN, any setting: struct coffer_status */
	COFFER_REQ_SESSION_CREATE = 0x10,   /* IN: wValue = enum coffer_session_kind; struct coffer_session_created */
	COFFER_REQ_SESSION_DESTROY = 0x11,  /* OUT: struct coffer_handle_arg */
	COFFER_REQ_NEGOTIATE_START = 0x12,  /* OUT: struct coffer_negotiate */
	COFFER_REQ_NEGOTIATE_RESULT = 0x13, /* IN: wValue = slot index of the session; struct coffer_negotiate_result */
	COFFER_REQ_SURFACE_CREATE = 0x14,   /* IN: wValue = slot index of the session | pages << 8; struct coffer_surface_created */
	COFFER_REQ_SURFACE_DESTROY = 0x15,  /* OUT: struct coffer_handle_arg */
	COFFER_REQ_CHANNEL_COMMAND = 0x16,  /* OUT: wValue = bytes that the answer to a query may have, 0 = a configuration; the first
	                                     * part of struct coffer_channel_command */
	COFFER_REQ_CHANNEL_ANSWER = 0x17,   /* IN: wValue = 0; struct coffer_channel_answer */
	COFFER_REQ_EXCHANGE_START = 0x18,   /* OUT: struct coffer_exchange */
	COFFER_REQ_EXCHANGE_ANSWER = 0x19,  /* IN: wValue = slot index of the session; struct coffer_exchange_answer */
};

/* A request that is malformed, unknown or not served at this alternate setting is answered by STALL;
 * every other failure is a result code, in the answer of an IN request, or (after the STALL of an OUT
 * request) in coffer_status.last_result. */
enum coffer_result {
	COFFER_OK = 0,
	COFFER_PENDING = 1,          /* negotiation not finished yet */
	COFFER_ERR_REQUEST = 2,      /* unknown request, wrong length or value */
	COFFER_ERR_CLOSED = 3,       /* the context is at alternate setting 0 */
	COFFER_ERR_HANDLE = 4,       /* stale, foreign or wrong kind of handle */
	COFFER_ERR_NO_SLOT = 5,      /* the context's share of key slots is used up; it has a channel already */
	COFFER_ERR_NO_MEMORY = 6,    /* not enough surface pages, or no surface record */
	COFFER_ERR_BLOB = 7,         /* the key blob is bad: one answer for every reason */
	COFFER_ERR_STATE = 8,        /* wrong order: negotiated already, or no negotiation to report */
	COFFER_ERR_NOT_READY = 9,    /* the board has no identity, or its entropy source failed */
	COFFER_ERR_REVOKED = 10,     /* session or context ended while the request was pending */
};

/* A handle is {index, generation}; handle 0 is never given out. */
#define COFFER_HANDLE(index, generation) ((uint32_t)(index) | (uint32_t)(generation) << 8)
#define COFFER_HANDLE_INDEX(h) ((uint8_t)(h))
#define COFFER_HANDLE_GENERATION(h) ((uint32_t)(h) >> 8)

enum coffer_session_kind {
	COFFER_SESSION_PROTECTED = 0,  /* session, content and read-back slot; empty OAEP label; 16-byte key */
	COFFER_SESSION_OPEN = 1,       /* one slot; key and its usage come in the blob, label "coffer-open-v1" */
	COFFER_SESSION_OPEN_WRAP = 2,  /* as OPEN with a content slot beside it, for LOAD_KEY */
	COFFER_CHANNEL_64 = 3,         /* an authenticated channel (one of a context): a slot that never holds a key; empty OAEP
	                                * label; 16-byte key; its messages are laid out as in programs of 64 bits */
	COFFER_CHANNEL_32 = 4,         /* the same, of 32 bits */
	COFFER_SESSION_ECDH = 5,       /* as PROTECTED, but its key comes from EXCHANGE_START and from no blob */
};
#define COFFER_OPEN_LABEL "coffer-open-v1"

/* What a key may be used for (struct coffer_open_key.usage, and the slot's own record). */
enum coffer_usage {
	COFFER_USE_WRAP = 0x01, /* LOAD_KEY under it; excludes ECB, CBC and MAC, in open sessions CTR too */
	COFFER_USE_CTR = 0x02,
	COFFER_USE_ECB = 0x04,
	COFFER_USE_CBC = 0x08,
	COFFER_USE_MAC = 0x10,
	COFFER_USE_ENCRYPT = 0x20,
	COFFER_USE_DECRYPT = 0x40,
};
enum coffer_iv_policy {
	COFFER_IV_ENCRYPT_RISING = 0x01,
	COFFER_IV_DECRYPT_RISING = 0x02,
};

struct coffer_info { /* 128 bytes */
	uint16_t protocol;        /* COFFER_PROTOCOL_VERSION */
	uint16_t hardware;        /* version of the RTL */
	uint8_t version[4];       /* firmware: major, minor, patch, 0 */
	uint32_t clock_hz;        /* board cycles a second: 60000000 */
	uint8_t contexts;         /* number of interfaces */
	uint8_t slots_per_context;
	uint8_t surface_pages;    /* pages in all */
	uint8_t flags;            /* COFFER_INFO_* */
	uint32_t page_bytes;      /* 2048 */
	uint32_t chain_bytes[2];  /* certificate chains: RSA, P-256; 0 = none */
	uint32_t negotiate_cycles;/* fixed time of a negotiation, from grant to release */
	uint8_t serial[16];       /* ASCII, zero padded */
	uint8_t build_id[20];     /* of firmware and RTL sources */
	uint8_t board[16];        /* ASCII board name, zero padded */
	uint32_t ram_free;        /* bytes between heap end and the deepest stack so far */
	uint8_t reserved[40];
};
#define COFFER_INFO_VIRTUAL 0x01u  /* the RTL runs in a simulator */
#define COFFER_INFO_IDENTITY 0x02u /* a valid identity record was found */
#define COFFER_INFO_READY 0x04u    /* negotiation is possible: identity, entropy, blinding done */

enum coffer_chain { COFFER_CHAIN_RSA = 0, COFFER_CHAIN_P256 = 1 };
#define COFFER_CERTIFICATE_PIECE 256u

struct coffer_status { /* 64 bytes */
	uint8_t last_result;      /* enum coffer_result of this context's last OUT request */
	uint8_t alt_setting;      /* this interface's */
	uint8_t free_slots;       /* this context's */
	uint8_t zeroizing_slots;  /* this context's */
	uint8_t free_pages;       /* of the board; zeroizing ones not counted */
	uint8_t zeroizing_pages;
	uint8_t health;           /* COFFER_HEALTH_* */
	uint8_t open_contexts;    /* bit k: interface k is at setting 1 */
	uint32_t epoch;           /* of this context; moves on at each revocation */
	uint32_t boot_result;     /* 0, or the code of what is wrong with the identity record (docs/protocol.md) */
	uint64_t setup_cycle;     /* of this context's previous request: SETUP packet accepted */
	uint64_t status_cycle;    /* of the same request: status stage complete */
	uint64_t now_cycle;       /* cycle counter now */
	uint8_t reserved[24];
};
#define COFFER_HEALTH_ENTROPY_FAILED 0x01u
#define COFFER_HEALTH_IDENTITY_BAD 0x02u
#define COFFER_HEALTH_RSA_FAULT 0x04u /* a private-key operation failed its check */

struct coffer_session_created { /* 16 bytes */
	uint8_t result;
	uint8_t reserved[3];
	uint32_t session;  /* handle: the session's slot is the session */
	uint32_t content;  /* handle of the content slot, 0 = none */
	uint32_t readback; /* handle of the read-back slot, 0 = none */
};

struct coffer_handle_arg { /* 4 bytes */
	uint32_t handle;
};

#define COFFER_BLOB_BYTES 256u
struct coffer_negotiate { /* 260 bytes: the longest data stage of a request */
	uint32_t session;
	uint8_t blob[COFFER_BLOB_BYTES]; /* RSAES-OAEP ciphertext, most significant byte first (RFC 8017) */
};

struct coffer_negotiate_result { /* 32 bytes */
	uint8_t result; /* COFFER_PENDING until the fixed release cycle */
	uint8_t reserved[3];
	uint32_t session;
	uint64_t start_cycle;   /* NEGOTIATE_START accepted */
	uint64_t granted_cycle; /* public-key engine granted */
	uint64_t release_cycle; /* answer released: granted + coffer_info.negotiate_cycles (or + 100000 k) */
};

/* The authenticated ephemeral key exchange of COFFER_SESSION_ECDH: docs/protocol.md. Coordinates, r and s are of 32 bytes,
 * most significant first (SEC 1, 2.3.5). */
#define COFFER_EXCHANGE_VERSION 1u
#define COFFER_EXCHANGE_LABEL "coffer-hw-exchange-v1"
#define COFFER_EXCHANGE_KEY_INFO COFFER_EXCHANGE_LABEL " key"
#define COFFER_EXCHANGE_CONFIRM_INFO COFFER_EXCHANGE_LABEL " confirm"
enum coffer_exchange_type { COFFER_EXCHANGE_HELLO = 1, COFFER_EXCHANGE_REPLY = 2 };
struct coffer_exchange_hello { /* 68 bytes: the application's */
	uint8_t version; /* COFFER_EXCHANGE_VERSION */
	uint8_t type;    /* COFFER_EXCHANGE_HELLO */
	uint8_t reserved[2];
	uint8_t point[64]; /* its ephemeral public key on P-256: x, y */
};
struct coffer_exchange_reply { /* 164 bytes: the board's */
	uint8_t version;
	uint8_t type; /* COFFER_EXCHANGE_REPLY */
	uint8_t reserved[2];
	uint8_t point[64];     /* its ephemeral public key */
	uint8_t signature[64]; /* r, s: ECDSA with SHA-256 by the board's P-256 key over label, hello, and reply up to here */
	uint8_t confirmation[32];
};
struct coffer_exchange { /* 72 bytes */
	uint32_t session;
	struct coffer_exchange_hello hello;
};
struct coffer_exchange_answer { /* 200 bytes */
	struct coffer_negotiate_result outcome; /* release_cycle: when the answer was ready */
	struct coffer_exchange_reply reply;     /* zero unless outcome.result is COFFER_OK */
	uint8_t reserved[4];
};

/* Plaintext of an open session's blob: this header, then the key. */
struct coffer_open_key {
	uint8_t version;   /* 1 */
	uint8_t key_bytes; /* 16, 24 or 32 */
	uint8_t usage;     /* enum coffer_usage */
	uint8_t iv_policy; /* enum coffer_iv_policy */
	/* uint8_t key[key_bytes]; nothing behind it */
};

/* An authenticated channel's message: a structure D3D11_1DDI_AUTHENTICATED_* of <coffer/d3d11ddi.h>, bytes as the
 * application laid them out. A query's input begins with the 16 bytes of a MAC that it has not, zero. */
#define COFFER_CHANNEL_LEAST 40u /* the shortest: a configuration without parameters, in 32 bits */
#define COFFER_CHANNEL_MOST 80u
struct coffer_channel_command { /* 44 to 84 bytes */
	uint32_t channel;
	uint8_t message[COFFER_CHANNEL_MOST]; /* as many as the application gave */
};

struct coffer_channel_answer { /* 88 bytes */
	uint8_t result; /* COFFER_PENDING until the answer is there */
	uint8_t bytes;  /* of the message */
	uint8_t reserved[2];
	uint32_t channel;
	uint8_t message[COFFER_CHANNEL_MOST]; /* zero behind its end */
};

struct coffer_surface_created { /* 16 bytes */
	uint8_t result;
	uint8_t reserved[3];
	uint32_t surface; /* handle */
	uint32_t session; /* the session that it is bound to */
	uint32_t bytes;   /* pages * page_bytes */
};

/* ---- data plane: bulk pipes, one job one bulk-OUT transfer ---------------------------------- */

#define COFFER_JOB_MAGIC 0x4A43u        /* "CJ" */
#define COFFER_COMPLETION_MAGIC 0x4343u /* "CC" */
#define COFFER_MAX_PAIRS 128u
#define COFFER_PACKET_BYTES 512u

enum coffer_op {
	COFFER_OP_NOP = 0,              /* completion only */
	COFFER_OP_LOOP = 1,             /* payload back unchanged (RETURN), or swallowed; no key */
	COFFER_OP_CRYPT = 2,            /* length bytes from source through AES to destination */
	COFFER_OP_LOAD_KEY = 3,         /* payload: 1 or 2 wrapped blocks; dst_handle: content slot; dst_offset: key bytes 16, 24 or 32;
	                                 * mode: the one that the key is for */
	COFFER_OP_NEW_READBACK_KEY = 4, /* dst_handle: read-back slot; returns the 16-byte wrapped form */
	COFFER_OP_START_REFRESH = 5,    /* returns 16 random bytes */
	COFFER_OP_REFRESH = 6,
};
enum coffer_mode { COFFER_MODE_NONE = 0, COFFER_MODE_ECB = 1, COFFER_MODE_CTR = 2, COFFER_MODE_CBC = 3 };
enum coffer_counter_rule {
	COFFER_CTR_CARRY128 = 0, /* SP 800-38A, OpenSSL: one 128-bit big-endian counter */
	COFFER_CTR_WRAP64 = 1,   /* ISO/IEC 23001-7: low 64 bits wrap, high 64 bits stay */
	COFFER_CTR_REFUSE64 = 2, /* DDI: a range that would wrap the low 64 bits is refused */
};
enum coffer_job_flags {
	COFFER_JOB_ENCRYPT = 0x01,     /* else decrypt */
	COFFER_JOB_RETURN = 0x02,      /* answers with a payload transfer before the completion */
	COFFER_JOB_SRC_SURFACE = 0x04, /* else the payload */
	COFFER_JOB_DST_SURFACE = 0x08, /* else the returned payload */
	COFFER_JOB_LIST = 0x10,        /* pairs {clear, encrypted} stand between header and payload */
	COFFER_JOB_MORE = 0x20,        /* CBC, patterns: the last encrypted range goes on in a further job, and the run of
	                                * blocks that this job ends in is whole there */
	COFFER_JOB_RESTART = 0x40,     /* CBC: each encrypted range starts from iv (cbcs), else the chain goes on (cbc1) */
};

struct coffer_job { /* 64 bytes, at the start of the transfer */
	uint16_t magic;
	uint8_t version; /* COFFER_PROTOCOL_VERSION */
	uint8_t op;
	uint32_t id;        /* the host's, returned in the completion */
	uint32_t slot;      /* handle of the key; session slot for LOAD_KEY, NEW_READBACK_KEY and refresh */
	uint8_t mode;
	uint8_t flags;
	uint8_t counter_rule; /* CTR only. LOAD_KEY: the rule of the loaded key; REFUSE64 makes both directions rising */
	uint8_t keystream_byte; /* CTR: first byte used of the first keystream block, 0..15 */
	uint8_t iv[16];       /* CTR: counter block; CBC: IV or last ciphertext block */
	uint32_t length;      /* bytes processed: payload if the source is the payload */
	uint16_t pairs;       /* subsample pairs, 0..128, each coffer_pair, before the payload */
	uint8_t crypt_blocks; /* pattern of cens and cbcs: crypt_byte_block, 1..15; 0 = no pattern */
	uint8_t skip_blocks;  /* skip_byte_block, 0..15 */
	uint32_t src_handle;  /* surface */
	uint32_t src_offset;  /* bytes */
	uint32_t dst_handle;  /* surface; LOAD_KEY, NEW_READBACK_KEY: slot */
	uint32_t dst_offset;
	uint16_t pattern_phase; /* bytes of the pattern done in the range that this job's first one goes on with, below 16 * (crypt + skip) */
	uint8_t reserved[6];
};

struct coffer_pair {
	uint32_t clear;     /* bytes passed through */
	uint32_t encrypted; /* bytes through AES */
};

enum coffer_job_status {
	COFFER_JOB_OK = 0,
	COFFER_JOB_BAD_HEADER = 1,   /* magic, version, reserved, cut short: library reopens the context */
	COFFER_JOB_BAD_FIELD = 2,    /* op, mode, flags, rule or lengths that do not go together */
	COFFER_JOB_BAD_HANDLE = 3,   /* slot or surface: stale, foreign, other session */
	COFFER_JOB_POLICY = 4,       /* role, usage, output policy */
	COFFER_JOB_IV_REUSE = 5,     /* rising policy violated */
	COFFER_JOB_IV_RANGE = 6,     /* refuse64: the range would wrap */
	COFFER_JOB_RANGE = 7,        /* surface bounds, list sum, too many pairs */
	COFFER_JOB_SHORT = 8,        /* payload ended early */
	COFFER_JOB_LONG = 9,         /* payload longer than promised */
	COFFER_JOB_NO_KEY = 10,      /* slot holds no key */
	COFFER_JOB_REVOKED = 11,     /* session ended while the job ran or waited */
	COFFER_JOB_WRAPPED_KEY = 12, /* the read-back key's wrapped form sent as a content key */
};

struct coffer_completion { /* 64 bytes, in a packet of its own */
	uint16_t magic;
	uint8_t version;
	uint8_t status;
	uint32_t id;
	uint32_t bytes;        /* processed; CBC with MORE: without the last block if it is not whole (send it again) */
	uint8_t op;
	uint8_t keystream_byte; /* end position: first unused byte of the block at iv */
	uint16_t pattern_phase;
	uint8_t iv[16];        /* end position: counter block, or last ciphertext block (RESTART without MORE: the IV again) */
	uint8_t board_iv[16];  /* the IV made by the board, else zero */
	uint64_t first_cycle;  /* first payload byte in (header byte where there is none) */
	uint64_t last_cycle;   /* last byte out */
};

#ifdef __cplusplus
#define COFFER_ASSERT_SIZE(type, bytes) static_assert(sizeof(struct type) == (bytes), #type)
#else
#define COFFER_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#endif
COFFER_ASSERT_SIZE(coffer_info, 128);
COFFER_ASSERT_SIZE(coffer_status, 64);
COFFER_ASSERT_SIZE(coffer_session_created, 16);
COFFER_ASSERT_SIZE(coffer_negotiate, 260);
COFFER_ASSERT_SIZE(coffer_negotiate_result, 32);
COFFER_ASSERT_SIZE(coffer_exchange_hello, 68);
COFFER_ASSERT_SIZE(coffer_exchange_reply, 164);
COFFER_ASSERT_SIZE(coffer_exchange, 72);
COFFER_ASSERT_SIZE(coffer_exchange_answer, 200);
COFFER_ASSERT_SIZE(coffer_surface_created, 16);
COFFER_ASSERT_SIZE(coffer_channel_command, 84);
COFFER_ASSERT_SIZE(coffer_channel_answer, 88);
COFFER_ASSERT_SIZE(coffer_job, 64);
COFFER_ASSERT_SIZE(coffer_completion, 64);

/* Microsoft OS 2.0 descriptors: vendor request, device to host, wIndex 7 (constant data). */
#define COFFER_MSOS_VENDOR_CODE 0x4Du

#endif
