/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three ways of asking: load a program that uses the thing; call a helper
 * with arguments that make no sense, and see whether the verifier complains
 * of the helper or of the arguments; look for a function of the kernel in its
 * BTF.
 */
#include "kern/features.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/bits.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/btf.h"
#include "dbg/cachefile.h"
#include "dbg/member.h"
#include "dbg/world.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

/* Newer than the kernel headers that we may be built with. */
#define FEATURES_JCOND 0xe0
#define FEATURES_LOG 2048
#define FEATURES_SMALL_KEY 512	/* bytes that every kernel takes */

#define INSN(c, d, s, o, i)                                            \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), \
			    .off = (o), .imm = (i) })
#define MOV(reg, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int load_as(uint32_t type, uint32_t attach_type,
		   const struct bpf_insn *insns, uint32_t n, char *log)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = attach_type;
	attr.insns = ptr_u64(insns);
	attr.insn_cnt = n;
	attr.license = ptr_u64("GPL");
	if (log) {
		attr.log_level = 1;
		attr.log_buf = ptr_u64(log);
		attr.log_size = FEATURES_LOG;
	}
	return syscall_bpf(BPF_PROG_LOAD, &attr,
			   SYSCALL_ATTR_SIZE(expected_attach_type));
}

static int load(const struct bpf_insn *insns, uint32_t n, char *log)
{
	return load_as(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, insns, n, log);
}

static bool loads(const struct bpf_insn *insns, uint32_t n)
{
	int fd = load(insns, n, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool has_may_goto(void)
{
	const struct bpf_insn insns[] = {
		MOV(BPF_REG_0, 0),
		INSN(BPF_JMP | FEATURES_JCOND, 0, 0, 1, 0),
		MOV(BPF_REG_0, 1),
		EXIT,
	};

	return loads(insns, ARRAY_SIZE(insns));
}

static bool has_sdiv(void)
{
	const struct bpf_insn insns[] = {
		MOV(BPF_REG_0, -8),
		MOV(BPF_REG_1, 2),
		INSN(BPF_ALU64 | BPF_DIV | BPF_X, BPF_REG_0, BPF_REG_1, 1, 0),
		EXIT,
	};

	return loads(insns, ARRAY_SIZE(insns));
}

static bool has_atomic_fetch(void)
{
	const struct bpf_insn insns[] = {
		MOV(BPF_REG_0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_0, -8, 0),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_10, BPF_REG_0, -8,
		     BPF_ADD | BPF_FETCH),
		EXIT,
	};

	return loads(insns, ARRAY_SIZE(insns));
}

/* May programs of this type call it? */
static bool type_has_helper(uint32_t type, int32_t helper)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper),
		MOV(BPF_REG_0, 0),
		EXIT,
	};
	char log[FEATURES_LOG] = "";
	int fd = load_as(type, 0, insns, ARRAY_SIZE(insns), log);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	return *log && !strstr(log, "invalid func ") &&
	       !strstr(log, "unknown func ") &&
	       !strstr(log, "cannot use helper ");
}

/* May raw tracepoints and their like call it? */
static bool has_helper(int32_t helper)
{
	return type_has_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, helper);
}

static int map_new(uint32_t type, uint32_t key_size, uint32_t value_size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = 1;
	return syscall_bpf(BPF_MAP_CREATE, &attr,
			   SYSCALL_ATTR_SIZE(max_entries));
}

static bool has_big_keys(void)
{
	_cleanup_close_ int map = map_new(BPF_MAP_TYPE_HASH,
					  2 * FEATURES_SMALL_KEY, 8);

	return map >= 0;
}

/* With a function beside the call: it is not the map that is asked for. */
static bool has_tail_call(void)
{
	struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 7),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_2, BPF_PSEUDO_MAP_FD,
		     0, 0),
		INSN(0, 0, 0, 0, 0),
		MOV(BPF_REG_3, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call),
		MOV(BPF_REG_0, 0),
		EXIT,
		MOV(BPF_REG_0, 0),
		EXIT,
	};
	_cleanup_close_ int map = map_new(BPF_MAP_TYPE_PROG_ARRAY,
					  sizeof(uint32_t), sizeof(uint32_t));

	insns[3].imm = map;
	return map >= 0 && loads(insns, ARRAY_SIZE(insns));
}

static bool has_function(struct ctypes *btf, struct str name)
{
	return btf && ctypes_find(btf, CTYPE_FUNC, name);
}

/* A pointer to anything, by which a program reads what it likes. */
static bool has_peek(struct ctypes *btf)
{
	struct bpf_insn insns[] = {
		MOV(BPF_REG_1, 0),
		MOV(BPF_REG_2, 0),
		INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_0, 8, 0),
		EXIT,
	};

	if (!has_function(btf, STR("bpf_rdonly_cast")))
		return false;
	insns[2].imm = (int32_t)ctypes_find(btf, CTYPE_FUNC,
					    STR("bpf_rdonly_cast"));
	return loads(insns, ARRAY_SIZE(insns));
}

static int load_tracing(uint32_t attach_type, uint32_t id,
			const struct bpf_insn *insns, uint32_t n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_TRACING;
	attr.expected_attach_type = attach_type;
	attr.insns = ptr_u64(insns);
	attr.insn_cnt = n;
	attr.license = ptr_u64("GPL");
	attr.attach_btf_id = id;
	return syscall_bpf(BPF_PROG_LOAD, &attr,
			   SYSCALL_ATTR_SIZE(attach_btf_id));
}

/* A program at the entry of a function of the kernel's BTF. */
static int load_entry(uint32_t id)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, 0), EXIT };

	return load_tracing(BPF_TRACE_FENTRY, id, insns, ARRAY_SIZE(insns));
}

/* The registers of a system call, and the second of them. */
static bool has_tp_btf(struct ctypes *btf)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 0, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_1, 8, 0),
		MOV(BPF_REG_0, 0),
		EXIT,
	};
	uint32_t id = btf ? ctypes_find(btf, CTYPE_TYPEDEF,
					STR(IMAGE_TRACEPOINT_TYPEDEF
					    "sys_enter")) : 0;
	_cleanup_close_ int prog = -1;

	if (id)
		prog = load_tracing(BPF_TRACE_RAW_TP, id, insns,
				    ARRAY_SIZE(insns));
	return prog >= 0;
}

/* The function is one that every kernel has.  To load it says nothing: only
 * attaching shows what the processor's half of it can do. */
static bool has_fentry(struct ctypes *btf)
{
	_cleanup_close_ int prog = -1, link = -1;
	uint32_t id = btf ? ctypes_find(btf, CTYPE_FUNC,
					STR("bpf_fentry_test1")) : 0;

	if (!id)
		return false;
	prog = load_entry(id);
	if (prog < 0)
		return false;
	link = syscall_raw_tracepoint_open(NULL, prog);
	return link >= 0;
}

bool features_lack_function(uint32_t id)
{
	int fd = load_entry(id);

	if (fd >= 0)
		close(fd);
	return fd == -ENOENT;
}

/* Whether the kernel was built with what these links stand on shows only when
 * one is made. */
static bool has_kprobe_multi(void)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, 0), EXIT };
	const char *name = "bpf_fentry_test1";
	_cleanup_close_ int prog = -1, link = -1;
	union bpf_attr attr;

	prog = load_as(BPF_PROG_TYPE_KPROBE, BPF_TRACE_KPROBE_MULTI, insns,
		       ARRAY_SIZE(insns), NULL);
	if (prog < 0)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.attach_type = BPF_TRACE_KPROBE_MULTI;
	attr.link_create.kprobe_multi.cnt = 1;
	attr.link_create.kprobe_multi.syms = ptr_u64(&name);
	link = syscall_bpf(BPF_LINK_CREATE, &attr,
			   SYSCALL_ATTR_SIZE(link_create.kprobe_multi.cookies));
	return link >= 0;
}

/* A kernel that knows these links sees that a directory is no program before it
 * does anything; another one does not know what is meant. */
static bool has_uprobe_multi(void)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, 0), EXIT };
	const uint64_t offset = 0;
	const struct syscall_uprobe_multi link = {
		.path = ptr_u64("/"),
		.offsets = ptr_u64(&offset),
		.cnt = 1,
	};
	_cleanup_close_ int prog = load_as(BPF_PROG_TYPE_KPROBE,
					   IMAGE_UPROBE_MULTI, insns,
					   ARRAY_SIZE(insns), NULL);

	return prog >= 0 && syscall_uprobe_multi(prog, &link) == -EBADF;
}

/* A program that changes what its process goes on with: it is refused where it
 * is loaded. */
static bool has_write_registers(void)
{
	const struct bpf_insn insns[] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_0, BPF_REG_1, 0, 0),
		INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_0, 0, 0),
		MOV(BPF_REG_0, 0),
		EXIT,
	};
	_cleanup_close_ int prog = load_as(BPF_PROG_TYPE_KPROBE,
					   IMAGE_UPROBE_MULTI, insns,
					   ARRAY_SIZE(insns), NULL);

	return prog >= 0;
}

/* Since Linux a46023d5616e ("tracing: Guard __DECLARE_TRACE() use of
 * __DO_TRACE_CALL() with SRCU-fast") (v7.0) they may lose the processor.  The
 * variable that came with it had been there long before for another purpose,
 * and had gone before the function came (v6.14). */
static bool has_tp_kept(struct ctypes *btf)
{
	return !btf ||
	       !ctypes_find(btf, CTYPE_VAR, STR("tracepoint_srcu_srcu_data")) ||
	       !has_function(btf, STR("bpf_local_irq_save"));
}

/* The word behind `start` in a file of the kernel's. */
static bool word_behind(const struct world *w, const char *path,
			const char *start, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct str rest;
	int64_t at;

	if (err_drop(world_read(w, path, FEATURES_LOG, &text)))
		return false;
	at = str_find(buf_view(&text), str_from(start));
	if (at < 0)
		return false;
	rest = str_sub(buf_view(&text), (uint32_t)at + (uint32_t)strlen(start),
		       (uint32_t)text.len);
	for (uint32_t i = 0; i < rest.len && !strchr(") \n", rest.s[i]); i++)
		buf_char(ret, rest.s[i]);
	return true;
}

static bool is_configured(struct world *w, const char *name)
{
	struct str value;

	return world_config(w, str_from(name), &value) == WORLD_CONFIG_SET;
}

/* How the kernel says that it is itself ("none voluntary (full)"): may change at
 * any time. */
static bool preempt_mode(const struct world *w, struct buf *ret)
{
	return word_behind(w, "/sys/kernel/debug/sched/preempt", "(", ret);
}

/* May a task lose the processor within the kernel?  It says so itself, or was
 * told how to be, or was built so. */
static bool is_preemptible(struct world *w, bool if_unknown)
{
	_cleanup_(buf_deinit) struct buf mode = {};

	if (preempt_mode(w, &mode) ||
	    word_behind(w, "/proc/cmdline", "preempt=", &mode))
		return !str_is(buf_view(&mode), "none") &&
		       !str_is(buf_view(&mode), "voluntary");
	if (is_configured(w, "CONFIG_PREEMPT_NONE") ||
	    is_configured(w, "CONFIG_PREEMPT_VOLUNTARY"))
		return false;
	return if_unknown || is_configured(w, "CONFIG_PREEMPT") ||
	       is_configured(w, "CONFIG_PREEMPT_LAZY") ||
	       is_configured(w, "CONFIG_PREEMPT_RT");
}

static bool has_feature(enum image_feature f, struct ctypes *btf)
{
	switch (f) {
	case FEATURE_MAY_GOTO:
		return has_may_goto();
	case FEATURE_SDIV:
		return has_sdiv();
	case FEATURE_ATOMIC_FETCH:
		return has_atomic_fetch();
	case FEATURE_BPF_LOOP:
		return has_helper(BPF_FUNC_loop);
	case FEATURE_STRNCMP:
		return has_helper(BPF_FUNC_strncmp);
	case FEATURE_PERCPU_LOOKUP:
		return has_helper(BPF_FUNC_map_lookup_percpu_elem);
	case FEATURE_FOR_EACH:
		return has_helper(BPF_FUNC_for_each_map_elem);
	case FEATURE_SNPRINTF:
		return has_helper(BPF_FUNC_snprintf);
	case FEATURE_TAIL_CALL:
		return has_tail_call();
	case FEATURE_RINGBUF:
		return has_helper(BPF_FUNC_ringbuf_reserve);
	case FEATURE_TASK_STORAGE:
		return has_helper(BPF_FUNC_task_storage_get);
	case FEATURE_BOOT_NS:
		return has_helper(BPF_FUNC_ktime_get_boot_ns);
	case FEATURE_WRITE_USER:
		return has_helper(BPF_FUNC_probe_write_user);
	case FEATURE_BIG_KEYS:
		return has_big_keys();
	case FEATURE_FENTRY:
		return has_fentry(btf);
	case FEATURE_KPROBE_COOKIE:
		return type_has_helper(BPF_PROG_TYPE_KPROBE,
				       BPF_FUNC_get_attach_cookie);
	case FEATURE_KPROBE_MULTI:
		return has_kprobe_multi();
	case FEATURE_UPROBE_MULTI:
		return has_uprobe_multi();
	case FEATURE_WRITE_REGISTERS:
		return has_write_registers();
	case FEATURE_RAW_TP_COOKIE:
		return has_helper(BPF_FUNC_get_attach_cookie);
	case FEATURE_KF_STRING:
		return has_function(btf, STR("bpf_strlen")) &&
		       has_function(btf, STR("bpf_strcmp"));
	case FEATURE_PEEK:
		return has_peek(btf);
	case FEATURE_TP_BTF:
		return has_tp_btf(btf);
	case FEATURE_IRQ_SAVE:
		return has_function(btf, STR("bpf_local_irq_save"));
	case FEATURE_TP_KEPT:
		return has_tp_kept(btf);
	case FEATURE_FN_KEPT:	/* ask_all() */
	case FEATURE_N:
		break;
	}
	return false;
}

/* Whether we may load at all. */
static struct err *may_load(void)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, 0), EXIT };
	int fd = load(insns, ARRAY_SIZE(insns), NULL);

	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	if (fd == -ENOSYS)
		return err_new(ERR_UNSUPPORTED,
			       "this kernel was built without BPF "
			       "(CONFIG_BPF_SYSCALL)");
	return privilege_hint(err_os(-fd, "loading a program into the kernel"));
}

static image_features ask_all(struct world *w)
{
	struct ctypes *btf = NULL;
	image_features features = 0;
	struct err *e = dbg_btf_open(w, &btf);

	err_free(e);
	for (uint32_t f = 0; f < FEATURE_N; f++)
		if (has_feature((enum image_feature)f, btf))
			features |= UINT64_C(1) << f;
	if (!is_preemptible(w, !has_tp_kept(btf)))
		features |= FEATURE_BIT(FN_KEPT);
	ctypes_close(btf);
	return features;
}

/* ---- kernels that do not run ---- */

/* The enumerator or function that a kernel's BTF shows when it has a feature:
 * that of the feature, or of something that came after it. */
static const struct {
	enum image_feature feature;
	struct str enumerator, function;
} signs[] = {
	{ FEATURE_RINGBUF, STR_INIT("BPF_FUNC_ringbuf_reserve"), {} },
	{ FEATURE_TAIL_CALL, STR_INIT("BPF_FUNC_per_cpu_ptr"), {} },
	{ FEATURE_KPROBE_COOKIE, STR_INIT("BPF_FUNC_get_attach_cookie"), {} },
	{ FEATURE_KPROBE_MULTI, {}, STR_INIT("fprobe_handler") },
	{ FEATURE_FENTRY, {}, STR_INIT("bpf_fentry_test1") },
	{ FEATURE_BOOT_NS, STR_INIT("BPF_FUNC_ktime_get_boot_ns"), {} },
	{ FEATURE_WRITE_USER, STR_INIT("BPF_FUNC_probe_write_user"), {} },
	{ FEATURE_TASK_STORAGE, STR_INIT("BPF_FUNC_task_storage_get"), {} },
	{ FEATURE_BIG_KEYS, STR_INIT("BPF_FUNC_task_storage_get"), {} },
	{ FEATURE_FOR_EACH, STR_INIT("BPF_FUNC_for_each_map_elem"), {} },
	{ FEATURE_SNPRINTF, STR_INIT("BPF_FUNC_snprintf"), {} },
	{ FEATURE_ATOMIC_FETCH, STR_INIT("BPF_FUNC_for_each_map_elem"), {} },
	{ FEATURE_PERCPU_LOOKUP, STR_INIT("BPF_FUNC_map_lookup_percpu_elem"),
	  {} },
	{ FEATURE_BPF_LOOP, STR_INIT("BPF_FUNC_loop"), {} },
	{ FEATURE_STRNCMP, STR_INIT("BPF_FUNC_strncmp"), {} },
	{ FEATURE_MAY_GOTO, STR_INIT("BPF_MAY_GOTO"), {} },
	{ FEATURE_SDIV, STR_INIT("BPF_MAY_GOTO"), {} },
	{ FEATURE_UPROBE_MULTI, STR_INIT("BPF_TRACE_UPROBE_MULTI"), {} },
	{ FEATURE_KF_STRING, {}, STR_INIT("bpf_strcmp") },
	{ FEATURE_PEEK, {}, STR_INIT("bpf_strcmp") },
	{ FEATURE_IRQ_SAVE, {}, STR_INIT("bpf_local_irq_save") },
	{ FEATURE_RAW_TP_COOKIE, {}, STR_INIT("bpf_local_irq_save") },
	{ FEATURE_TP_BTF, STR_INIT("BPF_TRACE_RAW_TP"), {} },
};

static bool has_sign(struct ctypes *btf, uint32_t i)
{
	uint32_t type;
	int64_t value;

	if (signs[i].function.len)
		return has_function(btf, signs[i].function);
	return ctypes_find_enumerator(btf, signs[i].enumerator, &type,
				       &value);
}

struct err *features_installed(struct world *w, image_features *ret)
{
	struct ctypes *btf = NULL;
	struct err *e = dbg_btf_open(w, &btf);
	struct member m;

	*ret = 0;
	if (e)
		return e;
	/* no function and no number came with it */
	if (member_find(btf, STR("struct bpf_prog_aux"),
			STR("kprobe_write_ctx"), &m))
		*ret |= FEATURE_BIT(WRITE_REGISTERS);
	for (uint32_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (has_sign(btf, i))
			*ret |= UINT64_C(1) << signs[i].feature;
	if (has_tp_kept(btf))
		*ret |= FEATURE_BIT(TP_KEPT) | FEATURE_BIT(FN_KEPT);
	ctypes_close(btf);
	return NULL;
}

image_features features_portable(void)
{
	return FEATURE_BIT(RINGBUF) | FEATURE_BIT(BOOT_NS) |
	       FEATURE_BIT(TAIL_CALL) | FEATURE_BIT(WRITE_USER) |
	       FEATURE_BIT(FENTRY);
}

/* ---- what was found since this boot ---- */

/* The answers take 2 ms, and stay the same until the next boot, for one who has
 * the same rights, and as long as the model of preemption does. */

/* The names of all features: another version may have others. */
static const char features_list[] =
#define FEATURE(id, name, since) #id " "
#include "image/feature.def"
#undef FEATURE
	;

struct cached {
	char boot_id[40];
	char list[sizeof(features_list)];
	uint32_t rights[_LINUX_CAPABILITY_U32S_3];
	char preempt[12];
	image_features features;
};

static bool cache_rights(struct cached *ret)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data))
		return false;
	for (uint32_t i = 0; i < ARRAY_SIZE(data); i++)
		ret->rights[i] = data[i].effective;
	return true;
}

static bool cache_key(struct world *w, struct cached *ret)
{
	_cleanup_(buf_deinit) struct buf mode = {};
	struct str id = world_boot_id(w);

	memset(ret, 0, sizeof(*ret));
	if (!world_is_live(w) || !id.len || id.len >= sizeof(ret->boot_id))
		return false;
	memcpy(ret->boot_id, id.s, id.len);
	memcpy(ret->list, features_list, sizeof(features_list));
	if (preempt_mode(w, &mode))
		memcpy(ret->preempt, mode.data,
		       MIN(mode.len, sizeof(ret->preempt)));
	return cache_rights(ret);
}

static struct str cache_path(struct arena *a)
{
	struct str dir = cachefile_boot_dir(a);

	if (!dir.len)
		return dir;
	return arena_printf(a, "%" STR_FMT "/features", STR_ARG(dir));
}

static bool cache_read(struct str path, const struct cached *key,
		       image_features *ret)
{
	uint64_t size = 0;
	const struct cached *c =
		path.len ? cachefile_map(path, sizeof(*c), &size) : NULL;
	bool fits = c && size == sizeof(*c) &&
		    !memcmp(c, key, offsetof(struct cached, features));

	if (fits)
		*ret = c->features;
	if (c)
		munmap((void *)(uintptr_t)c, size);
	return fits;
}

static struct err *probe_at(struct world *w, struct str path,
			    image_features *ret)
{
	struct cached c;
	bool cacheable = cache_key(w, &c);
	struct err *e;

	if (cacheable && cache_read(path, &c, ret))
		return NULL;
	e = may_load();
	if (e)
		return e;
	c.features = ask_all(w);
	if (cacheable && path.len)
		cachefile_save(path, &c, sizeof(c));
	*ret = c.features;
	return NULL;
}

struct err *features_probe(struct world *w, image_features *ret)
{
	struct arena a;
	struct err *e;

	arena_init(&a);
	e = probe_at(w, cache_path(&a), ret);
	arena_deinit(&a);
	return e;
}
