/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blits. A blit works on the whole Pitch x Height of two resources of one shape: a staging one and a protected one of
 * the same session. Whatever the caller does wrong ends with the destination as it was, zeroes in the outputs and no
 * callback.
 */
#include <stdlib.h>
#include <string.h>

#include "ddi.h"

static bool same_shape(const struct ddi_resource *a, const struct ddi_resource *b)
{
	return a->width == b->width && a->height == b->height && a->pitch == b->pitch &&
	       a->bytes % DDI_BLOCK_BYTES == 0;
}

/* ---- decryption -------------------------------------------------------------------------------------- */

struct list {
	struct coffer_pair *pairs;
	size_t count;
};

/*
 * The runs of a block info as pairs {clear, encrypted}. Clear bytes take no keystream, so an encrypted run that another
 * follows must end at a block: no document says what becomes of the rest of its last block. False: not acceptable.
 */
static bool make_list(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, uint64_t bytes, struct list *list)
{
	uint64_t left = bytes, skip = info->NumBytesInSkipPattern, encrypt = info->NumBytesInEncryptPattern;
	uint64_t first = info->NumEncryptedBytesAtBeginning, most;

	if (first > bytes)
		return false;
	if (!skip && encrypt) /* nothing is ever skipped */
		first = bytes;
	left -= first;
	most = encrypt ? left / (skip + encrypt) + 3 : 3;
	list->pairs = calloc(most, sizeof(*list->pairs));
	if (!list->pairs)
		return false;
	list->pairs[list->count++].encrypted = (uint32_t)first;
	while (left) {
		struct coffer_pair *before = &list->pairs[list->count - 1], *pair = &list->pairs[list->count++];

		pair->clear = (uint32_t)(encrypt && skip < left ? skip : left);
		left -= pair->clear;
		pair->encrypted = (uint32_t)(encrypt < left ? encrypt : left);
		left -= pair->encrypted;
		if (pair->encrypted && before->encrypted % DDI_BLOCK_BYTES)
			return false;
	}
	return true;
}

static int load_content_key(struct ddi_session *session, const void *wrapped, const struct timespec *deadline)
{
	int error;

	if (session->has_content_key && !memcmp(session->content_key, wrapped, sizeof(session->content_key)))
		return 0;
	session->has_content_key = false;
	error = coffer_load_key(session->native, wrapped, 16, 16, COFFER_MODE_CTR, COFFER_CTR_REFUSE64, deadline, NULL);
	if (error)
		return error;
	memcpy(session->content_key, wrapped, sizeof(session->content_key));
	session->has_content_key = true;
	return 0;
}

static int decrypt(struct ddi_device *device, struct ddi_session *session, const struct ddi_resource *source,
		   const struct ddi_resource *target, const struct list *list, const void *content_key, const void *iv)
{
	struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.slot = coffer_session_slot(session->native, content_key ? COFFER_KEY_CONTENT : COFFER_KEY_SESSION),
		.src = source->memory,
		.length = source->bytes,
		.dst_surface = coffer_surface_handle(target->surface),
		.list = list->pairs,
		.pairs = list->count,
	};
	struct timespec room;
	const struct timespec *deadline = ddi_deadline(device, &room);
	int error = ddi_alive(device);

	if (!error && content_key)
		error = load_content_key(session, content_key, deadline);
	memcpy(job.start.iv, iv, sizeof(job.start.iv));
	return error ? error : coffer_run(device->context, &job, deadline, NULL);
}

static VOID APIENTRY decryption_blt(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
				    D3D10DDI_HRESOURCE hSrcResource, D3D10DDI_HRESOURCE hDstResource,
				    CONST D3D11_1DDI_ENCRYPTED_BLOCK_INFO *pEncryptedBlockInfo, UINT ContentKeySize,
				    CONST VOID *pContentKey, UINT IVSize, CONST VOID *pIV)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct ddi_resource *source = ddi_resource(hDevice, hSrcResource);
	struct ddi_resource *target = ddi_resource(hDevice, hDstResource);
	struct list list = {0};

	if (!session || !source || !target || source->kind != COFFER_DDI_RESOURCE_STAGING ||
	    target->kind != COFFER_DDI_RESOURCE_PROTECTED || target->session != session ||
	    !same_shape(source, target) || !pIV || IVSize != sizeof(D3D11_1DDI_AES_CTR_IV) ||
	    (pContentKey && ContentKeySize != 16))
		return;
	if (!pEncryptedBlockInfo || make_list(pEncryptedBlockInfo, source->bytes, &list))
		ddi_report(device, decrypt(device, session, source, target, &list, pContentKey, pIV));
	free(list.pairs);
}

/* ---- encrypted read-back ----------------------------------------------------------------------------- */

static int read_back(struct ddi_device *device, struct ddi_session *session, const struct ddi_resource *source,
		     const struct ddi_resource *target, void *iv)
{
	struct coffer_outcome outcome;
	struct timespec room;
	struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.encrypt = 1,
		.slot = coffer_session_slot(session->native, COFFER_KEY_READBACK),
		.src_surface = coffer_surface_handle(source->surface),
		.length = source->bytes,
	};
	int error = ddi_alive(device);

	if (error)
		return error;
	job.dst = malloc(source->bytes); /* the destination changes only when all is well */
	if (!job.dst)
		return COFFER_E_NO_MEMORY;
	error = coffer_run(device->context, &job, ddi_deadline(device, &room), &outcome);
	if (!error) {
		memcpy(target->memory, job.dst, source->bytes);
		memcpy(iv, outcome.board_iv, sizeof(outcome.board_iv));
	}
	free(job.dst);
	return error;
}

static VOID APIENTRY encryption_blt(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
				    D3D10DDI_HRESOURCE hSrcResource, D3D10DDI_HRESOURCE hDstResource, UINT IVSize,
				    CONST VOID *pIV)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct ddi_resource *source = ddi_resource(hDevice, hSrcResource);
	struct ddi_resource *target = ddi_resource(hDevice, hDstResource);
	void *iv = (void *)(uintptr_t)pIV; /* an output: the interface's const is a slip */

	if (iv)
		memset(iv, 0, IVSize < sizeof(D3D11_1DDI_AES_CTR_IV) ? IVSize : sizeof(D3D11_1DDI_AES_CTR_IV));
	if (!session || !source || !target || source->kind != COFFER_DDI_RESOURCE_PROTECTED ||
	    source->session != session || target->kind != COFFER_DDI_RESOURCE_STAGING || !same_shape(source, target) ||
	    !iv || IVSize != sizeof(D3D11_1DDI_AES_CTR_IV))
		return;
	ddi_report(device, read_back(device, session, source, target, iv));
}

static VOID APIENTRY get_encryption_blt_key(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
					    UINT KeySize, VOID *pReadbackKey)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_session *session = ddi_session(hDevice, hCryptoSession);
	struct timespec room;
	uint8_t wrapped[16];
	int error;

	if (!pReadbackKey)
		return;
	memset(pReadbackKey, 0, KeySize);
	if (!session || KeySize != sizeof(wrapped))
		return;
	error = ddi_alive(device);
	if (!error)
		error = coffer_new_readback_key(session->native, wrapped, ddi_deadline(device, &room), NULL);
	if (error)
		ddi_report(device, error);
	else
		memcpy(pReadbackKey, wrapped, sizeof(wrapped));
}

void ddi_fill_blt(D3D11_1DDI_VIDEODEVICEFUNCS *table)
{
	table->pfnDecryptionBlt = decryption_blt;
	table->pfnEncryptionBlt = encryption_blt;
	table->pfnGetEncryptionBltKey = get_encryption_blt_key;
}
