/* SPDX-License-Identifier: Apache-2.0 */
/* What queries and configurations of an authenticated channel come to, with handles of real objects. */
#include "channel.h"

#include <stdlib.h>
#include <string.h>

#define ASK(name, in, out)                                                                                             \
	ask(&D3D11_1DDI_AUTHENTICATED_QUERY_##name, next_query++, &(in), sizeof(in), &(out), sizeof(out))

static HRESULT encrypt_with(UINT number, const GUID *type)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_ACCESSIBLE_ENCRYPTION in = {.EncryptionGuid = *type};

	return order(&D3D11_1DDI_AUTHENTICATED_CONFIGURE_ENCRYPTION_WHEN_ACCESSIBLE_GUID, number, &in, sizeof(in));
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
