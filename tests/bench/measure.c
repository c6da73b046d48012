/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs cost, of user space and of the kernel.
 *
 *	measure run N COMMAND...	N lines "FIRST EXIT CPU RSS": us until
 *					the first byte on its standard output
 *					(0: none), until its end, of CPU time;
 *					KiB resident at most
 *	measure attach NAME...		what a start costs at least: one program
 *					that does nothing on each of these raw
 *					tracepoints, then a line
 *	measure beside N TRACER... COMMAND...
 *					the command while the tracer runs, N
 *					words, which says "ready" on its
 *					standard error when it is
 *	measure calls KIND OPS BATCHES	one line "MIN P10 MEDIAN": ns of CPU
 *					time that an event of the kind takes
 *					(sites.h), of that many batches of so
 *					many
 *	measure flood N [RATE]		N system calls, RATE of them a second or
 *					as fast as it can, then "NS": the time
 *					that one took
 *	measure bpf KIND OPS WINDOWS DIR
 *					while so many windows of so many events
 *					pass: a line "NAME ID RUNS N1 N2 ..."
 *					for each BPF program of the processes
 *					above this one that ran, with the
 *					ns that one run took in each window, as
 *					the kernel counts them; its machine
 *					code into DIR/ID
 *
 * What makes events does so on the last CPU.
 *
 * In C, since a child's peak of memory counts what its parent had at exec.
 */
#include <dirent.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sites.h"

#define PROGS_MAX 4096
#define WINDOWS_MAX 1000
#define JIT_MAX (1 << 20) /* bytes */
#define TRACER "MEASURE_TRACER" /* its number, for the command beside it */

static long long clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static long long us_of(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

/* ---- a command ---- */

/*
 * A tracepoint that is switched on soon after one was switched off waits for
 * the rest of that grace period (kernel/tracepoint.c, tp_rcu_cond_sync): what
 * ran before must not slow what runs now.
 */
static void let_grace_period_pass(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static int run_once(char **argv)
{
	long long began, first = 0;
	struct rusage used;
	int fds[2], status;
	char bytes[512];
	ssize_t n;
	pid_t pid;

	if (pipe(fds))
		return -1;
	let_grace_period_pass();
	began = now_ns();
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(argv[0], argv);
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

static int run(long n, char **argv)
{
	for (long i = 0; i < n; i++)
		if (run_once(argv))
			return 1;
	return 0;
}

/* ---- a tracer and a command ---- */

static int is_ready(int fd)
{
	char text[2048] = "";
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(text) - 1 && !strstr(text, "ready")) {
		got = read(fd, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			return 0;
		n += (size_t)got;
	}
	return 1;
}

static pid_t start_tracer(int n, char **argv)
{
	char text[32];
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		argv[n] = NULL;
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	if (pid < 0 || !is_ready(fds[0]))
		return -1;
	snprintf(text, sizeof(text), "%d", pid);
	setenv(TRACER, text, 1);
	return pid;
}

static int beside(int n, char **argv)
{
	pid_t tracer = start_tracer(n, argv), pid;
	int status = -1;

	if (tracer < 0)
		return 1;
	pid = fork();
	if (!pid) {
		execvp(argv[n], argv + n);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	kill(tracer, SIGTERM);
	waitpid(tracer, NULL, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* ---- calls ---- */

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int calls(sites_fn *call, long ops, long batches)
{
	double *ns = calloc((size_t)batches, sizeof(*ns));

	if (!ns)
		return 1;
	pin();
	call(ops / 10);
	for (long i = 0; i < batches; i++) {
		long long began = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		call(ops);
		ns[i] = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - began) /
			(double)ops;
	}
	qsort(ns, (size_t)batches, sizeof(*ns), by_value);
	printf("%.2f %.2f %.2f\n", ns[0], ns[batches / 10], ns[batches / 2]);
	free(ns);
	return 0;
}

static void until(long long ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
		;
}

static int flood(long n, long rate)
{
	long long began = now_ns();
	sites_fn *call = sites_find("syscall");

	if (!rate)
		call(n);
	/* What is due, each millisecond. */
	for (long done = 0, due; rate && done < n; done = due) {
		due = (long)((now_ns() - began) / 1000 * rate / 1000000) + 1;
		due = due < n ? due : n;
		call(due - done);
		until(now_ns() + 1000000);
	}
	printf("%.2f\n", (double)(now_ns() - began) / (double)n);
	return 0;
}

/* ---- programs in the kernel ---- */

struct prog {
	int fd;
	unsigned id;
	char name[BPF_OBJ_NAME_LEN + 1];
	unsigned long long ns, runs, all;
	double window[WINDOWS_MAX];
};

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int prog_info(struct prog *p, struct bpf_prog_info *info)
{
	union bpf_attr attr = { .info = {
					.bpf_fd = (unsigned)p->fd,
					.info_len = sizeof(*info),
					.info = (unsigned long)info,
				} };

	return (int)bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

/* The number in the line "prog_id:" of what a descriptor of a process is. */
static unsigned fd_prog(const char *pid, const char *fd)
{
	char name[600], line[256];
	unsigned id = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%s/fdinfo/%s", pid, fd);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "prog_id: %u", &id) != 1)
		;
	if (f)
		fclose(f);
	return id;
}

static int has_prog(const char *pid, unsigned id)
{
	char name[300];
	struct dirent *e;
	int found = 0;
	DIR *d;

	snprintf(name, sizeof(name), "/proc/%s/fd", pid);
	d = opendir(name);
	while (d && !found && (e = readdir(d)))
		found = fd_prog(pid, e->d_name) == id;
	if (d)
		closedir(d);
	return found;
}

static long parent_of(long pid)
{
	char name[64], text[512] = "", *end;
	long parent = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
	f = fopen(name, "re");
	if (f && fgets(text, sizeof(text), f)) {
		end = strrchr(text, ')');
		if (end)
			sscanf(end, ") %*c %ld", &parent);
	}
	if (f)
		fclose(f);
	return parent;
}

/* Is it of a process that this one comes from, or of the tracer beside it?
 * There may be others. */
static int is_ours(unsigned id)
{
	const char *tracer = getenv(TRACER);

	if (tracer && has_prog(tracer, id))
		return 1;
	for (long pid = getppid(); pid > 1; pid = parent_of(pid)) {
		char text[32];

		snprintf(text, sizeof(text), "%ld", pid);
		if (has_prog(text, id))
			return 1;
	}
	return 0;
}

static long progs_open(struct prog *progs)
{
	union bpf_attr next = {}, attr;
	struct bpf_prog_info info;
	long n = 0;

	while (n < PROGS_MAX && !bpf(BPF_PROG_GET_NEXT_ID, &next)) {
		struct prog *p = &progs[n];

		next.start_id = p->id = next.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = p->id;
		p->fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		memset(&info, 0, sizeof(info));
		if (p->fd < 0 || prog_info(p, &info))
			continue;
		if (!is_ours(p->id)) {
			close(p->fd);
			continue;
		}
		memcpy(p->name, info.name, BPF_OBJ_NAME_LEN);
		n++;
	}
	return n;
}

static void progs_read(struct prog *progs, long n, long window)
{
	for (long i = 0; i < n; i++) {
		struct prog *p = &progs[i];
		struct bpf_prog_info info = {};
		unsigned long long runs;

		if (prog_info(p, &info))
			continue;
		runs = info.run_cnt - p->runs;
		if (window >= 0 && runs) {
			p->window[window] = (double)(info.run_time_ns - p->ns) /
					    (double)runs;
			p->all += runs;
		}
		p->ns = info.run_time_ns;
		p->runs = info.run_cnt;
	}
}

static void prog_save(struct prog *p, const char *dir)
{
	static char code[JIT_MAX];
	struct bpf_prog_info info = {
		.jited_prog_insns = (unsigned long)code,
		.jited_prog_len = sizeof(code),
	};
	char name[512];
	FILE *f;

	if (prog_info(p, &info) || info.jited_prog_len > sizeof(code))
		return;
	snprintf(name, sizeof(name), "%s/%u", dir, p->id);
	f = fopen(name, "we");
	if (!f)
		return;
	fwrite(code, 1, info.jited_prog_len, f);
	fclose(f);
}

static int progs(sites_fn *call, long ops, long windows, const char *dir)
{
	static struct prog all[PROGS_MAX];
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };
	long n = progs_open(all);

	if (windows > WINDOWS_MAX || bpf(BPF_ENABLE_STATS, &attr) < 0)
		return 1;
	pin();
	call(ops);
	progs_read(all, n, -1);
	for (long w = 0; w < windows; w++) {
		call(ops);
		progs_read(all, n, w);
	}
	for (long i = 0; i < n; i++) {
		if (!all[i].all)
			continue;
		prog_save(&all[i], dir);
		printf("%s %u %llu", *all[i].name ? all[i].name : "-",
		       all[i].id, all[i].all);
		for (long w = 0; w < windows; w++)
			printf(" %.2f", all[i].window[w]);
		printf("\n");
	}
	return 0;
}

/* ---- the least ---- */

static int attach(char **names)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
		.insns = (unsigned long)nothing,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
	};
	long prog = *names ? bpf(BPF_PROG_LOAD, &attr) : 0;

	for (; *names; names++) {
		memset(&attr, 0, sizeof(attr));
		attr.raw_tracepoint.name = (unsigned long)*names;
		attr.raw_tracepoint.prog_fd = (unsigned)prog;
		if (bpf(BPF_RAW_TRACEPOINT_OPEN, &attr) < 0)
			return 1;
	}
	puts("");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	sites_fn *call = argc > 2 ? sites_find(argv[2]) : NULL;
	long n = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	long m = argc > 4 ? strtol(argv[4], NULL, 10) : 0;

	if (argc >= 4 && !strcmp(what, "run"))
		return run(strtol(argv[2], NULL, 10), argv + 3);
	if (argc >= 4 && !strcmp(what, "beside") && argc > 3 + atoi(argv[2]))
		return beside(atoi(argv[2]), argv + 3);
	if (argc >= 2 && !strcmp(what, "attach"))
		return attach(argv + 2);
	if ((argc == 3 || argc == 4) && !strcmp(what, "flood"))
		return flood(strtol(argv[2], NULL, 10), n);
	if (argc == 5 && call && n > 0 && m > 0 && !strcmp(what, "calls"))
		return calls(call, n, m);
	if (argc == 6 && call && n > 0 && m > 0 && !strcmp(what, "bpf"))
		return progs(call, n, m, argv[5]);
	fprintf(stderr, "measure run N COMMAND... | attach NAME... | "
			"beside N TRACER... COMMAND... | "
			"calls KIND OPS BATCHES | flood N [RATE] | "
			"bpf KIND OPS WINDOWS DIR\n");
	return 2;
}
