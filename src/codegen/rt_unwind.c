/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From frame to frame of a process's stack, by the tables of image/unwind.h.
 * All that changes from turn to turn is in memory, so that the verifier sees a
 * turn once.
 */
#include <stddef.h>

#include "codegen/return.h"
#include "codegen/rt.h"
#include "codegen/unwind.h"
#include "image/unwind.h"

#define ARGS 2		/* of a turn: the walk, frames that there is room for */

static cg_reg get(struct cg_code *c, cg_reg walk, int32_t off)
{
	return code_ld(c, walk, off, 8);
}

static void put(struct cg_code *c, cg_reg walk, int32_t off, cg_reg v)
{
	code_store(c, walk, off, v, 8);
}

static void puti(struct cg_code *c, cg_reg walk, int32_t off, int32_t v)
{
	code_storei(c, walk, off, v, 8);
}

/* Eight bytes of the process at address `at` to the walk; to `fault`. */
static void read_user(struct cg_code *c, cg_reg walk, int32_t to, cg_reg at,
		      cg_label fault)
{
	code_mov(c, R1, walk);
	code_alui(c, BPF_ADD, R1, to);
	code_movi(c, R2, 8);
	code_mov(c, R3, at);
	code_call(c, HELPER_probe_read_user);
	code_ifi(c, BPF_JNE, code_result(c), 0, fault);
}

/* base + bytes * (v & mask), in the value of a map. */
static cg_reg element(struct cg_code *c, cg_reg base, cg_reg v, uint32_t mask,
		      uint32_t bytes)
{
	cg_reg at = code_copy(c, base), i = code_copy(c, v);

	code_alui(c, BPF_AND, i, mask);
	code_alui(c, BPF_MUL, i, bytes);
	code_alu(c, BPF_ADD, at, i);
	return at;
}

/* The middle of low and high; when they meet, out. */
static cg_reg middle(struct cg_code *c, cg_reg walk, cg_label done)
{
	cg_reg low = get(c, walk, WALK_LOW), high = get(c, walk, WALK_HIGH);
	cg_reg mid = code_copy(c, low);

	code_if(c, BPF_JGE, low, high, done);
	code_alu(c, BPF_ADD, mid, high);
	code_alui(c, BPF_RSH, mid, 1);
	return mid;
}

/* low = mid + 1 if start <= what is looked for, else high = mid. */
static void halve(struct cg_code *c, cg_reg walk, cg_reg mid, cg_reg start)
{
	cg_label above = code_label(c), end = code_label(c);

	code_if(c, BPF_JGT, start, get(c, walk, WALK_WANTED), above);
	put(c, walk, WALK_LOW, code_addi(c, mid, 1));
	code_jmp(c, end);
	code_place_label(c, above);
	put(c, walk, WALK_HIGH, mid);
	code_place_label(c, end);
}

/* args: walk, mappings */
static void mapping_turn(struct cg_fn *fn, struct cg_code *c,
			 const cg_reg *arg, cg_label done)
{
	cg_reg mid = middle(c, arg[0], done);
	cg_reg at = element(c, arg[1], mid, UNWIND_MAPPINGS_MAX - 1,
			    sizeof(struct unwind_mapping));

	(void)fn;
	halve(c, arg[0], mid, code_ld(c, at, 0, 8));
}

/* args: walk, rows */
static void row_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		     cg_label done)
{
	cg_reg mid = middle(c, arg[0], done);
	cg_reg at = element(c, arg[1], mid, UNWIND_CHUNK_ROWS - 1, 8);

	(void)fn;
	halve(c, arg[0], mid, code_ld(c, at, 4, 4));
}

/* The mapping that the pc is in; to `none`. */
static cg_reg find_mapping(struct cg_fn *fn, struct cg_code *c, cg_reg walk,
			   cg_label none)
{
	uint32_t map = cg_unwind_maps(fn->g) + UNWIND_MAPPINGS;
	cg_reg first = get(c, walk, WALK_FIRST), args[2], last, at;
	cg_reg high = code_copy(c, first);

	put(c, walk, WALK_LOW, first);
	code_alu(c, BPF_ADD, high, get(c, walk, WALK_COUNT));
	put(c, walk, WALK_HIGH, high);
	args[0] = walk;
	args[1] = code_map_value(c, map, 0);
	rt_turns(fn, c, args, 2, code_const(c, 17), mapping_turn);
	last = get(c, walk, WALK_LOW);
	code_if(c, BPF_JLE, last, get(c, walk, WALK_FIRST), none);
	code_alui(c, BPF_SUB, last, 1);
	at = element(c, code_map_value(c, map, 0), last,
		     UNWIND_MAPPINGS_MAX - 1, sizeof(struct unwind_mapping));
	code_if(c, BPF_JGE, get(c, walk, WALK_WANTED),
		code_ld(c, at, offsetof(struct unwind_mapping, end), 8), none);
	return at;
}

/* The rows of a chunk; to `none`. */
static cg_reg find_chunk(struct cg_fn *fn, struct cg_code *c, cg_reg number,
			 cg_label none)
{
	int16_t key = code_stack(c, 8);
	cg_reg map;

	code_store(c, R10, key, number, 4);
	code_map(c, R1, cg_unwind_maps(fn->g) + UNWIND_ROWS);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, key);
	code_call(c, HELPER_map_lookup_elem);
	map = code_result(c);
	code_ifi(c, BPF_JEQ, map, 0, none);
	code_storei(c, R10, key, 0, 4);
	code_mov(c, R1, map);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, key);
	code_call(c, HELPER_map_lookup_elem);
	map = code_result(c);
	code_ifi(c, BPF_JEQ, map, 0, none);
	return map;
}

/* The rule for the pc, which is in mapping m; to `none`. */
static cg_reg find_rule(struct cg_fn *fn, struct cg_code *c, cg_reg walk,
			cg_reg m, cg_label none)
{
	cg_reg args[2], v, at;

	v = get(c, walk, WALK_WANTED);
	code_alu(c, BPF_SUB, v,
		 code_ld(c, m, offsetof(struct unwind_mapping, bias), 8));
	put(c, walk, WALK_WANTED, v);
	v = code_ld(c, m, offsetof(struct unwind_mapping, first), 2);
	put(c, walk, WALK_LOW, v);
	put(c, walk, WALK_ROW, v);
	v = code_ld(c, m, offsetof(struct unwind_mapping, last), 2);
	code_alui(c, BPF_ADD, v, 1);
	put(c, walk, WALK_HIGH, v);
	args[0] = walk;
	args[1] = find_chunk(fn, c,
			     code_ld(c, m, offsetof(struct unwind_mapping,
						    chunk), 4), none);
	rt_turns(fn, c, args, 2, code_const(c, 17), row_turn);
	v = get(c, walk, WALK_LOW);
	code_if(c, BPF_JLE, v, get(c, walk, WALK_ROW), none);
	code_alui(c, BPF_SUB, v, 1);
	at = element(c, args[1], v, UNWIND_CHUNK_ROWS - 1, 8);
	v = code_ld(c, at, 0, 4);
	code_ifi(c, BPF_JEQ, v, 0, none);
	return element(c, code_map_value(c, cg_unwind_maps(fn->g) +
					 UNWIND_RULES, 0), v,
		       UNWIND_RULES_MAX - 1, sizeof(struct unwind_rule));
}

/* v, an offset of a rule, with its sign. */
static cg_reg offset(struct cg_code *c, cg_reg rule, int32_t at)
{
	cg_reg v = code_ld(c, rule, at, 4);

	code_alui(c, BPF_LSH, v, 32);
	code_alui(c, BPF_ARSH, v, 32);
	return v;
}

#define RULE(field) offsetof(struct unwind_rule, field)

/* What the entry of a PLT has pushed: 8, or nothing yet. */
static void add_plt(struct cg_code *c, cg_reg walk, cg_reg rule, cg_reg cfa)
{
	cg_reg pc = get(c, walk, WALK_PC);
	cg_label done = code_label(c);

	code_mov(c, cfa, get(c, walk, WALK_SP));
	code_alui(c, BPF_ADD, cfa, 8);
	code_alui(c, BPF_AND, pc, 15);
	code_if(c, BPF_JLT, pc, offset(c, rule, RULE(cfa)), done);
	code_alui(c, BPF_ADD, cfa, 8);
	code_place_label(c, done);
}

/* The canonical frame address, to WALK_CFA. */
static void find_cfa(struct cg_code *c, cg_reg walk, cg_reg rule,
		     cg_label fault, cg_label end)
{
	cg_reg kind = code_ld(c, rule, RULE(cfa_kind), 1);
	cg_label fp = code_label(c), sum = code_label(c), have = code_label(c);
	cg_label plain = code_label(c);
	cg_reg cfa = get(c, walk, WALK_SP);

	code_ifi(c, BPF_JEQ, kind, UNWIND_CFA_END, end);
	code_ifi(c, BPF_JEQ, kind, UNWIND_CFA_FP, fp);
	code_ifi(c, BPF_JEQ, kind, UNWIND_CFA_AT_FP, fp);
	code_ifi(c, BPF_JNE, kind, UNWIND_CFA_PLT, sum);
	add_plt(c, walk, rule, cfa);
	code_jmp(c, have);
	code_place_label(c, fp);
	code_mov(c, cfa, get(c, walk, WALK_FP));
	code_place_label(c, sum);
	code_alu(c, BPF_ADD, cfa, offset(c, rule, RULE(cfa)));
	code_ifi(c, BPF_JLE, kind, UNWIND_CFA_FP, have);
	read_user(c, walk, WALK_CFA, cfa, fault);
	code_jmp(c, plain);
	code_place_label(c, have);
	put(c, walk, WALK_CFA, cfa);
	code_place_label(c, plain);
}

/* Where a register is saved; kind is not UNWIND_SAVED_NOT. */
static cg_reg saved_at(struct cg_code *c, cg_reg walk, cg_reg kind,
		       cg_reg rule, int32_t at)
{
	cg_reg v = get(c, walk, WALK_CFA);
	cg_label sp = code_label(c), have = code_label(c);

	code_ifi(c, BPF_JEQ, kind, UNWIND_SAVED_CFA, have);
	code_ifi(c, BPF_JEQ, kind, UNWIND_SAVED_SP, sp);
	code_mov(c, v, get(c, walk, WALK_FP));
	code_jmp(c, have);
	code_place_label(c, sp);
	code_mov(c, v, get(c, walk, WALK_SP));
	code_place_label(c, have);
	code_alu(c, BPF_ADD, v, offset(c, rule, at));
	return v;
}

/* The pc of the caller, which a call has left at `slot`. */
static void read_pc(struct cg_fn *fn, struct cg_code *c, cg_reg walk,
		    cg_reg slot, cg_label fault)
{
	cg_label done = code_label(c);

	read_user(c, walk, WALK_PC, slot, fault);
	code_ifi(c, BPF_JEQ, get(c, walk, WALK_RETURN + RETURN_AT), 0, done);
	put(c, walk, WALK_RETURN + RETURN_SLOT, slot);
	put(c, walk, WALK_RETURN + RETURN_PC, get(c, walk, WALK_PC));
	code_mov(c, R1, walk);
	code_alui(c, BPF_ADD, R1, WALK_RETURN);
	code_call_sub(c, rt_routine(fn, RT_RETURN_FIND), 1);
	put(c, walk, WALK_PC, get(c, walk, WALK_RETURN + RETURN_PC));
	code_place_label(c, done);
}

/* pc, sp and fp of the caller. */
static void apply(struct cg_fn *fn, struct cg_code *c, cg_reg walk,
		  cg_reg rule, cg_label fault, cg_label end)
{
	cg_label same = code_label(c), grows = code_label(c);
	cg_reg kind, signal;

	find_cfa(c, walk, rule, fault, end);
	signal = code_ld(c, rule, RULE(ra_kind), 1);
	read_pc(fn, c, walk, saved_at(c, walk, signal, rule, RULE(ra)), fault);
	kind = code_ld(c, rule, RULE(fp_kind), 1);
	code_ifi(c, BPF_JEQ, kind, UNWIND_SAVED_NOT, same);
	read_user(c, walk, WALK_FP, saved_at(c, walk, kind, rule, RULE(fp)),
		  fault);
	code_place_label(c, same);
	/* A stack only shrinks on the way out, but where a signal came in. */
	puti(c, walk, WALK_EXACT, 1);
	code_ifi(c, BPF_JNE, signal, UNWIND_SAVED_CFA, grows);
	puti(c, walk, WALK_EXACT, 0);
	code_if(c, BPF_JLE, get(c, walk, WALK_CFA), get(c, walk, WALK_SP),
		fault);
	code_place_label(c, grows);
	put(c, walk, WALK_SP, get(c, walk, WALK_CFA));
}

/* To `none` if the byte at `shift` bits of v is not `byte`. */
static void need_byte(struct cg_code *c, cg_reg v, int32_t shift, int32_t mask,
		      int32_t byte, cg_label none)
{
	cg_reg b = code_copy(c, v);

	code_alui(c, BPF_RSH, b, shift);
	code_alui(c, BPF_AND, b, mask);
	code_ifi(c, BPF_JNE, b, byte, none);
}

/* Is there a call in front of the pc?  Else to `fault`.  It is e8 and four
 * bytes, or ff with /2 in the byte behind, of 2, 3, 6 or 7 bytes. */
static void need_call(struct cg_code *c, cg_reg walk, cg_label fault)
{
	static const int32_t sizes[] = { 2, 3, 6, 7 };
	cg_label found = code_label(c);
	cg_reg before = get(c, walk, WALK_PC), next;

	code_alui(c, BPF_SUB, before, 8);
	read_user(c, walk, WALK_LOW, before, fault);
	before = get(c, walk, WALK_LOW);
	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		next = code_label(c);
		need_byte(c, before, 8 * (8 - sizes[i]), 0xff, 0xff, next);
		need_byte(c, before, 8 * (9 - sizes[i]), 0x38, 0x10, next);
		code_jmp(c, found);
		code_place_label(c, next);
	}
	need_byte(c, before, 8 * (8 - 5), 0xff, 0xe8, fault);
	code_place_label(c, found);
}

/* Code that has no tables, such as a program makes for itself: as if there
 * were frame pointers, and only what can be a frame.  keep() then wants it to
 * be in code that is known. */
static void guess(struct cg_fn *fn, struct cg_code *c, cg_reg walk,
		  cg_label done)
{
	cg_reg fp = get(c, walk, WALK_FP), odd = code_copy(c, fp);

	puti(c, walk, WALK_LOSS, WALK_LOSS_CUT);
	code_if(c, BPF_JLT, fp, get(c, walk, WALK_SP), done);
	code_alui(c, BPF_AND, odd, 7);
	code_ifi(c, BPF_JNE, odd, 0, done);
	read_pc(fn, c, walk, code_addi(c, fp, 8), done);
	read_user(c, walk, WALK_CFA, fp, done);
	need_call(c, walk, done);
	put(c, walk, WALK_SP, code_addi(c, fp, 16));
	put(c, walk, WALK_FP, get(c, walk, WALK_CFA));
	puti(c, walk, WALK_EXACT, 0);
	puti(c, walk, WALK_LOSS, WALK_LOSS_GUESS);
	puti(c, walk, WALK_IS_GUESS, 1);
}

/* Is there room for another frame, and one?  Else to `done`. */
static void need_room(struct cg_code *c, cg_reg walk, cg_reg most,
		      cg_label done)
{
	cg_reg n = get(c, walk, WALK_N), pc = get(c, walk, WALK_PC);

	code_if(c, BPF_JGE, n, get(c, walk, WALK_LIMIT), done);
	code_if(c, BPF_JGE, n, most, done);
	code_ifi(c, BPF_JGE, n, IMAGE_USTACK_FRAMES, done);
	code_ifi(c, BPF_JEQ, pc, 0, done);
	/* A call may be the last of its function. */
	code_alui(c, BPF_SUB, pc, 1);
	code_alu(c, BPF_ADD, pc, get(c, walk, WALK_EXACT));
	put(c, walk, WALK_WANTED, pc);
}

/* Keeps the pc. */
static void keep(struct cg_code *c, cg_reg walk, cg_label done)
{
	cg_reg n = get(c, walk, WALK_N), at = code_copy(c, walk);

	code_ifi(c, BPF_JGE, n, IMAGE_USTACK_FRAMES, done);
	put(c, walk, WALK_N, code_addi(c, n, 1));
	code_alui(c, BPF_MUL, n, 8);
	code_alu(c, BPF_ADD, at, n);
	code_store(c, at, WALK_FRAMES, get(c, walk, WALK_PC), 8);
}

/* The pc is in nothing that is known of the process: the last frame, if it is
 * one at all. */
static void keep_last(struct cg_code *c, cg_reg walk, cg_label done)
{
	cg_label certain = code_label(c);

	puti(c, walk, WALK_LOSS, WALK_LOSS_STALE);
	code_ifi(c, BPF_JNE, get(c, walk, WALK_IS_GUESS), 0, done);
	code_ifi(c, BPF_JNE, get(c, walk, WALK_EXACT), 0, certain);
	need_call(c, walk, done);
	code_place_label(c, certain);
	keep(c, walk, done);
	code_jmp(c, done);
}

/* args: walk, most frames */
static void frame_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		       cg_label done)
{
	cg_label unknown = code_label(c), next = code_label(c);
	cg_label unmapped = code_label(c);
	cg_reg m, rule;

	need_room(c, arg[0], arg[1], done);
	m = find_mapping(fn, c, arg[0], unmapped);
	keep(c, arg[0], done);
	puti(c, arg[0], WALK_IS_GUESS, 0);
	rule = find_rule(fn, c, arg[0], m, unknown);
	apply(fn, c, arg[0], rule, done, done);
	code_jmp(c, next);
	code_place_label(c, unmapped);
	keep_last(c, arg[0], done);
	code_place_label(c, unknown);
	guess(fn, c, arg[0], done);
	code_place_label(c, next);
}

/* R1: the walk, with pc, sp, fp, exact, limit, first and count; R2: the most
 * frames. */
void rt_unwind(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg args[ARGS];

	args[0] = code_copy(c, R1);
	args[1] = code_copy(c, R2);
	puti(c, args[0], WALK_N, 0);
	puti(c, args[0], WALK_LOSS, 0);
	puti(c, args[0], WALK_IS_GUESS, 0);
	rt_turns(fn, c, args, ARGS, code_const(c, IMAGE_USTACK_FRAMES + 1),
		 frame_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}

#define WAIT_TURNS (1 << 20)

/* Whoever answers may have to run on this CPU, and few kernels take a task off
 * it that is in the kernel; to read memory as one reads that of others is a
 * place where they all do. */
static void give_way(struct cg_code *c, cg_reg walk)
{
	code_call(c, HELPER_get_current_task_btf);
	code_mov(c, R4, R0);
	code_mov(c, R1, walk);
	code_alui(c, BPF_ADD, R1, WALK_ROW);
	code_movi(c, R2, 1);
	code_mov(c, R3, get(c, walk, WALK_SP));
	code_movi(c, R5, 0);
	code_call(c, HELPER_copy_from_user_task);
}

/* args: walk */
static void wait_turn(struct cg_fn *fn, struct cg_code *c, const cg_reg *arg,
		      cg_label done)
{
	cg_label not_yet = code_label(c);
	cg_reg v;

	code_map(c, R1, cg_unwind_maps(fn->g) + UNWIND_PROCS);
	code_mov(c, R2, arg[0]);
	code_alui(c, BPF_ADD, R2, WALK_PROC);
	code_call(c, HELPER_map_lookup_elem);
	v = code_result(c);
	/* Forgotten, as it runs another program: an answer will come. */
	code_ifi(c, BPF_JEQ, v, 0, not_yet);
	v = code_ld(c, v, offsetof(struct unwind_proc, n), 4);
	code_ifi(c, BPF_JEQ, v, 0, not_yet);
	code_jmp(c, done);
	code_place_label(c, not_yet);
	if (fn->sleeps)
		give_way(c, arg[0]);
	code_call(c, HELPER_ktime_get_ns);
	code_if(c, BPF_JGT, code_result(c), get(c, arg[0], WALK_WANTED), done);
}

/* R1: the walk; until there are tables of its process, but not after the time
 * in WALK_WANTED. */
void rt_unwind_wait(struct cg_fn *fn, struct cg_code *c)
{
	cg_reg arg = code_copy(c, R1);

	rt_turns(fn, c, &arg, 1, code_const(c, WAIT_TURNS), wait_turn);
	code_movi(c, R0, 0);
	code_exit(c);
}
