/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticated channels: creation, numbers, objects; what each message has in it. */
#include "suite.h"

#include <string.h>

#include "omac.h"

typedef D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT type_output;
typedef D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT order_output;

/* ---- the channel --------------------------------------------------------------------------------------------------- */

static void types_follow_caps(void)
{
	struct channel channel;

	NEEDS_CHANNEL;
	for (int type = 0; type < 5; type++) {
		if ((type == D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE && s.caps.Caps & CAP(HARDWARE)) ||
		    (type == D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_SOFTWARE && s.caps.Caps & CAP(SOFTWARE)))
			continue;
		DEMAND(create_channel(&a, (D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE)type, &channel) != S_OK,
		       "a channel of type %d is created, which the caps do not have", type);
		DEMAND(!channel.name, "a channel that is not created has a handle");
	}
}

static void blob_is_of_256_bytes(void)
{
	static const UINT wrong[] = {0, 255, 257};
	uint8_t blob[257] = {0};

	NEEDS_CHANNEL;
	for (size_t i = 0; i < 3; i++)
		DEMAND(ASK(&a, pfnNegotiateAuthenticatedChannelKeyExchange, s.channel.handle, wrong[i], blob) ==
			       E_INVALIDARG,
		       "%u bytes are taken", wrong[i]);
}

static void nothing_before_initialize(void)
{
	type_output output;
	order_output done;

	NEEDS_CHANNEL;
	DEMAND(query_type(&s.channel, 1, &output) == E_INVALIDARG, "a query is answered");
	DEMAND(protect(&s.channel, 1, &done) == E_INVALIDARG, "a configuration is taken");
}

/* The channel's first messages. */
static void first_number_is_the_start(void)
{
	type_output output;
	order_output done;

	NEEDS_MESSAGES;
	DEMAND(query_type(&s.channel, s.channel.next_query - 1, &output) == E_INVALIDARG,
	       "a number below the start is taken");
	DEMAND(query_type(&s.channel, s.channel.next_query++, &output) == S_OK,
	       "a query with the start value itself is refused");
	DEMAND(protect(&s.channel, s.channel.next_order++, &done) == S_OK,
	       "a configuration with the start value itself is refused");
}

static void initialize_is_once(void)
{
	UINT queries, orders;
	HRESULT result;

	NEEDS_MESSAGES;
	queries = s.channel.next_query;
	orders = s.channel.next_order;
	result = initialize(&s.channel, 1, 1);
	s.channel.next_query = queries;
	s.channel.next_order = orders;
	DEMAND(result == E_INVALIDARG, "a second INITIALIZE: %s", name_of(result));
}

static void queries_rise(void)
{
	type_output output;
	UINT first;

	NEEDS_MESSAGES;
	first = s.channel.next_query + 5;
	s.channel.next_query = first + 3;
	DEMAND(query_type(&s.channel, first, &output) == S_OK, "a greater number is refused");
	DEMAND(query_type(&s.channel, first, &output) == E_INVALIDARG, "a number is taken twice");
	DEMAND(query_type(&s.channel, first - 1, &output) == E_INVALIDARG, "a smaller number is taken");
	DEMAND(query_type(&s.channel, first + 2, &output) == S_OK, "numbers may not be left out");
	DEMAND(query_type(&s.channel, first + 1, &output) == E_INVALIDARG, "a number that was left out is taken later");
}

static void orders_have_numbers_of_their_own(void)
{
	type_output output;
	order_output done;
	UINT first;

	NEEDS_MESSAGES;
	first = s.channel.next_order;
	s.channel.next_order += 2;
	DEMAND(query_type(&s.channel, s.channel.next_query++, &output) == S_OK, "a query is refused");
	DEMAND(protect(&s.channel, first, &done) == S_OK, "a configuration whose number is below a query's is refused");
	DEMAND(protect(&s.channel, first, &done) == E_INVALIDARG, "a configuration's number is taken twice");
}

static void channel_is_bound(void)
{
	uint8_t blob[256] = {0};
	struct channel stolen;
	type_output output;
	order_output done;

	NEEDS_MESSAGES;
	stolen = s.channel;
	stolen.device = &b;
	DEMAND(query_type(&stolen, s.channel.next_query++, &output) != S_OK, "another device's channel answers");
	DEMAND(protect(&stolen, s.channel.next_order++, &done) != S_OK, "and takes orders");
	DEMAND(ASK(&b, pfnNegotiateAuthenticatedChannelKeyExchange, stolen.handle, sizeof(blob), blob) != S_OK,
	       "and exchanges keys");
}

static HRESULT bind(struct channel *channel, HANDLE session, HANDLE device)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION input;
	order_output done;

	memset(&input, 0, sizeof(input));
	input.DecodeHandle = (HANDLE)(uintptr_t)0x77;
	input.CryptoSessionHandle = session;
	input.DeviceHandle = device;
	return configure(channel, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, channel->next_order++,
			 &input, sizeof(input), &done);
}

static void handles_are_checked(void)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_DEVICE_HANDLE_OUTPUT device;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT input = {0};
	HANDLE handle = NULL, other = NULL;

	NEEDS_MESSAGES;
	DEMAND(query(&s.channel, &D3D11_1DDI_AUTHENTICATED_QUERY_DEVICE_HANDLE, s.channel.next_query++, &input,
		     sizeof(input), &device, sizeof(device)) == S_OK,
	       "DEVICE_HANDLE is refused");
	DEMAND(ASK(&a, pfnCryptoSessionGetHandle, s.session, &handle) == S_OK &&
		       ASK(&b, pfnCryptoSessionGetHandle, s.foreign, &other) == S_OK,
	       "a session has no handle");
	DEMAND(bind(&s.channel, (HANDLE)((uintptr_t)handle ^ 0x5A50), device.DeviceHandle) == E_INVALIDARG,
	       "a session's handle that nobody gave is taken");
	DEMAND(bind(&s.channel, other, device.DeviceHandle) == E_INVALIDARG, "another device's session is taken");
	DEMAND(bind(&s.channel, handle, (HANDLE)((uintptr_t)device.DeviceHandle ^ 0x5A50)) == E_INVALIDARG,
	       "another device's handle is taken");
}

static const struct rule channels[] = {
	{"channel-type-follows-caps", "a software channel needs the cap SOFTWARE, a hardware one HARDWARE",
	 "CreateAuthenticatedChannel; D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE", types_follow_caps},
	{"channel-negotiate-256-only", "a blob of another size than 256 bytes is E_INVALIDARG",
	 "NegotiateAuthenticatedChannelKeyExchange", blob_is_of_256_bytes},
	{"nothing-before-initialize", "before INITIALIZE every query and configuration is E_INVALIDARG",
	 "QueryAuthenticatedChannel, ConfigureAuthenticatedChannel", nothing_before_initialize},
	{"first-number-is-the-start", "the first number may be INITIALIZE's start value itself",
	 "GPU-based content protection, Direct3D 11", first_number_is_the_start},
	{"initialize-once", "a second INITIALIZE is E_INVALIDARG", "ConfigureAuthenticatedChannel", initialize_is_once},
	{"sequence-strictly-rising", "a query's number is greater than the last one's", "QueryAuthenticatedChannel",
	 queries_rise},
	{"sequences-are-separate", "configurations have a counter of their own", "ConfigureAuthenticatedChannel",
	 orders_have_numbers_of_their_own},
	{"channel-device-binding", "each entry refuses another device's channel", "CreateAuthenticatedChannel",
	 channel_is_bound},
	{"handle-validated",
	 "handles in messages are checked: sessions and devices that are not this device's are refused",
	 "ConfigureAuthenticatedChannel: CONFIGURE_CRYPTO_SESSION", handles_are_checked},
};
RULES(channel_rules, channels);
