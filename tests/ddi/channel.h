/* SPDX-License-Identifier: Apache-2.0 */
/* The application's side of an authenticated channel. */
#ifndef COFFER_TESTS_DDI_CHANNEL_H
#define COFFER_TESTS_DDI_CHANNEL_H

#include "client.h"

extern D3D11_1DDI_HAUTHCHANNEL channel; /* of a; negotiated by channel_key_exchange */
extern HANDLE name;                     /* its hChannel */
extern UINT next_query, next_order;     /* sequence numbers */

void sign(void *structure, size_t bytes);
bool is_signed(const void *structure, size_t bytes);
/* Fills in the header and asks; checks MAC, echo and return code of the answer as an application must. */
HRESULT ask(const GUID *type, UINT number, void *input, UINT in, void *output, UINT out);
/* As it is; and with its header filled in and signed. */
HRESULT send_order(const void *input, UINT in);
HRESULT order(const GUID *type, UINT number, void *input, UINT in);
HRESULT protect(UINT number, UINT flags);
HRESULT ask_type(UINT number);
void refuse_without_mac(struct client *c, D3D11_1DDI_HAUTHCHANNEL which);

#endif
