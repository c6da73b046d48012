/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any ELF file: every question to its debug information has an answer, none
 * leads outside the bytes, and none takes for ever.
 */
#include <stdlib.h>
#include <string.h>

#include "dbg/ctypes_die.h"
#include "dbg/debuginfo.h"
#include "dbg/debuginfo_data.h"
#include "dbg/dietype.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUNCTIONS_MAX 12	/* asked about */
#define VARS_MAX 24
#define TYPES_MAX 40
#define PARTS_MAX 12
#define SIZE_MAX_ELF (4u << 20)

static void ask_type(struct ctypes *t, uint32_t id, struct arena *a)
{
	struct ctype type = ctypes_type(t, id);
	struct ctype_member m;
	struct ctype_param p;
	struct ctype_enumerator e;
	uint64_t size;

	ctypes_size(t, id, &size);
	ctypes_stripped(t, id);
	if (ctypes_type_name(t, id, a).len > 1u << 20)
		abort();
	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		ctypes_member(t, id, i, &m);
		ctypes_param(t, id, i, &p);
		ctypes_enumerator(t, id, i, &e);
	}
	ctypes_find_member(t, id, STR("no such member"), &m);
	if (type.name.len)
		ctypes_find(t, type.kind, type.name);
}

static void ask_location(struct debuginfo *d, struct arena *a,
			 struct dbg_die var, uint64_t pc)
{
	struct dbg_loc l = debuginfo_location(d, a, var, pc);
	struct dbg_ranges r;

	if (!dbg_loc_text(a, &l).len)
		abort();
	err_free(debuginfo_available(d, a, var, &r));
}

static void ask_vars(struct debuginfo *d, struct ctypes *t, struct arena *a,
		     uint64_t pc)
{
	struct dbg_vars vars = {};
	struct dbg_frames frames;
	struct dbg_var v;

	err_free(debuginfo_vars(d, a, pc, (struct dbg_die){}, &vars));
	for (uint32_t i = 0; i < vars.n && i < VARS_MAX; i++) {
		ask_location(d, a, vars.v[i].die, pc);
		ask_type(t, ctypes_die_id(t, vars.v[i].type), a);
	}
	err_free(debuginfo_frames(d, a, pc, &frames));
	debuginfo_var(d, a, pc, (struct dbg_die){}, STR("sum"), &v);
}

static void ask_function(struct debuginfo *d, struct ctypes *t,
			 struct arena *a, const struct dbg_function *f)
{
	struct dbg_labels labels;
	struct dbg_callees callees;
	struct dbg_function at;
	struct dbg_loc l;

	ask_vars(d, t, a, f->entry);
	ask_vars(d, t, a, f->entry + (f->end - f->entry) / 2);
	debuginfo_prologue_end(d, f);
	debuginfo_is_optimized(d, f->die);
	err_free(debuginfo_labels(d, a, f, STR("*"), &labels));
	err_free(debuginfo_callees(d, a, f, 2, &callees));
	l = debuginfo_return_location(d, a, f->die);
	dbg_loc_text(a, &l);
	debuginfo_function_at(d, a, f->entry, &at);
}

static void ask_statements(struct debuginfo *d, struct arena *a,
			   const char *text, bool nearest)
{
	struct dbg_pattern p;
	struct dbg_sites sites;
	struct err *e = dbg_pattern_parse(a, str_from(text), &p);

	if (!e)
		e = debuginfo_statements(d, a, &p, nearest, &sites);
	err_free(e);
}

static void ask_names(struct debuginfo *d, struct ctypes *t, struct arena *a)
{
	struct dbg_vars globals = {};
	struct dbg_die die;
	int64_t value;
	bool unique;
	struct str name;
	uint64_t off;

	err_free(debuginfo_globals(d, a, STR("*"), (struct str){}, &globals));
	for (uint32_t i = 0; i < globals.n && i < VARS_MAX; i++)
		ask_location(d, a, globals.v[i].die, 0);
	for (int tag = DBG_TAG_STRUCT; tag <= DBG_TAG_TYPEDEF; tag++)
		debuginfo_find_type(d, (enum dbg_tag)tag, STR("node"),
				    (struct dbg_die){}, &die);
	debuginfo_enumerator(d, STR("GREEN"), (struct dbg_die){}, &die,
			     &value);
	for (uint32_t id = 0; id < ctypes_count(t) && id < TYPES_MAX; id++)
		ask_type(t, id, a);
	debuginfo_symbol(d, 0x1000, &name, &off, &unique);
	debuginfo_find_symbol(d, STR("main"), &off);
	debuginfo_is_percpu(d, 0x1000);
}

/* The index of functions, as a list and as what answers questions. */
static void ask_index(struct debuginfo *d, struct arena *a)
{
	struct dbg_pattern all = { .name = STR("*") };
	struct dbg_functions f = {};
	struct dbg_listed one;
	uint32_t at = 0;

	debuginfo_make_index(d, true);
	while (debuginfo_list(d, &all, DBG_BOTH, &at, &one))
		if (debuginfo_list_vars(d, &one).len > SIZE_MAX_ELF)
			abort();
	err_free(debuginfo_functions(d, a, &all, DBG_BOTH, &f));
	err_free(debuginfo_functions(d, a, &all, DBG_BOTH | DBG_ONCE, &f));
}

static void ask(struct debuginfo *d)
{
	struct ctypes *t = ctypes_die_create(d);
	struct dbg_pattern all = { .name = STR("*") };
	struct dbg_functions f = {};
	struct arena a;

	arena_init(&a);
	err_free(debuginfo_functions(d, &a, &all, DBG_BOTH, &f));
	for (uint32_t i = 0; i < f.n && i < FUNCTIONS_MAX; i++)
		ask_function(d, t, &a, &f.v[i]);
	ask_vars(d, t, &a, 0x1100);
	ask_statements(d, &a, "*@*.c:*", false);
	ask_statements(d, &a, "main@*:+3", true);
	ask_names(d, t, &a);
	ask_index(d, &a);
	arena_deinit(&a);
	ctypes_close(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct debuginfo *d;
	struct objfile *obj;
	struct err *e;
	void *copy;

	if (size > SIZE_MAX_ELF)
		return 0;
	/* Relocations are applied in place. */
	copy = malloc(size + 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	e = objfile_from(copy, size, &obj);
	err_free(e);
	if (!e) {
		d = debuginfo_create(NULL, obj, obj, (struct str){});
		ask(d);
		debuginfo_close(d);
	}
	free(copy);
	return 0;
}
