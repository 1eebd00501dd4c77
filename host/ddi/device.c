/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, what a handle stands for, and the mapping of errors. */
#include <stdlib.h>
#include <string.h>

#include "ddi.h"

void ddi_mark(struct ddi_head *head, enum ddi_kind kind, struct ddi_device *device)
{
	head->mark = (uintptr_t)head ^ (uintptr_t)kind;
	head->device = device;
}

static bool is_marked(const struct ddi_head *head, enum ddi_kind kind)
{
	return head && head->mark == ((uintptr_t)head ^ (uintptr_t)kind);
}

struct ddi_device *ddi_device(D3D10DDI_HDEVICE handle)
{
	struct ddi_device *device = handle.pDrvPrivate;

	return device && is_marked(&device->head, DDI_DEVICE) ? device : NULL;
}

static void *of_device(D3D10DDI_HDEVICE handle, struct ddi_head *head, enum ddi_kind kind)
{
	struct ddi_device *device = ddi_device(handle);

	return device && is_marked(head, kind) && head->device == device ? head : NULL;
}

struct ddi_session *ddi_session(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION handle)
{
	return of_device(device, handle.pDrvPrivate, DDI_SESSION);
}

struct ddi_session *ddi_blt_session(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION handle)
{
	struct ddi_session *session = ddi_session(device, handle);

	return session && session->hw_protection ? NULL : session;
}

struct ddi_resource *ddi_resource(D3D10DDI_HDEVICE device, D3D10DDI_HRESOURCE handle)
{
	return of_device(device, handle.pDrvPrivate, DDI_RESOURCE);
}

struct ddi_channel *ddi_channel(D3D10DDI_HDEVICE device, D3D11_1DDI_HAUTHCHANNEL handle)
{
	return of_device(device, handle.pDrvPrivate, DDI_CHANNEL);
}

struct ddi_decoder *ddi_decoder(D3D10DDI_HDEVICE device, D3D11_1DDI_HDECODE handle)
{
	return of_device(device, handle.pDrvPrivate, DDI_DECODER);
}

bool ddi_same_guid(const GUID *a, const GUID *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* ---- errors ----------------------------------------------------------------------------------------- */

const struct timespec *ddi_deadline(const struct ddi_device *device, struct timespec *room)
{
	if (!device->timeout_ms)
		return NULL;
	*room = coffer_deadline(device->timeout_ms);
	return room;
}

int ddi_alive(const struct ddi_device *device)
{
	return atomic_load(&device->dead) ? COFFER_E_LOST : 0;
}

HRESULT ddi_result(struct ddi_device *device, int error)
{
	switch (error) {
	case 0:
		return S_OK;
	case COFFER_E_NO_MEMORY:
	case COFFER_E_NO_SLOT:
	case COFFER_E_NOT_READY:
		return E_OUTOFMEMORY;
	case COFFER_E_INVALID:
	case COFFER_E_HANDLE:
	case COFFER_E_STATE:
	case COFFER_E_REVOKED:
	case COFFER_E_BAD_BLOB:
	case COFFER_E_REFUSED:
	case COFFER_E_CALLBACK:
		return E_INVALIDARG;
	default: /* removed, lost, protocol fault, expired deadline, forked: this device is no more */
		atomic_store(&device->dead, true);
		return D3DDDIERR_DEVICEREMOVED;
	}
}

void ddi_report(struct ddi_device *device, int error)
{
	HRESULT result = ddi_result(device, error);

	if ((result == D3DDDIERR_DEVICEREMOVED || result == E_OUTOFMEMORY) && device->set_error)
		device->set_error(device->core_layer, result);
}

/* ---- devices ------------------------------------------------------------------------------------------ */

SIZE_T APIENTRY CofferCalcPrivateDeviceSize(CONST COFFER_DDIARG_OPENDEVICE *pOpenData)
{
	(void)pOpenData;
	return sizeof(struct ddi_device);
}

static HRESULT open_result(int error)
{
	switch (error) {
	case 0:
		return S_OK;
	case COFFER_E_NO_MEMORY:
		return E_OUTOFMEMORY;
	case COFFER_E_INVALID:
		return E_INVALIDARG;
	case COFFER_E_NO_BOARD:
	case COFFER_E_ACCESS:
	case COFFER_E_BUSY:
		return D3DDDIERR_NOTAVAILABLE;
	default:
		return D3DDDIERR_DEVICEREMOVED;
	}
}

HRESULT APIENTRY CofferOpenDevice(CONST COFFER_DDIARG_OPENDEVICE *pOpenData, D3D10DDI_HDEVICE hDevice)
{
	struct ddi_device *device = hDevice.pDrvPrivate;
	struct timespec room;
	int error;

	if (!device)
		return E_INVALIDARG;
	memset(device, 0, sizeof(*device));
	if (!pOpenData || pOpenData->Size != sizeof(*pOpenData))
		return E_INVALIDARG;
	device->core_layer = pOpenData->hRTCoreLayer;
	device->set_error = pOpenData->pfnSetErrorCb;
	device->timeout_ms = pOpenData->TimeoutMilliseconds;
	atomic_init(&device->dead, false);
	LIST_INIT(&device->decoders);
	error = coffer_init(&device->library, NULL);
	if (!error)
		error = coffer_open(device->library, pOpenData->pBoard, -1, ddi_deadline(device, &room),
				    &device->context);
	if (!error && pthread_mutex_init(&device->lock, NULL))
		error = COFFER_E_NO_MEMORY;
	if (error) {
		coffer_close(&device->context);
		coffer_exit(&device->library);
		memset(device, 0, sizeof(*device));
		return open_result(error);
	}
	ddi_mark(&device->head, DDI_DEVICE, device);
	return S_OK;
}

VOID APIENTRY CofferCloseDevice(D3D10DDI_HDEVICE hDevice)
{
	struct ddi_device *device = ddi_device(hDevice);

	if (!device)
		return;
	coffer_close(&device->context);
	coffer_exit(&device->library);
	coffer_free(device->chain);
	pthread_mutex_destroy(&device->lock);
	memset(device, 0, sizeof(*device));
}
