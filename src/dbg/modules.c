/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/modules.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/cleanup.h"

#define MODULES_BYTES_MAX (16u << 20)
#define MODULES_MAX 65536

/* Cuts the part up to the next c, or the end, off. */
static struct str modules_cut(struct str *rest, char c)
{
	int64_t at = str_find_char(*rest, c);
	struct str part = str_sub(*rest, 0,
				  at < 0 ? rest->len : (uint32_t)at);

	*rest = str_sub(*rest, part.len + 1, rest->len);
	return part;
}

/* "ext4 1138688 1 jbd2,mbcache, Live 0xffffffffc0a00000 (E)" */
static bool modules_parse(struct arena *a, struct str line,
			  struct module *ret)
{
	struct str name = modules_cut(&line, ' ');
	struct str size = modules_cut(&line, ' ');
	int64_t n;
	struct str addr;

	if (!name.len || !str_to_s64(size, &n) || n < 0 || n > UINT32_MAX)
		return false;
	for (uint32_t i = 0; i < 3; i++)	/* users, who, state */
		modules_cut(&line, ' ');
	addr = modules_cut(&line, ' ');
	*ret = (struct module){
		.name = arena_str(a, name),
		.size = (uint32_t)n,
		/* A copy, with a NUL behind it. */
		.addr = addr.len ? strtoull(arena_str(a, addr).s, NULL, 16) :
				   0,
	};
	return true;
}

static int modules_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct module *)a)->name,
		       ((const struct module *)b)->name);
}

struct err *modules_list(const struct world *w, struct arena *a,
			 struct modules *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct modules list = {};
	struct module m;
	struct err *e = world_read(w, "/proc/modules", MODULES_BYTES_MAX,
				   &text);
	struct str rest = buf_view(&text);

	if (err_catch(&e, ERR_NOT_FOUND))
		rest.len = 0;
	if (e)
		return e;
	while (rest.len && list.n < MODULES_MAX)
		if (modules_parse(a, modules_cut(&rest, '\n'), &m))
			vec_push(a, &list, m);
	if (list.n)
		qsort(list.v, list.n, sizeof(*list.v), modules_cmp);
	*ret = list;
	return NULL;
}

bool modules_has(const struct world *w, struct str name)
{
	_cleanup_(buf_deinit) struct buf state = {};
	struct arena a;
	struct str path;
	struct err *e;

	arena_init(&a);
	path = arena_printf(&a, "/sys/module/%" STR_FMT "/initstate",
			    STR_ARG(name));
	e = world_read(w, path.s, 64, &state);
	arena_deinit(&a);
	err_free(e);
	return !e && (str_starts(buf_view(&state), STR("live")) ||
		      str_starts(buf_view(&state), STR("coming")));
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(modules_parse)
{
	struct arena a;
	struct module m;

	arena_init(&a);
	TEST(modules_parse(&a, STR("ext4 1138688 1 jbd2,mbcache, Live "
				   "0xffffffffc0a00000 (E)"), &m));
	TEST(str_is(m.name, "ext4") && m.size == 1138688);
	TEST(m.addr == UINT64_C(0xffffffffc0a00000));
	TEST(modules_parse(&a, STR("x 1"), &m) && !m.addr);
	TEST(!modules_parse(&a, STR(""), &m));
	TEST(!modules_parse(&a, STR("x"), &m));
	TEST(!modules_parse(&a, STR("x y z"), &m));
	TEST(!modules_parse(&a, STR("x -1"), &m));
	arena_deinit(&a);
}
#endif
