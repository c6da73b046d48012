/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text is kept as it is, with an index of where each line begins, by
 * address; the parts of a line are cut out when they are asked for.  Names
 * are searched for in the text.
 */
#include "dbg/kallsyms.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/search.h"

#define KALLSYMS_BYTES_MAX (256u << 20)
#define KALLSYMS_PEEK (64u << 10)
/* An address further than this behind a symbol is not in it. */
#define KALLSYMS_REACH (UINT64_C(1) << 20)

struct kallsyms_line {
	uint64_t addr;
	uint32_t off;
};

struct kallsyms {
	const struct world *world;
	struct buf text;
	struct kallsyms_line *lines;	/* by address, then as in the file */
	uint32_t n, cap;
	bool loaded, hidden;
};

struct kallsyms *kallsyms_create(const struct world *w)
{
	struct kallsyms *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->world = w;
	return k;
}

void kallsyms_destroy(struct kallsyms *k)
{
	if (!k)
		return;
	buf_deinit(&k->text);
	free(k->lines);
	free(k);
}

/* ---- lines: "ffffffff81000000 T _text\t[module]" ---- */

static bool kallsyms_hex(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!s.len || s.len > 16)
		return false;
	for (uint32_t i = 0; i < s.len; i++) {
		int digit = s.s[i] >= '0' && s.s[i] <= '9' ? s.s[i] - '0' :
			    s.s[i] >= 'a' && s.s[i] <= 'f' ?
				    s.s[i] - 'a' + 10 : -1;

		if (digit < 0)
			return false;
		v = v << 4 | (uint64_t)digit;
	}
	*ret = v;
	return true;
}

static struct str kallsyms_line_at(const struct kallsyms *k, uint32_t off)
{
	struct str rest = str_sub(buf_view(&k->text), off, UINT32_MAX);
	int64_t end = str_find_char(rest, '\n');

	return end < 0 ? rest : str_sub(rest, 0, (uint32_t)end);
}

static bool kallsyms_parse(struct str line, struct kallsym *ret)
{
	int64_t space = str_find_char(line, ' ');
	struct kallsym sym = {};
	int64_t tab;

	if (space < 0 || line.len < (uint32_t)space + 4 ||
	    line.s[space + 2] != ' ' ||
	    !kallsyms_hex(str_sub(line, 0, (uint32_t)space), &sym.addr))
		return false;
	sym.type = line.s[space + 1];
	sym.name = str_sub(line, (uint32_t)space + 3, line.len);
	tab = str_find_char(sym.name, '\t');
	if (tab >= 0) {
		sym.module = str_sub(sym.name, (uint32_t)tab + 1,
				     sym.name.len);
		sym.name = str_sub(sym.name, 0, (uint32_t)tab);
		if (sym.module.len >= 2 && sym.module.s[0] == '[')
			sym.module = str_sub(sym.module, 1,
					     sym.module.len - 2);
	}
	*ret = sym;
	return sym.name.len > 0;
}

/* ---- loading ---- */

static void kallsyms_add(struct kallsyms *k, uint64_t addr, uint32_t off)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? 2 * k->cap : 65536;
		k->lines = reallocarray(k->lines, k->cap, sizeof(*k->lines));
		if (!k->lines)
			abort();
	}
	k->lines[k->n++] = (struct kallsyms_line){ addr, off };
}

static int kallsyms_cmp(const void *a, const void *b)
{
	const struct kallsyms_line *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->off > y->off) - (x->off < y->off);
}

static void kallsyms_index(struct kallsyms *k)
{
	bool sorted = true;
	struct kallsym sym;
	uint32_t off = 0;

	k->hidden = true;
	while (off < k->text.len) {
		struct str line = kallsyms_line_at(k, off);

		if (kallsyms_parse(line, &sym)) {
			sorted &= !k->n || k->lines[k->n - 1].addr <= sym.addr;
			k->hidden &= !sym.addr;
			kallsyms_add(k, sym.addr, off);
		}
		off += line.len + 1;
	}
	if (!sorted)
		qsort(k->lines, k->n, sizeof(*k->lines), kallsyms_cmp);
}

static struct err *kallsyms_hidden(void)
{
	return err_hint(err_new(ERR_PERMISSION,
				"the kernel hides the addresses of its "
				"symbols"),
			"try as root, or sysctl kernel.kptr_restrict=0");
}

struct err *kallsyms_load(struct kallsyms *k)
{
	struct err *e;

	if (!k->loaded) {
		e = world_read(k->world, "/proc/kallsyms", KALLSYMS_BYTES_MAX,
			       &k->text);
		if (e)
			return e;
		k->loaded = true;
		kallsyms_index(k);
	}
	return k->hidden ? kallsyms_hidden() : NULL;
}

bool kallsyms_get(const struct kallsyms *k, uint32_t i, struct kallsym *ret)
{
	return i < k->n &&
	       kallsyms_parse(kallsyms_line_at(k, k->lines[i].off), ret);
}

/* ---- questions ---- */

/* The line that " name" at this place is in. */
static bool kallsyms_found(const struct kallsyms *k, uint32_t at,
			   struct str name, struct kallsym *ret)
{
	uint32_t off = at;

	while (off && k->text.data[off - 1] != '\n')
		off--;
	return kallsyms_parse(kallsyms_line_at(k, off), ret) &&
	       str_eq(ret->name, name);
}

/* Is the symbol among the first ones, as _text is?  Reading all takes long. */
static bool kallsyms_peek(const struct kallsyms *k, struct str name,
			  struct kallsym *ret)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *bytes = malloc(KALLSYMS_PEEK);
	struct str text = { bytes, 0 };
	struct err *e = world_open_fd(k->world, "/proc/kallsyms", &fd);
	ssize_t n;

	if (err_drop(e) || !bytes)
		return false;
	while (text.len < KALLSYMS_PEEK &&
	       (n = read(fd, bytes + text.len, KALLSYMS_PEEK - text.len)) > 0)
		text.len += (uint32_t)n;
	for (int64_t end; (end = str_find_char(text, '\n')) >= 0;) {
		if (kallsyms_parse(str_sub(text, 0, (uint32_t)end), ret) &&
		    str_eq(ret->name, name) && ret->addr) {
			ret->name = name;
			ret->module = (struct str){};
			return true;
		}
		text = str_sub(text, (uint32_t)end + 1, text.len);
	}
	return false;
}

struct err *kallsyms_find(struct kallsyms *k, struct str name,
			  struct kallsym *ret)
{
	struct str text, rest;
	struct kallsym sym;
	uint32_t off = 0;
	struct err *e;
	int64_t at;

	if (!k->loaded && kallsyms_peek(k, name, ret))
		return NULL;
	e = kallsyms_load(k);
	if (e)
		return e;
	text = buf_view(&k->text);
	for (;;) {
		rest = str_sub(text, off, text.len);
		at = name.len ? str_find(rest, name) : -1;
		if (at < 0)
			return err_new(ERR_NOT_FOUND,
				       "no symbol '%" STR_FMT "'",
				       STR_ARG(name));
		if (kallsyms_found(k, off + (uint32_t)at, name, &sym)) {
			*ret = sym;
			return NULL;
		}
		off += (uint32_t)at + 1;
	}
}

/* How many lines have an address of at most addr. */
static uint32_t kallsyms_below(const struct kallsyms *k, uint64_t addr)
{
	return SEARCH(k->n, i, k->lines[i].addr <= addr);
}

struct err *kallsyms_at(struct kallsyms *k, uint64_t addr,
			struct kallsym *ret)
{
	struct err *e = kallsyms_load(k);
	struct kallsym sym;
	uint32_t i, next;

	if (e)
		return e;
	i = next = kallsyms_below(k, addr);
	/* Of several names for one address the first. */
	while (i > 1 && k->lines[i - 2].addr == k->lines[i - 1].addr)
		i--;
	if (!i || !kallsyms_get(k, i - 1, &sym) ||
	    addr - sym.addr > KALLSYMS_REACH)
		return err_new(ERR_NOT_FOUND, "no symbol is at 0x%llx",
			       (unsigned long long)addr);
	if (next < k->n)
		sym.size = k->lines[next].addr - sym.addr;
	*ret = sym;
	return NULL;
}

/* ---- names ---- */

struct str kallsyms_copied(struct str name)
{
	int64_t dot = str_find_char(name, '.');
	struct str rest = str_sub(name, dot < 0 ? name.len : (uint32_t)dot,
				  name.len);

	if (!(str_starts(rest, STR(".isra.")) ||
	      str_starts(rest, STR(".constprop."))) ||
	    str_find(rest, STR(".cold")) >= 0 ||
	    str_find(rest, STR(".part")) >= 0)
		return (struct str){};
	return str_sub(name, 0, (uint32_t)dot);
}

bool kallsym_is_function(const struct kallsym *sym)
{
	return !sym->module.len && sym->type && strchr("tTwW", sym->type);
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(kallsyms_parse)
{
	struct kallsym sym;

	TEST(kallsyms_parse(STR("ffffffff81000000 T _text"), &sym));
	TEST(sym.addr == UINT64_C(0xffffffff81000000) && sym.type == 'T');
	TEST(str_is(sym.name, "_text") && !sym.module.len);
	TEST(kallsyms_parse(STR("0 t f\t[mod]"), &sym));
	TEST(str_is(sym.name, "f") && str_is(sym.module, "mod"));
	TEST(!kallsyms_parse(STR(""), &sym));
	TEST(!kallsyms_parse(STR("12"), &sym));
	TEST(!kallsyms_parse(STR("12 T "), &sym));
	TEST(!kallsyms_parse(STR("12 TT f"), &sym));
	TEST(!kallsyms_parse(STR("xyz T f"), &sym));
	TEST(!kallsyms_parse(STR("11112222333344445 T f"), &sym));
	TEST(!kallsyms_parse(STR("12 T \t[m]"), &sym));
}

/* As kallsyms_load() leaves it, of a text. */
static void kallsyms_of(struct kallsyms *k, const char *text)
{
	buf_str(&k->text, str_from(text));
	k->loaded = true;
	kallsyms_index(k);
}

UNIT_TEST_CASE(kallsyms_questions)
{
	struct kallsyms *k = kallsyms_create(NULL);
	struct kallsym sym;
	struct err *e;

	kallsyms_of(k, "2000 T b\n1000 T a\n1000 T a2\nnonsense\n"
		       "ff000000 T far\n3000 t ab");
	TEST_EQ(k->n, 5);
	TEST(!kallsyms_at(k, 0x1fff, &sym) && str_is(sym.name, "a"));
	TEST(!kallsyms_at(k, 0x2000, &sym) && str_is(sym.name, "b"));
	TEST(!kallsyms_at(k, 0xff000000, &sym) && str_is(sym.name, "far"));
	e = kallsyms_at(k, 0xfff, &sym);
	TEST(e && e->code == ERR_NOT_FOUND);
	err_free(e);
	e = kallsyms_at(k, 0xff000000 + KALLSYMS_REACH + 1, &sym);
	TEST(e && e->code == ERR_NOT_FOUND);
	err_free(e);
	TEST(!kallsyms_find(k, STR("ab"), &sym) && sym.addr == 0x3000);
	e = kallsyms_find(k, STR("aa"), &sym);
	TEST(e && e->code == ERR_NOT_FOUND);
	err_free(e);
	kallsyms_destroy(k);
}

UNIT_TEST_CASE(kallsyms_hidden_addresses)
{
	struct kallsyms *k = kallsyms_create(NULL);
	struct kallsym sym;
	struct err *e;

	kallsyms_of(k, "0000000000000000 T a\n0000000000000000 T b\n");
	e = kallsyms_find(k, STR("a"), &sym);
	TEST(e && e->code == ERR_PERMISSION && e->hint);
	err_free(e);
	kallsyms_destroy(k);
}
UNIT_TEST_CASE(kallsyms_copies)
{
	TEST(str_is(kallsyms_copied(STR("f.isra.0")), "f"));
	TEST(str_is(kallsyms_copied(STR("f.constprop.0.isra.0")), "f"));
	TEST(!kallsyms_copied(STR("f")).len);
	TEST(!kallsyms_copied(STR("f.part.0")).len);
	TEST(!kallsyms_copied(STR("f.isra.0.cold")).len);
	TEST(!kallsyms_copied(STR("f.isra.0.part.1")).len);
}

#endif
