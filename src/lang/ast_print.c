/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --dump=ast: declarations and statements one a line, with line:column and
 * indented by nesting; expressions as lists in parentheses.
 */
#include "lang/ast_print.h"

struct printer {
	const struct sources *ss;
	FILE *out;
};

void ast_print_string(struct str s, FILE *out)
{
	putc('"', out);
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < ' ' || c >= 0x7f)
			fprintf(out, "\\%03o", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

/* ---- expressions ---- */

static const char *const expr_names[] = {
#define EXPR(id, name) [AST_##id] = name,
#include "lang/ast.def"
#undef EXPR
};

static void child(const struct ast_expr *e, FILE *out)
{
	putc(' ', out);
	if (e)
		ast_print_expr(e, out);
	else
		putc('*', out);
}

static void children(const struct ast_exprs *list, FILE *out)
{
	for (uint32_t i = 0; i < list->n; i++)
		child(list->v[i], out);
}

static void print_steps(const struct ast_expr *e, FILE *out)
{
	for (uint32_t i = 0; i < e->access.nsteps; i++) {
		const struct ast_step *s = &e->access.steps[i];

		switch (s->kind) {
		case AST_STEP_MEMBER:
			fprintf(out, " ->%" STR_FMT, STR_ARG(s->name));
			break;
		case AST_STEP_INDEX:
			fputs(" [", out);
			ast_print_expr(s->index, out);
			putc(']', out);
			break;
		case AST_STEP_PRETTY:
			fputs(" $", out);
			break;
		case AST_STEP_PRETTY_DEEP:
			fputs(" $$", out);
			break;
		}
	}
}

static const char *conv_name(enum fmt_conv conv)
{
	switch (conv) {
	case FMT_LITERAL:
		return "text";
	case FMT_SIGNED:
		return "d";
	case FMT_UNSIGNED:
		return "u";
	case FMT_OCTAL:
		return "o";
	case FMT_HEX:
		return "x";
	case FMT_HEX_UPPER:
		return "X";
	case FMT_POINTER:
		return "p";
	case FMT_CHAR:
		return "c";
	case FMT_STRING:
		return "s";
	case FMT_BINARY:
		return "b";
	case FMT_MEMORY:
		return "m";
	case FMT_MEMORY_HEX:
		return "M";
	}
	return "?";
}

static void print_size(uint8_t kind, uint32_t n, FILE *out)
{
	if (kind == FMT_SIZE_ARG)
		putc('*', out);
	else if (kind == FMT_SIZE_NUMBER)
		fprintf(out, "%u", n);
}

static void print_piece(const struct fmt_piece *f, FILE *out)
{
	putc(' ', out);
	if (f->conv == FMT_LITERAL) {
		ast_print_string(f->text, out);
		return;
	}
	putc('%', out);
	if (f->flag)
		putc(f->flag, out);
	print_size(f->width_kind, f->width, out);
	if (f->prec_kind)
		putc('.', out);
	print_size(f->prec_kind, f->prec, out);
	fputs(conv_name(f->conv), out);
}

static void print_print(const struct ast_expr *e, FILE *out)
{
	enum ast_printop op = e->print.op;

	fprintf(out, " %s", ast_printop_name(op));
	if (op == PRINTOP_PRINTF || op == PRINTOP_SPRINTF) {
		for (uint32_t i = 0; i < e->print.npieces; i++)
			print_piece(&e->print.pieces[i], out);
		fputs(" :", out);
	} else if (e->print.text_span.len) {
		putc(' ', out);
		ast_print_string(e->print.text, out);
		fputs(" :", out);
	}
	children(&e->print.args, out);
}

static void print_stat(const struct ast_expr *e, FILE *out)
{
	fprintf(out, " %s", ast_statop_name(e->stat.op));
	child(e->stat.of, out);
	for (uint32_t i = 0; i < e->stat.nparams; i++)
		fprintf(out, " %lld", (long long)e->stat.params[i]);
}

static void print_incdec(const struct ast_expr *e, FILE *out)
{
	fprintf(out, " %s %s", e->incdec.post ? "post" : "pre",
		e->incdec.step > 0 ? "++" : "--");
	child(e->incdec.of, out);
}

static void print_rest(const struct ast_expr *e, FILE *out)
{
	switch (e->kind) {
	case AST_NUMBER:
		fprintf(out, " %lld", (long long)e->number);
		return;
	case AST_STRING:
		putc(' ', out);
		ast_print_string(e->string, out);
		return;
	case AST_NAME:
		fprintf(out, " %" STR_FMT, STR_ARG(e->name.name));
		return;
	case AST_INDEX:
		child(e->index.base, out);
		children(&e->index.keys, out);
		return;
	case AST_TARGET:
		fprintf(out, " %" STR_FMT, STR_ARG(e->target.name));
		return;
	case AST_ATOP:
		fprintf(out, " %s", ast_atop_name(e->at_op.op));
		children(&e->at_op.args, out);
		return;
	case AST_ACCESS:
		child(e->access.base, out);
		print_steps(e, out);
		return;
	case AST_ADDRESS:
		child(e->address.of, out);
		return;
	case AST_UNARY:
		fprintf(out, " %s", ast_unop_name(e->unary.op));
		child(e->unary.a, out);
		return;
	case AST_BINARY:
		fprintf(out, " %s", ast_binop_name(e->binary.op));
		child(e->binary.a, out);
		child(e->binary.b, out);
		return;
	case AST_TERNARY:
		child(e->ternary.cond, out);
		child(e->ternary.yes, out);
		child(e->ternary.no, out);
		return;
	case AST_ASSIGN:
		fprintf(out, " %s", ast_binop_name(e->assign.op));
		child(e->assign.to, out);
		child(e->assign.value, out);
		return;
	case AST_INCDEC:
		print_incdec(e, out);
		return;
	case AST_IN:
		child(e->in.array, out);
		children(&e->in.keys, out);
		return;
	case AST_CALL:
		fprintf(out, " %" STR_FMT, STR_ARG(e->call.name));
		children(&e->call.args, out);
		return;
	case AST_PRINT:
		print_print(e, out);
		return;
	case AST_STAT:
		print_stat(e, out);
		return;
	case AST_EMBEDDED:
		putc(' ', out);
		ast_print_string(e->embedded.text, out);
		return;
	}
}

void ast_print_expr(const struct ast_expr *e, FILE *out)
{
	fprintf(out, "(%s", expr_names[e->kind]);
	print_rest(e, out);
	putc(')', out);
}

/* ---- statements ---- */

static const char *const stmt_names[] = {
#define STMT(id, name) [AST_S_##id] = name,
#include "lang/ast.def"
#undef STMT
};

static void print_stmt(const struct printer *p, const struct ast_stmt *s,
		       int indent);

static void begin_line(const struct printer *p, int indent, struct span at,
		       const char *what)
{
	struct place place = source_place(p->ss, at.pos);

	fprintf(p->out, "%*s%s %u:%u", indent, "", what, place.line,
		place.col);
}

static void print_foreach(const struct printer *p, const struct ast_stmt *s,
			  int indent)
{
	FILE *out = p->out;

	fputs(" keys", out);
	children(&s->foreach.keys, out);
	if (s->foreach.value) {
		fputs(" value", out);
		child(s->foreach.value, out);
	}
	fputs(" in", out);
	child(s->foreach.array, out);
	if (s->foreach.slice.n) {
		fputs(" slice", out);
		children(&s->foreach.slice, out);
	}
	if (s->foreach.sort_by == AST_SORT_KEY)
		fprintf(out, " by key %u", s->foreach.sort_key);
	else if (s->foreach.sort_by == AST_SORT_VALUE)
		fputs(" by value", out);
	else if (s->foreach.sort_by == AST_SORT_STAT)
		fprintf(out, " by %s", ast_statop_name(s->foreach.sort_stat));
	if (s->foreach.sort_dir)
		fputs(s->foreach.sort_dir > 0 ? " +" : " -", out);
	if (s->foreach.limit) {
		fputs(" limit", out);
		child(s->foreach.limit, out);
	}
	putc('\n', out);
	print_stmt(p, s->foreach.body, indent + 2);
}

static void print_block(const struct printer *p, const struct ast_stmt *s,
			int indent)
{
	putc('\n', p->out);
	for (uint32_t i = 0; i < s->block.n; i++)
		print_stmt(p, s->block.v[i], indent + 2);
}

static void print_if(const struct printer *p, const struct ast_stmt *s,
		     int indent)
{
	child(s->if_.cond, p->out);
	putc('\n', p->out);
	print_stmt(p, s->if_.yes, indent + 2);
	if (!s->if_.no)
		return;
	fprintf(p->out, "%*selse\n", indent, "");
	print_stmt(p, s->if_.no, indent + 2);
}

static void print_loop(const struct printer *p, const struct ast_stmt *s,
		       int indent)
{
	if (s->kind == AST_S_FOR)
		child(s->loop.init, p->out);
	child(s->loop.cond, p->out);
	if (s->kind == AST_S_FOR)
		child(s->loop.step, p->out);
	putc('\n', p->out);
	print_stmt(p, s->loop.body, indent + 2);
}

static void print_try(const struct printer *p, const struct ast_stmt *s,
		      int indent)
{
	putc('\n', p->out);
	print_stmt(p, s->try_.body, indent + 2);
	fprintf(p->out, "%*scatch", indent, "");
	if (s->try_.message)
		child(s->try_.message, p->out);
	putc('\n', p->out);
	print_stmt(p, s->try_.handler, indent + 2);
}

static void print_stmt(const struct printer *p, const struct ast_stmt *s,
		       int indent)
{
	begin_line(p, indent, s->span, stmt_names[s->kind]);
	switch (s->kind) {
	case AST_S_EMPTY:
	case AST_S_BREAK:
	case AST_S_CONTINUE:
	case AST_S_NEXT:
		putc('\n', p->out);
		return;
	case AST_S_EMBEDDED:
		putc(' ', p->out);
		ast_print_string(s->embedded.text, p->out);
		putc('\n', p->out);
		return;
	case AST_S_EXPR:
	case AST_S_RETURN:
	case AST_S_DELETE:
		if (s->expr)
			child(s->expr, p->out);
		putc('\n', p->out);
		return;
	case AST_S_BLOCK:
		print_block(p, s, indent);
		return;
	case AST_S_IF:
		print_if(p, s, indent);
		return;
	case AST_S_WHILE:
	case AST_S_FOR:
		print_loop(p, s, indent);
		return;
	case AST_S_FOREACH:
		print_foreach(p, s, indent);
		return;
	case AST_S_TRY:
		print_try(p, s, indent);
		return;
	}
}

/* ---- declarations ---- */

static void print_point(const struct ast_point *point, FILE *out);

static void print_component(const struct ast_component *c, FILE *out)
{
	if (c->braces) {
		putc('{', out);
		for (uint32_t i = 0; i < c->nbraces; i++) {
			if (i)
				putc(',', out);
			print_point(&c->braces[i], out);
		}
		putc('}', out);
		return;
	}
	fprintf(out, "%" STR_FMT, STR_ARG(c->name));
	if (c->arg_kind == AST_ARG_NONE)
		return;
	putc('(', out);
	if (c->arg_kind == AST_ARG_NUMBER)
		fprintf(out, "%lld", (long long)c->number);
	else
		ast_print_string(c->string, out);
	putc(')', out);
}

static void print_point(const struct ast_point *point, FILE *out)
{
	for (uint32_t i = 0; i < point->n; i++) {
		if (i)
			putc('.', out);
		print_component(&point->v[i], out);
	}
	if (point->sufficient)
		putc('!', out);
	else if (point->optional)
		putc('?', out);
	if (point->condition) {
		fputs(" if", out);
		child(point->condition, out);
	}
}

static void print_points(const struct printer *p,
			 const struct ast_points *points)
{
	for (uint32_t i = 0; i < points->n; i++) {
		begin_line(p, 2, points->v[i].span, "point");
		putc(' ', p->out);
		print_point(&points->v[i], p->out);
		putc('\n', p->out);
	}
}

static void print_doc(const struct printer *p, struct str doc)
{
	if (!doc.len)
		return;
	fputs("  doc ", p->out);
	ast_print_string(doc, p->out);
	putc('\n', p->out);
}

static void print_alias(const struct printer *p, const struct ast_alias *a)
{
	begin_line(p, 0, a->span, "alias");
	putc(' ', p->out);
	print_point(&a->name, p->out);
	putc('\n', p->out);
	print_doc(p, a->doc);
	print_points(p, &a->points);
	if (a->prologue) {
		fputs("  prologue\n", p->out);
		print_stmt(p, a->prologue, 4);
	}
	if (a->epilogue) {
		fputs("  epilogue\n", p->out);
		print_stmt(p, a->epilogue, 4);
	}
}

static void print_type(const struct printer *p, enum ty type)
{
	if (type != TY_UNKNOWN)
		fprintf(p->out, ":%s", ty_name(type));
}

static void print_function(const struct printer *p,
			   const struct ast_function *f)
{
	begin_line(p, 0, f->span, f->is_private ? "private function" :
						  "function");
	fprintf(p->out, " %" STR_FMT, STR_ARG(f->name));
	print_type(p, f->type);
	for (uint32_t i = 0; i < f->nparams; i++) {
		fprintf(p->out, " (%" STR_FMT, STR_ARG(f->params[i].name));
		print_type(p, f->params[i].type);
		putc(')', p->out);
	}
	if (f->has_priority)
		fprintf(p->out, " priority %lld", (long long)f->priority);
	putc('\n', p->out);
	print_doc(p, f->doc);
	if (f->body) {
		print_stmt(p, f->body, 2);
		return;
	}
	fputs("  embedded ", p->out);
	ast_print_string(f->embedded, p->out);
	putc('\n', p->out);
}

static void print_global(const struct printer *p, const struct ast_global *g)
{
	begin_line(p, 0, g->span, g->is_private ? "private global" : "global");
	fprintf(p->out, " %" STR_FMT, STR_ARG(g->name));
	if (g->wrap)
		fputs(" wrap", p->out);
	if (g->is_array)
		fprintf(p->out, " size %lld", (long long)g->size);
	if (g->init)
		child(g->init, p->out);
	putc('\n', p->out);
}

void ast_print_file(const struct ast_file *f, const struct sources *ss,
		    FILE *out)
{
	struct printer p = { ss, out };

	for (uint32_t i = 0; i < f->embedded.n; i++) {
		begin_line(&p, 0, f->embedded.v[i]->span, "embedded");
		putc(' ', out);
		ast_print_string(f->embedded.v[i]->text, out);
		putc('\n', out);
	}
	for (uint32_t i = 0; i < f->globals.n; i++)
		print_global(&p, f->globals.v[i]);
	for (uint32_t i = 0; i < f->functions.n; i++)
		print_function(&p, f->functions.v[i]);
	for (uint32_t i = 0; i < f->aliases.n; i++)
		print_alias(&p, f->aliases.v[i]);
	for (uint32_t i = 0; i < f->probes.n; i++) {
		begin_line(&p, 0, f->probes.v[i]->span, "probe");
		putc('\n', out);
		print_points(&p, &f->probes.v[i]->points);
		print_stmt(&p, f->probes.v[i]->body, 2);
	}
}
