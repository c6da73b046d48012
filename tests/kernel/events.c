/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of many kinds, each with values that the tests of tracepoints know:
 *
 *	tasks		"spile-events" makes "spile-child", which is woken up
 *			by a signal and exits with 7, and one that starts this
 *			program again with the argument "again"
 *	signals		SIGUSR1 to itself, SIGALRM by a timer of 10 ms
 *	memory		a page at PAGE is touched, the next one read into; a
 *			place for LENGTH bytes is looked for
 *	locks		bytes 100 to 109 of a file, and the whole of it
 *	packets		100 bytes by UDP, and a connection by TCP, on lo
 *	system calls	dup(12345), chdir("/"), a sleep of a millisecond
 *
 * with the argument "system" what only root may do:
 *
 *	a group of processes "/spile-test", a score of 123 for the killer of
 *	tasks, a line to the log, a family of sockets that no module has
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((char *)0x654321000000)
#define LENGTH 0x1234000
#define GROUP "/sys/fs/cgroup/spile-test"

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void nothing(int number)
{
	(void)number;
}

/* Ends when it has been woken up by a signal. */
static void child(sigset_t *set)
{
	int number;

	prctl(PR_SET_NAME, "spile-child");
	sigwait(set, &number);
	_exit(7);
}

static void tasks(void)
{
	const struct timespec while_it_sleeps = { .tv_nsec = 100000000 };
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (!pid)
		child(&set);
	nanosleep(&while_it_sleeps, NULL);
	kill(pid, SIGUSR2);
	check(waitpid(pid, NULL, 0) == pid, "waitpid");
	pid = fork();
	if (!pid) {
		execl("/proc/self/exe", "kernel-events", "again", NULL);
		_exit(1);
	}
	check(waitpid(pid, NULL, 0) == pid, "waitpid");
}

static void signals(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 10000 };
	sigset_t none, set;

	signal(SIGUSR1, nothing);
	signal(SIGALRM, nothing);
	kill(getpid(), SIGUSR1);
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	sigsuspend(&none);
}

static void memory(void)
{
	int exe = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(PAGE, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	check(p == PAGE, "mmap");
	*(volatile char *)p = 1;
	check(read(exe, p + 4096, 16) == 16, "read");
	close(exe);
	p = mmap(NULL, LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(p != MAP_FAILED, "mmap");
}

static void locks(void)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = 100,
		.l_len = 10,
	};
	char path[] = "/tmp/spile-events.XXXXXX";
	int fd = mkstemp(path);

	check(fd >= 0, path);
	unlink(path);
	check(!fcntl(fd, F_SETLK, &range), "fcntl");
	check(!flock(fd, LOCK_EX), "flock");
	close(fd);
}

/* A socket at the loopback address, and where it is. */
static int local(int type, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, type, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	check(!bind(fd, (struct sockaddr *)address, size), "bind");
	getsockname(fd, (struct sockaddr *)address, &size);
	return fd;
}

static void packets(void)
{
	struct sockaddr_in address;
	char bytes[100] = {};
	int to = local(SOCK_DGRAM, &address);
	int from = socket(AF_INET, SOCK_DGRAM, 0);

	check(sendto(from, bytes, sizeof(bytes), 0, (void *)&address,
		     sizeof(address)) == sizeof(bytes), "sendto");
	check(recv(to, bytes, sizeof(bytes), 0) == sizeof(bytes), "recv");
	to = local(SOCK_STREAM, &address);
	from = socket(AF_INET, SOCK_STREAM, 0);
	check(!listen(to, 1), "listen");
	check(!connect(from, (void *)&address, sizeof(address)), "connect");
	close(from);
	close(to);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	check(fd >= 0 && write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

static void of_the_system(void)
{
	put("/proc/self/oom_score_adj", "123");
	put("/dev/kmsg", "<1>spile-events says so\n");
	socket(26, SOCK_DGRAM, 0);
	check(!mkdir(GROUP, 0755), GROUP);
	put(GROUP "/cgroup.procs", "0");
	put("/sys/fs/cgroup/cgroup.procs", "0");
	check(!rmdir(GROUP), GROUP);
}

int main(int argc, char **argv)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	if (argc > 1 && !strcmp(argv[1], "again"))
		return 0;
	prctl(PR_SET_NAME, "spile-events");
	if (argc > 1 && !strcmp(argv[1], "system")) {
		of_the_system();
		return 0;
	}
	tasks();
	signals();
	memory();
	locks();
	packets();
	dup(12345);
	check(!chdir("/"), "chdir");
	nanosleep(&ms, NULL);
	return 0;
}
