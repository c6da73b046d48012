/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which site was hit, in a program that serves many: the cookie that it was
 * attached with there is its number among the probe's.
 */
#include <stddef.h>

#include "base/bits.h"
#include "codegen/cg.h"

static bool tells_sites(struct cg_fn *fn)
{
	return fn->probe->image.nsites &&
	       fn->probe->image.kind != PROBE_SYSCALL &&
	       cg_has(fn, FEATURE_BIT(KPROBE_COOKIE));
}

/* The number, which the verifier sees to be one of the probe's. */
static cg_reg site(struct cg_fn *fn)
{
	struct cg_code *c = fn->c;
	cg_label ok = code_label(c);
	cg_reg n;

	code_mov(c, R1, fn->ctx);
	code_call(c, HELPER_get_attach_cookie);
	n = code_result(c);
	code_ifi(c, BPF_JLT, n, fn->probe->image.nsites, ok);
	code_movi(c, n, 0);
	code_place_label(c, ok);
	return n;
}

void cg_put_origin(struct cg_fn *fn, cg_reg rec, int32_t off)
{
	cg_reg n;

	if (!tells_sites(fn)) {
		code_storei(fn->c, rec, off, (int32_t)fn->nprobe, 4);
		return;
	}
	n = site(fn);
	code_alui(fn->c, BPF_ADD, n,
		  fn->g->p->probes.n + fn->probe->image.first_site);
	code_store(fn->c, rec, off, n, 4);
}

/* ---- texts of each site ---- */

enum site_text {
	SITE_POINT,
	SITE_FUNC,
	SITE_MARK,
};

static struct str text_at(const struct cg_fn *fn, enum site_text which,
			  istr point)
{
	const struct image *img = fn->g->img;
	struct str s = image_str(img, point);

	if (which == SITE_FUNC)
		return image_point_func(s, image_str(img, img->arch),
					arena_alloc(fn->g->a, IMAGE_FUNC_LEN));
	return which == SITE_MARK ? image_point_mark(s) : s;
}

static struct str text_of(const struct cg_fn *fn, enum site_text which,
			  uint32_t i)
{
	const struct image *img = fn->g->img;

	return text_at(fn, which,
		       img->sites.v[fn->probe->image.first_site + i].point);
}

/* Puts the texts of all sites into rodata, `room` bytes each; where. */
static uint32_t texts(struct cg_fn *fn, enum site_text which, uint32_t room)
{
	uint32_t n = fn->probe->image.nsites;
	char *table;

	if (fn->points[which])
		return fn->points[which] - 1;
	table = arena_array(fn->g->a, (size_t)n * room, char);
	for (uint32_t i = 0; i < n; i++) {
		struct str s = text_of(fn, which, i);

		memcpy(table + (size_t)i * room, s.s, MIN(s.len, room - 1));
	}
	fn->points[which] = cg_rodata(fn->g, table, n * room, 8) + 1;
	return fn->points[which] - 1;
}

static uint32_t longest(const struct cg_fn *fn, enum site_text which)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < fn->probe->image.nsites; i++)
		n = MAX(n, text_of(fn, which, i).len);
	return MIN(n, fn->g->img->limits.maxstringlen - 1);
}

static void put_text(struct cg_fn *fn, ir_ref r, enum site_text which)
{
	uint32_t bound, room;
	cg_reg at, n;
	istr only;

	if (!tells_sites(fn)) {
		only = image_intern(fn->g->img, fn->g->a,
				    text_at(fn, which,
					    fn->probe->image.point));
		fn->vals[r].str = cg_literal(fn->g, only);
		return;
	}
	bound = longest(fn, which);
	room = align_up(bound + 1, 8);
	n = site(fn);
	code_alui(fn->c, BPF_MUL, n, room);
	at = code_map_value(fn->c, cg_rodata_map(fn->g),
			    texts(fn, which, room));
	code_alu(fn->c, BPF_ADD, at, n);
	fn->vals[r].str = (struct cg_str){ .base = CG_IN_REG,
					   .reg = at,
					   .is_padded = true,
					   .bound = (uint16_t)bound };
}

void cg_point(struct cg_fn *fn, ir_ref r)
{
	put_text(fn, r, SITE_POINT);
}

void cg_point_func(struct cg_fn *fn, ir_ref r)
{
	put_text(fn, r, SITE_FUNC);
}

void cg_point_mark(struct cg_fn *fn, ir_ref r)
{
	put_text(fn, r, SITE_MARK);
}

/* pn() of a point with wildcards is its pp(). */
void cg_point_name(struct cg_fn *fn, ir_ref r)
{
	const struct image_probe *p = &fn->probe->image;

	if (p->nsites && p->name == p->point)
		cg_point(fn, r);
	else
		fn->vals[r].str = cg_literal(fn->g, p->name);
}
