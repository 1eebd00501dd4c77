/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane of a Coffer board. What a host may ask is answered from the interrupt (irq.c); here is what takes
 * long: boot, the random pool, key negotiation, messages of channels.
 */
#include "board.h"
#include "channel.h"
#include "coffer_flash.h"
#include "drbg.h"
#include "identity.h"
#include "irq.h"
#include "negotiate.h"
#include "p256.h"
#include "rsa.h"

/* In RAM from identity_boot() until the engine has it. */
BOARD_BOOT_KEY static _Alignas(4) struct coffer_identity_private key;

/* On the bus as soon as every request has its answer: COFFER_INFO_READY says when negotiation is possible too. */
__attribute__((noinline)) static void boot(void)
{
	bool have_key;

	rsa_boot();
	stack_paint();
	have_key = identity_boot(&key);
	irq_enable();
	if (drbg_init()) {
		drbg_tag_key();
		board_wake_on(IRQ_POOL, true);
		drbg_pool_poll();
		if (have_key && rsa_load(&key))
			p256_load(key.p256_scalar);
		else if (have_key)
			identity_bad_key();
	}
	wipe(&key, sizeof(key));
	negotiate_init();
}

int main(void)
{
	if (REG_FIELD(CONFIG__CONTEXTS, REG(config)) > BOARD_CONTEXTS_MAX)
		board_panic();
	boot();
	stack_wipe();
	for (;;) {
		board_wait();
		negotiate_poll();
		channel_poll();
		drbg_pool_poll();
	}
}
