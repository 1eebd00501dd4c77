/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust, for applications: is this a board that my root vouches for, and how do I send it a key that nobody
 * between us can read?
 *
 * A board's certificate chain is X.509 DER (RFC 5280), concatenated, leaf first, root left out. It is checked against a
 * root that the application was given, by path and dates (section 6.1); without a root there is no answer but "no".
 * Revocation lists are not consulted.
 *
 * Objects are opaque, unchanging once made, and may be used by several threads at once; destructors accept NULL and
 * clear the pointer. What is handed out through a pointer-to-pointer is the caller's until then. Functions return 0 or a
 * negative enum coffer_error; COFFER_E_UNTRUSTED comes with a reason. A reason pointer may be NULL. Only
 * coffer_trust_board asks a board, and so takes a deadline.
 */
#ifndef COFFER_TRUST_H
#define COFFER_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "coffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct coffer_roots coffer_roots;
typedef struct coffer_public_key coffer_public_key;

enum coffer_trust {
	COFFER_TRUSTED = 0,
	COFFER_TRUST_NO_ROOT = 1,      /* no root was given, and none is installed */
	COFFER_TRUST_BAD_ROOT = 2,     /* the root file cannot be read, or holds no PEM certificate of an authority */
	COFFER_TRUST_VIRTUAL_ROOT = 3, /* the installed root is one of virtual boards: it must be named explicitly */
	COFFER_TRUST_TOO_LONG = 4,     /* longer than any board's chain, or too many certificates */
	COFFER_TRUST_MALFORMED = 5,    /* no concatenation of X.509 certificates */
	COFFER_TRUST_WRONG_ROOT = 6,   /* not signed by the root, directly or by the chain */
	COFFER_TRUST_EXPIRED = 7,
	COFFER_TRUST_NOT_YET_VALID = 8, /* or the clock of this machine is wrong */
	COFFER_TRUST_WRONG_KEY = 9,     /* the leaf's key is not of the kind or for the use that the chain is for */
};
/* "the certificate has expired". Any int is accepted; never NULL. */
const char *coffer_trust_text(int reason);

#define COFFER_CHAIN_MAX_BYTES        16384u
#define COFFER_CHAIN_MAX_CERTIFICATES 8u

/* ---- roots -------------------------------------------------------------------------------------- */

/* Roots from the PEM file `path`; if NULL, from the one that the environment variable COFFER_ROOT names; if there is none,
 * from $sysconfdir/coffer/root.pem, where roots of virtual boards are refused. Errors: UNTRUSTED (NO_ROOT, BAD_ROOT,
 * VIRTUAL_ROOT), INVALID, NO_MEMORY. */
int coffer_roots_load(coffer_roots **roots, const char *path, enum coffer_trust *reason) COFFER_MUST_CHECK;

/* Roots from memory: PEM, one or several certificates. Errors: UNTRUSTED (BAD_ROOT), INVALID, NO_MEMORY. */
int coffer_roots_parse(coffer_roots **roots, const void *pem, size_t bytes,
		       enum coffer_trust *reason) COFFER_MUST_CHECK;

/* Non-zero if one of them is a root of virtual boards (subject OU "Coffer virtual board"), whose keys protect nothing:
 * an application should say so. */
int coffer_roots_virtual(const coffer_roots *roots);
void coffer_roots_free(coffer_roots **roots);

/* ---- chains ------------------------------------------------------------------------------------- */

/* Checks a chain and hands out its leaf's key: of COFFER_CHAIN_RSA an RSA-2048 key for key encipherment, of
 * COFFER_CHAIN_P256 a P-256 key for signatures. Errors: UNTRUSTED, INVALID, NO_MEMORY. */
int coffer_chain_verify(const coffer_roots *roots, enum coffer_chain which, const void *chain, size_t bytes,
			coffer_public_key **key, enum coffer_trust *reason) COFFER_MUST_CHECK;

/* Fetches a chain of the context's board, checks it, and checks that it was issued for this board's serial
 * number (else WRONG_KEY). Errors: those of coffer_get_chain and coffer_chain_verify. */
int coffer_trust_board(coffer_context *context, const coffer_roots *roots, enum coffer_chain which,
		       const struct timespec *deadline, coffer_public_key **key,
		       enum coffer_trust *reason) COFFER_MUST_CHECK;

/* The board's serial number as the certificate's subject has it (serialNumber, 2.5.4.5); empty if it has none. Valid as
 * long as the key. */
const char *coffer_public_key_serial(const coffer_public_key *key);
void coffer_public_key_free(coffer_public_key **key);

/* ---- sealing a key: RSAES-OAEP (RFC 8017, section 7.1), SHA-512, MGF1 with SHA-512 -------------------
 * The key is copied into the blob only; the caller wipes its own copy. */

/* For a protected session: the 16-byte session key under the empty label. Errors: INVALID, NOT_READY (this machine
 * gives no random numbers). */
int coffer_seal_session_key(const coffer_public_key *key, const uint8_t session_key[16],
			    uint8_t blob[COFFER_BLOB_BYTES]) COFFER_MUST_CHECK;

/* For an open session: a key of 16, 24 or 32 bytes with what it may be used for (enum coffer_usage, enum coffer_iv_policy),
 * under the label "coffer-open-v1". The board checks whether usage and policy go together. Errors: INVALID, NOT_READY. */
int coffer_seal_open_key(const coffer_public_key *key, uint8_t usage, uint8_t iv_policy, const uint8_t *open_key,
			 size_t key_bytes, uint8_t blob[COFFER_BLOB_BYTES]) COFFER_MUST_CHECK;

/* ---- agreeing on a key: ephemeral ECDH on P-256, signed by the board (docs/protocol.md) ------------ */

/* The application's part in one exchange. */
typedef struct coffer_initiator coffer_initiator;

/* Draws an ephemeral key (SP 800-56A, 5.6.1.2) and makes the hello for coffer_exchange. Errors: INVALID, NO_MEMORY, NOT_READY. */
int coffer_initiator_create(coffer_initiator **initiator, struct coffer_exchange_hello *hello) COFFER_MUST_CHECK;

/* Checks the reply: its form, the signature over this hello under `key` (of COFFER_CHAIN_P256), the board's point, the confirmation.
 * Gives the 16-byte session key, which the caller wipes; zeroes where it fails. Errors: INVALID, UNTRUSTED (the reply is not this
 * board's to this hello), NO_MEMORY, NOT_READY. */
int coffer_initiator_finish(const coffer_initiator *initiator, const coffer_public_key *key,
			    const struct coffer_exchange_reply *reply, uint8_t session_key[16]) COFFER_MUST_CHECK;
/* Wipes the ephemeral key. */
void coffer_initiator_destroy(coffer_initiator **initiator);

/* Random bytes fit for keys (CTR_DRBG of SP 800-90A on the operating system's source); zeroes where that fails. Errors: INVALID,
 * NOT_READY. */
int coffer_random(void *out, size_t bytes) COFFER_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
