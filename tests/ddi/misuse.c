/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every entry that takes a session, with one that is not this device's, with one that is no more, and without what it needs:
 * entries with a result say so, VOID ones leave zeroes and are silent. Nothing changes for the session.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "session.h" /* the library's: to forge a handle */

static const HRESULT invalid = E_INVALIDARG;

/* Calls all entries on `device` with `s`, which all have to refuse. */
static void all_refuse(struct client *c, D3D11_1DDI_HCRYPTOSESSION s, D3D10DDI_HRESOURCE from, D3D10DDI_HRESOURCE to)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;
	uint8_t iv[16], key[16], random[16], blob[256] = {0};
	const D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAGS none =
		D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE;
	UINT64 data = 5;
	HANDLE handle = blob;

	memset(iv, GARBAGE, sizeof(iv));
	memset(key, GARBAGE, sizeof(key));
	memset(random, GARBAGE, sizeof(random));
	c->f.pfnDecryptionBlt(c->device, s, from, to, NULL, 0, NULL, sizeof(iv), iv);
	assert_true(all_are(iv, GARBAGE, sizeof(iv)));
	c->f.pfnEncryptionBlt(c->device, s, to, from, sizeof(iv), iv);
	assert_true(all_are(iv, 0, sizeof(iv)));
	c->f.pfnGetEncryptionBltKey(c->device, s, sizeof(key), key);
	assert_true(all_are(key, 0, sizeof(key)));
	c->f.pfnStartSessionKeyRefresh(c->device, s, sizeof(random), random);
	assert_true(all_are(random, 0, sizeof(random)));
	c->f.pfnFinishSessionKeyRefresh(c->device, s);
	c->f20.pfnCheckCryptoSessionStatus(c->device, s, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST);
	assert_int_equal(c->f.pfnNegotiateCryptoSessionKeyExchange(c->device, s, 256, blob), invalid);
	assert_int_equal(c->f24.pfnNegotiateCryptoSessionKeyExchange(c->device, s, none, 256, blob), invalid);
	assert_int_equal(c->f24.pfnNegotiateCryptoSessionKeyExchangeMT(c->device, s, none, 256, blob), invalid);
	assert_int_equal(c->f20.pfnGetDataForNewHardwareKey(c->device, s, sizeof(blob), blob, &data), invalid);
	assert_int_equal(data, 0);
	assert_int_equal(c->f.pfnCryptoSessionGetHandle(c->device, s, &handle), invalid);
	assert_null(handle);
	assert_null(CofferCryptoSession(c->device, s));
	c->f.pfnDestroyCryptoSession(c->device, s);
	assert_int_equal(c->reports, 0);
}

static void check_session_is_whole(const uint8_t before[BYTES], const uint8_t staged[BYTES])
{
	uint8_t picture[BYTES], seen[BYTES], iv[16];

	assert_memory_equal(bytes_of(&a, staging), staged, BYTES);
	read_back(seen);
	assert_memory_equal(before, seen, BYTES);
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	read_back(seen);
	assert_memory_equal(picture, seen, BYTES);
}

void sessions_of_others_are_refused_everywhere(void **state)
{
	uint8_t before[BYTES], staged[BYTES], random[16];
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	const D3D10DDI_HDEVICE nobody = {NULL};
	struct client stranger = b;
	UINT size = 9;

	(void)state;
	read_back(before);
	random_picture(staged);
	memcpy(bytes_of(&a, staging), staged, BYTES);
	all_refuse(&b, session, staging, protected_surface);
	all_refuse(&a, foreign, staging, protected_surface);
	stranger.device = nobody;
	info.CryptoSessionType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	all_refuse(&stranger, session, staging, protected_surface);
	a.f.pfnGetCertificateSize(nobody, &info, &size);
	assert_int_equal(size, 0);
	/* None of them started a refresh. */
	a.f.pfnFinishSessionKeyRefresh(a.device, session);
	check_session_is_whole(before, staged);
	/* And a start of one's own is none of the other's to finish. */
	a.f.pfnStartSessionKeyRefresh(a.device, session, sizeof(random), random);
	b.f.pfnFinishSessionKeyRefresh(b.device, session);
	read_back(before);
	memcpy(staged, bytes_of(&a, staging), BYTES);
	check_session_is_whole(before, staged);
	assert_int_equal(a.reports + b.reports, 0);
}

void stale_sessions_are_refused_everywhere(void **state)
{
	D3D10DDI_HRESOURCE surface, memory = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, session);
	D3D11_1DDI_HCRYPTOSESSION s;
	uint8_t *copy;
	SIZE_T size = a.f.pfnCalcPrivateCryptoSessionSize(a.device, good_create);

	(void)state;
	assert_int_equal(create_session(&a, &s), S_OK);
	surface = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, s);
	copy = malloc(size);
	memcpy(copy, s.pDrvPrivate, size);
	all_refuse(&a, (D3D11_1DDI_HCRYPTOSESSION){copy}, memory, surface); /* a living session's bytes, elsewhere */
	a.f.pfnDestroyCryptoSession(a.device, s);
	all_refuse(&a, s, memory, surface);
	memset(s.pDrvPrivate, GARBAGE, size);
	all_refuse(&a, s, memory, surface);
	free(copy);
	free(s.pDrvPrivate);
	destroy_resource(&a, surface);
	destroy_resource(&a, memory);
}

/* Of the living session, each pointer missing in turn. */
void missing_pointers_are_refused_everywhere(void **state)
{
	const D3D10DDI_HRESOURCE no_resource = {NULL};
	const D3D11_1DDI_HCRYPTOSESSION no_session = {NULL};
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
	uint8_t before[BYTES], staged[BYTES], iv[16], blob[256] = {0};
	static const UINT odd[] = {0, 1, 15, 17, 32};
	UINT64 data;
	UINT size = 9;
	GUID guid;

	(void)state;
	read_back(before);
	random_picture(staged);
	memcpy(bytes_of(&a, staging), staged, BYTES);
	fresh_iv(iv);
	a.f.pfnDecryptionBlt(a.device, session, no_resource, protected_surface, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, no_resource, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, 16, NULL);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 16, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, blob, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, UINT32_MAX, blob, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, UINT32_MAX, iv);
	a.f.pfnEncryptionBlt(a.device, session, no_resource, staging, 16, iv);
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, no_resource, 16, iv);
	assert_true(all_are(iv, 0, 16));
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, 16, NULL);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		memset(blob, GARBAGE, 64);
		a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, odd[i], blob);
		assert_true(all_are(blob, 0, odd[i] < 16 ? odd[i] : 16));
		memset(blob, GARBAGE, 64);
		a.f.pfnGetEncryptionBltKey(a.device, session, odd[i], blob);
		assert_true(all_are(blob, 0, odd[i]));
		assert_true(all_are(blob + odd[i], GARBAGE, 64 - odd[i]));
	}
	a.f.pfnGetEncryptionBltKey(a.device, session, 16, NULL);
	all_refuse(&a, no_session, staging, protected_surface);
	a.f20.pfnCheckCryptoSessionStatus(a.device, session, NULL);
	a.f.pfnGetCertificateSize(a.device, NULL, &size);
	assert_int_equal(size, 0);
	a.f.pfnGetCertificateSize(a.device, &info, NULL);
	a.f.pfnGetCertificate(a.device, &info, 16, NULL);
	memset(blob, GARBAGE, 16);
	a.f.pfnGetCertificate(a.device, NULL, 16, blob);
	assert_true(all_are(blob, 0, 16));
	info.CertificateType = (D3D11_1DDI_CERTIFICATE_TYPE)3;
	a.f.pfnGetCertificateSize(a.device, &info, &size);
	assert_int_equal(size, 0);
	a.f20.pfnGetCryptoSessionPrivateDataSize(a.device, NULL, NULL, NULL, NULL, NULL);
	a.f20.pfnQueryVideoCapabilities(a.device, D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_CAPS, 56, NULL);
	a.f.pfnGetCaptureHandle(a.device, NULL);
	assert_int_equal(a.f.pfnGetContentProtectionCaps(a.device, &NULL_GUID, &NULL_GUID, NULL),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnGetContentProtectionCaps(a.device, NULL, &NULL_GUID, &caps),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnGetContentProtectionCaps(a.device, &NULL_GUID, NULL, &caps),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnGetCryptoKeyExchangeType(a.device, NULL, &NULL_GUID, 0, &guid),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(
		a.f.pfnGetCryptoKeyExchangeType(a.device, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &NULL_GUID, 0, NULL),
		E_INVALIDARG);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, session, 0, NULL, NULL), E_INVALIDARG);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, session, 1, NULL, &data), E_INVALIDARG);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, session, 0, NULL, &data),
			 D3DDDIERR_UNSUPPORTEDCRYPTO); /* no session here has any */
	assert_int_equal(data, 0);
	assert_int_equal(a.f.pfnCryptoSessionGetHandle(a.device, session, NULL), E_INVALIDARG);
	check_session_is_whole(before, staged);
	assert_int_equal(a.reports, 0);
}

void statuses_are_the_boards(void **state)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_LOST;
	D3D11_1DDI_HCRYPTOSESSION s;
	coffer_session *native;

	(void)state;
	a.f20.pfnCheckCryptoSessionStatus(a.device, session, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK);
	b.f20.pfnCheckCryptoSessionStatus(b.device, foreign, &status); /* it lives, but has no key */
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_LOST);
	assert_int_equal(create_session(&a, &s), S_OK);
	native = CofferCryptoSession(a.device, s);
	native->slots[COFFER_KEY_SESSION] += 0x100; /* to the board, a session that has ended */
	a.f20.pfnCheckCryptoSessionStatus(a.device, s, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST);
	native->slots[COFFER_KEY_SESSION] -= 0x100;
	a.f.pfnDestroyCryptoSession(a.device, s);
	free(s.pDrvPrivate);
	assert_int_equal(a.reports + b.reports, 0);
}

void handles_name_sessions_and_decoders(void **state)
{
	HANDLE of_session, again, of_foreign, of_decoder[2];
	D3D11_1DDI_HDECODE decoders[2];

	(void)state;
	assert_int_equal(a.f.pfnCryptoSessionGetHandle(a.device, session, &of_session), S_OK);
	assert_int_equal(a.f24.pfnCryptoSessionGetHandle(a.device, session, &again), S_OK);
	assert_int_equal(b.f.pfnCryptoSessionGetHandle(b.device, foreign, &of_foreign), S_OK);
	assert_true(of_session && of_session == again && of_session != of_foreign);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			create_decoder(protected_surface, &D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC, &decoders[i]),
			S_OK);
		assert_int_equal(a.f.pfnVideoDecoderGetHandle(a.device, decoders[i], &of_decoder[i]), S_OK);
		assert_true(of_decoder[i] && of_decoder[i] != of_session && of_decoder[i] != of_foreign);
	}
	assert_true(of_decoder[0] != of_decoder[1]);
	assert_int_equal(b.f.pfnVideoDecoderGetHandle(b.device, decoders[0], &again), E_INVALIDARG);
	assert_null(again);
	assert_int_equal(a.f.pfnVideoDecoderGetHandle(a.device, decoders[0], NULL), E_INVALIDARG);
	for (int i = 0; i < 2; i++)
		destroy_decoder(decoders[i]);
	assert_int_equal(a.reports + b.reports, 0);
}
