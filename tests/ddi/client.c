/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/aes.h>

struct client a, b;
D3D11_1DDI_HCRYPTOSESSION session;
D3D11_1DDI_HCRYPTOSESSION foreign;
D3D10DDI_HRESOURCE staging, protected_surface;
uint8_t session_key[16];
coffer_public_key *board_key;
const D3D11_1DDIARG_CREATECRYPTOSESSION *good_create;
static uint64_t next_iv = 1;

void *garbage(size_t size)
{
	void *memory = malloc(size);

	assert_non_null(memory);
	return memset(memory, GARBAGE, size);
}

bool all_are(const void *memory, uint8_t value, size_t size)
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

HRESULT retrieve(struct client *c, UINT32 id, void *table)
{
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = table};
	D3D11_1DDI_VIDEO_OUTPUT output;

	return CofferRetrieveSubObject(c->device, id, sizeof(input), &input, sizeof(output), &output);
}

static void open_client(struct client *c)
{
	const COFFER_DDIARG_OPENDEVICE open = {
		.Size = sizeof(open),
		.hRTCoreLayer = {c},
		.pfnSetErrorCb = on_error,
	};

	c->device.pDrvPrivate = garbage(CofferCalcPrivateDeviceSize(&open));
	assert_int_equal(CofferOpenDevice(&open, c->device), S_OK);
	assert_int_equal(retrieve(c, D3D11_1DDI_VIDEO_FUNCTIONS, &c->f), S_OK);
	assert_int_equal(retrieve(c, D3DWDDM2_0DDI_VIDEO_FUNCTIONS, &c->f20), S_OK);
	assert_int_equal(retrieve(c, D3DWDDM2_4DDI_VIDEO_FUNCTIONS_RS4_0, &c->rs4), S_OK);
	assert_int_equal(retrieve(c, D3DWDDM2_4DDI_VIDEO_FUNCTIONS, &c->f24), S_OK);
}

D3D11_1DDI_HCRYPTOSESSION new_session_memory(struct client *c)
{
	D3D11_1DDI_HCRYPTOSESSION s = {garbage(c->f.pfnCalcPrivateCryptoSessionSize(c->device, good_create))};

	return s;
}

HRESULT create_session(struct client *c, D3D11_1DDI_HCRYPTOSESSION *s)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};

	*s = new_session_memory(c);
	return c->f.pfnCreateCryptoSession(c->device, good_create, *s, runtime);
}

D3D10DDI_HRESOURCE create_shape(struct client *c, COFFER_DDI_RESOURCE_KIND kind, D3D11_1DDI_HCRYPTOSESSION s,
				UINT width, UINT height)
{
	const COFFER_DDIARG_CREATERESOURCE create = {
		.Kind = kind,
		.Width = width,
		.Height = height,
		.Pitch = width,
		.hCryptoSession = s,
	};
	D3D10DDI_HRESOURCE r = {garbage(CofferCalcPrivateResourceSize(c->device, &create))};

	assert_int_equal(CofferCreateResource(c->device, &create, r), S_OK);
	return r;
}

D3D10DDI_HRESOURCE create_resource(struct client *c, COFFER_DDI_RESOURCE_KIND kind, D3D11_1DDI_HCRYPTOSESSION s)
{
	return create_shape(c, kind, s, WIDTH, HEIGHT);
}

void destroy_resource(struct client *c, D3D10DDI_HRESOURCE r)
{
	CofferDestroyResource(c->device, r);
	free(r.pDrvPrivate);
}

uint8_t *bytes_of(struct client *c, D3D10DDI_HRESOURCE r)
{
	void *data;
	UINT pitch;

	assert_int_equal(CofferMapResource(c->device, r, &data, &pitch), S_OK);
	assert_int_not_equal(pitch, 0);
	return data;
}

int set_up(void **state)
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

int tear_down(void **state)
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

/* ---- AES, pictures ------------------------------------------------------------------------------------------ */

void aes_ecb(const uint8_t key[16], int mode, const uint8_t in[16], uint8_t out[16])
{
	mbedtls_aes_context aes;

	mbedtls_aes_init(&aes);
	if (mode == AES_ENCRYPT)
		mbedtls_aes_setkey_enc(&aes, key, 128);
	else
		mbedtls_aes_setkey_dec(&aes, key, 128);
	mbedtls_aes_crypt_ecb(&aes, mode == AES_ENCRYPT ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, in, out);
	mbedtls_aes_free(&aes);
}

void aes_ctr(const uint8_t key[16], const uint8_t iv[16], size_t skip, const uint8_t *in, uint8_t *out, size_t size)
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

void fresh_iv(uint8_t iv[16])
{
	memset(iv, 0, 16);
	for (int i = 0; i < 8; i++)
		iv[7 - i] = (uint8_t)(next_iv >> 8 * i);
	next_iv++;
}

void random_picture(uint8_t picture[BYTES])
{
	assert_int_equal(coffer_random(picture, BYTES), 0);
}

/* `source` and `target` are of one shape, of `size` bytes. */
void read_back_of(D3D10DDI_HRESOURCE source, D3D10DDI_HRESOURCE target, uint8_t *picture, size_t size)
{
	uint8_t wrapped[16], key[16], iv[16] = {0};

	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(wrapped), wrapped);
	assert_false(all_are(wrapped, 0, 16));
	aes_ecb(session_key, AES_DECRYPT, wrapped, key);
	a.f.pfnEncryptionBlt(a.device, session, source, target, sizeof(iv), iv);
	assert_false(all_are(iv, 0, 16));
	assert_int_equal(iv[0] & 0x80, 0);
	assert_true(all_are(iv + 8, 0, 8));
	aes_ctr(key, iv, 0, bytes_of(&a, target), picture, size);
}

void read_back(uint8_t picture[BYTES])
{
	read_back_of(protected_surface, staging, picture, BYTES);
}

void decrypt_under(const uint8_t *content_key, const uint8_t *picture, const uint8_t iv[16])
{
	uint8_t wrapped[16];

	if (content_key)
		aes_ecb(session_key, AES_ENCRYPT, content_key, wrapped);
	aes_ctr(content_key ? content_key : session_key, iv, 0, picture, bytes_of(&a, staging), BYTES);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, content_key ? 16 : 0,
			     content_key ? wrapped : NULL, 16, iv);
}
