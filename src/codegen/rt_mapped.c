/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a process has a file: the kernel's own walk over what it has mapped.
 */
#include "base/bits.h"
#include "codegen/rt.h"

#define VM_EXEC 4		/* vm_area_struct.vm_flags */

/* A member of what a pointer of the kernel's points to; to `none` when it is
 * 0. */
static cg_reg get(struct cg_fn *fn, struct cg_code *c, cg_reg base,
		  const char *type, const char *member, cg_label none)
{
	uint32_t off, size;
	cg_reg v;

	if (!cg_find_member(fn, type, member, &off, &size))
		return code_const(c, 0);
	v = code_ld(c, base, (int32_t)off, size);
	code_ifi(c, BPF_JEQ, v, 0, none);
	return v;
}

static void walk_call(struct cg_fn *fn, struct cg_code *c, int16_t walk,
		      struct str name, uint8_t nargs)
{
	code_mov(c, R1, R10);
	code_alui(c, BPF_ADD, R1, walk);
	code_call_kfunc(c, image_intern(fn->g->img, fn->g->a, name), nargs);
}

/* To `other`, unless what a pointer in the kernel points to is the inode. */
static void is_inode(struct cg_fn *fn, struct cg_code *c, cg_reg inode,
		     const cg_reg *arg, cg_label other)
{
	cg_reg super, v = get(fn, c, inode, "inode", "i_ino", other);

	code_if(c, BPF_JNE, v, arg[0], other);
	super = get(fn, c, inode, "inode", "i_sb", other);
	v = get(fn, c, super, "super_block", "s_dev", other);
	code_if(c, BPF_JNE, v, arg[1], other);
}

/* What is mapped of an overlay is the file below it; behind that one's struct
 * file stands which one it is to who opened it. */
static void is_overlaid(struct cg_fn *fn, struct cg_code *c, cg_reg file,
			const cg_reg *arg, cg_label other)
{
	static const char *const links[][2] = {
		{ "backing_file", "user_path" }, { "path", "dentry" },
		{ "dentry", "d_inode" }, { "inode", "i_ino" },
		{ "inode", "i_sb" }, { "super_block", "s_dev" },
	};
	uint32_t off[ARRAY_SIZE(links)], size[ARRAY_SIZE(links)];
	cg_reg v;

	for (uint32_t i = 0; i < ARRAY_SIZE(links); i++)
		if (!cg_find_place(fn, links[i][0], links[i][1], &off[i],
				   &size[i])) {
			code_jmp(c, other);
			return;
		}
	v = rt_peek(fn, c, file, off[0] + off[1], 8, other);
	file = rt_peek(fn, c, v, off[2], 8, other);
	v = rt_peek(fn, c, file, off[3], size[3], other);
	code_if(c, BPF_JNE, v, arg[0], other);
	v = rt_peek(fn, c, file, off[4], 8, other);
	v = rt_peek(fn, c, v, off[5], size[5], other);
	code_if(c, BPF_JNE, v, arg[1], other);
}

/* To `other`, unless this area has the file at the offset, to be executed. */
static void is_it(struct cg_fn *fn, struct cg_code *c, cg_reg area,
		  const cg_reg *arg, cg_label other)
{
	cg_reg flags = get(fn, c, area, "vm_area_struct", "vm_flags", other);
	cg_label over = code_label(c), same = code_label(c);
	cg_reg file, inode, v;
	uint32_t off, size;

	code_alui(c, BPF_AND, flags, VM_EXEC);
	code_ifi(c, BPF_JEQ, flags, 0, other);
	file = get(fn, c, area, "vm_area_struct", "vm_file", other);
	inode = get(fn, c, file, "file", "f_inode", other);
	is_inode(fn, c, inode, arg, over);
	code_jmp(c, same);
	code_place_label(c, over);
	is_overlaid(fn, c, file, arg, other);
	code_place_label(c, same);
	if (!cg_find_member(fn, "vm_area_struct", "vm_pgoff", &off, &size))
		return;
	v = code_ld(c, area, (int32_t)off, size);
	code_alui(c, BPF_LSH, v, 12);
	code_if(c, BPF_JNE, v, arg[2], other);
}

/* R1 = inode, R2 = device, R3 = offset in bytes, in pages of 4096; R0 = the
 * address, 0 = nowhere. */
void rt_mapped(struct cg_fn *fn, struct cg_code *c)
{
	const cg_reg arg[] = { code_copy(c, R1), code_copy(c, R2),
			       code_copy(c, R3) };
	cg_label next = code_label(c), done = code_label(c);
	int16_t walk = code_stack(c, 8);
	cg_reg found = code_const(c, 0), area;

	code_call(c, HELPER_get_current_task_btf);
	code_mov(c, R2, R0);
	code_movi(c, R3, 0);
	walk_call(fn, c, walk, STR("bpf_iter_task_vma_new"), 3);
	code_place_label(c, next);
	walk_call(fn, c, walk, STR("bpf_iter_task_vma_next"), 1);
	area = code_copy(c, R0);
	code_ifi(c, BPF_JEQ, area, 0, done);
	is_it(fn, c, area, arg, next);
	code_mov(c, found, get(fn, c, area, "vm_area_struct", "vm_start",
			       done));
	code_place_label(c, done);
	walk_call(fn, c, walk, STR("bpf_iter_task_vma_destroy"), 1);
	code_mov(c, R0, found);
	code_exit(c);
}
