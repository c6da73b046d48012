/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls as 32-bit programs make them, from one of 64 bits: int 0x80, with
 * arguments in memory below 4 GB.  Each is made once, in the order of
 * test_narrow.py; most fail.  Exit status 77: the kernel has no such calls.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

static long call(long nr, long a, long b, long c, long d, long e)
{
	long ret = nr;

	__asm__ volatile("int $0x80"
			 : "+a"(ret)
			 : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* The sixth argument is in ebp. */
static long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret = nr;

	__asm__ volatile("push %%rbp; mov %[f], %%rbp; int $0x80; pop %%rbp"
			 : "+a"(ret)
			 : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e),
			   [f] "r"(f)
			 : "memory", "r9", "r10", "r11");
	return ret;
}

static char *memory;
static uint32_t used;

static long keep(const void *bytes, size_t n)
{
	char *at = memory + used;

	memcpy(at, bytes, n);
	used += (uint32_t)(n + 7) & ~7u;
	return (long)(uintptr_t)at;
}

static long text(const char *s)
{
	return keep(s, strlen(s) + 1);
}

#define WORDS(...)                                            \
	keep((const uint32_t[]){ __VA_ARGS__ },               \
	     sizeof((const uint32_t[]){ __VA_ARGS__ }))

static void no_handler(int sig)
{
	(void)sig;
	_exit(77);
}

/* Those that only 32-bit programs have, and those that make processes. */
static void old_calls(long path)
{
	const long none = -1, all = 0xffff;

	call(95, none, all, 2, 0, 0);
	call(16, path, 1, all, 0, 0);
	call(71, all, all, 0, 0, 0);
	call(170, all, all, all, 0, 0);
	call(164, all, all, all, 0, 0);
	call(70, all, all, 0, 0, 0);
	call(34, 0, 0, 0, 0, 0);
	call(89, none, 0, 1, 0, 0);
	call(69, 0x200, 0, 0, 0, 0);
	call(68, 0, 0, 0, 0, 0);
	call(69, 0, 0, 0, 0, 0);
	call(126, 0, WORDS(0x800), 0, 0, 0);
	kill(getpid(), SIGUSR2);
	call(73, (long)(uintptr_t)memory, 0, 0, 0, 0);
	call(72, 0, 0, 0x200, 0, 0);
	call(126, 1, WORDS(0x800), 0, 0, 0);
	call(268, path, 84, (long)(uintptr_t)memory, 0, 0);
	call(269, none, 84, (long)(uintptr_t)memory, 0, 0);
	call(25, 0, 0, 0, 0, 0);
	/* 1 would end the process before Linux 5.15 */
	call(134, 2, 5, 0, 0, 0);
	call(124, WORDS(1 << 30), 0, 0, 0, 0);
	call(102, 9, WORDS(UINT32_MAX, (uint32_t)text("data"), 4, 64), 0, 0, 0);
	call(102, 10, WORDS(UINT32_MAX, 0x1000, 9, 64), 0, 0, 0);
	if (!syscall(SYS_fork))
		syscall(SYS_exit, 3);
	wait(NULL);
	if (!syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
		syscall(SYS_exit, 4);
	wait(NULL);
	if (!vfork())
		_exit(5);
	wait(NULL);
	syscall(SYS_restart_syscall);
}

static void on_signal(int sig)
{
	(void)sig;
}

int main(void)
{
	long path = 0, arg = 0;
	const long none = -1;

	memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	signal(SIGSEGV, no_handler);
	signal(SIGUSR2, on_signal);
	if (call(20, 0, 0, 0, 0, 0) != getpid())
		return 77;
	path = text("/no/such");
	arg = text("one");
	call(162, WORDS(0, 5000), 0, 0, 0, 0);
	syscall(SYS_nanosleep, (const uint64_t[]){ 0, 6000 }, NULL);
	call(267, 1, 0, WORDS(0, 7000), 0, 0);
	call(11, path, WORDS((uint32_t)path, (uint32_t)arg, 0),
	     WORDS((uint32_t)arg, 0), 0, 0);
	call(250, none, 5, 1, 100, 3);
	call6(272, none, 5, 1, 7, 2, 3);
	call6(324, none, 1, 5, 1, 7, 2);
	call(194, none, 5, 1, 0, 0);
	call(193, path, 5, 1, 0, 0);
	call(240, WORDS(1), 128, 5, 0, 0);
	call(299, -100, path, WORDS(1, 2, 3, 4), 0, 0);
	call(271, path, WORDS(1, 2, 3, 4), 0, 0, 0);
	call(30, path, WORDS(1, 2), 0, 0, 0);
	call(320, -100, path, WORDS(1, 2, 3, 4), 256, 0);
	call(105, 0, (long)(uintptr_t)memory, 0, 0, 0);
	call(104, 0, WORDS(0, 0, 0, 0), 0, 0, 0);
	call(309, 0, 0, WORDS(0, 8000), 0, 8);
	call(308, 0, 0, 0, 0, WORDS(0, 9000));
	call(142, 0, 0, 0, 0, WORDS(0, 10));
	call(225, none, 5, 1, 9, 0);
	call(337, none, 0, 2, 64, WORDS(1, 2));
	call(102, 19, WORDS(UINT32_MAX, 0, 3, 64, 0), 0, 0, 0);
	call(370, none, 0, 64, 0, 0);
	call(102, 16, WORDS(UINT32_MAX, 0, 1), 0, 0, 0);
	call(372, none, 0, 64, 0, 0);
	call(102, 17, WORDS(UINT32_MAX, 0, 2), 0, 0, 0);
	call(102, 1, WORDS(99, 1, 0), 0, 0, 0);	/* socket(): none of these */
	call(402, none, 2, 0, 0, 0);
	call(117, 14, none, 2, 0, 0);
	call(400, none, 0, 5, 2048, 0);
	call(117, 11, none, 6, 2048, 0);
	call(401, none, 0, 5, 7, 2048);
	call(117, 12, none, 6, 2048, WORDS(0x1000, 8));
	call6(117, 1 << 16 | 12, none, 6, 2048, 0x1000, 9);
	call(394, none, 3, 12, 4, 0);
	call(117, 3, none, 3, 12, WORDS(5));
	call(420, none, 0, 1, keep((const uint64_t[]){ 1, 2 }, 16), 0);
	call6(117, 4, none, 1, 0, 0, WORDS(3, 4));
	call(397, none, 0, 4096, 0, 0);
	call(117, 21, none, 4096, 0, 0);
	call(396, none, 2, 0, 0, 0);
	call(117, 24, none, 2, 0, 0);
	call(316, none, 0, 0, 1, 0);
	call(181, none, text("hello"), 5, 5, 1);
	call(174, 10, WORDS(1, 0x10000000, 0, 0x200, 0), 0, 8, 0);
	call(321, none, 0, 8, 0, 0);
	call(327, none, 0, 8, 02000000, 0);
	call(67, 10, 0, 0, 0, 0);
	call(62, 1, 0, 0, 0, 0);
	call(358, none, path, 0, 0, 4096);
	call(182, path, 1, 2, 0, 0);
	call(140, none, 1, 2, 0, 3);
	call(7, none, 0, 1, 0, 0);
	call(79, 0, 0, 0, 0, 0);
	call(253, 5, 1, 0, 9, 0);
	call(48, 64 + 1, 0, 0, 0, 0);
	old_calls(path);
	syscall(SYS_utimes, "/no/such", NULL);
	syscall(SYS_ftruncate, -1, 5);
	return 0;
}

#else

int main(void)
{
	return 77;
}

#endif
