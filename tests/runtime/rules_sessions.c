/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: their creation, their memory, their handles, and the device that they are bound to. */
#include "suite.h"

#include <pthread.h>
#include <string.h>

/* ---- creation ----------------------------------------------------------------------------------------------------- */

static void create_is_documented(void)
{
	const GUID unknown = {0xfeedface, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
	D3D11_1DDIARG_CREATECRYPTOSESSION what = s.create;
	D3D11_1DDI_HCRYPTOSESSION session;
	HRESULT result;

	NEEDS_ENTRIES;
	what.KeyExchangeType = unknown;
	result = create_session(&a, &what, GARBAGE, &session);
	DEMAND(result == D3DDDIERR_UNSUPPORTEDCRYPTO, "an unknown key exchange: %s", name_of(result));
	what = s.create;
	what.CryptoType = unknown;
	result = create_session(&a, &what, GARBAGE, &session);
	DEMAND(result == D3DDDIERR_UNSUPPORTEDCRYPTO, "an unknown crypto type: %s", name_of(result));
	what = s.create;
	what.DecodeProfile = unknown;
	result = create_session(&a, &what, GARBAGE, &session);
	DEMAND(result == D3DDDIERR_UNSUPPORTEDCRYPTO, "an unknown profile: %s", name_of(result));
}

static void sessions_come_back(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;

	NEEDS_SESSION;
	for (int i = 0; i < 24; i++) {
		const HRESULT result = create_session(&b, &s.create, GARBAGE, &session);

		DEMAND(result == S_OK, "after %d sessions, all destroyed: %s", i, name_of(result));
		destroy_session(&b, session);
	}
}

struct sizes {
	pthread_t thread;
	SIZE_T session, channel;
	bool differ;
};

static SIZE_T channel_size(const D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *what)
{
	return a.f.pfnCalcPrivateAuthenticatedChannelSize(a.handle, what);
}

static void *ask_for_sizes(void *arg)
{
	const D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL what = {D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, NULL};
	struct sizes *sizes = arg;

	sizes->session = a.f.pfnCalcPrivateCryptoSessionSize(a.handle, &s.create);
	sizes->channel = channel_size(&what);
	for (int i = 0; i < 1000; i++)
		if (a.f.pfnCalcPrivateCryptoSessionSize(a.handle, &s.create) != sizes->session ||
		    channel_size(&what) != sizes->channel)
			sizes->differ = true;
	return NULL;
}

static void sizes_are_free_threaded(void)
{
	struct sizes sizes[4] = {0};

	NEEDS_ENTRIES;
	for (int i = 0; i < 4; i++)
		DEMAND(!pthread_create(&sizes[i].thread, NULL, ask_for_sizes, &sizes[i]), "no threads");
	for (int i = 0; i < 4; i++)
		pthread_join(sizes[i].thread, NULL);
	for (int i = 0; i < 4; i++)
		DEMAND(!sizes[i].differ && sizes[i].session == sizes[0].session && sizes[i].channel == sizes[0].channel,
		       "the same arguments have another size in another call");
}

static void create_takes_any_garbage(void)
{
	static const uint8_t fills[] = {0x00, 0xFF, GARBAGE};
	D3D11_1DDI_HCRYPTOSESSION session, copy;
	HANDLE first, second;
	SIZE_T bytes;

	NEEDS_SESSION;
	bytes = b.f.pfnCalcPrivateCryptoSessionSize(b.handle, &s.create);
	for (size_t i = 0; i < sizeof(fills); i++) {
		DEMAND(create_session(&b, &s.create, fills[i], &session) == S_OK &&
			       ASK(&b, pfnCryptoSessionGetHandle, session, &first) == S_OK,
		       "in memory full of 0x%02x there is no session", fills[i]);
		destroy_session(&b, session);
	}
	/* The bytes of a session that lives are garbage, too. */
	copy.pDrvPrivate = runtime_memory(bytes, 0);
	memcpy(copy.pDrvPrivate, s.foreign.pDrvPrivate, bytes);
	DEMAND(ASK(&b, pfnCreateCryptoSession, &s.create, copy, (D3D11_1DDI_HRTCRYPTOSESSION){NULL}) == S_OK &&
		       ASK(&b, pfnCryptoSessionGetHandle, copy, &first) == S_OK &&
		       ASK(&b, pfnCryptoSessionGetHandle, s.foreign, &second) == S_OK,
	       "in memory with another session's bytes there is no session");
	TELL(&b, pfnDestroyCryptoSession, copy);
	runtime_memory_is_dead(copy.pDrvPrivate);
	DEMAND(first != second, "a session takes its identity from the garbage in its memory");
}

static void handles_name_sessions(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;
	HANDLE first = NULL, again = NULL, other = NULL;

	NEEDS_SESSION;
	DEMAND(create_session(&a, &s.create, GARBAGE, &session) == S_OK, "no second session");
	DEMAND(ASK(&a, pfnCryptoSessionGetHandle, s.session, &first) == S_OK &&
		       ASK(&a, pfnCryptoSessionGetHandle, s.session, &again) == S_OK &&
		       ASK(&a, pfnCryptoSessionGetHandle, session, &other) == S_OK,
	       "a session has no handle");
	DEMAND(first == again, "a session's handle changes");
	DEMAND(first != other, "two sessions have one handle");
}

static void status_is_true(void)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = 77;

	NEEDS_SESSION;
	UNLESS(a.f.pfnCheckCryptoSessionStatus, "the driver has no table of this version");
	TELL(&a, pfnCheckCryptoSessionStatus, s.session, &status);
	DEMAND(status == D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK, "a good session has status %u", status);
	status = 77;
	TELL(&b, pfnCheckCryptoSessionStatus, s.session, &status);
	DEMAND(status == D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_LOST ||
		       status == D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST,
	       "another device's session has status %u", status);
}

static const struct rule sessions[] = {
	{"create-documented-codes", "an unknown type, profile or key exchange is D3DDDIERR_UNSUPPORTEDCRYPTO",
	 "CreateCryptoSession", create_is_documented},
	{"destroy-gives-back", "what a session took is free again once it is destroyed", "DestroyCryptoSession",
	 sessions_come_back},
	{"calc-size-free-threaded", "CalcPrivate* depends on its arguments alone, in any thread",
	 "Retroactively requiring free-threaded CalcPrivate DDIs", sizes_are_free_threaded},
	{"create-takes-any-garbage", "a session's memory may hold anything before Create", "CreateCryptoSession",
	 create_takes_any_garbage},
	{"handles-name-sessions", "a session's handle is its own, and stays", "CryptoSessionGetHandle",
	 handles_name_sessions},
	{"status-is-true", "the status is written: OK for a session with a key, else not", "CheckCryptoSessionStatus",
	 status_is_true},
};
RULES(session_rules, sessions);

/* ---- device binding ---------------------------------------------------------------------------------------------------- */

static void session_is_bound(void)
{
	uint8_t picture[BYTES], seen[BYTES], key[16], random[16], iv[16], blob[256] = {0};
	HANDLE handle = blob;

	NEEDS_BLITS;
	if (!put(picture, GOES_IN))
		return;
	memset(key, GARBAGE, sizeof(key));
	memset(random, GARBAGE, sizeof(random));
	memset(iv, GARBAGE, sizeof(iv));
	DEMAND(ASK(&b, pfnCryptoSessionGetHandle, s.session, &handle) != S_OK, "CryptoSessionGetHandle gives a handle");
	DEMAND(negotiate(&b, s.session, sizeof(blob), blob) != S_OK, "Negotiate says S_OK");
	TELL(&b, pfnGetEncryptionBltKey, s.session, sizeof(key), key);
	DEMAND(all_are(key, 0, sizeof(key)), "GetEncryptionBltKey gives a key, or nothing");
	TELL(&b, pfnStartSessionKeyRefresh, s.session, sizeof(random), random);
	DEMAND(all_are(random, 0, sizeof(random)), "StartSessionKeyRefresh gives a number, or nothing");
	TELL(&b, pfnFinishSessionKeyRefresh, s.session);
	TELL(&b, pfnEncryptionBlt, s.session, s.surface, s.foreign_staging, sizeof(iv), iv);
	DEMAND(all_are(iv, 0, sizeof(iv)), "EncryptionBlt makes an IV, or nothing");
	fresh_iv(iv);
	TELL(&b, pfnDecryptionBlt, s.session, s.foreign_staging, s.surface, NULL, 0, NULL, sizeof(iv), iv);
	DEMAND(!a.reports && !b.reports, "what the application did wrong is reported");
	DEMAND(see(seen) && !memcmp(picture, seen, BYTES), "the session or its surface has changed");
}

static void resource_is_bound(void)
{
	uint8_t picture[BYTES], seen[BYTES], staged[BYTES], iv[16];

	NEEDS_BLITS;
	if (!put(picture, GOES_IN))
		return;
	random_bytes(bytes_of(&b, s.foreign_staging), BYTES);
	memcpy(staged, bytes_of(&b, s.foreign_staging), BYTES);
	fresh_iv(iv);
	TELL(&a, pfnDecryptionBlt, s.session, s.foreign_staging, s.surface, NULL, 0, NULL, sizeof(iv), iv);
	memset(iv, GARBAGE, sizeof(iv));
	TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.foreign_staging, sizeof(iv), iv);
	DEMAND(all_are(iv, 0, sizeof(iv)), "EncryptionBlt to another device's resource makes an IV");
	DEMAND(!memcmp(staged, bytes_of(&b, s.foreign_staging), BYTES), "another device's resource is written to");
	DEMAND(see(seen) && !memcmp(picture, seen, BYTES), "another device's resource is read");
}

static void surface_is_of_its_session(void)
{
	uint8_t iv[16];
	D3D11_1DDI_HCRYPTOSESSION other;

	NEEDS_BLITS;
	DEMAND(create_session(&a, &s.create, GARBAGE, &other) == S_OK, "no second session");
	memset(bytes_of(&a, s.staging), GARBAGE, BYTES);
	memset(iv, GARBAGE, sizeof(iv));
	TELL(&a, pfnEncryptionBlt, other, s.surface, s.staging, sizeof(iv), iv);
	DEMAND(all_are(iv, 0, sizeof(iv)) && all_are(bytes_of(&a, s.staging), GARBAGE, BYTES),
	       "a surface is read by another session");
}

static void protected_is_not_mapped(void)
{
	void *bytes = NULL;

	NEEDS_SESSION;
	DEMAND(a.driver->map_resource(a.handle, s.surface, &bytes) != S_OK && !bytes, "a protected surface is mapped");
}

static const struct rule bindings[] = {
	{"session-device-binding", "each entry refuses another device's session, the VOID ones too, and it stays whole",
	 "CreateCryptoSession", session_is_bound},
	{"resource-device-binding", "blits refuse resources of another device", "DecryptionBlt, EncryptionBlt",
	 resource_is_bound},
	{"surface-session-binding", "a surface is not read through another session", "EncryptionBlt",
	 surface_is_of_its_session},
	{"protected-is-not-mapped", "a protected surface cannot be read by the processor",
	 "D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS", protected_is_not_mapped},
};
RULES(binding_rules, bindings);
