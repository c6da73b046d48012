/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file system of a few small files whose text this process makes and takes:
 * FUSE, spoken with the kernel directly.  A file is asked for its text when
 * someone begins to read it; what is written is handed over as it comes.
 * What requests say comes from any process and is not trusted.
 */
#ifndef RUN_FUSE_H
#define RUN_FUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct fuse;

struct fuse_file {
	struct str path;	/* below the mount point: "a/b" */
	uint32_t mode;		/* permission bits */
};

/* What gives and takes the text of file number `file`. */
struct fuse_ops {
	/* Appends all of it; 0 or -errno. */
	int (*read)(void *data, uint32_t file, struct buf *text);
	/* How many bytes were taken, or -errno; the writer tries again with
	 * the rest. */
	int64_t (*write)(void *data, uint32_t file, struct str text);
	void *data;
};

/* Is it a path that a file may have? */
bool fuse_path_is_valid(struct str path);

/* Mounts the files at dir, which must exist.  Nobody is answered before
 * fuse_serve() is called.  ERR_FORMAT: a path cannot be, or is a file and a
 * directory. */
struct err *fuse_mount(const char *dir, const struct fuse_file *files,
		       uint32_t n, const struct fuse_ops *ops,
		       struct fuse **ret) must_check;

/* Also ends what others have open; NULL is fine. */
void fuse_unmount(struct fuse *f);

/* Readable when someone waits for an answer. */
int fuse_fd(const struct fuse *f);

/* Answers those that wait; false: the file system has been unmounted by
 * someone else, and nobody will come any more. */
bool fuse_serve(struct fuse *f);

#endif
