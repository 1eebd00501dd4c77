/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See identity.h. Order of the checks: magic, version and every length before anything is believed; then the MAC over
 * header and wrapped key; only then is the key unwrapped.
 */
#include "identity.h"

#include <mbedtls/aes.h>
#include <mbedtls/constant_time.h>
#include <string.h>

#include "board.h"
#include "coffer_device.h"
#include "coffer_flash.h"
#include "flash.h"
#include "hmac.h"

#define MACED_HEADER offsetof(struct coffer_identity_header, mac)

static struct identity self = {.serial = COFFER_SERIAL_NONE, .result = BOOT_NO_RECORD};

const struct identity *identity(void)
{
	return &self;
}

static bool is_serial(const uint8_t serial[16])
{
	bool ended = false;

	for (unsigned i = 0; i < 16; i++) {
		uint8_t c = serial[i];
		bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';

		if (c == 0)
			ended = true;
		else if (ended || !alnum)
			return false;
	}
	return serial[0] != 0;
}

static enum boot_result check_header(const struct coffer_identity_header *h)
{
	uint32_t head = sizeof(*h) + sizeof(struct coffer_identity_private);

	if (memcmp(h->magic, COFFER_IDENTITY_MAGIC, sizeof(h->magic)) != 0)
		return BOOT_NO_RECORD;
	if (h->version != COFFER_IDENTITY_VERSION)
		return BOOT_VERSION;
	if (h->header_bytes != sizeof(*h) || h->private_bytes != sizeof(struct coffer_identity_private) ||
	    h->total_bytes > COFFER_IDENTITY_MAX_BYTES || h->total_bytes < head ||
	    h->chain_bytes[0] > h->total_bytes - head || h->chain_bytes[1] != h->total_bytes - head - h->chain_bytes[0])
		return BOOT_LENGTHS;
	for (unsigned i = 0; i < sizeof(h->reserved); i++)
		if (h->reserved[i] != 0)
			return BOOT_LENGTHS;
	return is_serial(h->serial) ? BOOT_OK : BOOT_LENGTHS;
}

/* CRC-32 of IEEE 802.3, as zlib's. */
static uint32_t crc32(uint32_t address, uint32_t bytes)
{
	uint32_t crc = ~0u;
	_Alignas(4) uint8_t piece[32];

	while (bytes > 0) {
		uint32_t n = bytes < sizeof(piece) ? bytes : sizeof(piece);

		flash_read(address, piece, n);
		address += n;
		bytes -= n;
		for (uint32_t i = 0; i < n; i++) {
			crc ^= piece[i];
			for (int bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
		}
	}
	return ~crc;
}

static enum boot_result check_chains(const struct coffer_identity_header *h)
{
	uint32_t at = COFFER_FLASH_IDENTITY_OFFSET + sizeof(*h) + sizeof(struct coffer_identity_private);

	for (unsigned k = 0; k < 2; k++) {
		if (crc32(at, h->chain_bytes[k]) != h->chain_crc[k])
			return k == 0 ? BOOT_RSA_CHAIN : BOOT_P256_CHAIN;
		self.chain_at[k] = at;
		at += h->chain_bytes[k];
	}
	return BOOT_OK;
}

struct keys {
	uint8_t aes[HMAC_BYTES], mac[HMAC_BYTES];
};

static void derive_keys(struct keys *k)
{
	uint32_t secret[COFFER_DEVICE_SECRET_BYTES / 4];

	for (unsigned i = 0; i < COFFER_DEVICE_SECRET_BYTES / 4; i++)
		secret[i] = REG(device_secret[i]);
	hmac_sha256(secret, COFFER_IDENTITY_LABEL_AES, strlen(COFFER_IDENTITY_LABEL_AES), NULL, 0, k->aes);
	hmac_sha256(secret, COFFER_IDENTITY_LABEL_MAC, strlen(COFFER_IDENTITY_LABEL_MAC), NULL, 0, k->mac);
	wipe(secret, sizeof(secret));
}

static bool mac_is_right(const struct coffer_identity_header *h, const struct coffer_identity_private *wrapped,
			 const uint8_t mac_key[HMAC_BYTES])
{
	uint8_t mac[HMAC_BYTES];

	hmac_sha256(mac_key, h, MACED_HEADER, wrapped, sizeof(*wrapped), mac);
	return mbedtls_ct_memcmp(mac, h->mac, sizeof(mac)) == 0;
}

/* Apart, so that its AES schedule is not on the stack while the record is hashed. */
__attribute__((noinline)) static void unwrap(const struct coffer_identity_header *h,
					     struct coffer_identity_private *key, const uint8_t aes_key[HMAC_BYTES])
{
	mbedtls_aes_context aes;
	uint8_t counter[16], keystream[16];
	size_t used = 0;

	memcpy(counter, h->nonce, sizeof(counter));
	mbedtls_aes_init(&aes);
	mbedtls_aes_setkey_enc(&aes, aes_key, 256);
	mbedtls_aes_crypt_ctr(&aes, sizeof(*key), &used, counter, keystream, (uint8_t *)key, (uint8_t *)key);
	mbedtls_aes_free(&aes);
	wipe(keystream, sizeof(keystream));
}

static enum boot_result read_record(struct coffer_identity_private *key, struct keys *k)
{
	struct coffer_identity_header h;
	enum boot_result result;

	flash_read(COFFER_FLASH_IDENTITY_OFFSET, &h, sizeof(h));
	result = check_header(&h);
	if (result != BOOT_OK)
		return result;
	flash_read(COFFER_FLASH_IDENTITY_OFFSET + sizeof(h), key, sizeof(*key));
	derive_keys(k);
	if (!mac_is_right(&h, key, k->mac))
		return BOOT_MAC;
	result = check_chains(&h);
	if (result != BOOT_OK)
		return result;
	memcpy(self.serial, h.serial, sizeof(self.serial));
	memcpy(self.chain_bytes, h.chain_bytes, sizeof(self.chain_bytes));
	unwrap(&h, key, k->aes);
	return BOOT_OK;
}

/* Its stack is given back before the generator, which wants more, is seeded. */
__attribute__((noinline)) bool identity_boot(struct coffer_identity_private *key)
{
	struct keys k;

	self.result = read_record(key, &k);
	wipe(&k, sizeof(k));
	REG(boot_lock) = COFFER_REGS__BOOT_LOCK__HIDE_bm;
	return self.result == BOOT_OK;
}

void identity_bad_key(void)
{
	self.result = BOOT_RSA_KEY;
}
