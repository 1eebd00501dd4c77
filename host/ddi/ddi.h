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

#include "coffer/coffer.h"
#include "coffer/d3d11ddi.h"

#define DDI_BLOCK_BYTES 16u /* AES */

enum ddi_kind {
	DDI_DEVICE = 0x43444556,   /* "CDEV" */
	DDI_SESSION = 0x43534553,  /* "CSES" */
	DDI_RESOURCE = 0x43524553, /* "CRES" */
	DDI_CHANNEL = 0x4343484E,  /* "CCHN" */
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
};

struct ddi_session {
	struct ddi_head head;
	coffer_session *native;
	D3D11_1DDI_HRTCRYPTOSESSION runtime;
	uint8_t content_key[16]; /* the wrapped one that is loaded */
	bool has_content_key;
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

void ddi_mark(struct ddi_head *head, enum ddi_kind kind, struct ddi_device *device);

/* What a handle stands for, or NULL if that is no such object of this device. */
struct ddi_device *ddi_device(D3D10DDI_HDEVICE handle);
struct ddi_session *ddi_session(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION handle);
struct ddi_resource *ddi_resource(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE handle);
struct ddi_channel *ddi_channel(D3D10DDI_HDEVICE device, D3D11_1DDI_HAUTHCHANNEL handle);

/* The deadline of a call that begins now; NULL if the device has none. */
const struct timespec *ddi_deadline(const struct ddi_device *device, struct timespec *room);

/* 0, or COFFER_E_LOST once the device has died: then the board is no longer asked. */
int ddi_alive(const struct ddi_device *device);
/* The error table of docs/ddi.md. Marks the device dead where the error says so. */
HRESULT ddi_result(struct ddi_device *device, int error);
/* The same for VOID entries: what the caller did wrong is silent, what failed goes to pfnSetErrorCb. */
void ddi_report(struct ddi_device *device, int error);

/* RSAES-OAEP, of sessions and of channels. */
HRESULT ddi_negotiate(struct ddi_device *device, coffer_session *native, UINT bytes, const void *blob);

void ddi_fill_unsupported(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_session(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_certificate(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_blt(D3D11_1DDI_VIDEODEVICEFUNCS *table);
void ddi_fill_channel(D3D11_1DDI_VIDEODEVICEFUNCS *table);

#endif
