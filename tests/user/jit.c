/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that a program makes for itself, for which there are no tables: with a
 * frame pointer, and with other things in its register.
 */
#include <string.h>
#include <sys/mman.h>

#define OPAQUE __attribute__((noinline))

typedef void callback(void);
typedef void code(callback *f);

OPAQUE void called(void)
{
	__asm__ volatile("" ::: "memory");
}

/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const unsigned char with[] = { 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7,
				      0x5d, 0xc3 };
/* A text on the stack, and %rbp points to it:
 * push %rbp; sub $32,%rsp; movabs $0x0101010101010101,%rax; mov %rax,(%rsp);
 * mov %rax,8(%rsp); mov %rsp,%rbp; call *%rdi; add $32,%rsp; pop %rbp; ret */
static const unsigned char without[] = {
	0x55, 0x48, 0x83, 0xec, 0x20, 0x48, 0xb8, 1, 1, 1, 1, 1, 1, 1, 1,
	0x48, 0x89, 0x04, 0x24, 0x48, 0x89, 0x44, 0x24, 0x08, 0x48, 0x89, 0xe5,
	0xff, 0xd7, 0x48, 0x83, 0xc4, 0x20, 0x5d, 0xc3
};

static code *make(const unsigned char *bytes, unsigned long n)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	memcpy(p, bytes, n);
	return (code *)p;
}

OPAQUE int runs(code *f)
{
	if (!f)
		return 1;
	f(called);
	return 0;
}

int main(void)
{
	return runs(make(with, sizeof(with))) |
	       runs(make(without, sizeof(without)));
}
