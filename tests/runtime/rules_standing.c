/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that each call is held against (runtime.c). Their checks are tours past the entries, in good use and in bad, so that
 * there is something to hold against them.
 */
#include "suite.h"

#include <string.h>

/* Whatever an application can do wrong by values alone. */
static void misuse_void_entries(void)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = 7};
	uint8_t key[16], random[16], iv[16] = {0};
	UINT size;

	TELL(&a, pfnGetEncryptionBltKey, s.session, 15, key);
	TELL(&a, pfnStartSessionKeyRefresh, s.session, 8, random);
	TELL(&a, pfnDecryptionBlt, s.session, s.staging, s.surface, NULL, 3, key, 15, iv);
	TELL(&a, pfnDecryptionBlt, s.session, s.surface, s.staging, NULL, 0, NULL, 16, iv);
	TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.staging, 4, iv);
	TELL(&a, pfnEncryptionBlt, s.session, s.staging, s.surface, 16, iv);
	TELL(&a, pfnGetCertificateSize, &info, &size);
}

static void use_everything(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;
	D3D10DDI_HRESOURCE staging, surface;
	uint8_t picture[BYTES], key[16];
	D3D11_1DDIARG_CREATECRYPTOSESSION other = s.create;
	struct channel channel;
	HANDLE handle;

	other.CryptoType = s.create.KeyExchangeType; /* which is none */
	(void)create_session(&a, &other, GARBAGE, &session);
	if (!s.is_supported)
		return;
	if (create_session(&a, &s.create, GARBAGE, &session) != S_OK)
		return failed("no second session");
	if (create_resource(&a, false, session, WIDTH, HEIGHT, &staging) != S_OK ||
	    create_resource(&a, true, session, WIDTH, HEIGHT, &surface) != S_OK)
		return failed("no resources");
	(void)ASK(&a, pfnCryptoSessionGetHandle, session, &handle);
	(void)negotiate(&a, session, 7, key);
	TELL(&a, pfnGetEncryptionBltKey, session, sizeof(key), key);
	if (s.caps.Caps & CAP(DECRYPTION_BLT) && s.caps.Caps & CAP(ENCRYPTED_READ_BACK))
		(void)put(picture, GOES_IN);
	misuse_void_entries();
	(void)create_channel(&b, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE,
			     &channel); /* which may be one too many */
	suite_sweep();
	if (create_session(&a, &s.create, GARBAGE, &session) == S_OK)
		destroy_session(&a, session);
}

static void tour(void)
{
	NEEDS_ENTRIES;
	use_everything();
}

static void tour_of_sessions(void)
{
	NEEDS_SESSION;
	use_everything();
}

static void misuse_is_silent(void)
{
	NEEDS_SESSION;
	misuse_void_entries();
	DEMAND(!a.reports, "what the application did wrong is reported, and costs it the device");
}

static void outputs_are_defined(void)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = 7};
	uint8_t key[16], random[16], iv[16], chain[64];
	UINT size = 77, in = 77, out = 77;

	NEEDS_SESSION;
	memset(key, GARBAGE, sizeof(key));
	memset(random, GARBAGE, sizeof(random));
	memset(iv, GARBAGE, sizeof(iv));
	memset(chain, GARBAGE, sizeof(chain));
	TELL(&a, pfnGetEncryptionBltKey, s.session, 15, key);
	DEMAND(all_are(key, 0, 15), "GetEncryptionBltKey leaves a key of 15 bytes as it was");
	TELL(&a, pfnStartSessionKeyRefresh, s.session, 8, random);
	DEMAND(all_are(random, 0, 8), "StartSessionKeyRefresh leaves a number of 8 bytes as it was");
	TELL(&a, pfnEncryptionBlt, s.session, s.staging, s.surface, sizeof(iv), iv);
	DEMAND(all_are(iv, 0, 16), "EncryptionBlt, misused, leaves the IV as it was");
	TELL(&a, pfnGetCertificateSize, &info, &size);
	DEMAND(!size, "GetCertificateSize, misused, says %u", size);
	TELL(&a, pfnGetCertificate, &info, sizeof(chain), chain);
	DEMAND(all_are(chain, 0, sizeof(chain)), "GetCertificate, misused, leaves the buffer as it was");
	if (!a.f.pfnGetCryptoSessionPrivateDataSize)
		return;
	TELL(&a, pfnGetCryptoSessionPrivateDataSize, &s.create.CryptoType, NULL, &s.create.KeyExchangeType, &in, &out);
	DEMAND(in != 77 && out != 77, "GetCryptoSessionPrivateDataSize leaves the sizes as they were");
}

static const struct rule standing[] = {
	{"private-memory-is-not-overrun", "nothing is written outside of an object's memory, as CalcPrivate* sized it",
	 "CalcPrivateCryptoSessionSize and others", tour},
	{"destroyed-memory-is-not-touched", "the memory of a destroyed object is not written to any more",
	 "DestroyCryptoSession", tour_of_sessions},
	{"runtime-memory-is-not-freed", "the driver frees nothing of the runtime's", "DestroyCryptoSession",
	 tour_of_sessions},
	{"results-are-documented", "each result is one that its entry's page lists", "each entry", tour},
	{"void-entries-report-their-class", "pfnSetErrorCb gets D3DDDIERR_DEVICEREMOVED or E_OUTOFMEMORY, nothing else",
	 "Handling errors (WDK)", tour_of_sessions},
	{"entries-with-a-result-do-not-report", "an entry with a result does not call pfnSetErrorCb",
	 "Handling errors (WDK)", tour},
	{"reports-come-from-within-a-call", "pfnSetErrorCb is called within an entry, by its thread",
	 "Handling errors (WDK)", tour_of_sessions},
	{"misuse-is-not-reported", "what an application does wrong does not cost it the device", "docs/ddi.md",
	 misuse_is_silent},
	{"void-outputs-defined", "VOID entries leave no output as it was", "docs/ddi.md", outputs_are_defined},
};
RULES(standing_rules, standing);
