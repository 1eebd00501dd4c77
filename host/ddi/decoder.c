/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders, as far as the board is one: they take encrypted bitstreams (submit.c), whose plaintext goes into a protected
 * resource. A frame has one content key, which comes with its beginning.
 */
#include <string.h>

#include "ddi.h"

SIZE_T APIENTRY CofferCalcPrivateDecoderSize(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATEDECODER *pCreateData)
{
	(void)hDevice;
	(void)pCreateData;
	return sizeof(struct ddi_decoder);
}

static bool is_cenc(const GUID *encryption)
{
	return ddi_same_guid(encryption, &D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC) ||
	       ddi_same_guid(encryption, &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC);
}

HRESULT APIENTRY CofferCreateDecoder(D3D10DDI_HDEVICE hDevice, CONST COFFER_DDIARG_CREATEDECODER *pCreateData,
				     D3D11_1DDI_HDECODE hDecode)
{
	struct ddi_decoder *decoder = hDecode.pDrvPrivate;
	struct ddi_device *device = ddi_device(hDevice);

	if (!decoder)
		return E_INVALIDARG;
	memset(decoder, 0, sizeof(*decoder));
	if (!device || !pCreateData)
		return E_INVALIDARG;
	if (ddi_alive(device))
		return D3DDDIERR_DEVICEREMOVED;
	decoder->cbcs =
		ddi_same_guid(&pCreateData->BitstreamEncryption, &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CBCS);
	if (!decoder->cbcs && !is_cenc(&pCreateData->BitstreamEncryption))
		return D3DDDIERR_UNSUPPORTEDCRYPTO;
	decoder->session = ddi_session(hDevice, pCreateData->hCryptoSession);
	decoder->bitstream = ddi_resource(hDevice, pCreateData->hBitstream);
	if (!decoder->session || !decoder->bitstream || decoder->bitstream->kind != COFFER_DDI_RESOURCE_PROTECTED ||
	    decoder->bitstream->session != decoder->session)
		return E_INVALIDARG;
	pthread_mutex_lock(&device->lock);
	/* The low byte is the index of no slot: a decoder's number is never a session's handle. */
	decoder->number = ++device->decoders_made << 8 | 0xFF;
	LIST_INSERT_HEAD(&device->decoders, decoder, link);
	pthread_mutex_unlock(&device->lock);
	ddi_mark(&decoder->head, DDI_DECODER, device);
	return S_OK;
}

static VOID APIENTRY destroy_video_decoder(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode)
{
	struct ddi_decoder *decoder = ddi_decoder(hDevice, hDecode);
	struct ddi_device *device = ddi_device(hDevice);

	if (!decoder)
		return;
	pthread_mutex_lock(&device->lock);
	LIST_REMOVE(decoder, link);
	pthread_mutex_unlock(&device->lock);
	memset(decoder, 0, sizeof(*decoder));
}

void ddi_detach_decoders(struct ddi_device *device, const void *object)
{
	struct ddi_decoder *decoder;

	pthread_mutex_lock(&device->lock);
	LIST_FOREACH(decoder, &device->decoders, link)
	{
		if (decoder->session == object || decoder->bitstream == object) {
			decoder->session = NULL;
			decoder->bitstream = NULL;
			decoder->in_frame = false;
		}
	}
	pthread_mutex_unlock(&device->lock);
}

static HRESULT APIENTRY video_decoder_get_handle(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode,
						 HANDLE *pContentProtectionHandle)
{
	struct ddi_decoder *decoder = ddi_decoder(hDevice, hDecode);

	if (!pContentProtectionHandle)
		return E_INVALIDARG;
	*pContentProtectionHandle = NULL;
	if (!decoder)
		return E_INVALIDARG;
	if (ddi_alive(decoder->head.device))
		return D3DDDIERR_DEVICEREMOVED;
	*pContentProtectionHandle = (HANDLE)decoder->number;
	return S_OK;
}

/* ---- frames ------------------------------------------------------------------------------------------- */

/* The blob is Coffer's: the content key, one AES-ECB block under the session key, as DecryptionBlt takes it. */
static bool is_acceptable(const struct ddi_session *session,
			  const D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION *crypto)
{
	return crypto->hCryptoSession.pDrvPrivate == session && crypto->pBlob && crypto->BlobSize == 16 &&
	       !crypto->pPrivateData && !crypto->PrivateDataSize;
}

static HRESULT begin_frame(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode, const void *pContentKey,
			   UINT ContentKeySize)
{
	D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION crypto;
	struct ddi_decoder *decoder = ddi_decoder(hDevice, hDecode);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;
	int error;

	if (!decoder || !decoder->session || decoder->in_frame || !pContentKey || ContentKeySize != sizeof(crypto))
		return E_INVALIDARG;
	memcpy(&crypto, pContentKey, sizeof(crypto));
	if (!is_acceptable(decoder->session, &crypto))
		return E_INVALIDARG;
	decoder->key = (struct ddi_content_key){
		.generation = decoder->session->key_generation,
		.mode = decoder->cbcs ? COFFER_MODE_CBC : COFFER_MODE_CTR,
		.rule = decoder->cbcs ? COFFER_CTR_CARRY128 : COFFER_CTR_WRAP64,
	};
	memcpy(decoder->key.wrapped, crypto.pBlob, sizeof(decoder->key.wrapped));
	error = ddi_alive(device);
	if (!error)
		error = ddi_load_content_key(decoder->session, &decoder->key, ddi_deadline(device, &room));
	decoder->in_frame = !error;
	decoder->used = 0;
	return ddi_result(device, error);
}

/* Output views are not looked at: nothing is decoded into them. */
static HRESULT APIENTRY begin_frame_11_1(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode,
					 CONST D3D11_1DDIARG_VIDEODECODERBEGINFRAME *pBeginFrame)
{
	return pBeginFrame ? begin_frame(hDevice, hDecode, pBeginFrame->pContentKey, pBeginFrame->ContentKeySize)
			   : E_INVALIDARG;
}

static HRESULT APIENTRY begin_frame_rs4_0(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode,
					  CONST D3DWDDM2_4DDIARG_VIDEODECODERBEGINFRAME_RS4_0 *pBeginFrame)
{
	if (!pBeginFrame)
		return E_INVALIDARG;
	for (int i = 0; i < D3DWDDM2_4DDI_VIDEO_DECODER_MAX_HISTOGRAM_COMPONENTS; i++)
		if (pBeginFrame->Histograms[i]
			    .hBuffer.pDrvPrivate) /* QueryVideoCapabilities says that there are none */
			return E_INVALIDARG;
	return begin_frame(hDevice, hDecode, pBeginFrame->pContentKey, pBeginFrame->ContentKeySize);
}

static HRESULT APIENTRY begin_frame_2_4(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode,
					CONST D3DWDDM2_4DDIARG_VIDEODECODERBEGINFRAME *pBeginFrame)
{
	if (!pBeginFrame)
		return E_INVALIDARG;
	for (int i = 0; i < D3DWDDM2_4DDI_VIDEO_DECODER_MAX_HISTOGRAM_COMPONENTS; i++)
		if (pBeginFrame->Histograms[i].hBuffer.pDrvPrivate)
			return E_INVALIDARG;
	return begin_frame(hDevice, hDecode, pBeginFrame->pContentKey, pBeginFrame->ContentKeySize);
}

static VOID APIENTRY end_frame(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode)
{
	struct ddi_decoder *decoder = ddi_decoder(hDevice, hDecode);

	if (decoder)
		decoder->in_frame = false;
}

void ddi_fill_decoder(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnDestroyVideoDecoder = destroy_video_decoder;
	table->pfnVideoDecoderBeginFrame = begin_frame_11_1;
	table->pfnVideoDecoderEndFrame = end_frame;
	table->pfnVideoDecoderGetHandle = video_decoder_get_handle;
}

void ddi_fill_decoder_rs4_0(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 *table)
{
	table->pfnVideoDecoderBeginFrame = begin_frame_rs4_0;
}

void ddi_fill_decoder_2_4(D3DWDDM2_4DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnVideoDecoderBeginFrame = begin_frame_2_4;
}
