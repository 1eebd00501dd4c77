/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define LINE_ROOM 256

void film_kid_text(const uint8_t kid[16], char text[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", kid[i]);
}

const struct film_key *film_keys_find(const struct film_keys *keys, const uint8_t kid[16])
{
	for (size_t i = 0; i < keys->count; i++)
		if (!memcmp(keys->list[i].kid, kid, 16))
			return &keys->list[i];
	return NULL;
}

static bool parse(const char *text, struct film_key *out)
{
	char kid[64];
	size_t length = 0;
	const char *colon = strchr(text, ':');

	for (; colon && text < colon && length < sizeof(kid) - 1; text++)
		if (*text != '-') /* of a UUID */
			kid[length++] = *text;
	kid[length] = 0;
	return colon && text == colon && length == 32 && strlen(colon + 1) == 32 && cli_hex(kid, out->kid, 16) == 16 &&
	       cli_hex(colon + 1, out->key, 16) == 16;
}

int film_keys_add(struct film_keys *keys, const char *text)
{
	struct film_key key, *more;
	int ret = CLI_OK;

	if (!parse(text, &key))
		return cli_error(CLI_USAGE, "a key is KID:KEY, each of 32 hexadecimal digits");
	if (film_keys_find(keys, key.kid)) {
		ret = cli_error(CLI_USAGE, "two keys for one id");
		goto out;
	}
	more = malloc((keys->count + 1) * sizeof(*more)); /* not realloc, which leaves keys behind */
	if (!more) {
		ret = cli_error(CLI_FAILED, "out of memory");
		goto out;
	}
	if (keys->count)
		memcpy(more, keys->list, keys->count * sizeof(*more));
	more[keys->count] = key;
	if (keys->count)
		explicit_bzero(keys->list, keys->count * sizeof(*more));
	free(keys->list);
	keys->list = more;
	keys->count++;
out:
	explicit_bzero(&key, sizeof(key));
	return ret;
}

int film_keys_read(struct film_keys *keys, const char *path)
{
	char line[LINE_ROOM], buffer[BUFSIZ];
	int ret = CLI_OK;
	FILE *file = fopen(path, "re");

	if (!file)
		return cli_error(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
	setvbuf(file, buffer, _IOFBF, sizeof(buffer)); /* ours to wipe */
	while (!ret && fgets(line, sizeof(line), file)) {
		char *text = line;

		text[strcspn(text, "\r\n")] = 0;
		while (isspace((unsigned char)*text))
			text++;
		if (*text && *text != '#')
			ret = film_keys_add(keys, text);
	}
	if (ret)
		cli_error(ret, "%s: this line is wrong", path);
	fclose(file);
	explicit_bzero(line, sizeof(line));
	explicit_bzero(buffer, sizeof(buffer));
	return ret;
}

void film_keys_free(struct film_keys *keys)
{
	if (keys->count)
		explicit_bzero(keys->list, keys->count * sizeof(*keys->list));
	free(keys->list);
	*keys = (struct film_keys){0};
}
