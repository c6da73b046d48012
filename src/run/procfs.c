/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "run/fuse.h"
#include "run/input.h"

#define PROCFS_NAME_MAX 63

struct procfs {
	const struct image *img;
	struct procfs_caller caller;
	struct arena arena;
	VEC(struct fuse_file) files;
	struct fuse *fuse;
	char *dir;  /* or NULL: not made yet */
	int keeper; /* closed, it lets the keeper go */
	pid_t keeper_pid;
	struct buf text; /* written, or what a reader is given */
};

bool procfs_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	return n && n <= PROCFS_NAME_MAX && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

/* ---- the files ---- */

/* Reading is 0444, writing 0222, less the umask. */
static uint32_t mode_of(const struct image_site *s)
{
	return (s->a ? 0222U : 0444U) & ~(uint32_t)s->b;
}

/* Probes of one path are one file. */
static void add_file(struct procfs *p, const struct image_site *s)
{
	struct str path = image_str(p->img, s->name);

	if (input_is_path(path))
		return;
	for (uint32_t i = 0; i < p->files.n; i++) {
		if (!str_eq(p->files.v[i].path, path))
			continue;
		p->files.v[i].mode |= mode_of(s);
		return;
	}
	vec_push(&p->arena, &p->files,
		 (struct fuse_file){ .path = path, .mode = mode_of(s) });
}

/* Is it a probe of this file, for writing or for reading? */
static bool is_of_file(const struct procfs *p, const struct image_probe *pr,
		       uint32_t file, bool writes)
{
	return pr->kind == PROBE_PROCFS && !!pr->site.a == writes &&
	       str_eq(image_str(p->img, pr->site.name), p->files.v[file].path);
}

/* All probes of a file, one after another. */
static int call_all(struct procfs *p, uint32_t file, bool writes,
		    struct buf *text)
{
	uint32_t most = MAX(p->img->limits.maxstringlen, 2U) - 1;
	bool any = false, good = true;

	for (uint32_t i = 0; i < p->img->probes.n; i++) {
		const struct image_probe *pr = &p->img->probes.v[i];

		if (!is_of_file(p, pr, file, writes))
			continue;
		any = true;
		good &= p->caller.call(
			p->caller.data, i, text,
			pr->site.c ?
				(uint32_t)MIN(pr->site.c, (uint64_t)INT32_MAX) :
				most);
	}
	return !any ? -EACCES : good ? 0 : -EIO;
}

static int give(void *data, uint32_t file, struct buf *text)
{
	return call_all(data, file, false, text);
}

/* At most a string at a time. */
static int64_t take(void *data, uint32_t file, struct str text)
{
	struct procfs *p = data;
	uint32_t max = MAX(p->img->limits.maxstringlen, 2U) - 1;
	int code;

	text.len = MIN(text.len, max);
	p->text.len = 0;
	buf_str(&p->text, text);
	code = call_all(p, file, true, &p->text);
	return code ? code : (int64_t)text.len;
}

/* ---- the directory ---- */

/* What killed sessions have left behind. */
static void sweep(void)
{
	DIR *d = opendir(PROCFS_DIR);
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char path[sizeof(PROCFS_DIR) + sizeof(entry->d_name)];
		struct statfs st;

		snprintf(path, sizeof(path), "%s/%s", PROCFS_DIR,
			 entry->d_name);
		if (!statfs(path, &st) || errno != ENOTCONN)
			continue;
		if (!umount2(path, MNT_DETACH))
			(void)rmdir(path);
	}
	if (d)
		closedir(d);
}

static struct err *make_dir(struct procfs *p, const char *name)
{
	_cleanup_free_ char *dir = NULL;
	struct statfs st;

	if (asprintf(&dir, "%s/%s", PROCFS_DIR, name) < 0)
		abort();
	if (mkdir(PROCFS_DIR, 0755) && errno != EEXIST)
		return err_os(errno, "making %s", PROCFS_DIR);
	sweep();
	if (mkdir(dir, 0755) && errno != EEXIST)
		return err_os(errno, "making %s", dir);
	if (!statfs(dir, &st) && st.f_type == 0x65735546)
		return err_hint(err_new(ERR_OTHER, "%s is in use", dir),
				"another session has this name: take another "
				"with -m");
	p->dir = take_ptr(dir);
	return NULL;
}

/* ---- the keeper ---- */

/* Without a standard input or output a new descriptor could be theirs. */
static int above_stdio(int fd)
{
	int higher = fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (higher != fd)
		close(fd);
	return higher;
}

/* Holds nothing of the session's but the end of a pipe that nobody writes
 * to, and the place where the files are mounted: another session may already
 * have mounted its own there. */
static void keep(int pipe, int place, const char *dir)
{
	char byte;
	ssize_t n;

	(void)setsid();
	(void)prctl(PR_SET_NAME, "spile-files");
	/* both above the two that they become */
	if (dup3(pipe, 0, 0) < 0 || dup3(place, 1, 0) < 0)
		_exit(EXIT_FAILURE);
	(void)syscall(SYS_close_range, 2, ~0U, 0);
	do {
		n = read(0, &byte, 1);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (!umount2("/proc/self/fd/1", MNT_DETACH))
		(void)rmdir(dir);
	_exit(EXIT_SUCCESS);
}

static struct err *start_keeper(struct procfs *p)
{
	_cleanup_close_ int from = -1, place = -1;
	int fds[2];

	place = open(p->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return err_os(errno, "opening %s", p->dir);
	place = above_stdio(place);
	if (pipe2(fds, O_CLOEXEC))
		return err_os(errno, "making a pipe");
	from = above_stdio(fds[0]);
	p->keeper = above_stdio(fds[1]);
	p->keeper_pid = fork();
	if (!p->keeper_pid) {
		close(p->keeper);
		keep(from, place, p->dir);
	}
	if (p->keeper_pid < 0)
		return err_os(errno, "starting a process");
	return NULL;
}

static void stop_keeper(struct procfs *p)
{
	if (p->keeper >= 0)
		close(p->keeper);
	while (p->keeper_pid > 0 && waitpid(p->keeper_pid, NULL, 0) < 0 &&
	       errno == EINTR)
		;
}

/* ---- */

static struct err *procfs_open(struct procfs *p, const char *name)
{
	const struct fuse_ops ops = { .read = give, .write = take, .data = p };
	struct err *e = make_dir(p, name);

	if (!e)
		e = fuse_mount(p->dir, p->files.v, p->files.n, &ops, &p->fuse);
	/* Who kept the files of one that was killed may just have taken its
	 * directory away. */
	if (err_catch(&e, ERR_NOT_FOUND)) {
		(void)mkdir(p->dir, 0755);
		e = fuse_mount(p->dir, p->files.v, p->files.n, &ops, &p->fuse);
	}
	if (!e)
		e = start_keeper(p);
	return e ? err_context(e, "the files of procfs probes") : NULL;
}

struct err *procfs_create(const struct image *img, const char *name,
			  const struct procfs_caller *caller,
			  struct procfs **ret)
{
	struct procfs *p = calloc(1, sizeof(*p));
	struct err *e = NULL;

	if (!p)
		abort();
	*p = (struct procfs){ .img = img, .caller = *caller, .keeper = -1 };
	arena_init(&p->arena);
	for (uint32_t i = 0; i < img->probes.n; i++)
		if (img->probes.v[i].kind == PROBE_PROCFS)
			add_file(p, &img->probes.v[i].site);
	if (p->files.n)
		e = procfs_open(p, name);
	*ret = NULL;
	if (e || !p->files.n)
		procfs_destroy(p);
	else
		*ret = p;
	return e;
}

void procfs_destroy(struct procfs *p)
{
	if (!p)
		return;
	fuse_unmount(p->fuse);
	stop_keeper(p);
	if (p->dir)
		(void)rmdir(p->dir);
	buf_deinit(&p->text);
	arena_deinit(&p->arena);
	free(p->dir);
	free(p);
}

int procfs_fd(const struct procfs *p)
{
	return fuse_fd(p->fuse);
}

bool procfs_serve(struct procfs *p)
{
	return fuse_serve(p->fuse);
}
