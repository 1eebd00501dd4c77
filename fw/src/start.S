/* SPDX-License-Identifier: Apache-2.0 */
/* Reset and trap entry. Everything is in RAM already: it is part of the bitstream. */
#define MTVEC 0x305

	.section .text.init, "ax"
	.globl _start
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	la	sp, __stack
	.option pop
	la	t0, trap_entry
	csrw	MTVEC, t0

	la	t0, _bss_start
	la	t1, _bss_end
1:	bgeu	t0, t1, 2f
	sw	zero, 0(t0)
	addi	t0, t0, 4
	j	1b

2:	j	main

/* memcpy and memset by words where they can: endpoint 0 waits for copies of whole data stages, and libc's move bytes. */
	.section .text.memcpy, "ax"
	.globl memcpy
memcpy:
	mv	a4, a0
	or	a3, a0, a1
	andi	a3, a3, 3
	bnez	a3, 2f
	li	a5, 4
1:	bltu	a2, a5, 2f
	lw	a3, 0(a1)
	sw	a3, 0(a4)
	addi	a1, a1, 4
	addi	a4, a4, 4
	addi	a2, a2, -4
	j	1b
2:	beqz	a2, 3f
	lbu	a3, 0(a1)
	sb	a3, 0(a4)
	addi	a1, a1, 1
	addi	a4, a4, 1
	addi	a2, a2, -1
	j	2b
3:	ret

	.section .text.memset, "ax"
	.globl memset
memset:
	mv	a4, a0
	andi	a3, a0, 3
	bnez	a3, 2f
	andi	a1, a1, 0xFF
	slli	a3, a1, 8
	or	a1, a1, a3
	slli	a3, a1, 16
	or	a1, a1, a3
	li	a5, 4
1:	bltu	a2, a5, 2f
	sw	a1, 0(a4)
	addi	a4, a4, 4
	addi	a2, a2, -4
	j	1b
2:	beqz	a2, 3f
	sb	a1, 0(a4)
	addi	a4, a4, 1
	addi	a2, a2, -1
	j	2b
3:	ret
