/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of what the firmware's requests stand on (rtl/soc/coffer_regs.rdl): endpoint 0, key slots, surface records,
 * revocation. It keeps the hardware's promises and no others. A firmware that asks of it what it must not ends the program.
 */
#ifndef COFFER_FUZZ_HARDWARE_H
#define COFFER_FUZZ_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#define HARDWARE_CONTEXTS 4u
#define HARDWARE_SLOTS    64u
#define HARDWARE_PAGES    32u
#define HARDWARE_RECORDS  16u

/* What the buffer of endpoint 0 holds before each request: no answer may show eight of them in a row. */
#define HARDWARE_STALE 0xA5u

/* Where in a blob its key stands. */
#define HARDWARE_KEY_AT 16u

/* phase of rtl/usb/usb_ep0.sv */
enum hardware_phase { EP0_IDLE, EP0_WAIT, EP0_DATA_IN, EP0_DATA_OUT, EP0_WHOLE, EP0_STATUS_IN };

struct hardware {
	uint64_t cycle;
	/* endpoint 0 */
	uint8_t setup[8], tag;
	enum hardware_phase phase;
	bool done;         /* a status stage is over and not acknowledged */
	uint32_t bytes;    /* of the data stage */
	uint64_t asked_at; /* cycle of the SETUP, or of the end of its OUT stage */
	bool configured, high_speed;
	uint8_t alt, revoked, epoch[8];
	/* what the source of randomness and the public-key engine do */
	bool random_failed, rsa_failed, rsa_busy;
	uint8_t rsa_result; /* even: decodes to a key, and to which */
	uint32_t zeroize_cycles;
};
extern struct hardware hardware;

/* Power-on, but for the slots' generations. */
void hardware_reset(void);
/* Lets the last write have its effect. */
void hardware_settle(void);
void hardware_setup(const uint8_t setup[8]);
/* The host's OUT data stage. Nothing if none is due. */
void hardware_out(const uint8_t *data, uint32_t bytes);
/* The host's status stage. Nothing if none is due. */
void hardware_status(void);
/* Bus reset: back at address 0, without a configuration. */
void hardware_bus_reset(void);

/* Key slots and surface records that are not free, zeroizing ones included. */
unsigned hardware_slots_used(void);
unsigned hardware_records_used(void);

uint16_t hardware_field(unsigned offset); /* of the SETUP: 16 bits at 2, 4 or 6 */

/* The main loop has just unmasked the interrupt: what hosts did meanwhile is served here. */
void hardware_unmasked(void);

/* Ends the program with what the firmware did. */
_Noreturn void hardware_broken(const char *what);

#endif
