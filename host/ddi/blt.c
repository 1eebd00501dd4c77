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
 * follows must end at a block: no document says what becomes of the rest of its last block.
 */
static int make_list(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, uint64_t bytes, struct list *list)
{
	uint64_t left = bytes, skip = info->NumBytesInSkipPattern, encrypt = info->NumBytesInEncryptPattern;
	uint64_t first = info->NumEncryptedBytesAtBeginning;

	if (first > bytes)
		return COFFER_E_INVALID;
	if (!skip && encrypt) /* nothing is ever skipped */
		first = bytes;
	left -= first;
	if (encrypt &&
	    ((first % DDI_BLOCK_BYTES && left > skip) || (encrypt % DDI_BLOCK_BYTES && left > skip + encrypt + skip)))
		return COFFER_E_INVALID;
	list->pairs = calloc(encrypt ? left / (skip + encrypt) + 3 : 3, sizeof(*list->pairs));
	if (!list->pairs)
		return COFFER_E_NO_MEMORY;
	list->pairs[list->count++].encrypted = (uint32_t)first;
	while (left) {
		struct coffer_pair *pair = &list->pairs[list->count++];

		pair->clear = (uint32_t)(encrypt && skip < left ? skip : left);
		left -= pair->clear;
		pair->encrypted = (uint32_t)(encrypt < left ? encrypt : left);
		left -= pair->encrypted;
	}
	return 0;
}

int ddi_load_content_key(struct ddi_session *session, const struct ddi_content_key *key,
			 const struct timespec *deadline)
{
	const struct ddi_content_key *loaded = &session->loaded;
	int error;

	if (session->has_loaded && !session->lent && loaded->generation == key->generation &&
	    loaded->mode == key->mode && loaded->rule == key->rule &&
	    !memcmp(loaded->wrapped, key->wrapped, sizeof(key->wrapped)))
		return 0;
	if (key->generation != session->key_generation)
		return COFFER_E_STATE;
	session->has_loaded = false;
	error = coffer_load_key(session->native, key->wrapped, 16, 16, key->mode, key->rule, deadline, NULL);
	if (error)
		return error;
	session->loaded = *key;
	session->has_loaded = true;
	return 0;
}

/* The board refuses a job that would wrap Count; a buffer of several jobs would be half done by then. */
static bool wraps(const uint8_t iv[16], uint64_t bytes, const struct list *list)
{
	uint64_t count = 0, encrypted = 0;

	for (size_t i = 8; i < 16; i++)
		count = count << 8 | iv[i];
	for (size_t i = 0; i < list->count; i++)
		encrypted += list->pairs[i].encrypted;
	if (!list->pairs)
		encrypted = bytes;
	return encrypted && (encrypted - 1) / DDI_BLOCK_BYTES > UINT64_MAX - count;
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
	struct ddi_content_key key = {
		.generation = session->key_generation,
		.mode = COFFER_MODE_CTR,
		.rule = COFFER_CTR_REFUSE64,
	};
	struct timespec room;
	const struct timespec *deadline = ddi_deadline(device, &room);
	int error = ddi_alive(device);

	if (!error && wraps(iv, source->bytes, list))
		error = COFFER_E_INVALID;
	if (!error && content_key) {
		memcpy(key.wrapped, content_key, sizeof(key.wrapped));
		error = ddi_load_content_key(session, &key, deadline);
	}
	memcpy(job.start.iv, iv, sizeof(job.start.iv));
	return error ? error : coffer_run(device->context, &job, deadline, NULL);
}

static VOID APIENTRY decryption_blt(D3D10DDI_HDEVICE hDevice, D3D11_1DDI_HCRYPTOSESSION hCryptoSession,
				    D3D10DDI_HRESOURCE hSrcResource, D3D10DDI_HRESOURCE hDstResource,
				    CONST D3D11_1DDI_ENCRYPTED_BLOCK_INFO *pEncryptedBlockInfo, UINT ContentKeySize,
				    CONST VOID *pContentKey, UINT IVSize, CONST VOID *pIV)
{
	struct ddi_device *device = ddi_device(hDevice);
	struct ddi_session *session = ddi_blt_session(hDevice, hCryptoSession);
	struct ddi_resource *source = ddi_resource(hDevice, hSrcResource);
	struct ddi_resource *target = ddi_resource(hDevice, hDstResource);
	struct list list = {0};
	int error = 0;

	if (!session || !source || !target || source->kind != COFFER_DDI_RESOURCE_STAGING ||
	    target->kind != COFFER_DDI_RESOURCE_PROTECTED || target->session != session ||
	    !same_shape(source, target) || !pIV || IVSize != sizeof(D3D11_1DDI_AES_CTR_IV) ||
	    ContentKeySize != (pContentKey ? 16u : 0u))
		return;
	if (pEncryptedBlockInfo)
		error = make_list(pEncryptedBlockInfo, source->bytes, &list);
	if (!error)
		error = decrypt(device, session, source, target, &list, pContentKey, pIV);
	ddi_report(device, error);
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
	struct ddi_session *session = ddi_blt_session(hDevice, hCryptoSession);
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
	struct ddi_session *session = ddi_blt_session(hDevice, hCryptoSession);
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
