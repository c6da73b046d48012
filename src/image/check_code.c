/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host code: every operand is there and of the type that its operation
 * takes.  Whether a value is made before it is used is not looked at: until
 * then it is 0 or "".
 */
#include <string.h>

#include "image/check.h"

struct checker {
	const struct image *img;
	const struct image_func *f;
	uint32_t func;			/* its number */
	const struct image_insn *i;	/* the one looked at */
	const char *fault;		/* the first found */
};

static void fail(struct checker *c, const char *what)
{
	if (!c->fault)
		c->fault = what;
}

static const struct image_insn *insn_at(const struct checker *c, uint32_t i)
{
	return &c->img->code.v[c->f->first + i];
}

static bool has_type(uint8_t type, char want)
{
	switch (want) {
	case 'L':
		return type == IT_LONG;
	case 'S':
		return type == IT_STRING;
	default:
		return type == IT_LONG || type == IT_STRING;
	}
}

static void need_value(struct checker *c, uint32_t v, char want)
{
	if (v >= c->f->n)
		fail(c, "has an operand that does not exist");
	else if (!has_type(insn_at(c, v)->type, want))
		fail(c, "has an operand of a wrong type");
}

static void may_value(struct checker *c, uint32_t v, char want)
{
	if (v != IMAGE_NONE)
		need_value(c, v, want);
}

static void need_type(struct checker *c, uint8_t type)
{
	if (c->i->type != type)
		fail(c, "has a wrong type");
}

static void need_block(struct checker *c, uint32_t block)
{
	if (block >= c->f->nblocks)
		fail(c, "goes to no block");
}

/* imm as a number below n. */
static uint32_t need_imm(struct checker *c, uint32_t n)
{
	if (c->i->imm < 0 || c->i->imm >= n) {
		fail(c, "refers to what does not exist");
		return IMAGE_NONE;
	}
	return (uint32_t)c->i->imm;
}

static uint32_t arg(const struct checker *c, uint32_t k)
{
	return c->img->args.v[c->i->args + k];
}

/* ---- by kind of operation ---- */

static void check_var(struct checker *c)
{
	uint32_t var = need_imm(c, c->f->nvars);
	uint8_t type;

	if (c->fault)
		return;
	type = c->img->vars.v[c->f->first_var + var].type;
	if (c->i->op == OP_GET)
		need_type(c, type);
	else
		need_value(c, c->i->a, type == IT_LONG ? 'L' : 'S');
}

static void check_args(struct checker *c, const char *types, uint32_t n)
{
	if (c->i->nargs != n) {
		fail(c, "has a wrong number of arguments");
		return;
	}
	for (uint32_t k = 0; k < n; k++)
		need_value(c, arg(c, k), types[k]);
}

static void check_format(struct checker *c)
{
	char types[256];
	uint32_t format = need_imm(c, c->img->formats.n), n;

	if (c->fault)
		return;
	n = check_format_args(c->img, format, types, sizeof(types));
	if (n == sizeof(types))
		fail(c, "has too many arguments");
	else
		check_args(c, types, n);
}

static void check_call(struct checker *c)
{
	uint32_t func = need_imm(c, c->img->funcs.n);
	const struct image_func *f;

	if (c->fault)
		return;
	f = &c->img->funcs.v[func];
	need_type(c, f->type);
	if (c->i->nargs != f->nparams) {
		fail(c, "has a wrong number of arguments");
		return;
	}
	for (uint32_t k = 0; k < f->nparams; k++) {
		uint8_t type = c->img->vars.v[f->first_var + k].type;

		need_value(c, arg(c, k), type == IT_LONG ? 'L' : 'S');
	}
}

static void check_intrinsic(struct checker *c)
{
	uint32_t id = need_imm(c, INTRIN_N);
	const struct intrin_info *info;

	if (c->fault)
		return;
	info = &intrin_info[id];
	check_args(c, info->args, (uint32_t)strlen(info->args));
	if (info->result == 'L')
		need_type(c, IT_LONG);
	else if (info->result == 'S')
		need_type(c, IT_STRING);
}

static void check_keys(struct checker *c, const struct image_global *g,
		       bool wildcards)
{
	uint32_t n = g->is_array ? g->nkeys : 0;

	if (c->i->nargs != n) {
		fail(c, "has a wrong number of keys");
		return;
	}
	for (uint32_t k = 0; k < n; k++) {
		if (wildcards && arg(c, k) == IMAGE_NONE)
			continue;
		need_value(c, arg(c, k),
			   g->key_type[k] == IT_LONG ? 'L' : 'S');
	}
}

static const struct image_global *need_global(struct checker *c)
{
	uint32_t global = need_imm(c, c->img->globals.n);

	if (global == IMAGE_NONE)
		return NULL;
	if (c->img->globals.v[global].of_task)
		fail(c, "is for programs in the kernel only");
	return &c->img->globals.v[global];
}

static void check_access(struct checker *c)
{
	const struct image_global *g = need_global(c);
	enum image_op op = (enum image_op)c->i->op;
	bool scalar = op == OP_GGET || op == OP_GSET || op == OP_GADD;
	bool add = op == OP_GADD || op == OP_AADD;

	if (!g)
		return;
	if (g->is_array == scalar)
		fail(c, "takes an array for a scalar, or the other way");
	check_keys(c, g, false);
	if (g->type == IT_STATS || (add && g->type != IT_LONG))
		fail(c, "is not for a global of this type");
	if (op == OP_GGET || op == OP_AGET)
		need_type(c, g->type);
	else
		need_value(c, c->i->a, g->type == IT_LONG ? 'L' : 'S');
}

static void check_element(struct checker *c)
{
	const struct image_global *g = need_global(c);

	if (!g)
		return;
	if (c->i->op == OP_AHAS && !g->is_array)
		fail(c, "is not for a scalar");
	if (c->i->op == OP_AHAS || c->i->nargs)
		check_keys(c, g, true);
}

static void check_stat(struct checker *c)
{
	const struct image_global *g = need_global(c);

	if (!g)
		return;
	if (g->type != IT_STATS)
		fail(c, "is not for a global of this type");
	if (c->i->op != OP_STAT_CLEAR || c->i->nargs)
		check_keys(c, g, false);
	if (c->i->op == OP_STAT_ADD)
		need_value(c, c->i->a, 'L');
	if (c->i->op != OP_STAT_GET)
		return;
	may_value(c, c->i->a, 'L');
	if (c->i->aux > STAT_OP_BUCKET)
		fail(c, "extracts nothing known");
}

/* The global that operand a, an iterator, is over. */
static const struct image_global *need_iterator(struct checker *c)
{
	const struct image_insn *it;

	need_value(c, c->i->a, 'L');
	if (c->fault)
		return NULL;
	it = insn_at(c, c->i->a);
	if (it->op != OP_ITER_NEW || it->imm < 0 ||
	    it->imm >= c->img->iters.n) {
		fail(c, "iterates over nothing");
		return NULL;
	}
	return &c->img->globals.v[c->img->iters.v[it->imm].global];
}

static void check_iter_new(struct checker *c)
{
	uint32_t iter = need_imm(c, c->img->iters.n), next = 0;
	const struct image_global *g;
	const struct image_iter *spec;

	if (c->fault)
		return;
	spec = &c->img->iters.v[iter];
	g = &c->img->globals.v[spec->global];
	may_value(c, c->i->a, 'L');
	if (c->i->nargs > g->nkeys) {
		fail(c, "has a wrong number of keys");
		return;
	}
	for (uint32_t k = 0; k < g->nkeys && next < c->i->nargs; k++) {
		bool all = c->i->nargs == g->nkeys;

		if (!all && !(spec->slice >> k & 1))
			continue;
		if (!all || arg(c, next) != IMAGE_NONE)
			need_value(c, arg(c, next),
				   g->key_type[k] == IT_LONG ? 'L' : 'S');
		next++;
	}
	if (next != c->i->nargs)
		fail(c, "has a wrong number of keys");
}

static void check_iter_use(struct checker *c)
{
	const struct image_global *g = need_iterator(c);

	if (!g)
		return;
	if (c->i->op == OP_ITER_KEY) {
		uint32_t k = need_imm(c, g->nkeys);

		if (!c->fault)
			need_type(c, g->key_type[k]);
	}
	if (c->i->op == OP_ITER_VALUE && g->type != IT_STATS)
		need_type(c, g->type);
	if (c->i->op != OP_ITER_STAT)
		return;
	may_value(c, c->i->b, 'L');
	if (g->type != IT_STATS || c->i->aux > STAT_OP_BUCKET)
		fail(c, "extracts nothing known");
}

static void check_hist(struct checker *c)
{
	const struct image_global *g = c->i->a == IMAGE_NONE ?
					       need_global(c) :
					       need_iterator(c);

	if (!g || !need_global(c))
		return;
	if (g->type != IT_STATS || g->stat.hist == HIST_NONE)
		fail(c, "draws no histogram");
	if (c->i->aux & HIST_TAKEN)
		for (uint32_t k = 0; k < c->i->nargs; k++)
			need_value(c, arg(c, k), 'S');
	else if (c->i->a == IMAGE_NONE)
		check_keys(c, g, false);
}

static void check_ret(struct checker *c)
{
	if (c->i->a == IMAGE_NONE)
		return;
	if (c->f->type == IT_VOID)
		fail(c, "gives a value that nobody takes");
	else
		need_value(c, c->i->a, c->f->type == IT_LONG ? 'L' : 'S');
}

static void check_raise(struct checker *c)
{
	uint32_t kind = need_imm(c, IERR_N);

	if (c->fault)
		return;
	if (image_error_operand((enum image_error)kind) == 'S')
		need_value(c, c->i->a, 'S');
	else
		may_value(c, c->i->a, 'L');
}

/* Memory; a number of 1, 2, 4 or 8 bytes. */
static void check_load(struct checker *c)
{
	uint32_t size = c->i->aux & LOAD_SIZE;

	need_value(c, c->i->a, 'L');
	if (c->i->aux & LOAD_CTX)
		fail(c, "reads what only the kernel can");
	if (c->i->op == OP_LOAD_STR)
		may_value(c, c->i->b, 'L');
	else if (size != 1 && size != 2 && size != 4 && size != 8)
		fail(c, "has no size");
}

static void check_operands(struct checker *c)
{
	const struct image_insn *i = c->i;

	switch ((enum image_op)i->op) {
	case OP_CONST: case OP_NEXT: case OP_CATCH_MSG: case OP_LOCK:
	case OP_UNLOCK: case OP_COND: case OP_ACCESS:
		break;
	case OP_STR:
		need_imm(c, c->img->strings.n);
		break;
	case OP_GET: case OP_SET:
		check_var(c);
		break;
	case OP_ADD: case OP_SUB: case OP_MUL: case OP_DIV: case OP_MOD:
	case OP_AND: case OP_OR: case OP_XOR: case OP_SHL: case OP_SHR:
	case OP_USHR: case OP_EQ: case OP_NE: case OP_LT: case OP_LE:
	case OP_GT: case OP_GE:
		need_value(c, i->a, 'L');
		need_value(c, i->b, 'L');
		break;
	case OP_NEG: case OP_INV: case OP_BITS:
		need_value(c, i->a, 'L');
		break;
	case OP_STR_EQ: case OP_STR_CMP: case OP_STR_CAT:
		need_value(c, i->a, 'S');
		need_value(c, i->b, 'S');
		break;
	case OP_STR_FMT: case OP_PRINT:
		check_format(c);
		break;
	case OP_JMP:
		need_block(c, i->b);
		break;
	case OP_BR:
		need_value(c, i->a, 'L');
		need_block(c, i->b);
		need_block(c, i->c);
		break;
	case OP_RET:
		check_ret(c);
		break;
	case OP_RAISE:
		check_raise(c);
		break;
	case OP_TICK:
		need_imm(c, INT32_MAX);
		break;
	case OP_CALL:
		check_call(c);
		break;
	case OP_GGET: case OP_GSET: case OP_GADD: case OP_AGET: case OP_ASET:
	case OP_AADD:
		check_access(c);
		break;
	case OP_AHAS: case OP_ADEL:
		check_element(c);
		break;
	case OP_STAT_ADD: case OP_STAT_GET: case OP_STAT_CLEAR:
		check_stat(c);
		break;
	case OP_ITER_NEW:
		check_iter_new(c);
		break;
	case OP_ITER_NEXT: case OP_ITER_KEY: case OP_ITER_VALUE:
	case OP_ITER_STAT: case OP_ITER_END:
		check_iter_use(c);
		break;
	case OP_PRINT_HIST: case OP_HIST_STR:
		check_hist(c);
		break;
	case OP_INTRIN:
		check_intrinsic(c);
		break;
	case OP_LOAD: case OP_LOAD_STR:
		check_load(c);
		break;
	case OP_MATCH:
		need_imm(c, c->img->dfas.n);
		need_value(c, i->a, 'S');
		break;
	case OP_SWITCH: case OP_SAVE: case OP_RESTORE: case OP_EMIT:
	case OP_GNEXT: case OP_HIST_TAKE: case OP_CTX_WORD: case OP_STORE:
	case OP_PERF_READ: case OP_N:
		fail(c, "is for the kernel only");
		break;
	}
}

/* What can be told of all code, also of what no block holds: kern/relocate
 * looks at every access. */
static const char *shape_fault(const struct image *img,
			       const struct image_insn *i)
{
	if (i->op >= OP_N)
		return "is of no known kind";
	if (i->op == OP_ACCESS && (uint64_t)i->imm >= img->accesses.n)
		return "refers to what does not exist";
	if (op_info[i->op].flags & OPF_KERNEL)
		return "is for the kernel only";
	if (!check_range(i->args, i->nargs, img->args.n))
		return "has arguments outside";
	if (i->type > IT_STRING)
		return "has no type";
	if ((op_info[i->op].result == 'L' && i->type != IT_LONG) ||
	    (op_info[i->op].result == 'S' && i->type != IT_STRING))
		return "has a wrong type";
	return NULL;
}

static void check_block(struct checker *c, const struct image_block *b)
{
	if (!b->n || !check_range(b->first, b->n, c->f->n)) {
		fail(c, "has a block outside");
		return;
	}
	if (b->catch != IMAGE_NONE)
		need_block(c, b->catch);
	for (uint32_t i = 0; i < b->n && !c->fault; i++) {
		uint8_t flags;

		c->i = insn_at(c, b->first + i);
		flags = op_info[c->i->op].flags;
		check_operands(c);
		if (!(flags & OPF_TERM) != (i + 1 < b->n))
			fail(c, "has a block without its end");
	}
}

static void check_ranges(struct checker *c)
{
	const struct image *img = c->img;
	const struct image_func *f = c->f;

	if (f->name >= img->strings.n || f->type > IT_STRING ||
	    !check_range(f->first, f->n, img->code.n) ||
	    !check_range(f->first_block, f->nblocks, img->blocks.n) ||
	    !check_range(f->first_var, f->nvars, img->vars.n) ||
	    f->nparams > f->nvars)
		fail(c, "has parts outside");
}

/* Each function has its own code: how its strings lie in a frame depends on
 * it. */
static void check_frame(struct checker *c, uint32_t *end, uint32_t *var_end)
{
	uint64_t cells = (uint64_t)c->f->n + c->f->nvars;

	if (c->f->first < *end || c->f->first_var < *var_end)
		fail(c, "shares its code with another");
	if (cells * c->img->limits.maxstringlen > CHECK_FRAME_MAX)
		fail(c, "is too large");
	*end = c->f->first + c->f->n;
	*var_end = c->f->first_var + c->f->nvars;
}

static struct err *check_tables(const struct image *img)
{
	const char *fault;

	for (uint32_t i = 0; i < img->vars.n; i++) {
		uint8_t type = img->vars.v[i].type;

		if (img->vars.v[i].name >= img->strings.n ||
		    (type != IT_LONG && type != IT_STRING))
			return check_bad("variable", i, "has no type");
	}
	for (uint32_t i = 0; i < img->code.n; i++) {
		fault = shape_fault(img, &img->code.v[i]);
		if (fault)
			return check_bad("instruction", i, fault);
	}
	return NULL;
}

struct err *check_code(const struct image *img)
{
	struct checker c = { .img = img };
	uint32_t end = 0, var_end = 0;
	struct err *e = check_tables(img);

	/* A call looks into the function that it calls. */
	for (uint32_t i = 0; i < img->funcs.n && !e && !c.fault; i++) {
		c.f = &img->funcs.v[i];
		c.func = i;
		check_ranges(&c);
		if (!c.fault)
			check_frame(&c, &end, &var_end);
	}
	for (uint32_t i = 0; i < img->funcs.n && !e && !c.fault; i++) {
		c.f = &img->funcs.v[i];
		c.func = i;
		if (!c.f->nblocks)
			fail(&c, "has no code");
		for (uint32_t b = 0; b < c.f->nblocks && !c.fault; b++)
			check_block(&c, &img->blocks.v[c.f->first_block + b]);
	}
	if (e)
		return e;
	return c.fault ? check_bad("function", c.func, c.fault) : NULL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(check_code_outside_of_blocks)
{
	struct image_insn insn = { .op = OP_ACCESS, .type = IT_LONG };
	struct image_access access = {};
	struct image img = {};
	struct err *e;

	img.code.v = &insn;
	img.code.n = 1;
	e = check_code(&img);
	TEST(e && e->code == ERR_FORMAT);
	err_free(e);
	img.accesses.v = &access;
	img.accesses.n = 1;
	TEST(!check_code(&img));
	insn.imm = -1;
	e = check_code(&img);
	TEST(e && e->code == ERR_FORMAT);
	err_free(e);
}
#endif
