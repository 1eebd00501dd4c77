/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers whose tables or capabilities are broken. Each calls the sound one's, and breaks one thing. */
#include "suite.h"

#include <string.h>

/* ---- tables ---------------------------------------------------------------------------------------------------------- */

/* Where there is no table: one that nobody sees. */
static void **slots_of(void *input)
{
	static void *nowhere[MOST_SLOTS + SPARE];
	void *table = input ? ((D3D11_1DDI_VIDEO_INPUT *)input)->p11VideoDeviceFuncs : NULL;

	return table ? table : nowhere;
}

static HRESULT APIENTRY takes_larger_inputs(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
					    void *output)
{
	if (in > sizeof(D3D11_1DDI_VIDEO_INPUT))
		in = sizeof(D3D11_1DDI_VIDEO_INPUT);
	return sound->retrieve_sub_object(device, id, in, input, out, output);
}

static void larger_inputs(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = takes_larger_inputs;
}

static HRESULT APIENTRY gives_any_id(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
				     void *output)
{
	return sound->retrieve_sub_object(device, id > 16 ? a.id : id, in, input, out, output);
}

static void any_id(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = gives_any_id;
}

static HRESULT APIENTRY leaves_a_slot(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
				      void *output)
{
	void **table = slots_of(input);
	void *was = table[79]; /* not one that the suite calls */
	HRESULT result = sound->retrieve_sub_object(device, id, in, input, out, output);

	table[79] = was;
	return result;
}

static void slot_left_out(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = leaves_a_slot;
}

static HRESULT APIENTRY leaves_null(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
				    void *output)
{
	void **table = slots_of(input);
	HRESULT result = sound->retrieve_sub_object(device, id, in, input, out, output);

	if (result == S_OK)
		table[SLOT(pfnVideoDecoderGetHandle) / sizeof(void *)] = NULL;
	return result;
}

static void null_slot(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = leaves_null;
}

/* Fills the slots of WDDM 2.0 whatever was asked for. */
static HRESULT APIENTRY writes_too_many(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input, SIZE_T out,
					void *output)
{
	void **table = slots_of(input);
	HRESULT result = sound->retrieve_sub_object(device, id, in, input, out, output);

	if (result == S_OK && id == a.tables[TABLES - 1].id)
		for (size_t i = a.tables[TABLES - 1].slots; i < a.tables[TABLES - 2].slots; i++)
			table[i] = table[0];
	return result;
}

static void too_many_slots(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = writes_too_many;
}

/* ---- capabilities ------------------------------------------------------------------------------------------------------ */

static bool is(const GUID *x, const GUID *y)
{
	return !memcmp(x, y, sizeof(GUID));
}

static HRESULT APIENTRY caps_not_implemented(D3D10DDI_HDEVICE device, const GUID *type, const GUID *profile,
					     D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *caps)
{
	HRESULT result = sound_f.pfnGetContentProtectionCaps(device, type, profile, caps);

	return result == D3DDDIERR_UNSUPPORTEDCRYPTO ? E_NOTIMPL : result;
}

static HRESULT APIENTRY caps_without_union(D3D10DDI_HDEVICE device, const GUID *type, const GUID *profile,
					   D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *caps)
{
	return is(type, &NULL_GUID) ? D3DDDIERR_UNSUPPORTEDCRYPTO
				    : sound_f.pfnGetContentProtectionCaps(device, type, profile, caps);
}

static HRESULT APIENTRY caps_with_a_bit(D3D10DDI_HDEVICE device, const GUID *type, const GUID *profile,
					D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *caps)
{
	HRESULT result = sound_f.pfnGetContentProtectionCaps(device, type, profile, caps);

	caps->Caps |= 0x10000;
	return result;
}

static HRESULT APIENTRY caps_in_words(D3D10DDI_HDEVICE device, const GUID *type, const GUID *profile,
				      D3D11_1DDI_VIDEO_CONTENT_PROTECTION_CAPS *caps)
{
	HRESULT result = sound_f.pfnGetContentProtectionCaps(device, type, profile, caps);

	caps->BlockAlignmentSize /= 8;
	return result;
}

static HRESULT APIENTRY fewer_caps_in_an_old_table(D3D10DDI_HDEVICE device, UINT32 id, SIZE_T in, void *input,
						   SIZE_T out, void *output)
{
	HRESULT result = sound->retrieve_sub_object(device, id, in, input, out, output);
	D3D11_1DDI_VIDEODEVICEFUNCS *table = (void *)slots_of(input);

	if (result == S_OK && id != a.id)
		table->pfnGetContentProtectionCaps = caps_in_words;
	return result;
}

static void other_caps(struct runtime_driver *broken)
{
	broken->retrieve_sub_object = fewer_caps_in_an_old_table;
}

static HRESULT APIENTRY any_index(D3D10DDI_HDEVICE device, const GUID *type, const GUID *profile, UINT index,
				  GUID *exchange)
{
	if (index != 5)
		return sound_f.pfnGetCryptoKeyExchangeType(device, type, profile, index, exchange);
	*exchange = D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP;
	return S_OK;
}

static HRESULT APIENTRY any_profile(D3D10DDI_HDEVICE device, const D3D11_1DDIARG_CREATECRYPTOSESSION *what,
				    D3D11_1DDI_HCRYPTOSESSION session, D3D11_1DDI_HRTCRYPTOSESSION runtime)
{
	HRESULT result = sound_f.pfnCreateCryptoSession(device, what, session, runtime);

	return is(&what->DecodeProfile, &NULL_GUID) ? result : S_OK;
}

static VOID APIENTRY no_refresh(D3D10DDI_HDEVICE device, D3D11_1DDI_HCRYPTOSESSION session, UINT bytes, VOID *random)
{
	(void)device;
	(void)session;
	memset(random, 0, bytes);
}

static const struct mutant table_list[] = {
	{.name = "larger-inputs",
	 .rule = "retrieve-wants-exact-sizes",
	 .text = "takes larger inputs than its own",
	 .driver = larger_inputs},
	{.name = "any-id",
	 .rule = "retrieve-knows-its-ids",
	 .text = "gives its table for any sub-device",
	 .driver = any_id},
	{.name = "slot-left-out",
	 .rule = "table-is-complete",
	 .text = "does not write slot 79",
	 .driver = slot_left_out},
	{.name = "null-slot", .rule = "table-is-complete", .text = "writes NULL to slot 77", .driver = null_slot},
	{.name = "too-many-slots",
	 .rule = "table-is-not-overrun",
	 .text = "writes WDDM 2.0's slots into 11.1's table",
	 .driver = too_many_slots},
	{.name = "not-implemented",
	 .rule = "unknown-types-are-unsupported",
	 .text = "E_NOTIMPL for unknown crypto types",
	 .slots = {WITH(pfnGetContentProtectionCaps, caps_not_implemented)}},
	{.name = "no-union",
	 .rule = "null-guid-asks-for-the-union",
	 .text = "takes NULL_GUID for an unknown type",
	 .slots = {WITH(pfnGetContentProtectionCaps, caps_without_union)}},
	{.name = "unknown-bit",
	 .rule = "caps-make-sense",
	 .text = "sets a bit that the interface does not have",
	 .slots = {WITH(pfnGetContentProtectionCaps, caps_with_a_bit)}},
	{.name = "alignment-in-words",
	 .rule = "caps-make-sense",
	 .text = "gives BlockAlignmentSize in 64-bit words",
	 .slots = {WITH(pfnGetContentProtectionCaps, caps_in_words)}},
	{.name = "other-caps",
	 .rule = "caps-are-the-same-in-each-table",
	 .text = "promises other things in older tables",
	 .driver = other_caps},
	{.name = "index-5",
	 .rule = "key-exchange-count-bounds-index",
	 .text = "accepts index 5",
	 .slots = {WITH(pfnGetCryptoKeyExchangeType, any_index)}},
	{.name = "any-profile",
	 .rule = "caps-and-create-agree",
	 .text = "creates sessions for any decoder profile",
	 .slots = {WITH(pfnCreateCryptoSession, any_profile)}},
	{.name = "no-refresh",
	 .rule = "caps-gate-functions",
	 .text = "promises FRESHEN_SESSION_KEY, and starts no refresh",
	 .slots = {WITH(pfnStartSessionKeyRefresh, no_refresh)}},
};
MUTANTS(table_mutants, table_list);
