/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and surfaces. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

/* ---- requests that give something back ---- */

static struct control destroy_request(uint8_t request, uint32_t handle)
{
	const struct coffer_handle_arg argument = {.handle = handle};
	struct control control = {
		.type = COFFER_RT_OUT, .request = request, .length = sizeof(argument), .must_run = true};

	memcpy(control.data, &argument, sizeof(argument));
	return control;
}

/* Nobody waits for this one; its end is the end of the task. Lock held. */
static void destroy_later(struct coffer_context *context, uint8_t request, uint32_t handle)
{
	struct coffer_task *task = task_new(context, TASK_CONTROL);

	if (!task)
		return; /* the board frees it when the context is closed */
	task->control = destroy_request(request, handle);
	control_queue(task);
	task_unref(task);
}

static void undo_session(struct coffer_context *context, const struct control *done)
{
	struct coffer_session_created created;

	memcpy(&created, done->data, sizeof(created));
	if (done->got == sizeof(created) && created.result == COFFER_OK)
		destroy_later(context, COFFER_REQ_SESSION_DESTROY, created.session);
}

static void undo_surface(struct coffer_context *context, const struct control *done)
{
	struct coffer_surface_created created;

	memcpy(&created, done->data, sizeof(created));
	if (done->got == sizeof(created) && created.result == COFFER_OK)
		destroy_later(context, COFFER_REQ_SURFACE_DESTROY, created.surface);
}

/* ---- sessions ---- */

int coffer_session_create(coffer_context *context, enum coffer_session_kind kind, const struct timespec *deadline,
			  coffer_session **session)
{
	const struct control request = {
		.type = COFFER_RT_IN,
		.request = COFFER_REQ_SESSION_CREATE,
		.value = (uint16_t)kind,
		.length = sizeof(struct coffer_session_created),
		.undo = undo_session,
	};
	struct coffer_session_created created;
	struct coffer_session *made;
	struct control answer;
	int error;

	if (!context || !session || (unsigned)kind > COFFER_SESSION_ECDH)
		return COFFER_E_INVALID;
	*session = NULL;
	made = calloc(1, sizeof(*made));
	if (!made)
		return COFFER_E_NO_MEMORY;
	error = control_run(context, &request, sizeof(created), deadline, &answer);
	if (!error) {
		memcpy(&created, answer.data, sizeof(created));
		error = control_error(created.result);
	}
	if (error) {
		free(made);
		return error;
	}
	made->context = context;
	made->kind = kind;
	made->slots[COFFER_KEY_SESSION] = created.session;
	made->slots[COFFER_KEY_CONTENT] = created.content;
	made->slots[COFFER_KEY_READBACK] = created.readback;
	context_ref(context);
	atomic_fetch_add(&context->sessions, 1);
	*session = made;
	return 0;
}

int coffer_session_destroy(coffer_session **session, const struct timespec *deadline)
{
	struct coffer_session *gone;
	struct control request;
	int error;

	if (!session || !*session)
		return 0;
	gone = *session;
	*session = NULL;
	request = destroy_request(COFFER_REQ_SESSION_DESTROY, gone->slots[COFFER_KEY_SESSION]);
	error = control_run(gone->context, &request, 0, deadline, NULL);
	if (error == COFFER_E_CALLBACK) {
		*session = gone;
	} else if (error != COFFER_E_FORKED) {
		atomic_fetch_sub(&gone->context->sessions, 1);
		context_unref(gone->context);
		free(gone);
	}
	return error;
}

uint32_t coffer_session_slot(const coffer_session *session, enum coffer_key key)
{
	return (unsigned)key <= COFFER_KEY_READBACK ? session->slots[key] : 0;
}

coffer_context *coffer_session_context(const coffer_session *session)
{
	return session->context;
}

enum coffer_session_kind coffer_session_kind(const coffer_session *session)
{
	return session->kind;
}

/* ---- surfaces ---- */

int coffer_surface_create(coffer_session *session, uint32_t bytes, const struct timespec *deadline,
			  coffer_surface **surface)
{
	struct control request = {
		.type = COFFER_RT_IN,
		.request = COFFER_REQ_SURFACE_CREATE,
		.length = sizeof(struct coffer_surface_created),
		.undo = undo_surface,
	};
	struct coffer_surface_created created;
	struct coffer_surface *made;
	struct control answer;
	uint64_t pages;
	int error;

	if (!session || !surface || !bytes || !session->context->info.page_bytes)
		return COFFER_E_INVALID;
	*surface = NULL;
	pages = ((uint64_t)bytes + session->context->info.page_bytes - 1) / session->context->info.page_bytes;
	if (pages > 255)
		return COFFER_E_NO_MEMORY;
	made = calloc(1, sizeof(*made));
	if (!made)
		return COFFER_E_NO_MEMORY;
	request.value = (uint16_t)(COFFER_HANDLE_INDEX(session->slots[COFFER_KEY_SESSION]) | pages << 8);
	error = control_run(session->context, &request, sizeof(created), deadline, &answer);
	if (!error) {
		memcpy(&created, answer.data, sizeof(created));
		error = control_error(created.result);
	}
	if (error) {
		free(made);
		return error;
	}
	made->context = session->context;
	made->handle = created.surface;
	made->bytes = created.bytes;
	context_ref(made->context);
	*surface = made;
	return 0;
}

int coffer_surface_destroy(coffer_surface **surface, const struct timespec *deadline)
{
	struct coffer_surface *gone;
	struct control request;
	int error;

	if (!surface || !*surface)
		return 0;
	gone = *surface;
	*surface = NULL;
	request = destroy_request(COFFER_REQ_SURFACE_DESTROY, gone->handle);
	error = control_run(gone->context, &request, 0, deadline, NULL);
	if (error == COFFER_E_CALLBACK) {
		*surface = gone;
	} else if (error != COFFER_E_FORKED) {
		context_unref(gone->context);
		free(gone);
	}
	/* The session may have taken it along. */
	return error == COFFER_E_HANDLE ? 0 : error;
}

uint32_t coffer_surface_handle(const coffer_surface *surface)
{
	return surface->handle;
}

uint32_t coffer_surface_bytes(const coffer_surface *surface)
{
	return surface->bytes;
}
