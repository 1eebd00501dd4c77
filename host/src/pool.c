/* SPDX-License-Identifier: Apache-2.0 */
/* See pool.h. Contexts are added and taken away by whoever has `turn`; `lock` guards the list for those who only look. */
#include "coffer/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct member {
	TAILQ_ENTRY(member) link;
	coffer_context *context;
};
TAILQ_HEAD(member_list, member);

struct coffer_pool {
	coffer *library;
	char **boards; /* NULL: all */
	size_t board_count;
	pthread_mutex_t turn; /* held while a session is made */
	pthread_mutex_t lock;
	struct member_list members;
};

/* ---- life ---- */

static int copy_names(struct coffer_pool *pool, const char *const *boards, size_t count)
{
	if (!count)
		return 0;
	pool->boards = calloc(count, sizeof(*pool->boards));
	if (!pool->boards)
		return COFFER_E_NO_MEMORY;
	for (; pool->board_count < count; pool->board_count++) {
		pool->boards[pool->board_count] = strdup(boards[pool->board_count]);
		if (!pool->boards[pool->board_count])
			return COFFER_E_NO_MEMORY;
	}
	return 0;
}

static void free_names(struct coffer_pool *pool)
{
	for (size_t i = 0; i < pool->board_count; i++)
		free(pool->boards[i]);
	free(pool->boards);
}

int coffer_pool_create(coffer *library, const char *const *boards, size_t count, coffer_pool **pool)
{
	struct coffer_pool *made;
	int error;

	if (!library || !pool || !boards != !count)
		return COFFER_E_INVALID;
	*pool = NULL;
	for (size_t i = 0; i < count; i++)
		if (!boards[i])
			return COFFER_E_INVALID;
	if (library->pid != getpid())
		return COFFER_E_FORKED;
	made = calloc(1, sizeof(*made));
	if (!made)
		return COFFER_E_NO_MEMORY;
	made->library = library;
	TAILQ_INIT(&made->members);
	error = copy_names(made, boards, count);
	if (!error && pthread_mutex_init(&made->turn, NULL))
		error = COFFER_E_NO_MEMORY;
	else if (!error && pthread_mutex_init(&made->lock, NULL)) {
		pthread_mutex_destroy(&made->turn);
		error = COFFER_E_NO_MEMORY;
	}
	if (error) {
		free_names(made);
		free(made);
		return error;
	}
	*pool = made;
	return 0;
}

static void close_member(struct coffer_pool *pool, struct member *member)
{
	pthread_mutex_lock(&pool->lock);
	TAILQ_REMOVE(&pool->members, member, link);
	pthread_mutex_unlock(&pool->lock);
	coffer_close(&member->context);
	free(member);
}

static bool in_callback(struct coffer_pool *pool)
{
	const struct member *member;
	bool found = false;

	pthread_mutex_lock(&pool->lock);
	TAILQ_FOREACH(member, &pool->members, link)
		found |= context_check(member->context, true) == COFFER_E_CALLBACK;
	pthread_mutex_unlock(&pool->lock);
	return found;
}

void coffer_pool_destroy(coffer_pool **pool)
{
	struct coffer_pool *gone;
	struct member *member;

	if (!pool || !*pool)
		return;
	gone = *pool;
	if (gone->library->pid == getpid() && in_callback(gone))
		return;
	*pool = NULL;
	if (gone->library->pid != getpid())
		return; /* as coffer_close: in a child it stays as it is */
	while ((member = TAILQ_FIRST(&gone->members)))
		close_member(gone, member);
	pthread_mutex_destroy(&gone->lock);
	pthread_mutex_destroy(&gone->turn);
	free_names(gone);
	free(gone);
}

/* ---- load ---- */

static bool is_on(const struct member *member, const struct coffer_device *device)
{
	return member->context->bus == device->bus && member->context->address == device->address;
}

static uint32_t jobs_of(coffer_context *context)
{
	const struct coffer_task *task;
	const struct wire_job *job;
	uint32_t count = 0;

	pthread_mutex_lock(&context->lock);
	TAILQ_FOREACH(task, &context->jobs, link)
		count++;
	TAILQ_FOREACH(job, &context->ready, link)
		count++;
	TAILQ_FOREACH(job, &context->in_flight, link)
		count++;
	pthread_mutex_unlock(&context->lock);
	return count;
}

/* Lock held. */
static void weigh(const struct coffer_pool *pool, struct coffer_pool_load *load)
{
	unsigned open = load->device.contexts - load->device.free_contexts;
	const struct member *member;

	TAILQ_FOREACH(member, &pool->members, link) {
		if (!is_on(member, &load->device) || coffer_context_error(member->context))
			continue;
		load->contexts++;
		load->sessions += atomic_load(&member->context->sessions);
		load->jobs += jobs_of(member->context);
	}
	load->others = (uint8_t)(open > load->contexts ? open - load->contexts : 0);
	load->load = load->sessions + load->others;
}

static bool belongs(const struct coffer_pool *pool, const struct coffer_device *device)
{
	char address[8];

	snprintf(address, sizeof(address), "%u:%u", device->bus, device->address);
	for (size_t i = 0; i < pool->board_count; i++)
		if (!strcmp(pool->boards[i], device->serial) || !strcmp(pool->boards[i], address))
			return true;
	return !pool->boards;
}

int coffer_pool_loads(coffer_pool *pool, const struct timespec *deadline, struct coffer_pool_load **list, size_t *count)
{
	struct coffer_device *devices;
	size_t total;
	int error;

	if (!pool || !list || !count)
		return COFFER_E_INVALID;
	*list = NULL;
	*count = 0;
	error = coffer_list(pool->library, deadline, &devices, &total);
	if (error || !total)
		return error;
	*list = calloc(total, sizeof(**list));
	if (!*list)
		error = COFFER_E_NO_MEMORY;
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; !error && i < total; i++) {
		if (!belongs(pool, &devices[i]))
			continue;
		(*list)[*count].device = devices[i];
		weigh(pool, &(*list)[(*count)++]);
	}
	pthread_mutex_unlock(&pool->lock);
	free(devices);
	if (!*count) {
		free(*list);
		*list = NULL;
	}
	return error;
}

/* ---- sessions: all of it in one's turn ---- */

/* Contexts that hold nothing of anybody's, lost ones among them. */
static void close_idle(struct coffer_pool *pool)
{
	struct member *member, *next;

	for (member = TAILQ_FIRST(&pool->members); member; member = next) {
		next = TAILQ_NEXT(member, link);
		if (!atomic_load(&member->context->sessions) && !jobs_of(member->context))
			close_member(pool, member);
	}
}

/* May another context, or another board, do what this one could not? */
static bool elsewhere(int error)
{
	switch (error) {
	case COFFER_E_NO_BOARD:
	case COFFER_E_ACCESS:
	case COFFER_E_BUSY:
	case COFFER_E_REMOVED:
	case COFFER_E_LOST:
	case COFFER_E_PROTOCOL:
	case COFFER_E_VERSION:
	case COFFER_E_NO_SLOT:
	case COFFER_E_NOT_READY:
	case COFFER_E_IO:
		return true;
	default:
		return false;
	}
}

static int open_another(struct coffer_pool *pool, const struct coffer_device *device, const struct timespec *deadline,
			struct member **opened)
{
	struct member *member = calloc(1, sizeof(*member));
	char address[8];
	int error;

	if (!member)
		return COFFER_E_NO_MEMORY;
	snprintf(address, sizeof(address), "%u:%u", device->bus, device->address);
	error = coffer_open(pool->library, address, -1, deadline, &member->context);
	if (error) {
		free(member);
		return error;
	}
	pthread_mutex_lock(&pool->lock);
	TAILQ_INSERT_TAIL(&pool->members, member, link);
	pthread_mutex_unlock(&pool->lock);
	*opened = member;
	return 0;
}

/* In the contexts that are open there, or in a further one. */
static int session_on(struct coffer_pool *pool, const struct coffer_device *device, enum coffer_session_kind kind,
		      const struct timespec *deadline, coffer_session **session)
{
	struct member *member;
	int error;

	TAILQ_FOREACH(member, &pool->members, link) {
		if (!is_on(member, device) || coffer_context_error(member->context))
			continue;
		error = coffer_session_create(member->context, kind, deadline, session);
		if (error != COFFER_E_NO_SLOT)
			return error;
	}
	error = open_another(pool, device, deadline, &member);
	return error ? error : coffer_session_create(member->context, kind, deadline, session);
}

static size_t lightest(const struct coffer_pool_load *list, size_t count)
{
	size_t least = 0;

	for (size_t i = 1; i < count; i++)
		if (list[i].load < list[least].load ||
		    (list[i].load == list[least].load && list[i].jobs < list[least].jobs))
			least = i;
	return least;
}

static int make_session(struct coffer_pool *pool, enum coffer_session_kind kind, const struct timespec *deadline,
			coffer_session **session)
{
	struct coffer_pool_load *list;
	size_t left;
	int error = coffer_pool_loads(pool, deadline, &list, &left), told = COFFER_E_NO_BOARD;

	for (size_t tried = 0; !error && left; tried++) {
		size_t board = lightest(list, left);

		error = session_on(pool, &list[board].device, kind, deadline, session);
		if (!error || !elsewhere(error))
			break;
		told = tried ? told : error;
		error = 0;
		left--;
		memmove(&list[board], &list[board + 1], (left - board) * sizeof(*list));
	}
	free(list);
	return error || *session ? error : told;
}

int coffer_pool_session(coffer_pool *pool, enum coffer_session_kind kind, const struct timespec *deadline,
			coffer_session **session)
{
	int error;

	if (!pool || !session || ((unsigned)kind > COFFER_SESSION_OPEN_WRAP && kind != COFFER_SESSION_ECDH))
		return COFFER_E_INVALID;
	*session = NULL;
	if (pool->library->pid != getpid())
		return COFFER_E_FORKED;
	if (in_callback(pool))
		return COFFER_E_CALLBACK;
	if (deadline ? pthread_mutex_clocklock(&pool->turn, CLOCK_MONOTONIC, deadline)
		     : pthread_mutex_lock(&pool->turn))
		return COFFER_E_TIMEOUT;
	error = make_session(pool, kind, deadline, session);
	close_idle(pool);
	pthread_mutex_unlock(&pool->turn);
	return error;
}
