/* SPDX-License-Identifier: Apache-2.0 */
/* Standard requests: USB 2.0 section 9.4, all eight bits of bmRequestType decoded. */
#include "board.h"
#include "coffer_device.h"
#include "coffer_wire.h"
#include "usb.h"

enum standard_request {
	GET_STATUS = 0,
	CLEAR_FEATURE = 1,
	SET_FEATURE = 3,
	SET_ADDRESS = 5,
	GET_DESCRIPTOR = 6,
	GET_CONFIGURATION = 8,
	SET_CONFIGURATION = 9,
	GET_INTERFACE = 10,
	SET_INTERFACE = 11,
};
enum {
	TO_DEVICE = 0x00,
	TO_INTERFACE = 0x01,
	TO_ENDPOINT = 0x02,
	FROM_DEVICE = 0x80,
	FROM_INTERFACE = 0x81,
	FROM_ENDPOINT = 0x82,
};
#define ENDPOINT_HALT         0
#define MSOS_DESCRIPTOR_INDEX 7
#define VENDOR_IN             0xC0

/* type << 8 | request: one case a request. */
#define WHICH(type, request) ((type) << 8 | (request))

static bool configured(void)
{
	return (REG(ep0_state) & COFFER_REGS__EP0_STATE__CONFIGURED_bm) != 0;
}

static bool high_speed(void)
{
	return (REG(ep0_status) & COFFER_REGS__EP0_STATUS__HIGH_SPEED_bm) != 0;
}

static uint8_t contexts(void)
{
	return (uint8_t)REG_FIELD(CONFIG__CONTEXTS, REG(config));
}

static uint8_t alt_setting(uint16_t interface)
{
	return REG(ep0_state) >> interface & 1;
}

static bool is_interface(uint16_t index)
{
	return configured() && index < contexts();
}

/* Endpoint 0, or one of an interface that is at setting 1. */
static bool is_endpoint(uint16_t index)
{
	uint16_t number = index & 0x7F;

	if (index & ~0x8Fu)
		return false;
	if (number == 0)
		return true;
	return is_interface(number - 1) && alt_setting(number - 1) == 1;
}

static void answer(const struct ep0_request *r, bool good)
{
	if (good)
		ep0_acknowledge(r);
	else
		ep0_stall(r);
}

static void send_bytes(const struct ep0_request *r, uint8_t first, size_t bytes)
{
	uint8_t *buffer = ep0_buffer();

	buffer[0] = first;
	buffer[1] = 0;
	ep0_send(r, bytes);
}

/* Status of device (bus-powered, no remote wake-up), interface and endpoints: two zero bytes wherever they exist.
 * No endpoint of ours halts: a refused job is answered, not stalled. */
static void get_status(const struct ep0_request *r, bool exists)
{
	if (exists && r->value == 0 && r->length == 2)
		send_bytes(r, 0, 2);
	else
		ep0_stall(r);
}

static void get_descriptor(const struct ep0_request *r)
{
	size_t bytes = usb_descriptor(ep0_buffer(), r->value >> 8, (uint8_t)r->value, r->index);

	if (bytes == 0)
		ep0_stall(r);
	else
		ep0_send(r, bytes);
}

/* The hardware has revoked the contexts concerned when it accepted the SETUP; zeroizing goes on meanwhile. At full speed
 * only setting 0 exists. */
static bool set_interface_good(const struct ep0_request *r)
{
	return r->length == 0 && is_interface(r->index) && r->value <= (high_speed() ? 1 : 0);
}

void usb_standard(const struct ep0_request *r)
{
	switch (WHICH(r->type, r->request)) {
	case WHICH(FROM_DEVICE, GET_STATUS):
		get_status(r, r->index == 0);
		break;
	case WHICH(FROM_INTERFACE, GET_STATUS):
		get_status(r, is_interface(r->index));
		break;
	case WHICH(FROM_ENDPOINT, GET_STATUS):
		get_status(r, is_endpoint(r->index));
		break;
	case WHICH(TO_ENDPOINT, CLEAR_FEATURE):
		/* The hardware resets the data toggle. */
		answer(r, r->value == ENDPOINT_HALT && r->length == 0 && is_endpoint(r->index));
		break;
	case WHICH(TO_DEVICE, SET_ADDRESS):
		if (r->value <= 127 && r->index == 0 && r->length == 0) {
			REG(ep0_address) = r->value;
			ep0_acknowledge(r);
		} else {
			ep0_stall(r);
		}
		break;
	case WHICH(FROM_DEVICE, GET_DESCRIPTOR):
		get_descriptor(r);
		break;
	case WHICH(FROM_DEVICE, GET_CONFIGURATION):
		if (r->value == 0 && r->index == 0 && r->length == 1)
			send_bytes(r, configured(), 1);
		else
			ep0_stall(r);
		break;
	case WHICH(TO_DEVICE, SET_CONFIGURATION):
		answer(r, r->value <= 1 && r->index == 0 && r->length == 0);
		break;
	case WHICH(FROM_INTERFACE, GET_INTERFACE):
		if (r->value == 0 && is_interface(r->index) && r->length == 1)
			send_bytes(r, alt_setting(r->index), 1);
		else
			ep0_stall(r);
		break;
	case WHICH(TO_INTERFACE, SET_INTERFACE):
		answer(r, set_interface_good(r));
		break;
	default:
		/* SET_FEATURE: no halt, no remote wake-up, no test modes; SET_DESCRIPTOR and SYNCH_FRAME: optional. */
		ep0_stall(r);
	}
}

/* The one vendor request: constant data. */
void usb_vendor(const struct ep0_request *r)
{
	if (r->type == VENDOR_IN && r->request == COFFER_MSOS_VENDOR_CODE && r->value == 0 &&
	    r->index == MSOS_DESCRIPTOR_INDEX)
		ep0_send(r, usb_msos_descriptor(ep0_buffer()));
	else
		ep0_stall(r);
}
