/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text grows from left to right: literal pieces, and conversions with the
 * expressions that they print.  Of a char array or a pointer to char that
 * cannot be read the address is printed, since one bad pointer must not cost
 * the sight of a whole struct.
 */
#include "sema/resolve/target_text.h"

#include "base/buf.h"
#include "sema/resolve/target_code.h"
#include "sema/walk.h"

#define MAX_FIELDS 128		/* conversions in one text */
#define MAX_ELEMENTS 5		/* of an array */
#define MAX_DEPTH 8		/* structs in structs */
#define MAX_TEXT 511		/* bytes behind a pointer to char */

struct text {
	struct program *program;
	struct str literal;	/* not yet a piece */
	VEC(struct fmt_piece) pieces;
	VEC(struct ast_expr *) args;
	uint32_t inner;		/* fields of texts in this one */
	struct span span;
};

static void text_str(struct text *t, struct str s)
{
	t->literal = arena_printf(t->program->arena, "%" STR_FMT "%" STR_FMT,
				  STR_ARG(t->literal), STR_ARG(s));
}

static void text_flush(struct text *t)
{
	if (!t->literal.len)
		return;
	vec_push(t->program->arena, &t->pieces,
		 (struct fmt_piece){ .conv = FMT_LITERAL, .text = t->literal,
				     .span = t->span });
	t->literal = (struct str){};
}

static bool text_is_full(const struct text *t)
{
	return t->args.n + t->inner >= MAX_FIELDS;
}

/* The value at the end of a path, as an expression of its own. */
static void text_target(struct text *t, struct path *pa, enum fmt_conv conv,
			char flag)
{
	struct ast_expr *e = arena_new(t->program->arena, struct ast_expr);

	text_flush(t);
	*e = (struct ast_expr){
		.kind = AST_TARGET, .span = t->span, .at = t->span,
		.target = { .name = STR("$"), .target = pa->target },
	};
	vec_push(t->program->arena, &t->args, e);
	vec_push(t->program->arena, &t->pieces,
		 (struct fmt_piece){ .conv = conv, .flag = flag,
				     .span = t->span });
}

static void text_number(struct text *t, const struct path *at,
			enum fmt_conv conv, char flag)
{
	struct path pa = path_copy(at);

	if (path_value(&pa, t->span))
		text_target(t, &pa, conv, flag);
	else
		text_str(t, STR("?"));
}

static void text_char(struct text *t, const struct path *at)
{
	struct path pa = path_copy(at);

	if (!path_value(&pa, t->span)) {
		text_str(t, STR("?"));
		return;
	}
	text_str(t, STR("'"));
	text_target(t, &pa, FMT_CHAR, '#');
	text_str(t, STR("'"));
}

static struct ast_expr *node(struct program *p, const struct ast_expr *like,
			     struct ast_expr e)
{
	struct ast_expr *n = arena_new(p->arena, struct ast_expr);

	*n = e;
	n->span = like->span;
	n->at = like->at;
	return n;
}

static struct ast_expr *asks_at(struct path *pa, uint64_t offset,
				struct span span);
static bool visit_quiet(struct ast_expr **place, void *data);
static void text_end(struct text *t, struct ast_expr *e);

/* asks ? yes : no */
static struct ast_expr *either(struct text *t, struct ast_expr *asks,
			       struct ast_expr *yes, struct ast_expr *no)
{
	return node(t->program, yes, (struct ast_expr){
		.kind = AST_TERNARY,
		.ternary = { .cond = asks, .yes = yes, .no = no } });
}

static struct ast_expr *target_of(struct text *t, struct path *pa)
{
	struct ast_expr *e = arena_new(t->program->arena, struct ast_expr);

	*e = (struct ast_expr){
		.kind = AST_TARGET, .span = t->span, .at = t->span,
		.target = { .name = STR("$"), .target = pa->target },
	};
	return e;
}

/* __quoted(text, 0, 1) */
static struct ast_expr *quoted(struct text *t, struct ast_expr *text)
{
	struct arena *a = t->program->arena;
	struct ast_expr *call = node(t->program, text, (struct ast_expr){
		.kind = AST_CALL,
		.call = { .name = str_from(intrin_info[INTRIN_QUOTED].name),
			  .is_intrinsic = true,
			  .intrinsic = INTRIN_QUOTED } });

	vec_push(a, &call->call.args, text);
	for (uint32_t i = 0; i < 2; i++)
		vec_push(a, &call->call.args,
			 node(t->program, text, (struct ast_expr){
				 .kind = AST_NUMBER, .number = i }));
	return call;
}

/* The address as a text, which stands for what cannot be read. */
static struct ast_expr *address_text(struct text *t, struct path *pa)
{
	struct text one = { .program = t->program, .span = t->span };
	struct ast_expr *e = arena_new(t->program->arena, struct ast_expr);

	e->at = t->span;
	text_target(&one, pa, FMT_POINTER, 0);
	text_end(&one, e);
	return e;
}

/* The text at an address, in quotes; `otherwise` where it cannot be read, or if
 * that is NULL the address.  NULL: it is not in memory. */
static struct ast_expr *text_at(struct text *t, const struct path *at,
				uint32_t max, struct ast_expr *otherwise)
{
	struct path pa = path_copy(at), begin = path_copy(at),
		    shown = path_copy(at);
	struct ast_expr *text, *asks;

	if (!path_text(&pa, max, t->span))
		return NULL;
	vec_last(&pa.target->ops).is_quiet = true;
	text = quoted(t, target_of(t, &pa));
	if (!at->is_address || !path_address(&begin, t->span) ||
	    !path_address(&shown, t->span))
		return text;
	asks = asks_at(&begin, 0, t->span);
	if (!otherwise)
		otherwise = address_text(t, &shown);
	walk_expr(&asks, visit_quiet, NULL);
	walk_expr(&otherwise, visit_quiet, NULL);
	return either(t, asks, text, otherwise);
}

/* What is at an address of the kernel's may be the process's. */
static void text_quoted(struct text *t, const struct path *pa, uint32_t max,
			bool is_anyones)
{
	struct path user = path_copy(pa);
	struct ast_expr *otherwise = NULL, *e;

	user.is_user = true;
	if (is_anyones && !pa->is_user && pa->is_address)
		otherwise = text_at(t, &user, max, NULL);
	e = text_at(t, pa, max, otherwise);
	if (!e) {
		text_str(t, STR("?"));
		return;
	}
	text_flush(t);
	vec_push(t->program->arena, &t->args, e);
	vec_push(t->program->arena, &t->pieces,
		 (struct fmt_piece){ .conv = FMT_STRING, .span = t->span });
}

/* Characters of a byte, signed or not; arrays of them, and what pointers to
 * them point to, are texts. */
static bool is_char(const struct ctype *t)
{
	return t->kind == CTYPE_INT && t->size == 1 &&
	       (t->is_char || str_is(t->name, "char") ||
		str_is(t->name, "unsigned char") ||
		str_is(t->name, "signed char"));
}

static bool is_struct(const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION;
}

/* ---- enumerators ---- */

/* value == n ? "name" : otherwise */
static struct ast_expr *enum_choice(struct program *p,
				    const struct ast_expr *value,
				    const struct ctype_enumerator *en,
				    struct ast_expr *otherwise)
{
	struct ast_expr *same = node(p, value, (struct ast_expr){
		.kind = AST_BINARY,
		.binary = {
			.op = BINOP_EQ,
			.a = ast_clone_expr(p->arena, value),
			.b = node(p, value, (struct ast_expr){
				.kind = AST_NUMBER, .number = en->value }),
		},
	});

	return node(p, value, (struct ast_expr){
		.kind = AST_TERNARY,
		.ternary = {
			.cond = same,
			.yes = node(p, value, (struct ast_expr){
				.kind = AST_STRING, .string = en->name }),
			.no = otherwise,
		},
	});
}

static struct ast_expr *enum_choices(struct program *p, struct ctype_ref type,
				     const struct ast_expr *value,
				     struct ast_expr *otherwise)
{
	uint32_t id = ctypes_strip(type.in, type.id);
	struct ctype_enumerator en;
	uint32_t n = 0;

	while (n < MAX_FIELDS && ctypes_enumerator(type.in, id, n, &en))
		n++;
	/* The first of those with the value is asked for first. */
	while (n-- && ctypes_enumerator(type.in, id, n, &en))
		otherwise = enum_choice(p, value, &en, otherwise);
	return otherwise;
}

/* sprintf("%d", value) */
static struct ast_expr *enum_number(struct program *p,
				    const struct ast_expr *value)
{
	struct ast_expr *e = node(p, value, (struct ast_expr){
		.kind = AST_PRINT,
		.print = { .op = PRINTOP_SPRINTF, .text_span = value->span } });
	VEC(struct fmt_piece) pieces = {};

	vec_push(p->arena, &pieces, (struct fmt_piece){
		.conv = FMT_SIGNED, .span = value->span });
	vec_push(p->arena, &e->print.args,
		 ast_clone_expr(p->arena, value));
	e->print.pieces = pieces.v;
	e->print.npieces = pieces.n;
	e->print.cap_pieces = pieces.cap;
	return e;
}

/* A copy of a name does not know what it means. */
static bool set_value(struct ast_expr **e, void *data)
{
	if ((*e)->kind == AST_NAME)
		(*e)->name.var = data;
	return true;
}

static struct func *enum_function_new(struct program *p, struct ctype_ref type,
				      struct span span)
{
	struct ast_function *decl = arena_new(p->arena, struct ast_function);
	struct func *f = arena_new(p->arena, struct func);
	struct var *v = arena_new(p->arena, struct var);
	struct ast_expr value = { .kind = AST_NAME, .span = span, .at = span };

	*v = (struct var){ .name = STR("value"), .span = span, .type = TY_LONG,
			   .type_span = span, .is_param = true };
	value.name.name = v->name;
	*decl = (struct ast_function){ .span = span, .type = TY_STRING };
	decl->name = arena_printf(p->arena, "__enum_name_%u", p->enum_names.n);
	*f = (struct func){ .name = decl->name, .decl = decl, .nparams = 1,
			    .type = TY_STRING, .type_span = span,
			    .is_library = true, .number = p->funcs.n };
	f->body = arena_new(p->arena, struct ast_stmt);
	f->body->kind = AST_S_RETURN;
	f->body->span = span;
	f->body->expr = enum_choices(p, type, &value, enum_number(p, &value));
	walk_exprs(f->body, set_value, v);
	vec_push(p->arena, &f->vars, v);
	vec_push(p->arena, &p->funcs, f);
	return f;
}

/* The function that gives names for values of a type.  It is one so that prints
 * can call it on the host. */
static struct func *enum_function(struct program *p, struct ctype_ref type,
				  struct span span)
{
	struct enum_name one = { .type = type };

	for (uint32_t i = 0; i < p->enum_names.n; i++)
		if (p->enum_names.v[i].type.in == type.in &&
		    p->enum_names.v[i].type.id == type.id)
			return p->enum_names.v[i].func;
	one.func = enum_function_new(p, type, span);
	vec_push(p->arena, &p->enum_names, one);
	return one.func;
}

/* Another kernel may have other numbers. */
static void text_enum(struct text *t, const struct path *at)
{
	struct program *p = t->program;
	struct ctype_ref type = path_ref(at, at->type);
	struct path pa = path_copy(at);
	struct ast_expr *call;

	if (p->portable || !path_value(&pa, t->span)) {
		text_number(t, at, FMT_SIGNED, 0);
		return;
	}
	type.id = ctypes_strip(type.in, type.id);
	text_target(t, &pa, FMT_STRING, 0);
	call = node(p, vec_last(&t->args), (struct ast_expr){
		.kind = AST_CALL });
	call->call.func = enum_function(p, type, t->span);
	call->call.name = call->call.func->name;
	vec_push(p->arena, &call->call.args, vec_last(&t->args));
	vec_last(&t->args) = call;
}

/* ---- values ---- */

static void text_value(struct text *t, const struct path *at, int depth,
		       int max_depth);

static void text_array(struct text *t, const struct path *at,
		       const struct ctype *type, int depth,
		       int max_depth)
{
	if (depth >= max_depth) {
		text_str(t, STR("[...]"));
		return;
	}
	text_str(t, STR("["));
	for (uint32_t i = 0; i < type->n; i++) {
		struct path pa = path_copy(at);

		if (i)
			text_str(t, STR(", "));
		if (i == MAX_ELEMENTS || text_is_full(t)) {
			text_str(t, STR("..."));
			break;
		}
		if (!path_element(&pa, i, t->span))
			break;
		text_value(t, &pa, depth + 1, max_depth);
	}
	text_str(t, STR("]"));
}

/* "name=value", or "name" alone when there is nothing in it. */
static void text_variant(struct text *t, struct path *pa,
			 const struct ctype_member *m, int depth,
			 int max_depth)
{
	struct ctype type = path_type(pa);

	text_str(t, m->name);
	if (is_struct(&type) && !type.n)
		return;
	text_str(t, STR("="));
	text_value(t, pa, depth + 1, max_depth + 1);
}

/* The text of a variant by itself. */
static struct ast_expr *variant_text(struct text *t, const struct path *at,
				     const struct ctype_member *m, int depth,
				     int max_depth)
{
	struct ast_expr *e = arena_new(t->program->arena, struct ast_expr);
	struct text one = { .program = t->program, .span = t->span,
			    .inner = t->args.n + t->inner };
	struct path pa = path_copy(at);

	e->at = t->span;
	path_step(&pa, m, t->span);
	if (text_is_full(&one))
		text_str(&one, m->name);
	else
		text_variant(&one, &pa, m, depth, max_depth);
	t->inner += one.args.n + one.inner - (t->args.n + t->inner);
	text_end(&one, e);
	return e;
}

/* What the selector is when it says that this variant is there. */
static int64_t selected(const struct path *selector, int64_t value)
{
	struct ctype type = path_type(selector);
	uint32_t unused = type.size && type.size < 8 ? 64 - 8 * type.size : 0;
	uint64_t up = (uint64_t)value << unused;

	return type.is_signed ? (int64_t)up >> unused : (int64_t)(up >> unused);
}

/* selector == value ? text : otherwise */
static struct ast_expr *choose(struct text *t, struct path *selector,
			       int64_t value, struct ast_expr *text,
			       struct ast_expr *otherwise)
{
	struct program *p = t->program;
	struct ast_expr *number = arena_new(p->arena, struct ast_expr);
	struct path pa = path_copy(selector);

	*number = (struct ast_expr){
		.kind = AST_TARGET, .span = t->span, .at = t->span,
		.target = { .name = STR("$") },
	};
	if (!path_value(&pa, t->span))
		return otherwise;
	number->target.target = pa.target;
	return node(p, number, (struct ast_expr){
		.kind = AST_TERNARY,
		.ternary = {
			.cond = node(p, number, (struct ast_expr){
				.kind = AST_BINARY,
				.binary = {
					.op = BINOP_EQ, .a = number,
					.b = node(p, number, (struct ast_expr){
						.kind = AST_NUMBER,
						.number = selected(selector,
								   value) }),
				},
			}),
			.yes = text, .no = otherwise,
		},
	});
}

/* Those members that are there in turn, of which one is told. */
static void text_variants(struct text *t, const struct path *at, int depth,
			  int max_depth)
{
	uint32_t id = ctypes_strip(at->types, at->type), n = 0;
	struct path selector = path_copy(at);
	struct ast_expr *all = arena_new(t->program->arena, struct ast_expr);
	struct ctype_member m;
	bool has_selector = false;

	*all = (struct ast_expr){ .kind = AST_STRING, .string = STR("?"),
				  .span = t->span, .at = t->span };
	for (; ctypes_member(at->types, id, n, &m); n++) {
		if (m.when == CTYPE_SELECTOR) {
			path_step(&selector, &m, t->span);
			has_selector = true;
		} else if (m.when == CTYPE_REST) {
			all = variant_text(t, at, &m, depth, max_depth);
		}
	}
	while (has_selector && n--)
		if (ctypes_member(at->types, id, n, &m) &&
		    m.when == CTYPE_VARIANT)
			all = choose(t, &selector, m.value,
				     variant_text(t, at, &m, depth,
						  max_depth), all);
	text_flush(t);
	vec_push(t->program->arena, &t->args, all);
	vec_push(t->program->arena, &t->pieces,
		 (struct fmt_piece){ .conv = FMT_STRING, .span = t->span });
}

static bool has_variants(const struct path *at)
{
	uint32_t id = ctypes_strip(at->types, at->type);
	struct ctype_member m;

	for (uint32_t i = 0; ctypes_member(at->types, id, i, &m); i++)
		if (m.when != CTYPE_ALWAYS)
			return true;
	return false;
}

/* Members without a name are structs or unions: theirs count as ours. */
static void text_members(struct text *t, const struct path *at, int depth,
			 int max_depth, bool *first)
{
	uint32_t id = ctypes_strip(at->types, at->type);
	struct ctype_member m;

	for (uint32_t i = 0; ctypes_member(at->types, id, i, &m); i++) {
		struct path pa = path_copy(at);

		if (text_is_full(t)) {
			text_str(t, STR(", ..."));
			return;
		}
		if (m.when != CTYPE_ALWAYS)
			continue;
		path_step(&pa, &m, t->span);
		if (!m.name.len) {
			if (depth < MAX_DEPTH)
				text_members(t, &pa, depth + 1,
					     max_depth + 1, first);
			continue;
		}
		text_str(t, *first ? STR(".") : STR(", ."));
		*first = false;
		text_str(t, m.name);
		text_str(t, STR("="));
		text_value(t, &pa, depth + 1, max_depth);
	}
}

static void text_struct(struct text *t, const struct path *at, int depth,
			int max_depth)
{
	bool first = true;

	if (depth >= max_depth) {
		text_str(t, STR("{...}"));
		return;
	}
	text_str(t, STR("{"));
	text_members(t, at, depth, max_depth, &first);
	if (has_variants(at) && !text_is_full(t)) {
		text_str(t, first ? STR(".") : STR(", ."));
		text_variants(t, at, depth, max_depth);
	}
	text_str(t, STR("}"));
}

/* A pointer to a function: its name, too. */
static void text_code(struct text *t, const struct path *at)
{
	struct path pa = path_copy(at);

	if (!path_value(&pa, t->span)) {
		text_str(t, STR("?"));
		return;
	}
	text_target(t, &pa, FMT_STRING, 0);
	vec_last(&t->args) = target_code_text(t->program, vec_last(&t->args),
					      at->is_user);
}

/* A pointer is followed where the text begins, and to text everywhere. */
static void text_pointer(struct text *t, const struct path *at,
			 const struct ctype *type, int depth,
			 int max_depth)
{
	struct ctype to = ctypes_stripped(at->types, type->ref);
	struct path pa = path_copy(at);

	if (is_char(&to) && path_deref(&pa, t->span))
		text_quoted(t, &pa, MAX_TEXT, true);
	else if (!depth && is_struct(&to) && path_deref(&pa, t->span))
		text_struct(t, &pa, depth, max_depth);
	else if (to.kind == CTYPE_FUNC_PROTO)
		text_code(t, at);
	else
		text_number(t, at, FMT_POINTER, 0);
}

static void text_value(struct text *t, const struct path *at, int depth,
		       int max_depth)
{
	struct ctype type = path_type(at);
	struct ctype element;
	struct path pa;

	if (type.kind == CTYPE_ARRAY) {
		element = ctypes_stripped(at->types, type.ref);
		pa = path_copy(at);
		if (is_char(&element) && type.n)
			text_quoted(t, &pa, type.n, false);
		else
			text_array(t, at, &type, depth, max_depth);
	} else if (is_struct(&type)) {
		text_struct(t, at, depth, max_depth);
	} else if (type.kind == CTYPE_PTR) {
		text_pointer(t, at, &type, depth, max_depth);
	} else if (is_char(&type) && !at->bits) {
		text_char(t, at);
	} else if (type.kind == CTYPE_ENUM || type.kind == CTYPE_ENUM64) {
		text_enum(t, at);
	} else {
		text_number(t, at,
			    type.is_signed || type.kind == CTYPE_FLOAT ?
				    FMT_SIGNED :
				    FMT_UNSIGNED, 0);
	}
}

/* ---- the text in the place of an expression ---- */

static struct text text_begin(struct program *p, const struct ast_expr *e)
{
	return (struct text){ .program = p, .span = e->span };
}

static void text_end(struct text *t, struct ast_expr *e)
{
	struct span at = e->at;

	text_flush(t);
	*e = (struct ast_expr){
		.kind = AST_PRINT, .span = t->span, .at = at,
		.print = {
			.op = PRINTOP_SPRINTF, .text_span = t->span,
			.pieces = t->pieces.v, .npieces = t->pieces.n,
			.cap_pieces = t->pieces.cap,
			.args = { t->args.v, t->args.n, t->args.cap },
		},
	};
}

/* ---- what cannot be read ---- */

/* The address where what is shown lies, of more than a number; false: it is no
 * memory. */
static bool text_address(const struct path *at, struct path *ret,
			 struct span span)
{
	struct ctype type = path_type(at), to;

	*ret = path_copy(at);
	if (type.kind == CTYPE_PTR) {
		to = ctypes_stripped(at->types, type.ref);
		if (!is_struct(&to) || !path_deref(ret, span))
			return false;
	} else if (type.kind == CTYPE_ARRAY) {
		to = ctypes_stripped(at->types, type.ref);
		if (is_char(&to))
			return false;
	} else if (!is_struct(&type)) {
		return false;
	}
	return ret->is_address && path_address(ret, span);
}

static struct ast_expr *asks_at(struct path *pa, uint64_t offset,
				struct span span)
{
	struct ast_expr *e = arena_new(pa->program->arena, struct ast_expr);

	*e = (struct ast_expr){ .kind = AST_TARGET, .span = span, .at = span,
				.target = { .name = STR("$"),
					    .target = pa->target } };
	if (offset)
		vec_push(pa->program->arena, &pa->target->ops,
			 (struct target_op){ .kind = TGT_ADD,
					     .n = (int64_t)offset,
					     .span = span });
	vec_push(pa->program->arena, &pa->target->ops,
		 (struct target_op){ .kind = TGT_LOAD, .size = 1,
				     .is_user = pa->is_user, .asks = true,
				     .span = span });
	return e;
}

/* What is on the way to a text has no error of its own: indices are others'. */
static bool visit_quiet(struct ast_expr **place, void *data)
{
	struct target *t = (*place)->kind == AST_TARGET ?
				   (*place)->target.target : NULL;

	(void)data;
	for (uint32_t i = 0; t && i < t->ops.n; i++)
		t->ops.v[i].is_quiet |= t->ops.v[i].kind == TGT_LOAD &&
					!t->ops.v[i].asks;
	return !t;
}

/* Can its first byte and its last be read?  NULL = it is no memory. */
static struct ast_expr *text_asks(const struct path *at, struct span span)
{
	struct ast_expr *both, *first, *last;
	struct path begin, end;
	uint64_t size;

	if (!text_address(at, &begin, span))
		return NULL;
	text_address(at, &end, span);
	if (!ctypes_size(begin.types, begin.type, &size))
		size = 1;
	first = asks_at(&begin, 0, span);
	walk_expr(&first, visit_quiet, NULL);
	if (size < 2)
		return first;
	last = asks_at(&end, size - 1, span);
	walk_expr(&last, visit_quiet, NULL);
	both = arena_new(at->program->arena, struct ast_expr);
	*both = (struct ast_expr){ .kind = AST_BINARY, .span = span, .at = span,
				   .binary = { .op = BINOP_LAND, .a = first,
					       .b = last } };
	return both;
}

/* e, a text of what is there, becomes "ERROR" where that cannot be read, as in
 * SystemTap: one bad pointer must not cost the sight of all else. */
static void text_guard(const struct path *at, struct ast_expr *e)
{
	struct ast_expr *asks = text_asks(at, e->span), *text;

	if (!asks)
		return;
	text = node(at->program, e, *e);
	walk_expr(&text, visit_quiet, NULL);
	*e = (struct ast_expr){
		.kind = AST_TERNARY, .span = e->span, .at = e->at,
		.ternary = { .cond = asks, .yes = text,
			     .no = node(at->program, e, (struct ast_expr){
						.kind = AST_STRING,
						.string = STR("ERROR") }) },
	};
}

static void become_string(struct ast_expr *e, struct str s)
{
	struct span span = e->span, at = e->at;

	*e = (struct ast_expr){ .kind = AST_STRING, .string = s,
				.span = span, .at = at };
}

static int depth_limit(enum target_depth depth)
{
	return depth == TARGET_ALL ? MAX_DEPTH : 1;
}

void target_text(const struct path *pa, enum target_depth depth,
		 struct ast_expr *e)
{
	struct text t = text_begin(pa->program, e);

	text_value(&t, pa, 0, depth_limit(depth));
	text_end(&t, e);
	text_guard(pa, e);
}

/* A text of its own, which may be "ERROR" while the others are not. */
static void text_inner(struct text *t, const struct path *at, int max_depth)
{
	struct ast_expr *e = arena_new(t->program->arena, struct ast_expr);
	struct text one = { .program = t->program, .span = t->span,
			    .inner = t->args.n + t->inner };

	e->at = t->span;
	text_value(&one, at, 0, max_depth);
	t->inner += one.args.n + one.inner - (t->args.n + t->inner);
	text_end(&one, e);
	text_guard(at, e);
	text_flush(t);
	vec_push(t->program->arena, &t->args, e);
	vec_push(t->program->arena, &t->pieces,
		 (struct fmt_piece){ .conv = FMT_STRING, .span = t->span });
}

static void text_root(struct text *t, const struct target_root *root,
		      enum target_depth depth)
{
	struct path pa = path_of_root(t->program, root);

	text_str(t, root->name);
	text_str(t, STR("="));
	if (root->missing.len)
		text_str(t, STR("?"));
	else if (depth == TARGET_PLAIN)
		text_number(t, &pa, FMT_HEX, '#');
	else if (text_asks(&pa, t->span))
		text_inner(t, &pa, depth_limit(depth));
	else
		text_value(t, &pa, 0, depth_limit(depth));
}

enum text_which {
	TEXT_VARS,
	TEXT_PARMS,
	TEXT_LOCALS,
	TEXT_RETURN,
};

static bool is_meant(const struct target_scope *s, const struct target_root *r,
		     enum text_which which)
{
	bool is_return = s->has_return && str_is(r->name, "return");

	if (r->hidden || is_return != (which == TEXT_RETURN))
		return false;
	return which == TEXT_PARMS  ? !r->is_local :
	       which == TEXT_LOCALS ? r->is_local :
				      true;
}

static void text_roots(struct program *p, const struct target_scope *s,
		       enum text_which which, enum target_depth depth,
		       struct ast_expr *e)
{
	struct text t = text_begin(p, e);
	bool first = true;

	for (uint32_t i = 0; i < s->roots.n && !text_is_full(&t); i++) {
		const struct target_root *root = &s->roots.v[i];

		if (!is_meant(s, root, which))
			continue;
		if (!first)
			text_str(&t, STR(" "));
		text_root(&t, root, depth);
		first = false;
	}
	text_end(&t, e);
}

bool target_scope_text(struct program *p, const struct target_scope *s,
		       struct str name, enum target_depth depth,
		       struct ast_expr *e)
{
	if (str_is(name, "$$name") && s->name.len)
		become_string(e, s->name);
	else if (str_is(name, "$$system") && s->system.len)
		become_string(e, s->system);
	else if (str_is(name, "$$provider") && s->provider.len)
		become_string(e, s->provider);
	else if (str_is(name, "$$vars"))
		text_roots(p, s, TEXT_VARS, depth, e);
	else if (str_is(name, "$$parms") && s->has_parms)
		text_roots(p, s, TEXT_PARMS, depth, e);
	else if (str_is(name, "$$locals") && s->has_parms)
		text_roots(p, s, TEXT_LOCALS, depth, e);
	else if (str_is(name, "$$locals") || str_is(name, "$$parms"))
		become_string(e, (struct str){});
	else if (str_is(name, "$$return"))
		text_roots(p, s, TEXT_RETURN, depth, e);
	else
		return false;
	return true;
}

/* ---- @enumname ---- */

void target_enum_text(struct program *p, struct ctype_ref type,
		      const struct ast_expr *value, struct ast_expr *e)
{
	struct ast_expr *none = node(p, e, (struct ast_expr){
		.kind = AST_STRING });

	*e = *enum_choices(p, type, value, none);
}
