/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See channel.h; docs/ddi.md has the rules. A message is read and answered in place, for the answer's header has the
 * places of the input's:
 *
 *   word     0     4      8         8 + n      9 + n         8 + 2n             10 + n
 *            omac  type   channel   sequence   return code   a configuration's  a query's parameters
 *                                              (answers)     parameters         and results
 *
 * where a handle has n words, 2 in programs of 64 bits and 1 in those of 32.
 */
#include "channel.h"

#include <mbedtls/constant_time.h>
#include <string.h>

#include "board.h"
#include "cmac.h"
#include "negotiate.h"

#define MAC_BYTES 16u
#define MAC_WORDS 4u

/* What cmac() takes of the stack, an interrupt included: the key's schedule has been there. */
#define FRAMES_BYTES 768u

#define S_OK         0u
#define E_FAIL       0x80004005u
#define E_INVALIDARG 0x80070057u

#define MOST_PARAMETERS 6u /* words */

static struct channel {
	struct coffer_channel_answer answer; /* PENDING: its message is the command */
	uint32_t device;
	uint32_t decoder[2], session; /* bound to each other; 0: none */
	uint32_t least[2];            /* sequence numbers that are still good, of queries and of configurations */
	bool open[2];                 /* there are any */
	bool initialized;
	bool has_key;
	uint8_t words; /* of a handle: 1 or 2 */
	uint8_t bytes; /* of the command */
	uint16_t room;
	uint8_t key[16];
} channels[BOARD_CONTEXTS_MAX] = {
	[0 ... BOARD_CONTEXTS_MAX - 1] = {.answer.result = COFFER_ERR_HANDLE},
};

/* ---- in the interrupt -------------------------------------------------------------------------------------- */

bool channel_free(uint8_t ctx)
{
	return channels[ctx].answer.channel == 0;
}

/* The documents' device is this context, as long as it is open. Byte 0 of its handle is the context's number. */
void channel_begin(const struct session *s)
{
	struct channel *c = &channels[s->ctx];

	c->answer.result = COFFER_ERR_STATE;
	c->answer.channel = s->handle;
	c->device = COFFER_HANDLE(s->ctx, 0x10000u | s->epoch);
	c->words = s->kind == COFFER_CHANNEL_64 ? 2 : 1;
}

void channel_key(uint8_t ctx, const uint8_t key[16])
{
	memcpy(channels[ctx].key, key, sizeof(channels[ctx].key));
	channels[ctx].has_key = true;
}

void channel_forget(uint8_t ctx)
{
	wipe(&channels[ctx], sizeof(channels[ctx]));
	channels[ctx].answer.result = COFFER_ERR_HANDLE;
}

enum coffer_result channel_command(uint8_t ctx, uint16_t room, const struct coffer_channel_command *command,
				   size_t bytes)
{
	struct channel *c = &channels[ctx];

	if (command->channel == 0 || command->channel != c->answer.channel)
		return COFFER_ERR_HANDLE;
	if (!c->has_key)
		return COFFER_ERR_STATE;
	if (c->answer.result == COFFER_PENDING)
		return COFFER_PENDING;
	memset(c->answer.message, 0, sizeof(c->answer.message));
	memcpy(c->answer.message, command->message, bytes);
	c->bytes = (uint8_t)bytes;
	c->room = room;
	c->answer.result = COFFER_PENDING;
	return COFFER_OK;
}

const struct coffer_channel_answer *channel_answer(uint8_t ctx)
{
	return &channels[ctx].answer;
}

/* ---- what is known ------------------------------------------------------------------------------------------- */

enum {
	QUERY_PROTECTION,
	QUERY_CHANNEL_TYPE,
	QUERY_PROCESS_COUNT,
	QUERY_GUID_COUNT,
	QUERY_ACCESSIBILITY,
	QUERY_DEVICE_HANDLE,
	QUERY_CRYPTO_SESSION,
	QUERY_OUTPUT_ID_COUNT,
	QUERY_CURRENT_GUID,
	QUERY_GUID,
	QUERY_PROCESS,
	QUERY_OUTPUT_ID,
	CONFIGURE_INITIALIZE,
	CONFIGURE_PROTECTION,
	CONFIGURE_CRYPTO_SESSION,
	CONFIGURE_GUID,
	KNOWN
};

#define GUID(d1, d2, d3, b0, b1, b2, b3, b4, b5, b6, b7)                                                               \
	{                                                                                                              \
		0x##d1, 0x##d2 | 0x##d3##u << 16, 0x##b3##b2##b1##b0, 0x##b7##b6##b5##b4                               \
	}

static const uint32_t types[KNOWN + 1][4] = {
	[QUERY_PROTECTION] = GUID(a84eb584, c495, 48aa, b9, 4d, 8b, d2, d6, fb, ce, 05),
	[QUERY_CHANNEL_TYPE] = GUID(bc1b18a5, b1fb, 42ab, bd, 94, b5, 82, 8b, 4b, f7, be),
	[QUERY_PROCESS_COUNT] = GUID(0db207b3, 9450, 46a6, 82, de, 1b, 96, d4, 4f, 9c, f2),
	[QUERY_GUID_COUNT] = GUID(b30f7066, 203c, 4b07, 93, fc, ce, aa, fd, 61, 24, 1e),
	[QUERY_DEVICE_HANDLE] = GUID(ec1c539d, 8cff, 4e2a, bc, c4, f5, 69, 2f, 99, f4, 80),
	[QUERY_CRYPTO_SESSION] = GUID(2634499e, d018, 4d74, ac, 17, 7f, 72, 40, 59, 52, 8d),
	[QUERY_PROCESS] = GUID(649bbadb, f0f4, 4639, a1, 5b, 24, 39, 3f, c3, ab, ac),
	[QUERY_OUTPUT_ID_COUNT] = GUID(2c042b5e, 8c07, 46d5, aa, be, 8f, 75, cb, ad, 4c, 31),
	[QUERY_OUTPUT_ID] = GUID(839ddca3, 9b4e, 41e4, b0, 53, 89, 2b, d2, a1, 1e, e7),
	[QUERY_ACCESSIBILITY] = GUID(6214d9d2, 432c, 4abb, 9f, ce, 21, 6e, ea, 26, 9e, 3b),
	[QUERY_GUID] = GUID(f83a5958, e986, 4bda, be, b0, 41, 1f, 6a, 7a, 01, b7),
	[QUERY_CURRENT_GUID] = GUID(ec1791c7, dad3, 4f15, 9e, c3, fa, a9, 3d, 60, d4, f0),
	[CONFIGURE_INITIALIZE] = GUID(06114bdb, 3523, 470a, 8d, ca, fb, c2, 84, 51, 54, f0),
	[CONFIGURE_PROTECTION] = GUID(50455658, 3f47, 4362, bf, 99, bf, df, cd, e9, ed, 29),
	[CONFIGURE_CRYPTO_SESSION] = GUID(6346cc54, 2cfc, 4ad4, 82, 24, d1, 58, 37, de, 77, 00),
	[CONFIGURE_GUID] = GUID(41fff286, 6ae0, 4d43, 9d, 55, a4, 6e, 9e, fd, 15, 8a),
	/* How what leaves protected memory is encrypted: AES128_CTR. */
	[KNOWN] = GUID(9b6bd711, 4f74, 41c9, 9e, 7b, 0b, e2, d7, d9, 3b, 4f),
};
#define GUID_BYTES 16u

/* Protection enabled, always, whatever was asked for; a hardware channel; no process; one kind of encryption; a bus of
 * another kind than listed, which content does not cross in the clear. */
static const uint32_t constants[] = {1, 3, 0, 1, 0x80000000u};

/* Bytes of configurations in programs of 32 and of 64 bits. */
static const uint8_t sizes[][2] = {{48, 56}, {44, 56}, {52, 72}, {56, 64}};

/* KNOWN for what is not. */
static unsigned look_up(const uint32_t *type, bool order)
{
	unsigned what = order ? CONFIGURE_INITIALIZE : 0, end = order ? KNOWN : CONFIGURE_INITIALIZE;

	while (memcmp(types[what], type, GUID_BYTES) != 0)
		if (++what == end)
			return KNOWN;
	return what;
}

/* ---- in the main loop, on a copy ---------------------------------------------------------------------------- */

/* The k-th of some handles of n words; 0, which is none, for what is longer than any of ours. */
__attribute__((noinline)) static uint32_t handle_at(const uint32_t *at, unsigned n, unsigned k)
{
	at += n * k;
	return n == 2 && at[1] != 0 ? 0 : at[0];
}

/* Of a session of this context, whose plaintext is protected. */
__attribute__((noinline)) static bool is_session(const struct channel *c, uint32_t handle)
{
	uint32_t saved = irq_save();
	const struct session *s = session_find((uint8_t)c->device, handle);
	bool good = s != NULL && session_is_protected(s->kind);

	irq_restore(saved);
	return good;
}

static uint32_t configure(struct channel *c, unsigned what, const uint32_t *in)
{
	unsigned n = c->words;

	if (what == CONFIGURE_INITIALIZE) {
		c->least[0] = in[0];
		c->least[1] = in[1];
		c->open[0] = c->open[1] = c->initialized = true;
	} else if (what == CONFIGURE_PROTECTION) {
		if (in[0] > 1)
			return E_INVALIDARG;
	} else if (what == CONFIGURE_CRYPTO_SESSION) {
		if (handle_at(in, n, 2) != c->device || !is_session(c, handle_at(in, n, 1)))
			return E_INVALIDARG;
		c->session = in[n];
		c->decoder[0] = in[0];
		c->decoder[1] = in[n - 1];
	} else if (memcmp(in, types[KNOWN], GUID_BYTES) != 0) {
		return E_INVALIDARG;
	}
	return S_OK;
}

/* out is zero. */
static uint32_t query(const struct channel *c, unsigned what, const uint32_t *in, uint32_t *out)
{
	unsigned n = c->words;

	if (what < QUERY_DEVICE_HANDLE) {
		out[0] = constants[what];
		return S_OK;
	}
	if (what == QUERY_CRYPTO_SESSION) {
		if (in[0] != c->decoder[0] || in[n - 1] != c->decoder[1] || !is_session(c, c->session))
			return E_INVALIDARG;
		out[0] = in[0];
		out[n - 1] = in[n - 1];
		out[n] = c->session;
		out[2 * n] = c->device;
	} else if (what <= QUERY_OUTPUT_ID_COUNT) {
		if (what == QUERY_OUTPUT_ID_COUNT) {
			if (handle_at(in, n, 0) != c->device || !is_session(c, handle_at(in, n, 1)))
				return E_INVALIDARG;
			out[n] = in[n];
		}
		out[0] = c->device;
	} else if (what <= QUERY_GUID) {
		if (what == QUERY_GUID) {
			if (in[0] != 0)
				return E_INVALIDARG;
			out++;
		}
		memcpy(out, types[KNOWN], GUID_BYTES);
	} else {
		return E_INVALIDARG;
	}
	return S_OK;
}

/* Numbers rise, from the one that INITIALIZE gave; there is none behind the highest. */
static bool take_number(struct channel *c, bool order, uint32_t number)
{
	if (!c->open[order] || number < c->least[order])
		return false;
	c->least[order] = number + 1;
	c->open[order] = number + 1 != 0;
	return true;
}

static bool is_genuine(const struct channel *c)
{
	uint8_t mac[MAC_BYTES];

	cmac(c->key, c->answer.message + MAC_BYTES, c->bytes - MAC_BYTES, mac);
	return mbedtls_ct_memcmp(mac, c->answer.message, sizeof(mac)) == 0;
}

/*
 * Makes of the command its answer. Nobody must get a MAC here that is good for a configuration: answers to these, and to
 * what is unknown, are of the header alone, and a configuration's length is that of its type. (In 32 bits PROTECTION is
 * as long as a header, but its flags are no return code of a failure, and success has used the number up.)
 */
static void serve(struct channel *c)
{
	unsigned n = c->words;
	bool order = c->room == 0;
	uint32_t *w = (uint32_t *)c->answer.message;
	unsigned what = look_up(w + 4, order);
	size_t header = 40 + 4 * n, bytes = header;
	uint32_t in[MOST_PARAMETERS], result = E_INVALIDARG;
	bool good;

	if (order) {
		good = is_genuine(c) && (what == KNOWN || c->bytes == sizes[what - CONFIGURE_INITIALIZE][n - 1]);
	} else {
		good = c->room >= header && c->room <= COFFER_CHANNEL_MOST;
		if (good && what != KNOWN)
			bytes = c->room;
	}
	memcpy(in, w + 8 + 2 * n, sizeof(in));
	memset(w + 9 + n, 0, sizeof(c->answer.message) - (9 + n) * 4);
	if (good && handle_at(w + 8, n, 0) == c->answer.channel &&
	    (what == CONFIGURE_INITIALIZE ? !c->initialized : take_number(c, order, w[8 + n])))
		result = what == KNOWN ? E_FAIL : order ? configure(c, what, in) : query(c, what, in, w + 10 + n);
	w[9 + n] = result;
	memset(c->answer.message + bytes, 0, sizeof(c->answer.message) - bytes); /* the host's room may be short */
	cmac(c->key, w + MAC_WORDS, bytes - MAC_BYTES, c->answer.message);
	c->answer.bytes = (uint8_t)bytes;
	c->answer.result = COFFER_OK;
}

/* Apart, so that the copy is not on the stack under all that the main loop does. */
__attribute__((noinline)) static void poll_one(struct channel *c)
{
	uint32_t saved = irq_save();
	struct channel copy = *c;

	irq_restore(saved);
	if (copy.answer.result != COFFER_PENDING)
		return;
	serve(&copy);
	saved = irq_save();
	if (c->answer.channel == copy.answer.channel) /* else it ended meanwhile */
		*c = copy;
	irq_restore(saved);
	wipe(&copy, sizeof(copy));
	stack_wipe_near(FRAMES_BYTES);
}

/* What is to be released at its time goes first. */
void channel_poll(void)
{
	for (struct channel *c = channels; c < channels + BOARD_CONTEXTS_MAX && !negotiate_holds(); c++)
		if (c->answer.result == COFFER_PENDING)
			poll_one(c);
}
