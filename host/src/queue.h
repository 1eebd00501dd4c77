/* SPDX-License-Identifier: Apache-2.0 */
/* Between queue.c, which sends jobs and posts transfers, and answer.c, which reads answers. Lock held in all of it. */
#ifndef COFFER_QUEUE_H
#define COFFER_QUEUE_H

#include "internal.h"

/* answer.c: takes what an IN transfer brought; `ended` = by a short packet. */
void answers_take(struct coffer_context *context, const uint8_t *data, uint32_t bytes, bool ended);
/* Bytes that are still to come of the answer under way. */
uint32_t answers_remaining(const struct wire_job *job);

/* queue.c: the job has been answered and is gone. */
void queue_answered(struct coffer_context *context, struct wire_job *job);
/* No further jobs are cut of this task. */
void queue_drop_uncut(struct coffer_task *task);

#endif
