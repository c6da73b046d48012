/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any ELF file: its symbols, marks, entries of the linkage table and
 * instructions.
 */
#include <stdlib.h>
#include <string.h>

#include "dbg/cxxname.h"
#include "dbg/elfsyms.h"
#include "dbg/insn.h"
#include "dbg/plt.h"
#include "dbg/usdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_ELF (4u << 20)
#define SYMBOLS_MAX 16	/* asked about */

static void ask_symbol(struct elfsyms *s, struct arena *a,
		       const struct elfsym *sym)
{
	struct elfsyms_list l;
	struct elfsym one;

	elfsyms_aliases(s, a, sym->addr, &l);
	elfsyms_find(s, a, sym->name, &one);
	elfsyms_at(s, a, sym->addr + 1, &one);
	elfsyms_instruction(s, sym->addr + sym->size / 2);
	if (!sym->size)
		abort();
}

static void ask_marks(struct elfsyms *s, struct arena *a)
{
	struct usdt_marks m;

	usdt_marks(elfsyms_main(s), elfsyms_best(s), a, &m);
	for (uint32_t i = 0; i < m.n; i++)
		for (uint32_t k = 0; k < m.v[i].nargs; k++) {
			const struct usdt_arg *arg = &m.v[i].args[k];

			dbg_loc_text(a, &arg->loc);
			if (arg->size != 1 && arg->size != 2 &&
			    arg->size != 4 && arg->size != 8)
				abort();
			if (arg->loc.kind == DBG_LOC_NONE && !arg->loc.reason)
				abort();
		}
}

static void ask_bytes(const uint8_t *data, size_t size, struct arena *a)
{
	for (size_t at = 0; at < size && at < 4096; at++)
		if (insn_at(&arch_x86_64, data + at, size - at).length >
			    size - at ||
		    insn_at(&arch_aarch64, data + at, size - at).length >
			    size - at)
			abort();
	cxxname(a, (struct str){ (const char *)data,
				 (uint32_t)(size < 8192 ? size : 8192) });
}

static void ask(struct elfsyms *s, struct arena *a)
{
	struct elfsyms_list l;
	struct plt_entries p;

	elfsyms_functions(s, a, STR("*"), (struct str){}, &l);
	for (uint32_t i = 0; i < l.n && i < SYMBOLS_MAX; i++)
		ask_symbol(s, a, &l.v[i]);
	elfsyms_functions(s, a, STR("main"), (struct str){}, &l);
	elfsyms_functions(s, a, STR("space::*"), STR("V1"), &l);
	plt_entries(elfsyms_main(s), a, &p);
	ask_marks(s, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct objfile *obj;
	struct elfsyms *s;
	struct arena a;
	void *copy;

	if (size > SIZE_MAX_ELF)
		return 0;
	copy = malloc(size + 1);
	if (!copy)
		abort();
	memcpy(copy, data, size);
	arena_init(&a);
	ask_bytes(data, size, &a);
	if (!err_drop(objfile_from(copy, size, &obj))) {
		s = elfsyms_from(obj);
		ask(s, &a);
		elfsyms_close(s);
	}
	arena_deinit(&a);
	free(copy);
	return 0;
}
