/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each handler becomes a function; each function of the script becomes one
 * for every engine that calls it.
 */
#include "ir/build.h"

#include "ir/builder.h"
#include "ir/layout.h"

/* One variable of ours for each of the script's. */
static void add_vars(struct builder *s, const struct vars *vars)
{
	s->vars = arena_array(s->b->a, vars->n + 1, uint32_t);
	s->iterators = arena_array(s->b->a, vars->n + 1, ir_ref);
	s->iterated = arena_array(s->b->a, vars->n + 1, const struct var *);
	for (uint32_t i = 0; i < vars->n; i++) {
		const struct var *v = vars->v[i];

		s->iterators[i] = IR_NONE;
		s->vars[i] = v->type == TY_STATS ? IR_NONE :
			     build_var(s, v->name, build_type(v->type),
				       build_bound(s, v->bound));
	}
}

/* ---- functions ---- */

static struct builder builder_init(struct build *b, struct ir_func *f,
				   bool kernel)
{
	struct builder s = {
		.b = b, .f = f, .kernel = kernel,
		.catch = IR_NONE, .tick = IR_NONE,
	};

	f->is_kernel = kernel;
	build_begin(&s, build_block(&s));
	return s;
}

/* What the end of a function without return gives. */
static ir_ref nothing(struct builder *s, uint8_t type, struct span span)
{
	switch (type) {
	case IT_LONG:
		return build_const(s, 0, span);
	case IT_STRING:
		return build_str(s, STR(""), span);
	default:
		return IR_NONE;
	}
}

static void save_originals(struct builder *s)
{
	const struct func *f = s->func;

	s->originals = arena_array(s->b->a, f->nparams + 1, uint32_t);
	for (uint32_t i = 0; i < f->nparams; i++) {
		const struct ir_var v = s->f->vars.v[i];

		s->originals[i] = build_var(s, v.name, v.type, v.bound);
		build_set(s, s->originals[i], build_get(s, i, f->decl->span),
			  f->decl->span);
	}
}

static void build_func(struct build *b, struct func *f, bool kernel)
{
	struct ir_func *irf = b->ir->funcs.v[b->func[kernel][f->number]];
	struct builder s = builder_init(b, irf, kernel);
	struct span span = f->decl->span;

	/* What was moved out of a handler is left as one. */
	s.func = f->is_moved ? NULL : f;
	irf->is_handler = f->is_moved;
	add_vars(&s, &f->vars);
	if (f->next_overload)
		save_originals(&s);
	if (f->body)
		build_stmt(&s, f->body);
	if (s.block != IR_NONE)
		build_end(&s, (struct ir_insn){
			.op = f->is_moved ? OP_NEXT : OP_RET,
			.a = f->is_moved ? IR_NONE :
					   nothing(&s, irf->type, span),
			.b = IR_NONE, .c = IR_NONE, .span = span });
}

/* Functions call functions, those of the kernel also such of the host, to
 * print: until nobody wants another. */
static void build_wanted(struct build *b)
{
	uint32_t done[2] = {};

	while (done[0] < b->wanted[0].n || done[1] < b->wanted[1].n)
		for (int k = 0; k < 2; k++)
			if (done[k] < b->wanted[k].n)
				build_func(b, b->wanted[k].v[done[k]++], k);
}

/* ---- probes ---- */

static uint32_t build_handler(struct build *b, const struct probe *probe)
{
	struct ir_func *f = ir_func_new(b->ir, arena_printf(b->a, "probe_%u",
							    probe->number));
	struct builder s = builder_init(b, f,
					image_probe_is_kernel(probe->kind));

	f->span = probe->span;
	add_vars(&s, &probe->locals);
	build_stmt(&s, probe->body);
	if (s.block != IR_NONE)
		build_end(&s, (struct ir_insn){
			.op = OP_NEXT, .a = IR_NONE, .b = IR_NONE,
			.c = IR_NONE, .span = probe->span });
	return f->number;
}

/* All conditions of a probe hold: a host function that says 0 or 1. */
static uint32_t build_condition(struct build *b, const struct probe *probe)
{
	struct ir_func *f;
	struct builder s;

	if (!probe->conditions)
		return IR_NONE;
	f = ir_func_new(b->ir, arena_printf(b->a, "cond_%u", probe->number));
	f->type = IT_LONG;
	f->span = probe->span;
	s = builder_init(b, f, false);
	for (struct cond *c = probe->conditions; c; c = c->next) {
		uint32_t yes = build_block(&s), no = build_block(&s);

		build_branch(&s, build_expr(&s, c->expr), yes, no,
			     c->expr->span);
		build_begin(&s, no);
		build_end(&s, (struct ir_insn){
			.op = OP_RET, .a = build_const(&s, 0, c->expr->span),
			.b = IR_NONE, .c = IR_NONE, .span = c->expr->span });
		build_begin(&s, yes);
	}
	build_end(&s, (struct ir_insn){
		.op = OP_RET, .a = build_const(&s, 1, probe->span),
		.b = IR_NONE, .c = IR_NONE, .span = probe->span });
	return f->number;
}

/* May some of a point's sites be refused? */
static uint32_t group_of(const struct probe *probe)
{
	bool is_code = probe->kind == PROBE_UPROBE ||
		       probe->kind == PROBE_URETPROBE ||
		       probe->kind == PROBE_KPROBE ||
		       probe->kind == PROBE_KRETPROBE;

	if (probe->is_one_of_many || probe->is_optional || is_code)
		return probe->group + 1;
	return 0;
}

static void build_probe(struct build *b, const struct probe *probe)
{
	struct image *img = b->ir->image;
	struct ir_probe p = {
		.image = {
			.point = image_intern(img, b->a, probe->point),
			.name = image_intern(img, b->a, probe->name),
			.kind = probe->kind,
			.site = probe->site,
			.first_site = img->sites.n,
			.nsites = probe->sites.n,
			.group = group_of(probe),
			.is_pattern = probe->is_one_of_many,
			.is_optional = probe->is_optional,
		},
		.span = probe->span,
	};

	for (uint32_t i = 0; i < probe->sites.n; i++)
		vec_push(b->a, &img->sites, probe->sites.v[i]);

	p.func = build_handler(b, probe);
	p.cond = build_condition(b, probe);
	vec_push(b->a, &b->ir->probes, p);
}

void ir_build(const struct program *p, struct arena *arena,
	      struct image *image, struct ir_program *ret)
{
	struct build b = { .p = p, .ir = ret, .a = arena };

	*ret = (struct ir_program){ .arena = arena, .image = image };
	layout(p, ret);
	for (int k = 0; k < 2; k++) {
		b.func[k] = arena_array(arena, p->funcs.n + 1, uint32_t);
		for (uint32_t i = 0; i < p->funcs.n; i++)
			b.func[k][i] = IR_NONE;
	}
	for (uint32_t i = 0; i < p->probes.n; i++)
		build_probe(&b, p->probes.v[i]);
	build_wanted(&b);
}
