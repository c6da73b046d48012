/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program costs from its exec on.
 *
 *	measure run N COMMAND...	N lines "FIRST EXIT CPU RSS": us until
 *					the first byte on its standard output
 *					(0: none), until its end, of CPU time;
 *					KiB resident at most
 *	measure calls N			ns that a getppid() takes, of N
 *
 * In C, since a child's peak of memory counts what its parent had at exec.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long us_of(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

static int run_once(char **argv)
{
	long long began = now_ns(), first = 0;
	struct rusage used;
	int fds[2], status;
	char bytes[512];
	ssize_t n;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	while ((n = read(fds[0], bytes, sizeof(bytes))) > 0)
		if (!first)
			first = now_ns() - began;
	close(fds[0]);
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return -1;
	printf("%lld %lld %lld %ld\n", first / 1000, (now_ns() - began) / 1000,
	       us_of(used.ru_utime) + us_of(used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void calls(long n)
{
	long long began = now_ns();

	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	printf("%.1f\n", (double)(now_ns() - began) / (double)n);
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

	if (argc == 3 && n > 0 && !strcmp(argv[1], "calls")) {
		calls(n);
		return 0;
	}
	if (argc < 4 || n <= 0 || strcmp(argv[1], "run")) {
		fprintf(stderr, "measure run N COMMAND... | calls N\n");
		return 2;
	}
	for (long i = 0; i < n; i++)
		if (run_once(argv + 3))
			return 1;
	return 0;
}
