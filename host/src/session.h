/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_SESSION_H
#define COFFER_SESSION_H

#include "internal.h"

struct coffer_session {
	struct coffer_context *context;
	enum coffer_session_kind kind;
	uint32_t slots[3]; /* handles by enum coffer_key */
};

struct coffer_surface {
	struct coffer_context *context;
	uint32_t handle, bytes;
};

#endif
