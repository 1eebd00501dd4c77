/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DDI as a runtime sees it, against a board: COFFER_ROOT names its root. Two devices, which are two contexts;
 * one session of the first is negotiated once and shared, since a key exchange takes seconds of simulation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <mbedtls/aes.h>

#include "coffer/d3d11ddi.h"
#include "coffer/trust.h"

#define WIDTH   64u
#define HEIGHT  48u
#define BYTES   (WIDTH * HEIGHT)
#define GARBAGE 0xA5

struct client {
	D3D10DDI_HDEVICE device;
	D3D11_1DDI_VIDEODEVICEFUNCS f;
	unsigned int reports;
	HRESULT last_report;
};

static struct client a, b;
static D3D11_1DDI_HCRYPTOSESSION session; /* of a, negotiated */
static D3D11_1DDI_HCRYPTOSESSION foreign; /* of b, not negotiated */
static D3D10DDI_HRESOURCE staging, protected_surface;
static uint8_t session_key[16];
static coffer_public_key *board_key;
static const D3D11_1DDIARG_CREATECRYPTOSESSION *good_create;
static uint64_t next_iv = 1;

static void *garbage(size_t size)
{
	void *memory = malloc(size);

	assert_non_null(memory);
	return memset(memory, GARBAGE, size);
}

static bool all_are(const void *memory, uint8_t value, size_t size)
{
	const uint8_t *p = memory;

	while (size && *p == value)
		p++, size--;
	return size == 0;
}

static VOID APIENTRY on_error(D3D10DDI_HRTCORELAYER layer, HRESULT result)
{
	struct client *client = layer.handle;

	client->reports++;
	client->last_report = result;
}

static void open_client(struct client *c)
{
	const COFFER_DDIARG_OPENDEVICE open = {
		.Size = sizeof(open),
		.hRTCoreLayer = {c},
		.pfnSetErrorCb = on_error,
	};
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = &c->f};
	D3D11_1DDI_VIDEO_OUTPUT output;

	c->device.pDrvPrivate = garbage(CofferCalcPrivateDeviceSize(&open));
	assert_int_equal(CofferOpenDevice(&open, c->device), S_OK);
	assert_int_equal(CofferRetrieveSubObject(c->device, D3D11_1DDI_VIDEO_FUNCTIONS, sizeof(input), &input,
						 sizeof(output), &output),
			 S_OK);
}

static D3D11_1DDI_HCRYPTOSESSION new_session_memory(struct client *c)
{
	D3D11_1DDI_HCRYPTOSESSION s = {garbage(c->f.pfnCalcPrivateCryptoSessionSize(c->device, good_create))};

	return s;
}

static HRESULT create_session(struct client *c, D3D11_1DDI_HCRYPTOSESSION *s)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};

	*s = new_session_memory(c);
	return c->f.pfnCreateCryptoSession(c->device, good_create, *s, runtime);
}

static D3D10DDI_HRESOURCE create_resource(struct client *c, COFFER_DDI_RESOURCE_KIND kind, D3D11_1DDI_HCRYPTOSESSION s)
{
	const COFFER_DDIARG_CREATERESOURCE create = {
		.Kind = kind,
		.Width = WIDTH,
		.Height = HEIGHT,
		.Pitch = WIDTH,
		.hCryptoSession = s,
	};
	D3D10DDI_HRESOURCE r = {garbage(CofferCalcPrivateResourceSize(c->device, &create))};

	assert_int_equal(CofferCreateResource(c->device, &create, r), S_OK);
	return r;
}

static void destroy_resource(struct client *c, D3D10DDI_HRESOURCE r)
{
	CofferDestroyResource(c->device, r);
	free(r.pDrvPrivate);
}

static uint8_t *bytes_of(struct client *c, D3D10DDI_HRESOURCE r)
{
	void *data;
	UINT pitch;

	assert_int_equal(CofferMapResource(c->device, r, &data, &pitch), S_OK);
	assert_int_equal(pitch, WIDTH);
	return data;
}

static int set_up(void **state)
{
	static const D3D11_1DDIARG_CREATECRYPTOSESSION create = {
		.CryptoType = {0x9b6bd711, 0x4f74, 0x41c9, {0x9e, 0x7b, 0x0b, 0xe2, 0xd7, 0xd9, 0x3b, 0x4f}},
		.KeyExchangeType = {0xc1949895, 0xd72a, 0x4a1d, {0x8e, 0x5d, 0xed, 0x85, 0x7d, 0x17, 0x15, 0x20}},
	};

	(void)state;
	good_create = &create;
	open_client(&a);
	open_client(&b);
	assert_int_equal(create_session(&a, &session), S_OK);
	assert_int_equal(create_session(&b, &foreign), S_OK);
	staging = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, session);
	protected_surface = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, session);
	assert_int_equal(coffer_random(session_key, sizeof(session_key)), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	destroy_resource(&a, staging);
	destroy_resource(&a, protected_surface);
	a.f.pfnDestroyCryptoSession(a.device, session);
	b.f.pfnDestroyCryptoSession(b.device, foreign);
	free(session.pDrvPrivate);
	free(foreign.pDrvPrivate);
	CofferCloseDevice(a.device);
	CofferCloseDevice(b.device);
	CofferCloseDevice(b.device); /* nothing any more */
	free(a.device.pDrvPrivate);
	free(b.device.pDrvPrivate);
	coffer_public_key_free(&board_key);
	return 0;
}

/* ---- table, capabilities, sessions ----------------------------------------------------------------------- */

static void table_is_complete_and_sizes_are_checked(void **state)
{
	D3D11_1DDI_VIDEODEVICEFUNCS table;
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = &table};
	D3D11_1DDI_VIDEO_OUTPUT output;
	void *slot;

	(void)state;
	for (size_t i = 0; i < sizeof(a.f) / sizeof(slot); i++) {
		memcpy(&slot, (const uint8_t *)&a.f + i * sizeof(slot), sizeof(slot));
		assert_non_null(slot);
	}
	memset(&table, GARBAGE, sizeof(table));
	for (UINT32 id = 0; id < 10; id++)
		if (id != D3D11_1DDI_VIDEO_FUNCTIONS)
			assert_int_equal(
				CofferRetrieveSubObject(a.device, id, sizeof(input), &input, sizeof(output), &output),
				E_INVALIDARG);
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input) - 1, &input, sizeof(output), &output),
			 E_INVALIDARG);
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input) + 1, &input, sizeof(output), &output),
			 E_INVALIDARG);
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input), &input, 0, &output), E_INVALIDARG);
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input), NULL, sizeof(output), &output),
			 E_INVALIDARG);
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input), &input, sizeof(output), NULL),
			 E_INVALIDARG);
	input.p11VideoDeviceFuncs = NULL;
	assert_int_equal(CofferRetrieveSubObject(a.device, 2, sizeof(input), &input, sizeof(output), &output),
			 E_INVALIDARG);
	assert_true(all_are(&table, GARBAGE, sizeof(table)));
}

static void caps_key_exchanges_and_create_agree(void **state)
{
	static const GUID h264 = {0x1b81be68, 0xa0c7, 0x11d3, {0xb9, 0x84, 0x00, 0xc0, 0x4f, 0x2e, 0x73, 0xc5}};
	const GUID *types[] = {&D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &D3DCRYPTOTYPE_PROPRIETARY, &NULL_GUID, &h264};
	const GUID *profiles[] = {&NULL_GUID, &h264};

	(void)state;
	for (int t = 0; t < 4; t++) {
		for (int p = 0; p < 2; p++) {
			D3D11_1DDIARG_CREATECRYPTOSESSION create = *good_create;
			D3D11_1DDI_HCRYPTOSESSION s = new_session_memory(&a);
			const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
			D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
			bool good = t == 0 && p == 0, has_caps = p == 0 && (t == 0 || t == 2);
			GUID exchange;
			HRESULT result;

			create.CryptoType = *types[t];
			create.DecodeProfile = *profiles[p];
			memset(&caps, GARBAGE, sizeof(caps));
			memset(&exchange, GARBAGE, sizeof(exchange));
			result = a.f.pfnGetContentProtectionCaps(a.device, types[t], profiles[p], &caps);
			assert_int_equal(result, has_caps ? S_OK : D3DDDIERR_UNSUPPORTEDCRYPTO);
			if (!has_caps)
				assert_true(all_are(&caps, 0, sizeof(caps)));
			result = a.f.pfnGetCryptoKeyExchangeType(a.device, types[t], profiles[p], 0, &exchange);
			assert_int_equal(result, good ? S_OK : D3DDDIERR_UNSUPPORTEDCRYPTO);
			assert_memory_equal(&exchange, good ? &D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP : &NULL_GUID, 16);
			result = a.f.pfnCreateCryptoSession(a.device, &create, s, runtime);
			assert_int_equal(result, good ? S_OK : D3DDDIERR_UNSUPPORTEDCRYPTO);
			a.f.pfnDestroyCryptoSession(a.device, s);
			free(s.pDrvPrivate);
		}
	}
}

static void caps_are_what_works(void **state)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
	GUID exchange;

	(void)state;
	assert_int_equal(a.f.pfnGetContentProtectionCaps(a.device, &NULL_GUID, &NULL_GUID, &caps), S_OK);
	assert_int_equal(caps.Caps, 0x0002 | 0x0004 | 0x0008 | 0x0010 | 0x0040 | 0x0080 | 0x0400);
	assert_int_equal(caps.KeyExchangeTypeCount, 1);
	assert_int_equal(caps.BlockAlignmentSize, 16);
	assert_true(caps.ProtectedMemorySize >= 8192 && caps.ProtectedMemorySize % 2048 == 0);
	assert_int_equal(
		a.f.pfnGetCryptoKeyExchangeType(a.device, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &NULL_GUID, 1, &exchange),
		E_INVALIDARG);
}

static void create_answers_with_its_four_codes_only(void **state)
{
	const D3D10DDI_HDEVICE nobody = {garbage(4096)};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	D3D11_1DDIARG_CREATECRYPTOSESSION create = *good_create;
	D3D11_1DDI_HCRYPTOSESSION s = new_session_memory(&a);

	(void)state;
	create.KeyExchangeType = D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION;
	assert_int_equal(a.f.pfnCreateCryptoSession(a.device, &create, s, runtime), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnCreateCryptoSession(a.device, NULL, s, runtime), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnCreateCryptoSession(nobody, good_create, s, runtime), D3DDDIERR_DEVICEREMOVED);
	assert_null(CofferCryptoSession(a.device, s));
	free(s.pDrvPrivate);
	free(nobody.pDrvPrivate);
}

static void slots_run_out_and_come_back(void **state)
{
	D3D11_1DDI_HCRYPTOSESSION s[40];
	int n = 0;

	(void)state;
	while (n < 40 && create_session(&b, &s[n]) == S_OK)
		n++;
	assert_in_range(n, 1, 39);
	assert_null(CofferCryptoSession(b.device, s[n]));
	b.f.pfnDestroyCryptoSession(b.device, s[0]);
	free(s[0].pDrvPrivate);
	assert_int_equal(create_session(&b, &s[0]), S_OK);
	free(s[n].pDrvPrivate);
	assert_int_equal(create_session(&b, &s[n]), E_OUTOFMEMORY);
	assert_int_equal(b.reports, 0);
	for (int i = 0; i <= n; i++) {
		b.f.pfnDestroyCryptoSession(b.device, s[i]);
		b.f.pfnDestroyCryptoSession(b.device, s[i]); /* nothing any more */
		free(s[i].pDrvPrivate);
	}
}

static void unsupported_entries_say_so(void **state)
{
	D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL channel = {D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, NULL};
	const D3D11_1DDI_HAUTHCHANNEL h = {NULL};
	const D3D11_1DDI_HRTAUTHCHANNEL runtime = {NULL};
	const D3D11_1DDI_HDECODE decoder = {NULL};
	uint8_t random[16];
	HANDLE handle = &channel;
	UINT count = 7;

	(void)state;
	assert_int_equal(a.f.pfnCreateAuthenticatedChannel(a.device, &channel, h, runtime),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_int_equal(a.f.pfnCryptoSessionGetHandle(a.device, session, &handle), D3DDDIERR_UNSUPPORTEDCRYPTO);
	assert_null(handle);
	assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, NULL), E_NOTIMPL);
	assert_in_range(a.f.pfnCalcPrivateAuthenticatedChannelSize(a.device, &channel), 1, 64);
	assert_in_range(a.f.pfnCalcPrivateVideoDecoderSize(a.device, NULL), 1, 64);
	memset(random, GARBAGE, sizeof(random));
	a.f.pfnStartSessionKeyRefresh(a.device, session, sizeof(random), random);
	assert_true(all_are(random, 0, sizeof(random)));
	a.f.pfnFinishSessionKeyRefresh(a.device, session);
	a.f.pfnGetVideoDecoderProfileCount(a.device, &count);
	assert_int_equal(count, 0);
	assert_int_equal(a.reports, 0);
}

/* ---- certificate and key exchange --------------------------------------------------------------------------- */

static void certificate_is_whole_or_zero(void **state)
{
	D3D11_1DDI_CERTIFICATE_INFO info = {.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_CRYPTO_SESSION};
	const D3D11_1DDI_CERTIFICATE_INFO channel = {
		.CertificateType = D3D11_1DDI_CERTIFICATE_TYPE_AUTHENTICATED_CHANNEL,
		.ChannelType = D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE,
	};
	coffer_roots *roots;
	UINT size = 0, again = 0;
	uint8_t *chain;

	(void)state;
	info.CryptoSessionType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	a.f.pfnGetCertificateSize(a.device, &info, &size);
	a.f.pfnGetCertificateSize(a.device, &channel, &again);
	assert_in_range(size, 200, COFFER_CHAIN_MAX_BYTES);
	assert_int_equal(size, again);
	chain = garbage(size + 1);
	a.f.pfnGetCertificate(a.device, &info, size - 1, chain);
	assert_true(all_are(chain, 0, size - 1));
	assert_int_equal(chain[size - 1], GARBAGE);
	a.f.pfnGetCertificate(a.device, &info, size, chain);
	assert_int_equal(chain[size], GARBAGE);
	assert_int_equal(coffer_roots_load(&roots, NULL, NULL), 0);
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_RSA, chain, size, &board_key, NULL), 0);
	coffer_roots_free(&roots);
	free(chain);

	info.CryptoSessionType = D3DCRYPTOTYPE_PROPRIETARY;
	a.f.pfnGetCertificateSize(a.device, &info, &size);
	assert_int_equal(size, 0);
}

static void blits_before_the_key_exchange_do_nothing(void **state)
{
	uint8_t iv[16] = {0}, key[16];

	(void)state;
	memset(bytes_of(&a, staging), GARBAGE, BYTES);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, sizeof(iv), iv);
	memset(key, GARBAGE, sizeof(key));
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(key), key);
	assert_true(all_are(key, 0, sizeof(key)));
	memset(iv, GARBAGE, sizeof(iv));
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv);
	assert_true(all_are(iv, 0, sizeof(iv)));
	assert_true(all_are(bytes_of(&a, staging), GARBAGE, BYTES));
	assert_int_equal(a.reports, 0);
}

static void key_exchange(void **state)
{
	uint8_t blob[257];

	(void)state;
	assert_non_null(board_key);
	assert_int_equal(coffer_seal_session_key(board_key, session_key, blob), 0);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 255, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 257, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, NULL), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, foreign, 256, blob), E_INVALIDARG);
	assert_int_equal(b.f.pfnNegotiateCryptoSessionKeyExchange(b.device, session, 256, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, blob), S_OK);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, 256, blob), E_INVALIDARG);
}

/* ---- blits -------------------------------------------------------------------------------------------------- */

static void aes_ecb(const uint8_t key[16], int mode, const uint8_t in[16], uint8_t out[16])
{
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	if (mode == MBEDTLS_AES_ENCRYPT)
		mbedtls_aes_setkey_enc(&aes, key, 128);
	else
		mbedtls_aes_setkey_dec(&aes, key, 128);
	mbedtls_aes_crypt_ecb(&aes, mode, in, out);
	mbedtls_aes_free(&aes);
}

static void aes_ctr(const uint8_t key[16], const uint8_t iv[16], size_t skip, const uint8_t *in, uint8_t *out,
		    size_t size)
{
	uint8_t counter[16], stream[16] = {0}, unused[16];
	mbedtls_aes_context aes;
	size_t offset = 0;

	memcpy(counter, iv, 16);
	mbedtls_aes_init(&aes);
	mbedtls_aes_setkey_enc(&aes, key, 128);
	for (; skip >= 16; skip -= 16)
		mbedtls_aes_crypt_ctr(&aes, 16, &offset, counter, stream, unused, unused);
	mbedtls_aes_crypt_ctr(&aes, skip, &offset, counter, stream, unused, unused);
	mbedtls_aes_crypt_ctr(&aes, size, &offset, counter, stream, in, out);
	mbedtls_aes_free(&aes);
}

static void fresh_iv(uint8_t iv[16])
{
	memset(iv, 0, 16);
	for (int i = 0; i < 8; i++)
		iv[7 - i] = (uint8_t)(next_iv >> 8 * i);
	next_iv++;
}

static void random_picture(uint8_t picture[BYTES])
{
	assert_int_equal(coffer_random(picture, BYTES), 0);
}

/* What the protected surface holds, by an encrypted read-back under a new key. */
static void read_back(uint8_t picture[BYTES])
{
	uint8_t wrapped[16], key[16], iv[16] = {0};

	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(wrapped), wrapped);
	assert_false(all_are(wrapped, 0, 16));
	aes_ecb(session_key, MBEDTLS_AES_DECRYPT, wrapped, key);
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv);
	assert_false(all_are(iv, 0, 16));
	assert_int_equal(iv[0] & 0x80, 0);
	assert_true(all_are(iv + 8, 0, 8));
	aes_ctr(key, iv, 0, bytes_of(&a, staging), picture, BYTES);
}

static void decrypt_under(const uint8_t *content_key, const uint8_t *picture, const uint8_t iv[16])
{
	uint8_t wrapped[16];

	if (content_key)
		aes_ecb(session_key, MBEDTLS_AES_ENCRYPT, content_key, wrapped);
	aes_ctr(content_key ? content_key : session_key, iv, 0, picture, bytes_of(&a, staging), BYTES);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, content_key ? 16 : 0,
			     content_key ? wrapped : NULL, 16, iv);
}

static void picture_goes_in_and_comes_out(void **state)
{
	uint8_t picture[BYTES], seen[BYTES], iv[16], content_key[16];

	(void)state;
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	read_back(seen);
	assert_memory_equal(picture, seen, BYTES);
	random_picture(picture);
	assert_int_equal(coffer_random(content_key, 16), 0);
	fresh_iv(iv);
	decrypt_under(content_key, picture, iv);
	read_back(seen);
	assert_memory_equal(picture, seen, BYTES);
	assert_int_equal(a.reports, 0);
}

/* The picture encrypted with the pattern (first, skip, encrypt), keystream going on over clear bytes. */
static void pattern_encrypt(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, const uint8_t iv[16], const uint8_t *picture)
{
	uint8_t *out = bytes_of(&a, staging);
	size_t at = info->NumEncryptedBytesAtBeginning, stream = at, n;

	aes_ctr(session_key, iv, 0, picture, out, at);
	while (at < BYTES) {
		n = info->NumBytesInEncryptPattern ? info->NumBytesInSkipPattern : BYTES - at;
		n = n < BYTES - at ? n : BYTES - at;
		memcpy(out + at, picture + at, n);
		at += n;
		n = info->NumBytesInEncryptPattern < BYTES - at ? info->NumBytesInEncryptPattern : BYTES - at;
		aes_ctr(session_key, iv, stream, picture + at, out + at, n);
		stream += n;
		at += n;
	}
}

static void patterns(void **state)
{
	static const D3D11_1DDI_ENCRYPTED_BLOCK_INFO good[] = {
		{100, 0, 0}, {0, 16, 16}, {32, 20, 48},  {BYTES, 0, 0},
		{16, 0, 16}, {0, 0, 0},   {64, 7, 1024}, {16, 1, 0},
	};
	static const D3D11_1DDI_ENCRYPTED_BLOCK_INFO bad[] = {
		{100, 20, 2},
		{0, 16, 17},
		{BYTES + 16, 0, 0},
		{1, 1, 1},
	};
	uint8_t picture[BYTES], seen[BYTES], before[BYTES], iv[16];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		random_picture(picture);
		fresh_iv(iv);
		pattern_encrypt(&good[i], iv, picture);
		a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, &good[i], 0, NULL, 16, iv);
		read_back(seen);
		assert_memory_equal(picture, seen, BYTES);
	}
	memcpy(before, seen, BYTES);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fresh_iv(iv);
		a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, &bad[i], 0, NULL, 16, iv);
	}
	read_back(seen);
	assert_memory_equal(before, seen, BYTES);
	assert_int_equal(a.reports, 0);
}

static void misuse_changes_nothing_and_is_not_reported(void **state)
{
	uint8_t picture[BYTES], before[BYTES], seen[BYTES], iv[16], used_iv[16], key[16];
	D3D10DDI_HRESOURCE other = create_resource(&b, COFFER_DDI_RESOURCE_PROTECTED, foreign);
	const D3D10DDI_HRESOURCE none = {NULL};

	(void)state;
	random_picture(picture);
	fresh_iv(used_iv);
	decrypt_under(NULL, picture, used_iv);
	read_back(before);
	random_picture(picture);
	memcpy(bytes_of(&a, staging), picture, BYTES);
	fresh_iv(iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, 16, used_iv); /* again */
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, 8, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, 16, NULL);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 15, key, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, none, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, protected_surface, staging, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, foreign, staging, protected_surface, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(b.device, session, staging, protected_surface, NULL, 0, NULL, 16, iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, other, NULL, 0, NULL, 16, iv);
	memset(iv, GARBAGE, sizeof(iv));
	b.f.pfnEncryptionBlt(b.device, session, protected_surface, staging, 16, iv);
	assert_true(all_are(iv, 0, 16));
	memset(key, GARBAGE, sizeof(key));
	b.f.pfnGetEncryptionBltKey(b.device, session, 16, key);
	assert_true(all_are(key, 0, 16));
	memset(key, GARBAGE, sizeof(key));
	a.f.pfnGetEncryptionBltKey(a.device, session, 15, key);
	assert_true(all_are(key, 0, 15));
	assert_null(CofferCryptoSession(b.device, session));
	assert_memory_equal(bytes_of(&a, staging), picture, BYTES);
	read_back(seen);
	assert_memory_equal(before, seen, BYTES);
	assert_int_equal(a.reports + b.reports, 0);
	destroy_resource(&b, other);
}

static void read_back_key_s_wrapped_form_is_no_content_key(void **state)
{
	uint8_t picture[BYTES], before[BYTES], seen[BYTES], wrapped[16], iv[16];

	(void)state;
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	read_back(before);
	a.f.pfnGetEncryptionBltKey(a.device, session, 16, wrapped);
	fresh_iv(iv);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 16, wrapped, 16, iv);
	read_back(seen);
	assert_memory_equal(before, seen, BYTES);
	assert_int_equal(a.reports, 0);
}

static void read_back_ivs_rise(void **state)
{
	uint8_t last[16] = {0}, iv[16], key[16];

	(void)state;
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(key), key);
	for (int i = 0; i < 4; i++) {
		a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, 16, iv);
		assert_true(memcmp(iv, last, 16) > 0);
		memcpy(last, iv, 16);
	}
}

static void resources_refuse_nonsense(void **state)
{
	COFFER_DDIARG_CREATERESOURCE create = {
		.Kind = COFFER_DDI_RESOURCE_STAGING, .Width = 16, .Height = 4, .Pitch = 16};
	D3D10DDI_HRESOURCE r = {garbage(CofferCalcPrivateResourceSize(a.device, &create))};
	void *data = &create;
	UINT pitch = 1;

	(void)state;
	create.Pitch = 15;
	assert_int_equal(CofferCreateResource(a.device, &create, r), E_INVALIDARG);
	create.Pitch = UINT32_MAX;
	create.Height = UINT32_MAX;
	assert_int_equal(CofferCreateResource(a.device, &create, r), E_INVALIDARG);
	create = (COFFER_DDIARG_CREATERESOURCE){
		.Kind = COFFER_DDI_RESOURCE_PROTECTED, .Width = 16, .Height = 4, .Pitch = 16};
	create.hCryptoSession = foreign;
	assert_int_equal(CofferCreateResource(a.device, &create, r), E_INVALIDARG);
	create.hCryptoSession = session;
	create.Height = 1u << 20; /* 16 MiB: more than any board has */
	assert_int_equal(CofferCreateResource(a.device, &create, r), E_OUTOFMEMORY);
	assert_int_equal(CofferMapResource(a.device, protected_surface, &data, &pitch), E_INVALIDARG);
	assert_true(data == NULL && pitch == 0);
	CofferDestroyResource(a.device, r);
	free(r.pDrvPrivate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_complete_and_sizes_are_checked),
		cmocka_unit_test(caps_key_exchanges_and_create_agree),
		cmocka_unit_test(caps_are_what_works),
		cmocka_unit_test(create_answers_with_its_four_codes_only),
		cmocka_unit_test(slots_run_out_and_come_back),
		cmocka_unit_test(unsupported_entries_say_so),
		cmocka_unit_test(certificate_is_whole_or_zero),
		cmocka_unit_test(blits_before_the_key_exchange_do_nothing),
		cmocka_unit_test(key_exchange),
		cmocka_unit_test(picture_goes_in_and_comes_out),
		cmocka_unit_test(patterns),
		cmocka_unit_test(misuse_changes_nothing_and_is_not_reported),
		cmocka_unit_test(read_back_key_s_wrapped_form_is_no_content_key),
		cmocka_unit_test(read_back_ivs_rise),
		cmocka_unit_test(resources_refuse_nonsense),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
