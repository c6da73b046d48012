/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes and executables: what /proc says of one, and which file a
 * program's name means.
 */
#ifndef DBG_PROCESS_H
#define DBG_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "dbg/world.h"

/* Identity of a file, in the kernel's own encoding, as a BPF program reads
 * them from inode->i_sb->s_dev and inode->i_ino.  In a directory that stands
 * for a machine, files have none: dev is 0, ino made of the path. */
struct process_file {
	struct str path;	/* absolute, symbolic links resolved */
	uint32_t dev;		/* major << 20 | minor */
	uint64_t ino;
};

struct process {
	pid_t pid;		/* thread-group id */
	pid_t ppid;
	uid_t uid;		/* real */
	struct str comm;
	uint64_t start;		/* ns after boot, in steps of a clock tick */
	uint32_t nthreads;
	bool has_exe;		/* false: kernel thread, or not permitted */
	struct process_file exe;
};

struct process_ids {
	pid_t *v;
	uint32_t n, cap;
};

/* ERR_NOT_FOUND when there is no such process. */
struct err *process_get(const struct world *w, struct arena *a, pid_t pid,
			struct process *ret) must_check;

/* Where the program of a process (has_exe) can be read: by its path; by its
 * path below the root directory that the process has in its mounts; or, when
 * it is gone or another file is there now, by the process. */
struct str process_program_path(const struct world *w, struct arena *a,
				const struct process *p);

/* All processes, ascending. */
struct err *process_list(const struct world *w, struct arena *a,
			 struct process_ids *ret) must_check;

/* The file that a program's name means: with a slash, itself (from the
 * current directory); without, the first executable in search_path (PATH).
 * A script ("#!") means its interpreter. */
struct err *process_find_program(const struct world *w, struct arena *a,
				 struct str name, struct str search_path,
				 struct process_file *ret) must_check;

/* The file at f->path (which ends with a NUL): fills in the rest. */
struct err *process_identify(const struct world *w,
			     struct process_file *f) must_check;

struct process_files {
	struct process_file *v;
	uint32_t n, cap;
};

/* All executable files whose absolute path matches the shell pattern, which
 * is absolute or begins in the current directory; sorted by path. */
struct err *process_glob(const struct world *w, struct arena *a,
			 struct str pattern,
			 struct process_files *ret) must_check;

#endif
