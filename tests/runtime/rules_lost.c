/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose hardware is gone. The first of these rules takes it away. */
#include "suite.h"

#include <string.h>

/* false: there is nothing to take, or it did not go. */
static bool lose(void)
{
	if (a.is_lost)
		return true;
	if (a.driver->lose_device()) {
		failed("the driver cannot lose its device now");
		return false;
	}
	a.is_lost = b.is_lost = true;
	return true;
}

#define NEEDS_LOSS                                                                                                     \
	NEEDS_CHANNEL;                                                                                                 \
	UNLESS(a.driver->lose_device, "the driver cannot lose its device on demand");                                  \
	if (!lose())                                                                                                   \
	return

static void results_say_so(void)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT output;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT done;
	uint8_t blob[256] = {0};
	HANDLE handle = blob;
	HRESULT result;

	NEEDS_LOSS;
	result = query_type(&s.channel, s.channel.next_query++, &output);
	DEMAND(result == D3DDDIERR_DEVICEREMOVED, "a query: %s", name_of(result));
	result = protect(&s.channel, s.channel.next_order++, &done);
	DEMAND(result == D3DDDIERR_DEVICEREMOVED, "a configuration: %s", name_of(result));
	/* These may not need the hardware; but now the loss has been said. */
	result = ASK(&a, pfnCryptoSessionGetHandle, s.session, &handle);
	DEMAND(result == D3DDDIERR_DEVICEREMOVED, "CryptoSessionGetHandle: %s", name_of(result));
	result = negotiate(&a, s.session, sizeof(blob), blob);
	DEMAND(result == E_INVALIDARG, "Negotiate, whose page knows no lost device: %s", name_of(result));
}

static void nothing_is_created(void)
{
	D3D11_1DDI_HCRYPTOSESSION session;
	struct channel channel;
	HRESULT result;

	NEEDS_LOSS;
	for (int i = 0; i < 2; i++) {
		result = create_session(&a, &s.create, GARBAGE, &session);
		DEMAND(result == D3DDDIERR_DEVICEREMOVED, "CreateCryptoSession: %s", name_of(result));
		result = create_channel(&a, channel_type(), &channel);
		DEMAND(result == D3DDDIERR_DEVICEREMOVED, "CreateAuthenticatedChannel: %s", name_of(result));
	}
}

static void call_void_entries(uint8_t key[16], uint8_t random[16], uint8_t iv[16])
{
	uint8_t own[16];

	memset(key, GARBAGE, 16);
	memset(random, GARBAGE, 16);
	memset(iv, GARBAGE, 16);
	fresh_iv(own);
	TELL(&a, pfnDecryptionBlt, s.session, s.staging, s.surface, NULL, 0, NULL, sizeof(own), own);
	TELL(&a, pfnGetEncryptionBltKey, s.session, 16, key);
	TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.staging, 16, iv);
	TELL(&a, pfnStartSessionKeyRefresh, s.session, 16, random);
	TELL(&a, pfnFinishSessionKeyRefresh, s.session);
}

static void reports_are_of_the_loss(void)
{
	uint8_t key[16], random[16], iv[16];

	NEEDS_LOSS;
	call_void_entries(key, random, iv);
	DEMAND(a.reports, "no VOID entry says that the device is lost");
}

static void outputs_are_zero(void)
{
	uint8_t key[16], random[16], iv[16];

	NEEDS_LOSS;
	memset(bytes_of(&a, s.staging), GARBAGE, BYTES);
	call_void_entries(key, random, iv);
	DEMAND(all_are(key, 0, 16), "GetEncryptionBltKey leaves or gives a key");
	DEMAND(all_are(random, 0, 16), "StartSessionKeyRefresh leaves or gives a number");
	DEMAND(all_are(iv, 0, 16), "EncryptionBlt leaves or gives an IV");
	DEMAND(all_are(bytes_of(&a, s.staging), GARBAGE, BYTES), "EncryptionBlt writes");
}

static void status_is_lost(void)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;

	NEEDS_LOSS;
	UNLESS(a.f.pfnCheckCryptoSessionStatus, "the driver has no table of this version");
	TELL(&a, pfnCheckCryptoSessionStatus, s.session, &status);
	DEMAND(status == D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST, "the status is %u", status);
}

static void destroy_works(void)
{
	const unsigned int touched = runtime_dead_writes;
	D3D11_1DDI_HCRYPTOSESSION session;
	HANDLE handle;

	NEEDS_LOSS;
	DEMAND(s.spares, "no session is left to destroy");
	session = s.spare[--s.spares];
	destroy_session(&a, session);
	(void)ASK(&a, pfnCryptoSessionGetHandle, s.session, &handle);
	DEMAND(runtime_dead_writes == touched, "the destroyed session's memory is written to");
}

static const struct rule lost[] = {
	{"lost-results-say-so",
	 "entries with a result say D3DDDIERR_DEVICEREMOVED, or E_INVALIDARG where that is not listed",
	 "CryptoSessionGetHandle and others", results_say_so},
	{"lost-nothing-is-created", "Create* says D3DDDIERR_DEVICEREMOVED, again and again",
	 "CreateCryptoSession, CreateAuthenticatedChannel", nothing_is_created},
	{"lost-void-entries-report-that-alone", "VOID entries report D3DDDIERR_DEVICEREMOVED and nothing else",
	 "Handling errors (WDK)", reports_are_of_the_loss},
	{"lost-outputs-are-zero", "VOID entries leave their outputs zero", "docs/ddi.md", outputs_are_zero},
	{"lost-status-says-so", "the status is KEY_AND_CONTENT_LOST", "CheckCryptoSessionStatus", status_is_lost},
	{"lost-destroy-works", "Destroy works, and leaves the memory alone afterwards", "DestroyCryptoSession",
	 destroy_works},
};
RULES(lost_rules, lost);
