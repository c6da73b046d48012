/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What programs cost, of user space and of the kernel.
 *
 *	measure run N COMMAND...	N lines "FIRST EXIT CPU RSS": us until
 *					the first byte on its standard output
 *					(0: none), until its end, of CPU time;
 *					KiB resident at most
 *	measure calls OPS BATCHES	one line "MIN P10 MEDIAN": ns of CPU
 *					time that a system call takes, of that
 *					many batches of so many
 *	measure flood N			N of these calls, then "NS": the time
 *					that one took
 *	measure bpf OPS WINDOWS DIR	while so many windows of so many calls
 *					pass: a line "NAME ID RUNS N1 N2 ..."
 *					for each BPF program of the processes
 *					above this one that ran, with the
 *					ns that one run took in each window, as
 *					the kernel counts them; its machine
 *					code into DIR/ID
 *
 * The call is faccessat() with a path of 63 bytes and an impossible mode,
 * which the kernel refuses before it looks at the path: as cheap as a system
 * call gets, with a text and numbers to look at.
 *
 * In C, since a child's peak of memory counts what its parent had at exec.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGS_MAX 4096
#define WINDOWS_MAX 1000
#define JIT_MAX (1 << 20)	/* bytes */

static const char path[] =
	"/srv/measure/a-path-of-sixty-three-bytes/as-paths-happen-to-be";

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

/* ---- calls ---- */

/* Modes from 8 to 4095, all of them impossible. */
static void call(long n)
{
	static unsigned long x = 88172645463325252UL;

	for (long i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		syscall(SYS_faccessat, AT_FDCWD, path, 8 | (x & 0xfff));
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int calls(long ops, long batches)
{
	double *ns = calloc((size_t)batches, sizeof(*ns));

	if (!ns)
		return 1;
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

static int flood(long n)
{
	long long began = now_ns();

	call(n);
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

/* Is it of a process that this one comes from?  There may be others. */
static int is_ours(unsigned id)
{
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

static int progs(long ops, long windows, const char *dir)
{
	static struct prog all[PROGS_MAX];
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };
	long n = progs_open(all);

	if (windows > WINDOWS_MAX || bpf(BPF_ENABLE_STATS, &attr) < 0)
		return 1;
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

int main(int argc, char **argv)
{
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	long m = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (argc >= 4 && n > 0 && !strcmp(argv[1], "run"))
		return run(n, argv + 3);
	if (argc == 3 && n > 0 && !strcmp(argv[1], "flood"))
		return flood(n);
	if (argc == 4 && n > 0 && m > 0 && !strcmp(argv[1], "calls"))
		return calls(n, m);
	if (argc == 5 && n > 0 && m > 0 && !strcmp(argv[1], "bpf"))
		return progs(n, m, argv[4]);
	fprintf(stderr, "measure run N COMMAND... | calls OPS BATCHES | "
			"flood N | bpf OPS WINDOWS DIR\n");
	return 2;
}
