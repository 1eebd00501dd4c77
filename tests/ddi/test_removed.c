/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DDI when its board is pulled out. Says "ready", waits for a line, by when the board is gone, and then asks every
 * entry that works: the documented code, outputs zeroed, a report from VOID entries, and the device stays dead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coffer/d3d11ddi.h"

static D3D10DDI_HDEVICE device;
static D3D11_1DDI_VIDEODEVICEFUNCS f;
static D3DWDDM2_0DDI_VIDEODEVICEFUNCS f20;
static D3D11_1DDI_HDECODE decoder;
static D3D11_1DDI_HCRYPTOSESSION session;
static D3D11_1DDI_HAUTHCHANNEL channel;
static D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL hardware = {D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, NULL};
static const D3D11_1DDI_HRTAUTHCHANNEL no_runtime = {NULL};
static D3D10DDI_HRESOURCE staging, surface;
static unsigned int reports;
static D3D11_1DDIARG_CREATECRYPTOSESSION create;

static VOID APIENTRY on_error(D3D10DDI_HRTCORELAYER layer, HRESULT result)
{
	(void)layer;
	assert_int_equal(result, D3DDDIERR_DEVICEREMOVED);
	reports++;
}

static D3D10DDI_HRESOURCE resource(COFFER_DDI_RESOURCE_KIND kind, HRESULT expected)
{
	const COFFER_DDIARG_CREATERESOURCE what = {
		.Kind = kind,
		.Width = 64,
		.Height = 64,
		.Pitch = 64,
		.hCryptoSession = session,
	};
	D3D10DDI_HRESOURCE r = {malloc(CofferCalcPrivateResourceSize(device, &what))};

	assert_int_equal(CofferCreateResource(device, &what, r), expected);
	return r;
}

static int set_up(void **state)
{
	const COFFER_DDIARG_OPENDEVICE open = {.Size = sizeof(open), .pfnSetErrorCb = on_error};
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = &f};
	D3DWDDM2_0DDI_VIDEO_INPUT input20 = {.pWDDM2_0VideoDeviceFuncs = &f20};
	D3D11_1DDI_VIDEO_OUTPUT output;
	COFFER_DDIARG_CREATEDECODER bitstream = {.BitstreamEncryption = D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	char line[8];

	(void)state;
	create.CryptoType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	create.KeyExchangeType = D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP;
	device.pDrvPrivate = malloc(CofferCalcPrivateDeviceSize(&open));
	assert_int_equal(CofferOpenDevice(&open, device), S_OK);
	assert_int_equal(CofferRetrieveSubObject(device, 2, sizeof(input), &input, sizeof(output), &output), S_OK);
	assert_int_equal(CofferRetrieveSubObject(device, 3, sizeof(input20), &input20, sizeof(output), &output), S_OK);
	session.pDrvPrivate = malloc(f.pfnCalcPrivateCryptoSessionSize(device, &create));
	assert_int_equal(f.pfnCreateCryptoSession(device, &create, session, runtime), S_OK);
	staging = resource(COFFER_DDI_RESOURCE_STAGING, S_OK);
	surface = resource(COFFER_DDI_RESOURCE_PROTECTED, S_OK);
	bitstream.hCryptoSession = session;
	bitstream.hBitstream = surface;
	decoder.pDrvPrivate = malloc(CofferCalcPrivateDecoderSize(device, &bitstream));
	assert_int_equal(CofferCreateDecoder(device, &bitstream, decoder), S_OK);
	channel.pDrvPrivate = malloc(f.pfnCalcPrivateAuthenticatedChannelSize(device, &hardware));
	assert_int_equal(f.pfnCreateAuthenticatedChannel(device, &hardware, channel, no_runtime), S_OK);
	puts("ready");
	fflush(stdout);
	assert_non_null(fgets(line, sizeof(line), stdin));
	return 0;
}

static bool is_zero(const uint8_t *p, size_t size)
{
	while (size && !*p)
		p++, size--;
	return size == 0;
}

static void void_entries_report_and_zero_their_outputs(void **state)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;
	uint8_t iv[16], key[16], random[16], chain[64];
	UINT size = 1;

	(void)state;
	info.CryptoSessionType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	memset(iv, 1, sizeof(iv));
	memset(key, 1, sizeof(key));
	memset(chain, 1, sizeof(chain));
	memset(random, 1, sizeof(random));
	f20.pfnCheckCryptoSessionStatus(device, session, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST);
	assert_int_equal(reports, 1);
	f.pfnDecryptionBlt(device, session, staging, surface, NULL, 0, NULL, sizeof(iv), iv);
	assert_int_equal(reports, 2);
	f.pfnEncryptionBlt(device, session, surface, staging, sizeof(iv), iv);
	assert_int_equal(reports, 3);
	f.pfnGetEncryptionBltKey(device, session, sizeof(key), key);
	assert_int_equal(reports, 4);
	f.pfnStartSessionKeyRefresh(device, session, sizeof(random), random);
	assert_int_equal(reports, 5);
	f.pfnFinishSessionKeyRefresh(device, session);
	assert_int_equal(reports, 6);
	f.pfnGetCertificateSize(device, &info, &size);
	assert_int_equal(reports, 7);
	f.pfnGetCertificate(device, &info, sizeof(chain), chain);
	assert_int_equal(reports, 8);
	assert_true(is_zero(iv, sizeof(iv)) && is_zero(key, sizeof(key)) && is_zero(random, sizeof(random)));
	assert_true(is_zero(chain, sizeof(chain)) && size == 0);
}

static void entries_with_a_result_say_their_code(void **state)
{
	D3D11_1DDI_HCRYPTOSESSION other = {malloc(f.pfnCalcPrivateCryptoSessionSize(device, &create))};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	uint8_t blob[256] = {0};
	const D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION crypto = {
		.hCryptoSession = session, .pBlob = blob, .BlobSize = 16};
	const D3D11_1DDIARG_VIDEODECODERBEGINFRAME frame = {{NULL}, &crypto, sizeof(crypto)};
	const COFFER_DDIARG_CREATEDECODER bitstream = {session, surface, D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC};
	D3D11_1DDI_HDECODE another = {malloc(CofferCalcPrivateDecoderSize(device, &bitstream))};
	HANDLE handle = blob;
	UINT64 data = 1;

	(void)state;
	assert_int_equal(f.pfnVideoDecoderBeginFrame(device, decoder, &frame), D3DDDIERR_DEVICEREMOVED);
	assert_int_equal(f.pfnVideoDecoderGetHandle(device, decoder, &handle), D3DDDIERR_DEVICEREMOVED);
	assert_null(handle);
	handle = blob;
	assert_int_equal(f.pfnCryptoSessionGetHandle(device, session, &handle), D3DDDIERR_DEVICEREMOVED);
	assert_null(handle);
	assert_int_equal(f20.pfnGetDataForNewHardwareKey(device, session, 0, NULL, &data), D3DDDIERR_DEVICEREMOVED);
	assert_true(data == 0);
	assert_int_equal(CofferCreateDecoder(device, &bitstream, another), D3DDDIERR_DEVICEREMOVED);
	free(another.pDrvPrivate);
	assert_int_equal(f.pfnCreateCryptoSession(device, &create, other, runtime), D3DDDIERR_DEVICEREMOVED);
	assert_int_equal(f.pfnNegotiateCryptoSessionKeyExchange(device, session, sizeof(blob), blob), E_INVALIDARG);
	free(resource(COFFER_DDI_RESOURCE_PROTECTED, D3DDDIERR_DEVICEREMOVED).pDrvPrivate);
	free(other.pDrvPrivate);
}

static void channels_say_their_code(void **state)
{
	D3D11_1DDI_HAUTHCHANNEL other = {malloc(f.pfnCalcPrivateAuthenticatedChannelSize(device, &hardware))};
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, hardware.hChannel, 1};
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION protection = {.Protections = {{{0}}}};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT done;
	uint8_t blob[256] = {0};

	(void)state;
	memset(&out, 1, sizeof(out));
	assert_int_equal(f.pfnQueryAuthenticatedChannel(device, channel, sizeof(in), &in, sizeof(out), &out),
			 D3DDDIERR_DEVICEREMOVED);
	assert_true(out.Output.ReturnCode == D3DDDIERR_DEVICEREMOVED && out.ChannelType == 0);
	assert_int_equal(f.pfnConfigureAuthenticatedChannel(device, channel, sizeof(protection), &protection, &done),
			 D3DDDIERR_DEVICEREMOVED);
	assert_int_equal(done.ReturnCode, D3DDDIERR_DEVICEREMOVED);
	assert_int_equal(f.pfnNegotiateAuthenticatedChannelKeyExchange(device, channel, sizeof(blob), blob),
			 E_INVALIDARG);
	assert_int_equal(f.pfnCreateAuthenticatedChannel(device, &hardware, other, no_runtime),
			 D3DDDIERR_DEVICEREMOVED);
	assert_null(hardware.hChannel);
	free(other.pDrvPrivate);
}

static void everything_can_be_put_away(void **state)
{
	(void)state;
	f.pfnDestroyAuthenticatedChannel(device, channel);
	free(channel.pDrvPrivate);
	f.pfnVideoDecoderEndFrame(device, decoder);
	f.pfnDestroyVideoDecoder(device, decoder);
	CofferDestroyResource(device, surface);
	CofferDestroyResource(device, staging);
	f.pfnDestroyCryptoSession(device, session);
	assert_null(CofferCryptoSession(device, session));
	CofferCloseDevice(device);
	free(decoder.pDrvPrivate);
	free(surface.pDrvPrivate);
	free(staging.pDrvPrivate);
	free(session.pDrvPrivate);
	free(device.pDrvPrivate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(void_entries_report_and_zero_their_outputs),
		cmocka_unit_test(entries_with_a_result_say_their_code),
		cmocka_unit_test(channels_say_their_code),
		cmocka_unit_test(everything_can_be_put_away),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
