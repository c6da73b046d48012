/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/dfa.h"

#include <string.h>

struct view {
	struct dfa_header h;
	const uint8_t *class, *next, *accept, *cmds;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void view_init(struct view *v, const uint8_t *t)
{
	v->h = (struct dfa_header){
		.nstates = get16(t),
		.nclasses = get16(t + 2),
		.nregs = get16(t + 4),
		.ngroups = get16(t + 6),
		.start = get16(t + 8),
		.start_cmds = get16(t + 10),
		.ncmds = get32(t + 12),
	};
	v->class = t + sizeof(v->h);
	v->next = v->class + 256;
	v->accept = v->next + (size_t)4 * v->h.nstates * v->h.nclasses;
	v->cmds = v->accept + (size_t)4 * v->h.nstates;
}

static uint32_t view_next(const struct view *v, uint32_t state, uint8_t byte)
{
	return get32(v->next +
		     4 * (state * v->h.nclasses + v->class[byte]));
}

static uint32_t view_accept(const struct view *v, uint32_t state, bool end)
{
	return get16(v->accept + 4 * state + 2 * end);
}

/* One list of commands: within the table, of a bounded length, its registers
 * (or, to_result, its places) in range? */
static bool check_run(const struct view *v, uint32_t at, bool to_result)
{
	uint32_t ndst = to_result ? 2U * v->h.ngroups : v->h.nregs;

	for (uint32_t i = at; i < at + DFA_RUN_MAX; i += 2) {
		if (i + 1 >= v->h.ncmds)
			return i < v->h.ncmds && v->cmds[i] == DFA_END;
		if (v->cmds[i] == DFA_END)
			return true;
		if (v->cmds[i] >= ndst)
			return false;
		if (v->cmds[i + 1] >= v->h.nregs &&
		    v->cmds[i + 1] != DFA_POS && v->cmds[i + 1] != DFA_UNSET)
			return false;
	}
	return false;
}

static bool check_state(const struct view *v, uint32_t state)
{
	for (uint32_t c = 0; c < v->h.nclasses; c++) {
		uint32_t e = get32(v->next +
				   4 * (state * v->h.nclasses + c));

		if ((e & 0xffff) >= v->h.nstates)
			return false;
		if (!check_run(v, e >> 16, false))
			return false;
	}
	for (int end = 0; end < 2; end++) {
		uint32_t at = view_accept(v, state, end);

		if (at > 1 && !check_run(v, at, true))
			return false;
	}
	return true;
}

static bool check_header(const struct dfa_header *h)
{
	return h->nstates && h->nstates <= DFA_STATES_MAX && h->nclasses &&
	       h->nclasses <= 256 && h->nregs <= DFA_REGS_MAX &&
	       h->ngroups <= DFA_GROUPS_MAX && h->start < h->nstates &&
	       h->ncmds >= 2 && h->ncmds <= UINT16_MAX;
}

bool dfa_check(const uint8_t *table, uint32_t len)
{
	struct view v;
	size_t size;

	if (len < sizeof(struct dfa_header) + 256 || len > DFA_TABLE_MAX)
		return false;
	view_init(&v, table);
	if (!check_header(&v.h))
		return false;
	size = (size_t)(v.cmds - table) + v.h.ncmds;
	if (size != len || v.cmds[0] != DFA_END)
		return false;
	for (uint32_t i = 0; i < 256; i++) {
		if (v.class[i] >= v.h.nclasses)
			return false;
	}
	for (uint32_t i = 0; i < v.h.nstates; i++) {
		if (!check_state(&v, i))
			return false;
	}
	return check_run(&v, v.h.start_cmds, false);
}

static void run(const struct view *v, uint32_t at, uint32_t pos,
		const uint16_t *regs, uint16_t *dst)
{
	for (const uint8_t *c = v->cmds + at; *c != DFA_END; c += 2) {
		if (c[1] == DFA_POS)
			dst[c[0]] = (uint16_t)pos;
		else if (c[1] == DFA_UNSET)
			dst[c[0]] = DFA_UNSET_POS;
		else
			dst[c[0]] = regs[c[1]];
	}
}

bool dfa_match(const uint8_t *table, struct str s, struct dfa_groups *ret)
{
	uint32_t len = s.len < DFA_UNSET_POS ? s.len : DFA_UNSET_POS - 1;
	uint16_t regs[DFA_REGS_MAX];
	struct dfa_groups g = {};
	bool matched = false;
	uint32_t state, e;
	struct view v;

	view_init(&v, table);
	state = v.h.start;
	memset(regs, 0xff, sizeof(regs));
	memset(g.pos, 0xff, sizeof(g.pos));
	g.n = v.h.ngroups;
	run(&v, v.h.start_cmds, 0, regs, regs);
	for (uint32_t pos = 0; state; pos++) {
		uint32_t accept = view_accept(&v, state, pos == len);

		if (accept) {
			matched = true;
			if (accept > 1)
				run(&v, accept, pos, regs, g.pos);
		}
		if (pos == len || (matched && !v.h.ngroups))
			break;
		e = view_next(&v, state, (uint8_t)s.s[pos]);
		state = e & 0xffff;
		run(&v, e >> 16, pos + 1, regs, regs);
	}
	if (matched && ret)
		*ret = g;
	return matched;
}
