/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of the representation; its form is described in ir/text.h.
 * Values are numbered in the order in which they are printed.
 */
#include <inttypes.h>

#include "ir/text.h"

struct print {
	const struct ir_program *p;
	const struct ir_func *f;
	uint32_t *number;	/* of each value */
	FILE *out;
};

static void quoted(struct print *c, struct str s)
{
	fputc('"', c->out);
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.s[i];

		if (ch == '"' || ch == '\\')
			fprintf(c->out, "\\%c", ch);
		else if (ch == '\n')
			fputs("\\n", c->out);
		else if (ch < ' ' || ch > '~')
			fprintf(c->out, "\\x%02x", ch);
		else
			fputc(ch, c->out);
	}
	fputc('"', c->out);
}

static void type(struct print *c, uint8_t t, uint16_t bound)
{
	switch ((enum image_type)t) {
	case IT_VOID:
		fputs("void", c->out);
		break;
	case IT_LONG:
		fputs("long", c->out);
		break;
	case IT_STRING:
		fprintf(c->out, "string(%u)", bound);
		break;
	case IT_STATS:
		fputs("stats", c->out);
		break;
	}
}

/* ---- immediates ---- */

static void piece_size(struct print *c, uint8_t kind, uint32_t n)
{
	if (kind == SIZE_NUMBER)
		fprintf(c->out, "%u", n);
	else if (kind == SIZE_ARG)
		fputc('*', c->out);
}

static void piece(struct print *c, const struct image_piece *p)
{
	struct str text = image_str(c->p->image, p->text);

	if (p->conv == CONV_LITERAL) {
		quoted(c, text);
		return;
	}
	fputc('%', c->out);
	if (p->flag)
		fputc(p->flag == ' ' ? '_' : p->flag, c->out);
	piece_size(c, p->width_kind, p->width);
	if (p->prec_kind != SIZE_NONE)
		fputc('.', c->out);
	piece_size(c, p->prec_kind, p->prec);
	fputc(IR_CONVERSIONS[p->conv], c->out);
}

static void format(struct print *c, int64_t number)
{
	const struct image *img = c->p->image;
	const struct image_format *f = &img->formats.v[number];

	fputs(" {", c->out);
	for (uint32_t i = 0; i < f->n; i++) {
		fputc(' ', c->out);
		piece(c, &img->pieces.v[f->first + i]);
	}
	fputs(" }", c->out);
}

static void named(struct print *c, char letter, int64_t number,
		  struct str name)
{
	fprintf(c->out, " %c%" PRId64 ":%" STR_FMT, letter, number,
		STR_ARG(name));
}

static void immediate(struct print *c, const struct ir_insn *i)
{
	const struct image *img = c->p->image;

	switch (ir_imm(i->op)) {
	case IMM_NONE:
		break;
	case IMM_NUMBER:
		fprintf(c->out, " %" PRId64, i->imm);
		break;
	case IMM_STRING:
		fputc(' ', c->out);
		quoted(c, image_str(img, (istr)i->imm));
		break;
	case IMM_VAR:
		named(c, 'v', i->imm, c->f->vars.v[i->imm].name);
		break;
	case IMM_FORMAT:
		format(c, i->imm);
		break;
	case IMM_ERROR:
		fprintf(c->out, " %s", ir_error_name((uint32_t)i->imm));
		break;
	case IMM_FUNC:
		named(c, 'f', i->imm, c->p->funcs.v[i->imm]->name);
		break;
	case IMM_GLOBAL:
		named(c, 'g', i->imm,
		      image_str(img, img->globals.v[i->imm].name));
		break;
	case IMM_ITER:
		fprintf(c->out, " i%" PRId64, i->imm);
		break;
	case IMM_INTRINSIC:
		fprintf(c->out, " %s", intrin_info[i->imm].name);
		break;
	case IMM_DFA:
		fputc(' ', c->out);
		quoted(c, c->p->dfas.v[i->imm].pattern);
		break;
	}
}

/* ---- instructions ---- */

static void operand(struct print *c, ir_ref r)
{
	if (r == IR_NONE)
		fputs(" _", c->out);
	else
		fprintf(c->out, " %%%u", c->number[r]);
}

static void operands(struct print *c, const struct ir_insn *i)
{
	bool has_c = i->c != IR_NONE;
	bool has_b = has_c || i->b != IR_NONE;

	if (i->op == OP_JMP) {
		fprintf(c->out, " b%u", i->b);
		return;
	}
	if (i->op == OP_BR) {
		operand(c, i->a);
		fprintf(c->out, " b%u b%u", i->b, i->c);
		return;
	}
	if (has_b || i->a != IR_NONE)
		operand(c, i->a);
	if (has_b)
		operand(c, i->b);
	if (has_c)
		operand(c, i->c);
}

static void arguments(struct print *c, const struct ir_insn *i)
{
	if (!i->nargs)
		return;
	fputs(" (", c->out);
	for (uint32_t k = 0; k < i->nargs; k++) {
		uint32_t r = c->f->args.v[i->args + k];

		fputs(k ? " " : "", c->out);
		if (i->op == OP_SWITCH)
			fprintf(c->out, "b%u", r);
		else if (r == IR_NONE)
			fputc('*', c->out);
		else
			fprintf(c->out, "%%%u", c->number[r]);
	}
	fputc(')', c->out);
}

static void load_aux(struct print *c, uint32_t aux)
{
	fprintf(c->out, " [%u", aux & LOAD_SIZE);
	for (uint32_t b = IR_LOAD_FLAG_FIRST; b <= IR_LOAD_FLAG_LAST; b++)
		if (aux & 1u << b)
			fprintf(c->out, " %s", ir_load_flag(b));
	fputc(']', c->out);
}

static void aux(struct print *c, const struct ir_insn *i)
{
	if (i->op == OP_LOAD || i->op == OP_LOAD_STR || i->op == OP_STORE)
		load_aux(c, i->aux);
	else if (i->op == OP_STAT_GET || i->op == OP_ITER_STAT)
		fprintf(c->out, " [%s]", ir_stat_op_name(i->aux));
	else if (i->op == OP_BITS)
		fprintf(c->out, " [%u %u%s]", i->aux & 0xff,
			i->aux >> 8 & 0xff,
			i->aux >> 16 & 1 ? " signed" : "");
	else if (i->aux)
		fprintf(c->out, " [%u]", i->aux);
}

static void insn(struct print *c, ir_ref r)
{
	const struct ir_insn *i = ir_insn(c->f, r);

	fputs("  ", c->out);
	if (i->type != IT_VOID)
		fprintf(c->out, "%%%u = ", c->number[r]);
	fputs(ir_op(i)->name, c->out);
	immediate(c, i);
	operands(c, i);
	arguments(c, i);
	aux(c, i);
	if (i->type == IT_STRING || i->type == IT_STATS) {
		fputs(" : ", c->out);
		type(c, i->type, i->bound);
	}
	fputc('\n', c->out);
}

/* ---- functions ---- */

static void block(struct print *c, uint32_t b)
{
	const struct ir_block *bl = &c->f->blocks.v[b];

	fprintf(c->out, "b%u:", b);
	if (bl->is_loop)
		fputs(" loop", c->out);
	if (bl->catch != IR_NONE)
		fprintf(c->out, " catch b%u", bl->catch);
	fputc('\n', c->out);
	for (uint32_t i = 0; i < bl->insns.n; i++)
		insn(c, bl->insns.v[i]);
}

static void header(struct print *c)
{
	const struct ir_func *f = c->f;

	fprintf(c->out, "func f%u ", f->number);
	quoted(c, f->name);
	if (f->is_kernel)
		fputs(" kernel", c->out);
	if (f->recursive)
		fputs(" recursive", c->out);
	if (f->nparams)
		fprintf(c->out, " params %u", f->nparams);
	fputs(" : ", c->out);
	type(c, f->type, f->bound);
	fputc('\n', c->out);
	for (uint32_t v = 0; f->blocks.n && v < f->vars.n; v++) {
		fprintf(c->out, "  var v%u ", v);
		quoted(c, f->vars.v[v].name);
		fputs(" : ", c->out);
		type(c, f->vars.v[v].type, f->vars.v[v].bound);
		fputc('\n', c->out);
	}
}

static void number_values(struct print *c)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < c->f->blocks.n; b++) {
		const struct ir_block *bl = &c->f->blocks.v[b];

		for (uint32_t i = 0; i < bl->insns.n; i++)
			if (ir_insn(c->f, bl->insns.v[i])->type != IT_VOID)
				c->number[bl->insns.v[i]] = n++;
	}
}

void ir_print_func(const struct ir_program *p, const struct ir_func *f,
		   FILE *out)
{
	struct arena a;
	struct print c = { .p = p, .f = f, .out = out };

	arena_init(&a);
	c.number = arena_array(&a, f->insns.n + 1, uint32_t);
	number_values(&c);
	header(&c);
	for (uint32_t b = 0; b < f->blocks.n; b++)
		block(&c, b);
	arena_deinit(&a);
}

/* ---- what stands before the functions ---- */

static void global(struct print *c, uint32_t n)
{
	const struct image *img = c->p->image;
	const struct image_global *g = &img->globals.v[n];

	fprintf(c->out, "global g%u ", n);
	quoted(c, image_str(img, g->name));
	for (uint32_t k = 0; k < g->nkeys; k++) {
		fputs(k ? " " : " (", c->out);
		type(c, g->key_type[k], g->key_bound[k]);
		fputs(k + 1u == g->nkeys ? ")" : "", c->out);
	}
	fputs(" : ", c->out);
	type(c, g->type, g->bound);
	if (c->p->globals.v[n].in_condition)
		fputs(" cond", c->out);
	if (c->p->globals.v[n].of_call)
		fputs(" own", c->out);
	fputc('\n', c->out);
}

static void iteration(struct print *c, uint32_t n)
{
	const struct image_iter *it = &c->p->image->iters.v[n];

	fprintf(c->out, "iter i%u g%u", n, it->global);
	switch ((enum image_sort)it->sort) {
	case SORT_NONE:
		break;
	case SORT_KEY:
		fprintf(c->out, " key %u", it->key);
		break;
	case SORT_VALUE:
		fputs(" by value", c->out);
		break;
	case SORT_STAT:
		fprintf(c->out, " by %s", ir_stat_op_name(it->stat));
		break;
	}
	if (it->sort != SORT_NONE)
		fputs(it->dir < 0 ? " desc" : " asc", c->out);
	if (it->slice)
		fprintf(c->out, " slice %u", it->slice);
	if (it->has_limit)
		fputs(" limit", c->out);
	if (it->wants_value)
		fputs(" value", c->out);
	fputc('\n', c->out);
}

static void probe(struct print *c, uint32_t n)
{
	const struct ir_probe *p = &c->p->probes.v[n];

	fprintf(c->out, "probe p%u ", n);
	quoted(c, image_str(c->p->image, p->image.point));
	fprintf(c->out, " f%u", p->func);
	if (p->cond != IR_NONE)
		fprintf(c->out, " f%u", p->cond);
	fputc('\n', c->out);
}

void ir_print(const struct ir_program *p, FILE *out)
{
	struct print c = { .p = p, .out = out };

	for (uint32_t i = 0; i < p->globals.n; i++)
		global(&c, i);
	for (uint32_t i = 0; i < p->image->iters.n; i++)
		iteration(&c, i);
	for (uint32_t i = 0; i < p->probes.n; i++)
		probe(&c, i);
	/* Of those that are in their callers now, only the first line. */
	for (uint32_t i = 0; i < p->funcs.n; i++)
		ir_print_func(p, p->funcs.v[i], out);
}
