/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/machine.h"

#include "base/cleanup.h"
#include "cli/compile.h"
#include "dbg/world.h"
#include "kern/features.h"
#include "sema/resolve/target.h"
#include "sema/resolve/types.h"

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
		.systemtap_v = c->options->compatible,
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

void machine_print_features(image_features features, FILE *out)
{
	const char *comma = "";

	for (uint32_t i = 0; i < FEATURE_N; i++) {
		if (!(features & feature_names[i].bit))
			continue;
		fprintf(out, "%s%s", comma, feature_names[i].name);
		comma = ",";
	}
	fputc('\n', out);
}

#define FEATURES_ALL ((UINT64_C(1) << FEATURE_N) - 1)

static struct err *features_list(struct str list, image_features *ret)
{
	image_features set = 0, bit;

	while (list.len) {
		int64_t comma = str_find_char(list, ',');
		uint32_t n = comma < 0 ? list.len : (uint32_t)comma;
		struct str name = str_sub(list, 0, n);

		bit = feature_find(name);
		if (!bit)
			return err_new(ERR_OTHER,
				       "there is no BPF feature '%" STR_FMT "'",
				       STR_ARG(name));
		set |= bit;
		list = str_sub(list, n + 1, list.len);
	}
	*ret = set;
	return NULL;
}

/* Those of the kernel that the script is compiled for.  Compiling needs no
 * rights: without them, as for the latest kernel; running says what is
 * missing. */
static struct err *features_native(struct compile *c, image_features *ret)
{
	struct err *err;

	if (world_is_kernel(c->world))
		return features_installed(c->world, ret);
	*ret = FEATURES_ALL;
	if (!world_is_live(c->world))
		return NULL;
	err = features_probe(c->world, ret);
	err_catch(&err, ERR_PERMISSION);
	return err;
}

/* What is saved shall run elsewhere, too, unless it is for one kernel. */
static bool is_portable(const struct compile *c)
{
	return c->options->last_pass == 4 && !world_is_kernel(c->world);
}

static struct err *features_find(struct compile *c, image_features *ret)
{
	const char *list = c->options->features;

	if (!list && is_portable(c))
		list = "portable";
	if (!list || !strcmp(list, "native"))
		return features_native(c, ret);
	if (!strcmp(list, "portable"))
		*ret = features_portable();
	else if (!strcmp(list, "all"))
		*ret = FEATURES_ALL;
	else if (!strcmp(list, "none"))
		*ret = 0;
	else
		return features_list(str_from(list), ret);
	return NULL;
}

void machine_features(struct compile *c)
{
	c->program.portable = c->options->last_pass == 4;
	c->program.may_need = is_portable(c) && !c->options->features;
	c->features_err = features_find(c, &c->program.features);
	c->program.features &= ~c->options->without;
	if (world_is_live(c->world) && !is_portable(c) && !c->features_err)
		c->program.lacks_function = features_lack_function;
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
		    c->ir.probes.v[i].image.kind == PROBE_PROCESS ||
		    c->ir.probes.v[i].image.kind == PROBE_SYSCALL ||
		    c->ir.probes.v[i].image.kind == PROBE_EXISTING ||
		    c->ir.probes.v[i].image.kind == PROBE_NETFILTER)
			return true;
	return false;
}

static bool asks(const struct compile *c, enum image_intrinsic which)
{
	for (uint32_t i = 0; i < c->ir.funcs.n; i++) {
		const struct ir_func *f = c->ir.funcs.v[i];

		for (uint32_t k = 0; k < f->insns.n; k++)
			if (f->insns.v[k].op == OP_INTRIN &&
			    f->insns.v[k].imm == which)
				return true;
	}
	return false;
}

/* Are the kernel's structs wanted?  To read their types takes time. */
static bool reads_structs(const struct compile *c)
{
	return has_filter(c) || c->program.asks_mapped ||
	       asks(c, INTRIN_USTACK) || asks(c, INTRIN_USTACK_AT) ||
	       asks(c, INTRIN_PLACE) || asks(c, INTRIN_RETURN_PC);
}

struct err *machine_cg_options(struct compile *c, struct cg_options *ret)
{
	*ret = (struct cg_options){
		.ncpus = world_cpus(c->world),
		.arch = world_arch(c->world),
		.features = c->program.features,
		.portable = c->program.portable,
		.turns = c->options->turns,
		.short_steps = c->options->short_steps,
		/* To find out how many ticks a second has takes time. */
		.hz = asks(c, INTRIN_HZ) ? world_hz(c->world) : 0,
		.sources = &c->sources,
	};
	if (reads_structs(c))
		ret->btf = program_btf(&c->program);
	return runs_in_kernel(c) ? take_ptr(c->features_err) : NULL;
}
