/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many functions by one link.  The kernel takes all or none, so the list must
 * hold only what it can hook.  For its own functions, that is known from the
 * first such probe on (dbg/hookable.h), with their addresses.
 *
 * Those of modules are in a file of tracefs.  (The addresses in there are not
 * those of the functions, but of their calls into the tracer, by which the
 * kernel does not find the cookies.)  Where several functions have one name, in
 * one module or in several, they are hooked by their addresses.  A link holds
 * the modules that it is in: each gets its own.  The kernel's own are found so,
 * too, where it hides addresses.
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

/* A site, and what the kernel has of it. */
struct wanted {
	struct wanted *next; /* one of the same name, in another module */
	uint32_t number;
	bool is_wanted; /* none that is there twice, or of other modules */
	uint32_t found;	 /* functions of this name in this module */
	uint32_t shared; /* in others */
	struct world_names copies; /* "f.isra.0" and its like */
};

struct multi {
	const struct attach_request *r;
	struct arena arena;
	struct wanted *wanted; /* of each site */
	struct map names;      /* the first of a name */
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

static bool is_in(const struct multi *m, const struct wanted *w,
		  struct str module)
{
	return str_eq(text(m, site_at(m, w->number)->module), module);
}

/* One that is there already is not wanted twice. */
static void want(struct multi *m, uint32_t i)
{
	struct str name = text(m, site_at(m, i)->name);
	struct str module = text(m, site_at(m, i)->module);
	struct wanted *first = map_find(&m->names, name);

	for (struct wanted *w = first; w; w = w->next)
		if (is_in(m, w, module))
			return;
	m->wanted[i] = (struct wanted){
		.next = first,
		.number = i,
		.is_wanted = true,
	};
	map_set(&m->names, name, &m->wanted[i]);
}

static void want_all(struct multi *m)
{
	uint32_t n = m->r->probe->nsites;

	m->wanted = arena_array(&m->arena, n, struct wanted);
	map_init(&m->names, &m->arena);
	for (uint32_t i = 0; i < n; i++)
		if (site_at(m, i)->module == m->r->module)
			want(m, i);
}

/* A function of which the kernel has only copies is hooked in these. */
static void find_copy(struct multi *m, const struct traceable *t)
{
	struct wanted *w = map_find(&m->names, kallsyms_copied(t->name));

	for (; w; w = w->next)
		if (is_in(m, w, t->module))
			vec_push(&m->arena, &w->copies,
				 arena_str(&m->arena, t->name));
}

static struct err *find_all(struct multi *m)
{
	struct buf *list = &m->r->lists->traceable;
	struct err *e = list->len ? NULL : traceable_read(m->r->world, list);
	struct str rest = buf_view(list);
	struct traceable t;

	while (!e && traceable_next(&rest, &t)) {
		struct wanted *w = map_find(&m->names, t.name);

		if (!w)
			find_copy(m, &t);
		for (; w; w = w->next)
			++*(is_in(m, w, t.module) ? &w->found : &w->shared);
	}
	return e;
}

/* Does the name alone tell which function is meant? */
static bool is_clear(const struct wanted *w)
{
	return w->found == 1 && !w->shared;
}

static void add_name(struct multi *m, struct hooks *h, uint32_t i,
		     struct str name)
{
	vec_push(&m->arena, &h->names, arena_str(&m->arena, name).s);
	vec_push(&m->arena, &h->cookies, i);
}

static bool is_once(const struct world_names *names, struct str name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < names->n; i++)
		n += str_eq(names->v[i], name);
	return n == 1;
}

static void by_name(struct multi *m, struct hooks *h)
{
	for (uint32_t i = 0; i < m->r->probe->nsites; i++) {
		const struct wanted *w = &m->wanted[i];

		if (is_clear(w))
			add_name(m, h, i, text(m, site_at(m, i)->name));
		for (uint32_t k = 0; !w->found && k < w->copies.n; k++)
			if (is_once(&w->copies, w->copies.v[k]))
				add_name(m, h, i, w->copies.v[k]);
	}
}

static bool has_unclear(const struct multi *m)
{
	for (uint32_t i = 0; i < m->r->probe->nsites; i++)
		if (m->wanted[i].found && !is_clear(&m->wanted[i]))
			return true;
	return false;
}

static void add_address(struct multi *m, struct hooks *h, uint32_t i,
			uint64_t addr)
{
	vec_push(&m->arena, &h->addrs, addr);
	vec_push(&m->arena, &h->cookies, i);
}

static void take_address(struct multi *m, struct hooks *h,
			 const struct kallsym *sym)
{
	const struct wanted *w = map_find(&m->names, sym->name);

	for (; w; w = w->next) {
		if (!w->found || is_clear(w) || !is_in(m, w, sym->module))
			continue;
		add_address(m, h, w->number, sym->addr);
	}
}

static struct err *by_address(struct multi *m, struct hooks *h)
{
	struct attach_lists *l = m->r->lists;
	struct kallsym sym;
	struct err *e;

	if (!has_unclear(m))
		return NULL;
	if (!l->symbols)
		l->symbols = kallsyms_create(m->r->world);
	e = kallsyms_load(l->symbols);
	for (uint32_t i = 0; !e && kallsyms_get(l->symbols, i, &sym); i++)
		if (sym.type == 't' || sym.type == 'T')
			take_address(m, h, &sym);
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
	attachment_add(m->r, ret, fd);
	return NULL;
}

static struct err *hooks_none(void)
{
	return err_new(ERR_NOT_FOUND, "the kernel can hook none of the "
				      "functions that are meant");
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
		e = hooks_none();
	if (!e && named.cookies.n)
		e = link_all(m, &named, ret);
	if (!e && addressed.cookies.n)
		e = link_all(m, &addressed, ret);
	return e;
}

/* ---- those of the kernel itself, as they are known ---- */

/* All of this name; else the copies "name.isra.0", which come next. */
static void add_known(struct multi *m, struct hooks *h, uint32_t i)
{
	const struct hookable *known = m->r->lists->hookable;
	struct str name = text(m, site_at(m, i)->name);
	struct hookable_function f;
	uint32_t at = hookable_find(known, name);
	bool found = false;

	for (; hookable_get(known, at, &f); at++) {
		bool is_it = str_eq(f.name, name);

		if (!str_starts(f.name, name) || (found && !is_it) ||
		    (!is_it && f.name.s[name.len] > '.'))
			break;
		if (is_it || str_eq(kallsyms_copied(f.name), name))
			add_address(m, h, i, f.addr);
		found |= is_it;
	}
}

static struct err *known_attach(struct multi *m, struct attachment *ret)
{
	struct hooks h = {};

	for (uint32_t i = 0; i < m->r->probe->nsites; i++)
		if (m->wanted[i].is_wanted)
			add_known(m, &h, i);
	return h.cookies.n ? link_all(m, &h, ret) : hooks_none();
}

/* What was kept may be of no use: it is found anew, once. */
static struct err *kernel_attach(struct multi *m, struct attachment *ret)
{
	struct hookable **known = &m->r->lists->hookable;
	bool is_old = !*known;
	struct err *e = is_old ? hookable_open(m->r->world, false, known) :
				 NULL;

	if (!e)
		e = known_attach(m, ret);
	if (!e || !is_old)
		return e;
	err_free(e);
	hookable_close(*known);
	e = hookable_open(m->r->world, true, known);
	return e ? e : known_attach(m, ret);
}

struct err *attach_kprobe_multi(const struct attach_request *r,
				struct attachment *ret)
{
	struct multi m = { .r = r };
	struct err *e = NULL;

	arena_init(&m.arena);
	want_all(&m);
	if (!r->module)
		e = kernel_attach(&m, ret);
	if (r->module || err_drop(take_ptr(e)))
		e = multi_attach(&m, ret);
	arena_deinit(&m.arena);
	return e;
}
