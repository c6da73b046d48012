/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text is made by a function, so that prints can call it on the host:
 *
 *	function __code_text(addr, task, when)
 *	{
 *		if (__in_kernel())
 *			return sprintf("%p", addr)
 *		else return name == sprintf("%p", addr) ?
 *				sprintf("%p", addr) :
 *				sprintf("%p <%s>", addr, name)
 *	}
 *
 * name being __usym(0, task, when, addr), or of the kernel __sym_name(addr).
 */
#include "sema/resolve/target_code.h"

#define CODE_PARAMS 3	/* of a process; of the kernel the first */

struct code {
	struct program *p;
	struct span span;
	bool is_user;
	struct var *params[CODE_PARAMS];
};

static struct ast_expr *node(const struct code *c, struct ast_expr e)
{
	struct ast_expr *n = arena_new(c->p->arena, struct ast_expr);

	*n = e;
	n->span = n->at = c->span;
	return n;
}

static struct ast_expr *param(const struct code *c, uint32_t i)
{
	return node(c, (struct ast_expr){
		.kind = AST_NAME,
		.name = { .name = c->params[i]->name, .var = c->params[i] } });
}

static struct ast_expr *intrinsic(const struct code *c, uint8_t which)
{
	return node(c, (struct ast_expr){
		.kind = AST_CALL,
		.call = { .name = str_from(intrin_info[which].name),
			  .is_intrinsic = true, .intrinsic = which } });
}

static void give(const struct code *c, struct ast_expr *call,
		 struct ast_expr *arg)
{
	vec_push(c->p->arena, &call->call.args, arg);
}

static struct ast_expr *name_of(const struct code *c)
{
	struct ast_expr *call = intrinsic(c, c->is_user ? INTRIN_USYM :
							  INTRIN_SYM_NAME);

	if (c->is_user) {
		give(c, call, node(c, (struct ast_expr){ .kind = AST_NUMBER }));
		give(c, call, param(c, 1));
		give(c, call, param(c, 2));
	}
	give(c, call, param(c, 0));
	return call;
}

static struct fmt_piece piece(const struct code *c, enum fmt_conv conv,
			      const char *text)
{
	return (struct fmt_piece){ .conv = conv, .text = str_from(text),
				   .span = c->span };
}

/* sprintf("%p", addr); with a name, sprintf("%p <%s>", addr, name) */
static struct ast_expr *print(const struct code *c, struct ast_expr *name)
{
	struct ast_expr *e = node(c, (struct ast_expr){
		.kind = AST_PRINT,
		.print = { .op = PRINTOP_SPRINTF, .text_span = c->span } });
	VEC(struct fmt_piece) pieces = {};

	vec_push(c->p->arena, &pieces, piece(c, FMT_POINTER, ""));
	vec_push(c->p->arena, &e->print.args, param(c, 0));
	if (name) {
		vec_push(c->p->arena, &pieces, piece(c, FMT_LITERAL, " <"));
		vec_push(c->p->arena, &pieces, piece(c, FMT_STRING, ""));
		vec_push(c->p->arena, &pieces, piece(c, FMT_LITERAL, ">"));
		vec_push(c->p->arena, &e->print.args, name);
	}
	e->print.pieces = pieces.v;
	e->print.npieces = pieces.n;
	e->print.cap_pieces = pieces.cap;
	return e;
}

static struct ast_stmt *returns(const struct code *c, struct ast_expr *e)
{
	struct ast_stmt *s = arena_new(c->p->arena, struct ast_stmt);

	*s = (struct ast_stmt){ .kind = AST_S_RETURN, .span = c->span,
				.expr = e };
	return s;
}

static struct ast_stmt *body(const struct code *c)
{
	struct ast_stmt *s = arena_new(c->p->arena, struct ast_stmt);
	struct ast_expr *same = node(c, (struct ast_expr){
		.kind = AST_BINARY,
		.binary = { .op = BINOP_EQ, .a = name_of(c),
			    .b = print(c, NULL) } });
	struct ast_expr *text = node(c, (struct ast_expr){
		.kind = AST_TERNARY,
		.ternary = { .cond = same, .yes = print(c, NULL),
			     .no = print(c, name_of(c)) } });

	*s = (struct ast_stmt){
		.kind = AST_S_IF, .span = c->span,
		.if_ = { .cond = intrinsic(c, INTRIN_IN_KERNEL),
			 .yes = returns(c, print(c, NULL)),
			 .no = returns(c, text) } };
	return s;
}

static struct func *code_function(struct program *p, struct span span,
				  bool is_user)
{
	static const char *const names[CODE_PARAMS] = { "addr", "task",
							"when" };
	struct ast_function *decl = arena_new(p->arena, struct ast_function);
	struct func *f = arena_new(p->arena, struct func);
	struct code c = { .p = p, .span = span, .is_user = is_user };

	*decl = (struct ast_function){
		.span = span, .type = TY_STRING,
		.name = is_user ? STR("__user_code") : STR("__kernel_code") };
	*f = (struct func){ .name = decl->name, .decl = decl,
			    .nparams = is_user ? CODE_PARAMS : 1,
			    .type = TY_STRING, .type_span = span,
			    .is_library = true, .number = p->funcs.n };
	for (uint32_t i = 0; i < f->nparams; i++) {
		c.params[i] = arena_new(p->arena, struct var);
		*c.params[i] = (struct var){ .name = str_from(names[i]),
					     .span = span, .type = TY_LONG,
					     .type_span = span,
					     .is_param = true,
					     .number = i };
		vec_push(p->arena, &f->vars, c.params[i]);
	}
	f->body = body(&c);
	vec_push(p->arena, &p->funcs, f);
	return f;
}

struct ast_expr *target_code_text(struct program *p, struct ast_expr *addr,
				  bool is_user)
{
	struct code c = { .p = p, .span = addr->span };
	struct ast_expr *call;

	if (!p->code_texts[is_user])
		p->code_texts[is_user] = code_function(p, addr->span, is_user);
	call = node(&c, (struct ast_expr){ .kind = AST_CALL });
	call->call.func = p->code_texts[is_user];
	call->call.name = call->call.func->name;
	give(&c, call, addr);
	if (is_user) {
		give(&c, call, intrinsic(&c, INTRIN_PID_TGID));
		give(&c, call, intrinsic(&c, INTRIN_KTIME_NS));
	}
	return call;
}
