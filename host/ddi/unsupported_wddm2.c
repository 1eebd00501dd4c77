/* SPDX-License-Identifier: Apache-2.0 */
/* As unsupported.c, for what WDDM 2.0 and 2.1 added: nothing is decoded or processed. */
#include <string.h>

#include "ddi.h"

/* Of a query whose size is right, the members that answer. */
static VOID APIENTRY queryVideoCapabilities(D3D10DDI_HDEVICE, D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY type, UINT size,
					    VOID *data)
{
	D3DWDDM2_0DDI_VIDEO_CAPABILITY_DECODER_DOWNSAMPLING *downsampling = data;
	D3DWDDM2_0DDI_VIDEO_CAPABILITY_DECODER_CAPS *caps = data;
	D3DWDDM2_0DDI_VIDEO_CAPABILITY_DECODER_DOWNSAMPLE_OUTPUT_FORMAT *format = data;
	D3DWDDM2_4DDI_VIDEO_CAPABILITY_DECODER_HISTOGRAM *histogram = data;

	if (!data)
		return;
	if (type == D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_DOWNSAMPLING && size == sizeof(*downsampling))
		downsampling->Supported = downsampling->RealTime = 0;
	if (type == D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_CAPS && size == sizeof(*caps))
		caps->Caps = D3DWDDM2_0DDI_VIDEO_DECODER_CAP_UNSUPPORTED;
	if (type == D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_DOWNSAMPLE_OUTPUT_FORMAT && size == sizeof(*format))
		format->Supported = 0;
	if (type == D3DWDDM2_4DDI_VIDEO_CAPABILITY_QUERY_DECODER_HISTOGRAM && size == sizeof(*histogram))
		histogram->Components = histogram->BinCount = histogram->CounterBitDepth = 0;
}

static VOID APIENTRY
checkVideoProcessorFormatConversion(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM,
				    D3DWDDM2_0DDI_CHECK_VIDEO_PROCESSOR_FORMAT_CONVERSION *conversion)
{
	if (conversion)
		conversion->Supported = 0;
}

static HRESULT APIENTRY videoDecoderEnableDownsampling(D3D10DDI_HDEVICE, D3D11_1DDI_HDECODE, D3DDDI_COLOR_SPACE_TYPE,
						       CONST D3D11_1DDI_VIDEO_DECODER_DESC *, D3DDDI_COLOR_SPACE_TYPE,
						       UINT)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoDecoderUpdateDownsampling(D3D10DDI_HDEVICE, D3D11_1DDI_HDECODE,
						       CONST D3D11_1DDI_VIDEO_DECODER_DESC *, D3DDDI_COLOR_SPACE_TYPE)
{
	return E_NOTIMPL;
}

static VOID APIENTRY videoProcessorSetStreamMirror(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL, BOOL, BOOL)
{
}

static VOID APIENTRY videoProcessorSetOutputColorSpace1(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR,
							D3DDDI_COLOR_SPACE_TYPE)
{
}

static VOID APIENTRY videoProcessorSetStreamColorSpace1(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
							D3DDDI_COLOR_SPACE_TYPE)
{
}

static VOID APIENTRY videoProcessorSetOutputShaderUsage(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, BOOL) {}

static HRESULT APIENTRY videoProcessorGetBehaviorHints(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, UINT,
						       DXGI_FORMAT, UINT,
						       const D3DWDDM2_0DDI_VIDEO_PROCESSOR_STREAM_BEHAVIOR_HINT *,
						       UINT *hints)
{
	if (hints)
		*hints = 0;
	return E_NOTIMPL;
}

static VOID APIENTRY videoProcessorSetOutputHDRMetaData(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR,
							D3DDDI_HDR_METADATA_TYPE, UINT, CONST VOID *)
{
}

static VOID APIENTRY videoProcessorSetStreamHDRMetaData(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
							D3DDDI_HDR_METADATA_TYPE, UINT, CONST VOID *)
{
}

void ddi_fill_unsupported_2_0(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnQueryVideoCapabilities = queryVideoCapabilities;
	table->pfnCheckVideoProcessorFormatConversion = checkVideoProcessorFormatConversion;
	table->pfnVideoDecoderEnableDownsampling = videoDecoderEnableDownsampling;
	table->pfnVideoDecoderUpdateDownsampling = videoDecoderUpdateDownsampling;
	table->pfnVideoProcessorSetStreamMirror = videoProcessorSetStreamMirror;
	table->pfnVideoProcessorSetOutputColorSpace1 = videoProcessorSetOutputColorSpace1;
	table->pfnVideoProcessorSetStreamColorSpace1 = videoProcessorSetStreamColorSpace1;
	table->pfnVideoProcessorSetOutputShaderUsage = videoProcessorSetOutputShaderUsage;
	table->pfnVideoProcessorGetBehaviorHints = videoProcessorGetBehaviorHints;
}

void ddi_fill_unsupported_2_1(D3DWDDM2_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnVideoProcessorSetOutputHDRMetaData = videoProcessorSetOutputHDRMetaData;
	table->pfnVideoProcessorSetStreamHDRMetaData = videoProcessorSetStreamHDRMetaData;
}
