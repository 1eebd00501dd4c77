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

/* Of HW_PROTECTION: which slot on the board the next content key will be in, in bits 32 and up the session's own. The key itself comes
 * with a frame, wrapped under the session key that was agreed on; the driver has no private data for it. */
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
	if (ddi_alive(session->head.device))
		return D3DDDIERR_DEVICEREMOVED;
	if (!session->hw_protection)
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	if (PrivateInputSize != DDI_PRIVATE_INPUT)
		return E_INVALIDARG;
	*pPrivateOutputData = (UINT64)coffer_session_slot(session->native, COFFER_KEY_SESSION) << 32 |
			      coffer_session_slot(session->native, COFFER_KEY_CONTENT);
	return S_OK;
}

/* There are none, in either direction, for any exchange. */
static void APIENTRY get_crypto_session_private_data_size(D3D10DDI_HDEVICE hDevice, CONST GUID *pCryptoType,
							  CONST GUID *pDecoderProfile, CONST GUID *pKeyExchangeType,
							  UINT *pPrivateInputSize, UINT *pPrivateOutputSize)
{
	(void)hDevice;
	(void)pCryptoType;
	(void)pDecoderProfile;
	(void)pKeyExchangeType;
	if (pPrivateInputSize)
		*pPrivateInputSize = DDI_PRIVATE_INPUT;
	if (pPrivateOutputSize)
		*pPrivateOutputSize = DDI_PRIVATE_OUTPUT;
}

void ddi_fill_status(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnCheckCryptoSessionStatus = check_crypto_session_status;
	table->pfnGetDataForNewHardwareKey = get_data_for_new_hardware_key;
	table->pfnGetCryptoSessionPrivateDataSize = get_crypto_session_private_data_size;
}
