/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls the library, which it is linked with or loads, in two threads. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

int lib_work(int n);

static __thread int mine = 9;
static int steps;
static int (*work)(int n);

__attribute__((noinline)) static void step(int k)
{
	errno = k;
	mine += k;
	steps++;
	__asm__ volatile("" ::: "memory");
}

static void *run(void *arg)
{
	step(10);
	work(1000);
	step(20);
	return arg;
}

#ifdef LINKED
static void load(const char *path)
{
	(void)path;
	work = lib_work;
}
#else
static void load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);

	if (!lib)
		exit(1);
	*(void **)&work = dlsym(lib, "lib_work");
}
#endif

int main(int argc, char **argv)
{
	pthread_t t;

	step(1);
	load(argv[argc - 1]);
	step(2);
	work(1);
	step(3);
	if (pthread_create(&t, NULL, run, NULL))
		return 1;
	pthread_join(t, NULL);
	return 0;
}
