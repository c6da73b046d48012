/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the answers about a machine come from: this one, a directory that
 * stands for another (--world DIR), or the files of a kernel that is installed
 * but does not run (-r RELEASE, --sysroot DIR).  Every path below /proc and
 * /sys that dbg/ reads goes through here, so that all of the compiler runs
 * unprivileged and offline on a world made by tests/data/make_world.py.
 *
 * A directory holds proc/, sys/, boot/, and world.conf: lines "key = value"
 * for what no file tells; '#' starts a comment.  Keys: release, machine,
 * cpus, hz.
 */
#ifndef DBG_WORLD_H
#define DBG_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/arch.h"

struct world;

/* Names of directory entries and the like. */
struct world_names {
	struct str *v;
	uint32_t n, cap;
};

/* dir NULL = the running kernel.  Reads world.conf or uname, no more. */
struct err *world_open(const char *dir, struct world **ret) must_check;

/* A kernel that is installed below sysroot (NULL = on this machine) and does
 * not run: its files in /boot, /lib/modules/RELEASE and /usr/lib/debug; there
 * is no /proc and no /sys.  release NULL = the only one there is; machine as
 * for arch_find(), NULL = this one's. */
struct err *world_open_kernel(const char *sysroot, const char *release,
			      const char *machine,
			      struct world **ret) must_check;
void world_close(struct world *w);

/* The running kernel? */
bool world_is_live(const struct world *w);

/* The files of a kernel that does not run? */
bool world_is_kernel(const struct world *w);

/* "6.18.44-amd64", NUL-terminated; lives as long as w. */
struct str world_release(const struct world *w);
const struct arch *world_arch(const struct world *w);

/* One more than the highest possible CPU number; at least 1. */
uint32_t world_cpus(const struct world *w);

/* The kernel's tick (CONFIG_HZ); 0 = nothing tells. */
uint32_t world_hz(struct world *w);

/* Where the file of a kernel that does not run is kept for as long as w lives,
 * NULL at first: it may be packed, which takes 0.1 s to undo. */
struct objfile;
struct objfile **world_image(const struct world *w);

/* Where the list of trace events is kept for as long as w lives: to read it
 * takes 0.7 ms.  Empty until somebody did. */
struct buf *world_events(const struct world *w);

/* Changes with every boot: the key for caches.  Empty = nothing tells. */
struct str world_boot_id(const struct world *w);

enum world_config {
	WORLD_CONFIG_UNKNOWN, /* the configuration is not readable */
	WORLD_CONFIG_UNSET,
	WORLD_CONFIG_SET,
};

/*
 * The value of a kernel option: name "CONFIG_HZ", value "250", "y", "m", or
 * a string without its quotes.  The value lives as long as w.  The first call
 * reads /proc/config.gz or /boot/config-RELEASE (2 ms), later ones look up.
 */
enum world_config world_config(struct world *w, struct str name,
			       struct str *ret);

/* /proc/sys/NAME as a number ("kernel/kptr_restrict"); fallback if absent. */
int64_t world_sysctl(const struct world *w, const char *name, int64_t fallback);

enum world_lockdown {
	WORLD_LOCKDOWN_NONE, /* or the kernel has no such thing */
	WORLD_LOCKDOWN_INTEGRITY,
	WORLD_LOCKDOWN_CONFIDENTIALITY,
};
enum world_lockdown world_lockdown(const struct world *w);

/* path is absolute, as on the machine meant: "/proc/1/comm". */
struct err *world_open_fd(const struct world *w, const char *path,
			  int *ret) must_check;

/* The whole file, appended to ret; ERR_LIMIT beyond max bytes. */
struct err *world_read(const struct world *w, const char *path, size_t max,
		       struct buf *ret) must_check;

/* Names in a directory, sorted, without "." and "..". */
struct err *world_list(const struct world *w, const char *path, struct arena *a,
		       struct world_names *ret) must_check;

bool world_exists(const struct world *w, const char *path);

/* Where a symbolic link points. */
struct err *world_readlink(const struct world *w, const char *path,
			   struct arena *a, struct str *ret) must_check;

/* The path on this machine of a path in the world; NUL-terminated. */
struct str world_path(const struct world *w, struct arena *a, const char *path);

/*
 * The directory of trace events, a descriptor for openat(), or -1: mounted at
 * /sys/kernel/tracing or /sys/kernel/debug/tracing; else, on the running
 * kernel, a private mount that nobody else sees.  w keeps it open.
 */
int world_tracefs(struct world *w);

/*
 * Work that may take long, a download: done of total bytes (0 = unknown) of
 * the file of this build-id; both 0: it is over.  True stops it.
 */
typedef bool world_progress_fn(void *ctx, struct str build_id, uint64_t done,
			       uint64_t total);
/* Sets who is told of progress; fn NULL = nobody. */
void world_on_progress(struct world *w, world_progress_fn *fn, void *ctx);
bool world_progress(const struct world *w, struct str build_id, uint64_t done,
		    uint64_t total);

#endif
