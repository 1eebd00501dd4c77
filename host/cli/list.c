/* SPDX-License-Identifier: Apache-2.0 */
/* coffer list: the boards that are attached, none of them claimed. */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const char usage[] =
	"Usage: coffer list [--json]\n"
	"The boards that are attached: serial number, place, contexts. No board is claimed.\n"
	"Ends with 3 where there is none, 4 where none may be opened by this user, 5 where every context is in use.\n";

static void print_board(const struct coffer_device *device)
{
	if (device->denied)
		printf("%-16s  %03u:%03u  no permission\n", "?", device->bus, device->address);
	else
		printf("%-16s  %03u:%03u  %u of %u contexts free%s\n", device->serial, device->bus, device->address,
		       device->free_contexts, device->contexts, device->high_speed ? "" : "  (full speed: unusable)");
}

static void print_json(const struct coffer_device *list, size_t count)
{
	cJSON *top = cJSON_CreateObject();
	cJSON *boards = cJSON_AddArrayToObject(top, "boards");
	char *text;

	for (size_t i = 0; i < count; i++) {
		cJSON *board = cJSON_CreateObject();

		cJSON_AddNumberToObject(board, "bus", list[i].bus);
		cJSON_AddNumberToObject(board, "address", list[i].address);
		cJSON_AddBoolToObject(board, "permission", !list[i].denied);
		cJSON_AddBoolToObject(board, "high_speed", list[i].high_speed);
		if (!list[i].denied) {
			cJSON_AddStringToObject(board, "serial", list[i].serial);
			cJSON_AddStringToObject(board, "product", list[i].product);
			cJSON_AddNumberToObject(board, "contexts", list[i].contexts);
			cJSON_AddNumberToObject(board, "free_contexts", list[i].free_contexts);
		}
		cJSON_AddItemToArray(boards, board);
	}
	text = cJSON_Print(top);
	if (text)
		puts(text);
	free(text);
	cJSON_Delete(top);
}

/* The best that any of the boards allows. */
static int verdict(const struct coffer_device *list, size_t count)
{
	int code = CLI_NO_BOARD;

	for (size_t i = 0; i < count; i++) {
		if (list[i].denied)
			code = code == CLI_NO_BOARD ? CLI_NO_PERMISSION : code;
		else if (!list[i].free_contexts)
			code = CLI_BUSY;
		else
			return CLI_OK;
	}
	return code;
}

static int list_boards(bool json)
{
	struct coffer_device *list;
	coffer *library;
	size_t count;
	int code, error = coffer_init(&library, NULL);

	if (error)
		return cli_fail("libcoffer", error);
	error = coffer_list(library, NULL, &list, &count);
	if (error) {
		code = cli_fail("list", error);
	} else {
		if (json)
			print_json(list, count);
		else
			for (size_t i = 0; i < count; i++)
				print_board(&list[i]);
		code = verdict(list, count);
		if (code == CLI_NO_BOARD)
			cli_error(CLI_NO_BOARD, "no board found");
		coffer_free(list);
	}
	coffer_exit(&library);
	return code;
}

int cli_list(int argc, char **argv)
{
	enum { JSON = 256 };
	static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {0}};
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		switch (option) {
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
		return cli_error(CLI_USAGE, "list takes no arguments");
	return list_boards(json);
}
