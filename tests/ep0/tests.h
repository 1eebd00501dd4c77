// SPDX-License-Identifier: Apache-2.0
//
// The checks of endpoint 0, by topic; bench.cpp runs them.

#pragma once

#include "rig.h"

// chapter9.cpp
void test_descriptors(Board &b);
void test_vendor_requests(Board &b);
void test_standard_requests(Board &b);

// requests.cpp
void test_malformed(Board &b);
void test_sessions(Board &b);
void test_abandoned(Board &b);
void test_overtaken(Board &b);
void test_surfaces(Board &b);
void test_negotiation_without_identity(Board &b);

// revoke.cpp
void test_closing_is_at_once(Board &b);
void test_revocation(Board &b);

// channels.cpp
void test_channels(Board &b);
// Of one that has a key: what its messages take.
void channel_messages(Board &b, uint16_t interface, uint32_t channel);

// negotiate.cpp: on a board with an identity, whose flash image and device secret these are. The exit status.
int negotiate(const char *flash, const char *secret, const char *blob_file);
