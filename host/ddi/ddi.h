/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies behind the DDI's handles: in memory of the caller's, which may hold anything before Create. An object that
 * lives begins with its own address mixed with a constant and names its device; everything else is refused.
 */
#ifndef COFFER_DDI_H
#define COFFER_DDI_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "coffer/coffer.h"
#include "coffer/d3d11ddi.h"

#define DDI_BLOCK_BYTES 16u /* AES */

enum ddi_kind {
	DDI_DEVICE = 0x43444556,   /* "CDEV" */
	DDI_SESSION = 0x43534553,  /* "CSES" */
	DDI_RESOURCE = 0x43524553, /* "CRES" */
	DDI_CHANNEL = 0x4343484E,  /* "CCHN" */
	DDI_DECODER = 0x43444543,  /* "CDEC" */
};

struct ddi_head {
	uintptr_t mark;
	struct ddi_device *device;
};

struct ddi_device {
	struct ddi_head head;
	coffer *library;
	coffer_context *context;
	D3D10DDI_HRTCORELAYER core_layer;
	PFND3D10DDI_SETERROR_CB set_error;
	UINT timeout_ms;
	atomic_bool dead; /* context lost, protocol fault or expired deadline: stays so */
	pthread_mutex_t lock;
	uint8_t *chain; /* certificates, once they have been fetched; under lock */
	size_t chain_bytes;
	LIST_HEAD(, ddi_decoder) decoders; /* under lock */
	uintptr_t decoders_made;           /* under lock */
};

/* A key for the session's content slot. */
struct ddi_content_key {
	uint8_t wrapped[16];
	unsigned int generation; /* of the session key that it is wrapped under */
	enum coffer_mode mode;
	enum coffer_counter_rule rule;
};

struct ddi_session {
	struct ddi_head head;
	coffer_session *native;
	D3D11_1DDI_HRTCRYPTOSESSION runtime;
	bool hw_protection;          /* its key exchange */
	unsigned int key_generation; /* moves on with each FinishSessionKeyRefresh */
	struct ddi_content_key loaded;
	bool has_loaded;
	bool lent; /* to somebody who may load keys, too */
};

struct ddi_channel {
	struct ddi_head head;
	coffer_session *native;
};

struct ddi_resource {
	struct ddi_head head;
	COFFER_DDI_RESOURCE_KIND kind;
	UINT width, height, pitch;
	uint64_t bytes;
	struct ddi_session *session; /* protected */
	coffer_surface *surface;
	uint8_t *memory; /* staging */
};

struct ddi_decoder {
	struct ddi_head head;
	LIST_ENTRY(ddi_decoder) link;
	uintptr_t number;
	struct ddi_session *session; /* NULL: it or the bitstream's resource has been destroyed */
	struct ddi_resource *bitstream;
	bool cbcs;
	bool in_frame;
	struct ddi_content_key key; /* of the frame */
	uint64_t used;              /* bytes of the frame */
};

void ddi_mark(struct ddi_head *head, enum ddi_kind kind, struct ddi_device *device);

/* What a handle stands for, or NULL if that is no such object of this device. */
struct ddi_device *ddi_device(D3D10DDI_HDEVICE handle);
struct ddi_session *ddi_session(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION handle);
/* The same, but no session with HW_PROTECTION: for what the documents forbid to those. */
struct ddi_session *ddi_blt_session(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION handle);
struct ddi_resource *ddi_resource(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE handle);
struct ddi_channel *ddi_channel(D3D10DDI_HDEVICE device, D3D11_1DDI_HAUTHCHANNEL handle);
struct ddi_decoder *ddi_decoder(D3D10DDI_HDEVICE device, D3D11_1DDI_HDECODE handle);

bool ddi_same_guid(const GUID *a, const GUID *b);

/* The deadline of a call that begins now; NULL if the device has none. */
const struct timespec *ddi_deadline(const struct ddi_device *device, struct timespec *room);

/* 0, or COFFER_E_LOST once the device has died: then the board is no longer asked. */
int ddi_alive(const struct ddi_device *device);
/* The error table of docs/ddi.md. Marks the device dead where the error says so. */
HRESULT ddi_result(struct ddi_device *device, int error);
/* The same for VOID entries: what the caller did wrong is silent, what failed goes to pfnSetErrorCb. */
void ddi_report(struct ddi_device *device, int error);

/* What GetCryptoSessionPrivateDataSize says of every exchange. */
#define DDI_PRIVATE_INPUT  0u
#define DDI_PRIVATE_OUTPUT 0u

/* ddi_result() for key exchanges, of which the documents know no lost device: the session is useless, and the next call says why. */
HRESULT ddi_exchange_result(struct ddi_device *device, int error);
/* RSAES-OAEP, of sessions and of channels. */
HRESULT ddi_negotiate(struct ddi_device *device, coffer_session *native, UINT bytes, const void *blob);

/* Whether the board has what HW_PROTECTION takes; a packet of it (hw_protection.c). */
bool ddi_has_hw_protection(const struct ddi_device *device);
HRESULT ddi_hw_protection(struct ddi_device *device, const struct ddi_session *session, UINT bytes, void *data);

/* Sees to it that the session's content slot holds this key. 0 or the error of the job; COFFER_E_STATE where the key would have to be
 * loaded again, but is wrapped under a session key that is no more. */
int ddi_load_content_key(struct ddi_session *session, const struct ddi_content_key *key,
			 const struct timespec *deadline);

/* The session or resource is about to go: decoders bound to it refuse everything from now on. */
void ddi_detach_decoders(struct ddi_device *device, const void *object);

/* Entries that first stand in this table, or have another type in it. */
void ddi_fill_unsupported(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_session(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_certificate(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_blt(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_channel(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_refresh(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_decoder(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_unsupported_2_0(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_status(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_submit(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_unsupported_2_1(D3DWDDM2_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_decoder_rs4_0(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 *table);
void ddi_fill_submit_rs4_0(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 *table);
void ddi_fill_decoder_2_4(D3DWDDM2_4DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_session_2_4(D3DWDDM2_4DDI_VIDEODEVICEFUNCS *table);

#endif
