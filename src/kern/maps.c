/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kern/maps.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "kern/privilege.h"
#include "kern/syscall.h"
#include "kern/unwind_maps.h"

#define MAPS_RING_MAX (UINT64_C(1) << 30)
/*
 * Elements are made at the start.  Making them when they are needed is 2 ms
 * cheaper for a per-CPU map, but fails in handlers that insert many at once:
 * the kernel refills its stock of free ones only when they have returned.
 * Beyond this much memory the choice is between that and nothing.
 */
#define MAPS_PREALLOC_MAX (UINT64_C(256) << 20)

#define MAPS_TASKS 32768u	/* of a machine that does not say */

struct map_kind {
	uint32_t type, flags;
};

static struct map_kind map_kind(enum image_map_kind k)
{
	switch (k) {
	case IMAP_GLOBALS:
		return (struct map_kind){ BPF_MAP_TYPE_ARRAY,
					  BPF_F_MMAPABLE };
	case IMAP_RODATA:
		return (struct map_kind){ BPF_MAP_TYPE_ARRAY,
					  BPF_F_RDONLY_PROG };
	case IMAP_STATS:
	case IMAP_STANDINS:
		return (struct map_kind){ BPF_MAP_TYPE_PERCPU_ARRAY, 0 };
	case IMAP_HASH:
	case IMAP_STACKS:
		return (struct map_kind){ BPF_MAP_TYPE_HASH, 0 };
	case IMAP_PERCPU_HASH:
		return (struct map_kind){ BPF_MAP_TYPE_PERCPU_HASH, 0 };
	case IMAP_UNWIND_PROCS:
	case IMAP_TOLD:
	case IMAP_FAMILY:
		return (struct map_kind){ BPF_MAP_TYPE_HASH, 0 };
	case IMAP_UNWIND_MAPPINGS:
	case IMAP_UNWIND_RULES:
		return (struct map_kind){ BPF_MAP_TYPE_ARRAY,
					  BPF_F_MMAPABLE };
	case IMAP_UNWIND_ROWS:
		return (struct map_kind){ BPF_MAP_TYPE_ARRAY_OF_MAPS, 0 };
	case IMAP_SCRATCH:	/* a CPU's own array is 32 KiB at most */
	case IMAP_RING_KEYS:
	case IMAP_ITER:
		return (struct map_kind){ BPF_MAP_TYPE_ARRAY, 0 };
	case IMAP_DATA:
	case IMAP_CONTROL:
		return (struct map_kind){ BPF_MAP_TYPE_RINGBUF, 0 };
	case IMAP_PROGS:
		return (struct map_kind){ BPF_MAP_TYPE_PROG_ARRAY, 0 };
	case IMAP_PERF:
		return (struct map_kind){ BPF_MAP_TYPE_PERF_EVENT_ARRAY, 0 };
	case IMAP_TASK:
		return (struct map_kind){ BPF_MAP_TYPE_TASK_STORAGE,
					  BPF_F_NO_PREALLOC };
	}
	abort();
}

/* The version is for the reader: what this kernel has was found by trying. */
static struct err *map_unknown(enum image_map_kind kind)
{
	bool ring = kind == IMAP_DATA || kind == IMAP_CONTROL;

	return err_new(ERR_UNSUPPORTED,
		       ring ? "this kernel has no BPF ring buffer, which came "
			      "with Linux 5.8" :
			      "this kernel's BPF maps cannot be shared with a "
			      "process, which came with Linux 5.5");
}

static struct err *map_refused(int code, const struct image_map *m,
			       struct str name)
{
	struct err *e;

	if (code == -EINVAL &&
	    (m->kind == IMAP_DATA || m->kind == IMAP_CONTROL ||
	     m->kind == IMAP_GLOBALS))
		return map_unknown((enum image_map_kind)m->kind);
	e = err_os(-code, "creating the map '%" STR_FMT "'", STR_ARG(name));
	if (code == -E2BIG || code == -ENOMEM)
		return err_hint(e, "a smaller MAXMAPENTRIES (-D) may help, or a "
				   "smaller size where it is declared");
	return privilege_hint(e);
}

static uint32_t prealloc_flag(const struct image_map *m)
{
	uint64_t size = (uint64_t)m->max_entries *
			(m->key_size + m->value_size);
	bool is_hash = m->kind == IMAP_HASH || m->kind == IMAP_PERCPU_HASH;

	return is_hash && size > MAPS_PREALLOC_MAX ? BPF_F_NO_PREALLOC : 0;
}

/* The kernel wants types of what it keeps with tasks: an int as the key, and
 * a number of 16 bytes. */
struct map_types {
	struct btf_header head;
	struct {
		struct btf_type type;
		uint32_t bits;
	} ints[2];
	char strings[4];
};

static struct err *map_types_load(int *ret)
{
	struct map_types t = {
		.head = { .magic = BTF_MAGIC, .version = BTF_VERSION,
			  .hdr_len = sizeof(t.head),
			  .type_len = sizeof(t.ints),
			  .str_off = sizeof(t.ints),
			  .str_len = sizeof(t.strings) },
		.ints = { { { .name_off = 1, .info = BTF_KIND_INT << 24,
			      .size = 4 }, 32 },
			  { { .name_off = 1, .info = BTF_KIND_INT << 24,
			      .size = IMAGE_TASK_SIZE },
			    8 * IMAGE_TASK_SIZE } },
		.strings = "\0n",
	};
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.btf = ptr_u64(&t);
	attr.btf_size = sizeof(t);
	fd = syscall_bpf(BPF_BTF_LOAD, &attr,
			 SYSCALL_ATTR_SIZE(btf_log_level));
	if (fd < 0)
		return err_os(-fd, "loading the types of a map");
	*ret = fd;
	return NULL;
}

static struct err *map_create(const struct image *img,
			      const struct image_map *m, uint32_t ncpus,
			      int *ret)
{
	struct map_kind kind = map_kind((enum image_map_kind)m->kind);
	struct str name = image_str(img, m->name);
	_cleanup_close_ int types = -1;
	_cleanup_close_ int like = -1;
	union bpf_attr attr;
	struct err *e;
	int fd;

	memset(&attr, 0, sizeof(attr));
	if (m->kind == IMAP_TASK) {
		e = map_types_load(&types);
		if (e)
			return e;
		attr.btf_fd = (uint32_t)types;
		attr.btf_key_type_id = 1;
		attr.btf_value_type_id = 2;
	}
	attr.map_type = kind.type;
	attr.key_size = m->key_size;
	attr.value_size = m->value_size;
	attr.max_entries = m->kind == IMAP_TASK ?
				   0 : image_map_entries(m, ncpus);
	attr.map_flags = kind.flags | prealloc_flag(m);
	syscall_object_name(name, attr.map_name);
	if (m->kind == IMAP_UNWIND_ROWS)
		like = unwind_maps_template();
	if (like >= 0)
		attr.inner_map_fd = (uint32_t)like;
	fd = syscall_bpf(BPF_MAP_CREATE, &attr,
			 SYSCALL_ATTR_SIZE(btf_value_type_id));
	if (fd < 0)
		return map_refused(fd, m, name);
	*ret = fd;
	return NULL;
}

/* A frozen map's contents are known to the verifier. */
static struct err *map_fill(const struct image *img, const struct image_map *m,
			    int fd)
{
	const uint32_t zero = 0;
	int code;

	if (m->init_len != m->value_size)
		return err_new(ERR_FORMAT, "a map's contents are incomplete");
	code = syscall_map_update(fd, &zero, img->bytes.v + m->init, 0);
	if (!code)
		code = syscall_map_freeze(fd);
	return code ? err_os(-code, "filling a map") : NULL;
}

static struct err *map_mmap(const struct image_map *m, int fd,
			    struct maps *ret)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	uint32_t size = align_up(m->value_size, page);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return err_os(errno, "mapping the globals");
	ret->globals = p;
	ret->globals_size = size;
	return NULL;
}

/* A power of two, and whole pages. */
static uint32_t ring_size(uint64_t bytes)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	while (size < bytes && size < MAPS_RING_MAX)
		size *= 2;
	return (uint32_t)size;
}

/* As many elements as there may be tasks when the session begins. */
static uint32_t told_size(uint32_t each)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/loadavg", "re");
	unsigned int tasks = 0;

	if (!f || fscanf(f, "%*s %*s %*s %*u/%u", &tasks) != 1)
		tasks = MAPS_TASKS;
	return MIN(each, 64u) * (2 * MIN(tasks, 1u << 22) + 1024);
}

static struct err *map_make(struct image *img, uint32_t i,
			    uint64_t data_size, uint32_t ncpus,
			    struct maps *ret)
{
	struct image_map *m = &img->maps.v[i];
	struct err *e;

	if (m->kind == IMAP_DATA && data_size)
		m->max_entries = ring_size(data_size);
	else if (m->kind == IMAP_DATA || m->kind == IMAP_CONTROL)
		m->max_entries = ring_size(m->max_entries);
	else if (m->kind == IMAP_TOLD)
		m->max_entries = told_size(m->max_entries);
	e = map_create(img, m, ncpus, &ret->fds[i]);
	if (!e && m->kind == IMAP_RODATA)
		e = map_fill(img, m, ret->fds[i]);
	if (!e && m->kind == IMAP_GLOBALS)
		e = map_mmap(m, ret->fds[i], ret);
	return e;
}

struct err *maps_create(struct image *img, uint64_t data_size,
			uint32_t ncpus, struct maps *ret)
{
	struct maps m = { .n = img->maps.n, .ncpus = MAX(ncpus, 1u) };
	struct err *e;

	privilege_lift_limits();
	m.fds = malloc((m.n + 1) * sizeof(*m.fds));
	if (!m.fds)
		abort();
	for (uint32_t i = 0; i < m.n; i++)
		m.fds[i] = -1;
	for (uint32_t i = 0; i < m.n; i++) {
		e = map_make(img, i, data_size, ncpus, &m);
		if (e) {
			maps_destroy(&m);
			return e;
		}
	}
	*ret = m;
	return NULL;
}

void maps_destroy(struct maps *m)
{
	if (m->globals)
		munmap(m->globals, m->globals_size);
	for (uint32_t i = 0; i < m->n; i++)
		if (m->fds[i] >= 0)
			close(m->fds[i]);
	free(m->fds);
	*m = (struct maps){};
}
