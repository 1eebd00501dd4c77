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
