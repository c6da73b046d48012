/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree as a script: parentheses only where they are needed, a ';'
 * behind each expression, since nothing else would keep it from the next.
 */
#include "base/bits.h"
#include "lang/ast_print.h"

/* How tightly an expression binds; from parse_expr.c's grammar. */
enum {
	PREC_ASSIGN = 1,
	PREC_TERNARY = 2,
	PREC_OPERAND = 3,	/* of ?: */
	PREC_IN = 8,
	PREC_COMPARE = 9,
	PREC_UNARY = 14,
	PREC_INCDEC = 15,
	PREC_ADDRESS = 16,
	PREC_VALUE = 17,
};

static const uint8_t binop_prec[] = {
#define BINOP(id, spelling, prec) prec,
#include "lang/ast.def"
#undef BINOP
};

static uint8_t prec_of(const struct ast_expr *e)
{
	switch (e->kind) {
	case AST_ASSIGN:
		return PREC_ASSIGN;
	case AST_TERNARY:
		return PREC_TERNARY;
	case AST_BINARY:
		return binop_prec[e->binary.op];
	case AST_IN:
		return PREC_IN;
	case AST_UNARY:
		return PREC_UNARY;
	case AST_INCDEC:
		return PREC_INCDEC;
	case AST_ADDRESS:
		return PREC_ADDRESS;
	case AST_NUMBER:
	case AST_STRING:
	case AST_NAME:
	case AST_INDEX:
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_CALL:
	case AST_PRINT:
	case AST_STAT:
	case AST_EMBEDDED:
		return PREC_VALUE;
	}
	return PREC_VALUE;
}

static void string(struct str s, struct buf *out)
{
	buf_char(out, '"');
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_str(out, STR("\\n"));
		else if (c == '\t')
			buf_str(out, STR("\\t"));
		else if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\%03o", c);
		else
			buf_char(out, (char)c);
	}
	buf_char(out, '"');
}

static void wrapped(const struct ast_expr *e, bool wrap, struct buf *out)
{
	if (wrap)
		buf_char(out, '(');
	ast_unparse_expr(e, out);
	if (wrap)
		buf_char(out, ')');
}

static void at_least(const struct ast_expr *e, uint8_t prec, struct buf *out)
{
	wrapped(e, prec_of(e) < prec, out);
}

static void list(const struct ast_exprs *l, struct buf *out)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (i)
			buf_str(out, STR(", "));
		if (l->v[i])
			ast_unparse_expr(l->v[i], out);
		else
			buf_char(out, '*');
	}
}

static bool is_match(const struct ast_expr *e)
{
	return e->kind == AST_BINARY && (e->binary.op == BINOP_MATCH ||
					 e->binary.op == BINOP_NOMATCH);
}

static void binary(const struct ast_expr *e, struct buf *out)
{
	uint8_t prec = binop_prec[e->binary.op];
	const struct ast_expr *a = e->binary.a;

	if (is_match(e))
		at_least(a, PREC_COMPARE + 1, out);
	else
		wrapped(a, prec_of(a) < prec ||
				   (prec == PREC_COMPARE && is_match(a)), out);
	buf_printf(out, " %s ", ast_binop_name(e->binary.op));
	at_least(e->binary.b, prec + 1, out);
}

/* Signs and bangs must not grow together: - -a, ! ~a. */
static void unary(const struct ast_expr *e, struct buf *out)
{
	const struct ast_expr *a = e->unary.a;

	buf_printf(out, "%s", ast_unop_name(e->unary.op));
	if (a->kind == AST_UNARY || (a->kind == AST_INCDEC && !a->incdec.post))
		buf_char(out, ' ');
	at_least(a, PREC_UNARY, out);
}

static void ternary(const struct ast_expr *e, struct buf *out)
{
	at_least(e->ternary.cond, PREC_OPERAND, out);
	buf_str(out, STR(" ? "));
	at_least(e->ternary.yes, PREC_ASSIGN, out);
	buf_str(out, STR(" : "));
	at_least(e->ternary.no, PREC_TERNARY, out);
}

static void assign(const struct ast_expr *e, struct buf *out)
{
	enum ast_binop op = e->assign.op;

	at_least(e->assign.to, PREC_TERNARY, out);
	if (op == BINOP_SET || op == BINOP_STAT_ADD)
		buf_printf(out, " %s ", ast_binop_name(op));
	else
		buf_printf(out, " %s= ", ast_binop_name(op));
	at_least(e->assign.value, PREC_ASSIGN, out);
}

static void incdec(const struct ast_expr *e, struct buf *out)
{
	struct str sign = e->incdec.step > 0 ? STR("++") : STR("--");

	if (!e->incdec.post)
		buf_str(out, sign);
	at_least(e->incdec.of, PREC_VALUE, out);
	if (e->incdec.post)
		buf_str(out, sign);
}

/* What cannot have steps behind it without parentheses. */
static bool base_needs_parens(const struct ast_expr *e)
{
	const struct ast_expr *base = e->access.base;
	bool by_index = e->access.nsteps &&
			e->access.steps[0].kind == AST_STEP_INDEX;

	if (prec_of(base) < PREC_VALUE)
		return true;
	if (base->kind == AST_INDEX)
		return base->index.base->kind != AST_NAME;
	return base->kind == AST_STRING || base->kind == AST_PRINT ||
	       base->kind == AST_STAT || base->kind == AST_EMBEDDED ||
	       (base->kind == AST_NAME && by_index);
}

static void access(const struct ast_expr *e, struct buf *out)
{
	wrapped(e->access.base, base_needs_parens(e), out);
	for (uint32_t i = 0; i < e->access.nsteps; i++) {
		const struct ast_step *s = &e->access.steps[i];

		switch (s->kind) {
		case AST_STEP_MEMBER:
			buf_printf(out, "->%" STR_FMT, STR_ARG(s->name));
			break;
		case AST_STEP_INDEX:
			buf_char(out, '[');
			ast_unparse_expr(s->index, out);
			buf_char(out, ']');
			break;
		case AST_STEP_PRETTY:
			buf_char(out, '$');
			break;
		case AST_STEP_PRETTY_DEEP:
			buf_str(out, STR("$$"));
			break;
		}
	}
}

static void call(const char *name, uint32_t len, const struct ast_exprs *args,
		 struct buf *out)
{
	buf_add(out, name, len);
	buf_char(out, '(');
	list(args, out);
	buf_char(out, ')');
}

static void print(const struct ast_expr *e, struct buf *out)
{
	buf_printf(out, "%s(", ast_printop_name(e->print.op));
	if (e->print.text_span.len) {
		string(e->print.text, out);
		if (e->print.args.n)
			buf_str(out, STR(", "));
	}
	list(&e->print.args, out);
	buf_char(out, ')');
}

static void stat(const struct ast_expr *e, struct buf *out)
{
	buf_printf(out, "%s(", ast_statop_name(e->stat.op));
	ast_unparse_expr(e->stat.of, out);
	for (uint32_t i = 0; i < e->stat.nparams; i++)
		buf_printf(out, ", %lld", (long long)e->stat.params[i]);
	buf_char(out, ')');
}

void ast_unparse_expr(const struct ast_expr *e, struct buf *out)
{
	const char *name;

	switch (e->kind) {
	case AST_NUMBER:
		buf_printf(out, "%llu", (unsigned long long)e->number);
		return;
	case AST_STRING:
		string(e->string, out);
		return;
	case AST_NAME:
		buf_str(out, e->name.name);
		return;
	case AST_INDEX:
		ast_unparse_expr(e->index.base, out);
		buf_char(out, '[');
		list(&e->index.keys, out);
		buf_char(out, ']');
		return;
	case AST_TARGET:
		buf_str(out, e->target.name);
		return;
	case AST_ATOP:
		name = ast_atop_name(e->at_op.op);
		call(name, (uint32_t)strlen(name), &e->at_op.args, out);
		return;
	case AST_ACCESS:
		access(e, out);
		return;
	case AST_ADDRESS:
		buf_char(out, '&');
		at_least(e->address.of, PREC_VALUE, out);
		return;
	case AST_UNARY:
		unary(e, out);
		return;
	case AST_BINARY:
		binary(e, out);
		return;
	case AST_TERNARY:
		ternary(e, out);
		return;
	case AST_ASSIGN:
		assign(e, out);
		return;
	case AST_INCDEC:
		incdec(e, out);
		return;
	case AST_IN:
		buf_char(out, '[');
		list(&e->in.keys, out);
		buf_str(out, STR("] in "));
		ast_unparse_expr(e->in.array, out);
		return;
	case AST_CALL:
		call(e->call.name.s, e->call.name.len, &e->call.args, out);
		return;
	case AST_PRINT:
		print(e, out);
		return;
	case AST_STAT:
		stat(e, out);
		return;
	case AST_EMBEDDED:
		buf_printf(out, "(%%{%" STR_FMT "%%})",
			   STR_ARG(e->embedded.text));
		return;
	}
}

/* ---- statements ---- */

static void tabs(uint32_t n, struct buf *out)
{
	while (n--)
		buf_char(out, '\t');
}

/* A body: a block goes on in the line, another one on its own. */
static void body(const struct ast_stmt *s, uint32_t indent, struct buf *out)
{
	if (s->kind == AST_S_BLOCK) {
		buf_char(out, ' ');
		ast_unparse_stmt(s, indent, out);
		return;
	}
	buf_char(out, '\n');
	tabs(indent + 1, out);
	ast_unparse_stmt(s, indent + 1, out);
}

static void block(const struct ast_stmt *s, uint32_t indent, struct buf *out)
{
	buf_str(out, STR("{\n"));
	for (uint32_t i = 0; i < s->block.n; i++) {
		tabs(indent + 1, out);
		ast_unparse_stmt(s->block.v[i], indent + 1, out);
		buf_char(out, '\n');
	}
	tabs(indent, out);
	buf_char(out, '}');
}

static void if_(const struct ast_stmt *s, uint32_t indent, struct buf *out)
{
	buf_str(out, STR("if ("));
	ast_unparse_expr(s->if_.cond, out);
	buf_char(out, ')');
	body(s->if_.yes, indent, out);
	if (!s->if_.no)
		return;
	buf_char(out, '\n');
	tabs(indent, out);
	buf_str(out, STR("else"));
	body(s->if_.no, indent, out);
}

static void optional(const struct ast_expr *e, struct buf *out)
{
	if (e)
		ast_unparse_expr(e, out);
}

static void loop(const struct ast_stmt *s, uint32_t indent, struct buf *out)
{
	if (s->kind == AST_S_WHILE) {
		buf_str(out, STR("while ("));
		ast_unparse_expr(s->loop.cond, out);
	} else {
		buf_str(out, STR("for ("));
		optional(s->loop.init, out);
		buf_str(out, STR("; "));
		optional(s->loop.cond, out);
		buf_str(out, STR("; "));
		optional(s->loop.step, out);
	}
	buf_char(out, ')');
	body(s->loop.body, indent, out);
}

static void sort_sign(const struct ast_stmt *s, enum ast_sort_by by,
		      struct buf *out)
{
	if (s->foreach.sort_by == by)
		buf_char(out, s->foreach.sort_dir > 0 ? '+' : '-');
}

static void foreach_keys(const struct ast_stmt *s, struct buf *out)
{
	for (uint32_t i = 0; i < s->foreach.keys.n; i++) {
		if (i)
			buf_str(out, STR(", "));
		ast_unparse_expr(s->foreach.keys.v[i], out);
		if (i == s->foreach.sort_key)
			sort_sign(s, AST_SORT_KEY, out);
	}
}

static void foreach(const struct ast_stmt *s, uint32_t indent,
		    struct buf *out)
{
	buf_str(out, STR("foreach ("));
	if (s->foreach.value) {
		ast_unparse_expr(s->foreach.value, out);
		buf_str(out, STR(" = "));
	}
	buf_char(out, '[');
	foreach_keys(s, out);
	buf_str(out, STR("] in "));
	ast_unparse_expr(s->foreach.array, out);
	if (s->foreach.slice.n) {
		buf_char(out, '[');
		list(&s->foreach.slice, out);
		buf_char(out, ']');
	}
	sort_sign(s, AST_SORT_VALUE, out);
	if (s->foreach.sort_by == AST_SORT_STAT)
		buf_printf(out, " %s ", ast_statop_name(s->foreach.sort_stat));
	sort_sign(s, AST_SORT_STAT, out);
	if (s->foreach.limit) {
		buf_str(out, STR(" limit "));
		ast_unparse_expr(s->foreach.limit, out);
	}
	buf_char(out, ')');
	body(s->foreach.body, indent, out);
}

static void try_(const struct ast_stmt *s, uint32_t indent, struct buf *out)
{
	buf_str(out, STR("try "));
	ast_unparse_stmt(s->try_.body, indent, out);
	buf_str(out, STR(" catch "));
	if (s->try_.message) {
		buf_char(out, '(');
		ast_unparse_expr(s->try_.message, out);
		buf_str(out, STR(") "));
	}
	ast_unparse_stmt(s->try_.handler, indent, out);
}

/* "word expression;", both parts optional. */
static void simple(const char *word, const struct ast_expr *e,
		   struct buf *out)
{
	buf_printf(out, "%s", word);
	if (*word && e)
		buf_char(out, ' ');
	optional(e, out);
	buf_char(out, ';');
}

void ast_unparse_stmt(const struct ast_stmt *s, uint32_t indent,
		      struct buf *out)
{
	switch (s->kind) {
	case AST_S_EMPTY:
		simple("", NULL, out);
		return;
	case AST_S_EXPR:
		simple("", s->expr, out);
		return;
	case AST_S_BREAK:
		simple("break", NULL, out);
		return;
	case AST_S_CONTINUE:
		simple("continue", NULL, out);
		return;
	case AST_S_RETURN:
		simple("return", s->expr, out);
		return;
	case AST_S_NEXT:
		simple("next", NULL, out);
		return;
	case AST_S_DELETE:
		simple("delete", s->expr, out);
		return;
	case AST_S_BLOCK:
		block(s, indent, out);
		return;
	case AST_S_IF:
		if_(s, indent, out);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		loop(s, indent, out);
		return;
	case AST_S_FOREACH:
		foreach(s, indent, out);
		return;
	case AST_S_TRY:
		try_(s, indent, out);
		return;
	case AST_S_EMBEDDED:
		buf_printf(out, "%%{%" STR_FMT "%%}", STR_ARG(s->embedded.text));
		return;
	}
}

/* ---- declarations ---- */

static void component(const struct ast_component *c, struct buf *out)
{
	if (c->braces) {
		buf_char(out, '{');
		for (uint32_t i = 0; i < c->nbraces; i++) {
			if (i)
				buf_str(out, STR(", "));
			ast_unparse_point(&c->braces[i], out);
		}
		buf_char(out, '}');
		return;
	}
	buf_str(out, c->name);
	if (c->arg_kind == AST_ARG_NUMBER) {
		buf_printf(out, "(%lld)", (long long)c->number);
	} else if (c->arg_kind == AST_ARG_STRING) {
		buf_char(out, '(');
		string(c->string, out);
		buf_char(out, ')');
	}
}

void ast_unparse_point(const struct ast_point *p, struct buf *out)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (i)
			buf_char(out, '.');
		component(&p->v[i], out);
	}
	if (p->sufficient)
		buf_char(out, '!');
	else if (p->optional)
		buf_char(out, '?');
	if (p->condition) {
		buf_str(out, STR(" if ("));
		ast_unparse_expr(p->condition, out);
		buf_char(out, ')');
	}
}

static void points(const struct ast_points *list_of, struct buf *out)
{
	for (uint32_t i = 0; i < list_of->n; i++) {
		if (i)
			buf_str(out, STR(", "));
		ast_unparse_point(&list_of->v[i], out);
	}
}

static void doc(struct str text, struct buf *out)
{
	buf_str(out, text);
	if (text.len)
		buf_char(out, '\n');
}

static void alias(const struct ast_alias *a, struct buf *out)
{
	bool prologue = a->prologue;

	doc(a->doc, out);
	buf_str(out, STR("probe "));
	ast_unparse_point(&a->name, out);
	buf_str(out, prologue ? STR(" = ") : STR(" += "));
	points(&a->points, out);
	buf_char(out, '\n');
	if (prologue)
		ast_unparse_stmt(a->prologue, 0, out);
	if (prologue && a->epilogue)
		buf_str(out, STR(", "));
	if (a->epilogue)
		ast_unparse_stmt(a->epilogue, 0, out);
	buf_str(out, STR("\n"));
}

static void type(enum ty t, struct buf *out)
{
	if (t != TY_UNKNOWN)
		buf_printf(out, ":%s", ty_name(t));
}

static void function(const struct ast_function *f, struct buf *out)
{
	doc(f->doc, out);
	buf_printf(out, "%sfunction %" STR_FMT,
		   f->is_private ? "private " : "", STR_ARG(f->name));
	type(f->type, out);
	buf_char(out, '(');
	for (uint32_t i = 0; i < f->nparams; i++) {
		if (i)
			buf_str(out, STR(", "));
		buf_str(out, f->params[i].name);
		type(f->params[i].type, out);
	}
	buf_char(out, ')');
	if (f->has_priority)
		buf_printf(out, " : %lld", (long long)f->priority);
	buf_char(out, '\n');
	if (f->body)
		ast_unparse_stmt(f->body, 0, out);
	else
		buf_printf(out, "%%{%" STR_FMT "%%}", STR_ARG(f->embedded));
	buf_str(out, STR("\n"));
}

static void global(const struct ast_global *g, struct buf *out)
{
	buf_printf(out, "%sglobal %" STR_FMT "%s",
		   g->is_private ? "private " : "", STR_ARG(g->name),
		   g->wrap ? "%" : "");
	if (g->is_array)
		buf_printf(out, "[%lld]", (long long)g->size);
	if (g->init && g->init->kind == AST_NUMBER) {
		buf_printf(out, " = %lld", (long long)g->init->number);
	} else if (g->init) {
		buf_str(out, STR(" = "));
		string(g->init->string, out);
	}
	buf_char(out, '\n');
}

void ast_unparse_file(const struct ast_file *f, struct buf *out)
{
	for (uint32_t i = 0; i < f->embedded.n; i++)
		buf_printf(out, "%%{%" STR_FMT "%%}\n",
			   STR_ARG(f->embedded.v[i]->text));
	for (uint32_t i = 0; i < f->globals.n; i++)
		global(f->globals.v[i], out);
	for (uint32_t i = 0; i < f->functions.n; i++)
		function(f->functions.v[i], out);
	for (uint32_t i = 0; i < f->aliases.n; i++)
		alias(f->aliases.v[i], out);
	for (uint32_t i = 0; i < f->probes.n; i++) {
		buf_str(out, STR("probe "));
		points(&f->probes.v[i]->points, out);
		buf_char(out, '\n');
		ast_unparse_stmt(f->probes.v[i]->body, 0, out);
		buf_char(out, '\n');
	}
}
