/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory -------------------------------------------------------------------------------------------------- */

#define GUARD      32u
#define GUARD_BYTE 0xC7
#define DEAD_BYTE  0xDE
#define ARENA      (64u << 20)
#define MOST       16384u

static _Alignas(64) uint8_t arena[ARENA];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static size_t used, made;
static struct block {
	uint8_t *memory;
	SIZE_T bytes;
	bool is_dead;
} blocks[MOST];
unsigned int runtime_dead_writes;

/* Drivers may not free what is the runtime's: their free() is this one, where nobody else has replaced it. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void __libc_free(void *memory);
void free(void *memory)
{
	if ((uint8_t *)memory >= arena && (uint8_t *)memory < arena + ARENA)
		violated("runtime-memory-is-not-freed", "the driver frees memory that is the runtime's");
	else
		__libc_free(memory);
}
#endif

void *runtime_memory(SIZE_T bytes, uint8_t fill)
{
	const size_t whole = (bytes + 2 * GUARD + 63) / 64 * 64;
	uint8_t *front;

	pthread_mutex_lock(&lock);
	if (bytes > ARENA || whole > ARENA - used || made == MOST) {
		fprintf(stderr, "the driver wants more private memory than there is: %zu bytes\n", bytes);
		exit(2);
	}
	front = arena + used;
	used += whole;
	memset(front, GUARD_BYTE, whole);
	memset(front + GUARD, fill, bytes);
	blocks[made++] = (struct block){.memory = front + GUARD, .bytes = bytes};
	pthread_mutex_unlock(&lock);
	return front + GUARD;
}

void runtime_memory_is_dead(void *memory)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < made; i++)
		if (blocks[i].memory == memory) {
			memset(memory, DEAD_BYTE, blocks[i].bytes);
			blocks[i].is_dead = true;
		}
	pthread_mutex_unlock(&lock);
}

static bool all_are(const uint8_t *p, uint8_t value, size_t bytes)
{
	while (bytes && *p == value)
		p++, bytes--;
	return !bytes;
}

void runtime_check_memory(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < made; i++) {
		struct block *block = &blocks[i];

		if (!all_are(block->memory - GUARD, GUARD_BYTE, GUARD) ||
		    !all_are(block->memory + block->bytes, GUARD_BYTE, GUARD)) {
			violated("private-memory-is-not-overrun", "written outside of a block of %zu bytes",
				 block->bytes);
			memset(block->memory - GUARD, GUARD_BYTE, GUARD);
			memset(block->memory + block->bytes, GUARD_BYTE, GUARD);
		}
		if (block->is_dead && !all_are(block->memory, DEAD_BYTE, block->bytes)) {
			violated("destroyed-memory-is-not-touched", "written to a block whose object was destroyed");
			memset(block->memory, DEAD_BYTE, block->bytes);
			runtime_dead_writes++;
		}
	}
	pthread_mutex_unlock(&lock);
}

/* ---- watching calls ------------------------------------------------------------------------------------------- */

/* Results that an entry may give. Beyond the pages: channels may say that the device is lost, once it is; and whoever quotes
 * another device's session has to be told something by CryptoSessionGetHandle. */
static const struct {
	const char *entry;
	HRESULT may[5];
} documented[] = {
	{"pfnGetContentProtectionCaps", {S_OK, D3DDDIERR_UNSUPPORTEDCRYPTO}},
	{"pfnGetCryptoKeyExchangeType", {S_OK, D3DDDIERR_UNSUPPORTEDCRYPTO, E_INVALIDARG}},
	{"pfnCreateCryptoSession", {S_OK, D3DDDIERR_DEVICEREMOVED, D3DDDIERR_UNSUPPORTEDCRYPTO, E_OUTOFMEMORY}},
	{"pfnNegotiateCryptoSessionKeyExchange", {S_OK, E_INVALIDARG, E_OUTOFMEMORY}},
	{"pfnCryptoSessionGetHandle", {S_OK, D3DDDIERR_DEVICEREMOVED, E_OUTOFMEMORY, E_INVALIDARG}},
	{"pfnCreateAuthenticatedChannel", {S_OK, D3DDDIERR_DEVICEREMOVED, E_OUTOFMEMORY}},
	{"pfnNegotiateAuthenticatedChannelKeyExchange", {S_OK, E_INVALIDARG, E_OUTOFMEMORY}},
	{"pfnQueryAuthenticatedChannel", {S_OK, E_INVALIDARG, E_FAIL, E_OUTOFMEMORY, D3DDDIERR_DEVICEREMOVED}},
	{"pfnConfigureAuthenticatedChannel", {S_OK, E_INVALIDARG, E_FAIL, E_OUTOFMEMORY, D3DDDIERR_DEVICEREMOVED}},
};

static _Thread_local struct {
	struct device *device;
	const char *entry;
	bool has_result;
} inside;

void runtime_entered(struct device *device, const char *entry, bool has_result)
{
	inside.device = device;
	inside.entry = entry;
	inside.has_result = has_result;
}

HRESULT runtime_left(struct device *device, HRESULT result)
{
	const char *entry = inside.entry;
	bool is_documented = false;

	inside.entry = NULL;
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++) {
		if (strncmp(documented[i].entry, entry, strlen(documented[i].entry)) != 0)
			continue;
		for (size_t k = 0; k < 5; k++)
			is_documented = is_documented || documented[i].may[k] == result;
		if (!is_documented || (result == D3DDDIERR_DEVICEREMOVED && !device->is_lost))
			violated("results-are-documented", "%s gives %s", entry, name_of(result));
	}
	runtime_check_memory();
	return result;
}

/* pfnSetErrorCb. */
static VOID APIENTRY on_error(D3D10DDI_HRTCORELAYER layer, HRESULT result)
{
	struct device *device = layer.handle;

	device->reports++;
	if (result != D3DDDIERR_DEVICEREMOVED && result != E_OUTOFMEMORY)
		violated("void-entries-report-their-class", "%s is reported by %s", name_of(result),
			 inside.entry ? inside.entry : "nobody");
	else if (!inside.entry)
		violated("reports-come-from-within-a-call", "%s is reported outside of any call, or by another thread",
			 name_of(result));
	else if (inside.has_result)
		violated("entries-with-a-result-do-not-report", "%s reports %s", inside.entry, name_of(result));
	else if (device->is_lost && result != D3DDDIERR_DEVICEREMOVED)
		violated("lost-void-entries-report-that-alone", "%s reports %s", inside.entry, name_of(result));
}

void runtime_report(struct device *device, HRESULT result)
{
	on_error((D3D10DDI_HRTCORELAYER){device}, result);
}

const char *name_of(HRESULT result)
{
	static _Thread_local char number[16];

	switch (result) {
	case S_OK:
		return "S_OK";
	case E_NOTIMPL:
		return "E_NOTIMPL";
	case E_FAIL:
		return "E_FAIL";
	case E_OUTOFMEMORY:
		return "E_OUTOFMEMORY";
	case E_INVALIDARG:
		return "E_INVALIDARG";
	case D3DDDIERR_NOTAVAILABLE:
		return "D3DDDIERR_NOTAVAILABLE";
	case D3DDDIERR_DEVICEREMOVED:
		return "D3DDDIERR_DEVICEREMOVED";
	case D3DDDIERR_UNSUPPORTEDCRYPTO:
		return "D3DDDIERR_UNSUPPORTEDCRYPTO";
	default:
		snprintf(number, sizeof(number), "0x%08" PRIX32, (uint32_t)result);
		return number;
	}
}

/* ---- devices and tables --------------------------------------------------------------------------------------- */

void *const poison = (void *)(uintptr_t)0x5A5A5A5A5A5A5A5Au;

static const struct {
	UINT32 id;
	size_t bytes;
} versions[TABLES] = {
	{D3DWDDM2_4DDI_VIDEO_FUNCTIONS, sizeof(D3DWDDM2_4DDI_VIDEODEVICEFUNCS)},
	{D3DWDDM2_4DDI_VIDEO_FUNCTIONS_RS4_0, sizeof(D3DWDDM2_4DDI_VIDEODEVICEFUNCS_RS4_0)},
	{D3DWDDM2_1DDI_VIDEO_FUNCTIONS, sizeof(D3DWDDM2_1DDI_VIDEODEVICEFUNCS)},
	{D3DWDDM2_0DDI_VIDEO_FUNCTIONS, sizeof(D3DWDDM2_0DDI_VIDEODEVICEFUNCS)},
	{D3D11_1DDI_VIDEO_FUNCTIONS, sizeof(D3D11_1DDI_VIDEODEVICEFUNCS)},
};

HRESULT runtime_retrieve_one(struct device *device, UINT32 id, SIZE_T in, SIZE_T out, struct table *table)
{
	/* All versions' inputs and outputs are of these layouts. */
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = (void *)table->slot};
	D3D11_1DDI_VIDEO_OUTPUT output;
	HRESULT result;

	table->id = id;
	for (size_t i = 0; i < MOST_SLOTS + SPARE; i++)
		table->slot[i] = poison;
	runtime_entered(device, "RetrieveSubObject", true);
	result = device->driver->retrieve_sub_object(device->handle, id, in, &input, out, &output);
	return runtime_left(device, result);
}

void runtime_retrieve(struct device *device)
{
	const struct table *latest = NULL;

	memset(&device->f, 0, sizeof(device->f));
	for (size_t i = 0; i < TABLES; i++) {
		struct table *table = &device->tables[i];

		table->slots = versions[i].bytes / sizeof(void *);
		table->is_there = runtime_retrieve_one(device, versions[i].id, sizeof(D3D11_1DDI_VIDEO_INPUT),
						       sizeof(D3D11_1DDI_VIDEO_OUTPUT), table) == S_OK;
		if (table->is_there && !latest)
			latest = table;
	}
	device->id = latest ? latest->id : 0;
	if (latest)
		memcpy(&device->f, latest->slot, latest->slots * sizeof(void *));
}

const struct table *runtime_table(const struct device *device, UINT32 id)
{
	for (size_t i = 0; i < TABLES; i++)
		if (device->tables[i].id == id && device->tables[i].is_there)
			return &device->tables[i];
	return NULL;
}

bool runtime_open(struct device *device, const struct runtime_driver *driver)
{
	const D3D10DDI_HRTCORELAYER layer = {device};

	device->driver = driver;
	device->handle.pDrvPrivate = runtime_memory(driver->calc_device_size(), GARBAGE);
	if (driver->open_device(layer, on_error, device->handle) != S_OK)
		return false;
	runtime_retrieve(device);
	return true;
}

void runtime_close(struct device *device)
{
	device->driver->close_device(device->handle);
	runtime_memory_is_dead(device->handle.pDrvPrivate);
}
