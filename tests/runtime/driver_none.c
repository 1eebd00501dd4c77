/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of Direct3D 11.1 that protects nothing, and says so as documented. Nothing but what stands here is in it. */
#include "driver.h"

#include <string.h>

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HCRYPTOSESSION cs;
typedef D3D11_1DDI_HAUTHCHANNEL ac;
typedef D3D10DDI_HRESOURCE res;

/* Of the entries that are not of crypto sessions: the runtime calls none of them. */
static void not_here(void) {}

static HRESULT APIENTRY caps(dev device, const GUID *type, const GUID *profile,
			     D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *out)
{
	(void)device;
	(void)type;
	(void)profile;
	memset(out, 0, sizeof(*out));
	return D3DDDIERR_UNSUPPORTEDCRYPTO;
}

static HRESULT APIENTRY key_exchange_type(dev device, const GUID *type, const GUID *profile, UINT index, GUID *out)
{
	(void)device;
	(void)type;
	(void)profile;
	(void)index;
	memset(out, 0, sizeof(*out));
	return D3DDDIERR_UNSUPPORTEDCRYPTO;
}

static SIZE_T APIENTRY session_size(dev device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what)
{
	(void)device;
	(void)what;
	return 8;
}

static HRESULT APIENTRY create_session(dev device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what, cs session,
				       D3D11_1DDI_HRTCRYPTOSESSION runtime)
{
	(void)device;
	(void)what;
	(void)runtime;
	memset(session.pDrvPrivate, 0, 8);
	return D3DDDIERR_UNSUPPORTEDCRYPTO;
}

static VOID APIENTRY destroy_session(dev device, cs session)
{
	(void)device;
	(void)session;
}

static VOID APIENTRY certificate_size(dev device, const D3D11_1DDI_CERTIFICATE_INFO *info, UINT *size)
{
	(void)device;
	(void)info;
	*size = 0;
}

static VOID APIENTRY certificate(dev device, const D3D11_1DDI_CERTIFICATE_INFO *info, UINT bytes, BYTE *out)
{
	(void)device;
	(void)info;
	memset(out, 0, bytes);
}

static HRESULT APIENTRY negotiate(dev device, cs session, UINT bytes, BYTE *blob)
{
	(void)device;
	(void)session;
	(void)bytes;
	(void)blob;
	return E_INVALIDARG;
}

static VOID APIENTRY encrypt(dev device, cs session, res source, res target, UINT bytes, const VOID *iv)
{
	(void)device;
	(void)session;
	(void)source;
	(void)target;
	memset((void *)(uintptr_t)iv, 0, bytes);
}

static VOID APIENTRY decrypt(dev device, cs session, res source, res target,
			     const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, UINT key_bytes, const VOID *key,
			     UINT iv_bytes, const VOID *iv)
{
	(void)device;
	(void)session;
	(void)source;
	(void)target;
	(void)info;
	(void)key_bytes;
	(void)key;
	(void)iv_bytes;
	(void)iv;
}

/* StartSessionKeyRefresh and GetEncryptionBltKey. */
static VOID APIENTRY zero(dev device, cs session, UINT bytes, VOID *out)
{
	(void)device;
	(void)session;
	memset(out, 0, bytes);
}

static SIZE_T APIENTRY channel_size(dev device, const D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *what)
{
	(void)device;
	(void)what;
	return 8;
}

static HRESULT APIENTRY create_channel(dev device, D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *what, ac channel,
				       D3D11_1DDI_HRTAUTHCHANNEL runtime)
{
	(void)device;
	(void)runtime;
	(void)channel;
	what->hChannel = NULL;
	return E_OUTOFMEMORY;
}

static VOID APIENTRY destroy_channel(dev device, ac channel)
{
	(void)device;
	(void)channel;
}

static HRESULT APIENTRY negotiate_channel(dev device, ac channel, UINT bytes, VOID *blob)
{
	(void)device;
	(void)channel;
	(void)bytes;
	(void)blob;
	return E_INVALIDARG;
}

static HRESULT APIENTRY query(dev device, ac channel, UINT in, const VOID *input, UINT out, VOID *output)
{
	(void)device;
	(void)channel;
	(void)in;
	(void)input;
	memset(output, 0, out);
	return E_INVALIDARG;
}

static HRESULT APIENTRY configure(dev device, ac channel, UINT in, const VOID *input,
				  D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *output)
{
	(void)device;
	(void)channel;
	(void)in;
	(void)input;
	memset(output, 0, sizeof(*output));
	output->ReturnCode = E_INVALIDARG;
	return E_INVALIDARG;
}

static HRESULT APIENTRY decoder_handle(dev device, D3D11_1DDI_HDECODE decoder, HANDLE *handle)
{
	(void)device;
	(void)decoder;
	*handle = NULL;
	return E_INVALIDARG;
}

static HRESULT APIENTRY session_handle(dev device, cs session, HANDLE *handle)
{
	(void)device;
	(void)session;
	*handle = NULL;
	return E_INVALIDARG;
}

static HRESULT APIENTRY retrieve(dev device, UINT32 id, SIZE_T in, void *input, SIZE_T out, void *output)
{
	D3D11_1DDI_VIDEODEVICEFUNCS *f = input ? ((D3D11_1DDI_VIDEO_INPUT *)input)->p11VideoDeviceFuncs : NULL;

	(void)device;
	if (id != D3D11_1DDI_VIDEO_FUNCTIONS || in != sizeof(D3D11_1DDI_VIDEO_INPUT) ||
	    out != sizeof(D3D11_1DDI_VIDEO_OUTPUT) || !f || !output)
		return E_INVALIDARG;
	for (size_t i = 0; i < sizeof(*f) / sizeof(void (*)(void)); i++)
		((void (**)(void))f)[i] = not_here;
	f->pfnGetContentProtectionCaps = caps;
	f->pfnGetCryptoKeyExchangeType = key_exchange_type;
	f->pfnCalcPrivateCryptoSessionSize = session_size;
	f->pfnCreateCryptoSession = create_session;
	f->pfnDestroyCryptoSession = destroy_session;
	f->pfnGetCertificateSize = certificate_size;
	f->pfnGetCertificate = certificate;
	f->pfnNegotiateCryptoSessionKeyExchange = negotiate;
	f->pfnEncryptionBlt = encrypt;
	f->pfnDecryptionBlt = decrypt;
	f->pfnStartSessionKeyRefresh = zero;
	f->pfnFinishSessionKeyRefresh = destroy_session;
	f->pfnGetEncryptionBltKey = zero;
	f->pfnCalcPrivateAuthenticatedChannelSize = channel_size;
	f->pfnCreateAuthenticatedChannel = create_channel;
	f->pfnDestroyAuthenticatedChannel = destroy_channel;
	f->pfnNegotiateAuthenticatedChannelKeyExchange = negotiate_channel;
	f->pfnQueryAuthenticatedChannel = query;
	f->pfnConfigureAuthenticatedChannel = configure;
	f->pfnVideoDecoderGetHandle = decoder_handle;
	f->pfnCryptoSessionGetHandle = session_handle;
	((D3D11_1DDI_VIDEO_OUTPUT *)output)->Reserved = 0;
	return S_OK;
}

/* ---- devices; there are no resources ------------------------------------------------------------------------------------ */

static SIZE_T device_size(void)
{
	return 8;
}

static HRESULT open_device(D3D10DDI_HRTCORELAYER layer, PFND3D10DDI_SETERROR_CB set_error, dev device)
{
	(void)layer;
	(void)set_error;
	memset(device.pDrvPrivate, 0, 8);
	return S_OK;
}

static void close_device(dev device)
{
	(void)device;
}

static SIZE_T resource_size(dev device, const struct runtime_resource *what)
{
	(void)device;
	(void)what;
	return 8;
}

static HRESULT create_resource(dev device, const struct runtime_resource *what, res resource)
{
	(void)device;
	(void)what;
	(void)resource;
	return E_OUTOFMEMORY;
}

static void destroy_resource(dev device, res resource)
{
	(void)device;
	(void)resource;
}

static HRESULT map_resource(dev device, res resource, void **bytes)
{
	(void)device;
	(void)resource;
	*bytes = NULL;
	return E_INVALIDARG;
}

const struct runtime_driver *runtime_driver(void)
{
	static const struct runtime_driver driver = {
		.name = "a driver without content protection",
		.calc_device_size = device_size,
		.open_device = open_device,
		.close_device = close_device,
		.retrieve_sub_object = retrieve,
		.calc_resource_size = resource_size,
		.create_resource = create_resource,
		.destroy_resource = destroy_resource,
		.map_resource = map_resource,
	};

	return &driver;
}
