/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs on the CPU in tests/soc/bench.cpp. It reports through EP0_CTRL: tag is the step, len the low 11 bits of what it
 * saw. The bench stands for every block around the SoC and knows what to expect.
 */
#include <string.h>

#include "board.h"
#include "oaep.h"

#define STEP(n, value) (REG(ep0_ctrl) = REG_BITS(EP0_CTRL__CMD, 1) | REG_BITS(EP0_CTRL__TAG, n) | REG_BITS(EP0_CTRL__LEN, (value) & 0x7FF))

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
	STEP(8, spi_word(0x3F0000) & 0x7FF);
	STEP(9, spi_word(0x3F0004) & 0x7FF); /* goes on */
	STEP(10, spi_word(0x3F0004) & 0x7FF); /* starts anew */
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

/* The decoder takes the same cycles for every block, once it is in the instruction cache. */
static void test_oaep_time(enum coffer_session_kind kind, uint32_t step)
{
	static _Alignas(4) uint8_t em[256];
	static struct oaep_key out;
	uint32_t cycles[4];

	for (uint32_t i = 0; i < 4; i++) {
		memset(em, (int)(0x55 * i), sizeof(em));
		cycles[i] = (uint32_t)board_cycle();
		(void)oaep_decode(em, i & 1, kind, &out);
		cycles[i] = (uint32_t)board_cycle() - cycles[i];
	}
	STEP(step, cycles[1] == cycles[2] && cycles[1] == cycles[3]);
	STEP(step + 1, cycles[1] >> 10);
}

int main(void)
{
	test_registers();
	test_secret();
	test_flash();
	test_interrupts();
	test_exceptions();
	stack_wipe();
	STEP(24, ram_free() > 16384);
	test_oaep_time(COFFER_SESSION_PROTECTED, 30);
	test_oaep_time(COFFER_SESSION_OPEN, 32);
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
