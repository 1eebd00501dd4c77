/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this board is: the identity record of the SPI flash (coffer_flash.h), read and checked once at boot.
 */
#ifndef COFFER_IDENTITY_H
#define COFFER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "coffer_wire.h"

/* coffer_status.boot_result */
enum boot_result {
	BOOT_OK = 0,
	BOOT_NO_RECORD = 1, /* no magic: the flash is empty or absent */
	BOOT_VERSION = 2,
	BOOT_LENGTHS = 3,   /* a length, a reserved byte or the serial is not what it may be */
	BOOT_MAC = 4,       /* damaged, or made for another device secret */
	BOOT_RSA_CHAIN = 5, /* CRC-32 of a certificate chain */
	BOOT_P256_CHAIN = 6,
	BOOT_RSA_KEY = 7, /* the private key does not hold together */
};

struct identity {
	char serial[16];         /* zero padded */
	uint32_t chain_bytes[2]; /* enum coffer_chain; 0: none */
	uint32_t chain_at[2];    /* flash addresses */
	enum boot_result result;
};

struct coffer_identity_private;

/* Reads and checks the record, and hides the device secret until the next power-on. True when key was filled in; the
 * caller hands it to the public-key engine and wipes it. */
bool identity_boot(struct coffer_identity_private *key);
/* The public-key engine refused the key. */
void identity_bad_key(void);
const struct identity *identity(void);

#endif
