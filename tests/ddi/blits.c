/* SPDX-License-Identifier: Apache-2.0 */
/* Blits: pictures and patterns that go in and come out again, and what leaves everything as it was. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

void picture_goes_in_and_comes_out(void **state)
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

void patterns(void **state)
{
	static const D3D11_1DDI_ENCRYPTED_BLOCK_INFO good[] = {
		{100, 0, 0},          {0, 16, 16},         {32, 20, 48},
		{BYTES, 0, 0},        {16, 0, 16},         {0, 0, 0},
		{64, 7, 1024},        {16, 1, 0},          {0, UINT32_MAX, UINT32_MAX},
		{16, UINT32_MAX, 16}, {16, 1, UINT32_MAX}, {0, 0, UINT32_MAX},
	};
	static const D3D11_1DDI_ENCRYPTED_BLOCK_INFO bad[] = {
		{100, 20, 2},
		{0, 16, 17},
		{BYTES + 16, 0, 0},
		{1, 1, 1},
		{0, 1, 1},
		{UINT32_MAX, 0, 0},
		{UINT32_MAX, UINT32_MAX, UINT32_MAX},
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

void misuse_changes_nothing_and_is_not_reported(void **state)
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

/* As many bytes in another shape are another picture. */
void shapes_have_to_agree(void **state)
{
	static const UINT shapes[][2] = {
		{WIDTH, HEIGHT / 2}, {WIDTH / 2, HEIGHT * 2}, {WIDTH * 2, HEIGHT / 2}, {WIDTH, HEIGHT + 1}};
	uint8_t picture[BYTES], seen[BYTES], iv[16];

	(void)state;
	random_picture(picture);
	fresh_iv(iv);
	decrypt_under(NULL, picture, iv);
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		size_t bytes = (size_t)shapes[i][0] * shapes[i][1];
		D3D10DDI_HRESOURCE other =
			create_shape(&a, COFFER_DDI_RESOURCE_STAGING, session, shapes[i][0], shapes[i][1]);

		memset(bytes_of(&a, other), GARBAGE, bytes);
		fresh_iv(iv);
		a.f.pfnDecryptionBlt(a.device, session, other, protected_surface, NULL, 0, NULL, 16, iv);
		a.f.pfnEncryptionBlt(a.device, session, protected_surface, other, 16, iv);
		assert_true(all_are(iv, 0, 16));
		assert_true(all_are(bytes_of(&a, other), GARBAGE, bytes));
		destroy_resource(&a, other);
	}
	read_back(seen);
	assert_memory_equal(picture, seen, BYTES);
	assert_int_equal(a.reports, 0);
}

void read_back_key_s_wrapped_form_is_no_content_key(void **state)
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

void read_back_ivs_rise(void **state)
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

void resources_refuse_nonsense(void **state)
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
