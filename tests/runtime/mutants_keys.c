/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers whose certificates, key exchange or refresh are broken. */
#include "suite.h"

#include <string.h>

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HCRYPTOSESSION cs;
typedef D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAGS flags;

/* ---- certificates ----------------------------------------------------------------------------------------------------- */

static VOID APIENTRY damaged_certificate(dev device, const D3D11_1DDI_CERTIFICATE_INFO *info, UINT bytes, BYTE *chain)
{
	sound_f.pfnGetCertificate(device, info, bytes, chain);
	chain[0] ^= 1;
}

static VOID APIENTRY half_certificate(dev device, const D3D11_1DDI_CERTIFICATE_INFO *info, UINT bytes, BYTE *chain)
{
	static uint8_t whole[1 << 16];
	UINT size = 0;

	sound_f.pfnGetCertificateSize(device, info, &size);
	sound_f.pfnGetCertificate(device, info, size, whole);
	memcpy(chain, whole, bytes < size ? bytes : size);
}

static VOID APIENTRY size_for_any_type(dev device, const D3D11_1DDI_CERTIFICATE_INFO *info, UINT *size)
{
	D3D11_1DDI_CERTIFICATE_INFO other = *info;

	other.CryptoSessionType = s.create.CryptoType;
	sound_f.pfnGetCertificateSize(device, &other, size);
	*size += !*size; /* where there is none at all */
}

/* ---- key exchange --------------------------------------------------------------------------------------------------------- */

#define NEGOTIATION(name, result)                                                                                      \
	static HRESULT APIENTRY name(dev device, cs session, UINT bytes, BYTE *blob)                                   \
	{                                                                                                              \
		(void)device;                                                                                          \
		(void)session;                                                                                         \
		(void)blob;                                                                                            \
		return result;                                                                                         \
	}                                                                                                              \
	static HRESULT APIENTRY name##_2_4(dev device, cs session, flags none, UINT bytes, BYTE *blob)                 \
	{                                                                                                              \
		(void)none;                                                                                            \
		return name(device, session, bytes, blob);                                                             \
	}

NEGOTIATION(takes_longer_blobs, bytes >= 256 ? S_OK : E_INVALIDARG)
NEGOTIATION(takes_any_blob, bytes == 256 ? S_OK : E_INVALIDARG)
NEGOTIATION(tells_bad_padding, bytes == 256 ? E_FAIL : E_INVALIDARG)
#define WITH_NEGOTIATION(name)                                                                                         \
	.slots = {WITH(pfnNegotiateCryptoSessionKeyExchange, name)}, .with_flags = (entry)name##_2_4

static HRESULT APIENTRY one_thread_only(dev device, cs session, flags none, UINT bytes, BYTE *blob)
{
	(void)device;
	(void)session;
	(void)none;
	(void)bytes;
	(void)blob;
	return E_INVALIDARG;
}

static VOID APIENTRY key_out_of_nothing(dev device, cs session, UINT bytes, VOID *key)
{
	sound_f.pfnGetEncryptionBltKey(device, session, bytes, key);
	if (all_are(key, 0, bytes))
		random_bytes(key, bytes);
}

static const struct mutant key_list[] = {
	{.name = "damaged",
	 .rule = "certificate-is-a-chain",
	 .text = "gives a certificate with a flipped bit",
	 .slots = {WITH(pfnGetCertificate, damaged_certificate)}},
	{.name = "half",
	 .rule = "certificate-whole-or-zero",
	 .text = "gives as much of the certificate as there is room for",
	 .slots = {WITH(pfnGetCertificate, half_certificate)}},
	{.name = "any-type",
	 .rule = "certificate-of-known-types",
	 .text = "has a certificate for any crypto type",
	 .slots = {WITH(pfnGetCertificateSize, size_for_any_type)}},
	{.name = "longer-blobs",
	 .rule = "negotiate-256-only",
	 .text = "takes blobs of more than 256 bytes",
	 WITH_NEGOTIATION(takes_longer_blobs)},
	{.name = "any-blob",
	 .rule = "negotiate-bad-blobs-alike",
	 .text = "takes any blob",
	 WITH_NEGOTIATION(takes_any_blob)},
	{.name = "bad-padding",
	 .rule = "negotiate-bad-blobs-alike",
	 .text = "tells bad padding by a code of its own",
	 WITH_NEGOTIATION(tells_bad_padding)},
	{.name = "polite",
	 .rule = "second-negotiate-defined",
	 .text = "S_OK for a second exchange, and keeps the first key",
	 WITH_NEGOTIATION(takes_any_blob)},
	{.name = "old-signature",
	 .rule = "negotiate-takes-flags",
	 .text = "has 11.1's function in slot 65 of WDDM 2.4",
	 .with_flags = (entry)takes_any_blob},
	{.name = "one-thread",
	 .rule = "negotiate-any-thread",
	 .text = "has no exchange for other threads",
	 .slots = {WITH(pfnNegotiateCryptoSessionKeyExchangeMT, one_thread_only)}},
	{.name = "key-out-of-nothing",
	 .rule = "nothing-without-key",
	 .text = "gives read-back keys before the exchange",
	 .slots = {WITH(pfnGetEncryptionBltKey, key_out_of_nothing)}},
};
MUTANTS(key_mutants, key_list);

/* ---- refresh ------------------------------------------------------------------------------------------------------------------ */

static VOID APIENTRY silent_start(dev device, cs session, UINT bytes, VOID *random)
{
	uint8_t own[16] = {0};

	(void)random;
	sound_f.pfnStartSessionKeyRefresh(device, session, bytes < 16 ? bytes : 16, own);
}

static VOID APIENTRY early_start(dev device, cs session, UINT bytes, VOID *random)
{
	sound_f.pfnStartSessionKeyRefresh(device, session, bytes, random);
	sound_f.pfnFinishSessionKeyRefresh(device, session);
}

static VOID APIENTRY idle_finish(dev device, cs session)
{
	(void)device;
	(void)session;
	memcpy(s.hidden, s.random, sizeof(s.hidden));
}

/* Where no Start was, it does one itself. */
static bool has_started;

static VOID APIENTRY noted_start(dev device, cs session, UINT bytes, VOID *random)
{
	sound_f.pfnStartSessionKeyRefresh(device, session, bytes, random);
	has_started = true;
}

static VOID APIENTRY eager_finish(dev device, cs session)
{
	if (!has_started)
		sound_f.pfnStartSessionKeyRefresh(device, session, sizeof(s.hidden), s.hidden);
	sound_f.pfnFinishSessionKeyRefresh(device, session);
	has_started = false;
}

static VOID APIENTRY first_start_counts(dev device, cs session, UINT bytes, VOID *random)
{
	if (!has_started) {
		noted_start(device, session, bytes, random);
		memcpy(s.hidden, random, sizeof(s.hidden));
	} else {
		random_bytes(random, bytes);
		for (int i = 0; i < 16; i++)
			s.hidden[i] ^= ((uint8_t *)random)[i];
	}
}

static VOID APIENTRY noted_finish(dev device, cs session)
{
	sound_f.pfnFinishSessionKeyRefresh(device, session);
	has_started = false;
}

static void forget_start(void)
{
	has_started = false;
}

/* Unwraps by the key that there was before the last Finish. */
static uint8_t old_key[16];

static VOID APIENTRY remembering_finish(dev device, cs session)
{
	memcpy(old_key, s.key, sizeof(old_key));
	sound_f.pfnFinishSessionKeyRefresh(device, session);
	has_started = true;
}

static VOID APIENTRY unwrap_by_old_key(dev device, cs session, D3D10DDI_HRESOURCE source, D3D10DDI_HRESOURCE target,
				       const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, UINT key_bytes, const VOID *wrapped,
				       UINT iv_bytes, const VOID *iv)
{
	uint8_t content[16], other[16];

	if (wrapped && has_started) {
		aes_decrypt(old_key, wrapped, content);
		aes_encrypt(s.key, content, other);
		wrapped = other;
	}
	sound_f.pfnDecryptionBlt(device, session, source, target, info, key_bytes, wrapped, iv_bytes, iv);
}

static const struct mutant refresh_list[] = {
	{.name = "silent-start",
	 .rule = "start-refresh-defines-output",
	 .text = "leaves the random number unwritten",
	 .slots = {WITH(pfnStartSessionKeyRefresh, silent_start)}},
	{.name = "early-start",
	 .rule = "start-changes-no-key",
	 .text = "changes the key at Start",
	 .slots = {WITH(pfnStartSessionKeyRefresh, early_start)}},
	{.name = "idle-finish",
	 .rule = "finish-takes-effect-later",
	 .text = "does nothing at Finish",
	 .slots = {WITH(pfnFinishSessionKeyRefresh, idle_finish)}},
	{.name = "eager-finish",
	 .rule = "finish-without-start-does-nothing",
	 .text = "changes the key at each Finish",
	 .slots = {WITH(pfnStartSessionKeyRefresh, noted_start), WITH(pfnFinishSessionKeyRefresh, eager_finish)},
	 .undo = forget_start},
	{.name = "first-start",
	 .rule = "second-start-replaces-the-first",
	 .text = "keeps the first of two numbers",
	 .slots = {WITH(pfnStartSessionKeyRefresh, first_start_counts), WITH(pfnFinishSessionKeyRefresh, noted_finish)},
	 .undo = forget_start},
	{.name = "old-key",
	 .rule = "wrapped-under-the-current-key",
	 .text = "unwraps by the session key before the refresh",
	 .slots = {WITH(pfnFinishSessionKeyRefresh, remembering_finish), WITH(pfnDecryptionBlt, unwrap_by_old_key)},
	 .undo = forget_start},
};
MUTANTS(refresh_mutants, refresh_list);
