/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries when memory is short: the first allocation of a call fails, then the second, and so on until the call succeeds. One that
 * has failed says E_OUTOFMEMORY (VOID entries: by pfnSetErrorCb, once) and has changed nothing. The linker puts the two
 * functions below in the place of the C library's.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);

static _Thread_local unsigned int left; /* allocations until one fails; 0: none does */

static bool fails(void)
{
	return left && !--left;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

static unsigned int nth; /* the allocation that fails in the call under test */
static bool has_failed;

#define SHORT_OF_MEMORY(call)                                                                                          \
	do {                                                                                                           \
		left = nth;                                                                                            \
		call;                                                                                                  \
		has_failed = !left;                                                                                    \
		left = 0;                                                                                              \
	} while (0)

/* Each makes its call once and says whether it was done; otherwise it has left what it should. */

static bool decrypts(void)
{
	const D3D11_1DDI_ENCRYPTED_BLOCK_INFO all = {BYTES - 16, 0, 16};
	uint8_t before[BYTES], picture[BYTES], seen[BYTES], content[16], wrapped[16], iv[16];

	read_back(before);
	random_picture(picture);
	assert_int_equal(coffer_random(content, sizeof(content)), 0);
	aes_ecb(session_key, AES_ENCRYPT, content, wrapped);
	fresh_iv(iv);
	aes_ctr(content, iv, 0, picture, bytes_of(&a, staging), BYTES);
	SHORT_OF_MEMORY(a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, &all, 16, wrapped, 16, iv));
	read_back(seen);
	if (!memcmp(seen, picture, BYTES))
		return true;
	assert_memory_equal(seen, before, BYTES);
	return false;
}

static bool reads_back(void)
{
	uint8_t iv[16];

	memset(iv, GARBAGE, sizeof(iv));
	memset(bytes_of(&a, staging), GARBAGE, BYTES);
	SHORT_OF_MEMORY(a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv));
	assert_int_equal(all_are(bytes_of(&a, staging), GARBAGE, BYTES), all_are(iv, 0, sizeof(iv)));
	return !all_are(iv, 0, sizeof(iv));
}

static bool makes_a_key(void)
{
	uint8_t key[16];

	memset(key, GARBAGE, sizeof(key));
	SHORT_OF_MEMORY(a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(key), key));
	return !all_are(key, 0, sizeof(key));
}

static uint8_t random_number[16];

static bool starts(void)
{
	memset(random_number, GARBAGE, sizeof(random_number));
	SHORT_OF_MEMORY(a.f.pfnStartSessionKeyRefresh(a.device, session, sizeof(random_number), random_number));
	return !all_are(random_number, 0, sizeof(random_number));
}

static bool finishes(void)
{
	uint8_t picture[BYTES], seen[BYTES], iv[16];
	bool done;

	SHORT_OF_MEMORY(a.f.pfnFinishSessionKeyRefresh(a.device, session));
	done = !has_failed;
	for (int i = 0; done && i < 16; i++)
		session_key[i] ^= random_number[i];
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	read_back(seen);
	assert_memory_equal(picture, seen, BYTES);
	return done;
}

static bool asks_for_the_status(void)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status = D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_LOST;

	SHORT_OF_MEMORY(a.f20.pfnCheckCryptoSessionStatus(a.device, session, &status));
	if (status != D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK)
		assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_KEY_AND_CONTENT_LOST);
	return status == D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK;
}

void void_entries_tell_when_memory_is_short(void **state)
{
	static bool (*const calls[])(void) = {decrypts, reads_back, makes_a_key, starts, finishes, asks_for_the_status};
	unsigned int told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (nth = 1;; nth++) {
			unsigned int before = a.reports;
			bool done = calls[i]();

			assert_int_equal(a.reports - before, !done);
			assert_int_equal(!done, has_failed);
			if (done)
				break;
			assert_int_equal(a.last_report, E_OUTOFMEMORY);
			told++;
		}
		assert_true(nth > 1); /* there is memory to be short of */
	}
	assert_int_equal(a.reports, told);
	a.reports = 0;
}

void entries_with_a_result_say_when_memory_is_short(void **state)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	D3D10DDI_HRESOURCE source = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, session);
	D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC buffer = buffer_of(source, 64, NULL, 0, NULL, 0);
	D3D11_1DDI_HCRYPTOSESSION s = new_session_memory(&a);
	D3D11_1DDI_HDECODE decoder;
	HRESULT result;

	(void)state;
	for (nth = 1, has_failed = true; has_failed; nth++) {
		SHORT_OF_MEMORY(result = a.f.pfnCreateCryptoSession(a.device, good_create, s, runtime));
		assert_int_equal(result, has_failed ? E_OUTOFMEMORY : S_OK);
	}
	a.f.pfnDestroyCryptoSession(a.device, s);
	free(s.pDrvPrivate);
	assert_int_equal(
		create_decoder(protected_surface, &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC, &decoder),
		S_OK);
	for (nth = 1, has_failed = true; has_failed; nth++) {
		SHORT_OF_MEMORY(result = begin_frame(decoder, session_key));
		assert_int_equal(result, has_failed ? E_OUTOFMEMORY : S_OK);
	}
	for (nth = 1, has_failed = true; has_failed; nth++) {
		SHORT_OF_MEMORY(result = a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer));
		assert_int_equal(result, has_failed ? E_OUTOFMEMORY : S_OK);
	}
	assert_true(nth > 2);
	destroy_decoder(decoder);
	destroy_resource(&a, source);
	assert_int_equal(a.reports, 0);
}

void channels_say_when_memory_is_short(void **state)
{
	const D3D11_1DDI_HRTAUTHCHANNEL runtime = {NULL};
	D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL what = {D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, NULL};
	D3D11_1DDI_HAUTHCHANNEL made = {garbage(a.f.pfnCalcPrivateAuthenticatedChannelSize(a.device, &what))};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION in = {.Protections = {{{0}}}};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT out;
	HRESULT result;

	(void)state;
	for (nth = 1, has_failed = true; has_failed; nth++) {
		SHORT_OF_MEMORY(result = a.f.pfnCreateAuthenticatedChannel(a.device, &what, made, runtime));
		assert_int_equal(result, has_failed ? E_OUTOFMEMORY : S_OK);
	}
	assert_true(nth > 2);
	for (nth = 1, has_failed = true; has_failed; nth++) {
		SHORT_OF_MEMORY(result = a.f.pfnConfigureAuthenticatedChannel(a.device, made, sizeof(in), &in, &out));
		assert_int_equal(result, has_failed ? E_OUTOFMEMORY : E_INVALIDARG); /* it has no key */
		assert_int_equal(out.ReturnCode, result);
	}
	assert_true(nth > 2);
	a.f.pfnDestroyAuthenticatedChannel(a.device, made);
	free(made.pDrvPrivate);
	assert_int_equal(a.reports, 0);
}
