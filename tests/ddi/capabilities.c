/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities are promises: each bit against what it promises, each pair of identifiers against what Create does. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

/* ---- pairs ---- */

#define PROFILE(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                                                               \
	{                                                                                                              \
		a, b, c,                                                                                               \
		{                                                                                                      \
			d0, d1, d2, d3, d4, d5, d6, d7                                                                 \
		}                                                                                                      \
	}
#define DXVA(a) PROFILE(a, 0xa0c7, 0x11d3, 0xb9, 0x84, 0x00, 0xc0, 0x4f, 0x2e, 0x73, 0xc5)

static const GUID profiles[] = {
	PROFILE(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),                                            /* not for decoding */
	PROFILE(0xee27417f, 0x5e28, 0x4e65, 0xbe, 0xea, 0x1d, 0x26, 0xb5, 0x08, 0xad, 0xc9), /* MPEG-2 */
	PROFILE(0x86695f12, 0x340e, 0x4f04, 0x9f, 0xd3, 0x92, 0x53, 0xdd, 0x32, 0x74, 0x60), /* MPEG-2 and 1 */
	PROFILE(0x6f3ec719, 0x3735, 0x42cc, 0x80, 0x63, 0x65, 0xcc, 0x3c, 0xb3, 0x66, 0x16), /* MPEG-1 */
	DXVA(0x1b81be68),                                                                    /* H.264 */
	DXVA(0x1b81be69),
	DXVA(0x1b81bea3), /* VC-1 */
	DXVA(0x1b81bea4),
	DXVA(0x1b81bed0),                                                                    /* no encryption */
	PROFILE(0xd5f04ff9, 0x3418, 0x45d8, 0x95, 0x61, 0x32, 0xa7, 0x6a, 0xae, 0x2d, 0xdd), /* H.264 FMO, ASO */
	PROFILE(0x5b11d51b, 0x2f4c, 0x4452, 0xbc, 0xc3, 0x09, 0xf2, 0xa1, 0x16, 0x0c, 0xc0), /* HEVC Main */
	PROFILE(0x107af0e0, 0xef1a, 0x4d19, 0xab, 0xa8, 0x67, 0xa1, 0x63, 0x07, 0x3d, 0x13), /* HEVC Main 10 */
	PROFILE(0x90b899ea, 0x3a62, 0x4705, 0x88, 0xb3, 0x8d, 0xf0, 0x4b, 0x27, 0x44, 0xe7), /* VP8 */
	PROFILE(0x463707f8, 0xa1d0, 0x4585, 0x87, 0x6d, 0x83, 0xaa, 0x6d, 0x60, 0xb8, 0x9e), /* VP9 */
	PROFILE(0xb8be4ccb, 0xcf53, 0x46ba, 0x8d, 0x59, 0xd6, 0xb8, 0xa6, 0xda, 0x5d, 0x2a), /* AV1 */
};

static HRESULT create_with(const GUID *type, const GUID *profile, const GUID *exchange)
{
	const D3D11_1DDIARG_CREATECRYPTOSESSION create = {*type, *profile, *exchange};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	D3D11_1DDI_HCRYPTOSESSION s = new_session_memory(&a);
	HRESULT result = a.f.pfnCreateCryptoSession(a.device, &create, s, runtime);

	a.f.pfnDestroyCryptoSession(a.device, s);
	free(s.pDrvPrivate);
	return result;
}

/* Create takes exactly the exchanges that GetCryptoKeyExchangeType counts up. */
static void check_exchanges(const GUID *type, const GUID *profile, UINT count)
{
	static const GUID *const known[] = {
		&D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP,
		&D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION,
		&NULL_GUID,
	};
	bool listed[3] = {false};
	GUID exchange;

	for (UINT i = 0; i < count; i++) {
		memset(&exchange, GARBAGE, sizeof(exchange));
		assert_int_equal(a.f.pfnGetCryptoKeyExchangeType(a.device, type, profile, i, &exchange), S_OK);
		for (int k = 0; k < 3; k++)
			listed[k] = listed[k] || !memcmp(&exchange, known[k], sizeof(exchange));
	}
	for (UINT i = count; i < count + 3; i++) {
		HRESULT result = a.f.pfnGetCryptoKeyExchangeType(a.device, type, profile, i, &exchange);

		assert_int_equal(result, count ? E_INVALIDARG : D3DDDIERR_UNSUPPORTEDCRYPTO);
		assert_true(all_are(&exchange, 0, sizeof(exchange)));
	}
	for (int k = 0; k < 3; k++)
		assert_int_equal(create_with(type, profile, known[k]), listed[k] ? S_OK : D3DDDIERR_UNSUPPORTEDCRYPTO);
}

/* Capabilities, key exchanges and Create, for every crypto type and profile. NULL_GUID as the type asks for the union, and
 * is no type to create a session of. */
void every_pair_agrees(void **state)
{
	static const GUID *const types[] = {
		&NULL_GUID,
		&D3D11_1DDI_CRYPTO_TYPE_AES128_CTR,
		&D3DCRYPTOTYPE_PROPRIETARY,
		&D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC,
		&D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP,
	};
	unsigned int supported = 0;

	(void)state;
	for (size_t p = 0; p < sizeof(profiles) / sizeof(profiles[0]); p++) {
		UINT together = 0, asked = 0;

		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
			HRESULT result;

			memset(&caps, GARBAGE, sizeof(caps));
			result = a.f.pfnGetContentProtectionCaps(a.device, types[t], &profiles[p], &caps);
			if (result != S_OK) {
				assert_int_equal(result, D3DDDIERR_UNSUPPORTEDCRYPTO);
				assert_true(all_are(&caps, 0, sizeof(caps)));
			}
			if (types[t] == &NULL_GUID) {
				asked = caps.Caps;
				caps.KeyExchangeTypeCount = 0;
			} else {
				together |= caps.Caps;
			}
			supported += caps.KeyExchangeTypeCount != 0;
			check_exchanges(types[t], &profiles[p], caps.KeyExchangeTypeCount);
		}
		assert_int_equal(asked, together);
	}
	assert_int_equal(supported, 1);
	assert_int_equal(a.reports, 0);
}

/* ---- bits ---- */

static UINT certificate_of(D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE type)
{
	const D3D11_1DDI_CERTIFICATE_INFO info = {
		.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_AUTHENTICATED_CHANNEL,
		.ChannelType = type,
	};
	UINT size = 0;

	a.f.pfnGetCertificateSize(a.device, &info, &size);
	return size;
}

static bool is_in_software(void)
{
	return certificate_of(D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_SOFTWARE) != 0;
}

static bool is_in_hardware(void)
{
	return certificate_of(D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE) != 0;
}

static bool nobody_maps_what_is_protected(void)
{
	void *data;
	UINT pitch;

	return CofferMapResource(a.device, protected_surface, &data, &pitch) != S_OK;
}

static bool decrypts(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, const uint8_t *content_key)
{
	uint8_t picture[BYTES], seen[BYTES], iv[16], wrapped[16];

	random_picture(picture);
	fresh_iv(iv);
	aes_ctr(content_key ? content_key : session_key, iv, 0, picture, bytes_of(&a, staging), BYTES);
	if (info) /* the beginning is encrypted, the rest is not */
		memcpy(bytes_of(&a, staging) + info->NumEncryptedBytesAtBeginning,
		       picture + info->NumEncryptedBytesAtBeginning, BYTES - info->NumEncryptedBytesAtBeginning);
	if (content_key)
		aes_ecb(session_key, AES_ENCRYPT, content_key, wrapped);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, info, content_key ? 16 : 0,
			     content_key ? wrapped : NULL, 16, iv);
	read_back(seen);
	return !memcmp(picture, seen, BYTES);
}

static bool decrypts_in_part(void)
{
	return decrypts(&(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO){160, 0, 0}, NULL);
}

static bool takes_content_keys(void)
{
	uint8_t key[16];

	assert_int_equal(coffer_random(key, sizeof(key)), 0);
	return decrypts(NULL, key);
}

static bool refreshes(void)
{
	uint8_t random[16];

	a.f.pfnStartSessionKeyRefresh(a.device, session, sizeof(random), random);
	if (all_are(random, 0, sizeof(random)))
		return false;
	a.f.pfnFinishSessionKeyRefresh(a.device, session);
	for (int i = 0; i < 16; i++)
		session_key[i] ^= random[i];
	return decrypts(NULL, NULL);
}

static bool reads_back(void)
{
	uint8_t iv[16] = {0};

	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv);
	return !all_are(iv, 0, sizeof(iv));
}

static bool has_read_back_keys(void)
{
	uint8_t key[16] = {0};

	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(key), key);
	return !all_are(key, 0, sizeof(key));
}

/* The bit is a demand on the application; here it may leave a gap in Count. */
static bool demands_sequential_counts(void)
{
	uint8_t picture[BYTES], seen[BYTES], iv[16];

	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	iv[14] = 1; /* 256; the picture before has ended at 192 */
	decrypt_under(NULL, picture, iv);
	read_back(seen);
	return memcmp(picture, seen, BYTES) != 0;
}

static bool decodes(void)
{
	UINT count = 0;

	a.f.pfnGetVideoDecoderProfileCount(a.device, &count);
	return count != 0;
}

static bool decrypts_blits(void)
{
	return decrypts(NULL, NULL);
}

/* No function stands behind these (docs/ddi.md), so they must not be set. */
static bool is_not_said(void)
{
	return false;
}

static bool talks_to_hardware_drm(void)
{
	return create_with(&D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &NULL_GUID, &D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION) ==
	       S_OK;
}

void every_bit_is_a_promise(void **state)
{
	static bool (*const is_kept[16])(void) = {
		is_in_software,
		is_in_hardware,
		nobody_maps_what_is_protected,
		decrypts_in_part,
		takes_content_keys,
		refreshes,
		reads_back,
		has_read_back_keys,
		demands_sequential_counts,
		decodes,
		decrypts_blits,
		is_not_said,
		is_not_said,
		is_not_said,
		is_not_said,
		talks_to_hardware_drm,
	};
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;

	(void)state;
	assert_int_equal(
		a.f.pfnGetContentProtectionCaps(a.device, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &NULL_GUID, &caps), S_OK);
	for (int bit = 0; bit < 16; bit++)
		assert_int_equal(is_kept[bit](), caps.Caps >> bit & 1);
	assert_int_equal(caps.Caps >> 16, 0);
	assert_int_equal(caps.BlockAlignmentSize, 16);
	assert_true(caps.ProtectedMemorySize >= 8192 && caps.ProtectedMemorySize % 2048 == 0);
	assert_int_equal(a.reports, 0);
}
