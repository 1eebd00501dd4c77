/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and their versions; capabilities, key exchanges, and what they promise of CreateCryptoSession. */
#include "suite.h"

#include <string.h>

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static bool is_untouched(const struct table *table)
{
	for (size_t i = 0; i < MOST_SLOTS + SPARE; i++)
		if (table->slot[i] != poison)
			return false;
	return true;
}

static void sizes_are_exact(void)
{
	const SIZE_T in = sizeof(D3D11_1DDI_VIDEO_INPUT), out = sizeof(D3D11_1DDI_VIDEO_OUTPUT);
	const SIZE_T wrong[][2] = {{in - 1, out}, {in + 1, out}, {0, out}, {in, 0}, {in, out + 1}, {in + 8, out + 8}};
	D3D11_1DDI_VIDEO_INPUT nowhere = {0};
	D3D11_1DDI_VIDEO_OUTPUT output;
	struct table table;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		DEMAND(runtime_retrieve_one(&a, a.id, wrong[i][0], wrong[i][1], &table) == E_INVALIDARG,
		       "sizes %zu and %zu are taken for %zu and %zu", wrong[i][0], wrong[i][1], in, out);
		DEMAND(is_untouched(&table), "the table is written to in spite of wrong sizes");
	}
	DEMAND(a.driver->retrieve_sub_object(a.handle, a.id, in, NULL, out, &output) == E_INVALIDARG &&
		       a.driver->retrieve_sub_object(a.handle, a.id, in, &nowhere, out, &output) == E_INVALIDARG,
	       "a missing pointer is not refused");
}

static void ids_are_known(void)
{
	static const UINT32 unknown[] = {0, 64, 0x10000 + D3D11_1DDI_VIDEO_FUNCTIONS, 0xFFFFFFFFu};
	struct table table;

	DEMAND(a.id, "there is no table at all");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		DEMAND(runtime_retrieve_one(&a, unknown[i], sizeof(D3D11_1DDI_VIDEO_INPUT),
					    sizeof(D3D11_1DDI_VIDEO_OUTPUT), &table) != S_OK,
		       "sub-device %u is given", unknown[i]);
		DEMAND(is_untouched(&table), "the table of an unknown sub-device is written to");
	}
}

static void table_is_complete(void)
{
	for (size_t t = 0; t < TABLES; t++) {
		const struct table *table = &a.tables[t];

		for (size_t i = 0; i < table->slots && table->is_there; i++) {
			const bool is_crypto = i >= SLOT(pfnGetContentProtectionCaps) / sizeof(void *) &&
					       i <= SLOT(pfnCryptoSessionGetHandle) / sizeof(void *);

			DEMAND(table->slot[i] != poison, "slot %zu of table %u is not written", i, table->id);
			DEMAND(!is_crypto || table->slot[i], "slot %zu of table %u is NULL", i, table->id);
		}
	}
}

static void table_is_not_overrun(void)
{
	for (size_t t = 0; t < TABLES; t++) {
		const struct table *table = &a.tables[t];

		for (size_t i = table->is_there ? table->slots : 0; i < MOST_SLOTS + SPARE; i++)
			DEMAND(table->slot[i] == poison, "slot %zu is written, but table %u has %zu", i, table->id,
			       table->is_there ? table->slots : 0);
	}
}

static const struct rule tables[] = {
	{"retrieve-wants-exact-sizes", "RetrieveSubObject refuses sizes that are not exact, and missing pointers",
	 "RetrieveSubObject; as Direct3D 11 on 12", sizes_are_exact},
	{"retrieve-knows-its-ids", "RetrieveSubObject refuses sub-devices that do not exist", "RetrieveSubObject",
	 ids_are_known},
	{"table-is-complete", "each slot of a table is written, those of crypto sessions not with NULL",
	 "D3D11_1DDI_VIDEODEVICEFUNCS and later ones", table_is_complete},
	{"table-is-not-overrun", "no slot behind the end of the version that was asked for is written",
	 "D3D11_1DDI_VIDEODEVICEFUNCS and later ones", table_is_not_overrun},
};
RULES(table_rules, tables);

/* ---- capabilities --------------------------------------------------------------------------------------------------- */

static const GUID nonsense = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID h264 = {0x1b81be68, 0xa0c7, 0x11d3, {0xb9, 0x84, 0x00, 0xc0, 0x4f, 0x2e, 0x73, 0xc5}};

/* NULL_GUID is no type, but a question. */
static const GUID *const types[] = {&D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, &D3DCRYPTOTYPE_PROPRIETARY, &nonsense};
static const GUID *const profiles[] = {&NULL_GUID, &h264, &nonsense};

static HRESULT caps_of(const GUID *type, const GUID *profile, D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *caps)
{
	memset(caps, GARBAGE, sizeof(*caps));
	return ASK(&a, pfnGetContentProtectionCaps, type, profile, caps);
}

static void unknown_types_are_unsupported(void)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;
	HRESULT result;
	GUID type;

	NEEDS_ENTRIES;
	result = caps_of(&nonsense, &NULL_GUID, &caps);
	DEMAND(result == D3DDDIERR_UNSUPPORTEDCRYPTO, "caps of an unknown type: %s", name_of(result));
	result = ASK(&a, pfnGetCryptoKeyExchangeType, &nonsense, &NULL_GUID, 0, &type);
	DEMAND(result == D3DDDIERR_UNSUPPORTEDCRYPTO, "key exchange of an unknown type: %s", name_of(result));
}

static void null_guid_asks_for_the_union(void)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;

	NEEDS_CRYPTO;
	DEMAND(caps_of(&NULL_GUID, &NULL_GUID, &caps) == S_OK, "NULL_GUID is refused");
	DEMAND((caps.Caps & s.caps.Caps) == s.caps.Caps, "0x%x of AES128_CTR's bits are missing in the union",
	       s.caps.Caps & ~caps.Caps);
}

static void caps_make_sense(void)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;

	NEEDS_CRYPTO;
	DEMAND(caps_of(&s.create.CryptoType, &NULL_GUID, &caps) == S_OK, "AES128_CTR is refused");
	DEMAND(!(caps.Caps & ~0xFFFFu), "bits that the interface does not have: 0x%x", caps.Caps & ~0xFFFFu);
	DEMAND(caps.Caps & (CAP(SOFTWARE) | CAP(HARDWARE)), "neither SOFTWARE nor HARDWARE");
	DEMAND(!(caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY)) || caps.Caps & CAP(ENCRYPTED_READ_BACK),
	       "a read-back key without read-back");
	DEMAND(caps.BlockAlignmentSize == 16, "AES-CTR with a BlockAlignmentSize of %u", caps.BlockAlignmentSize);
}

static void index_is_bounded(void)
{
	GUID type, earlier;

	NEEDS_ENTRIES;
	for (UINT i = 0; i < s.caps.KeyExchangeTypeCount; i++) {
		DEMAND(ASK(&a, pfnGetCryptoKeyExchangeType, types[0], &NULL_GUID, i, &type) == S_OK,
		       "index %u of %u is refused", i, s.caps.KeyExchangeTypeCount);
		DEMAND(memcmp(&type, &NULL_GUID, sizeof(type)) != 0, "index %u is NULL_GUID", i);
		DEMAND(!i || memcmp(&type, &earlier, sizeof(type)) != 0, "index %u repeats the one before", i);
		earlier = type;
	}
	for (UINT i = 0; i < 8; i++)
		DEMAND(ASK(&a, pfnGetCryptoKeyExchangeType, types[0], &NULL_GUID, s.caps.KeyExchangeTypeCount + i,
			   &type) != S_OK,
		       "index %u is accepted, and there are %u", s.caps.KeyExchangeTypeCount + i,
		       s.caps.KeyExchangeTypeCount);
	DEMAND(ASK(&a, pfnGetCryptoKeyExchangeType, types[0], &NULL_GUID, 0xFFFFFFFFu, &type) != S_OK,
	       "index 0xffffffff is accepted");
}

/* Creates a session of the pair by its first key exchange, or by RSAES_OAEP where it has none. */
static HRESULT try_pair(const GUID *type, const GUID *profile, bool *has_exchange)
{
	D3D11_1DDIARG_CREATECRYPTOSESSION what = {*type, *profile, D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP};
	D3D11_1DDI_HCRYPTOSESSION session;
	HRESULT result;
	GUID exchange;

	*has_exchange = ASK(&a, pfnGetCryptoKeyExchangeType, type, profile, 0, &exchange) == S_OK;
	if (*has_exchange)
		what.KeyExchangeType = exchange;
	result = create_session(&a, &what, GARBAGE, &session);
	if (result == S_OK)
		destroy_session(&a, session);
	return result;
}

static void pairs_agree(void)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS caps;

	NEEDS_ENTRIES;
	for (size_t t = 0; t < 3; t++)
		for (size_t p = 0; p < 3; p++) {
			const bool has_caps = caps_of(types[t], profiles[p], &caps) == S_OK;
			bool has_exchange;
			const HRESULT result = try_pair(types[t], profiles[p], &has_exchange);

			DEMAND(has_caps == has_exchange, "type %zu, profile %zu: caps and key exchange disagree", t, p);
			DEMAND(result == (has_caps ? S_OK : D3DDDIERR_UNSUPPORTEDCRYPTO),
			       "type %zu, profile %zu: caps say %s, Create %s", t, p, has_caps ? "yes" : "no",
			       name_of(result));
		}
}

/* Functions without their capability fail closed. */
static void caps_gate_functions(void)
{
	uint8_t picture[BYTES], key[16], random[16], iv[16];

	NEEDS_SESSION;
	memset(key, GARBAGE, 16);
	memset(random, GARBAGE, 16);
	if (!(s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY)))
		TELL(&a, pfnGetEncryptionBltKey, s.session, 16, key);
	DEMAND(s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY) || all_are(key, 0, 16), "a read-back key without its cap");
	if (!(s.caps.Caps & CAP(FRESHEN_SESSION_KEY)))
		TELL(&a, pfnStartSessionKeyRefresh, s.session, 16, random);
	DEMAND(s.caps.Caps & CAP(FRESHEN_SESSION_KEY) || all_are(random, 0, 16), "a refresh without its cap");
	/* And with it, they work. */
	if (s.caps.Caps & CAP(ENCRYPTED_READ_BACK)) {
		memset(iv, 0, sizeof(iv));
		TELL(&a, pfnEncryptionBlt, s.session, s.surface, s.staging, 16, iv);
		DEMAND((s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY)) || !all_are(iv, 0, 16), "no read-back");
		DEMAND(!(s.caps.Caps & CAP(DECRYPTION_BLT)) || put(picture, GOES_IN), "no way in and out");
	}
	if (s.caps.Caps & CAP(FRESHEN_SESSION_KEY)) {
		memset(random, 0, sizeof(random));
		TELL(&a, pfnStartSessionKeyRefresh, s.session, 16, random);
		DEMAND(!all_are(random, 0, 16), "FRESHEN_SESSION_KEY is promised, and no refresh starts");
	}
	if (s.caps.Caps & CAP(ENCRYPTED_READ_BACK_KEY)) {
		memset(key, 0, sizeof(key));
		TELL(&a, pfnGetEncryptionBltKey, s.session, 16, key);
		DEMAND(!all_are(key, 0, 16), "ENCRYPTED_READ_BACK_KEY is promised, and there is none");
	}
}

static void tables_agree(void)
{
	D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS first = {0}, caps;
	PFND3D11_1DDI_GETCONTENTPROTECTIONCAPS ask;
	HRESULT result = S_OK, now;
	unsigned int there = 0;
	bool is_first = true;

	NEEDS_ENTRIES;
	for (size_t t = 0; t < TABLES; t++)
		there += a.tables[t].is_there;
	UNLESS(there > 1, "there is one table");
	for (size_t t = 0; t < TABLES; t++) {
		if (!a.tables[t].is_there)
			continue;
		memcpy(&ask, &a.tables[t].slot[SLOT(pfnGetContentProtectionCaps) / sizeof(void *)], sizeof(ask));
		memset(&caps, 0, sizeof(caps));
		now = ask(a.handle, types[0], &NULL_GUID, &caps);
		DEMAND(is_first || (now == result && !memcmp(&caps, &first, sizeof(caps))),
		       "table %u has other capabilities than a later one", a.tables[t].id);
		first = caps;
		result = now;
		is_first = false;
	}
}

static const struct rule capabilities[] = {
	{"unknown-types-are-unsupported", "an unknown crypto type is D3DDDIERR_UNSUPPORTEDCRYPTO",
	 "GetContentProtectionCaps, GetCryptoKeyExchangeType", unknown_types_are_unsupported},
	{"null-guid-asks-for-the-union", "NULL_GUID for the crypto type asks for the union of the capabilities",
	 "GetContentProtectionCaps; DDICONTENTPROTECTIONCAPS of Direct3D 9", null_guid_asks_for_the_union},
	{"caps-make-sense", "only bits of the interface, SOFTWARE or HARDWARE, no read-back key without read-back",
	 "D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS", caps_make_sense},
	{"caps-are-the-same-in-each-table", "each version of the table promises the same", "RetrieveSubObject",
	 tables_agree},
	{"key-exchange-count-bounds-index", "KeyExchangeTypeCount indexes give one key exchange each, others none",
	 "GetCryptoKeyExchangeType", index_is_bounded},
	{"caps-and-create-agree",
	 "each pair of type and profile has caps, a key exchange and sessions, or none of them",
	 "GetContentProtectionCaps, CreateCryptoSession", pairs_agree},
	{"caps-gate-functions", "what is promised works, and what is not gives nothing",
	 "D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS", caps_gate_functions},
};
RULES(capability_rules, capabilities);
