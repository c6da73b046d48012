/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program's instructions are copied, numbers that only this kernel knows
 * are put in, and it is loaded without a log; only if it is refused, again
 * with one.
 *
 * A program with callbacks needs a BTF of its own in which every function of
 * it has a name; the verifier asks for no more than that it is there.
 */
#include "kern/programs.h"

#include <errno.h>
#include <linux/btf.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/btf.h"
#include "kern/privilege.h"
#include "kern/syscall.h"
#include "kern/verifier_log.h"

#define PROGRAM_LOG_BYTES (16u << 20)

struct loader {
	const struct image *img;
	const struct maps *maps;
	const struct world *world;
	struct ctypes *btf;	/* the kernel's, when a function of it is
				 * called */
	struct arena arena;
	int32_t copy;		/* which one of those that stand in */
};

/* ---- numbers of this kernel ---- */

static struct err *loader_btf(struct loader *l)
{
	return l->btf ? NULL : dbg_btf_open(l->world, &l->btf);
}

static struct err *loader_kfunc(struct loader *l, struct str name,
				int32_t *ret)
{
	struct err *e = loader_btf(l);
	uint32_t id;

	if (e)
		return e;
	id = ctypes_find(l->btf, CTYPE_FUNC, name);
	if (!id)
		return err_new(ERR_UNSUPPORTED,
			       "this kernel has no function '%" STR_FMT
			       "' for programs", STR_ARG(name));
	*ret = (int32_t)id;
	return NULL;
}

static struct err *loader_map(const struct loader *l, uint32_t map,
			      int32_t *ret)
{
	if (map >= l->maps->n || l->maps->fds[map] < 0)
		return err_new(ERR_FORMAT, "a program uses map %u, which "
			       "there is none", map);
	*ret = l->maps->fds[map];
	return NULL;
}

/* A number of the kernel: see image/access.def. */
static struct err *loader_access(const struct loader *l,
				 const struct image_reloc *r,
				 struct bpf_insn *insn)
{
	int64_t v;

	if (r->what >= l->img->accesses.n)
		return err_new(ERR_FORMAT, "a program uses access %u, which "
			       "there is none", r->what);
	v = l->img->accesses.v[r->what].value;
	if (r->kind == IREL_ACCESS) {
		insn[0].imm = (int32_t)v;
		insn[1].imm = (int32_t)(v >> 32);
		return NULL;
	}
	if (v < 0 || v > INT16_MAX / 8)
		return err_new(ERR_FORMAT, "a program reads argument %lld",
			       (long long)v);
	insn->off = (int16_t)(8 * v);
	return NULL;
}

static struct err *loader_reloc(struct loader *l,
				const struct image_reloc *r,
				struct bpf_insn *insn)
{
	switch ((enum image_reloc_kind)r->kind) {
	case IREL_MAP:
	case IREL_MAP_VALUE:
		return loader_map(l, r->what, &insn->imm);
	case IREL_KFUNC:
		return loader_kfunc(l, image_str(l->img, r->what),
				    &insn->imm);
	case IREL_SUBPROG:
		return NULL;	/* relative, and there already */
	case IREL_ACCESS:
	case IREL_ACCESS_WORD:
		return loader_access(l, r, insn);
	case IREL_COPY:
		insn->imm = l->copy;
		return NULL;
	}
	return err_new(ERR_FORMAT, "a program refers to something unknown");
}

static struct err *loader_insns(struct loader *l, const struct image_prog *p,
				struct bpf_insn **ret)
{
	struct bpf_insn *insns = arena_array(&l->arena, p->n,
					     struct bpf_insn);
	struct err *e;

	_Static_assert(sizeof(*insns) == sizeof(uint64_t), "one word each");
	memcpy(insns, l->img->insns.v + p->first, p->n * sizeof(*insns));
	for (uint32_t i = 0; i < p->nrelocs; i++) {
		const struct image_reloc *r =
			&l->img->relocs.v[p->first_reloc + i];

		if (r->insn >= p->n)
			return err_new(ERR_FORMAT,
				       "a program is shorter than it says");
		e = loader_reloc(l, r, &insns[r->insn]);
		if (e)
			return e;
	}
	*ret = insns;
	return NULL;
}

/* ---- functions within a program ---- */

static bool is_func_ref(const struct bpf_insn *i)
{
	bool call = i->code == (BPF_JMP | BPF_CALL) &&
		    i->src_reg == BPF_PSEUDO_CALL;
	bool address = i->code == (BPF_LD | BPF_IMM | BPF_DW) &&
		       i->src_reg == BPF_PSEUDO_FUNC;

	return call || address;
}

static bool has_callbacks(const struct bpf_insn *insns, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_FUNC)
			return true;
		i++;	/* its second half is no instruction */
	}
	return false;
}

/* Where functions begin, ascending; how many. */
static uint32_t func_starts(struct arena *a, const struct bpf_insn *insns,
			    uint32_t n, struct bpf_func_info **ret)
{
	bool *start = arena_array(a, n + 1, bool);
	struct bpf_func_info *info = arena_array(a, n + 1,
						 struct bpf_func_info);
	uint32_t found = 0;

	start[0] = true;
	for (uint32_t i = 0; i < n; i++) {
		int64_t to = (int64_t)i + insns[i].imm + 1;

		if (is_func_ref(&insns[i]) && to >= 0 && to < n)
			start[to] = true;
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!start[i])
			continue;
		info[found].insn_off = i;
		info[found].type_id = 3 + found;
		found++;
	}
	*ret = info;
	return found;
}

static void type_record(struct buf *b, uint32_t name, uint32_t info,
		       uint32_t size)
{
	uint32_t record[] = { name, info, size };

	buf_add(b, record, sizeof(record));
}

/* 1: int; 2: int (void); 3 ...: the functions, all called "f". */
static int types_load(uint32_t nfuncs)
{
	static const char strings[] = "\0int\0f";
	const uint32_t int_bits = BTF_INT_SIGNED << 24 | 32;
	_cleanup_(buf_deinit) struct buf b = {};
	struct btf_header h = {
		.magic = BTF_MAGIC, .version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = 16 + 12 + 12 * nfuncs,
		.str_len = sizeof(strings),
	};
	union bpf_attr attr;

	h.str_off = h.type_len;
	buf_add(&b, &h, sizeof(h));
	type_record(&b, 1, BTF_KIND_INT << 24, 4);
	buf_add(&b, &int_bits, sizeof(int_bits));
	type_record(&b, 0, BTF_KIND_FUNC_PROTO << 24, 1);
	for (uint32_t i = 0; i < nfuncs; i++)
		type_record(&b, 5, BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, 2);
	buf_add(&b, strings, sizeof(strings));
	memset(&attr, 0, sizeof(attr));
	attr.btf = ptr_u64(b.data);
	attr.btf_size = (uint32_t)b.len;
	return syscall_bpf(BPF_BTF_LOAD, &attr, SYSCALL_ATTR_SIZE(btf_size));
}

/* ---- loading ---- */

static int prog_load(union bpf_attr *attr)
{
	/* Older kernels do not know the fields behind. */
	size_t size = attr->attach_btf_id ?
			      SYSCALL_ATTR_SIZE(attach_btf_obj_fd) :
			      SYSCALL_ATTR_SIZE(line_info_cnt);

	return syscall_bpf(BPF_PROG_LOAD, attr, size);
}

/* Does this come from elsewhere than from the verifier, whatever the program
 * is?  When the verifier refuses, it says EACCES and others, but not these. */
static bool is_of_the_world(int code)
{
	return code == -EPERM || code == -EMFILE || code == -ENFILE ||
	       code == -EAGAIN || code == -EINTR;
}

/* Again, to hear why. */
static struct err *prog_refused(const struct loader *l,
				const struct image_prog *p,
				union bpf_attr *attr, int code)
{
	_cleanup_free_ char *log = NULL;
	struct err *e;
	int fd;

	if (is_of_the_world(code))
		return privilege_hint(err_os(-code, "loading a program"));
	e = code == -E2BIG ? verifier_log_too_long(l->img, p) : NULL;
	if (e)
		return e;
	log = calloc(1, PROGRAM_LOG_BYTES);
	if (!log)
		abort();
	attr->log_level = 1;
	attr->log_buf = ptr_u64(log);
	attr->log_size = PROGRAM_LOG_BYTES;
	fd = prog_load(attr);
	if (fd >= 0)
		close(fd);
	return verifier_log_explain(l->img, p, log, -code);
}

/* The type of a tracepoint; 0 = there is none. */
static uint32_t tracepoint_type(struct loader *l, struct str name)
{
	struct str typedef_name =
		arena_printf(&l->arena, IMAGE_TRACEPOINT_TYPEDEF "%" STR_FMT,
			     STR_ARG(name));

	return ctypes_find(l->btf, CTYPE_TYPEDEF, typedef_name);
}

/* The function or tracepoint that a program of type TRACING is about. */
static struct err *loader_target(struct loader *l, const struct image_prog *p,
				 union bpf_attr *attr)
{
	struct str name = image_str(l->img, p->attach_to);
	bool is_tracepoint = p->attach_type == BPF_TRACE_RAW_TP;
	struct err *e;

	if (!p->attach_to)
		return NULL;
	e = loader_btf(l);
	if (e)
		return e;
	attr->attach_btf_id = is_tracepoint ?
				      tracepoint_type(l, name) :
				      ctypes_find(l->btf, CTYPE_FUNC, name);
	if (!attr->attach_btf_id)
		return err_new(ERR_NOT_FOUND,
			       "this kernel has no %s '%" STR_FMT "'",
			       is_tracepoint ? "tracepoint" : "function",
			       STR_ARG(name));
	return NULL;
}

/* ret = -1: it is for the return of a function that never returns, which is
 * said when it is to be attached: others of a pattern may do. */
static struct err *loader_load(struct loader *l, const struct image_prog *p,
			       int *ret)
{
	_cleanup_close_ int types = -1;
	struct bpf_func_info *info;
	struct bpf_insn *insns = NULL;
	struct err *e = loader_insns(l, p, &insns);
	union bpf_attr attr;

	if (e)
		return e;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = p->prog_type;
	attr.expected_attach_type = p->attach_type;
	attr.prog_flags = p->sleeps ? BPF_F_SLEEPABLE : 0;
	e = loader_target(l, p, &attr);
	if (e)
		return e;
	attr.insn_cnt = p->n;
	attr.insns = ptr_u64(insns);
	attr.license = ptr_u64("GPL");
	syscall_object_name(image_str(l->img, p->name), attr.prog_name);
	if (has_callbacks(insns, p->n)) {
		attr.func_info_rec_size = sizeof(*info);
		attr.func_info_cnt = func_starts(&l->arena, insns, p->n,
						 &info);
		attr.func_info = ptr_u64(info);
		types = types_load(attr.func_info_cnt);
		if (types < 0)
			return err_os(-types, "loading a program's types");
		attr.prog_btf_fd = (uint32_t)types;
	}
	*ret = prog_load(&attr);
	if (*ret >= 0)
		return NULL;
	e = prog_refused(l, p, &attr, *ret);
	*ret = -1;
	if (e->code != ERR_UNSUPPORTED)
		return e;
	err_free(e);
	return NULL;
}

/* Programs that are called find themselves in a map. */
static struct err *fill_maps(const struct loader *l, const struct programs *p)
{
	const uint32_t zero = 0;

	for (uint32_t i = 0; i < l->img->maps.n; i++) {
		const struct image_map *m = &l->img->maps.v[i];
		int code;

		/* One that the kernel left out is called by nobody. */
		if (m->kind != IMAP_PROGS || p->fds[m->init] < 0)
			continue;
		code = syscall_map_update(l->maps->fds[i], &zero,
					  &p->fds[m->init], 0);
		if (code)
			return err_os(-code, "a program that is called");
	}
	return NULL;
}

static struct err *load_handler(struct loader *l, uint32_t i,
				struct programs *p)
{
	const struct image_prog *prog = &l->img->progs.v[i];

	arena_reset(&l->arena);
	return prog->is_standin ? NULL : loader_load(l, prog, &p->fds[i]);
}

/* Those that stand in for program number i.  What they call is there already:
 * the kernel would have to change their code later. */
static struct err *load_standins(struct loader *l, uint32_t i,
				 struct programs *p)
{
	uint32_t standin = l->img->progs.v[i].standin;
	struct err *e = NULL;

	if (!standin || p->fds[i] < 0)
		return NULL;
	arena_reset(&l->arena);
	for (int k = 0; !e && k < IMAGE_COPIES - 1; k++) {
		l->copy = k + 1;
		e = loader_load(l, &l->img->progs.v[standin - 1],
				&p->copies[i][k]);
	}
	return e;
}

struct err *programs_load(const struct image *img, const struct maps *m,
			  const struct world *w, struct programs *ret)
{
	struct loader l = { .img = img, .maps = m, .world = w };
	struct programs p = { .n = img->progs.n };
	struct err *e = NULL;

	p.fds = malloc((p.n + 1) * sizeof(*p.fds));
	p.missed = calloc(p.n + 1, sizeof(*p.missed));
	p.copies = malloc((p.n + 1) * sizeof(*p.copies));
	if (!p.fds || !p.missed || !p.copies)
		abort();
	memset(p.fds, -1, p.n * sizeof(*p.fds));
	memset(p.copies, -1, p.n * sizeof(*p.copies));
	arena_init(&l.arena);
	for (uint32_t i = 0; i < p.n && !e; i++)
		e = load_handler(&l, i, &p);
	if (!e)
		e = fill_maps(&l, &p);
	for (uint32_t i = 0; i < p.n && !e; i++)
		e = load_standins(&l, i, &p);
	ctypes_close(l.btf);
	arena_deinit(&l.arena);
	if (e)
		programs_unload(&p);
	else
		*ret = p;
	return e;
}

/* Hits of a program that its stand-ins had. */
static uint64_t standin_hits(const struct image *img, const struct maps *m,
			     uint32_t prog)
{
	const struct image_prog *p = &img->progs.v[prog];
	_cleanup_free_ uint64_t *all = NULL;
	uint64_t sum = 0;

	if (!p->standin)
		return 0;
	all = calloc(m->ncpus, sizeof(*all));
	if (!all)
		abort();
	if (syscall_map_lookup(m->fds[p->standins_map], &p->standins_at, all))
		return 0;
	for (uint32_t i = 0; i < m->ncpus; i++)
		sum += all[i];
	return sum;
}

static uint64_t kernel_misses(const struct programs *p, uint32_t prog)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)p->fds[prog];
	attr.info.info_len = sizeof(info);
	attr.info.info = ptr_u64(&info);
	if (syscall_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr,
			SYSCALL_ATTR_SIZE(info)))
		return p->missed[prog];
	return p->missed[prog] + info.recursion_misses;
}

uint64_t programs_misses(const struct image *img, const struct maps *m,
			 const struct programs *p, uint32_t prog)
{
	uint64_t missed = kernel_misses(p, prog);
	uint64_t had = standin_hits(img, m, prog);

	return missed > had ? missed - had : 0;
}

struct err *programs_renew(const struct image *img, const struct maps *m,
			   const struct world *w, uint32_t prog,
			   struct programs *p)
{
	struct loader l = { .img = img, .maps = m, .world = w };
	struct err *e;
	int fd;

	arena_init(&l.arena);
	e = loader_load(&l, &img->progs.v[prog], &fd);
	ctypes_close(l.btf);
	arena_deinit(&l.arena);
	if (e)
		return e;
	p->missed[prog] = kernel_misses(p, prog);
	close(p->fds[prog]);
	p->fds[prog] = fd;
	return NULL;
}

/* Putting a map into another one returns when no program runs any more that
 * could still have seen what was there before. */
static void wait_by_map(void)
{
	_cleanup_close_ int inner = -1, outer = -1;
	const uint32_t zero = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(zero);
	attr.value_size = sizeof(uint64_t);
	attr.max_entries = 1;
	inner = syscall_bpf(BPF_MAP_CREATE, &attr,
			    SYSCALL_ATTR_SIZE(inner_map_fd));
	attr.map_type = BPF_MAP_TYPE_ARRAY_OF_MAPS;
	attr.value_size = sizeof(uint32_t);
	attr.inner_map_fd = (uint32_t)inner;
	if (inner >= 0)
		outer = syscall_bpf(BPF_MAP_CREATE, &attr,
				    SYSCALL_ATTR_SIZE(inner_map_fd));
	if (outer >= 0)
		(void)syscall_map_update(outer, &zero, &inner, 0);
}

void programs_wait(void)
{
	/* The quicker way, but not offered where CPUs run without a tick
	 * (nohz_full). */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		wait_by_map();
}

void programs_unload(struct programs *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->fds[i] >= 0)
			close(p->fds[i]);
		for (int k = 0; k < IMAGE_COPIES - 1; k++)
			if (p->copies[i][k] >= 0)
				close(p->copies[i][k]);
	}
	free(p->fds);
	free(p->copies);
	free(p->missed);
	*p = (struct programs){};
}
