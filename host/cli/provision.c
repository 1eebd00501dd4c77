/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer provision: make a board's identity record, which a flasher writes and no USB request reaches.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>

#include "cli.h"
#include "coffer_flash.h"
#include "files.h"
#include "identity.h"
#include "provision.h"

#define PEM_LIMIT    65536u
#define DEFAULT_DAYS 3650u
#define MAX_DAYS     36500u

static const char usage[] =
	"Usage: coffer provision --device-secret FILE (--root-key KEY --root CERT | --new-root DIR) --out IMG\n"
	"                        [--new-secret] [--serial S] [--virtual] [--days N] [--json]\n"
	"Make the identity record of a board: its keys, wrapped under the device secret, and their certificates.\n"
	"\n"
	"  --device-secret FILE  32 bytes or 64 hex digits; the same file feeds the bitstream\n"
	"  --new-secret          make FILE, which must not exist yet\n"
	"  --root-key KEY        PEM private key of the root, RSA or EC\n"
	"  --root CERT           PEM certificate of the root\n"
	"  --new-root DIR        make a root: DIR/root.key and DIR/root.pem, which must not exist yet\n"
	"  --out IMG             the record; it goes to byte 0x3F0000 of the flash\n"
	"  --serial S            1 to 16 of [0-9A-Za-z-]; default: random\n"
	"  --virtual             the new root is one of virtual boards\n"
	"  --days N              validity of the certificates, default 3650\n"
	"  --json                say what was made as JSON\n";

struct options {
	const char *secret, *root_key, *root, *new_root, *out;
	bool new_secret, json;
	bool written; /* the results: what was made for them stays */
	struct coffer_provisioning in;
};

static int parse_days(const char *text, unsigned int *days)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || n < 1 || n > MAX_DAYS)
		return cli_error(CLI_USAGE, "--days wants a number from 1 to %u, not '%s'", MAX_DAYS, text);
	*days = (unsigned int)n;
	return CLI_OK;
}

static int check_options(const struct options *o)
{
	if (!o->secret || !o->out)
		return cli_error(CLI_USAGE, "provision needs --device-secret and --out");
	if (o->new_root ? o->root_key || o->root : !o->root_key || !o->root)
		return cli_error(CLI_USAGE, "provision needs either --new-root, or --root-key and --root");
	if (o->in.virtual_board && !o->new_root)
		return cli_error(CLI_USAGE, "--virtual goes with --new-root: it is the root that says so");
	if (o->in.serial && !coffer_serial_is_valid(o->in.serial))
		return cli_error(CLI_USAGE, "a serial number is 1 to 16 of [0-9A-Za-z-], not '%s'", o->in.serial);
	return CLI_OK;
}

static int parse(int argc, char **argv, struct options *o)
{
	enum { SECRET = 256, NEW_SECRET, ROOT_KEY, ROOT, NEW_ROOT, OUT, SERIAL, VIRTUAL, DAYS, JSON };
	static const struct option longs[] = {
		{"device-secret", required_argument, NULL, SECRET},
		{"new-secret", no_argument, NULL, NEW_SECRET},
		{"root-key", required_argument, NULL, ROOT_KEY},
		{"root", required_argument, NULL, ROOT},
		{"new-root", required_argument, NULL, NEW_ROOT},
		{"out", required_argument, NULL, OUT},
		{"serial", required_argument, NULL, SERIAL},
		{"virtual", no_argument, NULL, VIRTUAL},
		{"days", required_argument, NULL, DAYS},
		{"json", no_argument, NULL, JSON},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (c) {
		case SECRET:
			o->secret = optarg;
			break;
		case NEW_SECRET:
			o->new_secret = true;
			break;
		case ROOT_KEY:
			o->root_key = optarg;
			break;
		case ROOT:
			o->root = optarg;
			break;
		case NEW_ROOT:
			o->new_root = optarg;
			break;
		case OUT:
			o->out = optarg;
			break;
		case SERIAL:
			o->in.serial = optarg;
			break;
		case JSON:
			o->json = true;
			break;
		case VIRTUAL:
			o->in.virtual_board = true;
			break;
		case DAYS:
			if (parse_days(optarg, &o->in.days))
				return CLI_USAGE;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(cli_finish(CLI_OK));
		default:
			return cli_bad_option(argv, c);
		}
	}
	if (optind != argc)
		return cli_error(CLI_USAGE, "provision takes no argument '%s'", argv[optind]);
	return check_options(o);
}

static int hex_digit(uint8_t c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

static int decode_hex(const uint8_t *text, uint8_t *out, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int new_secret(const char *path, uint8_t secret[COFFER_DEVICE_SECRET_BYTES])
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return cli_error(CLI_FAILED, "%s exists: --new-secret overwrites none", path);
	if (getrandom(secret, COFFER_DEVICE_SECRET_BYTES, 0) != COFFER_DEVICE_SECRET_BYTES ||
	    coffer_file_write(path, 0600, secret, COFFER_DEVICE_SECRET_BYTES))
		return cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	return CLI_OK;
}

static int read_secret(const char *path, uint8_t secret[COFFER_DEVICE_SECRET_BYTES])
{
	const size_t digits = 2 * COFFER_DEVICE_SECRET_BYTES;
	size_t size;
	int ret = CLI_OK;
	uint8_t *data = coffer_file_read(path, digits + 1, &size);

	if (!data && errno != EFBIG)
		return cli_error(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
	if (data && size == digits + 1 && data[digits] == '\n')
		size = digits;
	if (data && size == COFFER_DEVICE_SECRET_BYTES)
		memcpy(secret, data, COFFER_DEVICE_SECRET_BYTES);
	else if (!data || size != digits || decode_hex(data, secret, COFFER_DEVICE_SECRET_BYTES))
		ret = cli_error(CLI_BAD_INPUT, "%s: a device secret is 32 bytes or 64 hex digits", path);
	if (data)
		mbedtls_platform_zeroize(data, digits + 1);
	free(data);
	return ret;
}

struct root_paths {
	char key[PATH_MAX], cert[PATH_MAX];
};

/* Nobody's root is overwritten: boards may have been provisioned under it. */
static int name_root(const char *directory, struct root_paths *paths)
{
	struct stat st;

	if (snprintf(paths->key, PATH_MAX, "%s/root.key", directory) >= PATH_MAX ||
	    snprintf(paths->cert, PATH_MAX, "%s/root.pem", directory) >= PATH_MAX)
		return cli_error(CLI_FAILED, "%s: %s", directory, strerror(ENAMETOOLONG));
	if (lstat(paths->key, &st) == 0 || lstat(paths->cert, &st) == 0)
		return cli_error(CLI_FAILED, "%s holds a root already: --new-root overwrites none", directory);
	return CLI_OK;
}

static int write_root(const char *directory, const struct root_paths *paths, const struct coffer_provisioned *made)
{
	if (mkdir(directory, 0700) && errno != EEXIST)
		return cli_error(CLI_FAILED, "%s: %s", directory, strerror(errno));
	if (coffer_file_write(paths->key, 0600, made->root_key, strlen(made->root_key)))
		return cli_error(CLI_FAILED, "%s: %s", paths->key, strerror(errno));
	if (coffer_file_write(paths->cert, 0644, made->root_cert, strlen(made->root_cert)))
		return cli_error(CLI_FAILED, "%s: %s", paths->cert, strerror(errno));
	return CLI_OK;
}

/* All of it or nothing: a root without a record would be in the way next time. */
static int write_results(const struct options *o, const struct coffer_provisioned *made)
{
	struct root_paths paths;
	int ret = o->new_root ? name_root(o->new_root, &paths) : CLI_OK; /* again: making keys took its time */

	if (ret)
		return ret;
	if (o->new_root)
		ret = write_root(o->new_root, &paths, made);
	if (!ret && coffer_file_write(o->out, 0600, made->record, made->record_size))
		ret = cli_error(CLI_FAILED, "%s: %s", o->out, strerror(errno));
	if (ret && o->new_root) {
		unlink(paths.key);
		unlink(paths.cert);
	}
	return ret;
}

static int say(const struct options *o, const struct coffer_provisioned *made)
{
	cJSON *top = o->json ? cJSON_CreateObject() : NULL;
	char *text;

	if (!o->json) {
		printf("%s: identity of %s, %zu bytes\n", o->out, made->serial, made->record_size);
		return CLI_OK;
	}
	cJSON_AddStringToObject(top, "record", o->out);
	cJSON_AddStringToObject(top, "serial", made->serial);
	cJSON_AddNumberToObject(top, "bytes", (double)made->record_size);
	text = cJSON_Print(top);
	if (text)
		puts(text);
	free(text);
	cJSON_Delete(top);
	return text ? CLI_OK : cli_fail("provision", COFFER_E_NO_MEMORY);
}

static int make(struct options *o)
{
	struct coffer_provisioned made;
	char text[128];
	const char *step;
	int ret = coffer_provision(&o->in, &made, &step);

	if (ret) {
		mbedtls_strerror(ret, text, sizeof(text));
		return cli_error(o->root ? CLI_BAD_INPUT : CLI_FAILED, "%s failed: %s", step, text);
	}
	ret = write_results(o, &made);
	o->written = !ret;
	if (!ret)
		ret = say(o, &made);
	coffer_provisioned_wipe(&made);
	return ret;
}

static int read_pem(const char *path, uint8_t **data, size_t *size)
{
	*data = coffer_file_read(path, PEM_LIMIT, size);
	if (!*data)
		return cli_error(CLI_BAD_INPUT, "%s: %s", path, strerror(errno));
	++*size; /* mbedTLS counts the 0 behind PEM */
	return CLI_OK;
}

int cli_provision(int argc, char **argv)
{
	struct options o = {.in.days = DEFAULT_DAYS};
	uint8_t secret[COFFER_DEVICE_SECRET_BYTES];
	uint8_t *key = NULL, *cert = NULL;
	struct root_paths paths;
	int ret = parse(argc, argv, &o);

	if (!ret && o.new_root)
		ret = name_root(o.new_root, &paths);
	if (ret)
		return ret;
	if (o.root_key && ((ret = read_pem(o.root_key, &key, &o.in.root_key_size)) ||
			   (ret = read_pem(o.root, &cert, &o.in.root_cert_size))))
		goto out;
	o.in.root_key = key;
	o.in.root_cert = cert;
	o.in.device_secret = secret;
	ret = o.new_secret ? new_secret(o.secret, secret) : read_secret(o.secret, secret);
	if (!ret) {
		ret = make(&o);
		if (o.new_secret && !o.written)
			unlink(o.secret);
	}
out:
	mbedtls_platform_zeroize(secret, sizeof(secret));
	if (key)
		mbedtls_platform_zeroize(key, o.in.root_key_size);
	free(key);
	free(cert);
	return ret;
}
