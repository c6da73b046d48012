/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page that was lost is replaced by an empty one of our own, and the
 * instruction is run again.
 */
#include "base/mapped.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bytes; a handler gets nothing but its signal, and may not ask for this. */
static uintptr_t page_size;

static void replace_page(int number, siginfo_t *info, void *context)
{
	void *page = (void *)((uintptr_t)info->si_addr & ~(page_size - 1));
	int errnum = errno;

	(void)context;
	/* Anything else that raises it is not for us to mend: with the default
	 * handler, the instruction ends the process now. */
	if (info->si_code != BUS_ADRERR ||
	    mmap(page, page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		(void)signal(number, SIG_DFL);
	errno = errnum;
}

void mapped_survive_cuts(void)
{
	const struct sigaction act = {
		.sa_sigaction = replace_page,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};

	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	(void)sigaction(SIGBUS, &act, NULL);
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(mapped_files_may_be_cut)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("cut", MFD_CLOEXEC);
	struct sigaction before;
	const volatile char *p;

	sigaction(SIGBUS, NULL, &before);
	mapped_survive_cuts();
	TEST(fd >= 0 && !ftruncate(fd, (off_t)(2 * page)));
	TEST_EQ(pwrite(fd, "a", 1, 0), 1);
	TEST_EQ(pwrite(fd, "b", 1, (off_t)page + 5), 1);
	p = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	TEST(p != MAP_FAILED);
	TEST_EQ(p[page + 5], 'b');
	TEST(!ftruncate(fd, (off_t)page));
	TEST_EQ(p[page + 5], 0);
	TEST_EQ(p[0], 'a');
	munmap((void *)(uintptr_t)p, 2 * page);
	close(fd);
	sigaction(SIGBUS, &before, NULL);
}
#endif
