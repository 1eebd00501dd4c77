/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders: what is refused, in which order, and what is left untouched then. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

typedef D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC desc;

static const GUID *const cenc = &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC;
static const GUID *const cbcs = &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CBCS;
static const uint8_t key[16] = {1};

static HRESULT create_with(D3D11_1DDI_HCRYPTOSESSION s, D3D10DDI_HRESOURCE bitstream, const GUID *encryption)
{
	const COFFER_DDIARG_CREATEDECODER create = {s, bitstream, *encryption};
	D3D11_1DDI_HDECODE decoder = {garbage(CofferCalcPrivateDecoderSize(a.device, &create))};
	HRESULT result = CofferCreateDecoder(a.device, &create, decoder);

	if (result != S_OK) { /* then it is none */
		HANDLE handle = &decoder;

		assert_int_equal(a.f.pfnVideoDecoderGetHandle(a.device, decoder, &handle), E_INVALIDARG);
		assert_null(handle);
	}
	destroy_decoder(decoder);
	return result;
}

void decoders_refuse_nonsense(void **state)
{
	const COFFER_DDIARG_CREATEDECODER create = {session, protected_surface, *cenc};
	D3D10DDI_HRESOURCE other = create_resource(&b, COFFER_DDI_RESOURCE_PROTECTED, foreign);
	const D3D11_1DDI_HCRYPTOSESSION no_session = {NULL};
	const D3D10DDI_HRESOURCE no_resource = {NULL};
	const D3D11_1DDI_HDECODE none = {NULL};
	const D3D10DDI_HDEVICE nobody = {NULL};
	D3D10DDI_HRESOURCE another;
	D3D11_1DDI_HCRYPTOSESSION second;
	D3D11_1DDI_HDECODE decoder;

	(void)state;
	assert_int_equal(create_session(&a, &second), S_OK);
	another = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, second);
	assert_int_equal(create_with(session, protected_surface, cenc), S_OK);
	assert_int_equal(create_with(session, protected_surface, &NULL_GUID), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(create_with(session, protected_surface, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(create_with(no_session, protected_surface, cenc), E_INVALIDARG);
	assert_int_equal(create_with(foreign, protected_surface, cenc), E_INVALIDARG);
	assert_int_equal(create_with(session, no_resource, cenc), E_INVALIDARG);
	assert_int_equal(create_with(session, other, cenc), E_INVALIDARG);
	assert_int_equal(create_with(session, another, cenc), E_INVALIDARG);
	assert_int_equal(create_with(session, staging, cenc), E_INVALIDARG);
	assert_int_equal(CofferCreateDecoder(a.device, &create, none), E_INVALIDARG);
	decoder.pDrvPrivate = garbage(CofferCalcPrivateDecoderSize(a.device, &create));
	assert_int_equal(CofferCreateDecoder(a.device, NULL, decoder), E_INVALIDARG);
	assert_int_equal(CofferCreateDecoder(nobody, &create, decoder), E_INVALIDARG);
	free(decoder.pDrvPrivate);
	destroy_resource(&b, other);
	destroy_resource(&a, another);
	a.f.pfnDestroyCryptoSession(a.device, second);
	free(second.pDrvPrivate);
	assert_int_equal(a.reports + b.reports, 0);
}

static void frames_refuse_nonsense(D3D11_1DDI_HDECODE decoder)
{
	D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION good = {.hCryptoSession = session,
								       .pBlob = (void *)(uintptr_t)key,
								       .BlobSize = 16},
							       bad[6];
	D3D11_1DDIARG_VIDEODECODERBEGINFRAME frame = {{NULL}, &good, sizeof(good)};
	D3DWDDM2_4DDIARG_VIDEODECODERBEGINFRAME newest = {.pContentKey = &good, .ContentKeySize = sizeof(good)};
	D3DWDDM2_4DDIARG_VIDEODECODERBEGINFRAME_RS4_0 newer = {.pContentKey = &good, .ContentKeySize = sizeof(good)};

	assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, NULL), E_INVALIDARG);
	assert_int_equal(a.rs4.pfnVideoDecoderBeginFrame(a.device, decoder, NULL), E_INVALIDARG);
	assert_int_equal(a.f24.pfnVideoDecoderBeginFrame(a.device, decoder, NULL), E_INVALIDARG);
	newer.Histograms[3].hBuffer = newest.Histograms[3].hBuffer = staging;
	assert_int_equal(a.rs4.pfnVideoDecoderBeginFrame(a.device, decoder, &newer), E_INVALIDARG);
	assert_int_equal(a.f24.pfnVideoDecoderBeginFrame(a.device, decoder, &newest), E_INVALIDARG);
	for (int i = 0; i < 6; i++)
		bad[i] = good;
	bad[0].hCryptoSession = foreign;
	bad[1].hCryptoSession.pDrvPrivate = NULL;
	bad[2].pBlob = NULL;
	bad[3].BlobSize = 15;
	bad[4].PrivateDataSize = 1;
	bad[5].pPrivateData = &good;
	for (int i = 0; i < 6; i++) {
		frame.pContentKey = &bad[i];
		assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, &frame), E_INVALIDARG);
	}
	frame.pContentKey = NULL;
	assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, &frame), E_INVALIDARG);
	frame.pContentKey = &good;
	for (UINT size = 0; size < 2 * sizeof(good); size += size == 16 ? 31 : 16) { /* 16: 11.1's wrapped key */
		frame.ContentKeySize = size;
		assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, &frame), E_INVALIDARG);
	}
	newer.Histograms[3].hBuffer.pDrvPrivate = newest.Histograms[3].hBuffer.pDrvPrivate = NULL;
	assert_int_equal(a.rs4.pfnVideoDecoderBeginFrame(a.device, decoder, &newer), S_OK);
	a.rs4.pfnVideoDecoderEndFrame(a.device, decoder);
	assert_int_equal(a.f24.pfnVideoDecoderBeginFrame(a.device, decoder, &newest), S_OK);
	a.f24.pfnVideoDecoderEndFrame(a.device, decoder);
}

void frames_have_an_order(void **state)
{
	const desc buffer = buffer_of(staging, 16, NULL, 0, NULL, 0);
	D3D11_1DDI_HDECODE decoder;
	uint8_t wrapped[16], readback[16];

	(void)state;
	assert_int_equal(create_decoder(protected_surface, cenc, &decoder), S_OK);
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), E_INVALIDARG);
	frames_refuse_nonsense(decoder);
	assert_int_equal(begin_frame(decoder, key), S_OK);
	assert_int_equal(begin_frame(decoder, key), E_INVALIDARG);
	b.f.pfnVideoDecoderEndFrame(b.device, decoder); /* not theirs */
	b.f.pfnDestroyVideoDecoder(b.device, decoder);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), S_OK);
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), E_INVALIDARG);
	/* A read-back key's wrapped form is no content key here, either; the frame has not begun. */
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(wrapped), wrapped);
	aes_ecb(session_key, AES_DECRYPT, wrapped, readback);
	assert_int_equal(begin_frame(decoder, readback), E_INVALIDARG);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), E_INVALIDARG);
	assert_int_equal(b.f.pfnVideoDecoderBeginFrame(b.device, decoder, NULL), E_INVALIDARG);
	destroy_decoder(decoder);
	assert_int_equal(a.reports + b.reports, 0);
}

/* ---- buffers ---- */

static subsample too_short[] = {{16, 16}, {0, 31}}, too_long[] = {{16, 16}, {0, 33}},
		 wraps[] = {{64, 0}, {1, UINT32_MAX}};
static subsample good_list[] = {{16, 16}, {0, 32}};

/* Buffer `i` of the bad ones; false where there is no more. */
static bool make_bad(desc *d, int i, bool is_cbcs)
{
	switch (i) {
	case 0:
		d->hResource.pDrvPrivate = NULL;
		break;
	case 1:
		d->hResource = protected_surface;
		break;
	case 2:
		d->BufferType = D3D11_1DDI_VIDEO_DECODER_BUFFER_SLICE_CONTROL;
		break;
	case 3:
		d->BufferType = (D3D11_1DDI_VIDEO_DECODER_BUFFER_TYPE)77;
		break;
	case 4:
		d->DataOffset = 16;
		break;
	case 5:
		d->DataSize = 0;
		break;
	case 6:
		d->DataSize = BYTES + 1;
		break;
	case 7:
		d->DataSize = UINT32_MAX;
		break;
	case 8:
		d->IVSize = 0;
		break;
	case 9:
		d->IVSize = 7;
		break;
	case 10:
		d->IVSize = 17;
		break;
	case 11:
		d->pIV = NULL;
		break;
	case 12:
		d->pIV = NULL;
		d->IVSize = 0;
		break; /* clear, with subsamples */
	case 13:
		d->pSubSampleMappingBlock = NULL;
		break;
	case 14:
		d->pSubSampleMappingBlock = too_short;
		break;
	case 15:
		d->pSubSampleMappingBlock = too_long;
		break;
	case 16:
		d->pSubSampleMappingBlock = wraps;
		break; /* 64, were the sum of 32 bits */
	case 17:
		d->cBlocksStripeClear = 9;
		break; /* nothing encrypted in between */
	case 18:
		d->cBlocksStripeEncrypted = is_cbcs ? 16 : 1;
		break;
	case 19:
		d->cBlocksStripeEncrypted = 1;
		d->cBlocksStripeClear = is_cbcs ? 16 : 9;
		break;
	case 20:
		d->cBlocksStripeEncrypted = UINT32_MAX;
		break;
	default:
		return false;
	}
	return true;
}

static void check_bad_buffers(D3D11_1DDI_HDECODE decoder, D3D10DDI_HRESOURCE source, bool is_cbcs)
{
	uint8_t iv[16] = {0};
	const desc good = buffer_of(source, 64, iv, 16, good_list, 2);
	desc buffers[2] = {good, good};

	for (int i = 0; make_bad(&buffers[1], i, is_cbcs); i++) {
		assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 2, buffers), E_INVALIDARG);
		buffers[1] = good;
	}
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 0, buffers), E_INVALIDARG);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, NULL), E_INVALIDARG);
	assert_int_equal(a.f20.pfnVideoDecoderSubmitBuffers1(a.device, decoder, 1, NULL), E_INVALIDARG);
	assert_int_equal(b.f24.pfnVideoDecoderSubmitBuffers2(b.device, decoder, 1, buffers), E_INVALIDARG);
	buffers[0] = buffers[1] = buffer_of(source, BYTES, iv, 16, NULL, 0); /* together more than the frame's memory */
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 2, buffers), E_INVALIDARG);
}

void bad_buffers_are_refused_before_the_first(void **state)
{
	D3D10DDI_HRESOURCE source = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, session);
	D3DWDDM2_0DDI_VIDEO_DECODER_BUFFER_DESC1 old = {0};
	uint8_t picture[BYTES], seen[BYTES], iv[16];
	D3D11_1DDI_HDECODE decoder;
	desc good;

	(void)state;
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	good = buffer_of(source, 64, iv, 16, good_list, 2);
	for (int is_cbcs = 0; is_cbcs < 2; is_cbcs++) {
		assert_int_equal(create_decoder(protected_surface, is_cbcs ? cbcs : cenc, &decoder), S_OK);
		assert_int_equal(begin_frame(decoder, key), S_OK);
		check_bad_buffers(decoder, source, is_cbcs);
		memcpy(&old, &good, sizeof(old));
		if (is_cbcs) /* the older entry knows no cbcs */
			assert_int_equal(a.f20.pfnVideoDecoderSubmitBuffers1(a.device, decoder, 1, &old), E_INVALIDARG);
		read_back(seen);
		assert_memory_equal(picture, seen, BYTES);
		destroy_decoder(decoder);
	}
	destroy_resource(&a, source);
	assert_int_equal(a.reports + b.reports, 0);
}

/* Destroyed, a session or resource leaves a decoder that refuses. */
void decoders_end_with_what_they_are_bound_to(void **state)
{
	D3D10DDI_HRESOURCE bitstream = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, session);
	const desc buffer = buffer_of(staging, 16, NULL, 0, NULL, 0);
	D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION crypto = {.pBlob = (void *)(uintptr_t)key,
									 .BlobSize = 16};
	const D3D11_1DDIARG_VIDEODECODERBEGINFRAME frame = {{NULL}, &crypto, sizeof(crypto)};
	D3D11_1DDI_HDECODE decoder, orphan;
	COFFER_DDIARG_CREATEDECODER create;
	D3D11_1DDI_HCRYPTOSESSION second;
	D3D10DDI_HRESOURCE surface;

	(void)state;
	assert_int_equal(create_decoder(bitstream, cenc, &decoder), S_OK);
	assert_int_equal(begin_frame(decoder, key), S_OK);
	destroy_resource(&a, bitstream);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), E_INVALIDARG);
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	assert_int_equal(begin_frame(decoder, key), E_INVALIDARG);
	destroy_decoder(decoder);

	assert_int_equal(create_session(&a, &second), S_OK);
	surface = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, second);
	create = (COFFER_DDIARG_CREATEDECODER){second, surface, *cenc};
	orphan.pDrvPrivate = garbage(CofferCalcPrivateDecoderSize(a.device, &create));
	assert_int_equal(CofferCreateDecoder(a.device, &create, orphan), S_OK);
	crypto.hCryptoSession = second;
	a.f.pfnDestroyCryptoSession(a.device, second);
	free(second.pDrvPrivate); /* the sanitizer sees who looks at it */
	assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, orphan, &frame), E_INVALIDARG);
	destroy_resource(&a, surface);
	destroy_decoder(orphan);
	assert_int_equal(a.reports, 0);
}
