/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helpers of the machine in user space.  Those that a program must call
 * with good arguments fail the run when they are not; those that may be given
 * any address return an error, as the kernel's do.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "codegen/code.h"
#include "codegen/vm_run.h"

struct vm_map *vm_map_of(struct vm *vm, uint64_t handle)
{
	uint64_t at = handle - ptr_u64(vm->maps);

	if (at % sizeof(*vm->maps) || at / sizeof(*vm->maps) >=
				      vm->img->maps.n) {
		vm_fail(vm, "not a map");
		return NULL;
	}
	return &vm->maps[at / sizeof(*vm->maps)];
}

static bool readable(struct vm *vm, uint64_t addr, uint64_t size,
		     const char *what)
{
	return vm_can_access(vm, addr, size, false) ||
	       vm_fail(vm, "%s: bad read of %llu bytes", what,
		       (unsigned long long)size);
}

static bool writable(struct vm *vm, uint64_t addr, uint64_t size,
		     const char *what)
{
	return vm_can_access(vm, addr, size, true) ||
	       vm_fail(vm, "%s: bad write of %llu bytes", what,
		       (unsigned long long)size);
}

/* ---- maps ---- */

static bool lookup(struct vm *vm, const uint64_t *a, uint32_t cpu,
		   uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);
	struct vm_element *e;

	if (!map || !readable(vm, a[1], map->m->key_size, "key"))
		return false;
	e = cpu < map->ncpus ? vm_map_find(map, vm_ptr(a[1])) : NULL;
	*ret = e ? ptr_u64(e->value) + (uint64_t)cpu * map->stride : 0;
	return true;
}

/* bpf_snprintf(), for "%pS" alone; there are no symbols. */
static bool symbol(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	uint64_t addr;
	int n;

	if (!writable(vm, a[0], a[1], "snprintf") ||
	    !readable(vm, a[2], 4, "snprintf") ||
	    !readable(vm, a[3], sizeof(addr), "snprintf"))
		return false;
	if (a[4] != sizeof(addr) || strcmp(vm_ptr(a[2]), "%pS") != 0)
		return vm_fail(vm, "snprintf: another format");
	memcpy(&addr, vm_ptr(a[3]), sizeof(addr));
	n = snprintf(vm_ptr(a[0]), a[1], "0x%llx", (unsigned long long)addr);
	*ret = (uint64_t)n + 1;
	return true;
}

/* There is one task. */
static bool storage(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);

	if (!map)
		return false;
	if (map->m->kind != IMAP_TASK)
		return vm_fail(vm, "task_storage_get: another map");
	*ret = ptr_u64(map->v[0].value);
	return true;
}

static bool update(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);

	if (!map || !readable(vm, a[1], map->m->key_size, "key") ||
	    !readable(vm, a[2], map->m->value_size, "value"))
		return false;
	*ret = (uint64_t)(int64_t)vm_map_update(map, vm_ptr(a[1]),
						vm_ptr(a[2]), a[3]);
	return true;
}

static bool delete(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);

	if (!map || !readable(vm, a[1], map->m->key_size, "key"))
		return false;
	*ret = (uint64_t)(int64_t)vm_map_delete(map, vm_ptr(a[1]));
	return true;
}

static bool function_of(struct vm *vm, uint64_t addr, uint32_t *pc)
{
	*pc = (uint32_t)addr;
	return (addr & VM_FUNC) == VM_FUNC ||
	       vm_fail(vm, "not a function");
}

/* Keys are given as they are; a callback that would write there fails. */
static bool for_each(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);
	uint32_t n = map ? map->n : 0, pc;

	if (!map || !function_of(vm, a[1], &pc))
		return false;
	*ret = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t key[256] = {}, args[5] = { a[0], ptr_u64(key), 0,
						    a[2] }, stop = 0;
		struct vm_record *r = &vm->records[vm->nrecords];
		bool ok;

		if (!map->v[i].live)
			continue;
		if (map->m->key_size > sizeof(key) ||
		    vm->nrecords == ARRAY_SIZE(vm->records))
			return vm_fail(vm, "for_each: too much");
		memcpy(key, map->v[i].key, map->m->key_size);
		args[2] = ptr_u64(map->v[i].value);
		/* the key is readable while the callback runs */
		*r = (struct vm_record){ .len = map->m->key_size,
					 .bytes = (uint8_t *)key };
		vm->nrecords++;
		ok = vm_call(vm, pc, args, &stop);
		vm->nrecords--;
		if (!ok)
			return false;
		++*ret;
		if (stop)
			break;
	}
	return true;
}

static bool loop(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	uint32_t pc;

	if (!function_of(vm, a[1], &pc))
		return false;
	for (*ret = 0; *ret < (uint32_t)a[0];) {
		uint64_t args[5] = { *ret, a[2] }, stop;

		if (!vm_call(vm, pc, args, &stop))
			return false;
		++*ret;
		if (stop)
			break;
	}
	return true;
}

/* ---- memory ---- */

static bool probe_read(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	if (!writable(vm, a[0], a[1], "probe_read"))
		return false;
	*ret = 0;
	if (vm_can_access(vm, a[2], a[1], false)) {
		memmove(vm_ptr(a[0]), vm_ptr(a[2]), a[1]);
	} else {
		memset(vm_ptr(a[0]), 0, a[1]);
		*ret = (uint64_t)-EFAULT;
	}
	return true;
}

static bool probe_read_str(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	char *to = vm_ptr(a[0]);

	if (!writable(vm, a[0], a[1], "probe_read_str"))
		return false;
	*ret = 0;
	for (uint64_t i = 0; i < a[1]; i++) {
		if (!vm_can_access(vm, a[2] + i, 1, false)) {
			memset(to, 0, a[1]);
			*ret = (uint64_t)-EFAULT;
			return true;
		}
		to[i] = *(const char *)vm_ptr(a[2] + i);
		*ret = i + 1;
		if (!to[i])
			return true;
	}
	if (a[1])
		to[a[1] - 1] = 0;
	return true;
}

static bool fault(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	if (!writable(vm, a[0], a[1], "probe_read_user"))
		return false;
	memset(vm_ptr(a[0]), 0, a[1]);
	*ret = (uint64_t)-EFAULT;
	return true;
}

static bool comm(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	if (!writable(vm, a[0], a[1], "get_current_comm"))
		return false;
	memset(vm_ptr(a[0]), 0, a[1]);
	memcpy(vm_ptr(a[0]), "vm", MIN(a[1], UINT64_C(3)));
	*ret = 0;
	return true;
}

/* Here nothing of the kernel's is on it. */
static bool get_stack(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	if (!writable(vm, a[1], a[2], "get_stack"))
		return false;
	memset(vm_ptr(a[1]), 0, a[2]);
	*ret = 0;
	return true;
}

/* ---- ring buffers ---- */

static bool reserve(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);

	if (!map)
		return false;
	if (vm->nrecords == ARRAY_SIZE(vm->records) || a[1] > UINT32_MAX / 2)
		return vm_fail(vm, "ringbuf_reserve: too much");
	vm->records[vm->nrecords] = (struct vm_record){
		.map = map->number, .len = (uint32_t)a[1],
		.bytes = malloc(a[1] + 1) };
	if (!vm->records[vm->nrecords].bytes)
		abort();
	memset(vm->records[vm->nrecords].bytes, 0xa5, a[1]);
	*ret = ptr_u64(vm->records[vm->nrecords++].bytes);
	return true;
}

static void give(struct vm *vm, uint32_t map, const void *bytes, uint32_t len)
{
	if (vm->o.record)
		vm->o.record(vm->o.data, map, bytes, len);
}

static bool submit(struct vm *vm, const uint64_t *a, bool keep)
{
	for (uint32_t k = 0; k < vm->nrecords; k++) {
		struct vm_record *r = &vm->records[k];

		if (ptr_u64(r->bytes) != a[0])
			continue;
		if (keep)
			give(vm, r->map, r->bytes, r->len);
		free(r->bytes);
		*r = vm->records[--vm->nrecords];
		return true;
	}
	return vm_fail(vm, "ringbuf_submit: no such record");
}

static bool output(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	struct vm_map *map = vm_map_of(vm, a[0]);

	if (!map || !readable(vm, a[1], a[2], "ringbuf_output"))
		return false;
	give(vm, map->number, vm_ptr(a[1]), (uint32_t)a[2]);
	*ret = 0;
	return true;
}

/* ---- strings ---- */

/* Its length, or -1 when no NUL is in reach. */
static int64_t length(struct vm *vm, uint64_t addr)
{
	for (int64_t n = 0;; n++) {
		if (!vm_can_access(vm, addr + (uint64_t)n, 1, false))
			return -1;
		if (!*(const char *)vm_ptr(addr + (uint64_t)n))
			return n;
	}
}

static bool string_kfunc(struct vm *vm, struct str name, const uint64_t *a,
			 uint64_t *ret)
{
	const char *at;
	int order;

	if (length(vm, a[0]) < 0 || length(vm, a[1]) < 0)
		return vm_fail(vm, "%" STR_FMT ": no text", STR_ARG(name));
	if (str_is(name, "bpf_strcmp")) {
		order = strcmp(vm_ptr(a[0]), vm_ptr(a[1]));
		*ret = (uint64_t)(int64_t)((order > 0) - (order < 0));
		return true;
	}
	at = strstr(vm_ptr(a[0]), vm_ptr(a[1]));
	*ret = at ? (uint64_t)(at - (const char *)vm_ptr(a[0])) :
		    (uint64_t)-ENOENT;
	return true;
}

static bool kfunc(struct vm *vm, const struct image_reloc *r,
		  const uint64_t *a, uint64_t *ret)
{
	struct str name = image_str(vm->img, r->what);

	*ret = 0;
	if (str_is(name, "bpf_strcmp") || str_is(name, "bpf_strstr"))
		return string_kfunc(vm, name, a, ret);
	if (str_is(name, "bpf_rdonly_cast")) {
		vm->peek = a[0];
		*ret = VM_PEEK;
		return true;
	}
	if (str_is(name, "bpf_local_irq_save") ||
	    str_is(name, "bpf_local_irq_restore"))
		return writable(vm, a[0], 8, "irq flags");
	return vm_fail(vm, "unknown kernel function %" STR_FMT, STR_ARG(name));
}

static bool compare(struct vm *vm, const uint64_t *a, uint64_t *ret)
{
	if (!readable(vm, a[0], a[1], "strncmp") || length(vm, a[2]) < 0)
		return vm_fail(vm, "strncmp: no text");
	*ret = (uint64_t)(int64_t)strncmp(vm_ptr(a[0]), vm_ptr(a[2]), a[1]);
	return true;
}

/* ---- all of them ---- */

static enum cg_helper find(int32_t number)
{
	switch (number) {
#define HELPER(id, n, nargs) case n: return HELPER_##id;
#include "codegen/helpers.def"
#undef HELPER
	}
	return HELPER_N;
}

bool vm_helper(struct vm *vm, int32_t number, const struct image_reloc *r,
	       const uint64_t a[5], uint64_t *ret)
{
	if (r && r->kind == IREL_KFUNC)
		return kfunc(vm, r, a, ret);
	*ret = 0;
	switch (find(number)) {
	case HELPER_map_lookup_elem:
		return lookup(vm, a, 0, ret);
	case HELPER_map_lookup_percpu_elem:
		return lookup(vm, a, (uint32_t)a[2], ret);
	case HELPER_map_update_elem:
		return update(vm, a, ret);
	case HELPER_map_delete_elem:
		return delete(vm, a, ret);
	case HELPER_get_attach_cookie:
	case HELPER_get_func_ip:
		return true;
	case HELPER_ktime_get_ns:
	case HELPER_ktime_get_boot_ns:
		*ret = vm->clock += 1000;
		return true;
	case HELPER_jiffies64:
		*ret = vm->clock / 4000000;
		return true;
	case HELPER_get_prandom_u32:
		vm->random = vm->random * 6364136223846793005u + 1;
		*ret = vm->random >> 32;
		return true;
	case HELPER_get_current_pid_tgid:
		*ret = UINT64_C(1) << 32 | 1;
		return true;
	case HELPER_get_smp_processor_id:
	case HELPER_get_current_uid_gid:
	case HELPER_get_current_task:
	case HELPER_get_current_task_btf:
	case HELPER_task_pt_regs:
		return true;
	case HELPER_task_storage_get:
		return storage(vm, a, ret);
	case HELPER_get_current_comm:
		return comm(vm, a, ret);
	case HELPER_snprintf:
		return symbol(vm, a, ret);
	case HELPER_get_stack:
		return get_stack(vm, a, ret);
	case HELPER_probe_read_kernel:
		return probe_read(vm, a, ret);
	case HELPER_probe_read_kernel_str:
		return probe_read_str(vm, a, ret);
	case HELPER_probe_read_user:
	case HELPER_copy_from_user:
	case HELPER_copy_from_user_task:
	case HELPER_probe_read_user_str:
		return fault(vm, a, ret);
	case HELPER_probe_write_user:
	case HELPER_send_signal_thread:
		*ret = (uint64_t)-EPERM;
		return true;
	case HELPER_perf_event_read_value:
		*ret = (uint64_t)-ENOENT;
		return true;
	case HELPER_ringbuf_reserve:
		return reserve(vm, a, ret);
	case HELPER_ringbuf_submit:
		return submit(vm, a, true);
	case HELPER_ringbuf_discard:
		return submit(vm, a, false);
	case HELPER_ringbuf_output:
		return output(vm, a, ret);
	case HELPER_for_each_map_elem:
		return for_each(vm, a, ret);
	case HELPER_loop:
		return loop(vm, a, ret);
	case HELPER_strncmp:
		return compare(vm, a, ret);
	case HELPER_strtol:
	case HELPER_tail_call:	/* vm.c */
	case HELPER_N:
		break;
	}
	return vm_fail(vm, "unknown helper %d", number);
}
