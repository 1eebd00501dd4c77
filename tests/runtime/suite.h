/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules, and what they share: two devices of the driver, a session and a channel of the first, negotiated once, since
 * a key exchange may take seconds of simulation. A rule cleans up nothing: what it has created goes with it.
 */
#ifndef COFFER_TESTS_RUNTIME_SUITE_H
#define COFFER_TESTS_RUNTIME_SUITE_H

#include "application.h"
#include "runtime.h"

#define WIDTH  64u
#define HEIGHT 16u
#define BYTES  (WIDTH * HEIGHT)

/* ---- rules --------------------------------------------------------------------------------------------------------- */

struct rule {
	const char *name;
	const char *text;
	const char *document;
	void (*check)(void);
};

struct rules {
	const struct rule *list;
	size_t count;
};
#define RULES(name, array) const struct rules name = {array, sizeof(array) / sizeof(array[0])}

extern const struct rules table_rules, capability_rules, session_rules, binding_rules, key_rules, blit_rules,
	pattern_rules, refresh_rules, channel_rules, message_rules, standing_rules, lost_rules;

/* A rule passes unless it calls one of these, or a standing rule's trouble comes up. */
void failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void not_applicable(const char *why);
#define DEMAND(condition, ...)                                                                                         \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			failed(__VA_ARGS__);                                                                           \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)
#define UNLESS(condition, why)                                                                                         \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			not_applicable(why);                                                                           \
			return;                                                                                        \
		}                                                                                                      \
	} while (0)

/* What a rule needs; it returns from its function where that is not there. A driver that promises sessions by its
 * capabilities and gives none fails all of their rules. */
#define NEEDS_ENTRIES DEMAND(s.is_callable, "the table's entries are not there")
#define NEEDS_CRYPTO                                                                                                   \
	NEEDS_ENTRIES;                                                                                                 \
	UNLESS(s.is_supported, "the driver has no AES128_CTR with RSAES_OAEP")
#define NEEDS_SESSION                                                                                                  \
	NEEDS_CRYPTO;                                                                                                  \
	DEMAND(s.is_negotiated, "there is no session: %s", s.trouble)
#define NEEDS_CHANNEL                                                                                                  \
	NEEDS_SESSION;                                                                                                 \
	DEMAND(s.has_channel, "there is no channel: %s", s.channel_trouble)
#define NEEDS_MESSAGES                                                                                                 \
	NEEDS_CHANNEL;                                                                                                 \
	DEMAND(begin_messages(), "INITIALIZE is refused")
#define NEEDS_CAPS(bits)                                                                                               \
	NEEDS_SESSION;                                                                                                 \
	UNLESS((s.caps.Caps & (bits)) == (bits), "the capability is not promised")
/* Whoever looks at what DecryptionBlt made reads it back. */
#define NEEDS_BLITS         NEEDS_CAPS(CAP(DECRYPTION_BLT) | CAP(ENCRYPTED_READ_BACK))
#define CAP(name)           ((UINT)D3D11_1DDI_CONTENT_PROTECTION_CAPS_##name)
#define NEEDS_TABLE(number) UNLESS(runtime_table(&a, number), "the driver has no table of this version")

/* ---- what they share ------------------------------------------------------------------------------------------------ */

struct channel {
	D3D11_1DDI_HAUTHCHANNEL handle;
	struct device *device;
	HANDLE name;
	uint8_t key[16];
	UINT next_query, next_order; /* sequence numbers */
};

extern struct device a, b;
extern struct suite {
	bool is_callable, is_supported, is_negotiated, has_channel, has_begun;
	const char *trouble, *channel_trouble;
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
	D3D11_1DDIARG_CREATECRYPTOSESSION create; /* AES128_CTR, no decoding, RSAES_OAEP */
	D3D11_1DDI_HCRYPTOSESSION session;        /* of a */
	D3D11_1DDI_HCRYPTOSESSION foreign;        /* of b, without a key */
	D3D10DDI_HRESOURCE staging, surface;      /* of a; of the session */
	D3D10DDI_HRESOURCE foreign_staging, foreign_surface;
	uint8_t key[16];                    /* the session's */
	uint8_t random[16];                 /* that a refresh of it gave last */
	uint8_t hidden[16];                 /* and one that a mutant kept to itself */
	struct channel channel;             /* of a; begin_messages initializes it */
	D3D11_1DDI_HCRYPTOSESSION spare[3]; /* of a, to be destroyed once it is lost */
	unsigned int spares;
} s;

/* Opens the devices and makes all that; false: the driver does not open. What is missing is said in `trouble`. */
bool suite_set_up(const struct runtime_driver *driver);
void suite_tear_down(void);
/* Both devices go on with this driver, which is the first one or a mutant of it. */
void suite_use(const struct runtime_driver *driver);
/* Destroys what has been created since the set-up, and sees to it that the session is whole, with the key that `s` has. */
bool suite_restore(void);
/* The first half of it. */
void suite_sweep(void);

/* ---- objects: all are destroyed by suite_restore ---------------------------------------------------------------------- */

HRESULT create_session(struct device *d, const D3D11_1DDIARG_CREATECRYPTOSESSION *what, uint8_t fill,
		       D3D11_1DDI_HCRYPTOSESSION *made);
void destroy_session(struct device *d, D3D11_1DDI_HCRYPTOSESSION session);
HRESULT create_resource(struct device *d, bool is_protected, D3D11_1DDI_HCRYPTOSESSION session, UINT width, UINT height,
			D3D10DDI_HRESOURCE *made);
HRESULT create_channel(struct device *d, D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE type, struct channel *made);
/* That the capabilities promise: a hardware channel rather than a software one. */
D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE channel_type(void);
uint8_t *bytes_of(struct device *d, D3D10DDI_HRESOURCE staging);

/* By the table of that id: 11.1's signature, or the later one with its flags. */
HRESULT negotiate_by(struct device *d, UINT32 id, D3D11_1DDI_HCRYPTOSESSION session, UINT bytes, void *blob);
/* By any table. */
HRESULT negotiate(struct device *d, D3D11_1DDI_HCRYPTOSESSION session, UINT bytes, void *blob);
/* The chain of certificates, read_chain; false: failed has been called. */
bool take_certificate(void);

/* ---- blits -------------------------------------------------------------------------------------------------------------- */

bool all_are(const void *memory, uint8_t value, size_t bytes);
/* Above every one before, Count 0. */
void fresh_iv(uint8_t iv[16]);
void add_to_count(uint8_t iv[16], uint64_t blocks);
/* `stream` into the surface by DecryptionBlt, as it is. */
void decrypt(const uint8_t stream[BYTES], const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, const uint8_t *wrapped,
	     const uint8_t iv[16]);
/* A picture, encrypted under the session key or a content key (not NULL). */
void decrypt_picture(const uint8_t picture[BYTES], const uint8_t *content_key, const uint8_t iv[16]);
/* Encrypts, or decrypts, the runs that the block info names. The keystream goes on behind clear bytes, or
 * (positional) runs under them, too. */
void crypt_runs(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, bool positional, const uint8_t iv[16],
		const uint8_t picture[BYTES], uint8_t stream[BYTES]);
/* What is in the surface now: by a read-back key, if that is promised, and EncryptionBlt. false: failed has been called. */
bool see(uint8_t picture[BYTES]);
/* A picture of random bytes is put into the surface under the session key, and seen there. false: failed has been called,
 * with what it means that it is not. */
bool put(uint8_t picture[BYTES], const char *otherwise);
#define GOES_IN "a picture does not come back as it went in"

/* ---- channels ------------------------------------------------------------------------------------------------------------- */

/* Fills in the header, and asks; the answer is `out` bytes, with garbage in them before. */
HRESULT query(struct channel *channel, const GUID *type, UINT number, void *input, UINT in, void *output, UINT out);
HRESULT query_type(struct channel *channel, UINT number, D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT *output);
/* Fills in the header, signs and sends. */
HRESULT configure(struct channel *channel, const GUID *type, UINT number, void *input, UINT in,
		  D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *output);
/* INITIALIZE, unless that has been done. */
bool begin_messages(void);
HRESULT initialize(struct channel *channel, UINT queries, UINT orders);
HRESULT protect(struct channel *channel, UINT number, D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *output);
bool is_signed(const struct channel *channel, const void *structure, size_t bytes);

/* ---- mutants ----------------------------------------------------------------------------------------------------------------- */

typedef void (*entry)(void);
struct mutant {
	const char *name;
	const char *rule;
	const char *text;
	struct {
		size_t slot; /* its place in a table */
		entry with;
	} slots[3];
	entry with_flags; /* of slot 65 in WDDM 2.4's table */
	void (*driver)(struct runtime_driver *broken);
	void (*undo)(void);
};
struct mutants {
	const struct mutant *list;
	size_t count;
};
#define MUTANTS(name, array) const struct mutants name = {array, sizeof(array) / sizeof(array[0])}
#define SLOT(entry_name)     offsetof(D3DWDDM2_4DDI_VIDEODEVICEFUNCS, entry_name)
#define WITH(entry_name, f)                                                                                            \
	{                                                                                                              \
		SLOT(entry_name), (entry)(f)                                                                           \
	}

extern const struct mutants table_mutants, session_mutants, key_mutants, blit_mutants, refresh_mutants, channel_mutants,
	message_mutants, standing_mutants, lost_mutants;
/* The driver that is mutated, and its latest table's entries: mutants call these. */
extern const struct runtime_driver *sound;
extern D3DWDDM2_4DDI_VIDEODEVICEFUNCS sound_f;

#endif
