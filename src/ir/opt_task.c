/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays of numbers whose only key is tid(), and which only handlers in the
 * kernel touch: nobody but the task itself ever sees its element.  It is kept
 * with the task (task storage), where it is found without hashing, takes no
 * room of others, goes with the task, and needs no lock.
 *
 * The idle tasks, which are all number 0, get one each: one for each CPU.
 *
 * Not arrays with a size: that they run full can be seen.  Not in handlers that
 * may hit anything (perf events, watched memory, the trace point of NMIs): the
 * kernel allocates what it keeps with a task.
 *
 * Needs: kernel handlers without calls; cse (equal keys are one value).
 * Leaves: image_global.of_task.
 */
#include "ir/pass.h"

#define TID_MASK 0xffffffff

struct tasks {
	struct ir_program *p;
	bool *not;	/* globals */
	bool *is_handler;	/* functions */
};

static bool is_tid(const struct ir_func *f, ir_ref r)
{
	const struct ir_insn *and = ir_insn(f, r), *a, *b;

	if (and->op != OP_AND)
		return false;
	a = ir_insn(f, and->a);
	b = ir_insn(f, and->b);
	return a->op == OP_INTRIN && a->imm == INTRIN_PID_TGID &&
	       b->op == OP_CONST && b->imm == TID_MASK;
}

static bool is_own_element(const struct ir_func *f, const struct ir_insn *i)
{
	if (i->op != OP_AGET && i->op != OP_ASET && i->op != OP_AADD &&
	    i->op != OP_AHAS && i->op != OP_ADEL)
		return false;
	return i->nargs == 1 && f->args.v[i->args] != IR_NONE &&
	       is_tid(f, f->args.v[i->args]);
}

static void look_at(struct tasks *t, const struct ir_func *f,
		    const struct ir_insn *i)
{
	if (i->op == OP_ITER_NEW)
		t->not[t->p->image->iters.v[i->imm].global] = true;
	else if (ir_op(i)->flags & OPF_GLOBAL && i->op != OP_CALL &&
		 !(t->is_handler[f->number] && is_own_element(f, i)))
		t->not[i->imm] = true;
}

static bool is_in_nmi(const struct tasks *t, const struct ir_probe *pr)
{
	return pr->image.kind == PROBE_RAW_TP &&
	       str_is(image_str(t->p->image, pr->image.site.name),
		      "nmi_handler");
}

/* Handlers of the kernel, of kinds that may allocate. */
static void find_handlers(struct tasks *t)
{
	for (uint32_t n = 0; n < t->p->probes.n; n++) {
		const struct ir_probe *pr = &t->p->probes.v[n];

		switch ((enum image_probe_kind)pr->image.kind) {
		case PROBE_PERF:
		case PROBE_WATCH:
		case PROBE_NETFILTER:
		case PROBE_EXISTING: /* the task of the element is another */
			break;
		default:
			t->is_handler[pr->func] =
				image_probe_is_kernel(pr->image.kind) &&
				!is_in_nmi(t, pr);
		}
	}
}

static bool is_fit(const struct tasks *t, uint32_t n)
{
	const struct image_global *g = &t->p->image->globals.v[n];

	return !t->not[n] && g->is_array && g->nkeys == 1 &&
	       g->key_type[0] == IT_LONG && g->type == IT_LONG && !g->wrap &&
	       !g->ordered && !g->has_size && !g->show;
}

static void keep(struct image *img, uint32_t n)
{
	struct image_global *g = &img->globals.v[n];
	struct image_map *m = &img->maps.v[g->map];

	g->of_task = true;
	g->off = 0;
	g->max_entries = m->max_entries = 1;
	m->kind = IMAP_TASK;
	m->key_size = 4;
	m->value_size = IMAGE_TASK_SIZE;
}

void opt_task(struct ir_program *p)
{
	uint32_t n = p->image->globals.n;
	struct tasks t = {
		.p = p,
		.not = arena_array(p->arena, n + 1, bool),
		.is_handler = arena_array(p->arena, p->funcs.n + 1, bool),
	};

	if (!(p->features & FEATURE_BIT(TASK_STORAGE)))
		return;
	find_handlers(&t);
	for (uint32_t k = 0; k < p->funcs.n; k++) {
		const struct ir_func *f = p->funcs.v[k];

		for (uint32_t b = 0; b < f->blocks.n; b++)
			for (uint32_t i = 0; i < f->blocks.v[b].insns.n; i++)
				look_at(&t, f, ir_insn(f,
						f->blocks.v[b].insns.v[i]));
	}
	for (uint32_t g = 0; g < n; g++)
		if (is_fit(&t, g)) {
			keep(p->image, g);
			p->image->features |= FEATURE_BIT(TASK_STORAGE);
		}
}
