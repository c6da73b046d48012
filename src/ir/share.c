/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies that a handler holds once.
 *
 * A call numbers itself, and jumps; the end of the body jumps back by number:
 *
 *	before; x = f(e); after  =>  p = e; from = 2; jump f
 *	                             f: ...; result = v; switch from: ... cont
 *	                             cont: result; after
 *
 * When f calls itself, p, from, and what else of f is still needed after the
 * call, are saved before it and restored behind it.  As control may come back
 * to `cont` from any call, values made before a call and read after it do not
 * do: they become variables.
 *
 * An error in the body goes to the catch block of whoever called: the body
 * has a catch block of its own that passes it on there, by number.  (Only if
 * some try is in the handler at all.)
 *
 * Calls nest as in the host engine: each body has a variable for its depth.
 */
#include "ir/share.h"

#include "ir/cfg.h"

#define SIZE_MAX_INLINE 6000	/* instructions of a handler, all inlined */
#define SIZE_MIN_SHARED 64	/* of a function that is worth it */

struct site {
	uint32_t block;		/* ends in the jump to the body */
	uint32_t cont;
	uint32_t raise;		/* block that raises again, or IR_NONE */
	uint32_t owner;
	struct span span;
};

struct body {
	bool wanted, made;
	struct inline_copy copy;
	uint32_t from, depth;	/* variables */
	uint32_t handler;	/* catch block, or IR_NONE */
	VEC(struct site) sites;
};

struct share {
	struct body *bodies;	/* of each function of the program */
	uint32_t *ncalls;	/* places that call it */
	uint64_t *size;		/* with all that it calls */
	uint8_t *state;		/* 0 new, 1 being measured, 2 done */
	bool has_catch;
	bool *demoted;		/* values that have become variables */
	struct cfg cfg;
};

/* ---- which are shared ---- */

static uint64_t measure(struct inlining *in, const struct ir_func *f)
{
	struct share *s = in->share;
	uint64_t size = f->insns.n;

	if (s->state[f->number])
		return s->size[f->number];	/* 0 while it is measured */
	s->state[f->number] = 1;
	for (uint32_t b = 0; b < f->blocks.n; b++) {
		const struct ir_block *bl = &f->blocks.v[b];

		s->has_catch |= bl->catch != IR_NONE;
		for (uint32_t k = 0; k < bl->insns.n; k++) {
			const struct ir_insn *i = ir_insn(f, bl->insns.v[k]);

			if (i->op != OP_CALL)
				continue;
			s->ncalls[i->imm]++;
			size += measure(in, in->p->funcs.v[i->imm]);
		}
	}
	s->size[f->number] = size < UINT32_MAX ? size : UINT32_MAX;
	return s->size[f->number];
}

void share_init(struct inlining *in)
{
	struct ir_program *p = in->p;
	struct share *s = arena_new(in->scratch, struct share);
	uint32_t n = p->funcs.n + 1;
	bool large;

	in->share = s;
	s->bodies = arena_array(in->scratch, n, struct body);
	s->ncalls = arena_array(in->scratch, n, uint32_t);
	s->size = arena_array(in->scratch, n, uint64_t);
	s->state = arena_array(in->scratch, n, uint8_t);
	large = measure(in, in->f) > SIZE_MAX_INLINE;
	for (uint32_t i = 0; i < p->funcs.n; i++)
		s->bodies[i].wanted = p->funcs.v[i]->recursive ||
				      (large && s->ncalls[i] > 1 &&
				       s->size[i] >= SIZE_MIN_SHARED);
}

bool share_wants(const struct inlining *in, const struct ir_func *callee)
{
	return in->share->bodies[callee->number].wanted;
}

/* ---- a body ---- */

static struct body *body_of(struct inlining *in, const struct ir_func *f)
{
	struct body *b = &in->share->bodies[f->number];
	struct inline_where where = { .owner = f->number };

	if (b->made)
		return b;
	b->made = true;
	b->copy.from = f;
	/* What is returned is no part of what recursion saves. */
	b->copy.result = f->type == IT_VOID ? IR_NONE :
			 inline_var(in, f->name, f->type, f->bound, IR_NONE);
	b->from = inline_var(in, STR("from"), IT_LONG, 0, f->number);
	b->depth = inline_var(in, STR("depth"), IT_LONG, 0, f->number);
	b->copy.cont = inline_block(in, IR_NONE, where);
	b->handler = IR_NONE;
	if (in->share->has_catch)
		b->handler = inline_block(in, IR_NONE, where);
	inline_body(in, &b->copy, b->handler, where);
	return b;
}

uint32_t share_result(struct inlining *in, const struct ir_func *callee)
{
	return body_of(in, callee)->copy.result;
}

/* ---- a call ---- */

static ir_ref binary(struct inlining *in, uint32_t block, enum image_op op,
		     ir_ref a, ir_ref b, struct span span)
{
	struct ir_insn i = inline_insn(op, span);

	i.type = IT_LONG;
	i.a = a;
	i.b = b;
	return ir_append(in->p, in->f, block, i);
}

static ir_ref depth_at(struct inlining *in, uint32_t block,
		       const struct inline_where *where, struct span span)
{
	ir_ref n = inline_const(in, block, where->depth, span), old;

	if (where->owner == IR_NONE)
		return n;
	old = inline_get(in, block, in->share->bodies[where->owner].depth,
			 span);
	return binary(in, block, OP_ADD, old, n, span);
}

uint32_t share_nesting(struct inlining *in, uint32_t block,
		       const struct inline_where *where,
		       const struct ir_insn *call)
{
	uint32_t max = in->p->image->limits.maxnesting;
	uint32_t catch = in->f->blocks.v[block].catch;
	struct inline_where here = in->where.v[block];
	uint32_t fail = block, go = IR_NONE;
	ir_ref n, br;

	if (where->depth < max && where->owner == IR_NONE)
		return block;
	if (where->depth < max) {
		fail = inline_block(in, catch, here);
		go = inline_block(in, catch, here);
		n = depth_at(in, block, where, call->span);
		n = binary(in, block, OP_GE, n,
			   inline_const(in, block, max, call->span),
			   call->span);
		br = inline_append(in, block, OP_BR, 0, n, call->span);
		ir_insn(in->f, br)->b = fail;
		ir_insn(in->f, br)->c = go;
	}
	inline_append(in, fail, OP_RAISE, IERR_NESTING, IR_NONE, call->span);
	return go;
}

void share_call(struct inlining *in, uint32_t block, uint32_t cont,
		const struct ir_insn *call)
{
	struct body *b = body_of(in, in->p->funcs.v[call->imm]);
	struct inline_where where = in->where.v[block];
	struct site site = { .cont = cont, .raise = IR_NONE,
			     .owner = where.owner, .span = call->span };
	ir_ref depth;

	where.depth++;
	depth = depth_at(in, block, &where, call->span);
	site.block = block;
	inline_pass(in, block, b->copy.vars, call);
	inline_set(in, block, b->from,
		   inline_const(in, block, b->sites.n, call->span),
		   call->span);
	inline_set(in, block, b->depth, depth, call->span);
	inline_jump(in, block, b->copy.entry, call->span);
	if (b->handler != IR_NONE) {
		where.depth--;
		site.raise = inline_block(in, IR_NONE, where);
	}
	vec_push(in->p->arena, &b->sites, site);
}

/* ---- the ways back ---- */

static void dispatch(struct inlining *in, struct body *b, uint32_t block,
		     bool by_error)
{
	struct span span = b->copy.from->span;
	uint32_t *to = arena_array(in->p->arena, b->sites.n + 1, uint32_t);
	ir_ref from, sw;

	for (uint32_t k = 0; k < b->sites.n; k++)
		to[k] = by_error ? b->sites.v[k].raise : b->sites.v[k].cont;
	if (b->sites.n == 1) {
		inline_jump(in, block, to[0], span);
		return;
	}
	from = inline_get(in, block, b->from, span);
	sw = inline_append(in, block, OP_SWITCH, 0, from, span);
	ir_insn(in->f, sw)->nargs = (uint16_t)b->sites.n;
	ir_insn(in->f, sw)->args = ir_args(in->p, in->f, to, b->sites.n);
}

/* The error at hand goes on to who catches it there, or to nobody. */
static void pass_error(struct inlining *in, const struct site *site)
{
	uint32_t catch = in->f->blocks.v[site->block].catch;
	struct ir_insn msg = inline_insn(OP_CATCH_MSG, site->span);

	if (catch != IR_NONE) {
		inline_jump(in, site->raise, catch, site->span);
		return;
	}
	msg.type = IT_STRING;
	msg.bound = (uint16_t)(in->p->image->limits.maxstringlen - 1);
	inline_append(in, site->raise, OP_RAISE, IERR_USER,
		      ir_append(in->p, in->f, site->raise, msg), site->span);
}

static void find_ways_back(struct inlining *in, struct body *b)
{
	dispatch(in, b, b->copy.cont, false);
	if (b->handler == IR_NONE)
		return;
	dispatch(in, b, b->handler, true);
	for (uint32_t k = 0; k < b->sites.n; k++)
		pass_error(in, &b->sites.v[k]);
}

/* ---- values that become variables ---- */

struct use {
	struct inlining *in;
	uint32_t *def;		/* the block of each value */
	uint32_t block;
};

static bool is_recursive(const struct inlining *in, uint32_t block)
{
	uint32_t owner = in->where.v[block].owner;

	return owner != IR_NONE && in->p->funcs.v[owner]->recursive;
}

/* The engine finds an iterator by its instruction: it has no value. */
static void check_use(ir_ref *r, void *data)
{
	struct use *u = data;
	struct share *s = u->in->share;
	uint32_t def;

	if (*r == IR_NONE || s->demoted[*r])
		return;
	def = u->def[*r];
	if (def == u->block || ir_insn(u->in->f, *r)->op == OP_ITER_NEW)
		return;
	if (is_recursive(u->in, def) ||
	    !cfg_dominates(&s->cfg, def, u->block))
		s->demoted[*r] = true;
}

static void find_demoted(struct inlining *in)
{
	struct ir_func *f = in->f;
	struct use u = { .in = in };

	u.def = arena_array(in->p->arena, f->insns.n + 1, uint32_t);
	in->share->demoted = arena_array(in->p->arena, f->insns.n + 1, bool);
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++)
			u.def[f->blocks.v[b].insns.v[k]] = b;
	for (u.block = 0; u.block < f->blocks.n; u.block++) {
		const struct ir_block *bl = &f->blocks.v[u.block];

		if (!cfg_reachable(&in->share->cfg, u.block))
			continue;
		for (uint32_t k = 0; k < bl->insns.n; k++)
			ir_each_use(f, ir_insn(f, bl->insns.v[k]), check_use,
				    &u);
	}
}

struct rewrite {
	struct inlining *in;
	uint32_t *var;		/* of each demoted value + 1 */
	uint32_t block;
	struct ir_block *to;	/* the block as it will be */
};

static uint32_t demoted_var(struct rewrite *w, ir_ref r)
{
	const struct ir_insn *i = ir_insn(w->in->f, r);

	if (!w->var[r])
		w->var[r] = 1 + inline_var(w->in, STR("value"), i->type,
					   i->bound,
					   w->in->where.v[w->block].owner);
	return w->var[r] - 1;
}

static void put(struct rewrite *w, ir_ref r)
{
	vec_push(w->in->p->arena, &w->to->insns, r);
}

static void read_demoted(ir_ref *r, void *data)
{
	struct rewrite *w = data;
	struct ir_func *f = w->in->f;
	struct ir_insn get;

	if (*r == IR_NONE || !w->var[*r])
		return;
	get = inline_insn(OP_GET, ir_insn(f, *r)->span);
	get.imm = w->var[*r] - 1;
	get.type = ir_insn(f, *r)->type;
	get.bound = ir_insn(f, *r)->bound;
	*r = ir_insn_new(w->in->p, f, get);
	put(w, *r);
}

static void rewrite_block(struct rewrite *w, uint32_t nvalues)
{
	struct ir_func *f = w->in->f;
	struct ir_block *from = &f->blocks.v[w->block], to = *from;

	to.insns.v = NULL;
	to.insns.n = to.insns.cap = 0;
	w->to = &to;
	for (uint32_t k = 0; k < from->insns.n; k++) {
		ir_ref r = from->insns.v[k];
		struct ir_insn i = *ir_insn(f, r), set;

		ir_each_use(f, &i, read_demoted, w);
		*ir_insn(f, r) = i;
		put(w, r);
		if (r >= nvalues || !w->var[r])
			continue;
		set = inline_insn(OP_SET, i.span);
		set.imm = w->var[r] - 1;
		set.a = r;
		put(w, ir_insn_new(w->in->p, f, set));
	}
	f->blocks.v[w->block] = to;
}

static void demote(struct inlining *in)
{
	struct ir_func *f = in->f;
	uint32_t n = f->insns.n;
	struct rewrite w = { .in = in };

	w.var = arena_array(in->p->arena, n + 1, uint32_t);
	for (w.block = 0; w.block < f->blocks.n; w.block++)
		for (uint32_t k = 0; k < f->blocks.v[w.block].insns.n; k++)
			if (in->share->demoted[f->blocks.v[w.block].insns.v[k]])
				demoted_var(&w,
					    f->blocks.v[w.block].insns.v[k]);
	for (w.block = 0; w.block < f->blocks.n; w.block++)
		rewrite_block(&w, n);
}

/* ---- recursion ---- */

static bool reaches(const struct inlining *in, uint32_t from, uint32_t to,
		    bool *seen)
{
	const struct ir_func *f = in->p->funcs.v[from];

	if (from == to)
		return true;
	if (seen[from])
		return false;
	seen[from] = true;
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++) {
			const struct ir_insn *i =
				ir_insn(f, f->blocks.v[b].insns.v[k]);

			if (i->op == OP_CALL &&
			    reaches(in, (uint32_t)i->imm, to, seen))
				return true;
		}
	return false;
}

static void insert(struct inlining *in, uint32_t block, uint32_t at,
		   enum image_op op, uint32_t var, struct span span)
{
	struct ir_block *b = &in->f->blocks.v[block];
	struct ir_insn i = inline_insn(op, span);
	ir_ref r;

	i.imm = var;
	r = ir_insn_new(in->p, in->f, i);
	vec_push(in->p->arena, &b->insns, r);
	for (uint32_t k = b->insns.n - 1; k > at; k--)
		b->insns.v[k] = b->insns.v[k - 1];
	b->insns.v[at] = r;
}

/* The place of the jump to the body: behind what was computed before it, in
 * front of the first parameter's `set`. */
static uint32_t save_place(const struct inlining *in, const struct body *b,
			   const struct site *site)
{
	const struct ir_block *bl = &in->f->blocks.v[site->block];
	uint32_t sets = b->copy.from->nparams + 2, k = bl->insns.n;

	while (k && sets) {
		const struct ir_insn *i = ir_insn(in->f, bl->insns.v[--k]);

		sets -= i->op == OP_SET &&
			(i->imm == b->from || i->imm == b->depth ||
			 (i->imm >= b->copy.vars &&
			  i->imm < b->copy.vars + b->copy.from->nparams));
	}
	return k;
}

static bool is_saved(const struct inlining *in, uint32_t block, uint32_t var)
{
	const struct ir_block *b = &in->f->blocks.v[block];

	for (uint32_t k = 0; k < b->insns.n; k++) {
		const struct ir_insn *i = ir_insn(in->f, b->insns.v[k]);

		if (i->op == OP_SAVE && i->imm == var)
			return true;
	}
	return false;
}

static bool is_needed(const struct cfg_live *live, const struct site *site,
		      uint32_t var)
{
	return cfg_is_live(live, site->cont, var) ||
	       (site->raise != IR_NONE &&
		cfg_is_live(live, site->raise, var));
}

static bool save_site(struct inlining *in, const struct cfg_live *live,
		      const struct body *b, const struct site *site)
{
	uint32_t at = save_place(in, b, site);
	bool any = false;

	for (uint32_t v = 0; v < in->f->vars.n; v++) {
		if (in->var_owner.v[v] != site->owner ||
		    !is_needed(live, site, v) || is_saved(in, site->block, v))
			continue;
		any = true;
		insert(in, site->block, at++, OP_SAVE, v, site->span);
		insert(in, site->cont, 0, OP_RESTORE, v, site->span);
		if (site->raise != IR_NONE)
			insert(in, site->raise, 0, OP_RESTORE, v, site->span);
	}
	return any;
}

static bool save_body(struct inlining *in, const struct cfg_live *live,
		      const struct body *b)
{
	bool any = false;

	for (uint32_t k = 0; k < b->sites.n; k++) {
		const struct site *site = &b->sites.v[k];
		bool *seen;

		if (site->owner == IR_NONE)
			continue;
		seen = arena_array(in->p->arena, in->p->funcs.n + 1, bool);
		if (reaches(in, b->copy.from->number, site->owner, seen))
			any |= save_site(in, live, b, site);
	}
	return any;
}

/* What one call saves is needed behind the calls before it: once more. */
static void save_all(struct inlining *in)
{
	struct share *s = in->share;
	bool any = true;

	while (any) {
		struct cfg_live live;

		any = false;
		cfg_init(&s->cfg, in->f, in->p->arena);
		live = cfg_live(&s->cfg);
		for (uint32_t i = 0; i < in->p->funcs.n; i++)
			if (s->bodies[i].made)
				any |= save_body(in, &live, &s->bodies[i]);
	}
}

void share_finish(struct inlining *in)
{
	struct share *s = in->share;
	bool any = false;

	for (uint32_t i = 0; i < in->p->funcs.n; i++)
		if (s->bodies[i].made) {
			find_ways_back(in, &s->bodies[i]);
			any = true;
		}
	if (!any)
		return;
	cfg_init(&s->cfg, in->f, in->p->arena);
	cfg_dominators(&s->cfg);
	find_demoted(in);
	demote(in);
	save_all(in);
}
