/* SPDX-License-Identifier: Apache-2.0 */
#include "negotiate.h"

#include <string.h>

#include "board.h"
#include "exchange.h"
#include "oaep.h"
#include "rsa.h"

/* The longest ever measured on the full board's CPU, 1,552,594 cycles with 1,262,495 for the private operation (build/tests/pke
 * has what it takes today), and some for endpoint 0's interrupts; the small board's CPU takes four cycles an instruction, which the hashes feel. */
#define NEGOTIATE_CYCLES       1700000u
#define NEGOTIATE_CYCLES_SMALL 2400000u
#define SMALL_CONTEXTS         2u
/* What the interrupts made it miss, it makes up for in steps of this. */
#define LATER_CYCLES 100000u
/* The key goes into its slot this long before the release, so that the answer never waits for the vault. */
#define INSTALL_CYCLES 4000u

enum state { IDLE, WAITING, RUNNING, ANSWERED };

/* The one negotiation of a context. Shared with the interrupt. */
static struct entry {
	uint8_t state;
	uint8_t epoch, kind, result;
	uint32_t handle;
	uint32_t turn; /* order of arrival */
	uint64_t start, granted, release;
} entries[BOARD_CONTEXTS_MAX];
static uint32_t turns;
static volatile bool booted;

/* Of each, what waits: its blob or hello; an exchange's reply, once it is answered. */
BOARD_LATE static uint8_t blobs[BOARD_CONTEXTS_MAX][COFFER_BLOB_BYTES];

/* The one that runs. Main loop only, but for aborted. */
enum phase { NOTHING, DECRYPTING, HOLDING, EXCHANGING };
BOARD_LATE static struct {
	enum phase phase;
	uint8_t ctx;
	volatile bool aborted;
	bool good;
	struct entry of; /* as it was granted */
	union {
		struct {
			_Alignas(4) uint8_t c[COFFER_BLOB_BYTES];
			_Alignas(4) uint8_t m[COFFER_BLOB_BYTES];
			struct oaep_key key;
		};
		struct exchange exchange; /* its hello comes where c does */
	};
} now;

/* ---- in the interrupt ---------------------------------------------------------------------------------- */

static void forget(struct entry *e)
{
	if (e->state == RUNNING)
		now.aborted = true;
	wipe(blobs[e - entries], COFFER_BLOB_BYTES);
	memset(e, 0, sizeof(*e));
}

enum coffer_result negotiate_start(const struct session *s, const uint8_t *blob, size_t bytes, uint64_t setup_cycle)
{
	struct entry *e = &entries[s->ctx];

	if (!booted || !rsa_ready())
		return COFFER_ERR_NOT_READY;
	if ((e->state == WAITING || e->state == RUNNING) && e->handle != s->handle)
		return COFFER_ERR_STATE;
	forget(e);
	e->state = WAITING;
	e->epoch = s->epoch;
	e->kind = s->kind;
	e->handle = s->handle;
	e->turn = turns++;
	e->start = setup_cycle;
	memcpy(blobs[s->ctx], blob, bytes);
	return COFFER_OK;
}

void negotiate_result(const struct session *s, struct coffer_negotiate_result *out, struct coffer_exchange_reply *reply)
{
	const struct entry *e = &entries[s->ctx];

	if (e->handle != s->handle || e->state == IDLE) {
		out->result = COFFER_ERR_STATE;
		return;
	}
	out->start_cycle = e->start;
	out->granted_cycle = e->granted;
	if (e->state != ANSWERED || board_cycle() < e->release) {
		out->result = COFFER_PENDING;
		return;
	}
	out->release_cycle = e->release;
	out->result = e->result;
	memcpy(reply, blobs[s->ctx], sizeof(*reply)); /* zero but for an exchange's */
}

void negotiate_cancel(uint8_t ctx, uint32_t handle)
{
	struct entry *e = &entries[ctx];

	if (e->state != IDLE && (handle == 0 || e->handle == handle))
		forget(e);
}

void negotiate_init(void)
{
	wipe(blobs, sizeof(blobs));
	wipe(&now, sizeof(now));
	booted = true;
}

/* ---- in the main loop ------------------------------------------------------------------------------------ */

bool negotiate_holds(void)
{
	return now.phase == HOLDING;
}

bool negotiate_ready(void)
{
	return booted && rsa_ready();
}

uint32_t negotiate_cycles(void)
{
	return REG_FIELD(CONFIG__CONTEXTS, REG(config)) > SMALL_CONTEXTS ? NEGOTIATE_CYCLES : NEGOTIATE_CYCLES_SMALL;
}

static struct entry *oldest_waiting(void)
{
	struct entry *oldest = NULL;

	for (struct entry *e = entries; e < entries + BOARD_CONTEXTS_MAX; e++)
		if (e->state == WAITING && (!oldest || (int32_t)(e->turn - oldest->turn) < 0))
			oldest = e;
	return oldest;
}

/* Publishes an answer, unless the session ended meanwhile. */
static void answer(enum coffer_result result, uint64_t release)
{
	uint32_t saved = irq_save();
	struct entry *e = &entries[now.ctx];

	if (!now.aborted) {
		if (now.phase == EXCHANGING && result == COFFER_OK)
			memcpy(blobs[now.ctx], &now.exchange.reply, sizeof(now.exchange.reply));
		e->state = ANSWERED;
		e->result = (uint8_t)result;
		e->release = release;
	}
	irq_restore(saved);
}

static void end(void)
{
	board_timer_off();
	wipe(&now, sizeof(now));
	stack_wipe();
}

static enum coffer_result begin(void)
{
	if (!rsa_ready())
		return COFFER_ERR_NOT_READY;
	if (now.phase == EXCHANGING)
		return exchange_begin(&now.exchange);
	if (!rsa_prepare())
		return COFFER_ERR_NOT_READY;
	rsa_begin(now.c);
	return COFFER_PENDING;
}

/* Takes the next one and gives it the engine; false where none waits. */
static bool grant(void)
{
	enum coffer_result result;
	uint32_t saved = irq_save();
	struct entry *e = oldest_waiting();

	if (e) {
		now.phase = e->kind == COFFER_SESSION_ECDH ? EXCHANGING : DECRYPTING;
		now.ctx = (uint8_t)(e - entries);
		now.aborted = false;
		memcpy(now.c, blobs[now.ctx], sizeof(now.c));
		wipe(blobs[now.ctx], COFFER_BLOB_BYTES);
		e->state = RUNNING;
		e->granted = board_cycle();
		now.of = *e;
	}
	irq_restore(saved);
	if (!e)
		return false;
	result = begin();
	if (result != COFFER_PENDING) {
		answer(result, board_cycle());
		end();
	}
	return true;
}

static void decrypt(void)
{
	enum rsa_progress p = rsa_poll(now.m);

	if (p == RSA_BUSY)
		return;
	now.good = oaep_decode(now.m, p == RSA_DONE, now.of.kind, &now.key);
	now.of.release = now.of.granted + negotiate_cycles();
	while (now.of.release < board_cycle() + INSTALL_CYCLES)
		now.of.release += LATER_CYCLES;
	now.phase = HOLDING;
	board_timer(now.of.release - INSTALL_CYCLES);
}

/* Masked: a new start of the same session must not find itself beaten by the key that it aborted. */
static bool install(const struct oaep_key *key)
{
	uint32_t saved = irq_save();
	bool good = !now.aborted && session_install_key(now.ctx, now.of.epoch, now.of.handle, key->key, key->key_bytes,
							key->usage, key->iv_policy);

	irq_restore(saved);
	return good;
}

static void hold(void)
{
	uint64_t release = now.of.release;

	if (board_cycle() < release - INSTALL_CYCLES)
		return;
	now.good = now.good && install(&now.key);
	while (release < board_cycle())
		release += LATER_CYCLES;
	answer(now.good ? COFFER_OK : COFFER_ERR_BLOB, release);
	end();
}

static void exchange(void)
{
	enum coffer_result result = exchange_poll(&now.exchange);

	if (result == COFFER_PENDING)
		return;
	if (result == COFFER_OK && !install(&now.exchange.key))
		result = COFFER_ERR_REVOKED;
	answer(result, board_cycle());
	end();
}

void negotiate_poll(void)
{
	if (now.phase != NOTHING && now.aborted) {
		rsa_abort();
		end();
	}
	if (now.phase == DECRYPTING)
		decrypt();
	if (now.phase == HOLDING)
		hold();
	if (now.phase == EXCHANGING)
		exchange();
	while (now.phase == NOTHING && grant())
		;
}
