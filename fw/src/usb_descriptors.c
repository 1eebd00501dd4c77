/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors, made on request: their size depends on the number of contexts and on the speed. USB 2.0 section 9.6,
 * USB 3.2 section 9.6.2 (BOS), Microsoft OS 2.0 Descriptors Specification.
 */
#include <string.h>

#include "board.h"
#include "build_info.h"
#include "coffer_device.h"
#include "coffer_wire.h"
#include "identity.h"
#include "usb.h"

enum descriptor_type {
	DEVICE = 1,
	CONFIGURATION = 2,
	STRING = 3,
	INTERFACE = 4,
	ENDPOINT = 5,
	DEVICE_QUALIFIER = 6,
	OTHER_SPEED = 7,
	BOS = 15,
	DEVICE_CAPABILITY = 16,
};
#define BCD_USB     0x0201 /* the lowest that has a BOS descriptor */
#define LANGUAGE    0x0409 /* English (United States) */
#define BUS_POWERED 0x80
#define MAX_POWER   250 /* 500 mA */
#define EP0_PACKET  64
#define BULK        2
#define BULK_PACKET 512

/* Bytes put one after the other. */
struct writer {
	uint8_t *start, *at;
};

static void put8(struct writer *w, uint8_t value)
{
	*w->at++ = value;
}

static void put16(struct writer *w, uint16_t value)
{
	put8(w, (uint8_t)value);
	put8(w, (uint8_t)(value >> 8));
}

static void put32(struct writer *w, uint32_t value)
{
	put16(w, (uint16_t)value);
	put16(w, (uint16_t)(value >> 16));
}

static void put_bytes(struct writer *w, const void *data, size_t n)
{
	memcpy(w->at, data, n);
	w->at += n;
}

/* ASCII as UTF-16LE, n characters. In all descriptors they stand at even offsets. */
static void put_utf16(struct writer *w, const char *text, size_t n)
{
	uint16_t *to = (uint16_t *)w->at;

	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)text[i];
	w->at += 2 * n;
}

static size_t written(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

/* A total length that was left open. */
static void patch16(const struct writer *w, size_t offset, size_t value)
{
	w->start[offset] = (uint8_t)value;
	w->start[offset + 1] = (uint8_t)(value >> 8);
}

static uint8_t contexts(void)
{
	return (uint8_t)REG_FIELD(CONFIG__CONTEXTS, REG(config));
}

static bool high_speed(void)
{
	return (REG(ep0_status) & COFFER_REGS__EP0_STATUS__HIGH_SPEED_bm) != 0;
}

#define LE16(value) (uint8_t)(value), (uint8_t)((value) >> 8)

static const uint8_t device[18] = {
	18,
	DEVICE,
	LE16(BCD_USB),
	0,
	0,
	0, /* class, subclass, protocol: each interface says */
	EP0_PACKET,
	LE16(COFFER_USB_VENDOR_ID),
	LE16(COFFER_USB_PRODUCT_ID),
	LE16(COFFER_VERSION_BCD),
	COFFER_STRING_MANUFACTURER,
	COFFER_STRING_PRODUCT,
	COFFER_STRING_SERIAL,
	1, /* configuration */
};
static const uint8_t qualifier[10] = {10, DEVICE_QUALIFIER, LE16(BCD_USB), 0, 0, 0, EP0_PACKET, 1, 0};

static void put_interface(struct writer *w, uint8_t number, uint8_t setting)
{
	static const uint8_t interface[9] = {
		9, INTERFACE, 0, 0, 0, COFFER_USB_CLASS, COFFER_USB_SUBCLASS, COFFER_USB_INTERFACE_PROTOCOL, 0,
	};

	put_bytes(w, interface, sizeof(interface));
	w->at[-7] = number;
	w->at[-6] = setting;
	w->at[-5] = setting == 1 ? 2 : 0; /* endpoints */
}

static void put_endpoint(struct writer *w, uint8_t address)
{
	static const uint8_t endpoint[7] = {7, ENDPOINT, 0, BULK, LE16(BULK_PACKET), 0};

	put_bytes(w, endpoint, sizeof(endpoint));
	w->at[-5] = address;
}

/* At full speed there is only setting 0 (no endpoints, no service but stateless information). */
static void put_configuration(struct writer *w, enum descriptor_type type, bool with_endpoints)
{
	static const uint8_t configuration[9] = {
		9, 0, 0, 0, 0, 1, /* bConfigurationValue */ COFFER_STRING_CONTEXTS, BUS_POWERED, MAX_POWER,
	};

	put_bytes(w, configuration, sizeof(configuration));
	w->start[1] = type;
	w->start[4] = contexts();
	for (uint8_t k = 0; k < contexts(); k++) {
		put_interface(w, k, 0);
		if (!with_endpoints)
			continue;
		put_interface(w, k, 1);
		put_endpoint(w, COFFER_ENDPOINT_OUT(k));
		put_endpoint(w, COFFER_ENDPOINT_IN(k));
	}
	patch16(w, 2, written(w));
}

static void put_string(struct writer *w, const char *text, size_t n)
{
	put8(w, (uint8_t)(2 + 2 * n));
	put8(w, STRING);
	put_utf16(w, text, n);
}

static void put_serial(struct writer *w)
{
	const char *serial = identity()->serial;
	size_t n = 0;

	while (n < sizeof(identity()->serial) && serial[n] != 0)
		n++;
	put_string(w, serial, n);
}

static void put_free_contexts(struct writer *w)
{
	static const char text[] = "0 of 0 contexts free";
	uint8_t alt = (uint8_t)REG_FIELD(EP0_STATE__ALT, REG(ep0_state));
	char line[sizeof(text)];

	memcpy(line, text, sizeof(text));
	line[0] = (char)('0' + contexts() - (int)bit_count(alt));
	line[5] = (char)('0' + contexts());
	put_string(w, line, sizeof(text) - 1);
}

static void put_strings(struct writer *w, uint8_t index, uint16_t language)
{
	if (index == 0) {
		put8(w, 4);
		put8(w, STRING);
		put16(w, LANGUAGE);
		return;
	}
	if (language != LANGUAGE)
		return;
	if (index == COFFER_STRING_MANUFACTURER)
		put_string(w, COFFER_USB_MANUFACTURER, strlen(COFFER_USB_MANUFACTURER));
	else if (index == COFFER_STRING_PRODUCT)
		put_string(w, COFFER_USB_PRODUCT, strlen(COFFER_USB_PRODUCT));
	else if (index == COFFER_STRING_SERIAL)
		put_serial(w);
	else if (index == COFFER_STRING_CONTEXTS)
		put_free_contexts(w);
}

/* The platform capability that leads Windows to the Microsoft OS 2.0 descriptor set. No USB 2.0 extension: it is there to tell of
 * link power management, which this board has not. */
static void put_bos(struct writer *w)
{
	static const uint8_t bos[] = {
		5,
		BOS,
		LE16(5 + 28),
		1, /* capability */
		28,
		DEVICE_CAPABILITY,
		5,
		0, /* platform */
		0xDF,
		0x60,
		0xDD,
		0xD8,
		0x89,
		0x45,
		0xC7,
		0x4C,
		0x9C,
		0xD2,
		0x65,
		0x9D,
		0x9E,
		0x64,
		0x8A,
		0x9F,
		0x00,
		0x00,
		0x03,
		0x06, /* Windows 8.1 and later */
		0,
		0,
		COFFER_MSOS_VENDOR_CODE,
		0,
	};

	put_bytes(w, bos, sizeof(bos));
	patch16(w, sizeof(bos) - 4, usb_msos_descriptor(NULL));
}

size_t usb_descriptor(uint8_t *out, uint8_t type, uint8_t index, uint16_t language)
{
	struct writer w = {out, out};

	if (type == STRING)
		put_strings(&w, index, language);
	else if (index != 0 || language != 0)
		return 0;
	else if (type == DEVICE)
		put_bytes(&w, device, sizeof(device));
	else if (type == CONFIGURATION)
		put_configuration(&w, CONFIGURATION, high_speed());
	else if (type == DEVICE_QUALIFIER)
		put_bytes(&w, qualifier, sizeof(qualifier));
	else if (type == OTHER_SPEED)
		put_configuration(&w, OTHER_SPEED, !high_speed());
	else if (type == BOS)
		put_bos(&w);
	return written(&w);
}

/* ---- Microsoft OS 2.0 ------------------------------------------------------------------------------ */

enum msos_type {
	MSOS_SET_HEADER = 0,
	MSOS_CONFIGURATION_SUBSET = 1,
	MSOS_FUNCTION_SUBSET = 2,
	MSOS_COMPATIBLE_ID = 3,
	MSOS_REGISTRY_PROPERTY = 4,
};
#define MSOS_REG_MULTI_SZ 7
#define GUID_NAME         "DeviceInterfaceGUIDs"

/* Sizes, terminators included; the list of GUIDs has a second one. */
#define MSOS_NAME_BYTES     (2 * sizeof(GUID_NAME))
#define MSOS_GUID_BYTES     (2 * (sizeof(COFFER_INTERFACE_GUID) + 1))
#define MSOS_PROPERTY_BYTES (10 + MSOS_NAME_BYTES + MSOS_GUID_BYTES)
#define MSOS_FUNCTION_BYTES (8 + 20 + MSOS_PROPERTY_BYTES)
#define MSOS_HEADER_BYTES   10
#define MSOS_SUBSET_BYTES   8

/* One function: bound to WinUSB, found by its interface GUID. */
static void put_msos_function(struct writer *w, uint8_t interface)
{
	put16(w, 8);
	put16(w, MSOS_FUNCTION_SUBSET);
	put8(w, interface);
	put8(w, 0);
	put16(w, MSOS_FUNCTION_BYTES);

	put16(w, 20);
	put16(w, MSOS_COMPATIBLE_ID);
	put_bytes(w, "WINUSB\0\0\0\0\0\0\0\0\0\0", 16);

	put16(w, MSOS_PROPERTY_BYTES);
	put16(w, MSOS_REGISTRY_PROPERTY);
	put16(w, MSOS_REG_MULTI_SZ);
	put16(w, MSOS_NAME_BYTES);
	put_utf16(w, GUID_NAME, sizeof(GUID_NAME));
	put16(w, MSOS_GUID_BYTES);
	put_utf16(w, COFFER_INTERFACE_GUID, sizeof(COFFER_INTERFACE_GUID));
	put16(w, 0);
}

/* With out == NULL only the length. */
size_t usb_msos_descriptor(uint8_t *out)
{
	size_t functions = contexts() * MSOS_FUNCTION_BYTES;
	struct writer w = {out, out};

	_Static_assert(MSOS_HEADER_BYTES + MSOS_SUBSET_BYTES + BOARD_CONTEXTS_MAX * MSOS_FUNCTION_BYTES <=
			       BOARD_EP0_BYTES,
		       "msos");
	if (out == NULL)
		return MSOS_HEADER_BYTES + MSOS_SUBSET_BYTES + functions;
	put16(&w, MSOS_HEADER_BYTES);
	put16(&w, MSOS_SET_HEADER);
	put32(&w, 0x06030000);
	put16(&w, (uint16_t)(MSOS_HEADER_BYTES + MSOS_SUBSET_BYTES + functions));
	put16(&w, MSOS_SUBSET_BYTES);
	put16(&w, MSOS_CONFIGURATION_SUBSET);
	put8(&w, 0); /* the first configuration */
	put8(&w, 0);
	put16(&w, (uint16_t)(MSOS_SUBSET_BYTES + functions));
	for (uint8_t k = 0; k < contexts(); k++)
		put_msos_function(&w, k);
	return written(&w);
}
