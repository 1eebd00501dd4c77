/* SPDX-License-Identifier: Apache-2.0 */
/* Refresh of the session key. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

static void start(uint8_t random[16])
{
	memset(random, 0, 16);
	a.f.pfnStartSessionKeyRefresh(a.device, session, 16, random);
	assert_false(all_are(random, 0, 16));
}

static void finish(const uint8_t random[16])
{
	a.f.pfnFinishSessionKeyRefresh(a.device, session);
	for (int i = 0; i < 16; i++)
		session_key[i] ^= random[i];
}

static bool decrypts_under(const uint8_t key[16])
{
	uint8_t picture[BYTES], seen[BYTES], iv[16];

	random_picture(picture);
	fresh_iv(iv);
	aes_ctr(key, iv, 0, picture, bytes_of(&a, staging), BYTES);
	a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 0, NULL, 16, iv);
	read_back(seen);
	return !memcmp(picture, seen, BYTES);
}

void refresh_takes_effect_at_its_finish(void **state)
{
	uint8_t random[16], old[16], picture[BYTES], seen[BYTES], wrapped[16], readback[16], iv[16], used[16];

	(void)state;
	memcpy(old, session_key, 16);
	random_picture(picture);
	fresh_iv(used);
	decrypt_under(NULL, picture, used);
	start(random);
	assert_true(decrypts_under(old));
	/* A read-back key that was made before stays what it is. */
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(wrapped), wrapped);
	aes_ecb(old, AES_DECRYPT, wrapped, readback);
	finish(random);
	random_picture(picture);
	decrypt_under(NULL, picture, used); /* another key: no IV has been used with it */
	a.f.pfnEncryptionBlt(a.device, session, protected_surface, staging, sizeof(iv), iv);
	aes_ctr(readback, iv, 0, bytes_of(&a, staging), seen, BYTES);
	assert_memory_equal(picture, seen, BYTES);
	assert_true(decrypts_under(session_key));
	assert_false(decrypts_under(old));
	assert_int_equal(a.reports, 0);
}

void second_start_replaces_the_first(void **state)
{
	uint8_t first[16], second[16];

	(void)state;
	start(first);
	start(second);
	assert_memory_not_equal(first, second, 16);
	finish(second);
	assert_true(decrypts_under(session_key));
	assert_int_equal(a.reports, 0);
}

void finish_without_start_does_nothing(void **state)
{
	uint8_t random[16];

	(void)state;
	a.f.pfnFinishSessionKeyRefresh(a.device, session);
	assert_true(decrypts_under(session_key));
	start(random);
	finish(random);
	a.f.pfnFinishSessionKeyRefresh(a.device, session); /* again */
	assert_true(decrypts_under(session_key));
	assert_int_equal(a.reports, 0);
}

/* The same 16 bytes, unwrapped by the session key of their time. */
void wrapped_key_means_another_key_after_a_refresh(void **state)
{
	uint8_t wrapped[16], content[16], random[16], picture[BYTES], seen[BYTES], iv[16];

	(void)state;
	assert_int_equal(coffer_random(wrapped, sizeof(wrapped)), 0);
	for (int i = 0; i < 2; i++) {
		aes_ecb(session_key, AES_DECRYPT, wrapped, content);
		random_picture(picture);
		fresh_iv(iv);
		aes_ctr(content, iv, 0, picture, bytes_of(&a, staging), BYTES);
		a.f.pfnDecryptionBlt(a.device, session, staging, protected_surface, NULL, 16, wrapped, 16, iv);
		read_back(seen);
		assert_memory_equal(picture, seen, BYTES);
		start(random);
		finish(random);
	}
	assert_int_equal(a.reports, 0);
}

void refresh_refuses_nonsense(void **state)
{
	static const UINT sizes[] = {0, 1, 15, 17, 32};
	D3D11_1DDI_HCRYPTOSESSION keyless;
	uint8_t random[32];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(random, GARBAGE, sizeof(random));
		a.f.pfnStartSessionKeyRefresh(a.device, session, sizes[i], random);
		assert_true(all_are(random, 0, sizes[i]));
		assert_true(all_are(random + sizes[i], GARBAGE, sizeof(random) - sizes[i]));
	}
	a.f.pfnStartSessionKeyRefresh(a.device, session, 16, NULL);
	a.f.pfnFinishSessionKeyRefresh(a.device, session); /* none of these was a start */
	assert_true(decrypts_under(session_key));
	assert_int_equal(create_session(&a, &keyless), S_OK);
	memset(random, GARBAGE, sizeof(random));
	a.f.pfnStartSessionKeyRefresh(a.device, keyless, 16, random);
	assert_true(all_are(random, 0, 16));
	a.f.pfnFinishSessionKeyRefresh(a.device, keyless);
	a.f.pfnDestroyCryptoSession(a.device, keyless);
	free(keyless.pDrvPrivate);
	assert_int_equal(a.reports, 0);
}

/* A job that the board has before Finish is done under the key of before. It takes the native session to leave one there. */
void jobs_before_a_finish_keep_the_old_key(void **state)
{
	uint8_t random[16], picture[BYTES], sent[BYTES], back[BYTES], wrapped[16], readback[16], iv[16];
	coffer_session *native = CofferCryptoSession(a.device, session);
	coffer_context *context = coffer_session_context(native);
	coffer_surface *surface;
	coffer_task *task;
	struct coffer_outcome outcome;
	struct coffer_job_desc in = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.slot = coffer_session_slot(native, COFFER_KEY_SESSION),
		.src = sent,
		.length = BYTES,
	};
	struct coffer_job_desc out = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.encrypt = 1,
		.slot = coffer_session_slot(native, COFFER_KEY_READBACK),
		.dst = back,
		.length = BYTES,
	};

	(void)state;
	assert_int_equal(coffer_surface_create(native, BYTES, NULL, &surface), 0);
	in.dst_surface = out.src_surface = coffer_surface_handle(surface);
	random_picture(picture);
	fresh_iv(in.start.iv);
	aes_ctr(session_key, in.start.iv, 0, picture, sent, BYTES);
	start(random);
	assert_int_equal(coffer_submit(context, &in, NULL, NULL, &task), 0);
	finish(random);
	assert_int_equal(coffer_task_wait(task, NULL, NULL), 0);
	coffer_task_release(&task);
	a.f.pfnGetEncryptionBltKey(a.device, session, sizeof(wrapped), wrapped);
	aes_ecb(session_key, AES_DECRYPT, wrapped, readback);
	assert_int_equal(coffer_run(context, &out, NULL, &outcome), 0);
	memcpy(iv, outcome.board_iv, sizeof(iv));
	aes_ctr(readback, iv, 0, back, back, BYTES);
	assert_memory_equal(picture, back, BYTES);
	assert_int_equal(coffer_surface_destroy(&surface, NULL), 0);
	assert_true(decrypts_under(session_key));
	assert_int_equal(a.reports, 0);
}
