/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole small files, for keys, certificates and records.
 */
#ifndef COFFER_FILES_H
#define COFFER_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A malloc'd copy of a file of at most limit bytes, with a 0 byte behind it; NULL with errno set
 * (EFBIG: longer than limit). The caller wipes and frees it. */
uint8_t *coffer_file_read(const char *path, size_t limit, size_t *size);

/* Writes beside path and renames, so that path holds either what it held or all of data. 0, or -1 with errno. */
int coffer_file_write(const char *path, mode_t mode, const void *data, size_t size);

#endif
