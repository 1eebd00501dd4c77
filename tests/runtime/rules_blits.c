/* SPDX-License-Identifier: Apache-2.0 */
/* DecryptionBlt and EncryptionBlt: keys, IVs, patterns. */
#include "suite.h"

#include <string.h>

static bool shows(const uint8_t picture[BYTES], const char *otherwise)
{
	uint8_t seen[BYTES];

	if (!see(seen))
		return false;
	if (memcmp(picture, seen, BYTES) != 0)
		failed("%s", otherwise);
	return !memcmp(picture, seen, BYTES);
}

/* ---- decryption ------------------------------------------------------------------------------------------------------ */

static void decryption_is_aes_ctr(void)
{
	uint8_t picture[BYTES], iv[16];

	NEEDS_BLITS;
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	add_to_count(iv, 0xFE); /* carries within Count */
	decrypt_picture(picture, NULL, iv);
	if (!shows(picture, "Count 0xfe: the plaintext is another one"))
		return;
	fresh_iv(iv);
	add_to_count(iv, 0x0123456789ABCDEFu);
	decrypt_picture(picture, NULL, iv);
	(void)shows(picture, "Count 0x0123456789abcdef: the plaintext is another one");
}

static void count_may_go_on(void)
{
	uint8_t picture[BYTES], iv[16];

	NEEDS_BLITS;
	fresh_iv(iv);
	add_to_count(iv, 1);
	for (int i = 0; i < 3; i++, add_to_count(iv, BYTES / 16)) {
		random_bytes(picture, BYTES);
		decrypt_picture(picture, NULL, iv);
		if (!shows(picture, "a buffer of the same IV, Count behind the last one's, is refused"))
			return;
	}
}

static void refuses(const uint8_t iv[16], const char *otherwise)
{
	uint8_t before[BYTES], picture[BYTES], seen[BYTES];

	if (!see(before))
		return;
	random_bytes(picture, BYTES);
	decrypt_picture(picture, NULL, iv);
	if (see(seen) && memcmp(before, seen, BYTES) != 0 && !all_are(seen, 0, BYTES))
		failed("%s", otherwise);
}

static void iv_is_not_used_twice(void)
{
	uint8_t picture[BYTES], iv[16];

	NEEDS_BLITS;
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	decrypt_picture(picture, NULL, iv);
	refuses(iv, "a second buffer with the same IV and Count is decrypted");
}

static void ranges_do_not_overlap(void)
{
	uint8_t picture[BYTES], iv[16];

	NEEDS_BLITS;
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	decrypt_picture(picture, NULL, iv);
	add_to_count(iv, BYTES / 16 - 1);
	refuses(iv, "a buffer whose Count begins within the last one's is decrypted");
}

static void content_key_is_wrapped(void)
{
	uint8_t picture[BYTES], key[16], iv[16];

	NEEDS_BLITS;
	NEEDS_CAPS(CAP(CONTENT_KEY));
	random_bytes(picture, BYTES);
	random_bytes(key, sizeof(key));
	fresh_iv(iv);
	decrypt_picture(picture, key, iv);
	if (!shows(picture, "under a content key, one AES-ECB block under the session key, it is another plaintext"))
		return;
	fresh_iv(iv);
	decrypt_picture(picture, NULL, iv); /* NULL: the session key again */
	(void)shows(picture, "without a content key, after one, it is another plaintext");
}

static void sizes_are_checked(void)
{
	static const struct {
		UINT key, iv;
	} wrong[] = {{15, 16}, {17, 16}, {0, 16}, {16, 15}, {16, 0}, {16, 17}, {16, 8}};
	uint8_t picture[BYTES], key[32], iv[32];

	NEEDS_BLITS;
	NEEDS_CAPS(CAP(CONTENT_KEY));
	if (!put(picture, GOES_IN))
		return;
	random_bytes(key, sizeof(key));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fresh_iv(iv);
		TELL(&a, pfnDecryptionBlt, s.session, s.staging, s.surface, NULL, wrong[i].key, key, wrong[i].iv, iv);
	}
	TELL(&a, pfnDecryptionBlt, s.session, s.staging, s.surface, NULL, 0, NULL, 16, NULL);
	(void)shows(picture, "a key or an IV of another size than 16 bytes is used");
}

static void shapes_agree(void)
{
	D3D10DDI_HRESOURCE small;
	uint8_t picture[BYTES], iv[16];

	NEEDS_BLITS;
	if (!put(picture, GOES_IN))
		return;
	DEMAND(create_resource(&a, false, s.session, WIDTH, HEIGHT / 2, &small) == S_OK, "no second staging resource");
	fresh_iv(iv);
	TELL(&a, pfnDecryptionBlt, s.session, small, s.surface, NULL, 0, NULL, sizeof(iv), iv);
	if (!shows(picture, "a buffer of another shape is decrypted"))
		return;
	memset(bytes_of(&a, small), GARBAGE, BYTES / 2);
	TELL(&a, pfnEncryptionBlt, s.session, s.surface, small, sizeof(iv), iv);
	DEMAND(all_are(bytes_of(&a, small), GARBAGE, BYTES / 2), "a surface is read into one of another shape");
	DEMAND(all_are(iv, 0, sizeof(iv)), "and an IV is made");
}

/* ---- read-back --------------------------------------------------------------------------------------------------------- */

static uint64_t big_endian(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | p[i];
	return value;
}

static void read_back_ivs_rise(void)
{
	uint8_t wrapped[16], first[16], iv[16];

	NEEDS_CAPS(CAP(ENCRYPTED_READ_BACK));
	if (s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY))
		TELL(&a, pfnGetEncryptionBltKey, s.session, sizeof(wrapped), wrapped);
	memset(iv, 0, sizeof(iv));
	for (int i = 0; i < 4; i++) {
		memcpy(first, iv, sizeof(iv));
		memset(iv, GARBAGE, sizeof(iv));
		TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.staging, sizeof(iv), iv);
		DEMAND(!all_are(iv, GARBAGE, 16), "the IV is not written, or taken from the application");
		DEMAND(memcmp(iv, first, 16) > 0, "an IV does not rise");
		DEMAND(!i || big_endian(iv) != big_endian(first) ||
			       big_endian(iv + 8) - big_endian(first + 8) >= BYTES / 16,
		       "its range overlaps the last one's");
	}
}

static void read_back_is_under_its_key(void)
{
	uint8_t picture[BYTES];

	NEEDS_BLITS;
	NEEDS_CAPS(CAP(ENCRYPTED_READ_BACK_KEY));
	for (int i = 0; i < 3; i++)
		if (!put(picture, "under the key that was given last there is another picture"))
			return;
}

static void read_back_keys_are_new(void)
{
	uint8_t key[4][16];

	NEEDS_CAPS(CAP(ENCRYPTED_READ_BACK_KEY));
	for (int i = 0; i < 4; i++) {
		memset(key[i], GARBAGE, 16);
		TELL(&a, pfnGetEncryptionBltKey, s.session, 16, key[i]);
		DEMAND(!all_are(key[i], 0, 16) && !all_are(key[i], GARBAGE, 16), "there is no read-back key");
		for (int k = 0; k < i; k++)
			DEMAND(memcmp(key[i], key[k], 16) != 0, "call %d gives the key of call %d", i + 1, k + 1);
	}
}

static const struct rule blits[] = {
	{"decryption-is-aes-ctr", "the counter is IV and Count, both big-endian, Count in blocks",
	 "D3D11_1DDI_AES_CTR_IV", decryption_is_aes_ctr},
	{"count-may-go-on", "buffers of one IV, whose Count goes on, are decrypted",
	 "D3D11_1DDI_AES_CTR_IV; SEQUENTIAL_CTR_IV", count_may_go_on},
	{"decryption-iv-reuse-refused", "the same IV and Count under the same key is refused", "DecryptionBlt",
	 iv_is_not_used_twice},
	{"decryption-ranges-do-not-overlap", "a range of Counts that overlaps an earlier one is refused",
	 "DecryptionBlt; docs/ddi.md", ranges_do_not_overlap},
	{"content-key-is-wrapped",
	 "a content key is one AES-ECB block under the session key; without it, the session key", "DecryptionBlt",
	 content_key_is_wrapped},
	{"decryption-checks-sizes",
	 "a content key or an IV of another size than 16 bytes, or no IV, leaves all as it was",
	 "docs/ddi.md; no document speaks", sizes_are_checked},
	{"shapes-agree", "blits between resources of different shapes leave all as it was",
	 "DecryptionBlt, EncryptionBlt: no stretching", shapes_agree},
	{"encryption-iv-is-output-rising", "EncryptionBlt's IV is the driver's; it rises, and ranges do not overlap",
	 "ID3D11VideoContext::EncryptionBlt", read_back_ivs_rise},
	{"readback-key-is-used", "EncryptionBlt encrypts under the read-back key that was given last",
	 "GetEncryptionBltKey", read_back_is_under_its_key},
	{"readback-key-new-every-call", "each GetEncryptionBltKey makes a new key", "GetEncryptionBltKey",
	 read_back_keys_are_new},
};
RULES(blit_rules, blits);

/* ---- patterns ------------------------------------------------------------------------------------------------------------ */

static bool decrypts(UINT first, UINT skip, UINT encrypt, bool positional)
{
	const D3D11_1DDI_ENCRYPTED_BLOCK_INFO info = {first, skip, encrypt};
	uint8_t picture[BYTES], stream[BYTES], seen[BYTES], iv[16];

	random_bytes(picture, BYTES);
	fresh_iv(iv);
	crypt_runs(&info, positional, iv, picture, stream);
	decrypt(stream, &info, NULL, iv);
	return see(seen) && !memcmp(seen, picture, BYTES);
}

static void pattern_skips_first(void)
{
	NEEDS_BLITS;
	NEEDS_CAPS(CAP(PARTIAL_DECRYPTION));
	DEMAND(decrypts(32, 48, 16, false) || decrypts(32, 48, 16, true), "(32, 48, 16) is decrypted in another way");
	DEMAND(decrypts(0, 16, 64, false) || decrypts(0, 16, 64, true), "(0, 16, 64) is decrypted in another way");
}

static void clear_bytes_take_no_keystream(void)
{
	NEEDS_BLITS;
	NEEDS_CAPS(CAP(PARTIAL_DECRYPTION));
	DEMAND(decrypts(32, 48, 16, false), "the keystream does not go on where the last encrypted run ended");
}

static void rest_is_clear(void)
{
	NEEDS_BLITS;
	NEEDS_CAPS(CAP(PARTIAL_DECRYPTION));
	DEMAND(decrypts(96, 0, 0, false), "behind the bytes at the beginning (96, 0, 0) something is encrypted");
}

static void no_pattern_is_all(void)
{
	uint8_t picture[BYTES];

	NEEDS_BLITS;
	(void)put(picture, "without a block info not all is decrypted");
}

static void patterns_do_not_overflow(void)
{
	uint8_t before[BYTES], seen[BYTES], stream[BYTES], picture[BYTES], iv[16];
	const D3D11_1DDI_ENCRYPTED_BLOCK_INFO info = {16, 0xFFFFFFF0u, 0x20};

	NEEDS_BLITS;
	NEEDS_CAPS(CAP(PARTIAL_DECRYPTION));
	if (!put(before, GOES_IN))
		return;
	random_bytes(picture, BYTES);
	fresh_iv(iv);
	crypt_runs(&info, false, iv, picture, stream);
	decrypt(stream, &info, NULL, iv);
	DEMAND(see(seen) && (!memcmp(seen, picture, BYTES) || !memcmp(seen, before, BYTES) || all_are(seen, 0, BYTES)),
	       "16 + 0xfffffff0 wraps");
}

static const struct rule patterns[] = {
	{"blocked-info-skip-first", "behind the bytes at the beginning a pattern skips first, and then encrypts",
	 "D3D11_1DDI_ENCRYPTED_BLOCK_INFO", pattern_skips_first},
	{"clear-bytes-take-no-keystream", "an encrypted run goes on with the keystream where the last one ended",
	 "docs/ddi.md; no document speaks", clear_bytes_take_no_keystream},
	{"blocked-info-rest-is-clear", "(N, 0, 0) is N bytes encrypted and the rest clear",
	 "D3D11_1DDI_ENCRYPTED_BLOCK_INFO", rest_is_clear},
	{"no-blocked-info-is-all", "without a block info all is encrypted", "DecryptionBlt", no_pattern_is_all},
	{"blocked-info-does-not-overflow", "sums over 32 bits do not wrap", "D3D11_1DDI_ENCRYPTED_BLOCK_INFO",
	 patterns_do_not_overflow},
};
RULES(pattern_rules, patterns);
