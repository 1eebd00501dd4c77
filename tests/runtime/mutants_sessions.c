/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers whose sessions are broken: creation, handles, the device that they are bound to. */
#include "suite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HCRYPTOSESSION cs;

static HRESULT APIENTRY invalid_argument(dev device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what, cs session,
					 D3D11_1DDI_HRTCRYPTOSESSION runtime)
{
	HRESULT result = sound_f.pfnCreateCryptoSession(device, what, session, runtime);

	return result == D3DDDIERR_UNSUPPORTEDCRYPTO ? E_INVALIDARG : result;
}

/* Each Destroy leaves a session behind. */
static struct {
	dev device;
	cs session;
} leaked[64];
static size_t leaks;

static VOID APIENTRY leaking_destroy(dev device, cs session)
{
	cs hidden;

	sound_f.pfnDestroyCryptoSession(device, session);
	hidden.pDrvPrivate = calloc(1, sound_f.pfnCalcPrivateCryptoSessionSize(device, &s.create));
	if (leaks < 64 && hidden.pDrvPrivate &&
	    sound_f.pfnCreateCryptoSession(device, &s.create, hidden, (D3D11_1DDI_HRTCRYPTOSESSION){NULL}) == S_OK) {
		leaked[leaks].device = device;
		leaked[leaks++].session = hidden;
	} else {
		free(hidden.pDrvPrivate);
	}
}

static void stop_leaks(void)
{
	while (leaks--) {
		sound_f.pfnDestroyCryptoSession(leaked[leaks].device, leaked[leaks].session);
		free(leaked[leaks].session.pDrvPrivate);
	}
	leaks = 0;
}

static SIZE_T APIENTRY growing_size(dev device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what)
{
	static atomic_uint calls;

	return sound_f.pfnCalcPrivateCryptoSessionSize(device, what) + calls++ % 64 * 8;
}

static HRESULT APIENTRY believing_create(dev device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what, cs session,
					 D3D11_1DDI_HRTCRYPTOSESSION runtime)
{
	if (*(const uint8_t *)session.pDrvPrivate)
		return S_OK;
	return sound_f.pfnCreateCryptoSession(device, what, session, runtime);
}

static HRESULT APIENTRY one_handle(dev device, cs session, HANDLE *handle)
{
	HRESULT result = sound_f.pfnCryptoSessionGetHandle(device, session, handle);

	*handle = (HANDLE)(uintptr_t)42;
	return result;
}

static void APIENTRY silent_status(dev device, cs session, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS *status)
{
	(void)device;
	(void)session;
	(void)status;
}

/* ---- device binding ------------------------------------------------------------------------------------------------------ */

static VOID APIENTRY key_for_anybody(dev device, cs session, UINT bytes, VOID *key)
{
	(void)device;
	sound_f.pfnGetEncryptionBltKey(a.handle, session, bytes, key);
}

static HRESULT APIENTRY handle_for_anybody(dev device, cs session, HANDLE *handle)
{
	(void)device;
	return sound_f.pfnCryptoSessionGetHandle(a.handle, session, handle);
}

static VOID APIENTRY decrypt_anybodys(dev device, cs session, D3D10DDI_HRESOURCE source, D3D10DDI_HRESOURCE target,
				      const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, UINT key_bytes, const VOID *key,
				      UINT iv_bytes, const VOID *iv)
{
	if (source.pDrvPrivate == s.foreign_staging.pDrvPrivate) {
		memcpy(bytes_of(&a, s.staging), bytes_of(&b, source), BYTES);
		source = s.staging;
	}
	sound_f.pfnDecryptionBlt(device, session, source, target, info, key_bytes, key, iv_bytes, iv);
}

static VOID APIENTRY encrypt_for_any_session(dev device, cs session, D3D10DDI_HRESOURCE source,
					     D3D10DDI_HRESOURCE target, UINT iv_bytes, const VOID *iv)
{
	uint8_t wrapped[16];

	(void)session;
	sound_f.pfnGetEncryptionBltKey(device, s.session, sizeof(wrapped), wrapped);
	sound_f.pfnEncryptionBlt(device, s.session, source, target, iv_bytes, iv);
}

static HRESULT APIENTRY answer_anybody(dev device, D3D11_1DDI_HAUTHCHANNEL channel, UINT in, const VOID *input,
				       UINT out, VOID *output)
{
	(void)device;
	return sound_f.pfnQueryAuthenticatedChannel(a.handle, channel, in, input, out, output);
}

static HRESULT map_anything(dev device, D3D10DDI_HRESOURCE resource, void **bytes)
{
	static uint8_t frame[BYTES];
	HRESULT result = sound->map_resource(device, resource, bytes);

	if (result == S_OK)
		return S_OK;
	*bytes = frame;
	return S_OK;
}

static void mappable(struct runtime_driver *broken)
{
	broken->map_resource = map_anything;
}

static const struct mutant session_list[] = {
	{.name = "invalid-argument",
	 .rule = "create-documented-codes",
	 .text = "E_INVALIDARG for what it does not support",
	 .slots = {WITH(pfnCreateCryptoSession, invalid_argument)}},
	{.name = "leak",
	 .rule = "destroy-gives-back",
	 .text = "keeps the slots of destroyed sessions",
	 .slots = {WITH(pfnDestroyCryptoSession, leaking_destroy)},
	 .undo = stop_leaks},
	{.name = "growing-size",
	 .rule = "calc-size-free-threaded",
	 .text = "counts calls in its sizes",
	 .slots = {WITH(pfnCalcPrivateCryptoSessionSize, growing_size)}},
	{.name = "believes-garbage",
	 .rule = "create-takes-any-garbage",
	 .text = "takes what is not zero for a session",
	 .slots = {WITH(pfnCreateCryptoSession, believing_create)}},
	{.name = "one-handle",
	 .rule = "handles-name-sessions",
	 .text = "has one handle for all sessions",
	 .slots = {WITH(pfnCryptoSessionGetHandle, one_handle)}},
	{.name = "silent-status",
	 .rule = "status-is-true",
	 .text = "does not write the status",
	 .slots = {WITH(pfnCheckCryptoSessionStatus, silent_status)}},
	{.name = "key-for-anybody",
	 .rule = "session-device-binding",
	 .text = "ignores hDevice of GetEncryptionBltKey",
	 .slots = {WITH(pfnGetEncryptionBltKey, key_for_anybody)}},
	{.name = "handle-for-anybody",
	 .rule = "session-device-binding",
	 .text = "ignores hDevice of CryptoSessionGetHandle",
	 .slots = {WITH(pfnCryptoSessionGetHandle, handle_for_anybody)}},
	{.name = "anybodys-resource",
	 .rule = "resource-device-binding",
	 .text = "decrypts from another device's resource",
	 .slots = {WITH(pfnDecryptionBlt, decrypt_anybodys)}},
	{.name = "any-session",
	 .rule = "surface-session-binding",
	 .text = "reads surfaces through any session",
	 .slots = {WITH(pfnEncryptionBlt, encrypt_for_any_session)}},
	{.name = "answers-anybody",
	 .rule = "channel-device-binding",
	 .text = "ignores hDevice of a query",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, answer_anybody)}},
	{.name = "mappable", .rule = "protected-is-not-mapped", .text = "maps protected surfaces", .driver = mappable},
};
MUTANTS(session_mutants, session_list);
