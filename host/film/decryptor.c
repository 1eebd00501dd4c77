/* SPDX-License-Identifier: Apache-2.0 */
#include "decryptor.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/aes.h>
#include <libavutil/mem.h>

#include "cut.h"

#define MAX_PIECE (1u << 20)

/* One pass through the board: in the open case the decryption, in the protected case two more tasks. */
struct piece {
	coffer_task *load; /* LOAD_KEY before it, or NULL */
	coffer_task *decrypt;
	coffer_task *readback; /* protected only */
	uint8_t *data;
	uint32_t size;
};

struct decryptor {
	coffer_context *context;
	const struct film_keys *keys;
	struct decryptor_stats stats;
	/* open */
	struct cli_board *board;
	coffer_session **sessions; /* two a key, for CTR and CBC, each made when it is first needed */
	/* protected */
	coffer_session *session;
	bool adopted; /* the session is the caller's */
	coffer_surface *surface;
	const struct film_key *loaded;
	bool loaded_cbc;
	uint8_t (*wrapped)[16]; /* content keys under the session key, one a key */
	struct AVAES *readback_key;
};

/* ---- key exchange ---------------------------------------------------------------------------------- */

static void count_negotiation(struct decryptor *d, const struct coffer_outcome *outcome)
{
	d->stats.negotiations++;
	d->stats.negotiate_cycles = outcome->last_cycle - outcome->first_cycle;
}

static int aes_ecb(const uint8_t key[16], const uint8_t *in, uint8_t *out, bool decrypt)
{
	struct AVAES *aes = av_aes_alloc();

	if (!aes)
		return cli_error(CLI_FAILED, "out of memory");
	av_aes_init(aes, key, 128, decrypt);
	av_aes_crypt(aes, out, in, 1, NULL, decrypt);
	explicit_bzero(aes, (size_t)av_aes_size);
	av_free(aes);
	return CLI_OK;
}

static int wrap_keys(struct decryptor *d, const uint8_t session_key[16])
{
	d->wrapped = calloc(d->keys->count + 1, sizeof(*d->wrapped));
	if (!d->wrapped)
		return cli_error(CLI_FAILED, "out of memory");
	for (size_t i = 0; i < d->keys->count; i++)
		if (aes_ecb(session_key, d->keys->list[i].key, d->wrapped[i], false))
			return CLI_FAILED;
	return CLI_OK;
}

static int make_readback_key(struct decryptor *d, const uint8_t session_key[16])
{
	struct coffer_outcome outcome;
	uint8_t wrapped[16], key[16];
	int error = coffer_new_readback_key(d->session, wrapped, NULL, &outcome);

	if (error)
		return cli_job_fail("read-back key", &outcome);
	d->readback_key = av_aes_alloc();
	if (!d->readback_key || aes_ecb(session_key, wrapped, key, true))
		return cli_error(CLI_FAILED, "out of memory");
	av_aes_init(d->readback_key, key, 128, 0);
	explicit_bzero(key, sizeof(key));
	return CLI_OK;
}

/* As much protected memory as there is, but no more than one piece can use. */
static int make_surface(struct decryptor *d)
{
	struct coffer_status status;
	uint32_t page = coffer_info(d->context)->page_bytes;
	int error = coffer_get_status(d->context, NULL, &status);
	uint32_t bytes = error ? 0 : status.free_pages * page;

	if (!error && !bytes)
		return cli_error(CLI_BUSY, "no surface memory is free");
	if (!error)
		error = coffer_surface_create(d->session, bytes < MAX_PIECE ? bytes : MAX_PIECE, NULL, &d->surface);
	return error ? cli_fail("surface", error) : CLI_OK;
}

static int use_session(struct decryptor *d, const uint8_t session_key[16])
{
	int ret = wrap_keys(d, session_key);

	if (!ret)
		ret = make_readback_key(d, session_key);
	return ret ? ret : make_surface(d);
}

static int open_protected(struct decryptor *d)
{
	uint8_t key[16], blob[COFFER_BLOB_BYTES];
	struct coffer_outcome outcome;
	int ret, error;

	error = coffer_random(key, sizeof(key));
	if (!error)
		error = coffer_seal_session_key(d->board->key, key, blob);
	if (!error)
		error = coffer_session_create(d->context, COFFER_SESSION_PROTECTED, NULL, &d->session);
	if (!error)
		error = coffer_negotiate(d->session, blob, sizeof(blob), NULL, &outcome);
	ret = error ? cli_fail("key exchange", error) : CLI_OK;
	if (!ret) {
		count_negotiation(d, &outcome);
		ret = use_session(d, key);
	}
	explicit_bzero(key, sizeof(key));
	return ret;
}

/* The open session of this key: never one for both modes. */
static int open_session(struct decryptor *d, const struct film_key *key, bool cbc, coffer_session **session)
{
	size_t i = 2 * (size_t)(key - d->keys->list) + cbc;
	struct coffer_outcome outcome;
	int ret;

	if (!d->sessions[i]) {
		ret = cli_open_session(d->board, (cbc ? COFFER_USE_CBC : COFFER_USE_CTR) | COFFER_USE_DECRYPT, key->key,
				       sizeof(key->key), &d->sessions[i], &outcome);
		if (ret)
			return ret;
		count_negotiation(d, &outcome);
	}
	*session = d->sessions[i];
	return CLI_OK;
}

static struct decryptor *new_decryptor(coffer_context *context, const struct film_keys *keys)
{
	struct decryptor *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->context = context;
	d->keys = keys;
	d->sessions = calloc(2 * keys->count + 1, sizeof(*d->sessions));
	if (!d->sessions) {
		free(d);
		return NULL;
	}
	return d;
}

int decryptor_open(struct decryptor **out, struct cli_board *board, const struct film_keys *keys, bool protected)
{
	struct decryptor *d = *out = new_decryptor(board->context, keys);

	if (!d)
		return cli_error(CLI_FAILED, "out of memory");
	d->board = board;
	return protected ? open_protected(d) : CLI_OK;
}

int decryptor_adopt(struct decryptor **out, coffer_session *session, const uint8_t session_key[16],
		    const struct film_keys *keys)
{
	struct decryptor *d = *out = new_decryptor(coffer_session_context(session), keys);

	if (!d)
		return cli_error(CLI_FAILED, "out of memory");
	d->session = session;
	d->adopted = true;
	return use_session(d, session_key);
}

void decryptor_close(struct decryptor **decryptor)
{
	struct decryptor *d = *decryptor;

	if (!d)
		return;
	for (size_t i = 0; d->sessions && i < 2 * d->keys->count; i++)
		coffer_session_destroy(&d->sessions[i], NULL);
	free(d->sessions);
	coffer_surface_destroy(&d->surface, NULL);
	if (!d->adopted)
		coffer_session_destroy(&d->session, NULL);
	free(d->wrapped);
	if (d->readback_key)
		explicit_bzero(d->readback_key, (size_t)av_aes_size);
	av_free(d->readback_key);
	free(d);
	*decryptor = NULL;
}

const struct decryptor_stats *decryptor_stats(const struct decryptor *d)
{
	return &d->stats;
}

/* ---- samples --------------------------------------------------------------------------------------- */

static int submit_load(struct decryptor *d, const struct film_key *key, bool cbc, struct piece *piece)
{
	const struct coffer_job_desc load = {
		.op = COFFER_OP_LOAD_KEY,
		.mode = cbc ? COFFER_MODE_CBC : COFFER_MODE_CTR,
		.counter_rule = cbc ? COFFER_CTR_CARRY128 : COFFER_CTR_WRAP64,
		.slot = coffer_session_slot(d->session, COFFER_KEY_SESSION),
		.target_slot = coffer_session_slot(d->session, COFFER_KEY_CONTENT),
		.key_bytes = 16,
		.src = d->wrapped[key - d->keys->list],
		.length = 16,
	};

	if (d->loaded == key && d->loaded_cbc == cbc)
		return 0;
	d->loaded = key;
	d->loaded_cbc = cbc;
	return coffer_submit(d->context, &load, NULL, NULL, &piece->load);
}

static int submit_readback(struct decryptor *d, struct piece *piece)
{
	const struct coffer_job_desc readback = {
		.op = COFFER_OP_CRYPT,
		.mode = COFFER_MODE_CTR,
		.counter_rule = COFFER_CTR_REFUSE64,
		.encrypt = 1,
		.slot = coffer_session_slot(d->session, COFFER_KEY_READBACK),
		.src_surface = coffer_surface_handle(d->surface),
		.dst = piece->data,
		.length = piece->size,
	};

	return coffer_submit(d->context, &readback, NULL, NULL, &piece->readback);
}

static int submit_piece(struct decryptor *d, coffer_session *session, const struct film_key *key,
			const struct protection *scheme, const struct cut *cut, const struct coffer_pair *pairs,
			struct piece *piece)
{
	bool cbc = scheme_is_cbc(scheme);
	struct coffer_job_desc job = {
		.op = COFFER_OP_CRYPT,
		.mode = cbc ? COFFER_MODE_CBC : COFFER_MODE_CTR,
		.counter_rule = cbc ? COFFER_CTR_CARRY128 : COFFER_CTR_WRAP64,
		.slot = coffer_session_slot(session, d->session ? COFFER_KEY_CONTENT : COFFER_KEY_SESSION),
		.start = cut->start,
		.restart = cut->restart,
		.more = cut->more,
		.src = piece->data,
		.length = piece->size,
		.list = cut->pairs ? pairs : NULL,
		.pairs = cut->pairs,
	};
	int error = 0;

	if (cut->pairs) { /* samples without subsamples know no pattern */
		job.crypt_blocks = scheme->crypt_blocks;
		job.skip_blocks = scheme->skip_blocks;
	}
	if (d->session) {
		job.dst_surface = coffer_surface_handle(d->surface);
		error = submit_load(d, key, cbc, piece);
	} else {
		job.dst = piece->data;
	}
	if (!error)
		error = coffer_submit(d->context, &job, NULL, NULL, &piece->decrypt);
	if (!error && d->session)
		error = submit_readback(d, piece);
	return error;
}

static uint32_t piece_bytes(const struct decryptor *d, uint32_t size)
{
	uint32_t most = d->session ? coffer_surface_bytes(d->surface) : size;

	return size < most ? size : most;
}

int decryptor_start(struct decryptor *d, const struct film_key *key, const struct track *track,
		    const struct sample *sample, uint8_t *data, struct work *work, const char *what)
{
	const struct protection *scheme = &track->protections[sample->protection];
	uint32_t most = piece_bytes(d, sample->size);
	struct coffer_pair *pairs = calloc(sample->pairs + 1, sizeof(*pairs));
	coffer_session *session = d->session;
	struct rest rest;
	int ret = CLI_OK;

	work->pieces = calloc(rest_pieces(sample->size, most), sizeof(*work->pieces));
	if (!pairs || !work->pieces) {
		free(pairs);
		return cli_error(CLI_FAILED, "out of memory");
	}
	rest_begin(&rest, track, sample, data);
	if (!session)
		ret = open_session(d, key, scheme_is_cbc(scheme), &session);
	while (!ret && rest.bytes) {
		struct piece *piece = &work->pieces[work->count++];
		struct cut cut;
		int error;

		rest_cut(&rest, most, &cut, pairs);
		piece->data = data;
		piece->size = cut.bytes;
		error = submit_piece(d, session, key, scheme, &cut, pairs, piece);
		if (error)
			ret = cli_fail(what, error);
		data += piece->size;
	}
	free(pairs);
	return ret;
}

/* The read-back's ciphertext into plaintext: AES-CTR from the IV that the board made; its low half counts. */
static void open_readback(struct decryptor *d, const struct piece *piece, const uint8_t iv[16])
{
	uint8_t counter[16], stream[16];
	uint64_t count = 0;

	memcpy(counter, iv, 16);
	for (int i = 8; i < 16; i++)
		count = count << 8 | iv[i];
	for (uint32_t at = 0; at < piece->size; at += 16, count++) {
		for (int i = 0; i < 8; i++)
			counter[15 - i] = (uint8_t)(count >> 8 * i);
		av_aes_crypt(d->readback_key, stream, counter, 1, NULL, 0);
		for (uint32_t i = 0; i < 16 && at + i < piece->size; i++)
			piece->data[at + i] ^= stream[i];
	}
	explicit_bzero(stream, sizeof(stream));
}

static int finish_task(struct decryptor *d, coffer_task **task, struct coffer_outcome *outcome, const char *what)
{
	if (!*task)
		return CLI_OK;
	if (coffer_task_wait(*task, NULL, outcome))
		return cli_job_fail(what, outcome);
	coffer_task_release(task);
	if (!d->stats.tasks++)
		d->stats.first_cycle = outcome->first_cycle;
	d->stats.last_cycle = outcome->last_cycle;
	return CLI_OK;
}

int decryptor_finish(struct decryptor *d, struct work *work, const char *what)
{
	struct coffer_outcome outcome;
	int ret = CLI_OK;

	for (size_t i = 0; !ret && i < work->count; i++) {
		struct piece *piece = &work->pieces[i];

		ret = finish_task(d, &piece->load, &outcome, what);
		if (!ret)
			ret = finish_task(d, &piece->decrypt, &outcome, what);
		if (!ret && piece->readback) {
			ret = finish_task(d, &piece->readback, &outcome, what);
			if (!ret)
				open_readback(d, piece, outcome.board_iv);
		}
		d->stats.bytes += piece->size;
	}
	work_abandon(work);
	return ret;
}

static void abandon_task(coffer_task **task)
{
	if (!*task)
		return;
	coffer_task_cancel(*task);
	(void)!coffer_task_wait(*task, NULL, NULL);
	coffer_task_release(task);
}

void work_abandon(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		abandon_task(&work->pieces[i].load);
		abandon_task(&work->pieces[i].decrypt);
		abandon_task(&work->pieces[i].readback);
	}
	free(work->pieces);
	*work = (struct work){0};
}
