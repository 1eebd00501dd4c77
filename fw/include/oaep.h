/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of RSAES-OAEP blocks (RFC 8017, 7.1.2 step 3) with SHA-512 and MGF1-SHA-512, in constant time: memory
 * accesses and branches depend on the kind of session alone, never on the block. Free of hardware: a test builds it natively.
 */
#ifndef COFFER_OAEP_H
#define COFFER_OAEP_H

#include <stdbool.h>
#include <stdint.h>

#include "coffer_wire.h"

struct oaep_key {
	uint8_t key[32];
	uint8_t key_bytes; /* 16, 24 or 32 */
	uint8_t usage;     /* of an open session, enum coffer_usage; else 0 */
	uint8_t iv_policy; /* of an open session, enum coffer_iv_policy; else 0 */
};

/*
 * em: the 256 bytes that RSADP gave, most significant first; wiped. in_range: the ciphertext was below n.
 * Protected sessions and channels: empty label, the message is a key of 16 bytes. Open ones: label "coffer-open-v1", the message is
 * struct coffer_open_key, with bits of its two enums alone, and its key, nothing behind. False, with *out zeroed, for
 * everything else, at the same cost.
 */
bool oaep_decode(uint8_t em[256], bool in_range, enum coffer_session_kind kind, struct oaep_key *out);

#endif
