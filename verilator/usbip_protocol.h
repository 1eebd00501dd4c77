/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB/IP 1.1.1 as it is on the wire (Linux Documentation/usb/usbip_protocol.rst): all fields big-endian. And the two
 * messages that we add for the preload library, which is a client of the same server: OPEN in the place of IMPORT,
 * since a device node can be opened many times, and USBFS for what an ioctl asks of the kernel itself.
 */
#ifndef COFFER_USBIP_PROTOCOL_H
#define COFFER_USBIP_PROTOCOL_H

#include <stdint.h>

#define USBIP_VERSION 0x0111u
#define USBIP_PORT    3240

enum usbip_op {
	USBIP_OP_REQ_DEVLIST = 0x8005,
	USBIP_OP_REP_DEVLIST = 0x0005,
	USBIP_OP_REQ_IMPORT = 0x8003, /* struct usbip_import_request follows the head */
	USBIP_OP_REP_IMPORT = 0x0003, /* struct usbip_device follows a good head */
	COFFER_OP_REQ_OPEN = 0x80C0,  /* as IMPORT, with the name "BBB/DDD" of the node below /dev/bus/usb */
	COFFER_OP_REP_OPEN = 0x00C0,
};

enum usbip_op_status {
	USBIP_ST_OK = 0,
	USBIP_ST_NA = 1,
	USBIP_ST_DEV_BUSY = 2,
	USBIP_ST_NODEV = 4,
};

struct usbip_op_head {
	uint16_t version;
	uint16_t code;
	uint32_t status;
};

struct usbip_import_request {
	char busid[32];
};

struct usbip_device { /* 312 bytes */
	char path[256];
	char busid[32];
	uint32_t busnum;
	uint32_t devnum;
	uint32_t speed;
	uint16_t vendor;
	uint16_t product;
	uint16_t release;
	uint8_t device_class;
	uint8_t device_subclass;
	uint8_t device_protocol;
	uint8_t configuration_value;
	uint8_t configurations;
	uint8_t interfaces;
};
#define USBIP_SPEED_HIGH 3u

struct usbip_interface { /* behind each device of a list */
	uint8_t interface_class;
	uint8_t interface_subclass;
	uint8_t interface_protocol;
	uint8_t padding;
};

enum usbip_command {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
	COFFER_CMD_USBFS = 0xC1,
	COFFER_RET_USBFS = 0xC3,
};

enum usbip_transfer_flags {
	USBIP_SHORT_NOT_OK = 0x0001,
	USBIP_ZERO_PACKET = 0x0040,
	COFFER_CONTINUATION = 0x10000, /* ours: goes on the URB before it */
};

struct usbip_header { /* 48 bytes */
	uint32_t command;
	uint32_t seqnum;
	uint32_t devid;     /* busnum << 16 | devnum; 0 in answers */
	uint32_t direction; /* 1: IN */
	uint32_t ep;
	union {
		struct {
			uint32_t transfer_flags;
			uint32_t transfer_buffer_length;
			uint32_t start_frame;
			uint32_t number_of_packets; /* isochronous ones; else 0 or 0xffffffff */
			uint32_t interval;
			uint8_t setup[8];
		} submit;
		struct {
			uint32_t status;
			uint32_t actual_length;
			uint32_t start_frame;
			uint32_t number_of_packets;
			uint32_t error_count;
			uint8_t padding[8];
		} ret_submit;
		struct {
			uint32_t seqnum; /* of the SUBMIT to be unlinked */
			uint8_t padding[24];
		} unlink;
		struct {
			uint32_t status;
			uint8_t padding[24];
		} ret; /* of UNLINK and USBFS */
		struct {
			uint32_t op; /* enum coffer_usbfs_op */
			uint32_t a;
			uint32_t b;
			uint8_t setup[8]; /* CHECK of a control transfer */
			uint8_t padding[8];
		} usbfs;
	} u;
};

enum coffer_usbfs_op {
	COFFER_USBFS_CLAIM = 1,             /* a: interface */
	COFFER_USBFS_RELEASE = 2,           /* a: interface */
	COFFER_USBFS_SET_INTERFACE = 3,     /* a: interface, b: setting */
	COFFER_USBFS_SET_CONFIGURATION = 4, /* a: value, or -1 */
	COFFER_USBFS_RESET = 5,
	COFFER_USBFS_CLEAR_HALT = 6, /* a: endpoint */
	COFFER_USBFS_GET_DRIVER = 7, /* a: interface */
	COFFER_USBFS_CHECK = 8,      /* a: endpoint, 0 with setup: may this file submit to it? */
};

#ifdef __cplusplus
#define COFFER_SIZE_IS(type, bytes) static_assert(sizeof(struct type) == (bytes), #type)
#else
#define COFFER_SIZE_IS(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)
#endif
COFFER_SIZE_IS(usbip_op_head, 8);
COFFER_SIZE_IS(usbip_device, 312);
COFFER_SIZE_IS(usbip_header, 48);

#endif
