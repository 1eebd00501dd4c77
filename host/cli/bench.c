/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer bench: what the board does in its own time, which neither the load of the machine nor a simulator's speed
 * moves. Every figure comes from cycle stamps that the board puts into its answers.
 */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] =
	"Usage: coffer bench [--json] [--all | --contexts N] [--serial S] [--root FILE]\n"
	"Measures a board, in cycles of its own clock (60 MHz).\n"
	"\n"
	"  --all         more sizes, from 16 bytes to 1 MiB, and the link without a cipher\n"
	"  --contexts N  instead of the rest: N contexts at once, and one of them alone\n"
	"  --json        for programs\n"
	"  --serial S    this board\n"
	"  --root FILE   the certificate of the root to trust (PEM); else COFFER_ROOT, else the installed one\n"
	"\n"
	"  surface/AES/N    jobs of N bytes, decrypted into a protected surface\n"
	"  return/AES/N     jobs of N bytes, encrypted and returned\n"
	"  loop/N           jobs of N bytes, returned as they came\n"
	"  create-session   the request for a protected session, from SETUP to status stage\n"
	"  negotiate/...    a key exchange, from the request to its result\n"
	"  contexts-N/...   jobs of N contexts at once, and for N = 1 as many bytes of one of them\n";

#define QUEUED_BYTES   524288u /* data of one measurement, at least one job and at most: */
#define MOST_JOBS      64u
#define HEADLINE_BYTES BENCH_HEADLINE_BYTES
#define MOST_BYTES     1048576u

struct bench {
	struct cli_board board;
	struct bench_results results;
	bool all;
	uint32_t contexts; /* 0: not asked for */
	uint8_t *data;
	coffer_session *protected_session, *open_session;
	coffer_surface *surface;
	uint32_t surface_bytes;
};

/* ---- results ---- */

void bench_record(struct bench_results *results, const char *name, uint64_t bytes, uint64_t cycles)
{
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "name", name);
	cJSON_AddNumberToObject(result, "bytes", (double)bytes);
	cJSON_AddNumberToObject(result, "cycles", (double)cycles);
	cJSON_AddNumberToObject(result, "bytes_per_cycle", cycles ? (double)bytes / (double)cycles : 0);
	cJSON_AddItemToArray(results->list, result);
	if (results->json)
		return;
	if (bytes)
		printf("%-28s %12llu cycles  %7.4f bytes a cycle\n", name, (unsigned long long)cycles,
		       (double)bytes / (double)cycles);
	else
		printf("%-28s %12llu cycles\n", name, (unsigned long long)cycles);
	fflush(stdout);
}

static int print_json(const struct bench_results *results)
{
	cJSON *top = cJSON_CreateObject();
	char *text;

	cJSON_AddItemReferenceToObject(top, "results", results->list);
	text = cJSON_Print(top);
	if (text)
		puts(text);
	free(text);
	cJSON_Delete(top);
	return text ? CLI_OK : CLI_FAILED;
}

/* ---- job streams ---- */

/* Queues jobs of one size, all at once, and takes the time from the first byte in to the last byte out. */
static int measure(struct bench *bench, const char *name, const struct coffer_job_desc *job)
{
	coffer_task *tasks[MOST_JOBS] = {0};
	uint64_t first = 0, last = 0, bytes = 0;
	uint32_t count = (uint32_t)(QUEUED_BYTES / job->length);
	int code = CLI_OK;

	count = count < 1 ? 1 : count > MOST_JOBS ? MOST_JOBS : count;
	for (uint32_t i = 0; i < count && !code; i++) {
		int error = coffer_submit(bench->board.context, job, NULL, NULL, &tasks[i]);

		if (error)
			code = cli_fail(name, error);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct coffer_outcome outcome;

		if (code)
			coffer_task_cancel(tasks[i]);
		else if (coffer_task_wait(tasks[i], NULL, &outcome))
			code = cli_job_fail(name, &outcome);
		else {
			first = i ? first : outcome.first_cycle;
			last = outcome.last_cycle;
			bytes += outcome.bytes;
		}
		coffer_task_release(&tasks[i]);
	}
	if (!code)
		bench_record(&bench->results, name, bytes, last - first);
	return code;
}

/* The headline's size, or with --all every power of four, up to `most`. */
static int for_sizes(struct bench *bench, const char *prefix, const struct coffer_job_desc *job, uint32_t most)
{
	struct coffer_job_desc sized = *job;
	uint32_t chosen = HEADLINE_BYTES < most ? HEADLINE_BYTES : most;
	char name[48];
	int code = CLI_OK;

	for (uint32_t size = 16; size <= MOST_BYTES && !code; size *= 4) {
		if (size != HEADLINE_BYTES && (!bench->all || size > most))
			continue;
		sized.length = size == HEADLINE_BYTES ? chosen : size;
		snprintf(name, sizeof(name), "%s/%llu", prefix, (unsigned long long)sized.length);
		code = measure(bench, name, &sized);
	}
	return code;
}

static int surface_stream(struct bench *bench, uint32_t key_bytes)
{
	struct coffer_job_desc job = {.op = COFFER_OP_CRYPT, .mode = COFFER_MODE_CTR, .src = bench->data};
	struct coffer_outcome outcome = {0};
	uint8_t wrapped[32];
	char name[24];

	if (coffer_random(wrapped, sizeof(wrapped)))
		return cli_fail("random numbers", COFFER_E_NOT_READY);
	if (coffer_load_key(bench->protected_session, wrapped, key_bytes, key_bytes, COFFER_MODE_CTR,
			    COFFER_CTR_CARRY128, NULL, &outcome))
		return cli_job_fail("content key", &outcome);
	job.slot = coffer_session_slot(bench->protected_session, COFFER_KEY_CONTENT);
	job.dst_surface = coffer_surface_handle(bench->surface);
	snprintf(name, sizeof(name), "surface/aes-%u", key_bytes * 8);
	return for_sizes(bench, name, &job, bench->surface_bytes);
}

static int return_stream(struct bench *bench)
{
	const struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.encrypt = 1,
		.slot = coffer_session_slot(bench->open_session, COFFER_KEY_SESSION),
		.src = bench->data,
		.dst = bench->data,
	};

	return for_sizes(bench, "return/aes-128", &job, MOST_BYTES);
}

static int loop_stream(struct bench *bench)
{
	const struct coffer_job_desc job = {.op = COFFER_OP_LOOP, .src = bench->data, .dst = bench->data};

	return bench->all ? for_sizes(bench, "loop", &job, MOST_BYTES) : CLI_OK;
}

/* ---- sessions ---- */

static int create_session(struct bench *bench)
{
	struct coffer_status status;
	int error =
		coffer_session_create(bench->board.context, COFFER_SESSION_PROTECTED, NULL, &bench->protected_session);

	if (!error)
		error = coffer_get_status(bench->board.context, NULL, &status);
	if (error)
		return cli_fail("create-session", error);
	bench_record(&bench->results, "create-session", 0, status.status_cycle - status.setup_cycle);
	return CLI_OK;
}

static int negotiate(struct bench *bench)
{
	uint8_t key[16], blob[COFFER_BLOB_BYTES];
	struct coffer_outcome outcome;
	int error = coffer_random(key, sizeof(key));

	if (!error)
		error = coffer_seal_session_key(bench->board.key, key, blob);
	explicit_bzero(key, sizeof(key));
	if (!error)
		error = coffer_negotiate(bench->protected_session, blob, sizeof(blob), NULL, &outcome);
	if (error)
		return cli_fail("negotiate/rsaes-oaep", error);
	bench_record(&bench->results, "negotiate/rsaes-oaep", 0, outcome.last_cycle - outcome.first_cycle);
	return CLI_OK;
}

/* As much protected memory as the headline wants, or all there is. */
static int make_surface(struct bench *bench)
{
	const struct coffer_info *info = coffer_info(bench->board.context);
	uint32_t bytes = info->surface_pages * info->page_bytes;
	int error;

	if (bytes > HEADLINE_BYTES)
		bytes = HEADLINE_BYTES;
	error = coffer_surface_create(bench->protected_session, bytes, NULL, &bench->surface);
	if (error)
		return cli_fail("surface", error);
	bench->surface_bytes = bytes;
	return CLI_OK;
}

static int open_session(struct bench *bench)
{
	uint8_t key[16];
	int code = coffer_random(key, sizeof(key));

	if (code)
		return cli_fail("random numbers", code);
	code = cli_open_session(&bench->board, COFFER_USE_CTR | COFFER_USE_ENCRYPT | COFFER_USE_DECRYPT, key,
				sizeof(key), &bench->open_session, NULL);
	explicit_bzero(key, sizeof(key));
	return code;
}

static int run_all(struct bench *bench)
{
	int code = create_session(bench);

	if (!code)
		code = negotiate(bench);
	if (!code)
		code = make_surface(bench);
	if (!code)
		code = surface_stream(bench, 16);
	if (!code)
		code = surface_stream(bench, 32);
	if (!code)
		code = open_session(bench);
	if (!code)
		code = return_stream(bench);
	return code ? code : loop_stream(bench);
}

static int run(struct bench *bench, const char *serial, const char *root)
{
	int code = cli_open(&bench->board, serial);

	bench->results.list = cJSON_CreateArray();
	bench->data = calloc(1, MOST_BYTES);
	if (!code && (!bench->results.list || !bench->data))
		code = cli_fail("bench", COFFER_E_NO_MEMORY);
	if (!code)
		code = cli_trust(&bench->board, root);
	if (!code)
		code = bench->contexts ? bench_contexts(&bench->board, &bench->results, bench->data, bench->contexts)
				       : run_all(bench);
	if (!code && bench->results.json)
		code = print_json(&bench->results);
	coffer_surface_destroy(&bench->surface, NULL);
	coffer_session_destroy(&bench->protected_session, NULL);
	coffer_session_destroy(&bench->open_session, NULL);
	cli_close(&bench->board);
	cJSON_Delete(bench->results.list);
	free(bench->data);
	return code;
}

int cli_bench(int argc, char **argv)
{
	enum { SERIAL = 256, ROOT, JSON, ALL, CONTEXTS };
	static const struct option longs[] = {{"serial", required_argument, NULL, SERIAL},
					      {"root", required_argument, NULL, ROOT},
					      {"json", no_argument, NULL, JSON},
					      {"all", no_argument, NULL, ALL},
					      {"contexts", required_argument, NULL, CONTEXTS},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	const char *serial = NULL, *root = NULL;
	struct bench bench = {0};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (option) {
		case SERIAL:
			serial = optarg;
			break;
		case ROOT:
			root = optarg;
			break;
		case JSON:
			bench.results.json = true;
			break;
		case ALL:
			bench.all = true;
			break;
		case CONTEXTS:
			bench.contexts = strlen(optarg) == 1 && *optarg > '0' ? (uint32_t)(*optarg - '0') : 0;
			if (bench.contexts < 1 || bench.contexts > BENCH_MOST_CONTEXTS)
				return cli_error(CLI_USAGE, "--contexts takes a number from 1 to %u",
						 BENCH_MOST_CONTEXTS);
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			return cli_bad_option(argv, option);
		}
	}
	if (optind != argc)
		return cli_error(CLI_USAGE, "bench takes no arguments");
	if (bench.all && bench.contexts)
		return cli_error(CLI_USAGE, "--all and --contexts do not go together");
	return run(&bench, serial, root);
}
