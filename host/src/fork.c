/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork. The board zeroizes a context when the last copy of its device file is closed, so a child must not keep the copy
 * that it inherits: it would outlive its parent's death. The list of open device files is the library's one
 * global; the child's handler calls nothing but close(2).
 */
#include <stdlib.h>

#include "internal.h"

static struct {
	pthread_once_t once;
	pthread_mutex_t lock; /* held across fork, and while a device file is being opened */
	int *descriptors;     /* -1 = free */
	size_t size;
	bool installed;
} table = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void prepare(void)
{
	pthread_mutex_lock(&table.lock);
}

static void parent(void)
{
	pthread_mutex_unlock(&table.lock);
}

static void child(void)
{
	for (size_t i = 0; i < table.size; i++) {
		if (table.descriptors[i] >= 0)
			close(table.descriptors[i]);
		table.descriptors[i] = -1;
	}
	pthread_mutex_unlock(&table.lock);
}

static void install(void)
{
	table.installed = pthread_atfork(prepare, parent, child) == 0;
}

void fork_guard_begin(void)
{
	pthread_once(&table.once, install);
	pthread_mutex_lock(&table.lock);
}

void fork_guard_end(void)
{
	pthread_mutex_unlock(&table.lock);
}

bool fork_guard_add(int descriptor)
{
	size_t i = 0;

	if (!table.installed)
		return false;
	while (i < table.size && table.descriptors[i] >= 0)
		i++;
	if (i == table.size) {
		int *grown = realloc(table.descriptors, (i + 8) * sizeof(int));

		if (!grown)
			return false;
		table.descriptors = grown;
		for (table.size += 8; i < table.size; i++)
			grown[i] = -1;
		i = table.size - 8;
	}
	table.descriptors[i] = descriptor;
	return true;
}

/* The last one out frees the list. */
void fork_guard_remove(int descriptor)
{
	bool used = false;

	for (size_t i = 0; i < table.size; i++) {
		if (table.descriptors[i] == descriptor)
			table.descriptors[i] = -1;
		used |= table.descriptors[i] >= 0;
	}
	if (!used) {
		free(table.descriptors);
		table.descriptors = NULL;
		table.size = 0;
	}
}
