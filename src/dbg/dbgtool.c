/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks a file's debug information, for tests:
 *
 *	dbgtool FILE functions|calls|inlines PATTERN
 *	dbgtool FILE list PATTERN	(by the index of functions, now made)
 *	dbgtool FILE statements|nearest PATTERN
 *	dbgtool FILE vars|frames|prologue|function ADDRESS
 *	dbgtool FILE labels FUNCTION NAME
 *	dbgtool FILE callees FUNCTION DEPTH
 *	dbgtool FILE globals NAME[@FILE]
 *	dbgtool FILE type struct|union|enum|typedef NAME
 *	dbgtool FILE enumerator NAME
 *
 * FILE "kernel" is the running one's, "module:NAME" a module's.
 * SPILE_DEBUGINFO_PATH is where separate debug files are looked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dbg/debuginfo.h"
#include "dbg/dietype.h"

struct dbgtool {
	struct world *world;
	struct debuginfo *d;
	struct arena a;
};

static void show_function(const struct dbg_function *f)
{
	printf("%" STR_FMT " 0x%" PRIx64 "-0x%" PRIx64 " %" STR_FMT ":%u%s%s",
	       STR_ARG(f->name), f->entry, f->end, STR_ARG(f->file), f->line,
	       f->is_inline ? " inlined" : "",
	       f->is_external ? " external" : "");
	if (f->linkage.len && !str_eq(f->linkage, f->name))
		printf(" %" STR_FMT, STR_ARG(f->linkage));
	printf("\n");
}

static struct err *ask_functions(struct dbgtool *t, struct str pattern,
				 enum dbg_which which)
{
	struct dbg_functions f;
	struct dbg_pattern p;
	struct err *err = dbg_pattern_parse(&t->a, pattern, &p);

	if (!err)
		err = debuginfo_functions(t->d, &t->a, &p, which, &f);
	for (uint32_t i = 0; !err && i < f.n; i++)
		show_function(&f.v[i]);
	return err;
}

/* many: all variables at once; or one after the other. */
static struct err *ask_list_vars(struct dbgtool *t, struct str pattern,
				 bool many)
{
	struct dbg_listed f;
	struct dbg_pattern p;
	struct err *err = dbg_pattern_parse(&t->a, pattern, &p);
	uint32_t at = 0;

	if (!err)
		debuginfo_make_index(t->d, false);
	if (!err && many)
		debuginfo_list_many_vars(t->d);
	while (!err && debuginfo_list(t->d, &p, DBG_BOTH, &at, &f))
		printf("%" STR_FMT "%" STR_FMT "\n", STR_ARG(f.name),
		       STR_ARG(debuginfo_list_vars(t->d, &f)));
	return err;
}

static struct err *ask_list(struct dbgtool *t, struct str pattern)
{
	struct dbg_listed f;
	struct dbg_pattern p;
	struct err *err = dbg_pattern_parse(&t->a, pattern, &p);
	uint32_t at = 0;

	if (!err)
		debuginfo_make_index(t->d, false);
	while (!err && debuginfo_list(t->d, &p, DBG_BOTH, &at, &f))
		printf("%" STR_FMT " %" STR_FMT ":%u%s%s%s\n", STR_ARG(f.name),
		       STR_ARG(f.file), f.line, f.is_inline ? " inlined" : "",
		       f.is_external ? " external" : "",
		       f.is_symbol ? " symbol" : "");
	return err;
}

static struct err *ask_statements(struct dbgtool *t, struct str pattern,
				  bool nearest)
{
	struct dbg_sites s;
	struct dbg_pattern p;
	struct dbg_function f;
	struct err *err = dbg_pattern_parse(&t->a, pattern, &p);

	if (!err)
		err = debuginfo_statements(t->d, &t->a, &p, nearest, &s);
	for (uint32_t i = 0; !err && i < s.n; i++) {
		if (!debuginfo_function(t->d, s.v[i].scope, &f))
			f.name = (struct str){};
		printf("0x%" PRIx64 " %" STR_FMT ":%u %" STR_FMT "\n",
		       s.v[i].pc, STR_ARG(s.v[i].file), s.v[i].line,
		       STR_ARG(f.name));
	}
	return err;
}

/* The type's outline: "ptr struct file"; enough to compare. */
static void show_type(struct dbg_die die, int depth)
{
	static const char *const kinds[] = {
		[DBG_TYPE_BAD] = "?", [DBG_TYPE_VOID] = "void",
		[DBG_TYPE_BASE] = "base", [DBG_TYPE_POINTER] = "ptr",
		[DBG_TYPE_REFERENCE] = "ref", [DBG_TYPE_STRUCT] = "struct",
		[DBG_TYPE_UNION] = "union", [DBG_TYPE_ENUM] = "enum",
		[DBG_TYPE_ARRAY] = "array", [DBG_TYPE_FUNCTION] = "function",
		[DBG_TYPE_TYPEDEF] = "typedef", [DBG_TYPE_CONST] = "const",
		[DBG_TYPE_VOLATILE] = "volatile",
		[DBG_TYPE_RESTRICT] = "restrict",
		[DBG_TYPE_ATOMIC] = "atomic",
		[DBG_TYPE_MEMBER_POINTER] = "memptr",
	};
	struct dbg_type type = dietype(die);

	printf("%s", kinds[type.kind]);
	if (type.name.len)
		printf(" %" STR_FMT, STR_ARG(type.name));
	if (type.has_size)
		printf(" %" PRIu64, type.size);
	if (type.kind == DBG_TYPE_BASE)
		printf(" %c", type.encoding == DBG_ENC_SIGNED ||
					      type.encoding ==
						      DBG_ENC_SIGNED_CHAR ?
				      's' :
			      type.encoding == DBG_ENC_FLOAT ? 'f' : 'u');
	if (type.ref.unit && !type.name.len && depth < 8) {
		printf(" ");
		show_type(type.ref, depth + 1);
	} else if (type.kind == DBG_TYPE_TYPEDEF && depth < 8) {
		printf(" = ");
		show_type(type.ref, depth + 1);
	}
}

static void show_var(struct dbgtool *t, const struct dbg_var *v, uint64_t pc)
{
	static const char *const kinds[] = { "param", "local", "global" };
	struct dbg_loc l = debuginfo_location(t->d, &t->a, v->die, pc);

	printf("%" STR_FMT "\t%s\t", STR_ARG(v->name), kinds[v->kind]);
	show_type(v->type, 0);
	printf("\t%" STR_FMT "%s\n", STR_ARG(dbg_loc_text(&t->a, &l)),
	       l.needs_entry ? " (needs entry)" : "");
}

static struct err *ask_vars(struct dbgtool *t, uint64_t pc)
{
	struct dbg_vars v;
	struct err *err = debuginfo_vars(t->d, &t->a, pc, (struct dbg_die){},
					 &v);

	for (uint32_t i = 0; !err && i < v.n; i++)
		show_var(t, &v.v[i], pc);
	return err;
}

static struct err *ask_frames(struct dbgtool *t, uint64_t pc)
{
	struct dbg_frames f;
	struct err *err = debuginfo_frames(t->d, &t->a, pc, &f);

	for (uint32_t i = 0; !err && i < f.n; i++)
		printf("%" STR_FMT " %" STR_FMT ":%u%s\n",
		       STR_ARG(f.v[i].function), STR_ARG(f.v[i].file),
		       f.v[i].line, f.v[i].is_inline ? " inlined" : "");
	return err;
}

static struct err *ask_function(struct dbgtool *t, uint64_t pc, bool prologue)
{
	struct dbg_function f;
	struct dbg_loc l;

	if (!debuginfo_function_at(t->d, &t->a, pc, &f))
		return err_new(ERR_NOT_FOUND, "no function");
	if (prologue) {
		printf("0x%" PRIx64 "%s\n", debuginfo_prologue_end(t->d, &f),
		       debuginfo_is_optimized(t->d, f.die) ? " optimized" :
							     "");
		return NULL;
	}
	show_function(&f);
	l = debuginfo_return_location(t->d, &t->a, f.die);
	printf("return %" STR_FMT "\n", STR_ARG(dbg_loc_text(&t->a, &l)));
	return NULL;
}

static struct err *ask_inside(struct dbgtool *t, struct str name,
			      const char *what, const char *arg)
{
	struct dbg_functions f;
	struct dbg_pattern p;
	struct dbg_labels labels = {};
	struct dbg_callees callees = {};
	struct err *err = dbg_pattern_parse(&t->a, name, &p);

	if (!err)
		err = debuginfo_functions(t->d, &t->a, &p, DBG_CALLS, &f);
	for (uint32_t i = 0; !err && i < f.n; i++) {
		if (what[0] == 'l')
			err = debuginfo_labels(t->d, &t->a, &f.v[i],
					       str_from(arg), &labels);
		else
			err = debuginfo_callees(t->d, &t->a, &f.v[i],
						(uint32_t)strtoul(arg, NULL,
								  0),
						&callees);
		for (uint32_t k = 0; k < labels.n; k++)
			printf("%" STR_FMT " 0x%" PRIx64 " %" STR_FMT
			       ":%u\n", STR_ARG(labels.v[k].name),
			       labels.v[k].pc, STR_ARG(labels.v[k].file),
			       labels.v[k].line);
		for (uint32_t k = 0; k < callees.n; k++) {
			printf("%u 0x%" PRIx64 " ", callees.v[k].depth,
			       callees.v[k].return_pc);
			show_function(&callees.v[k].function);
		}
	}
	return err;
}

static struct err *ask_globals(struct dbgtool *t, struct str name)
{
	struct dbg_pattern p;
	struct dbg_vars v;
	struct err *err = dbg_pattern_parse(&t->a, name, &p);

	if (!err)
		err = debuginfo_globals(t->d, &t->a, p.name, p.file, &v);
	for (uint32_t i = 0; !err && i < v.n; i++)
		show_var(t, &v.v[i], 0);
	return err;
}

static struct err *ask_type(struct dbgtool *t, const char *tag,
			    struct str name)
{
	enum dbg_tag tags = *tag == 's' ? DBG_TAG_STRUCT :
			    *tag == 'u' ? DBG_TAG_UNION :
			    *tag == 'e' ? DBG_TAG_ENUM :
					  DBG_TAG_TYPEDEF;
	struct dietype_parts p;
	struct dbg_member m;
	struct dbg_enumerator e;
	struct dbg_die die;

	if (!debuginfo_find_type(t->d, tags, name, (struct dbg_die){}, &die))
		return err_new(ERR_NOT_FOUND, "no such type");
	show_type(die, 0);
	printf("\n");
	p = dietype_parts(die);
	while (tags != DBG_TAG_ENUM && dietype_member(&p, &m)) {
		printf("\t%" STR_FMT " %" PRIu64 " %u ", STR_ARG(m.name),
		       m.bit_offset, m.bits);
		show_type(m.type, 0);
		printf("\n");
	}
	while (tags == DBG_TAG_ENUM && dietype_enumerator(&p, &e))
		printf("\t%" STR_FMT " %" PRId64 "\n", STR_ARG(e.name),
		       e.value);
	return NULL;
}

static struct err *ask_enumerator(struct dbgtool *t, struct str name)
{
	struct dbg_die type;
	int64_t v;

	if (!debuginfo_enumerator(t->d, name, (struct dbg_die){}, &type, &v))
		return err_new(ERR_NOT_FOUND, "no such enumerator");
	printf("%" PRId64 " ", v);
	show_type(type, 0);
	printf("\n");
	return NULL;
}

static struct err *ask(struct dbgtool *t, int argc, char **argv)
{
	const char *what = argv[2];
	struct str arg = str_from(argv[3]);
	uint64_t addr = strtoull(argv[3], NULL, 0);

	if (!strcmp(what, "functions"))
		return ask_functions(t, arg, DBG_BOTH);
	if (!strcmp(what, "calls"))
		return ask_functions(t, arg, DBG_CALLS);
	if (!strcmp(what, "inlines"))
		return ask_functions(t, arg, DBG_INLINES);
	if (!strcmp(what, "list"))
		return ask_list(t, arg);
	if (!strcmp(what, "list-vars") || !strcmp(what, "list-many"))
		return ask_list_vars(t, arg, what[5] == 'm');
	if (!strcmp(what, "statements") || !strcmp(what, "nearest"))
		return ask_statements(t, arg, *what == 'n');
	if (!strcmp(what, "vars"))
		return ask_vars(t, addr);
	if (!strcmp(what, "frames"))
		return ask_frames(t, addr);
	if (!strcmp(what, "function") || !strcmp(what, "prologue"))
		return ask_function(t, addr, *what == 'p');
	if (!strcmp(what, "globals"))
		return ask_globals(t, arg);
	if (!strcmp(what, "enumerator"))
		return ask_enumerator(t, arg);
	if (argc > 4 && (!strcmp(what, "labels") || !strcmp(what, "callees")))
		return ask_inside(t, arg, what, argv[4]);
	if (argc > 4 && !strcmp(what, "type"))
		return ask_type(t, argv[3], str_from(argv[4]));
	return err_new(ERR_OTHER, "no such question: %s", what);
}

static struct err *open_file(struct dbgtool *t, const char *name)
{
	const char *dirs = getenv("SPILE_DEBUGINFO_PATH");
	struct str path = str_from(dirs ? dirs : "");

	if (!strcmp(name, "kernel"))
		return debuginfo_open_kernel(t->world, path, true, &t->d);
	if (str_starts(str_from(name), STR("module:")))
		return debuginfo_open_module(t->world, path, true,
					     str_from(name + 7), &t->d);
	return debuginfo_open_file(t->world, path, str_from(name), &t->d);
}

static int finish(struct dbgtool *t, struct err *err)
{
	int status = 0;

	if (err) {
		fprintf(stderr, "dbgtool: %s\n", err->msg);
		if (err->hint)
			fprintf(stderr, "dbgtool: %s\n", err->hint);
		status = 1;
	}
	err_free(err);
	if (t->d && debuginfo_missing(t->d).len)
		fprintf(stderr, "dbgtool: missing: %" STR_FMT "\n",
			STR_ARG(debuginfo_missing(t->d)));
	debuginfo_close(t->d);
	world_close(t->world);
	arena_deinit(&t->a);
	return status;
}

/* "-" as the question: one per line from standard input, fields separated by
 * tabs, each answer ended by a line "."; for many questions to one file. */
static struct err *ask_lines(struct dbgtool *t, char **argv)
{
	char line[2048];
	struct err *err = NULL;

	while (fgets(line, sizeof(line), stdin)) {
		char *words[6] = { argv[0], argv[1] }, *at = line;
		int n = 2;

		line[strcspn(line, "\n")] = 0;
		while (at && n < 5)
			words[n++] = strsep(&at, "\t");
		if (n < 4)
			continue;
		err = ask(t, n, words);
		if (err)
			printf("error: %s\n", err->msg);
		err_free(err);
		printf(".\n");
		fflush(stdout);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct dbgtool t = {};
	struct err *err;

	if (argc < 3 || (argc < 4 && strcmp(argv[2], "-"))) {
		fprintf(stderr, "usage: dbgtool FILE QUESTION ARGUMENT...\n");
		return 2;
	}
	arena_init(&t.a);
	err = world_open(getenv("SPILE_WORLD"), &t.world);
	if (!err)
		err = open_file(&t, argv[1]);
	if (!err)
		err = argc < 4 ? ask_lines(&t, argv) : ask(&t, argc, argv);
	return finish(&t, err);
}
