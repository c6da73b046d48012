/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which tasks a probe is about: tests that stand before its handler.  A hit
 * of another task is none: it is not counted.
 */
#include <stddef.h>

#include "base/vec.h"
#include "codegen/cg.h"
#include "dbg/arch.h"
#include "dbg/btf.h"

#define PF_KTHREAD 0x00200000
#define X86_TS_COMPAT 0x0002		/* thread_info.status */
#define ARM64_TIF_32BIT (1 << 22)	/* thread_info.flags */
#define VISITED_TASK 8			/* in struct bpf_iter__task */
#define NUMBERS_MAX 1024	/* of system calls */
#define PARENTS_MAX 16		/* up from a task to the target */

/* For another kernel: what is said of this one, which the code is made for. */
static void note_place(struct cg_fn *fn, const char *type, const char *member,
		       bool there, uint32_t off, uint32_t size)
{
	struct image *img = fn->g->img;
	struct buf tag = {};
	struct image_access a = { .kind = there ? ACCESS_PLACE : ACCESS_EXISTS,
				  .value = there ? off : 0 };

	if (!fn->g->o->portable)
		return;
	if (there && size <= 8)
		a.size = (uint8_t)size;
	buf_printf(&tag, "struct %s", type);
	a.type = image_intern(img, fn->g->a, buf_view(&tag));
	a.path = image_intern(img, fn->g->a, str_from(member));
	buf_deinit(&tag);
	image_access(img, fn->g->a, &a);
}

bool cg_find_place(struct cg_fn *fn, const char *type, const char *member,
		   uint32_t *off, uint32_t *size)
{
	struct ctypes *btf = fn->g->o->btf;
	struct ctype_member m;
	uint64_t bytes;
	uint32_t id;
	bool there;

	if (!btf)
		return false;
	id = ctypes_find(btf, CTYPE_STRUCT, str_from(type));
	there = id && ctypes_find_member(btf, id, str_from(member), &m) &&
		ctypes_size(btf, m.type, &bytes);
	if (there) {
		*off = m.bit_offset / 8;
		*size = (uint32_t)bytes;
	}
	note_place(fn, type, member, there, there ? *off : 0,
		   there ? *size : 0);
	return there;
}

bool cg_find_member(struct cg_fn *fn, const char *type, const char *member,
		    uint32_t *off, uint32_t *size)
{
	return cg_find_place(fn, type, member, off, size) && *size &&
	       *size <= 8 && !(*size & (*size - 1));
}

/* The member of what `base` points to, 0 when it cannot be read; NO_REG when
 * there is no such member. */
static cg_reg member(struct cg_fn *fn, cg_reg base, const char *type,
		     const char *name)
{
	struct cg_code *c = fn->c;
	uint32_t off, size;

	if (!cg_find_member(fn, type, name, &off, &size))
		return NO_REG;
	if (cg_has(fn, FEATURE_BIT(PEEK)))
		return cg_peek(fn, base, off, size);
	code_storei(c, R10, cg_word(fn), 0, 8);
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, cg_word(fn));
	code_movi(c, R2, size);
	code_mov(c, R3, base);
	code_alui(c, BPF_ADD, R3, off);
	code_call(c, HELPER_probe_read_kernel);
	return code_ld(c, R10, cg_word(fn), size);
}

cg_reg cg_member_of(struct cg_fn *fn, cg_reg base, const char *type,
		    const char *name)
{
	return member(fn, base, type, name);
}

static bool is_arm64(const struct cg_fn *fn)
{
	return fn->g->o->arch && str_is(fn->g->o->arch->name, "arm64");
}

bool cg_is_visited(const struct cg_fn *fn)
{
	return fn->probe->image.kind == PROBE_EXISTING;
}

bool cg_is_apart(const struct cg_fn *fn)
{
	return fn->probe->image.kind == PROBE_NETFILTER || cg_is_visited(fn);
}

void cg_visited(struct cg_fn *fn, cg_reg to, cg_label none)
{
	code_load(fn->c, to, fn->ctx, VISITED_TASK, 8);
	code_ifi(fn->c, BPF_JEQ, to, 0, none);
}

/* Negated twice a pointer is any number: see cg_ctx_word(). */
static cg_reg visited(struct cg_fn *fn)
{
	cg_reg v = code_ld(fn->c, fn->ctx, VISITED_TASK, 8);

	code_alui(fn->c, BPF_NEG, v, 0);
	code_alui(fn->c, BPF_NEG, v, 0);
	return v;
}

cg_reg cg_current(struct cg_fn *fn)
{
	if (cg_is_visited(fn))
		return visited(fn);
	code_call(fn->c, HELPER_get_current_task);
	return code_result(fn->c);
}

/* Goes on only when v (as the rest of the test has it) is equal. */
static void need(struct cg_fn *fn, cg_reg v, int64_t imm)
{
	if (v == NO_REG)
		code_jmp(fn->c, fn->out);
	else
		code_ifi(fn->c, BPF_JNE, v, imm, fn->out);
}

cg_reg cg_pid_tgid(struct cg_fn *fn)
{
	cg_reg task, v, pid;

	if (!cg_is_apart(fn)) {
		code_call(fn->c, HELPER_get_current_pid_tgid);
		return code_result(fn->c);
	}
	task = cg_current(fn);
	v = member(fn, task, "task_struct", "tgid");
	pid = member(fn, task, "task_struct", "pid");
	if (v == NO_REG || pid == NO_REG)
		return code_const(fn->c, 0);
	code_alui(fn->c, BPF_LSH, v, 32);
	code_alu(fn->c, BPF_OR, v, pid);
	return v;
}

cg_reg cg_uid_gid(struct cg_fn *fn)
{
	cg_reg cred, v, uid;

	if (!cg_is_apart(fn)) {
		code_call(fn->c, HELPER_get_current_uid_gid);
		return code_result(fn->c);
	}
	cred = member(fn, cg_current(fn), "task_struct", "cred");
	v = cred == NO_REG ? cred : member(fn, cred, "cred", "gid");
	uid = cred == NO_REG ? cred : member(fn, cred, "cred", "uid");
	if (v == NO_REG || uid == NO_REG)
		return code_const(fn->c, 0);
	code_alui(fn->c, BPF_LSH, v, 32);
	code_alu(fn->c, BPF_OR, v, uid);
	return v;
}

void cg_comm(struct cg_fn *fn, struct cg_str dst)
{
	struct cg_code *c = fn->c;
	uint32_t off, size;
	cg_reg task;

	if (!cg_is_apart(fn)) {
		code_mov(c, R1, cg_str_addr(fn, dst));
		code_movi(c, R2, dst.bound + 1);
		code_call(c, HELPER_get_current_comm);
		return;
	}
	cg_str_clear(fn, dst);
	if (!cg_find_place(fn, "task_struct", "comm", &off, &size))
		return;
	task = cg_current(fn);
	code_mov(c, R1, cg_str_addr(fn, dst));
	code_movi(c, R2, dst.bound + 1);
	code_mov(c, R3, task);
	code_alui(c, BPF_ADD, R3, off);
	code_call(c, HELPER_probe_read_kernel_str);
}

static cg_reg tgid(struct cg_fn *fn)
{
	cg_reg v = cg_pid_tgid(fn);

	code_alui(fn->c, BPF_RSH, v, 32);
	return v;
}

/* A chain of pointers from the task; NO_REG when a link is missing. */
static cg_reg walk(struct cg_fn *fn, cg_reg v,
		   const char *const (*links)[2], uint32_t n)
{
	for (uint32_t i = 0; i < n && v != NO_REG; i++)
		v = member(fn, v, links[i][0], links[i][1]);
	return v;
}

static void by_file(struct cg_fn *fn, const struct image_site *site)
{
	static const char *const to_inode[][2] = {
		{ "task_struct", "mm" },
		{ "mm_struct", "exe_file" },
		{ "file", "f_inode" },
	};
	static const char *const to_dev[][2] = {
		{ "inode", "i_sb" },
		{ "super_block", "s_dev" },
	};
	cg_reg inode = walk(fn, cg_current(fn), to_inode, ARRAY_SIZE(to_inode));

	if (inode == NO_REG) {
		need(fn, NO_REG, 0);
		return;
	}
	need(fn, member(fn, inode, "inode", "i_ino"), (int64_t)site->ino);
	need(fn, walk(fn, inode, to_dev, ARRAY_SIZE(to_dev)), site->dev);
}

/* Is the process one that the target has made, though parents between have
 * ended?  kern/family keeps the map. */
static void by_family(struct cg_fn *fn)
{
	static const char *const to_start[][2] = {
		{ "task_struct", "group_leader" },
		{ "task_struct", "start_time" },
	};
	struct cg_code *c = fn->c;
	cg_reg began = code_reg(c), start;

	code_store(c, R10, cg_word(fn), tgid(fn), 8);
	code_map(c, R1, cg_family_map(fn->g));
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, cg_word(fn));
	code_call(c, HELPER_map_lookup_elem);
	code_ifi(c, BPF_JEQ, R0, 0, fn->out);
	code_load(c, began, R0, 0, 8);
	start = walk(fn, cg_current(fn), to_start, ARRAY_SIZE(to_start));
	if (start == NO_REG)
		code_jmp(c, fn->out);
	else
		code_if(c, BPF_JNE, start, began, fn->out);
}

/* The task or one of its parents is the target. */
static void by_target(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label ours = code_label(c), orphan = code_label(c);
	cg_reg task = cg_current(fn);
	cg_reg at = code_map_value(c, fn->g->img->globals_map,
				   offsetof(struct image_session, target));
	cg_reg target = code_ld(c, at, 0, 8);

	for (int i = 0; i < PARENTS_MAX; i++) {
		cg_reg pid = member(fn, task, "task_struct", "tgid");

		if (pid == NO_REG)
			break;
		code_if(c, BPF_JEQ, pid, target, ours);
		code_ifi(c, BPF_JLE, pid, 1, orphan);
		task = member(fn, task, "task_struct", "real_parent");
	}
	code_place_label(c, orphan);
	by_family(fn);
	code_place_label(c, ours);
}

void cg_if_kthread(struct cg_fn *fn, cg_label is)
{
	cg_reg flags = member(fn, cg_current(fn), "task_struct", "flags");

	if (flags == NO_REG)
		return;
	code_alui(fn->c, BPF_AND, flags, PF_KTHREAD);
	code_ifi(fn->c, BPF_JNE, flags, 0, is);
}

/* A register of the call; NO_REG when there is no such. */
static cg_reg call_register(struct cg_fn *fn, const char *name)
{
	uint32_t off, size;

	if (!cg_find_member(fn, "pt_regs", name, &off, &size))
		return NO_REG;
	if (cg_has_typed_regs(fn))
		return code_ld(fn->c, cg_regs(fn), (int32_t)off, size);
	return member(fn, code_ld(fn->c, fn->ctx, 0, 8), "pt_regs", name);
}

/* Where struct pt_regs has the number of a call. */
static const char *pt_regs_nr(const struct cg_fn *fn)
{
	return is_arm64(fn) ? "syscallno" : "orig_ax";
}

/* x86: the instruction SYSCALL leaves the address that it returns to in rcx and
 * the flags in r11, where INT 0x80 leaves what the task had there.  To `wide`
 * if they are the same, which says so without asking for the task (25 ns). */
static void by_instruction(struct cg_fn *fn, cg_label wide)
{
	static const char *const pairs[][2] = { { "cx", "ip" },
						{ "r11", "flags" } };
	struct cg_code *c = fn->c;
	cg_label other = code_label(c);
	uint32_t off[4], size;
	cg_reg regs, a;

	for (uint32_t i = 0; i < ARRAY_SIZE(off); i++)
		if (!cg_find_member(fn, "pt_regs", pairs[i / 2][i % 2], &off[i],
			       &size) || size != 8 || off[i] > INT16_MAX)
			return;
	regs = cg_regs(fn);
	a = code_ld(c, regs, (int32_t)off[0], 8);
	code_if(c, BPF_JNE, a, code_ld(c, regs, (int32_t)off[1], 8), other);
	a = code_ld(c, regs, (int32_t)off[2], 8);
	code_if(c, BPF_JEQ, a, code_ld(c, regs, (int32_t)off[3], 8), wide);
	code_place_label(c, other);
}

/* A member of the task's thread_info, which is at `at`; or NO_REG.  Where
 * registers have a type, the task has, too, and is read as it lies there. */
static cg_reg of_thread(struct cg_fn *fn, uint64_t at, const char *name)
{
	struct cg_code *c = fn->c;
	uint32_t off, size;
	cg_reg info;

	if (cg_has_typed_regs(fn) && cg_has(fn, FEATURE_BIT(TASK_STORAGE)) &&
	    cg_find_member(fn, "thread_info", name, &off, &size)) {
		code_call(c, HELPER_get_current_task_btf);
		return code_ld(c, R0, (int32_t)(at + off), size);
	}
	info = cg_current(fn);
	code_alui(c, BPF_ADD, info, (int64_t)at);
	return member(fn, info, "thread_info", name);
}

/* Of 32-bit tasks only, or not of them: their calls have other numbers.  On x86
 * any task may make such calls: the kernel marks it while it is in one. */
static void by_width(struct cg_fn *fn, bool narrow)
{
	cg_label wide = code_label(fn->c);
	uint32_t off, size;
	cg_reg flags;

	if (!cg_find_place(fn, "task_struct", "thread_info", &off, &size)) {
		if (narrow)
			need(fn, NO_REG, 0);
		return;
	}
	if (!is_arm64(fn) && cg_has(fn, FEATURE_BIT(PEEK)))
		by_instruction(fn, narrow ? fn->out : wide);
	flags = of_thread(fn, off, is_arm64(fn) ? "flags" :
							       "status");
	if (flags != NO_REG && !narrow) {
		code_ifi(fn->c, BPF_JSET, flags, is_arm64(fn) ?
			 ARM64_TIF_32BIT : X86_TS_COMPAT, fn->out);
	} else if (flags != NO_REG) {
		code_alui(fn->c, BPF_AND, flags,
			  is_arm64(fn) ? ARM64_TIF_32BIT : X86_TS_COMPAT);
		code_ifi(fn->c, BPF_JEQ, flags, 0, fn->out);
	} else if (narrow) {
		need(fn, NO_REG, 0);
	}
	code_place_label(fn->c, wide);
}

/* sys_exit: is it that of one of the calls that make a task, in the new
 * task?  (The context is { regs, ret }.) */
static void is_birth(struct cg_fn *fn, const struct image_site *site,
		     const char *nr_name)
{
	struct cg_code *c = fn->c;
	cg_label yes = code_label(c);
	cg_reg regs, nr;

	code_ifi(c, BPF_JNE, code_ld(c, fn->ctx, 8, 8), 0, fn->out);
	regs = code_ld(c, fn->ctx, 0, 8);
	nr = member(fn, regs, "pt_regs", nr_name);
	if (nr == NO_REG) {
		need(fn, NO_REG, 0);
		return;
	}
	for (uint32_t k = 0; k < 4; k++) {
		uint32_t call = site->b >> 16 * k & 0xffff;

		if (call != 0xffff)
			code_ifi(c, BPF_JEQ, nr, call, yes);
	}
	code_jmp(c, fn->out);
	code_place_label(c, yes);
}

/* Has it a program to run?  Tasks of the kernel have none, nor have those that
 * have ended.  Where an exec is still about to make one, which sets the stack
 * last, it has an event of its own soon. */
static void is_alive(struct cg_fn *fn)
{
	cg_reg mm = member(fn, cg_current(fn), "task_struct", "mm"), stack;

	if (mm == NO_REG)
		return;
	code_ifi(fn->c, BPF_JEQ, mm, 0, fn->out);
	stack = member(fn, mm, "mm_struct", "start_stack");
	if (stack != NO_REG)
		code_ifi(fn->c, BPF_JEQ, stack, 0, fn->out);
}

/* Is the new task a process (its first thread), or a thread of one? */
static void is_leader(struct cg_fn *fn, bool leader)
{
	struct cg_code *c = fn->c;
	cg_reg id = cg_pid_tgid(fn), pid = code_copy(c, id);

	code_alui(c, BPF_RSH, id, 32);
	code_alui(c, BPF_LSH, pid, 32);
	code_alui(c, BPF_RSH, pid, 32);
	code_if(c, leader ? BPF_JNE : BPF_JEQ, id, pid, fn->out);
}

/* sched_process_exit: is it the last thread of its process? */
static void is_last(struct cg_fn *fn, bool last)
{
	static const char *const to_live[][2] = {
		{ "task_struct", "signal" },
		{ "signal_struct", "live" },
	};
	cg_reg live = walk(fn, cg_current(fn), to_live, ARRAY_SIZE(to_live));

	if (live == NO_REG) {
		need(fn, NO_REG, 0);
		return;
	}
	code_ifi(fn->c, last ? BPF_JNE : BPF_JEQ, live, 0, fn->out);
}

static void by_event(struct cg_fn *fn, const struct image_site *site)
{
	struct str tp = image_str(fn->g->img, site->name);
	const char *nr = pt_regs_nr(fn);

	switch ((enum image_process_event)site->a) {
	case PROCESS_BEGIN:
		if (!str_is(tp, "sys_exit"))
			break;
		is_birth(fn, site, nr);
		is_leader(fn, true);
		break;
	case PROCESS_THREAD_BEGIN:
		is_birth(fn, site, nr);
		is_leader(fn, false);
		break;
	case PROCESS_END:
		if (str_is(tp, "sched_prepare_exec"))
			break;
		is_last(fn, true);
		break;
	case PROCESS_THREAD_END:
		is_last(fn, false);
		break;
	case PROCESS_SYSCALL:
	case PROCESS_SYSCALL_RETURN:
		break;
	}
}

/* A task that was there: the context has none when all have been visited. */
static void by_existence(struct cg_fn *fn, const struct image_site *site)
{
	code_ifi(fn->c, BPF_JEQ, code_ld(fn->c, fn->ctx, VISITED_TASK, 8), 0,
		 fn->out);
	is_leader(fn, site->a == PROCESS_BEGIN);
	is_alive(fn);
}

/* The numbers k * 64 ... k * 64 + 63 of the probe's sites, as bits. */
static uint64_t numbers(const struct cg_fn *fn, uint32_t k)
{
	const struct image_probe *p = &fn->probe->image;
	uint64_t set = 0;

	for (uint32_t i = 0; i < p->nsites; i++) {
		uint64_t nr = fn->g->img->sites.v[p->first_site + i].a;

		if (nr / 64 == k)
			set |= UINT64_C(1) << nr % 64;
	}
	return set;
}

/* Is v the number of one of the sites? */
static void by_numbers(struct cg_fn *fn, cg_reg v)
{
	struct cg_code *c = fn->c;
	cg_label test = code_label(c);
	cg_reg set, word;

	if (v == NO_REG) {
		need(fn, v, 0);
		return;
	}
	set = code_const(c, 0);
	word = code_copy(c, v);
	code_alui(c, BPF_RSH, word, 6);
	for (uint32_t k = 0; k < NUMBERS_MAX / 64; k++) {
		cg_label next = code_label(c);

		if (!numbers(fn, k))
			continue;
		code_ifi(c, BPF_JNE, word, k, next);
		code_movi(c, set, (int64_t)numbers(fn, k));
		code_jmp(c, test);
		code_place_label(c, next);
	}
	code_jmp(c, fn->out);
	code_place_label(c, test);
	code_mov(c, word, v);
	code_alui(c, BPF_AND, word, 63);
	code_alu(c, BPF_RSH, set, word);
	code_alui(c, BPF_AND, set, 1);
	code_ifi(c, BPF_JEQ, set, 0, fn->out);
}

/* A call of this number and width. */
static void by_number(struct cg_fn *fn, const struct image_site *site)
{
	struct cg_code *c = fn->c;
	const char *nr_name = pt_regs_nr(fn);
	cg_reg v;

	if (str_is(image_str(fn->g->img, site->name), "sys_enter"))
		v = code_ld(c, fn->ctx, 8, 8);
	else
		v = call_register(fn, nr_name);
	if (fn->probe->image.nsites)
		by_numbers(fn, v);
	else
		need(fn, v, (int64_t)site->a);
	by_width(fn, site->b != 0);
}

/* ---- told once ---- */

/* The key of the map is when the process (or thread) began, which no other of
 * its number has in common with it; its number; and that of the probes. */
#define TOLD_SIZE 16
#define TOLD_NUMBERS 8

/* To R0: the place of the task's memory in the map, or 0. */
static void find_told(struct cg_fn *fn, uint32_t map, int32_t key)
{
	struct cg_code *c = fn->c;

	code_map(c, R1, map);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, key);
	code_call(c, HELPER_map_lookup_elem);
}

/* The first to say so tells: goes to `first`. */
static void add_told(struct cg_fn *fn, uint32_t map, int32_t key, cg_reg mm,
		     cg_label first)
{
	struct cg_code *c = fn->c;

	code_store(c, R10, cg_word(fn), mm, 8);
	code_map(c, R1, map);
	code_mov(c, R2, R10);
	code_alui(c, BPF_ADD, R2, key);
	code_mov(c, R3, R10);
	code_alui(c, BPF_ADD, R3, cg_word(fn));
	code_movi(c, R4, BPF_NOEXIST);
	code_call(c, HELPER_map_update_elem);
	code_ifi_int(c, BPF_JEQ, code_result(c), 0, first);
}

/* Puts mm into the element that R0 points to; what was there. */
static cg_reg replace_told(struct cg_fn *fn, cg_reg mm)
{
	struct cg_code *c = fn->c;
	cg_reg old;

	if (cg_has(fn, FEATURE_BIT(ATOMIC_FETCH))) {
		old = code_copy(c, mm);
		code_atomic(c, BPF_XCHG, R0, 0, old);
	} else {
		old = code_ld(c, R0, 0, 8);
		code_store(c, R0, 0, mm, 8);
	}
	return old;
}

static int32_t told_key(struct cg_fn *fn, const struct image_site *site,
			cg_reg start)
{
	struct cg_code *c = fn->c;
	int16_t key = code_stack(c, TOLD_SIZE);
	cg_reg pid = cg_pid_tgid(fn);

	code_store(c, R10, key, start, 8);
	code_store(c, R10, key + TOLD_NUMBERS, pid, 4);
	code_storei(c, R10, key + TOLD_NUMBERS + 4, (int32_t)site->c, 4);
	return key;
}

/*
 * While tasks that are there already are visited, others begin: a begin may be
 * seen by the visit, by the event, or by both.  Whoever is first tells it: it
 * puts the memory that the task runs in, which each program that it runs has
 * anew, into a map.  An event may come long after the visit has seen what it is
 * about, so what is in the map is good for all of the session; new elements
 * are not made later.  An exec replaces the memory of a task in the map while
 * it still has the old one: no other can have the same address.
 */
static void is_untold(struct cg_fn *fn, const struct image_site *site)
{
	struct cg_code *c = fn->c;
	cg_label tell = code_label(c), known = code_label(c);
	cg_reg task = cg_current(fn), visited, at;
	cg_reg start = member(fn, task, "task_struct", "start_time");
	cg_reg mm = member(fn, task, "task_struct", "mm");
	uint32_t map = cg_told_map(fn->g, (uint32_t)site->c);
	int32_t key;

	if (start == NO_REG || mm == NO_REG)
		return;
	key = told_key(fn, site, start);
	find_told(fn, map, key);
	code_ifi(c, BPF_JNE, R0, 0, known);
	at = code_map_value(c, fn->g->img->globals_map,
			    offsetof(struct image_session, visited));
	visited = code_ld(c, at, 0, 8);
	code_ifi(c, BPF_JNE, visited, 0, tell);
	add_told(fn, map, key, mm, tell);
	find_told(fn, map, key);
	code_ifi(c, BPF_JEQ, R0, 0, tell);
	code_place_label(c, known);
	code_if(c, BPF_JEQ, replace_told(fn, mm), mm, fn->out);
	code_place_label(c, tell);
}

void cg_filter(struct cg_fn *fn)
{
	const struct image_probe *p = &fn->probe->image;
	bool is_exit_function = p->kind == PROBE_FENTRY && p->site.filter;

	if (p->kind == PROBE_SYSCALL)
		by_number(fn, &p->site);
	if (p->kind == PROBE_EXISTING)
		by_existence(fn, &p->site);
	if (!p->site.filter && p->kind != PROBE_PROCESS && !is_exit_function)
		return;
	if (p->site.filter & FILTER_PID)
		need(fn, tgid(fn), p->site.pid);
	if (p->site.filter & FILTER_USER)
		cg_if_kthread(fn, fn->out);
	if (p->kind == PROBE_PROCESS || is_exit_function)
		by_event(fn, &p->site);
	if (p->site.filter & FILTER_FILE)
		by_file(fn, &p->site);
	if (p->site.filter & FILTER_TARGET)
		by_target(fn);
	if (p->site.c && (p->kind == PROBE_PROCESS || cg_is_visited(fn)))
		is_untold(fn, &p->site);
}
