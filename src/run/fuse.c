/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes are known from the start and never change, so the number of a
 * node is its place in the table, and what the kernel remembers of them needs
 * no counting.  Contents are not: all reading and writing is direct.
 */
#include "run/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/vec.h"

#define FUSE_NAME_MAX 255
#define FUSE_PATH_MAX 1024
#define FUSE_WRITE_MAX 65536
#define FUSE_BUFFER (FUSE_WRITE_MAX + 4096)
#define FUSE_READ_MAX (1024 * 1024) /* bytes of an answer */
#define FUSE_MINOR 31	  /* the newest of the protocol that is spoken */
#define FUSE_HANDLES 1024 /* open at the same time */
#define FUSE_BURST 64	  /* answers in a row */
#define FUSE_VALID 3600	  /* s: names stay what they are */

struct node {
	struct str name;
	uint32_t parent;
	uint32_t mode; /* with S_IFDIR or S_IFREG */
	uint32_t file; /* of S_IFREG */
};

/* A file that someone has open. */
struct handle {
	bool in_use, is_filled;
	struct buf text;
};

struct fuse {
	int fd;
	char *dir;
	struct fuse_ops ops;
	struct arena arena;
	VEC(struct node) nodes; /* the first is the root */
	struct handle handles[FUSE_HANDLES];
	struct buf answer;
	char in[FUSE_BUFFER];
};

/* A request: its head, and what follows. */
struct request {
	struct fuse_in_header head;
	struct str body;
};

/* ---- nodes ---- */

/* Cuts the first name off. */
static struct str next_name(struct str *path)
{
	int64_t slash = str_find_char(*path, '/');
	uint32_t n = slash < 0 ? path->len : (uint32_t)slash;
	struct str name = str_sub(*path, 0, n);

	*path = str_sub(*path, MIN(n + 1, path->len), path->len);
	return name;
}

bool fuse_path_is_valid(struct str path)
{
	struct str name;

	if (!path.len || path.len > FUSE_PATH_MAX ||
	    path.s[path.len - 1] == '/' || str_find_char(path, '\0') >= 0)
		return false;
	while (path.len) {
		name = next_name(&path);
		if (!name.len || name.len > FUSE_NAME_MAX ||
		    str_is(name, ".") || str_is(name, ".."))
			return false;
	}
	return true;
}

/* number is that of a node. */
static struct node *node_at(const struct fuse *f, uint64_t number)
{
	return &f->nodes.v[number - 1];
}

/* Its number from 1 on; 0 = there is none. */
static uint32_t node_find(const struct fuse *f, uint32_t parent,
			  struct str name)
{
	for (uint32_t i = 1; i < f->nodes.n; i++)
		if (f->nodes.v[i].parent == parent &&
		    str_eq(f->nodes.v[i].name, name))
			return i + 1;
	return 0;
}

static uint32_t node_add(struct fuse *f, uint32_t parent, struct str name,
			 uint32_t mode, uint32_t file)
{
	vec_push(&f->arena, &f->nodes,
		 (struct node){ .name = arena_str(&f->arena, name),
				.parent = parent,
				.mode = mode,
				.file = file });
	return f->nodes.n;
}

static struct err *add_file(struct fuse *f, const struct fuse_file *file,
			    uint32_t number)
{
	uint32_t at = FUSE_ROOT_ID, child;
	struct str path = file->path, name;

	if (!fuse_path_is_valid(path))
		return err_new(ERR_FORMAT,
			       "'%" STR_FMT "' is no path for a "
			       "file",
			       STR_ARG(path));
	while (path.len) {
		name = next_name(&path);
		child = node_find(f, at, name);
		if (child && (!path.len || !S_ISDIR(node_at(f, child)->mode)))
			return err_new(ERR_FORMAT,
				       "'%" STR_FMT "' is there "
				       "already",
				       STR_ARG(file->path));
		if (!child)
			child = node_add(f, at, name,
					 path.len ?
						 S_IFDIR | 0555 :
						 S_IFREG | (file->mode & 0777),
					 number);
		at = child;
	}
	return NULL;
}

/* ---- answers ---- */

static void answer(struct fuse *f, const struct request *r, int code,
		   const void *data, size_t n)
{
	struct fuse_out_header head = {
		.len = (uint32_t)(sizeof(head) + n),
		.error = code,
		.unique = r->head.unique,
	};
	struct iovec iov[] = {
		{ &head, sizeof(head) },
		{ (void *)(uintptr_t)data, n },
	};

	/* Who no longer waits for it does not get it. */
	(void)!writev(f->fd, iov, n ? 2 : 1);
}

/* What the request must begin with, zeros where it is too short. */
static void body(const struct request *r, void *ret, size_t n)
{
	memset(ret, 0, n);
	if (r->body.len)
		memcpy(ret, r->body.s, MIN(n, (size_t)r->body.len));
}

static struct fuse_attr attr_of(const struct fuse *f, uint64_t number)
{
	const struct node *n = node_at(f, number);

	return (struct fuse_attr){
		.ino = number,
		.mode = n->mode,
		.nlink = S_ISDIR(n->mode) ? 2 : 1,
		.blksize = 4096,
	};
}

static void do_init(struct fuse *f, const struct request *r)
{
	struct fuse_init_in in;
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.max_write = FUSE_WRITE_MAX,
		.time_gran = 1,
	};

	body(r, &in, sizeof(in));
	out.minor = MIN(in.minor, (uint32_t)FUSE_MINOR);
	if (in.major == FUSE_KERNEL_VERSION)
		answer(f, r, 0, &out, sizeof(out));
	else
		answer(f, r, -EPROTO, NULL, 0);
}

static void do_lookup(struct fuse *f, const struct request *r)
{
	uint32_t len = (uint32_t)strnlen(r->body.s, r->body.len);
	uint32_t n = r->head.nodeid > UINT32_MAX ?
			     0 :
			     node_find(f, (uint32_t)r->head.nodeid,
				       (struct str){ r->body.s, len });
	struct fuse_entry_out out = {
		.nodeid = n,
		.entry_valid = FUSE_VALID,
		.attr_valid = FUSE_VALID,
	};

	if (!n) {
		answer(f, r, -ENOENT, NULL, 0);
		return;
	}
	out.attr = attr_of(f, n);
	answer(f, r, 0, &out, sizeof(out));
}

static void give_attr(struct fuse *f, const struct request *r)
{
	struct fuse_attr_out out = { .attr_valid = FUSE_VALID };

	out.attr = attr_of(f, r->head.nodeid);
	answer(f, r, 0, &out, sizeof(out));
}

/* Emptying a file before it is written is fine, and so are its times. */
static void do_setattr(struct fuse *f, const struct request *r)
{
	struct fuse_setattr_in in;

	body(r, &in, sizeof(in));
	if (in.valid & (FATTR_MODE | FATTR_UID | FATTR_GID))
		answer(f, r, -EPERM, NULL, 0);
	else
		give_attr(f, r);
}

/* Nobody reads what has no text, or writes what takes none: not even root, to
 * whom the kernel denies nothing. */
static int may_open(const struct node *n, uint32_t flags)
{
	uint32_t how = flags & O_ACCMODE;

	if (S_ISDIR(n->mode))
		return -EISDIR;
	if ((how != O_WRONLY && !(n->mode & 0444)) ||
	    (how != O_RDONLY && !(n->mode & 0222)))
		return -EACCES;
	return 0;
}

static void do_open(struct fuse *f, const struct request *r)
{
	struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };
	struct fuse_open_in in;
	int code;

	body(r, &in, sizeof(in));
	code = may_open(node_at(f, r->head.nodeid), in.flags);
	if (code) {
		answer(f, r, code, NULL, 0);
		return;
	}
	while (out.fh < FUSE_HANDLES && f->handles[out.fh].in_use)
		out.fh++;
	if (out.fh == FUSE_HANDLES) {
		answer(f, r, -ENFILE, NULL, 0);
		return;
	}
	f->handles[out.fh].in_use = true;
	answer(f, r, 0, &out, sizeof(out));
}

static void do_opendir(struct fuse *f, const struct request *r)
{
	struct fuse_open_out out = {};

	answer(f, r, 0, &out, sizeof(out));
}

static void do_release(struct fuse *f, const struct request *r)
{
	struct fuse_release_in in;

	body(r, &in, sizeof(in));
	if (in.fh < FUSE_HANDLES) {
		buf_deinit(&f->handles[in.fh].text);
		f->handles[in.fh] = (struct handle){};
	}
	answer(f, r, 0, NULL, 0);
}

/* The text is made anew by whoever reads from the beginning. */
static void do_read(struct fuse *f, const struct request *r)
{
	const struct node *n = node_at(f, r->head.nodeid);
	struct fuse_read_in in;
	struct handle *h;
	size_t left;
	int code;

	body(r, &in, sizeof(in));
	if (in.fh >= FUSE_HANDLES || !S_ISREG(n->mode)) {
		answer(f, r, -EBADF, NULL, 0);
		return;
	}
	h = &f->handles[in.fh];
	if (!in.offset || !h->is_filled) {
		h->text.len = 0;
		h->is_filled = true;
		code = f->ops.read(f->ops.data, n->file, &h->text);
		if (code) {
			answer(f, r, code, NULL, 0);
			return;
		}
	}
	left = in.offset < h->text.len ? h->text.len - in.offset : 0;
	in.size = MIN(in.size, (uint32_t)FUSE_READ_MAX);
	left = MIN(left, (size_t)in.size);
	answer(f, r, 0, left ? h->text.data + in.offset : NULL, left);
}

static void do_write(struct fuse *f, const struct request *r)
{
	const struct node *n = node_at(f, r->head.nodeid);
	struct fuse_write_in in;
	struct fuse_write_out out = {};
	struct str text;
	int64_t taken;

	body(r, &in, sizeof(in));
	if (r->body.len < sizeof(in) || !S_ISREG(n->mode) ||
	    in.size > r->body.len - sizeof(in)) {
		answer(f, r, -EINVAL, NULL, 0);
		return;
	}
	text = (struct str){ r->body.s + sizeof(in), in.size };
	taken = f->ops.write(f->ops.data, n->file, text);
	if (taken < 0) {
		answer(f, r, (int)taken, NULL, 0);
		return;
	}
	out.size = (uint32_t)MIN(taken, (int64_t)in.size);
	answer(f, r, 0, &out, sizeof(out));
}

static void add_entry(struct fuse *f, uint64_t number, struct str name,
		      uint64_t next)
{
	struct fuse_dirent d = {
		.ino = number,
		.off = next,
		.namelen = name.len,
		.type = node_at(f, number)->mode >> 12,
	};
	static const char zeros[8];

	buf_add(&f->answer, &d, offsetof(struct fuse_dirent, name));
	buf_str(&f->answer, name);
	while (f->answer.len % 8)
		buf_add(&f->answer, zeros, 8 - f->answer.len % 8);
}

/* Entries: "." and "..", then the nodes of this directory; the offset of one
 * is its node's place in the table, so that it is the same in each call. */
static void do_readdir(struct fuse *f, const struct request *r)
{
	uint32_t dir = (uint32_t)r->head.nodeid;
	struct fuse_read_in in;
	size_t before;

	body(r, &in, sizeof(in));
	in.size = MIN(in.size, (uint32_t)FUSE_READ_MAX);
	f->answer.len = 0;
	for (uint64_t i = in.offset; i < f->nodes.n + (uint64_t)1; i++) {
		const struct node *n = i < 2 ? NULL : &f->nodes.v[i - 1];

		before = f->answer.len;
		if (!n)
			add_entry(f,
				  i && dir != FUSE_ROOT_ID ?
					  node_at(f, dir)->parent :
					  dir,
				  i ? STR("..") : STR("."), i + 1);
		else if (n->parent == dir)
			add_entry(f, i, n->name, i + 1);
		if (f->answer.len > in.size) {
			f->answer.len = before;
			break;
		}
	}
	answer(f, r, 0, f->answer.data, f->answer.len);
}

static void do_statfs(struct fuse *f, const struct request *r)
{
	struct fuse_statfs_out out = { .st = { .bsize = 4096,
					       .namelen = FUSE_NAME_MAX } };

	answer(f, r, 0, &out, sizeof(out));
}

/* ---- requests ---- */

static void dispatch(struct fuse *f, const struct request *r)
{
	switch (r->head.opcode) {
	case FUSE_INIT:
		do_init(f, r);
		return;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return; /* nobody waits for an answer to these */
	case FUSE_DESTROY:
		answer(f, r, 0, NULL, 0);
		return;
	case FUSE_STATFS:
		do_statfs(f, r);
		return;
	}
	if (!r->head.nodeid || r->head.nodeid > f->nodes.n) {
		answer(f, r, -ESTALE, NULL, 0);
		return;
	}
	switch (r->head.opcode) {
	case FUSE_LOOKUP:
		do_lookup(f, r);
		return;
	case FUSE_GETATTR:
		give_attr(f, r);
		return;
	case FUSE_SETATTR:
		do_setattr(f, r);
		return;
	case FUSE_OPEN:
		do_open(f, r);
		return;
	case FUSE_READ:
		do_read(f, r);
		return;
	case FUSE_WRITE:
		do_write(f, r);
		return;
	case FUSE_RELEASE:
		do_release(f, r);
		return;
	case FUSE_OPENDIR:
		do_opendir(f, r);
		return;
	case FUSE_READDIR:
		do_readdir(f, r);
		return;
	case FUSE_RELEASEDIR:
	case FUSE_FLUSH:
	case FUSE_FSYNC:
		answer(f, r, 0, NULL, 0);
		return;
	case FUSE_MKNOD:
	case FUSE_MKDIR:
	case FUSE_SYMLINK:
	case FUSE_LINK:
	case FUSE_UNLINK:
	case FUSE_RMDIR:
	case FUSE_RENAME:
	case FUSE_RENAME2:
	case FUSE_CREATE:
		answer(f, r, -EPERM, NULL, 0);
		return;
	}
	answer(f, r, -ENOSYS, NULL, 0);
}

static void take(struct fuse *f, size_t n)
{
	struct request r;

	if (n < sizeof(r.head))
		return;
	memcpy(&r.head, f->in, sizeof(r.head));
	r.body = (struct str){ f->in + sizeof(r.head),
			       (uint32_t)(n - sizeof(r.head)) };
	dispatch(f, &r);
}

bool fuse_serve(struct fuse *f)
{
	for (uint32_t i = 0; i < FUSE_BURST; i++) {
		ssize_t n = read(f->fd, f->in, sizeof(f->in));

		if (n >= 0)
			take(f, (size_t)n);
		else if (errno == EAGAIN)
			return true;
		else if (errno != EINTR && errno != ENOENT)
			return false;
	}
	return true;
}

/* ---- mounting ---- */

static struct err *mount_refused(const char *dir, int code)
{
	if (code == ENODEV)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"this kernel has no FUSE"),
				"modprobe fuse");
	return err_os(code, "mounting files at %s", dir);
}

static struct err *open_device(struct fuse *f)
{
	f->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (f->fd >= 0)
		return NULL;
	if (errno == ENOENT)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"there is no /dev/fuse"),
				"modprobe fuse makes it; a container or "
				"chroot has to be given it");
	if (errno == ENODEV || errno == ENXIO)
		return mount_refused("", ENODEV);
	return err_os(errno, "opening /dev/fuse");
}

static struct err *mount_at(struct fuse *f, const char *dir)
{
	char options[128];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,"
		 "default_permissions",
		 f->fd);
	if (mount("spile", dir, "fuse.spile",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, options))
		return mount_refused(dir, errno);
	f->dir = strdup(dir);
	if (!f->dir)
		abort();
	return NULL;
}

struct err *fuse_mount(const char *dir, const struct fuse_file *files,
		       uint32_t n, const struct fuse_ops *ops,
		       struct fuse **ret)
{
	struct fuse *f = calloc(1, sizeof(*f));
	struct err *e = NULL;

	if (!f)
		abort();
	f->fd = -1;
	f->ops = *ops;
	arena_init(&f->arena);
	node_add(f, 0, STR(""), S_IFDIR | 0555, 0);
	for (uint32_t i = 0; i < n && !e; i++)
		e = add_file(f, &files[i], i);
	if (!e)
		e = open_device(f);
	if (!e)
		e = mount_at(f, dir);
	if (e)
		fuse_unmount(f);
	else
		*ret = f;
	return e;
}

void fuse_unmount(struct fuse *f)
{
	if (!f)
		return;
	if (f->dir)
		(void)umount2(f->dir, MNT_DETACH);
	if (f->fd >= 0)
		close(f->fd);
	for (uint32_t i = 0; i < FUSE_HANDLES; i++)
		buf_deinit(&f->handles[i].text);
	buf_deinit(&f->answer);
	arena_deinit(&f->arena);
	free(f->dir);
	free(f);
}

int fuse_fd(const struct fuse *f)
{
	return f->fd;
}
