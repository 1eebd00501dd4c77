/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated channels as an application uses them: structures of its own layout, MACs of its own. The board's rules are
 * tested one by one in tests/channel; here is that they are met through the entries, with handles of real objects.
 */
#include "channel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "omac.h"

static const D3D11_1DDI_HRTAUTHCHANNEL runtime = {NULL};
D3D11_1DDI_HAUTHCHANNEL channel;
HANDLE name;
UINT next_query, next_order;
static uint8_t channel_key[16];

/* ---- an application's side ------------------------------------------------------------------------------- */

void sign(void *structure, size_t bytes)
{
	omac_sign(channel_key, structure, bytes);
}

bool is_signed(const void *structure, size_t bytes)
{
	return omac_is_right(channel_key, structure, bytes);
}

/* Fills in the header and asks; checks MAC, echo and return code of the answer as an application must. */
HRESULT ask(const GUID *type, UINT number, void *input, UINT in, void *output, UINT out)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT *header = input;
	const D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT *answer = output;
	HRESULT result;

	header->QueryType = *type;
	header->hChannel = name;
	header->SequenceNumber = number;
	memset(output, GARBAGE, out);
	result = a.f.pfnQueryAuthenticatedChannel(a.device, channel, in, input, out, output);
	assert_true(is_signed(output, result == E_FAIL ? sizeof(*answer) : out));
	assert_memory_equal(&answer->QueryType, type, sizeof(*type));
	assert_ptr_equal(answer->hChannel, name);
	assert_int_equal(answer->SequenceNumber, number);
	assert_int_equal(answer->ReturnCode, result);
	return result;
}

HRESULT send_order(const void *input, UINT in)
{
	const D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = input;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT answer;
	HRESULT result;

	memset(&answer, GARBAGE, sizeof(answer));
	result = a.f.pfnConfigureAuthenticatedChannel(a.device, channel, in, input, &answer);
	assert_true(is_signed(&answer, sizeof(answer)));
	assert_memory_equal(&answer.ConfigureType, &header->ConfigureType, sizeof(GUID));
	assert_ptr_equal(answer.hChannel, header->hChannel);
	assert_int_equal(answer.SequenceNumber, header->SequenceNumber);
	assert_int_equal(answer.ReturnCode, result);
	return result;
}

HRESULT order(const GUID *type, UINT number, void *input, UINT in)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = input;

	header->ConfigureType = *type;
	header->hChannel = name;
	header->SequenceNumber = number;
	sign(input, in);
	return send_order(input, in);
}

static HRESULT initialize(UINT queries, UINT orders)
{
	D3D11_DDI_AUTHENTICATED_CONFIGURE_INITIALIZE in;

	memset(&in, GARBAGE, sizeof(in)); /* padding has a value, too */
	in.StartSequenceQuery = queries;
	in.StartSequenceConfigure = orders;
	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, 77, &in, sizeof(in));
}

HRESULT protect(UINT number, UINT flags)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION in;

	memset(&in, GARBAGE, sizeof(in));
	in.Protections.Value = flags;
	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, number, &in, sizeof(in));
}

HRESULT ask_type(UINT number)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {0};
	HRESULT result = ask(&D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number, &in, sizeof(in), &out, sizeof(out));

	assert_int_equal(out.ChannelType, result == S_OK ? D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE : 0);
	return result;
}

static HRESULT create(struct client *c, D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE type, D3D11_1DDI_HAUTHCHANNEL *made,
		      HANDLE *handle)
{
	D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL what = {type, &what};
	HRESULT result;

	made->pDrvPrivate = garbage(c->f.pfnCalcPrivateAuthenticatedChannelSize(c->device, &what));
	result = c->f.pfnCreateAuthenticatedChannel(c->device, &what, *made, runtime);
	assert_true((result == S_OK) == (what.hChannel != NULL));
	*handle = what.hChannel;
	return result;
}

static void destroy(struct client *c, D3D11_1DDI_HAUTHCHANNEL made)
{
	c->f.pfnDestroyAuthenticatedChannel(c->device, made);
	c->f.pfnDestroyAuthenticatedChannel(c->device, made); /* nothing any more */
	free(made.pDrvPrivate);
}

/* Before there is a key nothing has a MAC; there is a return code all the same. */
void refuse_without_mac(struct client *c, D3D11_1DDI_HAUTHCHANNEL which)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, name, 1};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION protection = {{{{0}}, {0}, name, 1}, {{{0}}}};
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT done;

	memset(&out, GARBAGE, sizeof(out));
	memset(&done, GARBAGE, sizeof(done));
	assert_int_equal(c->f.pfnQueryAuthenticatedChannel(c->device, which, sizeof(in), &in, sizeof(out), &out),
			 E_INVALIDARG);
	assert_int_equal(
		c->f.pfnConfigureAuthenticatedChannel(c->device, which, sizeof(protection), &protection, &done),
		E_INVALIDARG);
	assert_true(all_are(&out, 0, offsetof(D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT, ReturnCode)));
	assert_true(all_are(&done, 0, offsetof(D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT, ReturnCode)));
	assert_int_equal(out.Output.ReturnCode, E_INVALIDARG);
	assert_int_equal(done.ReturnCode, E_INVALIDARG);
	assert_int_equal(out.ChannelType, 0);
}

/* ---- channels --------------------------------------------------------------------------------------------- */

void channels_are_hardware_and_one_a_device(void **state)
{
	const D3D10DDI_HDEVICE nobody = {garbage(4096)};
	D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL what = {D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &what};
	D3D11_1DDI_HAUTHCHANNEL other, none = {NULL};
	HANDLE handle;

	(void)state;
	assert_int_equal(create(&a, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &channel, &name), S_OK);
	assert_int_equal(create(&a, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &other, &handle), E_OUTOFMEMORY);
	destroy(&a, other);
	for (int type = 0; type < 5; type++) {
		if (type == D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE)
			continue;
		assert_int_equal(create(&b, (D3D11_1DDI_AUTHENTICATED_CHANNEL_TYPE)type, &other, &handle),
				 E_OUTOFMEMORY);
		destroy(&b, other);
	}
	assert_int_equal(create(&b, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &other, &handle), S_OK);
	assert_ptr_not_equal(handle, name);
	refuse_without_mac(&b, other);
	refuse_without_mac(&a, channel);
	refuse_without_mac(&b, channel);
	refuse_without_mac(&a, other);
	refuse_without_mac(&a, none);
	b.f.pfnDestroyAuthenticatedChannel(b.device, channel); /* not its own */
	destroy(&b, other);
	refuse_without_mac(&b, none);
	assert_int_equal(create(&b, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &other, &handle), S_OK);
	destroy(&b, other);
	other.pDrvPrivate = garbage(b.f.pfnCalcPrivateAuthenticatedChannelSize(nobody, NULL));
	assert_int_equal(b.f.pfnCreateAuthenticatedChannel(nobody, &what, other, runtime), D3DDDIERR_DEVICEREMOVED);
	assert_null(what.hChannel);
	assert_int_equal(b.f.pfnCreateAuthenticatedChannel(b.device, &what, none, runtime), E_OUTOFMEMORY);
	assert_int_equal(b.f.pfnCreateAuthenticatedChannel(b.device, NULL, other, runtime), E_OUTOFMEMORY);
	b.f.pfnDestroyAuthenticatedChannel(b.device, other);
	a.f.pfnDestroyAuthenticatedChannel(a.device, none);
	free(other.pDrvPrivate);
	free(nobody.pDrvPrivate);
	assert_int_equal(a.reports + b.reports, 0);
}

void channel_key_exchange(void **state)
{
	uint8_t blob[257];

	(void)state;
	assert_non_null(board_key);
	assert_int_equal(coffer_random(channel_key, sizeof(channel_key)), 0);
	assert_int_equal(coffer_seal_session_key(board_key, channel_key, blob), 0);
	assert_int_equal(a.f.pfnNegotiateAuthenticatedChannelKeyExchange(a.device, channel, 255, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateAuthenticatedChannelKeyExchange(a.device, channel, 257, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateAuthenticatedChannelKeyExchange(a.device, channel, 256, NULL), E_INVALIDARG);
	assert_int_equal(b.f.pfnNegotiateAuthenticatedChannelKeyExchange(b.device, channel, 256, blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateAuthenticatedChannelKeyExchange(a.device, channel, 256, blob), S_OK);
	assert_int_equal(a.f.pfnNegotiateAuthenticatedChannelKeyExchange(a.device, channel, 256, blob), E_INVALIDARG);
}

/* ---- messages ----------------------------------------------------------------------------------------------- */

void numbers_rise_from_their_start(void **state)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION in = {.Protections = {{{0}}}};

	(void)state;
	assert_int_equal(ask_type(1), E_INVALIDARG); /* before INITIALIZE */
	assert_int_equal(protect(1, 1), E_INVALIDARG);
	assert_int_equal(initialize(0xFFFFFF00u, 5), S_OK);
	assert_int_equal(initialize(1, 6), E_INVALIDARG);
	assert_int_equal(ask_type(0xFFFFFEFFu), E_INVALIDARG);
	assert_int_equal(ask_type(0xFFFFFF00u), S_OK);
	assert_int_equal(ask_type(0xFFFFFF00u), E_INVALIDARG);
	assert_int_equal(ask_type(0xFFFFFF02u), S_OK);
	assert_int_equal(ask_type(0xFFFFFF01u), E_INVALIDARG);
	assert_int_equal(ask_type(0), E_INVALIDARG);
	next_query = 0xFFFFFF10u;
	assert_int_equal(protect(4, 1), E_INVALIDARG);
	assert_int_equal(protect(5, 1), S_OK);
	assert_int_equal(protect(5, 1), E_INVALIDARG);
	for (unsigned bit = 0; bit < 8 * sizeof(in); bit += 37) { /* a good one, one bit of it flipped */
		in.Parameters.ConfigureType = D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID;
		in.Parameters.hChannel = name;
		in.Parameters.SequenceNumber = 6;
		sign(&in, sizeof(in));
		((uint8_t *)&in)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(send_order(&in, sizeof(in)), E_INVALIDARG);
		((uint8_t *)&in)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(send_order(&in, sizeof(in)), S_OK);
	next_order = 7;
}

/* ---- several threads -------------------------------------------------------------------------------------------- */

struct asker {
	pthread_t thread;
	UINT first; /* of its numbers, all used up */
	bool good;
};

static void *ask_often(void *arg)
{
	struct asker *asker = arg;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, name, asker->first};
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;

	for (int i = 0; i < 12 && asker->good; i++, in.SequenceNumber++)
		asker->good = a.f.pfnQueryAuthenticatedChannel(a.device, channel, sizeof(in), &in, sizeof(out), &out) ==
				      E_INVALIDARG &&
			      is_signed(&out, sizeof(out)) && out.Output.SequenceNumber == in.SequenceNumber;
	return NULL;
}

void answers_find_their_questions(void **state)
{
	struct asker askers[4];

	(void)state;
	for (UINT k = 0; k < 4; k++) {
		askers[k] = (struct asker){.first = 1000 * k, .good = true};
		assert_int_equal(pthread_create(&askers[k].thread, NULL, ask_often, &askers[k]), 0);
	}
	for (UINT k = 0; k < 4; k++)
		pthread_join(askers[k].thread, NULL);
	for (UINT k = 0; k < 4; k++)
		assert_true(askers[k].good);
}
