/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block, in memory as in the file: a head, rows by ascending name, and
 * their names.
 */
#include "dbg/hookable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/search.h"
#include "base/vec.h"
#include "dbg/cachefile.h"
#include "dbg/kallsyms.h"
#include "dbg/traceable.h"

#define HOOKABLE_MAGIC "SPILEHK1"
#define HOOKABLE_BYTES_MAX (64u << 20)
/* Bytes between the start of a function and its call into the tracer: an
 * instruction that marks it as the target of a call, and its like. */
#define HOOKABLE_ENTRY 16

struct hookable_head {
	char magic[8];
	char boot_id[40];
	uint32_t n, ntext;
};

struct hookable_row {
	uint64_t addr;
	uint32_t name, len;		/* in the text */
};

struct hookable {
	const char *data;
	uint64_t size;
	bool is_mapped;
	struct hookable_head head;
	const struct hookable_row *rows;
	struct str text;
};

void hookable_close(struct hookable *h)
{
	if (!h)
		return;
	if (h->is_mapped)
		munmap((void *)(uintptr_t)h->data, h->size);
	else
		free((void *)(uintptr_t)h->data);
	free(h);
}

/* ---- what was kept ---- */

static bool hookable_key(struct world *w, struct hookable_head *ret)
{
	struct str id = world_boot_id(w);

	*ret = (struct hookable_head){};
	if (!world_is_live(w) || !id.len || id.len >= sizeof(ret->boot_id))
		return false;
	memcpy(ret->magic, HOOKABLE_MAGIC, sizeof(ret->magic));
	memcpy(ret->boot_id, id.s, id.len);
	return true;
}

static struct str hookable_path(struct arena *a)
{
	struct str dir = cachefile_boot_dir(a);

	if (!dir.len)
		return dir;
	return arena_printf(a, "%" STR_FMT "/functions", STR_ARG(dir));
}

/* The block is what its head says. */
static bool hookable_take(struct hookable *h)
{
	uint64_t rows;

	if (h->size < sizeof(h->head))
		return false;
	memcpy(&h->head, h->data, sizeof(h->head));
	rows = (uint64_t)h->head.n * sizeof(struct hookable_row);
	if (h->size != sizeof(h->head) + rows + h->head.ntext)
		return false;
	h->rows = (const void *)(h->data + sizeof(h->head));
	h->text = (struct str){ h->data + sizeof(h->head) + rows,
				h->head.ntext };
	return true;
}

static bool hookable_load(struct hookable *h, const struct hookable_head *key)
{
	struct str path;
	struct arena a;

	arena_init(&a);
	path = hookable_path(&a);
	if (path.len)
		h->data = cachefile_map(path, HOOKABLE_BYTES_MAX, &h->size);
	arena_deinit(&a);
	h->is_mapped = h->data;
	return h->data && hookable_take(h) &&
	       !memcmp(h->head.magic, key->magic, sizeof(key->magic)) &&
	       !memcmp(h->head.boot_id, key->boot_id, sizeof(key->boot_id));
}

static void hookable_save(const struct hookable *h)
{
	struct str path;
	struct arena a;

	arena_init(&a);
	path = hookable_path(&a);
	if (path.len)
		cachefile_save_secret(path, h->data, h->size);
	arena_deinit(&a);
}

/* ---- found anew ---- */

/* One that can be traced; others of the same name follow. */
struct entry {
	struct entry *next;
	uint64_t addr;			/* of its call, or 0 */
};

struct making {
	struct arena arena;
	struct map names;		/* struct entry */
	VEC(struct hookable_function) list;
};

static struct err *making_entries(struct making *m, struct world *w,
				  struct buf *text)
{
	struct err *e = traceable_read(w, text);
	struct str rest = buf_view(text);
	struct traceable t;

	while (!e && traceable_next(&rest, &t)) {
		struct entry *n;

		if (t.module.len)
			continue;
		n = arena_new(&m->arena, struct entry);
		*n = (struct entry){ map_find(&m->names, t.name), t.addr };
		map_set(&m->names, t.name, n);
	}
	return e;
}

/* Of several functions of one name, those are meant whose calls are listed. */
static bool is_entry(const struct entry *n, uint64_t addr)
{
	for (; n; n = n->next)
		if (!n->addr || n->addr - addr <= HOOKABLE_ENTRY)
			return true;
	return false;
}

static bool is_code(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static struct err *making_functions(struct making *m, struct kallsyms *k)
{
	struct err *e = kallsyms_load(k);
	struct kallsym sym;

	for (uint32_t i = 0; !e && kallsyms_get(k, i, &sym); i++) {
		const struct entry *n;

		if (sym.module.len || !is_code(sym.type))
			continue;
		n = map_find(&m->names, sym.name);
		if (n && is_entry(n, sym.addr))
			vec_push(&m->arena, &m->list,
				 (struct hookable_function){ sym.name,
							     sym.addr });
	}
	return e;
}

static int function_cmp(const void *a, const void *b)
{
	const struct hookable_function *x = a, *y = b;
	int c = str_cmp(x->name, y->name);

	return c ? c : (x->addr > y->addr) - (x->addr < y->addr);
}

static void making_write(struct making *m, struct hookable_head head,
			 struct buf *ret)
{
	uint32_t off = 0;

	head.n = m->list.n;
	for (uint32_t i = 0; i < m->list.n; i++)
		head.ntext += m->list.v[i].name.len;
	buf_add(ret, &head, sizeof(head));
	for (uint32_t i = 0; i < m->list.n; i++) {
		const struct hookable_function *f = &m->list.v[i];
		struct hookable_row row = { f->addr, off, f->name.len };

		buf_add(ret, &row, sizeof(row));
		off += f->name.len;
	}
	for (uint32_t i = 0; i < m->list.n; i++)
		buf_add(ret, m->list.v[i].name.s, m->list.v[i].name.len);
}

static struct err *making_run(struct making *m, struct world *w,
			      struct hookable_head head, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct kallsyms *k = kallsyms_create(w);
	struct err *e = making_entries(m, w, &text);

	if (!e)
		e = making_functions(m, k);
	if (!e) {
		qsort(m->list.v, m->list.n, sizeof(*m->list.v), function_cmp);
		making_write(m, head, ret);
	}
	kallsyms_destroy(k);
	return e;
}

static struct err *hookable_make(struct hookable *h, struct world *w,
				 const struct hookable_head *key)
{
	struct buf block = {};
	struct making m = {};
	struct err *e;

	arena_init(&m.arena);
	map_init(&m.names, &m.arena);
	e = making_run(&m, w, *key, &block);
	arena_deinit(&m.arena);
	if (e) {
		buf_deinit(&block);
		return e;
	}
	h->data = block.data;
	h->size = block.len;
	if (!hookable_take(h))
		abort();
	return NULL;
}

struct err *hookable_open(struct world *w, bool is_anew, struct hookable **ret)
{
	struct hookable_head key;
	struct hookable *h = calloc(1, sizeof(*h));
	bool is_kept = hookable_key(w, &key);
	struct err *e;

	if (!h)
		abort();
	*ret = h;
	if (is_kept && !is_anew && hookable_load(h, &key))
		return NULL;
	if (h->is_mapped)
		munmap((void *)(uintptr_t)h->data, h->size);
	*h = (struct hookable){};
	e = hookable_make(h, w, &key);
	if (!e && is_kept)
		hookable_save(h);
	if (e) {
		hookable_close(h);
		*ret = NULL;
	}
	return e;
}

/* ---- questions ---- */

static struct str row_name(const struct hookable *h, uint32_t i)
{
	return str_sub(h->text, h->rows[i].name, h->rows[i].len);
}

bool hookable_get(const struct hookable *h, uint32_t i,
		  struct hookable_function *ret)
{
	if (i >= h->head.n)
		return false;
	*ret = (struct hookable_function){ row_name(h, i), h->rows[i].addr };
	return true;
}

uint32_t hookable_find(const struct hookable *h, struct str name)
{
	return SEARCH(h->head.n, i, str_cmp(row_name(h, i), name) < 0);
}

#ifdef UNIT_TEST
#include "unit.h"

static void block_of(struct making *m, struct buf *ret)
{
	static const struct hookable_function list[] = {
		{ STR_INIT("b"), 3 }, { STR_INIT("a.isra.0"), 2 },
		{ STR_INIT("b"), 1 }, { STR_INIT("a"), 9 },
	};

	for (uint32_t i = 0; i < 4; i++)
		vec_push(&m->arena, &m->list, list[i]);
	qsort(m->list.v, m->list.n, sizeof(*m->list.v), function_cmp);
	making_write(m, (struct hookable_head){}, ret);
}

UNIT_TEST_CASE(hookable_block)
{
	_cleanup_(buf_deinit) struct buf b = {};
	struct hookable_function f;
	struct hookable h = {};
	struct making m = {};

	arena_init(&m.arena);
	block_of(&m, &b);
	arena_deinit(&m.arena);
	h.data = b.data;
	h.size = b.len;
	TEST(hookable_take(&h) && h.head.n == 4);
	TEST_EQ(hookable_find(&h, STR("a")), 0);
	TEST_EQ(hookable_find(&h, STR("b")), 2);
	TEST_EQ(hookable_find(&h, STR("c")), 4);
	TEST(hookable_get(&h, 1, &f) && str_is(f.name, "a.isra.0"));
	TEST(hookable_get(&h, 3, &f) && f.addr == 3);
	TEST(!hookable_get(&h, 4, &f));
	h.size--;
	TEST(!hookable_take(&h));
	h.size = 4;
	TEST(!hookable_take(&h));
}

UNIT_TEST_CASE(hookable_entry)
{
	struct entry n = { NULL, 0x1004 }, any = {};

	TEST(is_entry(&n, 0x1004) && is_entry(&n, 0x1000));
	TEST(!is_entry(&n, 0x1008) && !is_entry(&n, 0xf00));
	TEST(is_entry(&any, 0x1008) && !is_entry(NULL, 1));
}
#endif
