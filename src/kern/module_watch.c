/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/module_watch.h"

#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "dbg/btf.h"
#include "dbg/member.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

#define HELPER_READ_STR 115 /* bpf_probe_read_kernel_str */
#define HELPER_OUTPUT 130   /* bpf_ringbuf_output */

static int ring_create(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = MODULE_WATCH_BYTES;
	return syscall_bpf(BPF_MAP_CREATE, &attr,
			   SYSCALL_ATTR_SIZE(inner_map_fd));
}

/* Where a struct module has its name. */
static struct err *name_offset(const struct world *w, int32_t *ret)
{
	struct ctypes *btf;
	struct member m;
	struct err *e = dbg_btf_open(w, &btf);

	if (e)
		return e;
	if (!member_find(btf, STR("module"), STR("name"), &m) ||
	    m.bit_offset / 8 > INT32_MAX)
		e = err_new(ERR_UNSUPPORTED,
			    "this kernel does not describe its modules");
	else
		*ret = (int32_t)(m.bit_offset / 8);
	ctypes_close(btf);
	return e;
}

/* The context is the address of the module; the event is on the stack. */
static int program_load(int ring, int32_t offset, bool is_gone)
{
	const int event = -(int)sizeof(struct module_event);
	const int name = event + (int)offsetof(struct module_event, name);
	struct bpf_insn insns[32];
	union bpf_attr attr;
	uint32_t n = 0;

#define INSN(...) insns[n++] = (struct bpf_insn){ __VA_ARGS__ }
	INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, 0, 0);
	for (int at = event; at < 0; at += 8)
		INSN(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, (int16_t)at,
		     at == event && is_gone);
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0);
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, name);
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, MODULE_NAME_BYTES);
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_6, 0, 0);
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, offset);
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, HELPER_READ_STR);
	INSN(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, ring);
	INSN(0, 0, 0, 0, 0);
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
	INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, event);
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0,
	     sizeof(struct module_event));
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_4, 0, 0, 0);
	INSN(BPF_JMP | BPF_CALL, 0, 0, 0, HELPER_OUTPUT);
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
#undef INSN
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
	attr.insns = ptr_u64(insns);
	attr.insn_cnt = n;
	attr.license = ptr_u64("GPL");
	return syscall_bpf(BPF_PROG_LOAD, &attr, SYSCALL_ATTR_SIZE(prog_flags));
}

/* A program and where it hangs. */
static int watch(int ring, int32_t offset, const char *tracepoint, bool is_gone,
		 int hooks[2])
{
	hooks[0] = program_load(ring, offset, is_gone);
	if (hooks[0] < 0)
		return hooks[0];
	hooks[1] = syscall_raw_tracepoint_open(tracepoint, hooks[0]);
	return MIN(hooks[1], 0);
}

struct err *module_watch_open(const struct world *w, struct module_watch *ret)
{
	struct module_watch m = MODULE_WATCH_NONE;
	int32_t offset = 0;
	struct err *e = name_offset(w, &offset);
	int code;

	if (e)
		return err_context(e, "watching modules come and go");
	code = m.ring = ring_create();
	if (code >= 0)
		code = watch(m.ring, offset, "module_load", false, m.hooks);
	if (code >= 0)
		code = watch(m.ring, offset, "module_free", true, m.hooks + 2);
	if (code >= 0) {
		*ret = m;
		return NULL;
	}
	module_watch_close(&m);
	return privilege_hint(err_os(-code, "watching modules come and go"));
}

void module_watch_close(struct module_watch *m)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(m->hooks); i++)
		if (m->hooks[i] >= 0)
			close(m->hooks[i]);
	if (m->ring >= 0)
		close(m->ring);
	*m = (struct module_watch)MODULE_WATCH_NONE;
}
