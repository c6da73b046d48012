/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/btfcopy.h"

#include <string.h>
#include <sys/mman.h>

#include "dbg/cachefile.h"

#define BTFCOPY_MAGIC "SPILEBT1"
#define BTFCOPY_BYTES_MAX (UINT64_C(256) << 20)

/* The end of the file: of what it is a copy. */
struct btfcopy_tail {
	char boot_id[40];
	uint64_t size;
	char magic[8];
};

static bool btfcopy_tail(const struct world *w, uint64_t size,
			 struct btfcopy_tail *ret)
{
	struct str boot = world_boot_id(w);

	if (!world_is_live(w) || !boot.len || boot.len > sizeof(ret->boot_id))
		return false;
	*ret = (struct btfcopy_tail){ .size = size };
	memcpy(ret->boot_id, boot.s, boot.len);
	memcpy(ret->magic, BTFCOPY_MAGIC, sizeof(ret->magic));
	return true;
}

static struct str btfcopy_path(struct arena *a)
{
	struct str dir = cachefile_dir(a);

	return dir.len ? arena_printf(a, "%" STR_FMT "/vmlinux.btf",
				      STR_ARG(dir)) :
			 (struct str){};
}

static bool btfcopy_is_of(const struct world *w, const char *data,
			  uint64_t size)
{
	struct btfcopy_tail tail;

	return size > sizeof(tail) &&
	       btfcopy_tail(w, size - sizeof(tail), &tail) &&
	       !memcmp(data + size - sizeof(tail), &tail, sizeof(tail));
}

void *btfcopy_map(const struct world *w, size_t *ret_size)
{
	const void *data = NULL;
	uint64_t size = 0;
	struct arena a;
	struct str path;

	arena_init(&a);
	path = btfcopy_path(&a);
	if (path.len)
		data = cachefile_map(path, BTFCOPY_BYTES_MAX, &size);
	arena_deinit(&a);
	if (data && !btfcopy_is_of(w, data, size)) {
		munmap((void *)(uintptr_t)data, size);
		return NULL;
	}
	*ret_size = size;
	return (void *)(uintptr_t)data;
}

void btfcopy_save(const struct world *w, const struct buf *bytes)
{
	struct btfcopy_tail tail;
	struct buf copy = {};
	struct arena a;
	struct str path;

	if (!btfcopy_tail(w, bytes->len, &tail))
		return;
	arena_init(&a);
	path = btfcopy_path(&a);
	if (path.len && cachefile_can_save(path)) {
		buf_add(&copy, bytes->data, bytes->len);
		buf_add(&copy, &tail, sizeof(tail));
		cachefile_save(path, copy.data, copy.len);
	}
	buf_deinit(&copy);
	arena_deinit(&a);
}
