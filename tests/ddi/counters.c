/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of DecryptionBlt: (IV, Count) only rises under a key, and Count does not wrap. */
#include "client.h"

#include <string.h>

#define SMALL 48u /* three blocks */

static D3D10DDI_HRESOURCE small_staging, small_surface, read_staging;

static void open_small(void)
{
	small_staging = create_shape(&a, COFFER_DDI_RESOURCE_STAGING, session, SMALL, 1);
	read_staging = create_shape(&a, COFFER_DDI_RESOURCE_STAGING, session, SMALL, 1);
	small_surface = create_shape(&a, COFFER_DDI_RESOURCE_PROTECTED, session, SMALL, 1);
}

static void close_small(void)
{
	destroy_resource(&a, small_surface);
	destroy_resource(&a, small_staging);
	destroy_resource(&a, read_staging);
	assert_int_equal(a.reports, 0);
}

static void set_count(uint8_t iv[16], uint64_t count)
{
	for (int i = 0; i < 8; i++)
		iv[15 - i] = (uint8_t)(count >> 8 * i);
}

/* Three blocks from this count on: is the destination what was encrypted? If not, it is as it was. */
static bool takes(const uint8_t *content_key, uint8_t iv[16], uint64_t count)
{
	uint8_t data[SMALL], seen[SMALL], before[SMALL], wrapped[16];

	read_back_of(small_surface, read_staging, before, SMALL);
	assert_int_equal(coffer_random(data, SMALL), 0);
	set_count(iv, count);
	aes_ctr(content_key ? content_key : session_key, iv, 0, data, bytes_of(&a, small_staging), SMALL);
	if (content_key)
		aes_ecb(session_key, AES_ENCRYPT, content_key, wrapped);
	a.f.pfnDecryptionBlt(a.device, session, small_staging, small_surface, NULL, content_key ? 16 : 0,
			     content_key ? wrapped : NULL, 16, iv);
	read_back_of(small_surface, read_staging, seen, SMALL);
	if (!memcmp(seen, data, SMALL))
		return true;
	assert_memory_equal(seen, before, SMALL);
	return false;
}

/* The documents' example: three buffers of three blocks, IV the same, Count 1, 4, 7. */
void counts_go_on_from_buffer_to_buffer(void **state)
{
	uint8_t iv[16], key[16];

	(void)state;
	open_small();
	assert_int_equal(coffer_random(key, sizeof(key)), 0);
	for (int content = 0; content < 2; content++) {
		fresh_iv(iv);
		for (uint64_t count = 1; count <= 7; count += 3)
			assert_true(takes(content ? key : NULL, iv, count));
	}
	close_small();
}

void ranges_that_overlap_are_refused(void **state)
{
	static const struct {
		uint64_t count;
		bool good;
	} steps[] = {{1, true},  {1, false}, {2, false}, {3, false},  {0, false},  {4, true},
		     {6, false}, {7, true},  {20, true}, {10, false}, {22, false}, {23, true}};
	uint8_t iv[16], last[16], key[16];

	(void)state;
	open_small();
	assert_int_equal(coffer_random(key, sizeof(key)), 0);
	for (int content = 0; content < 2; content++) {
		fresh_iv(last);
		fresh_iv(iv);
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			assert_int_equal(takes(content ? key : NULL, iv, steps[i].count), steps[i].good);
		assert_false(takes(content ? key : NULL, last, 1000)); /* a lower IV */
		fresh_iv(iv);
		assert_true(takes(content ? key : NULL, iv, 0)); /* a higher one begins where it likes */
	}
	close_small();
}

void ranges_that_wrap_are_refused(void **state)
{
	const D3D11_1DDI_ENCRYPTED_BLOCK_INFO pattern = {0, 16, 16};
	D3D10DDI_HRESOURCE source = create_shape(&a, COFFER_DDI_RESOURCE_STAGING, session, 64, 130);
	D3D10DDI_HRESOURCE target = create_shape(&a, COFFER_DDI_RESOURCE_PROTECTED, session, 64, 130);
	uint8_t seen[64 * 130], iv[16];

	(void)state;
	open_small();
	fresh_iv(iv);
	assert_false(takes(NULL, iv, UINT64_MAX));
	assert_false(takes(NULL, iv, UINT64_MAX - 1));
	/* 260 runs are more than one job of the board: the wrap would come in a later one. */
	set_count(iv, UINT64_MAX - 200);
	memset(bytes_of(&a, source), GARBAGE, sizeof(seen));
	a.f.pfnDecryptionBlt(a.device, session, source, target, &pattern, 0, NULL, 16, iv);
	read_back_of(target, source, seen, sizeof(seen));
	assert_true(all_are(seen, 0, sizeof(seen)));
	assert_true(takes(NULL, iv, UINT64_MAX - 2)); /* ends exactly at the top */
	assert_false(takes(NULL, iv, 0));
	destroy_resource(&a, target);
	destroy_resource(&a, source);
	close_small();
}
