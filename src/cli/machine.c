/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/machine.h"

#include "cli/compile.h"
#include "dbg/world.h"
#include "kern/features.h"
#include "sema/resolve/target.h"

static bool config(void *world, struct str name, struct str *value)
{
	return world_config(world, name, value) == WORLD_CONFIG_SET;
}

struct parse_options machine_parse_options(struct compile *c)
{
	return (struct parse_options){
		.arena = &c->front,
		.sources = &c->sources,
		.diags = &c->diags,
		.kernel_vr = world_release(c->world),
		.arch = world_arch(c->world)->name,
		.config = config,
		.world = c->world,
		.args = c->options->args.v,
		.nargs = c->options->args.n,
		.guru = c->options->sema.guru,
	};
}

static const struct {
	const char *name;
	image_features bit;
} feature_names[] = {
#define FEATURE(id, name, since) { #id, FEATURE_BIT(id) },
#include "image/feature.def"
#undef FEATURE
};

static image_features feature_find(struct str name)
{
	for (uint32_t i = 0; i < FEATURE_N; i++)
		if (str_is(name, feature_names[i].name))
			return feature_names[i].bit;
	return 0;
}

/* "none", "all", "MAY_GOTO,SDIV" */
static struct err *features_parse(struct str list, image_features *ret)
{
	image_features set = 0, bit;

	if (str_is(list, "all")) {
		*ret = (UINT64_C(1) << FEATURE_N) - 1;
		return NULL;
	}
	while (list.len && !str_is(list, "none")) {
		int64_t comma = str_find_char(list, ',');
		uint32_t n = comma < 0 ? list.len : (uint32_t)comma;
		struct str name = str_sub(list, 0, n);

		bit = feature_find(name);
		if (!bit)
			return err_new(ERR_OTHER,
				       "there is no BPF feature '%" STR_FMT
				       "'", STR_ARG(name));
		set |= bit;
		list = str_sub(list, n + 1, list.len);
	}
	*ret = set;
	return NULL;
}

static bool runs_in_kernel(const struct compile *c)
{
	for (uint32_t i = 0; i < c->ir.probes.n; i++)
		if (image_probe_is_kernel(c->ir.probes.v[i].image.kind))
			return true;
	return false;
}

/* Is a probe about some tasks only?  Who they are is in structs. */
static bool has_filter(const struct compile *c)
{
	for (uint32_t i = 0; i < c->ir.probes.n; i++)
		if (c->ir.probes.v[i].image.site.filter ||
		    c->ir.probes.v[i].image.kind == PROBE_PROCESS)
			return true;
	return false;
}

struct err *machine_cg_options(struct compile *c, struct cg_options *ret)
{
	const char *list = c->options->features;
	struct err *err;

	ret->ncpus = world_cpus(c->world);
	ret->arch = world_arch(c->world);
	ret->features = 0;
	ret->sources = &c->sources;
	ret->btf = has_filter(c) ? program_btf(&c->program) : NULL;
	if (!list && !world_is_live(c->world))
		list = "all";
	if (list)
		return features_parse(str_from(list), &ret->features);
	if (!runs_in_kernel(c))
		return NULL;
	err = features_probe(c->world, &ret->features);
	/* Compiling needs no rights: without them, as for the latest kernel;
	 * running says what is missing. */
	if (err_catch(&err, ERR_PERMISSION))
		return features_parse(STR("all"), &ret->features);
	return err;
}
