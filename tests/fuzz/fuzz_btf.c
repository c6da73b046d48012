/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any BTF: it is refused, or every question has an answer, none leads outside
 * the bytes, and none takes for ever.
 */
#include <stdlib.h>

#include "dbg/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IDS_MAX 300	/* asked about */
#define PARTS_MAX 8

static void ask_parts(struct ctypes *btf, uint32_t id)
{
	struct ctype_member m, found;
	struct ctype_enumerator e;
	struct ctype_param p;

	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		if (ctypes_member(btf, id, i, &m) && m.name.len)
			ctypes_find_member(btf, id, m.name, &found);
		ctypes_enumerator(btf, id, i, &e);
		ctypes_param(btf, id, i, &p);
	}
	ctypes_find_member(btf, id, STR("no such member"), &found);
}

static void ask(struct ctypes *btf, struct arena *a, uint32_t id)
{
	struct ctype t = ctypes_type(btf, id);
	uint64_t size;

	ctypes_size(btf, id, &size);
	ctypes_stripped(btf, id);
	if (ctypes_type_name(btf, id, a).len > 1u << 20)
		abort();
	if (t.name.len && t.kind != CTYPE_BAD)
		ctypes_find(btf, t.kind, t.name);
	ask_parts(btf, id);
}

static void ask_all(struct ctypes *btf)
{
	uint32_t n = ctypes_count(btf), type;
	struct arena a;
	int64_t value;

	arena_init(&a);
	for (uint32_t id = 0; id < n && id < IDS_MAX; id++) {
		ask(btf, &a, id);
		arena_reset(&a);
	}
	ask(btf, &a, n);
	ask(btf, &a, CTYPE_NONE);
	for (uint32_t id = 0; (id = ctypes_next(btf, id, CTYPE_FUNC,
						 STR("__probestub_")));)
		if (id >= n)
			abort();
	ctypes_find_enumerator(btf, STR("PIDTYPE_PID"), &type, &value);
	arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctypes *btf = NULL, *module = NULL;
	struct err *e = dbg_btf_from(data, size, NULL, &btf);

	err_free(e);
	if (e)
		return 0;
	ask_all(btf);
	/* The same bytes as a module's, on top. */
	e = dbg_btf_from(data, size, btf, &module);
	err_free(e);
	if (!e)
		ask_all(module);
	ctypes_close(module);
	ctypes_close(btf);
	return 0;
}
