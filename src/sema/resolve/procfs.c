/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * procfs("path").read and .write: files whose text handlers make and take.
 * Reads and writes of $value are calls (sema/value); the scope has it for
 * messages only.
 */
#include "sema/resolve/kind.h"
#include "sema/resolve/target.h"

#define PROCFS_PATH_MAX 1024
#define PROCFS_UMASK 0077
#define PROCFS_SIZE_MAX (16 * 1024 * 1024)

static const struct target_scope *procfs_scope(struct program *p)
{
	struct target_scope *s = arena_new(p->arena, struct target_scope);

	s->is_text = true;
	s->what = STR("a file of procfs");
	vec_push(p->arena, &s->roots,
		 (struct target_root){ .name = STR("value"),
				       .type_name = STR("string"),
				       .hidden = true });
	return s;
}

/* Names between single slashes, none of them "." or "..". */
static bool is_path(struct str path)
{
	uint32_t from = 0;

	if (path.len > PROCFS_PATH_MAX)
		return false;
	for (uint32_t i = 0; i <= path.len; i++) {
		struct str name = str_sub(path, from, i);

		if (i < path.len && !path.s[i])
			return false;
		if (i < path.len && path.s[i] != '/')
			continue;
		if (!name.len || name.len > 255 || str_is(name, ".") ||
		    str_is(name, ".."))
			return false;
		from = i + 1;
	}
	return true;
}

static enum resolve_status
bad_number(struct query *q, const struct ast_component *c, const char *range)
{
	return query_nothing(q, c->arg_span, DIAG_BAD_POINT_ARG,
			     "%" STR_FMT " is from %s", STR_ARG(c->name),
			     range);
}

/* data: 1 = it is written to. */
enum resolve_status procfs_resolve(struct query *q)
{
	const struct ast_component *file = &q->point->v[0];
	const struct ast_component *umask = query_component(q, "umask");
	const struct ast_component *size = query_component(q, "maxsize");
	bool has_path = file->arg_kind == AST_ARG_STRING;
	struct str path = has_path ? file->string : STR("command");
	struct program *p = q->program;
	struct site *s;

	if (!is_path(path))
		return query_nothing(q, file->arg_span, DIAG_BAD_POINT_ARG,
				     "a path is names with one '/' between "
				     "them");
	if (umask && (umask->number < 0 || umask->number > 0777))
		return bad_number(q, umask, "0 to 0777");
	if (size && (size->number < 1 || size->number > PROCFS_SIZE_MAX))
		return bad_number(q, size, "1 to 16777216");
	s = query_site(q, PROBE_PROCFS, query_text(q));
	s->image.name = image_intern(p->image, p->back, path);
	s->image.a = (uint64_t)q->data;
	s->image.b = umask ? (uint64_t)umask->number : PROCFS_UMASK;
	if (size)
		s->image.c = (uint64_t)size->number;
	else if (!q->data)
		s->image.c = p->options->procfs_size;
	s->scope = procfs_scope(p);
	return RESOLVE_FOUND;
}
