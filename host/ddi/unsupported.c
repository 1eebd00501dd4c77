/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of the table that this version does not support: sizes are small and not zero, functions with a
 * result refuse (those of crypto by D3DDDIERR_UNSUPPORTEDCRYPTO), and outputs are zero rather than undefined.
 */
#include <string.h>

#include "ddi.h"

#define SMALL_SIZE 8

static VOID APIENTRY getVideoDecoderProfileCount(D3D10DDI_HDEVICE, UINT *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoDecoderProfile(D3D10DDI_HDEVICE, UINT, GUID *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY checkVideoDecoderFormat(D3D10DDI_HDEVICE, CONST GUID *, DXGI_FORMAT, BOOL *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoDecoderConfigCount(D3D10DDI_HDEVICE, CONST D3D11_1DDI_VIDEO_DECODER_DESC *, UINT *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoDecoderConfig(D3D10DDI_HDEVICE, CONST D3D11_1DDI_VIDEO_DECODER_DESC *, UINT,
					   D3D11_1DDI_VIDEO_DECODER_CONFIG *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoDecoderBufferTypeCount(D3D10DDI_HDEVICE, CONST D3D11_1DDI_VIDEO_DECODER_DESC *, UINT *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoDecoderBufferInfo(D3D10DDI_HDEVICE, CONST D3D11_1DDI_VIDEO_DECODER_DESC *, UINT,
					       D3D11_1DDI_VIDEO_DECODER_BUFFER_INFO *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static SIZE_T APIENTRY calcPrivateVideoDecoderSize(D3D10DDI_HDEVICE, CONST D3D11_1DDIARG_CREATEVIDEODECODER *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoDecoder(D3D10DDI_HDEVICE, CONST D3D11_1DDIARG_CREATEVIDEODECODER *,
					   D3D11_1DDI_HDECODE, D3D11_1DDI_HRTDECODE)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoDecoderExtension(D3D10DDI_HDEVICE, D3D11_1DDI_HDECODE,
					      CONST D3D11_1DDIARG_VIDEODECODEREXTENSION *)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoDecoderSubmitBuffers(D3D10DDI_HDEVICE, D3D11_1DDI_HDECODE, UINT,
						  CONST D3D11_1DDI_VIDEO_DECODER_BUFFER_DESC *)
{
	return E_NOTIMPL;
}

static SIZE_T APIENTRY calcPrivateVideoProcessorEnumSize(D3D10DDI_HDEVICE,
							 CONST D3D11_1DDIARG_CREATEVIDEOPROCESSORENUM *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoProcessorEnum(D3D10DDI_HDEVICE, CONST D3D11_1DDIARG_CREATEVIDEOPROCESSORENUM *,
						 D3D11_1DDI_HVIDEOPROCESSORENUM, D3D11_1DDI_HRTVIDEOPROCESSORENUM)
{
	return E_NOTIMPL;
}

static VOID APIENTRY destroyVideoProcessorEnum(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM) {}

static VOID APIENTRY checkVideoProcessorFormat(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM, DXGI_FORMAT, UINT *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoProcessorCaps(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM,
					   D3D11_1DDI_VIDEO_PROCESSOR_CAPS *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoProcessorRateConversionCaps(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM, UINT,
							 D3D11_1DDI_VIDEO_PROCESSOR_RATE_CONVERSION_CAPS *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoProcessorCustomRate(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM, UINT, UINT,
						 D3D11_1DDI_VIDEO_PROCESSOR_CUSTOM_RATE *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static VOID APIENTRY getVideoProcessorFilterRange(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORENUM,
						  D3D11_1DDI_VIDEO_PROCESSOR_FILTER,
						  D3D11_1DDI_VIDEO_PROCESSOR_FILTER_RANGE *out)
{
	if (out)
		memset(out, 0, sizeof(*out));
}

static SIZE_T APIENTRY calcPrivateVideoProcessorSize(D3D10DDI_HDEVICE, CONST D3D11_1DDIARG_CREATEVIDEOPROCESSOR *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoProcessor(D3D10DDI_HDEVICE, CONST D3D11_1DDIARG_CREATEVIDEOPROCESSOR *,
					     D3D11_1DDI_HVIDEOPROCESSOR, D3D11_1DDI_HRTVIDEOPROCESSOR)
{
	return E_NOTIMPL;
}

static VOID APIENTRY destroyVideoProcessor(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR) {}

static VOID APIENTRY videoProcessorSetOutputTargetRect(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, BOOL, CONST RECT *)
{
}

static VOID APIENTRY videoProcessorSetOutputBackgroundColor(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, BOOL,
							    CONST D3D11_1DDI_VIDEO_COLOR *)
{
}

static VOID APIENTRY videoProcessorSetOutputColorSpace(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR,
						       CONST D3D11_1DDI_VIDEO_PROCESSOR_COLOR_SPACE *)
{
}

static VOID APIENTRY videoProcessorSetOutputAlphaFillMode(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR,
							  D3D11_1DDI_VIDEO_PROCESSOR_ALPHA_FILL_MODE, UINT)
{
}

static VOID APIENTRY videoProcessorSetOutputConstriction(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, BOOL, SIZE) {}

static VOID APIENTRY videoProcessorSetOutputStereoMode(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, BOOL) {}

static HRESULT APIENTRY videoProcessorSetOutputExtension(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, CONST GUID *,
							 UINT, void *)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoProcessorGetOutputExtension(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, CONST GUID *,
							 UINT, void *)
{
	return E_NOTIMPL;
}

static VOID APIENTRY videoProcessorSetStreamFrameFormat(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
							D3D11_1DDI_VIDEO_FRAME_FORMAT)
{
}

static VOID APIENTRY videoProcessorSetStreamColorSpace(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
						       CONST D3D11_1DDI_VIDEO_PROCESSOR_COLOR_SPACE *)
{
}

static VOID APIENTRY videoProcessorSetStreamOutputRate(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
						       D3D11_1DDI_VIDEO_PROCESSOR_OUTPUT_RATE, BOOL,
						       CONST DXGI_RATIONAL *)
{
}

static VOID APIENTRY videoProcessorSetStreamSourceRect(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL,
						       CONST RECT *)
{
}

static VOID APIENTRY videoProcessorSetStreamDestRect(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL,
						     CONST RECT *)
{
}

static VOID APIENTRY videoProcessorSetStreamAlpha(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL, FLOAT) {}

static VOID APIENTRY videoProcessorSetStreamPalette(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, UINT,
						    CONST UINT *)
{
}

static VOID APIENTRY videoProcessorSetStreamPixelAspectRatio(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL,
							     CONST DXGI_RATIONAL *, CONST DXGI_RATIONAL *)
{
}

static VOID APIENTRY videoProcessorSetStreamLumaKey(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL, FLOAT,
						    FLOAT)
{
}

static VOID APIENTRY videoProcessorSetStreamStereoFormat(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL,
							 D3D11_1DDI_VIDEO_PROCESSOR_STEREO_FORMAT, BOOL, BOOL,
							 D3D11_1DDI_VIDEO_PROCESSOR_STEREO_FLIP_MODE, int)
{
}

static VOID APIENTRY videoProcessorSetStreamAutoProcessingMode(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL)
{
}

static VOID APIENTRY videoProcessorSetStreamFilter(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
						   D3D11_1DDI_VIDEO_PROCESSOR_FILTER, BOOL, int)
{
}

static HRESULT APIENTRY videoProcessorSetStreamExtension(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
							 CONST GUID *, UINT, void *)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoProcessorGetStreamExtension(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT,
							 CONST GUID *, UINT, void *)
{
	return E_NOTIMPL;
}

static HRESULT APIENTRY videoProcessorBlt(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR,
					  D3D11_1DDI_HVIDEOPROCESSOROUTPUTVIEW, UINT, UINT,
					  CONST D3D11_1DDI_VIDEO_PROCESSOR_STREAM *)
{
	return E_NOTIMPL;
}

static SIZE_T APIENTRY calcPrivateVideoDecoderOutputViewSize(D3D10DDI_HDEVICE,
							     CONST D3D11_1DDIARG_CREATEVIDEODECODEROUTPUTVIEW *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoDecoderOutputView(D3D10DDI_HDEVICE,
						     CONST D3D11_1DDIARG_CREATEVIDEODECODEROUTPUTVIEW *,
						     D3D11_1DDI_HVIDEODECODEROUTPUTVIEW,
						     D3D11_1DDI_HRTVIDEODECODEROUTPUTVIEW)
{
	return E_NOTIMPL;
}

static VOID APIENTRY destroyVideoDecoderOutputView(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEODECODEROUTPUTVIEW) {}

static SIZE_T APIENTRY calcPrivateVideoProcessorInputViewSize(D3D10DDI_HDEVICE,
							      CONST D3D11_1DDIARG_CREATEVIDEOPROCESSORINPUTVIEW *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoProcessorInputView(D3D10DDI_HDEVICE,
						      CONST D3D11_1DDIARG_CREATEVIDEOPROCESSORINPUTVIEW *,
						      D3D11_1DDI_HVIDEOPROCESSORINPUTVIEW,
						      D3D11_1DDI_HRTVIDEOPROCESSORINPUTVIEW)
{
	return E_NOTIMPL;
}

static VOID APIENTRY destroyVideoProcessorInputView(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORINPUTVIEW) {}

static SIZE_T APIENTRY calcPrivateVideoProcessorOutputViewSize(D3D10DDI_HDEVICE,
							       CONST D3D11_1DDIARG_CREATEVIDEOPROCESSOROUTPUTVIEW *)
{
	return SMALL_SIZE;
}

static HRESULT APIENTRY createVideoProcessorOutputView(D3D10DDI_HDEVICE,
						       CONST D3D11_1DDIARG_CREATEVIDEOPROCESSOROUTPUTVIEW *,
						       D3D11_1DDI_HVIDEOPROCESSOROUTPUTVIEW,
						       D3D11_1DDI_HRTVIDEOPROCESSOROUTPUTVIEW)
{
	return E_NOTIMPL;
}

static VOID APIENTRY destroyVideoProcessorOutputView(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOROUTPUTVIEW) {}

static VOID APIENTRY videoProcessorInputViewReadAfterWriteHazard(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSORINPUTVIEW,
								 D3D10DDI_HRESOURCE)
{
}

static VOID APIENTRY videoProcessorSetStreamRotation(D3D10DDI_HDEVICE, D3D11_1DDI_HVIDEOPROCESSOR, UINT, BOOL,
						     D3D11_1DDI_VIDEO_PROCESSOR_ROTATION)
{
}

static VOID APIENTRY getCaptureHandle(D3D10DDI_HDEVICE, D3D11_1DDI_GETCAPTUREHANDLEDATA *pHandleData)
{
	if (pHandleData)
		pHandleData->hAllocation = pHandleData->DataOffset = pHandleData->DataSize = 0;
}

void ddi_fill_unsupported(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnGetVideoDecoderProfileCount = getVideoDecoderProfileCount;
	table->pfnGetVideoDecoderProfile = getVideoDecoderProfile;
	table->pfnCheckVideoDecoderFormat = checkVideoDecoderFormat;
	table->pfnGetVideoDecoderConfigCount = getVideoDecoderConfigCount;
	table->pfnGetVideoDecoderConfig = getVideoDecoderConfig;
	table->pfnGetVideoDecoderBufferTypeCount = getVideoDecoderBufferTypeCount;
	table->pfnGetVideoDecoderBufferInfo = getVideoDecoderBufferInfo;
	table->pfnCalcPrivateVideoDecoderSize = calcPrivateVideoDecoderSize;
	table->pfnCreateVideoDecoder = createVideoDecoder;
	table->pfnVideoDecoderExtension = videoDecoderExtension;
	table->pfnVideoDecoderSubmitBuffers = videoDecoderSubmitBuffers;
	table->pfnCalcPrivateVideoProcessorEnumSize = calcPrivateVideoProcessorEnumSize;
	table->pfnCreateVideoProcessorEnum = createVideoProcessorEnum;
	table->pfnDestroyVideoProcessorEnum = destroyVideoProcessorEnum;
	table->pfnCheckVideoProcessorFormat = checkVideoProcessorFormat;
	table->pfnGetVideoProcessorCaps = getVideoProcessorCaps;
	table->pfnGetVideoProcessorRateConversionCaps = getVideoProcessorRateConversionCaps;
	table->pfnGetVideoProcessorCustomRate = getVideoProcessorCustomRate;
	table->pfnGetVideoProcessorFilterRange = getVideoProcessorFilterRange;
	table->pfnCalcPrivateVideoProcessorSize = calcPrivateVideoProcessorSize;
	table->pfnCreateVideoProcessor = createVideoProcessor;
	table->pfnDestroyVideoProcessor = destroyVideoProcessor;
	table->pfnVideoProcessorSetOutputTargetRect = videoProcessorSetOutputTargetRect;
	table->pfnVideoProcessorSetOutputBackgroundColor = videoProcessorSetOutputBackgroundColor;
	table->pfnVideoProcessorSetOutputColorSpace = videoProcessorSetOutputColorSpace;
	table->pfnVideoProcessorSetOutputAlphaFillMode = videoProcessorSetOutputAlphaFillMode;
	table->pfnVideoProcessorSetOutputConstriction = videoProcessorSetOutputConstriction;
	table->pfnVideoProcessorSetOutputStereoMode = videoProcessorSetOutputStereoMode;
	table->pfnVideoProcessorSetOutputExtension = videoProcessorSetOutputExtension;
	table->pfnVideoProcessorGetOutputExtension = videoProcessorGetOutputExtension;
	table->pfnVideoProcessorSetStreamFrameFormat = videoProcessorSetStreamFrameFormat;
	table->pfnVideoProcessorSetStreamColorSpace = videoProcessorSetStreamColorSpace;
	table->pfnVideoProcessorSetStreamOutputRate = videoProcessorSetStreamOutputRate;
	table->pfnVideoProcessorSetStreamSourceRect = videoProcessorSetStreamSourceRect;
	table->pfnVideoProcessorSetStreamDestRect = videoProcessorSetStreamDestRect;
	table->pfnVideoProcessorSetStreamAlpha = videoProcessorSetStreamAlpha;
	table->pfnVideoProcessorSetStreamPalette = videoProcessorSetStreamPalette;
	table->pfnVideoProcessorSetStreamPixelAspectRatio = videoProcessorSetStreamPixelAspectRatio;
	table->pfnVideoProcessorSetStreamLumaKey = videoProcessorSetStreamLumaKey;
	table->pfnVideoProcessorSetStreamStereoFormat = videoProcessorSetStreamStereoFormat;
	table->pfnVideoProcessorSetStreamAutoProcessingMode = videoProcessorSetStreamAutoProcessingMode;
	table->pfnVideoProcessorSetStreamFilter = videoProcessorSetStreamFilter;
	table->pfnVideoProcessorSetStreamExtension = videoProcessorSetStreamExtension;
	table->pfnVideoProcessorGetStreamExtension = videoProcessorGetStreamExtension;
	table->pfnVideoProcessorBlt = videoProcessorBlt;
	table->pfnCalcPrivateVideoDecoderOutputViewSize = calcPrivateVideoDecoderOutputViewSize;
	table->pfnCreateVideoDecoderOutputView = createVideoDecoderOutputView;
	table->pfnDestroyVideoDecoderOutputView = destroyVideoDecoderOutputView;
	table->pfnCalcPrivateVideoProcessorInputViewSize = calcPrivateVideoProcessorInputViewSize;
	table->pfnCreateVideoProcessorInputView = createVideoProcessorInputView;
	table->pfnDestroyVideoProcessorInputView = destroyVideoProcessorInputView;
	table->pfnCalcPrivateVideoProcessorOutputViewSize = calcPrivateVideoProcessorOutputViewSize;
	table->pfnCreateVideoProcessorOutputView = createVideoProcessorOutputView;
	table->pfnDestroyVideoProcessorOutputView = destroyVideoProcessorOutputView;
	table->pfnVideoProcessorInputViewReadAfterWriteHazard = videoProcessorInputViewReadAfterWriteHazard;
	table->pfnVideoProcessorSetStreamRotation = videoProcessorSetStreamRotation;
	table->pfnGetCaptureHandle = getCaptureHandle;
}
