/* SPDX-License-Identifier: Apache-2.0 */
/* coffer info: what a board is and how it fares. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const char usage[] = "Usage: coffer info [--serial S] [--json]\n"
			    "What a board is and how it fares.\n";

static void add_hex(cJSON *to, const char *name, const uint8_t *bytes, size_t count)
{
	char text[2 * 20 + 1];

	for (size_t i = 0; i < count; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	cJSON_AddStringToObject(to, name, text);
}

static void add_text(cJSON *to, const char *name, const uint8_t *bytes, int most)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*s", most, (const char *)bytes);
	cJSON_AddStringToObject(to, name, text);
}

static cJSON *describe(const struct coffer_info *info, const struct coffer_status *status)
{
	cJSON *top = cJSON_CreateObject();
	char version[16];

	add_text(top, "serial", info->serial, sizeof(info->serial));
	add_text(top, "board", info->board, sizeof(info->board));
	cJSON_AddBoolToObject(top, "virtual", info->flags & COFFER_INFO_VIRTUAL);
	cJSON_AddNumberToObject(top, "protocol", info->protocol);
	cJSON_AddNumberToObject(top, "hardware", info->hardware);
	snprintf(version, sizeof(version), "%u.%u.%u", info->version[0], info->version[1], info->version[2]);
	cJSON_AddStringToObject(top, "firmware", version);
	add_hex(top, "build_id", info->build_id, sizeof(info->build_id));
	cJSON_AddNumberToObject(top, "clock_hz", info->clock_hz);
	cJSON_AddNumberToObject(top, "contexts", info->contexts);
	cJSON_AddNumberToObject(top, "slots_per_context", info->slots_per_context);
	cJSON_AddNumberToObject(top, "surface_bytes", (double)info->surface_pages * info->page_bytes);
	cJSON_AddNumberToObject(top, "negotiate_cycles", info->negotiate_cycles);
	cJSON_AddNumberToObject(top, "ram_free", info->ram_free);
	cJSON_AddBoolToObject(top, "identity", info->flags & COFFER_INFO_IDENTITY);
	cJSON_AddBoolToObject(top, "ready", info->flags & COFFER_INFO_READY);
	cJSON_AddNumberToObject(top, "boot_result", status->boot_result);
	cJSON_AddBoolToObject(top, "entropy_failed", status->health & COFFER_HEALTH_ENTROPY_FAILED);
	cJSON_AddBoolToObject(top, "rsa_fault", status->health & COFFER_HEALTH_RSA_FAULT);
	cJSON_AddNumberToObject(top, "free_slots", status->free_slots);
	cJSON_AddNumberToObject(top, "free_surface_bytes", (double)status->free_pages * info->page_bytes);
	cJSON_AddNumberToObject(top, "now_cycle", (double)status->now_cycle);
	return top;
}

/* The same for people: a line a value. */
static void print_lines(const cJSON *top)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, top)
	{
		if (cJSON_IsString(value))
			printf("%-20s %s\n", value->string, value->valuestring);
		else if (cJSON_IsBool(value))
			printf("%-20s %s\n", value->string, cJSON_IsTrue(value) ? "yes" : "no");
		else
			printf("%-20s %.0f\n", value->string, value->valuedouble);
	}
}

static int show(const char *serial, bool json)
{
	struct cli_board board = {0};
	struct coffer_status status;
	struct coffer_info info;
	int error, code = cli_open(&board, serial);

	if (!code) {
		error = coffer_get_info(board.context, NULL, &info);
		if (!error)
			error = coffer_get_status(board.context, NULL, &status);
		if (error)
			code = cli_fail("info", error);
	}
	if (!code) {
		cJSON *top = describe(&info, &status);
		char *text = json ? cJSON_Print(top) : NULL;

		if (text)
			puts(text);
		else
			print_lines(top);
		free(text);
		cJSON_Delete(top);
	}
	cli_close(&board);
	return code;
}

int cli_info(int argc, char **argv)
{
	enum { SERIAL = 256, JSON };
	static const struct option longs[] = {{"serial", required_argument, NULL, SERIAL},
					      {"json", no_argument, NULL, JSON},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	const char *serial = NULL;
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
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			return cli_bad_option(argv, option);
		}
	}
	if (optind != argc)
		return cli_error(CLI_USAGE, "info takes no arguments");
	return show(serial, json);
}
