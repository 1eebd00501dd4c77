/* SPDX-License-Identifier: Apache-2.0 */
/* See ep0.h. */
#include "ep0.h"

#include <string.h>

#include "board.h"
#include "irq.h"
#include "requests.h"
#include "usb.h"

enum ep0_command { CMD_SEND = 1, CMD_RECEIVE = 2, CMD_STATUS = 3, CMD_STALL = 4, CMD_ACK_DONE = 5 };

#define TYPE_MASK   0x60u
#define TYPE_CLASS  0x20u
#define TYPE_VENDOR 0x40u

static struct ep0_request current;
static bool current_is_class; /* its stamps are a context's */
static struct ep0_stamps stamps[BOARD_CONTEXTS_MAX];

static void command(uint8_t tag, enum ep0_command cmd, size_t bytes)
{
	REG(ep0_ctrl) = REG_BITS(EP0_CTRL__CMD, cmd) | REG_BITS(EP0_CTRL__TAG, tag) | REG_BITS(EP0_CTRL__LEN, bytes);
}

static uint8_t newest_tag(void)
{
	return (uint8_t)REG_FIELD(EP0_STATUS__TAG, REG(ep0_status));
}

uint8_t *ep0_buffer(void)
{
	return (uint8_t *)BOARD_EP0_BUFFER;
}

/* Where wLength is 0 there is no data stage, whatever the direction bit says (USB 2.0 section 9.3.1). */
void ep0_send(const struct ep0_request *r, size_t bytes)
{
	if (bytes > r->length)
		bytes = r->length;
	__asm__ volatile("" : : : "memory");
	command(r->tag, r->length == 0 ? CMD_STATUS : CMD_SEND, bytes);
}

void ep0_send_copy(const struct ep0_request *r, const void *data, size_t bytes)
{
	memcpy(ep0_buffer(), data, bytes);
	ep0_send(r, bytes);
}

void ep0_receive(const struct ep0_request *r)
{
	command(r->tag, CMD_RECEIVE, r->length);
}

void ep0_acknowledge(const struct ep0_request *r)
{
	command(r->tag, CMD_STATUS, 0);
}

void ep0_stall(const struct ep0_request *r)
{
	command(r->tag, CMD_STALL, 0);
}

void ep0_stamps(uint8_t ctx, struct ep0_stamps *out)
{
	*out = stamps[ctx];
}

/* Tag before and after: all of it belongs to one SETUP, and the epoch is older than any later revocation. */
static void read_setup(struct ep0_request *r)
{
	uint32_t word0, word1;

	do {
		r->tag = newest_tag();
		word0 = REG(ep0_setup0);
		word1 = REG(ep0_setup1);
		r->epoch = (uint8_t)REG(epoch[word1 & 7]);
		r->cycle = REG(ep0_setup_cycle_lo) | (uint64_t)REG(ep0_setup_cycle_hi) << 32;
	} while (newest_tag() != r->tag);
	r->type = (uint8_t)word0;
	r->request = (uint8_t)(word0 >> 8);
	r->value = (uint16_t)(word0 >> 16);
	r->index = (uint16_t)word1;
	r->length = (uint16_t)(word1 >> 16);
}

void ep0_setup(void)
{
	if (current_is_class)
		requests_abandoned();
	read_setup(&current);
	irq_revocations();
	current_is_class = false;
	switch (current.type & TYPE_MASK) {
	case 0:
		usb_standard(&current);
		break;
	case TYPE_CLASS:
		current_is_class = requests_setup(&current);
		break;
	case TYPE_VENDOR:
		usb_vendor(&current);
		break;
	default:
		ep0_stall(&current);
	}
}

/* Only class requests have an OUT data stage. */
void ep0_out(void)
{
	uint32_t status = REG(ep0_status);

	if (REG_FIELD(EP0_STATUS__TAG, status) == current.tag && current_is_class)
		requests_out(&current, REG_FIELD(EP0_STATUS__OUT_LEN, status));
	else /* with the old tag: a SETUP that came just now must not be the one that is stalled */
		ep0_stall(&current);
}

void ep0_done(void)
{
	if (current_is_class) {
		struct ep0_stamps *s = &stamps[current.index];

		s->setup = current.cycle;
		s->status = REG(ep0_done_cycle_lo) | (uint64_t)REG(ep0_done_cycle_hi) << 32;
		current_is_class = false;
		requests_done();
	}
	command(newest_tag(), CMD_ACK_DONE, 0);
}
