/* SPDX-License-Identifier: Apache-2.0 */
/* Coffer's own requests (coffer_wire.h). Every length and value is checked before anything is done. */
#ifndef COFFER_REQUESTS_H
#define COFFER_REQUESTS_H

#include <stdbool.h>

#include "ep0.h"

/* A class request's SETUP. True when it is one of ours, on an interface that exists: its stamps count. */
bool requests_setup(const struct ep0_request *r);
/* Its OUT data stage has ended with so many bytes in the buffer. */
void requests_out(const struct ep0_request *r, size_t bytes);
/* Its status stage is done; or it never will be, since another SETUP came. */
void requests_done(void);
void requests_abandoned(void);

#endif
