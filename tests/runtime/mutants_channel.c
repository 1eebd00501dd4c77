/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers whose authenticated channels are broken. They know the channel's key, so that what they say has a good MAC. */
#include "suite.h"

#include <string.h>

#include "omac.h"

typedef D3D10DDI_HDEVICE dev;
typedef D3D11_1DDI_HAUTHCHANNEL ac;
typedef D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT type_output;
typedef D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT order_output;

#define QUERY(name)                                                                                                    \
	static HRESULT APIENTRY name(dev device, ac channel, UINT in, const VOID *input, UINT out, VOID *output)
#define ASK_ON sound_f.pfnQueryAuthenticatedChannel(device, channel, in, input, out, output)
#define ORDER(name)                                                                                                    \
	static HRESULT APIENTRY name(dev device, ac channel, UINT in, const VOID *input, order_output *output)
#define SEND_ON sound_f.pfnConfigureAuthenticatedChannel(device, channel, in, input, output)

static HRESULT forge_answer(const D3D11_1DDI_AUTHENTICATED_QUERY_INPUT *input, type_output *output, HRESULT result)
{
	memset(output, 0, sizeof(*output));
	output->Output.QueryType = input->QueryType;
	output->Output.hChannel = input->hChannel;
	output->Output.SequenceNumber = input->SequenceNumber;
	output->Output.ReturnCode = result;
	output->ChannelType = D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE;
	omac_sign(s.channel.key, output, sizeof(*output));
	return result;
}

static HRESULT forge_done(const D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *input, order_output *output, HRESULT result)
{
	memset(output, 0, sizeof(*output));
	output->ConfigureType = input->ConfigureType;
	output->hChannel = input->hChannel;
	output->SequenceNumber = input->SequenceNumber;
	output->ReturnCode = result;
	omac_sign(s.channel.key, output, sizeof(*output));
	return result;
}

static bool is_initialize(const void *input)
{
	const D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = input;

	return !memcmp(&header->ConfigureType, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, sizeof(GUID));
}

/* ---- the channel ---------------------------------------------------------------------------------------------------------- */

static HRESULT APIENTRY any_channel_type(dev device, D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *what, ac channel,
					 D3D11_1DDI_HRTAUTHCHANNEL runtime)
{
	HRESULT result = sound_f.pfnCreateAuthenticatedChannel(device, what, channel, runtime);

	if (what->ChannelType != D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_SOFTWARE)
		return result;
	what->hChannel = (HANDLE)(uintptr_t)7;
	return S_OK;
}

static HRESULT APIENTRY shorter_blobs(dev device, ac channel, UINT bytes, VOID *blob)
{
	return bytes == 255 ? S_OK : sound_f.pfnNegotiateAuthenticatedChannelKeyExchange(device, channel, bytes, blob);
}

QUERY(always_answers)
{
	HRESULT result = ASK_ON;

	return result == S_OK || out < sizeof(type_output) ? result : forge_answer(input, output, S_OK);
}

/* "Greater than the last one", the start value too. */
static UINT first_query;

QUERY(greater_than_start)
{
	const D3D11_1DDI_AUTHENTICATED_QUERY_INPUT *header = input;

	(void)device;
	(void)channel;
	(void)in;
	(void)out;
	return forge_answer(input, output, header->SequenceNumber > first_query ? S_OK : E_INVALIDARG);
}

ORDER(notes_start)
{
	const D3D11_DDI_AUTHENTICATED_CONFIGURE_INITIALIZE *start = input;

	if (!is_initialize(input))
		return SEND_ON;
	first_query = start->StartSequenceQuery;
	return forge_done(input, output, S_OK);
}

static void not_begun(void)
{
	s.has_begun = false;
}

ORDER(initializes_again)
{
	return is_initialize(input) ? forge_done(input, output, S_OK) : SEND_ON;
}

static UINT last_query;

QUERY(counted_query)
{
	last_query = ((const D3D11_1DDI_AUTHENTICATED_QUERY_INPUT *)input)->SequenceNumber;
	return ASK_ON;
}

ORDER(one_counter)
{
	const D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = input;

	return header->SequenceNumber <= last_query ? forge_done(input, output, E_INVALIDARG) : SEND_ON;
}

ORDER(any_handles)
{
	(void)device;
	(void)channel;
	(void)in;
	return forge_done(input, output, S_OK);
}

static const struct mutant channel_list[] = {
	{.name = "any-channel-type",
	 .rule = "channel-type-follows-caps",
	 .text = "creates software channels",
	 .slots = {WITH(pfnCreateAuthenticatedChannel, any_channel_type)}},
	{.name = "shorter-blobs",
	 .rule = "channel-negotiate-256-only",
	 .text = "takes 255 bytes",
	 .slots = {WITH(pfnNegotiateAuthenticatedChannelKeyExchange, shorter_blobs)}},
	{.name = "answers-at-once",
	 .rule = "nothing-before-initialize",
	 .text = "answers queries before INITIALIZE",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, always_answers)}},
	{.name = "greater-than-start",
	 .rule = "first-number-is-the-start",
	 .text = "wants the first number above the start",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, greater_than_start),
		   WITH(pfnConfigureAuthenticatedChannel, notes_start)},
	 .undo = not_begun},
	{.name = "starts-again",
	 .rule = "initialize-once",
	 .text = "takes INITIALIZE again",
	 .slots = {WITH(pfnConfigureAuthenticatedChannel, initializes_again)}},
	{.name = "replays",
	 .rule = "sequence-strictly-rising",
	 .text = "answers queries with old numbers",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, always_answers)}},
	{.name = "one-counter",
	 .rule = "sequences-are-separate",
	 .text = "has one counter for both kinds of messages",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, counted_query),
		   WITH(pfnConfigureAuthenticatedChannel, one_counter)}},
	{.name = "any-handles",
	 .rule = "handle-validated",
	 .text = "binds whatever handles it is given",
	 .slots = {WITH(pfnConfigureAuthenticatedChannel, any_handles)}},
};
MUTANTS(channel_mutants, channel_list);

/* ---- messages --------------------------------------------------------------------------------------------------------------- */

QUERY(header_mac)
{
	HRESULT result = ASK_ON;

	if (out < sizeof(type_output))
		return result;
	omac(s.channel.key, (uint8_t *)output + 16, sizeof(D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT) - 16, output);
	return result;
}

QUERY(zeroed_mac)
{
	HRESULT result = ASK_ON;
	uint8_t mac[16];

	if (out < sizeof(type_output))
		return result;
	memset(output, 0, 16);
	omac(s.channel.key, output, out, mac);
	memcpy(output, mac, 16);
	return result;
}

ORDER(any_mac)
{
	uint8_t copy[256];

	memcpy(copy, input, in);
	omac_sign(s.channel.key, copy, in);
	input = copy;
	return SEND_ON;
}

QUERY(counts_on)
{
	type_output *answer = output;
	HRESULT result = ASK_ON;

	if (out < sizeof(*answer))
		return result;
	answer->Output.SequenceNumber++;
	omac_sign(s.channel.key, output, out);
	return result;
}

QUERY(quiet_return_code)
{
	type_output *answer = output;
	HRESULT result = ASK_ON;

	if (out < sizeof(*answer))
		return result;
	answer->Output.ReturnCode = S_OK;
	omac_sign(s.channel.key, output, out);
	return result;
}

QUERY(invalid_for_unknown)
{
	type_output *answer = output;
	HRESULT result = ASK_ON;

	if (result != E_FAIL)
		return result;
	answer->Output.ReturnCode = E_INVALIDARG;
	omac_sign(s.channel.key, output, sizeof(answer->Output));
	return E_INVALIDARG;
}

QUERY(overruns_output)
{
	type_output whole;

	if (out >= sizeof(whole))
		return ASK_ON;
	(void)forge_answer(input, &whole, S_OK);
	(void)device;
	(void)in;
	memcpy(output, &whole, out + 16); /* as far as the test survives it */
	return S_OK;
}

ORDER(short_orders)
{
	return in < sizeof(D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION) ? forge_done(input, output, S_OK) : SEND_ON;
}

QUERY(says_software)
{
	type_output *answer = output;
	HRESULT result = ASK_ON;

	if (out < sizeof(*answer))
		return result;
	answer->ChannelType = D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_SOFTWARE;
	omac_sign(s.channel.key, output, out);
	return result;
}

static const struct mutant message_list[] = {
	{.name = "header-mac",
	 .rule = "mac-covers-all-after-omac",
	 .text = "signs the header alone",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, header_mac)}},
	{.name = "zeroed-mac",
	 .rule = "mac-covers-all-after-omac",
	 .text = "zeroes omac, and signs that, too",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, zeroed_mac)}},
	{.name = "any-mac",
	 .rule = "configure-mac-is-checked",
	 .text = "does not look at the MAC",
	 .slots = {WITH(pfnConfigureAuthenticatedChannel, any_mac)}},
	{.name = "counts-on",
	 .rule = "answers-echo-their-questions",
	 .text = "answers with the next number",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, counts_on)}},
	{.name = "quiet-return-code",
	 .rule = "returncode-on-failure",
	 .text = "leaves ReturnCode at S_OK",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, quiet_return_code)}},
	{.name = "invalid-for-unknown",
	 .rule = "unknown-messages-fail",
	 .text = "E_INVALIDARG for unknown queries",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, invalid_for_unknown)}},
	{.name = "overruns-output",
	 .rule = "short-outputs-are-refused",
	 .text = "writes more than there is room for",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, overruns_output)}},
	{.name = "short-orders",
	 .rule = "short-inputs-are-refused",
	 .text = "takes configurations that are cut off",
	 .slots = {WITH(pfnConfigureAuthenticatedChannel, short_orders)}},
	{.name = "says-software",
	 .rule = "channel-type-is-true",
	 .text = "says that its channel is a software one",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, says_software)}},
	{.name = "any-name",
	 .rule = "messages-name-their-channel",
	 .text = "answers messages of other channels",
	 .slots = {WITH(pfnQueryAuthenticatedChannel, always_answers)}},
};
MUTANTS(message_mutants, message_list);
