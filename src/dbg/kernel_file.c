/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dbg/kernel_file.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "dbg/kallsyms.h"
#include "dbg/objfile.h"

#define KERNEL_FILE_DEP_MAX (16u << 20)

/* The release goes between the two halves.  Not packed ones first: unpacking
 * takes up to a second. */
static const char *const images[][2] = {
	{ "/usr/lib/debug/boot/vmlinux-", "" },
	{ "/usr/lib/debug/lib/modules/", "/vmlinux" },
	{ "/boot/vmlinux-", "" },
	{ "/lib/modules/", "/build/vmlinux" },
	{ "/lib/modules/", "/vmlinux" },
	{ "/boot/vmlinuz-", "" },
	{ "/lib/modules/", "/vmlinuz" },
	{ "/usr/lib/modules/", "/vmlinuz" },
};

static const char *const module_dirs[] = { "/lib/modules/",
					   "/usr/lib/modules/" };

struct err *kernel_file_find(const struct world *w, struct arena *a,
			     struct str *ret)
{
	struct str release = world_release(w);

	for (uint32_t i = 0; i < ARRAY_SIZE(images); i++) {
		const char *path = arena_printf(a, "%s%s%s", images[i][0],
						release.s, images[i][1])
					   .s;

		if (!world_exists(w, path))
			continue;
		*ret = world_path(w, a, path);
		return NULL;
	}
	return err_hint(err_new(ERR_NOT_FOUND, "no kernel '%s' is installed",
				release.s),
			"looked for vmlinuz and vmlinux in %s, /lib/modules "
			"and /usr/lib/debug",
			world_path(w, a, "/boot").s);
}

/* ---- modules ---- */

static int name_cmp(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void sort_names(struct world_names *names)
{
	uint32_t n = 0;

	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), name_cmp);
	for (uint32_t i = 0; i < names->n; i++)
		if (!n || !str_eq(names->v[i], names->v[n - 1]))
			names->v[n++] = names->v[i];
	names->n = n;
}

/* Is the path in modules.dep that of the module? */
static bool is_module(struct str path, struct str name)
{
	uint32_t start = path.len, i;

	while (start && path.s[start - 1] != '/')
		start--;
	path = str_sub(path, start, path.len);
	for (i = 0; i < name.len && i < path.len; i++) {
		char c = path.s[i] == '-' ? '_' : path.s[i];

		if (c != (name.s[i] == '-' ? '_' : name.s[i]))
			return false;
	}
	return i == name.len &&
	       str_starts(str_sub(path, i, path.len), STR(".ko"));
}

/* The path of a module below the directory, from its modules.dep. */
static bool find_in_dep(struct str dep, struct str name, struct str *ret)
{
	while (dep.len) {
		int64_t end = str_find_char(dep, '\n');
		struct str line =
			str_sub(dep, 0, end < 0 ? dep.len : (uint32_t)end);
		int64_t colon = str_find_char(line, ':');

		if (colon > 0 &&
		    is_module(str_sub(line, 0, (uint32_t)colon), name)) {
			*ret = str_sub(line, 0, (uint32_t)colon);
			return true;
		}
		dep = str_sub(dep, line.len + 1, dep.len);
	}
	return false;
}

/* The name of the module whose path is at the start of a line; empty if the
 * line is none of those. */
static struct str module_in_line(struct arena *a, struct str line)
{
	int64_t colon = str_find_char(line, ':'), end;
	struct str path = str_sub(line, 0, colon < 0 ? 0 : (uint32_t)colon);
	uint32_t start = path.len;
	char *s;

	while (start && path.s[start - 1] != '/')
		start--;
	path = str_sub(path, start, path.len);
	end = str_find(path, STR(".ko"));
	if (end <= 0)
		return (struct str){};
	s = arena_alloc(a, (uint32_t)end + 1);
	for (uint32_t i = 0; i < (uint32_t)end; i++)
		s[i] = path.s[i] == '-' ? '_' : path.s[i];
	s[end] = 0;
	return (struct str){ s, (uint32_t)end };
}

static void match_dep(struct arena *a, struct str dep, struct str pattern,
		      struct world_names *names)
{
	while (dep.len) {
		int64_t end = str_find_char(dep, '\n');
		struct str line =
			str_sub(dep, 0, end < 0 ? dep.len : (uint32_t)end);
		struct str name = module_in_line(a, line);

		if (name.len && str_glob(pattern, name))
			vec_push(a, names, name);
		dep = str_sub(dep, line.len + 1, dep.len);
	}
}

struct err *kernel_file_modules(const struct world *w, struct arena *a,
				struct str pattern, struct world_names *ret)
{
	struct str release = world_release(w);
	struct world_names names = {};

	for (uint32_t i = 0; i < ARRAY_SIZE(module_dirs); i++) {
		_cleanup_(buf_deinit) struct buf dep = {};
		struct str path = arena_printf(a, "%s%s/modules.dep",
					       module_dirs[i], release.s);
		struct err *e =
			world_read(w, path.s, KERNEL_FILE_DEP_MAX, &dep);

		if (err_drop(e))
			continue;
		match_dep(a, buf_view(&dep), pattern, &names);
		break;
	}
	if (!names.n)
		return err_new(ERR_NOT_FOUND,
			       "kernel '%s' has no module '%" STR_FMT "'",
			       release.s, STR_ARG(pattern));
	sort_names(&names);
	*ret = names;
	return NULL;
}

struct err *kernel_file_module(const struct world *w, struct arena *a,
			       struct str name, struct str *ret)
{
	struct str release = world_release(w), found;

	for (uint32_t i = 0; i < ARRAY_SIZE(module_dirs); i++) {
		_cleanup_(buf_deinit) struct buf dep = {};
		struct str dir =
			arena_printf(a, "%s%s/", module_dirs[i], release.s);
		struct err *e =
			world_read(w, arena_printf(a, "%smodules.dep", dir.s).s,
				   KERNEL_FILE_DEP_MAX, &dep);

		if (err_drop(e) || !find_in_dep(buf_view(&dep), name, &found))
			continue;
		dir = arena_printf(a, "%s%" STR_FMT, dir.s, STR_ARG(found));
		*ret = world_path(w, a, dir.s);
		return NULL;
	}
	return err_new(ERR_NOT_FOUND,
		       "kernel '%s' has no module '%" STR_FMT "'", release.s,
		       STR_ARG(name));
}

/* ---- contents ---- */

/* What a symbol of a module's file is called as far as it is asked for; false
 * = it is not. */
typedef bool wanted_fn(const struct objfile_symbol *sym, struct str *ret);

static bool is_function(const struct objfile_symbol *sym, struct str *ret)
{
	*ret = sym->name;
	return sym->is_function && (str_find_char(sym->name, '.') < 0 ||
				    kallsyms_copied(sym->name).len);
}

static bool is_tracepoint(const struct objfile_symbol *sym, struct str *ret)
{
	static const struct str prefix = STR_INIT("__tracepoint_");

	if (!str_starts(sym->name, prefix))
		return false;
	*ret = str_sub(sym->name, prefix.len, sym->name.len);
	/* A helper of the kernel's, no tracepoint. */
	return !str_is(*ret, "check");
}

static struct err *module_symbols(const struct world *w, struct arena *a,
				  struct str module, wanted_fn *wanted,
				  struct world_names *ret)
{
	struct world_names names = {};
	struct objfile_symbol sym;
	struct objfile *o;
	struct str path, name;
	struct err *e = kernel_file_module(w, a, module, &path);

	if (!e)
		e = objfile_open(path.s, &o);
	if (e)
		return e;
	for (uint32_t i = 0; objfile_symbol(o, i, &sym); i++)
		if (!sym.is_undefined && wanted(&sym, &name) && name.len)
			vec_push(a, &names, arena_str(a, name));
	objfile_close(o);
	sort_names(&names);
	*ret = names;
	return NULL;
}

struct err *kernel_file_functions(const struct world *w, struct arena *a,
				  struct str module, struct world_names *ret)
{
	return module_symbols(w, a, module, is_function, ret);
}

struct err *kernel_file_tracepoints(const struct world *w, struct arena *a,
				    struct str module, struct world_names *ret)
{
	return module_symbols(w, a, module, is_tracepoint, ret);
}

static struct err *find_btf(struct objfile *o, struct str path,
			    struct objfile_data *ret)
{
	struct objfile_data d = objfile_data(o, ".BTF");

	if (objfile_data(o, ".BTF.base").p)
		return err_new(ERR_UNSUPPORTED,
			       "%s was built outside of the kernel: what its "
			       "types are told when it is loaded", path.s);
	if (!d.p)
		return err_new(ERR_UNSUPPORTED,
			       "%s does not describe its types (no BTF)",
			       path.s);
	*ret = d;
	return NULL;
}

struct err *kernel_file_btf(struct str path, struct objfile **ret,
			    struct objfile_data *ret_types)
{
	struct objfile *o;
	struct err *e = objfile_open(path.s, &o);

	if (e)
		return err_hint(
			e, "a packed kernel that cannot be read: the "
			   "distribution's package with its debug "
			   "information (linux-image-...-dbg) has vmlinux");
	e = find_btf(o, path, ret_types);
	if (e)
		objfile_close(o);
	else
		*ret = o;
	return e;
}
