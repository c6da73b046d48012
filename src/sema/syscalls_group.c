/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prologue of a group keeps the number of the call, the six words of its
 * arguments, up to two texts and 32 bytes of a structure; memory[number] says
 * which arguments point to these.  argstr is a call of a function that knows
 * all of the group's calls: evaluated late, on the host.
 */
#include "sema/syscalls_group.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/arch.h"
#include "dbg/flags.h"
#include "dbg/world.h"
#include "sema/syscalls_table.h"
#include "sema/walk.h"

#define GROUP_MIN 4		/* calls for which it is worth it */
#define LEAF 6			/* calls that are looked for one by one */

/* memory[number]: arguments, from 1, or 0. */
enum memory {
	TEXT1 = 0,		/* bit where the number begins */
	TEXT1_SIZED = 1 << 3,	/* the next argument says how long it is */
	TEXT2 = 4,
	TEXT2_IN = 1 << 7,	/* the text is in a struct sockaddr */
	WORDS = 8,
	WORDS_4 = 1 << 11,	/* four of them, else two */
};

/* ---- what a call needs ---- */

struct needs {
	uint32_t memory;
	uint32_t texts, words;	/* how many */
	bool other;		/* what no group can keep */
};

static void need_text(struct needs *n, uint32_t arg, uint32_t flag)
{
	n->memory |= n->texts ? arg << TEXT2 : arg << TEXT1 | flag;
	n->other |= n->texts && flag == TEXT1_SIZED;
	n->texts++;
}

static void need_words(struct needs *n, uint32_t arg, bool four)
{
	n->memory |= arg << WORDS | (four ? WORDS_4 : 0);
	n->words++;
}

static void need(struct needs *n, const struct syscall_item *it)
{
	const struct syscall_struct *s = syscall_struct(it->kind);

	if (s && s->words > 1) {
		need_words(n, it->n, s->words == 4);
		return;
	}
	switch (it->kind) {
	case 's':
	case 'n':
		need_text(n, it->n, 0);
		return;
	case 'w':
		need_text(n, it->n, TEXT1_SIZED);
		return;
	case 'S':
		/* The path is the second text: the first may be data. */
		n->memory |= it->n << TEXT2 | TEXT2_IN;
		n->other |= n->texts > 1;
		n->texts = 2;
		need_words(n, it->n, true);
		return;
	case 'A':
	case 'E':
	case 'g':
	case 'i':
	case 'v':
	case 'P':
		n->other = true;
		return;
	}
}

static struct needs needs_of(const struct syscall_row *r)
{
	struct needs n = {};
	struct syscall_item it;
	struct str rest = r->args;

	for (uint32_t i = 1; syscall_item_next(&rest, i, &it); i++)
		need(&n, &it);
	n.other |= n.texts > 2 || n.words > 1;
	return n;
}

/* ---- the group's calls ---- */

static bool fits(const struct syscalls_group *g, const struct syscall_row *r)
{
	return g->is_return || !needs_of(r).other;
}

/* An alias is in the group with all its calls. */
static bool has_name(const struct syscalls_group *g, struct str name)
{
	const struct syscall_row *r;
	bool found = false;

	if (!str_glob(g->pattern, name))
		return false;
	for (uint32_t i = 0; (r = syscall_row(i)); i++) {
		if (!str_eq(r->name, name))
			continue;
		if (r->is_32 || !fits(g, r))
			return false;
		found = true;
	}
	return found;
}

bool syscalls_group_has(const struct syscalls_group *g, struct str name)
{
	struct str head = g->family, rest;

	if (!str_starts(name, head) || name.len <= head.len ||
	    name.s[head.len] != '.')
		return false;
	rest = str_sub(name, head.len + 1, name.len);
	if (str_ends(rest, STR(".return"))) {
		if (!g->is_return)
			return false;
		rest.len -= 7;
	}
	return has_name(g, rest);
}

struct member {
	const struct syscall_row *row;
	uint32_t nr;
};

struct members {
	VEC(struct member) list;	/* by ascending number */
};

static void members_find(struct arena *a, const struct syscalls_group *g,
			 struct members *ret)
{
	const struct syscall_row *r;

	for (uint32_t k = 0; k < g->arch->nsyscalls; k++) {
		const struct arch_syscall *call = &g->arch->syscalls[k];

		for (uint32_t i = 0; (r = syscall_row(i)); i++)
			if (!r->is_32 && str_eq(r->kernel, call->name) &&
			    has_name(g, r->name))
				vec_push(a, &ret->list,
					 (struct member){ r, call->nr });
	}
}

/* ---- the text of arguments ---- */

struct maker {
	struct arena *a;
	struct buf *out;
	const struct members *members;
};

static const char *format_of(char kind)
{
	switch (kind) {
	case 'd':
	case 'l':
		return "%d";
	case 'u':
	case 'z':
		return "%u";
	case 'x':
	case 'p':
		return "0x%x";
	case 'o':
		return "%#o";
	}
	return "%s";
}

static void put_sized(struct buf *b, const struct syscall_item *it)
{
	static const char ints[] = "d", unsigned_ints[] = "uo";

	if (strchr(ints, it->kind))
		buf_printf(b, "a%u << 32 >> 32", it->n);
	else if (strchr(unsigned_ints, it->kind))
		buf_printf(b, "a%u & 0xffffffff", it->n);
	else
		buf_printf(b, "a%u", it->n);
}

static void put_words(struct buf *b, const struct syscall_item *it,
		      const struct syscall_struct *s)
{
	buf_printf(b, "_syscall_%s(", s->name);
	if (it->table.len)
		buf_printf(b, "%u, ", (unsigned)flags_find(it->table));
	buf_printf(b, "h, i, %se, a%u)", s->words == 4 ? "j, k, " : "", it->n);
}

/* text: the number of the next text, from 1. */
static void put_value(struct buf *b, const struct syscall_item *it,
		      uint32_t *text)
{
	const struct syscall_struct *s = syscall_struct(it->kind);

	if (s && s->words > 1) {
		put_words(b, it, s);
		return;
	}
	switch (it->kind) {
	case 's':
	case 'n':
		buf_printf(b, "_syscall_quoted(s%u, e%u, a%u)", *text, *text,
			   it->n);
		++*text;
		return;
	case 'w':
		buf_printf(b, "_syscall_bytes(s%u, e%u, a%u, a%u)", *text,
			   *text, it->n, it->n + 1);
		++*text;
		return;
	case 'a':
		buf_printf(b, "_syscall_dirfd(a%u << 32 >> 32)", it->n);
		return;
	case 'k':
		buf_printf(b, "_syscall_signal(a%u << 32 >> 32)", it->n);
		return;
	case 'f':
	case 'e':
		buf_printf(b, "_syscall_flags(%u, a%u)",
			   (unsigned)flags_find(it->table), it->n);
		return;
	case 'm':
		buf_printf(b, "_syscall_mode(a%u, a%u & 0xffffffff)",
			   it->n - 1, it->n);
		return;
	case 'S':
		buf_printf(b, "_sockaddr_text(_syscall_flags(%u, h & 0xffff), "
			   "h & 0xffff, h, i, j, s2, e, a%u)",
			   (unsigned)FLAGS_AF, it->n);
		return;
	}
	put_sized(b, it);
}

/* return sprintf(...) */
static void put_call(struct maker *m, const struct syscall_row *r)
{
	_cleanup_(buf_deinit) struct buf values = {};
	struct syscall_item it;
	struct str rest = r->args;
	uint32_t text = 1;

	if (!rest.len) {
		buf_str(m->out, STR("return \"\"\n"));
		return;
	}
	buf_str(m->out, STR("return sprintf(\""));
	for (uint32_t n = 1; syscall_item_next(&rest, n, &it); n++) {
		if (it.kind == '-' || it.kind == 'c')
			continue;
		buf_printf(m->out, "%s%s", n > 1 && it.kind != 'm' ? ", " : "",
			   format_of(it.kind));
		buf_str(&values, STR(", "));
		put_value(&values, &it, &text);
	}
	buf_printf(m->out, "\"%.*s)\n", (int)values.len, values.data);
}

/* A tree of comparisons, for members first ... first + n - 1. */
static void put_tree(struct maker *m, uint32_t first, uint32_t n)
{
	const struct member *v = m->members->list.v;

	if (n > LEAF) {
		buf_printf(m->out, "if (nr < %u) {\n", v[first + n / 2].nr);
		put_tree(m, first, n / 2);
		buf_str(m->out, STR("} else {\n"));
		put_tree(m, first + n / 2, n - n / 2);
		buf_str(m->out, STR("}\n"));
		return;
	}
	for (uint32_t i = first; i < first + n; i++) {
		buf_printf(m->out, "if (nr == %u) ", v[i].nr);
		put_call(m, v[i].row);
	}
}

/* ---- the definitions ---- */

static void put_arguments(struct maker *m)
{
	bool any = false;

	buf_str(m->out, STR("private function arguments:string(nr:long, "
			    "a1:long, a2:long, a3:long, a4:long, a5:long, "
			    "a6:long, s1:string, e1:long, s2:string, e2:long, "
			    "h:long, i:long, j:long, k:long, e:long)\n{\n"));
	put_tree(m, 0, m->members->list.n);
	buf_str(m->out, STR("return \"\"\n}\n"
			    "private global memory[512]\nprobe init\n{\n"));
	for (uint32_t i = 0; i < m->members->list.n; i++) {
		const struct member *v = &m->members->list.v[i];
		uint32_t memory = needs_of(v->row).memory;

		any |= memory != 0;
		if (memory)
			buf_printf(m->out, "memory[%u] = %u\n", v->nr,
				   memory);
	}
	/* A handler that does nothing would be one too few. */
	if (!any)
		buf_str(m->out, STR("memory[511] = 0\n"));
	buf_str(m->out, STR("}\n"));
}

static void put_point(struct maker *m, bool is_return)
{
	buf_str(m->out, STR("probe __syscalls = kernel.syscall(\""));
	for (uint32_t i = 0; i < m->members->list.n; i++)
		buf_printf(m->out, "%s%" STR_FMT, i ? "," : "",
			   STR_ARG(m->members->list.v[i].row->kernel));
	buf_printf(m->out, "\")%s\n{\n", is_return ? ".return" : "");
	buf_str(m->out, STR("__nr = $syscall\nname = _syscall_called(__nr)\n"));
}

static void put_entry(struct maker *m)
{
	put_arguments(m);
	put_point(m, false);
	buf_printf(m->out,
		"__a1 = $arg1 __a2 = $arg2 __a3 = $arg3\n"
		"__a4 = $arg4 __a5 = $arg5 __a6 = $arg6\n"
		"__m = memory[__nr]\n"
		"if (__m) {\n"
		"  __n = __m & 7\n"
		"  if (__n) try {\n"
		"    __s1 = user_string_n(_syscall_pick(__n, __a1, __a2, __a3, __a4, __a5, __a6),\n"
		"      __m & %d ? _syscall_shown(_syscall_pick(__n + 1, __a1, __a2, __a3, __a4, __a5, __a6)) : 65536)\n"
		"  } catch { __e1 = 1 }\n"
		"  __n = __m >> %d & 7\n"
		"  if (__n) try {\n"
		"    __p = _syscall_pick(__n, __a1, __a2, __a3, __a4, __a5, __a6)\n"
		"    __s2 = user_string_n(__m & %d ? __p + 2 : __p, __m & %d ? 107 : 65536)\n"
		"  } catch { __e2 = 1 }\n"
		"  __n = __m >> %d & 7\n"
		"  if (__n) try {\n"
		"    __p = _syscall_pick(__n, __a1, __a2, __a3, __a4, __a5, __a6)\n"
		"    __h = @uderef(8, __p)\n"
		"    if (__m & %d) {\n"
		"      try { __i = @uderef(8, __p + 8) __j = @uderef(8, __p + 16) __k = @uderef(8, __p + 24) }\n"
		"      catch { __e = !(__m & %d) }\n"
		"    } else {\n"
		"      __i = @uderef(8, __p + 8)\n"
		"    }\n"
		"  } catch { __e = 1 }\n"
		"}\n",
		TEXT1_SIZED, TEXT2, TEXT2_IN, TEXT2_IN, WORDS, WORDS_4,
		TEXT2_IN);
	buf_str(m->out, STR("argstr = arguments(__nr, __a1, __a2, __a3, __a4, "
			    "__a5, __a6, __s1, __e1, __s2, __e2, __h, __i, "
			    "__j, __k, __e)\n}\n"));
}

/* Leaves out new tasks, which end the calls that made them, too. */
static void put_once(struct maker *m, struct str family)
{
	for (uint32_t i = 0; i < m->members->list.n; i++) {
		const struct member *v = &m->members->list.v[i];

		if (syscall_row_returns_once(v->row, family))
			buf_printf(m->out, "if (!$return && __nr == %u) next\n",
				   v->nr);
	}
}

static void put_return(struct maker *m, struct str family)
{
	buf_str(m->out, STR("private function form:long(nr:long)\n{\n"));
	for (uint32_t i = 0; i < m->members->list.n; i++)
		if (m->members->list.v[i].row->result == 'x')
			buf_printf(m->out, "if (nr == %u) return 2\n",
				   m->members->list.v[i].nr);
	buf_str(m->out, STR("return 1\n}\n"));
	put_point(m, true);
	put_once(m, family);
	buf_str(m->out, STR("retval = $return\n"
			    "retstr = return_str(form(__nr), retval)\n}\n"));
}

struct str syscalls_group_text(struct arena *a, const struct syscalls_group *g)
{
	_cleanup_(buf_deinit) struct buf b = {};
	struct members members = {};
	struct maker m = { .a = a, .out = &b, .members = &members };

	members_find(a, g, &members);
	if (members.list.n < GROUP_MIN)
		return STR("");
	if (g->is_return)
		put_return(&m, g->family);
	else
		put_entry(&m);
	return arena_str(a, buf_view(&b));
}

/* ---- can a handler be served so? ---- */

struct look {
	const struct syscalls_group *g;
	uint32_t mentions, printed;	/* of argstr */
	bool bad;
};

/* filename_unquoted of filename */
static bool is_form_of(struct str name, struct str stem)
{
	static const struct str ends[] = {
		STR_INIT(""), STR_INIT("_str"), STR_INIT("_uaddr"),
		STR_INIT("_unquoted"), STR_INIT("_str_unquoted"),
	};

	if (!stem.len || !str_starts(name, stem))
		return false;
	name = str_sub(name, stem.len, name.len);
	for (uint32_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_eq(name, ends[i]))
			return true;
	return false;
}

/* Is it a variable that some call has, and a group has not? */
static bool is_special(const struct syscalls_group *g, struct str name)
{
	const struct syscall_row *r;
	struct syscall_item it;

	if (str_starts(name, STR("uaddr_")) || str_starts(name, STR("__")))
		return true;
	for (uint32_t i = 0; (r = syscall_row(i)); i++) {
		struct str rest = r->args;

		if (g->is_return || !str_glob(g->pattern, r->name))
			continue;
		for (uint32_t n = 1; syscall_item_next(&rest, n, &it); n++)
			if (is_form_of(name, it.name) ||
			    is_form_of(name, it.text))
				return true;
	}
	return false;
}

/* $syscall, $return, $arg1, $int1, $uint1 */
static bool is_general(struct str name)
{
	static const struct str ends[] = {
		STR_INIT("syscall"), STR_INIT("return"), STR_INIT("arg"),
		STR_INIT("int"), STR_INIT("uint"),
	};

	if (str_starts(name, STR("$")))
		name = str_sub(name, 1, name.len);
	while (name.len && name.s[name.len - 1] >= '1' &&
	       name.s[name.len - 1] <= '6')
		name.len--;
	for (uint32_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_eq(name, ends[i]))
			return true;
	return false;
}

/* What tells one probe from another. */
static bool asks_probe(struct str function)
{
	static const struct str names[] = {
		STR_INIT("pp"), STR_INIT("pn"), STR_INIT("ppfunc"),
		STR_INIT("probefunc"), STR_INIT("pnlabel"),
		STR_INIT("probe_type"),
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(function, names[i]))
			return true;
	return false;
}

static uint32_t printed(const struct ast_expr *e)
{
	uint32_t n = 0;

	if (e->kind == AST_NAME)
		return str_is(e->name.name, "argstr");
	if (e->kind == AST_BINARY && e->binary.op == BINOP_CONCAT)
		return printed(e->binary.a) + printed(e->binary.b);
	if (e->kind == AST_PRINT)
		for (uint32_t i = 0; i < e->print.args.n; i++)
			n += printed(e->print.args.v[i]);
	return n;
}

static bool look_expr(struct ast_expr **place, void *data)
{
	const struct ast_expr *e = *place;
	struct look *l = data;

	if (e->kind == AST_NAME && str_is(e->name.name, "argstr"))
		l->mentions++;
	else if (e->kind == AST_NAME)
		l->bad |= is_special(l->g, e->name.name);
	else if (e->kind == AST_CALL)
		l->bad |= asks_probe(e->call.name);
	else if (e->kind == AST_TARGET)
		l->bad |= !is_general(e->target.name);
	else if (e->kind == AST_ATOP)
		l->bad = true;
	else if (e->kind == AST_PRINT && !ast_printop_is_string(e->print.op))
		l->printed += printed(e);
	return !l->bad;
}

/* Functions of the script may ask, too. */
static bool look_call(struct ast_expr **place, void *data)
{
	struct look *l = data;

	l->bad |= (*place)->kind == AST_CALL && asks_probe((*place)->call.name);
	return !l->bad;
}

static bool serves(const struct program *p, const struct syscalls_group *g,
		   const struct ast_stmt *body)
{
	struct look l = { .g = g };
	struct ast_stmt *copy = ast_clone_stmt(p->arena, body);

	walk_exprs(copy, look_expr, &l);
	for (uint32_t i = 0; i < p->files.n; i++) {
		const struct ast_file *f = p->files.v[i];

		for (uint32_t k = 0; !f->is_library && k < f->functions.n; k++)
			walk_exprs(f->functions.v[k]->body, look_call, &l);
	}
	return !l.bad && (g->is_return || l.mentions == l.printed);
}

static bool is_family(struct str name)
{
	for (uint32_t i = 0; syscall_family(i).len; i++)
		if (str_eq(name, syscall_family(i)))
			return true;
	return false;
}

bool syscalls_group_find(const struct program *p, const struct ast_point *pt,
			 const struct ast_stmt *body,
			 struct syscalls_group *ret)
{
	struct syscalls_group g = { .arch = world_arch(p->world) };

	if (!body || (pt->n != 2 && pt->n != 3) ||
	    !is_family(pt->v[0].name) || !str_has_glob(pt->v[1].name) ||
	    str_find(pt->v[1].name, STR("**")) >= 0 ||
	    (pt->n == 3 && !str_is(pt->v[2].name, "return")))
		return false;
	for (uint32_t i = 0; i < pt->n; i++)
		if (pt->v[i].arg_kind != AST_ARG_NONE)
			return false;
	g.family = pt->v[0].name;
	g.pattern = pt->v[1].name;
	g.is_return = pt->n == 3;
	if (!serves(p, &g, body))
		return false;
	*ret = g;
	return true;
}
