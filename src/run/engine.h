/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host engine's inside: what host.c (control), eval*.c (operations) and
 * intrinsic*.c share.  A frame per function call; the value of instruction i
 * in slot i of the frame; strings in buffers of MAXSTRINGLEN that each
 * instruction with a string result owns.  Nothing is allocated while a
 * handler runs but frames of deeper calls and snapshots of arrays.
 */
#ifndef RUN_ENGINE_H
#define RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "image/dfa.h"
#include "image/image.h"
#include "run/output.h"
#include "run/snapshot.h"
#include "run/store.h"
#include "run/value.h"

struct fold;
struct kallsyms;
struct kmem;
struct stacks;
struct stacks_user;
struct usymbols;
struct world;

/* A foreach that runs, or has run in a frame that is still there. */
struct iteration {
	const struct image_iter *spec;
	struct snapshot *sn;		/* NULL = free */
	uint32_t at, end;		/* entries seen, to be seen: at - 1 is
					 * the current one */
	bool has_written;		/* the handler has changed the array */
};

struct frame {
	struct frame *up;
	const struct image_func *func;
	uint32_t block, at;		/* the instruction that runs: its
					 * block, its place in it */
	uint32_t first_iter;		/* iterations from here on are ours */
	struct value *slots, *vars;
	char *strings;
};

/* Of the last =~ that matched, for matched(). */
struct match_state {
	struct buf text;
	struct dfa_groups groups;
};

/* What tokenize() goes through, and how far it is. */
struct token_state {
	struct buf text;
	uint32_t at;
};

struct host {
	const struct image *img;
	struct store *store;
	struct output *out;
	struct world *world;
	struct kallsyms *kallsyms;	/* when first asked for */
	struct codelines *codelines;	/* the same */
	struct kmem *kmem;		/* the same */
	const char *debuginfo;		/* where it looks first, or NULL */
	struct stacks *stacks;
	struct fold *fold;
	struct usymbols *usymbols;	/* or NULL: nobody asks */
	bool said_hidden;		/* warned that the kernel hides its
					 * addresses */
	uint32_t strcap;		/* MAXSTRINGLEN */
	uint32_t max_depth;

	/* Of each instruction, and of each variable: its string buffer in
	 * the frame, or IMAGE_NONE; of each function: how many. */
	uint32_t *insn_string, *var_string, *func_strings;

	/* The call that runs. */
	uint32_t probe;
	const struct image_site *site;	/* of it, or NULL */
	struct frame *frame;
	uint32_t depth;
	int64_t actions, jumps;		/* left */
	bool locked;
	bool lock_stays;	/* LOCK around one operation found it held */
	struct run_error error;		/* the last raised */
	struct buf error_text;
	struct value ret;
	struct buf ret_text;

	struct chunk *stack;
	size_t stack_bytes;		/* in use, of all frames */
	struct iteration *iters;
	uint32_t niters, iters_cap;
	struct value *list;		/* room for any argument list */
	struct buf text;		/* being made */
	struct buf buckets;		/* of a histogram that a handler of the
					 * kernel took */
	struct match_state match;
	struct token_state token;
	bool cond_changed;
	struct buf *value;	/* $value of a procfs probe, or NULL */
	uint32_t value_max;	/* its most bytes */
	const char *name;	/* of the session */
	struct speculations *speculations;	/* when first asked for */
};

enum step {
	STEP_ON,		/* to the next instruction */
	STEP_GO,		/* frame or block has changed */
	STEP_RAISE,		/* h->error says what */
	STEP_LEAVE,		/* the handler ends */
	STEP_SKIP,		/* the lock was not to be had */
};

/* Operands. */
static inline int64_t host_long(const struct host *h, uint32_t insn)
{
	return h->frame->slots[insn].l;
}

static inline struct str host_str(const struct host *h, uint32_t insn)
{
	return h->frame->slots[insn].s;
}

/* A string operand as people see it: with the text of stacks. */
struct str host_text(const struct host *h, uint32_t insn);

const struct image_insn *host_insn(const struct host *h, uint32_t insn);

/* The operand list of an instruction as values, in h->list; IMAGE_NONE gives
 * IT_VOID. */
const struct value *host_list(struct host *h, const struct image_insn *i);

/* The same as keys of a global: those that stand for them (run/fold). */
const struct value *host_keys(struct host *h, const struct image_insn *i);

/* The same, stacks as text. */
const struct value *host_texts(struct host *h, const struct image_insn *i);

/* Results: of the instruction that runs. */
void host_set_long(struct host *h, int64_t l);
/* Copies, cut at MAXSTRINGLEN - 1. */
void host_set_str(struct host *h, struct str s);

/* The lock of the globals: taken (false: counted as a loss), given back. */
bool host_lock(struct host *h);
void host_unlock(struct host *h);

enum step host_raise(struct host *h, enum image_error kind);
enum step host_raise_text(struct host *h, enum image_error kind,
			  struct str text);

/* An operation; image_check() has looked at its operands. */
typedef enum step (*eval_fn)(struct host *h, const struct image_insn *i);

enum step eval_const(struct host *h, const struct image_insn *i);
enum step eval_access(struct host *h, const struct image_insn *i);
enum step eval_unary(struct host *h, const struct image_insn *i);
enum step eval_binary(struct host *h, const struct image_insn *i);
enum step eval_divide(struct host *h, const struct image_insn *i);
enum step eval_bits(struct host *h, const struct image_insn *i);
enum step eval_load(struct host *h, const struct image_insn *i);
enum step eval_load_str(struct host *h, const struct image_insn *i);
enum step eval_str(struct host *h, const struct image_insn *i);
enum step eval_str_eq(struct host *h, const struct image_insn *i);
enum step eval_str_cmp(struct host *h, const struct image_insn *i);
enum step eval_str_cat(struct host *h, const struct image_insn *i);
enum step eval_str_fmt(struct host *h, const struct image_insn *i);
enum step eval_match(struct host *h, const struct image_insn *i);

enum step eval_read(struct host *h, const struct image_insn *i);
enum step eval_write(struct host *h, const struct image_insn *i);
enum step eval_add(struct host *h, const struct image_insn *i);
enum step eval_has(struct host *h, const struct image_insn *i);
enum step eval_delete(struct host *h, const struct image_insn *i);
enum step eval_stat_add(struct host *h, const struct image_insn *i);
enum step eval_stat_get(struct host *h, const struct image_insn *i);
enum step eval_stat_clear(struct host *h, const struct image_insn *i);

enum step eval_iter_new(struct host *h, const struct image_insn *i);
enum step eval_iter_next(struct host *h, const struct image_insn *i);
enum step eval_iter_key(struct host *h, const struct image_insn *i);
enum step eval_iter_value(struct host *h, const struct image_insn *i);
enum step eval_iter_stat(struct host *h, const struct image_insn *i);
enum step eval_iter_end(struct host *h, const struct image_insn *i);
enum step eval_hist(struct host *h, const struct image_insn *i);

/* A stacks_write_fn: data is the host. */
void symbols_write_stack(void *data, struct str addresses, enum stack_as as,
			 struct buf *to);

/* Where the code at an address of the kernel is from; the address as text when
 * that is not known. */
void symbols_write_code(struct host *h, uint64_t addr, enum code_what what,
			struct buf *to);

/* Cuts the next address off a text of them; false = there is no more. */
bool symbols_next_address(struct str *rest, uint64_t *ret);

/* A stacks_write_user_fn: the same. */
void usym_write_stack(void *data, const struct stacks_user *u,
		      enum stack_as as, struct buf *to);

enum step intrinsic_run(struct host *h, const struct image_insn *i);

/* The handler has changed an array: what it deletes from now on is not just
 * what it has seen. */
void iter_note_write(struct host *h, uint32_t global);
/* The snapshot that `delete array` may drain, or NULL. */
const struct snapshot *iter_drainable(const struct host *h, uint32_t global);
/* The value, as a map has it, of the entry that a foreach is at, if that has
 * these keys: what a handler reads there is what it saw.  Or NULL. */
const uint8_t *iter_current(const struct host *h, uint32_t global,
			    const struct value *keys);
/* Frees the iterations from `first` on. */
void iter_drop(struct host *h, uint32_t first);
/* Iteration `number` (from 1), while it is at an entry; else NULL. */
const struct iteration *iter_at(const struct host *h, int64_t number);

#endif
