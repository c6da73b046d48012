/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A traced program of instructions that some kernels harm it by when a probe is
 * there: nops of five bytes, which become calls; and system calls.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOP5 ".byte 0x0f, 0x1f, 0x44, 0, 0\n"

long below(long n);
long turns(long n);
long number(void);

/* What it keeps is below the stack pointer. */
__asm__(".globl below\n.type below, @function\n"
	"below: " NOP5
	"	mov %rdi, -8(%rsp)\n	mov %rdi, -16(%rsp)\n"
	"	mov %rdi, -24(%rsp)\n	mov %rdi, -32(%rsp)\n"
	"kept: " NOP5
	"	mov -8(%rsp), %rax\n	add -16(%rsp), %rax\n"
	"	add -24(%rsp), %rax\n	add -32(%rsp), %rax\n"
	"	ret\n.size below, .-below\n");

/* What is behind its nop is gone through more often than the nop. */
__asm__(".globl turns\n.type turns, @function\n"
	"turns: " NOP5
	"1:	dec %rdi\n	jg 1b\n	ret\n.size turns, .-turns\n");

/* Begins with the system call whose number the other one sets. */
__asm__(".globl call\n.type call, @function\n"
	"call:	syscall\n	ret\n.size call, .-call\n"
	".globl number\n.type number, @function\n"
	"number: mov $39, %eax\n	jmp call\n.size number, .-number\n");

/* Begins with what the kernel takes for a jump; and with a repeated one. */
__asm__(".globl wide\n.type wide, @function\n"
	"wide:	vpcmpeqb %ymm1, %ymm0, %ymm0\n	ret\n"
	".size wide, .-wide\n"
	".globl again\n.type again, @function\n"
	"again:	rep movsb\n	ret\n.size again, .-again\n");

static int child_fails(pid_t child)
{
	int status = 0;

	if (!child)
		_exit(below(2) == 8 ? 0 : 1);
	waitpid(child, &status, 0);
	return status != 0;
}

int main(void)
{
	int failed = 0;

	for (int i = 0; i < 10; i++)
		failed += below(3) != 12;
	for (int i = 0; i < 5; i++)
		failed += child_fails(fork());
	turns(4);
	number();
	printf("%d failed\n", failed);
	return failed != 0;
}
