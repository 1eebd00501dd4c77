/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving a board its identity: an RSA-2048 key for RSAES-OAEP, a P-256 key that signs, a certificate for each
 * under one root, and the record of fw/include/coffer_flash.h that holds them.
 */
#ifndef COFFER_PROVISION_H
#define COFFER_PROVISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COFFER_VIRTUAL_OU "Coffer virtual board" /* organizational unit of roots of virtual boards */

struct coffer_provisioning {
	const char *serial;           /* NULL: a random one */
	bool virtual_board;           /* a new root gets the OU of virtual boards */
	unsigned int days;            /* validity of the leaves */
	const uint8_t *device_secret; /* COFFER_DEVICE_SECRET_BYTES */
	/* The root, PEM with the terminating 0 counted; all NULL: a new one is made. */
	const uint8_t *root_key, *root_cert;
	size_t root_key_size, root_cert_size;
};

struct coffer_provisioned {
	char serial[17];
	uint8_t record[16384];
	size_t record_size;
	char root_cert[4096]; /* PEM of a new root, else empty */
	char root_key[4096];  /* PEM; a secret */
};

/* 0, or an error of mbedTLS, with the step that failed in *step. Wipe out with coffer_provisioned_wipe(). */
int coffer_provision(const struct coffer_provisioning *in, struct coffer_provisioned *out, const char **step);
void coffer_provisioned_wipe(struct coffer_provisioned *out);

#endif
