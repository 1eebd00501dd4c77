/* SPDX-License-Identifier: Apache-2.0 */
/* The tables. Each begins like the one before it, but for slots whose type has changed. */
#include <string.h>

#include "ddi.h"

static void fill_11_1(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	ddi_fill_unsupported(table);
	ddi_fill_session(table);
	ddi_fill_certificate(table);
	ddi_fill_blt(table);
	ddi_fill_channel(table);
	ddi_fill_refresh(table);
	ddi_fill_decoder(table);
}

static void fill_2_0(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table)
{
	D3D11_1DDI_VIDEODEVICEFUNCS first;

	fill_11_1(&first);
	memcpy(table, &first, sizeof(first));
	ddi_fill_unsupported_2_0(table);
	ddi_fill_status(table);
	ddi_fill_submit(table);
}

static void fill_2_1(D3DWDDM2_1DDI_VIDEODEVICEFUNCS *table)
{
	D3DWDDM2_0DDI_VIDEODEVICEFUNCS first;

	fill_2_0(&first);
	memcpy(table, &first, sizeof(first));
	ddi_fill_unsupported_2_1(table);
}

static void fill_rs4_0(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 *table)
{
	D3DWDDM2_1DDI_VIDEODEVICEFUNCS first;

	fill_2_1(&first);
	memcpy(table, &first, sizeof(first));
	ddi_fill_decoder_rs4_0(table);
	ddi_fill_submit_rs4_0(table);
}

static void fill_2_4(D3DWDDM2_4DDI_VIDEODEVICEFUNCS *table)
{
	D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 first;

	fill_rs4_0(&first);
	memcpy(table, &first, sizeof(first));
	ddi_fill_decoder_2_4(table);
	ddi_fill_session_2_4(table);
}

HRESULT APIENTRY CofferRetrieveSubObject(D3D10DDI_HDEVICE hDevice, UINT32 SubDeviceID, SIZE_T ParamSize, void *pParams,
					 SIZE_T OutputParamSize, void *pOutputParamsBuffer)
{
	D3D11_1DDI_VIDEO_INPUT input; /* those of the other tables are of the same layout, and so are the outputs */
	const D3D11_1DDI_VIDEO_OUTPUT output = {0};
	void *table;

	if (!ddi_device(hDevice) || ParamSize != sizeof(input) || OutputParamSize != sizeof(output) || !pParams ||
	    !pOutputParamsBuffer)
		return E_INVALIDARG;
	memcpy(&input, pParams, sizeof(input));
	table = input.p11VideoDeviceFuncs;
	if (!table)
		return E_INVALIDARG;
	switch (SubDeviceID) {
	case D3D11_1DDI_VIDEO_FUNCTIONS:
		fill_11_1(table);
		break;
	case D3DWDDM2_0DDI_VIDEO_FUNCTIONS:
		fill_2_0(table);
		break;
	case D3DWDDM2_1DDI_VIDEO_FUNCTIONS:
		fill_2_1(table);
		break;
	case D3DWDDM2_4DDI_VIDEO_FUNCTIONS_RS4_0:
		fill_rs4_0(table);
		break;
	case D3DWDDM2_4DDI_VIDEO_FUNCTIONS:
		fill_2_4(table);
		break;
	default:
		return E_INVALIDARG;
	}
	memcpy(pOutputParamsBuffer, &output, sizeof(output));
	return S_OK;
}
