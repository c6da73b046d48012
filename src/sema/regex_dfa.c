/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the NFA to the table: a state of the DFA is a list of threads (a node
 * of the NFA, and in which register each of its tags is), those with more
 * right first: an earlier start, then what the pattern prefers.  Of threads
 * at the same node only the first can ever give the result, so the others
 * go.  Once a thread has matched, those that started later go, and no new
 * ones start.
 *
 * Registers are numbered by their first use in the list: two states that
 * differ in names only are the same state, and a transition's commands are
 * one parallel assignment of new registers from old ones and the position.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "image/dfa.h"
#include "sema/regex_nfa.h"

#define WORK_MAX 40000000U	/* steps: some tenths of a second */
#define THREADS_MAX 1000000U
#define TAGS_MAX (2 * DFA_GROUPS_MAX)

/* In place of a register: as the table's commands have them. */
#define POS DFA_POS
#define UNSET DFA_UNSET

struct thread {
	uint16_t node;
	uint16_t rank;		/* 0 = the earliest start */
	uint8_t regs[TAGS_MAX];
};

struct state {
	struct thread *threads;
	uint32_t n;
	bool starts;		/* new threads start at the next byte */
	uint32_t accept[2];
};

struct machine {
	const struct nfa *nfa;
	struct arena *a;
	uint32_t ntags;		/* 0 = only whether there is a match */
	uint32_t nclasses, nregs;
	uint8_t class[256];
	uint8_t sample[256];	/* a byte of each class */
	VEC(struct state) states;
	VEC(uint32_t) next;
	VEC(uint8_t) cmds;
	struct map by_key, by_cmds;
	uint32_t work;
	/* The state being made. */
	struct thread *list;
	uint32_t nlist;
	struct pending *stack;	/* of follow() */
	uint32_t *mark, round;	/* of nodes: in the list already */
	uint32_t nthreads;	/* of all states */
	struct buf key;
};

struct pending {
	uint32_t node;
	uint8_t regs[TAGS_MAX];
};

/* ---- classes of bytes ---- */

static void split_classes(struct machine *m, const struct nfa_set *s)
{
	uint16_t other[256];
	uint32_t n = m->nclasses;

	memset(other, 0xff, sizeof(other));
	/* Bytes of a class that are in the set stay, if its first is: the
	 * others move to a new class. */
	for (uint32_t b = 0; b < 256; b++) {
		uint8_t c = m->class[b];
		bool same = nfa_set_has(s, b) == nfa_set_has(s, m->sample[c]);

		if (same)
			continue;
		if (other[c] == 0xffff) {
			other[c] = (uint16_t)n++;
			m->sample[other[c]] = (uint8_t)b;
		}
		m->class[b] = (uint8_t)other[c];
	}
	m->nclasses = n;
}

static void find_classes(struct machine *m)
{
	m->nclasses = 1;
	for (uint32_t i = 0; i < m->nfa->sets.n; i++)
		split_classes(m, &m->nfa->sets.v[i]);
}

/* ---- threads ---- */

/* Where in the string. */
struct place {
	bool begin, end;
};

static void push_thread(struct machine *m, uint32_t node, uint32_t rank,
			const uint8_t *regs)
{
	struct thread *t = &m->list[m->nlist++];

	t->node = (uint16_t)node;
	t->rank = (uint16_t)rank;
	memcpy(t->regs, regs, sizeof(t->regs));
}

static void push_pending(struct machine *m, uint32_t *depth, uint32_t node,
			 const uint8_t *regs)
{
	struct pending *p = &m->stack[(*depth)++];

	p->node = node;
	memcpy(p->regs, regs, sizeof(p->regs));
}

/* Follows a node without reading; what it comes to goes into the list, in the
 * order of its right.  Each node is looked at once a round. */
static void follow(struct machine *m, uint32_t start, uint32_t rank,
		   struct place where, const uint8_t *start_regs)
{
	uint32_t depth = 0;

	push_pending(m, &depth, start, start_regs);
	while (depth) {
		struct pending p = m->stack[--depth];
		const struct nfa_node *n = &m->nfa->nodes.v[p.node];

		m->work++;
		if (m->mark[p.node] == m->round)
			continue;
		m->mark[p.node] = m->round;
		switch ((enum nfa_op)n->op) {
		case NFA_SET:
		case NFA_MATCH:
			push_thread(m, p.node, rank, p.regs);
			break;
		case NFA_SPLIT:
			push_pending(m, &depth, n->y, p.regs);
			push_pending(m, &depth, n->x, p.regs);
			break;
		case NFA_SAVE:
			if (m->ntags)
				p.regs[n->arg] = POS;
			push_pending(m, &depth, n->x, p.regs);
			break;
		case NFA_BEGIN:
			if (where.begin)
				push_pending(m, &depth, n->x, p.regs);
			break;
		case NFA_END:
			if (where.end)
				push_pending(m, &depth, n->x, p.regs);
			else
				push_thread(m, p.node, rank, p.regs);
			break;
		}
	}
}

/* A thread that starts here. */
static void follow_start(struct machine *m, struct place where)
{
	uint32_t rank = m->nlist ? m->list[m->nlist - 1].rank + 1U : 0;
	uint8_t regs[TAGS_MAX];

	memset(regs, UNSET, sizeof(regs));
	if (m->ntags)
		regs[0] = POS;
	follow(m, m->nfa->start, m->ntags ? rank : 0, where, regs);
}

static void new_list(struct machine *m)
{
	m->nlist = 0;
	m->round++;
}

/* ---- commands ---- */

/* The list's number; pairs: n of { dst, src }. */
static uint32_t commands(struct machine *m, const uint8_t *pairs, uint32_t n)
{
	struct str key = { (const char *)pairs, 2 * n };
	void *known;
	uint32_t first = m->cmds.n;

	if (!n)
		return 0;
	if (2 * n >= DFA_RUN_MAX)
		m->work = WORK_MAX;
	known = map_find(&m->by_cmds, key);
	if (known)
		return (uint32_t)(uintptr_t)known;
	for (uint32_t i = 0; i < 2 * n; i++)
		vec_push(m->a, &m->cmds, pairs[i]);
	vec_push(m->a, &m->cmds, DFA_END);
	vec_push(m->a, &m->cmds, DFA_END);
	map_set(&m->by_cmds, arena_str(m->a, key), (void *)(uintptr_t)first);
	return first;
}

/* Is register r the source of a move that is still to be made? */
static bool is_source(const uint8_t *from, const bool *done, uint32_t n,
		      uint32_t r)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!done[i] && from[i] == r)
			return true;
	}
	return false;
}

/* Register i = from[i], for all i at once, as moves one after another; temp
 * is a register that neither side has. */
static uint32_t assignment(struct machine *m, const uint8_t *from, uint32_t n,
			   uint32_t temp)
{
	uint8_t source[DFA_REGS_MAX], pairs[4 * DFA_REGS_MAX];
	bool done[DFA_REGS_MAX];
	uint32_t left = 0, npairs = 0;

	memcpy(source, from, n);
	for (uint32_t i = 0; i < n; i++) {
		done[i] = from[i] == i;
		left += !done[i];
	}
	while (left) {
		uint32_t i = 0, first = n;

		for (; i < n; i++) {
			if (done[i])
				continue;
			first = first == n ? i : first;
			if (!is_source(source, done, n, i))
				break;
		}
		if (i == n) {
			/* Only cycles: the first one's old value is kept
			 * aside, so that it can be written. */
			pairs[2 * npairs] = (uint8_t)temp;
			pairs[2 * npairs++ + 1] = (uint8_t)first;
			for (uint32_t k = 0; k < n; k++) {
				if (!done[k] && source[k] == first)
					source[k] = (uint8_t)temp;
			}
			if (m->nregs <= temp)
				m->nregs = temp + 1;
			i = first;
		}
		pairs[2 * npairs] = (uint8_t)i;
		pairs[2 * npairs++ + 1] = source[i];
		done[i] = true;
		left--;
	}
	return commands(m, pairs, npairs);
}

/* ---- states ---- */

static bool is_match(const struct machine *m, const struct thread *t)
{
	return m->nfa->nodes.v[t->node].op == NFA_MATCH;
}

/* Once something has matched, later starts are of no use; without groups
 * nothing else is either.  True = something has. */
static bool cut(struct machine *m)
{
	for (uint32_t i = 0; i < m->nlist; i++) {
		uint32_t n = i + 1, rank = m->list[i].rank;

		if (!is_match(m, &m->list[i]))
			continue;
		if (!m->ntags) {
			m->list[0] = m->list[i];
			m->nlist = 1;
			return true;
		}
		while (n < m->nlist && m->list[n].rank == rank)
			n++;
		m->nlist = n;
		return true;
	}
	return false;
}

static int by_node(const void *pa, const void *pb)
{
	const struct thread *a = pa, *b = pb;

	return (a->node > b->node) - (a->node < b->node);
}

/* Ranks without gaps, registers by their first use: from[i] = what new
 * register i was.  Returns the number of registers, or too many. */
static uint32_t canonize(struct machine *m, uint8_t *from)
{
	uint32_t nregs = 0, rank = 0, last = 0;
	uint8_t now[256];

	memset(now, UNSET, sizeof(now));
	if (!m->ntags && m->nlist)
		qsort(m->list, m->nlist, sizeof(*m->list), by_node);
	for (uint32_t i = 0; i < m->nlist; i++) {
		struct thread *t = &m->list[i];

		rank += i && t->rank != last;
		last = t->rank;
		t->rank = (uint16_t)rank;
		for (uint32_t k = 0; k < m->ntags; k++) {
			uint8_t v = t->regs[k];

			if (v == UNSET)
				continue;
			if (now[v] == UNSET) {
				if (nregs >= DFA_REGS_MAX - 1)
					return DFA_REGS_MAX;
				from[nregs] = v;
				now[v] = (uint8_t)nregs++;
			}
			t->regs[k] = now[v];
		}
	}
	return nregs;
}

/* What tells the list from others; valid until the next call. */
static struct str list_key(struct machine *m, bool starts)
{
	m->key.len = 0;
	buf_char(&m->key, starts);
	for (uint32_t i = 0; i < m->nlist; i++) {
		const struct thread *t = &m->list[i];

		buf_add(&m->key, &t->node, sizeof(t->node));
		buf_add(&m->key, &t->rank, sizeof(t->rank));
		buf_add(&m->key, t->regs, m->ntags);
	}
	return buf_view(&m->key);
}

static uint32_t accept_commands(struct machine *m, const uint8_t *regs)
{
	uint8_t pairs[2 * TAGS_MAX];

	if (!m->ntags)
		return 1;
	for (uint32_t k = 0; k < m->ntags; k++) {
		pairs[2 * k] = (uint8_t)k;
		pairs[2 * k + 1] = k == 1 ? POS : regs[k];
	}
	return commands(m, pairs, m->ntags);
}

static uint32_t accept_here(struct machine *m, const struct state *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (is_match(m, &s->threads[i]))
			return accept_commands(m, s->threads[i].regs);
	}
	return 0;
}

static uint32_t accept_at_end(struct machine *m, const struct state *s)
{
	struct place end = { .end = true };

	new_list(m);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct thread *t = &s->threads[i];

		if (m->nfa->nodes.v[t->node].op != NFA_SET)
			follow(m, t->node, t->rank, end, t->regs);
		for (uint32_t k = 0; k < m->nlist; k++) {
			if (is_match(m, &m->list[k]))
				return accept_commands(m, m->list[k].regs);
		}
	}
	return 0;
}

/* The state that the list is, made if it is new; *cmds: what to run on the
 * way into it.  old: registers of the state that is left. */
static uint32_t state_of_list(struct machine *m, bool starts, uint32_t old,
			      uint32_t *cmds)
{
	uint8_t from[DFA_REGS_MAX];
	uint32_t nregs;
	struct state s = {};
	struct str key;
	void *known;

	*cmds = 0;
	if (cut(m))
		starts = false;
	if (!m->nlist && !starts)
		return 0;
	nregs = canonize(m, from);
	if (nregs >= DFA_REGS_MAX) {
		m->work = WORK_MAX;
		return 0;
	}
	if (m->nregs < nregs)
		m->nregs = nregs;
	*cmds = assignment(m, from, nregs, nregs > old ? nregs : old);
	key = list_key(m, starts);
	known = map_find(&m->by_key, key);
	if (known)
		return (uint32_t)(uintptr_t)known;
	key = arena_str(m->a, key);
	s.n = m->nlist;
	s.starts = starts;
	s.threads = arena_array(m->a, m->nlist, struct thread);
	memcpy(s.threads, m->list, m->nlist * sizeof(*m->list));
	m->nthreads += s.n;
	s.accept[0] = accept_here(m, &s);
	s.accept[1] = accept_at_end(m, &s);
	vec_push(m->a, &m->states, s);
	map_set(&m->by_key, key, (void *)(uintptr_t)(m->states.n - 1));
	return m->states.n - 1;
}

static uint32_t registers_of(const struct machine *m, const struct state *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		for (uint32_t k = 0; k < m->ntags; k++) {
			uint8_t r = s->threads[i].regs[k];

			if (r != UNSET && r >= n)
				n = r + 1U;
		}
	}
	return n;
}

static uint32_t transition(struct machine *m, uint32_t number, uint32_t class)
{
	struct state s = m->states.v[number];
	struct place inside = {};
	uint32_t cmds, to;

	if (!m->ntags && s.accept[0])
		return 0;
	new_list(m);
	for (uint32_t i = 0; i < s.n; i++) {
		const struct thread *t = &s.threads[i];
		const struct nfa_node *n = &m->nfa->nodes.v[t->node];

		if (n->op == NFA_SET &&
		    nfa_set_has(&m->nfa->sets.v[n->arg], m->sample[class]))
			follow(m, n->x, t->rank, inside, t->regs);
	}
	if (s.starts)
		follow_start(m, inside);
	to = state_of_list(m, s.starts, registers_of(m, &s), &cmds);
	return to | cmds << 16;
}

static bool is_too_large(const struct machine *m)
{
	return m->work >= WORK_MAX || m->states.n > DFA_STATES_MAX ||
	       m->cmds.n > UINT16_MAX || m->nthreads > THREADS_MAX ||
	       m->nregs > DFA_REGS_MAX ||
	       m->next.n > DFA_TABLE_MAX / 4;
}

/* ---- the table ---- */

static void put16(struct buf *b, uint32_t v)
{
	buf_char(b, (char)v);
	buf_char(b, (char)(v >> 8));
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v & 0xffff);
	put16(b, v >> 16);
}

static void write_table(const struct machine *m, uint32_t start,
			uint32_t start_cmds, struct buf *b)
{
	put16(b, m->states.n);
	put16(b, m->nclasses);
	put16(b, m->nregs);
	put16(b, m->ntags / 2);
	put16(b, start);
	put16(b, start_cmds);
	put32(b, m->cmds.n);
	buf_add(b, m->class, sizeof(m->class));
	for (uint32_t i = 0; i < m->next.n; i++)
		put32(b, m->next.v[i]);
	for (uint32_t i = 0; i < m->states.n; i++) {
		put16(b, m->states.v[i].accept[0]);
		put16(b, m->states.v[i].accept[1]);
	}
	buf_add(b, m->cmds.v, m->cmds.n);
}

/* Can a match start anywhere but at the beginning? */
static bool can_start_later(struct machine *m)
{
	struct place inside = {};

	new_list(m);
	follow_start(m, inside);
	return m->nlist;
}

static struct err *too_large(void)
{
	return err_new(ERR_LIMIT, "the regular expression needs too large a "
		       "table");
}

static struct err *build(struct machine *m, struct arena *a, struct str *ret)
{
	struct place begin = { .begin = true };
	bool starts = can_start_later(m);
	uint32_t start, start_cmds;
	struct buf b = {};

	vec_push(m->a, &m->states, (struct state){});
	vec_push(m->a, &m->cmds, DFA_END);
	vec_push(m->a, &m->cmds, DFA_END);
	new_list(m);
	follow_start(m, begin);
	start = state_of_list(m, starts, 0, &start_cmds);
	for (uint32_t s = 0; s < m->states.n; s++) {
		for (uint32_t c = 0; c < m->nclasses; c++) {
			uint32_t e = transition(m, s, c);

			vec_push(m->a, &m->next, e);
			if (is_too_large(m))
				return too_large();
		}
	}
	write_table(m, start, start_cmds, &b);
	if (b.len <= DFA_TABLE_MAX)
		*ret = arena_str(a, buf_view(&b));
	else
		m->work = WORK_MAX;
	buf_deinit(&b);
	return is_too_large(m) ? too_large() : NULL;
}

struct err *regex_table(const struct nfa *n, bool tags, struct arena *a,
			struct str *ret)
{
	struct machine m = { .nfa = n };
	struct arena scratch;
	struct err *e;

	arena_init(&scratch);
	m.a = &scratch;
	m.ntags = tags ? 2 * n->ngroups : 0;
	m.list = arena_array(m.a, n->nodes.n, struct thread);
	m.stack = arena_array(m.a, 2 * n->nodes.n + 2, struct pending);
	m.mark = arena_array(m.a, n->nodes.n, uint32_t);
	map_init(&m.by_key, m.a);
	map_init(&m.by_cmds, m.a);
	find_classes(&m);
	e = build(&m, a, ret);
	arena_deinit(&scratch);
	buf_deinit(&m.key);
	return e;
}
