/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bitstreams in the schemes cenc and cbcs of Common Encryption (ISO/IEC 23001-7), decrypted into the decoder's protected
 * resource. All buffers of a call are checked before the first is touched; those of a frame lie there one after another.
 */
#include <stdlib.h>
#include <string.h>

#include "ddi.h"

#define MAX_STRIPE_BLOCKS 15u /* crypt_byte_block and skip_byte_block have four bits */

typedef D3DWDDM2_0DDI_VIDEO_DECODER_BUFFER_DESC1 desc1;
typedef D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC desc;

_Static_assert(sizeof(D3DWDDM2_0DDI_VIDEO_DECODER_SUB_SAMPLE_MAPPING_BLOCK) == sizeof(struct coffer_pair) &&
		       offsetof(D3DWDDM2_0DDI_VIDEO_DECODER_SUB_SAMPLE_MAPPING_BLOCK, EncryptedSize) ==
			       offsetof(struct coffer_pair, encrypted),
	       "subsamples are copied as they are");

/* A buffer of either version. */
static desc buffer_at(const desc1 *old, const desc *new, UINT i)
{
	if (new)
		return new[i];
	return (desc){
		.hResource = old[i].hResource,
		.BufferType = old[i].BufferType,
		.DataOffset = old[i].DataOffset,
		.DataSize = old[i].DataSize,
		.pIV = old[i].pIV,
		.IVSize = old[i].IVSize,
		.pSubSampleMappingBlock = old[i].pSubSampleMappingBlock,
		.SubSampleMappingCount = old[i].SubSampleMappingCount,
	};
}

static bool are_subsamples_whole(const desc *buffer)
{
	uint64_t sum = 0;

	if (!buffer->SubSampleMappingCount)
		return true;
	if (!buffer->pSubSampleMappingBlock)
		return false;
	for (UINT i = 0; i < buffer->SubSampleMappingCount && sum <= buffer->DataSize; i++)
		sum += (uint64_t)buffer->pSubSampleMappingBlock[i].ClearSize +
		       buffer->pSubSampleMappingBlock[i].EncryptedSize;
	return sum == buffer->DataSize;
}

static bool are_stripes_possible(const struct ddi_decoder *decoder, const desc *buffer)
{
	UINT encrypted = buffer->cBlocksStripeEncrypted, clear = buffer->cBlocksStripeClear;

	if (!encrypted)
		return !clear;
	return decoder->cbcs && encrypted <= MAX_STRIPE_BLOCKS && clear <= MAX_STRIPE_BLOCKS;
}

static bool is_acceptable(D3D10DDI_HDEVICE hDevice, const struct ddi_decoder *decoder, const desc *buffer)
{
	const struct ddi_resource *source = ddi_resource(hDevice, buffer->hResource);

	if (!source || source->kind != COFFER_DDI_RESOURCE_STAGING ||
	    buffer->BufferType != D3D11_1DDI_VIDEO_DECODER_BUFFER_BITSTREAM || buffer->DataOffset ||
	    !buffer->DataSize || buffer->DataSize > source->bytes)
		return false;
	if (!buffer->pIV)
		return !buffer->IVSize && !buffer->SubSampleMappingCount && !buffer->cBlocksStripeEncrypted &&
		       !buffer->cBlocksStripeClear;
	return (buffer->IVSize == 8 || buffer->IVSize == 16) && are_subsamples_whole(buffer) &&
	       are_stripes_possible(decoder, buffer);
}

/* The subsamples; of a clear buffer the one that says so. NULL: no memory. */
static struct coffer_pair *list_of(const desc *buffer, size_t *count)
{
	struct coffer_pair *pairs = calloc((size_t)buffer->SubSampleMappingCount + 1, sizeof(*pairs));

	*count = buffer->SubSampleMappingCount;
	if (!pairs)
		return NULL;
	if (!buffer->pIV)
		pairs[(*count)++].clear = buffer->DataSize;
	else if (*count)
		memcpy(pairs, buffer->pSubSampleMappingBlock, *count * sizeof(*pairs));
	return pairs;
}

static int decrypt(D3D10DDI_HDEVICE hDevice, struct ddi_decoder *decoder, const desc *buffer,
		   const struct timespec *deadline)
{
	struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT,
		.mode = decoder->key.mode,
		.counter_rule = decoder->key.rule,
		.slot = coffer_session_slot(decoder->session->native, COFFER_KEY_CONTENT),
		.restart = decoder->cbcs,
		.crypt_blocks = (uint8_t)buffer->cBlocksStripeEncrypted,
		.skip_blocks = (uint8_t)buffer->cBlocksStripeClear,
		.src = ddi_resource(hDevice, buffer->hResource)->memory,
		.length = buffer->DataSize,
		.dst_surface = coffer_surface_handle(decoder->bitstream->surface),
		.dst_offset = (uint32_t)decoder->used,
	};
	struct coffer_pair *pairs = list_of(buffer, &job.pairs);
	int error;

	if (!pairs)
		return COFFER_E_NO_MEMORY;
	if (job.pairs)
		job.list = pairs;
	if (buffer->pIV)
		memcpy(job.start.iv, buffer->pIV, buffer->IVSize);
	error = coffer_run(decoder->head.device->context, &job, deadline, NULL);
	free(pairs);
	if (!error)
		decoder->used += buffer->DataSize;
	return error;
}

static HRESULT submit(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode, UINT count, const desc1 *old,
		      const desc *new)
{
	struct ddi_decoder *decoder = ddi_decoder(hDevice, hDecode);
	struct ddi_device *device = ddi_device(hDevice);
	const struct timespec *deadline;
	struct timespec room;
	uint64_t end;
	int error;

	if (!decoder || !decoder->in_frame || !count || (!old && !new) || (old && decoder->cbcs))
		return E_INVALIDARG;
	end = decoder->used;
	for (UINT i = 0; i < count; i++) {
		const desc buffer = buffer_at(old, new, i);

		end += buffer.DataSize;
		if (!is_acceptable(hDevice, decoder, &buffer) || end > decoder->bitstream->bytes)
			return E_INVALIDARG;
	}
	deadline = ddi_deadline(device, &room);
	error = ddi_alive(device);
	if (!error)
		error = ddi_load_content_key(decoder->session, &decoder->key, deadline);
	for (UINT i = 0; i < count && !error; i++) {
		const desc buffer = buffer_at(old, new, i);

		error = decrypt(hDevice, decoder, &buffer, deadline);
	}
	return ddi_result(device, error);
}

static HRESULT APIENTRY submit_buffers_1(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode, UINT BufferCount,
					 CONST D3DWDDM2_0DDI_VIDEO_DECODER_BUFFER_DESC1 *pBufferDesc)
{
	return submit(hDevice, hDecode, BufferCount, pBufferDesc, NULL);
}

static HRESULT APIENTRY submit_buffers_2(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HDECODE hDecode, UINT BufferCount,
					 CONST D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC *pBufferDesc)
{
	return submit(hDevice, hDecode, BufferCount, NULL, pBufferDesc);
}

void ddi_fill_submit(D3DWDDM2_0DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnVideoDecoderSubmitBuffers1 = submit_buffers_1;
}

void ddi_fill_submit_rs4_0(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0 *table)
{
	table->pfnVideoDecoderSubmitBuffers2 = submit_buffers_2;
}
