/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's channels with its own AES: the MAC against published vectors, and what becomes of every message, in the
 * layouts of 64-bit and 32-bit programs alike. Identifiers are those of the DDI's header.
 */
#include "app.h"

#include <string.h>

#include <mbedtls/aes.h>

/* ---- the MAC --------------------------------------------------------------------------------------------------- */

/* RFC 4493 section 4. */
static void vectors_of_cmac(void **unused)
{
	static const uint8_t message[64] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
		0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
		0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
		0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
	static const struct {
		size_t bytes;
		uint8_t mac[16];
	} good[] = {
		{0, {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3, 0x7d, 0x12, 0x9b, 0x75, 0x67, 0x46}},
		{16, {0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0, 0x4a, 0x28, 0x7c}},
		{40, {0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8, 0x27}},
		{64, {0x51, 0xf0, 0xbe, 0xbf, 0x7e, 0x3b, 0x9d, 0x92, 0xfc, 0x49, 0x74, 0x17, 0x79, 0x36, 0x3c, 0xfe}},
	};
	uint8_t mac[16];

	(void)unused;
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++) {
		cmac(key, message, good[k].bytes, mac);
		assert_memory_equal(mac, good[k].mac, 16);
	}
}

/* FIPS 197 appendix C. */
static void vectors_of_aes(void **unused)
{
	static const uint8_t good[3][16] = {
		{0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a},
		{0xdd, 0xa9, 0x7c, 0xa4, 0x86, 0x4c, 0xdf, 0xe0, 0x6e, 0xaf, 0x70, 0xa0, 0xec, 0x0d, 0x71, 0x91},
		{0x8e, 0xa2, 0xb7, 0xca, 0x51, 0x67, 0x45, 0xbf, 0xea, 0xfc, 0x49, 0x90, 0x4b, 0x49, 0x60, 0x89}};
	uint8_t long_key[32], block[16];
	mbedtls_aes_context aes;

	(void)unused;
	for (unsigned k = 0; k < sizeof(long_key); k++)
		long_key[k] = (uint8_t)k;
	for (unsigned k = 0; k < 3; k++) {
		for (unsigned i = 0; i < sizeof(block); i++)
			block[i] = (uint8_t)(0x11 * i);
		mbedtls_aes_init(&aes);
		assert_int_equal(mbedtls_aes_setkey_enc(&aes, long_key, 128 + 64 * k), 0);
		assert_int_equal(mbedtls_aes_crypt_ecb(&aes, MBEDTLS_AES_ENCRYPT, block, block), 0);
		assert_memory_equal(block, good[k], 16);
	}
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static void handles_and_states(void **unused)
{
	(void)unused;
	fresh_channel();
	assert_int_equal(channel_answer(CTX)->result, COFFER_ERR_STATE);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_PROTECTION, 1, 0, 0, NULL);
	sent.channel = channel + 0x100;
	assert_int_equal(command(56), COFFER_ERR_HANDLE);
	sent.channel = 0;
	assert_int_equal(command(56), COFFER_ERR_HANDLE);
	sent.channel = channel;
	assert_int_equal(channel_command(CTX + 1, 56, &sent, length), COFFER_ERR_HANDLE);
	assert_int_equal(command(56), COFFER_OK);
	assert_int_equal(channel_answer(CTX)->result, COFFER_PENDING);
	assert_int_equal(command(56), COFFER_PENDING);
	holds = true; /* a negotiation's answer goes first */
	channel_poll();
	assert_int_equal(channel_answer(CTX)->result, COFFER_PENDING);
	holds = false;
	channel_poll();
	assert_int_equal(channel_answer(CTX)->result, COFFER_OK);
	channel_forget(CTX);
	assert_int_equal(channel_answer(CTX)->result, COFFER_ERR_HANDLE);
	assert_int_equal(command(56), COFFER_ERR_HANDLE);
	sent.channel = 0;
	assert_int_equal(command(56), COFFER_ERR_HANDLE);
	sent.channel = channel;
	channel_begin(&(struct session){.handle = channel, .ctx = CTX, .kind = COFFER_CHANNEL_64});
	assert_int_equal(command(56), COFFER_ERR_STATE); /* no key yet, nor the last one's */
}

static void end_it(void)
{
	meanwhile = NULL;
	channel_forget(CTX);
}

static void replace_it(void)
{
	meanwhile = NULL;
	fresh_channel();
}

/* A channel that ends while its message is worked on: the answer goes nowhere, not to the next one either. */
static void ends_under_way(void **unused)
{
	void (*const ways[])(void) = {end_it, replace_it};

	(void)unused;
	for (unsigned k = 0; k < 2; k++) {
		fresh_channel();
		initialize(1, 1);
		compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, 1, 3, 0,
			(uint32_t[]){DECODER, SESSION, DEVICE});
		give_mac();
		assert_int_equal(command(0), COFFER_OK);
		meanwhile = ways[k];
		channel_poll();
		assert_null(meanwhile);
		assert_int_equal(channel_answer(CTX)->result, k == 0 ? COFFER_ERR_HANDLE : COFFER_ERR_STATE);
		assert_int_equal(channel_answer(CTX)->message[0], 0);
	}
	assert_int_equal(ask_type(1), E_INVALIDARG); /* the new one was not initialized by it */
}

/* ---- numbers -------------------------------------------------------------------------------------------------------- */

static void numbers_rise(void **unused)
{
	(void)unused;
	fresh_channel();
	assert_int_equal(ask_type(1), E_INVALIDARG);
	assert_int_equal(protect(1, 1), E_INVALIDARG);
	initialize(100, 7);
	assert_int_equal(ask_type(99), E_INVALIDARG);
	assert_int_equal(ask_type(7), E_INVALIDARG); /* the other's start */
	assert_int_equal(ask_type(100), S_OK);
	assert_int_equal(ask_type(100), E_INVALIDARG);
	assert_int_equal(ask_type(101), S_OK);
	assert_int_equal(ask_type(0x80000000u), S_OK);
	assert_int_equal(ask_type(102), E_INVALIDARG);
	assert_int_equal(protect(6, 1), E_INVALIDARG);
	assert_int_equal(protect(7, 1), S_OK);
	assert_int_equal(protect(7, 1), E_INVALIDARG);
	assert_int_equal(protect(8, 1), S_OK);
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, 9, 0, 2, (uint32_t[]){1, 1});
	assert_int_equal(order(), E_INVALIDARG); /* once */
	assert_int_equal(ask_type(0xFFFFFFFEu), S_OK);
	assert_int_equal(ask_type(0xFFFFFFFFu), S_OK);
	assert_int_equal(ask_type(0xFFFFFFFFu), E_INVALIDARG);
	assert_int_equal(ask_type(0), E_INVALIDARG); /* no wrap */
	assert_int_equal(ask_type(1), E_INVALIDARG);
	assert_int_equal(protect(9, 1), S_OK); /* the other counter goes on */
	fresh_channel();
	initialize(0, 0xFFFFFFFFu);
	assert_int_equal(ask_type(0), S_OK);
	assert_int_equal(ask_type(0), E_INVALIDARG);
	assert_int_equal(protect(0xFFFFFFFFu, 1), S_OK);
	assert_int_equal(protect(0xFFFFFFFFu, 1), E_INVALIDARG);
	assert_int_equal(protect(0, 1), E_INVALIDARG);
}

/* Any bit of the MAC or of what it covers. Nothing is done, and the number is still good. */
static void flipped_bits(void **unused)
{
	(void)unused;
	fresh_channel();
	initialize(1, 1);
	for (unsigned bit = 0;; bit++) {
		compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, 1, 3, 0,
			(uint32_t[]){DECODER, SESSION, DEVICE});
		give_mac();
		if (bit == 8 * length)
			break;
		sent.message[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(run(0, header()), E_INVALIDARG);
	}
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION, 1, 1, 0, (uint32_t[]){DECODER});
	assert_int_equal(ask(n == 2 ? 72 : 56), E_INVALIDARG); /* not bound */
	assert_int_equal(protect(1, 1), S_OK);
}

/* ---- orders ----------------------------------------------------------------------------------------------------------- */

static HRESULT bind(uint32_t number, uint32_t decoder, uint32_t session, uint32_t device)
{
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, number, 3, 0,
		(uint32_t[]){decoder, session, device});
	return order();
}

static HRESULT ask_bound(uint32_t number, uint32_t decoder)
{
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION, number, 1, 0, &decoder);
	return ask(n == 2 ? 72 : 56);
}

static void orders(void **unused)
{
	uint32_t guid[4];

	(void)unused;
	fresh_channel();
	initialize(1, 1);
	assert_int_equal(protect(1, 0), S_OK);
	assert_int_equal(protect(2, 1), S_OK);
	for (unsigned bit = 1; bit < 32; bit++)
		assert_int_equal(protect(2 + bit, 1u << bit | 1), E_INVALIDARG);
	memcpy(guid, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, sizeof(guid));
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID, 40, 0, 4, guid);
	assert_int_equal(order(), S_OK);
	guid[3] ^= 0x80000000u;
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID, 41, 0, 4, guid);
	assert_int_equal(order(), E_INVALIDARG);

	assert_int_equal(bind(50, DECODER, OPEN, DEVICE), E_INVALIDARG); /* its plaintext is not protected */
	assert_int_equal(bind(51, DECODER, SESSION + 0x100, DEVICE), E_INVALIDARG);
	assert_int_equal(bind(52, DECODER, channel, DEVICE), E_INVALIDARG);
	assert_int_equal(bind(53, DECODER, SESSION, DEVICE + 0x100), E_INVALIDARG);
	assert_int_equal(bind(54, DECODER, SESSION, DEVICE + 1), E_INVALIDARG);
	assert_int_equal(bind(55, DECODER, SESSION, 0), E_INVALIDARG);
	assert_int_equal(ask_bound(1, DECODER), E_INVALIDARG);
	assert_int_equal(ask_bound(2, 0), E_INVALIDARG);
	if (n == 2) { /* longer than any handle of ours */
		for (unsigned k = 1; k < 3; k++) {
			compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, 55 + k, 3, 0,
				(uint32_t[]){DECODER, SESSION, DEVICE});
			words()[12 + 2 * k + 1] = 1;
			assert_int_equal(order(), E_INVALIDARG);
		}
	}
	assert_int_equal(bind(60, DECODER, SESSION, DEVICE), S_OK);
	assert_int_equal(ask_bound(3, DECODER), S_OK);
	assert_int_equal(results()[0], DECODER);
	assert_int_equal(results()[n], SESSION);
	assert_int_equal(results()[2 * n], DEVICE);
	assert_int_equal(ask_bound(4, DECODER + 1), E_INVALIDARG);
	assert_int_equal(bind(61, DECODER + 1, SESSION, DEVICE), S_OK); /* the last one counts */
	assert_int_equal(ask_bound(5, DECODER), E_INVALIDARG);
	assert_int_equal(ask_bound(6, DECODER + 1), S_OK);
	session_ended = true;
	assert_int_equal(ask_bound(7, DECODER + 1), E_INVALIDARG);
}

/* Each known one, cut and lengthened by what fits into a message. */
static void lengths_of_orders(void **unused)
{
	static const GUID *const types[] = {&D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID};
	static const size_t good[4][2] = {{48, 56}, {44, 56}, {52, 72}, {56, 64}};

	(void)unused;
	for (unsigned t = 0; t < 4; t++) {
		for (size_t bytes = COFFER_CHANNEL_LEAST; bytes <= COFFER_CHANNEL_MOST; bytes++) {
			fresh_channel();
			if (t != 0)
				initialize(1, 1);
			compose(types[t], 1, 0, 0, NULL);
			length = bytes;
			if (t == 2) {
				words()[8 + 3 * n] = SESSION;
				words()[8 + 4 * n] = DEVICE;
			}
			if (t == 3)
				memcpy(words() + 8 + 2 * n, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, 16);
			memset(sent.message + bytes, 0, sizeof(sent.message) - bytes);
			assert_int_equal(order(), bytes == good[t][n - 1] ? S_OK : E_INVALIDARG);
		}
	}
}

/* ---- queries --------------------------------------------------------------------------------------------------------- */

static void queries(void **unused)
{
	static const struct {
		const GUID *type;
		uint8_t in_handles, in_words;
		uint32_t in[3];
		size_t room[2];
		uint8_t handles, words;
		uint32_t out[5];
	} known[] = {
		{&D3D11_1DDI_AUTHENTICATED_QUERY_PROTECTION, 0, 0, {0}, {48, 56}, 0, 1, {1}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, 0, 0, {0}, {48, 56}, 0, 1, {3}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_DEVICE_HANDLE, 0, 0, {0}, {48, 56}, 1, 0, {DEVICE}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_COUNT,
		 0,
		 0,
		 {0},
		 {48, 56},
		 0,
		 1,
		 {0}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_COUNT,
		 2,
		 0,
		 {DEVICE, SESSION},
		 {56, 72},
		 2,
		 1,
		 {DEVICE, SESSION, 0}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_ACCESSIBILITY_ATTRIBUTES,
		 0,
		 0,
		 {0},
		 {56, 64},
		 0,
		 3,
		 {D3D11_1DDI_BUS_TYPE_OTHER | D3D11_1DDI_BUS_IMPL_MODIFIER_NON_STANDARD, 0, 0}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_ENCRYPTION_WHEN_ACCESSIBLE_GUID_COUNT, 0, 0, {0}, {48, 56}, 0, 1, {1}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_ENCRYPTION_WHEN_ACCESSIBLE_GUID,
		 0,
		 1,
		 {0},
		 {64, 72},
		 0,
		 5,
		 {0, 0x9b6bd711, 0x41c94f74, 0xe20b7b9e, 0x4f3bd9d7}},
		{&D3D11_1DDI_AUTHENTICATED_QUERY_CURRENT_ENCRYPTION_WHEN_ACCESSIBLE,
		 0,
		 0,
		 {0},
		 {60, 64},
		 0,
		 4,
		 {0x9b6bd711, 0x41c94f74, 0xe20b7b9e, 0x4f3bd9d7}},
	};

	(void)unused;
	fresh_channel();
	initialize(1, 1);
	for (uint32_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
		const uint32_t *at, *out = known[k].out;
		size_t room = known[k].room[n - 1];

		compose(known[k].type, k + 1, known[k].in_handles, known[k].in_words, known[k].in);
		/* bytes of the host's beyond the parameters come into no result */
		memset(sent.message + length, 0xFF, sizeof(sent.message) - length);
		length = sizeof(sent.message);
		assert_int_equal(ask(room), S_OK);
		at = results();
		for (unsigned h = 0; h < known[k].handles; h++, at += n)
			assert_true(at[0] == *out++ && (n == 1 || at[1] == 0));
		for (unsigned w = 0; w < known[k].words; w++)
			assert_int_equal(*at++, *out++);
		for (; (const uint8_t *)at < answer->message + room; at++)
			assert_int_equal(*at, 0);
	}
}

static void refused_queries(void **unused)
{
	const uint32_t other_device[] = {DEVICE + 1, SESSION, 0}, stale_session[] = {DEVICE, SESSION + 0x100, 0},
		       index[] = {1, 0, 0}, right[] = {DEVICE, SESSION, 0};
	uint32_t number = 1;

	(void)unused;
	fresh_channel();
	initialize(1, 1);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_COUNT, number++, 2, 0, other_device);
	assert_int_equal(ask(n == 2 ? 72 : 56), E_INVALIDARG);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_COUNT, number++, 2, 0, stale_session);
	assert_int_equal(ask(n == 2 ? 72 : 56), E_INVALIDARG);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID, number++, 2, 1, right);
	assert_int_equal(ask(n == 2 ? 80 : 64), E_INVALIDARG);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS, number++, 0, 1, right + 2);
	assert_int_equal(ask(n == 2 ? 64 : 56), E_INVALIDARG);
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_ENCRYPTION_WHEN_ACCESSIBLE_GUID, number++, 0, 1, index);
	assert_int_equal(ask(n == 2 ? 72 : 64), E_INVALIDARG);

	/* Room for less than a header, and for more than any answer: E_INVALIDARG, and the number is not used up. */
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number, 0, 0, NULL);
	assert_int_equal(run(1, header()), E_INVALIDARG);
	assert_int_equal(run((uint16_t)(header() - 1), header()), E_INVALIDARG);
	assert_int_equal(run(COFFER_CHANNEL_MOST + 1, header()), E_INVALIDARG);
	assert_int_equal(run(0xFFFF, header()), E_INVALIDARG);
	words()[8]++; /* another channel's handle in the message */
	assert_int_equal(ask(56), E_INVALIDARG);
	assert_int_equal(ask_type(number), S_OK);
}

static void unknown_types(void **unused)
{
	GUID type = D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE;
	uint32_t number = 1;

	(void)unused;
	fresh_channel();
	initialize(1, 1);
	for (unsigned bit = 0; bit < 128; bit++) {
		((uint8_t *)&type)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		compose(&type, number++, 0, 0, NULL);
		assert_int_equal(run(72, header()), E_FAIL);
		((uint8_t *)&type)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* Of software channels; and each where the other belongs. */
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_UNRESTRICTED_PROTECTED_SHARED_RESOURCE_COUNT, number++, 0, 0, NULL);
	assert_int_equal(run(56, header()), E_FAIL);
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, number++, 0, 0, NULL);
	assert_int_equal(run(56, header()), E_FAIL);
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_SHARED_RESOURCE_GUID, 1, 3, 0, (uint32_t[]){1, 2, 3});
	assert_int_equal(order(), E_FAIL);
	assert_int_equal(order(), E_INVALIDARG); /* its number is used up */
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_PROTECTION, 2, 0, 1, (uint32_t[]){1});
	assert_int_equal(order(), E_FAIL);
}

/* No answer of the board's, whatever it was to, is taken for a configuration. */
static void answers_are_no_orders(void **unused)
{
	static const GUID *const types[] = {&D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID,
					    &D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID};

	(void)unused;
	for (unsigned t = 0; t < 4; t++) {
		for (unsigned room = 0; room <= COFFER_CHANNEL_MOST; room++) {
			fresh_channel();
			if (t != 0)
				initialize(1, 1);
			compose(types[t], room == 0 ? 1 : 2, 0, 0, NULL);
			assert_int_equal(command((uint16_t)room), COFFER_OK); /* without a MAC */
			channel_poll();
			answer = channel_answer(CTX);
			length = answer->bytes;
			memcpy(sent.message, answer->message, sizeof(sent.message));
			assert_int_equal(run(0, header()), E_INVALIDARG);
		}
	}
	fresh_channel();
	initialize(1, 1);
	assert_int_equal(protect(1, 1), S_OK);
	length = header();
	memcpy(sent.message, answer->message, sizeof(sent.message));
	assert_int_equal(run(0, header()), E_INVALIDARG);
}

static int with_64_bits(void **unused)
{
	(void)unused;
	n = 2;
	return 0;
}

static int with_32_bits(void **unused)
{
	(void)unused;
	n = 1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest mac[] = {cmocka_unit_test(vectors_of_cmac), cmocka_unit_test(vectors_of_aes)};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_and_states),
		cmocka_unit_test(ends_under_way),
		cmocka_unit_test(numbers_rise),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(orders),
		cmocka_unit_test(lengths_of_orders),
		cmocka_unit_test(queries),
		cmocka_unit_test(refused_queries),
		cmocka_unit_test(unknown_types),
		cmocka_unit_test(answers_are_no_orders),
	};

	return cmocka_run_group_tests(mac, NULL, NULL) + cmocka_run_group_tests(tests, with_64_bits, NULL) +
	       cmocka_run_group_tests(tests, with_32_bits, NULL);
}
