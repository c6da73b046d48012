/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Places in programs: one link for all of a probe's sites in a file; on
 * kernels before such links, a perf event for each.  They are of the file: of
 * every process that maps it, now or later.
 */
#include <errno.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/objfile.h"
#include "kern/attach/attach.h"
#include "kern/attach/pmu.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

#define UPROBE_RETURN 1		/* BPF_F_UPROBE_MULTI_RETURN */
#define UPROBE_ENOTSUPP 524	/* an instruction that cannot be stepped */
#define UPROBE_AT_ONCE 512u	/* sites of a link: the kernel hears no signal
				 * meanwhile, and where hundreds of processes
				 * have the file, some 0.3 ms go by for each */
#define UPROBE_SEMAPHORE_SHIFT 32	/* in perf_event_attr.config */

static uint32_t nsites(const struct attach_request *r)
{
	return MAX(r->probe->nsites, 1u);
}

static const struct image_site *site_at(const struct attach_request *r,
					uint32_t i)
{
	return r->probe->nsites ?
		       &r->image->sites.v[r->probe->first_site + i] :
		       &r->probe->site;
}

static bool is_return(const struct attach_request *r)
{
	return r->probe->kind == PROBE_URETPROBE;
}

/* Is this the first site in its file? */
static bool is_first(const struct attach_request *r, uint32_t i)
{
	for (uint32_t k = i; k--;)
		if (site_at(r, k)->name == site_at(r, i)->name)
			return false;
	return true;
}

static struct err *uprobe_refused(const struct attach_request *r,
				  const struct image_site *s, int code)
{
	struct str path = image_str(r->image, s->name);

	switch (code) {
	case -ENOENT:
		return err_new(ERR_NOT_FOUND, "%" STR_FMT " is gone",
			       STR_ARG(path));
	case -EINVAL:
	case -EILSEQ:
	case -UPROBE_ENOTSUPP:
		return err_new(ERR_UNSUPPORTED,
			       "the kernel allows no probe at offset %#llx of "
			       "%" STR_FMT, (unsigned long long)s->offset,
			       STR_ARG(path));
	}
	return privilege_hint(err_os(-code, "%" STR_FMT, STR_ARG(path)));
}

/* An image may have been made for another version of the file, and a probe that
 * stands in the middle of an instruction would end the program. */
static struct err *check_version(const struct attach_request *r,
				 const struct image_site *s)
{
	struct str path = image_str(r->image, s->name);
	struct objfile *file;
	struct arena a;
	struct err *e;
	bool same;

	arena_init(&a);
	e = objfile_open(arena_str(&a, path).s, &file);
	arena_deinit(&a);
	if (e)
		return e;
	same = objfile_identity(file) == s->c;
	objfile_close(file);
	if (same)
		return NULL;
	return err_hint(err_new(ERR_UNSUPPORTED,
				"%" STR_FMT " is not the version of the file "
				"that the script was compiled for",
				STR_ARG(path)),
			"compile the script again");
}

static struct err *check_versions(const struct attach_request *r)
{
	struct err *e = NULL;

	for (uint32_t i = 0; i < nsites(r) && !e; i++)
		if (is_first(r, i))
			e = check_version(r, site_at(r, i));
	return e;
}

/* ---- one link ---- */

struct multi {
	const struct attach_request *r;
	struct arena arena;
	/* Of the file at hand. */
	const char *path;
	uint32_t pid;
	VEC(uint64_t) offsets;
	VEC(uint64_t) semaphores;
	VEC(uint64_t) cookies;
};

static void multi_take(struct multi *m, uint32_t i)
{
	const struct image_site *s = site_at(m->r, i);

	vec_push(&m->arena, &m->offsets, s->offset);
	vec_push(&m->arena, &m->semaphores, s->b);
	vec_push(&m->arena, &m->cookies, i);
}

/* Before Linux 6.10 (46ba0e49b642), the kernel took the number for that of a
 * thread; and not for one out of range. */
static uint32_t kernel_filter(const struct attach_request *r,
			      const struct image_site *s)
{
	const uint64_t offset = 0;
	const struct syscall_uprobe_multi link = {
		.path = ptr_u64("/"),
		.offsets = ptr_u64(&offset),
		.cnt = 1,
		.pid = UINT32_MAX,
	};

	if (!(s->filter & FILTER_PID) ||
	    syscall_uprobe_multi(r->prog, &link) != -EINVAL)
		return 0;
	return s->pid;
}

static int multi_link(const struct multi *m, uint32_t first, uint32_t n)
{
	const struct syscall_uprobe_multi link = {
		.path = ptr_u64(m->path),
		.offsets = ptr_u64(m->offsets.v + first),
		.semaphores = ptr_u64(m->semaphores.v + first),
		.cookies = ptr_u64(m->cookies.v + first),
		.cnt = n,
		.flags = is_return(m->r) ? UPROBE_RETURN : 0,
		.pid = m->pid,
	};

	return syscall_uprobe_multi(m->r->prog, &link);
}

/* Is it for an instruction that the kernel refuses a link? */
static bool is_of_site(int code)
{
	return code == -EINVAL || code == -EILSEQ || code == -UPROBE_ENOTSUPP;
}

static const struct image_site *multi_site(const struct multi *m, uint32_t k)
{
	return site_at(m->r, (uint32_t)m->cookies.v[k]);
}

/* A link is all or nothing: what it is refused for is found by halves, and left
 * out. */
static struct err *multi_attach(struct multi *m, uint32_t first, uint32_t n,
				struct attachment *ret)
{
	int fd = multi_link(m, first, n);
	struct err *e;

	if (fd >= 0) {
		attachment_add(m->r, ret, fd);
		return NULL;
	}
	if (n == 1 || !is_of_site(fd)) {
		e = uprobe_refused(m->r, multi_site(m, first), fd);
		if (!is_of_site(fd))
			return e;
		attachment_leave_out(ret, 1, e);
		return NULL;
	}
	e = multi_attach(m, first, n / 2, ret);
	return e ? e : multi_attach(m, first + n / 2, n - n / 2, ret);
}

/* All sites in the file of site `first`. */
static struct err *multi_file(struct multi *m, uint32_t first,
			      struct attachment *ret)
{
	const struct image_site *s = site_at(m->r, first);
	struct err *e = NULL;

	m->offsets.n = m->semaphores.n = m->cookies.n = 0;
	for (uint32_t i = first; i < nsites(m->r); i++)
		if (site_at(m->r, i)->name == s->name)
			multi_take(m, i);
	m->path = arena_str(&m->arena, image_str(m->r->image, s->name)).s;
	m->pid = kernel_filter(m->r, s);
	for (uint32_t n, at = 0; at < m->offsets.n && !e; at += n) {
		if (m->r->stopped())
			break;
		n = MIN(m->offsets.n - at, UPROBE_AT_ONCE);
		e = multi_attach(m, at, n, ret);
	}
	return e;
}

/* Why, if nothing has been attached. */
static struct err *all_refused(struct attachment *ret, uint32_t before)
{
	return ret->n == before ? take_ptr(ret->why) : NULL;
}

static struct err *attach_multi(const struct attach_request *r,
				struct attachment *ret)
{
	struct multi m = { .r = r };
	uint32_t before = ret->n;
	struct err *e = NULL;

	arena_init(&m.arena);
	for (uint32_t i = 0; i < nsites(r) && !e; i++)
		if (is_first(r, i))
			e = multi_file(&m, i, ret);
	arena_deinit(&m.arena);
	return e ? e : all_refused(ret, before);
}

/* ---- an event for each ---- */

static struct err *attach_event(const struct attach_request *r,
				const struct perf_event_attr *like,
				uint32_t i, struct attachment *ret)
{
	const struct image_site *s = site_at(r, i);
	struct perf_event_attr attr = *like;
	struct arena a;
	int fd;

	arena_init(&a);
	attr.uprobe_path = ptr_u64(arena_str(&a, image_str(r->image,
							   s->name)).s);
	attr.probe_offset = s->offset;
	attr.config |= s->b << UPROBE_SEMAPHORE_SHIFT;
	fd = syscall_perf_event_open(&attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	arena_deinit(&a);
	if (fd < 0)
		return uprobe_refused(r, s, fd);
	attachment_add(r, ret, fd);
	return pmu_start(r, fd, i, ret);
}

/* Instructions that the kernel refuses are left out, as of a link. */
static struct err *attach_each(const struct attach_request *r,
			       const struct perf_event_attr *like,
			       struct attachment *ret)
{
	uint32_t before = ret->n;
	struct err *e = NULL;

	for (uint32_t i = 0; i < nsites(r) && !e; i++) {
		e = attach_event(r, like, i, ret);
		if (e && e->code == ERR_UNSUPPORTED)
			attachment_leave_out(ret, 1, take_ptr(e));
	}
	return e ? e : all_refused(ret, before);
}

static struct err *attach_events(const struct attach_request *r,
				 struct attachment *ret)
{
	struct perf_event_attr attr;
	struct err *e = pmu_attr(r->world, "uprobe", is_return(r), &attr);

	if (err_catch(&e, ERR_NOT_FOUND))
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no uprobes (CONFIG_UPROBES)");
	return e ? e : attach_each(r, &attr, ret);
}

struct err *attach_uprobe(const struct attach_request *r,
			  struct attachment *ret)
{
	struct err *e = check_versions(r);

	if (e)
		return e;
	if (r->image->progs.v[r->probe->prog].attach_type ==
	    IMAGE_UPROBE_MULTI)
		return attach_multi(r, ret);
	return attach_events(r, ret);
}
