/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated channels through the library, in the layouts of both kinds of programs: `channel [SEED]`, under coffer-board, whose
 * root COFFER_ROOT names. What is waited for no longer, by a deadline or a cancellation, must not spoil what comes after it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "coffer/d3d11ddi_channel.h"
#include "coffer/trust.h"
#include "omac.h"

static const uint8_t key[16] = "this channel's";
static coffer_context *context;
static coffer_session *channel;
static unsigned words; /* of a handle: 2, then 1 */
static uint32_t number;

static void open_channel(enum coffer_session_kind kind)
{
	uint8_t blob[COFFER_BLOB_BYTES];
	coffer_public_key *board;
	enum coffer_trust reason;
	coffer_roots *roots;

	words = kind == COFFER_CHANNEL_64 ? 2 : 1;
	number = 100;
	CHECK(!coffer_roots_load(&roots, NULL, &reason));
	CHECK(!coffer_trust_board(context, roots, COFFER_CHAIN_RSA, NULL, &board, &reason));
	CHECK(!coffer_seal_session_key(board, key, blob));
	CHECK(!coffer_session_create(context, kind, NULL, &channel));
	CHECK(!coffer_negotiate(channel, blob, sizeof(blob), NULL, NULL));
	coffer_public_key_free(&board);
	coffer_roots_free(&roots);
}

/* GUID, hChannel, sequence number; bytes of it, padding included. */
static size_t header(uint32_t *at, const GUID *type, uint32_t sequence)
{
	memcpy(at, type, sizeof(*type));
	at[4] = coffer_session_slot(channel, COFFER_KEY_SESSION);
	at[4 + words] = sequence;
	return 16 + 8 * words;
}

static void check_answer(const uint8_t *answer, size_t bytes, const uint32_t *asked, HRESULT expected)
{
	HRESULT result;

	CHECK(omac_is_right(key, answer, bytes));
	CHECK(!memcmp(answer + 16, asked, 20 + 4 * words));
	memcpy(&result, answer + 36 + 4 * words, sizeof(result));
	CHECK(result == expected);
}

static void initialize(HRESULT expected)
{
	uint32_t message[20] = {0};
	size_t bytes = 16 + header(message + 4, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, 0);
	uint8_t answer[COFFER_CHANNEL_MOST];
	size_t got;

	message[bytes / 4] = message[bytes / 4 + 1] = number;
	bytes += 8;
	omac_sign(key, message, bytes);
	CHECK(!coffer_channel_configure(channel, message, bytes, NULL, answer, &got));
	CHECK(got == 40 + 4 * words);
	check_answer(answer, got, message + 4, expected);
}

/* The next number's query of the channel's type: 0, or the error. */
static int ask(const struct timespec *deadline)
{
	const size_t room = words == 2 ? 56 : 48;
	uint32_t message[16] = {0}, type;
	size_t bytes = header(message, &D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number++), got;
	uint8_t answer[COFFER_CHANNEL_MOST];
	int error = coffer_channel_query(channel, message, bytes, room, deadline, answer, &got);

	CHECK(!error == !!got);
	if (error)
		return error;
	CHECK(got == room);
	check_answer(answer, got, message, S_OK);
	memcpy(&type, answer + 40 + 4 * words, sizeof(type));
	CHECK(type == D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE);
	return 0;
}

/* Next to a key exchange, too, before whose answer the board works on no message: commands meet one that waits there. */
static void hurry(void)
{
	static const uint8_t bad[COFFER_BLOB_BYTES] = {1};
	coffer_session *other;
	coffer_task *exchange;
	unsigned late = 0;

	CHECK(!coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &other));
	CHECK(!coffer_negotiate_start(other, bad, sizeof(bad), NULL, NULL, &exchange));
	while (late < 5 || coffer_task_poll(exchange, NULL) == COFFER_PENDING) {
		const struct timespec soon = coffer_deadline(random() % 300);
		int error = ask(&soon);

		CHECK(!error || error == COFFER_E_TIMEOUT);
		late += error != 0;
	}
	CHECK(coffer_task_wait(exchange, NULL, NULL) == COFFER_E_BAD_BLOB);
	coffer_task_release(&exchange);
	CHECK(!coffer_session_destroy(&other, NULL));
	CHECK(!ask(NULL));
}

static atomic_bool done;

static void *cancel(void *unused)
{
	while (!atomic_load(&done)) {
		coffer_cancel(context);
		usleep(1000);
	}
	return unused;
}

static void be_cancelled(void)
{
	pthread_t thread;

	atomic_store(&done, false);
	CHECK(!pthread_create(&thread, NULL, cancel, NULL));
	for (unsigned cancelled = 0; cancelled < 20;) {
		int error = ask(NULL);

		CHECK(!error || error == COFFER_E_CANCELLED);
		cancelled += error != 0;
	}
	atomic_store(&done, true);
	pthread_join(thread, NULL);
	CHECK(!ask(NULL));
}

static void refuse_nonsense(void)
{
	uint8_t message[COFFER_CHANNEL_MOST + 1] = {0}, answer[COFFER_CHANNEL_MOST];
	coffer_session *other;
	size_t got = 1;

	CHECK(coffer_session_create(context, COFFER_CHANNEL_32, NULL, &other) == COFFER_E_NO_SLOT);
	CHECK(!coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &other));
	CHECK(coffer_channel_query(other, message, 32, 56, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(NULL, message, 32, 56, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, NULL, 32, 56, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 23, 56, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 65, 56, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 32, 0, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 32, 65536, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 32, 56, NULL, NULL, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_query(channel, message, 32, 56, NULL, answer, NULL) == COFFER_E_INVALID);
	CHECK(coffer_channel_configure(channel, message, 39, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(coffer_channel_configure(channel, message, 81, NULL, answer, &got) == COFFER_E_INVALID);
	CHECK(!coffer_session_destroy(&other, NULL));
}

int main(int argc, char **argv)
{
	coffer *library;

	seed_random(argc > 1 ? argv[1] : NULL);
	CHECK(!coffer_init(&library, NULL));
	CHECK(!coffer_open(library, NULL, -1, NULL, &context));
	for (int kind = COFFER_CHANNEL_64; kind <= COFFER_CHANNEL_32; kind++) {
		open_channel((enum coffer_session_kind)kind);
		initialize(S_OK);
		initialize(E_INVALIDARG);
		CHECK(!ask(NULL));
		hurry();
		be_cancelled();
		refuse_nonsense();
		CHECK(!ask(NULL));
		CHECK(!coffer_session_destroy(&channel, NULL));
	}
	coffer_close(&context);
	coffer_exit(&library);
	return 0;
}
