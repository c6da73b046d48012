/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/intrinsic.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/arch.h"
#include "dbg/world.h"
#include "run/signals.h"

#define NS_PER_S INT64_C(1000000000)

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts = {};

	clock_gettime(id, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* An intrinsic without arguments that gives a long. */
#define GETTER(name, expr)                                               \
	static enum step get_##name(struct host *h,                      \
				    const struct value *args)            \
	{                                                                \
		(void)args;                                              \
		host_set_long(h, (expr));                                \
		return STEP_ON;                                          \
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

static int64_t random_bits(void)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != sizeof(v))
		v = (uint32_t)clock_ns(CLOCK_MONOTONIC);
	return v;
}

static int64_t pair(uint64_t high, uint32_t low)
{
	return (int64_t)(high << 32 | low);
}

GETTER(pid_tgid, pair((uint64_t)getpid(), (uint32_t)gettid()))
GETTER(uid_gid, pair(getgid(), getuid()))
GETTER(nothing, 0)
GETTER(cpu, sched_getcpu())
GETTER(ktime, clock_ns(CLOCK_MONOTONIC))
GETTER(boot, clock_ns(CLOCK_BOOTTIME))
GETTER(wall, clock_ns(CLOCK_REALTIME))
GETTER(jiffies, jiffies(h))
GETTER(hz, hz(h))
GETTER(target, (int64_t)store_session(h->store)->target)
GETTER(stp_pid, (int64_t)store_session(h->store)->stp_pid)
GETTER(gmtoff, store_session(h->store)->gmtoff)
GETTER(random, random_bits())
GETTER(in_kernel, 0)

static enum step get_comm(struct host *h, const struct value *args)
{
	char name[17] = "";

	(void)args;
	prctl(PR_GET_NAME, name);
	host_set_str(h, str_from(name));
	return STEP_ON;
}

/* ---- the session ---- */

static enum step do_exit(struct host *h, const struct value *args)
{
	struct image_session *s = store_session(h->store);

	(void)args;
	if (s->state < SESSION_STOPPING)
		s->state = SESSION_STOPPING;
	return STEP_ON;
}

static enum step do_abort(struct host *h, const struct value *args)
{
	do_exit(h, args);
	return STEP_LEAVE;
}

static enum step do_nothing(struct host *h, const struct value *args)
{
	(void)h;
	(void)args;
	return STEP_ON;
}

static enum step do_error(struct host *h, const struct value *args)
{
	return host_raise_text(h, IERR_USER, args[0].s);
}

/* A message is a line, with its end or without. */
static enum step do_warn(struct host *h, const struct value *args)
{
	struct str text = args[0].s;

	if (str_ends(text, STR("\n")))
		text.len--;
	output_warn(h->out, "%" STR_FMT, STR_ARG(text));
	return STEP_ON;
}

static enum step do_log(struct host *h, const struct value *args)
{
	output_write(h->out, args[0].s);
	if (!str_ends(args[0].s, STR("\n")))
		output_write(h->out, STR("\n"));
	return STEP_ON;
}

static enum step do_log_err(struct host *h, const struct value *args)
{
	output_log(h->out, args[0].s);
	return STEP_ON;
}

static struct str probe_point(const struct host *h)
{
	istr s = h->probe == IMAGE_NONE ? 0 :
		 h->site ? h->site->point : h->img->probes.v[h->probe].point;

	return image_str(h->img, s);
}

static enum step get_probe_point(struct host *h, const struct value *args)
{
	(void)args;
	host_set_str(h, probe_point(h));
	return STEP_ON;
}

static enum step get_probe_func(struct host *h, const struct value *args)
{
	char buf[IMAGE_FUNC_LEN];

	(void)args;
	host_set_str(h, image_point_func(probe_point(h),
					 image_str(h->img, h->img->arch), buf));
	return STEP_ON;
}

static enum step get_probe_mark(struct host *h, const struct value *args)
{
	(void)args;
	host_set_str(h, image_point_mark(probe_point(h)));
	return STEP_ON;
}

static enum step get_probe_name(struct host *h, const struct value *args)
{
	istr s = h->probe == IMAGE_NONE ? 0 :
					  h->img->probes.v[h->probe].name;

	(void)args;
	host_set_str(h, image_str(h->img, s));
	return STEP_ON;
}

/* ---- what only the host can do ---- */

/* As the C library takes it; the caller frees. */
static char *c_string(struct str s)
{
	char *p = malloc((size_t)s.len + 1);

	if (!p)
		abort();
	if (s.len)
		memcpy(p, s.s, s.len);
	p[s.len] = '\0';
	return p;
}

/* In a child: starts the command in a child of its own, so that nobody has to
 * wait for its end. */
static _Noreturn void start_command(const char *text)
{
	pid_t pid;

	signals_for_command();
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	_exit(pid < 0);
}

static enum step do_system(struct host *h, const struct value *args)
{
	char *text = c_string(args[0].s);
	int status = 0;
	pid_t pid;

	output_flush(h->out);
	pid = fork();
	if (!pid)
		start_command(text);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || status)
		output_warn(h->out, "system(): cannot start a process");
	free(text);
	return STEP_ON;
}

static enum step do_switch_file(struct host *h, const struct value *args)
{
	(void)args;
	output_switch(h->out);
	return STEP_ON;
}

static enum step get_module_name(struct host *h, const struct value *args)
{
	(void)args;
	host_set_str(h, str_from(h->name ? h->name : "spile"));
	return STEP_ON;
}

/* ---- $value ---- */

static enum step get_text(struct host *h, const struct value *args)
{
	(void)args;
	host_set_str(h, h->value ? buf_view(h->value) : STR(""));
	return STEP_ON;
}

static enum step text_add(struct host *h, const struct value *args)
{
	struct str s = args[0].s;

	if (!h->value)
		return STEP_ON;
	if (s.len > h->value_max - MIN(h->value->len, h->value_max)) {
		s.len = h->value_max -
			(uint32_t)MIN(h->value->len, (size_t)h->value_max);
		if (h->probe != IMAGE_NONE)
			++*store_loss(h->store, h->probe, LOSS_STRING);
	}
	buf_str(h->value, s);
	return STEP_ON;
}

static enum step text_set(struct host *h, const struct value *args)
{
	if (h->value)
		h->value->len = 0;
	return text_add(h, args);
}

static enum step get_env(struct host *h, const struct value *args)
{
	char *text = c_string(args[0].s);
	const char *value = getenv(text);

	host_set_str(h, str_from(value ? value : ""));
	free(text);
	return STEP_ON;
}

/* Here no kernel code is interrupted. */
static enum step no_backtrace(struct host *h, const struct value *args)
{
	(void)args;
	host_set_str(h, STR(""));
	return STEP_ON;
}

GETTER(no_stack, 0)

static const struct arch *arch_of(const struct host *h)
{
	const struct arch *a = arch_find(image_str(h->img, h->img->arch));

	return a ? a : arch_host();
}

static enum step get_syscall_name(struct host *h, const struct value *args)
{
	const struct arch *a = arch_of(h);
	int64_t nr = args[0].l;

	host_set_str(h, a && nr >= 0 && nr <= UINT32_MAX ?
				arch_syscall_name(a, (uint32_t)nr) : STR(""));
	return STEP_ON;
}

static enum step get_syscall_num(struct host *h, const struct value *args)
{
	const struct arch *a = arch_of(h);

	host_set_long(h, a ? arch_syscall_nr(a, args[0].s) : -1);
	return STEP_ON;
}

static enum step get_zone(struct host *h, const struct value *args)
{
	struct tm tm = {};
	time_t now = time(NULL);

	(void)args;
	localtime_r(&now, &tm);
	host_set_str(h, str_from(tm.tm_zone ? tm.tm_zone : "UTC"));
	return STEP_ON;
}

static const intrinsic_fn intrinsics[INTRIN_N] = {
	[INTRIN_PID_TGID] = get_pid_tgid,
	[INTRIN_UID_GID] = get_uid_gid,
	[INTRIN_COMM] = get_comm,
	[INTRIN_TASK] = intrinsic_task,
	[INTRIN_TASK_REGS] = get_nothing,
	[INTRIN_STACK_POINTER] = get_nothing,
	[INTRIN_SYM_TEXT] = intrinsic_sym_data,
	[INTRIN_VERDICT] = get_nothing,
	[INTRIN_DECIDE] = do_nothing,
	[INTRIN_USTACK_FROM] = do_nothing,
	[INTRIN_MAPPED] = get_nothing,
	[INTRIN_RETURN_PC] = get_nothing,
	[INTRIN_CPU] = get_cpu,
	[INTRIN_KTIME_NS] = get_ktime,
	[INTRIN_BOOT_NS] = get_boot,
	[INTRIN_WALL_NS] = get_wall,
	[INTRIN_JIFFIES] = get_jiffies,
	[INTRIN_HZ] = get_hz,
	[INTRIN_EXIT] = do_exit,
	[INTRIN_ABORT] = do_abort,
	[INTRIN_ERROR] = do_error,
	[INTRIN_TARGET] = get_target,
	[INTRIN_STP_PID] = get_stp_pid,
	[INTRIN_RANDOM] = get_random,
	[INTRIN_PROBE_POINT] = get_probe_point,
	[INTRIN_PROBE_NAME] = get_probe_name,
	[INTRIN_PROBE_FUNC] = get_probe_func,
	[INTRIN_PROBE_MARK] = get_probe_mark,
	[INTRIN_IN_KERNEL] = get_in_kernel,
	[INTRIN_STRLEN] = intrinsic_strlen,
	[INTRIN_SUBSTR] = intrinsic_substr,
	[INTRIN_BYTE] = intrinsic_byte,
	[INTRIN_CHAR] = intrinsic_char,
	[INTRIN_STRPOS] = intrinsic_strpos,
	[INTRIN_STRTOL] = intrinsic_strtol,
	[INTRIN_QUOTED] = intrinsic_quoted,
	[INTRIN_TOKEN] = intrinsic_token,
	[INTRIN_MATCHED] = intrinsic_matched,
	[INTRIN_NGROUPS] = intrinsic_ngroups,
	[INTRIN_KERNEL_STR] = intrinsic_kernel_str,
	[INTRIN_USER_STR] = intrinsic_user_str,
	[INTRIN_WARN] = do_warn,
	[INTRIN_LOG] = do_log,
	[INTRIN_LOG_ERR] = do_log_err,
	[INTRIN_SYSTEM] = do_system,
	[INTRIN_SWITCH_FILE] = do_switch_file,
	[INTRIN_FTRACE] = intrinsic_ftrace,
	[INTRIN_PRINTK] = intrinsic_printk,
	[INTRIN_PANIC] = intrinsic_panic,
	[INTRIN_SPECULATE] = intrinsic_speculate,
	[INTRIN_COMMIT] = intrinsic_commit,
	[INTRIN_DISCARD] = intrinsic_discard,
	[INTRIN_RAISE] = intrinsic_raise,
	[INTRIN_GURU] = do_nothing,
	[INTRIN_PAUSE] = do_nothing,
	[INTRIN_CTIME] = intrinsic_ctime,
	[INTRIN_TZ_GMTOFF] = get_gmtoff,
	[INTRIN_TZ_NAME] = get_zone,
	[INTRIN_ERRNO_NAME] = intrinsic_errno_name,
	[INTRIN_SIGNAL_NAME] = intrinsic_signal_name,
	[INTRIN_SYSCALL_NAME] = get_syscall_name,
	[INTRIN_SYSCALL_NUM] = get_syscall_num,
	[INTRIN_FLAGS_TEXT] = intrinsic_flags_text,
	[INTRIN_FLAG_NAME] = intrinsic_flag_name,
	[INTRIN_FLAG_MASK] = intrinsic_flag_mask,
	[INTRIN_FLAG_VALUE] = intrinsic_flag_value,
	[INTRIN_SYMBOL] = intrinsic_symbol,
	[INTRIN_SYM_NAME] = intrinsic_sym_name,
	[INTRIN_SYM_DATA] = intrinsic_sym_data,
	[INTRIN_SYM_MODULE] = intrinsic_sym_module,
	[INTRIN_SYM_LINE] = intrinsic_sym_line,
	[INTRIN_TASK_STACK] = intrinsic_task_stack,
	[INTRIN_USYM] = intrinsic_usym,
	[INTRIN_USYM_BASE] = intrinsic_usym_base,
	[INTRIN_USTACK] = no_backtrace,
	[INTRIN_USTACK_AT] = get_no_stack,
	[INTRIN_PRINT_USTACK] = intrinsic_print_ustack,
	[INTRIN_USTACK_LINES] = intrinsic_ustack_lines,
	[INTRIN_STACK_LINES] = intrinsic_stack_lines,
	[INTRIN_PRINT_STACK] = intrinsic_print_stack,
	[INTRIN_PRINT_CODE] = intrinsic_print_code,
	[INTRIN_STACK] = no_backtrace,
	[INTRIN_PLACE] = no_backtrace,
	[INTRIN_STACK_AT] = get_no_stack,
	[INTRIN_FUNC_IP] = get_no_stack,
	[INTRIN_TEXT] = get_text,
	[INTRIN_TEXT_SET] = text_set,
	[INTRIN_TEXT_ADD] = text_add,
	[INTRIN_MODULE_NAME] = get_module_name,
	[INTRIN_LOAD] = intrinsic_load,
	[INTRIN_MODULE_SIZE] = intrinsic_module_size,
	[INTRIN_ENV_VAR] = get_env,
};

/* There is a row for each: see the test.  What the host does to the world
 * (D in intrinsic.def) may take long: never with the lock of the globals. */
enum step intrinsic_run(struct host *h, const struct image_insn *i)
{
	bool had_lock = h->locked;
	enum step step;

	if (intrin_info[i->imm].flags & INF_DEFERRED)
		host_unlock(h);
	step = intrinsics[i->imm](h, host_texts(h, i));
	if (had_lock && !host_lock(h))
		return STEP_SKIP;
	return step;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(intrinsic_rows)
{
	for (uint32_t i = 0; i < INTRIN_N; i++)
		TEST(intrinsics[i] != NULL);
}
#endif
