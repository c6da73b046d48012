/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sema/resolve/types.h"

#include "dbg/btf.h"
#include "dbg/member.h"
#include "dbg/world.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/target.h"

struct ctypes *program_btf(struct program *p)
{
	struct err *err;

	if (p->btf || p->btf_tried)
		return p->btf;
	p->btf_tried = true;
	err = dbg_btf_open(p->world, &p->btf);
	err_free(err);
	return p->btf;
}

struct ctypes *program_module_types(struct program *p, struct str module)
{
	struct ctypes *base = program_btf(p), *types = NULL;
	struct err *e;

	for (uint32_t i = 0; i < p->modules.n; i++)
		if (str_eq(p->modules.v[i]->module, module))
			return p->modules.v[i];
	if (!base)
		return NULL;
	e = dbg_btf_open_module(p->world, base,
				arena_str(p->arena, module).s, &types);
	if (err_drop(e))
		return NULL;
	types->module = arena_str(p->arena, module);
	vec_push(p->arena, &p->modules, types);
	return types;
}

struct ctype_ref types_pointer(struct ctypes *types, struct str pointee)
{
	uint32_t to = types ? member_type(types, pointee) : 0;

	for (uint32_t id = 1; to && id < ctypes_count(types); id++) {
		struct ctype t = ctypes_type(types, id);

		if (t.kind == CTYPE_PTR && t.ref == to)
			return (struct ctype_ref){ types, id };
	}
	return (struct ctype_ref){};
}

bool types_of_user(const struct target_scope *s, const struct str *module)
{
	const struct debug_source *src = s ? s->source : NULL;

	if (module)
		return str_find_char(*module, '/') >= 0 &&
		       str_find_char(*module, '<') < 0; /* <linux/fs.h> */
	return src && src->path.len;
}

bool types_of_kernel(const struct target_scope *s, const struct str *module)
{
	return !types_of_user(s, module) &&
	       (!module || str_starts(*module, STR("kernel")) ||
		str_starts(*module, STR("<")));
}

struct debug_source *types_source(struct program *p,
				  const struct target_scope *s,
				  const struct str *module)
{
	struct debug_source *own = s ? s->source : NULL;

	if (!module)
		return own && own->path.len ?
			       own :
			       debug_source_get(p, (struct str){});
	if (types_of_kernel(s, module))
		return debug_source_get(p, (struct str){});
	return types_of_user(s, module) ?
		       debug_source_file(p, *module) :
		       debug_source_get(p, *module);
}

struct ctypes *types_find(struct program *p, const struct target_scope *s,
			  const struct str *module, struct str name)
{
	struct ctypes *types = NULL;

	if (types_of_user(s, module))
		types = types_source(p, s, module)->types;
	else if (module && !types_of_kernel(s, module))
		return debug_module_types(p, *module);
	if (types && (module || member_type(types, name)))
		return types;
	return module && types_of_user(s, module) ? NULL :
						    program_btf(p);
}
