/* SPDX-License-Identifier: Apache-2.0 */
/* coffer selftest: the link, the key exchange and the ciphers, against known answers. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char usage[] =
	"Usage: coffer selftest [--json] [--serial S] [--root FILE]\n"
	"Tries a board: health, the link with payloads of many sizes, key exchange, AES in counter mode against the vectors of\n"
	"SP 800-38A. Prints a line a check.\n"
	"\n"
	"  --json       for programs: {\"checks\":[{\"name\":\"...\",\"ok\":true}, ...],\"ok\":true}\n"
	"  --serial S   this board\n"
	"  --root FILE  the certificate of the root to trust (PEM); else COFFER_ROOT, else the installed one\n";

struct test {
	struct cli_board board;
	cJSON *checks; /* NULL: lines are printed instead */
};

static int report(struct test *test, const char *what, bool well)
{
	if (test->checks) {
		cJSON *check = cJSON_CreateObject();

		cJSON_AddStringToObject(check, "name", what);
		cJSON_AddBoolToObject(check, "ok", well);
		cJSON_AddItemToArray(test->checks, check);
	} else {
		printf("%-40s %s\n", what, well ? "ok" : "FAILED");
		fflush(stdout);
	}
	return well ? CLI_OK : CLI_FAILED;
}

static int check_health(struct test *test)
{
	struct coffer_status status;
	struct coffer_info info;
	int error = coffer_get_status(test->board.context, NULL, &status);

	if (!error)
		error = coffer_get_info(test->board.context, NULL, &info);
	if (error)
		return cli_fail("status", error);
	return report(test, "health", !status.health && info.flags & COFFER_INFO_READY);
}

static int check_loop(struct test *test)
{
	static const uint32_t sizes[] = {0,   1,   15,   16,   447,  448,   449,   511,
					 512, 513, 1024, 4095, 4096, 65536, 65537, 200000};
	const uint32_t most = 200000;
	uint8_t *sent = malloc(most), *back = malloc(most);
	struct coffer_outcome outcome = {0};
	bool same = sent && back;
	int error = 0;

	if (same)
		error = coffer_random(sent, most);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes) && same && !error; i++) {
		const struct coffer_job_desc job = {.op = COFFER_OP_LOOP, .src = sent, .dst = back, .length = sizes[i]};

		memset(back, 0, most);
		error = coffer_run(test->board.context, &job, NULL, &outcome);
		same = !error && outcome.bytes == sizes[i] && memcmp(sent, back, sizes[i]) == 0;
	}
	free(sent);
	free(back);
	if (error)
		return cli_job_fail("loop", &outcome);
	return report(test, "link: payloads of 0 to 200000 bytes", same);
}

/* SP 800-38A, F.5: counter mode. */
static const char vector_iv[] = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
static const char vector_plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
				   "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const struct vector {
	const char *name, *key, *cipher;
} vectors[] = {
	{"AES-128-CTR, SP 800-38A F.5.1", "2b7e151628aed2a6abf7158809cf4f3c",
	 "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
	 "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
	{"AES-192-CTR, SP 800-38A F.5.3", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	 "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
	 "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
	{"AES-256-CTR, SP 800-38A F.5.5", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
	 "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
};

static int check_vector(struct test *test, const struct vector *vector)
{
	struct coffer_job_desc job = {.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR, .encrypt = 1, .length = 64};
	uint8_t key[32], data[64], expected[64];
	int key_bytes = cli_hex(vector->key, key, sizeof(key));
	struct coffer_outcome outcome = {0};
	coffer_session *session = NULL;
	int code;

	cli_hex(vector_plain, data, sizeof(data));
	cli_hex(vector->cipher, expected, sizeof(expected));
	cli_hex(vector_iv, job.start.iv, sizeof(job.start.iv));
	code = cli_open_session(&test->board, COFFER_USE_CTR | COFFER_USE_ENCRYPT, key, (size_t)key_bytes, &session,
				NULL);
	if (!code) {
		job.slot = coffer_session_slot(session, COFFER_KEY_SESSION);
		job.src = job.dst = data;
		if (coffer_run(test->board.context, &job, NULL, &outcome))
			code = cli_job_fail(vector->name, &outcome);
		else
			code = report(test, vector->name, memcmp(data, expected, sizeof(data)) == 0);
	}
	coffer_session_destroy(&session, NULL);
	return code;
}

static int print_json(struct test *test, int code)
{
	cJSON *top = cJSON_CreateObject();
	char *text;

	cJSON_AddItemReferenceToObject(top, "checks", test->checks);
	cJSON_AddBoolToObject(top, "ok", !code);
	text = cJSON_Print(top);
	if (text)
		puts(text);
	else
		code = cli_fail("selftest", COFFER_E_NO_MEMORY);
	free(text);
	cJSON_Delete(top);
	cJSON_Delete(test->checks);
	return code;
}

static int run(const char *serial, const char *root, bool json)
{
	struct test test = {.checks = json ? cJSON_CreateArray() : NULL};
	int code = cli_open(&test.board, serial);

	if (!code)
		code = check_loop(&test);
	if (!code)
		code = cli_trust(&test.board, root);
	if (!code)
		report(&test, "certificate", true);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors) && !code; i++)
		code = check_vector(&test, &vectors[i]);
	/* At the end: a board that has just been plugged in is ready by now. */
	if (!code)
		code = check_health(&test);
	cli_close(&test.board);
	return test.checks ? print_json(&test, code) : code;
}

int cli_selftest(int argc, char **argv)
{
	enum { SERIAL = 256, ROOT, JSON };
	static const struct option longs[] = {{"serial", required_argument, NULL, SERIAL},
					      {"root", required_argument, NULL, ROOT},
					      {"json", no_argument, NULL, JSON},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	const char *serial = NULL, *root = NULL;
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (option) {
		case SERIAL:
			serial = optarg;
			break;
		case JSON:
			json = true;
			break;
		case ROOT:
			root = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			return cli_bad_option(argv, option);
		}
	}
	if (optind != argc)
		return cli_error(CLI_USAGE, "selftest takes no arguments");
	return run(serial, root, json);
}
