/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "codegen/codegen.h"

#include <assert.h>

#include "codegen/cg.h"

static void generate_probe(struct cg *g, uint32_t n)
{
	const struct ir_probe *p = &g->p->probes.v[n];
	struct image_probe probe = p->image;

	probe.prog = probe.func = probe.cond = IMAGE_NONE;
	probe.place = cg_place(g, p->span);
	if (image_probe_is_kernel((enum image_probe_kind)probe.kind))
		probe.prog = cg_select(g, n);
	else
		probe.func = g->host_func[p->func];
	if (p->cond != IR_NONE)
		probe.cond = g->host_func[p->cond];
	vec_push(g->a, &g->img->probes, probe);
}

/* Automata are read by the host from the image, and by kernel code from its
 * constant data. */
static void add_dfas(struct cg *g)
{
	for (uint32_t d = 0; d < g->p->dfas.n; d++) {
		const struct ir_dfa *dfa = &g->p->dfas.v[d];
		struct image *img = g->img;

		while (img->bytes.n % 8)
			vec_push(g->a, &img->bytes, 0);
		vec_push(g->a, &img->dfas, (struct image_dfa){
			.pattern = image_intern(img, g->a, dfa->pattern),
			.first = img->bytes.n,
			.n = dfa->table.len });
		for (uint32_t i = 0; i < dfa->table.len; i++)
			vec_push(g->a, &img->bytes,
				 (uint8_t)dfa->table.s[i]);
	}
}

void cg_generate(struct ir_program *p, const struct cg_options *o)
{
	struct cg g = { .a = p->arena, .p = p, .img = p->image, .o = o,
			.wait_map = IMAGE_NONE, .iter_map = IMAGE_NONE,
			.turns_map = IMAGE_NONE, .digests_map = IMAGE_NONE,
			.told_map = IMAGE_NONE, .standins_map = IMAGE_NONE,
			.marks_map = IMAGE_NONE,
			.family_map = IMAGE_NONE };

	g.img->rodata_map = g.img->scratch_map = IMAGE_NONE;
	g.img->data_map = g.img->control_map = IMAGE_NONE;
	g.dfa_off = arena_array(g.a, p->dfas.n + 1, uint32_t);
	add_dfas(&g);
	cg_host(&g);
	for (uint32_t n = 0; n < p->probes.n; n++)
		generate_probe(&g, n);
	cg_finish_maps(&g);
}
