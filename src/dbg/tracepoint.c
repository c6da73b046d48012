/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For each trace point X the kernel's macros make a type btf_trace_X, whose
 * prototype has no names for the arguments, and functions that do have them
 * (__probestub_X, since Linux 6.6; __traceiter_X, since 5.11; __bpf_trace_X
 * for some).  All begin with a void *__data that programs don't see.
 *
 * Systems are in tracefs: in most cases a prefix of the name ("sched" of
 * "sched_switch"), which costs one look; else in available_events, which
 * takes 0.7 ms to read.
 */
#include "dbg/tracepoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/map.h"

#define TRACEPOINT_ARGS_MAX 12	/* of MAX_BPF_FUNC_ARGS in the kernel */
#define TRACEPOINT_NAME_MAX 128
#define TRACEPOINT_EVENTS_MAX (8u << 20)
#define TRACEPOINT_FORMAT_MAX (256u << 10)

static const struct str tracepoint_typedef = STR_INIT("btf_trace_");

static bool tracepoint_line(struct str *rest, struct str *ret)
{
	int64_t end = str_find_char(*rest, '\n');

	if (!rest->len)
		return false;
	*ret = str_sub(*rest, 0, end < 0 ? rest->len : (uint32_t)end);
	*rest = str_sub(*rest, ret->len + 1, rest->len);
	return true;
}

/* ---- tracefs ---- */

/* May it be a part of a path? */
static bool tracepoint_is_name(struct str s)
{
	if (!s.len || s.len > TRACEPOINT_NAME_MAX || s.s[0] == '.')
		return false;
	for (uint32_t i = 0; i < s.len; i++)
		if (!s.s[i] || strchr("/:* \t\n", s.s[i]))
			return false;
	return true;
}

/* Does events/SYSTEM/NAME exist? */
static bool tracepoint_has_event(int tracefs, struct str system,
				 struct str name)
{
	_cleanup_(buf_deinit) struct buf path = {};

	buf_str(&path, STR("events/"));
	buf_str(&path, system);
	buf_char(&path, '/');
	buf_str(&path, name);
	buf_char(&path, '\0');
	return !faccessat(tracefs, path.data, F_OK, 0);
}

static struct err *tracepoint_read(int tracefs, const char *path, size_t max,
				   struct buf *ret)
{
	_cleanup_close_ int fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_os(errno, "%s", path);
	for (;;) {
		char *to = buf_reserve(ret, 65536);
		ssize_t n = read(fd, to, 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(errno, "%s", path);
		if (!n)
			return NULL;
		ret->len += (size_t)n;
		if (ret->len > max)
			return err_new(ERR_LIMIT, "%s is larger than %zu bytes",
				       path, max);
	}
}

/* "system:name" lines, read once; false where tracefs is not readable. */
static bool tracepoint_events(const struct tracepoints *tps, struct str *ret)
{
	struct buf *events = world_events(tps->world);
	int tracefs = world_tracefs(tps->world);
	struct err *e = NULL;

	if (tracefs < 0)
		return false;
	if (!events->len)
		e = tracepoint_read(tracefs, "available_events",
				    TRACEPOINT_EVENTS_MAX, events);
	if (e)
		events->len = 0;
	*ret = buf_view(events);
	return !err_drop(e);
}

/* Events that are no trace points: made of others, or by users. */
static bool tracepoint_is_pseudo(struct str system)
{
	static const struct str pseudo[] = {
		STR_INIT("syscalls"), STR_INIT("ftrace"), STR_INIT("kprobes"),
		STR_INIT("uprobes"), STR_INIT("synthetic"), STR_INIT("eprobes"),
		STR_INIT("fprobes"), STR_INIT("user_events"),
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(pseudo); i++)
		if (str_eq(pseudo[i], system))
			return true;
	return false;
}

static bool tracepoint_event(struct str line, struct str *system,
			     struct str *name)
{
	int64_t colon = str_find_char(line, ':');

	if (colon < 0)
		return false;
	*system = str_sub(line, 0, (uint32_t)colon);
	*name = str_sub(line, (uint32_t)colon + 1, line.len);
	return tracepoint_is_name(*system) && tracepoint_is_name(*name) &&
	       !tracepoint_is_pseudo(*system);
}

/* "sched" for "sched_switch": the longest prefix that tracefs has it in. */
static struct str tracepoint_system_prefix(int tracefs, struct str name)
{
	for (uint32_t n = name.len; n > 0; n--) {
		struct str prefix = { name.s, n };

		if ((n == name.len || name.s[n] == '_') &&
		    tracepoint_has_event(tracefs, prefix, name))
			return prefix;
	}
	return (struct str){ "", 0 };
}

static struct str tracepoint_system_search(const struct tracepoints *tps,
					   struct arena *a, struct str wanted)
{
	struct str rest, line, system, name;

	if (!tracepoint_events(tps, &rest))
		return (struct str){ "", 0 };
	while (tracepoint_line(&rest, &line))
		if (str_ends(line, wanted) &&
		    tracepoint_event(line, &system, &name) &&
		    str_eq(name, wanted))
			return arena_str(a, system);
	return (struct str){ "", 0 };
}

struct str tracepoint_system(const struct tracepoints *tps, struct arena *a,
			     struct str name)
{
	int tracefs = world_tracefs(tps->world);
	struct str prefix;

	if (tracefs < 0 || !tracepoint_is_name(name))
		return (struct str){ "", 0 };
	/* The two that half of all scripts are about. */
	if (str_is(name, "sys_enter") || str_is(name, "sys_exit"))
		if (tracepoint_has_event(tracefs, STR("raw_syscalls"), name))
			return STR("raw_syscalls");
	prefix = tracepoint_system_prefix(tracefs, name);
	return prefix.len ? arena_str(a, prefix) :
			    tracepoint_system_search(tps, a, name);
}

/* ---- BTF ---- */

/* The type called prefix and name; 0 = none. */
static uint32_t tracepoint_type(const struct tracepoints *tps,
				enum ctype_kind kind, struct str prefix,
				struct str name)
{
	_cleanup_(buf_deinit) struct buf full = {};

	buf_str(&full, prefix);
	buf_str(&full, name);
	return ctypes_find(tps->btf, kind, buf_view(&full));
}

static uint32_t tracepoint_btf_id(const struct tracepoints *tps,
				  struct str name)
{
	return tracepoint_type(tps, CTYPE_TYPEDEF, tracepoint_typedef, name);
}

static const char *const tracepoint_stubs[] = {
	"__probestub_", "__traceiter_", "__bpf_trace_",
};

/* A FUNC_PROTO with the names of the arguments, if there is one. */
static uint32_t tracepoint_named_proto(const struct tracepoints *tps,
				       struct str name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(tracepoint_stubs); i++) {
		uint32_t func = tracepoint_type(tps, CTYPE_FUNC,
						str_from(tracepoint_stubs[i]),
						name);

		if (func)
			return ctypes_type(tps->btf, func).ref;
	}
	return 0;
}

/* What btf_trace_X points to. */
static uint32_t tracepoint_bare_proto(const struct tracepoints *tps,
				      uint32_t btf_id)
{
	struct ctype t = ctypes_stripped(tps->btf, btf_id);

	return t.kind == CTYPE_PTR ? ctypes_strip(tps->btf, t.ref) : 0;
}

static bool tracepoint_is_proto(const struct tracepoints *tps, uint32_t id)
{
	struct ctype t = ctypes_type(tps->btf, id);

	return id && t.kind == CTYPE_FUNC_PROTO && t.n >= 1 &&
	       t.n <= TRACEPOINT_ARGS_MAX + 1;
}

/* Named: a prototype that may have names, or 0. */
static void tracepoint_args(const struct tracepoints *tps, struct arena *a,
			    struct tracepoint *tp, uint32_t named)
{
	struct ctype_param param;
	uint32_t proto = named;

	if (!tracepoint_is_proto(tps, proto))
		proto = tracepoint_bare_proto(tps, tp->btf_id);
	if (!tracepoint_is_proto(tps, proto))
		return;
	tp->has_args = true;
	for (uint32_t i = 1; ctypes_param(tps->btf, proto, i, &param); i++) {
		struct tracepoint_arg arg = {
			.name = param.name, .type = param.type, .slot = i - 1,
		};

		if (!arg.name.len)
			arg.name = arena_printf(a, "arg%u", i);
		vec_push(a, &tp->args, arg);
	}
}

/* ---- one ---- */

/* BTF describes the kernel proper; those of modules are in tracefs only. */
static struct err *tracepoint_find_event(const struct tracepoints *tps,
					 struct arena *a, struct str name,
					 struct tracepoint *ret)
{
	struct tracepoint tp = { .name = arena_str(a, name) };

	if (!tps->btf && world_tracefs(tps->world) < 0)
		return err_hint(err_new(ERR_PERMISSION,
					"nothing tells which tracepoints "
					"there are"),
				"this kernel has no BTF, and tracefs is not "
				"readable: try as root");
	tp.system = tracepoint_system(tps, a, name);
	if (!tp.system.len)
		return err_new(ERR_NOT_FOUND, "no tracepoint '%" STR_FMT "'",
			       STR_ARG(name));
	*ret = tp;
	return NULL;
}

struct err *tracepoint_find(const struct tracepoints *tps, struct arena *a,
			    struct str system, struct str name,
			    struct tracepoint *ret)
{
	struct tracepoint tp = {};
	struct err *e;

	if (!tracepoint_is_name(name))
		return err_new(ERR_NOT_FOUND,
			       "'%" STR_FMT "' is no name of a tracepoint",
			       STR_ARG(name));
	tp.btf_id = tps->btf ? tracepoint_btf_id(tps, name) : 0;
	if (tp.btf_id) {
		tp.name = arena_str(a, name);
		tp.system = tracepoint_system(tps, a, name);
		tracepoint_args(tps, a, &tp,
				tracepoint_named_proto(tps, name));
	} else {
		e = tracepoint_find_event(tps, a, name, &tp);
		if (e)
			return e;
	}
	if (!tp.system.len)
		tp.system = arena_str(a, system);
	if (system.len && !str_eq(system, tp.system))
		return err_new(ERR_NOT_FOUND,
			       "tracepoint '%" STR_FMT "' is in system '%"
			       STR_FMT "'", STR_ARG(name), STR_ARG(tp.system));
	*ret = tp;
	return NULL;
}

/* ---- many ---- */

static bool tracepoint_any(struct str pattern)
{
	return !pattern.len || str_is(pattern, "*");
}

/* name -> system, as a struct str in the arena, of all that tracefs has. */
static void tracepoint_map_systems(struct map *m, struct arena *a,
				   struct str rest)
{
	struct str line, system, name;

	while (tracepoint_line(&rest, &line)) {
		struct str *value;

		if (!tracepoint_event(line, &system, &name))
			continue;
		value = arena_new(a, struct str);
		*value = system;
		map_set(m, name, value);
	}
}

static void tracepoint_list_add(struct tracepoint_names *names,
				struct arena *a, struct tracepoint tp,
				struct str system, struct str name)
{
	if (!str_glob(name, tp.name) ||
	    (!tracepoint_any(system) && !str_glob(system, tp.system)))
		return;
	tp.name = arena_str(a, tp.name);
	tp.system = arena_str(a, tp.system);
	vec_push(a, names, tp);
}

static void tracepoint_list_btf(const struct tracepoints *tps,
				const struct map *systems, struct arena *a,
				struct str system, struct str name,
				struct tracepoint_names *ret)
{
	const uint32_t prefix = tracepoint_typedef.len;
	uint32_t id = 0;

	while ((id = ctypes_next(tps->btf, id, CTYPE_TYPEDEF,
				  tracepoint_typedef))) {
		struct str full = ctypes_type(tps->btf, id).name;
		struct tracepoint tp = {
			.name = str_sub(full, prefix, full.len), .btf_id = id,
		};
		struct str *found = map_find(systems, tp.name);

		if (found)
			tp.system = *found;
		if (tracepoint_is_name(tp.name))
			tracepoint_list_add(ret, a, tp, system, name);
	}
}

/* Lists the tracepoints of modules by tracefs; all, where there is no BTF. */
static void tracepoint_list_events(const struct tracepoints *tps,
				   const struct map *systems, struct arena *a,
				   struct str system, struct str name,
				   struct tracepoint_names *ret)
{
	for (uint32_t i = 0; i < systems->n; i++) {
		struct tracepoint tp = {
			.name = systems->entries[i].key,
			.system = *(struct str *)systems->entries[i].value,
		};

		if (str_glob(name, tp.name) &&
		    !(tps->btf && tracepoint_btf_id(tps, tp.name)))
			tracepoint_list_add(ret, a, tp, system, name);
	}
}

static int tracepoint_cmp(const void *a, const void *b)
{
	const struct tracepoint *x = a, *y = b;
	int d = str_cmp(x->system, y->system);

	return d ? d : str_cmp(x->name, y->name);
}

static bool tracepoint_has_modules(const struct tracepoints *tps)
{
	_cleanup_(buf_deinit) struct buf text = {};
	struct err *e = world_read(tps->world, "/proc/modules", 16u << 20,
				   &text);

	err_free(e);
	return text.len > 0;
}

static struct err *tracepoint_no_list(const struct tracepoints *tps,
				      struct str system)
{
	if (!tps->btf)
		return err_new(ERR_PERMISSION,
			       "nothing tells which tracepoints there are: no "
			       "BTF, and tracefs is not readable");
	if (!tracepoint_any(system))
		return err_hint(err_new(ERR_PERMISSION,
					"tracefs, which knows the systems of "
					"tracepoints, is not readable"),
				"leave the system out, or try as root");
	return NULL;
}

struct err *tracepoint_list(const struct tracepoints *tps, struct arena *a,
			    struct str system, struct str name,
			    struct tracepoint_names *ret)
{
	struct tracepoint_names names = {};
	struct map systems;
	struct str text;
	struct err *e;

	map_init(&systems, a);
	if (tracepoint_events(tps, &text)) {
		tracepoint_map_systems(&systems, a, text);
	} else {
		e = tracepoint_no_list(tps, system);
		if (e)
			return e;
	}
	if (tps->btf)
		tracepoint_list_btf(tps, &systems, a, system, name, &names);
	if (!tps->btf || tracepoint_has_modules(tps))
		tracepoint_list_events(tps, &systems, a, system, name, &names);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), tracepoint_cmp);
	*ret = names;
	return NULL;
}

/* name -> id of a FUNC, in one walk over all of them. */
static void tracepoint_map_stubs(const struct tracepoints *tps,
				 struct arena *a, struct map *m)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(tracepoint_stubs) && !m->n; i++) {
		struct str prefix = str_from(tracepoint_stubs[i]);
		uint32_t id = 0;

		while ((id = ctypes_next(tps->btf, id, CTYPE_FUNC,
					  prefix))) {
			struct str name = ctypes_type(tps->btf, id).name;
			uint32_t *value = arena_new(a, uint32_t);

			*value = id;
			map_set(m, str_sub(name, prefix.len, name.len), value);
		}
	}
}

void tracepoint_list_args(const struct tracepoints *tps, struct arena *a,
			  struct tracepoint_names *names)
{
	struct map stubs;

	if (!tps->btf)
		return;
	map_init(&stubs, a);
	tracepoint_map_stubs(tps, a, &stubs);
	for (uint32_t i = 0; i < names->n; i++) {
		struct tracepoint *tp = &names->v[i];
		uint32_t *func = map_find(&stubs, tp->name);

		if (tp->btf_id && !tp->has_args)
			tracepoint_args(tps, a, tp, func ?
					ctypes_type(tps->btf, *func).ref : 0);
	}
}

/* ---- what was meant ---- */

/* How far off; a name that contains the one asked for is near enough. */
static uint32_t tracepoint_far(struct str candidate, struct str name,
			       uint32_t max)
{
	uint32_t d = str_distance(candidate, name, max);

	if (d > max && name.len > 3 && str_find(candidate, name) >= 0)
		return max;
	return d;
}

struct err *tracepoint_similar(const struct tracepoints *tps, struct arena *a,
			       struct str name, uint32_t max,
			       struct tracepoint_names *ret)
{
	const uint32_t most = name.len / 3 + 1;
	struct tracepoint_names all = {}, near = {};
	struct err *e = tracepoint_list(tps, a, (struct str){}, STR("*"),
					&all);

	if (e)
		return e;
	for (uint32_t d = 0; d <= most; d++)
		for (uint32_t i = 0; i < all.n && near.n < max; i++)
			if (tracepoint_far(all.v[i].name, name, most) == d)
				vec_push(a, &near, all.v[i]);
	*ret = near;
	return NULL;
}

/* ---- the record ---- */

static bool tracepoint_number(struct str line, const char *key, uint32_t *ret)
{
	int64_t at = str_find(line, str_from(key));
	struct str rest;
	int64_t end, v;

	if (at < 0)
		return false;
	rest = str_sub(line, (uint32_t)at + (uint32_t)strlen(key), line.len);
	end = str_find_char(rest, ';');
	if (end < 0 || !str_to_s64(str_sub(rest, 0, (uint32_t)end), &v) ||
	    v < 0 || v > UINT32_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* "char comm[16]" is comm of type char[16]. */
static bool tracepoint_declaration(struct arena *a, struct str text,
				   struct tracepoint_field *f)
{
	int64_t bracket = str_find_char(text, '[');
	struct str dims = bracket < 0 ? (struct str){ "", 0 } :
			  str_sub(text, (uint32_t)bracket, text.len);
	struct str head = str_sub(text, 0, text.len - dims.len);
	uint32_t at = head.len;

	f->is_dynamic = str_starts(head, STR("__data_loc "));
	if (f->is_dynamic) {
		/* Here the dimension stands behind the type. */
		int64_t close = str_find_char(text, ']');

		if (close < 0)
			return false;
		dims = STR("[]");
		f->name = str_sub(text, (uint32_t)close + 1, text.len);
		head = str_sub(head, 11, head.len);
		while (f->name.len && f->name.s[0] == ' ')
			f->name = str_sub(f->name, 1, f->name.len);
	} else {
		while (at && !strchr(" *", head.s[at - 1]))
			at--;
		f->name = str_sub(head, at, head.len);
		head = str_sub(head, 0, at);
	}
	while (head.len && head.s[head.len - 1] == ' ')
		head.len--;
	f->name = arena_str(a, f->name);
	f->type = arena_printf(a, "%" STR_FMT "%" STR_FMT, STR_ARG(head),
			       STR_ARG(dims));
	return f->name.len && head.len;
}

static struct err *tracepoint_field_line(struct arena *a, struct str line,
					 struct tracepoint_format *ret)
{
	int64_t at = str_find(line, STR("field:"));
	struct tracepoint_field f = {};
	uint32_t is_signed;
	struct str text;
	int64_t end;

	if (at < 0)
		return NULL;
	text = str_sub(line, (uint32_t)at + 6, line.len);
	end = str_find_char(text, ';');
	if (end < 0 || !tracepoint_number(line, "offset:", &f.offset) ||
	    !tracepoint_number(line, "size:", &f.size) ||
	    !tracepoint_number(line, "signed:", &is_signed) ||
	    !tracepoint_declaration(a, str_sub(text, 0, (uint32_t)end), &f))
		return err_new(ERR_FORMAT, "malformed field '%" STR_FMT "'",
			       STR_ARG(line));
	f.is_signed = is_signed != 0;
	vec_push(a, &ret->fields, f);
	return NULL;
}

static struct err *tracepoint_parse_format(struct arena *a, struct str rest,
					   struct tracepoint_format *ret)
{
	struct tracepoint_format format = {};
	struct str line;
	int64_t id;
	struct err *e;

	while (tracepoint_line(&rest, &line)) {
		if (str_starts(line, STR("ID: ")) &&
		    str_to_s64(str_sub(line, 4, line.len), &id))
			format.id = (uint32_t)id;
		e = tracepoint_field_line(a, line, &format);
		if (e)
			return e;
	}
	*ret = format;
	return NULL;
}

struct err *tracepoint_format(const struct tracepoints *tps, struct arena *a,
			      struct str system, struct str name,
			      struct tracepoint_format *ret)
{
	_cleanup_(buf_deinit) struct buf text = {};
	int tracefs = world_tracefs(tps->world);
	const char *path;
	struct err *e;

	if (tracefs < 0)
		return err_new(ERR_PERMISSION, "tracefs is not readable");
	if (!tracepoint_is_name(system) || !tracepoint_is_name(name))
		return err_new(ERR_NOT_FOUND,
			       "no event '%" STR_FMT ":%" STR_FMT "'",
			       STR_ARG(system), STR_ARG(name));
	path = arena_printf(a, "events/%" STR_FMT "/%" STR_FMT "/format",
			    STR_ARG(system), STR_ARG(name)).s;
	e = tracepoint_read(tracefs, path, TRACEPOINT_FORMAT_MAX, &text);
	if (e)
		return e;
	e = tracepoint_parse_format(a, buf_view(&text), ret);
	return e ? err_context(e, "%s", path) : NULL;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(tracepoint_names_in_paths)
{
	TEST(tracepoint_is_name(STR("sched_switch")));
	TEST(!tracepoint_is_name(STR("")));
	TEST(!tracepoint_is_name(STR("..")));
	TEST(!tracepoint_is_name(STR("a/b")));
	TEST(!tracepoint_is_name(STR("a:b")));
	TEST(!tracepoint_is_name(STR("a\0b")));
}

UNIT_TEST_CASE(tracepoint_parse_format)
{
	struct tracepoint_format f = {};
	struct arena a;
	struct err *e;

	arena_init(&a);
	e = tracepoint_parse_format(&a, STR(
		"name: x\nID: 42\nformat:\n"
		"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
		"\tfield:const char * p;\toffset:24;\tsize:8;\tsigned:0;\n"
		"\tfield:__data_loc char[] s;\toffset:32;\tsize:4;\tsigned:1;\n"
		"\nprint fmt: \"\"\n"), &f);
	TEST(!e && f.id == 42);
	TEST_EQ(f.fields.n, 3);
	TEST(str_is(f.fields.v[0].name, "comm"));
	TEST(str_is(f.fields.v[0].type, "char[16]"));
	TEST(str_is(f.fields.v[1].name, "p"));
	TEST(str_is(f.fields.v[1].type, "const char *"));
	TEST(f.fields.v[2].is_dynamic && f.fields.v[2].is_signed);
	TEST(str_is(f.fields.v[2].name, "s"));
	e = tracepoint_parse_format(&a, STR("field:int;offset:x;\n"), &f);
	TEST(e && e->code == ERR_FORMAT);
	err_free(e);
	e = tracepoint_parse_format(&a, STR("field:"), &f);
	TEST(e && e->code == ERR_FORMAT);
	err_free(e);
	arena_deinit(&a);
}
#endif
