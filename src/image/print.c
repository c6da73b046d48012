/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image as text: a line per element, the section's name and the element's
 * number in front.  What refers to another section shows as its number.
 */
#include <inttypes.h>

#include "image/image.h"

static const char *const map_kinds[] = {
	"globals", "rodata",	"stats", "scratch", "hash",
	"percpu_hash", "ring_keys", "data",  "control", "iter",
	"perf", "stacks", "progs", "task", "unwind-procs", "unwind-mappings",
	"unwind-rows", "unwind-rules", "told", "family",
};

static const char *const type_names[] = { "void", "long", "string", "stats" };

static const char *const fold_names[] = { "none", "add", "last" };

static const char *const reloc_kinds[] = { "map", "map_value", "kfunc",
					   "subprog", "access",
					   "access_word", "copy" };

static const char *const sort_names[] = { "none", "key", "value", "stat" };

static const char *const stat_ops[] = { "count", "sum",	     "min", "max",
					"avg",	 "variance", "bucket" };

static const char *const conv_names[] = {
	"literal", "d", "u", "o", "x", "X", "p", "c", "s", "b", "m", "M",
};

static const char *name_of(const char *const *names, size_t n, uint32_t i)
{
	return i < n ? names[i] : "?";
}

#define NAME(table, i) name_of(table, ARRAY_SIZE(table), (i))

static void print_text(struct str s, FILE *out)
{
	putc('"', out);
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else if (c < ' ' || c >= 127)
			fprintf(out, "\\%03o", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static void print_istr(const struct image *img, istr s, FILE *out)
{
	putc(' ', out);
	print_text(image_str(img, s), out);
}

/* " name=number", or nothing for IMAGE_NONE. */
static void print_ref(const char *name, uint32_t v, FILE *out)
{
	if (v != IMAGE_NONE)
		fprintf(out, " %s=%u", name, v);
}

static void print_head(const struct image *img, FILE *out)
{
	const struct image_limits *l = &img->limits;

	fprintf(out, "image arch=%" STR_FMT "%s%s%s\n",
		STR_ARG(image_str(img, img->arch)), img->guru ? " guru" : "",
		img->show_globals ? " show_globals" : "",
		img->count_hits ? " count_hits" : "");
	fprintf(out, "limits action=%u nesting=%u stringlen=%u mapentries=%u "
		"errors=%u skipped=%u trylock=%u\n", l->maxaction,
		l->maxnesting, l->maxstringlen, l->maxmapentries,
		l->maxerrors, l->maxskipped, l->maxtrylock);
	fprintf(out, "features 0x%" PRIx64 "\n", img->features);
	if (img->short_steps)
		fputs("short_steps\n", out);
	if (img->turns)
		fprintf(out, "turns %u\n", img->turns);
	fputs("maps", out);
	print_ref("globals", img->globals_map, out);
	print_ref("stats", img->stats_map, out);
	print_ref("scratch", img->scratch_map, out);
	print_ref("rodata", img->rodata_map, out);
	print_ref("data", img->data_map, out);
	print_ref("control", img->control_map, out);
	print_ref("stacks", img->stacks_map, out);
	print_ref("ustacks", img->ustacks_map, out);
	print_ref("places", img->places_map, out);
	print_ref("unwind", img->unwind_maps, out);
	fprintf(out, " losses@%u hits@%u\n", img->losses_off, img->hits_off);
}

static void print_maps(const struct image *img, FILE *out)
{
	for (uint32_t i = 0; i < img->maps.n; i++) {
		const struct image_map *m = &img->maps.v[i];

		fprintf(out, "map %u %s", i, NAME(map_kinds, m->kind));
		print_istr(img, m->name, out);
		fprintf(out, " key=%u value=%u entries=%u", m->key_size,
			m->value_size, m->max_entries);
		if (m->init_len)
			fprintf(out, " init=%u+%u", m->init, m->init_len);
		putc('\n', out);
	}
}

static void print_stat(const struct image_stat *s, FILE *out)
{
	static const char *const fields[] = { "count", "sum", "min", "max",
					      "sumsq" };

	fputs(" fields=", out);
	for (uint32_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (s->fields >> i & 1)
			fprintf(out, "%s%s",
				s->fields & ((1U << i) - 1) ? "," : "",
				fields[i]);
	}
	if (s->hist == HIST_LOG)
		fputs(" log", out);
	if (s->hist == HIST_LINEAR)
		fprintf(out, " linear=%" PRId64 ",%" PRId64 ",%" PRId64,
			s->start, s->stop, s->interval);
}

static void print_keys(const struct image_global *g, FILE *out)
{
	for (uint32_t k = 0; k < g->nkeys; k++) {
		fprintf(out, "%s%s@%u", k ? "," : " [",
			NAME(type_names, g->key_type[k]), g->key_off[k]);
		if (g->key_type[k] == IT_STRING)
			fprintf(out, "<%u>", g->key_bound[k]);
	}
	fputs("]", out);
}

static void print_global(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_global *g = &img->globals.v[i];

	fprintf(out, "global %u", i);
	print_istr(img, g->name, out);
	fprintf(out, " %s", NAME(type_names, g->type));
	if (g->type == IT_STRING)
		fprintf(out, "<%u>", g->bound);
	if (g->is_array)
		print_keys(g, out);
	if (g->type == IT_STATS)
		print_stat(&g->stat, out);
	fprintf(out, " map=%u+%u", g->map, g->off);
	if (g->is_array)
		fprintf(out, " entries=%u%s", g->max_entries,
			g->has_size ? "!" : "");
	fprintf(out, "%s%s%s%s", g->ordered ? " ordered" : "",
		g->wrap ? " wrap" : "", g->of_task ? " task" : "",
		g->show ? " show" : "");
	if (g->fold)
		fprintf(out, " fold=%s", NAME(fold_names, g->fold));
	if (g->wrap) {
		print_ref("ring", g->ring_map, out);
		fprintf(out, " tail@%u", g->tail_off);
	}
	if (!g->is_array && g->type == IT_LONG && g->init)
		fprintf(out, " init=%" PRId64, g->init);
	if (!g->is_array && g->type == IT_STRING && g->init_str) {
		fputs(" init=", out);
		print_text(image_str(img, g->init_str), out);
	}
	putc('\n', out);
}

static void print_site(const struct image *img, const struct image_site *s,
		       FILE *out)
{
	if (s->name) {
		fputs(" site=", out);
		print_text(image_str(img, s->name), out);
	}
	if (s->module) {
		fputs(" module=", out);
		print_text(image_str(img, s->module), out);
	}
	if (s->offset)
		fprintf(out, " offset=%" PRIu64, s->offset);
	if (s->a || s->b || s->c)
		fprintf(out, " a=%" PRId64 " b=%" PRId64 " c=%" PRId64 "%s",
			(int64_t)s->a, (int64_t)s->b, (int64_t)s->c,
			s->freq ? " freq" : "");
	if (s->filter)
		fprintf(out, " filter=%u", s->filter);
	if (s->pid)
		fprintf(out, " pid=%u", s->pid);
	if (s->ino)
		fprintf(out, " file=%u:%" PRIu64, s->dev, s->ino);
}

static void print_probe(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_probe *p = &img->probes.v[i];

	fprintf(out, "probe %u %s", i,
		p->kind < PROBE_N ?
			image_probe_stem((enum image_probe_kind)p->kind) :
			"?");
	print_istr(img, p->point, out);
	if (p->name != p->point)
		print_istr(img, p->name, out);
	print_ref("prog", p->prog, out);
	print_ref("func", p->func, out);
	print_ref("cond", p->cond, out);
	print_ref("place", p->place, out);
	if (!p->nsites)
		print_site(img, &p->site, out);
	putc('\n', out);
	for (uint32_t k = 0; k < p->nsites; k++) {
		const struct image_site *s = &img->sites.v[p->first_site + k];

		fprintf(out, "  site %u", k);
		print_istr(img, s->point, out);
		print_site(img, s, out);
		putc('\n', out);
	}
}

/* ---- host code ---- */

static void print_operands(const struct image *img,
			   const struct image_insn *i, FILE *out)
{
	if (i->op == OP_JMP) {
		fprintf(out, " b%u", i->b);
		return;
	}
	if (i->op == OP_BR) {
		fprintf(out, " %%%u b%u b%u", i->a, i->b, i->c);
		return;
	}
	if (i->a != IMAGE_NONE)
		fprintf(out, " %%%u", i->a);
	if (i->b != IMAGE_NONE)
		fprintf(out, " %%%u", i->b);
	if (!i->nargs)
		return;
	putc('(', out);
	for (uint32_t k = 0; k < i->nargs; k++) {
		uint32_t v = i->args + k < img->args.n ?
				     img->args.v[i->args + k] : IMAGE_NONE;

		fputs(k ? ", " : "", out);
		if (v == IMAGE_NONE)
			putc('*', out);
		else
			fprintf(out, "%%%u", v);
	}
	putc(')', out);
}

/* Does imm say which global it is about? */
static bool names_global(const struct image *img, const struct image_insn *i)
{
	return (op_info[i->op].flags & OPF_GLOBAL) && i->op != OP_CALL &&
	       i->op != OP_ITER_NEW && i->imm >= 0 && i->imm < img->globals.n;
}

static bool has_number(const struct image_insn *i)
{
	return i->op == OP_CONST || i->op == OP_GET || i->op == OP_SET ||
	       i->op == OP_CALL || i->op == OP_ITER_NEW ||
	       i->op == OP_ITER_KEY || i->op == OP_PRINT ||
	       i->op == OP_STR_FMT || i->op == OP_MATCH ||
	       i->op == OP_TICK || i->op == OP_RAISE;
}

static void print_imm(const struct image *img, const struct image_insn *i,
		      FILE *out)
{
	if (i->op == OP_STR)
		print_istr(img, (istr)i->imm, out);
	else if (i->op == OP_INTRIN && i->imm >= 0 && i->imm < INTRIN_N)
		fprintf(out, " %s", intrin_info[i->imm].name);
	else if (names_global(img, i))
		fprintf(out, " %" STR_FMT,
			STR_ARG(image_str(img,
					  img->globals.v[i->imm].name)));
	else if (has_number(i))
		fprintf(out, " %" PRId64, i->imm);
}

static void print_insn(const struct image *img, uint32_t number,
		       const struct image_insn *i, FILE *out)
{
	fputs("    ", out);
	if (i->type != IT_VOID)
		fprintf(out, "%%%u = ", number);
	fputs(i->op < OP_N ? op_info[i->op].name : "?", out);
	print_imm(img, i, out);
	print_operands(img, i, out);
	if (i->aux && (i->op == OP_STAT_GET || i->op == OP_ITER_STAT))
		fprintf(out, " @%s", NAME(stat_ops, i->aux));
	else if (i->aux)
		fprintf(out, " aux=0x%x", i->aux);
	if (i->place < img->places.n)
		fprintf(out, " ; %u:%u", img->places.v[i->place].line,
			img->places.v[i->place].col);
	putc('\n', out);
}

static void print_block(const struct image *img, const struct image_func *f,
			uint32_t number, FILE *out)
{
	const struct image_block *b =
		&img->blocks.v[f->first_block + number];

	fprintf(out, "  b%u:", number);
	if (b->catch != IMAGE_NONE)
		fprintf(out, " catch b%u", b->catch);
	putc('\n', out);
	for (uint32_t i = 0; i < b->n; i++)
		print_insn(img, b->first + i,
			   &img->code.v[f->first + b->first + i], out);
}

static void print_func(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_func *f = &img->funcs.v[i];

	fprintf(out, "func %u", i);
	print_istr(img, f->name, out);
	fprintf(out, " %s%s params=%u vars=", NAME(type_names, f->type),
		f->is_library ? " library" : "", f->nparams);
	for (uint32_t k = 0; k < f->nvars; k++) {
		const struct image_var *v = &img->vars.v[f->first_var + k];

		fprintf(out, "%s%" STR_FMT ":%s", k ? "," : "",
			STR_ARG(image_str(img, v->name)),
			NAME(type_names, v->type));
	}
	putc('\n', out);
	for (uint32_t b = 0; b < f->nblocks; b++)
		print_block(img, f, b, out);
}

/* ---- what code refers to ---- */

static void print_size(char what, uint32_t kind, uint32_t n, FILE *out)
{
	if (kind == SIZE_NUMBER)
		fprintf(out, "%c%u", what, n);
	if (kind == SIZE_ARG)
		fprintf(out, "%c*", what);
}

static void print_format(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_format *f = &img->formats.v[i];

	fprintf(out, "format %u", i);
	for (uint32_t k = 0; k < f->n; k++) {
		const struct image_piece *p = &img->pieces.v[f->first + k];

		if (p->conv == CONV_LITERAL) {
			print_istr(img, p->text, out);
			continue;
		}
		fputs(" %", out);
		if (p->flag)
			putc(p->flag, out);
		print_size('w', p->width_kind, p->width, out);
		print_size('.', p->prec_kind, p->prec, out);
		fputs(NAME(conv_names, p->conv), out);
	}
	putc('\n', out);
}

static void print_iter(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_iter *it = &img->iters.v[i];

	fprintf(out, "iter %u global=%u", i, it->global);
	if (it->sort != SORT_NONE)
		fprintf(out, " %s%c", NAME(sort_names, it->sort),
			it->dir < 0 ? '-' : '+');
	if (it->sort == SORT_KEY)
		fprintf(out, " key=%u", it->key);
	if (it->sort == SORT_STAT)
		fprintf(out, " @%s", NAME(stat_ops, it->stat));
	if (it->slice)
		fprintf(out, " slice=0x%x", it->slice);
	fprintf(out, "%s%s\n", it->has_limit ? " limit" : "",
		it->wants_value ? " value" : "");
}

static void print_prog(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_prog *p = &img->progs.v[i];

	fprintf(out, "prog %u", i);
	print_istr(img, p->name, out);
	fprintf(out, " insns=%u+%u type=%u attach=%u lines=%u", p->first,
		p->n, p->prog_type, p->attach_type, p->nlines);
	if (p->sleeps)
		fputs(" sleeps", out);
	if (p->is_standin)
		fputs(" stands-in", out);
	if (p->standin)
		fprintf(out, " standin=%u counts=%u of map %u", p->standin - 1,
			p->standins_at, p->standins_map);
	if (p->attach_to)
		print_istr(img, p->attach_to, out);
	putc('\n', out);
	for (uint32_t k = 0; k < p->nrelocs; k++) {
		const struct image_reloc *r =
			&img->relocs.v[p->first_reloc + k];

		fprintf(out, "  reloc %u %s %u\n", r->insn,
			NAME(reloc_kinds, r->kind), r->what);
	}
}

static void print_access(const struct image *img, uint32_t i, FILE *out)
{
	const struct image_access *a = &img->accesses.v[i];

	fprintf(out, "access %u %s", i,
		image_access_name((enum image_access_kind)a->kind));
	if (a->module)
		print_istr(img, a->module, out);
	print_istr(img, a->type, out);
	print_istr(img, a->path, out);
	if (a->size)
		fprintf(out, " size=%u%s", a->size,
			a->is_signed ? " signed" : "");
	fprintf(out, " value=%" PRId64 "\n", a->value);
}

static void print_places(const struct image *img, FILE *out)
{
	for (uint32_t i = 0; i < img->places.n; i++) {
		const struct image_place *p = &img->places.v[i];

		fprintf(out, "place %u %" STR_FMT ":%u:%u", i,
			STR_ARG(image_str(img, p->file)), p->line, p->col);
		print_istr(img, p->token, out);
		putc('\n', out);
	}
}

void image_print(const struct image *img, FILE *out)
{
	print_head(img, out);
	print_maps(img, out);
	for (uint32_t i = 0; i < img->globals.n; i++)
		print_global(img, i, out);
	for (uint32_t i = 0; i < img->probes.n; i++)
		print_probe(img, i, out);
	for (uint32_t i = 0; i < img->progs.n; i++)
		print_prog(img, i, out);
	for (uint32_t i = 0; i < img->accesses.n; i++)
		print_access(img, i, out);
	for (uint32_t i = 0; i < img->funcs.n; i++)
		print_func(img, i, out);
	for (uint32_t i = 0; i < img->formats.n; i++)
		print_format(img, i, out);
	for (uint32_t i = 0; i < img->iters.n; i++)
		print_iter(img, i, out);
	for (uint32_t i = 0; i < img->dfas.n; i++) {
		fprintf(out, "dfa %u", i);
		print_istr(img, img->dfas.v[i].pattern, out);
		fprintf(out, " bytes=%u+%u\n", img->dfas.v[i].first,
			img->dfas.v[i].n);
	}
	print_places(img, out);
}
