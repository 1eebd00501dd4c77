/* SPDX-License-Identifier: Apache-2.0 */
/* What a board tells about itself: information, status, certificates. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int coffer_get_info(coffer_context *context, const struct timespec *deadline, struct coffer_info *info)
{
	const struct control request = {.type = COFFER_RT_IN, .request = COFFER_REQ_GET_INFO, .length = sizeof(*info)};
	struct control answer;
	int error;

	if (!context || !info)
		return COFFER_E_INVALID;
	/* Another version may have another size, but tells its number first. */
	error = control_run(context, &request, sizeof(info->protocol), deadline, &answer);
	if (error)
		return error;
	memcpy(info, answer.data, sizeof(*info));
	if (answer.got < sizeof(*info) && info->protocol == COFFER_PROTOCOL_VERSION)
		return COFFER_E_PROTOCOL;
	return 0;
}

int coffer_get_status(coffer_context *context, const struct timespec *deadline, struct coffer_status *status)
{
	const struct control request = {
		.type = COFFER_RT_IN, .request = COFFER_REQ_GET_STATUS, .length = sizeof(*status)};
	struct control answer;
	int error;

	if (!context || !status)
		return COFFER_E_INVALID;
	error = control_run(context, &request, sizeof(*status), deadline, &answer);
	if (!error)
		memcpy(status, answer.data, sizeof(*status));
	return error;
}

int coffer_get_chain(coffer_context *context, enum coffer_chain which, const struct timespec *deadline, uint8_t **der,
		     size_t *bytes)
{
	struct control request = {.type = COFFER_RT_IN, .request = COFFER_REQ_GET_CERTIFICATE};
	uint32_t total;
	uint8_t *chain;

	if (!context || !der || !bytes || (which != COFFER_CHAIN_RSA && which != COFFER_CHAIN_P256))
		return COFFER_E_INVALID;
	*der = NULL;
	*bytes = 0;
	total = context->info.chain_bytes[which];
	if (!total)
		return COFFER_E_NOT_READY;
	if (total > 0x7fff * COFFER_CERTIFICATE_PIECE)
		return COFFER_E_PROTOCOL;
	if (context_check(context, true) == COFFER_E_FORKED)
		return COFFER_E_FORKED;
	chain = malloc(total);
	if (!chain)
		return COFFER_E_NO_MEMORY;
	request.era = control_era(context);
	for (uint32_t at = 0; at < total; at += COFFER_CERTIFICATE_PIECE) {
		uint32_t piece = total - at < COFFER_CERTIFICATE_PIECE ? total - at : COFFER_CERTIFICATE_PIECE;
		struct control answer;
		int error;

		request.value = (uint16_t)(at / COFFER_CERTIFICATE_PIECE | (uint32_t)which << 15);
		request.length = (uint16_t)piece;
		error = control_run(context, &request, (uint16_t)piece, deadline, &answer);
		if (error) {
			free(chain);
			return error;
		}
		memcpy(chain + at, answer.data, piece);
	}
	*der = chain;
	*bytes = total;
	return 0;
}
