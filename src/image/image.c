/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/image.h"

#include <stddef.h>
#include <stdio.h>

#include "base/bits.h"

/* clang-format off */
#define V 'V'
#define L 'L'
#define S 'S'
#define A 'A'
#define P OPF_PURE
#define R OPF_RAISES
#define T OPF_TERM
#define K OPF_KERNEL
#define H OPF_HOST
#define G OPF_GLOBAL
#define E OPF_EFFECT
const struct op_info op_info[OP_N] = {
#define OP(id, name, result, flags) [OP_##id] = { name, result, flags },
#include "image/op.def"
#undef OP
};
#undef P
#undef R
#undef T
#undef K
#undef H
#undef G
#undef E

#define P INF_PURE
#define C INF_CONTEXT
#define D INF_DEFERRED
#define K INF_KERNEL
#define H INF_HOST
#define R INF_RAISES
#define T INF_STABLE
#define G INF_GURU
#define ARG INTRIN_BOUND_ARG
const struct intrin_info intrin_info[INTRIN_N] = {
#define INTRINSIC(id, name, result, args, bound, flags) \
	[INTRIN_##id] = { name, result, args, bound, flags },
#include "image/intrinsic.def"
#undef INTRINSIC
};
#undef P
#undef C
#undef D
#undef K
#undef H
#undef R
#undef T
#undef G
#undef ARG
#undef V
#undef A

#define N 'N'
static const struct {
	const char *text;
	char operand;
} errors[IERR_N] = {
#define ERROR(id, message, operand) [IERR_##id] = { message, operand },
#include "image/error.def"
#undef ERROR
};
#undef N
#undef L
#undef S

static const char *const losses[LOSS_N] = {
#define LOSS(id, text) [LOSS_##id] = text,
#include "image/loss.def"
#undef LOSS
};

static const char *const accesses[ACCESS_N] = {
#define ACCESS(id, name, type, path) [ACCESS_##id] = name,
#include "image/access.def"
#undef ACCESS
};

#define HOST false
#define KERNEL true
static const struct {
	const char *stem;
	bool is_kernel;
} probes[PROBE_N] = {
#define PROBE(id, stem, where, ctx) [PROBE_##id] = { stem, where },
#include "image/probe.def"
#undef PROBE
};
#undef HOST
#undef KERNEL
/* clang-format on */

const char *image_error_text(enum image_error e)
{
	return errors[e].text;
}

char image_error_operand(enum image_error e)
{
	return errors[e].operand;
}

const char *image_loss_text(enum image_loss l)
{
	return losses[l];
}

const char *image_access_name(enum image_access_kind k)
{
	return accesses[k];
}

const char *image_probe_stem(enum image_probe_kind k)
{
	return probes[k].stem;
}

bool image_probe_is_kernel(enum image_probe_kind k)
{
	return probes[k].is_kernel;
}

void image_init(struct image *img, struct arena *a)
{
	*img = (struct image){
		.globals_map = IMAGE_NONE,
		.stats_map = IMAGE_NONE,
		.scratch_map = IMAGE_NONE,
		.rodata_map = IMAGE_NONE,
		.data_map = IMAGE_NONE,
		.control_map = IMAGE_NONE,
		.stacks_map = IMAGE_NONE,
		.ustacks_map = IMAGE_NONE,
		.places_map = IMAGE_NONE,
		.unwind_maps = IMAGE_NONE,
	};
	vec_push(a, &img->strings, STR(""));
}

/* The slot of s, or the free one where it would go. */
static uint32_t *find_slot(const struct image *img, struct str s)
{
	uint32_t mask = img->nintern - 1;
	uint32_t i = (uint32_t)str_hash(s) & mask;

	while (img->intern[i] &&
	       !str_eq(img->strings.v[img->intern[i] - 1], s))
		i = (i + 1) & mask;
	return &img->intern[i];
}

static void grow(struct image *img, struct arena *a)
{
	img->nintern = img->nintern ? img->nintern * 2 : 64;
	while (img->nintern < 2 * img->strings.n)
		img->nintern *= 2;
	img->intern = arena_array(a, img->nintern, uint32_t);
	for (uint32_t i = 0; i < img->strings.n; i++)
		*find_slot(img, img->strings.v[i]) = i + 1;
}

istr image_intern(struct image *img, struct arena *a, struct str s)
{
	uint32_t *slot;

	if (2 * img->strings.n >= img->nintern)
		grow(img, a);
	slot = find_slot(img, s);
	if (!*slot) {
		vec_push(a, &img->strings, arena_str(a, s));
		*slot = img->strings.n;
	}
	return *slot - 1;
}

struct str image_str(const struct image *img, istr s)
{
	return s < img->strings.n ? img->strings.v[s] : STR("");
}

uint32_t image_access(struct image *img, struct arena *a,
		      const struct image_access *want)
{
	for (uint32_t i = 0; i < img->accesses.n; i++) {
		const struct image_access *x = &img->accesses.v[i];

		if (x->kind == want->kind && x->module == want->module &&
		    x->type == want->type && x->path == want->path &&
		    x->size == want->size &&
		    x->is_signed == want->is_signed)
			return i;
	}
	vec_push(a, &img->accesses, *want);
	return img->accesses.n - 1;
}

/* The probe that the site is one of: their ranges ascend. */
static uint32_t probe_of_site(const struct image *img, uint32_t site)
{
	for (uint32_t i = 0; i < img->probes.n; i++) {
		const struct image_probe *p = &img->probes.v[i];

		if (site >= p->first_site && site - p->first_site < p->nsites)
			return i;
	}
	return IMAGE_NONE;
}

uint32_t image_hits_size(const struct image *img)
{
	size_t times = img->count_hits ? sizeof(struct image_times) : 0;

	return (uint32_t)(sizeof(uint64_t) + times);
}

uint32_t image_hits_off(const struct image *img, uint32_t probe)
{
	return img->hits_off + probe * image_hits_size(img);
}

/* What stands in quotes behind the first of these that there is. */
static struct str quoted_behind(struct str point, const struct str *before,
				uint32_t n)
{
	int64_t at = -1, end;

	for (uint32_t i = 0; i < n && at < 0; i++) {
		at = str_find(point, before[i]);
		if (at >= 0)
			point = str_sub(point, (uint32_t)at + before[i].len,
					point.len);
	}
	if (at < 0)
		return (struct str){ "", 0 };
	end = str_find_char(point, '"');
	return str_sub(point, 0, end < 0 ? 0 : (uint32_t)end);
}

struct str image_point_mark(struct str point)
{
	static const struct str before[] = {
		STR_INIT(".mark(\""), STR_INIT(".plt(\""),
	};

	return quoted_behind(point, before, ARRAY_SIZE(before));
}

static struct str syscall_func(struct str call, struct str arch,
			       char buf[IMAGE_FUNC_LEN])
{
	uint32_t most = IMAGE_FUNC_LEN - sizeof("__arm64_sys_");
	int n = snprintf(buf, IMAGE_FUNC_LEN, "__%s_sys_%.*s",
			 str_is(arch, "x86_64") ? "x64" : "arm64",
			 (int)MIN(call.len, most), call.s);

	return (struct str){ buf, (uint32_t)n };
}

struct str image_point_func(struct str point, struct str arch,
			    char buf[IMAGE_FUNC_LEN])
{
	static const struct str call = STR_INIT("kernel.syscall(\"");
	static const struct str before[] = {
		STR_INIT("callee(\""), STR_INIT("function(\""),
		STR_INIT("statement(\""),
	};
	int64_t end;

	if (str_starts(point, call))
		return syscall_func(quoted_behind(point, &call, 1), arch, buf);
	point = quoted_behind(point, before, ARRAY_SIZE(before));
	end = str_find_char(point, '@');
	return end < 0 ? point : str_sub(point, 0, (uint32_t)end);
}

uint32_t image_origin(const struct image *img, uint32_t probe,
		      const struct image_site **site)
{
	*site = NULL;
	if (probe < img->probes.n) {
		*site = &img->probes.v[probe].site;
		return probe;
	}
	probe -= img->probes.n;
	if (probe >= img->sites.n)
		return IMAGE_NONE;
	*site = &img->sites.v[probe];
	return probe_of_site(img, probe);
}
