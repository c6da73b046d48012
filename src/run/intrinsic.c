/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intrinsics on the host: time, task, session, and what only the host
 * can do.  Those that work on text are in intrinsic_text.c.
 */
#include "run/intrinsic.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dbg/arch.h"
#include "dbg/kallsyms.h"
#include "dbg/world.h"

#define NS_PER_S INT64_C(1000000000)

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts = {};

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t hz(const struct host *h)
{
	uint32_t n = h->world ? world_hz(h->world) : 0;

	return n ? n : 250;
}

/* The kernel's count starts five minutes before it would wrap at 32 bits. */
static int64_t jiffies(const struct host *h)
{
	int64_t n = hz(h), ns = clock_ns(CLOCK_MONOTONIC);

	return (int64_t)(uint32_t)(-300 * n) + ns / NS_PER_S * n +
	       ns % NS_PER_S * n / NS_PER_S;
}

static void set_comm(struct host *h)
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	host_set_str(h, str_from(name));
}

static int64_t random_bits(void)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != sizeof(v))
		v = (uint32_t)clock_ns(CLOCK_MONOTONIC);
	return v;
}

static void request_exit(struct host *h)
{
	struct image_session *s = store_session(h->store);

	if (s->state < SESSION_STOPPING)
		s->state = SESSION_STOPPING;
}

static void set_probe_text(struct host *h, bool as_written)
{
	const struct image_probe *p;

	if (h->probe == IMAGE_NONE) {
		host_set_str(h, STR(""));
		return;
	}
	p = &h->img->probes.v[h->probe];
	host_set_str(h, image_str(h->img, as_written ? p->name : p->point));
}

/* The child's child runs it, so that nobody has to wait for it. */
static void run_system(struct host *h, struct str command)
{
	char *text = strndup(command.s, command.len);
	pid_t pid;

	if (!text)
		abort();
	output_flush(h->out);
	pid = fork();
	if (!pid) {
		if (!fork())
			execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		output_warn(h->out, "system(): cannot start a process");
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(text);
}

static void write_ftrace(struct host *h, struct str text)
{
	int dir = h->world ? world_tracefs(h->world) : -1;
	_cleanup_close_ int fd = -1;

	if (dir >= 0)
		fd = openat(dir, "trace_marker", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text.s, text.len) < 0)
		output_warn(h->out, "ftrace(): cannot write to the ftrace "
			    "buffer");
}

static void set_module_name(struct host *h)
{
	char name[32];

	snprintf(name, sizeof(name), "spile_%d", (int)getpid());
	host_set_str(h, str_from(name));
}

static void set_env(struct host *h, struct str name)
{
	char *text = strndup(name.s, name.len);
	const char *value;

	if (!text)
		abort();
	value = getenv(text);
	host_set_str(h, str_from(value ? value : ""));
	free(text);
}

static void set_symbol(struct host *h, uint64_t addr)
{
	struct kallsym sym = {};
	struct err *e = NULL;
	char text[32];

	if (!h->kallsyms && h->world)
		h->kallsyms = kallsyms_create(h->world);
	if (h->kallsyms)
		e = kallsyms_at(h->kallsyms, addr, &sym);
	err_free(e);
	if (sym.name.len) {
		host_set_str(h, sym.name);
		return;
	}
	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)addr);
	host_set_str(h, str_from(text));
}

static const struct arch *arch_of(const struct host *h)
{
	const struct arch *a = arch_find(image_str(h->img, h->img->arch));

	return a ? a : arch_host();
}

static void set_syscall_name(struct host *h, int64_t nr)
{
	const struct arch *a = arch_of(h);

	host_set_str(h, a && nr >= 0 && nr <= UINT32_MAX ?
				arch_syscall_name(a, (uint32_t)nr) : STR(""));
}

static void set_zone(struct host *h)
{
	struct tm tm = {};
	time_t now = time(NULL);

	localtime_r(&now, &tm);
	host_set_str(h, str_from(tm.tm_zone ? tm.tm_zone : "UTC"));
}

/* The task, the time, the session: one long each. */
static int64_t context(struct host *h, enum image_intrinsic id)
{
	switch (id) {
	case INTRIN_PID_TGID:
		return (int64_t)((uint64_t)getpid() << 32 |
				 (uint32_t)gettid());
	case INTRIN_UID_GID:
		return (int64_t)((uint64_t)getgid() << 32 | getuid());
	case INTRIN_CPU:
		return sched_getcpu();
	case INTRIN_KTIME_NS:
		return clock_ns(CLOCK_MONOTONIC);
	case INTRIN_BOOT_NS:
		return clock_ns(CLOCK_BOOTTIME);
	case INTRIN_WALL_NS:
		return clock_ns(CLOCK_REALTIME);
	case INTRIN_JIFFIES:
		return jiffies(h);
	case INTRIN_HZ:
		return hz(h);
	case INTRIN_TARGET:
		return (int64_t)store_session(h->store)->target;
	case INTRIN_STP_PID:
		return (int64_t)store_session(h->store)->stp_pid;
	case INTRIN_TZ_GMTOFF:
		return store_session(h->store)->gmtoff;
	case INTRIN_RANDOM:
		return random_bits();
	default:
		return 0;	/* TASK, IN_KERNEL: none, no */
	}
}

enum step intrinsic_run(struct host *h, const struct image_insn *i)
{
	enum image_intrinsic id = (enum image_intrinsic)i->imm;
	const struct value *args = host_list(h, i);

	switch (id) {
	case INTRIN_PID_TGID: case INTRIN_UID_GID: case INTRIN_TASK:
	case INTRIN_CPU: case INTRIN_KTIME_NS: case INTRIN_BOOT_NS:
	case INTRIN_WALL_NS: case INTRIN_JIFFIES: case INTRIN_HZ:
	case INTRIN_TARGET: case INTRIN_STP_PID: case INTRIN_RANDOM:
	case INTRIN_IN_KERNEL: case INTRIN_TZ_GMTOFF:
		host_set_long(h, context(h, id));
		return STEP_ON;
	case INTRIN_COMM:
		set_comm(h);
		return STEP_ON;
	case INTRIN_EXIT:
		request_exit(h);
		return STEP_ON;
	case INTRIN_ABORT:
		request_exit(h);
		return STEP_LEAVE;
	case INTRIN_ERROR:
		return host_raise_text(h, IERR_USER, args[0].s);
	case INTRIN_PROBE_POINT:
	case INTRIN_PROBE_NAME:
		set_probe_text(h, id == INTRIN_PROBE_NAME);
		return STEP_ON;
	case INTRIN_WARN:
		output_warn(h->out, "%" STR_FMT, STR_ARG(args[0].s));
		return STEP_ON;
	case INTRIN_LOG_ERR:
		output_log(h->out, args[0].s);
		return STEP_ON;
	case INTRIN_SYSTEM:
		run_system(h, args[0].s);
		return STEP_ON;
	case INTRIN_FTRACE:
		write_ftrace(h, args[0].s);
		return STEP_ON;
	case INTRIN_TZ_NAME:
		set_zone(h);
		return STEP_ON;
	case INTRIN_SYSCALL_NAME:
		set_syscall_name(h, args[0].l);
		return STEP_ON;
	case INTRIN_SYSCALL_NUM:
		host_set_long(h, arch_of(h) ? arch_syscall_nr(arch_of(h),
							     args[0].s) : -1);
		return STEP_ON;
	case INTRIN_SYM_NAME:
		set_symbol(h, (uint64_t)args[0].l);
		return STEP_ON;
	case INTRIN_MODULE_NAME:
		set_module_name(h);
		return STEP_ON;
	case INTRIN_ENV_VAR:
		set_env(h, args[0].s);
		return STEP_ON;
	case INTRIN_STRLEN: case INTRIN_SUBSTR: case INTRIN_BYTE:
	case INTRIN_CHAR: case INTRIN_STRPOS: case INTRIN_STRTOL:
	case INTRIN_QUOTED: case INTRIN_TOKEN: case INTRIN_MATCHED:
	case INTRIN_NGROUPS: case INTRIN_CTIME: case INTRIN_ERRNO_NAME:
	case INTRIN_SIGNAL_NAME:
		return intrinsic_text(h, id, args);
	case INTRIN_KERNEL_STR:
		host_raise(h, IERR_KERNEL_STR_FAULT);
		h->error.operand = (uint64_t)args[0].l;
		return STEP_RAISE;
	case INTRIN_USER_STR:
		host_raise(h, IERR_USER_STR_FAULT);
		h->error.operand = (uint64_t)args[0].l;
		return STEP_RAISE;
	case INTRIN_N:
		break;
	}
	return STEP_ON;
}
