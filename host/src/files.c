/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssize_t read_all(int fd, uint8_t *data, size_t room)
{
	size_t size = 0;

	while (size < room) {
		ssize_t n = read(fd, data + size, room - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		size += (size_t)n;
	}
	return (ssize_t)size;
}

uint8_t *coffer_file_read(const char *path, size_t limit, size_t *size)
{
	uint8_t *data = NULL;
	ssize_t n = -1;
	int saved;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	data = malloc(limit + 1);
	if (data)
		n = read_all(fd, data, limit + 1);
	saved = errno;
	close(fd);
	if (n > (ssize_t)limit) {
		explicit_bzero(data, limit + 1);
		saved = EFBIG;
		n = -1;
	}
	if (n < 0) {
		free(data);
		errno = saved;
		return NULL;
	}
	data[n] = 0;
	*size = (size_t)n;
	return data;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int coffer_file_write(const char *path, mode_t mode, const void *data, size_t size)
{
	char *beside;
	int saved;
	int fd;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		saved = errno;
		free(beside);
		errno = saved;
		return -1;
	}
	if (write_all(fd, data, size) || fchmod(fd, mode) || fsync(fd) || rename(beside, path)) {
		saved = errno;
		unlink(beside);
	} else {
		saved = 0;
	}
	close(fd);
	free(beside);
	errno = saved;
	return saved ? -1 : 0;
}
