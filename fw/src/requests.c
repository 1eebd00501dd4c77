/* SPDX-License-Identifier: Apache-2.0 */
/* See requests.h. */
#include "requests.h"

#include <string.h>

#include "board.h"
#include "build_info.h"
#include "channel.h"
#include "coffer_wire.h"
#include "drbg.h"
#include "flash.h"
#include "identity.h"
#include "negotiate.h"
#include "rsa.h"
#include "session.h"
#include "surface.h"
#include "vault.h"

#define CLOCK_HZ 60000000u
/* Left of EP0_HOLD_CYCLES for what follows a wait. */
#define ANSWER_CYCLES 4000u

static uint8_t last_result[BOARD_CONTEXTS_MAX]; /* of each context's last OUT request */

/* Made by the request that is being answered. Nobody would ever know the handle of what a host did not fetch. */
static struct {
	uint32_t session, surface;
	uint8_t ctx, epoch;
} unfetched;

static uint8_t contexts(void)
{
	return (uint8_t)REG_FIELD(CONFIG__CONTEXTS, REG(config));
}

static bool is_open(uint8_t ctx)
{
	return REG(ep0_state) >> ctx & 1;
}

/* No answer and no data: STALL, and the reason where GET_STATUS finds it. */
static void refuse(const struct ep0_request *r, enum coffer_result result)
{
	last_result[r->index] = (uint8_t)result;
	ep0_stall(r);
}

/* ---- information: at any setting ------------------------------------------------------------------- */

static void get_info(const struct ep0_request *r)
{
	uint32_t config = REG(config);
	struct coffer_info info = {
		.protocol = COFFER_PROTOCOL_VERSION,
		.hardware = (uint16_t)REG_FIELD(ID__VERSION, REG(id)),
		.version = COFFER_VERSION_BYTES,
		.clock_hz = CLOCK_HZ,
		.contexts = contexts(),
		.slots_per_context = (uint8_t)(REG_FIELD(CONFIG__SLOTS, config) / contexts()),
		.surface_pages = (uint8_t)REG_FIELD(CONFIG__PAGES, config),
		.page_bytes = SURFACE_PAGE_BYTES,
		.chain_bytes = {identity()->chain_bytes[0], identity()->chain_bytes[1]},
		.negotiate_cycles = negotiate_cycles(),
		.build_id = COFFER_BUILD_ID,
		.ram_free = ram_free(),
	};
	bool simulated = (config & COFFER_REGS__CONFIG__SIMULATED_bm) != 0;

	memcpy(info.serial, identity()->serial, sizeof(info.serial));
	memcpy(info.board, simulated ? "virtual" : "ecp5", simulated ? 7 : 4);
	info.flags = (simulated ? COFFER_INFO_VIRTUAL : 0) |
		     (identity()->result == BOOT_OK ? COFFER_INFO_IDENTITY : 0) |
		     (negotiate_ready() ? COFFER_INFO_READY : 0);
	ep0_send_copy(r, &info, sizeof(info));
}

/* Straight from the flash into the endpoint's buffer. */
static void get_certificate(const struct ep0_request *r)
{
	unsigned chain = r->value >> 15;
	uint32_t offset = (r->value & 0x7FFFu) * COFFER_CERTIFICATE_PIECE;
	uint32_t total = identity()->chain_bytes[chain];
	uint32_t bytes;

	if (total == 0) {
		refuse(r, COFFER_ERR_NOT_READY);
		return;
	}
	if (offset >= total) {
		refuse(r, COFFER_ERR_REQUEST);
		return;
	}
	bytes = total - offset < COFFER_CERTIFICATE_PIECE ? total - offset : COFFER_CERTIFICATE_PIECE;
	flash_read(identity()->chain_at[chain] + offset, ep0_buffer(), bytes);
	ep0_send(r, bytes);
}

static uint8_t health(void)
{
	return (drbg_failed() ? COFFER_HEALTH_ENTROPY_FAILED : 0) |
	       (identity()->result != BOOT_OK ? COFFER_HEALTH_IDENTITY_BAD : 0) |
	       (rsa_fault() ? COFFER_HEALTH_RSA_FAULT : 0);
}

static void get_status(const struct ep0_request *r)
{
	uint8_t ctx = (uint8_t)r->index;
	struct ep0_stamps stamps;
	struct coffer_status status = {
		.last_result = last_result[ctx],
		.alt_setting = is_open(ctx),
		.free_slots = (uint8_t)bit_count(vault_free() & vault_share(ctx)),
		.zeroizing_slots = (uint8_t)bit_count(vault_zeroizing() & vault_share(ctx)),
		.free_pages = (uint8_t)bit_count(REG(page_free)),
		.zeroizing_pages = (uint8_t)bit_count(REG(page_zeroizing)),
		.health = health(),
		.open_contexts = (uint8_t)REG_FIELD(EP0_STATE__ALT, REG(ep0_state)),
		.epoch = r->epoch,
		.boot_result = identity()->result,
		.now_cycle = board_cycle(),
	};

	ep0_stamps(ctx, &stamps);
	status.setup_cycle = stamps.setup;
	status.status_cycle = stamps.status;
	ep0_send_copy(r, &status, sizeof(status));
}

/* ---- requests of an open context ------------------------------------------------------------------- */

static uint64_t wait_until(const struct ep0_request *r)
{
	return r->cycle + EP0_HOLD_CYCLES - ANSWER_CYCLES;
}

static void create_session(const struct ep0_request *r)
{
	struct coffer_session_created out = {0};

	if (r->value > COFFER_SESSION_ECDH) {
		refuse(r, COFFER_ERR_REQUEST);
		return;
	}
	out.result = (uint8_t)session_create((uint8_t)r->index, r->epoch, r->value, wait_until(r), &out);
	unfetched.session = out.session;
	unfetched.ctx = (uint8_t)r->index;
	ep0_send_copy(r, &out, sizeof(out));
}

/* The request is one of those that a session of this kind takes. */
static bool goes_with(const struct ep0_request *r, const struct session *s)
{
	bool exchange = r->request == COFFER_REQ_EXCHANGE_START || r->request == COFFER_REQ_EXCHANGE_ANSWER;

	return exchange == (s->kind == COFFER_SESSION_ECDH);
}

/* NEGOTIATE_RESULT is what EXCHANGE_ANSWER begins with. */
static void negotiate_answer(const struct ep0_request *r)
{
	struct coffer_exchange_answer out = {0};
	const struct session *s = r->value < SESSION_SLOTS ? session_at((uint8_t)r->index, (uint8_t)r->value) : NULL;

	if (s == NULL || !goes_with(r, s)) {
		out.outcome.result = COFFER_ERR_HANDLE;
	} else {
		out.outcome.session = s->handle;
		negotiate_result(s, &out.outcome, &out.reply);
	}
	ep0_send_copy(r, &out, sizeof(out));
}

static void create_surface(const struct ep0_request *r)
{
	struct coffer_surface_created out = {0};
	uint8_t slot = (uint8_t)r->value, pages = (uint8_t)(r->value >> 8);
	const struct session *s = session_at((uint8_t)r->index, slot);

	if (pages == 0) {
		refuse(r, COFFER_ERR_REQUEST);
		return;
	}
	out.result =
		(uint8_t)(s == NULL || session_is_channel(s->kind) ? COFFER_ERR_HANDLE
								   : surface_create(s, pages, wait_until(r), &out));
	unfetched.surface = out.surface;
	unfetched.ctx = (uint8_t)r->index;
	unfetched.epoch = r->epoch;
	ep0_send_copy(r, &out, sizeof(out));
}

void requests_done(void)
{
	unfetched.session = 0;
	unfetched.surface = 0;
}

void requests_abandoned(void)
{
	struct session *s = session_find(unfetched.ctx, unfetched.session);

	if (s != NULL)
		session_destroy(s);
	if (unfetched.surface != 0)
		surface_destroy(unfetched.ctx, unfetched.epoch, unfetched.surface);
	requests_done();
}

static enum coffer_result destroy_session(const struct ep0_request *r, const void *data)
{
	const struct coffer_handle_arg *arg = data;
	struct session *s = session_find((uint8_t)r->index, arg->handle);

	return s == NULL ? COFFER_ERR_HANDLE : session_destroy(s);
}

/* EXCHANGE_START's hello stands where NEGOTIATE_START's blob does. */
static enum coffer_result start_negotiation(const struct ep0_request *r, const void *data)
{
	const struct coffer_negotiate *arg = data;
	const struct session *s = session_find((uint8_t)r->index, arg->session);

	if (s == NULL || !goes_with(r, s))
		return COFFER_ERR_HANDLE;
	if (s->negotiated)
		return COFFER_ERR_STATE;
	return negotiate_start(s, arg->blob, r->length - offsetof(struct coffer_negotiate, blob), r->cycle);
}

static enum coffer_result destroy_surface(const struct ep0_request *r, const void *data)
{
	const struct coffer_handle_arg *arg = data;

	return surface_destroy((uint8_t)r->index, r->epoch, arg->handle);
}

static enum coffer_result command_channel(const struct ep0_request *r, const void *data)
{
	return channel_command((uint8_t)r->index, r->value, data, r->length - sizeof(uint32_t));
}

static void answer_channel(const struct ep0_request *r)
{
	ep0_send_copy(r, channel_answer((uint8_t)r->index), sizeof(struct coffer_channel_answer));
}

/* ---- the table ------------------------------------------------------------------------------------- */

struct request {
	uint8_t number;
	uint8_t type; /* COFFER_RT_IN or COFFER_RT_OUT */
	bool any_setting;
	bool any_value;     /* else wValue is 0 */
	uint16_t min_bytes; /* wLength */
	uint16_t max_bytes;
	void (*in)(const struct ep0_request *r);
	enum coffer_result (*out)(const struct ep0_request *r, const void *data);
};

/* GET_INFO may be asked for less or more, so that boards and hosts of other versions can tell each other so. */
static const struct request requests[] = {
	{COFFER_REQ_GET_INFO, COFFER_RT_IN, true, false, 4, 1024, get_info, NULL},
	{COFFER_REQ_GET_CERTIFICATE, COFFER_RT_IN, true, true, 1, COFFER_CERTIFICATE_PIECE, get_certificate, NULL},
	{COFFER_REQ_GET_STATUS, COFFER_RT_IN, true, false, 64, 64, get_status, NULL},
	{COFFER_REQ_SESSION_CREATE, COFFER_RT_IN, false, true, 16, 16, create_session, NULL},
	{COFFER_REQ_SESSION_DESTROY, COFFER_RT_OUT, false, false, 4, 4, NULL, destroy_session},
	{COFFER_REQ_NEGOTIATE_START, COFFER_RT_OUT, false, false, 260, 260, NULL, start_negotiation},
	{COFFER_REQ_NEGOTIATE_RESULT, COFFER_RT_IN, false, true, 32, 32, negotiate_answer, NULL},
	{COFFER_REQ_SURFACE_CREATE, COFFER_RT_IN, false, true, 16, 16, create_surface, NULL},
	{COFFER_REQ_SURFACE_DESTROY, COFFER_RT_OUT, false, false, 4, 4, NULL, destroy_surface},
	{COFFER_REQ_CHANNEL_COMMAND, COFFER_RT_OUT, false, true, 4 + COFFER_CHANNEL_LEAST, 4 + COFFER_CHANNEL_MOST,
	 NULL, command_channel},
	{COFFER_REQ_CHANNEL_ANSWER, COFFER_RT_IN, false, false, 88, 88, answer_channel, NULL},
	{COFFER_REQ_EXCHANGE_START, COFFER_RT_OUT, false, false, 72, 72, NULL, start_negotiation},
	{COFFER_REQ_EXCHANGE_ANSWER, COFFER_RT_IN, false, true, 200, 200, negotiate_answer, NULL},
};

static const struct request *find(const struct ep0_request *r)
{
	for (size_t k = 0; k < sizeof(requests) / sizeof(requests[0]); k++)
		if (requests[k].number == r->request && requests[k].type == r->type)
			return &requests[k];
	return NULL;
}

static enum coffer_result check(const struct ep0_request *r, const struct request *q)
{
	if (q == NULL || r->length < q->min_bytes || r->length > q->max_bytes || (!q->any_value && r->value != 0))
		return COFFER_ERR_REQUEST;
	if (!q->any_setting && !is_open((uint8_t)r->index))
		return COFFER_ERR_CLOSED;
	return COFFER_OK;
}

/* Interface recipient only, the high byte of wIndex zero: just these does a host's kernel check against claims. */
static bool is_ours(const struct ep0_request *r)
{
	return (r->type == COFFER_RT_IN || r->type == COFFER_RT_OUT) && r->index < contexts() &&
	       (REG(ep0_state) & COFFER_REGS__EP0_STATE__CONFIGURED_bm) != 0;
}

bool requests_setup(const struct ep0_request *r)
{
	const struct request *q = find(r);
	enum coffer_result result;

	if (!is_ours(r)) {
		ep0_stall(r);
		return false;
	}
	result = check(r, q);
	if (result != COFFER_OK)
		refuse(r, result);
	else if (q->in != NULL)
		q->in(r);
	else
		ep0_receive(r);
	return true;
}

void requests_out(const struct ep0_request *r, size_t bytes)
{
	const struct request *q = find(r);
	enum coffer_result result = check(r, q); /* again: the context may have been closed meanwhile */

	if (bytes != r->length)
		result = COFFER_ERR_REQUEST;
	if (result == COFFER_OK)
		result = q->out(r, ep0_buffer());
	if (result != COFFER_OK) {
		refuse(r, result);
		return;
	}
	last_result[r->index] = COFFER_OK;
	ep0_acknowledge(r);
}
