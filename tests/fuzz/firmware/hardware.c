/* SPDX-License-Identifier: Apache-2.0 */
/* See hardware.h. */
#include "hardware.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "coffer_wire.h"
#include "ep0.h"
#include "vault.h"

struct hardware hardware;
uint32_t hardware_ep0_buffer[BOARD_EP0_BYTES / 4];

enum { SEND = 1, RECEIVE = 2, STATUS = 3, STALL = 4, ACK_DONE = 5 };
enum { RESERVE = 1, KEY = 2, COMMIT = 3, REVOKE = 4 };
enum { FREE, RESERVED, ZEROIZING };

static struct slot {
	uint8_t state, ctx, session, words, role, key_bytes;
	bool writing, keyed;
	uint32_t generation;
	uint64_t until;
} slots[HARDWARE_SLOTS];

static struct record {
	bool used;
	uint8_t ctx, session;
	uint32_t pages, generation;
} records[HARDWARE_RECORDS];

static struct {
	uint32_t pages;
	uint64_t until;
} page_zeroizer;
static uint32_t slot_attr, slot_result, surf_session, surf_result;
static uint8_t writing_slot;

/* ---- access ---- */

#define NOTHING_WRITTEN 0xFFFFFFFFu /* no command has all bits set; a key's word is written by each access */
static volatile uint32_t scratch;
static size_t written_at;

/* At IRQ_STATUS while one and the same request waits: revocations and a status stage may come first. */
#define MOST_LOOKS 4u
static unsigned looks;

void hardware_broken(const char *what)
{
	fprintf(stderr, "firmware: %s (SETUP %02x %02x %04x %04x %04x)\n", what, hardware.setup[0], hardware.setup[1],
		hardware_field(2), hardware_field(4), hardware_field(6));
	abort();
}

uint16_t hardware_field(unsigned offset)
{
	return (uint16_t)(hardware.setup[offset] | hardware.setup[offset + 1] << 8);
}

/* ---- key slots and surfaces ---- */

static void end_surface(struct record *r)
{
	r->used = false;
	r->generation++;
	page_zeroizer.pages |= r->pages;
	page_zeroizer.until = hardware.cycle + hardware.zeroize_cycles;
}

static void end_slot(struct slot *s)
{
	s->state = ZEROIZING;
	s->until = hardware.cycle + hardware.zeroize_cycles;
	s->generation = (s->generation + 1) & 0xFFFFFF;
	s->writing = s->keyed = false;
}

/* The slots and surfaces of a session, or (session -1) of the whole context. */
static void end_all(uint8_t ctx, int session)
{
	for (unsigned k = 0; k < HARDWARE_SLOTS; k++)
		if (slots[k].state == RESERVED && slots[k].ctx == ctx && (session < 0 || slots[k].session == session))
			end_slot(&slots[k]);
	for (unsigned k = 0; k < HARDWARE_RECORDS; k++)
		if (records[k].used && records[k].ctx == ctx && (session < 0 || records[k].session == session))
			end_surface(&records[k]);
}

static bool reserve(struct slot *s, uint8_t slot, uint8_t ctx)
{
	const unsigned share = HARDWARE_SLOTS / HARDWARE_CONTEXTS;

	if (slot / share != ctx || (slot_attr >> 6 & 7) != ctx)
		hardware_broken("reserves a slot of another context's share");
	if (s->state == ZEROIZING || (s->state == RESERVED && (s->ctx != ctx || s->keyed)))
		return false;
	s->state = RESERVED;
	s->ctx = ctx;
	s->session = slot_attr & 63;
	s->role = slot_attr >> 12 & 3;
	s->key_bytes = (uint8_t)(16 + 8 * (slot_attr >> 14 & 3));
	return true;
}

static bool slot_command(uint32_t value)
{
	uint8_t slot = REG_FIELD(SLOT_CMD__SLOT, value), ctx = REG_FIELD(SLOT_CMD__CTX, value);
	struct slot *s = &slots[slot];

	if (ctx >= HARDWARE_CONTEXTS)
		hardware_broken("a slot command for a context that is none");
	if (REG_FIELD(SLOT_CMD__EPOCH, value) != hardware.epoch[ctx])
		return false;
	if (REG_FIELD(SLOT_CMD__CMD, value) == RESERVE)
		return reserve(s, slot, ctx);
	if (s->state != RESERVED || s->ctx != ctx || s->session != slot)
		return false;
	switch (REG_FIELD(SLOT_CMD__CMD, value)) {
	case KEY:
		if (s->keyed || s->role != ROLE_SESSION)
			return false;
		s->writing = true;
		s->words = 0;
		writing_slot = slot;
		return true;
	case COMMIT:
		if (!s->writing || 4 * s->words != s->key_bytes)
			hardware_broken("commits a key of another length");
		s->writing = false;
		return s->keyed = true;
	case REVOKE:
		end_all(ctx, slot);
		return true;
	default:
		hardware_broken("no such slot command");
	}
}

static bool surface_command(uint32_t value)
{
	uint8_t ctx = REG_FIELD(SURF_CMD__CTX, value), base = REG_FIELD(SURF_CMD__BASE, value);
	uint8_t count = REG_FIELD(SURF_CMD__PAGES, value), session = surf_session & 63;
	struct record *r = &records[REG_FIELD(SURF_CMD__INDEX, value)];
	uint64_t mask = ((1ull << count) - 1) << base;
	uint32_t taken = page_zeroizer.pages;

	if (REG_FIELD(SURF_CMD__EPOCH, value) != hardware.epoch[ctx])
		return false;
	if (REG_FIELD(SURF_CMD__CMD, value) == 2) {
		if (!r->used || r->ctx != ctx)
			return false;
		end_surface(r);
		return true;
	}
	if (count == 0 || mask >> HARDWARE_PAGES)
		hardware_broken("a surface beyond the memory");
	for (unsigned k = 0; k < HARDWARE_RECORDS; k++)
		taken |= records[k].used ? records[k].pages : 0;
	if (r->used || taken & mask || slots[session].state != RESERVED || slots[session].ctx != ctx ||
	    slots[session].generation != surf_session >> 8)
		return false;
	*r = (struct record){true, ctx, session, (uint32_t)mask, r->generation};
	return true;
}

static void zeroize(void)
{
	for (unsigned k = 0; k < HARDWARE_SLOTS; k++)
		if (slots[k].state == ZEROIZING && slots[k].until <= hardware.cycle)
			slots[k].state = FREE;
	if (page_zeroizer.until <= hardware.cycle)
		page_zeroizer.pages = 0;
}

static uint32_t slots_in(uint8_t state, unsigned first)
{
	uint32_t mask = 0;

	zeroize();
	for (unsigned k = 0; k < 32; k++)
		mask |= (uint32_t)(slots[first + k].state == state) << k;
	return mask;
}

static uint32_t pages_in_use(void)
{
	uint32_t mask = 0;

	for (unsigned k = 0; k < HARDWARE_RECORDS; k++)
		mask |= records[k].used ? records[k].pages : 0;
	return mask;
}

unsigned hardware_slots_used(void)
{
	zeroize();
	return HARDWARE_SLOTS - bit_count(slots_in(FREE, 0)) - bit_count(slots_in(FREE, 32));
}

unsigned hardware_records_used(void)
{
	unsigned used = 0;

	for (unsigned k = 0; k < HARDWARE_RECORDS; k++)
		used += records[k].used;
	return used;
}

/* ---- endpoint 0 ---- */

static void revoke(uint8_t ctx)
{
	hardware.epoch[ctx]++;
	hardware.revoked |= (uint8_t)(1u << ctx);
	end_all(ctx, -1);
}

static void revoke_everything(void)
{
	hardware.alt = 0;
	for (uint8_t ctx = 0; ctx < HARDWARE_CONTEXTS; ctx++)
		revoke(ctx);
}

static void check_answer(uint32_t bytes)
{
	const uint8_t *data = (const uint8_t *)hardware_ep0_buffer;
	unsigned stale = 0;

	if (!(hardware.setup[0] & 0x80))
		hardware_broken("sends data in answer to an OUT request");
	if (bytes > hardware_field(6) || bytes > BOARD_EP0_BYTES)
		hardware_broken("sends more than was asked for");
	for (uint32_t i = 0; i < bytes; i++) {
		stale = data[i] == HARDWARE_STALE ? stale + 1 : 0;
		if (stale == 8)
			hardware_broken("sends what it has not written");
	}
}

static void answered(enum hardware_phase phase, uint32_t bytes)
{
	if (hardware.cycle - hardware.asked_at > EP0_HOLD_CYCLES)
		hardware_broken("holds endpoint 0 too long");
	hardware.phase = phase;
	hardware.bytes = bytes;
}

static void ep0_command(uint32_t value)
{
	uint32_t bytes = REG_FIELD(EP0_CTRL__LEN, value), command = REG_FIELD(EP0_CTRL__CMD, value);
	bool waits = hardware.phase == EP0_WAIT;

	if (REG_FIELD(EP0_CTRL__TAG, value) != hardware.tag)
		return;
	if (command == ACK_DONE)
		hardware.done = false;
	else if (command == STALL)
		answered(EP0_IDLE, 0);
	else if (command == STATUS && (waits || hardware.phase == EP0_WHOLE)) {
		if (!waits && hardware.bytes != hardware_field(6))
			hardware_broken("accepts a data stage that was cut short");
		answered(EP0_STATUS_IN, 0);
	} else if (command == SEND && waits) {
		check_answer(bytes);
		answered(EP0_DATA_IN, bytes);
	} else if (command == RECEIVE && waits) {
		if (hardware.setup[0] & 0x80 || hardware_field(6) > BOARD_EP0_BYTES)
			hardware_broken("receives what does not come");
		answered(hardware_field(6) ? EP0_DATA_OUT : EP0_WHOLE, 0);
	} else {
		hardware_broken("a command that endpoint 0 does not take");
	}
}

/* rtl/usb/usb_revoke.sv */
static void revoke_by_setup(void)
{
	const uint8_t *setup = hardware.setup;
	uint16_t value = hardware_field(2), index = hardware_field(4);

	if (value > 1 || hardware_field(6))
		return;
	if (setup[0] == 0 && setup[1] == 9 && !index) {
		hardware.configured = value;
		revoke_everything();
	} else if (setup[0] == 1 && setup[1] == 11 && index < HARDWARE_CONTEXTS) {
		unsigned bit = 1u << index;

		hardware.alt &= (uint8_t)~bit;
		hardware.alt |= (uint8_t)(value && hardware.configured && hardware.high_speed ? bit : 0);
		revoke((uint8_t)index);
	}
}

void hardware_setup(const uint8_t setup[8])
{
	hardware_settle();
	memcpy(hardware.setup, setup, 8);
	hardware.tag++;
	hardware.phase = EP0_WAIT;
	hardware.bytes = 0;
	hardware.asked_at = hardware.cycle;
	looks = 0;
	memset(hardware_ep0_buffer, HARDWARE_STALE, sizeof(hardware_ep0_buffer));
	revoke_by_setup();
}

void hardware_out(const uint8_t *data, uint32_t bytes)
{
	hardware_settle();
	if (hardware.phase != EP0_DATA_OUT)
		return;
	if (bytes > hardware_field(6))
		bytes = hardware_field(6);
	memcpy(hardware_ep0_buffer, data, bytes);
	hardware.bytes = bytes;
	hardware.phase = EP0_WHOLE;
	looks = 0;
	hardware.asked_at = hardware.cycle;
}

void hardware_status(void)
{
	hardware_settle();
	if (hardware.phase != EP0_DATA_IN && hardware.phase != EP0_STATUS_IN)
		return;
	hardware.phase = EP0_IDLE;
	hardware.done = true;
}

void hardware_bus_reset(void)
{
	hardware_settle();
	hardware.phase = EP0_IDLE;
	hardware.done = false;
	hardware.configured = false;
	revoke_everything();
}

/* ---- registers ---- */

void hardware_settle(void)
{
	uint32_t value = scratch;
	size_t at = written_at;

	written_at = 0;
	if (!at || (value == NOTHING_WRITTEN && at != offsetof(coffer_regs_t, slot_key)))
		return;
	switch (at) {
	case offsetof(coffer_regs_t, ep0_ctrl):
		ep0_command(value);
		break;
	case offsetof(coffer_regs_t, slot_attr):
		slot_attr = value;
		break;
	case offsetof(coffer_regs_t, slot_cmd): {
		uint8_t slot = REG_FIELD(SLOT_CMD__SLOT, value);

		zeroize();
		slot_result = slot_command(value) ? COFFER_REGS__SLOT_RESULT__OK_bm : 0;
		slot_result |= slots[slot].generation;
		break;
	}
	case offsetof(coffer_regs_t, slot_key):
		if (slots[writing_slot].writing)
			slots[writing_slot].words++;
		break;
	case offsetof(coffer_regs_t, surf_session):
		surf_session = value;
		break;
	case offsetof(coffer_regs_t, surf_cmd): {
		uint8_t index = REG_FIELD(SURF_CMD__INDEX, value);

		zeroize();
		surf_result = surface_command(value) ? COFFER_REGS__SURF_RESULT__OK_bm : 0;
		surf_result |= records[index].generation;
		break;
	}
	default:
		break;
	}
}

static uint32_t read_register(size_t at)
{
	uint32_t value;

	switch (at) {
	case offsetof(coffer_regs_t, id):
		return REG_BITS(ID__VERSION, 1);
	case offsetof(coffer_regs_t, config):
		return REG_BITS(CONFIG__CONTEXTS, HARDWARE_CONTEXTS) | REG_BITS(CONFIG__SLOTS, HARDWARE_SLOTS) |
		       REG_BITS(CONFIG__PAGES, HARDWARE_PAGES);
	case offsetof(coffer_regs_t, irq_status):
		if ((hardware.phase == EP0_WAIT || hardware.phase == EP0_WHOLE) && ++looks > MOST_LOOKS)
			hardware_broken("leaves a request without an answer");
		return (hardware.phase == EP0_WAIT ? IRQ_EP0_SETUP : 0) |
		       (hardware.phase == EP0_WHOLE ? IRQ_EP0_OUT : 0) | (hardware.done ? IRQ_EP0_DONE : 0) |
		       (hardware.revoked ? IRQ_EVENT : 0);
	case offsetof(coffer_regs_t, events): /* taken back by the write that follows each reading: here already */
		value = hardware.revoked;
		hardware.revoked = 0;
		return value;
	case offsetof(coffer_regs_t, ep0_setup0):
		return (uint32_t)hardware_field(2) << 16 | (uint32_t)hardware.setup[1] << 8 | hardware.setup[0];
	case offsetof(coffer_regs_t, ep0_setup1):
		return (uint32_t)hardware_field(6) << 16 | hardware_field(4);
	case offsetof(coffer_regs_t, ep0_status):
		return REG_BITS(EP0_STATUS__TAG, hardware.tag) | REG_BITS(EP0_STATUS__OUT_LEN, hardware.bytes) |
		       REG_BITS(EP0_STATUS__HIGH_SPEED, hardware.high_speed);
	case offsetof(coffer_regs_t, ep0_state):
		return REG_BITS(EP0_STATE__ALT, hardware.alt) | REG_BITS(EP0_STATE__CONFIGURED, hardware.configured);
	case offsetof(coffer_regs_t, ep0_setup_cycle_lo):
		return (uint32_t)hardware.asked_at;
	case offsetof(coffer_regs_t, slot_result):
		return slot_result;
	case offsetof(coffer_regs_t, slot_free):
	case offsetof(coffer_regs_t, slot_free) + 4:
		return slots_in(FREE, at == offsetof(coffer_regs_t, slot_free) ? 0 : 32);
	case offsetof(coffer_regs_t, slot_zeroizing):
	case offsetof(coffer_regs_t, slot_zeroizing) + 4:
		return slots_in(ZEROIZING, at == offsetof(coffer_regs_t, slot_zeroizing) ? 0 : 32);
	case offsetof(coffer_regs_t, surf_result):
		return surf_result;
	case offsetof(coffer_regs_t, surf_used):
		value = 0;
		for (unsigned k = 0; k < HARDWARE_RECORDS; k++)
			value |= (uint32_t)records[k].used << k;
		return value;
	case offsetof(coffer_regs_t, page_free):
		zeroize();
		return ~(pages_in_use() | page_zeroizer.pages);
	case offsetof(coffer_regs_t, page_zeroizing):
		zeroize();
		return page_zeroizer.pages;
	default:
		if (at >= offsetof(coffer_regs_t, epoch) && at < offsetof(coffer_regs_t, slot_attr))
			return hardware.epoch[(at - offsetof(coffer_regs_t, epoch)) / 4 % 8];
		return 0;
	}
}

static bool is_command(size_t at)
{
	return at == offsetof(coffer_regs_t, ep0_ctrl) || at == offsetof(coffer_regs_t, slot_attr) ||
	       at == offsetof(coffer_regs_t, slot_cmd) || at == offsetof(coffer_regs_t, slot_key) ||
	       at == offsetof(coffer_regs_t, surf_session) || at == offsetof(coffer_regs_t, surf_cmd);
}

volatile uint32_t *hardware_register(size_t at)
{
	hardware_settle();
	hardware.cycle += 4;
	scratch = is_command(at) ? NOTHING_WRITTEN : read_register(at);
	written_at = is_command(at) ? at : 0;
	return &scratch;
}

void hardware_reset(void)
{
	uint32_t generation;

	memset(&hardware, 0, sizeof(hardware));
	for (unsigned k = 0; k < HARDWARE_SLOTS; k++) {
		generation = slots[k].generation;
		slots[k] = (struct slot){.generation = generation ? generation : 1};
	}
	for (unsigned k = 0; k < HARDWARE_RECORDS; k++) {
		generation = records[k].generation;
		records[k] = (struct record){.generation = generation ? generation : 1};
	}
	memset(&page_zeroizer, 0, sizeof(page_zeroizer));
	written_at = 0;
	hardware.high_speed = true;
	hardware.zeroize_cycles = 600;
}
