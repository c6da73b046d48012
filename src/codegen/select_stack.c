/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's stack.  The kernel writes the addresses into scratch; a map
 * has seven bytes for each stack that was seen, which with the session's mark
 * are the string that stands for it (image.h).  The bytes are drawn at
 * random, so no counter is needed; the host knows a stack by them, or not at
 * all.
 *
 * To look up 64 addresses takes 0.2 us.  So another map has the same bytes by
 * 64 bits that are made of the addresses: two of 8192 stacks have these in
 * common in one of 10^11 sessions.
 *
 * What runs the handler is on the stack too: the program, what calls it, and
 * for a tracepoint two functions that may or may not be there, by what else
 * is attached and how the kernel was compiled: they are told by address.
 *
 * The first frame is behind the trap, or the call that stands in for one:
 * it becomes the place of the probe.
 */
#include <stddef.h>

#include "base/bits.h"
#include "base/buf.h"
#include "codegen/cg.h"
#include "dbg/arch.h"

#define STACK_MORE 4		/* frames that may have to go */
#define STACK_SIZE (8 * IMAGE_STACK_FRAMES)
/* A function of a tracepoint is smaller. */
#define STACK_REACH 512
/* From its start a function calls the trampoline. */
#define STACK_ENTRY 32
#define STACK_FACTOR INT64_C(-0x61c8864680b583eb)	/* odd */

/* Programs for packets may not ask for it, and that of a visitor says
 * nothing. */
static bool has_stack(const struct cg_fn *fn)
{
	return !cg_is_apart(fn);
}

static bool is_tracepoint(const struct cg_fn *fn)
{
	uint32_t kind = fn->probe->image.kind;

	return kind == PROBE_RAW_TP || kind == PROBE_PROCESS ||
	       kind == PROBE_SYSCALL;
}

/* The program and, for a tracepoint, what calls it. */
static int64_t own_frames(const struct cg_fn *fn)
{
	switch ((enum image_probe_kind)fn->probe->image.kind) {
	case PROBE_RAW_TP:
	case PROBE_PROCESS:
	case PROBE_SYSCALL:
		return 2;
	case PROBE_FENTRY:
	case PROBE_FEXIT:
		return 1;
	case PROBE_NETFILTER:
	case PROBE_EXISTING:
	case PROBE_PERF:
	case PROBE_WATCH:
	case PROBE_KPROBE:
	case PROBE_KRETPROBE:
	case PROBE_UPROBE:
	case PROBE_URETPROBE:
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR:
	case PROBE_NEVER:
	case PROBE_TIMER:
	case PROBE_PROCFS:
	case PROBE_N:
		break;
	}
	return 0;
}

/* The address of PREFIX and the name of the tracepoint or function; 0 = there
 * is none. */
static cg_reg site_symbol(struct cg_fn *fn, const char *prefix)
{
	struct image *img = fn->g->img;
	struct image_access a = { .kind = ACCESS_SYMBOL, .size = 1 };
	struct buf name = {};

	buf_str(&name, str_from(prefix));
	buf_str(&name, image_str(img, fn->probe->image.site.name));
	a.module = fn->probe->image.site.module;
	a.path = image_intern(img, fn->g->a, buf_view(&name));
	buf_deinit(&name);
	return code_access(fn->c, image_access(img, fn->g->a, &a), 0);
}

/* skip += 8 if the address there lies in that function. */
static void skip_function(struct cg_fn *fn, struct cg_str frames, cg_reg skip,
			  const char *prefix)
{
	struct cg_code *c = fn->c;
	cg_reg symbol = site_symbol(fn, prefix);
	cg_reg at = cg_str_addr(fn, frames);
	cg_label keep = code_label(c);

	code_alu(c, BPF_ADD, at, skip);
	code_load(c, at, at, 0, 8);
	code_alu(c, BPF_SUB, at, symbol);
	code_ifi(c, BPF_JGE, at, STACK_REACH, keep);
	code_alui(c, BPF_ADD, skip, 8);
	code_place_label(c, keep);
}

/* Behind the program comes, on some kernels, the trampoline; then the function
 * itself, which at its return has left the stack. */
static void skip_trampoline(struct cg_fn *fn, struct cg_str frames,
			    cg_reg skip)
{
	bool is_return = fn->probe->image.kind == PROBE_FEXIT;
	struct cg_code *c = fn->c;
	cg_reg symbol = site_symbol(fn, "");
	cg_label found = code_label(c);
	cg_reg v;

	for (int32_t k = 0; k < STACK_MORE - 1; k++) {
		cg_label next = code_label(c);

		v = code_ld(c, fn->scratch, frames.off + 8 * k, 8);
		code_alu(c, BPF_SUB, v, symbol);
		code_ifi(c, BPF_JGE, v, STACK_ENTRY, next);
		code_movi(c, skip, 8 * (k + is_return));
		if (!is_return)
			code_store(c, fn->scratch, frames.off + 8 * k, symbol,
				   8);
		code_jmp(c, found);
		code_place_label(c, next);
	}
	/* With a return probe beside it the function is not on the stack: it
	 * takes the place of the trampoline. */
	code_movi(c, skip, 8);
	if (!is_return) {
		code_ifi(c, BPF_JEQ, symbol, 0, found);
		code_store(c, fn->scratch, frames.off, symbol, 8);
		code_movi(c, skip, 0);
	}
	code_place_label(c, found);
}

/* Where the probe is: the kernel says it of functions, and of nothing where
 * they have no symbol. */
static void put_place(struct cg_fn *fn, struct cg_str frames)
{
	const struct arch *arch = fn->g->o->arch;
	struct cg_code *c = fn->c;
	cg_reg v = code_ld(c, fn->scratch, frames.off, 8);
	cg_label end = code_label(c), put = code_label(c);

	code_ifi(c, BPF_JEQ, v, 0, end);
	if (arch)
		code_alui(c, BPF_SUB, v, arch->trap);
	if (cg_has(fn, FEATURE_BIT(KPROBE_COOKIE))) {
		code_mov(c, R1, fn->ctx);
		code_call(c, HELPER_get_func_ip);
		code_ifi(c, BPF_JEQ, R0, 0, put);
		code_mov(c, v, R0);
	}
	code_place_label(c, put);
	code_store(c, fn->scratch, frames.off, v, 8);
	code_place_label(c, end);
}

/* Takes the stack; the address of the first frame, as a number. */
static cg_reg take(struct cg_fn *fn, struct cg_str frames)
{
	struct cg_code *c = fn->c;
	cg_reg from = cg_str_addr(fn, frames);
	cg_reg skip = code_const(c, 0);

	code_mov(c, R1, fn->ctx);
	code_mov(c, R2, from);
	code_movi(c, R3, STACK_SIZE + 8 * STACK_MORE);
	code_movi(c, R4, own_frames(fn));
	code_call(c, HELPER_get_stack);
	if (is_tracepoint(fn)) {
		skip_function(fn, frames, skip, "__bpf_trace_");
		skip_function(fn, frames, skip, "__traceiter_");
	} else if (own_frames(fn)) {
		skip_trampoline(fn, frames, skip);
	} else if (fn->probe->image.kind == PROBE_KPROBE) {
		put_place(fn, frames);
	}
	code_alu(c, BPF_ADD, from, skip);
	return from;
}

static struct cg_str new_frames(struct cg_fn *fn, uint32_t size)
{
	return cg_scratch_str((int32_t)cg_slot(fn, size), 0);
}

static void read_frames(struct cg_fn *fn, cg_reg to, cg_reg from, cg_reg size)
{
	code_mov(fn->c, R1, to);
	code_mov(fn->c, R2, size);
	code_mov(fn->c, R3, from);
	code_call(fn->c, HELPER_probe_read_kernel);
}

/* Are all frames wanted? */
static bool wants_all(struct cg_fn *fn, ir_ref n)
{
	int64_t imm;

	return cg_is_const(fn, n, &imm) &&
	       (imm < 0 || imm >= IMAGE_STACK_FRAMES);
}

/* The first n of the frames, and zeros: the key of the map. */
static void make_key(struct cg_fn *fn, struct cg_str key, cg_reg from,
		     ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_label few = code_label(c);
	cg_reg size;

	if (wants_all(fn, n)) {
		size = code_const(c, STACK_SIZE);
	} else {
		for (int32_t k = 0; k < STACK_SIZE; k += 8)
			code_storei(c, fn->scratch, key.off + k, 0, 8);
		size = code_copy(c, cg_long(fn, n));
		code_ifi(c, BPF_JLE, size, IMAGE_STACK_FRAMES, few);
		code_movi(c, size, IMAGE_STACK_FRAMES);
		code_place_label(c, few);
		code_alui(c, BPF_LSH, size, 3);
	}
	read_frames(fn, cg_str_addr(fn, key), from, size);
}

/* The number of the stack, if the map has it; else goes to `none`. */
static void look_up(struct cg_fn *fn, uint32_t map, struct cg_str key,
		    cg_reg ret, cg_label none)
{
	struct cg_code *c = fn->c;
	cg_reg value;

	code_map(c, R1, map);
	code_mov(c, R2, cg_str_addr(fn, key));
	code_call(c, HELPER_map_lookup_elem);
	value = code_result(c);
	code_ifi(c, BPF_JEQ, value, 0, none);
	code_load(c, ret, value, 0, 8);
}

/* Seven bytes, none of them 0; the last says what the text is. */
static cg_reg draw(struct cg_fn *fn, enum stack_as as)
{
	struct cg_code *c = fn->c;
	uint64_t last = (uint64_t)as << 48;
	cg_reg v;

	code_call(c, HELPER_get_prandom_u32);
	v = code_result(c);
	code_alui(c, BPF_LSH, v, 32);
	code_call(c, HELPER_get_prandom_u32);
	code_alu(c, BPF_OR, v, code_result(c));
	code_alu(c, BPF_OR, v,
		 code_const(c, (int64_t)(last | 0x808080808080)));
	code_alu(c, BPF_AND, v,
		 code_const(c, (int64_t)(last | 0xffffffffffff)));
	return v;
}

/* Somebody else may be faster. */
static void insert(struct cg_fn *fn, uint32_t map, struct cg_str key,
		   uint32_t key_size, enum stack_as as)
{
	struct cg_code *c = fn->c;
	int32_t value = key.off + (int32_t)key_size;

	code_store(c, fn->scratch, value, draw(fn, as), 8);
	code_map(c, R1, map);
	code_mov(c, R2, cg_str_addr(fn, key));
	code_mov(c, R3, fn->scratch);
	code_alui(c, BPF_ADD, R3, value);
	code_movi(c, R4, BPF_NOEXIST);
	code_call(c, HELPER_map_update_elem);
}

cg_reg cg_stack_number(struct cg_fn *fn, uint32_t map, struct cg_str key,
		       uint32_t key_size, enum stack_as as, cg_label lost)
{
	struct cg_code *c = fn->c;
	cg_label miss = code_label(c), have = code_label(c);
	cg_reg number = code_const(c, 0);

	look_up(fn, map, key, number, miss);
	code_jmp(c, have);
	code_place_label(c, miss);
	insert(fn, map, key, key_size, as);
	look_up(fn, map, key, number, lost);
	code_place_label(c, have);
	return number;
}

/* 64 bits made of the addresses up to the first 0; to `none` when that is the
 * first. */
static cg_reg digest(struct cg_fn *fn, cg_reg from, cg_label none)
{
	struct cg_code *c = fn->c;
	cg_label more = code_label(c), end = code_label(c);
	cg_reg factor = code_const(c, STACK_FACTOR), sum = code_const(c, 0);
	cg_reg i = code_const(c, 0), at, v;

	code_ifi(c, BPF_JEQ, code_ld(c, from, 0, 8), 0, none);
	code_place_label(c, more);
	at = code_copy(c, from);
	code_alu(c, BPF_ADD, at, i);
	v = code_ld(c, at, 0, 8);
	code_ifi(c, BPF_JEQ, v, 0, end);
	code_alu(c, BPF_XOR, sum, v);
	code_alu(c, BPF_MUL, sum, factor);
	code_mov(c, v, sum);
	code_alui(c, BPF_RSH, v, 32);
	code_alu(c, BPF_XOR, sum, v);
	code_alui(c, BPF_ADD, i, 8);
	code_ifi(c, BPF_JLT, i, STACK_SIZE, more);
	code_place_label(c, end);
	return sum;
}

/* A stack of all frames: by its digest, or else by its addresses. */
static cg_reg number_of_all(struct cg_fn *fn, struct cg_str key, cg_reg from,
			    ir_ref n, cg_label lost, cg_label end)
{
	struct cg_str sum = cg_scratch_str(key.off + STACK_SIZE + 8, 0);
	struct cg_code *c = fn->c;
	cg_label miss = code_label(c), have = code_label(c);
	cg_reg number = code_const(c, 0);
	uint32_t map = cg_digests_map(fn->g);

	code_store(c, fn->scratch, sum.off, digest(fn, from, end), 8);
	look_up(fn, map, sum, number, miss);
	code_jmp(c, have);
	code_place_label(c, miss);
	make_key(fn, key, from, n);
	code_mov(c, number, cg_stack_number(fn, cg_stacks_map(fn->g), key,
					    STACK_SIZE, STACK_AS_ADDRESSES,
					    lost));
	code_store(c, fn->scratch, key.off, number, 8);
	code_map(c, R1, map);
	code_mov(c, R2, cg_str_addr(fn, sum));
	code_mov(c, R3, cg_str_addr(fn, key));
	code_movi(c, R4, BPF_ANY);
	code_call(c, HELPER_map_update_elem);
	code_place_label(c, have);
	return number;
}

static cg_reg number_of_some(struct cg_fn *fn, struct cg_str key, cg_reg from,
			     ir_ref n, cg_label lost, cg_label end)
{
	struct cg_code *c = fn->c;

	make_key(fn, key, from, n);
	code_ifi(c, BPF_JEQ, code_ld(c, fn->scratch, key.off, 8), 0, end);
	return cg_stack_number(fn, cg_stacks_map(fn->g), key, STACK_SIZE,
			       STACK_AS_ADDRESSES, lost);
}

void cg_stack_put(struct cg_fn *fn, struct cg_str dst, cg_reg number,
		  ir_ref as)
{
	struct cg_code *c = fn->c;
	cg_reg mark = code_map_value(c, fn->g->img->globals_map,
				     offsetof(struct image_session,
					      stack_mark));

	code_store(c, fn->scratch, dst.off, code_ld(c, mark, 0, 8), 8);
	code_store(c, fn->scratch, dst.off + 8, number, 8);
	code_store(c, fn->scratch, dst.off + 14, cg_long(fn, as), 1);
}

void cg_stack_end(struct cg_fn *fn, cg_label lost, cg_label end)
{
	struct cg_code *c = fn->c;

	code_jmp(c, end);
	code_place_label(c, lost);
	cg_loss(fn, LOSS_STACK);
	code_place_label(c, end);
}

void cg_stack(struct cg_fn *fn, ir_ref r, ir_ref n, ir_ref as)
{
	struct cg_code *c = fn->c;
	struct cg_str dst = cg_new_string(fn, r), frames, key;
	cg_label lost = code_label(c), end = code_label(c);
	cg_reg from, number;

	fn->vals[r].str.is_padded = true;
	code_storei(c, fn->scratch, dst.off, 0, 8);
	code_storei(c, fn->scratch, dst.off + 8, 0, 8);
	if (!has_stack(fn))
		return;
	frames = new_frames(fn, STACK_SIZE + 8 * STACK_MORE);
	key = new_frames(fn, STACK_SIZE + 16);
	from = take(fn, frames);
	number = wants_all(fn, n) ?
			 number_of_all(fn, key, from, n, lost, end) :
			 number_of_some(fn, key, from, n, lost, end);
	cg_stack_put(fn, dst, number, as);
	cg_stack_end(fn, lost, end);
	cg_slot_free(fn, (uint32_t)key.off);
	cg_slot_free(fn, (uint32_t)frames.off);
}

void cg_stack_at(struct cg_fn *fn, ir_ref r, ir_ref n)
{
	struct cg_code *c = fn->c;
	cg_reg v = code_const(c, 0), at, depth, to;
	cg_label end = code_label(c);
	int16_t word = cg_word(fn);
	struct cg_str frames;

	cg_set_long(fn, r, v);
	if (!has_stack(fn))
		return;
	frames = new_frames(fn, STACK_SIZE + 8 * STACK_MORE);
	at = take(fn, frames);
	depth = code_copy(c, cg_long(fn, n));
	code_ifi(c, BPF_JGE, depth, IMAGE_STACK_FRAMES, end);
	code_alui(c, BPF_LSH, depth, 3);
	code_alu(c, BPF_ADD, at, depth);
	to = code_addi(c, R10, word);
	read_frames(fn, to, at, code_const(c, 8));
	code_load(c, v, R10, word, 8);
	code_place_label(c, end);
	cg_slot_free(fn, (uint32_t)frames.off);
}
