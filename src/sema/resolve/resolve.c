/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of form.def, tried one after the other: there are some two hundred,
 * and a comparison ends at the first component in most of them.
 */
#include "sema/resolve/resolve.h"

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>

#include "base/bits.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dbg/debuginfo.h"
#include "dbg/kallsyms.h"
#include "sema/resolve/kind.h"

#define GUESS_MIN 3	/* letters, for "did you mean" to make sense */

struct form {
	const char *text;
	enum resolve_status (*resolve)(struct query *q);
	int64_t data;
};

static const struct form forms[] = {
#define FORM(text, resolver, data, what) { text, resolver, data },
#define LATER(text, what)
#include "sema/resolve/form.def"
#undef FORM
#undef LATER
};

static const struct resolve_form texts[] = {
#define FORM(text, resolver, data, what) { text, what },
#define LATER(text, what)
#include "sema/resolve/form.def"
#undef FORM
#undef LATER
};

static const struct resolve_form later_forms[] = {
#define FORM(text, resolver, data, what)
#define LATER(text, what) { text, what },
#include "sema/resolve/form.def"
#undef FORM
#undef LATER
};

const struct resolve_form *resolve_forms(uint32_t *n)
{
	*n = ARRAY_SIZE(texts);
	return texts;
}

/* ---- a form, component by component ---- */

struct part {
	struct str name;
	char arg;		/* N, S, *, or 0: none */
	bool is_word;		/* the name stands for any */
};

/* Cuts the next component off; false at the end and before "...". */
static bool part_next(struct str *rest, struct part *ret)
{
	struct str name = *rest;
	uint32_t n = 0, after;

	while (n < rest->len && rest->s[n] != '.' && rest->s[n] != '(')
		n++;
	if (!n)
		return false;
	name.len = n;
	*ret = (struct part){
		.name = name,
		.is_word = name.s[0] >= 'A' && name.s[0] <= 'Z',
		.arg = n < rest->len && rest->s[n] == '(' ? rest->s[n + 1] : 0,
	};
	after = n + (ret->arg ? 3 : 0);
	if (after < rest->len && !str_eq(str_sub(*rest, after, rest->len),
					 STR("...")))
		after++;	/* the full stop */
	*rest = str_sub(*rest, after, rest->len);
	return true;
}

static bool part_takes(const struct part *part, const struct ast_component *c)
{
	if (part->is_word ? !c->name.len : !str_glob(c->name, part->name))
		return false;
	switch (c->arg_kind) {
	case AST_ARG_NONE:
		return !part->arg || part->arg == '*';
	case AST_ARG_NUMBER:
		return part->arg == 'N' || part->arg == '*';
	case AST_ARG_STRING:
		return part->arg == 'S' || part->arg == '*';
	}
	return false;
}

/* How many components of the point a form takes, from the first on. */
static uint32_t form_takes(const char *text, const struct ast_point *point,
			   struct str *rest)
{
	struct part part;
	struct str left = str_from(text);
	uint32_t i = 0;

	*rest = left;
	while (i < point->n && part_next(&left, &part) &&
	       part_takes(&part, &point->v[i])) {
		*rest = left;
		i++;
	}
	return i;
}

static bool form_matches(const char *text, const struct ast_point *point)
{
	struct str rest;
	uint32_t n = form_takes(text, point, &rest);

	if (str_eq(rest, STR("...")))
		return true;
	return n == point->n && !rest.len;
}

/* ---- points that have no form ---- */

/* What may stand where the point goes wrong: the next components of the forms
 * that agree with it the longest. */
struct continuation {
	const struct ast_point *point;
	struct arena *arena;
	uint32_t agreed;
	struct diag_guess guess;
	VEC(struct str) next;
};

static struct str first_part(struct str rest)
{
	int64_t dot = str_find_char(rest, '.');

	return dot < 0 ? rest : str_sub(rest, 0, (uint32_t)dot);
}

static void continuation_add(struct continuation *c, struct str next)
{
	int64_t paren = str_find_char(next, '(');

	if (!next.len)
		return;
	for (uint32_t i = 0; i < c->next.n; i++)
		if (str_eq(c->next.v[i], next))
			return;
	vec_push(c->arena, &c->next, next);
	diag_guess_add(&c->guess, paren < 0 ? next :
				  str_sub(next, 0, (uint32_t)paren));
}

static void continuation_find(struct continuation *c)
{
	struct str rest;

	for (uint32_t i = 0; i < ARRAY_SIZE(texts); i++)
		c->agreed = MAX(c->agreed,
				form_takes(texts[i].text, c->point, &rest));
	if (c->agreed < c->point->n)
		diag_guess_init(&c->guess, c->point->v[c->agreed].name);
	for (uint32_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (form_takes(texts[i].text, c->point, &rest) == c->agreed)
			continuation_add(c, first_part(rest));
}

static const struct ast_component *fault(const struct continuation *c)
{
	return &c->point->v[MIN(c->agreed, c->point->n - 1)];
}

/* Is this the name that the script has, with other arguments? */
static bool is_same_name(const struct continuation *c, struct str next)
{
	struct str name = fault(c)->name;

	return c->agreed < c->point->n && str_starts(next, name) &&
	       (next.len == name.len || next.s[name.len] == '(');
}

static bool is_wrong_argument(const struct continuation *c)
{
	for (uint32_t i = 0; i < c->next.n; i++)
		if (is_same_name(c, c->next.v[i]))
			return true;
	return false;
}

/* What there can be; only those of the same name if there are such. */
static struct str continuation_list(const struct continuation *c)
{
	bool same = is_wrong_argument(c);
	struct str list = {};

	for (uint32_t i = 0; i < c->next.n; i++)
		if (!same || is_same_name(c, c->next.v[i]))
			list = arena_printf(c->arena,
					    "%" STR_FMT "%s%" STR_FMT,
					    STR_ARG(list),
					    list.len ? ", " : "",
					    STR_ARG(c->next.v[i]));
	return list;
}

static struct str unknown_text(const struct continuation *c)
{
	struct str name = fault(c)->name;

	if (c->agreed == c->point->n)
		return arena_printf(c->arena,
			"the probe point is not complete after '%" STR_FMT "'",
			STR_ARG(name));
	if (is_wrong_argument(c))
		return arena_printf(c->arena,
			"'%" STR_FMT "' does not take these arguments",
			STR_ARG(name));
	return arena_printf(c->arena, "no probe point has '%" STR_FMT "' here",
			    STR_ARG(name));
}

static struct str unknown_help(struct continuation *c)
{
	struct str best = {};

	if (c->agreed < c->point->n && fault(c)->name.len >= GUESS_MIN &&
	    !is_wrong_argument(c))
		best = diag_guess_best(&c->guess);
	if (best.len)
		return arena_printf(c->arena, "did you mean '%" STR_FMT "'?",
				    STR_ARG(best));
	if (c->next.n)
		return arena_printf(c->arena, "there can be %" STR_FMT,
				    STR_ARG(continuation_list(c)));
	return STR("the probe point ends before it");
}

/* A first word that is none of ours may still be an alias: expand knows more
 * to say about it. */
static enum resolve_status answer_unknown(struct program *p,
					  const struct ast_point *point,
					  struct resolve_answer *answer)
{
	struct continuation c = { .point = point, .arena = p->arena };

	continuation_find(&c);
	*answer = (struct resolve_answer){
		.code = DIAG_UNKNOWN_POINT,
		.span = fault(&c)->span,
	};
	if (c.agreed || is_wrong_argument(&c)) {
		answer->text = unknown_text(&c);
		answer->help = unknown_help(&c);
	}
	return RESOLVE_UNKNOWN;
}

static enum resolve_status answer_later(struct program *p,
					const struct ast_point *point,
					const struct resolve_form *form,
					struct resolve_answer *answer)
{
	struct query q = { .program = p, .point = point, .answer = answer };
	enum resolve_status status;

	status = query_nothing(&q, point->span, DIAG_NOT_OFFERED,
			       "this version of spile does not probe %s",
			       form->what);
	answer->help = STR("write ? behind the probe point to go without it");
	return status;
}

/* ---- points ---- */

/* The point with the names of the form in place of patterns. */
static struct ast_point *point_of_form(struct arena *a,
				       const struct ast_point *point,
				       const char *text)
{
	struct ast_point *copy = arena_new(a, struct ast_point);
	struct str rest = str_from(text);
	struct part part;

	*copy = *point;
	copy->v = arena_array(a, point->n, struct ast_component);
	for (uint32_t i = 0; i < point->n && part_next(&rest, &part); i++) {
		copy->v[i] = point->v[i];
		if (!part.is_word)
			copy->v[i].name = part.name;
	}
	return copy;
}

static bool has_pattern(const struct ast_point *point)
{
	for (uint32_t i = 0; i < point->n; i++)
		if (str_has_glob(point->v[i].name))
			return true;
	return false;
}

/* A point with patterns in its components is all that have such a form; those
 * of which there are none are not missed. */
static enum resolve_status resolve_patterns(struct query *q)
{
	const struct ast_point *pattern = q->point;
	struct resolve_answer first = {}, *answer = q->answer;
	enum resolve_status status = RESOLVE_UNKNOWN, one;

	for (uint32_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct resolve_answer why = {};

		if (!form_matches(forms[i].text, pattern))
			continue;
		q->point = point_of_form(q->program->arena, pattern,
					 forms[i].text);
		q->data = forms[i].data;
		q->answer = &why;
		one = forms[i].resolve(q);
		if (one == RESOLVE_FOUND)
			status = one;
		else if (!first.text.len)
			first = why;
	}
	q->point = pattern;
	q->answer = answer;
	if (status == RESOLVE_FOUND)
		return status;
	if (!first.text.len)
		return answer_unknown(q->program, pattern, answer);
	*answer = first;
	return RESOLVE_NOTHING;
}

enum resolve_status resolve_point(struct program *p,
				  const struct ast_point *point,
				  struct sites *ret,
				  struct resolve_answer *answer)
{
	struct query q = {
		.program = p, .point = point, .ret = ret, .answer = answer,
	};

	if (has_pattern(point))
		return resolve_patterns(&q);
	for (uint32_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!form_matches(forms[i].text, point))
			continue;
		q.data = forms[i].data;
		return forms[i].resolve(&q);
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(later_forms); i++)
		if (form_matches(later_forms[i].text, point))
			return answer_later(p, point, &later_forms[i],
					    answer);
	return answer_unknown(p, point, answer);
}

/* ---- for the kinds ---- */

const struct ast_component *query_component(const struct query *q,
					    const char *name)
{
	for (uint32_t i = 0; i < q->point->n; i++)
		if (str_is(q->point->v[i].name, name))
			return &q->point->v[i];
	return NULL;
}

static void text_string(struct buf *b, struct str s)
{
	buf_str(b, STR("(\""));
	for (uint32_t i = 0; i < s.len; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_char(b, '\\');
		buf_char(b, s.s[i]);
	}
	buf_str(b, STR("\")"));
}

static void text_component(struct buf *b, const struct ast_component *c)
{
	buf_str(b, c->name);
	switch (c->arg_kind) {
	case AST_ARG_NONE:
		break;
	case AST_ARG_NUMBER:
		if (str_is(c->name, "data") || str_is(c->name, "statement"))
			buf_printf(b, "(%#llx)", (unsigned long long)c->number);
		else
			buf_printf(b, "(%lld)", (long long)c->number);
		break;
	case AST_ARG_STRING:
		text_string(b, c->string);
		break;
	}
}

struct str query_text_with(const struct query *q, uint32_t at,
			   struct str string)
{
	_cleanup_(buf_deinit) struct buf b = {};

	for (uint32_t i = 0; i < q->point->n; i++) {
		struct ast_component c = q->point->v[i];

		if (i)
			buf_char(&b, '.');
		if (i == at) {
			c.arg_kind = AST_ARG_STRING;
			c.string = string;
		}
		text_component(&b, &c);
	}
	return arena_str(q->program->arena, buf_view(&b));
}

bool query_takes_lines(const struct query *q)
{
	return q->program->lists_names || q->ret->takes_lines;
}

struct str query_text(const struct query *q)
{
	return query_text_with(q, UINT32_MAX, (struct str){});
}

struct site *query_site(struct query *q, enum image_probe_kind kind,
			struct str point)
{
	vec_push(q->program->arena, &q->ret->list,
		 (struct site){ .point = point, .kind = kind });
	return &vec_last(&q->ret->list);
}

enum resolve_status query_nothing(struct query *q, struct span span,
				  enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*q->answer = (struct resolve_answer){
		.code = code,
		.span = span,
		.text = arena_vprintf(q->program->arena, fmt, ap),
	};
	va_end(ap);
	return RESOLVE_NOTHING;
}

enum resolve_status query_err(struct query *q, struct span span,
			      enum diag_code code, struct err *e)
{
	query_nothing(q, span, code, "%s", e->msg);
	if (e->hint)
		q->answer->help = arena_str(q->program->arena,
					    str_from(e->hint));
	err_free(e);
	return RESOLVE_NOTHING;
}

struct kallsyms *program_symbols(struct program *p)
{
	if (!p->symbols)
		p->symbols = kallsyms_create(p->world);
	return p->symbols;
}
