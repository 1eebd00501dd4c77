/* SPDX-License-Identifier: Apache-2.0 */
/* Bitstreams of Common Encryption through the decoder's entries of WDDM 2.0 and 2.4, against a model of the schemes. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

typedef D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC desc;

/* ---- what the tests of decoders share ---- */

HRESULT create_decoder(D3D10DDI_HRESOURCE bitstream, const GUID *encryption, D3D11_1DDI_HDECODE *decoder)
{
	const COFFER_DDIARG_CREATEDECODER create = {session, bitstream, *encryption};

	decoder->pDrvPrivate = garbage(CofferCalcPrivateDecoderSize(a.device, &create));
	return CofferCreateDecoder(a.device, &create, *decoder);
}

void destroy_decoder(D3D11_1DDI_HDECODE decoder)
{
	a.f.pfnDestroyVideoDecoder(a.device, decoder);
	free(decoder.pDrvPrivate);
}

HRESULT begin_frame(D3D11_1DDI_HDECODE decoder, const uint8_t content_key[16])
{
	uint8_t wrapped[16];
	const D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION crypto = {
		.hCryptoSession = session,
		.pBlob = wrapped,
		.BlobSize = sizeof(wrapped),
	};
	const D3D11_1DDIARG_VIDEODECODERBEGINFRAME frame = {{NULL}, &crypto, sizeof(crypto)};

	aes_ecb(session_key, AES_ENCRYPT, content_key, wrapped);
	return a.f.pfnVideoDecoderBeginFrame(a.device, decoder, &frame);
}

desc buffer_of(D3D10DDI_HRESOURCE source, UINT bytes, uint8_t *iv, UINT iv_bytes, subsample *subsamples, UINT count)
{
	return (desc){
		.hResource = source,
		.BufferType = D3D11_1DDI_VIDEO_DECODER_BUFFER_BITSTREAM,
		.DataSize = bytes,
		.pIV = iv,
		.IVSize = iv_bytes,
		.pSubSampleMappingBlock = subsamples,
		.SubSampleMappingCount = count,
	};
}

static HRESULT submit_1(D3D11_1DDI_HDECODE decoder, UINT count, const desc *buffers)
{
	D3DWDDM2_0DDI_VIDEO_DECODER_BUFFER_DESC1 old[4];

	for (UINT i = 0; i < count; i++)
		memcpy(&old[i], &buffers[i], sizeof(old[i])); /* the newer one begins like the older */
	return a.f20.pfnVideoDecoderSubmitBuffers1(a.device, decoder, count, old);
}

/* ---- the schemes ---- */

/* ISO/IEC 23001-7, cenc: counter mode whose low 64 bits wrap; clear bytes take no keystream. */
static void cenc_encrypt(const uint8_t key[16], const desc *buffer, uint8_t *data)
{
	const subsample whole = {0, buffer->DataSize};
	const subsample *list = buffer->SubSampleMappingCount ? buffer->pSubSampleMappingBlock : &whole;
	UINT count = buffer->SubSampleMappingCount ? buffer->SubSampleMappingCount : 1, used = 16;
	uint8_t counter[16] = {0}, stream[16];

	memcpy(counter, buffer->pIV, buffer->IVSize);
	for (UINT i = 0; i < count; i++) {
		data += list[i].ClearSize;
		for (UINT n = 0; n < list[i].EncryptedSize; n++) {
			if (used == 16) {
				aes_ecb(key, AES_ENCRYPT, counter, stream);
				for (int k = 15; k >= 8 && !++counter[k]; k--)
					;
				used = 0;
			}
			*data++ ^= stream[used++];
		}
	}
}

/* cbcs: every range begins anew, with the IV and with the pattern; what is no whole run stays clear. */
static void cbcs_encrypt(const uint8_t key[16], const desc *buffer, uint8_t *data)
{
	const subsample whole = {0, buffer->DataSize};
	const subsample *list = buffer->SubSampleMappingCount ? buffer->pSubSampleMappingBlock : &whole;
	UINT count = buffer->SubSampleMappingCount ? buffer->SubSampleMappingCount : 1;
	UINT run = buffer->cBlocksStripeEncrypted ? 16 * buffer->cBlocksStripeEncrypted : 16;
	UINT gap = 16 * buffer->cBlocksStripeClear;

	for (UINT i = 0; i < count; i++) {
		UINT at = 0, size = list[i].EncryptedSize;
		uint8_t chain[16] = {0};

		memcpy(chain, buffer->pIV, buffer->IVSize);
		data += list[i].ClearSize;
		for (; at + run <= size; at += run + gap) {
			for (UINT block = at; block < at + run; block += 16) {
				for (int k = 0; k < 16; k++)
					chain[k] ^= data[block + k];
				aes_ecb(key, AES_ENCRYPT, chain, chain);
				memcpy(data + block, chain, 16);
			}
		}
		data += size;
	}
}

/* ---- frames ---- */

#define MOST_SUBSAMPLES 300

/* Random subsamples of `bytes` bytes in all, some of them empty. */
static UINT make_subsamples(subsample *list, UINT most, UINT bytes)
{
	UINT count = 0;

	while (bytes) {
		uint8_t r[2];

		assert_int_equal(coffer_random(r, sizeof(r)), 0);
		list[count].ClearSize = r[0] % 8 ? r[0] % 23 : 0;
		list[count].EncryptedSize = r[1] % 8 ? r[1] % 90 : 0;
		if (list[count].ClearSize > bytes)
			list[count].ClearSize = bytes;
		bytes -= list[count].ClearSize;
		if (list[count].EncryptedSize > bytes || count == most - 1)
			list[count].EncryptedSize = bytes;
		bytes -= list[count++].EncryptedSize;
	}
	return count;
}

/* Three buffers make a frame: with subsamples, without, and clear. Their plaintext is the picture, whose rest is the one
 * before. */
static void check_frame(D3D10DDI_HRESOURCE bitstream, D3D11_1DDI_HDECODE decoder, const uint8_t content_key[16],
			const UINT sizes[3], desc buffers[3], bool cbcs, bool old)
{
	uint8_t picture[BYTES], seen[BYTES];
	UINT at = 0;

	read_back_of(bitstream, staging, picture, BYTES);
	assert_int_equal(coffer_random(picture, sizes[0] + sizes[1] + sizes[2]), 0);
	assert_int_equal(begin_frame(decoder, content_key), S_OK);
	for (int i = 0; i < 3; i++) {
		uint8_t *data = bytes_of(&a, buffers[i].hResource);

		memcpy(data, picture + at, sizes[i]);
		if (buffers[i].pIV)
			(cbcs ? cbcs_encrypt : cenc_encrypt)(content_key, &buffers[i], data);
		at += sizes[i];
	}
	if (old) {
		assert_int_equal(submit_1(decoder, 3, buffers), S_OK);
	} else { /* in two calls: a frame goes on where the first has ended */
		assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, buffers), S_OK);
		assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 2, buffers + 1), S_OK);
	}
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	read_back_of(bitstream, staging, seen, BYTES);
	assert_memory_equal(picture, seen, BYTES);
}

struct bitstream {
	D3D10DDI_HRESOURCE target, sources[3];
	subsample subsamples[MOST_SUBSAMPLES];
	uint8_t content_key[16], iv[16];
};

static void open_bitstream(struct bitstream *s)
{
	s->target = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, session);
	for (int i = 0; i < 3; i++)
		s->sources[i] = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, session);
	assert_int_equal(coffer_random(s->content_key, sizeof(s->content_key)), 0);
	assert_int_equal(coffer_random(s->iv, sizeof(s->iv)), 0);
}

static void close_bitstream(struct bitstream *s)
{
	destroy_resource(&a, s->target);
	for (int i = 0; i < 3; i++)
		destroy_resource(&a, s->sources[i]);
	assert_int_equal(a.reports, 0);
}

static const UINT sizes[][3] = {{1001, 333, 77}, {BYTES - 49, 48, 1}, {16, 15, 16}};

void cenc_bitstreams(void **state)
{
	static const GUID *const encryptions[] = {
		&D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC,
		&D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC,
	};
	struct bitstream s;

	(void)state;
	open_bitstream(&s);
	for (int e = 0; e < 2; e++) {
		D3D11_1DDI_HDECODE decoder;

		assert_int_equal(create_decoder(s.target, encryptions[e], &decoder), S_OK);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			/* More pairs than one job of the board takes; a counter that wraps; an IV of 8 bytes. */
			UINT count = make_subsamples(s.subsamples, i == 1 ? MOST_SUBSAMPLES : 20, sizes[i][0]);
			desc buffers[] = {
				buffer_of(s.sources[0], sizes[i][0], s.iv, 16, s.subsamples, count),
				buffer_of(s.sources[1], sizes[i][1], s.iv, i == 0 ? 8 : 16, NULL, 0),
				buffer_of(s.sources[2], sizes[i][2], NULL, 0, NULL, 0),
			};

			if (i == 1)
				memset(s.iv + 8, 0xFF, 8);
			check_frame(s.target, decoder, s.content_key, sizes[i], buffers, false, e == 0);
		}
		destroy_decoder(decoder);
	}
	close_bitstream(&s);
}

void cbcs_bitstreams(void **state)
{
	static const UINT stripes[][2] = {{1, 9}, {0, 0}, {5, 5}, {10, 0}, {15, 15}, {2, 1}};
	D3D11_1DDI_HDECODE decoder;
	struct bitstream s;

	(void)state;
	open_bitstream(&s);
	assert_int_equal(create_decoder(s.target, &D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CBCS, &decoder),
			 S_OK);
	for (size_t i = 0; i < sizeof(stripes) / sizeof(stripes[0]); i++) {
		const UINT *size = sizes[i % 3];
		UINT count = make_subsamples(s.subsamples, i == 1 ? 1 : i == 4 ? 3 : MOST_SUBSAMPLES, size[0]);
		desc buffers[] = {
			buffer_of(s.sources[0], size[0], s.iv, 16, s.subsamples, count),
			buffer_of(s.sources[1], size[1], s.iv, 16, NULL, 0),
			buffer_of(s.sources[2], size[2], NULL, 0, NULL, 0),
		};

		for (int k = 0; k < 2; k++) {
			buffers[k].cBlocksStripeEncrypted = stripes[i][0];
			buffers[k].cBlocksStripeClear = stripes[i][1];
		}
		check_frame(s.target, decoder, s.content_key, size, buffers, true, false);
	}
	destroy_decoder(decoder);
	close_bitstream(&s);
}

/* A blit or a refresh in the middle of a frame takes the frame's key away only where it cannot be had again. */
void frame_keeps_its_key(void **state)
{
	uint8_t other[16], random[16], data[100], seen[BYTES], picture[BYTES], iv[16];
	D3D11_1DDI_HDECODE decoder;
	struct bitstream s;
	desc buffer;

	(void)state;
	open_bitstream(&s);
	assert_int_equal(create_decoder(s.target, &D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC, &decoder), S_OK);
	assert_int_equal(coffer_random(other, sizeof(other)), 0);
	buffer = buffer_of(s.sources[0], sizeof(data), s.iv, 16, NULL, 0);
	assert_int_equal(begin_frame(decoder, s.content_key), S_OK);
	for (UINT step = 0; step < 3; step++) {
		assert_int_equal(coffer_random(data, sizeof(data)), 0);
		memcpy(bytes_of(&a, s.sources[0]), data, sizeof(data));
		cenc_encrypt(s.content_key, &buffer, bytes_of(&a, s.sources[0]));
		if (step == 1) { /* another content key in between */
			random_picture(picture);
			fresh_iv(iv);
			decrypt_under(other, picture, iv);
		}
		if (step == 2) { /* another session key */
			a.f.pfnStartSessionKeyRefresh(a.device, session, sizeof(random), random);
			a.f.pfnFinishSessionKeyRefresh(a.device, session);
			for (int i = 0; i < 16; i++)
				session_key[i] ^= random[i];
		}
		assert_int_equal(submit_1(decoder, 1, &buffer), S_OK);
		read_back_of(s.target, staging, seen, BYTES);
		assert_memory_equal(seen + step * sizeof(data), data, sizeof(data));
	}
	fresh_iv(iv);
	decrypt_under(other, picture, iv); /* both: the blob cannot be unwrapped any more */
	assert_int_equal(submit_1(decoder, 1, &buffer), E_INVALIDARG);
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	assert_int_equal(begin_frame(decoder, s.content_key), S_OK);
	assert_int_equal(submit_1(decoder, 1, &buffer), S_OK);
	destroy_decoder(decoder);
	close_bitstream(&s);
}

/* One key, as a blit's (rising IVs), in cenc (none), and in cbcs: the slot serves one of them at a time. */
void content_key_serves_each_use_in_turn(void **state)
{
	static const GUID *const encryptions[] = {
		&D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CENC,
		&D3DWDDM2_4DDI_DECODER_BITSTREAM_ENCRYPTION_TYPE_CBCS,
	};
	uint8_t picture[BYTES], seen[BYTES], iv[16];
	D3D11_1DDI_HDECODE decoders[2];
	struct bitstream s;

	(void)state;
	open_bitstream(&s);
	for (int i = 0; i < 2; i++)
		assert_int_equal(create_decoder(s.target, encryptions[i], &decoders[i]), S_OK);
	for (int turn = 0; turn < 6; turn++) {
		bool is_cbcs = turn % 3 == 1;
		desc buffer = buffer_of(s.sources[0], BYTES, s.iv, 16, NULL, 0);
		D3D11_1DDI_HDECODE decoder = decoders[is_cbcs];

		random_picture(picture);
		if (turn % 3 == 2) {
			if (turn > 3) { /* what the blits have used is not forgotten in between */
				decrypt_under(s.content_key, picture, iv);
				read_back(seen);
				assert_memory_not_equal(picture, seen, BYTES);
			}
			fresh_iv(iv);
			decrypt_under(s.content_key, picture, iv);
			read_back(seen);
		} else {
			memcpy(bytes_of(&a, s.sources[0]), picture, BYTES);
			(is_cbcs ? cbcs_encrypt : cenc_encrypt)(s.content_key, &buffer, bytes_of(&a, s.sources[0]));
			assert_int_equal(begin_frame(decoder, s.content_key), S_OK);
			assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), S_OK);
			a.f.pfnVideoDecoderEndFrame(a.device, decoder);
			read_back_of(s.target, staging, seen, BYTES);
		}
		assert_memory_equal(picture, seen, BYTES);
	}
	for (int i = 0; i < 2; i++)
		destroy_decoder(decoders[i]);
	close_bitstream(&s);
}

/* Who has been lent the native session may load another key behind the driver's back. */
void lent_session_s_keys_are_loaded_anew(void **state)
{
	uint8_t key[16], other[16], wrapped[16], picture[BYTES], seen[BYTES], iv[16];
	coffer_session *native = CofferCryptoSession(a.device, session);

	(void)state;
	assert_int_equal(coffer_random(key, sizeof(key)), 0);
	assert_int_equal(coffer_random(other, sizeof(other)), 0);
	aes_ecb(session_key, AES_ENCRYPT, other, wrapped);
	for (int i = 0; i < 2; i++) {
		random_picture(picture);
		fresh_iv(iv);
		decrypt_under(key, picture, iv);
		read_back(seen);
		assert_memory_equal(picture, seen, BYTES);
		assert_int_equal(
			coffer_load_key(native, wrapped, 16, 16, COFFER_MODE_CTR, COFFER_CTR_REFUSE64, NULL, NULL), 0);
	}
	assert_int_equal(a.reports, 0);
}
