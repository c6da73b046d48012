/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kprobes and kretprobes as perf events, which hang on descriptors: nothing
 * stays in tracefs.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/world.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

#define KPROBE_PMU "/sys/bus/event_source/devices/kprobe"

/* A number in a file of the PMU: "6", "config:0". */
static struct err *kprobe_pmu(const struct world *w, const char *path,
			      uint32_t *ret)
{
	_cleanup_(buf_deinit) struct buf b = {};
	struct err *e = world_read(w, path, 64, &b);
	struct str text = buf_view(&b);
	int64_t colon = str_find_char(text, ':'), n;

	if (err_catch(&e, ERR_NOT_FOUND))
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no kprobes (CONFIG_KPROBES)");
	if (e)
		return e;
	while (text.len && text.s[text.len - 1] == '\n')
		text.len--;
	text = str_sub(text, colon < 0 ? 0 : (uint32_t)colon + 1, text.len);
	if (!str_to_s64(text, &n) || n < 0 || n > UINT32_MAX)
		return err_new(ERR_FORMAT, "%s is no number", path);
	*ret = (uint32_t)n;
	return NULL;
}

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

/* With a cookie where the kernel has them, so that the program can tell the
 * site; older ones take programs by ioctl. */
static struct err *kprobe_start(const struct attach_request *r, int event,
				uint64_t cookie, struct attachment *ret)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)r->prog;
	attr.link_create.target_fd = (uint32_t)event;
	attr.link_create.attach_type = BPF_PERF_EVENT;
	attr.link_create.perf_event.bpf_cookie = cookie;
	fd = syscall_bpf(BPF_LINK_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(link_create.perf_event.bpf_cookie));
	if (fd >= 0)
		attachment_add(r, ret, fd);
	else if (ioctl(event, PERF_EVENT_IOC_SET_BPF, r->prog))
		return err_os(errno, "giving a kprobe its program");
	if (ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return err_os(errno, "starting a kprobe");
	return NULL;
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
	return kprobe_start(r, fd, cookie, ret);
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
	struct err *e = NULL, *why = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nsites && !e; i++) {
		const struct image_site *s =
			&r->image->sites.v[p->first_site + i];

		if (s->module != r->module)
			continue;
		e = kprobe_one(r, like, s, i, ret);
		if (!e) {
			n++;
		} else if (is_left_out(e)) {
			err_free(why);
			why = take_ptr(e);
		}
	}
	if (!e && !n)
		return why;
	err_free(why);
	return e;
}

struct err *attach_kprobe(const struct attach_request *r,
			  struct attachment *ret)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	uint32_t type, bit = 0;
	struct err *e;

	if (r->image->progs.v[r->probe->prog].attach_type ==
	    BPF_TRACE_KPROBE_MULTI)
		return attach_kprobe_multi(r, ret);
	e = kprobe_pmu(r->world, KPROBE_PMU "/type", &type);
	if (!e && r->probe->kind == PROBE_KRETPROBE)
		e = kprobe_pmu(r->world, KPROBE_PMU "/format/retprobe", &bit);
	if (e)
		return e;
	attr.type = type;
	if (r->probe->kind == PROBE_KRETPROBE)
		attr.config = UINT64_C(1) << (bit & 63);
	if (r->probe->nsites)
		return kprobe_each(r, &attr, ret);
	return kprobe_one(r, &attr, &r->probe->site, 0, ret);
}
