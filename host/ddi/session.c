/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, crypto sessions and their key exchange. */
#include <string.h>

#include "ddi.h"

#define CAPS                                                                                                           \
	(D3D11_1DDI_CONTENT_PROTECTION_CAPS_HARDWARE | D3D11_1DDI_CONTENT_PROTECTION_CAPS_PROTECTION_ALWAYS_ON |       \
	 D3D11_1DDI_CONTENT_PROTECTION_CAPS_PARTIAL_DECRYPTION | D3D11_1DDI_CONTENT_PROTECTION_CAPS_CONTENT_KEY |      \
	 D3D11_1DDI_CONTENT_PROTECTION_CAPS_FRESHEN_SESSION_KEY |                                                      \
	 D3D11_1DDI_CONTENT_PROTECTION_CAPS_ENCRYPTED_READ_BACK |                                                      \
	 D3D11_1DDI_CONTENT_PROTECTION_CAPS_ENCRYPTED_READ_BACK_KEY |                                                  \
	 D3D11_1DDI_CONTENT_PROTECTION_CAPS_DECRYPTION_BLT)

/* In the order in which GetCryptoKeyExchangeType lists them; a board without the second certificate has the first only. */
static const struct {
	const GUID *type;
	enum coffer_session_kind kind;
} exchanges[] = {
	{&D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP, COFFER_SESSION_PROTECTED},
	{&D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION, COFFER_SESSION_ECDH},
};

static UINT exchange_count(const struct ddi_device *device)
{
	return ddi_has_hw_protection(device) ? 2 : 1;
}

/* The one pair that there is: AES-128 in counter mode, not for decoding. */
static bool is_supported(const GUID *crypto, const GUID *profile)
{
	return crypto && profile && ddi_same_guid(crypto, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR) &&
	       ddi_same_guid(profile, &NULL_GUID);
}

static HRESULT APIENTRY get_content_protection_caps(D3D10DDI_HDEVICE hDevice, CONST GUID *pCryptoType,
						    CONST GUID *pDecodeProfile,
						    D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *pCaps)
{
	struct ddi_device *device = ddi_device(hDevice);
	const struct coffer_info *info;

	if (!pCaps)
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	memset(pCaps, 0, sizeof(*pCaps));
	/* NULL_GUID asks for the union over the crypto types: there is one. */
	if (pCryptoType && ddi_same_guid(pCryptoType, &NULL_GUID))
		pCryptoType = &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	if (!device || !is_supported(pCryptoType, pDecodeProfile))
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	info = coffer_info(device->context);
	pCaps->Caps = CAPS;
	if (ddi_has_hw_protection(device))
		pCaps->Caps |= D3DWDDM2_0DDI_CONTENT_PROTECTION_CAPS_HARDWARE_DRM_COMMUNICATION;
	pCaps->KeyExchangeTypeCount = exchange_count(device);
	pCaps->BlockAlignmentSize = DDI_BLOCK_BYTES;
	pCaps->ProtectedMemorySize = (ULONGLONG)info->surface_pages * info->page_bytes;
	return S_OK;
}

static HRESULT APIENTRY get_crypto_key_exchange_type(D3D10DDI_HDEVICE hDevice, CONST GUID *pCryptoType,
						     CONST GUID *pDecodeProfile, UINT Index, GUID *pKeyExchangeType)
{
	if (!pKeyExchangeType)
		return E_INVALIDARG;
	*pKeyExchangeType = NULL_GUID;
	if (!ddi_device(hDevice) || !is_supported(pCryptoType, pDecodeProfile))
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	if (Index >= exchange_count(ddi_device(hDevice)))
		return E_INVALIDARG;
	*pKeyExchangeType = *exchanges[Index].type;
	return S_OK;
}

/* Looks at nothing: it may be called from any thread and may not fail. */
static SIZE_T APIENTRY calc_private_crypto_session_size(D3D10DDI_HDEVICE hDevice,
							CONST D3D11_1DDIARG_CREATECRYPTOSESSION *pCreateData)
{
	(void)hDevice;
	(void)pCreateData;
	return sizeof(struct ddi_session);
}

/* The four codes that the documents give this entry, and no other. */
static HRESULT create_result(struct ddi_device *device, int error)
{
	HRESULT result;

	if (error == COFFER_E_NOT_READY) /* a board without an identity exchanges no keys */
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	result = ddi_result(device, error);
	return result == E_INVALIDARG ? E_OUTOFMEMORY : result;
}

static HRESULT APIENTRY create_crypto_session(D3D10DDI_HDEVICE hDevice,
					      CONST D3D11_1DDIARG_CREATECRYPTOSESSION *pCreateData,
					      D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
					      D3D11_1DDI_HRTCRYPTOSESSION hRTCryptoSession)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_session *session = hCryptoSession.pDrvPrivate;
	struct timespec room;
	UINT exchange = 0;
	int error;

	if (!session)
		return E_OUTOFMEMORY;
	memset(session, 0, sizeof(*session));
	if (!pCreateData || !is_supported(&pCreateData->CryptoType, &pCreateData->DecodeProfile))
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	if (!device || ddi_alive(device))
		return D3DDDIERR_DEVICEREMOVED;
	while (exchange < exchange_count(device) &&
	       !ddi_same_guid(&pCreateData->KeyExchangeType, exchanges[exchange].type))
		exchange++;
	if (exchange == exchange_count(device))
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	error = coffer_session_create(device->context, exchanges[exchange].kind, ddi_deadline(device, &room),
				      &session->native);
	if (error)
		return create_result(device, error);
	session->hw_protection = exchanges[exchange].kind == COFFER_SESSION_ECDH;
	session->runtime = hRTCryptoSession;
	ddi_mark(&session->head, DDI_SESSION, device);
	return S_OK;
}

static VOID APIENTRY destroy_crypto_session(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;

	if (!session)
		return;
	ddi_detach_decoders(device, session);
	ddi_report(device, coffer_session_destroy(&session->native, ddi_deadline(device, &room)));
	explicit_bzero(session, sizeof(*session));
}

HRESULT ddi_exchange_result(struct ddi_device *device, int error)
{
	HRESULT result = ddi_result(device, error);

	return result == D3DDDIERR_DEVICEREMOVED ? E_INVALIDARG : result;
}

HRESULT ddi_negotiate(struct ddi_device *device, coffer_session *native, UINT bytes, const void *blob)
{
	struct timespec room;

	if (bytes != COFFER_BLOB_BYTES || !blob || ddi_alive(device))
		return E_INVALIDARG;
	return ddi_exchange_result(device, coffer_negotiate(native, blob, bytes, ddi_deadline(device, &room), NULL));
}

static HRESULT APIENTRY negotiate(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession, UINT DataSize,
				  BYTE *pData)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct ddi_device *device = ddi_device(hDevice);

	if (!session)
		return E_INVALIDARG;
	return session->hw_protection ? ddi_hw_protection(device, session, DataSize, pData)
				      : ddi_negotiate(device, session->native, DataSize, pData);
}

/* Of WDDM 2.4, also as the entry that may be called from any thread: every negotiation here may. */
static HRESULT APIENTRY negotiate_with_flags(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
					     D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAGS flags, UINT DataSize,
					     BYTE *pData)
{
	if (flags != D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE)
		return E_INVALIDARG;
	return negotiate(hDevice, hCryptoSession, DataSize, pData);
}

static HRESULT APIENTRY crypto_session_get_handle(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
						  HANDLE *pHandle)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);

	if (!pHandle)
		return E_INVALIDARG;
	*pHandle = NULL;
	if (!session)
		return E_INVALIDARG;
	if (ddi_alive(session->head.device))
		return D3DDDIERR_DEVICEREMOVED;
	*pHandle = (HANDLE)(uintptr_t)coffer_session_slot(session->native, COFFER_KEY_SESSION);
	return S_OK;
}

struct coffer_session *APIENTRY CofferCryptoSession(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession)
{
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);

	if (!session)
		return NULL;
	session->lent = true;
	return session->native;
}

void ddi_fill_session(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnGetContentProtectionCaps = get_content_protection_caps;
	table->pfnGetCryptoKeyExchangeType = get_crypto_key_exchange_type;
	table->pfnCalcPrivateCryptoSessionSize = calc_private_crypto_session_size;
	table->pfnCreateCryptoSession = create_crypto_session;
	table->pfnDestroyCryptoSession = destroy_crypto_session;
	table->pfnNegotiateCryptoSessionKeyExchange = negotiate;
	table->pfnCryptoSessionGetHandle = crypto_session_get_handle;
}

void ddi_fill_session_2_4(D3DWDDM2_4DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnNegotiateCryptoSessionKeyExchange = negotiate_with_flags;
	table->pfnNegotiateCryptoSessionKeyExchangeMT = negotiate_with_flags;
}
