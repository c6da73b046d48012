/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * While the lock is held nobody else writes a global that needs it: what this
 * handler has read or written is what the next read in the block would give.
 *
 * Needs: locks in place.  Leaves: nothing of what it took out.
 */
#include "ir/pass.h"

struct held {
	struct ir_func *f;
	ir_ref *to;		/* pass_names() */
	ir_ref *known;		/* value of each global, or IR_NONE */
	uint32_t nglobals;
	bool is_locked;
};

static void forget(struct held *h)
{
	for (uint32_t g = 0; g < h->nglobals; g++)
		h->known[g] = IR_NONE;
}

static bool is_long(const struct held *h, ir_ref r)
{
	return ir_insn(h->f, r)->type == IT_LONG;
}

/* Is it a read of what is known?  Then r stands for that from now on. */
static bool look_at(struct held *h, ir_ref r)
{
	const struct ir_insn *i = ir_insn(h->f, r);

	if (i->op == OP_LOCK || i->op == OP_UNLOCK) {
		h->is_locked = i->op == OP_LOCK;
		forget(h);
	} else if (i->op == OP_CALL ||
		   ((i->op == OP_GADD || i->op == OP_GNEXT) && h->is_locked)) {
		forget(h);
	} else if (i->op == OP_GSET && h->is_locked) {
		h->known[i->imm] = is_long(h, i->a) ? i->a : IR_NONE;
	} else if (i->op == OP_GGET && h->is_locked && is_long(h, r)) {
		if (h->known[i->imm] != IR_NONE) {
			h->to[r] = h->known[i->imm];
			return true;
		}
		h->known[i->imm] = r;
	}
	return false;
}

static void sweep(struct held *h, struct ir_block *b)
{
	uint32_t n = 0;

	h->is_locked = false;
	forget(h);
	for (uint32_t k = 0; k < b->insns.n; k++) {
		ir_ref r = b->insns.v[k];

		pass_rename(h->f, ir_insn(h->f, r), h->to);
		if (!look_at(h, r))
			b->insns.v[n++] = r;
	}
	b->insns.n = n;
}

static void held(struct ir_program *p, struct ir_func *f, struct arena *scratch)
{
	struct held h = {
		.f = f,
		.to = pass_names(f, scratch),
		.nglobals = p->image->globals.n,
		.known = arena_array(scratch, p->image->globals.n + 1, ir_ref),
	};

	for (uint32_t b = 0; b < f->blocks.n; b++)
		sweep(&h, &f->blocks.v[b]);
	/* what stands before in the order of blocks may come behind */
	for (uint32_t b = 0; b < f->blocks.n; b++)
		for (uint32_t k = 0; k < f->blocks.v[b].insns.n; k++)
			pass_rename(f, ir_insn(f, f->blocks.v[b].insns.v[k]),
				    h.to);
}

void opt_held(struct ir_program *p)
{
	pass_each(p, held);
}
