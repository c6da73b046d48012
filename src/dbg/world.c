/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/objfile.h"

#define WORLD_CPUS_MAX 65536
#define WORLD_CONFIG_BYTES (8u << 20)
#define WORLD_NAMES_MAX (1u << 20)

enum world_kind {
	WORLD_LIVE,   /* this machine as it runs */
	WORLD_DIR,    /* a directory that stands for a machine */
	WORLD_KERNEL, /* a kernel that is installed, not running */
};

struct world {
	struct arena arena;
	enum world_kind kind;
	struct str root; /* in front of every path; may be empty */
	struct str release;
	const struct arch *arch;
	uint32_t cpus, hz; /* 0 = not said */
	struct buf *boot_id;
	struct str config; /* the text; begins with a newline */
	bool config_read;
	int tracefs;
	bool tracefs_tried;
	struct objfile **image; /* see world_image() */
	world_progress_fn *progress;
	void *progress_ctx;
	struct buf *events; /* see world_events() */
};

static struct str world_trim(struct str s)
{
	while (s.len && strchr(" \t\r\n", s.s[0]))
		s = str_sub(s, 1, s.len);
	while (s.len && strchr(" \t\r\n", s.s[s.len - 1]))
		s.len--;
	return s;
}

/* The next line of *rest without its newline; false at the end. */
static bool world_line(struct str *rest, struct str *ret)
{
	int64_t end = str_find_char(*rest, '\n');

	if (!rest->len)
		return false;
	*ret = str_sub(*rest, 0, end < 0 ? rest->len : (uint32_t)end);
	*rest = str_sub(*rest, ret->len + 1, rest->len);
	return true;
}

/* ---- a directory for a world ---- */

static struct err *world_conf_number(struct str value, uint32_t max,
				     uint32_t *ret)
{
	int64_t v;

	if (!str_to_s64(value, &v) || v < 1 || v > max)
		return err_new(ERR_FORMAT,
			       "world.conf: '%" STR_FMT
			       "' is not a number from 1 to %u",
			       STR_ARG(value), max);
	*ret = (uint32_t)v;
	return NULL;
}

static struct err *world_conf_machine(struct world *w, struct str value)
{
	w->arch = arch_find(value);
	if (!w->arch)
		return err_new(ERR_UNSUPPORTED,
			       "world.conf: unknown machine '%" STR_FMT "'",
			       STR_ARG(value));
	return NULL;
}

static struct err *world_conf_key(struct world *w, struct str key,
				  struct str value)
{
	if (str_is(key, "release")) {
		w->release = arena_str(&w->arena, value);
		return NULL;
	}
	if (str_is(key, "machine"))
		return world_conf_machine(w, value);
	if (str_is(key, "cpus"))
		return world_conf_number(value, WORLD_CPUS_MAX, &w->cpus);
	if (str_is(key, "hz"))
		return world_conf_number(value, 1000000, &w->hz);
	return err_new(ERR_FORMAT, "world.conf: unknown key '%" STR_FMT "'",
		       STR_ARG(key));
}

static struct err *world_conf_line(struct world *w, struct str line)
{
	int64_t comment = str_find_char(line, '#');
	int64_t equals;

	if (comment >= 0)
		line = str_sub(line, 0, (uint32_t)comment);
	line = world_trim(line);
	if (!line.len)
		return NULL;
	equals = str_find_char(line, '=');
	if (equals < 0)
		return err_new(ERR_FORMAT,
			       "world.conf: no '=' in '%" STR_FMT "'",
			       STR_ARG(line));
	return world_conf_key(
		w, world_trim(str_sub(line, 0, (uint32_t)equals)),
		world_trim(str_sub(line, (uint32_t)equals + 1, line.len)));
}

static struct err *world_conf(struct world *w)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct str rest, line;
	struct err *e;

	e = world_read(w, "/world.conf", 65536, &text);
	if (e)
		return err_hint(err_context(e, "not a world"),
				"a world is a directory with world.conf, "
				"proc/ and sys/");
	rest = buf_view(&text);
	while (world_line(&rest, &line)) {
		e = world_conf_line(w, line);
		if (e)
			return e;
	}
	if (!w->arch || !w->release.len)
		return err_new(ERR_FORMAT,
			       "world.conf says no machine or no release");
	return NULL;
}

/* ---- this machine ---- */

static struct err *world_uname(struct world *w)
{
	struct utsname u;

	if (uname(&u))
		return err_os(errno, "uname");
	w->release = arena_str(&w->arena, str_from(u.release));
	w->arch = arch_host();
	if (!w->arch)
		return err_new(ERR_UNSUPPORTED,
			       "no support for this processor (%s)", u.machine);
	return NULL;
}

static struct world *world_new(enum world_kind kind, const char *root)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	arena_init(&w->arena);
	w->kind = kind;
	w->root = arena_str(&w->arena, str_from(root));
	w->tracefs = -1;
	w->image = arena_new(&w->arena, struct objfile *);
	w->events = arena_new(&w->arena, struct buf);
	w->boot_id = arena_new(&w->arena, struct buf);
	return w;
}

/* Keeps w for the caller, or closes it. */
static struct err *world_done(struct world *w, struct err *e,
			      struct world **ret)
{
	if (e)
		world_close(w);
	else
		*ret = w;
	return e;
}

struct err *world_open(const char *dir, struct world **ret)
{
	struct world *w = dir ? world_new(WORLD_DIR, *dir ? dir : ".") :
				world_new(WORLD_LIVE, "");

	return world_done(w, dir ? world_conf(w) : world_uname(w), ret);
}

/* The only kernel that has modules below the root. */
static struct err *world_only_release(struct world *w)
{
	struct world_names names;
	struct err *e = world_list(w, "/lib/modules", &w->arena, &names);

	if (e)
		return e;
	if (names.n != 1)
		return err_new(ERR_NOT_FOUND,
			       "there are %u kernels below %s: say which "
			       "with -r",
			       names.n, w->root.s);
	w->release = names.v[0];
	return NULL;
}

struct err *world_open_kernel(const char *sysroot, const char *release,
			      const char *machine, struct world **ret)
{
	struct world *w = world_new(WORLD_KERNEL, sysroot ? sysroot : "");
	struct err *e = NULL;

	w->arch = machine ? arch_find(str_from(machine)) : arch_host();
	if (!w->arch)
		e = err_new(ERR_UNSUPPORTED,
			    "no support for the processor '%s'",
			    machine ? machine : "of this machine");
	else if (release)
		w->release = arena_str(&w->arena, str_from(release));
	else
		e = world_only_release(w);
	return world_done(w, e, ret);
}

void world_close(struct world *w)
{
	if (!w)
		return;
	if (w->tracefs >= 0)
		close(w->tracefs);
	objfile_close(*w->image);
	buf_deinit(w->events);
	buf_deinit(w->boot_id);
	arena_deinit(&w->arena);
	free(w);
}

void world_on_progress(struct world *w, world_progress_fn *fn, void *ctx)
{
	w->progress = fn;
	w->progress_ctx = ctx;
}

bool world_progress(const struct world *w, struct str build_id, uint64_t done,
		    uint64_t total)
{
	return w->progress &&
	       w->progress(w->progress_ctx, build_id, done, total);
}

bool world_is_live(const struct world *w)
{
	return w->kind == WORLD_LIVE;
}

bool world_is_kernel(const struct world *w)
{
	return w->kind == WORLD_KERNEL;
}

struct str world_release(const struct world *w)
{
	return w->release;
}

const struct arch *world_arch(const struct world *w)
{
	return w->arch;
}

/* ---- files ---- */

/* What stands in front of a path.  The /proc and /sys of this machine say
 * nothing of a kernel that does not run: nothing is found below a file. */
static const char *world_prefix(const struct world *w, const char *path)
{
	bool runs = strncmp(path, "/proc", 5) == 0 ||
		    strncmp(path, "/sys/", 5) == 0;

	return w->kind == WORLD_KERNEL && runs ? "/dev/null" : w->root.s;
}

struct str world_path(const struct world *w, struct arena *a, const char *path)
{
	return arena_printf(a, "%s%s", world_prefix(w, path), path);
}

/* As world_path(), on the heap: for the time of one system call. */
static char *world_path_heap(const struct world *w, const char *path)
{
	char *s;

	if (asprintf(&s, "%s%s", world_prefix(w, path), path) < 0)
		abort();
	return s;
}

struct err *world_open_fd(const struct world *w, const char *path, int *ret)
{
	_cleanup_free_ char *full = world_path_heap(w, path);
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return err_os(errno, "%s", full);
	*ret = fd;
	return NULL;
}

struct err *world_read(const struct world *w, const char *path, size_t max,
		       struct buf *ret)
{
	_cleanup_close_ int fd = -1;
	size_t room = MIN(max, (size_t)65536);
	size_t start = ret->len;
	struct err *e = world_open_fd(w, path, &fd);

	if (e)
		return e;
	for (;;) {
		char *to = buf_reserve(ret, room);
		ssize_t n = read(fd, to, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s", path);
		if (!n)
			return NULL;
		ret->len += (size_t)n;
		if (ret->len - start > max)
			return err_new(ERR_LIMIT, "%s is larger than %zu bytes",
				       path, max);
		room = 65536;
	}
}

static int world_name_cmp(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void world_closedir(DIR **d)
{
	if (*d)
		closedir(*d);
}

struct err *world_list(const struct world *w, const char *path, struct arena *a,
		       struct world_names *ret)
{
	_cleanup_free_ char *full = world_path_heap(w, path);
	_cleanup_(world_closedir) DIR *d = opendir(full);
	struct world_names names = {};
	struct dirent *entry;

	if (!d)
		return err_os(errno, "%s", full);
	while ((entry = readdir(d))) {
		struct str name = str_from(entry->d_name);

		if (str_is(name, ".") || str_is(name, ".."))
			continue;
		if (names.n == WORLD_NAMES_MAX)
			return err_new(ERR_LIMIT, "%s has too many entries",
				       full);
		vec_push(a, &names, arena_str(a, name));
	}
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), world_name_cmp);
	*ret = names;
	return NULL;
}

bool world_exists(const struct world *w, const char *path)
{
	_cleanup_free_ char *full = world_path_heap(w, path);

	return !access(full, F_OK);
}

struct err *world_readlink(const struct world *w, const char *path,
			   struct arena *a, struct str *ret)
{
	_cleanup_free_ char *full = world_path_heap(w, path);
	const size_t max = 4096;
	_cleanup_free_ char *target = malloc(max);
	ssize_t n;

	if (!target)
		abort();
	n = readlink(full, target, max - 1);
	if (n < 0)
		return err_os(errno, "%s", full);
	if ((size_t)n == max - 1)
		return err_new(ERR_LIMIT, "%s: its target is too long", full);
	*ret = arena_str(a, (struct str){ target, (uint32_t)n });
	return NULL;
}

/* A small file, trimmed, in w's arena; empty when it can't be read. */
static struct str world_word(const struct world *w, struct arena *a,
			     const char *path)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct err *e = world_read(w, path, 4096, &text);

	if (err_drop(e))
		return (struct str){ "", 0 };
	return arena_str(a, world_trim(buf_view(&text)));
}

/* ---- numbers ---- */

/* The highest number of "0-3,8-11", plus 1; 0 = not such a list. */
static uint32_t world_cpu_list(struct str s)
{
	uint32_t highest = 0;

	for (uint32_t i = 0; i < s.len;) {
		uint32_t v = 0, start = i;

		while (i < s.len && s.s[i] >= '0' && s.s[i] <= '9' &&
		       v < WORLD_CPUS_MAX)
			v = v * 10 + (uint32_t)(s.s[i++] - '0');
		if (i == start || v >= WORLD_CPUS_MAX)
			return 0;
		highest = MAX(highest, v + 1);
		if (i < s.len && s.s[i] != '-' && s.s[i] != ',')
			return 0;
		i++;
	}
	return highest;
}

uint32_t world_cpus(const struct world *w)
{
	struct arena a;
	uint32_t n = w->cpus;

	if (!n) {
		arena_init(&a);
		n = world_cpu_list(
			world_word(w, &a, "/sys/devices/system/cpu/possible"));
		arena_deinit(&a);
	}
	if (!n && world_is_live(w))
		n = (uint32_t)MAX(sysconf(_SC_NPROCESSORS_CONF), 1L);
	return MAX(n, 1u);
}

/* The clock that goes on by ticks says how long one is. */
static uint32_t hz_of_clock(void)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec ||
	    tick.tv_nsec <= 0)
		return 0;
	return (uint32_t)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

uint32_t world_hz(struct world *w)
{
	struct str value;
	int64_t v;

	if (w->hz)
		return w->hz;
	if (world_config(w, STR("CONFIG_HZ"), &value) == WORLD_CONFIG_SET &&
	    str_to_s64(value, &v) && v > 0 && v <= 1000000)
		w->hz = (uint32_t)v;
	if (!w->hz && world_is_live(w))
		w->hz = hz_of_clock();
	return w->hz;
}

struct objfile **world_image(const struct world *w)
{
	return w->image;
}

struct buf *world_events(const struct world *w)
{
	return w->events;
}

struct str world_boot_id(const struct world *w)
{
	if (!w->boot_id->len)
		err_drop(world_read(w, "/proc/sys/kernel/random/boot_id", 4096,
				    w->boot_id));
	return world_trim(buf_view(w->boot_id));
}

int64_t world_sysctl(const struct world *w, const char *name, int64_t fallback)
{
	struct arena a;
	int64_t v = fallback;

	arena_init(&a);
	str_to_s64(world_word(w, &a, arena_printf(&a, "/proc/sys/%s", name).s),
		   &v);
	arena_deinit(&a);
	return v;
}

enum world_lockdown world_lockdown(const struct world *w)
{
	enum world_lockdown level = WORLD_LOCKDOWN_NONE;
	struct arena a;
	struct str s;

	arena_init(&a);
	s = world_word(w, &a, "/sys/kernel/security/lockdown");
	if (str_find(s, STR("[integrity]")) >= 0)
		level = WORLD_LOCKDOWN_INTEGRITY;
	else if (str_find(s, STR("[confidentiality]")) >= 0)
		level = WORLD_LOCKDOWN_CONFIDENTIALITY;
	arena_deinit(&a);
	return level;
}

/* ---- the kernel's configuration ---- */

/* Inflates a gzip file in memory, behind what out has. */
static bool world_gunzip(struct str in, struct buf *out)
{
	z_stream z = {
		.next_in = (z_const Bytef *)(uintptr_t)in.s,
		.avail_in = in.len,
	};
	int status;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	do {
		z.next_out = (Bytef *)buf_reserve(out, 65536);
		z.avail_out = 65536;
		status = inflate(&z, Z_NO_FLUSH);
		out->len += 65536 - z.avail_out;
	} while (status == Z_OK && out->len < WORLD_CONFIG_BYTES);
	inflateEnd(&z);
	return status == Z_STREAM_END;
}

static bool world_config_gz(const struct world *w, struct buf *text)
{
	_cleanup_(buf_deinit) struct buf gz = {};
	struct err *e =
		world_read(w, "/proc/config.gz", WORLD_CONFIG_BYTES, &gz);

	if (err_drop(e))
		return false;
	return world_gunzip(buf_view(&gz), text);
}

static bool world_config_plain(struct world *w, struct buf *text)
{
	static const char *const places[] = {
		"/boot/config-",     "",	"/lib/modules/", "/config",
		"/usr/lib/modules/", "/config",
	};
	struct err *e = NULL;

	for (uint32_t i = 0; i < ARRAY_SIZE(places); i += 2) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s%s%s", places[i], w->release.s,
			     places[i + 1]) < 0)
			abort();
		err_free(e);
		e = world_read(w, path, WORLD_CONFIG_BYTES, text);
		if (!e)
			return true;
	}
	err_free(e);
	return false;
}

static void world_config_read(struct world *w)
{
	_cleanup_(buf_deinit) struct buf text = {};

	w->config_read = true;
	buf_char(&text, '\n');
	if (!world_config_gz(w, &text)) {
		text.len = 1;
		if (!world_config_plain(w, &text))
			return;
	}
	w->config = arena_str(&w->arena, buf_view(&text));
}

enum world_config world_config(struct world *w, struct str name,
			       struct str *ret)
{
	_cleanup_(buf_deinit) struct buf key = {};
	struct str value, rest;
	int64_t at;

	if (!w->config_read)
		world_config_read(w);
	if (!w->config.len)
		return WORLD_CONFIG_UNKNOWN;
	buf_char(&key, '\n');
	buf_str(&key, name);
	buf_char(&key, '=');
	at = str_find(w->config, buf_view(&key));
	if (at < 0)
		return WORLD_CONFIG_UNSET;
	rest = str_sub(w->config, (uint32_t)at + (uint32_t)key.len,
		       w->config.len);
	if (!world_line(&rest, &value))
		value = (struct str){ "", 0 };
	if (value.len >= 2 && value.s[0] == '"' &&
	    value.s[value.len - 1] == '"')
		value = str_sub(value, 1, value.len - 2);
	*ret = value;
	return WORLD_CONFIG_SET;
}

/* ---- tracefs ---- */

/* A mount of tracefs that hangs nowhere, and goes with its descriptor. */
static int world_tracefs_private(void)
{
	_cleanup_close_ int fs =
		(int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);

	if (fs < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				    MOUNT_ATTR_NOEXEC);
}

static int world_tracefs_mounted(const struct world *w, const char *path)
{
	_cleanup_free_ char *full = world_path_heap(w, path);
	_cleanup_close_ int fd = open(full, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || faccessat(fd, "events", R_OK | X_OK, 0))
		return -1;
	return take_fd(&fd);
}

int world_tracefs(struct world *w)
{
	if (w->tracefs_tried)
		return w->tracefs;
	w->tracefs_tried = true;
	w->tracefs = world_tracefs_mounted(w, "/sys/kernel/tracing");
	if (w->tracefs < 0)
		w->tracefs =
			world_tracefs_mounted(w, "/sys/kernel/debug/tracing");
	if (w->tracefs < 0 && world_is_live(w))
		w->tracefs = world_tracefs_private();
	return w->tracefs;
}
