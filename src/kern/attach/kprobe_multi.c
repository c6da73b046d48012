/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many functions by one link.  The kernel takes all or none, so the list must
 * hold only what it can hook: that is in a file of tracefs.  (The addresses in
 * there are not those of the functions, but of their calls into the tracer,
 * by which the kernel does not find the cookies.)  Where several functions
 * have one name, all are hooked, by their addresses.
 */
#include <errno.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"
#include "dbg/kallsyms.h"
#include "dbg/traceable.h"
#include "kern/attach/attach.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

#define MULTI_RETURN 1 /* BPF_F_KPROBE_MULTI_RETURN */

struct multi {
	const struct attach_request *r;
	struct arena arena;
	struct map wanted; /* name to number of the site + 1 */
	uint8_t *found;	   /* of each site: 0, 1, 2 = several */
};

/* What one link is to hook: by names, or by addresses. */
struct hooks {
	VEC(const char *) names;
	VEC(uint64_t) addrs;
	VEC(uint64_t) cookies;
};

static const struct image_site *site_at(const struct multi *m, uint32_t i)
{
	return &m->r->image->sites.v[m->r->probe->first_site + i];
}

static struct str text(const struct multi *m, istr s)
{
	return image_str(m->r->image, s);
}

static void want_all(struct multi *m)
{
	uint32_t n = m->r->probe->nsites;

	m->found = arena_array(&m->arena, n, uint8_t);
	map_init(&m->wanted, &m->arena);
	for (uint32_t i = 0; i < n; i++)
		map_set(&m->wanted, text(m, site_at(m, i)->name),
			(void *)(uintptr_t)(i + 1));
}

/* The wanted site that is this function; -1 = none. */
static int64_t site_of(const struct multi *m, struct str name,
		       struct str module)
{
	uintptr_t n = (uintptr_t)map_find(&m->wanted, name);

	if (!n || !str_eq(text(m, site_at(m, (uint32_t)n - 1)->module), module))
		return -1;
	return (int64_t)n - 1;
}

static struct err *find_all(struct multi *m)
{
	_cleanup_(buf_deinit) struct buf list = {};
	struct err *e = traceable_read(m->r->world, &list);
	struct str rest = buf_view(&list);
	struct traceable t;

	while (!e && traceable_next(&rest, &t)) {
		int64_t i = site_of(m, t.name, t.module);

		if (i >= 0)
			m->found[i] = m->found[i] ? 2 : 1;
	}
	return e;
}

static void by_name(struct multi *m, struct hooks *h)
{
	for (uint32_t i = 0; i < m->r->probe->nsites; i++) {
		if (m->found[i] != 1)
			continue;
		vec_push(&m->arena, &h->names,
			 arena_str(&m->arena, text(m, site_at(m, i)->name)).s);
		vec_push(&m->arena, &h->cookies, i);
	}
}

static bool has_several(const struct multi *m)
{
	for (uint32_t i = 0; i < m->r->probe->nsites; i++)
		if (m->found[i] == 2)
			return true;
	return false;
}

static struct err *by_address(struct multi *m, struct hooks *h)
{
	struct kallsyms *k;
	struct kallsym sym;
	struct err *e;

	if (!has_several(m))
		return NULL;
	k = kallsyms_create(m->r->world);
	e = kallsyms_load(k);
	for (uint32_t i = 0; !e && kallsyms_get(k, i, &sym); i++) {
		int64_t site = site_of(m, sym.name, sym.module);

		if (site < 0 || m->found[site] != 2 ||
		    (sym.type != 't' && sym.type != 'T'))
			continue;
		vec_push(&m->arena, &h->addrs, sym.addr);
		vec_push(&m->arena, &h->cookies, (uint64_t)site);
	}
	kallsyms_destroy(k);
	return e;
}

static struct err *link_all(struct multi *m, const struct hooks *h,
			    struct attachment *ret)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)m->r->prog;
	attr.link_create.attach_type = BPF_TRACE_KPROBE_MULTI;
	if (m->r->probe->kind == PROBE_KRETPROBE)
		attr.link_create.kprobe_multi.flags = MULTI_RETURN;
	attr.link_create.kprobe_multi.cnt = h->cookies.n;
	attr.link_create.kprobe_multi.cookies = ptr_u64(h->cookies.v);
	attr.link_create.kprobe_multi.addrs = ptr_u64(h->addrs.v);
	attr.link_create.kprobe_multi.syms = ptr_u64(h->names.v);
	fd = syscall_bpf(BPF_LINK_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(link_create.kprobe_multi.cookies));
	if (fd < 0)
		return privilege_hint(
			err_os(-fd, "hooking %u functions", h->cookies.n));
	attachment_add(ret, fd);
	return NULL;
}

static struct err *multi_attach(struct multi *m, struct attachment *ret)
{
	struct hooks named = {}, addressed = {};
	struct err *e = find_all(m);

	if (e)
		return e;
	by_name(m, &named);
	e = by_address(m, &addressed);
	if (!e && !named.cookies.n && !addressed.cookies.n)
		e = err_new(ERR_NOT_FOUND, "the kernel can hook none of the "
					   "functions that are meant");
	if (!e && named.cookies.n)
		e = link_all(m, &named, ret);
	if (!e && addressed.cookies.n)
		e = link_all(m, &addressed, ret);
	return e;
}

struct err *attach_kprobe_multi(const struct attach_request *r,
				struct attachment *ret)
{
	struct multi m = { .r = r };
	struct err *e;

	arena_init(&m.arena);
	want_all(&m);
	e = multi_attach(&m, ret);
	arena_deinit(&m.arena);
	return e;
}
