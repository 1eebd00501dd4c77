/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads where they may meet: `races [SEED]`, under coffer-board; built with ThreadSanitizer too (tests/test_applications.py).
 * In one context, with one negotiated session: jobs queued and cancelled, requests, sessions and surfaces made and
 * destroyed, other threads' waits; then the session is destroyed under its queued jobs, and the context closed under calls
 * on its sessions. Beside them the sizes that a driver must tell from any thread, while another device makes and destroys
 * sessions.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "coffer/d3d11ddi.h"
#include "coffer/trust.h"

enum { ROUNDS = 6, QUEUED = 8, BYTES = 4000, ASKERS = 2 };

static coffer *library;
static coffer_context *context;
static coffer_session *session; /* open, negotiated */
static uint8_t plain[BYTES], cipher[BYTES];
static atomic_bool over, closed;
static atomic_uint askers_ready;

static struct coffer_job_desc encryption(uint8_t *to)
{
	return (struct coffer_job_desc){.op = COFFER_OP_CRYPT,
					.mode = COFFER_MODE_CTR,
					.encrypt = 1,
					.slot = coffer_session_slot(session, COFFER_KEY_SESSION),
					.src = plain,
					.dst = to,
					.length = BYTES};
}

/* ---- jobs of the session ---- */

struct job {
	uint8_t *to;
	coffer_task *task;
	atomic_uint called;
	int error;
	enum coffer_job_status status;
};

/* What ended may be freed at once. */
static void job_ended(void *arg, const struct coffer_outcome *outcome)
{
	struct job *job = arg;

	job->error = outcome->error;
	job->status = outcome->status;
	CHECK(outcome->error || !memcmp(job->to, cipher, BYTES));
	free(job->to);
	atomic_fetch_add(&job->called, 1);
}

static void submit(struct job *job)
{
	struct coffer_job_desc desc;

	job->to = malloc(BYTES);
	desc = encryption(job->to);
	CHECK(!coffer_submit(context, &desc, job_ended, job, &job->task));
}

static void wait_until_called(struct job *job)
{
	coffer_task_wait(job->task, NULL, NULL);
	coffer_task_release(&job->task);
	while (!atomic_load(&job->called)) /* the callback comes after the end, and may still run */
		sched_yield();
	CHECK(atomic_load(&job->called) == 1);
}

struct victims {
	struct job *jobs;
	unsigned which; /* bit k: jobs[k] */
};

static void *cancel(void *arg)
{
	struct victims *victims = arg;

	for (int i = 0; i < QUEUED; i++)
		if (victims->which >> i & 1)
			coffer_task_cancel(victims->jobs[i].task);
	return NULL;
}

static void *queue_and_cancel(void *unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct job jobs[QUEUED] = {0};
		struct victims victims = {jobs, (unsigned)random()};
		pthread_t other;

		for (int i = 0; i < QUEUED; i++)
			submit(&jobs[i]);
		CHECK(!pthread_create(&other, NULL, cancel, &victims));
		for (int i = 0; i < QUEUED; i++)
			coffer_task_wait(jobs[i].task, NULL, NULL);
		pthread_join(other, NULL);
		for (int i = 0; i < QUEUED; i++) {
			bool fine;

			wait_until_called(&jobs[i]);
			fine = !jobs[i].error || (victims.which >> i & 1 && jobs[i].error == COFFER_E_CANCELLED);
			if (!fine)
				fprintf(stderr, "job %d, cancelled %#x: %s, status %d\n", i, victims.which,
					coffer_error_name(jobs[i].error), (int)jobs[i].status);
			CHECK(fine);
		}
	}
	return NULL;
}

/* ---- beside them, in the same context ---- */

static void *make_and_destroy(void *unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		coffer_session *other;
		coffer_surface *surface;

		CHECK(!coffer_session_create(context, COFFER_SESSION_PROTECTED, NULL, &other));
		CHECK(!coffer_surface_create(other, 2048, NULL, &surface));
		if (round % 2)
			CHECK(!coffer_surface_destroy(&surface, NULL));
		CHECK(!coffer_session_destroy(&other, NULL));
		CHECK(!coffer_surface_destroy(&surface, NULL));
	}
	return NULL;
}

static void *ask(void *unused)
{
	struct coffer_status status;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		CHECK(!coffer_get_status(context, NULL, &status));
		CHECK(coffer_context_error(context) == 0 && coffer_context_interface(context) >= 0);
	}
	return NULL;
}

static void *run(void *unused)
{
	uint8_t back[BYTES];
	struct coffer_job_desc desc = encryption(back);

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		struct timespec soon = coffer_deadline(round % 3 ? 600000 : 1);
		int error = coffer_run(context, &desc, &soon, NULL);

		CHECK(error == COFFER_E_TIMEOUT || (!error && !memcmp(back, cipher, BYTES)));
	}
	return NULL;
}

/* ---- a driver's sizes, free-threaded, beside a device's own thread ---- */

static D3D11_1DDI_VIDEODEVICEFUNCS table;
static D3D10DDI_HDEVICE device;
static D3D11_1DDIARG_CREATECRYPTOSESSION create;

static void *ask_sizes(void *unused)
{
	const SIZE_T size = table.pfnCalcPrivateCryptoSessionSize(device, &create);

	(void)unused;
	atomic_fetch_add(&askers_ready, 1);
	while (!atomic_load(&over)) {
		CHECK(table.pfnCalcPrivateCryptoSessionSize(device, &create) == size);
		sched_yield();
	}
	return NULL;
}

static void open_device(void)
{
	const COFFER_DDIARG_OPENDEVICE open = {.Size = sizeof(open)};
	D3D11_1DDI_VIDEO_INPUT input = {.p11VideoDeviceFuncs = &table};
	D3D11_1DDI_VIDEO_OUTPUT output;

	create.CryptoType = D3D11_1DDI_CRYPTO_TYPE_AES128_CTR;
	create.KeyExchangeType = D3D11_1DDI_KEY_EXCHANGE_RSAES_OAEP;
	device.pDrvPrivate = malloc(CofferCalcPrivateDeviceSize(&open));
	CHECK(CofferOpenDevice(&open, device) == S_OK);
	CHECK(CofferRetrieveSubObject(device, 2, sizeof(input), &input, sizeof(output), &output) == S_OK);
}

static void *drive(void *unused)
{
	const D3D11_1DDI_HRTCRYPTOSESSION runtime = {NULL};
	D3D11_1DDI_HCRYPTOSESSION handle;

	(void)unused;
	while (atomic_load(&askers_ready) < ASKERS)
		sched_yield();
	for (int round = 0; round < ROUNDS; round++) {
		handle.pDrvPrivate = malloc(table.pfnCalcPrivateCryptoSessionSize(device, &create));
		CHECK(table.pfnCreateCryptoSession(device, &create, handle, runtime) == S_OK);
		table.pfnDestroyCryptoSession(device, handle);
		free(handle.pDrvPrivate);
	}
	return NULL;
}

/* ---- the end of the session, and of the context's work, by another thread ---- */

static void *destroy_session(void *unused)
{
	(void)unused;
	CHECK(!coffer_session_destroy(&session, NULL));
	return NULL;
}

static bool revoked(const struct job *job)
{
	return job->error == COFFER_E_REFUSED &&
	       (job->status == COFFER_JOB_REVOKED || job->status == COFFER_JOB_BAD_HANDLE);
}

/* Jobs with the key are queued, and more than fit to the board at once: each ends once, with the bytes or as refused. */
static void destroyed_under_its_jobs(void)
{
	struct job jobs[3 * QUEUED] = {0};
	unsigned refused = 0;
	pthread_t thread;

	for (int i = 0; i < 3 * QUEUED; i++)
		submit(&jobs[i]);
	coffer_task_wait(jobs[0].task, NULL, NULL);
	CHECK(!pthread_create(&thread, NULL, destroy_session, NULL));
	for (int i = 0; i < 3 * QUEUED; i++) {
		wait_until_called(&jobs[i]);
		CHECK(!jobs[i].error || revoked(&jobs[i]));
		refused += revoked(&jobs[i]);
	}
	pthread_join(thread, NULL);
	CHECK(refused);
}

static void *wait_for_job(void *arg)
{
	struct coffer_job_desc desc = {.op = COFFER_OP_LOOP, .src = plain, .length = BYTES};
	int *error = arg;

	while (!*error)
		*error = coffer_run(context, &desc, NULL, NULL);
	return NULL;
}

static void cancelled_by_another_thread(void)
{
	int errors[2] = {0};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		CHECK(!pthread_create(&threads[i], NULL, wait_for_job, &errors[i]));
	for (int i = 0; i < 2; i++)
		while (pthread_tryjoin_np(threads[i], NULL)) {
			coffer_cancel(context);
			sched_yield();
		}
	CHECK(errors[0] == COFFER_E_CANCELLED && errors[1] == COFFER_E_CANCELLED);
}

/* Objects outlive their context: calls on them may be under way when another thread closes it. */
static void *use_session(void *arg)
{
	coffer_session *mine = arg;
	coffer_surface *surface;
	int error;

	do {
		error = coffer_surface_create(mine, 2048, NULL, &surface);
		CHECK(!error || error == COFFER_E_CANCELLED || error == COFFER_E_LOST);
		coffer_surface_destroy(&surface, NULL);
	} while (!atomic_load(&closed));
	CHECK(error == COFFER_E_LOST || coffer_surface_create(mine, 1, NULL, &surface) == COFFER_E_LOST);
	CHECK(coffer_session_destroy(&mine, NULL) == COFFER_E_LOST);
	return NULL;
}

static void closed_under_its_sessions(void)
{
	coffer_session *sessions[2];
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		CHECK(!coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &sessions[i]));
		CHECK(!pthread_create(&threads[i], NULL, use_session, sessions[i]));
	}
	coffer_close(&context);
	atomic_store(&closed, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void set_up(void)
{
	const uint8_t key[16] = {1, 2, 3};
	struct coffer_job_desc desc;
	uint8_t blob[COFFER_BLOB_BYTES];
	coffer_public_key *board;
	coffer_roots *roots;

	for (int i = 0; i < BYTES; i++)
		plain[i] = (uint8_t)random();
	CHECK(!coffer_init(&library, NULL));
	CHECK(!coffer_open(library, NULL, -1, NULL, &context));
	CHECK(!coffer_roots_load(&roots, NULL, NULL));
	CHECK(!coffer_trust_board(context, roots, COFFER_CHAIN_RSA, NULL, &board, NULL));
	CHECK(!coffer_seal_open_key(board, COFFER_USE_CTR | COFFER_USE_ENCRYPT, 0, key, sizeof(key), blob));
	CHECK(!coffer_session_create(context, COFFER_SESSION_OPEN, NULL, &session));
	CHECK(!coffer_negotiate(session, blob, sizeof(blob), NULL, NULL));
	coffer_public_key_free(&board);
	coffer_roots_free(&roots);
	desc = encryption(cipher);
	CHECK(!coffer_run(context, &desc, NULL, NULL));
	open_device();
}

int main(int argc, char **argv)
{
	void *(*const works[])(void *) = {ask_sizes, ask_sizes, drive, queue_and_cancel, make_and_destroy, ask, run};
	enum { WORKS = sizeof(works) / sizeof(*works) };
	pthread_t threads[WORKS];

	seed_random(argc > 1 ? argv[1] : NULL);
	set_up();
	for (int i = 0; i < WORKS; i++)
		CHECK(!pthread_create(&threads[i], NULL, works[i], NULL));
	for (int i = ASKERS; i < WORKS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&over, true);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	destroyed_under_its_jobs();
	cancelled_by_another_thread();
	closed_under_its_sessions();
	CofferCloseDevice(device);
	free(device.pDrvPrivate);
	coffer_exit(&library);
	return 0;
}
