/* SPDX-License-Identifier: Apache-2.0 */
/* See application.h. channel.c as it is comes with it, for its table of types, and to look at what it keeps. */
#include "../../../fw/src/channel.c"

#include "application.h"
#include "hardware.h"

static struct application {
	uint32_t channel; /* 0: none */
	uint8_t words;    /* of a handle */
	bool started;
	uint8_t key[16];
	uint16_t room;
	uint8_t bytes; /* of the message sent; 0: none yet */
	_Alignas(4) uint8_t sent[COFFER_CHANNEL_MOST];
} applications[BOARD_CONTEXTS_MAX];

void application_opens(uint8_t ctx, uint32_t channel, uint8_t kind)
{
	if (applications[ctx].channel)
		hardware_broken("gives a context two channels");
	applications[ctx] = (struct application){.channel = channel, .words = kind == COFFER_CHANNEL_64 ? 2 : 1};
}

void application_revoked(uint8_t ctx)
{
	memset(&applications[ctx], 0, sizeof(applications[ctx]));
}

void application_closes(uint8_t ctx, uint32_t channel)
{
	if (applications[ctx].channel == channel)
		application_revoked(ctx);
}

void application_starts(uint8_t ctx, uint32_t channel, const uint8_t key[16])
{
	struct application *a = &applications[ctx];

	if (a->channel != channel)
		return;
	if (a->bytes)
		hardware_broken("gives a channel a second key");
	a->started = true;
	memcpy(a->key, key, sizeof(a->key));
}

void application_sent(uint8_t ctx, uint16_t room, const void *data, uint16_t bytes)
{
	const struct coffer_channel_command *command = data;
	struct application *a = &applications[ctx];

	if (!a->channel || command->channel != a->channel)
		hardware_broken("takes a command for a channel that is none");
	if (!a->started)
		hardware_broken("takes a command before there is a key");
	bytes -= sizeof(command->channel);
	if (bytes < COFFER_CHANNEL_LEAST || bytes > COFFER_CHANNEL_MOST)
		hardware_broken("takes a command of another length");
	a->room = room;
	a->bytes = (uint8_t)bytes;
	memset(a->sent, 0, sizeof(a->sent));
	memcpy(a->sent, command->message, bytes);
}

/* ---- what they send ------------------------------------------------------------------------------------------ */

uint16_t application_length(struct input *in)
{
	uint8_t how = next(in);

	return sizeof(uint32_t) + (how & 0x80 ? sizes[how >> 1 & 3][how & 1] : COFFER_CHANNEL_LEAST + how % 41);
}

static uint32_t parameter(uint8_t ctx, uint8_t what, uint32_t session)
{
	return what & 0x80 ? session : what & 0x40 ? COFFER_HANDLE(ctx, 0x10000u | hardware.epoch[ctx]) : what;
}

void application_compose(uint8_t ctx, uint8_t how, struct input *in, uint32_t session, uint8_t *stage, uint16_t bytes)
{
	const struct application *a = &applications[ctx];
	struct coffer_channel_command command = {.channel = a->channel};
	uint32_t w[COFFER_CHANNEL_MOST / 4] = {0};
	unsigned n = a->words, what = how & 31;

	if (!a->channel || bytes > sizeof(command) || bytes < sizeof(uint32_t) + MAC_BYTES)
		return;
	memcpy(w + 4, types[what <= KNOWN ? what : 0], GUID_BYTES);
	w[8] = a->channel;
	w[8 + n] = (uint32_t)(int8_t)next(in);
	if (what == CONFIGURE_GUID)
		memcpy(w + 8 + 2 * n, types[KNOWN], GUID_BYTES);
	else
		for (unsigned k = 0; k < 3; k++)
			w[8 + 2 * n + k * n] = parameter(ctx, next(in), session);
	if (!(how & 0x20))
		cmac(a->key, w + MAC_WORDS, bytes - sizeof(uint32_t) - MAC_BYTES, (uint8_t *)w);
	memcpy(command.message, w, sizeof(w));
	memcpy(stage, &command, bytes);
}

/* ---- what they look at ----------------------------------------------------------------------------------------- */

static bool mac_is_good(const struct application *a, const uint8_t *message, size_t bytes)
{
	uint8_t mac[MAC_BYTES];

	cmac(a->key, message + MAC_BYTES, bytes - MAC_BYTES, mac);
	return memcmp(mac, message, sizeof(mac)) == 0;
}

static bool is_zero(const void *data, size_t bytes)
{
	const uint8_t *at = data;

	while (bytes > 0 && at[bytes - 1] == 0)
		bytes--;
	return bytes == 0;
}

static void check_message(const struct application *a, const struct coffer_channel_answer *answer)
{
	const uint32_t *w = (const uint32_t *)answer->message;
	const uint32_t *sent = (const uint32_t *)a->sent;
	unsigned n = a->words;
	size_t header = 40 + 4 * n, bytes = answer->bytes;

	if (bytes > sizeof(answer->message) || (bytes != header && (bytes < header || bytes != a->room)))
		hardware_broken("answers in another length");
	if (!mac_is_good(a, answer->message, bytes))
		hardware_broken("answers with a bad MAC");
	if (memcmp(w + 4, sent + 4, 4 * (5 + n)) != 0)
		hardware_broken("answers another command");
	if (w[9 + n] != S_OK)
		bytes = header;
	if (!is_zero(answer->message + bytes, sizeof(answer->message) - bytes))
		hardware_broken("answers with more than the answer");
	if (w[9 + n] == S_OK && sent[8] != a->channel)
		hardware_broken("carries out what another channel was asked for");
	if (w[9 + n] == S_OK && a->room == 0 && !mac_is_good(a, a->sent, a->bytes))
		hardware_broken("carries out an order that is not genuine");
}

void application_check(uint8_t ctx, const void *data)
{
	const struct coffer_channel_answer *answer = data;
	const struct application *a = &applications[ctx];

	if (answer->channel != a->channel)
		hardware_broken("answers for another channel");
	if (a->bytes && answer->result == COFFER_OK) {
		check_message(a, answer);
	} else if (a->bytes && answer->result == COFFER_PENDING) {
		if (memcmp(answer->message, a->sent, sizeof(a->sent)) != 0)
			hardware_broken("works on another command");
	} else {
		if (a->bytes || answer->result != (a->channel ? COFFER_ERR_STATE : COFFER_ERR_HANDLE))
			hardware_broken("answers what it was not asked");
		if (answer->bytes || !is_zero(answer->message, sizeof(answer->message)))
			hardware_broken("shows another host's message");
	}
}

void application_check_rest(uint8_t ctx, bool unfetched)
{
	struct channel rest = channels[ctx];
	const struct session *s = session_find(ctx, rest.answer.channel);

	if (applications[ctx].channel && rest.answer.channel != applications[ctx].channel)
		hardware_broken("has lost a channel that a host holds");
	if (rest.answer.channel) {
		if (!s || !session_is_channel(s->kind) || (!applications[ctx].channel && !unfetched))
			hardware_broken("keeps a channel that nobody knows of");
		return;
	}
	rest.answer.result ^= COFFER_ERR_HANDLE;
	if (!is_zero(&rest, sizeof(rest)))
		hardware_broken("keeps something of a channel that is over");
}
