/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's channels, built natively: what stands around them, and an application at their other end. */
#ifndef COFFER_TESTS_CHANNEL_APP_H
#define COFFER_TESTS_CHANNEL_APP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "channel.h"
#include "cmac.h"
#include "coffer/d3d11ddi_channel.h"

#define CTX     1
#define EPOCH   0x5Au
#define DEVICE  (0x01000000u | EPOCH << 8 | CTX)
#define SESSION COFFER_HANDLE(20, 7) /* protected, of this context */
#define OPEN    COFFER_HANDLE(21, 7)
#define DECODER 0xD0D0u

extern const uint8_t key[16];

extern bool holds;              /* a negotiation's answer is near */
extern void (*meanwhile)(void); /* runs when the main loop looks for a session */
extern bool session_ended;

extern unsigned n; /* words of a handle: 2, then 1 */
extern uint32_t channel;
extern struct coffer_channel_command sent;
extern size_t length; /* of its message */
extern const struct coffer_channel_answer *answer;

uint32_t *words(void); /* of the message */
void fresh_channel(void);
/* A header, and parameters: so many handles, then so many words more. */
void compose(const GUID *type, uint32_t number, unsigned handles, unsigned more, const uint32_t *values);
void give_mac(void);
enum coffer_result command(uint16_t room);
/* The command, and its answer of so many bytes, whose MAC and echo are checked; its return code. */
HRESULT run(uint16_t room, size_t bytes);
size_t header(void); /* bytes, of an answer */
HRESULT order(void);
HRESULT ask(size_t room);
const uint32_t *results(void); /* of a query */

void initialize(uint32_t queries, uint32_t orders);
HRESULT protect(uint32_t number, uint32_t flags);
HRESULT ask_type(uint32_t number);

#endif
