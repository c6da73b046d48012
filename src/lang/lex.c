/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/lex.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"

static const struct {
	const char *name;
	bool is_keyword, is_punct;
} kinds[TOK_N] = {
#define TOKEN(id, name) [TOK_##id] = { name, false, false },
#define KEYWORD(id, spelling) [TOK_##id] = { spelling, true, false },
#define PUNCT(id, spelling) [TOK_##id] = { spelling, false, true },
#include "lang/token.def"
#undef TOKEN
#undef KEYWORD
#undef PUNCT
};

const char *token_kind_name(enum token_kind kind)
{
	return kinds[kind].name;
}

bool token_is_keyword(enum token_kind kind)
{
	return kinds[kind].is_keyword;
}

#define DESCRIBED 40		/* most bytes of a token in a message */

static struct str describe_long(struct arena *a, const char *what,
				struct str s)
{
	bool cut = s.len > DESCRIBED;

	return arena_printf(a, "%s'%" STR_FMT "%s'", what,
			    STR_ARG(str_sub(s, 0, DESCRIBED)),
			    cut ? "..." : "");
}

struct str token_describe(struct arena *a, const struct token *t)
{
	if (t->kind == TOK_END || t->kind == TOK_JUNK ||
	    t->kind == TOK_EMBEDDED)
		return str_from(kinds[t->kind].name);
	if (t->kind == TOK_STRING)
		return describe_long(a, "string ", t->text);
	if (t->kind == TOK_NUMBER)
		return describe_long(a, "number ", t->text);
	return describe_long(a, "", t->text);
}

void lex_args_init(struct lex_args *args, struct arena *a,
		   const struct str *v, uint32_t n)
{
	*args = (struct lex_args){
		.v = v,
		.n = n,
		.sources = arena_array(a, n + 1, struct source *),
		.used = arena_array(a, n + 1, bool),
	};
}

void lex_init(struct lexer *lx, struct arena *a, struct sources *ss,
	      const struct source *source, struct lex_args *args)
{
	/* Editors elsewhere put a mark of UTF-8 there. */
	bool has_mark = str_starts(source->text, STR("\xef\xbb\xbf"));

	*lx = (struct lexer){
		.pos = has_mark ? 3 : 0,
		.arena = a,
		.sources = ss,
		.source = source,
		.args = args,
	};
}

/* ---- characters ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_first(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '$';
}

static bool is_word(char c)
{
	return is_first(c) || is_digit(c);
}

/* The byte n further on; NUL past the end. */
static char peek(const struct lexer *lx, uint32_t n)
{
	struct str s = lx->source->text;

	return n < s.len - lx->pos ? s.s[lx->pos + n] : '\0';
}

static bool at_end(const struct lexer *lx)
{
	return lx->pos >= lx->source->text.len;
}

static struct token token_from(const struct lexer *lx, enum token_kind kind,
			       uint32_t start)
{
	uint32_t len = lx->pos - start;

	return (struct token){
		.kind = kind,
		.span = { lx->source->base + start, len },
		.text = str_sub(lx->source->text, start, len),
	};
}

static struct token junk(const struct lexer *lx, uint32_t start,
			 enum diag_code code, struct str why)
{
	struct token t = token_from(lx, TOK_JUNK, start);

	t.code = code;
	t.text = why;
	return t;
}

/* ---- between the tokens ---- */

static void skip_line(struct lexer *lx)
{
	while (!at_end(lx) && peek(lx, 0) != '\n')
		lx->pos++;
}

/* False: the comment is not closed. */
static bool skip_comment(struct lexer *lx)
{
	struct str rest = str_sub(lx->source->text, lx->pos + 2, UINT32_MAX);
	int64_t end = str_find(rest, STR("*/"));

	if (end < 0)
		return false;
	lx->pos += 2 + (uint32_t)end + 2;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Skips spaces and comments; *doc: the comments right in front, no empty line
 * between; *line: past the end of a line.  False: a comment is not closed. */
static bool skip(struct lexer *lx, struct str *doc, bool *line)
{
	uint32_t first = 0, last = 0, newlines = 0;

	*line = !lx->pos;
	for (;;) {
		uint32_t start = lx->pos;
		char c = peek(lx, 0);

		if (!at_end(lx) && is_space(c)) {
			*line |= c == '\n';
			newlines += c == '\n';
			lx->pos++;
			continue;
		}
		if (c == '#' || (c == '/' && peek(lx, 1) == '/'))
			skip_line(lx);
		else if (c != '/' || peek(lx, 1) != '*')
			break;
		else if (!skip_comment(lx))
			return false;
		if (!last || newlines > 1)
			first = start;
		newlines = 0;
		last = lx->pos;
	}
	if (last && newlines < 2)
		*doc = str_sub(lx->source->text, first, last - first);
	return true;
}

/* ---- words ---- */

static enum token_kind word_kind(struct str s)
{
	for (int k = 0; k < TOK_N; k++)
		if (kinds[k].is_keyword && str_is(s, kinds[k].name))
			return (enum token_kind)k;
	return s.s[0] == '$' ? TOK_TARGET : TOK_IDENT;
}

static struct token scan_word(struct lexer *lx)
{
	uint32_t start = lx->pos;
	struct token t;

	while (!at_end(lx) && is_word(peek(lx, 0)))
		lx->pos++;
	t = token_from(lx, TOK_IDENT, start);
	t.kind = word_kind(t.text);
	return t;
}

static struct token scan_atop(struct lexer *lx)
{
	uint32_t start = lx->pos++;

	while (!at_end(lx) && is_word(peek(lx, 0)))
		lx->pos++;
	return token_from(lx, TOK_ATOP, start);
}

/* ---- numbers ---- */

static bool parse_number(struct str s, unsigned long long *ret)
{
	char digits[64], *end;

	if (s.len >= sizeof(digits))
		return false;
	memcpy(digits, s.s, s.len);
	digits[s.len] = '\0';
	errno = 0;
	*ret = strtoull(digits, &end, 0);
	if (*end)
		errno = EINVAL;
	return !errno;
}

/* At the dot. */
static struct token scan_fraction(struct lexer *lx, uint32_t start)
{
	lx->pos++;
	while (!at_end(lx) && is_word(peek(lx, 0)))
		lx->pos++;
	return junk(lx, start, DIAG_BAD_NUMBER,
		    STR("numbers have no fractions"));
}

static struct token scan_number(struct lexer *lx)
{
	uint32_t start = lx->pos;
	unsigned long long v;
	struct token t;

	while (!at_end(lx) && is_word(peek(lx, 0)))
		lx->pos++;
	if (peek(lx, 0) == '.' && is_digit(peek(lx, 1)))
		return scan_fraction(lx, start);
	t = token_from(lx, TOK_NUMBER, start);
	if (parse_number(t.text, &v)) {
		t.number = (int64_t)v;
		return t;
	}
	if (errno == ERANGE)
		return junk(lx, start, DIAG_NUMBER_RANGE,
			    STR("number does not fit in 64 bits"));
	return junk(lx, start, DIAG_BAD_NUMBER,
		    arena_printf(lx->arena, "'%" STR_FMT "' is not a number",
				 STR_ARG(str_sub(t.text, 0, DESCRIBED))));
}

/* ---- strings ---- */

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool octal_escape(struct str raw, uint32_t *i, char *ret)
{
	unsigned v = 0;
	int n = 0;

	for (; n < 3 && *i < raw.len && raw.s[*i] >= '0' && raw.s[*i] <= '7';
	     n++)
		v = v * 8 + (unsigned)(raw.s[(*i)++] - '0');
	*ret = (char)(unsigned char)v;
	return n;
}

static bool hex_escape(struct str raw, uint32_t *i, char *ret)
{
	unsigned v = 0;
	uint32_t j = *i + 1;
	int n = 0;

	if (raw.s[*i] != 'x')
		return false;
	for (; n < 2 && j < raw.len && hex_digit(raw.s[j]) >= 0; n++)
		v = v * 16 + (unsigned)hex_digit(raw.s[j++]);
	if (!n)
		return false;
	*i = j;
	*ret = (char)(unsigned char)v;
	return true;
}

/* The byte that raw[*i] begins; moves *i behind it. */
static char next_byte(struct str raw, uint32_t *i)
{
	static const char letters[] = "abtnvfr", bytes[] = "\a\b\t\n\v\f\r";
	const char *p;
	char c = raw.s[(*i)++], v;

	if (c != '\\' || *i >= raw.len)
		return c;
	if (octal_escape(raw, i, &v) || hex_escape(raw, i, &v))
		return v;
	c = raw.s[(*i)++];
	p = c ? strchr(letters, c) : NULL;
	return p ? bytes[p - letters] : c;
}

struct str lex_unescape(struct arena *a, struct str raw)
{
	uint32_t i = 0, n = 0;
	char *s;

	if (str_find_char(raw, '\\') < 0)
		return raw;
	s = arena_alloc(a, raw.len + 1);
	while (i < raw.len)
		s[n++] = next_byte(raw, &i);
	return (struct str){ s, n };
}

uint32_t lex_raw_offset(struct str raw, uint32_t n)
{
	uint32_t i = 0;

	while (n-- && i < raw.len)
		next_byte(raw, &i);
	return i;
}

static struct token scan_string(struct lexer *lx)
{
	uint32_t start = lx->pos++;
	struct token t;

	for (; !at_end(lx) && peek(lx, 0) != '"'; lx->pos++) {
		if (peek(lx, 0) == '\n')
			break;
		if (peek(lx, 0) == '\\' && peek(lx, 1) &&
		    peek(lx, 1) != '\n')
			lx->pos++;
	}
	if (peek(lx, 0) != '"')
		return junk(lx, start, DIAG_OPEN_STRING,
			    STR("string literal is not closed"));
	lx->pos++;
	t = token_from(lx, TOK_STRING, start);
	t.text = lex_unescape(lx->arena, str_sub(t.text, 1, t.text.len - 2));
	return t;
}

/* ---- %{ C %} ---- */

static struct token scan_embedded(struct lexer *lx)
{
	uint32_t start = lx->pos;
	struct str rest = str_sub(lx->source->text, start + 2, UINT32_MAX);
	int64_t end = str_find(rest, STR("%}"));
	struct token t;

	if (end < 0) {
		lx->pos += 2;
		t = junk(lx, start, DIAG_OPEN_EMBEDDED,
			 STR("C code is not closed by %}"));
		lx->pos = lx->source->text.len;
		return t;
	}
	lx->pos += 2 + (uint32_t)end + 2;
	t = token_from(lx, TOK_EMBEDDED, start);
	t.text = str_sub(t.text, 2, t.text.len - 4);
	return t;
}

/* ---- the words of the command line ---- */

static struct token arg_count(struct lexer *lx, uint32_t start, bool quoted)
{
	struct token t = token_from(lx, TOK_NUMBER, start);

	t.number = lx->args ? lx->args->n : 0;
	t.text = arena_printf(lx->arena, "%d", (int)t.number);
	if (quoted)
		t.kind = TOK_STRING;
	return t;
}

static struct token bad_arg(struct lexer *lx, uint32_t start)
{
	struct str name = token_from(lx, TOK_JUNK, start).text;
	uint32_t n = lx->args ? lx->args->n : 0;

	return junk(lx, start, DIAG_BAD_ARG_NUMBER,
		    arena_printf(lx->arena,
				 "'%" STR_FMT "' is not there: the script has "
				 "%u argument%s",
				 STR_ARG(str_sub(name, 0, DESCRIBED)), n,
				 n == 1 ? "" : "s"));
}

/* From here on the tokens come out of argument i. */
static void enter_arg(struct lexer *lx, uint32_t i)
{
	struct lex_args *args = lx->args;
	struct lexer *arg = arena_new(lx->arena, struct lexer);

	if (!args->sources[i])
		args->sources[i] = source_add(
			lx->sources,
			arena_printf(lx->arena, "<argument %u>", i + 1),
			args->v[i]);
	lex_init(arg, lx->arena, lx->sources, args->sources[i], args);
	arg->is_arg = true;
	lx->arg = arg;
}

/* $N, @N, $#, @#.  False: the tokens follow from lx->arg. */
static bool scan_arg(struct lexer *lx, struct token *ret)
{
	uint32_t start = lx->pos;
	bool quoted = peek(lx, 0) == '@';
	uint64_t n = 0;

	lx->pos++;
	if (peek(lx, 0) == '#') {
		lx->pos++;
		*ret = arg_count(lx, start, quoted);
		return true;
	}
	for (; is_digit(peek(lx, 0)); lx->pos++)
		n = MIN(n * 10 + (uint64_t)(peek(lx, 0) - '0'),
			(uint64_t)UINT32_MAX);
	if (lx->is_arg || !lx->args || !n || n > lx->args->n) {
		*ret = bad_arg(lx, start);
		return true;
	}
	lx->args->used[n - 1] = true;
	if (!quoted) {
		enter_arg(lx, (uint32_t)n - 1);
		return false;
	}
	*ret = token_from(lx, TOK_STRING, start);
	ret->text = lx->args->v[n - 1];
	return true;
}

/* ---- the rest ---- */

static bool scan_punct(struct lexer *lx, struct token *ret)
{
	for (int k = 0; k < TOK_N; k++) {
		const char *s = kinds[k].name;

		if (!kinds[k].is_punct || s[0] != peek(lx, 0) ||
		    (s[1] && s[1] != peek(lx, 1)) ||
		    (s[1] && s[2] && s[2] != peek(lx, 2)))
			continue;
		lx->pos += (uint32_t)strlen(s);
		*ret = token_from(lx, (enum token_kind)k,
				  lx->pos - (uint32_t)strlen(s));
		return true;
	}
	return false;
}

static bool begins_token(char c)
{
	return is_space(c) || is_word(c) ||
	       (c && strchr("@\"{}()[],;:?.=<>+-*/%&|^!~#", c));
}

static struct token scan_bad(struct lexer *lx)
{
	uint32_t start = lx->pos++;
	unsigned char c = (unsigned char)lx->source->text.s[start];

	while (!at_end(lx) && !begins_token(peek(lx, 0)))
		lx->pos++;
	if (c < ' ' || c >= 0x7f)
		return junk(lx, start, DIAG_BAD_CHAR,
			    arena_printf(lx->arena,
					 "byte 0x%02x begins no token", c));
	if (c == '\'')
		return junk(lx, start, DIAG_BAD_CHAR,
			    STR("strings, and single characters, stand in double quotes"));
	return junk(lx, start, DIAG_BAD_CHAR,
		    arena_printf(lx->arena, "'%c' begins no token", c));
}

static bool scan(struct lexer *lx, struct token *ret)
{
	char c = peek(lx, 0), next = peek(lx, 1);

	if ((c == '$' || c == '@') && (next == '#' || is_digit(next)))
		return scan_arg(lx, ret);
	if (is_first(c))
		*ret = scan_word(lx);
	else if (is_digit(c))
		*ret = scan_number(lx);
	else if (c == '@' && is_first(next))
		*ret = scan_atop(lx);
	else if (c == '"')
		*ret = scan_string(lx);
	else if (c == '%' && next == '{')
		*ret = scan_embedded(lx);
	else if (!scan_punct(lx, ret))
		*ret = scan_bad(lx);
	return true;
}

static struct token scan_open_comment(struct lexer *lx)
{
	uint32_t start = lx->pos;
	struct token t;

	lx->pos += 2;
	t = junk(lx, start, DIAG_OPEN_COMMENT, STR("comment is not closed"));
	lx->pos = lx->source->text.len;
	return t;
}

/* The end is a place of one byte, just behind the last token. */
static struct token scan_end(struct lexer *lx)
{
	struct token t = token_from(lx, TOK_END, lx->pos);

	t.span = (struct span){ lx->source->base + lx->end, 1 };
	t.starts_line = true;
	return t;
}

struct token lex_next(struct lexer *lx)
{
	struct str doc = {};
	struct token t;
	bool line;

	do {
		if (lx->arg) {
			t = lex_next(lx->arg);
			if (t.kind != TOK_END)
				return t;
			lx->arg = NULL;
		}
		if (!skip(lx, &doc, &line))
			return scan_open_comment(lx);
		if (at_end(lx))
			return scan_end(lx);
	} while (!scan(lx, &t));
	t.doc = doc;
	t.starts_line = line && !lx->is_arg;
	lx->end = lx->pos;
	return t;
}

#ifdef UNIT_TEST
#include "unit.h"

UNIT_TEST_CASE(escapes)
{
	struct str raw = STR("a\\n\\x41\\1012\\q\\");
	struct arena a;
	struct str s;

	arena_init(&a);
	s = lex_unescape(&a, raw);
	TEST(str_is(s, "a\nAA2q\\"));
	TEST_EQ(lex_raw_offset(raw, 0), 0);
	TEST_EQ(lex_raw_offset(raw, 2), 3);
	TEST_EQ(lex_raw_offset(raw, 4), 11);
	TEST_EQ(lex_raw_offset(raw, 100), raw.len);
	arena_deinit(&a);
}
#endif
