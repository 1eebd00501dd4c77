/* SPDX-License-Identifier: Apache-2.0 */
/* The key exchange HW_PROTECTION, by an application that comes by the board's certificate through the pipe itself. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "../../host/ddi/ddi.h" /* the surface behind a resource, which no entry reads back here */

typedef D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_DATA pipe_data;
typedef D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_INPUT_DATA input_data;
typedef D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION_OUTPUT_DATA output_data;

#define HELLO_BYTES sizeof(struct coffer_exchange_hello)
#define REPLY_BYTES sizeof(struct coffer_exchange_reply)

/* One message each way, with room for a whole chain. */
static union {
	input_data data;
	uint8_t bytes[sizeof(input_data) + HELLO_BYTES + 1];
} in;
static union {
	output_data data;
	uint8_t bytes[sizeof(output_data) + COFFER_CHAIN_MAX_BYTES];
} out;

static BYTE *const packet_in = in.bytes + offsetof(input_data, pbInput);
static const BYTE *const packet_out = out.bytes + offsetof(output_data, pbOutput);

static D3D11_1DDI_HCRYPTOSESSION hw; /* of a; the tests here run one after the other */
static uint8_t agreed_key[16];

static pipe_data message(UINT function, const void *packet, UINT bytes, UINT room)
{
	memset(&in, 0, sizeof(in));
	memset(&out, GARBAGE, sizeof(out));
	in.data.HWProtectionDataSize = bytes;
	memcpy(packet_in, packet ? packet : "", bytes);
	out.data.PrivateDataSize = 0;
	out.data.MaxHWProtectionDataSize = room;
	return (pipe_data){function, &in.data, &out.data, S_OK};
}

static HRESULT send(pipe_data *data)
{
	return a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, hw, sizeof(*data), (BYTE *)data);
}

/* It fails, says so twice, and nothing has come back. */
static void refused(pipe_data data)
{
	data.Status = S_OK;
	assert_int_equal(send(&data), E_INVALIDARG);
	assert_int_equal(data.Status, E_INVALIDARG);
	assert_int_equal(out.data.HWProtectionDataSize, 0);
	assert_int_equal(out.data.TransportTime, 0);
	assert_int_equal(out.data.ExecutionTime, 0);
	assert_true(all_are(packet_out, GARBAGE, REPLY_BYTES));
}

static pipe_data hello_message(coffer_initiator **initiator)
{
	struct coffer_exchange_hello hello;

	assert_int_equal(coffer_initiator_create(initiator, &hello), 0);
	return message(COFFER_HW_PROTECTION_EXCHANGE, &hello, sizeof(hello), REPLY_BYTES);
}

static HRESULT create_hw_session(struct client *c, D3D11_1DDI_HCRYPTOSESSION *s)
{
	const D3D11_1DDIARG_CREATECRYPTOSESSION create = {
		.CryptoType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR,
		.KeyExchangeType = D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION,
	};
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};

	*s = new_session_memory(c);
	return c->f.pfnCreateCryptoSession(c->device, &create, *s, runtime);
}

void hw_protection_packets_are_checked(void **state)
{
	UINT private_in = GARBAGE, private_out = GARBAGE;
	coffer_initiator *initiator;
	pipe_data good, bad;
	uint8_t blob[256] = {0};

	(void)state;
	assert_int_equal(create_hw_session(&a, &hw), S_OK);
	a.f20.pfnGetCryptoSessionPrivateDataSize(a.device, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, NULL,
						 &D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION, &private_in, &private_out);
	assert_int_equal(private_in, 0);
	assert_int_equal(private_out, 0);

	good = hello_message(&initiator);
	refused((pipe_data){0, &in.data, &out.data, S_OK});
	refused((pipe_data){3, &in.data, &out.data, S_OK});
	refused((pipe_data){COFFER_HW_PROTECTION_EXCHANGE, NULL, &out.data, S_OK});
	bad = (pipe_data){COFFER_HW_PROTECTION_EXCHANGE, &in.data, NULL, S_OK};
	assert_int_equal(send(&bad), E_INVALIDARG);
	assert_int_equal(bad.Status, E_INVALIDARG);
	for (UINT size = 0; size <= HELLO_BYTES + 1; size++) {
		in.data.HWProtectionDataSize = size;
		if (size != HELLO_BYTES)
			refused(good);
	}
	in.data.HWProtectionDataSize = UINT32_MAX;
	refused(good);
	in.data.HWProtectionDataSize = HELLO_BYTES;
	for (UINT room = 0; room < REPLY_BYTES; room++) {
		out.data.MaxHWProtectionDataSize = room;
		refused(good);
	}
	out.data.MaxHWProtectionDataSize = REPLY_BYTES;
	for (UINT size = 1; size; size <<= 1) {
		in.data.PrivateDataSize = size;
		refused(good);
		in.data.PrivateDataSize = 0;
		out.data.PrivateDataSize = size;
		refused(good);
		out.data.PrivateDataSize = 0;
	}

	/* Each part of a hello with one bit flipped: the board itself refuses it. */
	for (size_t at = 0; at < HELLO_BYTES; at += at < 4 ? 1 : 21) {
		packet_in[at] ^= 1;
		refused(good);
		packet_in[at] ^= 1;
	}
	coffer_initiator_destroy(&initiator);

	/* Sizes of what is given, and what belongs to the other exchange. */
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, hw, sizeof(good) - 1, (BYTE *)&good),
			 E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, hw, sizeof(good), NULL), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, hw, sizeof(blob), blob), E_INVALIDARG);
	assert_int_equal(a.f.pfnNegotiateCryptoSessionKeyExchange(a.device, session, sizeof(good), (BYTE *)&good),
			 E_INVALIDARG);
	assert_int_equal(b.f.pfnNegotiateCryptoSessionKeyExchange(b.device, hw, sizeof(good), (BYTE *)&good),
			 E_INVALIDARG);
	assert_int_equal(a.reports, 0);
}

/* The chain through the pipe, and its leaf's key. */
static void fetch_key(coffer_public_key **key)
{
	pipe_data data = message(COFFER_HW_PROTECTION_CERTIFICATE, "x", 1, 0);
	coffer_roots *roots;
	UINT bytes;

	refused(data);
	data = message(COFFER_HW_PROTECTION_CERTIFICATE, NULL, 0, 0);
	assert_int_equal(send(&data), E_INVALIDARG);
	bytes = out.data.HWProtectionDataSize;
	assert_in_range(bytes, 200, COFFER_CHAIN_MAX_BYTES);
	data = message(COFFER_HW_PROTECTION_CERTIFICATE, NULL, 0, bytes - 1);
	assert_int_equal(send(&data), E_INVALIDARG);
	assert_true(all_are(packet_out, GARBAGE, bytes));
	data = message(COFFER_HW_PROTECTION_CERTIFICATE, NULL, 0, bytes);
	assert_int_equal(send(&data), S_OK);
	assert_int_equal(data.Status, S_OK);
	assert_int_equal(out.data.HWProtectionDataSize, bytes);
	assert_int_equal(packet_out[bytes], GARBAGE);
	assert_int_equal(coffer_roots_load(&roots, NULL, NULL), 0);
	assert_int_equal(coffer_chain_verify(roots, COFFER_CHAIN_P256, packet_out, bytes, key, NULL), 0);
	coffer_roots_free(&roots);
}

static void agree(void)
{
	D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS status;
	struct coffer_exchange_reply reply;
	coffer_initiator *initiator;
	coffer_public_key *key;
	pipe_data data;

	fetch_key(&key);
	data = hello_message(&initiator);
	assert_int_equal(
		a.f24.pfnNegotiateCryptoSessionKeyExchangeMT(
			a.device, hw, D3DWDDM2_4DDI_CRYPTO_SESSION_KEY_EXCHANGE_FLAG_NONE, sizeof(data), (BYTE *)&data),
		S_OK);
	assert_int_equal(data.Status, S_OK);
	assert_int_equal(out.data.HWProtectionDataSize, REPLY_BYTES);
	assert_int_not_equal(out.data.ExecutionTime, 0);
	assert_int_equal(packet_out[REPLY_BYTES], GARBAGE);
	memcpy(&reply, packet_out, sizeof(reply));
	assert_int_equal(coffer_initiator_finish(initiator, key, &reply, agreed_key), 0);
	assert_false(all_are(agreed_key, 0, sizeof(agreed_key)));
	a.f24.pfnCheckCryptoSessionStatus(a.device, hw, &status);
	assert_int_equal(status, D3DWDDM2_0DDI_CRYPTO_SESSION_STATUS_OK);
	coffer_initiator_destroy(&initiator);
	data = hello_message(&initiator); /* there is a key now */
	refused(data);
	coffer_initiator_destroy(&initiator);
	coffer_public_key_free(&key);
}

/* What a protected resource holds, by a job of the native session: no entry may read it back. */
static void native_read_back(D3D10DDI_HRESOURCE source, uint8_t picture[BYTES])
{
	const struct ddi_resource *resource = source.pDrvPrivate;
	coffer_session *native = CofferCryptoSession(a.device, hw);
	uint8_t wrapped[16], key[16], cipher[BYTES];
	struct coffer_outcome outcome;
	const struct coffer_job_desc read = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.encrypt = 1,
		.slot = coffer_session_slot(native, COFFER_KEY_READBACK),
		.src_surface = coffer_surface_handle(resource->surface),
		.dst = cipher,
		.length = BYTES,
	};

	assert_non_null(native);
	assert_int_equal(coffer_new_readback_key(native, wrapped, NULL, NULL), 0);
	aes_ecb(agreed_key, AES_DECRYPT, wrapped, key);
	assert_int_equal(coffer_run(coffer_session_context(native), &read, NULL, &outcome), 0);
	aes_ctr(key, outcome.board_iv, 0, cipher, picture, BYTES);
}

/* One clear buffer and one that is encrypted from its first byte (cenc), under a content key wrapped under the agreed one. */
static void decrypt_frame(D3D10DDI_HRESOURCE source, D3D10DDI_HRESOURCE target, const uint8_t picture[BYTES])
{
	const COFFER_DDIARG_CREATEDECODER create = {hw, target, D3DWDDM2_0DDI_DECODER_ENCRYPTION_HW_CENC};
	D3D11_1DDI_HDECODE decoder = {garbage(CofferCalcPrivateDecoderSize(a.device, &create))};
	uint8_t content_key[16], wrapped[16], iv[16];
	const D3DWDDM2_0DDI_VIDEO_DECODER_BEGIN_FRAME_CRYPTO_SESSION crypto = {
		.hCryptoSession = hw,
		.pBlob = wrapped,
		.BlobSize = sizeof(wrapped),
	};
	const D3D11_1DDIARG_VIDEODECODERBEGINFRAME frame = {{NULL}, &crypto, sizeof(crypto)};
	const D3DWDDM2_4DDI_VIDEO_DECODER_BUFFER_DESC buffer = buffer_of(source, BYTES, iv, sizeof(iv), NULL, 0);

	assert_int_equal(coffer_random(content_key, sizeof(content_key)), 0);
	fresh_iv(iv);
	aes_ecb(agreed_key, AES_ENCRYPT, content_key, wrapped);
	aes_ctr(content_key, iv, 0, picture, bytes_of(&a, source), BYTES);
	assert_int_equal(CofferCreateDecoder(a.device, &create, decoder), S_OK);
	assert_int_equal(a.f.pfnVideoDecoderBeginFrame(a.device, decoder, &frame), S_OK);
	assert_int_equal(a.f24.pfnVideoDecoderSubmitBuffers2(a.device, decoder, 1, &buffer), S_OK);
	a.f.pfnVideoDecoderEndFrame(a.device, decoder);
	destroy_decoder(decoder);
}

void hw_protection_sessions_decrypt_bitstreams(void **state)
{
	uint8_t picture[BYTES], seen[BYTES];
	D3D10DDI_HRESOURCE source, target;
	UINT64 number = 0, again = 0;

	(void)state;
	agree();
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, hw, 0, NULL, &number), S_OK);
	assert_int_not_equal(number, 0);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, hw, 0, NULL, &again), S_OK);
	assert_true(number == again);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, hw, 16, agreed_key, &again), E_INVALIDARG);
	assert_true(again == 0);
	assert_int_equal(a.f20.pfnGetDataForNewHardwareKey(a.device, session, 0, NULL, &again),
			 D3DDDIERR_UNSUPPORTEDCRYPTO);

	source = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, hw);
	target = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, hw);
	random_picture(picture);
	decrypt_frame(source, target, picture);
	native_read_back(target, seen);
	assert_memory_equal(picture, seen, BYTES);
	destroy_resource(&a, source);
	destroy_resource(&a, target);
	assert_int_equal(a.reports, 0);
}

/* DDI:ns-d3d10umddi-d3d11_1ddiarg_createcryptosession: what is off limits. */
void hw_protection_forbids_what_the_documents_say(void **state)
{
	D3D10DDI_HRESOURCE source = create_resource(&a, COFFER_DDI_RESOURCE_STAGING, hw);
	D3D10DDI_HRESOURCE target = create_resource(&a, COFFER_DDI_RESOURCE_PROTECTED, hw);
	uint8_t picture[BYTES], seen[BYTES], key[16], iv[16];

	(void)state;
	random_picture(picture);
	decrypt_frame(source, target, picture);

	memset(key, GARBAGE, sizeof(key));
	a.f.pfnGetEncryptionBltKey(a.device, hw, sizeof(key), key);
	assert_true(all_are(key, 0, sizeof(key)));
	memset(bytes_of(&a, source), GARBAGE, BYTES);
	memset(iv, GARBAGE, sizeof(iv));
	a.f.pfnEncryptionBlt(a.device, hw, target, source, sizeof(iv), iv);
	assert_true(all_are(iv, 0, sizeof(iv)));
	assert_true(all_are(bytes_of(&a, source), GARBAGE, BYTES));
	fresh_iv(iv);
	a.f.pfnDecryptionBlt(a.device, hw, source, target, NULL, 0, NULL, sizeof(iv), iv);
	memset(key, GARBAGE, sizeof(key));
	a.f.pfnStartSessionKeyRefresh(a.device, hw, sizeof(key), key);
	assert_true(all_are(key, 0, sizeof(key)));
	a.f.pfnFinishSessionKeyRefresh(a.device, hw);

	native_read_back(target, seen); /* the picture and the session key are what they were */
	assert_memory_equal(picture, seen, BYTES);
	destroy_resource(&a, source);
	destroy_resource(&a, target);
	a.f.pfnDestroyCryptoSession(a.device, hw);
	free(hw.pDrvPrivate);
	assert_int_equal(a.reports, 0);
}
