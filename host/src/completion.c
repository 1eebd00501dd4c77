/* SPDX-License-Identifier: Apache-2.0 */
/* Reads completions. They come from outside: everything in them is checked before it is used. */
#include <string.h>

#include "internal.h"

int completion_parse(const uint8_t *raw, size_t bytes, struct coffer_completion *completion)
{
	if (bytes != sizeof(*completion))
		return COFFER_E_PROTOCOL;
	memcpy(completion, raw, sizeof(*completion));
	if (completion->magic != COFFER_COMPLETION_MAGIC || completion->version != COFFER_PROTOCOL_VERSION ||
	    completion->status > COFFER_JOB_WRAPPED_KEY || completion->op > COFFER_OP_REFRESH ||
	    completion->keystream_byte > 15)
		return COFFER_E_PROTOCOL;
	return 0;
}
