/* SPDX-License-Identifier: Apache-2.0 */
/* RetrieveSubObject, and the entries that are there to say no. */
#include "client.h"

#include <string.h>

#define MOST_SLOTS 97

static void *slot_of(const void *table, size_t i)
{
	void *slot;

	memcpy(&slot, (const uint8_t *)table + i * sizeof(slot), sizeof(slot));
	return slot;
}

/* Exactly its slots, and the same functions as the table before but where the type is another. */
void each_id_fills_its_table(void **state)
{
	static const struct {
		UINT32 id;
		size_t slots;
		size_t other[3]; /* slots of another type than in the table before */
	} tables[] = {
		{D3D11_1DDI_VIDEO_FUNCTIONS, 81, {0}},         {D3DWDDM2_0DDI_VIDEO_FUNCTIONS, 94, {0}},
		{D3DWDDM2_1DDI_VIDEO_FUNCTIONS, 96, {0}},      {D3DWDDM2_4DDI_VIDEO_FUNCTIONS_RS4_0, 96, {11, 83}},
		{D3DWDDM2_4DDI_VIDEO_FUNCTIONS, 97, {11, 65}},
	};
	uint8_t table[(MOST_SLOTS + 1) * sizeof(void *)], before[sizeof(table)];
	size_t slots_before = 0;

	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		memset(table, 0, sizeof(table));
		assert_int_equal(retrieve(&a, tables[t].id, table), S_OK);
		for (size_t i = 0; i < tables[t].slots; i++)
			assert_non_null(slot_of(table, i));
		for (size_t i = tables[t].slots; i <= MOST_SLOTS; i++)
			assert_null(slot_of(table, i));
		for (size_t i = 0; i < slots_before; i++) {
			bool other = i && (i == tables[t].other[0] || i == tables[t].other[1]);

			assert_true((slot_of(table, i) != slot_of(before, i)) == other);
		}
		memcpy(before, table, sizeof(table));
		slots_before = tables[t].slots;
	}
	assert_ptr_equal(slot_of(before, 65), slot_of(before, 96)); /* the entry of any thread */
}

void ids_sizes_and_pointers_are_checked(void **state)
{
	static const UINT32 ids[] = {2, 3, 5, 6, 7};
	uint8_t table[MOST_SLOTS * sizeof(void *)];
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = (void *)table};
	const D3D11_1DDI_VIDEO_INPUT none = {0};
	const D3D10DDI_HDEVICE nobody = {table};
	D3D11_1DDI_VIDEO_OUTPUT output;

	(void)state;
	memset(table, GARBAGE, sizeof(table));
	for (UINT32 id = 0; id < 12; id++)
		if (id < 2 || id == 4 || id > 7)
			assert_int_equal(retrieve(&a, id, table), E_INVALIDARG);
	assert_int_equal(retrieve(&a, UINT32_MAX, table), E_INVALIDARG);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const D3D10DDI_HDEVICE d = a.device;
		const size_t in = sizeof(input), out = sizeof(output);
		UINT32 id = ids[i];

		assert_int_equal(CofferRetrieveSubObject(d, id, in - 1, &input, out, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in + 1, &input, out, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, 0, &input, out, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in, &input, 0, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in, &input, out + 1, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in, NULL, out, &output), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in, &input, out, NULL), E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(d, id, in, (void *)(uintptr_t)&none, out, &output),
				 E_INVALIDARG);
		assert_int_equal(CofferRetrieveSubObject(nobody, id, in, &input, out, &output), E_INVALIDARG);
	}
	assert_true(all_are(table, GARBAGE, sizeof(table)));
}

void what_is_not_supported_says_so(void **state)
{
	D3DWDDM2_0DDI_VIDEO_CAPABILITY_DECODER_CAPS caps = {.BitRate = 5};
	D3DWDDM2_0DDI_CHECK_VIDEO_PROCESSOR_FORMAT_CONVERSION conversion = {.Supported = 1};
	D3D11_1DDI_GETCAPTUREHANDLEDATA capture = {.hResource = protected_surface};
	const D3D11_1DDI_HVIDEOPROCESSOR processor = {NULL};
	const D3D11_1DDI_HVIDEOPROCESSORENUM processors = {NULL};
	const D3D11_1DDI_HDECODE decoder = {NULL};
	UINT count = 7, in = 7, out = 7;

	(void)state;
	assert_int_equal(a.f.pfnVideoDecoderSubmitBuffers(a.device, decoder, 0, NULL), E_NOTIMPL);
	assert_in_range(a.f.pfnCalcPrivateVideoDecoderSize(a.device, NULL), 1, 64);
	a.f.pfnGetVideoDecoderProfileCount(a.device, &count);
	assert_int_equal(count, 0);
	capture.hAllocation = capture.DataOffset = capture.DataSize = 9; /* nobody captures what is protected */
	a.f.pfnGetCaptureHandle(a.device, &capture);
	assert_true(capture.hAllocation == 0 && capture.DataOffset == 0 && capture.DataSize == 0);
	a.f20.pfnQueryVideoCapabilities(a.device, D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_CAPS, sizeof(caps) - 1,
					&caps);
	assert_int_equal(caps.Caps, 0);
	a.f20.pfnQueryVideoCapabilities(a.device, D3DWDDM2_0DDI_VIDEO_CAPABILITY_QUERY_DECODER_CAPS, sizeof(caps),
					&caps);
	assert_int_equal(caps.Caps, D3DWDDM2_0DDI_VIDEO_DECODER_CAP_UNSUPPORTED);
	assert_int_equal(caps.BitRate, 5);
	a.f20.pfnCheckVideoProcessorFormatConversion(a.device, processors, &conversion);
	assert_int_equal(conversion.Supported, 0);
	assert_int_equal(a.f20.pfnVideoProcessorGetBehaviorHints(a.device, processor, 1, 1, 0, 0, NULL, &count),
			 E_NOTIMPL);
	a.f20.pfnGetCryptoSessionPrivateDataSize(a.device, &D3D11_1DDI_CRYPTO_TYPE_AES128_CTR, NULL,
						 &D3DWDDM2_0DDI_KEY_EXCHANGE_HW_PROTECTION, &in, &out);
	assert_true(in == 0 && out == 0);
	assert_int_equal(a.reports, 0);
}
