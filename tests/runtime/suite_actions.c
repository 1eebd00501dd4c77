/* SPDX-License-Identifier: Apache-2.0 */
/* What rules need of blits, and of channels. */
#include "suite.h"

#include <string.h>

#include "omac.h"

/* ---- blits ------------------------------------------------------------------------------------------------------ */

bool all_are(const void *memory, uint8_t value, size_t bytes)
{
	const uint8_t *p = memory;

	while (bytes && *p == value)
		p++, bytes--;
	return !bytes;
}

void fresh_iv(uint8_t iv[16])
{
	static uint64_t next = 1;

	memset(iv, 0, 16);
	for (int i = 0; i < 8; i++)
		iv[7 - i] = (uint8_t)(next >> 8 * i);
	next++;
}

void add_to_count(uint8_t iv[16], uint64_t blocks)
{
	for (int i = 15; i >= 8; i--, blocks >>= 8) {
		blocks += iv[i];
		iv[i] = (uint8_t)blocks;
	}
}

void decrypt(const uint8_t stream[BYTES], const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, const uint8_t *wrapped,
	     const uint8_t iv[16])
{
	memcpy(bytes_of(&a, s.staging), stream, BYTES);
	TELL(&a, pfnDecryptionBlt, s.session, s.staging, s.surface, info, wrapped ? 16 : 0, wrapped, 16, iv);
}

void decrypt_picture(const uint8_t picture[BYTES], const uint8_t *content_key, const uint8_t iv[16])
{
	uint8_t stream[BYTES], wrapped[16];

	aes_ctr(content_key ? content_key : s.key, iv, 0, picture, stream, BYTES);
	if (content_key)
		aes_encrypt(s.key, content_key, wrapped);
	decrypt(stream, NULL, content_key ? wrapped : NULL, iv);
}

void crypt_runs(const D3D11_1DDI_ENCRYPTED_BLOCK_INFO *info, bool positional, const uint8_t iv[16],
		const uint8_t picture[BYTES], uint8_t stream[BYTES])
{
	uint64_t at = 0, taken = 0, run = info->NumEncryptedBytesAtBeginning;

	memcpy(stream, picture, BYTES);
	while (at < BYTES) {
		run = run < BYTES - at ? run : BYTES - at;
		aes_ctr(s.key, iv, (positional ? at : taken) / 16, picture + at, stream + at, run);
		taken += run;
		at += run + info->NumBytesInSkipPattern;
		run = info->NumBytesInEncryptPattern;
		if (!run)
			break;
	}
}

bool see(uint8_t picture[BYTES])
{
	uint8_t wrapped[16] = {0}, key[16], iv[16] = {0};

	memcpy(key, s.key, sizeof(key));
	if (s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY)) {
		TELL(&a, pfnGetEncryptionBltKey, s.session, sizeof(wrapped), wrapped);
		aes_decrypt(s.key, wrapped, key);
		if (all_are(wrapped, 0, sizeof(wrapped))) {
			failed("there is no read-back key");
			return false;
		}
	}
	TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.staging, sizeof(iv), iv);
	if (all_are(iv, 0, sizeof(iv))) {
		failed("EncryptionBlt makes no IV");
		return false;
	}
	aes_ctr(key, iv, 0, bytes_of(&a, s.staging), picture, BYTES);
	return true;
}

bool put(uint8_t picture[BYTES], const char *otherwise)
{
	uint8_t seen[BYTES], iv[16];

	random_bytes(picture, BYTES);
	fresh_iv(iv);
	decrypt_picture(picture, NULL, iv);
	if (!see(seen))
		return false;
	if (memcmp(picture, seen, BYTES) != 0)
		failed("%s", otherwise);
	return !memcmp(picture, seen, BYTES);
}

/* ---- channels --------------------------------------------------------------------------------------------------- */

bool is_signed(const struct channel *channel, const void *structure, size_t bytes)
{
	return omac_is_right(channel->key, structure, bytes);
}

HRESULT query(struct channel *channel, const GUID *type, UINT number, void *input, UINT in, void *output, UINT out)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT *header = input;

	header->QueryType = *type;
	header->hChannel = channel->name;
	header->SequenceNumber = number;
	memset(output, GARBAGE, out);
	return ASK(channel->device, pfnQueryAuthenticatedChannel, channel->handle, in, input, out, output);
}

HRESULT query_type(struct channel *channel, UINT number, D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE_OUTPUT *output)
{
	D3D11_1DDI_AUTHENTICATED_QUERY_INPUT input = {0};

	return query(channel, &D3D11_1DDI_AUTHENTICATED_QUERY_CHANNEL_TYPE, number, &input, sizeof(input), output,
		     sizeof(*output));
}

HRESULT configure(struct channel *channel, const GUID *type, UINT number, void *input, UINT in,
		  D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *output)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_INPUT *header = input;

	header->ConfigureType = *type;
	header->hChannel = channel->name;
	header->SequenceNumber = number;
	omac_sign(channel->key, input, in);
	memset(output, GARBAGE, sizeof(*output));
	return ASK(channel->device, pfnConfigureAuthenticatedChannel, channel->handle, in, input, output);
}

bool begin_messages(void)
{
	s.has_begun = s.has_begun || initialize(&s.channel, 1000, 5) == S_OK;
	return s.has_begun;
}

HRESULT initialize(struct channel *channel, UINT queries, UINT orders)
{
	D3D11_DDI_AUTHENTICATED_CONFIGURE_INITIALIZE input;
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT output;

	memset(&input, GARBAGE, sizeof(input)); /* padding is signed, too */
	input.StartSequenceQuery = channel->next_query = queries;
	input.StartSequenceConfigure = channel->next_order = orders;
	return configure(channel, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_INITIALIZE_GUID, 77, &input, sizeof(input),
			 &output);
}

HRESULT protect(struct channel *channel, UINT number, D3D11_1DDI_AUTHENTICATED_CONFIGURE_OUTPUT *output)
{
	D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION input;

	memset(&input, GARBAGE, sizeof(input));
	input.Protections.Value = 1; /* ProtectionEnabled */
	return configure(channel, &D3D11_1DDI_AUTHENTICATED_CONFIGURE_PROTECTION_GUID, number, &input, sizeof(input),
			 output);
}
