/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/attach/attach.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/cleanup.h"
#include "dbg/modules.h"
#include "kern/syscall.h"

void attachment_add(const struct attach_request *r, struct attachment *at,
		    int fd)
{
	if (at->n == at->cap) {
		at->cap = at->cap ? 2 * at->cap : 4;
		at->v = reallocarray(at->v, at->cap, sizeof(*at->v));
		if (!at->v)
			abort();
	}
	at->v[at->n++] = (struct hook){ .fd = fd, .module = r->module };
}

static int open_copy(const struct attach_request *r, struct attachment *ret,
		     const char *tracepoint, int copy)
{
	int prog = copy ? r->copies[copy - 1] : r->prog;
	int fd = prog < 0 ? 0 : syscall_raw_tracepoint_open(tracepoint, prog);

	if (prog >= 0 && fd >= 0) {
		attachment_add(r, ret, fd);
		ret->v[ret->n - 1].is_standin = copy != 0;
	}
	return MIN(fd, 0);
}

int attachment_open(const struct attach_request *r, struct attachment *ret,
		    const char *tracepoint, bool last_runs_first)
{
	int code = 0;

	for (int i = 0; i < IMAGE_COPIES && !code; i++) {
		int copy = last_runs_first ? IMAGE_COPIES - 1 - i : i;

		code = open_copy(r, ret, tracepoint, copy);
	}
	return code;
}

void attachment_leave_out(struct attachment *at, uint32_t n, struct err *why)
{
	at->left_out += n;
	if (at->why)
		err_free(why);
	else
		at->why = why;
}

void attach_lists_drop(struct attach_lists *l)
{
	hookable_close(l->hookable);
	buf_deinit(&l->traceable);
	kallsyms_destroy(l->symbols);
	*l = (struct attach_lists){};
}

static void add_missed(struct attachment *at)
{
	for (uint32_t i = 0; i < at->n; i++)
		at->missed += hook_missed(at->v[i].fd);
}

static void close_those(const struct attachment *at, bool standins)
{
	for (uint32_t i = 0; i < at->n; i++)
		if (at->v[i].is_standin == standins)
			close(at->v[i].fd);
}

/* Those that stand in go first: alone they would take every hit for one that
 * the kernel has skipped, and loss would be counted wrong. */
void detach(struct attachment *at)
{
	add_missed(at);
	close_those(at, true);
	close_those(at, false);
	free(at->v);
	err_free(at->why);
	*at = (struct attachment){ .missed = at->missed };
}

#define DETACH_THREADS 64u
#define DETACH_FEW 4
#define DETACH_STACK (UINT64_C(64) << 10)

struct closing {
	const struct attachment *at;
	uint32_t n, first, step; /* hooks first, first + step, ... of all */
};

static void *close_some(void *arg)
{
	const struct closing *c = arg;
	uint32_t number = 0;

	for (uint32_t i = 0; i < c->n; i++)
		for (uint32_t k = 0; k < c->at[i].n; k++)
			if (number++ % c->step == c->first)
				close(c->at[i].v[k].fd);
	return NULL;
}

/* What no thread can be had for is closed here. */
static void close_together(const struct attachment *at, uint32_t n,
			   uint32_t nthreads)
{
	struct closing c[DETACH_THREADS];
	pthread_t ids[DETACH_THREADS];
	bool runs[DETACH_THREADS];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, DETACH_STACK);
	for (uint32_t t = 0; t < nthreads; t++) {
		c[t] = (struct closing){ at, n, t, nthreads };
		runs[t] = !pthread_create(&ids[t], &attr, close_some, &c[t]);
	}
	for (uint32_t t = 0; t < nthreads; t++)
		if (!runs[t])
			close_some(&c[t]);
	for (uint32_t t = 0; t < nthreads; t++)
		if (runs[t])
			pthread_join(ids[t], NULL);
	pthread_attr_destroy(&attr);
}

void detach_all(struct attachment *at, uint32_t n)
{
	uint32_t hooks = 0;

	for (uint32_t i = 0; i < n; i++)
		hooks += at[i].n;
	if (hooks > DETACH_FEW) {
		for (uint32_t i = 0; i < n; i++)
			add_missed(&at[i]);
		close_together(at, n, MIN(hooks, DETACH_THREADS));
		for (uint32_t i = 0; i < n; i++)
			at[i].n = 0;
	}
	for (uint32_t i = 0; i < n; i++)
		detach(&at[i]);
}

bool is_attached(const struct attachment *at)
{
	return at->n || at->waits;
}

static struct err *attach_kind(const struct attach_request *r,
			       struct attachment *at)
{
	switch ((enum image_probe_kind)r->probe->kind) {
	case PROBE_RAW_TP:
	case PROBE_PROCESS:
	case PROBE_SYSCALL:
		return attach_tracepoint(r, at);
	case PROBE_PERF:
		return attach_perf(r, at);
	case PROBE_FENTRY:
	case PROBE_FEXIT:
		return attach_fentry(r, at);
	case PROBE_KPROBE:
	case PROBE_KRETPROBE:
		return attach_kprobe(r, at);
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
		return attach_uprobe(r, at);
	case PROBE_NETFILTER:
		return attach_netfilter(r, at);
	case PROBE_WATCH:
		return attach_watch(r, at);
	case PROBE_EXISTING:
		return attach_existing(r, at);
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR:
	case PROBE_NEVER:
	case PROBE_TIMER:
	case PROBE_PROCFS:
	case PROBE_N:
		break;
	}
	return err_new(ERR_FORMAT, "a probe of the host cannot be attached");
}

/* ---- modules ---- */

/* The module of site i; those of a probe with one site: i is 0. */
static istr module_at(const struct image *img, const struct image_probe *p,
		      uint32_t i)
{
	return p->nsites ? img->sites.v[p->first_site + i].module :
			   p->site.module;
}

/* Is this the first site of its module? */
static bool is_first(const struct image *img, const struct image_probe *p,
		     uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (module_at(img, p, k) == module_at(img, p, i))
			return false;
	return true;
}

bool has_modules(const struct image *img, const struct image_probe *p)
{
	for (uint32_t i = 0; i < MAX(p->nsites, 1u); i++)
		if (module_at(img, p, i))
			return true;
	return false;
}

static bool is_there(const struct attach_request *r, istr module)
{
	return !module || modules_has(r->world, image_str(r->image, module));
}

/* The sites in one module; none of them if it fails. */
static struct err *attach_part(struct attach_request r, istr module,
			       struct attachment *at)
{
	uint32_t before = at->n;
	struct err *e;

	r.module = module;
	e = attach_kind(&r, at);
	while (e && at->n > before)
		close(at->v[--at->n].fd);
	return e;
}

struct err *attach_module(struct attach_request r, struct str name,
			  struct attachment *at)
{
	const struct image_probe *p = r.probe;
	struct err *e = NULL;

	detach_module(r.image, name, at);
	for (uint32_t i = 0; i < MAX(p->nsites, 1u) && !e; i++) {
		istr module = module_at(r.image, p, i);

		if (module && is_first(r.image, p, i) &&
		    str_eq(image_str(r.image, module), name) &&
		    is_there(&r, module))
			e = attach_part(r, module, at);
	}
	return e;
}

void detach_module(const struct image *img, struct str name,
		   struct attachment *at)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < at->n; i++) {
		const struct hook *h = &at->v[i];

		if (!h->module || !str_eq(image_str(img, h->module), name)) {
			at->v[n++] = *h;
			continue;
		}
		at->missed += hook_missed(h->fd);
		close(h->fd);
	}
	at->waits |= n < at->n;
	at->n = n;
}

/* ---- all ---- */

/* What does not keep the sites in other modules from being attached. */
static bool is_of_part(const struct err *e)
{
	return e->code == ERR_NOT_FOUND || e->code == ERR_UNSUPPORTED ||
	       e->code == ERR_OTHER;
}

static struct err *attach_parts(const struct attach_request *r,
				struct attachment *at)
{
	const struct image_probe *p = r->probe;
	struct err *e = NULL, *why = NULL;

	for (uint32_t i = 0; i < MAX(p->nsites, 1u) && !e; i++) {
		istr module = module_at(r->image, p, i);

		if (!is_first(r->image, p, i))
			continue;
		if (!is_there(r, module)) {
			at->waits = true;
			continue;
		}
		e = attach_part(*r, module, at);
		if (e && is_of_part(e)) {
			err_free(why);
			why = take_ptr(e);
		}
	}
	if (!e && !is_attached(at))
		return why;
	err_free(why);
	return e;
}

struct err *attach_probe(const struct attach_request *r, struct attachment *ret)
{
	struct str point = image_str(r->image, r->probe->point);
	struct attachment at = {};
	struct err *e = attach_parts(r, &at);

	if (e) {
		detach(&at);
		return err_context(e, "attaching %" STR_FMT, STR_ARG(point));
	}
	*ret = at;
	return NULL;
}
