/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spile: a script in, an answer out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/mapped.h"
#include "cli/carry.h"
#include "cli/compile.h"
#include "cli/example.h"
#include "cli/interactive.h"
#include "cli/list.h"
#include "cli/machine.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/verbose.h"
#include "cli/words.h"
#include "dbg/btf.h"
#include "dbg/world.h"
#include "kern/features.h"
#include "kern/relocate.h"
#include "run/detach.h"
#include "run/recorder.h"
#include "run/session.h"

#define SPILE_VERSION "0.1.0"

/* By how much steps of a handler become shorter that are too long: the verifier
 * of Linux 5.10 forgets what it has seen after a few turns of a loop, and then
 * follows each way through the turns that come; so less costs far less. */
#define SHORTER 4u

/* Prints an error of the world, and frees it. */
static int fail(struct err *err)
{
	if (!err)
		return EXIT_SUCCESS;
	fprintf(stderr, "spile: error: %s\n", err->msg);
	if (err->hint)
		fprintf(stderr, "  help: %s\n", err->hint);
	err_free(err);
	return EXIT_FAILURE;
}

static struct session_options session_options(const struct options *o,
					      struct world *world)
{
	return (struct session_options){
		.world = world,
		.debuginfo = o->sema.debuginfo,
		.name = o->name,
		.command = o->command,
		.target = (pid_t)o->target,
		.output = o->output,
		.timeout = o->timeout,
		.buffer = o->buffer,
		.verbose = options_verbose(o, 5),
		.no_warnings = o->quiet,
		.colour = o->colour,
		.timing = o->timing,
		.tolerant = o->sema.suppress_errors,
		.file_bytes = o->file_bytes,
		.max_files = o->max_files,
		.monitor = o->monitor,
	};
}

/* What stays the same when a script is compiled once more. */
struct runner {
	struct world *world;
	struct arena *arena;
	struct detach detach;
	bool is_detached;	/* this is the child of -F */
};

/* ERR_TOO_LONG: nothing has run yet. */
static struct err *run_image(const struct options *o, struct runner *r,
			     struct image *image, int *ret)
{
	struct session_options so = session_options(o, r->world);
	struct session_status status = {};
	struct verbose_clock start = verbose_now();
	struct err *err = NULL;

	if (o->flight && !r->is_detached) {
		if (!detach_begin(&r->detach, ret))
			return NULL;
		r->is_detached = true;
	}
	if (o->flight)
		so.detach = &r->detach;
	verbose_begin_run(o);
	/* The screen is the monitor's from here on. */
	if (o->monitor)
		world_on_progress(r->world, NULL, NULL);
	err = session_run(image, &so, &status);
	verbose_end_run(o, &start);
	*ret = status.exit;
	return err;
}

/* A file that -p4 made? */
static bool is_image(const char *path)
{
	_cleanup_fclose_ FILE *f = NULL;
	char magic[IMAGE_MAGIC_SIZE];

	if (!path || options_is_stream(path))
		return false;
	f = fopen(path, "re");
	return f && fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
	       !memcmp(magic, IMAGE_MAGIC, sizeof(magic));
}

static bool has_kernel_probes(const struct image *image)
{
	for (uint32_t i = 0; i < image->probes.n; i++)
		if (image_probe_is_kernel(
			    (enum image_probe_kind)image->probes.v[i].kind))
			return true;
	return false;
}

/* What was compiled elsewhere, or before, for the kernel at hand. */
static struct err *fit(struct image *image, struct world *world)
{
	image_features features;
	struct err *err;

	if (!has_kernel_probes(image))
		return NULL;
	err = features_probe(world, &features);
	return err ? err : relocate(image, world, features);
}

static int run_again(const struct options *o, struct runner *r,
		     const struct image *image, struct err *why);

/* A handler that the verifier does not get to the end of is made in steps,
 * which it follows one by one: longer to run, so not at once. */
static int run_compiled(const struct options *o, struct runner *r,
			struct compile *c)
{
	int status = EXIT_FAILURE;
	struct err *err = relocate_symbols(&c->image, r->world);

	if (!err)
		err = run_image(o, r, &c->image, &status);
	if (!err)
		return status;
	return err->code == ERR_TOO_LONG ? run_again(o, r, &c->image, err) :
					   fail(err);
}

static int run_script(const struct options *o, struct runner *r)
{
	struct compile c;
	int status = EXIT_FAILURE;

	compile_init(&c, o, r->world);
	switch (compile_run(&c)) {
	case COMPILE_FAILED:
		fail(take_ptr(c.err));
		break;
	case COMPILE_STOPPED:
		status = EXIT_SUCCESS;
		break;
	case COMPILE_DONE:
		status = run_compiled(o, r, &c);
		break;
	}
	compile_deinit(&c);
	return status;
}

/* The script that an image was made of. */
static bool script_of(const struct options *o, struct runner *r,
		      const struct image *image, struct options *ret)
{
	if (image->words.n)
		return carry_unpack(image, o, r->arena, ret);
	*ret = *o;
	ret->quiet = true; /* the warnings have been seen */
	ret->werror = false;
	return !is_image(o->file);
}

/* The next form of a handler that is too long in that of the image. */
static void shorten(struct options *o, const struct image *image)
{
	if (image->turns)
		o->turns = MAX(image->turns / SHORTER, 1u);
	else if (image->features & FEATURE_BIT(MAY_GOTO))
		o->without |= FEATURE_BIT(MAY_GOTO);
	else
		o->short_steps = true;
}

/* An image that does not fit this kernel, for the reason why: its script, once
 * more.  Takes over why. */
static int run_again(const struct options *o, struct runner *r,
		     const struct image *image, struct err *why)
{
	struct options again;
	bool is_long = why->code == ERR_TOO_LONG;
	bool may_help = why->code == ERR_UNSUPPORTED ||
			why->code == ERR_NOT_FOUND || is_long;

	if (!may_help || !script_of(o, r, image, &again))
		return fail(why);
	again.without = o->without;
	again.turns = o->turns;
	again.short_steps = o->short_steps;
	if (is_long) {
		again.features = o->features;
		shorten(&again, image);
	}
	if (o->verbose)
		fprintf(stderr,
			"The script is compiled again for this kernel: %s.\n",
			why->msg);
	err_free(why);
	return run_script(&again, r);
}

/* -G: values are part of the code, which is made once more. */
static int run_with_globals(const struct options *o, struct runner *r,
			    const struct image *image)
{
	struct options again;

	if (!image->words.n || !script_of(o, r, image, &again))
		return fail(err_new(ERR_UNSUPPORTED,
				    "-G: the image does not carry its script"));
	for (uint32_t i = 0; i < o->sema.globals.n; i++)
		vec_push(r->arena, &again.sema.globals, o->sema.globals.v[i]);
	return run_script(&again, r);
}

static int run_saved(const struct options *o, struct runner *r)
{
	struct image image;
	int status = EXIT_FAILURE;
	struct err *err = image_load(o->file, r->arena, &image);

	if (!err)
		err = image_check(&image);
	if (err)
		return fail(err);
	if (o->sema.globals.n)
		return run_with_globals(o, r, &image);
	err = fit(&image, r->world);
	if (err)
		return run_again(o, r, &image, err);
	err = run_image(o, r, &image, &status);
	if (!err)
		return status;
	return err->code == ERR_TOO_LONG ? run_again(o, r, &image, err) :
					   fail(err);
}

static int list(const struct options *o, struct world *world)
{
	struct compile c;
	bool found = false;

	compile_init(&c, o, world);
	if (compile_point(&c, o->point) != COMPILE_FAILED)
		found = list_points(&c, o->list_vars, stdout);
	fail(take_ptr(c.err));
	compile_deinit(&c);
	return found ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int list_library(const struct options *o, struct world *world)
{
	struct compile c;
	int status;

	compile_init(&c, o, world);
	status = compile_library(&c) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (o->mode == MODE_DUMP_ALIASES)
		list_aliases(&c, stdout);
	else
		list_functions(&c, stdout);
	compile_deinit(&c);
	return status;
}

static int attach(const struct options *o)
{
	int status = EXIT_FAILURE;
	struct err *err = recorder_attach(o->attach, &status);

	return err ? fail(err) : status;
}

static int explain(const char *code)
{
	if (list_explanation(code, stdout))
		return EXIT_SUCCESS;
	return fail(err_new(ERR_OTHER, "there is no error code '%s'", code));
}

static int dump_features(struct world *world)
{
	image_features features;
	struct err *err = world_is_kernel(world) ?
				  features_installed(world, &features) :
				  features_probe(world, &features);

	if (err)
		return fail(err);
	machine_print_features(features, stdout);
	return EXIT_SUCCESS;
}

/* A kernel that does not run: without its types there is nothing to say. */
static struct err *open_kernel(const struct options *o, struct world **ret)
{
	struct ctypes *types = NULL;
	struct err *err = world_open_kernel(o->sysroot, o->release, o->arch,
					    ret);

	if (err)
		return err;
	err = dbg_btf_open(*ret, &types);
	ctypes_close(types);
	if (err)
		world_close(*ret);
	return err;
}

static struct err *open_world(const struct options *o, struct world **ret)
{
	if (o->release || o->sysroot || o->arch)
		return open_kernel(o, ret);
	return world_open(o->world, ret);
}

static int with_world(const struct options *o, struct arena *a)
{
	struct world *world;
	struct err *err = open_world(o, &world);
	struct runner r = { .arena = a };
	int status;

	if (err)
		return fail(err);
	r.world = world;
	progress_show(world);
	if (o->mode == MODE_LIST)
		status = list(o, world);
	else if (o->mode == MODE_DUMP_FEATURES)
		status = dump_features(world);
	else if (o->mode != MODE_SCRIPT)
		status = list_library(o, world);
	else if (is_image(o->file))
		status = run_saved(o, &r);
	else
		status = run_script(o, &r);
	world_close(world);
	return status;
}

static void say_notes(const struct options *o)
{
	for (uint32_t i = 0; i < o->notes.n && !o->quiet; i++)
		fprintf(stderr, "spile: warning: %" STR_FMT "\n",
			STR_ARG(o->notes.v[i]));
}

static int run(const struct options *o, struct arena *a)
{
	say_notes(o);
	switch (o->mode) {
	case MODE_HELP:
		options_help(stdout);
		return EXIT_SUCCESS;
	case MODE_VERSION:
		puts("spile " SPILE_VERSION);
		return EXIT_SUCCESS;
	case MODE_EXPLAIN:
		return explain(o->explain);
	case MODE_DUMP_TYPES:
		list_forms(o, stdout);
		return EXIT_SUCCESS;
	case MODE_INTERACTIVE:
		return interactive(o);
	case MODE_ATTACH:
		return attach(o);
	case MODE_LIST_EXAMPLES:
		example_list(a, stdout);
		return EXIT_SUCCESS;
	case MODE_NOTHING:
		return EXIT_SUCCESS;
	case MODE_SCRIPT:
	case MODE_LIST:
	case MODE_DUMP_ALIASES:
	case MODE_DUMP_FUNCTIONS:
	case MODE_DUMP_FEATURES:
		break;
	}
	return with_world(o, a);
}

/* A descriptor of ours must not be taken for a standard one that is closed:
 * what takes its place can be used no more than that. */
static void hold_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_WRONLY);
		if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
			close(fd);
			fd = open("/dev/null", O_RDONLY);
		}
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct words words;
	struct options o;
	struct arena a;
	struct err *err;
	int status;

	hold_standard();
	mapped_survive_cuts();
	arena_init(&a);
	err = words_collect(argc, argv, &a, &words);
	if (!err)
		err = options_parse(words.n, words.v, &a, &o);
	status = err ? fail(err) : run(&o, &a);
	if (fflush(stdout) != 0 && !status)
		status = fail(err_os(errno, "standard output"));
	arena_deinit(&a);
	return status;
}
