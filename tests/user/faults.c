/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A traced program whose threads are held, in a handler, by a page that is not
 * there: userfaultfd gives it only when all the rest is done.  All on one CPU.
 *
 *	user-faults THREADS CALLS
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

static char *page;

__attribute__((noinline)) void held(const char *text)
{
	asm volatile("" : : "r"(text) : "memory");
}

__attribute__((noinline)) void other(const char *text)
{
	asm volatile("" : : "r"(text) : "memory");
}

static void *thread(void *arg)
{
	held(page);
	return arg;
}

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(77);
}

static int faults_of(char *at)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = {
		.range = { (uintptr_t)at, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	check(fd >= 0, "userfaultfd");
	check(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API");
	check(!ioctl(fd, UFFDIO_REGISTER, &area), "UFFDIO_REGISTER");
	return fd;
}

static void give_page(int fd)
{
	static char full[PAGE] __attribute__((aligned(PAGE))) = "late";
	struct uffdio_copy copy = { (uintptr_t)page, (uintptr_t)full, PAGE };

	check(!ioctl(fd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
}

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;
	int calls = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t *threads = calloc((size_t)n, sizeof(*threads));
	struct pollfd wait = { .events = POLLIN };
	struct uffd_msg msg;
	int fd;

	pin();
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = wait.fd = faults_of(page);
	for (int i = 0; i < n; i++) {
		pthread_create(&threads[i], NULL, thread, NULL);
		/* it waits now, or its hit was skipped */
		if (poll(&wait, 1, 300) == 1)
			check(read(fd, &msg, sizeof(msg)) == sizeof(msg),
			      "read");
	}
	for (int i = 0; i < calls; i++)
		other("soon");
	give_page(fd);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
