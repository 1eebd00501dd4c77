/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated channels as an application uses them: structures of its own layout, MACs of its own. The board's rules are
 * tested one by one in tests/channel; here is that they are met through the entries, with handles of real objects.
 */
#include "client.h"

#include <stdlib.h>
#include <string.h>

static const D3D11_1DDI_HRTAUTHCHANNEL runtime = {NULL};
static D3D11_1DDI_HAUTHCHANNEL channel; /* of a; negotiated by channel_key_exchange */
static HANDLE name;
static uint8_t channel_key[16];
static UINT next_query, next_order;

/* ---- an application's side ------------------------------------------------------------------------------- */

static void times_x(uint8_t block[16])
{
	unsigned carry = block[0] & 0x80 ? 0x87 : 0;

	for (int i = 0; i < 16; i++)
		block[i] = (uint8_t)(block[i] << 1 | (i < 15 ? block[i + 1] >> 7 : 0));
	block[15] ^= (uint8_t)carry;
}

/* RFC 4493. */
static void omac(const uint8_t *message, size_t bytes, uint8_t mac[16])
{
	uint8_t subkey[16] = {0}, block[16] = {0};

	aes_ecb(channel_key, AES_ENCRYPT, subkey, subkey);
	times_x(subkey);
	if (bytes % 16)
		times_x(subkey);
	for (size_t at = 0; at < bytes; at++) {
		block[at % 16] ^= message[at];
		if (at % 16 == 15 && at + 1 < bytes)
			aes_ecb(channel_key, AES_ENCRYPT, block, block);
	}
	if (bytes % 16)
		block[bytes % 16] ^= 0x80;
	for (int i = 0; i < 16; i++)
		block[i] ^= subkey[i];
	aes_ecb(channel_key, AES_ENCRYPT, block, mac);
}

static void sign(void *structure, size_t bytes)
{
	omac((uint8_t *)structure + 16, bytes - 16, structure);
}

static bool is_signed(const void *structure, size_t bytes)
{
	uint8_t mac[16];

	omac((const uint8_t *)structure + 16, bytes - 16, mac);
	return !memcmp(structure, mac, 16);
}

/* Fills in the header and asks; checks MAC, echo and return code of the answer as an application must. */
static HRESULT ask(const GUID *type, UINT number, void *input, UINT in, void *output, UINT out)
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

static HRESULT send_order(const void *input, UINT in)
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

static HRESULT order(const GUID *type, UINT number, void *input, UINT in)
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

static HRESULT protect(UINT number, UINT flags)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION in;

	memset(&in, GARBAGE, sizeof(in));
	in.Protections.Value = flags;
	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, number, &in, sizeof(in));
}

static HRESULT encrypt_with(UINT number, const GUID *type)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_ACCESSIBLE_ENCRYPTION in = {.EncryptionGuid = *type};

	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID, number, &in, sizeof(in));
}

static HRESULT ask_type(UINT number)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {0};
	HRESULT result = ask(&D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number, &in, sizeof(in), &out, sizeof(out));

	assert_int_equal(out.ChannelType, result == S_OK ? D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE : 0);
	return result;
}

static HANDLE device_handle(void)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_DEVICE_HANDLE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {0};

	assert_int_equal(
		ask(&D3D11_1DDI_AUTHENTICATED_QUERY_DEVICE_HANDLE, next_query++, &in, sizeof(in), &out, sizeof(out)),
		S_OK);
	assert_non_null(out.DeviceHandle);
	return out.DeviceHandle;
}

static HRESULT bind(HANDLE decoder, HANDLE crypto, HANDLE device)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION in = {
		.DecodeHandle = decoder, .CryptoSessionHandle = crypto, .DeviceHandle = device};

	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_CRYPTO_SESSION_GUID, next_order++, &in, sizeof(in));
}

static HRESULT ask_bound(HANDLE decoder, HANDLE crypto, HANDLE device)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION_INPUT in = {.DecodeHandle = decoder};
	D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION_OUTPUT out;
	HRESULT result =
		ask(&D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION, next_query++, &in, sizeof(in), &out, sizeof(out));

	assert_ptr_equal(out.DecodeHandle, result == S_OK ? decoder : NULL);
	assert_ptr_equal(out.CryptoSessionHandle, result == S_OK ? crypto : NULL);
	assert_ptr_equal(out.DeviceHandle, result == S_OK ? device : NULL);
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
static void refuse_without_mac(struct client *c, D3D11_1DDI_HAUTHCHANNEL which)
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

/* The runtime's part of a lost or closed device: its channel goes with it, on the board too. */
void channels_end_with_their_device(void **state)
{
	struct client c;
	D3D11_1DDI_HAUTHCHANNEL made;
	HANDLE first, second;

	(void)state;
	open_client(&c);
	assert_int_equal(create(&c, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &made, &first), S_OK);
	CofferCloseDevice(c.device);
	refuse_without_mac(&c, made);
	free(made.pDrvPrivate);
	free(c.device.pDrvPrivate);
	open_client(&c);
	assert_int_equal(create(&c, D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE, &made, &second), S_OK);
	assert_ptr_not_equal(first, second);
	destroy(&c, made);
	CofferCloseDevice(c.device);
	free(c.device.pDrvPrivate);
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

void queries_are_answered_truthfully(void **state)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {0};
	D3D11_1DDI_AUTHENTICATED_QUERY_PROTECTION_OUTPUT protection;
	D3D11_1DDI_AUTHENTICATED_QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_COUNT_OUTPUT processes;
	D3D11_1DDI_AUTHENTICATED_QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_INPUT process_in = {.ProcessIndex = 0};
	D3D11_1DDI_AUTHENTICATED_QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_OUTPUT process;
	D3D11_1DDI_AUTHENTICATED_QUERY_ACCESSIBILITY_OUTPUT access;
	D3D11_1DDI_AUTHENTICATED_QUERY_ACCESSIBILITY_ENCRYPTION_GUID_COUNT_OUTPUT count;
	D3D11_1DDI_AUTHENTICATED_QUERY_ACCESSIBILITY_ENCRYPTION_GUID_INPUT guid_in = {.EncryptionGuidIndex = 0};
	D3D11_1DDI_AUTHENTICATED_QUERY_ACCESSIBILITY_ENCRYPTION_GUID_OUTPUT guid;
	D3D11_1DDI_AUTHENTICATED_QUERY_CURRENT_ACCESSIBILITY_ENCRYPTION_OUTPUT current;
	D3D11_1DDI_AUTHENTICATED_QUERY_UNRESTRICTED_PROTECTED_SHARED_RESOURCE_COUNT_OUTPUT unrestricted;

	(void)state;
#define ASK(name, in, out)                                                                                             \
	ask(&D3D11_1DDI_AUTHENTICATED_QUERY_##name, next_query++, &(in), sizeof(in), &(out), sizeof(out))
	assert_int_equal(protect(next_order++, 0), S_OK); /* it is on all the same */
	assert_int_equal(ASK(PROTECTION, in, protection), S_OK);
	assert_int_equal(protection.ProtectionFlags.Value, 1);
	assert_int_equal(protect(next_order++, 3), E_INVALIDARG); /* no overlay here, nor a full screen */
	assert_int_equal(ASK(RESTRICTED_SHARED_RESOURCE_PROCESS_COUNT, in, processes), S_OK);
	assert_int_equal(processes.RestrictedSharedResourceProcessCount, 0);
	assert_int_equal(ASK(RESTRICTED_SHARED_RESOURCE_PROCESS, process_in, process), E_INVALIDARG);
	assert_int_equal(ASK(ACCESSIBILITY_ATTRIBUTES, in, access), S_OK);
	assert_int_equal(access.BusType, D3D11_1DDI_BUS_TYPE_OTHER | D3D11_1DDI_BUS_IMPL_MODIFIER_NON_STANDARD);
	assert_int_equal(access.AccessibleInContiguousBlocks | access.AccessibleInNonContiguousBlocks, 0);
	assert_int_equal(ASK(ENCRYPTION_WHEN_ACCESSIBLE_GUID_COUNT, in, count), S_OK);
	assert_int_equal(count.EncryptionGuidCount, 1);
	assert_int_equal(ASK(ENCRYPTION_WHEN_ACCESSIBLE_GUID, guid_in, guid), S_OK);
	assert_memory_equal(&guid.EncryptionGuid, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, sizeof(GUID));
	guid_in.EncryptionGuidIndex = 1;
	assert_int_equal(ASK(ENCRYPTION_WHEN_ACCESSIBLE_GUID, guid_in, guid), E_INVALIDARG);
	assert_int_equal(ASK(CURRENT_ENCRYPTION_WHEN_ACCESSIBLE, in, current), S_OK);
	assert_memory_equal(&current.EncryptionGuid, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, sizeof(GUID));
	assert_int_equal(encrypt_with(next_order++, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR), S_OK);
	assert_int_equal(encrypt_with(next_order++, &D3DCRYPTOTYPE_PROPRIETARY), E_INVALIDARG);
	assert_int_equal(ASK(UNRESTRICTED_PROTECTED_SHARED_RESOURCE_COUNT, in, unrestricted), E_FAIL);
}

void sessions_are_bound_to_decoders(void **state)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_COUNT_INPUT count_in = {.DeviceHandle = NULL};
	D3D11_1DDI_AUTHENTICATED_CHANNEL_QUERY_OUTPUT_ID_COUNT_OUTPUT count;
	D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_INPUT id_in = {.OutputIDIndex = 0};
	D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT_ID_OUTPUT id;
	HANDLE device = device_handle(), crypto, other, decode;
	D3D11_1DDI_HCRYPTOSESSION second;
	D3D11_1DDI_HDECODE decoder;

	(void)state;
	assert_int_equal(create_session(&a, &second), S_OK);
	assert_int_equal(create_decoder(protected_surface, &D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC, &decoder), S_OK);
	assert_int_equal(a.f.pfnVideoDecoderGetHandle(a.device, decoder, &decode), S_OK);
	assert_int_equal(a.f.pfnCryptoSessionGetHandle(a.device, second, &crypto), S_OK);
	assert_int_equal(b.f.pfnCryptoSessionGetHandle(b.device, foreign, &other), S_OK);
	assert_int_equal(ask_bound(decode, crypto, device), E_INVALIDARG); /* not yet */
	assert_int_equal(bind(decode, other, device), E_INVALIDARG);       /* another device's */
	assert_int_equal(bind(decode, name, device), E_INVALIDARG);        /* a channel is no session */
	assert_int_equal(bind(decode, crypto, (uint8_t *)device + 1), E_INVALIDARG);
	assert_int_equal(bind(decode, (uint8_t *)crypto + ((uint64_t)1 << 40), device), E_INVALIDARG);
	assert_int_equal(ask_bound(decode, crypto, device), E_INVALIDARG);
	assert_int_equal(bind(decode, crypto, device), S_OK);
	assert_int_equal(ask_bound(decode, crypto, device), S_OK);
	assert_int_equal(ask_bound((uint8_t *)decode + 1, crypto, device), E_INVALIDARG);

	count_in.DeviceHandle = id_in.DeviceHandle = device;
	count_in.CryptoSessionHandle = id_in.CryptoSessionHandle = crypto;
	assert_int_equal(ASK(OUTPUT_ID_COUNT, count_in, count), S_OK);
	assert_ptr_equal(count.DeviceHandle, device);
	assert_ptr_equal(count.CryptoSessionHandle, crypto);
	assert_int_equal(count.OutputIDCount, 0);
	assert_int_equal(ASK(OUTPUT_ID, id_in, id), E_INVALIDARG);
	count_in.CryptoSessionHandle = other;
	assert_int_equal(ASK(OUTPUT_ID_COUNT, count_in, count), E_INVALIDARG);

	a.f.pfnDestroyCryptoSession(a.device, second);
	free(second.pDrvPrivate);
	assert_int_equal(ask_bound(decode, crypto, device), E_INVALIDARG); /* it is no more */
	assert_int_equal(bind(decode, crypto, device), E_INVALIDARG);
	destroy_decoder(decoder);
}

void sizes_of_messages_are_exact(void **state)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_CRYPTO_SESSION_INPUT in = {
		{D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, name, 0}, NULL};
	uint8_t out[200], order_in[120] = {0};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = (void *)order_in;
	D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT *answer = (void *)out;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT done;
	const UINT typed = sizeof(D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT);

	(void)state;
	for (UINT size = 0; size <= sizeof(in); size++) { /* of the input: 32 is right */
		in.Input.SequenceNumber = next_query;
		memset(out, GARBAGE, sizeof(out));
		assert_int_equal(a.f.pfnQueryAuthenticatedChannel(a.device, channel, size, &in, typed, out),
				 size == 32 ? S_OK : E_INVALIDARG);
		assert_true(is_signed(out, size == 32 ? typed : sizeof(*answer)));
		assert_true(all_are(out + typed, GARBAGE, sizeof(out) - typed));
		next_query += size == 32;
	}
	for (UINT size = 0; size <= sizeof(out); size += size < 64 ? 4 : 34) { /* of the output: too small, or not */
		in.Input.SequenceNumber = next_query;
		memset(out, GARBAGE, sizeof(out));
		assert_int_equal(a.f.pfnQueryAuthenticatedChannel(a.device, channel, 32, &in, size, out),
				 size >= typed ? S_OK : E_INVALIDARG);
		if (size >= sizeof(*answer)) {
			assert_true(is_signed(out, size >= typed ? typed : sizeof(*answer)));
			assert_int_equal(answer->ReturnCode, size >= typed ? S_OK : E_INVALIDARG);
		} else {
			assert_true(all_are(out, 0, size));
		}
		if (size > typed)
			assert_true(all_are(out + typed, 0, size - typed));
		assert_true(all_are(out + size, GARBAGE, sizeof(out) - size));
		next_query += size >= typed;
	}
	assert_int_equal(a.f.pfnQueryAuthenticatedChannel(a.device, channel, 32, NULL, typed, out), E_INVALIDARG);
	assert_int_equal(a.f.pfnQueryAuthenticatedChannel(a.device, channel, 32, &in, typed, NULL), E_INVALIDARG);
	assert_int_equal(a.f.pfnQueryAuthenticatedChannel(a.device, channel, UINT32_MAX, &in, typed, out),
			 E_INVALIDARG);
	header->ConfigureType = D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID;
	header->hChannel = name;
	for (UINT size = 0; size <= sizeof(order_in); size += size < 40 || size > 64 ? 13 : 1) { /* 56 is right */
		header->SequenceNumber = next_order;
		if (size > 16)
			sign(order_in, size);
		assert_int_equal(a.f.pfnConfigureAuthenticatedChannel(a.device, channel, size, order_in, &done),
				 size == 56 ? S_OK : E_INVALIDARG);
		assert_true(is_signed(&done, sizeof(done)));
		next_order += size == 56;
	}
	assert_int_equal(a.f.pfnConfigureAuthenticatedChannel(a.device, channel, 56, NULL, &done), E_INVALIDARG);
	assert_int_equal(a.f.pfnConfigureAuthenticatedChannel(a.device, channel, 56, order_in, NULL), E_INVALIDARG);
	assert_int_equal(a.reports, 0);
}

/* What is unknown fails, with a MAC over the header; then the channel's end. */
void unknown_types_fail(void **state)
{
	const GUID unknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_SHARED_RESOURCE shared = {.AllowAccess = 1};
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION replayed = {.Protections = {{{0}}}};
	D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT out;
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT in = {0};
	HANDLE was = name;

	(void)state;
	assert_int_equal(ask(&unknown, next_query++, &in, sizeof(in), &out, sizeof(out)), E_FAIL);
	assert_true(all_are((uint8_t *)&out + sizeof(out.Output), 0, sizeof(out) - sizeof(out.Output)));
	assert_int_equal(order(&unknown, next_order++, &replayed, sizeof(replayed)), E_FAIL);
	assert_int_equal(
		order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_SHARED_RESOURCE_GUID, next_order++, &shared, sizeof(shared)),
		E_FAIL);
	name = (uint8_t *)name + 0x100; /* another channel's handle in the message */
	assert_int_equal(protect(next_order, 1), E_INVALIDARG);
	assert_int_equal(ask_type(next_query), E_INVALIDARG);
	name = was;
	assert_int_equal(protect(next_order++, 1), S_OK);
	assert_int_equal(ask_type(next_query++), S_OK);
	a.f.pfnDestroyAuthenticatedChannel(a.device, channel);
	refuse_without_mac(&a, channel);
	free(channel.pDrvPrivate);
	assert_int_equal(a.reports + b.reports, 0);
}
