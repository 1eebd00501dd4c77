/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stand-in for the Direct3D runtime: opens devices of a driver, negotiates the table's version, owns the memory of all
 * objects, and watches each call. What it sees at any time it holds against the standing rules (rules_standing.c).
 */
#ifndef COFFER_TESTS_RUNTIME_H
#define COFFER_TESTS_RUNTIME_H

#include <stdatomic.h>
#include <stdint.h>

#include "driver.h"

#define GARBAGE    0xA5
#define MOST_SLOTS (sizeof(D3DWDDM2_4DDI_VIDEODEVICEFUNCS) / sizeof(void *))
#define SPARE      16u /* slots behind the largest table that nobody may write */
#define TABLES     5u

/* One sub-device's table as the driver left it, and what was in it before. */
struct table {
	UINT32 id;
	size_t slots;
	bool is_there; /* RetrieveSubObject gave S_OK */
	void *slot[MOST_SLOTS + SPARE];
};
extern void *const poison;

struct device {
	const struct runtime_driver *driver;
	D3D10DDI_HDEVICE handle;
	struct table tables[TABLES];      /* from the latest version to 11.1's */
	D3DWDDM2_4DDI_VIDEODEVICEFUNCS f; /* the latest one's slots; NULL behind its end */
	UINT32 id;                        /* the latest one's sub-device */
	atomic_uint reports;              /* calls of pfnSetErrorCb */
	bool is_lost;
};

/* Memory of an object, with guards around it and `fill` in it. Never used twice. */
void *runtime_memory(SIZE_T bytes, uint8_t fill);
/* Its object has been destroyed: nobody writes to it any more. */
void runtime_memory_is_dead(void *memory);

/* false: the driver does not open. */
bool runtime_open(struct device *device, const struct runtime_driver *driver);
void runtime_close(struct device *device);
/* Asks for 7, 6, 5, 3, 2 in turn, as Windows does; fills in all of the tables, and chooses the latest. */
void runtime_retrieve(struct device *device);
const struct table *runtime_table(const struct device *device, UINT32 id);
/* One table, of that id, with these sizes; the slots are poisoned first. */
HRESULT runtime_retrieve_one(struct device *device, UINT32 id, SIZE_T in, SIZE_T out, struct table *table);

/* Calls of the table's entries, watched: ASK where there is a result, TELL where there is none. */
#define ASK(d, entry, ...) runtime_left(d, (runtime_entered(d, #entry, true), (d)->f.entry((d)->handle, __VA_ARGS__)))
#define TELL(d, entry, ...)                                                                                            \
	(runtime_entered(d, #entry, false), (d)->f.entry((d)->handle, __VA_ARGS__), (void)runtime_left(d, S_OK))
void runtime_entered(struct device *device, const char *entry, bool has_result);
HRESULT runtime_left(struct device *device, HRESULT result);
/* How often a destroyed object's memory was found written to. */
extern unsigned int runtime_dead_writes;
/* pfnSetErrorCb, for mutants. */
void runtime_report(struct device *device, HRESULT result);
/* Guards and dead memory, which each call looks at, too. */
void runtime_check_memory(void);

/* The standing rules' trouble: the first of each rule is kept. */
void violated(const char *rule, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "E_INVALIDARG"; the number of others, valid until the next call. */
const char *name_of(HRESULT result);

#endif
