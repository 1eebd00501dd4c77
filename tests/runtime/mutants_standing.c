/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers that break standing rules, or behave badly once their device is lost. */
#include "suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HCRYPTOSESSION cs;
typedef const D3D11_1DDIARG_CREATECRYPTOSESSION create_data;

#define CREATION(name)                                                                                                 \
	static HRESULT APIENTRY name(dev device, create_data *what, cs session, D3D11_1DDI_HRTCRYPTOSESSION runtime)
#define CREATE              sound_f.pfnCreateCryptoSession(device, what, session, runtime)
#define READ_BACK_KEY(name) static VOID APIENTRY name(dev device, cs session, UINT bytes, VOID *key)
#define GET_KEY             sound_f.pfnGetEncryptionBltKey(device, session, bytes, key)

static struct device *of(dev device)
{
	return device.pDrvPrivate == b.handle.pDrvPrivate ? &b : &a;
}

/* ---- memory --------------------------------------------------------------------------------------------------------------- */

CREATION(one_byte_too_many)
{
	HRESULT result = CREATE;

	((uint8_t *)session.pDrvPrivate)[sound_f.pfnCalcPrivateCryptoSessionSize(device, what)] = 0;
	return result;
}

static uint8_t *remembered;

static VOID APIENTRY remembering_destroy(dev device, cs session)
{
	sound_f.pfnDestroyCryptoSession(device, session);
	remembered = session.pDrvPrivate;
}

static void touch(void)
{
	if (remembered)
		remembered[0] = 1;
	remembered = NULL;
}

CREATION(touching_create)
{
	touch();
	return CREATE;
}

static VOID APIENTRY freeing_destroy(dev device, cs session)
{
	sound_f.pfnDestroyCryptoSession(device, session);
	free(session.pDrvPrivate);
}

/* ---- results and reports ---------------------------------------------------------------------------------------------------- */

CREATION(not_implemented)
{
	HRESULT result = CREATE;

	return result == S_OK ? S_OK : E_NOTIMPL;
}

READ_BACK_KEY(reports_invalid)
{
	GET_KEY;
	if (bytes != 16)
		runtime_report(of(device), E_INVALIDARG);
}

READ_BACK_KEY(reports_success)
{
	GET_KEY;
	runtime_report(of(device), S_OK);
}

CREATION(reporting_create)
{
	HRESULT result = CREATE;

	runtime_report(of(device), E_OUTOFMEMORY);
	return result;
}

static void *report(void *device)
{
	runtime_report(device, E_OUTOFMEMORY);
	return NULL;
}

READ_BACK_KEY(reports_elsewhere)
{
	pthread_t thread;

	GET_KEY;
	if (!pthread_create(&thread, NULL, report, of(device)))
		pthread_join(thread, NULL);
}

READ_BACK_KEY(loses_the_device)
{
	GET_KEY;
	if (bytes != 16)
		runtime_report(of(device), D3DDDIERR_DEVICEREMOVED);
}

READ_BACK_KEY(leaves_the_key)
{
	if (bytes == 16)
		GET_KEY;
}

static const struct mutant always_list[] = {
	{.name = "one-byte-too-many",
	 .rule = "private-memory-is-not-overrun",
	 .text = "writes behind its private memory",
	 .slots = {WITH(pfnCreateCryptoSession, one_byte_too_many)}},
	{.name = "late-write",
	 .rule = "destroyed-memory-is-not-touched",
	 .text = "writes to a session after its Destroy",
	 .slots = {WITH(pfnDestroyCryptoSession, remembering_destroy), WITH(pfnCreateCryptoSession, touching_create)}},
	{.name = "frees",
	 .rule = "runtime-memory-is-not-freed",
	 .text = "frees the memory of a destroyed session",
	 .slots = {WITH(pfnDestroyCryptoSession, freeing_destroy)}},
	{.name = "create-not-implemented",
	 .rule = "results-are-documented",
	 .text = "E_NOTIMPL from Create, for what it does not support",
	 .slots = {WITH(pfnCreateCryptoSession, not_implemented)}},
	{.name = "reports-invalid",
	 .rule = "void-entries-report-their-class",
	 .text = "reports E_INVALIDARG",
	 .slots = {WITH(pfnGetEncryptionBltKey, reports_invalid)}},
	{.name = "reports-success",
	 .rule = "void-entries-report-their-class",
	 .text = "reports S_OK",
	 .slots = {WITH(pfnGetEncryptionBltKey, reports_success)}},
	{.name = "reporting-create",
	 .rule = "entries-with-a-result-do-not-report",
	 .text = "reports from Create",
	 .slots = {WITH(pfnCreateCryptoSession, reporting_create)}},
	{.name = "reports-elsewhere",
	 .rule = "reports-come-from-within-a-call",
	 .text = "reports from another thread",
	 .slots = {WITH(pfnGetEncryptionBltKey, reports_elsewhere)}},
	{.name = "loses-the-device",
	 .rule = "misuse-is-not-reported",
	 .text = "a wrong KeySize costs the device",
	 .slots = {WITH(pfnGetEncryptionBltKey, loses_the_device)}},
	{.name = "leaves-the-key",
	 .rule = "void-outputs-defined",
	 .text = "does not write where KeySize is wrong",
	 .slots = {WITH(pfnGetEncryptionBltKey, leaves_the_key)}},
};
MUTANTS(standing_mutants, always_list);

/* ---- lost devices ------------------------------------------------------------------------------------------------------------- */

static HRESULT APIENTRY undead_handle(dev device, cs session, HANDLE *handle)
{
	(void)device;
	(void)session;
	*handle = (HANDLE)(uintptr_t)9;
	return S_OK;
}

CREATION(undead_create)
{
	(void)CREATE;
	return S_OK;
}

READ_BACK_KEY(short_of_memory)
{
	GET_KEY;
	runtime_report(of(device), E_OUTOFMEMORY);
}

static VOID APIENTRY undead_start(dev device, cs session, UINT bytes, VOID *random)
{
	uint8_t own[16] = {0};

	(void)random;
	sound_f.pfnStartSessionKeyRefresh(device, session, bytes, own);
}

static void APIENTRY undead_status(dev device, cs session, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS *status)
{
	sound_f.pfnCheckCryptoSessionStatus(device, session, status);
	*status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;
}

static HRESULT APIENTRY touching_handle(dev device, cs session, HANDLE *handle)
{
	touch();
	return sound_f.pfnCryptoSessionGetHandle(device, session, handle);
}

static const struct mutant undead_list[] = {
	{.name = "undead-handle",
	 .rule = "lost-results-say-so",
	 .text = "gives handles of a lost device",
	 .slots = {WITH(pfnCryptoSessionGetHandle, undead_handle)}},
	{.name = "undead-create",
	 .rule = "lost-nothing-is-created",
	 .text = "S_OK from Create on a lost device",
	 .slots = {WITH(pfnCreateCryptoSession, undead_create)}},
	{.name = "short-of-memory",
	 .rule = "lost-void-entries-report-that-alone",
	 .text = "reports E_OUTOFMEMORY besides",
	 .slots = {WITH(pfnGetEncryptionBltKey, short_of_memory)}},
	{.name = "undead-start",
	 .rule = "lost-outputs-are-zero",
	 .text = "leaves the random number as it was",
	 .slots = {WITH(pfnStartSessionKeyRefresh, undead_start)}},
	{.name = "undead-status",
	 .rule = "lost-status-says-so",
	 .text = "the status stays OK",
	 .slots = {WITH(pfnCheckCryptoSessionStatus, undead_status)}},
	{.name = "late-write-lost",
	 .rule = "lost-destroy-works",
	 .text = "writes to a session after its Destroy",
	 .slots = {WITH(pfnDestroyCryptoSession, remembering_destroy),
		   WITH(pfnCryptoSessionGetHandle, touching_handle)}},
};
MUTANTS(lost_mutants, undead_list);
