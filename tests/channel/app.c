/* SPDX-License-Identifier: Apache-2.0 */
#include "app.h"

#include <string.h>

const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
			 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};

/* ---- what stands around the firmware's channels ------------------------------------------------------------ */

bool holds;
void (*meanwhile)(void);
bool session_ended;

uint32_t irq_save(void)
{
	return 0;
}

void irq_restore(uint32_t saved)
{
	(void)saved;
}

void wipe(void *p, size_t n)
{
	memset(p, 0, n);
}

void mbedtls_platform_zeroize(void *p, size_t n)
{
	memset(p, 0, n);
}

void stack_wipe_near(size_t bytes)
{
	(void)bytes;
}

bool negotiate_holds(void)
{
	return holds;
}

struct session *session_find(uint8_t ctx, uint32_t handle)
{
	static struct session s;

	if (meanwhile)
		meanwhile();
	s.handle = handle;
	s.kind = handle == SESSION ? COFFER_SESSION_PROTECTED : COFFER_SESSION_OPEN;
	return ctx == CTX && !session_ended && (handle == SESSION || handle == OPEN) ? &s : NULL;
}

/* ---- an application ------------------------------------------------------------------------------------------ */

unsigned n;
static uint32_t generation;
uint32_t channel;
struct coffer_channel_command sent;
size_t length;
const struct coffer_channel_answer *answer;

uint32_t *words(void)
{
	return (uint32_t *)sent.message;
}

void fresh_channel(void)
{
	struct session s = {.ctx = CTX, .epoch = EPOCH, .kind = n == 2 ? COFFER_CHANNEL_64 : COFFER_CHANNEL_32};

	channel_forget(CTX);
	s.handle = channel = COFFER_HANDLE(16, ++generation);
	assert_true(channel_free(CTX));
	channel_begin(&s);
	assert_false(channel_free(CTX));
	channel_key(CTX, key);
	session_ended = holds = false;
	meanwhile = NULL;
}

/* Header and parameters: count of handles, then of words, as they stand. */
void compose(const GUID *type, uint32_t number, unsigned handles, unsigned more, const uint32_t *values)
{
	uint32_t *at = words() + 8 + 2 * n;

	memset(&sent, 0, sizeof(sent));
	sent.channel = channel;
	memcpy(words() + 4, type, 16);
	words()[8] = channel;
	words()[8 + n] = number;
	for (unsigned k = 0; k < handles; k++, at += n)
		*at = *values++;
	for (unsigned k = 0; k < more; k++)
		*at++ = *values++;
	length = (size_t)(at - words());
	length = 4 * (length + (length & (n - 1)));
}

void give_mac(void)
{
	cmac(key, sent.message + 16, length - 16, sent.message);
}

enum coffer_result command(uint16_t room)
{
	return channel_command(CTX, room, &sent, length);
}

/* What an application does with an answer: its MAC, the echo; then its return code. */
static HRESULT checked(size_t bytes)
{
	const uint32_t *w = (const uint32_t *)answer->message;
	uint8_t mac[16];

	assert_int_equal(answer->result, COFFER_OK);
	assert_int_equal(answer->channel, channel);
	assert_int_equal(answer->bytes, bytes);
	cmac(key, answer->message + 16, bytes - 16, mac);
	assert_memory_equal(mac, answer->message, 16);
	assert_memory_equal(w + 4, words() + 4, 4 * (5 + n));
	for (size_t k = w[9 + n] == 0 ? bytes : 40 + 4 * n; k < sizeof(answer->message); k++)
		assert_int_equal(answer->message[k], 0);
	return (HRESULT)w[9 + n];
}

HRESULT run(uint16_t room, size_t bytes)
{
	assert_int_equal(command(room), COFFER_OK);
	channel_poll();
	answer = channel_answer(CTX);
	return checked(bytes);
}

size_t header(void)
{
	return 40 + 4 * n;
}

HRESULT order(void)
{
	give_mac();
	return run(0, header());
}

HRESULT ask(size_t room)
{
	return run((uint16_t)room, room);
}

const uint32_t *results(void)
{
	return (const uint32_t *)answer->message + 10 + n;
}

void initialize(uint32_t queries, uint32_t orders)
{
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, 12345, 0, 2, (uint32_t[]){queries, orders});
	assert_int_equal(order(), S_OK);
}

HRESULT protect(uint32_t number, uint32_t flags)
{
	compose(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, number, 0, 1, &flags);
	return order();
}

HRESULT ask_type(uint32_t number)
{
	compose(&D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number, 0, 0, NULL);
	return ask(n == 2 ? 56 : 48);
}
