/* SPDX-License-Identifier: Apache-2.0 */
/* The log callback: one line at a time, nothing where none is set. */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

void coffer_log_write(struct coffer *library, enum coffer_log_level level, const char *format, ...)
{
	struct coffer_log *log = &library->log;
	char line[256];
	va_list arguments;

	if (!log->callback || level > log->level)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	pthread_mutex_lock(&log->lock);
	log->callback(log->arg, level, line);
	pthread_mutex_unlock(&log->lock);
}
