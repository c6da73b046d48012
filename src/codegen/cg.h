/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the code generator share: the generation of an image
 * (struct cg) and of one kernel handler (struct cg_fn).
 *
 * Values.  A long of the IR is a virtual register; a constant is made where
 * it is used.  A string never is in a register: it is a place (struct
 * cg_str), known at compile time as a base and a distance, NUL-terminated,
 * of a known most length.  So no pointer lives anywhere but for the context
 * and the handler's scratch slot.
 *
 * Scratch.  A slot of a per-CPU array, claimed at the start of a handler that
 * needs one and freed on every way out:
 *
 *	 0  u64 1 = taken
 *	 8  u64 actions left (TICK)
 *	16  u64 the slot's own number among those of all CPUs
 *	24  u64 where a handler made of steps goes on (stepped.h)
 *	32  u64 its frame, by which the next step knows the slot
 *	40 .. variables of loops, strings, keys and values of arrays
 *	then a margin of MAXSTRINGLEN bytes: writes at a position that only
 *	the running code knows stay inside even as the verifier sees them
 *
 * Variables that a loop changes live there and not in registers: only so
 * does the verifier see a loop once, and not every turn of it.
 *
 * Errors.  What raises leaves { kind, operand, place } in a piece of the
 * stack and goes to the catch block or to the end of the handler.
 */
#ifndef CODEGEN_CG_H
#define CODEGEN_CG_H

#include "codegen/code.h"
#include "codegen/codegen.h"

#define CG_SCRATCH_TAKEN 0
#define CG_SCRATCH_ACTIONS 8
#define CG_SCRATCH_OWN 16
#define CG_SCRATCH_STATE 24
#define CG_SCRATCH_FRAME 32
#define CG_SCRATCH_FIRST 40

/* Bytes of stack that keys, values and records may take; larger ones are
 * built in scratch. */
#define CG_STACK_KEY 128
#define CG_STACK_VALUE 64
#define CG_STACK_CALLEES 160	/* left to the functions it calls */

#define CG_SCRATCH_SLOTS 4	/* of each CPU */
/* Of each CPU, for handlers that may wait for memory: as many as may wait at
 * once, and they are not in the way of the others. */
#define CG_WAIT_SLOTS 32

enum cg_base {
	CG_NOWHERE,
	CG_IN_SCRATCH,
	CG_IN_STACK,
	CG_IN_MAP,		/* the value of map `map` */
	CG_IN_REG,		/* at what `reg` points to */
};

struct cg_str {
	uint8_t base;		/* enum cg_base */
	bool is_temp;		/* its slot is free after the last use */
	bool is_padded;		/* zeros from its end to the next 8 bytes */
	uint16_t bound;		/* most bytes, without NUL */
	int32_t off;
	uint32_t map;
	cg_reg reg;
};

struct cg {
	struct arena *a;
	struct ir_program *p;
	struct image *img;
	const struct cg_options *o;
	uint32_t *host_func;	/* of the IR to of the image, or IMAGE_NONE */
	struct { uint64_t *key; uint32_t *v; uint32_t n, cap; } places;
	VEC(uint8_t) rodata;
	uint32_t rodata_map;	/* made by the first who needs it */
	uint32_t *string_off;	/* in rodata of each istr + 1, or 0 */
	uint32_t nstring_off;
	uint32_t error_table;	/* in rodata + 1, or 0 */
	uint32_t fills[2];	/* in rodata + 1: for sprintf */
	uint32_t escapes;	/* in rodata + 1, or 0: how bytes are quoted */
	uint32_t digits;	/* the same: their values as digits */
	uint32_t *dfa_off;	/* in rodata of each automaton + 1, or 0 */
	uint32_t scratch_size;	/* the most any handler needs */
	uint32_t wait_size;	/* the same, of those that may wait */
	uint32_t wait_map, iter_map, turns_map;	/* or IMAGE_NONE */
	uint32_t digests_map;	/* the same */
	uint32_t told_map;	/* the same */
	uint32_t family_map;	/* the same */
	uint32_t standins_map, marks_map;	/* the same */
	uint32_t nstandins;	/* programs that have them */
	uint32_t iter_size, niters;	/* the same, of foreach */
};

/* A variable of the handler. */
struct cg_var {
	cg_reg reg;		/* or NO_REG: in scratch at off */
	int32_t off;
	struct cg_str str;
	bool used;
	bool in_memory;		/* in scratch, since a loop changes it */
	bool needs_init;	/* may be read before it is written */
	bool is_saved;		/* by a function that calls itself */
	uint32_t from, to;	/* position of the first and the last block
				 * where it matters */
};

struct cg_val {
	cg_reg reg;
	uint32_t cell;		/* scratch, when stepped; or 0 */
	struct cg_str str;
	uint32_t uses;		/* how often it is read */
	uint32_t last;		/* index in its block of its last use there;
				 * UINT32_MAX: used in other blocks too */
	uint32_t at;		/* its own index in its block */
	uint32_t block;
	bool fused;		/* a comparison, made by the branch */
	bool late, on_stack;	/* a text: texts.c */
	bool to_key;		/* the same: part of a key */
	bool early;		/* a foreach: its place is made at the start */
};

/* The handler proper, while its steps are made (stepped.h). */
struct cg_outer {
	struct cg_code *c;
	cg_reg scratch;
	int16_t area;		/* stack */
	uint32_t function;	/* of the steps */
	cg_reg inner;		/* scratch there */
};

/* Where the task's element of a map is, from this block on: select_task.c */
struct cg_task {
	uint32_t map, block;
	cg_reg at;
};

/* A piece of scratch given to a string or other. */
struct cg_slot {
	uint32_t off, size;
};

struct cg_fn {
	struct cg *g;
	image_features features;	/* what code for it may use */
	const struct ir_func *f;
	const struct ir_probe *probe;
	uint32_t nprobe;
	struct cg_code *c;	/* the function being made */
	VEC(struct cg_code *) funcs;	/* of the program; [0] = handler */
	uint32_t routine[16];	/* enum rt to number in funcs, or 0 */
	cg_reg ctx, scratch;
	cg_reg fuel;		/* fuel.h; or NO_REG */
	struct cg_val *vals;
	struct cg_var *vars;
	cg_label *labels;	/* of blocks */
	bool *is_head;		/* blocks that a jump back leads to, or where a
				 * step begins for another reason */
	bool *in_loop;		/* blocks */
	uint32_t *depth;	/* of blocks: loops around them */
	uint32_t *loop;		/* of blocks: head of the outermost, IR_NONE */
	uint32_t *only_pred;	/* of blocks: the only one that leads to it,
				 * and comes before it; or IR_NONE */
	VEC(struct cg_task) tasks;
	bool *locked;	/* blocks: is the lock held when it begins */
	uint32_t *order, norder;	/* blocks, as they are laid out */
	uint32_t *position;	/* of each block in it */
	uint32_t block, at;	/* where selection is */
	bool is_locked;		/* there */
	bool can_sleep;		/* the program may be one that waits for memory
				 * of the task, */
	bool sleeps;		/* and does */
	bool has_loops, needs_scratch, counts_actions, raises_text;
	bool uses_lock, uses_token, uses_match, wants_groups, has_verdict,
		has_ustack_from;
	uint32_t niters;	/* operations that walk over an array */
	uint32_t iters_made;
	bool is_stepped;	/* the steps are being made */
	bool is_cut;		/* a step ends also where ways meet */
	bool by_tail;		/* they are a program that calls itself */
	uint32_t progs_map;	/* with it in it */
	/* So long that ways through it must not differ, to the verifier, in
	 * what was compared or chosen before: such values go through scratch,
	 * and are any number when they come back. */
	bool is_long;
	struct cg_outer outer;
	int32_t verdict;	/* scratch, if has_verdict */
	int32_t ustack_from;	/* the same, if has_ustack_from */
	int32_t error_slot;	/* scratch, when stepped */
	VEC(struct cg_slot) slots;
	uint32_t scratch_end;
	/* On the BPF stack; 0 = not used. */
	int16_t error_area, key_area, value_area;
	uint32_t key_area_size;	/* bytes */
	int16_t word_area;	/* cg_word()'s */
	int16_t text_area;	/* what loop_texts() tells its body */
	int16_t walk_area;	/* what a foreach tells its callback */
	int16_t irq_flags;	/* of bpf_local_irq_save() */
	/* In scratch; 0 = not used. */
	int32_t began;		/* when, for -t */
	int32_t error_text;	/* what error() was given */
	int32_t token_text, token_at;	/* tokenize()'s state */
	int32_t match_text, match_groups;	/* of the last =~ */
	/* The stack of functions that call themselves: select_save.c */
	int32_t save_stack, save_top;
	uint32_t save_size;	/* bytes */
	uint32_t points[3];	/* in rodata + 1: pp() of each site, and
				 * ppfunc(); or 0 */
	uint32_t standin;	/* a number, when it has stand-ins; or 0 */
	/* The ways to the end: `leave` when the handler is done, `fail` with an
	 * error, [1] where it holds the lock; `out` when there is nothing to
	 * give back. */
	cg_label leave[2], fail[2], out;
	bool fails[2];		/* is there a jump to fail[]? */
};

static inline bool cg_has(const struct cg_fn *fn, image_features bit)
{
	image_features has = fn->features & bit;

	fn->g->img->features |= has;	/* it is relied on from now on */
	return has != 0;
}

/* ---- tables: tables.c ---- */

/* The offset in rodata of bytes, aligned to `align`. */
uint32_t cg_rodata(struct cg *g, const void *data, uint32_t n,
		   uint32_t align);
struct cg_str cg_literal(struct cg *g, istr s);
uint32_t cg_place(struct cg *g, struct span span);
/* Maps of codegen's own, made when first asked for. */
uint32_t cg_rodata_map(struct cg *g);
uint32_t cg_data_map(struct cg *g);
uint32_t cg_control_map(struct cg *g);
uint32_t cg_scratch_map(struct cg *g);
uint32_t cg_wait_map(struct cg *g);
uint32_t cg_iter_map(struct cg *g);
uint32_t cg_stacks_map(struct cg *g);
/* Of which tasks a begin has been told: `number` is that of the probes. */
uint32_t cg_told_map(struct cg *g, uint32_t number);
uint32_t cg_family_map(struct cg *g);
/* What stands for a stack, by a digest of it. */
uint32_t cg_digests_map(struct cg *g);
/* The first of those of image/unwind.h. */
uint32_t cg_unwind_maps(struct cg *g);
uint32_t cg_ustacks_map(struct cg *g, uint32_t frames);
uint32_t cg_places_map(struct cg *g);
/* An array to walk over where there is no bpf_loop. */
uint32_t cg_turns_map(struct cg *g);
/* Of stand-ins: what they handled, of n programs so far; marks of tasks. */
uint32_t cg_standins_map(struct cg *g, uint32_t n);
uint32_t cg_marks_map(struct cg *g);
/* A new one, for a program that calls itself, or is called. */
uint32_t cg_progs_map(struct cg *g, const char *name);
/* The map of the perf counter of this name, with an entry for each CPU or one
 * for the task. */
uint32_t cg_perf_map(struct cg *g, istr name, bool of_task);
void cg_finish_maps(struct cg *g);

/* ---- host.c ---- */

/* Gives every host function its number in the image, then copies them. */
void cg_host(struct cg *g);

/* ---- select.c ---- */

/* The program of probe n's handler; its number in the image. */
uint32_t cg_select(struct cg *g, uint32_t n);

/* The register of a long, or of a constant made now. */
cg_reg cg_long(struct cg_fn *fn, ir_ref r);
bool cg_is_const(struct cg_fn *fn, ir_ref r, int64_t *ret);
void cg_set_long(struct cg_fn *fn, ir_ref r, cg_reg reg);

/* 1 or 0: does the comparison (BPF_JEQ ...) hold? */
cg_reg cg_truth(struct cg_fn *fn, uint8_t op, cg_reg v, int64_t imm);

/* 8 bytes of stack that nobody else uses between two instructions of IR. */
int16_t cg_word(struct cg_fn *fn);

/* ---- analyze.c ---- */

/* Looks the function over: order, uses, loops, what it needs. */
void cg_analyze(struct cg_fn *fn);

/* ---- frame.c: scratch, start and end of a handler ---- */

/* Starts a function of the program. */
struct cg_code *cg_func_new(struct cg_fn *fn);
void cg_frame_init(struct cg_fn *fn);
/* The number in the scratch map of this CPU's first slot. */
cg_reg cg_slots_first(struct cg_fn *fn);
/* Looks slot k of this CPU up: fn->scratch; to `none` when it is not there. */
void cg_slot_find(struct cg_fn *fn, int32_t k, cg_reg first, cg_label none);
uint32_t cg_slot(struct cg_fn *fn, uint32_t size);
void cg_slot_free(struct cg_fn *fn, uint32_t off);
/* Address in scratch, in a fresh register. */
cg_reg cg_scratch_addr(struct cg_fn *fn, int32_t off);
void cg_prologue(struct cg_fn *fn);
/* Its begin: fn->ctx; leaves where the session does not run. */
void cg_enter(struct cg_fn *fn);
/* Calls the program in fn->progs_map; comes back if it can't. */
void cg_tail_call(struct cg_fn *fn);
/* *(at + off) = max(*(at + off), v), unsigned. */
void cg_maximize(struct cg_fn *fn, cg_reg at, int32_t off, cg_reg v);
/* Texts that begin to matter, or matter no more, with the block at this
 * position: their places in scratch. */
void cg_texts_begin(struct cg_fn *fn, uint32_t position);
void cg_texts_end(struct cg_fn *fn, uint32_t position);
void cg_epilogue(struct cg_fn *fn);
/* Returns to the kernel. */
void cg_exit_code(struct cg_fn *fn);
/* Counts a loss of this probe. */
void cg_loss(struct cg_fn *fn, enum image_loss l);

/* Raises: error kind with operand (NO_REG = none) at the place at hand. */
void cg_raise(struct cg_fn *fn, enum image_error e, cg_reg operand);
void cg_raise_text(struct cg_fn *fn, struct cg_str text);
void cg_catch_msg(struct cg_fn *fn, ir_ref r);
void cg_exit(struct cg_fn *fn);
/* Asks the host for tables to unwind a process with. */
void cg_ask_space(struct cg_fn *fn, cg_reg tgid);
/* Globals of conditions have changed: tells the host. */
void cg_cond(struct cg_fn *fn);

/* Ends the handler from here, as NEXT does. */
void cg_leave(struct cg_fn *fn);

/* Jumps back to a block, or goes to `enough` when the kernel has had enough of
 * such jumps. */
void cg_turn(struct cg_fn *fn, uint32_t block, cg_label enough);

/* ---- strings: select_str.c ---- */

/* The place of a string value; a place for a new one. */
struct cg_str cg_string(struct cg_fn *fn, ir_ref r);
struct cg_str cg_new_string(struct cg_fn *fn, ir_ref r);
struct cg_str cg_scratch_str(int32_t off, uint16_t bound);
/* Its address in a fresh register. */
cg_reg cg_str_addr(struct cg_fn *fn, struct cg_str s);
void cg_str_copy(struct cg_fn *fn, struct cg_str dst, struct cg_str src);
void cg_str_clear(struct cg_fn *fn, struct cg_str dst);
/* Copies, cut to `cap` bytes with NUL; gives the length with the NUL, which
 * the verifier knows to be 1 .. cap. */
cg_reg cg_str_put(struct cg_fn *fn, cg_reg dst, uint32_t cap,
		  struct cg_str src);
/* Appends at position pos (at most dst.bound); gives the new end. */
cg_reg cg_str_append(struct cg_fn *fn, struct cg_str dst, cg_reg pos,
		     struct cg_str src);
/* dst = n bytes of src from start on, at most; n changes. */
void cg_str_part(struct cg_fn *fn, struct cg_str dst, struct cg_str src,
		 cg_reg start, cg_reg n);
/* dst = src with what is not printable escaped as in C; its length.  dst has
 * room for 8 bytes more than its bound. */
cg_reg cg_escape(struct cg_fn *fn, struct cg_str dst, struct cg_str src);
/* Writes " 0x" and x in hexadecimal at position pos of dst. */
void cg_put_hex(struct cg_fn *fn, struct cg_str dst, cg_reg pos, cg_reg x);

/* ---- where texts are made: texts.c ---- */

/* Decides it for each: after uses have been counted. */
void cg_place_texts(struct cg_fn *fn);
struct cg_str cg_text_on_stack(struct cg_fn *fn, ir_ref r);
/* Text r to dst: copied, or made there.  What is behind it in dst stays as it
 * is; where cg_text_is_words(), all of dst is written. */
void cg_text_put(struct cg_fn *fn, ir_ref r, struct cg_str dst);
bool cg_text_is_words(struct cg_fn *fn, ir_ref r, uint32_t bound);
void cg_load_text(struct cg_fn *fn, ir_ref r, struct cg_str dst);
void cg_intrin_text(struct cg_fn *fn, ir_ref r, struct cg_str dst);

/* ---- filter.c ---- */

/* Leaves when the probe's site is not about this task. */
void cg_filter(struct cg_fn *fn);
/* The current process and thread; programs for packets have no helper for it
 * on all kernels. */
/* The offset of a member of a struct of the kernel's, and its bytes; false =
 * this kernel has no such thing. */
bool cg_find_member(struct cg_fn *fn, const char *type, const char *member,
		    uint32_t *off, uint32_t *size);
/* The same of one that may be a struct itself. */
bool cg_find_place(struct cg_fn *fn, const char *type, const char *member,
		   uint32_t *off, uint32_t *size);
cg_reg cg_pid_tgid(struct cg_fn *fn);
/* To `is` when the task is a thread of the kernel. */
void cg_if_kthread(struct cg_fn *fn, cg_label is);
cg_reg cg_uid_gid(struct cg_fn *fn);
cg_reg cg_current(struct cg_fn *fn);
/* May "the task" only be found by what programs know of it?  That of a probe
 * of existing tasks is not the one that runs the program, and programs for
 * packets may call little. */
bool cg_is_apart(const struct cg_fn *fn);
/* Is the task another one than that which runs the program? */
bool cg_is_visited(const struct cg_fn *fn);
/* The visited task as a pointer that helpers take; to `none` if there is
 * none. */
void cg_visited(struct cg_fn *fn, cg_reg to, cg_label none);
/* The member of the struct of the kernel that `base` points to, 0 when it
 * cannot be read; NO_REG when there is no such member. */
cg_reg cg_member_of(struct cg_fn *fn, cg_reg base, const char *type,
		    const char *name);
void cg_comm(struct cg_fn *fn, struct cg_str dst);

/* ---- memory of the whole handler: select_match.c, select_save.c ---- */

void cg_match_init(struct cg_fn *fn);
void cg_save_init(struct cg_fn *fn);

/* ---- one operation each: select_*.c ---- */

/* What stands at base + off in the kernel's memory, 0 where nothing is: one
 * instruction that cannot fail.  Only where the kernel has FEATURE_PEEK. */
cg_reg cg_peek(struct cg_fn *fn, cg_reg base, int64_t off, uint32_t size);
/* The address to read at, for more than one. */
cg_reg cg_peek_base(struct cg_fn *fn, cg_reg base);

/* Is the context of a system call's probe one of types, so that registers are
 * read as they are, without a test of the address? */
bool cg_has_typed_regs(const struct cg_fn *fn);

/* The base of cg_peek() for the registers of the call. */
cg_reg cg_regs(struct cg_fn *fn);

/* Can code here wait, for a page of the task or for the host?  Not while others
 * wait for the lock, and not in what a helper of the kernel calls. */
bool cg_may_wait(struct cg_fn *fn);

/* Text at address `at` of kernel or user memory (aux = enum load_as), at most
 * `max` bytes; a fault raises. */
void cg_read_text(struct cg_fn *fn, struct cg_str dst, cg_reg at, ir_ref max,
		  uint32_t aux);

void cg_lock(struct cg_fn *fn);
void cg_unlock(struct cg_fn *fn);
/* If this CPU has it. */
void cg_unlock_own(struct cg_fn *fn);
void cg_save(struct cg_fn *fn, ir_ref r);
void cg_restore(struct cg_fn *fn, ir_ref r);
void cg_str(struct cg_fn *fn, ir_ref r);
void cg_str_compare(struct cg_fn *fn, ir_ref r);
void cg_str_cat(struct cg_fn *fn, ir_ref r);
void cg_str_fmt(struct cg_fn *fn, ir_ref r);
void cg_gget(struct cg_fn *fn, ir_ref r);
void cg_gset(struct cg_fn *fn, ir_ref r);
void cg_gadd(struct cg_fn *fn, ir_ref r);
void cg_gnext(struct cg_fn *fn, ir_ref r);
void cg_aget(struct cg_fn *fn, ir_ref r);
void cg_aset(struct cg_fn *fn, ir_ref r);
void cg_aadd(struct cg_fn *fn, ir_ref r);
void cg_ahas(struct cg_fn *fn, ir_ref r);
void cg_adel(struct cg_fn *fn, ir_ref r);
void cg_task_get(struct cg_fn *fn, ir_ref r);
void cg_task_has(struct cg_fn *fn, ir_ref r);
void cg_task_change(struct cg_fn *fn, ir_ref r, bool add);
void cg_task_delete(struct cg_fn *fn, ir_ref r);
void cg_stat_add(struct cg_fn *fn, ir_ref r);
void cg_stat_get(struct cg_fn *fn, ir_ref r);
void cg_hist_take(struct cg_fn *fn, ir_ref r);
void cg_stat_clear(struct cg_fn *fn, ir_ref r);
void cg_iters_begin(struct cg_fn *fn);
void cg_iter_new(struct cg_fn *fn, ir_ref r);
void cg_iter_next(struct cg_fn *fn, ir_ref r);
void cg_iter_key(struct cg_fn *fn, ir_ref r);
void cg_iter_value(struct cg_fn *fn, ir_ref r);
void cg_iter_stat(struct cg_fn *fn, ir_ref r);
void cg_iter_end(struct cg_fn *fn, ir_ref r);
void cg_emit(struct cg_fn *fn, ir_ref r);
void cg_intrin(struct cg_fn *fn, ir_ref r);
void cg_ctx_word(struct cg_fn *fn, ir_ref r);
void cg_access(struct cg_fn *fn, ir_ref r);

/* ---- which site was hit: select_site.c ---- */

void cg_point(struct cg_fn *fn, ir_ref r);
void cg_point_func(struct cg_fn *fn, ir_ref r);
void cg_point_mark(struct cg_fn *fn, ir_ref r);
void cg_point_name(struct cg_fn *fn, ir_ref r);
/* Stores who emits a record: see image_origin(). */
void cg_put_origin(struct cg_fn *fn, cg_reg rec, int32_t off);
void cg_perf_read(struct cg_fn *fn, ir_ref r);
void cg_load(struct cg_fn *fn, ir_ref r);
void cg_load_str(struct cg_fn *fn, ir_ref r);
void cg_store(struct cg_fn *fn, ir_ref r);
void cg_match(struct cg_fn *fn, ir_ref r);
/* Is code made for its automaton, and no table?  select_dfa.c */
bool cg_match_is_direct(struct cg_fn *fn, const struct ir_insn *i);
void cg_match_direct(struct cg_fn *fn, ir_ref r);

/* Intrinsics on strings: select_text.c; on matches: select_match.c. */
void cg_strlen(struct cg_fn *fn, ir_ref r, ir_ref a);
void cg_substr(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b, ir_ref c);
void cg_byte(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b);
void cg_char(struct cg_fn *fn, ir_ref r, ir_ref a);
void cg_strpos(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b);
void cg_strtol(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b);
void cg_quoted(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b, ir_ref c);
void cg_token(struct cg_fn *fn, ir_ref r, ir_ref a, ir_ref b);
void cg_matched(struct cg_fn *fn, ir_ref r, ir_ref a);
void cg_ngroups(struct cg_fn *fn, ir_ref r);

/* The stack of the process: select_ustack.c. */
void cg_ustack(struct cg_fn *fn, ir_ref r, ir_ref n, ir_ref as);
void cg_ustack_at(struct cg_fn *fn, ir_ref r, ir_ref n);
/* What is at an address, as a key. */
void cg_place_text(struct cg_fn *fn, ir_ref r, ir_ref as, ir_ref addr);
/* The next walk begins there. */
void cg_ustack_from(struct cg_fn *fn, ir_ref pc, ir_ref sp, ir_ref fp);

/* A stack's number: of the key in scratch, in a map whose values are `words`
 * words that lie behind it, the number first (not given).  To `lost` when the
 * map is full. */
cg_reg cg_stack_number(struct cg_fn *fn, uint32_t map, struct cg_str key,
		       uint32_t key_size, enum stack_as as, cg_label lost);
/* dst = the string that stands for a stack, to be shown as the operand says. */
void cg_stack_put(struct cg_fn *fn, struct cg_str dst, cg_reg number,
		  ir_ref as);
/* Behind it: `lost` counts the stack as lost, both go on at `end`. */
void cg_stack_end(struct cg_fn *fn, cg_label lost, cg_label end);

/* The kernel's stack: select_stack.c. */
void cg_stack(struct cg_fn *fn, ir_ref r, ir_ref n, ir_ref as);
void cg_stack_at(struct cg_fn *fn, ir_ref r, ir_ref n);

/* Do the keys and values of a global, or the record of an EMIT, need
 * scratch? */
bool cg_big_global(const struct image *img, const struct image_global *g);
/* Does an operation on an array name more than one element? */
bool cg_is_slice(const struct cg_fn *fn, const struct ir_insn *i);
bool cg_big_record(const struct cg_fn *fn, const struct ir_insn *i);

#endif
