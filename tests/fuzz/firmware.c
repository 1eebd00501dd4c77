/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's endpoint 0, from SETUP to status stage, on a model of the registers (firmware/hardware.h), under libFuzzer. The
 * input is what hosts do, a byte and its arguments each: requests as they like, data stages cut short or not fetched,
 * revocations at any moment, in the main loop's work too, negotiations that end well or badly, messages of channels.
 *
 * Checked besides memory safety: every SETUP is answered, in time, with no more bytes than were asked for and none that are
 * somebody else's; what a host was told it has, it has, and can destroy; what it was not told is not left behind.
 */
#include <stdlib.h>
#include <string.h>

#include "firmware/board.h"

/* irq.c as it is, without its RISC-V instructions: serve() is what the trap does. */
#define __asm__
#define volatile(...)
#define interrupt(...) unused
#pragma clang diagnostic ignored "-Wuninitialized"
#include "../../fw/src/irq.c"
#undef __asm__
#undef volatile
#undef interrupt

#include "channel.h"
#include "coffer_wire.h"
#include "firmware/application.h"
#include "firmware/hardware.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what hosts know ---- */

#define MOST 128u

static struct known {
	uint32_t handle;
	uint8_t ctx, epoch;
	bool surface;
} known[MOST];
static unsigned known_count;

static bool is_class(uint8_t type, uint8_t request)
{
	return hardware.setup[0] == type && hardware.setup[1] == request;
}

static void forget(unsigned k)
{
	known[k] = known[--known_count];
}

static void learn(uint32_t handle, bool surface)
{
	uint8_t ctx = hardware.setup[4];

	if (!handle)
		hardware_broken("gives out handle 0");
	for (unsigned k = 0; k < known_count; k++)
		if (known[k].handle == handle && known[k].surface == surface && known[k].ctx == ctx &&
		    known[k].epoch == hardware.epoch[ctx])
			hardware_broken("gives out a handle twice");
	if (known_count < MOST)
		known[known_count++] = (struct known){handle, ctx, hardware.epoch[ctx], surface};
}

/* The status stage comes: the host has the answer whole. */
static void host_takes_answer(void)
{
	const uint8_t *answer = (const uint8_t *)hardware_ep0_buffer;
	uint32_t handle;

	if (hardware.phase != EP0_DATA_IN || answer[0] != COFFER_OK)
		return;
	memcpy(&handle, answer + 4, sizeof(handle));
	if (is_class(COFFER_RT_IN, COFFER_REQ_SESSION_CREATE)) {
		learn(handle, false);
		if (session_is_channel(hardware_field(2)))
			application_opens(hardware.setup[4], handle, hardware.setup[2]);
	} else if (is_class(COFFER_RT_IN, COFFER_REQ_SURFACE_CREATE)) {
		learn(handle, true);
	}
}

/* A request was served; if it was a destruction and was carried out, the host's handle is gone. */
static void note_destruction(enum hardware_phase before, uint32_t handle)
{
	bool surface = is_class(COFFER_RT_OUT, COFFER_REQ_SURFACE_DESTROY);

	if (before != EP0_WHOLE || hardware.phase != EP0_STATUS_IN ||
	    (!surface && !is_class(COFFER_RT_OUT, COFFER_REQ_SESSION_DESTROY)))
		return;
	if (!surface)
		application_closes(hardware.setup[4], handle);
	for (unsigned k = 0; k < known_count; k++) {
		if (known[k].handle != handle || known[k].ctx != hardware.setup[4] || known[k].surface != surface)
			continue;
		forget(k);
		return;
	}
	if (!surface) /* a surface may be destroyed before it is fetched, a session handle cannot be guessed as easily */
		hardware_broken("destroys what nobody has");
}

/* There is a reply to a hello when all went well, and before that nothing. */
static void check_exchange(const uint8_t *data)
{
	const struct coffer_exchange_answer *answer = (const struct coffer_exchange_answer *)data;
	const struct coffer_exchange_reply none = {0};
	bool there = memcmp(&answer->reply, &none, sizeof(none)) != 0;

	if (there != (answer->outcome.result == COFFER_OK))
		hardware_broken("has a reply and no result, or a result and no reply");
	if (there && (answer->reply.version != COFFER_EXCHANGE_VERSION || answer->reply.type != COFFER_EXCHANGE_REPLY))
		hardware_broken("replies with something else");
}

/* Likewise, what its application learns. */
static void note_channel(enum hardware_phase before)
{
	const uint8_t *data = (const uint8_t *)hardware_ep0_buffer;
	uint8_t ctx = hardware.setup[4];
	uint32_t handle;

	memcpy(&handle, data, sizeof(handle));
	if (before == EP0_WHOLE && hardware.phase == EP0_STATUS_IN) {
		if (is_class(COFFER_RT_OUT, COFFER_REQ_NEGOTIATE_START))
			application_starts(ctx, handle, data + 4 + HARDWARE_KEY_AT);
		else if (is_class(COFFER_RT_OUT, COFFER_REQ_CHANNEL_COMMAND))
			application_sent(ctx, hardware_field(2), data, hardware_field(6));
	}
	if (before == EP0_WAIT && hardware.phase == EP0_DATA_IN && is_class(COFFER_RT_IN, COFFER_REQ_CHANNEL_ANSWER))
		application_check(ctx, data);
	if (before == EP0_WAIT && hardware.phase == EP0_DATA_IN && is_class(COFFER_RT_IN, COFFER_REQ_EXCHANGE_ANSWER))
		check_exchange(data);
}

static void trap(void)
{
	enum hardware_phase before = hardware.phase;
	uint32_t handle;

	for (uint8_t ctx = 0; ctx < HARDWARE_CONTEXTS; ctx++)
		if (hardware.revoked >> ctx & 1)
			application_revoked(ctx);
	memcpy(&handle, hardware_ep0_buffer, sizeof(handle));
	serve();
	hardware_settle();
	note_destruction(before, handle);
	note_channel(before);
	for (uint8_t ctx = 0; ctx < HARDWARE_CONTEXTS; ctx++)
		application_check_rest(ctx,
				       is_class(COFFER_RT_IN, COFFER_REQ_SESSION_CREATE) && hardware.setup[4] == ctx);
}

/* ---- what hosts do ---- */

static void setup(uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t length)
{
	const uint8_t bytes[8] = {type,
				  request,
				  (uint8_t)value,
				  (uint8_t)(value >> 8),
				  (uint8_t)index,
				  (uint8_t)(index >> 8),
				  (uint8_t)length,
				  (uint8_t)(length >> 8)};

	hardware_setup(bytes);
}

static void raw_setup(struct input *in)
{
	uint8_t bytes[8];

	for (unsigned k = 0; k < sizeof(bytes); k++)
		bytes[k] = next(in);
	hardware_setup(bytes);
}

static uint8_t keys; /* no two of them in a row alike */

/* A request of the table, a channel's or an exchange's, with the length that it wants. */
static void class_setup(struct input *in)
{
	static const struct {
		uint8_t type, request;
		uint16_t length;
	} requests[] = {
		{COFFER_RT_IN, COFFER_REQ_SESSION_CREATE, 16},    {COFFER_RT_OUT, COFFER_REQ_SESSION_DESTROY, 4},
		{COFFER_RT_IN, COFFER_REQ_SURFACE_CREATE, 16},    {COFFER_RT_OUT, COFFER_REQ_SURFACE_DESTROY, 4},
		{COFFER_RT_OUT, COFFER_REQ_NEGOTIATE_START, 260}, {COFFER_RT_IN, COFFER_REQ_NEGOTIATE_RESULT, 32},
		{COFFER_RT_IN, COFFER_REQ_GET_STATUS, 64},        {COFFER_RT_IN, COFFER_REQ_GET_CERTIFICATE, 256},
	};
	uint8_t what = next(in), ctx = what >> 3 & 7; /* half of them are none */
	uint16_t value = 0, length;

	if (what & 0x40) {
		length = what & 1 ? 88 : application_length(in);
		setup(what & 1 ? COFFER_RT_IN : COFFER_RT_OUT,
		      what & 1 ? COFFER_REQ_CHANNEL_ANSWER : COFFER_REQ_CHANNEL_COMMAND, what & 1 ? 0 : next(in), ctx,
		      length);
		return;
	}
	if (what & 0x80) {
		setup(what & 1 ? COFFER_RT_IN : COFFER_RT_OUT,
		      what & 1 ? COFFER_REQ_EXCHANGE_ANSWER : COFFER_REQ_EXCHANGE_START, what & 1 ? next(in) : 0, ctx,
		      what & 1 ? 200 : 72);
		return;
	}
	if (requests[what & 7].type == COFFER_RT_IN && (what & 7) != 6) {
		value = next(in);
		value |= (uint16_t)(next(in) << 8);
	}
	setup(requests[what & 7].type, requests[what & 7].request, value, ctx, requests[what & 7].length);
}

/* The data stage begins with a handle that some host has, or with any four bytes; it may end early. */
static void out_stage(struct input *in)
{
	uint8_t how = next(in), stage[1024] = {0};
	uint32_t bytes = hardware_field(6);
	bool known_handle = how & 0x80 && known_count;

	if (known_handle && is_class(COFFER_RT_OUT, COFFER_REQ_CHANNEL_COMMAND) && hardware.phase == EP0_DATA_OUT)
		application_compose(hardware.setup[4], how, in, known[next(in) % known_count].handle, stage,
				    hardware_field(6));
	else if (known_handle)
		memcpy(stage, &known[how % known_count].handle, 4);
	else
		for (unsigned k = 0; k < 4; k++)
			stage[k] = next(in);
	if (is_class(COFFER_RT_OUT, COFFER_REQ_NEGOTIATE_START))
		memset(stage + 4 + HARDWARE_KEY_AT, ++keys, 32);
	if (is_class(COFFER_RT_OUT, COFFER_REQ_EXCHANGE_START)) {
		stage[4] = COFFER_EXCHANGE_VERSION;
		stage[5] = how & 0x20 ? next(in) : COFFER_EXCHANGE_HELLO;
		memset(stage + 8, how & 0x10 ? next(in) : 1, 64);
	}
	if (how & 0x40)
		bytes = next(in);
	hardware_out(stage, bytes);
}

static void revocation(struct input *in)
{
	uint8_t how = next(in);

	if (how & 0x80)
		hardware_bus_reset();
	else if (how & 0x40)
		setup(0, 9, 1, 0, 0);
	else
		setup(1, 11, how & 1, how >> 1 & 3, 0);
}

static void world(struct input *in)
{
	uint8_t how = next(in);

	hardware.random_failed = how & 1 && how & 0x10;
	hardware.rsa_failed = how & 2 && how & 0x20;
	hardware.rsa_busy = how & 4;
	hardware.zeroize_cycles = how & 8 ? 30000 : 600;
	hardware.rsa_result = next(in);
}

static void act(struct input *in);

static struct input *meanwhile; /* while the main loop works and is yet to be interrupted */
static unsigned unmasked;       /* how often before */
static bool looping;

void hardware_unmasked(void)
{
	struct input *in = meanwhile;

	if (!in || unmasked-- > 0)
		return;
	meanwhile = NULL;
	act(in);
	trap();
}

/* As main.c, but that the pool is not there. */
static void main_loop(struct input *in, uint8_t what)
{
	trap(); /* the interrupt is above the main loop, and never late by much */
	hardware.cycle += (uint64_t)next(in) << 14;
	if (looping)
		return;
	looping = true;
	meanwhile = what & 0x10 ? in : NULL;
	unmasked = what >> 5;
	negotiate_poll();
	channel_poll();
	meanwhile = NULL;
	looping = false;
}

static void act(struct input *in)
{
	uint8_t what = next(in);

	switch (what & 7) {
	case 0:
		raw_setup(in);
		break;
	case 1:
		class_setup(in);
		break;
	case 2:
		out_stage(in);
		break;
	case 3:
		host_takes_answer();
		hardware_status();
		break;
	case 4:
		revocation(in);
		break;
	case 5:
		main_loop(in, what);
		break;
	case 6:
		trap();
		hardware.cycle += (uint64_t)next(in) << 7;
		break;
	case 7:
		world(in);
		break;
	}
	if (!(what & 8)) /* else the interrupt comes only after the next */
		trap();
}

/* ---- the end: everything that anybody has can be given back, and then nothing is left ---- */

static void destroy(struct known it)
{
	bool lives = it.epoch == hardware.epoch[it.ctx] && hardware.alt >> it.ctx & 1;
	uint8_t stage[4];

	memcpy(stage, &it.handle, 4);
	setup(COFFER_RT_OUT, it.surface ? COFFER_REQ_SURFACE_DESTROY : COFFER_REQ_SESSION_DESTROY, 0, it.ctx, 4);
	trap();
	hardware_out(stage, 4);
	trap();
	/* A surface may have gone with its session. */
	if (lives && !it.surface && hardware.phase != EP0_STATUS_IN)
		hardware_broken("has lost a session that a host holds");
}

static void destroy_all(bool surfaces)
{
	for (unsigned k = known_count; k-- > 0;)
		if (known[k].surface == surfaces)
			destroy(known[k]);
}

static void finish(void)
{
	trap();
	setup(0x80, 0, 0, 0, 2);
	trap();
	if (known_count < MOST) {
		destroy_all(true);
		if (hardware_records_used())
			hardware_broken("keeps a surface that nobody knows of");
		destroy_all(false);
		hardware.cycle += 100000;
		if (hardware_slots_used())
			hardware_broken("keeps slots that nobody knows of");
	}
	known_count = 0;
	hardware_bus_reset();
	trap();
	hardware.rsa_busy = false;
	negotiate_poll();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};

	negotiate_init();
	keys = 0;
	hardware_reset();
	setup(0, 9, 1, 0, 0);
	trap();
	while (in.at < in.end)
		act(&in);
	finish();
	return 0;
}
