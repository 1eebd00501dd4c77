/* SPDX-License-Identifier: Apache-2.0 */
/* WDDM 2.0: what has become of a session, and the private data of key exchanges. */
#include <string.h>

#include "ddi.h"

static D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status_of(int error)
{
	switch (error) {
	case 0:
		return D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;
	case COFFER_E_STATE:
		return D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_LOST;
	default: /* a session's slots and surfaces end together */
		return D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST;
	}
}

/* Asks the board. What is no session of this device has neither key nor content. */
static void APIENTRY check_crypto_session_status(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
						 D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS *pStatus)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;
	int error;

	if (!pStatus)
		return;
	*pStatus = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST;
	if (!session)
		return;
	error = ddi_alive(device);
	if (!error)
		error = coffer_session_check(session->native, ddi_deadline(device, &room));
	*pStatus = status_of(error);
	ddi_report(device, error);
}

/* Private data belong to HW_PROTECTION, which no session here has. */
static HRESULT APIENTRY get_data_for_new_hardware_key(D3D10DDI_HDEVICE hDevice,
						      D3D11_1DDI_HCRYPTOSESSION hCryptoSession, UINT PrivateInputSize,
						      const void *pPrivatInputData, UINT64 *pPrivateOutputData)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);

	if (!pPrivateOutputData)
		return E_INVALIDARG;
	*pPrivateOutputData = 0;
	if (!session || (PrivateInputSize && !pPrivatInputData))
		return E_INVALIDARG;
	return ddi_alive(session->head.device) ? D3DDDIERR_DEVICEREMOVED : D3DDDIERR_UNSUPPORTEDCRYPTO;
}

static void APIENTRY get_crypto_session_private_data_size(D3D10DDI_HDEVICE hDevice, CONST GUID *pCryptoType,
							  CONST GUID *pDecoderProfile, CONST GUID *pKeyExchangeType,
							  UINT *pPrivateInputSize, UINT *pPrivateOutputSize)
{
	(void)hDevice;
	(void)pCryptoType;
	(void)pDecoderProfile;
	(void)pKeyExchangeType;
	if (pPrivateInputSize)
		*pPrivateInputSize = 0;
	if (pPrivateOutputSize)
		*pPrivateOutputSize = 0;
}

void ddi_fill_status(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnCheckCryptoSessionStatus = check_crypto_session_status;
	table->pfnGetDataForNewHardwareKey = get_data_for_new_hardware_key;
	table->pfnGetCryptoSessionPrivateDataSize = get_crypto_session_private_data_size;
}
