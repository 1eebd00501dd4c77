/* SPDX-License-Identifier: Apache-2.0 */
/* Refresh of the session key: Start has the board draw and keep a random number, Finish has it XOR the key with that. */
#include <string.h>

#include "ddi.h"

static VOID APIENTRY start_session_key_refresh(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
					       UINT RandomNumberSize, VOID *pRandomNumber)
{
	struct ddi_session *session = ddi_blt_session(hDevice, hCryptoSession);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;
	uint8_t random[16];
	int error;

	if (!pRandomNumber)
		return;
	memset(pRandomNumber, 0, RandomNumberSize);
	if (!session || RandomNumberSize != sizeof(random))
		return;
	error = ddi_alive(device);
	if (!error)
		error = coffer_start_refresh(session->native, random, ddi_deadline(device, &room), NULL);
	if (error)
		ddi_report(device, error);
	else
		memcpy(pRandomNumber, random, sizeof(random));
	explicit_bzero(random, sizeof(random));
}

/* The content slot keeps its key, but what wraps it from now on is another session key. */
static VOID APIENTRY finish_session_key_refresh(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession)
{
	struct ddi_session *session = ddi_blt_session(hDevice, hCryptoSession);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;
	int error;

	if (!session)
		return;
	error = ddi_alive(device);
	if (!error)
		error = coffer_refresh(session->native, ddi_deadline(device, &room), NULL);
	if (error)
		ddi_report(device, error);
	else
		session->key_generation++;
}

void ddi_fill_refresh(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnStartSessionKeyRefresh = start_session_key_refresh;
	table->pfnFinishSessionKeyRefresh = finish_session_key_refresh;
}
