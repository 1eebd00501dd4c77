/* SPDX-License-Identifier: Apache-2.0 */
/* The library object. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#ifndef COFFER_VERSION
#error "COFFER_VERSION comes from the Makefile"
#endif

const char *coffer_version(void)
{
	return COFFER_VERSION;
}

static bool options_are_valid(const struct coffer_options *options)
{
	return options->size == sizeof(*options) && options->job_bytes % 16 == 0 && options->job_bytes <= 1048576 &&
	       options->jobs_in_flight <= 64 && options->log_level <= COFFER_LOG_DEBUG;
}

int coffer_init(coffer **library, const struct coffer_options *options)
{
	struct coffer *made;

	if (!library)
		return COFFER_E_INVALID;
	*library = NULL;
	if (options && !options_are_valid(options))
		return COFFER_E_INVALID;
	made = calloc(1, sizeof(*made));
	if (!made)
		return COFFER_E_NO_MEMORY;
	if (pthread_mutex_init(&made->log.lock, NULL)) {
		free(made);
		return COFFER_E_NO_MEMORY;
	}
	if (pthread_mutex_init(&made->lock, NULL)) {
		pthread_mutex_destroy(&made->log.lock);
		free(made);
		return COFFER_E_NO_MEMORY;
	}
	TAILQ_INIT(&made->calls);
	made->pid = getpid();
	made->references = 1;
	made->log.level = COFFER_LOG_ERROR;
	made->job_bytes = 65536;
	made->jobs_in_flight = 8;
	if (options) {
		made->log.callback = options->log;
		made->log.arg = options->log_arg;
		if (options->log_level)
			made->log.level = options->log_level;
		if (options->job_bytes)
			made->job_bytes = options->job_bytes;
		if (options->jobs_in_flight)
			made->jobs_in_flight = options->jobs_in_flight;
	}
	*library = made;
	return 0;
}

void coffer_unref(struct coffer *library)
{
	if (atomic_fetch_sub(&library->references, 1) != 1)
		return;
	pthread_mutex_destroy(&library->lock);
	pthread_mutex_destroy(&library->log.lock);
	free(library);
}

void coffer_exit(coffer **library)
{
	if (!library || !*library)
		return;
	coffer_unref(*library);
	*library = NULL;
}

void coffer_free(void *memory)
{
	free(memory);
}

struct timespec coffer_deadline(int64_t milliseconds)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	if (milliseconds < 0) /* passed already */
		return when;
	when.tv_sec += milliseconds / 1000;
	when.tv_nsec += milliseconds % 1000 * 1000000;
	if (when.tv_nsec >= 1000000000) {
		when.tv_nsec -= 1000000000;
		when.tv_sec++;
	}
	return when;
}
