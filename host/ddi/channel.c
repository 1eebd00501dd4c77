/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticated channels. The board checks and makes every MAC, over the structures as they are; here is what it cannot
 * know: which sizes the caller gave. A wrong one is told to the board, too, so that its answer has a MAC.
 */
#include <string.h>

#include "ddi.h"

#define QUERY_HEADER  sizeof(D3D11_1DDI_AUTHENTICATED_QUERY_INPUT)
#define OUTPUT_HEADER sizeof(D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT)
#define ORDER_HEADER  sizeof(D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT)
#define LONGEST_QUERY (COFFER_CHANNEL_MOST - D3D_OMAC_SIZE)
#define NO_ROOM       1u /* the board answers E_INVALIDARG */

/* ---- sizes ---------------------------------------------------------------------------------------------- */

#define INPUT(name)  sizeof(D3D11_1DDI_AUTHENTICATED_##name##_INPUT)
#define OUTPUT(name) sizeof(D3D11_1DDI_AUTHENTICATED_##name##_OUTPUT)
#define TYPE(name)   &D3D11_1DDI_AUTHENTICATED_##name

/* Of the queries that the board knows. */
static const struct {
	const GUID *type;
	UINT in, out;
} queries[] = {
	{TYPE(QUERY_PROTECTION), QUERY_HEADER, OUTPUT(QUERY_PROTECTION)},
	{TYPE(QUERY_CHANNEL_TYPE), QUERY_HEADER, OUTPUT(QUERY_CHANNEL_TYPE)},
	{TYPE(QUERY_DEVICE_HANDLE), QUERY_HEADER, OUTPUT(QUERY_DEVICE_HANDLE)},
	{TYPE(QUERY_CRYPTO_SESSION), INPUT(QUERY_CRYPTO_SESSION), OUTPUT(QUERY_CRYPTO_SESSION)},
	{TYPE(QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_COUNT), QUERY_HEADER,
	 OUTPUT(QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS_COUNT)},
	{TYPE(QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS), INPUT(QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS),
	 OUTPUT(QUERY_RESTRICTED_SHARED_RESOURCE_PROCESS)},
	{TYPE(QUERY_OUTPUT_ID_COUNT), INPUT(QUERY_OUTPUT_ID_COUNT),
	 sizeof(D3D11_1DDI_AUTHENTICATED_CHANNEL_QUERY_OUTPUT_ID_COUNT_OUTPUT)},
	{TYPE(QUERY_OUTPUT_ID), INPUT(QUERY_OUTPUT_ID), OUTPUT(QUERY_OUTPUT_ID)},
	{TYPE(QUERY_ACCESSIBILITY_ATTRIBUTES), QUERY_HEADER, OUTPUT(QUERY_ACCESSIBILITY)},
	{TYPE(QUERY_ENCRYPTION_WHEN_ACCESSIBLE_GUID_COUNT), QUERY_HEADER,
	 OUTPUT(QUERY_ACCESSIBILITY_ENCRYPTION_GUID_COUNT)},
	{TYPE(QUERY_ENCRYPTION_WHEN_ACCESSIBLE_GUID), INPUT(QUERY_ACCESSIBILITY_ENCRYPTION_GUID),
	 OUTPUT(QUERY_ACCESSIBILITY_ENCRYPTION_GUID)},
	{TYPE(QUERY_CURRENT_ENCRYPTION_WHEN_ACCESSIBLE), QUERY_HEADER, OUTPUT(QUERY_CURRENT_ACCESSIBILITY_ENCRYPTION)},
};

/* A larger output is good, too: what is behind the structure stays zero. */
static size_t room_for(const void *input, UINT in, UINT out)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (!memcmp(input, queries[i].type, sizeof(GUID)))
			return in == queries[i].in && out >= queries[i].out ? queries[i].out : NO_ROOM;
	return OUTPUT_HEADER;
}

/* The caller's bytes, as far as a board takes them; zeros up to a whole header. Their number. */
static size_t take(uint8_t *to, size_t most, size_t header, const void *from, size_t size)
{
	if (size > most) /* of no known type: enough for an answer */
		size = header;
	memset(to, 0, most);
	memcpy(to, from, size);
	return size < header ? header : size;
}

/* ---- the entries ------------------------------------------------------------------------------------------ */

static SIZE_T APIENTRY calc_private_channel_size(D3D10DDI_HDEVICE hDevice,
						 CONST D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *pCreateData)
{
	(void)hDevice;
	(void)pCreateData;
	return sizeof(struct ddi_channel);
}

static HRESULT APIENTRY create_channel(D3D10DDI_HDEVICE hDevice, D3D11_1DDIARG_CREATEAUTHENTICATEDCHANNEL *pCreateData,
				       D3D11_1DDI_HAUTHCHANNEL hAuthChannel, D3D11_1DDI_HRTAUTHCHANNEL hRTAuthChannel)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_channel *channel = hAuthChannel.pDrvPrivate;
	enum coffer_session_kind kind = sizeof(HANDLE) == 8 ? COFFER_CHANNEL_64 : COFFER_CHANNEL_32;
	struct timespec room;
	HRESULT result;

	(void)hRTAuthChannel;
	if (pCreateData)
		pCreateData->hChannel = NULL;
	if (!channel)
		return E_OUTOFMEMORY;
	memset(channel, 0, sizeof(*channel));
	if (!device || ddi_alive(device))
		return D3DDDIERR_DEVICEREMOVED;
	/* The runtime asks for no type that the caps have not; of the documented codes this one does no harm. */
	if (!pCreateData || pCreateData->ChannelType != D3D11_1DDI_AUTHENTICATED_CHANNEL_DRIVER_HARDWARE)
		return E_OUTOFMEMORY;
	result = ddi_result(
		device, coffer_session_create(device->context, kind, ddi_deadline(device, &room), &channel->native));
	if (result != S_OK)
		return result == E_INVALIDARG ? E_OUTOFMEMORY : result;
	pCreateData->hChannel = (HANDLE)(uintptr_t)coffer_session_slot(channel->native, COFFER_KEY_SESSION);
	ddi_mark(&channel->head, DDI_CHANNEL, device);
	return S_OK;
}

static VOID APIENTRY destroy_channel(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HAUTHCHANNEL hAuthChannel)
{
	struct ddi_channel *channel = ddi_channel(hDevice, hAuthChannel);
	struct ddi_device *device = ddi_device(hDevice);
	struct timespec room;

	if (!channel)
		return;
	ddi_report(device, coffer_session_destroy(&channel->native, ddi_deadline(device, &room)));
	explicit_bzero(channel, sizeof(*channel));
}

static HRESULT APIENTRY negotiate(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HAUTHCHANNEL hAuthChannel, UINT DataSize,
				  VOID *pData)
{
	struct ddi_channel *channel = ddi_channel(hDevice, hAuthChannel);

	return channel ? ddi_negotiate(ddi_device(hDevice), channel->native, DataSize, pData) : E_INVALIDARG;
}

/* Both outputs begin alike. Without an answer of the board's there is a return code alone. */
static HRESULT give(struct ddi_device *device, int error, const uint8_t *answer, size_t answer_bytes, void *output)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_OUTPUT *header = output;

	if (!error && answer_bytes >= OUTPUT_HEADER)
		memcpy(output, answer, answer_bytes);
	else
		header->ReturnCode = ddi_result(device, error ? error : COFFER_E_PROTOCOL);
	return header->ReturnCode;
}

static HRESULT APIENTRY query(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HAUTHCHANNEL hAuthChannel, UINT InputDataSize,
			      CONST VOID *pInputData, UINT OutputDataSize, VOID *pOutputData)
{
	struct ddi_channel *channel = ddi_channel(hDevice, hAuthChannel);
	struct ddi_device *device = ddi_device(hDevice);
	uint8_t input[LONGEST_QUERY], answer[COFFER_CHANNEL_MOST];
	size_t bytes = 0, answer_bytes;
	struct timespec room;
	int error;

	if (pInputData)
		bytes = take(input, sizeof(input), QUERY_HEADER, pInputData, InputDataSize);
	if (pOutputData)
		memset(pOutputData, 0, OutputDataSize);
	if (!pOutputData || OutputDataSize < OUTPUT_HEADER)
		return E_INVALIDARG;
	error = channel && pInputData ? ddi_alive(device) : COFFER_E_INVALID;
	if (!error)
		error = coffer_channel_query(channel->native, input, bytes,
					     room_for(input, InputDataSize, OutputDataSize),
					     ddi_deadline(device, &room), answer, &answer_bytes);
	return give(device, error, answer, answer_bytes, pOutputData);
}

static HRESULT APIENTRY configure(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HAUTHCHANNEL hAuthChannel, UINT InputDataSize,
				  CONST VOID *pInputData, D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *pOutputData)
{
	struct ddi_channel *channel = ddi_channel(hDevice, hAuthChannel);
	struct ddi_device *device = ddi_device(hDevice);
	uint8_t input[COFFER_CHANNEL_MOST], answer[COFFER_CHANNEL_MOST];
	size_t bytes = 0, answer_bytes;
	struct timespec room;
	int error;

	if (pInputData)
		bytes = take(input, sizeof(input), ORDER_HEADER, pInputData, InputDataSize);
	if (pOutputData)
		memset(pOutputData, 0, sizeof(*pOutputData));
	if (!pOutputData)
		return E_INVALIDARG;
	error = channel && pInputData ? ddi_alive(device) : COFFER_E_INVALID;
	if (!error)
		error = coffer_channel_configure(channel->native, input, bytes, ddi_deadline(device, &room), answer,
						 &answer_bytes);
	return give(device, error, answer, answer_bytes, pOutputData);
}

void ddi_fill_channel(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnCalcPrivateAuthenticatedChannelSize = calc_private_channel_size;
	table->pfnCreateAuthenticatedChannel = create_channel;
	table->pfnDestroyAuthenticatedChannel = destroy_channel;
	table->pfnNegotiateAuthenticatedChannelKeyExchange = negotiate;
	table->pfnQueryAuthenticatedChannel = query;
	table->pfnConfigureAuthenticatedChannel = configure;
}
