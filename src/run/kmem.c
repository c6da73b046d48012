/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program for a raw tracepoint can be run by hand since Linux 5.10
 * (1b4d60ec162f "bpf: Enable BPF_PROG_TEST_RUN for raw_tracepoint"), in the
 * thread that asks.  What it reads it leaves in a map that is mapped here.
 */
#include "run/kmem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bits.h"
#include "kern/once.h"
#include "kern/privilege.h"
#include "kern/syscall.h"

#define FUNC_LOOKUP 1
#define READ_INSNS 8	/* of emit_read(), behind its test */

/* What is asked for; it is also the number of the helper that does it. */
enum kmem_what {
	KMEM_TASK = 35,
	KMEM_USER_BYTES = 112,
	KMEM_BYTES,
	KMEM_USER_TEXT,
	KMEM_TEXT,
};

struct kmem {
	int map, prog;			/* or -1 */
	int failed;			/* -errno: they could not be had */
	uint8_t *bytes;			/* the map's value, KMEM_MAX */
};

/* What the program is given. */
struct request {
	uint64_t addr, size, what;
};

struct kmem *kmem_create(void)
{
	struct kmem *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->map = k->prog = -1;
	return k;
}

void kmem_destroy(struct kmem *k)
{
	if (!k)
		return;
	if (k->bytes)
		munmap(k->bytes, KMEM_MAX);
	if (k->map >= 0)
		close(k->map);
	if (k->prog >= 0)
		close(k->prog);
	free(k);
}

static int create_map(struct kmem *k)
{
	union bpf_attr attr;
	void *bytes;

	privilege_lift_limits();
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = KMEM_MAX;
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	k->map = syscall_bpf(BPF_MAP_CREATE, &attr,
			     SYSCALL_ATTR_SIZE(map_flags));
	if (k->map < 0)
		return k->map;
	bytes = mmap(NULL, KMEM_MAX, PROT_READ, MAP_SHARED, k->map, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	k->bytes = bytes;
	return 0;
}

/* r6 = the request, r7 = the value of the map. */
static void emit_start(struct once *c, int map)
{
	once_mov(c, BPF_REG_6, BPF_REG_1);
	once_emit(c, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -8, 0);
	once_map(c, BPF_REG_1, map);
	once_mov(c, BPF_REG_2, BPF_REG_10);
	once_emit(c, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8);
	once_emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, FUNC_LOOKUP);
	once_emit(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 2, 0);
	once_exit(c, -ENOMEM);
	once_mov(c, BPF_REG_7, BPF_REG_0);
}

/* If this is what is asked for, the program ends here. */
static void emit_read(struct once *c, enum kmem_what what)
{
	once_load(c, BPF_REG_1, BPF_REG_6, offsetof(struct request, what));
	once_emit(c, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, READ_INSNS, what);
	once_mov(c, BPF_REG_1, BPF_REG_7);
	once_load(c, BPF_REG_2, BPF_REG_6, offsetof(struct request, size));
	once_emit(c, BPF_JMP | BPF_JLE | BPF_K, BPF_REG_2, 0, 2, KMEM_MAX);
	once_exit(c, -E2BIG);
	once_load(c, BPF_REG_3, BPF_REG_6, offsetof(struct request, addr));
	once_emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, (int32_t)what);
	once_emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int create_program(struct kmem *k)
{
	struct once c = {};

	emit_start(&c, k->map);
	emit_read(&c, KMEM_BYTES);
	emit_read(&c, KMEM_TEXT);
	emit_read(&c, KMEM_USER_BYTES);
	emit_read(&c, KMEM_USER_TEXT);
	once_emit(&c, BPF_JMP | BPF_CALL, 0, 0, 0, KMEM_TASK);
	once_store(&c, BPF_REG_7, 0, BPF_REG_0);
	once_exit(&c, 0);
	k->prog = once_create(&c, BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
	return MIN(k->prog, 0);
}

/* What the program returns: not below 0, or -EFAULT; or why there is none. */
static int run(struct kmem *k, struct request r)
{
	int code;

	if (!k->failed && !k->bytes) {
		k->failed = create_map(k);
		if (!k->failed)
			k->failed = create_program(k);
	}
	if (k->failed)
		return k->failed;
	code = once_run(k->prog, &r, sizeof(r));
	return code < 0 ? -EFAULT : code;
}

int kmem_read(struct kmem *k, uint64_t addr, bool is_user, void *to,
	      uint32_t size)
{
	int code = run(k, (struct request){
		addr, size, is_user ? KMEM_USER_BYTES : KMEM_BYTES });

	if (!code)
		memcpy(to, k->bytes, size);
	return code;
}

int kmem_text(struct kmem *k, uint64_t addr, bool is_user, uint32_t max,
	      struct str *ret)
{
	int code = run(k, (struct request){
		addr, MIN(max, (uint32_t)KMEM_MAX),
		is_user ? KMEM_USER_TEXT : KMEM_TEXT });

	if (code < 0)
		return code;
	*ret = (struct str){ (const char *)k->bytes,
			     code ? (uint32_t)code - 1 : 0 };
	return 0;
}

int kmem_task(struct kmem *k, uint64_t *ret)
{
	int code = run(k, (struct request){ 0, 0, KMEM_TASK });

	if (!code)
		memcpy(ret, k->bytes, sizeof(*ret));
	return code;
}
