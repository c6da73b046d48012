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

static void ask_parts(struct dbg_btf *btf, uint32_t id)
{
	struct dbg_btf_member m, found;
	struct dbg_btf_enumerator e;
	struct dbg_btf_param p;

	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		if (dbg_btf_member(btf, id, i, &m) && m.name.len)
			dbg_btf_find_member(btf, id, m.name, &found);
		dbg_btf_enumerator(btf, id, i, &e);
		dbg_btf_param(btf, id, i, &p);
	}
	dbg_btf_find_member(btf, id, STR("no such member"), &found);
}

static void ask(struct dbg_btf *btf, struct arena *a, uint32_t id)
{
	struct dbg_btf_type t = dbg_btf_type(btf, id);
	uint64_t size;

	dbg_btf_size(btf, id, &size);
	dbg_btf_stripped(btf, id);
	if (dbg_btf_type_name(btf, id, a).len > 1u << 20)
		abort();
	if (t.name.len && t.kind != DBG_BTF_BAD)
		dbg_btf_find(btf, t.kind, t.name);
	ask_parts(btf, id);
}

static void ask_all(struct dbg_btf *btf)
{
	uint32_t n = dbg_btf_count(btf), type;
	struct arena a;
	int64_t value;

	arena_init(&a);
	for (uint32_t id = 0; id < n && id < IDS_MAX; id++) {
		ask(btf, &a, id);
		arena_reset(&a);
	}
	ask(btf, &a, n);
	ask(btf, &a, DBG_BTF_NONE);
	for (uint32_t id = 0; (id = dbg_btf_next(btf, id, DBG_BTF_FUNC,
						 STR("__probestub_")));)
		if (id >= n)
			abort();
	dbg_btf_find_enumerator(btf, STR("PIDTYPE_PID"), &type, &value);
	arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dbg_btf *btf = NULL, *module = NULL;
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
	dbg_btf_close(module);
	dbg_btf_close(btf);
	return 0;
}
