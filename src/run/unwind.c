/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mappings of processes are written one behind the other into one table,
 * and from its start again when the end is reached.  A process whose mappings
 * are overwritten then is forgotten; it will be asked for again.
 */
#include "run/unwind.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/map.h"
#include "dbg/mappings.h"
#include "dbg/unwind_rows.h"
#include "kern/syscall.h"
#include "kern/unwind_maps.h"
#include "run/spaces.h"
#include "run/usymbols.h"

#define LIST_MAX 2048		/* mappings of a process */

/* A stretch of a file's rows, in one chunk. */
struct part {
	uint64_t start, end;	/* link-time addresses */
	uint32_t chunk, first, last;
};

struct table {
	const void *key;
	uint64_t base;		/* link-time address of row address 0 */
	VEC(struct part) parts;
};

struct proc {
	pid_t pid;
	uint32_t first, n;	/* mappings */
	bool asked;		/* the kernel has asked for it, or is expected
				 * to: tables are made of what is known of its
				 * files */
	bool answered;		/* it has asked: its files are read, too */
	bool dirty;		/* it has mapped something since */
};

struct unwind {
	const struct image *img;
	struct unwind_maps maps;
	struct spaces *spaces;
	struct usymbols *usymbols;
	struct arena arena;
	VEC(struct table *) tables;
	VEC(struct proc) procs;
	struct map rules;	/* bytes of a rule to its number + 1 */
	uint32_t chunk, next_row;	/* where the next row goes */
	uint32_t next_mapping;
	bool is_full;
	struct mapping list[LIST_MAX];
	struct unwind_mapping made[LIST_MAX];
};

static void on_change(void *data, const struct spaces_change *c);
static void prepare_all(struct unwind *w);
static void more_room(struct unwind *w);

struct err *unwind_create(const struct image *img, const struct maps *maps,
			  struct spaces *spaces, struct usymbols *u,
			  struct unwind **ret)
{
	struct unwind *w;
	struct err *e;

	*ret = NULL;
	if (img->unwind_maps == IMAGE_NONE)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->img = img;
	w->spaces = spaces;
	w->usymbols = u;
	arena_init(&w->arena);
	map_init(&w->rules, &w->arena);
	e = unwind_maps_open(img, maps, &w->maps);
	if (!e)
		e = unwind_maps_chunk(&w->maps);
	if (e) {
		unwind_destroy(w);
		return e;
	}
	prepare_all(w);
	if (w->next_row)
		more_room(w);
	spaces_on_change(spaces, on_change, w);
	*ret = w;
	return NULL;
}

void unwind_destroy(struct unwind *w)
{
	if (!w)
		return;
	spaces_on_change(w->spaces, NULL, NULL);
	unwind_maps_close(&w->maps);
	arena_deinit(&w->arena);
	free(w);
}

/* ---- files ---- */

/* Numbers from 1 on; 0 says that nothing is known. */
static uint32_t rule_number(struct unwind *w, const struct unwind_rule *r)
{
	struct str key = { (const char *)r, sizeof(*r) };
	uintptr_t n = (uintptr_t)map_find(&w->rules, key);

	if (n || !r->cfa_kind)
		return (uint32_t)n;
	if (w->rules.n + 1 >= UNWIND_RULES_MAX)
		return 0;
	n = w->rules.n + 1;
	w->maps.rules[n] = *r;
	map_set(&w->rules, arena_str(&w->arena, key), (void *)n);
	return (uint32_t)n;
}

/* Adding a chunk waits until all programs of the kernel have ended, and one of
 * them may be waiting for our answer: so it is done before it is needed. */
static void more_room(struct unwind *w)
{
	if (!w->is_full)
		w->is_full = err_drop(unwind_maps_chunk(&w->maps));
}

/* Room for a row; false = there is no more. */
static bool has_room(struct unwind *w)
{
	if (w->next_row < UNWIND_CHUNK_ROWS)
		return true;
	if (w->chunk + 1 == w->maps.nchunks)
		more_room(w);
	if (w->chunk + 1 == w->maps.nchunks)
		return false;
	w->chunk++;
	w->next_row = 0;
	return true;
}

static void add_row(struct unwind *w, struct table *t,
		    const struct unwind_row *row)
{
	struct part *p = t->parts.n ? &vec_last(&t->parts) : NULL;
	uint32_t chunk, n = rule_number(w, &row->rule);

	if (!has_room(w))
		return;
	chunk = w->chunk;
	if (!p || p->chunk != chunk) {
		if (p)
			p->end = row->start;
		vec_push(&w->arena, &t->parts,
			 (struct part){ .start = row->start,
					.chunk = chunk,
					.first = w->next_row });
		p = &vec_last(&t->parts);
	}
	w->maps.chunks[chunk][w->next_row] =
		(row->start - t->base) << 32 | n;
	p->last = w->next_row++;
	p->end = row->start;
}

/* The rows of a file, the first time read from it. */
static struct table *table_of(struct unwind *w, const struct usym_file *f)
{
	struct unwind_rows rows;
	struct table *t;
	struct arena a;

	for (uint32_t i = 0; i < w->tables.n; i++)
		if (w->tables.v[i]->key == f->key)
			return w->tables.v[i];
	t = arena_new(&w->arena, struct table);
	t->key = f->key;
	vec_push(&w->arena, &w->tables, t);
	arena_init(&a);
	unwind_rows_read(f->main, f->debug, &a, &rows);
	if (rows.n)
		t->base = rows.v[0].start;
	for (uint32_t i = 0; i < rows.n; i++)
		if (rows.v[i].start - t->base <= UINT32_MAX)
			add_row(w, t, &rows.v[i]);
	arena_deinit(&a);
	return t;
}

static void prepare(struct unwind *w, const struct mapping *m)
{
	struct usym_file f;

	if (usymbols_file(w->usymbols, getpid(), m, &f))
		table_of(w, &f);
}

static void prepare_path(struct unwind *w, struct str path)
{
	struct mapping m = { .path = path };
	struct stat st;

	if (stat(arena_str(&w->arena, path).s, &st))
		return;
	m.dev = major(st.st_dev) << 20 | minor(st.st_dev);
	m.ino = st.st_ino;
	prepare(w, &m);
}

/* A process that waits for an answer should not wait for files to be read:
 * those with probes, and what we have mapped ourselves, the C library above
 * all. */
static void prepare_all(struct unwind *w)
{
	const struct image *img = w->img;
	uint32_t n, uprobes = 0;

	for (uint32_t i = 0; i < img->probes.n; i++) {
		const struct image_probe *p = &img->probes.v[i];

		if (p->kind != PROBE_UPROBE && p->kind != PROBE_URETPROBE)
			continue;
		uprobes++;
		prepare_path(w, image_str(img, p->site.name));
	}
	n = uprobes ? spaces_list(w->spaces, getpid(), w->list, LIST_MAX) : 0;
	/* The first is our own program. */
	for (uint32_t i = 1; i < n; i++)
		prepare(w, &w->list[i]);
}

/* ---- processes ---- */

static void add_part(struct unwind *w, const struct mapping *m, uint64_t bias,
		     const struct table *t, const struct part *p, uint32_t *n)
{
	uint64_t start = MAX(p->start + bias, m->start);
	uint64_t end = MIN(p->end + bias, m->end);

	if (start >= end || *n == LIST_MAX)
		return;
	w->made[(*n)++] = (struct unwind_mapping){
		.start = start,
		.end = end,
		.bias = bias + t->base,
		.chunk = p->chunk,
		.first = (uint16_t)p->first,
		.last = (uint16_t)p->last,
	};
}

/* Code without tables, from `start` to `end`. */
static void add_gap(struct unwind *w, uint64_t start, uint64_t end, uint32_t *n)
{
	if (start >= end || *n == LIST_MAX)
		return;
	w->made[(*n)++] = (struct unwind_mapping){
		.start = start,
		.end = end,
		.first = 1,
	};
}

/* What the rows of a file tell about a mapping of it. */
static void add_parts(struct unwind *w, const struct mapping *m, uint64_t addr,
		      const struct table *t, uint32_t *n)
{
	uint64_t bias = m->start - addr, at = m->start;

	for (uint32_t i = 0; i < t->parts.n; i++) {
		const struct part *p = &t->parts.v[i];
		uint64_t start = MAX(p->start + bias, m->start);

		add_gap(w, at, MIN(start, m->end), n);
		add_part(w, m, bias, t, p, n);
		at = MAX(at, p->end + bias);
	}
	add_gap(w, at, m->end, n);
}

/* Files are read only for a process that has asked: they may be large, and
 * others wait meanwhile. */
static void add_mapping(struct unwind *w, const struct proc *p,
			const struct mapping *m, uint32_t *n)
{
	struct usym_file f;
	uint64_t addr;

	if (!p->answered && !usymbols_has(w->usymbols, m))
		return;
	if (usymbols_file(w->usymbols, p->pid, m, &f) &&
	    objfile_address(f.main, m->offset, &addr))
		add_parts(w, m, addr, table_of(w, &f), n);
	else
		add_gap(w, m->start, m->end, n);
}

static void proc_forget(struct unwind *w, struct proc *p)
{
	uint32_t key = (uint32_t)p->pid;

	(void)syscall_map_delete(w->maps.procs, &key);
	p->n = 0;
}

/* Makes room for n mappings. */
static uint32_t mappings_new(struct unwind *w, uint32_t n)
{
	uint32_t first = w->next_mapping;

	if (first + n > UNWIND_MAPPINGS_MAX)
		first = 0;
	for (uint32_t i = 0; i < w->procs.n; i++) {
		struct proc *p = &w->procs.v[i];

		if (p->n && p->first < first + n && first < p->first + p->n)
			proc_forget(w, p);
	}
	w->next_mapping = first + n;
	return first;
}

static void proc_fill(struct unwind *w, struct proc *p)
{
	uint32_t listed = spaces_list(w->spaces, p->pid, w->list, LIST_MAX);
	struct unwind_proc value = {};
	uint32_t key = (uint32_t)p->pid;

	p->dirty = false;
	for (uint32_t i = 0; i < listed; i++)
		add_mapping(w, p, &w->list[i], &value.n);
	if (!value.n || !p->asked)
		return;
	value.first = mappings_new(w, value.n);
	value.answered = p->answered;
	value.at = (uint32_t)(spaces_now() >> 20);
	p->first = value.first;
	p->n = value.n;
	memcpy(w->maps.mappings + value.first, w->made,
	       value.n * sizeof(*w->made));
	(void)syscall_map_update(w->maps.procs, &key, &value, 0);
}

static struct proc *proc_find(struct unwind *w, pid_t pid)
{
	for (uint32_t i = 0; i < w->procs.n; i++)
		if (w->procs.v[i].pid == pid)
			return &w->procs.v[i];
	return NULL;
}

static struct proc *proc_get(struct unwind *w, pid_t pid)
{
	struct proc *p = proc_find(w, pid);

	if (p)
		return p;
	vec_push(&w->arena, &w->procs, (struct proc){ .pid = pid });
	return &vec_last(&w->procs);
}

void unwind_want(struct unwind *w, pid_t pid)
{
	struct proc *p;

	if (pid <= 0)
		return;
	/* What came before the question must not undo the answer. */
	spaces_follow(w->spaces);
	p = proc_get(w, pid);
	p->asked = p->answered = true;
	proc_fill(w, p);
}

static bool has_probes(const struct unwind *w, struct str path)
{
	const struct image *img = w->img;

	for (uint32_t i = 0; path.len && i < img->probes.n; i++) {
		const struct image_probe *p = &img->probes.v[i];

		if ((p->kind == PROBE_UPROBE || p->kind == PROBE_URETPROBE) &&
		    str_eq(image_str(img, p->site.name), path))
			return true;
	}
	return false;
}

/* Forgets a process; the kernel asks for it again when it needs it. */
static void drop(struct unwind *w, struct proc *p)
{
	if (!p)
		return;
	proc_forget(w, p);
	*p = vec_last(&w->procs);
	w->procs.n--;
}

/* The kernel will ask for this process. */
static void expect(struct unwind *w, pid_t pid)
{
	struct proc *p = proc_get(w, pid);

	p->asked = p->dirty = true;
}

/* A child of a process that was asked for will be, too. */
static void add_child(struct unwind *w, const struct spaces_change *c)
{
	const struct proc *parent = proc_find(w, c->parent);
	bool asked = parent && parent->asked;
	struct proc *p = asked ? proc_get(w, c->pid) : NULL;

	if (p)
		p->asked = p->dirty = true;
}

/* Any process may have mapped something. */
static void all_dirty(struct unwind *w)
{
	for (uint32_t i = 0; i < w->procs.n; i++)
		w->procs.v[i].dirty = true;
}

static void on_change(void *data, const struct spaces_change *c)
{
	struct unwind *w = data;
	struct proc *p = proc_find(w, c->pid);
	bool is_exec = !c->parent && !c->path.len;

	if (c->lost)
		all_dirty(w);
	else if (c->ended || is_exec)
		drop(w, p);
	else if (c->parent)
		add_child(w, c);
	else if (has_probes(w, c->path))
		expect(w, c->pid);
	else if (p)
		p->dirty = true;
}

void unwind_follow(struct unwind *w)
{
	for (uint32_t i = 0; i < w->procs.n; i++)
		if (w->procs.v[i].dirty)
			proc_fill(w, &w->procs.v[i]);
	if (w->next_row > UNWIND_CHUNK_ROWS / 4 * 3 &&
	    w->chunk + 1 == w->maps.nchunks)
		more_room(w);
}
