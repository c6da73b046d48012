/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output and formatting.
 *
 * A print in kernel code becomes a record: a host function is made that
 * prints, whose parameters are the operands that have to be taken at the
 * moment of the hit (see sema/late.h for which these are), and the handler
 * emits them.  While such a function is built, build_expr() asks
 * build_late() for each expression.
 *
 * Prints that follow each other become one record, so that a line that is
 * printed in pieces is not torn by another CPU's.
 */
#include <string.h>

#include "base/bits.h"
#include "ir/builder.h"
#include "sema/late.h"
#include "sema/walk.h"

/* ---- formats ---- */

struct format {
	struct builder *s;
	VEC(struct image_piece) pieces;
	VEC(ir_ref) args;
	struct span span;
};

static void format_piece(struct format *f, struct image_piece piece)
{
	vec_push(f->s->b->a, &f->pieces, piece);
}

static void format_literal(struct format *f, struct str text)
{
	if (text.len)
		format_piece(f, (struct image_piece){
			.conv = CONV_LITERAL,
			.text = build_intern(f->s, text) });
}

static void format_arg(struct format *f, ir_ref value)
{
	vec_push(f->s->b->a, &f->args, value);
}

/* A value as print() shows it. */
static void format_plain(struct format *f, struct ast_expr *e)
{
	ir_ref v = build_expr(f->s, e);
	bool text = ir_insn(f->s->f, v)->type == IT_STRING;

	format_piece(f, (struct image_piece){
		.conv = text ? CONV_STRING : CONV_SIGNED });
	format_arg(f, v);
}

/* The blanks of a field of this width around n characters. */
static void format_blanks(struct format *f, const struct fmt_piece *p,
			  uint32_t n)
{
	char *blanks;

	if (p->width <= n)
		return;
	n = p->width - n;
	blanks = arena_array(f->s->b->a, n, char);
	memset(blanks, ' ', n);
	format_literal(f, (struct str){ blanks, n });
}

/* Bytes at an address: as words, which print as their bytes. */
static void format_bytes(struct format *f, const struct fmt_piece *p,
			 ir_ref addr, uint32_t n)
{
	bool hex = p->conv == FMT_MEMORY_HEX;
	uint32_t user = p->flag == '#' ? LOAD_USER : 0;

	for (uint32_t i = 0, size; i < n; i += size) {
		size = hex || n - i < 2 ? 1 : n - i < 4 ? 2 :
		       n - i < 8 ? 4 : 8;
		format_arg(f, build_late_load(f->s, addr, i, size | user,
					      f->span));
		format_piece(f, (struct image_piece){
			.conv = hex ? CONV_HEX : CONV_BINARY,
			.flag = hex ? '0' : '\0',
			.width_kind = SIZE_NUMBER,
			.width = hex ? 2 : size });
	}
}

static void format_memory(struct format *f, const struct fmt_piece *p,
			  ir_ref addr)
{
	uint32_t n = p->prec_kind == FMT_SIZE_NUMBER && p->prec ? p->prec : 1;
	uint32_t chars = p->conv == FMT_MEMORY_HEX ? 2 * n : n;

	if (p->flag != '-')
		format_blanks(f, p, chars);
	format_bytes(f, p, addr, n);
	if (p->flag == '-')
		format_blanks(f, p, chars);
}

/* One conversion, with the arguments that it takes. */
static void format_conversion(struct format *f, const struct fmt_piece *p,
			      const struct ast_exprs *args, uint32_t *next)
{
	if (p->width_kind == FMT_SIZE_ARG)
		format_arg(f, build_expr(f->s, args->v[(*next)++]));
	if (p->prec_kind == FMT_SIZE_ARG)
		format_arg(f, build_expr(f->s, args->v[(*next)++]));
	if (p->conv == FMT_MEMORY || p->conv == FMT_MEMORY_HEX) {
		format_memory(f, p, build_address(f->s, args->v[(*next)++]));
		return;
	}
	format_arg(f, build_expr(f->s, args->v[(*next)++]));
	format_piece(f, (struct image_piece){
		.conv = (uint8_t)p->conv,	/* one to one, image.h */
		.flag = p->flag,
		.width_kind = p->width_kind, .prec_kind = p->prec_kind,
		.width = p->width, .prec = p->prec });
}

static void format_printf(struct format *f, const struct ast_expr *e)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < e->print.npieces; i++) {
		const struct fmt_piece *p = &e->print.pieces[i];

		if (p->conv == FMT_LITERAL)
			format_literal(f, p->text);
		else
			format_conversion(f, p, &e->print.args, &next);
	}
}

static bool is_delimited(enum ast_printop op)
{
	return op == PRINTOP_PRINTD || op == PRINTOP_PRINTDLN ||
	       op == PRINTOP_SPRINTD || op == PRINTOP_SPRINTDLN;
}

static bool is_line(enum ast_printop op)
{
	return op == PRINTOP_PRINTLN || op == PRINTOP_PRINTDLN ||
	       op == PRINTOP_SPRINTLN || op == PRINTOP_SPRINTDLN;
}

static void format_list(struct format *f, const struct ast_expr *e)
{
	for (uint32_t i = 0; i < e->print.args.n; i++) {
		if (i && is_delimited(e->print.op))
			format_literal(f, e->print.text);
		format_plain(f, e->print.args.v[i]);
	}
	if (is_line(e->print.op))
		format_literal(f, STR("\n"));
}

static void format_char(struct format *f, const struct ast_expr *e)
{
	format_arg(f, build_expr(f->s, e->print.args.v[0]));
	format_piece(f, (struct image_piece){ .conv = CONV_CHAR });
}

static struct ir_insn format_insn(struct format *f, enum image_op op)
{
	struct image *img = f->s->b->ir->image;
	struct image_format fmt = { .first = img->pieces.n,
				    .n = f->pieces.n };

	for (uint32_t i = 0; i < f->pieces.n; i++)
		vec_push(f->s->b->a, &img->pieces, f->pieces.v[i]);
	vec_push(f->s->b->a, &img->formats, fmt);
	return (struct ir_insn){
		.op = (uint8_t)op, .imm = img->formats.n - 1,
		.nargs = (uint16_t)f->args.n,
		.args = ir_args(f->s->b->ir, f->s->f, f->args.v, f->args.n),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = f->span,
	};
}

static struct ir_insn format_all(struct builder *s, const struct ast_expr *e,
				 enum image_op op)
{
	struct format f = { .s = s, .span = e->span };

	if (e->print.op == PRINTOP_PRINTF || e->print.op == PRINTOP_SPRINTF)
		format_printf(&f, e);
	else if (e->print.op == PRINTOP_PRINT_CHAR)
		format_char(&f, e);
	else
		format_list(&f, e);
	return format_insn(&f, op);
}

/* ---- histograms ---- */

/* A value of the handler, as a parameter of the host function. */
static ir_ref far_pass(struct builder *far, ir_ref value, struct span span)
{
	struct arena *a = far->b->a;
	const struct ir_insn *i = ir_insn(far->kernel_side->f, value);
	uint32_t v = build_var(far, STR("operand"), i->type, i->bound);

	vec_push(a, &far->passed, value);
	vec_push(a, &far->params, v);
	return build_get(far, v, span);
}

/* The keys of what a foreach in the kernel is at. */
static void keys_of(struct builder *s, struct build_stat *st, struct span span)
{
	const struct var *array = st->var;

	st->keys.n = array->nkeys;
	for (uint32_t k = 0; k < array->nkeys; k++)
		st->keys.v[k] = build_insn(s, (struct ir_insn){
			.op = OP_ITER_KEY, .imm = k, .a = st->iterator,
			.b = IR_NONE, .c = IR_NONE,
			.type = build_type(array->key_type[k]),
			.bound = build_bound(s, array->key_bound[k]),
			.span = span });
	st->iterator = IR_NONE;
}

/* A value of foreach is found again by its keys, for the host cannot see an
 * iterator of the kernel. */
static void hist_by_keys(struct builder *far, struct build_stat *st,
			 struct span span)
{
	keys_of(far->kernel_side, st, span);
	for (uint32_t k = 0; k < st->keys.n; k++)
		st->keys.v[k] = far_pass(far, st->keys.v[k], span);
}

static ir_ref hist_insn(struct builder *s, struct ir_insn insn, bool as_text)
{
	insn.op = as_text ? OP_HIST_STR : OP_PRINT_HIST;
	if (as_text) {
		insn.type = IT_STRING;
		insn.bound = build_bound(s, UINT16_MAX);
	}
	return build_insn(s, insn);
}

/* Can a handler read statistics?  Then what it prints is what is there at
 * that moment, and not what is left when the host comes to print it. */
static bool can_take(const struct builder *far)
{
	return far->kernel_side && build_bound(far, UINT16_MAX) >= 8 &&
	       far->b->p->features & FEATURE_BIT(PERCPU_LOOKUP);
}

/* The buckets pass as texts, as many in each as a text may have bytes. */
static ir_ref hist_taken(struct builder *far, const struct ast_expr *e,
			 bool as_text)
{
	struct builder *k = far->kernel_side;
	struct build_stat st = build_stat_of(k, e->stat.of);
	uint32_t n = image_stat_buckets(&st.var->stat);
	uint32_t each = build_bound(k, UINT16_MAX) / 8, parts = 0;
	ir_ref *part = arena_array(k->b->a, n + 1, ir_ref), v;
	struct ir_insn insn;

	if (st.iterator != IR_NONE)
		keys_of(k, &st, e->span);
	for (uint32_t i = 0; i < n; i += each) {
		insn = build_keyed(k, OP_HIST_TAKE, st.var, &st.keys, e->span);
		insn.aux = i;
		insn.type = IT_STRING;
		insn.bound = (uint16_t)(8 * MIN(each, n - i));
		v = build_insn(k, insn);
		part[parts++] = far_pass(far, v, e->span);
	}
	return hist_insn(far, (struct ir_insn){
		.imm = st.var->number, .aux = HIST_TAKEN,
		.nargs = (uint16_t)parts,
		.args = ir_args(far->b->ir, far->f, part, parts),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = e->span },
			 as_text);
}

static ir_ref build_hist(struct builder *s, const struct ast_expr *e,
			 bool as_text)
{
	struct build_stat st;
	struct ir_insn insn;

	if (can_take(s))
		return hist_taken(s, e, as_text);
	st = build_stat_of(s, e->stat.of);
	if (st.iterator != IR_NONE && s->kernel_side)
		hist_by_keys(s, &st, e->span);
	insn = build_keyed(s, OP_PRINT_HIST, st.var, &st.keys, e->span);
	insn.a = st.iterator;
	return hist_insn(s, insn, as_text);
}

/* print(@hist_log(x)): the only place of a text without limit. */
static const struct ast_expr *whole_hist(const struct ast_expr *e)
{
	const struct ast_expr *arg;

	if ((e->print.op != PRINTOP_PRINT && e->print.op != PRINTOP_PRINTLN) ||
	    e->print.args.n != 1)
		return NULL;
	arg = e->print.args.v[0];
	return arg->kind == AST_STAT && ast_statop_is_hist(arg->stat.op) ?
	       arg : NULL;
}

static void print_here(struct builder *s, struct ast_expr *e)
{
	const struct ast_expr *hist = whole_hist(e);
	struct format newline = { .s = s, .span = e->span };

	if (!hist) {
		build_insn(s, format_all(s, e, OP_PRINT));
		return;
	}
	build_hist(s, hist, false);
	if (e->print.op == PRINTOP_PRINTLN) {
		format_literal(&newline, STR("\n"));
		build_insn(s, format_insn(&newline, OP_PRINT));
	}
}

/* ---- from the kernel to the host ---- */

/* The host function that a handler's record calls. */
static struct builder far_begin(struct builder *s, struct span span)
{
	struct build *b = s->b;
	struct ir_func *f;
	struct builder far;

	f = ir_func_new(b->ir, arena_printf(b->a, "print_%u", b->nprints++));
	f->span = span;
	far = (struct builder){
		.b = b, .f = f, .catch = IR_NONE, .tick = IR_NONE,
		.kernel_side = s,
	};
	build_begin(&far, build_block(&far));
	return far;
}

static void rename_vars(struct ir_func *f, const uint32_t *map)
{
	for (uint32_t i = 0; i < f->insns.n; i++)
		if (f->insns.v[i].op == OP_GET || f->insns.v[i].op == OP_SET)
			f->insns.v[i].imm = map[f->insns.v[i].imm];
}

/* Parameters are the first variables, whenever they came up. */
static void params_first(struct builder *far)
{
	struct ir_func *f = far->f;
	uint32_t *map = arena_array(far->b->a, f->vars.n + 1, uint32_t);
	struct ir_var *vars = arena_array(far->b->a, f->vars.n + 1,
					  struct ir_var);
	bool *is_param = arena_array(far->b->a, f->vars.n + 1, bool);
	uint32_t n = 0;

	for (uint32_t i = 0; i < far->passed.n; i++)
		is_param[far->params.v[i]] = true;
	for (int other = 0; other < 2; other++)
		for (uint32_t i = 0; i < f->vars.n; i++)
			if (is_param[i] != other) {
				vars[n] = f->vars.v[i];
				map[i] = n++;
			}
	f->vars.v = vars;
	f->vars.cap = f->vars.n;
	f->nparams = far->passed.n;
	rename_vars(f, map);
}

static void far_end(struct builder *far, struct span span)
{
	struct builder *s = far->kernel_side;

	build_end(far, (struct ir_insn){ .op = OP_RET, .a = IR_NONE,
					 .b = IR_NONE, .c = IR_NONE,
					 .span = span });
	params_first(far);
	build_insn(s, (struct ir_insn){
		.op = OP_EMIT, .imm = far->f->number,
		.nargs = (uint16_t)far->passed.n,
		.args = ir_args(s->b->ir, s->f, far->passed.v, far->passed.n),
		.a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .span = span });
}

bool build_late(struct builder *s, struct ast_expr *e, ir_ref *ret)
{
	if (!s->kernel_side || late_is_late(e))
		return false;
	*ret = far_pass(s, build_expr(s->kernel_side, e), e->span);
	return true;
}

void build_deferred(struct builder *s, struct ast_expr *e)
{
	struct builder far = far_begin(s, e->span);

	build_intrinsic(&far, e);
	far_end(&far, e->span);
}

ir_ref build_address(struct builder *s, struct ast_expr *e)
{
	return build_expr(s->kernel_side ? s->kernel_side : s, e);
}

ir_ref build_late_load(struct builder *s, ir_ref addr, uint32_t off,
		       uint32_t as, struct span span)
{
	struct builder *k = s->kernel_side ? s->kernel_side : s;
	ir_ref v = build_insn(k, (struct ir_insn){
		.op = OP_LOAD, .type = IT_LONG, .a = addr, .imm = off,
		.b = IR_NONE, .c = IR_NONE, .aux = as, .span = span });

	return k == s ? v : far_pass(s, v, span);
}

void build_print(struct builder *s, struct ast_expr *e)
{
	build_prints(s, &e, 1);
}

void build_prints(struct builder *s, struct ast_expr *const *e, uint32_t n)
{
	struct builder far;

	if (!s->kernel) {
		for (uint32_t i = 0; i < n; i++)
			print_here(s, e[i]);
		return;
	}
	far = far_begin(s, e[0]->span);
	for (uint32_t i = 0; i < n; i++)
		print_here(&far, e[i]);
	far_end(&far, e[0]->span);
}

static bool target_may_raise(const struct target *t)
{
	for (uint32_t i = 0; t && i < t->ops.n; i++)
		if (t->ops.v[i].kind == TGT_LOAD ||
		    t->ops.v[i].kind == TGT_LOAD_STR ||
		    t->ops.v[i].kind == TGT_LOC)
			return true;
	return false;
}

/* May evaluating e, alone, raise an error or change what was printed? */
static bool may_raise(const struct ast_expr *e)
{
	switch (e->kind) {
	case AST_NUMBER:
	case AST_STRING:
	case AST_NAME:
	case AST_INDEX:
	case AST_UNARY:
	case AST_TERNARY:
	case AST_IN:
		return false;
	case AST_BINARY:
		return e->binary.op == BINOP_DIV || e->binary.op == BINOP_MOD;
	case AST_PRINT:
		return !ast_printop_is_string(e->print.op);
	case AST_STAT:
		return true;
	case AST_CALL:
		return !e->call.is_intrinsic ||
		       (intrin_info[e->call.intrinsic].flags & INF_RAISES);
	case AST_TARGET:
	case AST_ATOP:
	case AST_ACCESS:
	case AST_ADDRESS:
		return target_may_raise(walk_target_of(e));
	case AST_ASSIGN:
	case AST_INCDEC:
	case AST_EMBEDDED:
		break;
	}
	return true;
}

static bool find_raise(struct ast_expr **e, void *data)
{
	bool *found = data;

	*found |= may_raise(*e);
	return !*found;
}

static bool prints_quietly(struct ast_expr *e)
{
	bool found = false;

	for (uint32_t i = 0; i < e->print.args.n; i++)
		walk_expr(&e->print.args.v[i], find_raise, &found);
	return !found;
}

uint32_t build_print_run(const struct ast_stmts *block, uint32_t first,
			 struct ast_expr **ret, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = first; i < block->n && n < max; i++) {
		const struct ast_stmt *st = block->v[i];

		if (st->kind != AST_S_EXPR || st->expr->kind != AST_PRINT ||
		    ast_printop_is_string(st->expr->print.op) ||
		    (n && !prints_quietly(st->expr)))
			break;
		ret[n++] = st->expr;
	}
	return n;
}

ir_ref build_sprint(struct builder *s, struct ast_expr *e)
{
	struct ir_insn insn = format_all(s, e, OP_STR_FMT);

	insn.type = IT_STRING;
	insn.bound = build_bound(s, e->bound);
	return build_insn(s, insn);
}

ir_ref build_hist_str(struct builder *s, struct ast_expr *e)
{
	return build_hist(s, e, true);
}
