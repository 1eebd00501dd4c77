/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: staging memory of the host, and protected surfaces of the board. */
#include <stdlib.h>
#include <string.h>

#include "ddi.h"

#define MAX_RESOURCE_BYTES (1u << 30)

SIZE_T APIENTRY CofferCalcPrivateResourceSize(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATERESOURCE *pCreateData)
{
	(void)hDevice;
	(void)pCreateData;
	return sizeof(struct ddi_resource);
}

static HRESULT create_memory(struct ddi_device *device, struct ddi_resource *resource)
{
	struct timespec room;
	int error;

	if (resource->kind == COFFER_DDI_RESOURCE_STAGING) {
		resource->memory = calloc(1, resource->bytes);
		return resource->memory ? S_OK : E_OUTOFMEMORY;
	}
	error = coffer_surface_create(resource->session->native, (uint32_t)resource->bytes, ddi_deadline(device, &room),
				      &resource->surface);
	return ddi_result(device, error);
}

HRESULT APIENTRY CofferCreateResource(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATERESOURCE *pCreateData,
				      D3D10DDI_HRESOURCE hResource)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_resource *resource = hResource.pDrvPrivate;
	HRESULT result;

	if (!resource)
		return E_INVALIDARG;
	memset(resource, 0, sizeof(*resource));
	if (!device || !pCreateData)
		return E_INVALIDARG;
	if (ddi_alive(device))
		return D3DDDIERR_DEVICEREMOVED;
	resource->kind = pCreateData->Kind;
	resource->width = pCreateData->Width;
	resource->height = pCreateData->Height;
	resource->pitch = pCreateData->Pitch;
	resource->bytes = (uint64_t)pCreateData->Pitch * pCreateData->Height;
	if (resource->kind == COFFER_DDI_RESOURCE_PROTECTED)
		resource->session = ddi_session(hDevice, pCreateData->hCryptoSession);
	if (!resource->width || resource->pitch < resource->width || !resource->bytes ||
	    resource->bytes > MAX_RESOURCE_BYTES ||
	    (resource->kind != COFFER_DDI_RESOURCE_STAGING && !resource->session))
		return E_INVALIDARG;
	result = create_memory(device, resource);
	if (result == S_OK)
		ddi_mark(&resource->head, DDI_RESOURCE, device);
	return result;
}

VOID APIENTRY CofferDestroyResource(D3D10DDI_HDEVICE hDevice, D3D10DDI_HRESOURCE hResource)
{
	struct ddi_resource *resource = ddi_resource(hDevice, hResource);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;

	if (!resource)
		return;
	ddi_detach_decoders(device, resource);
	if (resource->surface)
		ddi_report(device, coffer_surface_destroy(&resource->surface, ddi_deadline(device, &room)));
	free(resource->memory);
	memset(resource, 0, sizeof(*resource));
}

HRESULT APIENTRY CofferMapResource(D3D10DDI_HDEVICE hDevice, D3D10DDI_HRESOURCE hResource, void **ppData, UINT *pPitch)
{
	struct ddi_resource *resource = ddi_resource(hDevice, hResource);

	if (!ppData || !pPitch)
		return E_INVALIDARG;
	*ppData = NULL;
	*pPitch = 0;
	if (!resource || resource->kind != COFFER_DDI_RESOURCE_STAGING)
		return E_INVALIDARG;
	*ppData = resource->memory;
	*pPitch = resource->pitch;
	return S_OK;
}
