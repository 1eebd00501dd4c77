/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs on the CPU in tests/soc/bench.cpp. It reports through EP0_CTRL: tag is the step, len the low 11 bits of what it
 * saw. The bench stands for every block around the SoC and knows what to expect.
 */
#include <string.h>

#include "board.h"
#include "mbedtls/sha512.h"
#include "oaep.h"

#define STEP(n, value)                                                                                                 \
	(REG(ep0_ctrl) =                                                                                               \
		 REG_BITS(EP0_CTRL__CMD, 1) | REG_BITS(EP0_CTRL__TAG, n) | REG_BITS(EP0_CTRL__LEN, (value)&0x7FF))

static volatile uint32_t traps, last_cause;

void trap_entry(void);

__attribute__((interrupt("machine"), aligned(4))) void trap_entry(void)
{
	uint32_t cause, pc;

	__asm__ volatile("csrr %0, mcause" : "=r"(cause));
	last_cause = cause;
	traps++;
	if (cause >> 31) {
		REG(events) = REG(events);
		return;
	}
	/* An exception: go on behind the instruction. */
	__asm__ volatile("csrr %0, mepc" : "=r"(pc));
	__asm__ volatile("csrw mepc, %0" : : "r"(pc + 4));
}

static uint32_t spi_word(uint32_t address)
{
	REG(spi_addr) = address;
	while (REG(spi_status) & COFFER_REGS__SPI_STATUS__BUSY_bm)
		;
	return REG(spi_data);
}

static void test_registers(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)BOARD_EP0_BUFFER;
	volatile uint32_t *pke = (volatile uint32_t *)BOARD_PKE;
	uint32_t bad = 0;

	STEP(1, REG(id) >> 16);
	for (uint32_t bit = 0; bit < 32; bit++) {
		REG(slot_attr) = 1u << bit;
		bad |= REG(slot_attr) ^ 1u << bit;
	}
	STEP(2, bad != 0);
	BOARD_EP0_BUFFER[255] = 0x44332211;
	bytes[1021] = 0x7A;
	*(volatile uint16_t *)(bytes + 1022) = 0x1234;
	STEP(3, BOARD_EP0_BUFFER[255] == 0x12347A11);
	pke[0x3FFF] = 0xCAFE;
	STEP(4, pke[0x3FFF] + 1); /* the bench's engine answers late, with what was written */
	REG(slot_key) = 0xDEADBEEF;
	REG(vault_pool) = 0xDEADBEEF;
	REG(vault_tag_key) = 0xDEADBEEF;
}

static void test_secret(void)
{
	uint32_t sum = 0;

	STEP(5, REG(device_secret[0]) & 0xFF);
	STEP(6, REG(device_secret[7]) >> 24);
	REG(boot_lock) = 1;
	REG(boot_lock) = 0; /* stays hidden */
	for (int i = 0; i < 8; i++)
		sum |= REG(device_secret[i]);
	STEP(7, sum != 0);
}

static void test_flash(void)
{
	uint32_t first = spi_word(0x3F0000);
	uint32_t second = spi_word(0x3F0004); /* goes on, if it comes at once */
	uint32_t again = spi_word(0x3F0004);  /* starts anew */

	STEP(8, first & 0x7FF);
	STEP(9, second & 0x7FF);
	STEP(10, again & 0x7FF);
	for (volatile int i = 0; i < 100; i++)
		;
	STEP(11, spi_word(0x3F0008) & 0x7FF); /* after the chip was deselected */
}

static void test_interrupts(void)
{
	uint32_t before, woken;
	uint64_t until = board_cycle() + 1000;

	/* A source that only wakes. */
	board_timer(until);
	(void)irq_save();
	woken = BOARD_WAIT;
	STEP(12, woken);
	STEP(13, board_cycle() >= until && board_cycle() < until + 100);
	board_timer_off();

	/* One that traps: WAIT ends, and the trap comes once the mask is lifted. STEP 14 tells the bench to revoke. */
	REG(irq_enable) = IRQ_EVENT;
	__asm__ volatile("csrw 0xBC0, %0" : : "r"(IRQ_EVENT));
	__asm__ volatile("csrs mie, %0" : : "r"(1u << 11));
	before = traps;
	STEP(14, 0);
	woken = BOARD_WAIT;
	STEP(15, woken);
	STEP(16, traps - before);
	irq_restore(8);
	while (traps == before)
		;
	STEP(17, traps - before);
	STEP(18, REG(events));

	/* And one that traps out of a running program. */
	before = traps;
	STEP(19, 0);
	while (traps == before)
		;
	STEP(20, last_cause & 0x7FF);
}

static void test_exceptions(void)
{
	uint32_t before = traps;

	__asm__ volatile(".word 0xFFFFFFFF");
	STEP(21, traps - before);
	STEP(22, last_cause);
	__asm__ volatile("lw zero, 1(zero)");
	STEP(23, last_cause);
}

/* ---- OAEP: the same cycles whatever is wrong ------------------------------------------------------------------ */

#define HASH 64u
#define DB   (1u + HASH)

enum flipped {
	NOTHING,
	LEADING_ZERO,
	MASKED_SEED,
	MASKED_DB,
	LABEL_HASH,
	PADDING_FIRST,
	PADDING_LAST,
	SEPARATOR,
	MESSAGE,
	OUT_OF_RANGE,
	CASES
};

static void mgf1_xor(uint8_t *out, size_t bytes, const uint8_t *seed, size_t seed_bytes)
{
	static uint8_t in[256], hash[HASH];

	memcpy(in, seed, seed_bytes);
	memset(in + seed_bytes, 0, 4);
	for (size_t done = 0; done < bytes; in[seed_bytes + 3]++) {
		(void)mbedtls_sha512(in, seed_bytes + 4, hash, 0);
		for (size_t i = 0; i < HASH && done < bytes; i++)
			out[done++] ^= hash[i];
	}
}

/* A block with one bit flipped in one of its parts. */
static void make_block(uint8_t em[256], enum coffer_session_kind kind, enum flipped part)
{
	const char *label = kind == COFFER_SESSION_PROTECTED ? "" : COFFER_OPEN_LABEL;
	size_t bytes = kind == COFFER_SESSION_PROTECTED ? 16 : sizeof(struct coffer_open_key) + 32;
	uint8_t *message = em + 256 - bytes;

	for (unsigned i = 0; i < 256; i++)
		em[i] = (uint8_t)(i < DB || i >= 256 - bytes ? 7 * i + 1 : 0);
	em[0] = part == LEADING_ZERO;
	(void)mbedtls_sha512((const uint8_t *)label, strlen(label), em + DB, 0);
	message[-1] = 1;
	if (kind != COFFER_SESSION_PROTECTED)
		memcpy(message, (uint8_t[]){1, 32, COFFER_USE_CTR | COFFER_USE_DECRYPT, 0}, 4);
	em[DB + HASH - 1] ^= part == LABEL_HASH;
	em[DB + HASH] ^= (uint8_t)((part == PADDING_FIRST) << 7);
	message[-2] ^= part == PADDING_LAST;
	message[-1] ^= part == SEPARATOR;
	message[0] ^= part == MESSAGE;
	mgf1_xor(em + DB, 256 - DB, em + 1, HASH);
	mgf1_xor(em + 1, HASH, em + DB, 256 - DB);
	em[HASH] ^= part == MASKED_SEED;
	em[255] ^= (uint8_t)((part == MASKED_DB) << 3);
}

/* Another message is another key, but in an open session its first byte is a version. */
static bool is_good(enum coffer_session_kind kind, enum flipped part)
{
	return part == NOTHING || (part == MESSAGE && kind == COFFER_SESSION_PROTECTED);
}

static void test_oaep(enum coffer_session_kind kind, uint32_t step)
{
	static _Alignas(4) uint8_t em[256];
	static struct oaep_key out;
	uint32_t expected = 0, wrong = 0;

	make_block(em, kind, NOTHING);
	(void)oaep_decode(em, true, kind, &out); /* into the instruction cache */
	for (unsigned part = NOTHING; part < CASES; part++) {
		uint32_t cycles;
		bool good;

		make_block(em, kind, part);
		cycles = (uint32_t)board_cycle();
		good = oaep_decode(em, part != OUT_OF_RANGE, kind, &out);
		cycles = (uint32_t)board_cycle() - cycles;
		expected = part == NOTHING ? cycles : expected;
		wrong |= (uint32_t)(good != is_good(kind, part) || cycles != expected) << part;
	}
	STEP(step, wrong);
	STEP(step + 1, expected >> 10);
}

int main(void)
{
	stack_paint();
	test_registers();
	test_secret();
	test_flash();
	test_interrupts();
	test_exceptions();
	stack_wipe();
	STEP(24, ram_free() > 16384);
	test_oaep(COFFER_SESSION_PROTECTED, 30);
	test_oaep(COFFER_SESSION_OPEN, 32);
	(void)irq_save();
	REG(irq_enable) = IRQ_TIMER;
	board_timer(board_cycle() + 3000); /* long enough for the bench to see it idle, but for the timer */
	(void)BOARD_WAIT;
	board_timer_off();
	REG(irq_enable) = IRQ_EVENT;
	STEP(25, 0); /* idle from here until the bench revokes */
	(void)BOARD_WAIT;
	STEP(26, 0);
	(void)*(volatile uint32_t *)0x00008000u; /* behind 32 KiB of memory: the CPU stops */
	STEP(27, 0);
	for (;;)
		;
}
