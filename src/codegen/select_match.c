/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Regular expressions: the automaton of image/dfa.h, from constant data, by
 * the very steps that stand there.  On short texts: select_dfa.c.
 */
#include <string.h>

#include "base/bits.h"
#include "codegen/loop.h"
#include "image/dfa.h"

#define GROUPS_SIZE 72 /* u64 number, then 2 * 16 u16 */

struct match {
	struct cg_fn *fn;
	struct dfa_header h;
	const struct ir_dfa *dfa;
	uint32_t class, next, accept, cmds; /* offsets in rodata */
	uint32_t states, classes;	    /* masks of their numbers */
	uint32_t longest;		    /* most commands in one list */
	bool groups;
	cg_cell state, found, pos;
	uint32_t regs; /* scratch */
};

static uint32_t text_room(struct cg_fn *fn)
{
	return fn->g->img->limits.maxstringlen;
}

void cg_match_init(struct cg_fn *fn)
{
	if (!fn->wants_groups)
		return;
	fn->match_text = (int32_t)cg_slot(fn, text_room(fn));
	fn->match_groups = (int32_t)cg_slot(fn, GROUPS_SIZE);
	code_storei(fn->c, fn->scratch, fn->match_text, 0, 1);
	code_storei(fn->c, fn->scratch, fn->match_groups, 0, 8);
}

/* Numbers of states and classes are kept below a power of two, not below how
 * many there are: behind the table is room for what that is too much. */
static uint32_t table_of(struct cg *g, uint32_t n)
{
	const struct ir_dfa *dfa = &g->p->dfas.v[n];
	struct dfa_header h;
	uint32_t states, classes, room;
	char *padded;

	if (g->dfa_off[n])
		return g->dfa_off[n] - 1;
	memcpy(&h, dfa->table.s, sizeof(h));
	states = mask_over(h.nstates - 1u);
	classes = mask_over(h.nclasses - 1u);
	room = (uint32_t)sizeof(h) + 256 +
	       4 * (states * h.nclasses + classes + 1) + 4 * (states + 1) + 2;
	room = MAX(room, (uint32_t)dfa->table.len);
	padded = arena_array(g->a, room, char);
	memcpy(padded, dfa->table.s, dfa->table.len);
	g->dfa_off[n] = 1 + cg_rodata(g, padded, room, 8);
	return g->dfa_off[n] - 1;
}

static uint32_t longest_list(const uint8_t *cmds, uint32_t n)
{
	uint32_t most = 0, len = 0;

	for (uint32_t i = 0; i < n; i++, len++) {
		if (cmds[i] != DFA_END)
			continue;
		most = MAX(most, len / 2);
		len = UINT32_MAX; /* 0 with the step */
	}
	return MIN(most + 1, (uint32_t)DFA_RUN_MAX / 2);
}

static void match_new(struct match *m, struct cg_fn *fn, uint32_t n)
{
	uint32_t at = table_of(fn->g, n);

	*m = (struct match){ .fn = fn, .dfa = &fn->g->p->dfas.v[n] };
	memcpy(&m->h, m->dfa->table.s, sizeof(m->h));
	m->class = at + (uint32_t)sizeof(m->h);
	m->next = m->class + 256;
	m->accept = m->next + 4u * m->h.nstates * m->h.nclasses;
	m->cmds = m->accept + 4u * m->h.nstates;
	m->states = mask_over(m->h.nstates - 1u);
	m->classes = mask_over(m->h.nclasses - 1u);
	m->groups = fn->wants_groups && m->h.ngroups;
	m->longest = longest_list(
		(const uint8_t *)m->dfa->table.s + (m->cmds - at), m->h.ncmds);
	m->state = cell_new(fn, m->h.start);
	m->found = cell_new(fn, 0);
	m->pos = cell_new(fn, 0);
	if (m->groups)
		m->regs = cg_slot(fn, 2 * 256);
}

static void match_free(struct match *m)
{
	cell_free(m->fn, m->state);
	cell_free(m->fn, m->found);
	cell_free(m->fn, m->pos);
	if (m->groups)
		cg_slot_free(m->fn, m->regs);
}

/* rodata at `off` + i, `size` bytes; i is in bounds. */
static cg_reg table_at(struct match *m, uint32_t off, cg_reg i, uint32_t size)
{
	struct cg_code *c = m->fn->c;
	cg_reg at = code_map_value(c, cg_rodata_map(m->fn->g), off);

	code_alu(c, BPF_ADD, at, i);
	return code_ld(c, at, 0, size);
}

/* Scratch at `off` + 2 * i. */
static cg_reg half_at(struct match *m, uint32_t off, cg_reg i)
{
	cg_reg at = cg_scratch_addr(m->fn, (int32_t)off);

	code_alu(m->fn->c, BPF_ADD, at, i);
	code_alu(m->fn->c, BPF_ADD, at, i);
	return at;
}

static void put_half(struct match *m, uint32_t reg, cg_reg v)
{
	code_store(m->fn->c, m->fn->scratch, (int32_t)(m->regs + 2 * reg), v,
		   2);
}

/* Runs the list of commands at index `list` into the halves at `to`, a power
 * of two of them.  The position and "unset" are registers like the others. */
static void run(struct match *m, cg_reg list, cg_reg position, uint32_t to,
		uint32_t nto)
{
	struct cg_fn *fn = m->fn;
	struct cg_code *c = fn->c;
	cg_cell first = cell_new(fn, 0);
	struct cg_loop l;
	cg_reg at, dst, src;

	put_half(m, DFA_POS, position);
	put_half(m, DFA_UNSET, code_const(c, DFA_UNSET_POS));
	cell_set(fn, first, list);
	loop_begin(fn, &l, m->longest);
	at = code_copy(c, l.i);
	code_alui(c, BPF_LSH, at, 1);
	code_alu(c, BPF_ADD, at, cell_get(fn, first));
	code_cap(c, at, m->h.ncmds - 2u);
	dst = table_at(m, m->cmds, at, 1);
	code_stop_if(c, BPF_JEQ, dst, DFA_END, l.end);
	src = table_at(m, m->cmds + 1, at, 1);
	src = code_ld(c, half_at(m, m->regs, src), 0, 2);
	code_alui(c, BPF_AND, dst, nto - 1);
	code_store(c, half_at(m, to, dst), 0, src, 2);
	loop_end(fn, &l);
	cell_free(fn, first);
}

/* state accepts here: notes the match, to `out` when that is all that is
 * asked. */
static void accepts(struct match *m, cg_reg state, cg_reg byte, cg_label out)
{
	struct cg_fn *fn = m->fn;
	struct cg_code *c = fn->c;
	cg_label no = code_label(c);
	cg_reg i = code_copy(c, state), at_end = code_addi(c, byte, -1), list;

	/* 2 more where the byte is NUL */
	code_alui(c, BPF_LSH, i, 2);
	code_alui(c, BPF_RSH, at_end, 63);
	code_alu(c, BPF_ADD, i, at_end);
	code_alu(c, BPF_ADD, i, at_end);
	list = table_at(m, m->accept, i, 2);
	code_ifi(c, BPF_JEQ, list, 0, no);
	cell_seti(fn, m->found, 1);
	if (!m->groups) {
		code_jmp(c, out);
	} else {
		code_ifi(c, BPF_JEQ, list, 1, no);
		run(m, list, cell_get(fn, m->pos),
		    (uint32_t)fn->match_groups + 8, 2 * DFA_GROUPS_MAX);
	}
	code_place_label(c, no);
}

static void step(struct cg_fn *fn, struct cg_loop *l,
		 struct cg_str text[LOOP_TEXTS], void *arg)
{
	struct match *m = arg;
	struct cg_code *c = fn->c;
	cg_reg state, byte, at, e, list;

	at = cg_str_addr(fn, text[0]);
	code_alu(c, BPF_ADD, at, l->i);
	byte = code_ld(c, at, 0, 1);
	cell_set(fn, m->pos, l->i);
	state = cell_get(fn, m->state);
	code_alui(c, BPF_AND, state, m->states);
	accepts(m, state, byte, l->end);
	code_stop_if(c, BPF_JEQ, byte, 0, l->end);
	e = table_at(m, m->class, byte, 1);
	code_alui(c, BPF_AND, e, m->classes);
	state = cell_get(fn, m->state);
	code_alui(c, BPF_AND, state, m->states);
	code_alui(c, BPF_MUL, state, m->h.nclasses);
	code_alu(c, BPF_ADD, state, e);
	code_alui(c, BPF_LSH, state, 2);
	e = table_at(m, m->next, state, 4);
	list = code_copy(c, e);
	code_alui(c, BPF_AND, e, 0xffff);
	code_stop_if(c, BPF_JEQ, e, 0, l->end);
	cell_set(fn, m->state, e);
	if (!m->groups)
		return;
	code_alui(c, BPF_RSH, list, 16);
	code_ifi(c, BPF_JEQ, list, 0, l->next);
	run(m, list, code_addi(c, l->i, 1), m->regs, DFA_REGS_MAX);
}

void cg_match(struct cg_fn *fn, ir_ref r)
{
	const struct ir_insn *i = ir_insn(fn->f, r);
	struct cg_code *c = fn->c;
	struct cg_str s[LOOP_TEXTS] = { cg_string(fn, i->a) };
	cg_label none = code_label(c);
	struct match m;

	if (cg_match_is_direct(fn, i)) {
		cg_match_direct(fn, r);
		return;
	}
	match_new(&m, fn, (uint32_t)i->imm);
	if (m.groups && m.h.start_cmds)
		run(&m, code_const(c, m.h.start_cmds), code_const(c, 0), m.regs,
		    DFA_REGS_MAX);
	loop_texts(fn, s[0].bound + 1u, s, step, &m);
	if (fn->wants_groups) {
		code_ifi(c, BPF_JEQ, cell_get(fn, m.found), 0, none);
		code_storei(c, fn->scratch, fn->match_groups, m.h.ngroups, 8);
		cg_str_copy(fn,
			    cg_scratch_str(fn->match_text,
					   (uint16_t)(text_room(fn) - 1)),
			    s[0]);
		code_place_label(c, none);
	}
	cg_set_long(fn, r, cell_get(fn, m.found));
	match_free(&m);
}

void cg_ngroups(struct cg_fn *fn, ir_ref r)
{
	cg_set_long(fn, r, code_ld(fn->c, fn->scratch, fn->match_groups, 8));
}

void cg_matched(struct cg_fn *fn, ir_ref r, ir_ref group)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r);
	cg_label ok = code_label(c), none = code_label(c);
	cg_label done = code_label(c);
	cg_reg n = code_copy(c, cg_long(fn, group)), at, from, to;

	at = code_ld(c, fn->scratch, fn->match_groups, 8);
	code_if(c, BPF_JLT, n, at, ok);
	cg_raise(fn, IERR_REGEX_GROUP, NO_REG);
	code_place_label(c, ok);
	code_alui(c, BPF_AND, n, DFA_GROUPS_MAX - 1);
	code_alui(c, BPF_LSH, n, 2);
	at = cg_scratch_addr(fn, fn->match_groups + 8);
	code_alu(c, BPF_ADD, at, n);
	from = code_ld(c, at, 0, 2);
	to = code_ld(c, at, 2, 2);
	code_ifi(c, BPF_JEQ, from, DFA_UNSET_POS, none);
	code_ifi(c, BPF_JEQ, to, DFA_UNSET_POS, none);
	code_if(c, BPF_JGT, from, to, none);
	code_alu(c, BPF_SUB, to, from);
	code_cap(c, from, text_room(fn) - 1);
	cg_str_part(fn, dst, cg_scratch_str(fn->match_text, 0), from, to);
	code_jmp(c, done);
	code_place_label(c, none);
	cg_str_clear(fn, dst);
	code_place_label(c, done);
}
