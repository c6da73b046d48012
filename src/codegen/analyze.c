/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be known of a handler before code is made for it: the order of
 * its blocks, which lie in loops, where each value is last read, where the
 * lock is held, which variables need a first value.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/cg.h"
#include "codegen/stepped.h"

#define INSNS_MANY 60		/* values: some may not fit the stack */
#define INSNS_LONG 150		/* ways through it: see cg.h, is_long */

struct walk {
	struct cg_fn *fn;
	uint8_t *state;		/* of blocks: 0 new, 1 open, 2 done */
	uint32_t *rpo, n;	/* filled from the back */
};

/* Where block b may go, by errors too. */
static uint32_t successors(struct cg_fn *fn, uint32_t b, uint32_t **ret)
{
	const struct ir_block *bl = &fn->f->blocks.v[b];
	uint32_t most = ir_insn(fn->f, vec_last(&bl->insns))->nargs + 3u;
	uint32_t n;

	*ret = arena_array(fn->g->a, most, uint32_t);
	n = ir_successors(fn->f, b, *ret, most - 1);
	uint32_t catch = fn->f->blocks.v[b].catch;

	if (catch != IR_NONE)
		(*ret)[n++] = catch;
	return n;
}

/* Depth first without recursion: a stack of blocks that are open. */
static void walk_from(struct walk *w, uint32_t root)
{
	struct cg_fn *fn = w->fn;
	uint32_t *stack = arena_array(fn->g->a, fn->f->blocks.n + 1, uint32_t);
	uint32_t *next = arena_array(fn->g->a, fn->f->blocks.n + 1, uint32_t);
	uint32_t *to, depth = 0;

	stack[depth++] = root;
	w->state[root] = 1;
	while (depth) {
		uint32_t b = stack[depth - 1];
		uint32_t n = successors(fn, b, &to);

		if (next[b] == n) {
			w->state[b] = 2;
			w->rpo[--w->n] = b;
			depth--;
			continue;
		}
		/* the last first: so that the first comes to stand behind */
		b = to[n - 1 - next[b]++];
		if (!w->state[b]) {
			w->state[b] = 1;
			stack[depth++] = b;
		}
	}
}

static void find_order(struct cg_fn *fn)
{
	uint32_t n = fn->f->blocks.n;
	struct walk w = {
		.fn = fn,
		.state = arena_array(fn->g->a, n + 1, uint8_t),
		.rpo = arena_array(fn->g->a, n + 1, uint32_t),
		.n = n,
	};

	walk_from(&w, 0);
	fn->order = w.rpo + w.n;
	fn->norder = n - w.n;
	fn->position = arena_array(fn->g->a, n + 1, uint32_t);
	for (uint32_t k = 0; k < fn->norder; k++)
		fn->position[fn->order[k]] = k;
}

/* The blocks of the loop with this head: those that lead back to it without
 * passing through it. */
static void mark_loop(struct cg_fn *fn, uint32_t head)
{
	bool *mark = arena_array(fn->g->a, fn->f->blocks.n + 1, bool);
	bool changed = true;
	uint32_t *to;

	mark[head] = true;
	while (changed) {
		changed = false;
		for (uint32_t k = fn->norder; k-- > fn->position[head];) {
			uint32_t b = fn->order[k];
			uint32_t n = mark[b] ? 0 : successors(fn, b, &to);

			for (uint32_t s = 0; s < n; s++)
				if (mark[to[s]])
					mark[b] = changed = true;
		}
	}
	for (uint32_t b = 0; b < fn->f->blocks.n; b++)
		if (mark[b]) {
			fn->in_loop[b] = true;
			fn->depth[b]++;
			if (fn->loop[b] == IR_NONE ||
			    fn->position[head] < fn->position[fn->loop[b]])
				fn->loop[b] = head;
		}
}

static void find_loops(struct cg_fn *fn)
{
	uint32_t *to;

	fn->in_loop = arena_array(fn->g->a, fn->f->blocks.n + 1, bool);
	fn->is_head = arena_array(fn->g->a, fn->f->blocks.n + 1, bool);
	fn->depth = arena_array(fn->g->a, fn->f->blocks.n + 1, uint32_t);
	fn->loop = arena_array(fn->g->a, fn->f->blocks.n + 1, uint32_t);
	for (uint32_t b = 0; b < fn->f->blocks.n; b++)
		fn->loop[b] = IR_NONE;
	for (uint32_t k = 0; k < fn->norder; k++) {
		uint32_t n = successors(fn, fn->order[k], &to);

		for (uint32_t s = 0; s < n; s++)
			if (fn->position[to[s]] <= k)
				fn->is_head[to[s]] = true;
	}
	for (uint32_t b = 0; b < fn->f->blocks.n; b++)
		if (fn->is_head[b]) {
			fn->has_loops = true;
			mark_loop(fn, b);
		}
}

static void find_only_preds(struct cg_fn *fn)
{
	uint32_t nb = fn->f->blocks.n, *to;
	uint32_t *n = arena_array(fn->g->a, nb + 1, uint32_t);

	fn->only_pred = arena_array(fn->g->a, nb + 1, uint32_t);
	for (uint32_t b = 0; b < nb; b++)
		fn->only_pred[b] = IR_NONE;
	for (uint32_t k = 0; k < fn->norder; k++) {
		uint32_t m = successors(fn, fn->order[k], &to);

		for (uint32_t s = 0; s < m; s++) {
			bool first = !n[to[s]]++ && fn->position[to[s]] > k;

			fn->only_pred[to[s]] = first ? fn->order[k] : IR_NONE;
		}
	}
	/* An error leaves a block in its middle. */
	for (uint32_t b = 0; b < nb; b++)
		if (fn->f->blocks.v[b].catch != IR_NONE)
			fn->only_pred[fn->f->blocks.v[b].catch] = IR_NONE;
}

struct use {
	struct cg_fn *fn;
	uint32_t block, at;
};

static void count_use(ir_ref *r, void *data)
{
	struct use *u = data;
	struct cg_val *v;

	if (*r == IR_NONE)
		return;
	v = &u->fn->vals[*r];
	v->uses++;
	if (v->block != u->block)
		v->last = UINT32_MAX;
	else if (v->last != UINT32_MAX)
		v->last = u->at;
}

static void find_uses(struct cg_fn *fn)
{
	struct ir_func *f = fn->g->p->funcs.v[fn->probe->func];

	for (uint32_t k = 0; k < fn->norder; k++) {
		struct ir_block *b = &f->blocks.v[fn->order[k]];

		for (uint32_t n = 0; n < b->insns.n; n++) {
			struct cg_val *v = &fn->vals[b->insns.v[n]];

			v->block = fn->order[k];
			v->at = v->last = n;
		}
	}
	for (uint32_t k = 0; k < fn->norder; k++) {
		struct ir_block *b = &f->blocks.v[fn->order[k]];

		for (uint32_t n = 0; n < b->insns.n; n++) {
			struct use u = { fn, fn->order[k], n };

			ir_each_use(f, ir_insn(f, b->insns.v[n]), count_use,
				    &u);
		}
	}
}

/* Nobody reads the key of an array that is kept with the task. */
static void forget_task_keys(struct cg_fn *fn)
{
	const struct image_global *globals = fn->g->img->globals.v;

	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];

		for (uint32_t n = 0; n < b->insns.n; n++) {
			const struct ir_insn *i = ir_insn(fn->f,
							  b->insns.v[n]);
			ir_ref key;

			if (i->op < OP_AGET || i->op > OP_ADEL ||
			    !globals[i->imm].of_task)
				continue;
			key = fn->f->args.v[i->args];
			if (!--fn->vals[key].uses)
				fn->vals[ir_insn(fn->f, key)->a].uses--;
		}
	}
}

/* Comparisons that only the branch of their block reads. */
static void fuse(struct cg_fn *fn)
{
	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];
		const struct ir_insn *br = ir_insn(fn->f, vec_last(&b->insns));
		const struct ir_insn *cmp;
		struct cg_val *v;

		if (br->op != OP_BR)
			continue;
		cmp = ir_insn(fn->f, br->a);
		v = &fn->vals[br->a];
		if (cmp->op < OP_EQ || cmp->op > OP_GE || v->uses != 1 ||
		    v->block != fn->order[k])
			continue;
		v->fused = true;
		for (int o = 0; o < 2; o++) {
			struct cg_val *w = &fn->vals[o ? cmp->b : cmp->a];

			if (w->last != UINT32_MAX && w->block == v->block)
				w->last = b->insns.n - 1;
		}
	}
}

/* Is the lock held when each block begins?  Ways that meet agree, since ir/
 * locks a whole handler. */
static void find_locked(struct cg_fn *fn)
{
	uint32_t *to;

	fn->locked = arena_array(fn->g->a, fn->f->blocks.n + 1, bool);
	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];
		bool held = fn->locked[fn->order[k]];
		uint32_t n = successors(fn, fn->order[k], &to);

		for (uint32_t i = 0; i < b->insns.n; i++) {
			uint8_t op = ir_insn(fn->f, b->insns.v[i])->op;

			if (op == OP_LOCK || op == OP_UNLOCK) {
				held = op == OP_LOCK;
				fn->uses_lock = true;
			}
		}
		for (uint32_t s = 0; s < n; s++)
			if (fn->position[to[s]] > k)
				fn->locked[to[s]] = held;
	}
}

/* Memory, or what only the host knows. */
static bool may_wait(const struct ir_insn *i)
{
	return ((i->op == OP_LOAD || i->op == OP_LOAD_STR) &&
		i->aux & LOAD_USER) ||
	       (i->op == OP_INTRIN && (i->imm == INTRIN_USER_STR ||
				       i->imm == INTRIN_USTACK ||
				       i->imm == INTRIN_USTACK_AT));
}

static bool takes_stack(const struct ir_insn *i)
{
	return i->op == OP_INTRIN && (i->imm == INTRIN_STACK ||
				      i->imm == INTRIN_STACK_AT ||
				      i->imm == INTRIN_USTACK ||
				      i->imm == INTRIN_USTACK_AT);
}

/* Does a block have such an operation, with the lock held or not? */
static bool has_when(const struct cg_fn *fn, uint32_t block, bool locked,
		     bool (*is_it)(const struct ir_insn *i))
{
	const struct ir_block *b = &fn->f->blocks.v[block];
	bool held = fn->locked[block];

	for (uint32_t n = 0; n < b->insns.n; n++) {
		const struct ir_insn *i = ir_insn(fn->f, b->insns.v[n]);

		if (i->op == OP_LOCK || i->op == OP_UNLOCK)
			held = i->op == OP_LOCK;
		if (held == locked && is_it(i))
			return true;
	}
	return false;
}

/* Programs that wait need a link that takes them (that for existing tasks is
 * as old as Linux 5.18, a little older than what is asked for here), and may
 * use no perf events and no tail calls.  On newer kernels (7.2) the kernel's
 * own unwinder may sleep in them, so they may not call it while interrupts are
 * off.  Spaces to walk over arrays belong to the scratch memory of who does
 * not wait. */
static void find_sleep(struct cg_fn *fn)
{
	uint32_t kind = fn->probe->image.kind;

	if ((kind != PROBE_UPROBE && kind != PROBE_URETPROBE &&
	     kind != PROBE_EXISTING) ||
	    !(fn->features & FEATURE_BIT(UPROBE_MULTI)) || fn->is_stepped ||
	    fn->niters)
		return;
	for (uint32_t i = 0; i < fn->f->insns.n; i++)
		if (ir_insn(fn->f, i)->op == OP_PERF_READ)
			return;
	for (uint32_t k = 0; k < fn->norder; k++)
		if (fn->features & FEATURE_BIT(IRQ_SAVE) &&
		    has_when(fn, fn->order[k], true, takes_stack))
			return;
	for (uint32_t k = 0; k < fn->norder && !fn->can_sleep; k++)
		fn->can_sleep = has_when(fn, fn->order[k], false, may_wait);
}

static void matters(struct cg_var *v, uint32_t position)
{
	v->from = MIN(v->from, position);
	v->to = MAX(v->to, position);
}

/* Where variables matter at the block at position k: it names them, or they
 * come in or go on from it. */
static void find_extents(struct cg_fn *fn, uint32_t k, const bool *in)
{
	const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];
	uint32_t nv = fn->f->vars.n, *to, n;

	n = successors(fn, fn->order[k], &to);
	for (uint32_t v = 0; v < nv; v++) {
		if (in[fn->order[k] * nv + v])
			matters(&fn->vars[v], k);
		for (uint32_t s = 0; s < n; s++)
			if (in[to[s] * nv + v])
				matters(&fn->vars[v], k);
	}
	for (uint32_t i = 0; i < b->insns.n; i++) {
		const struct ir_insn *p = ir_insn(fn->f, b->insns.v[i]);

		if (p->op == OP_SET || p->op == OP_GET ||
		    p->op == OP_SAVE || p->op == OP_RESTORE)
			matters(&fn->vars[p->imm], k);
	}
}

/* Variables that some way reads before it sets them, and that a loop sets. */
static void find_vars(struct cg_fn *fn)
{
	uint32_t nv = fn->f->vars.n, nb = fn->f->blocks.n;
	bool *in = arena_array(fn->g->a, (size_t)nv * nb + 1, bool);
	uint32_t *to;
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint32_t k = fn->norder; k-- > 0;) {
			uint32_t b = fn->order[k];
			const struct ir_block *bl = &fn->f->blocks.v[b];
			bool *live = arena_array(fn->g->a, nv + 1, bool);
			uint32_t n = successors(fn, b, &to);

			for (uint32_t s = 0; s < n; s++)
				for (uint32_t v = 0; v < nv; v++)
					live[v] |= in[to[s] * nv + v];
			for (uint32_t i = bl->insns.n; i-- > 0;) {
				const struct ir_insn *p =
					ir_insn(fn->f, bl->insns.v[i]);

				if (p->op == OP_SET && bl->catch == IR_NONE)
					live[p->imm] = false;
				if (p->op == OP_GET || p->op == OP_SAVE)
					live[p->imm] = true;
			}
			for (uint32_t v = 0; v < nv; v++)
				if (live[v] && !in[b * nv + v])
					in[b * nv + v] = changed = true;
		}
	}
	for (uint32_t v = 0; v < nv; v++) {
		fn->vars[v].needs_init = in[v];
		fn->vars[v].from = in[v] ? 0 : UINT32_MAX;
	}
	for (uint32_t k = 0; k < fn->norder; k++)
		find_extents(fn, k, in);
}

static void mark_vars(struct cg_fn *fn)
{
	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];

		for (uint32_t i = 0; i < b->insns.n; i++) {
			const struct ir_insn *p =
				ir_insn(fn->f, b->insns.v[i]);

			if (p->op != OP_SET && p->op != OP_GET &&
			    p->op != OP_SAVE && p->op != OP_RESTORE)
				continue;
			fn->vars[p->imm].used = true;
			if (fn->is_stepped || fn->is_long ||
			    p->op == OP_RESTORE || p->op == OP_SAVE ||
			    (p->op == OP_SET && fn->in_loop[fn->order[k]]))
				fn->vars[p->imm].in_memory = true;
		}
	}
}

static bool is_text(const struct cg_fn *fn, ir_ref r)
{
	return r != IR_NONE && ir_insn(fn->f, r)->type == IT_STRING;
}

/* Does the kernel's bpf_strncmp() compare them?  It takes a constant only. */
static bool is_compared_by_helper(const struct cg_fn *fn,
				  const struct ir_insn *i)
{
	return fn->features & FEATURE_BIT(STRNCMP) &&
	       ir_insn(fn->f, i->b)->op == OP_STR;
}

/* Is it a text that lies ready in constant data? */
static bool is_ready(const struct ir_insn *i)
{
	return i->op == OP_STR ||
	       (i->op == OP_INTRIN && (i->imm == INTRIN_PROBE_POINT ||
				       i->imm == INTRIN_PROBE_NAME ||
				       i->imm == INTRIN_PROBE_FUNC ||
				       i->imm == INTRIN_PROBE_MARK));
}

/* Does operation r need scratch memory? */
/* Does adding to a statistic ask all CPUs for the age of another? */
static bool asks_ages(const struct cg_fn *fn, const struct ir_insn *i)
{
	return i->op == OP_STAT_ADD && fn->g->img->globals.v[i->imm].wrap;
}

static bool wants_scratch(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	const struct image *img = fn->g->img;

	if (i->type == IT_STRING && !is_ready(i) && !fn->vals[r].late &&
	    !fn->vals[r].on_stack)
		return true;
	switch (i->op) {
	case OP_AGET:
	case OP_ASET:
	case OP_AADD:
	case OP_AHAS:
	case OP_ADEL:
	case OP_STAT_ADD:
		return cg_big_global(img, &img->globals.v[i->imm]) ||
		       cg_is_slice(fn, i) || asks_ages(fn, i);
	case OP_EMIT:
		return cg_big_record(fn, i);
	case OP_INTRIN:
		if (i->imm == INTRIN_STACK_AT || i->imm == INTRIN_USTACK_AT)
			return true;
		return strchr(intrin_info[i->imm].args, 'S') != NULL;
	case OP_RAISE:
		return is_text(fn, i->a);
	case OP_STR_EQ:
	case OP_STR_CMP:
		return !(fn->features & FEATURE_BIT(KF_STRING)) &&
		       !is_compared_by_helper(fn, i);
	case OP_STAT_GET:
	case OP_STAT_CLEAR:
	case OP_ITER_NEW:
	case OP_SAVE:
		return true;
	case OP_MATCH:
		return !cg_match_is_direct(fn, i);
	}
	return false;
}

/* What has to be laid out for an operation before code is made. */
static void note(struct cg_fn *fn, const struct ir_insn *i)
{
	const struct image *img = fn->g->img;

	if (i->op == OP_MATCH)
		fn->uses_match = true;
	if (i->op == OP_INTRIN && i->imm == INTRIN_TOKEN)
		fn->uses_token = true;
	if (i->op == OP_INTRIN && (i->imm == INTRIN_VERDICT ||
				   i->imm == INTRIN_DECIDE))
		fn->has_verdict = fn->needs_scratch = true;
	if (i->op == OP_INTRIN && i->imm == INTRIN_USTACK_FROM)
		fn->has_ustack_from = fn->needs_scratch = true;
	if (i->op == OP_ITER_NEW || cg_is_slice(fn, i))
		fn->niters++;
	if ((i->op == OP_RAISE && is_text(fn, i->a)) ||
	    (i->op == OP_INTRIN && i->imm == INTRIN_ERROR))
		fn->raises_text = true;
	if (i->op == OP_SAVE)
		fn->vars[i->imm].is_saved = true;
	if (i->op >= OP_AGET && i->op <= OP_STAT_CLEAR) {
		uint32_t size = img->globals.v[i->imm].key_size;

		if (size <= CG_STACK_KEY)
			fn->key_area_size = MAX(fn->key_area_size, size);
	}
}

/* Does anything ask for what =~ has found? */
static void find_groups(struct cg_fn *fn)
{
	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];

		for (uint32_t n = 0; n < b->insns.n; n++) {
			const struct ir_insn *i =
				ir_insn(fn->f, b->insns.v[n]);

			fn->wants_groups |= i->op == OP_INTRIN &&
					    (i->imm == INTRIN_MATCHED ||
					     i->imm == INTRIN_NGROUPS);
		}
	}
}

static void find_needs(struct cg_fn *fn)
{
	int64_t actions = 0;

	for (uint32_t k = 0; k < fn->norder; k++) {
		const struct ir_block *b = &fn->f->blocks.v[fn->order[k]];

		for (uint32_t n = 0; n < b->insns.n; n++) {
			const struct ir_insn *i =
				ir_insn(fn->f, b->insns.v[n]);

			note(fn, i);
			fn->needs_scratch |= wants_scratch(fn,
							   b->insns.v[n]);
			if (i->op == OP_TICK)
				actions += i->imm;
		}
	}
	/* many values: the stack may not take them all */
	if (fn->f->insns.n > INSNS_MANY || fn->wants_groups)
		fn->needs_scratch = true;
	fn->counts_actions = fn->has_loops ||
			     actions > fn->g->img->limits.maxaction;
	if (fn->counts_actions)
		fn->needs_scratch = true;
}

void cg_analyze(struct cg_fn *fn)
{
	const struct ir_func *f = fn->f;

	fn->vals = arena_array(fn->g->a, f->insns.n + 1, struct cg_val);
	fn->vars = arena_array(fn->g->a, f->vars.n + 1, struct cg_var);
	for (uint32_t i = 0; i < f->insns.n; i++)
		fn->vals[i].reg = NO_REG;
	find_order(fn);
	find_loops(fn);
	find_only_preds(fn);
	stepped_choose(fn);
	fn->is_long = f->insns.n > INSNS_LONG;
	find_uses(fn);
	forget_task_keys(fn);
	fuse(fn);
	find_locked(fn);
	find_vars(fn);
	mark_vars(fn);
	find_groups(fn);
	cg_place_texts(fn);
	find_needs(fn);
	find_sleep(fn);
}
