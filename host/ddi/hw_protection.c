/* SPDX-License-Identifier: Apache-2.0 */
/* The key exchange HW_PROTECTION: a pipe to the board. Packets are the application's and the board's; only their sizes are looked at. */
#include <string.h>

#include "ddi.h"

typedef D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_INPUT_DATA input_data;
typedef D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_OUTPUT_DATA output_data;

bool ddi_has_hw_protection(const struct ddi_device *device)
{
	return device && coffer_info(device->context)->chain_bytes[COFFER_CHAIN_P256] != 0;
}

static const BYTE *packet_in(const input_data *in)
{
	return in->pbInput + DDI_PRIVATE_INPUT;
}

static BYTE *packet_out(output_data *out)
{
	return out->pbOutput + DDI_PRIVATE_OUTPUT;
}

/* Board time between two stamps, in the interface's units of 100 ns. */
static UINT64 hundred_ns(const struct ddi_device *device, uint64_t from, uint64_t to)
{
	uint32_t hz = coffer_info(device->context)->clock_hz;
	uint64_t cycles = to > from ? to - from : 0;

	return hz ? cycles / hz * 10000000u + cycles % hz * 10000000u / hz : 0;
}

static HRESULT exchange(struct ddi_device *device, const struct ddi_session *session, const input_data *in,
			output_data *out)
{
	struct coffer_exchange_hello hello;
	struct coffer_exchange_reply reply;
	struct coffer_outcome outcome;
	struct timespec room;
	int error;

	if (in->HWProtectionDataSize != sizeof(hello) || out->MaxHWProtectionDataSize < sizeof(reply))
		return E_INVALIDARG;
	memcpy(&hello, packet_in(in), sizeof(hello));
	error = coffer_exchange(session->native, &hello, ddi_deadline(device, &room), &reply, &outcome);
	if (error)
		return ddi_exchange_result(device, error);
	memcpy(packet_out(out), &reply, sizeof(reply));
	out->HWProtectionDataSize = sizeof(reply);
	out->TransportTime = hundred_ns(device, outcome.first_cycle, outcome.granted_cycle);
	out->ExecutionTime = hundred_ns(device, outcome.granted_cycle, outcome.last_cycle);
	return S_OK;
}

static HRESULT certificate(struct ddi_device *device, const input_data *in, output_data *out)
{
	struct timespec room;
	uint8_t *chain;
	size_t bytes;
	int error;

	if (in->HWProtectionDataSize)
		return E_INVALIDARG;
	error = coffer_get_chain(device->context, COFFER_CHAIN_P256, ddi_deadline(device, &room), &chain, &bytes);
	if (error)
		return ddi_exchange_result(device, error);
	out->HWProtectionDataSize = (UINT)bytes;
	if (bytes <= out->MaxHWProtectionDataSize)
		memcpy(packet_out(out), chain, bytes);
	coffer_free(chain);
	return bytes <= out->MaxHWProtectionDataSize ? S_OK : E_INVALIDARG;
}

static HRESULT transact(struct ddi_device *device, const struct ddi_session *session,
			const D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_DATA *data)
{
	const input_data *in = data->pInputData;
	output_data *out = data->pOutputData;

	if (!out)
		return E_INVALIDARG;
	out->HWProtectionDataSize = 0;
	out->TransportTime = 0;
	out->ExecutionTime = 0;
	if (!in || in->PrivateDataSize != DDI_PRIVATE_INPUT || out->PrivateDataSize != DDI_PRIVATE_OUTPUT ||
	    ddi_alive(device))
		return E_INVALIDARG;
	switch (data->HWProtectionFunctionID) {
	case COFFER_HW_PROTECTION_EXCHANGE:
		return exchange(device, session, in, out);
	case COFFER_HW_PROTECTION_CERTIFICATE:
		return certificate(device, in, out);
	default:
		return E_INVALIDARG;
	}
}

HRESULT ddi_hw_protection(struct ddi_device *device, const struct ddi_session *session, UINT bytes, void *data)
{
	D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_DATA *exchange_data = data;

	if (!data || bytes != sizeof(*exchange_data))
		return E_INVALIDARG;
	exchange_data->Status = transact(device, session, exchange_data);
	return exchange_data->Status;
}
