/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kprobes and kretprobes as perf events, which hang on descriptors: nothing
 * stays in tracefs.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "kern/attach/attach.h"
#include "kern/attach/pmu.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

static struct err *kprobe_refused(const struct attach_request *r,
				  const struct image_site *s, int code)
{
	struct str name = image_str(r->image, s->name);

	switch (code) {
	case -ENOENT:
		return err_new(ERR_NOT_FOUND,
			       "this kernel has no function '%" STR_FMT "'",
			       STR_ARG(name));
	case -EINVAL:
	case -EILSEQ:
		return err_new(ERR_UNSUPPORTED,
			       "the kernel allows no probe "
			       "at '%" STR_FMT "+%llu'",
			       STR_ARG(name), (unsigned long long)s->offset);
	case -EADDRNOTAVAIL:
		return err_new(ERR_OTHER,
			       "there are several functions '%" STR_FMT "'",
			       STR_ARG(name));
	}
	return privilege_hint(
		err_os(-code, "function '%" STR_FMT "'", STR_ARG(name)));
}

/* "module:function", or "function". */
static char *kprobe_symbol(const struct image *img, const struct image_site *s)
{
	struct str module = image_str(img, s->module);
	struct str name = image_str(img, s->name);
	char *text;

	if (asprintf(&text, "%" STR_FMT "%s%" STR_FMT, STR_ARG(module),
		     module.len ? ":" : "", STR_ARG(name)) < 0)
		abort();
	return text;
}

static struct err *kprobe_one(const struct attach_request *r,
			      const struct perf_event_attr *like,
			      const struct image_site *s, uint64_t cookie,
			      struct attachment *ret)
{
	_cleanup_free_ char *symbol = kprobe_symbol(r->image, s);
	struct perf_event_attr attr = *like;
	int fd;

	attr.kprobe_func = s->name ? ptr_u64(symbol) : 0;
	attr.probe_offset = s->name ? s->offset : s->a;
	fd = syscall_perf_event_open(&attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return kprobe_refused(r, s, fd);
	attachment_add(r, ret, fd);
	return pmu_start(r, fd, cookie, ret);
}

/* What a probe of many sites goes on without: functions that the kernel has
 * no probes in. */
static bool is_left_out(const struct err *e)
{
	return e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED ||
	       e->code == ERR_OTHER;
}

static struct err *kprobe_each(const struct attach_request *r,
			       const struct perf_event_attr *like,
			       struct attachment *ret)
{
	const struct image_probe *p = r->probe;
	struct err *e = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nsites && !e; i++) {
		const struct image_site *s =
			&r->image->sites.v[p->first_site + i];

		if (s->module != r->module)
			continue;
		e = kprobe_one(r, like, s, i, ret);
		if (!e)
			n++;
		else if (is_left_out(e))
			attachment_leave_out(ret, 1, take_ptr(e));
	}
	return e || n ? e : take_ptr(ret->why);
}

struct err *attach_kprobe(const struct attach_request *r,
			  struct attachment *ret)
{
	struct perf_event_attr attr;
	struct err *e;

	if (r->image->progs.v[r->probe->prog].attach_type ==
	    BPF_TRACE_KPROBE_MULTI)
		return attach_kprobe_multi(r, ret);
	e = pmu_attr(r->world, "kprobe", r->probe->kind == PROBE_KRETPROBE,
		     &attr);
	if (err_catch(&e, ERR_NOT_FOUND))
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no kprobes (CONFIG_KPROBES)");
	if (e)
		return e;
	if (r->probe->nsites)
		return kprobe_each(r, &attr, ret);
	return kprobe_one(r, &attr, &r->probe->site, 0, ret);
}
