/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/compile.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/carry.h"
#include "cli/example.h"
#include "cli/keep.h"
#include "cli/machine.h"
#include "cli/summary.h"
#include "cli/verbose.h"
#include "codegen/codegen.h"
#include "dbg/btf.h"
#include "dbg/doubles.h"
#include "dbg/kallsyms.h"
#include "dbg/world.h"
#include "ir/build.h"
#include "ir/opt.h"
#include "lang/ast_print.h"
#include "sema/bounds.h"
#include "sema/check.h"
#include "sema/check_kernel.h"
#include "sema/elide.h"
#include "sema/expand.h"
#include "sema/keyed.h"
#include "sema/library.h"
#include "sema/merge.h"
#include "sema/resolve/debug.h"
#include "sema/resolve/target.h"
#include "sema/scope.h"
#include "sema/types.h"

void compile_init(struct compile *c, const struct options *o,
		  struct world *world)
{
	*c = (struct compile){ .options = o, .world = world };
	arena_init(&c->front);
	arena_init(&c->back);
	sources_init(&c->sources, &c->front);
	c->sources.given = o->given;
	c->sources.ngiven = o->ngiven;
	diags_init(&c->diags, &c->front, &c->sources);
	c->diags.no_warnings = o->quiet;
	c->diags.colours = o->colours;
	image_init(&c->image, &c->back);
	c->image.count_hits = o->timing || o->monitor;
	c->parse = machine_parse_options(c);
	c->program = (struct program){
		.arena = &c->front,
		.sources = &c->sources,
		.diags = &c->diags,
		.image = &c->image,
		.back = &c->back,
		.world = world,
		.options = &o->sema,
	};
}

static void front_deinit(struct compile *c)
{
	debug_sources_close(&c->program);
	for (uint32_t i = 0; i < c->program.modules.n; i++)
		ctypes_close(c->program.modules.v[i]);
	c->program.modules.n = 0;
	ctypes_close(c->program.btf);
	c->program.btf = NULL;
	doubles_destroy(take_ptr(c->program.doubles));
	kallsyms_destroy(take_ptr(c->program.symbols));
	arena_deinit(&c->front);
}

void compile_deinit(struct compile *c)
{
	front_deinit(c);
	arena_deinit(&c->back);
	err_free(c->err);
	err_free(c->features_err);
}

/* ---- the passes ---- */

/* A script is taken for a file's name, or an example's for that of a file
 * here. */
static struct err *script_missing(struct err *e, const char *name)
{
	const char *path;
	struct arena a;
	struct err *none;

	if (strchr(name, '{'))
		return err_hint(e, "a script on the command line stands behind -e");
	arena_init(&a);
	none = example_find(name, &a, &path);
	if (!none)
		e = err_hint(e, "there is an example of that name: spile --example %s",
			     name);
	err_free(none);
	arena_deinit(&a);
	return e;
}

static void read_scripts(struct compile *c)
{
	const struct options *o = c->options;
	struct source *s;

	if (o->file) {
		c->err = source_read(&c->sources, o->file, &s);
		if (c->err) {
			c->err = script_missing(c->err, o->file);
			return;
		}
		vec_push(&c->front, &c->scripts, s);
	}
	for (uint32_t i = 0; i < o->scripts.n; i++)
		vec_push(&c->front, &c->scripts,
			 source_add(&c->sources, STR("<input>"),
				    o->scripts.v[i]));
}

static void open_library(struct compile *c)
{
	const struct options *o = c->options;

	library_open(&c->program, &c->parse, o->includes.v, o->includes.n);
}

static void parse(struct compile *c)
{
	for (uint32_t i = 0; i < c->scripts.n; i++) {
		struct source *s = c->scripts.v[i];

		c->parse.macros = library_macros(c->program.library, s->text);
		vec_push(&c->front, &c->program.files,
			 parse_file(&c->parse, s));
	}
}

/* -l, -L: as if the script were "probe POINT { }". */
static void parse_point(struct compile *c)
{
	struct source *s = source_add(&c->sources, STR("<input>"),
				      str_from(c->point));
	struct ast_points *points = parse_points(&c->parse, s);
	struct ast_file *file = arena_new(&c->front, struct ast_file);
	struct ast_probe *probe = arena_new(&c->front, struct ast_probe);

	c->program.lists_points = true;
	c->program.lists_names = !c->options->list_vars;
	if (!points || !points->n)
		return;
	probe->span = points->v[0].span;
	probe->points = *points;
	probe->body = arena_new(&c->front, struct ast_stmt);
	probe->body->kind = AST_S_BLOCK;
	file->source = s->number;
	vec_push(&c->front, &file->probes, probe);
	vec_push(&c->front, &c->program.files, file);
}

static void do_features(struct compile *c) { machine_features(c); }
static void do_expand(struct compile *c) { expand(&c->program); }
static void do_scope(struct compile *c) { scope_resolve(&c->program); }
static void do_merge(struct compile *c) { merge(&c->program); }
static void do_targets(struct compile *c) { target_resolve(&c->program); }
static void do_elide(struct compile *c) { elide(&c->program); }
static void do_report(struct compile *c) { target_report(&c->program); }
static void do_types(struct compile *c) { types_infer(&c->program); }
static void do_keyed(struct compile *c) { keyed(&c->program); }
static void do_check(struct compile *c) { check(&c->program); }
static void do_bounds(struct compile *c)
{
	bounds_infer(&c->program);
	check_kernel_keys(&c->program);
}

static void do_build(struct compile *c)
{
	ir_build(&c->program, &c->back, &c->image, &c->ir);
}

static void do_optimize(struct compile *c)
{
	c->ir.features = c->program.features;
	ir_optimize(&c->ir);
}

static void do_generate(struct compile *c)
{
	struct cg_options o;

	c->err = machine_cg_options(c, &o);
	if (!c->err)
		cg_generate(&c->ir, &o);
}

/* The module that stap -m NAME leaves in the current directory is an image
 * here: what starts it by its name finds it. */
static const char *image_path(const struct compile *c)
{
	const struct options *o = c->options;

	if (o->output)
		return o->output;
	return o->name ? arena_printf(c->program.back, "%s.ko", o->name).s :
			 "spile.img";
}

static void do_save(struct compile *c)
{
	const struct options *o = c->options;
	const char *path = image_path(c);
	bool is_saved = o->last_pass == 4;

	/* What can be read once only may be wanted again: see main.c. */
	if (is_saved || (!o->dump && o->file && options_is_stream(o->file)))
		carry_pack(c);
	if (!is_saved)
		return;
	c->err = image_save(&c->image, path);
	if (!c->err)
		printf("%s\n", path);
}

/* ---- what each can print ---- */

static void print_tokens(struct compile *c, FILE *out)
{
	for (uint32_t i = 0; i < c->scripts.n; i++)
		parse_print_tokens(&c->parse, c->scripts.v[i], out);
}

static void print_ast(struct compile *c, FILE *out)
{
	for (uint32_t i = 0; i < c->program.files.n; i++)
		ast_print_file(c->program.files.v[i], &c->sources, out);
}

/* -p1: the script as it was understood, as a script. */
static void print_script(struct compile *c, FILE *out)
{
	struct buf b = {};

	for (uint32_t i = 0; i < c->program.files.n; i++)
		ast_unparse_file(c->program.files.v[i], &b);
	if (b.len)
		fwrite(b.data, 1, b.len, out);
	buf_deinit(&b);
}

static void print_prog(struct compile *c, FILE *out)
{
	program_print(&c->program, out);
}

static void print_ir(struct compile *c, FILE *out)
{
	ir_print(&c->ir, out);
}

static void print_bpf(struct compile *c, FILE *out)
{
	cg_print(&c->image, out);
}

static void print_image(struct compile *c, FILE *out)
{
	image_print(&c->image, out);
}

struct pass {
	unsigned number;		/* SystemTap's, for -p and -v */
	const char *name;
	void (*run)(struct compile *c);
	enum options_dump dump;		/* after it, or NONE */
	void (*print)(struct compile *c, FILE *out);
};

static const struct pass passes[] = {
	{ 1, "read",	 read_scripts,	DUMP_TOKENS, print_tokens },
	{ 1, "library",	 open_library,	DUMP_NONE, NULL },
	{ 1, "parse",	 parse,		DUMP_AST, print_ast },
	{ 2, "features", do_features,	DUMP_NONE, NULL },
	{ 2, "expand",	 do_expand,	DUMP_NONE, NULL },
	{ 2, "scope",	 do_scope,	DUMP_NONE, NULL },
	{ 2, "merge",	 do_merge,	DUMP_NONE, NULL },
	{ 2, "targets",	 do_targets,	DUMP_NONE, NULL },
	{ 2, "elide",	 do_elide,	DUMP_NONE, NULL },
	{ 2, "report",	 do_report,	DUMP_NONE, NULL },
	{ 2, "types",	 do_types,	DUMP_NONE, NULL },
	{ 2, "keyed",	 do_keyed,	DUMP_NONE, NULL },
	{ 2, "check",	 do_check,	DUMP_NONE, NULL },
	{ 2, "bounds",	 do_bounds,	DUMP_PROG, print_prog },
	{ 3, "build",	 do_build,	DUMP_IR, print_ir },
	{ 3, "optimize", do_optimize,	DUMP_OPT, print_ir },
	{ 3, "generate", do_generate,	DUMP_BPF, print_bpf },
	{ 3, "image",	 do_save,	DUMP_IMAGE, print_image },
};

/* Nothing is elided, nor an error that is about running. */
static const struct pass point_passes[] = {
	{ 1, "read",	 read_scripts,	DUMP_NONE, NULL },
	{ 1, "library",	 open_library,	DUMP_NONE, NULL },
	{ 1, "parse",	 parse,		DUMP_NONE, NULL },
	{ 1, "point",	 parse_point,	DUMP_NONE, NULL },
	{ 2, "features", do_features,	DUMP_NONE, NULL },
	{ 2, "expand",	 do_expand,	DUMP_NONE, NULL },
	{ 2, "scope",	 do_scope,	DUMP_NONE, NULL },
	{ 2, "targets",	 do_targets,	DUMP_NONE, NULL },
	{ 2, "types",	 do_types,	DUMP_NONE, NULL },
};

/* ---- running them ---- */

static bool failed(const struct compile *c)
{
	return c->err || c->diags.errors ||
	       (c->options->werror && c->diags.warnings);
}

/* What -p N prints when it stops after pass N. */
static void print_at_stop(struct compile *c)
{
	switch (c->options->last_pass) {
	case 1:
		print_script(c, stdout);
		break;
	case 2:
		summary_print(&c->program, c->options->verbose > 0, stdout);
		break;
	case 3:
		print_bpf(c, stdout);
		break;
	}
}

static void keep_print(struct compile *c, const struct pass *p)
{
	_cleanup_fclose_ FILE *f = NULL;

	if (!c->err)
		c->err = keep_open(&c->back, c->kept,
				   options_dump_name(p->dump), &f);
	if (!c->err)
		p->print(c, f);
}

static void run_pass(struct compile *c, const struct pass *p)
{
	struct verbose_clock start = verbose_now();

	p->run(c);
	if (options_verbose(c->options, p->number) > 1)
		verbose_step(p->name, &start);
	if (c->kept.len && p->print && !failed(c))
		keep_print(c, p);
}

static enum compile_status run_passes(struct compile *c,
				      const struct pass *list, uint32_t n)
{
	unsigned last = c->options->last_pass;
	struct verbose_clock start = verbose_now();

	for (uint32_t i = 0; i < n; i++) {
		const struct pass *p = &list[i];

		/* -p4 does all; what it adds is in the last row. */
		if (p->number > last) {
			print_at_stop(c);
			return COMPILE_STOPPED;
		}
		run_pass(c, p);
		if (failed(c)) {
			verbose_failed(c, p->number);
			return COMPILE_FAILED;
		}
		if (i + 1 == n || list[i + 1].number != p->number)
			verbose_pass(c, p->number, &start);
		if (p->dump && p->dump == c->options->dump) {
			p->print(c, stdout);
			return COMPILE_STOPPED;
		}
	}
	if (last >= 5)
		return COMPILE_DONE;
	if (last == 3)
		print_at_stop(c);
	return COMPILE_STOPPED;
}

enum compile_status compile_run(struct compile *c)
{
	enum compile_status status = COMPILE_FAILED;

	if (c->options->keep)
		c->err = keep_create(&c->back, &c->kept);
	if (!c->err)
		status = run_passes(c, passes, ARRAY_SIZE(passes));
	diags_print(&c->diags, stderr, c->options->colour);
	if (c->options->werror && c->diags.warnings && !c->diags.errors)
		fputs("spile: error: warnings are errors (-W)\n", stderr);
	front_deinit(c);
	return status;
}

enum compile_status compile_point(struct compile *c, const char *point)
{
	enum compile_status status;

	c->point = point;
	status = run_passes(c, point_passes, ARRAY_SIZE(point_passes));
	diags_print(&c->diags, stderr, c->options->colour);
	return status;
}

bool compile_library(struct compile *c)
{
	open_library(c);
	return !failed(c);
}
