/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/diag.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/cleanup.h"

static const struct {
	const char *number, *explanation;
} codes[DIAG_N] = {
#define DIAG(number, id, explanation) [DIAG_##id] = { #number, explanation },
#include "lang/diag.def"
#undef DIAG
};

const char *diag_number(enum diag_code code)
{
	return codes[code].number;
}

const char *diag_explanation(enum diag_code code)
{
	return codes[code].explanation;
}

void diags_init(struct diags *d, struct arena *a, const struct sources *ss)
{
	*d = (struct diags){ .arena = a, .sources = ss };
}

static bool is_known(const struct diags *d, enum diag_code code,
		     struct span span)
{
	for (uint32_t i = 0; i < d->list.n; i++) {
		const struct diag *g = d->list.v[i];

		if (g->code == code && g->span.pos == span.pos &&
		    g->span.len == span.len && span.len)
			return true;
	}
	return false;
}

/* A repeated or surplus one is made all the same, and belongs nowhere. */
static struct diag *add(struct diags *d, enum diag_code code,
			struct span span, bool is_error, const char *fmt,
			va_list ap) __attribute__((format(printf, 5, 0)));
static struct diag *add(struct diags *d, enum diag_code code,
			struct span span, bool is_error, const char *fmt,
			va_list ap)
{
	struct diag *g = arena_new(d->arena, struct diag);
	bool wanted = is_error || !d->no_warnings;

	*g = (struct diag){
		.code = code,
		.span = span,
		.is_error = is_error,
		.text = arena_vprintf(d->arena, fmt, ap),
	};
	if (!wanted || is_known(d, code, span))
		return g;
	if (is_error)
		d->errors++;
	else
		d->warnings++;
	if (d->list.n < DIAG_MAX)
		vec_push(d->arena, &d->list, g);
	return g;
}

struct diag *diag_error(struct diags *d, enum diag_code code,
			struct span span, const char *fmt, ...)
{
	struct diag *g;
	va_list ap;

	va_start(ap, fmt);
	g = add(d, code, span, true, fmt, ap);
	va_end(ap);
	return g;
}

struct diag *diag_warning(struct diags *d, enum diag_code code,
			  struct span span, const char *fmt, ...)
{
	struct diag *g;
	va_list ap;

	va_start(ap, fmt);
	g = add(d, code, span, false, fmt, ap);
	va_end(ap);
	return g;
}

void diag_note(struct diags *d, struct diag *g, struct span span,
	       const char *fmt, ...)
{
	struct diag_part part = { .span = span };
	va_list ap;

	va_start(ap, fmt);
	part.text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	vec_push(d->arena, &g->parts, part);
}

void diag_help(struct diags *d, struct diag *g, const char *fmt, ...)
{
	struct diag_part part = { .is_help = true };
	va_list ap;

	va_start(ap, fmt);
	part.text = arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	vec_push(d->arena, &g->parts, part);
}

/* ---- printing ---- */

enum colour { ERROR, WARNING, NOTE, PLACE, SOURCE, CARET };

/* Names as SystemTap's users set them; "" has none. */
static const struct {
	const char *name, *sgr;
} colours[] = {
	[ERROR] = { "error", "1;31" },	[WARNING] = { "warning", "1;35" },
	[NOTE] = { "", "1;36" },	[PLACE] = { "token", "1" },
	[SOURCE] = { "source", "" },	[CARET] = { "caret", "1;31" },
};

#define LINE_SHOWN 160		/* most bytes of a source line */
#define LINE_BEFORE 60		/* of them before the caret, when it is cut */

struct printer {
	const struct diags *d;
	FILE *out;
	bool colour;
};

/* The value of name in "name=1;31:name=2"; what is none is left alone. */
static struct str set_colour(struct str list, const char *name)
{
	while (list.len && *name) {
		int64_t colon = str_find_char(list, ':');
		uint32_t n = colon < 0 ? list.len : (uint32_t)colon;
		struct str pair = str_sub(list, 0, n);
		int64_t eq = str_find_char(pair, '=');

		if (eq >= 0 && str_is(str_sub(pair, 0, (uint32_t)eq), name))
			return str_sub(pair, (uint32_t)eq + 1, pair.len);
		list = str_sub(list, MIN(n + 1, list.len), list.len);
	}
	return (struct str){};
}

static bool is_sgr(struct str s)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (!strchr("0123456789;", s.s[i]))
			return false;
	return s.len > 0;
}

static void begin(const struct printer *p, enum colour c)
{
	struct str set = set_colour(p->d->colours, colours[c].name);

	if (!p->colour)
		return;
	if (is_sgr(set))
		fprintf(p->out, "\033[%" STR_FMT "m", STR_ARG(set));
	else if (colours[c].sgr[0])
		fprintf(p->out, "\033[%sm", colours[c].sgr);
}

static void end(const struct printer *p, enum colour c)
{
	if (p->colour && (colours[c].sgr[0] ||
			  set_colour(p->d->colours, colours[c].name).len))
		fputs("\033[0m", p->out);
}

/* Texts may come from a hostile script: nothing that moves the cursor. */
static void print_text(FILE *out, struct str s)
{
	for (uint32_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		putc(c == '\t' || (c >= ' ' && c != 0x7f) ? c : '?', out);
	}
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The caret under column `at` of the text shown, `len` bytes wide. */
static void print_caret(const struct printer *p, struct str shown,
			uint32_t at, uint32_t len)
{
	fputs("        ", p->out);
	for (uint32_t i = 0; i < at && i < shown.len; i++)
		if (!is_continuation(shown.s[i]))
			putc(shown.s[i] == '\t' ? '\t' : ' ', p->out);
	begin(p, CARET);
	putc('^', p->out);
	for (uint32_t i = at + 1; i < at + len && i < shown.len; i++)
		if (!is_continuation(shown.s[i]))
			putc('~', p->out);
	end(p, CARET);
	putc('\n', p->out);
}

static void print_line(const struct printer *p, const struct place *place,
		       uint32_t len)
{
	struct str line = place->text;
	uint32_t at = place->col - 1, skip = 0;

	while (skip < at && (line.s[skip] == ' ' || line.s[skip] == '\t'))
		skip++;
	if (line.len - skip > LINE_SHOWN && at - skip > LINE_BEFORE) {
		skip = at - LINE_BEFORE;
		while (skip < at && is_continuation(line.s[skip]))
			skip++;
	}
	line = str_sub(line, skip, LINE_SHOWN);
	fputs("        ", p->out);
	begin(p, SOURCE);
	print_text(p->out, line);
	end(p, SOURCE);
	putc('\n', p->out);
	print_caret(p, line, at - skip, len);
}

/* "x.stp:3:15: "; nothing when there is no place. */
static bool print_place(const struct printer *p, const struct place *place)
{
	if (!place->source)
		return false;
	begin(p, PLACE);
	print_text(p->out, place->source->name);
	fprintf(p->out, ":%u:%u: ", place->line, place->col);
	end(p, PLACE);
	return true;
}

static struct place place_of(const struct printer *p, struct span span)
{
	return span.len ? source_place(p->d->sources, span.pos) :
			  (struct place){};
}

static void print_part(const struct printer *p, const struct diag_part *part)
{
	struct place place = place_of(p, part->span);

	if (!print_place(p, &place))
		fputs("  ", p->out);
	begin(p, NOTE);
	fputs(part->is_help ? "help: " : "note: ", p->out);
	end(p, NOTE);
	print_text(p->out, part->text);
	putc('\n', p->out);
}

static void print_diag(const struct printer *p, const struct diag *g)
{
	struct place place = place_of(p, g->span);

	print_place(p, &place);
	begin(p, g->is_error ? ERROR : WARNING);
	fputs(g->is_error ? "error: " : "warning: ", p->out);
	end(p, g->is_error ? ERROR : WARNING);
	print_text(p->out, g->text);
	fprintf(p->out, " [%s]\n", diag_number(g->code));
	if (place.source)
		print_line(p, &place, g->span.len);
	for (uint32_t i = 0; i < g->parts.n; i++)
		print_part(p, &g->parts.v[i]);
}

/* Where the span lies first, then the order in which they were found. */
static void sort_by_place(struct diag **v, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct diag *g = v[i];
		uint32_t j = i;

		for (; j && v[j - 1]->span.pos > g->span.pos; j--)
			v[j] = v[j - 1];
		v[j] = g;
	}
}

void diags_print(const struct diags *d, FILE *out, bool colour)
{
	struct printer p = { d, out, colour };
	uint32_t more = d->errors + d->warnings - d->list.n;

	sort_by_place(d->list.v, d->list.n);
	for (uint32_t i = 0; i < d->list.n; i++)
		print_diag(&p, d->list.v[i]);
	if (more)
		fprintf(out, "%u more not shown\n", more);
}

/* ---- did you mean ---- */

void diag_guess_init(struct diag_guess *g, struct str name)
{
	*g = (struct diag_guess){
		.name = name,
		.distance = MAX(name.len / 3, 1u) + 1,
	};
}

void diag_guess_add(struct diag_guess *g, struct str candidate)
{
	uint32_t n;

	if (!g->distance || !candidate.len)
		return;
	n = str_distance(g->name, candidate, g->distance);
	if (n >= g->distance)
		return;
	g->distance = n;
	g->best = candidate;
}

struct str diag_guess_best(const struct diag_guess *g)
{
	return g->best;
}

#ifdef UNIT_TEST
#include "unit.h"

static struct str guess(const char *name, const char *a, const char *b)
{
	struct diag_guess g;

	diag_guess_init(&g, str_from(name));
	diag_guess_add(&g, str_from(a));
	diag_guess_add(&g, str_from(b));
	return diag_guess_best(&g);
}

UNIT_TEST_CASE(guesses)
{
	TEST(str_is(guess("exti", "exit", "next"), "exit") ||
	     !guess("exti", "exit", "next").len);
	TEST(str_is(guess("printl", "print", "println"), "print"));
	TEST(str_is(guess("prinln", "print", "println"), "println"));
	TEST_EQ(guess("x", "function", "").len, 0);
	TEST(str_is(guess("same", "some", "same"), "same"));
}

UNIT_TEST_CASE(repeated_and_too_many)
{
	struct arena a;
	struct sources ss;
	struct diags d;
	struct span span = { 1, 1 };

	arena_init(&a);
	sources_init(&ss, &a);
	source_add(&ss, STR("x"), STR("text"));
	diags_init(&d, &a, &ss);
	diag_error(&d, DIAG_UNEXPECTED, span, "once");
	diag_note(&d, diag_error(&d, DIAG_UNEXPECTED, span, "again"), span,
		  "with a note");
	TEST_EQ(d.errors, 1);
	for (uint32_t i = 0; i < 2 * DIAG_MAX; i++)
		diag_error(&d, DIAG_BAD_CHAR, (struct span){}, "many");
	TEST_EQ(d.errors, 1 + 2 * DIAG_MAX);
	TEST_EQ(d.list.n, DIAG_MAX);
	d.no_warnings = true;
	diag_warning(&d, DIAG_UNUSED_ARG, span, "quiet");
	TEST_EQ(d.warnings, 0);
	arena_deinit(&a);
}
#endif
