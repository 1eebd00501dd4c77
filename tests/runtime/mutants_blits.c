/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers whose blits are broken. They know the application's keys, as a driver that does it all by itself would. */
#include "suite.h"

#include <string.h>

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HCRYPTOSESSION cs;
typedef D3D10DDI_HRESOURCE res;
typedef const D3D11_1DDI_ENCRYPTED_BLOCK_INFO block_info;

#define DECRYPTION(name)                                                                                               \
	static VOID APIENTRY name(dev device, cs session, res source, res target, block_info *info, UINT key_bytes,    \
				  const VOID *key, UINT iv_bytes, const VOID *iv)
#define GO_ON sound_f.pfnDecryptionBlt(device, session, source, target, info, key_bytes, key, iv_bytes, iv)

/* ---- decryption --------------------------------------------------------------------------------------------------------- */

DECRYPTION(little_endian_count)
{
	uint8_t other[16];

	memcpy(other, iv, 8);
	for (int i = 0; i < 8; i++)
		other[8 + i] = ((const uint8_t *)iv)[15 - i];
	iv = other;
	GO_ON;
}

/* "IV must grow", where it may stay and Count goes on. */
DECRYPTION(growing_iv_only)
{
	static uint8_t last[8];

	if (memcmp(iv, last, 8) <= 0)
		return;
	memcpy(last, iv, 8);
	GO_ON;
}

/* Decrypts whatever is asked for, by an IV that the sound driver does not know yet. */
static void launder(dev device, cs session, res source, res target, const void *iv)
{
	uint8_t stream[BYTES], picture[BYTES], other[16];

	memcpy(stream, bytes_of(&a, source), BYTES);
	aes_ctr(s.key, iv, 0, stream, picture, BYTES);
	fresh_iv(other);
	aes_ctr(s.key, other, 0, picture, bytes_of(&a, source), BYTES);
	sound_f.pfnDecryptionBlt(device, session, source, target, NULL, 0, NULL, 16, other);
	memcpy(bytes_of(&a, source), stream, BYTES);
}

DECRYPTION(no_history)
{
	if (key || info)
		GO_ON;
	else
		launder(device, session, source, target, iv);
}

DECRYPTION(history_of_starts)
{
	static uint8_t last[16];

	if (!memcmp(last, iv, 16))
		return;
	memcpy(last, iv, 16);
	if (key || info)
		GO_ON;
	else
		launder(device, session, source, target, iv);
}

DECRYPTION(bare_content_key)
{
	uint8_t wrapped[16];

	if (key) {
		aes_encrypt(s.key, key, wrapped);
		key = wrapped;
	}
	GO_ON;
}

DECRYPTION(any_size)
{
	if (key)
		key_bytes = 16;
	if (iv)
		iv_bytes = 16;
	GO_ON;
}

/* ---- patterns ------------------------------------------------------------------------------------------------------------- */

DECRYPTION(encrypt_first)
{
	D3D11_1DDI_ENCRYPTED_BLOCK_INFO other;

	if (info) {
		other = *info;
		other.NumEncryptedBytesAtBeginning += other.NumBytesInEncryptPattern;
		info = &other;
	}
	GO_ON;
}

DECRYPTION(positional_keystream)
{
	uint8_t stream[BYTES], picture[BYTES];

	if (!info) {
		GO_ON;
		return;
	}
	memcpy(stream, bytes_of(&a, source), BYTES);
	crypt_runs(info, true, iv, stream, picture);
	crypt_runs(info, false, iv, picture, bytes_of(&a, source));
	GO_ON;
	memcpy(bytes_of(&a, source), stream, BYTES);
}

DECRYPTION(all_encrypted)
{
	info = NULL;
	GO_ON;
}

DECRYPTION(half_encrypted)
{
	const D3D11_1DDI_ENCRYPTED_BLOCK_INFO half = {BYTES / 2, 0, 0};

	info = info ? info : &half;
	GO_ON;
}

DECRYPTION(sum_of_32_bits)
{
	const UINT first = info ? info->NumEncryptedBytesAtBeginning : 0;

	if (info && first + info->NumBytesInSkipPattern < first) /* behind the clear bytes it is at the start again */
		info = NULL;
	GO_ON;
}

/* ---- read-back ------------------------------------------------------------------------------------------------------------- */

static uint8_t given[16], given_iv[16]; /* the wrapped key, the IV */
static bool has_given;

static void forget(void)
{
	has_given = false;
}

static VOID APIENTRY any_shape(dev device, cs session, res source, res target, UINT iv_bytes, const VOID *iv)
{
	if (target.pDrvPrivate == s.staging.pDrvPrivate || source.pDrvPrivate != s.surface.pDrvPrivate) {
		sound_f.pfnEncryptionBlt(device, session, source, target, iv_bytes, iv);
		return;
	}
	sound_f.pfnEncryptionBlt(device, session, source, s.staging, iv_bytes, iv);
	memcpy(bytes_of(&a, target), bytes_of(&a, s.staging), BYTES / 2);
}

static VOID APIENTRY iv_is_input(dev device, cs session, res source, res target, UINT iv_bytes, const VOID *iv)
{
	uint8_t own[16] = {0};

	(void)iv;
	sound_f.pfnEncryptionBlt(device, session, source, target, iv_bytes, own);
}

static VOID APIENTRY same_iv(dev device, cs session, res source, res target, UINT iv_bytes, const VOID *iv)
{
	sound_f.pfnEncryptionBlt(device, session, source, target, iv_bytes, iv);
	if (!has_given)
		memcpy(given_iv, iv, 16);
	has_given = true;
	memcpy((void *)(uintptr_t)iv, given_iv, 16);
}

static VOID APIENTRY noted_key(dev device, cs session, UINT bytes, VOID *key)
{
	sound_f.pfnGetEncryptionBltKey(device, session, bytes, key);
	memcpy(given, key, bytes < 16 ? bytes : 16);
}

static VOID APIENTRY under_session_key(dev device, cs session, res source, res target, UINT iv_bytes, const VOID *iv)
{
	uint8_t key[16], picture[BYTES];

	sound_f.pfnEncryptionBlt(device, session, source, target, iv_bytes, iv);
	aes_decrypt(s.key, given, key);
	aes_ctr(key, iv, 0, bytes_of(&a, target), picture, BYTES);
	aes_ctr(s.key, iv, 0, picture, bytes_of(&a, target), BYTES);
}

static VOID APIENTRY one_key(dev device, cs session, UINT bytes, VOID *key)
{
	if (!has_given)
		sound_f.pfnGetEncryptionBltKey(device, session, sizeof(given), given);
	has_given = true;
	memcpy(key, given, bytes < 16 ? bytes : 16);
}

static const struct mutant blit_list[] = {
	{.name = "little-endian-count",
	 .rule = "decryption-is-aes-ctr",
	 .text = "takes Count as little-endian",
	 .slots = {WITH(pfnDecryptionBlt, little_endian_count)}},
	{.name = "growing-iv-only",
	 .rule = "count-may-go-on",
	 .text = "refuses an IV that stays, whatever Count is",
	 .slots = {WITH(pfnDecryptionBlt, growing_iv_only)}},
	{.name = "no-history",
	 .rule = "decryption-iv-reuse-refused",
	 .text = "decrypts under any IV",
	 .slots = {WITH(pfnDecryptionBlt, no_history)}},
	{.name = "history-of-starts",
	 .rule = "decryption-ranges-do-not-overlap",
	 .text = "compares starts of ranges alone",
	 .slots = {WITH(pfnDecryptionBlt, history_of_starts)}},
	{.name = "bare-content-key",
	 .rule = "content-key-is-wrapped",
	 .text = "takes content keys as they are",
	 .slots = {WITH(pfnDecryptionBlt, bare_content_key)}},
	{.name = "any-size",
	 .rule = "decryption-checks-sizes",
	 .text = "does not look at the sizes of key and IV",
	 .slots = {WITH(pfnDecryptionBlt, any_size)}},
	{.name = "any-shape",
	 .rule = "shapes-agree",
	 .text = "reads into smaller resources as much as there is room for",
	 .slots = {WITH(pfnEncryptionBlt, any_shape)}},
	{.name = "encrypt-first",
	 .rule = "blocked-info-skip-first",
	 .text = "patterns encrypt first, and then skip",
	 .slots = {WITH(pfnDecryptionBlt, encrypt_first)}},
	{.name = "positional-keystream",
	 .rule = "clear-bytes-take-no-keystream",
	 .text = "clear bytes take keystream",
	 .slots = {WITH(pfnDecryptionBlt, positional_keystream)}},
	{.name = "rest-encrypted",
	 .rule = "blocked-info-rest-is-clear",
	 .text = "(N, 0, 0) is all encrypted",
	 .slots = {WITH(pfnDecryptionBlt, all_encrypted)}},
	{.name = "half-encrypted",
	 .rule = "no-blocked-info-is-all",
	 .text = "without a block info half is encrypted",
	 .slots = {WITH(pfnDecryptionBlt, half_encrypted)}},
	{.name = "sum-of-32-bits",
	 .rule = "blocked-info-does-not-overflow",
	 .text = "adds in 32 bits",
	 .slots = {WITH(pfnDecryptionBlt, sum_of_32_bits)}},
	{.name = "iv-is-input",
	 .rule = "encryption-iv-is-output-rising",
	 .text = "takes EncryptionBlt's IV for an input",
	 .slots = {WITH(pfnEncryptionBlt, iv_is_input)}},
	{.name = "same-iv",
	 .rule = "encryption-iv-is-output-rising",
	 .text = "gives the same IV twice",
	 .slots = {WITH(pfnEncryptionBlt, same_iv)},
	 .undo = forget},
	{.name = "session-key-read-back",
	 .rule = "readback-key-is-used",
	 .text = "encrypts under the session key",
	 .slots = {WITH(pfnGetEncryptionBltKey, noted_key), WITH(pfnEncryptionBlt, under_session_key)}},
	{.name = "one-key",
	 .rule = "readback-key-new-every-call",
	 .text = "gives the same read-back key again",
	 .slots = {WITH(pfnGetEncryptionBltKey, one_key)},
	 .undo = forget},
};
MUTANTS(blit_mutants, blit_list);
