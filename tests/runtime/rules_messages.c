/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the messages of an authenticated channel. */
#include "suite.h"

#include <string.h>

#include "omac.h"

typedef D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT type_output;
typedef D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT order_output;

static const GUID nobody_knows = {0xdeadbeef, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static void mac_covers_all(void)
{
	type_output output;
	order_output done;

	NEEDS_MESSAGES;
	DEMAND(query_type(&s.channel, s.channel.next_query++, &output) == S_OK, "a query is refused");
	DEMAND(is_signed(&s.channel, &output, sizeof(output)), "a query's MAC is not over all that follows it");
	DEMAND(protect(&s.channel, s.channel.next_order++, &done) == S_OK, "a configuration is refused");
	DEMAND(is_signed(&s.channel, &done, sizeof(done)), "a configuration's MAC is not over all that follows it");
}

static void mac_is_checked(void)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION input;
	order_output done;
	UINT number;

	NEEDS_MESSAGES;
	number = s.channel.next_order++;
	for (size_t i = 0; i < sizeof(input); i += 7) {
		memset(&input, GARBAGE, sizeof(input));
		input.Parameters.ConfigureType = D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID;
		input.Parameters.hChannel = s.channel.name;
		input.Parameters.SequenceNumber = number;
		input.Protections.Value = 1;
		omac_sign(s.channel.key, &input, sizeof(input));
		((uint8_t *)&input)[i] ^= 1;
		DEMAND(ASK(&a, pfnConfigureAuthenticatedChannel, s.channel.handle, sizeof(input), &input, &done) !=
			       S_OK,
		       "a configuration with a flipped bit in byte %zu is taken", i);
	}
	DEMAND(protect(&s.channel, number, &done) == S_OK, "a forgery uses a number up");
}

static void answers_echo(void)
{
	type_output output;
	order_output done;
	UINT number, order;

	NEEDS_MESSAGES;
	number = s.channel.next_query++;
	order = s.channel.next_order++;
	DEMAND(query_type(&s.channel, number, &output) == S_OK, "a query is refused");
	DEMAND(!memcmp(&output.Output.QueryType, &D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, sizeof(GUID)) &&
		       output.Output.hChannel == s.channel.name && output.Output.SequenceNumber == number,
	       "a query's type, channel or number is not in its answer");
	DEMAND(protect(&s.channel, order, &done) == S_OK, "a configuration is refused");
	DEMAND(!memcmp(&done.ConfigureType, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, sizeof(GUID)) &&
		       done.hChannel == s.channel.name && done.SequenceNumber == order,
	       "a configuration's type, channel or number is not in its answer");
}

static void return_code_is_there(void)
{
	type_output output;
	order_output done;
	HRESULT result;

	NEEDS_MESSAGES;
	result = query_type(&s.channel, 0, &output); /* an old number */
	DEMAND(result != S_OK, "an old number is taken");
	DEMAND(output.Output.ReturnCode == result, "a query fails with %s, and ReturnCode is 0x%08x", name_of(result),
	       (unsigned int)output.Output.ReturnCode);
	DEMAND(is_signed(&s.channel, &output, sizeof(output)) || is_signed(&s.channel, &output, sizeof(output.Output)),
	       "a failed query's answer has no good MAC");
	result = protect(&s.channel, 0, &done);
	DEMAND(result != S_OK && done.ReturnCode == result, "a configuration fails with %s, and ReturnCode is 0x%08x",
	       name_of(result), (unsigned int)done.ReturnCode);
	DEMAND(is_signed(&s.channel, &done, sizeof(done)), "a failed configuration's answer has no good MAC");
}

static void unknown_types_fail(void)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION order;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT input = {0};
	type_output output;
	order_output done;
	HRESULT result;

	NEEDS_MESSAGES;
	memset(&order, 0, sizeof(order));
	result = query(&s.channel, &nobody_knows, s.channel.next_query++, &input, sizeof(input), &output,
		       sizeof(output));
	DEMAND(result == E_FAIL, "an unknown query: %s", name_of(result));
	result = configure(&s.channel, &nobody_knows, s.channel.next_order++, &order, sizeof(order), &done);
	DEMAND(result == E_FAIL, "an unknown configuration: %s", name_of(result));
}

static void short_outputs_are_refused(void)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT input = {D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, s.channel.name, 0};
	uint8_t *output;

	NEEDS_MESSAGES;
	for (UINT bytes = 0; bytes < sizeof(type_output); bytes += 8) {
		output = runtime_memory(bytes, GARBAGE);
		input.SequenceNumber = s.channel.next_query++;
		DEMAND(ASK(&a, pfnQueryAuthenticatedChannel, s.channel.handle, sizeof(input), &input, bytes, output) ==
			       E_INVALIDARG,
		       "an output of %u bytes is taken", bytes);
	}
}

static void short_inputs_are_refused(void)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION input;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT question = {0};
	type_output output;
	order_output done;

	NEEDS_MESSAGES;
	memset(&input, 0, sizeof(input));
	for (UINT bytes = sizeof(done); bytes < sizeof(input); bytes += 4)
		DEMAND(configure(&s.channel, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID,
				 s.channel.next_order++, &input, bytes, &done) == E_INVALIDARG,
		       "a configuration of %u bytes instead of %zu is taken", bytes, sizeof(input));
	DEMAND(query(&s.channel, &D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, s.channel.next_query++, &question,
		     sizeof(question) - 4, &output, sizeof(output)) == E_INVALIDARG,
	       "a query of %zu bytes instead of %zu is taken", sizeof(question) - 4, sizeof(question));
}

static void channel_type_is_true(void)
{
	type_output output;

	NEEDS_MESSAGES;
	DEMAND(query_type(&s.channel, s.channel.next_query++, &output) == S_OK, "a query is refused");
	DEMAND(output.ChannelType == channel_type(), "the channel says that it is of type %u",
	       (unsigned int)output.ChannelType);
}

static void other_channels_messages_are_refused(void)
{
	struct channel liar = s.channel;
	type_output output;

	NEEDS_MESSAGES;
	liar.name = (HANDLE)((uintptr_t)liar.name ^ 0x10);
	DEMAND(query_type(&liar, s.channel.next_query++, &output) != S_OK,
	       "a message that names another channel is answered");
}

static const struct rule messages[] = {
	{"mac-covers-all-after-omac",
	 "an answer's OMAC1 is over each byte of the typed structure behind it, padding too",
	 "D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT and _CONFIGURE_OUTPUT", mac_covers_all},
	{"configure-mac-is-checked", "a configuration with any bit flipped is refused, and uses no number up",
	 "ConfigureAuthenticatedChannel", mac_is_checked},
	{"answers-echo-their-questions", "type, hChannel and number of a message are in its answer",
	 "QueryAuthenticatedChannel, ConfigureAuthenticatedChannel", answers_echo},
	{"returncode-on-failure", "ReturnCode is the call's result, and under the MAC, also where it failed",
	 "D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT and _CONFIGURE_OUTPUT", return_code_is_there},
	{"unknown-messages-fail", "an unknown query or configuration is E_FAIL",
	 "QueryAuthenticatedChannel, ConfigureAuthenticatedChannel", unknown_types_fail},
	{"short-outputs-are-refused", "an output smaller than the query's is E_INVALIDARG, and not overrun",
	 "QueryAuthenticatedChannel", short_outputs_are_refused},
	{"short-inputs-are-refused", "an input smaller than its structure is E_INVALIDARG",
	 "QueryAuthenticatedChannel, ConfigureAuthenticatedChannel", short_inputs_are_refused},
	{"channel-type-is-true", "CHANNEL_TYPE says what was created", "D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE",
	 channel_type_is_true},
	{"messages-name-their-channel", "a message whose hChannel is another one's is refused",
	 "docs/ddi.md; D3D11_1DDI_AUTHENTICATED_QUERY_INPUT", other_channels_messages_are_refused},
};
RULES(message_rules, messages);
