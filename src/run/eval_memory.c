/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the kernel, and of this process, which is the current one where
 * the host's handlers are.  (What a probe in the kernel was hit with is out of
 * reach here: the compiler has put an error in the place of each such read.)
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "run/engine.h"
#include "run/intrinsic.h"
#include "run/kmem.h"

static struct kmem *memory(struct host *h)
{
	if (!h->kmem)
		h->kmem = kmem_create();
	return h->kmem;
}

/* code: kmem's, of a read that failed. */
static enum step fault(struct host *h, int code, enum image_error kind,
		       uint64_t addr)
{
	host_raise(h, code == -EFAULT ? kind : IERR_KERNEL_DENIED);
	h->error.operand = addr;
	return STEP_RAISE;
}

/* The low bytes of v. */
static int64_t extend(uint64_t v, uint32_t size, bool is_signed)
{
	uint32_t unused = 64 - 8 * size;

	v <<= unused;
	return is_signed ? (int64_t)v >> unused : (int64_t)(v >> unused);
}

enum step eval_load(struct host *h, const struct image_insn *i)
{
	uint64_t addr = (uint64_t)host_long(h, i->a) + (uint64_t)i->imm;
	uint32_t size = MIN(i->aux & LOAD_SIZE, 8U);
	bool is_user = i->aux & LOAD_USER;
	uint64_t v = 0;
	int code = kmem_read(memory(h), addr, is_user, &v, size);

	if (i->aux & LOAD_ASKS)
		v = !code;
	else if (code && i->aux & LOAD_QUIET)
		v = 0;
	else if (code)
		return fault(h, code,
			     is_user ? IERR_USER_FAULT : IERR_KERNEL_FAULT,
			     addr);
	if (!(i->aux & LOAD_ASKS))
		v = (uint64_t)extend(v, size, i->aux & LOAD_SIGNED);
	host_set_long(h, (int64_t)v);
	return STEP_ON;
}

/* As many bytes as a string has room for, but at most max; aux: load_as. */
static enum step load_text(struct host *h, uint64_t addr, int64_t max,
			   uint32_t aux)
{
	int64_t room = MIN(MAX(max, INT64_C(0)), (int64_t)h->strcap - 1);
	bool is_user = aux & LOAD_USER;
	struct str text = {};
	int code = kmem_text(memory(h), addr, is_user, (uint32_t)room + 1,
			     &text);

	if (code && !(aux & LOAD_QUIET))
		return fault(h, code,
			     is_user ? IERR_USER_STR_FAULT :
				       IERR_KERNEL_STR_FAULT,
			     addr);
	host_set_str(h, text);
	return STEP_ON;
}

enum step eval_load_str(struct host *h, const struct image_insn *i)
{
	return load_text(h, (uint64_t)host_long(h, i->a) + (uint64_t)i->imm,
			 i->b == IMAGE_NONE ? INT64_MAX : host_long(h, i->b),
			 i->aux);
}

enum step intrinsic_kernel_str(struct host *h, const struct value *args)
{
	return load_text(h, (uint64_t)args[0].l, args[1].l, 0);
}

enum step intrinsic_user_str(struct host *h, const struct value *args)
{
	return load_text(h, (uint64_t)args[0].l, args[1].l, LOAD_USER);
}

enum step intrinsic_task(struct host *h, const struct value *args)
{
	uint64_t task = 0;

	(void)args;
	/* Without a privilege there is nothing to read of it either. */
	(void)kmem_task(memory(h), &task);
	host_set_long(h, (int64_t)task);
	return STEP_ON;
}
